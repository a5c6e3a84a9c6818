"""What belongs to the record of a device: its category, the actions ordered for it, the secrets that it escrowed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Unpack

from sqlalchemy import Connection, bindparam, delete, func, select

from fauxtune.core.model.actions import WAITING, ActionState, DeviceAction, EscrowKind
from fauxtune.core.model.ids import DeviceCategoryId, DirectoryDeviceId, EnrollmentId, ManagedDeviceId, TenantId
from fauxtune.core.model.states import EnrollmentState
from fauxtune.internals.sqlalchemy_statements import Prepared
from fauxtune.storage import writes
from fauxtune.storage.reads import every, first, many
from fauxtune.storage.rows.devices import DeviceActionChanges, DeviceActionRow, DeviceCategoryChanges, DeviceCategoryRow
from fauxtune.storage.rows.ledger import EscrowedSecretRow
from fauxtune.storage.tables import (
    device_actions,
    device_categories,
    enrollments,
    managed_devices,
)
from fauxtune.storage.tables import escrowed_secrets as table
from fauxtune.storage.tenancy import by_key, by_keys, of_tenant, rows_of


def category(connection: Connection, tenant_id: TenantId, *, category_id: DeviceCategoryId) -> DeviceCategoryRow | None:
    """Return the category with this id, in any case."""
    statement = rows_of(device_categories, tenant_id).where(device_categories.c.id == category_id.lower())
    return first(connection, statement, row=DeviceCategoryRow)


def category_named(connection: Connection, tenant_id: TenantId, *, name: str) -> DeviceCategoryRow | None:
    """Return the category with this displayName, in this case."""
    statement = rows_of(device_categories, tenant_id).where(device_categories.c.display_name == name)
    return first(connection, statement, row=DeviceCategoryRow)


def add_category(connection: Connection, row: DeviceCategoryRow) -> None:
    """Insert a category."""
    writes.add_row(connection, device_categories, row=row)


def change_category(
    connection: Connection,
    tenant_id: TenantId,
    *,
    category_id: DeviceCategoryId,
    **changes: Unpack[DeviceCategoryChanges],
) -> None:
    """Change columns of a category."""
    writes.change(connection, device_categories, where={"tenant_id": tenant_id, "id": category_id}, values=changes)


def delete_category(connection: Connection, tenant_id: TenantId, *, category_id: DeviceCategoryId) -> None:
    """Drop a category; its devices have no category from now on."""
    writes.remove(connection, device_categories, tenant_id=tenant_id, id=category_id)
    writes.change(
        connection,
        managed_devices,
        where={"tenant_id": tenant_id, "category_id": category_id},
        values={"category_id": None},
    )


def put_into_category(
    connection: Connection,
    tenant_id: TenantId,
    *,
    managed_device_id: ManagedDeviceId,
    category_id: DeviceCategoryId | None,
) -> None:
    """Write the record's category; None: it has no category."""
    where = {"tenant_id": tenant_id, "id": managed_device_id}
    writes.change(connection, managed_devices, where=where, values={"category_id": category_id})


_ACTIONS = Prepared(
    select(device_actions)
    .where(
        by_key(device_actions.c.enrollment_id, bindparam("device")),
        device_actions.c.state.in_(bindparam("states", expanding=True)),
    )
    .order_by(device_actions.c.created_at, device_actions.c.id)
)
_ORDERED_TO_END = (
    select(enrollments.c.id)
    .join(device_actions, device_actions.c.enrollment_id == enrollments.c.id)
    .where(
        of_tenant(enrollments),
        enrollments.c.state == EnrollmentState.ENDING.value,
        device_actions.c.action == enrollments.c.cause,
        device_actions.c.state.in_(WAITING),
    )
)
_ACTING = Prepared(
    select(device_actions.c.enrollment_id)
    .where(
        by_keys(device_actions.c.enrollment_id, bindparam("ids", expanding=True)),
        device_actions.c.state.in_(bindparam("states", expanding=True)),
    )
    .distinct()
)


def add_action(connection: Connection, row: DeviceActionRow) -> None:
    """Insert a device action."""
    writes.add_row(connection, device_actions, row=row)


def is_ordered(connection: Connection, tenant_id: TenantId, *, action_id: str, action: DeviceAction) -> bool:
    """Whether there is such an order, whatever became of it."""
    statement = select(device_actions.c.id).where(
        of_tenant(device_actions, tenant_id), device_actions.c.id == action_id, device_actions.c.action == action
    )
    return connection.execute(statement).first() is not None


def delete_action(connection: Connection, tenant_id: TenantId, *, action_id: str) -> None:
    """Delete an action, whatever became of it."""
    writes.remove(connection, device_actions, tenant_id=tenant_id, id=action_id)


