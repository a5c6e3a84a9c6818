"""Filters of assignments. Graph: deviceAndAppManagementAssignmentFilter; Intune: "Use filters when assigning your apps,
policies, and profiles".

A change makes exactly the devices plan again that an assignment with the filter can concern.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fauxtune.core.clock import iso
from fauxtune.core.engine.assignment_filters.language import parse_rule
from fauxtune.core.engine.assignment_filters.properties import vocabulary_of
from fauxtune.core.errors import Invalid, NotFound
from fauxtune.operations.profiles.role_scope_tags import tagged
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import assignment_filters as queries
from fauxtune.storage.queries import concern
from fauxtune.storage.queries import configuration as configuration_queries

Document = dict[str, Any]

#: What a filter is for cannot become another thing. Unverified: that the real service refuses it.
_FIXED = ("platform", "assignmentFilterManagementType")


def create_filter(tx: Transaction, document: Document) -> Document:
    """A new filter, used nowhere. Invalid for a rule that cannot be read, or a platform without filters."""
    check_rule(document)
    filter_id, now = tx.ids.uuid(), iso(tx.now)
    full = {**tagged(document), "id": filter_id, "payloads": [], "createdDateTime": now, "lastModifiedDateTime": now}
    queries.add_filter(tx.connection, tx.tenant.id, id=filter_id, created_at=tx.now, document=full)
    return full


def update_filter(tx: Transaction, filter_id: str, *, changes: Document) -> Document:
    """Merge changes into a filter."""
    row = filter_row(tx, filter_id)
    old = row["document"]
    for name in _FIXED:
        if changes.get(name, old[name]) != old[name]:
            raise Invalid(f"The {name} of a filter cannot be changed: make another filter.", target=name)
    full = {**old, **tagged(changes), "lastModifiedDateTime": iso(tx.now)}
    check_rule(full)
    queries.change_filter(tx.connection, tx.tenant.id, filter_id=row["id"], document=full)
    if full["rule"] != old["rule"]:
        used = queries.users_of_filter(tx.connection, tx.tenant.id, filter_id=row["id"])
        targets = configuration_queries.assignment_targets(used)
        tx.wake(concern.by_targets(tx.connection, tx.tenant.id, targets=targets))
    return full


def delete_filter(tx: Transaction, filter_id: str) -> None:
    """The filter goes. Invalid, naming who uses it, for one in use. Unverified: the real service's words."""
    row = filter_row(tx, filter_id)
    used = queries.users_of_filter(tx.connection, tx.tenant.id, filter_id=row["id"])
    if used:
        names = ", ".join(sorted({f"'{each['profile_document']['displayName']}'" for each in used}))
        raise Invalid(
            f"The filter '{row['document']['displayName']}' is used by the assignments of {names}: "
            "take it away from those first."
        )
    queries.delete_filter(tx.connection, tx.tenant.id, filter_id=row["id"])


def check_rule(document: Mapping[str, Any]) -> None:
    """Invalid for a rule that a filter of this platform and management type cannot have."""
    apps = document["assignmentFilterManagementType"] == "apps"
    parse_rule(document["rule"], vocabulary_of(document["platform"], apps=apps))


def filter_row(tx: Transaction, filter_id: str) -> Document:
    """The filter with this id. NotFound otherwise."""
    row = queries.assignment_filter(tx.connection, tx.tenant.id, filter_id=filter_id)
    if row is None:
        raise NotFound(f"There is no assignment filter '{filter_id}'.")
    return row
