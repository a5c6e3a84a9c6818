"""The permissions of applications: which a new one has, and how strictly they are enforced."""

from __future__ import annotations

from enum import StrEnum

#: The application permissions of a new application: every one that a served route asks for.
ALL_ROLES = (
    "DeviceManagementApps.ReadWrite.All",
    "DeviceManagementConfiguration.ReadWrite.All",
    "DeviceManagementManagedDevices.PrivilegedOperations.All",
    "DeviceManagementManagedDevices.ReadWrite.All",
    "DeviceManagementRBAC.ReadWrite.All",
    "DeviceManagementServiceConfig.ReadWrite.All",
    "Device.ReadWrite.All",
    "Directory.ReadWrite.All",
    "Group.ReadWrite.All",
    "GroupMember.ReadWrite.All",
    "Organization.ReadWrite.All",
    "User.ReadWrite.All",
)


class Permissions(StrEnum):
    """Off: whoever has a token may do everything. Warn: likewise, and what would be refused is said in the log."""

    OFF = "off"
    WARN = "warn"
    ENFORCE = "enforce"
