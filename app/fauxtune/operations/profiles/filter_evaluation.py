"""Evaluate the filters of one device, profile by profile, as a check-in would now. Nothing is written.

Graph: assignmentFilterEvaluationStatusDetails, assignmentFilterStatusDetails.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fauxtune.core.engine.assignment_filters.matching import Matching
from fauxtune.core.engine.planning.targeting import Assignment, TargetKind
from fauxtune.core.model.ids import FilterId, GroupId, ProfileId, TenantId
from fauxtune.core.profiles.catalog import kind
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import filters_and_tags as queries
from fauxtune.storage.rows.configuration import FilterRow
from fauxtune.storage.rows.devices import ManagedDeviceRow


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One filter of one profile's assignments, and whether the device meets its rule."""

    profile: ProfileId
    filter: FilterRow
    excludes: bool
    matched: bool


def evaluations(connection: Connection, tenant_id: TenantId, *, record: ManagedDeviceRow) -> list[Evaluation]:
    """Evaluate every filter on an assignment whose target names the device with this record, or its user."""
    enrollment = device_queries.enrollment(connection, record.enrollment_id, tenant_id=tenant_id)
    if enrollment is None:
        return []
    variant = enrollment.variant
    members = [member for member in (enrollment.user_id, enrollment.directory_device_id) if member is not None]
    groups: frozenset[GroupId] = frozenset().union(
        *(directory_queries.groups_above(connection, tenant_id, member_id=member) for member in members)
    )
    has_user = enrollment.user_id is not None
    naming = [
        assignment
        for profile, assignments in configuration_queries.candidates(connection, tenant_id, groups=groups)
        if (known := kind(profile.kind)) is not None and variant in known.reached
        for assignment in assignments
        if assignment.filter is not None and _names(assignment, groups, has_user=has_user)
    ]
    filters = queries.filters_by_id(
        connection, tenant_id, ids={assignment.filter for assignment in naming if assignment.filter is not None}
    )
    record_for_filters = queries.record_for_filters(connection, tenant_id, enrollment_id=record.enrollment_id)
    documents = {filter_id: row.document for filter_id, row in filters.items()}
    matching = Matching(documents, record=record_for_filters, variant=variant)
    return list(_evaluated(naming, filters=filters, matching=matching))


def _evaluated(
    naming: list[Assignment], *, filters: dict[FilterId, FilterRow], matching: Matching
) -> Iterator[Evaluation]:
    result = set()
    for assignment in naming:
        key = (assignment.profile, assignment.filter, assignment.filter_excludes)
        if assignment.filter is not None and assignment.filter in filters and key not in result:
            result.add(key)
            matched = matching(assignment.filter)
            yield Evaluation(assignment.profile, filters[assignment.filter], assignment.filter_excludes, matched)


def _names(assignment: Assignment, groups: frozenset[GroupId], *, has_user: bool) -> bool:
    if assignment.kind is TargetKind.ALL_USERS:
        return has_user
    return assignment.kind is TargetKind.ALL_DEVICES or assignment.group in groups
