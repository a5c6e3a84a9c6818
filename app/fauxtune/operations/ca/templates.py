"""Certificate templates of the enterprise CA: added, changed (also so that nothing can be issued), and deleted.

Each change makes exactly the devices plan again whose profiles name the template. Issued certificates stay as they are.
Intune: "Configure and use PKCS certificates" says what a template must allow the connector.
"""

from __future__ import annotations

from fauxtune.core.errors import Conflict, Invalid, NotFound
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.items import pkcs_key
from fauxtune.core.model.text import JsonObject
from fauxtune.core.pki.template import Template
from fauxtune.operations.profiles import assignments
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import authorities as queries
from fauxtune.storage.queries import connectors as request_queries
from fauxtune.storage.rows.certificates import TemplateRow


def all_templates(tx: Transaction, authority_name: str) -> list[Template]:
    """Return the templates of an authority, by name. Raises NotFound for one that does not issue by templates."""
    rows = queries.authorities_of(tx.connection, tx.tenant.id)
    issuing = [row.name for row in rows if row.role not in {"root", "devices", "digicert-root"}]
    if authority_name not in issuing:
        known = ", ".join(issuing)
        raise NotFound(f"There is no authority '{authority_name}' that issues by templates. There is: {known}.")
    return [Template.from_document(document) for document in _documents(tx, authority_name).values()]


def find(tx: Transaction, name: str, *, authority_name: str = "issuing") -> Template | None:
    """Return the template of this name, in any case."""
    for known, document in _documents(tx, authority_name).items():
        if known.lower() == name.lower():
            return Template.from_document(document)
    return None


def template(tx: Transaction, authority_name: str, *, name: str) -> Template:
    """Return one template of an authority. Raises NotFound."""
    for candidate in all_templates(tx, authority_name):
        if candidate.name.lower() == name.lower():
            return candidate
    known = ", ".join(_documents(tx, authority_name)) or "none"
    raise NotFound(f"There is no certificate template '{name}'. There are: {known}.")


def add_template(tx: Transaction, authority_name: str, *, document: JsonObject) -> Template:
    """Add a template. Raises Conflict when its name is taken, Invalid for a document with impossible values."""
    all_templates(tx, authority_name)
    new = Template.from_document(document)
    if find(tx, new.name, authority_name=authority_name) is not None:
        raise Conflict(f"There is a certificate template '{new.name}' already.", target="name")
    queries.add_template(tx.connection, template_row(tx.tenant.id, new, authority_name=authority_name))
    tx.record("templateAdded", template=new.name, settings=new.document())
    _ask_again(tx, new)
    return new


def template_row(tenant_id: TenantId, template: Template, *, authority_name: str) -> TemplateRow:
    """Return the row of a template of this authority."""
    return TemplateRow(tenant_id, keeper(authority_name), template.name, template.document())


def change_template(tx: Transaction, authority_name: str, *, name: str, changes: JsonObject) -> Template:
    """Change a template. Raises Invalid for another name: that would be another template."""
    old = template(tx, authority_name, name=name)
    if changes.get("name", old.name) != old.name:
        raise Invalid(
            f"A template keeps its name ('{old.name}'); add another one, or change displayName.", target="name"
        )
    before = old.document()
    new = Template.from_document(_merged(before, changes))
    changed = {key: value for key, value in new.document().items() if value != before[key]}
    if changed:
        queries.put_templates(tx.connection, template_row(tx.tenant.id, new, authority_name=authority_name))
        tx.record("templateChanged", template=old.name, before={key: before[key] for key in changed}, after=changed)
        _ask_again(tx, old, new)
    return new


def delete_template(tx: Transaction, authority_name: str, *, name: str) -> None:
    """Delete a template. Certificates issued by it stay, and connectors may revoke them."""
    old = template(tx, authority_name, name=name)
    queries.delete_template(tx.connection, tx.tenant.id, authority_name=keeper(authority_name), name=old.name)
    tx.record("templateDeleted", template=old.name)
    _ask_again(tx, old)


def _merged(before: JsonObject, changes: JsonObject) -> JsonObject:
    """Merge the changes; another type of key resets the size and the usages, unless these are among the changes."""
    merged = {**before, **changes}
    if merged["keyType"] != before["keyType"]:
        for name in ("minimumKeySize", "keyUsage"):
            if name not in changes:
                del merged[name]
    return merged


def _ask_again(tx: Transaction, *changed: Template) -> None:
    """Have unanswered and refused requests for these templates asked again, by the templates of now."""
    names = {name.lower() for template in changed for name in (template.name, template.display_name)}
    for profile_id, name in queries.templates_named_by_profiles(tx.connection, tx.tenant.id).items():
        if name.lower() in names:
            request_queries.forget_unanswered(tx.connection, tx.tenant.id, item_key=pkcs_key(profile_id))
            assignments.wake_profile(tx, profile_id)


def _documents(tx: Transaction, authority_name: str) -> dict[str, JsonObject]:
    name = keeper(authority_name)
    return tx.known(
        ("templates", name), lambda: queries.template_documents(tx.connection, tx.tenant.id, authority_name=name)
    )


def keeper(authority_name: str) -> str:
    """Return the authority whose templates these are: all keys of the enterprise CA share those of `issuing`."""
    return "issuing" if authority_name.startswith("issuing-") else authority_name
