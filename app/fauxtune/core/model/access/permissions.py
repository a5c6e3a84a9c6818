"""The permissions of applications: those of a new one, Intune's own, and how strictly they are enforced.

A token is checked in `operations/runtime/permission_check.py`.
"""

from __future__ import annotations

from enum import StrEnum

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
