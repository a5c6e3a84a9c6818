"""The permissions of applications: those of a new one, Intune's own, what was consented to, and the ids of principals.

A token is checked in `operations/runtime/access_tokens.py`. The ids of an application's object and of its service
principal are derived from the tenant and the application, so that tokens, lists and grants agree without a row each.

Source: Entra ID "scopes and permissions in the Microsoft identity platform". `.default` stands for all that has been
consented to. Differs from Entra ID: a token holds exactly the requested permissions, and no others that were
consented to.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Sequence
from enum import StrEnum

from fauxtune.core.model.ids import TenantId

#: The application permissions of a new application: every one that a served route requires.
ALL_ROLES = (
    "AppRoleAssignment.ReadWrite.All",
    "Application.ReadWrite.All",
    "BitlockerKey.Read.All",
    "CloudPC.ReadWrite.All",
    "DelegatedPermissionGrant.ReadWrite.All",
    "DeviceLocalCredential.Read.All",
    "DeviceManagementApps.ReadWrite.All",
    "DeviceManagementConfiguration.ReadWrite.All",
    "DeviceManagementManagedDevices.PrivilegedOperations.All",
    "DeviceManagementManagedDevices.ReadWrite.All",
    "DeviceManagementRBAC.ReadWrite.All",
    "DeviceManagementScripts.ReadWrite.All",
    "DeviceManagementServiceConfig.ReadWrite.All",
    "Device.ReadWrite.All",
    "Directory.ReadWrite.All",
    "Group.ReadWrite.All",
    "GroupMember.ReadWrite.All",
    "Mail.Send",
    "Organization.ReadWrite.All",
    "Policy.ReadWrite.ConditionalAccess",
    "User.ReadWrite.All",
)
#: The application roles of Intune's own service, for certification authorities of partners ("Add partner certification
#: authority in Intune using SCEP", 2019-07-03: SCEP challenge validation). A new application has none of them.
SCEP_CHALLENGE_PROVIDER = "scep_challenge_provider"
INTUNE_ROLES = (SCEP_CHALLENGE_PROVIDER,)


class Permissions(StrEnum):
    """Off: a client with any token may do everything. Warn: likewise, but the log reports what would be refused."""

    OFF = "off"
    WARN = "warn"
    ENFORCE = "enforce"


def principal_id(tenant_id: TenantId, client_id: str) -> str:
    """Return the id of the service principal of an application; tokens of the application name it as `oid`."""
    return str(uuid.uuid5(uuid.UUID(tenant_id), client_id))


def application_object_id(tenant_id: TenantId, client_id: str) -> str:
    """Return the id of the application's object, which is not its appId."""
    return str(uuid.uuid5(uuid.UUID(tenant_id), f"application/{client_id}"))


def grant_id(*parts: str) -> str:
    """Return the id of a grant: 43 characters, as Entra ID writes them. `parts`: what is granted to whom."""
    digest = hashlib.sha256("/".join(parts).encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


#: In place of names: every permission has been consented to.
EVERYTHING = "*"
DEFAULT = ".default"


def granted(requested: Sequence[str], *, consented: Sequence[str], configured: Sequence[str]) -> tuple[str, ...]:
    """The permissions that a token gets for the requested ones, all in Graph's spelling; empty if one of them has not
    been consented to. `configured`: those of the application's registration, which `.default` stands for if everything
    has been consented to.
    """
    if DEFAULT in requested:
        return tuple(configured if EVERYTHING in consented else consented)
    if EVERYTHING in consented or set(requested) <= set(consented):
        return tuple(dict.fromkeys(requested))
    return ()
