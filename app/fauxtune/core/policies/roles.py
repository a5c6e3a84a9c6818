"""Intune's roles. Graph: roleDefinition, deviceAndAppManagementRoleAssignment.

The ids of the built-in roles are those of every tenant (published captures). Newer built-in roles exist, whose ids are
not public. What a built-in role allows is Microsoft's list, which is not here.
"""

from __future__ import annotations

from fauxtune.core.policies.rules import BuiltIn, Rules

_KIND = "deviceAndAppManagementRoleDefinition"
_BUILT_IN = (
    ("0bd113fe-6be5-400c-a28f-ae5553f9c0be", "Policy and Profile manager"),
    ("2f9f4f7e-2d13-427b-adf2-361a1eef7ae8", "School Administrator"),
    ("9e0cc482-82df-4ab2-a24c-0c23a3f52e1e", "Help Desk Operator"),
    ("c1d9fcbb-cba5-40b0-bf6b-527006585f4b", "Application Manager"),
    ("c56d53a2-73d0-4502-b6bd-4a9d3dba28d5", "Endpoint Security Manager"),
    ("fa1d7878-e8cb-41a1-8254-0142355c9f84", "Read Only Operator"),
    ("fb2603eb-3c87-4be3-8b5b-d58a5b4a0bc0", "Intune Role Administrator"),
)

ROLE_DEFINITIONS = Rules(
    "roleDefinitions",
    built_in=tuple(
        BuiltIn(
            role_id,
            _KIND,
            {
                "displayName": name,
                "description": f"The built-in role {name}",
                "isBuiltIn": True,
                "isBuiltInRoleDefinition": True,
            },
        )
        for role_id, name in _BUILT_IN
    ),
)
ROLE_ASSIGNMENTS = Rules("roleAssignments", bound=("roleDefinition", "roleScopeTags"))
