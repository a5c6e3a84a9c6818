"""How filters judge one device, profile by profile: what a check-in would find now. Nothing is written.

Graph: assignmentFilterEvaluationStatusDetails, assignmentFilterStatusDetails.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fauxtune.core.engine.assignment_filters.matching import Matching
from fauxtune.core.engine.planning.targeting import Assignment, TargetKind
from fauxtune.core.model.ids import GroupId, TenantId
from fauxtune.core.profiles.catalog import kind
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import assignment_filters as queries
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.rows.devices import ManagedDeviceRow

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One filter of one profile's assignments, and whether the device meets its rule."""

    profile: str
    filter: Row
    excludes: bool
    matched: bool


def evaluations(connection: Connection, tenant_id: TenantId, *, record: ManagedDeviceRow) -> list[Evaluation]:
    """Of the device with this record: every filter on an assignment whose target names it, or its user."""
    enrollment = device_queries.enrollment(connection, record.enrollment_id, tenant_id=tenant_id)
    if enrollment is None:
        return []
    variant = enrollment.variant
    members = [each for each in (enrollment.user_id, enrollment.directory_device_id) if each is not None]
    groups: frozenset[GroupId] = frozenset().union(
        *(directory_queries.groups_above(connection, tenant_id, member_id=each) for each in members)
    )
    has_user = enrollment.user_id is not None
    naming = [
        assignment
        for profile, assignments in configuration_queries.candidates(connection, tenant_id, groups=groups)
        if (known := kind(profile.kind)) is not None and variant in known.reached
        for assignment in assignments
        if assignment.filter is not None and _names(assignment, groups, has_user=has_user)
    ]
    filters = queries.filters_by_id(connection, tenant_id, ids={str(each.filter) for each in naming})
    seen = queries.record_for_filters(connection, tenant_id, enrollment_id=record.enrollment_id)
    matching = Matching(filters, record=seen, variant=variant)
    return list(_judged(naming, filters=filters, matching=matching))


def _judged(naming: list[Assignment], *, filters: dict[str, Row], matching: Matching) -> Iterator[Evaluation]:
    seen = set()
    for each in naming:
        key = (each.profile, each.filter, each.filter_excludes)
        if each.filter in filters and key not in seen:
            seen.add(key)
            yield Evaluation(each.profile, filters[each.filter], each.filter_excludes, matching(each.filter))


def _names(assignment: Assignment, groups: frozenset[GroupId], *, has_user: bool) -> bool:
    if assignment.kind is TargetKind.ALL_USERS:
        return has_user
    return assignment.kind is TargetKind.ALL_DEVICES or assignment.group in groups
