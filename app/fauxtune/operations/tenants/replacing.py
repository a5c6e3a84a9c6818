"""Putting another state in the place of a tenant's present one: of a snapshot, of its beginning, or of a document.

One transaction writes what differs, so that whoever asks meanwhile sees the state before or the state after. The id,
name and domain of the tenant stay, and its journal's numbers only rise: the journal is that of the other state, and
after it comes the event that the state was replaced.

The rows of a document must have in common: keys that occur once, and rows that others name (`check_rows`). A user who
is named by a certificate, an import or the record of a device may have been deleted since, and so may the group of an
assignment: that is no mistake. Neither is a device that left Entra ID.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from fauxtune.core.errors import Conflict, NotFound
from fauxtune.core.model.states import EnrollmentState
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.policies.apps import APP_RULES
from fauxtune.core.policies.enrollment import ENROLLMENT_CONFIGURATIONS
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.tracking import begin_again
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.tenants.keys import KeyFiles, key_files, remove_unnamed
from fauxtune.operations.tenants.state_document import held_state
from fauxtune.operations.tenants.state_reading import Mistakes
from fauxtune.operations.tenants.tenants import check_free
from fauxtune.storage import tenant_state
from fauxtune.storage.queries import fault_rules as fault_queries
from fauxtune.storage.queries import locks
from fauxtune.storage.queries import tenants as queries
from fauxtune.storage.tenant_state import Change, Difference, Row, Rows, TenantState, columns, unique_columns

#: The changes by table; tables without any are left out.
Changes = dict[str, Change]


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
    changes = {name: difference.change for name, difference in differences.items()}
    return _Replaced(tenant, changes, files, _device_authority(differences))


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


@dataclass(frozen=True, slots=True)
class Reference:
    """A column whose values are those of another table's column. `word`: what is named; `others`: tables whose columns
    of that name count as well.
    """

    table: str
    column: str
    word: str
    named: str
    key: str = "id"
    others: tuple[str, ...] = ()


REFERENCES = (
    Reference("assignments", "profile_id", "profile", "profiles", others=("resources",)),
    Reference("certificates", "authority", "authority", "authorities", "name"),
    Reference("compliance_states", "enrollment_id", "enrolment", "enrollments"),
    Reference("connector_keys", "connector_id", "connector", "connectors"),
    Reference("connector_requests", "enrollment_id", "enrolment", "enrollments"),
    Reference("device_actions", "enrollment_id", "enrolment", "enrollments"),
    Reference("directory_devices", "enrollment_id", "enrolment", "enrollments"),
    Reference("escrowed_secrets", "enrollment_id", "enrolment", "enrollments"),
    Reference("group_members", "group_id", "group", "groups"),
    Reference("device_compliance", "enrollment_id", "enrolment", "enrollments"),
    Reference("group_owners", "group_id", "group", "groups"),
    Reference("group_owners", "owner_id", "user", "users"),
    Reference("key_holdings", "enrollment_id", "enrolment", "enrollments"),
    Reference("ledger", "enrollment_id", "enrolment", "enrollments"),
    Reference("mail_recipients", "message_id", "message", "mail_messages"),
    Reference("mailbox_entries", "message_id", "message", "mail_messages"),
    Reference("mailbox_entries", "user_id", "user", "users"),
    Reference("managed_devices", "category_id", "category", "device_categories"),
    Reference("managed_devices", "enrollment_id", "enrolment", "enrollments"),
    Reference("app_states", "enrollment_id", "enrolment", "enrollments"),
    Reference("profile_states", "enrollment_id", "enrolment", "enrollments"),
    Reference("profile_states", "profile_id", "profile", "profiles", others=("resources",)),
    Reference("ra_certificates", "connector_id", "connector", "connectors"),
    Reference("role_scope_tag_assignments", "tag_id", "scope tag", "role_scope_tags"),
    Reference("scep_certificates", "challenge_id", "challenge", "scep_challenges"),
    Reference("scep_certificates", "enrollment_id", "enrolment", "enrollments"),
    Reference("scep_challenges", "enrollment_id", "enrolment", "enrollments"),
    Reference("scep_requests", "challenge_id", "challenge", "scep_challenges"),
    Reference("scep_requests", "enrollment_id", "enrolment", "enrollments"),
    Reference("script_runs", "enrollment_id", "enrolment", "enrollments"),
    Reference("steps", "enrollment_id", "enrolment", "enrollments"),
    Reference("templates", "authority", "authority", "authorities", "name"),
    Reference("users", "manager_id", "user", "users"),
)
#: What a member of a group is, by `kind`.
_MEMBERS = {"user": "users", "group": "groups", "device": "directory_devices"}
#: Authorities without which nothing can be issued.
_AUTHORITIES = ("root", "issuing", "devices")


#: Families with built-in resources that can be assigned: these are in no table until somebody changes them.
_WITH_BUILT_IN = (APP_RULES, ENROLLMENT_CONFIGURATIONS)


def check_rows(rows: Rows, mistakes: Mistakes, *, tenant_id: str) -> None:
    """Note what does not fit together in these rows of this tenant."""
    for name in rows:
        _check_unique(rows, name, mistakes=mistakes)
    for reference in REFERENCES:
        tables = (reference.named, *reference.others)
        known = {value for table in tables for value in values(rows, table, column=reference.key)}
        if "resources" in tables:
            known |= {rule.id.replace("{tenant}", tenant_id) for rules in _WITH_BUILT_IN for rule in rules.built_in}
        for number, value in enumerate(values(rows, reference.table, column=reference.column)):
            if value is not None and value not in known:
                place = ("tables", reference.table, number, reference.column)
                mistakes.add(f"there is no {reference.word} '{value}' in {reference.named}", *place)
    _check_members(rows, mistakes)
    _check_users_of_devices(rows, mistakes)
    roles = dict(_columns(rows, "authorities", names=("name", "role")))
    for name in _AUTHORITIES:
        if roles.get(name) != name:
            mistakes.add(f"the authority '{name}' with the role '{name}' is missing", "tables", "authorities")


def values(rows: Rows, table: str, *, column: str) -> Iterator[Any]:
    """Return the values of a column, in the order of the rows."""
    place = [state_column.name for state_column in columns()[table]].index(column)
    return (row[place] for row in rows.get(table, []))


def _check_unique(rows: Rows, table: str, *, mistakes: Mistakes) -> None:
    names = [column.name for column in columns()[table]]
    for group in unique_columns(table):
        places = [names.index(name) for name in group]
        seen: set[Row] = set()
        for number, row in enumerate(rows[table]):
            key = tuple(row[place] for place in places)
            if None in key:
                continue  # as in SQL, nothing equals what has no value
            if key in seen:
                mistakes.add(f"another row has the same {' and '.join(group)}", "tables", table, number)
            seen.add(key)


def _check_members(rows: Rows, mistakes: Mistakes) -> None:
    known = {kind: set(values(rows, table, column="id")) for kind, table in _MEMBERS.items()}
    for number, (kind, member) in enumerate(_columns(rows, "group_members", names=("kind", "member_id"))):
        place = ("tables", "group_members", number)
        if kind not in known:
            mistakes.add(f"it must be one of {', '.join(_MEMBERS)}", *place, "kind")
        elif member not in known[kind]:
            mistakes.add(f"there is no {kind} '{member}' in {_MEMBERS[kind]}", *place, "member_id")


def _check_users_of_devices(rows: Rows, mistakes: Mistakes) -> None:
    """A device whose user was deleted has a record that names the same user."""
    users = set(values(rows, "users", column="id"))
    records = set(_columns(rows, "managed_devices", names=("enrollment_id", "user_id")))
    for number, (id_, user, state) in enumerate(_columns(rows, "enrollments", names=("id", "user_id", "state"))):
        if user is None or user in users or state != EnrollmentState.ACTIVE.value:
            continue
        if (id_, user) not in records:
            mistakes.add(f"there is no user '{user}' in users", "tables", "enrollments", number, "user_id")


def _columns(rows: Rows, table: str, *, names: Iterable[str]) -> Iterator[tuple[Any, ...]]:
    return zip(*(values(rows, table, column=name) for name in names), strict=True)
