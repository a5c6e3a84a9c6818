"""What all kinds of work of a management agent share: the device that asks, which assigned things reach it, and the
form of orders.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from fauxtune.core.engine.planning.targeting import target
from fauxtune.core.model.ids import EnrollmentId
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.devices.audience import Audience, Filters
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries.configuration import assignment_targets
from fauxtune.storage.rows.configuration import AssignmentRow
from fauxtune.storage.rows.devices import EnrollmentRow

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AgentVisit:
    """The device whose agent asks. `user_is_here`: its user is signed in."""

    enrollment: EnrollmentRow
    user_is_here: bool = True


@dataclass(frozen=True, slots=True)
class Orders:
    """What the agent is to do now, and when at the latest it is to ask again; None: this kind of work does not care."""

    orders: list[JsonObject] = field(default_factory=list)
    due_at: datetime | None = None


def reaching(
    tx: Transaction, enrollment: EnrollmentRow, *, assigned: Sequence[tuple[T, Sequence[AssignmentRow]]]
) -> list[tuple[T, AssignmentRow]]:
    """Return which of these things reach the device, each with the assignment that brings it."""
    return reaching_each(tx, [enrollment], assigned=assigned)[enrollment.id]


def reaching_each(
    tx: Transaction, devices: Sequence[EnrollmentRow], *, assigned: Sequence[tuple[T, Sequence[AssignmentRow]]]
) -> dict[EnrollmentId, list[tuple[T, AssignmentRow]]]:
    """Return which of these things reach each of the devices, each with the assignment that brings it."""
    brought: dict[EnrollmentId, list[tuple[T, AssignmentRow]]] = {device.id: [] for device in devices}
    every = [row for _thing, rows in assigned for row in rows]
    if not every:
        return brought
    audience = Audience.of(tx, devices)
    filters = Filters.of(tx, devices, assignments=assignment_targets(every))
    for device in devices:
        if not audience.is_entitled(device):
            continue
        matches, membership = filters.matching(device), audience.membership(device)
        for thing, rows in assigned:
            by_id: Mapping[str, AssignmentRow] = {row.id: row for row in rows}
            reached = target(assignment_targets(rows), membership, matches=matches)
            if reached is not None:
                brought[device.id].append((thing, by_id[reached.id]))
    return brought