def actions(
    connection: Connection, enrollment_id: EnrollmentId, *, states: Sequence[ActionState]
) -> list[DeviceActionRow]:
    """Return the device's actions in these states, oldest first."""
    values = {"device": enrollment_id, "states": list(states)}
    return every(connection, _ACTIONS, row=DeviceActionRow, values=values)


def acting(
    connection: Connection, ids: Collection[EnrollmentId], *, states: Sequence[ActionState]
) -> set[EnrollmentId]:
    """Return those of these devices that have actions in these states."""
    return set(many(connection, _ACTING, row=EnrollmentId, ids=ids, values={"states": list(states)}))


def orders_since(connection: Connection, enrollment_id: EnrollmentId, *, action: DeviceAction, since: datetime) -> int:
    """Return how often the action was ordered for the device after that moment, whatever became of it."""
    statement = (
        select(func.count())
        .select_from(device_actions)
        .where(
            by_key(device_actions.c.enrollment_id, enrollment_id),
            device_actions.c.action == action,
            device_actions.c.created_at > since,
        )
    )
    return connection.execute(statement).scalar_one()


def orders_of_tenant(connection: Connection, tenant_id: TenantId, *, action: DeviceAction, since: datetime) -> int:
    """Return how often the action was ordered in the tenant after that moment, whatever became of it."""
    statement = (
        select(func.count())
        .select_from(device_actions)
        .where(
            of_tenant(device_actions, tenant_id),
            device_actions.c.action == action,
            device_actions.c.created_at > since,
        )
    )
    return connection.execute(statement).scalar_one()


def ordered_to_end(connection: Connection, tenant_id: TenantId) -> set[EnrollmentId]:
    """Return the devices whose end was ordered and that have neither confirmed nor refused it."""
    return {EnrollmentId(row[0]) for row in connection.execute(_ORDERED_TO_END, {"tenant": tenant_id})}


def change_action(connection: Connection, action_id: str, **changes: Unpack[DeviceActionChanges]) -> None:
    """Change columns of an action."""
    writes.change(connection, device_actions, where={"id": action_id}, values=changes)


def add_secret(connection: Connection, row: EscrowedSecretRow) -> None:
    """Insert a secret, in place of an earlier one with its id."""
    writes.put_rows(connection, table, rows=[row])


def secret(connection: Connection, tenant_id: TenantId, *, secret_id: str) -> EscrowedSecretRow | None:
    """Return the secret with this id."""
    statement = rows_of(table, tenant_id).where(table.c.id == secret_id)
    return next(iter(every(connection, statement, row=EscrowedSecretRow)), None)


def secrets_of_kind(connection: Connection, tenant_id: TenantId, *, kind: EscrowKind) -> list[EscrowedSecretRow]:
    """Return the tenant's secrets of a kind, newest first."""
    statement = rows_of(table, tenant_id).where(table.c.kind == kind)
    return every(connection, statement.order_by(table.c.created_at.desc(), table.c.id), row=EscrowedSecretRow)


def secrets_of_device(
    connection: Connection, tenant_id: TenantId, *, device_id: DirectoryDeviceId, kind: EscrowKind
) -> list[EscrowedSecretRow]:
    """Return a device's secrets of a kind, newest first."""
    statement = rows_of(table, tenant_id).where(table.c.directory_device_id == device_id, table.c.kind == kind)
    return every(connection, statement.order_by(table.c.created_at.desc(), table.c.id), row=EscrowedSecretRow)


def delete_secrets(connection: Connection, tenant_id: TenantId, *, ids: Collection[str]) -> None:
    """Delete the secrets with these ids."""
    if ids:
        connection.execute(delete(table).where(of_tenant(table, tenant_id), table.c.id.in_(list(ids))))


def delete_secrets_of_device(
    connection: Connection, tenant_id: TenantId, *, device_id: DirectoryDeviceId, kinds: Collection[EscrowKind]
) -> None:
    """Delete a device's secrets of these kinds."""
    connection.execute(
        delete(table).where(
            of_tenant(table, tenant_id),
            table.c.directory_device_id == device_id,
            table.c.kind.in_([kind.value for kind in kinds]),
        )
    )


def secret_of_enrollment(
    connection: Connection, tenant_id: TenantId, *, enrollment_id: EnrollmentId, kind: EscrowKind
) -> EscrowedSecretRow | None:
    """Return the newest secret of a kind that an enrolment has escrowed."""
    statement = rows_of(table, tenant_id).where(table.c.enrollment_id == enrollment_id, table.c.kind == kind)
    rows = every(connection, statement.order_by(table.c.created_at.desc(), table.c.id), row=EscrowedSecretRow)
    return rows[0] if rows else None
