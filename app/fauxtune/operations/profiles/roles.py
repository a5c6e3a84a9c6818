"""Intune's roles: what is written twice in them, and what they refer to. Graph: roleDefinition,
deviceAndAppManagementRoleAssignment.
"""

from __future__ import annotations

from fauxtune.core.errors import Invalid
from fauxtune.core.model.ids import GroupId
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.roles import ROLE_ASSIGNMENTS, ROLE_DEFINITIONS
from fauxtune.core.policies.rules import BOUND
from fauxtune.operations.profiles import resources
from fauxtune.operations.profiles.resources import Hooks
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import filters_and_tags as tag_queries
from fauxtune.storage.queries import resources as queries
from fauxtune.storage.rows.resources import ResourceRow

#: What a role and an assignment say twice, in an older and a newer property.
_PERMISSIONS = ("rolePermissions", "permissions")
_SCOPES = ("resourceScopes", "scopeMembers")


def assignments_by_role(connection: Connection, tenant: Tenant) -> dict[str, list[ResourceRow]]:
    """Return the assignments of roles, oldest first, by the id of the role."""
    assigned: dict[str, list[ResourceRow]] = {}
    for row in queries.resources_of_family(connection, tenant.id, family=ROLE_ASSIGNMENTS.name):
        for role_id in row.document[BOUND]["roleDefinition"]:
            assigned.setdefault(role_id, []).append(row)
    return assigned


def _checked_role(_tx: Transaction, document: JsonObject, before: ResourceRow | None) -> JsonObject:
    return _mirrored(document, before=before, names=_PERMISSIONS)


def _deleting_role(tx: Transaction, row: ResourceRow) -> None:
    # Unverified: what the real service does with a role that is assigned.
    if row.id in assignments_by_role(tx.connection, tx.tenant):
        raise Invalid(f"The role '{row.document['displayName']}' is assigned: delete its assignments first.")


def _checked_assignment(tx: Transaction, document: JsonObject, before: ResourceRow | None) -> JsonObject:  # noqa: PLR0917 - a hook
    """Raise Invalid for a role, a group or a scope tag that does not exist."""
    bound = document.get(BOUND, {})
    (role_id,) = bound.get("roleDefinition") or [None]
    if role_id is None:
        raise Invalid("An assignment of a role needs roleDefinition@odata.bind.", target="roleDefinition")
    role = resources.get(tx, ROLE_DEFINITIONS, key=role_id)
    full = _mirrored(document, before=before, names=_SCOPES)
    for name in ("members", "resourceScopes"):
        for group_id in full[name]:
            if directory_queries.group(tx.connection, tx.tenant.id, group_id=GroupId(group_id.lower())) is None:
                raise Invalid(f"The group '{group_id}' in {name} does not exist.", target=name)
    tags = bound.get("roleScopeTags") or ["0"]
    for tag_id in tags:
        if tag_queries.tag(tx.connection, tx.tenant.id, tag_id=tag_id) is None:
            raise Invalid(f"There is no roleScopeTag '{tag_id}'.", target="roleScopeTags")
    return {**full, BOUND: {**bound, "roleDefinition": [role.id]}, "roleScopeTagIds": tags}


def _mirrored(document: JsonObject, *, before: ResourceRow | None, names: tuple[str, str]) -> JsonObject:
    """Return the document with the same in both properties: what was sent, or what was changed."""
    older, newer = names
    old = {} if before is None else before.document
    changed = newer if document[newer] != old.get(newer, []) else older
    return {**document, older: document[changed], newer: document[changed]}


ROLE_HOOKS = Hooks(check=_checked_role, deleting=_deleting_role)
ROLE_ASSIGNMENT_HOOKS = Hooks(check=_checked_assignment)
