"""The actions that admins ordered for devices, and their states."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Unpack

from sqlalchemy import Connection, bindparam, func, select

from fauxtune.core.model.actions import WAITING, ActionState, DeviceAction
from fauxtune.core.model.ids import EnrollmentId, TenantId
from fauxtune.core.model.states import EnrollmentState
from fauxtune.storage import writes
from fauxtune.storage.prepared import Prepared
from fauxtune.storage.reads import every, many
from fauxtune.storage.rows.devices import DeviceActionChanges, DeviceActionRow
from fauxtune.storage.tables import device_actions, enrollments
from fauxtune.storage.tenancy import by_key, by_keys, of_tenant

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
