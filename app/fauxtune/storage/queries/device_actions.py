"""What devices were asked to do, and how far that is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from fauxtune.core.model.ids import EnrollmentId, TenantId
from fauxtune.core.model.states import EnrollmentState
from fauxtune.storage import writes
from fauxtune.storage.tables import device_actions, enrollments

Row = dict[str, Any]

_ACTIONS = (
    select(device_actions)
    .where(
        device_actions.c.enrollment_id == bindparam("device"),
        device_actions.c.state.in_(bindparam("states", expanding=True)),
    )
    .order_by(device_actions.c.created_at, device_actions.c.id)
)


def add_action(connection: Connection, **values: Any) -> None:
    """A device action, pending."""
    writes.add(connection, device_actions, **values)


def actions(connection: Connection, enrollment_id: str, *, states: Sequence[str]) -> list[Row]:
    """The device's actions in these states, oldest first."""
    found = connection.execute(_ACTIONS, {"device": enrollment_id, "states": list(states)})
    return [dict(row) for row in found.mappings()]


def orders_since(connection: Connection, enrollment_id: str, *, action: str, since: datetime) -> int:
    """How often the device was asked for this after that moment, whatever became of it."""
    statement = (
        select(func.count())
        .select_from(device_actions)
        .where(
            device_actions.c.enrollment_id == enrollment_id,
            device_actions.c.action == action,
            device_actions.c.created_at > since,
        )
    )
    return connection.execute(statement).scalar_one()


def ordered_to_end(connection: Connection, tenant_id: TenantId) -> set[EnrollmentId]:
    """The devices whose end was ordered and that have neither confirmed nor refused it."""
    statement = (
        select(enrollments.c.id)
        .join(device_actions, device_actions.c.enrollment_id == enrollments.c.id)
        .where(
            enrollments.c.tenant_id == tenant_id,
            enrollments.c.state == EnrollmentState.ENDING.value,
            device_actions.c.action == enrollments.c.cause,
            device_actions.c.state.in_(["pending", "active"]),
        )
    )
    return {EnrollmentId(row[0]) for row in connection.execute(statement)}


def change_action(connection: Connection, action_id: str, **values: Any) -> None:
    """Change columns of an action."""
    writes.change(connection, device_actions, where={"id": action_id}, values=values)
