"""Administrative templates: values of definitions in a policy, and files of definitions that are uploaded."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fauxtune.core.clock import iso
from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import ResourceId
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.core.policies import admx
from fauxtune.core.policies import group_policy as rules
from fauxtune.core.policies.rules import BOUND
from fauxtune.operations.profiles import resources
from fauxtune.operations.profiles.resources import Hooks
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import resources as queries
from fauxtune.storage.rows.resources import ResourceRow

#: In the document of a value: the policy type of its definition.
_TYPE = "@policyType"
#: In the document of a file: the namespaces that it uses, and the ids of its categories.
_USES, _CATEGORIES = "@uses", "@categories"
#: Files of a tenant. Source: Intune, "Import custom ADMX and ADML administrative templates".
MOST_FILES = 20


# ---------------------------------------------------------------------------------------------------------- values


def definition(connection: Connection, tenant: Tenant, *, definition_id: str) -> JsonObject:
    """Return a definition, built in or uploaded, or all that is known of another one. Raises Invalid for an id that no
    definition can have.
    """
    try:
        row = resources.found(connection, tenant, rules=rules.DEFINITIONS, key=definition_id)
    except NotFound:
        if tenant.setting("catalog.strict"):
            raise Invalid(
                f"The group policy definition '{definition_id}' is not one of deviceManagement/groupPolicyDefinitions, "
                "and the tenant's setting catalog.strict refuses such values.",
                target="definition",
            ) from None
        return {
            **defaults(entity("groupPolicyDefinition")),
            **rules.unknown_definition(definition_id),
        }
    return row.document


def _check(tx: Transaction, document: JsonObject, before: ResourceRow | None) -> JsonObject:  # noqa: PLR0917 - a hook
    definition_id = rules.definition_id_of(document)
    if before is not None and definition_id.lower() != rules.definition_id_of(before.document).lower():
        raise Invalid("The definition of a value cannot be changed after creation.", target="definition")
    known = definition(tx.connection, tx.tenant, definition_id=definition_id)
    name, now = rules.PRESENTATION_VALUES.name, iso(tx.now)
    sent = document.get(name) or []
    rules.check_bound(sent)
    if before is not None and sent is not before.document.get(name):
        sent = rules.merged_presentations(sent, before.document.get(name) or [])
    rules.check_value({**document, name: sent}, known)
    sent = [{**each, "createdDateTime": now, "lastModifiedDateTime": now, "@definition": known["id"]} for each in sent]
    return {
        **document,
        rules.PRESENTATION_VALUES.name: sent,
        BOUND: {"definition": [known["id"]]},
        _TYPE: known["policyType"],
    }


def _created(tx: Transaction, row: ResourceRow) -> None:
    _touch(tx, row.parent_id)


def _changed(tx: Transaction, row: ResourceRow, _before: ResourceRow) -> None:
    _touch(tx, row.parent_id)


def _deleting(tx: Transaction, row: ResourceRow) -> None:
    _touch(tx, row.parent_id, without=row.id)


def _touch(tx: Transaction, policy_id: str, *, without: str = "") -> None:
    """Note that the values of a policy changed. Raises Invalid for too many, and for two of one definition."""
    policy = resources.get(tx, rules.CONFIGURATIONS, key=policy_id)
    values = queries.resources_of_family(
        tx.connection, tx.tenant.id, family=rules.DEFINITION_VALUES.name, parent_id=policy.id
    )
    kept = [value for value in values if value.id != without]
    if len(kept) > rules.MOST_VALUES:
        raise Invalid(f"A policy can have {rules.MOST_VALUES:,} values, not {len(kept):,}.", target="definitionValues")
    named = [rules.definition_id_of(resource.document) for resource in kept]
    if len(named) != len(set(named)):
        # Unverified: what the service says of it.
        raise Invalid("A policy can have one value for each definition.", target="definition")
    types = {str(resource.document[_TYPE]) for resource in kept}
    document = {**policy.document, "policyConfigurationIngestionType": rules.ingestion_type(types)}
    resources.rewritten(tx, policy, rules=rules.CONFIGURATIONS, document=document)


VALUE_HOOKS = Hooks(check=_check, created=_created, changed=_changed, deleting=_deleting)
_CHECK_ALONE = Hooks(check=_check)


@dataclass(frozen=True, slots=True)
class ValueChanges:
    """What `updateDefinitionValues` does: new values, changes by id, ids of values that go."""

    added: Sequence[JsonObject]
    updated: Sequence[tuple[str, JsonObject]]
    deleted: Sequence[str]


def update_values(tx: Transaction, policy_id: str, *, changes: ValueChanges) -> None:
    """Change many values of a policy at once, or nothing of it."""
    policy = resources.get(tx, rules.CONFIGURATIONS, key=policy_id)
    for key in changes.deleted:
        resources.delete(tx, rules.DEFINITION_VALUES, key=key, parent=policy)
    for key, change in changes.updated:
        resources.update(tx, rules.DEFINITION_VALUES, key=key, changes=change, parent=policy, hooks=_CHECK_ALONE)
    for document in changes.added:
        resources.create(
            tx,
            rules.DEFINITION_VALUES,
            kind="groupPolicyDefinitionValue",
            document=document,
            parent=policy,
            hooks=_CHECK_ALONE,
        )
    _touch(tx, policy.id)


# ----------------------------------------------------------------------------------------------------------- files


def _check_file(tx: Transaction, document: JsonObject, before: ResourceRow | None) -> JsonObject:  # noqa: PLR0917
    if not str(document.get("fileName") or "").lower().endswith(".admx"):
        raise Invalid("fileName must end with .admx.", target="fileName")
    if not document.get("content"):
        raise Invalid("A value is required for property 'content': the ADMX file in base64.", target="content")
    if not document.get("groupPolicyUploadedLanguageFiles"):
        raise Invalid(
            "groupPolicyUploadedLanguageFiles must have the ADML file of a language.",
            target="groupPolicyUploadedLanguageFiles",
        )
    others = queries.resources_of_family(tx.connection, tx.tenant.id, family=rules.UPLOADED_FILES.name)
    if before is None and len(others) >= MOST_FILES:
        raise Invalid(f"A tenant can have {MOST_FILES} uploaded files: remove one first.")
    if any(resource.document["fileName"].lower() == document["fileName"].lower() for resource in others):
        raise Invalid(f"There is a file '{document['fileName']}' already: remove it first.", target="fileName")
    return {**document, "status": "uploadInProgress", "languageCodes": [], "policyType": "admxIngested"}


def _read_file(tx: Transaction, row: ResourceRow) -> None:
    """Read a file that was uploaded. The answer to the upload does not say how it ended: clients ask again."""
    document = {**row.document, "content": None}
    languages = document["groupPolicyUploadedLanguageFiles"]
    now = iso(tx.now)
    document["groupPolicyUploadedLanguageFiles"] = [
        {**language, "content": None, "id": tx.ids.uuid(), "lastModifiedDateTime": now} for language in languages
    ]
    document["uploadDateTime"] = now
    document["languageCodes"] = [language["languageCode"] for language in languages if language["languageCode"]]
    try:
        template = _template(tx, row)
    except Invalid as error:
        _end(tx, row, document=document, status="uploadFailed", why=error.message)
        return
    for kind, family, documents in (
        ("groupPolicyCategory", rules.CATEGORIES.name, template.categories),
        ("groupPolicyDefinition", rules.DEFINITIONS.name, template.definitions),
    ):
        _add(tx, documents, kind=kind, family=family)
    document |= {
        "targetPrefix": template.prefix,
        "targetNamespace": template.namespace,
        "revision": template.revision,
        _USES: sorted(template.uses.values()),
        _CATEGORIES: [category["id"] for category in template.categories],
    }
    _end(tx, row, document=document, status="available", why="")


def _template(tx: Transaction, row: ResourceRow) -> admx.Template:
    """What the file defines. Raises Invalid for a file that cannot be taken."""
    languages = row.document["groupPolicyUploadedLanguageFiles"]
    wanted = str(row.document.get("defaultLanguageCode") or "").lower()
    chosen = next((language for language in languages if str(language["languageCode"]).lower() == wanted), languages[0])
    template = admx.read(b64decode(row.document["content"]), b64decode(chosen["content"] or ""), file_id=row.id)
    others = [
        resource
        for resource in queries.resources_of_family(tx.connection, tx.tenant.id, family=rules.UPLOADED_FILES.name)
        if resource.document["status"] == "available"
    ]
    known = frozenset(str(resource_row.document["targetNamespace"]).lower() for resource_row in others)
    if template.namespace.lower() in known:
        raise Invalid(f"The namespace '{template.namespace}' is one of another file that was uploaded.")
    missing = admx.missing_namespaces(template, known)
    if missing:
        raise Invalid(f"NamespaceMissing: {', '.join(missing)}. Upload the ADMX files of these namespaces first.")
    return template


def _add(tx: Transaction, documents: Iterable[JsonObject], *, kind: str, family: str) -> None:
    whole, now = defaults(entity(kind)), iso(tx.now)
    rows = [
        ResourceRow(
            tenant_id=tx.tenant.id,
            family=family,
            parent_id="",
            id=ResourceId(document["id"]),
            kind=kind,
            version=1,
            created_at=tx.now,
            modified_at=tx.now,
            priority=None,
            document={**whole, "lastModifiedDateTime": now, **document},
        )
        for document in documents
    ]
    queries.add_resources(tx.connection, rows)


def _end(tx: Transaction, row: ResourceRow, *, document: JsonObject, status: str, why: str) -> None:
    operation = {
        "@odata.type": "#microsoft.graph.groupPolicyOperation",
        "id": tx.ids.uuid(),
        "operationType": "upload",
        "operationStatus": "failed" if why else "success",
        "statusDetails": why or None,
        "lastModifiedDateTime": iso(tx.now),
    }
    ended = {**document, "status": status, "groupPolicyOperations": [operation]}
    queries.change_resource(tx.connection, row, document=ended)


FILE_HOOKS = Hooks(check=_check_file, created=_read_file)


def remove_file(tx: Transaction, file_id: str) -> None:
    """Remove a file that was uploaded, with its definitions. Raises Invalid while a policy has a value of one.

    Differs from Intune: the file is gone at once; the service shows removalInProgress for a while.
    """
    row = resources.get(tx, rules.UPLOADED_FILES, key=file_id)
    own = {resource_row.id for resource_row in definitions_of(tx.connection, tx.tenant, file_id=row.id)}
    values = queries.parts_of_family(tx.connection, tx.tenant.id, family=rules.DEFINITION_VALUES.name)
    used = [value for value in values if rules.definition_id_of(value.document) in own]
    if used:
        raise Invalid(
            f"The file '{row.document['fileName']}' is used by values of policies ({len(used)}): delete them first."
        )
    for resource in queries.resources_of_family(tx.connection, tx.tenant.id, family=rules.UPLOADED_FILES.name):
        if resource.id != row.id and row.document["targetNamespace"] in resource.document.get(_USES, ()):
            raise Invalid(f"The file '{resource.document['fileName']}' uses this one: remove it first.")
    queries.remove_resources(tx.connection, tx.tenant.id, family=rules.DEFINITIONS.name, ids=sorted(own))
    queries.remove_resources(
        tx.connection, tx.tenant.id, family=rules.CATEGORIES.name, ids=row.document.get(_CATEGORIES, [])
    )
    queries.delete_resource(tx.connection, row)


def definitions_of(connection: Connection, tenant: Tenant, *, file_id: str) -> list[ResourceRow]:
    """Return the definitions of a file that was uploaded, oldest first. Raises NotFound."""
    row = resources.found(connection, tenant, rules=rules.UPLOADED_FILES, key=file_id)
    every = queries.resources_of_family(connection, tenant.id, family=rules.DEFINITIONS.name)
    return [resource for resource in every if resource.document[BOUND]["definitionFile"] == [row.id]]
