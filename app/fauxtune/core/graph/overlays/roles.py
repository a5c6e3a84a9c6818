"""Intune's roles: definitions and assignments. Graph: roleDefinition, deviceAndAppManagementRoleAssignment.

#: data
"""

from __future__ import annotations

from fauxtune.core.graph.base import TAGS_HIDE_NOTHING
from fauxtune.core.odata.schema.fidelity import approximated, stored
from fauxtune.core.odata.schema.overlay import Overlay

_NO_ROLES = stored("a caller may do everything that a permission in the token allows")

ROLES = (
    Overlay(
        "roleDefinition",
        fidelity=_NO_ROLES,
        polymorphic=True,
        server="isBuiltIn isBuiltInRoleDefinition",
        required="displayName",
        defaults={"roleScopeTagIds": ("0",)},
        different={
            TAGS_HIDE_NOTHING: "roleScopeTagIds",
            approximated("of built-in roles Microsoft's document of 2025-06, by ids of public programs"): (
                "rolePermissions permissions"
            ),
        },
    ),
    Overlay("deviceAndAppManagementRoleDefinition", fidelity=_NO_ROLES),
    Overlay(
        "resourceOperation",
        fidelity=approximated("the operations that public programs name, with Microsoft's words for most of them"),
        different={stored("the name of the resource in ids, and true"): "resource enabledForScopeValidation"},
    ),
    Overlay("roleAssignment", fidelity=_NO_ROLES, required="displayName", linked="roleDefinition"),
    Overlay(
        "deviceAndAppManagementRoleAssignment",
        fidelity=_NO_ROLES,
        server="roleScopeTagIds",
        linked="roleScopeTags",
        defaults={"roleScopeTagIds": ("0",)},
    ),
)
