"""Certificate templates of the enterprise CA: made, edited, broken on purpose, and taken away.

Each change makes exactly the devices plan again whose profiles ask for the template. What was issued stays as it is.
Intune: "Configure and use PKCS certificates" says what a template must allow the connector.
"""

from __future__ import annotations

from typing import Any

from fauxtune.core.errors import Conflict, Invalid, NotFound
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.items import pkcs_key
from fauxtune.core.pki.template import Template
from fauxtune.operations.profiles import assignments
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries import connector_requests as request_queries
from fauxtune.storage.queries import templates as queries

Document = dict[str, Any]


def all_templates(tx: Transaction, authority_name: str) -> list[Template]:
    """The templates by which an authority issues, by name. NotFound for one that issues by none."""
    rows = authority_queries.authorities_of(tx.connection, tx.tenant.id)
    issuing = [row["name"] for row in rows if row["role"] not in {"root", "devices", "digicert-root"}]
    if authority_name not in issuing:
        known = ", ".join(issuing)
        raise NotFound(f"There is no authority '{authority_name}' that issues by templates. There is: {known}.")
    return [Template.from_document(each) for each in _documents(tx, authority_name).values()]


def find(tx: Transaction, name: str, *, authority_name: str = "issuing") -> Template | None:
    """The template of this name, in any case."""
    for known, document in _documents(tx, authority_name).items():
        if known.lower() == name.lower():
            return Template.from_document(document)
    return None


def template(tx: Transaction, authority_name: str, *, name: str) -> Template:
    """One template of an authority. NotFound otherwise."""
    for each in all_templates(tx, authority_name):
        if each.name.lower() == name.lower():
            return each
    known = ", ".join(_documents(tx, authority_name)) or "none"
    raise NotFound(f"There is no certificate template '{name}'. There are: {known}.")


def add_template(tx: Transaction, authority_name: str, *, document: Document) -> Template:
    """A new template. Conflict when its name is taken, Invalid for a document that says something impossible."""
    all_templates(tx, authority_name)
    made = Template.from_document(document)
    if find(tx, made.name, authority_name=authority_name) is not None:
        raise Conflict(f"There is a certificate template '{made.name}' already.", target="name")
    kept_at = keeper(authority_name)
    queries.add_template(tx.connection, tx.tenant.id, authority_name=kept_at, name=made.name, document=made.document())
    tx.record("templateAdded", template=made.name, settings=made.document())
    _look_again(tx, made)
    return made


def change_template(tx: Transaction, authority_name: str, *, name: str, changes: Document) -> Template:
    """Edit a template. Its name stays: a template of another name is another template."""
    old = template(tx, authority_name, name=name)
    if changes.get("name", old.name) != old.name:
        raise Invalid(
            f"A template keeps its name ('{old.name}'); add another one, or change displayName.", target="name"
        )
    before = old.document()
    new = Template.from_document(_merged(before, changes))
    changed = {key: value for key, value in new.document().items() if value != before[key]}
    if changed:
        kept_at = keeper(authority_name)
        queries.put_template(
            tx.connection, tx.tenant.id, authority_name=kept_at, name=old.name, document=new.document()
        )
        tx.record("templateChanged", template=old.name, before={key: before[key] for key in changed}, after=changed)
        _look_again(tx, old, new)
    return new


def delete_template(tx: Transaction, authority_name: str, *, name: str) -> None:
    """The template goes. Nothing new is issued by it; what was issued stays, and the connector may revoke it."""
    old = template(tx, authority_name, name=name)
    queries.delete_template(tx.connection, tx.tenant.id, authority_name=keeper(authority_name), name=old.name)
    tx.record("templateDeleted", template=old.name)
    _look_again(tx, old)


def _merged(before: Document, changes: Document) -> Document:
    """A change of the kind of key alone takes the size and the usages along, unless they are said too."""
    merged = {**before, **changes}
    if merged["keyType"] != before["keyType"]:
        for name in ("minimumKeySize", "keyUsage"):
            if name not in changes:
                del merged[name]
    return merged


def _look_again(tx: Transaction, *concerned: Template) -> None:
    """What was refused may work now, and what is asked for is asked for as the template is now."""
    names = {word.lower() for each in concerned for word in (each.name, each.display_name)}
    for profile_id, wanted in queries.templates_asked_for(tx.connection, tx.tenant.id).items():
        if wanted.lower() in names:
            item_key = pkcs_key(ProfileId(profile_id))
            request_queries.forget_unanswered(tx.connection, tx.tenant.id, item_key=item_key)
            assignments.wake_profile(tx, profile_id)


def _documents(tx: Transaction, authority_name: str) -> dict[str, Document]:
    return queries.template_documents(tx.connection, tx.tenant.id, authority_name=keeper(authority_name))


def keeper(authority_name: str) -> str:
    """Under which name an authority's templates stand: a new key of the enterprise CA changes nothing about them."""
    return "issuing" if authority_name.startswith("issuing-") else authority_name
