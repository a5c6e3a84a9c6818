"""What policies of the settings catalog do beyond their rules: secrets become tokens, and reusable settings know which
policies refer to them.
"""

from __future__ import annotations

from collections.abc import Iterable

from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies import configuration_policies as policies
from fauxtune.core.policies.configuration_policies import tokens, unknown_ids, without_secrets
from fauxtune.operations.profiles.resources import Hooks
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import resources as queries
from fauxtune.storage.rows.resources import ResourceRow

_SETTINGS, _COUNT = policies.SETTINGS.name, "referencingConfigurationPolicyCount"


def hide_secrets(tx: Transaction, document: JsonObject, before: ResourceRow | None) -> JsonObject:  # noqa: PLR0917 - a hook
    """Return the policy with tokens in the place of its secrets. Raises Invalid for a token that is not its own, and in
    a strict tenant for a setting of which nothing is known.
    """
    settings = document.get(_SETTINGS)
    old = None if before is None else before.document.get(_SETTINGS)
    if not settings or settings is old:
        return document
    unknown = unknown_ids(settings) if tx.tenant.setting("catalog.strict") else []
    if unknown:
        raise Invalid(
            f"The setting definition '{unknown[0]}' is not one of deviceManagement/configurationSettings, and the "
            "tenant's setting catalog.strict refuses such settings.",
            target="settingDefinitionId",
        )
    hidden = without_secrets(settings, token=tx.ids.uuid, known=tokens(old or []))
    return {**document, _SETTINGS: hidden}


def _check(tx: Transaction, document: JsonObject, before: ResourceRow | None) -> JsonObject:  # noqa: PLR0917 - a hook
    for setting_id in policies.reusable_ids(document):
        if _reusable(tx, setting_id) is None:
            raise Invalid(f"There is no reusable setting '{setting_id}' in this tenant.", target=_SETTINGS)
    return hide_secrets(tx, document, before)


def _created(tx: Transaction, row: ResourceRow) -> None:
    _count(tx, policies.reusable_ids(row.document), by=1)


def _changed(tx: Transaction, row: ResourceRow, before: ResourceRow) -> None:  # noqa: PLR0917 - a hook
    new, old = policies.reusable_ids(row.document), policies.reusable_ids(before.document)
    _count(tx, new - old, by=1)
    _count(tx, old - new, by=-1)


def _deleting(tx: Transaction, row: ResourceRow) -> None:
    _count(tx, policies.reusable_ids(row.document), by=-1)


def _count(tx: Transaction, ids: Iterable[str], *, by: int) -> None:
    for setting_id in sorted(ids):
        row = _reusable(tx, setting_id)
        if row is not None:
            document = {**row.document, _COUNT: row.document[_COUNT] + by}
            queries.change_resource(tx.connection, row, document=document)


def _reusable(tx: Transaction, setting_id: str) -> ResourceRow | None:
    return queries.resource(tx.connection, tx.tenant.id, family=policies.REUSABLE_SETTINGS.name, resource_id=setting_id)


def _keep_referenced(_tx: Transaction, row: ResourceRow) -> None:
    if row.document[_COUNT]:
        raise Invalid(
            f"The reusable setting '{row.document['displayName']}' is used by {row.document[_COUNT]} policies: change "
            "or delete them first."
        )


def _keep_count(_tx: Transaction, document: JsonObject, before: ResourceRow | None) -> JsonObject:
    return {**document, _COUNT: 0 if before is None else before.document[_COUNT]}


POLICY_HOOKS = Hooks(check=_check, created=_created, changed=_changed, deleting=_deleting)
REUSABLE_HOOKS = Hooks(check=_keep_count, deleting=_keep_referenced)
LINUX_HOOKS = Hooks(check=hide_secrets)


def referencing(connection: Connection, tenant: Tenant, *, key: str) -> list[ResourceRow]:
    """Return the policies that refer to a reusable setting, oldest first. Raises NotFound."""
    family = policies.REUSABLE_SETTINGS.name
    row = queries.resource(connection, tenant.id, family=family, resource_id=key)
    if row is None:
        raise NotFound(f"There is no '{key}' in {family}.")
    rows = queries.resources_of_family(connection, tenant.id, family=policies.CONFIGURATION_POLICIES.name)
    return [resource for resource in rows if row.id in policies.reusable_ids(resource.document)]
