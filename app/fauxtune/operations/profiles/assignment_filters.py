"""Filters of assignments, and their evaluation for one device.

Graph: deviceAndAppManagementAssignmentFilter, assignmentFilterEvaluationStatusDetails, assignmentFilterStatusDetails;
Intune: "Use filters when assigning your apps, policies, and profiles".

A change makes exactly the devices plan again that an assignment with the filter can reach.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fauxtune.core.clock import iso
from fauxtune.core.engine.assignment_filters.language import parse_rule
from fauxtune.core.engine.assignment_filters.matching import Matching, vocabulary_of
from fauxtune.core.engine.planning.targeting import Assignment, TargetKind
from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import FilterId, GroupId, ProfileId, TenantId
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.core.profiles.catalog import kind
from fauxtune.operations.profiles.role_scope_tags import tagged
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import concern
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import filters_and_tags as queries
from fauxtune.storage.rows.configuration import FilterRow
from fauxtune.storage.rows.devices import ManagedDeviceRow

ASSIGNMENT_FILTER = entity("deviceAndAppManagementAssignmentFilter")

#: Filters of a tenant ("Use filters when assigning your apps, policies, and profiles").
MOST = 200
#: A filter keeps its platform and its type. Unverified: that the real service refuses a change of them.
_FIXED = ("platform", "assignmentFilterManagementType")


def create_filter(tx: Transaction, document: JsonObject) -> JsonObject:
    """Create a filter. Raises Invalid for a malformed rule, a platform without filters, or one more than the most."""
    full = {**defaults(ASSIGNMENT_FILTER), **document}
    check_rule(full)
    if queries.count_filters(tx.connection, tx.tenant.id) >= MOST:
        raise Invalid(f"The tenant has {MOST} filters already, which is the most.")
    filter_id, now = FilterId(tx.ids.uuid()), iso(tx.now)
    full |= {**tagged(full), "id": filter_id, "payloads": [], "createdDateTime": now, "lastModifiedDateTime": now}
    queries.add_filter(tx.connection, FilterRow(tx.tenant.id, filter_id, tx.now, full))
    return full


def update_filter(tx: Transaction, filter_id: str, *, changes: JsonObject) -> JsonObject:
    """Merge changes into a filter. Raises Invalid for a malformed rule, an empty one, an empty name, or a change
    of its platform or type.
    """
    if any(changes.get(name) == "" for name in ("displayName", "rule")):
        raise Invalid("Neither displayName nor rule can be empty.")
    row = filter_row(tx, filter_id)
    old = row.document
    for name in _FIXED:
        if changes.get(name, old[name]) != old[name]:
            raise Invalid(f"The {name} of a filter cannot be changed: make another filter.", target=name)
    full = {**old, **tagged(changes), "lastModifiedDateTime": iso(tx.now)}
    check_rule(full)
    queries.change_filter(tx.connection, tx.tenant.id, filter_id=row.id, document=full)
    if full["rule"] != old["rule"]:
        uses = queries.uses_of_filter(tx.connection, tx.tenant.id, filter_id=row.id)
        targets = configuration_queries.assignment_targets(uses)
        tx.wake(concern.by_targets(tx.connection, tx.tenant.id, targets=targets))
    return full


def delete_filter(tx: Transaction, filter_id: str) -> None:
    """Delete a filter. Raises Invalid, with the profiles that use it, for one in use. Unverified: the real message."""
    row = filter_row(tx, filter_id)
    uses = queries.uses_of_filter(tx.connection, tx.tenant.id, filter_id=row.id)
    if uses:
        names = ", ".join(
            sorted({f"'{use.profile_document.get('displayName') or use.profile_document.get('name')}'" for use in uses})
        )
        raise Invalid(
            f"The filter '{row.document['displayName']}' is used by the assignments of {names}: "
            "take it away from those first."
        )
    queries.delete_filter(tx.connection, tx.tenant.id, filter_id=row.id)


def check_rule(document: Mapping[str, Any]) -> None:
    """Raise Invalid for a rule that a filter of this platform and management type cannot have."""
    apps = document["assignmentFilterManagementType"] == "apps"
    parse_rule(document["rule"], vocabulary_of(document["platform"], apps=apps))


def filter_row(tx: Transaction, filter_id: str) -> FilterRow:
    """Return the filter with this id. Raises NotFound."""
    row = queries.assignment_filter(tx.connection, tx.tenant.id, filter_id=filter_id)
    if row is None:
        raise NotFound(f"There is no assignment filter '{filter_id}'.")
    return row


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
