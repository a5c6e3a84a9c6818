"""Intune's roles. Graph: roleDefinition, deviceAndAppManagementRoleAssignment, resourceOperation.

The ids of the built-in roles are those of every tenant (published captures). Newer built-in roles exist, whose ids are
not public.
"""

from __future__ import annotations

from collections.abc import Sequence

from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.role_operations import PREFIX, operations, roles
from fauxtune.core.policies.rules import BuiltIn, Rules

_KIND = "deviceAndAppManagementRoleDefinition"


def _role(name: str, allowed: Sequence[str]) -> JsonObject:
    actions = [{"allowedResourceActions": list(allowed), "notAllowedResourceActions": []}]
    permissions = [{"actions": list(allowed), "resourceActions": actions}]
    return {
        "displayName": name,
        "description": f"The built-in role {name}",
        "isBuiltIn": True,
        "isBuiltInRoleDefinition": True,
        "rolePermissions": permissions,
        "permissions": permissions,
    }


def _operation(operation: str, *, resource: str, action: str) -> JsonObject:
    return {
        "resource": operation.removeprefix(PREFIX).partition("_")[0],
        "resourceName": resource,
        "actionName": action,
        "description": f"{resource}: {action}",
        "enabledForScopeValidation": True,
    }


ROLE_DEFINITIONS = Rules(
    "roleDefinitions",
    built_in=tuple(BuiltIn(key, _KIND, _role(name, allowed)) for key, (name, allowed) in roles().items()),
)
RESOURCE_OPERATIONS = Rules(
    "resourceOperations",
    built_in=tuple(
        BuiltIn(key, "resourceOperation", _operation(key, resource=resource, action=action))
        for key, (resource, action) in operations().items()
    ),
)
ROLE_ASSIGNMENTS = Rules("roleAssignments", bound=("roleDefinition", "roleScopeTags"))
