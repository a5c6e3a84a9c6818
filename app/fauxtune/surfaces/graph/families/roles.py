"""Intune's roles, and their assignments: the role that one is of, and those of a role.

Graph: roleAssignment, `$expand=roleDefinition`,
roleDefinition: list roleAssignments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fauxtune.core.errors import NotFound
from fauxtune.core.graph.index import entity
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.query.options import QueryOptions
from fauxtune.core.odata.schema.types import approximated, stored
from fauxtune.core.policies.roles import RESOURCE_OPERATIONS, ROLE_ASSIGNMENTS, ROLE_DEFINITIONS
from fauxtune.core.policies.rules import BOUND
from fauxtune.operations.profiles import resources, roles
from fauxtune.operations.profiles.roles import ROLE_ASSIGNMENT_HOOKS, ROLE_HOOKS
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import filters_and_tags as tag_queries
from fauxtune.storage.rows.resources import ListedResourceRow, ResourceRow
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph import reasons
from fauxtune.surfaces.graph.call import Answer, Call, Handler, Json, check_options, entity_answer
from fauxtune.surfaces.graph.families.family import Action, Family
from fauxtune.surfaces.graph.resources.parts import Computed, Found, Part
from fauxtune.surfaces.graph.resources.served_family import type_of

ROLE_DEFINITION = entity("roleDefinition")
ROLE_ASSIGNMENT = entity("deviceAndAppManagementRoleAssignment")
ROLE_SCOPE_TAG = entity("roleScopeTag")

_ROLES, _ASSIGNMENTS = "deviceManagement/roleDefinitions", "deviceManagement/roleAssignments"


def _roles(call: Call, connection: Connection, rows: Sequence[ResourceRow]) -> list[Json | None]:
    return [_role(call, connection, row=row) for row in rows]


def _role(call: Call, connection: Connection, *, row: ResourceRow) -> Json | None:
    (role_id,) = row.document[BOUND]["roleDefinition"]
    try:
        role = resources.found(connection, call.tenant, rules=ROLE_DEFINITIONS, key=role_id)
    except NotFound:
        return None
    return {**role.document, "@odata.type": entity(role.kind).odata_type}


def _tags(call: Call, connection: Connection, rows: Sequence[ResourceRow]) -> list[list[Json]]:
    return [
        [tag.document for tag in tag_queries.tags(connection, call.tenant.id, ids=row.document["roleScopeTagIds"])]
        for row in rows
    ]


ROLE: Part[ListedResourceRow] = Part("roleDefinition", ROLE_DEFINITION, _roles, entity_of=type_of)


def _assignments(call: Call, connection: Connection, rows: Sequence[ResourceRow]) -> list[list[Json]]:
    known = roles.assignments_by_role(connection, call.tenant)
    return [[resource.document for resource in known.get(row.id, [])] for row in rows]


ASSIGNMENTS: Part[ListedResourceRow] = Part("roleAssignments", ROLE_ASSIGNMENT, _assignments)
TAGS: Part[ListedResourceRow] = Part("roleScopeTags", ROLE_SCOPE_TAG, _tags)


async def get_role(call: Call) -> Answer:
    """GET /deviceManagement/roleAssignments/{resource}/roleDefinition."""
    check_options(call, ROLE_DEFINITION)
    row = await call.read(_assignment, call)
    role = await call.read(lambda connection: _role(call, connection, row=row))
    if role is None:
        raise NotFound(f"The role of the assignment '{row.id}' does not exist any more.")
    value = view(type_of(role), role, version=call.version, select=call.query.select)
    return entity_answer(call, value, context=_ROLES)


async def _tags_found(call: Call) -> Found:
    return _tags_context(call), await call.read(_tags_of, call)


async def _assignments_found(call: Call) -> Found:
    return _assignments_context(call), await call.read(_of_role, call)


def _no_tag(key: str) -> NotFound:
    return NotFound(f"The assignment has no roleScopeTag '{key}'.")


def _no_assignment(key: str) -> NotFound:
    return NotFound(f"The role has no assignment '{key}'.")


_TAGS_OF_ASSIGNMENT = Computed(ROLE_SCOPE_TAG, _tags_found, key="part", missing=_no_tag)
_ASSIGNMENTS_OF_ROLE = Computed(ROLE_ASSIGNMENT, _assignments_found, key="part", missing=_no_assignment)


async def get_own_role(call: Call) -> Answer:
    """GET /deviceManagement/roleDefinitions/{resource}/roleAssignments/{part}/roleDefinition: the role itself."""
    check_options(call, ROLE_DEFINITION)
    await _ASSIGNMENTS_OF_ROLE.get(replace(call, query=QueryOptions()))
    row = await call.read(_definition, call)
    value = view(entity(row.kind), row.document, version=call.version, select=call.query.select)
    return entity_answer(call, value, context=_ROLES)


def _tags_of(connection: Connection, call: Call) -> list[Json]:
    (tags,) = _tags(call, connection, [_assignment(connection, call)])
    return tags


def _tags_context(call: Call) -> str:
    return f"{_ASSIGNMENTS}('{call.keys['resource']}')/roleScopeTags"


def _assignments_context(call: Call) -> str:
    return f"{_ROLES}('{call.keys['resource']}')/roleAssignments"


def _assignment(connection: Connection, call: Call) -> ResourceRow:
    return resources.found(connection, call.tenant, rules=ROLE_ASSIGNMENTS, key=call.keys["resource"])


def _definition(connection: Connection, call: Call) -> ResourceRow:
    return resources.found(connection, call.tenant, rules=ROLE_DEFINITIONS, key=call.keys["resource"])


def _of_role(connection: Connection, call: Call) -> list[Json]:
    role = _definition(connection, call)
    return [row.document for row in roles.assignments_by_role(connection, call.tenant).get(role.id, [])]


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
        parts=(ASSIGNMENTS,),
        fidelity=_NO_ROLES,
        actions=(
            _read(
                "roleAssignments",
                _ASSIGNMENTS_OF_ROLE.every,
                summary="List assignments of a role",
                returns=_ASSIGNMENT,
                many=True,
            ),
            _read("roleAssignments/$count", _ASSIGNMENTS_OF_ROLE.count, summary="Count them"),
            _read("roleAssignments/{part}", _ASSIGNMENTS_OF_ROLE.get, summary="Get one of them", returns=_ASSIGNMENT),
            _read(
                "roleAssignments/{part}/roleDefinition",
                get_own_role,
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
        parts=(ROLE, TAGS),
        fidelity=_NO_ROLES,
        actions=(
            _read("roleDefinition", get_role, summary="Get the role of an assignment", returns="roleDefinition"),
            _read(
                "roleScopeTags",
                _TAGS_OF_ASSIGNMENT.every,
                summary="List scope tags of an assignment",
                returns="roleScopeTag",
                many=True,
            ),
            _read("roleScopeTags/$count", _TAGS_OF_ASSIGNMENT.count, summary="Count them"),
            _read("roleScopeTags/{part}", _TAGS_OF_ASSIGNMENT.get, summary="Get one of them", returns="roleScopeTag"),
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
