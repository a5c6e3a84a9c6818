"""Filters of assignments. Graph: deviceAndAppManagementAssignmentFilter; Intune: "Use filters when assigning your apps,
policies, and profiles".

A change makes exactly the devices plan again that an assignment with the filter can reach.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fauxtune.core.clock import iso
from fauxtune.core.engine.assignment_filters.language import parse_rule
from fauxtune.core.engine.assignment_filters.properties import vocabulary_of
from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.model.ids import FilterId
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.profiles.role_scope_tags import tagged
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import concern
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import filters_and_tags as queries
from fauxtune.storage.rows.configuration import FilterRow

#: Filters of a tenant ("Use filters when assigning your apps, policies, and profiles").
MOST = 200
#: A filter keeps its platform and its type. Unverified: that the real service refuses a change of them.
_FIXED = ("platform", "assignmentFilterManagementType")


def create_filter(tx: Transaction, document: JsonObject) -> JsonObject:
    """Create a filter. Raises Invalid for a malformed rule, a platform without filters, or one more than the most."""
    check_rule(document)
    if queries.count_filters(tx.connection, tx.tenant.id) >= MOST:
        raise Invalid(f"The tenant has {MOST} filters already, which is the most.")
    filter_id, now = FilterId(tx.ids.uuid()), iso(tx.now)
    full = {**tagged(document), "id": filter_id, "payloads": [], "createdDateTime": now, "lastModifiedDateTime": now}
    queries.add_filter(tx.connection, FilterRow(tx.tenant.id, filter_id, tx.now, full))
    return full


def update_filter(tx: Transaction, filter_id: str, *, changes: JsonObject) -> JsonObject:
    """Merge changes into a filter. Raises Invalid for a malformed rule, or a change of its platform or type."""
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
