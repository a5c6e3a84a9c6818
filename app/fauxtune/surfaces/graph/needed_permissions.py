"""The permissions that operations of Graph need, as its reference lists them: any one of a tuple suffices.

A token is checked for them, and refused, in `operations/runtime/access_tokens.py`.

Delegated and application permissions have the same names here. Source: Graph permissions reference.
"""

from __future__ import annotations

from fauxtune.core.model.tenants import Changed, Edition, Stated

_DIRECTORY_READ = ("Directory.Read.All", "Directory.ReadWrite.All")
_DIRECTORY_WRITE = ("Directory.ReadWrite.All",)

#: Who signed in may read that much of itself.
ME = ("User.Read", "User.ReadWrite", "User.Read.All", "User.ReadWrite.All", *_DIRECTORY_READ)
READ_USERS = ("User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All", *_DIRECTORY_READ)
WRITE_USERS = ("User.ReadWrite.All", *_DIRECTORY_WRITE)
READ_GROUPS = ("GroupMember.Read.All", "Group.Read.All", "Group.ReadWrite.All", *_DIRECTORY_READ)
WRITE_GROUPS = ("Group.ReadWrite.All", *_DIRECTORY_WRITE)
WRITE_MEMBERS = ("GroupMember.ReadWrite.All", *WRITE_GROUPS)
READ_DEVICES = ("Device.Read.All", "Device.ReadWrite.All", *_DIRECTORY_READ)
WRITE_DEVICES = ("Device.ReadWrite.All", *_DIRECTORY_WRITE)
READ_OBJECTS = _DIRECTORY_READ
WRITE_OBJECTS = _DIRECTORY_WRITE
READ_APPLICATIONS = ("Application.Read.All", "Application.ReadWrite.All", *_DIRECTORY_READ)
WRITE_APPLICATIONS = ("Application.ReadWrite.All",)
READ_ROLE_ASSIGNMENTS = (*READ_APPLICATIONS, "AppRoleAssignment.ReadWrite.All")
WRITE_ROLE_ASSIGNMENTS = ("AppRoleAssignment.ReadWrite.All",)
READ_GRANTS = ("DelegatedPermissionGrant.Read.All", "DelegatedPermissionGrant.ReadWrite.All", *_DIRECTORY_READ)
WRITE_GRANTS = ("DelegatedPermissionGrant.ReadWrite.All",)
OPEN_RECOVERY_KEYS = ("BitlockerKey.Read.All",)
READ_RECOVERY_KEYS = ("BitlockerKey.ReadBasic.All", *OPEN_RECOVERY_KEYS)
OPEN_LOCAL_CREDENTIALS = ("DeviceLocalCredential.Read.All",)
READ_LOCAL_CREDENTIALS = ("DeviceLocalCredential.ReadBasic.All", *OPEN_LOCAL_CREDENTIALS)
SEND_MAIL = ("Mail.Send",)
READ_DOMAINS = ("Domain.Read.All", "Domain.ReadWrite.All", *_DIRECTORY_READ)
READ_ORGANIZATION = ("Organization.Read.All", "Organization.ReadWrite.All", *_DIRECTORY_READ)
READ_LICENSES = ("LicenseAssignment.Read.All", *READ_ORGANIZATION)

READ_MANAGED = ("DeviceManagementManagedDevices.Read.All", "DeviceManagementManagedDevices.ReadWrite.All")
WRITE_MANAGED = ("DeviceManagementManagedDevices.ReadWrite.All",)
#: Remote actions want a permission of their own.
ACT = ("DeviceManagementManagedDevices.PrivilegedOperations.All",)
READ_CONFIGURATION = ("DeviceManagementConfiguration.Read.All", "DeviceManagementConfiguration.ReadWrite.All")
WRITE_CONFIGURATION = ("DeviceManagementConfiguration.ReadWrite.All",)
READ_SERVICE = ("DeviceManagementServiceConfig.Read.All", "DeviceManagementServiceConfig.ReadWrite.All")
#: Intune moved its scripts to permissions of their own in 2025.
READ_SCRIPTS = ("DeviceManagementScripts.Read.All", "DeviceManagementScripts.ReadWrite.All")
WRITE_SCRIPTS = ("DeviceManagementScripts.ReadWrite.All",)
READ_ROLES = ("DeviceManagementRBAC.Read.All", "DeviceManagementRBAC.ReadWrite.All")
WRITE_ROLES = ("DeviceManagementRBAC.ReadWrite.All",)
READ_APPS = ("DeviceManagementApps.Read.All", "DeviceManagementApps.ReadWrite.All")
WRITE_APPS = ("DeviceManagementApps.ReadWrite.All",)
READ_CONDITIONAL_ACCESS = ("Policy.Read.All", "Policy.ReadWrite.ConditionalAccess")
WRITE_CONDITIONAL_ACCESS = ("Policy.ReadWrite.ConditionalAccess",)
READ_CLOUD_PC = ("CloudPC.Read.All", "CloudPC.ReadWrite.All")
WRITE_CLOUD_PC = ("CloudPC.ReadWrite.All",)
READ_AUDIT = ("DeviceManagementApps.Read.All", "DeviceManagementApps.ReadWrite.All")
WRITE_SERVICE = ("DeviceManagementServiceConfig.ReadWrite.All",)
#: What scripts could be read with, and written with, besides.
SCRIPTS: Changed[tuple[tuple[str, ...], tuple[str, ...]]] = Changed(
    subject="which permissions scripts need",
    stated={
        Edition.APRIL_2020: Stated(
            ((*READ_CONFIGURATION, *READ_MANAGED), (*WRITE_CONFIGURATION, *WRITE_MANAGED)),
            "DeviceManagementConfiguration or DeviceManagementManagedDevices is enough, as DeviceManagementScripts is",
            "Graph: deviceManagementScript (beta), 2021-07-16",
        ),
        Edition.CURRENT: Stated(
            ((), ()),
            "DeviceManagementScripts.Read.All to read, DeviceManagementScripts.ReadWrite.All to change",
            "Graph permissions reference, 2026-08-07",
        ),
    },
)
