"""Putting another state in the place of a tenant's present one: of a snapshot, of its beginning, or of a document.

One transaction writes what differs, so that whoever asks meanwhile sees the state before or the state after. The id,
name and domain of the tenant stay, and its journal's numbers only rise: the journal is that of the other state, and
after it comes the event that the state was replaced.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fauxtune.core.errors import Conflict, NotFound
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.tracking import begin_again
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.tenants.export import held_state
from fauxtune.operations.tenants.keys import KeyFiles, key_files, remove_unnamed
from fauxtune.operations.tenants.names import check_free
from fauxtune.operations.tenants.state_references import values
from fauxtune.storage import tenant_state
from fauxtune.storage.queries import fault_rules as fault_queries
from fauxtune.storage.queries import locks
from fauxtune.storage.queries import tenants as queries
from fauxtune.storage.tenant_state import Difference, Rows, TenantState, columns


@dataclass(frozen=True, slots=True)
class TableChange:
    """What becomes of the rows of a table: rows that are lost, that come, and that get other values."""

    lost: int
    added: int
    changed: int


#: The changes by table; tables without any are left out.
Changes = dict[str, TableChange]


@dataclass(frozen=True, slots=True)
class Event:
    """The entry of the journal that says why the state was replaced."""

    type: str
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Replaced:
    tenant: Tenant
    changes: Changes
    files: KeyFiles
    device_authority: bytes | None


async def put_state(
    emulator: Emulator, tenant: Tenant, *, state: TenantState, event: Event, is_new: bool = False
) -> Changes:
    """Put the state in the place of the tenant's. Whatever was read, and whoever waits, hears of it: devices are woken,
    tokens and caches are read again. Private keys that nothing names any more are deleted. `is_new`: there is no such
    tenant yet, and it is added.
    """
    replaced = await emulator.runner.run(tenant, replace, state, event=event, is_new=is_new)
    emulator.tokens.forget_applications()
    emulator.signals.connector_log_grew(tenant.id)
    if replaced.device_authority is not None:
        emulator.admit_device_authority(replaced.device_authority)
    await remove_unnamed(emulator, tenant.id, files=replaced.files)
    return replaced.changes


def replace(tx: Transaction, state: TenantState, *, event: Event, is_new: bool = False) -> _Replaced:
    """Write what differs between the tenant's state and this one. Raises Conflict if another tenant has ids of it."""
    connection, tenant_id = tx.connection, tx.tenant.id
    if is_new:
        check_free(connection, tx.tenant)
        tenant_state.add_own_row(connection, row=state.tenant)
    locks.hold_all(connection, tenant_id)
    files = key_files(connection, tenant_id)
    current = held_state(connection, tenant_id).rows
    differences = tenant_state.differences(current, _with_new_policies(current, state.rows))
    check_ids_free(tx, {name: difference.put for name, difference in differences.items()})
    tenant_state.write_differences(connection, tenant_id, changes=differences)
    tenant_state.end_sign_ins(connection, tenant_id)
    tenant_state.write_own_row(connection, tenant_id, row=state.tenant)
    tenant = queries.tenant_to_change(connection, tenant_id)
    if tenant is None:
        raise NotFound(f"The tenant '{tx.tenant.name}' was deleted meanwhile; nothing was changed.")
    begin_again(connection, tenant_id, epoch=tx.ids.uuid())
    tx.tenant, tx.tenant_changed, tx.connectors_called = tenant, True, True
    tx.fault_rules = fault_queries.rules_of(connection, tenant_id)
    if tx.system_now is not None:
        tx.now = tenant.clock.now(tx.system_now)
    tx.wake({*values(current, "enrollments", column="id"), *values(state.rows, "enrollments", column="id")})
    tx.record(event.type, **event.detail)
    return _Replaced(tenant, summary(differences), files, _device_authority(differences))


def summary(differences: dict[str, Difference]) -> Changes:
    """Return how many rows of each table change."""
    return {
        name: TableChange(lost=difference.lost, added=difference.added, changed=difference.changed)
        for name, difference in differences.items()
    }


def check_ids_free(tx: Transaction, rows: Rows) -> None:
    """Raise Conflict if another tenant has a value that only one tenant can have, such as the id of an enrolment."""
    taken = tenant_state.taken_elsewhere(tx.connection, tx.tenant.id, rows=rows)
    if taken:
        table, column, value = taken[0]
        raise Conflict(
            f"Another tenant has the {column} '{value}' of {table}, and no two tenants can share it. Delete that "
            "tenant, or leave the row out.",
            target=f"/tables/{table}",
        )


def _with_new_policies(current: Rows, wanted: Rows) -> Rows:
    """Return the wanted rows. A device whose policy has changed since gets a new version of it: else it would take the
    next change for the policy that it has already.
    """
    names = [column.name for column in columns()["enrollments"]]
    key, version = names.index("id"), names.index("policy_version")
    newest = {row[key]: row[version] for row in current["enrollments"]}
    enrollments = []
    for row in wanted.get("enrollments", []):
        if newest.get(row[key], 0) > row[version]:
            row = (*row[:version], newest[row[key]] + 1, *row[version + 1 :])
        enrollments.append(row)
    return {**wanted, "enrollments": enrollments}


def _device_authority(differences: dict[str, Difference]) -> bytes | None:
    """Return the certificate of the authority of device identities, if it is another one."""
    difference = differences.get("authorities")
    if difference is None:
        return None
    names = [column.name for column in columns()["authorities"]]
    name, certificate = names.index("name"), names.index("certificate")
    return next((row[certificate] for row in difference.put if row[name] == "devices"), None)
