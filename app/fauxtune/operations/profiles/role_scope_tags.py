"""Scope tags. Graph: roleScopeTag (beta); Intune: "Use role-based access control (RBAC) and scope tags".

Differs from Intune: a tag hides nothing from anybody. Ids are numbers in the order of creation; 0 is the built-in tag
of everything that has no other. Unverified: that `roleScopeTagIds` may name a tag that does not exist, as here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import GroupId
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.query.filter import parse_filter
from fauxtune.core.odata.schema.types import Entity
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.collections.base import Collection
from fauxtune.storage.collections.devices import DEVICE_CATEGORIES, MANAGED_DEVICES
from fauxtune.storage.collections.resources import ALL_RESOURCES, ASSIGNMENT_FILTERS, PROFILES
from fauxtune.storage.queries import collections
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import filters_and_tags as queries
from fauxtune.storage.rows.tenants import RoleScopeTagRow

ASSIGNMENT_FILTER = entity("deviceAndAppManagementAssignmentFilter")
COMPLIANCE_POLICY = entity("deviceCompliancePolicy")
DEVICE_CONFIGURATION = entity("deviceConfiguration")
DEVICE_CATEGORY = entity("deviceCategory")
MANAGED_DEVICE = entity("managedDevice")

_BUILT_IN = {
    "id": "0",
    "displayName": "Default",
    "description": "Built-in scope tag that is applied to untagged objects.",
    "isBuiltIn": True,
}
#: The collections whose elements have tags, and the names of their properties.
_TAGGED: tuple[tuple[str, Collection[Any], Entity, str], ...] = (
    ("policies, scripts, apps and other resources", ALL_RESOURCES, COMPLIANCE_POLICY, "roleScopeTagIds"),
    ("deviceConfigurations", PROFILES, DEVICE_CONFIGURATION, "roleScopeTagIds"),
    ("assignmentFilters", ASSIGNMENT_FILTERS, ASSIGNMENT_FILTER, "roleScopeTags"),
    ("deviceCategories", DEVICE_CATEGORIES, DEVICE_CATEGORY, "roleScopeTagIds"),
    ("managedDevices", MANAGED_DEVICES, MANAGED_DEVICE, "roleScopeTagIds"),
)


def tagged(document: JsonObject) -> JsonObject:
    """Return the document with the built-in tag where it has no other: "The default scope tag is automatically added to
    all untagged objects that support scope tags".
    """
    bare: JsonObject = {
        name: ["0"] for name in ("roleScopeTagIds", "roleScopeTags") if name in document and not document[name]
    }
    return {**document, **bare}


def create_built_in(tx: Transaction) -> None:
    """Create the built-in tag of a new tenant."""
    queries.add_tag(tx.connection, RoleScopeTagRow(tx.tenant.id, "0", 0, _BUILT_IN))


def create_tag(tx: Transaction, document: JsonObject) -> JsonObject:
    """Create a tag. Raises Invalid when its name is taken."""
    _check_name(tx, document["displayName"], tag_id=None)
    number = queries.last_number(tx.connection, tx.tenant.id) + 1
    full = {"description": None, **document, "id": str(number), "isBuiltIn": False}
    queries.add_tag(tx.connection, RoleScopeTagRow(tx.tenant.id, str(number), number, full))
    return full


def update_tag(tx: Transaction, tag_id: str, *, changes: JsonObject) -> JsonObject:
    """Change a tag. Raises Invalid for another name of the built-in one."""
    row = tag(tx, tag_id)
    full = {**row.document, **changes}
    if full["displayName"] != row.document["displayName"]:
        if full["isBuiltIn"]:
            # Unverified: that the real service refuses it.
            raise Invalid("The built-in scope tag keeps its name.", target="displayName")
        _check_name(tx, full["displayName"], tag_id=row.id)
    queries.change_tag(tx.connection, tx.tenant.id, tag_id=row.id, document=full)
    return full


def delete_tag(tx: Transaction, tag_id: str) -> None:
    """Delete a tag. Raises Invalid for the built-in one, and for one in use. Unverified: both, and the messages."""
    row = tag(tx, tag_id)
    if row.document["isBuiltIn"]:
        raise Invalid("The built-in scope tag cannot be deleted.")
    for path, collection, kind, name in _TAGGED:
        condition = parse_filter(f"{name}/any(t:t eq '{row.id}')", kind)
        used = collections.count(tx.connection, tx.tenant.id, collection=collection, condition=condition)
        if used:
            raise Invalid(
                f"The scope tag '{row.document['displayName']}' is used by {used} of the {path}: take it away "
                "from those first."
            )
    queries.delete_tag(tx.connection, tx.tenant.id, tag_id=row.id)


def assign_tag(tx: Transaction, tag_id: str, *, targets: Sequence[JsonObject]) -> list[JsonObject]:
    """Replace the groups whose devices get the tag. Raises Invalid for a group that does not exist."""
    row = tag(tx, tag_id)
    new: dict[str, JsonObject] = {}
    for target in targets:
        group_id = str(target.get("groupId") or "").lower()
        if directory_queries.group(tx.connection, tx.tenant.id, group_id=GroupId(group_id)) is None:
            raise Invalid(f"A scope tag is assigned to groups; there is no group '{group_id}'.", target="assignments")
        # Unverified: the form of these ids.
        assignment_id = f"{row.id}_{group_id}"
        new[assignment_id] = {"id": assignment_id, "target": {**target, "groupId": group_id}}
    documents = list(new.values())
    queries.replace_assignments(tx.connection, tx.tenant.id, tag_id=row.id, documents=documents)
    return documents


def tag(tx: Transaction, tag_id: str) -> RoleScopeTagRow:
    """Return the tag with this id. Raises NotFound."""
    row = queries.tag(tx.connection, tx.tenant.id, tag_id=tag_id)
    if row is None:
        raise NotFound(f"There is no roleScopeTag '{tag_id}'.")
    return row


def _check_name(tx: Transaction, name: str, *, tag_id: str | None) -> None:
    if not name.strip():
        raise Invalid(
            "A value is required for property 'displayName' of resource 'roleScopeTag'.", target="displayName"
        )
    other = queries.tag_named(tx.connection, tx.tenant.id, name=name)
    if other is not None and other.id != tag_id:
        # Unverified: the real service's message.
        raise Invalid(f"There is a scope tag '{name}' already.", target="displayName")
