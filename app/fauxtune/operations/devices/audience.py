"""Who stands behind devices, and which filters they meet: what decides which assigned things reach them.

Of a device whose management agent asks: which assigned things reach it, and the form of orders, for all kinds of work.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from fauxtune.core.engine.assignment_filters.matching import Matching
from fauxtune.core.engine.planning.targeting import Assignment, Matches, Membership, matches_nothing, target
from fauxtune.core.errors import NotLicensed
from fauxtune.core.model.ids import EnrollmentId, FilterId, GroupId, UserId
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import filters_and_tags as filter_queries
from fauxtune.storage.queries.configuration import assignment_targets
from fauxtune.storage.rows.configuration import AssignmentRow
from fauxtune.storage.rows.devices import EnrollmentRow
from fauxtune.storage.rows.directory import UserRow

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Audience:
    """Who stands behind devices: their users and the groups of both."""

    users: Mapping[UserId, UserRow]
    groups: Mapping[str, frozenset[GroupId]]

    @classmethod
    def of(
        cls,
        tx: Transaction,
        devices: Collection[EnrollmentRow],
        *,
        besides: Iterable[UserId] = (),
        in_groups: bool = True,
    ) -> Audience:
        """Read the users and groups of these devices, and of users `besides`: two statements. `in_groups`: whether
        the devices may be members of groups; those of users are remembered for all their devices.
        """
        ids = {device.user_id for device in devices if device.user_id is not None} | set(besides)
        members: set[str] = {device.directory_device_id for device in devices} if in_groups else set()
        if len(ids) == 1:
            (only,) = ids
            user = user_of(tx, only)
            users = {} if user is None else {only: user}
        else:
            users = directory_queries.users_by_id(tx.connection, tx.tenant.id, ids=ids)
        members |= users.keys()
        groups = tx.known(
            ("groups", frozenset(members)),
            lambda: directory_queries.groups_above_each(tx.connection, tx.tenant.id, member_ids=members),
        )
        return cls(users, groups)

    def user_of(self, device: EnrollmentRow) -> UserRow | None:
        """Return the device's user, if it has one that exists."""
        return None if device.user_id is None else self.users.get(device.user_id)

    def membership(self, device: EnrollmentRow) -> Membership:
        """Return the groups of the device and of its user."""
        user = self.user_of(device)
        return Membership(
            has_user=user is not None,
            user_groups=self.groups_of(None if user is None else user.id),
            device_groups=self.groups_of(device.directory_device_id),
        )

    def groups_of(self, member_id: str | None) -> frozenset[GroupId]:
        """Return the groups that a user or a device is in, directly or not."""
        return frozenset() if member_id is None else self.groups.get(member_id, frozenset())

    def is_entitled(self, device: EnrollmentRow) -> bool:
        """Whether profiles can reach the device: not if its user is gone or has no licence."""
        user = self.user_of(device)
        return device.user_id is None or (user is not None and bool(user.licensed))


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters of assignments, and the records of the devices that they are met by."""

    documents: Mapping[FilterId, JsonObject]
    records: Mapping[EnrollmentId, JsonObject]

    @classmethod
    def of(cls, tx: Transaction, devices: Collection[EnrollmentRow], *, assignments: Iterable[Assignment]) -> Filters:
        """Read the filters of these assignments and the records of these devices; nothing if they have no filters."""
        ids = {assignment.filter for assignment in assignments if assignment.filter is not None}
        if not ids:
            return cls({}, {})
        rows = filter_queries.filters_by_id(tx.connection, tx.tenant.id, ids=ids)
        records = filter_queries.records_for_filters(tx.connection, tx.tenant.id, ids=[device.id for device in devices])
        return cls({filter_id: row.document for filter_id, row in rows.items()}, records)

    def matching(self, device: EnrollmentRow) -> Matches:
        """Return which of the filters the device meets."""
        if not self.documents:
            return matches_nothing
        return Matching(self.documents, record=self.records.get(device.id, {}), variant=device.variant)


def user_of(tx: Transaction, user_id: UserId) -> UserRow | None:
    """Return the user with this id."""
    rows = tx.known(("user", user_id), lambda: [directory_queries.user(tx.connection, tx.tenant.id, user_id=user_id)])
    return rows[0]


def user_name(tx: Transaction, enrollment: EnrollmentRow) -> str | None:
    """Return the userPrincipalName of the enrolment's user, while that user exists."""
    user = None if enrollment.user_id is None else user_of(tx, enrollment.user_id)
    return None if user is None else str(user.document["userPrincipalName"])


def check_licensed(user: UserRow) -> None:
    """Raise NotLicensed for a user without a licence for devices."""
    if not user.licensed:
        raise NotLicensed(
            f"{user.document['userPrincipalName']} has no licence for device management: assign one first."
        )


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
