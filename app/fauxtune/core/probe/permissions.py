"""The permissions that the probe asks for, by their names in Graph's permissions reference.

#: data
"""

from __future__ import annotations

READ_USERS = "User.Read.All"
READ_GROUPS = "Group.Read.All"
READ_DEVICES = "Device.Read.All"
READ_ORGANIZATION = "Organization.Read.All"
READ_DOMAINS = "Domain.Read.All"
READ_MANAGED = "DeviceManagementManagedDevices.Read.All"
READ_CONFIGURATION = "DeviceManagementConfiguration.Read.All"
READ_APPS = "DeviceManagementApps.Read.All"
READ_RBAC = "DeviceManagementRBAC.Read.All"
READ_SERVICE = "DeviceManagementServiceConfig.Read.All"
WRITE_USERS = "User.ReadWrite.All"
WRITE_GROUPS = "Group.ReadWrite.All"
WRITE_MANAGED = "DeviceManagementManagedDevices.ReadWrite.All"
WRITE_CONFIGURATION = "DeviceManagementConfiguration.ReadWrite.All"
WRITE_RBAC = "DeviceManagementRBAC.ReadWrite.All"
