"""Intune's roles.

#: data
"""

from __future__ import annotations

from fauxtune.core.odata.schema.fidelity import approximated, stored
from fauxtune.core.policies.roles import RESOURCE_OPERATIONS, ROLE_ASSIGNMENTS, ROLE_DEFINITIONS
from fauxtune.operations.profiles.roles import ROLE_ASSIGNMENT_HOOKS, ROLE_HOOKS
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph import reasons
from fauxtune.surfaces.graph.call import Handler
from fauxtune.surfaces.graph.families.family import Action, Family
from fauxtune.surfaces.graph.resources import role_assignments as of

_AUDIT = ("RoleBasedAccessControl", "Role")
_NO_ROLES = stored("a caller may do everything that a permission in the token allows")


def _read(name: str, handler: Handler, *, summary: str, returns: str = "", many: bool = False) -> Action:
    """A navigation that is computed."""
    return Action(
        name,
        handler,
        summary,
        method="GET",
        reads=True,
        status=200,
        returns=returns,
        many=many,
        fidelity=_NO_ROLES,
    )


_ASSIGNMENT = "deviceAndAppManagementRoleAssignment"

HEADING = "Roles"
FAMILIES: tuple[Family, ...] = (
    Family(
        "deviceManagement/roleDefinitions",
        "roleDefinition",
        "a role",
        ROLE_DEFINITIONS,
        read=needs.READ_ROLES,
        write=needs.WRITE_ROLES,
        audit=_AUDIT,
        create_status=200,
        without=reasons.ROLES,
        made_as="deviceAndAppManagementRoleDefinition",
        never_made="roleDefinition",
        hooks=ROLE_HOOKS,
        parts=(of.ASSIGNMENTS,),
        fidelity=_NO_ROLES,
        actions=(
            _read(
                "roleAssignments",
                of.list_assignments,
                summary="List assignments of a role",
                returns=_ASSIGNMENT,
                many=True,
            ),
            _read("roleAssignments/$count", of.count_assignments, summary="Count them"),
            _read("roleAssignments/{part}", of.get_assignment, summary="Get one of them", returns=_ASSIGNMENT),
            _read(
                "roleAssignments/{part}/roleDefinition",
                of.get_own_role,
                summary="Get the role",
                returns="roleDefinition",
            ),
        ),
    ),
    Family(
        "deviceManagement/roleAssignments",
        _ASSIGNMENT,
        "an assignment of a role",
        ROLE_ASSIGNMENTS,
        read=needs.READ_ROLES,
        write=needs.WRITE_ROLES,
        audit=_AUDIT,
        without=reasons.ROLES,
        hooks=ROLE_ASSIGNMENT_HOOKS,
        parts=(of.ROLE, of.TAGS),
        fidelity=_NO_ROLES,
        actions=(
            _read("roleDefinition", of.get_role, summary="Get the role of an assignment", returns="roleDefinition"),
            _read(
                "roleScopeTags",
                of.list_tags,
                summary="List scope tags of an assignment",
                returns="roleScopeTag",
                many=True,
            ),
            _read("roleScopeTags/$count", of.count_tags, summary="Count them"),
            _read("roleScopeTags/{part}", of.get_tag, summary="Get one of them", returns="roleScopeTag"),
        ),
    ),
    Family(
        "deviceManagement/resourceOperations",
        "resourceOperation",
        "an operation that roles allow",
        RESOURCE_OPERATIONS,
        read=needs.READ_ROLES,
        write=needs.WRITE_ROLES,
        audit=_AUDIT,
        without=reasons.ROLES,
        verbs="list get",
        fidelity=approximated("the operations that public programs name; Graph takes others, and restricts nobody"),
    ),
)
