"""The ids of permissions, by which an application's registration and its grants name them.

Source: Graph permissions reference ("All permissions and IDs"), 2026-08; for Intune's own service the first-party
application 0000000a. Differs from Entra ID: the permissions that are not listed here have ids which are derived from
their names.

#: data
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from fauxtune.core.model import graph_permissions
from fauxtune.core.model.permissions import SCEP_CHALLENGE_PROVIDER

_ROLES = """
AppRoleAssignment.ReadWrite.All 06b708a9-e830-4db3-a914-8e69da51d44f
Application.Read.All 9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30
Application.ReadWrite.All 1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9
Application.ReadWrite.OwnedBy 18a4783c-866b-4cc7-a460-3d5e5662c884
AuditLog.Read.All b0afded3-3588-46d8-8b3d-9842eff778da
BitlockerKey.Read.All 57f1cf28-c0c4-4ec3-9a30-19a2eaaf2f6e
BitlockerKey.ReadBasic.All f690d423-6b29-4d04-98c6-694c42282419
DelegatedPermissionGrant.ReadWrite.All 8e8e4742-1d95-4f68-9d56-6ee75648c72a
Device.Read.All 7438b122-aefc-4978-80ed-43db9fcc7715
Device.ReadWrite.All 1138cb37-bd11-4084-a2b7-9f71582aeddb
DeviceLocalCredential.Read.All 884b599e-4d48-43a5-ba94-15c414d00588
DeviceLocalCredential.ReadBasic.All db51be59-e728-414b-b800-e0f010df1a79
DeviceManagementApps.Read.All 7a6ee1e7-141e-4cec-ae74-d9db155731ff
DeviceManagementApps.ReadWrite.All 78145de6-330d-4800-a6ce-494ff2d33d07
DeviceManagementConfiguration.Read.All dc377aa6-52d8-4e23-b271-2a7ae04cedf3
DeviceManagementConfiguration.ReadWrite.All 9241abd9-d0e6-425a-bd4f-47ba86e767a4
DeviceManagementManagedDevices.PrivilegedOperations.All 5b07b0dd-2377-4e44-a38d-703f09a0dc3c
DeviceManagementManagedDevices.Read.All 2f51be20-0bb4-4fed-bf7b-db946066c75e
DeviceManagementManagedDevices.ReadWrite.All 243333ab-4d21-40cb-a475-36241daa0842
DeviceManagementRBAC.Read.All 58ca0d9a-1575-47e1-a3cb-007ef2e4583b
DeviceManagementRBAC.ReadWrite.All e330c4f0-4170-414e-a55a-2f022ec2b57b
DeviceManagementServiceConfig.Read.All 06a5fe6d-c49d-46a7-b082-56b1b14103c7
DeviceManagementServiceConfig.ReadWrite.All 5ac13192-7ace-4fcf-b828-1a26f28068ee
Directory.Read.All 7ab1d382-f21e-4acd-a863-ba3e13f7da61
Directory.ReadWrite.All 19dbc75e-c2e2-444c-a770-ec69d8559fc7
Domain.Read.All dbb9058a-0e50-45d7-ae91-66909b5d4664
Group.Read.All 5b567255-7703-4780-807c-7be8301ae99b
Group.ReadWrite.All 62a82d76-70ea-41e2-9197-370581804d09
GroupMember.Read.All 98830695-27a2-44f7-8c18-0c3ebc9698f6
GroupMember.ReadWrite.All dbaae8cf-10b5-4b86-a4a1-f871c94c6695
Mail.Send b633e1c5-b582-4048-a93e-9f11b44c7e96
Organization.Read.All 498476ce-e0fe-48b0-b801-37ba7e2685c6
Organization.ReadWrite.All 292d869f-3427-49a8-9dab-8c70152b74e9
Policy.Read.All 246dd0d5-5bd0-4def-940b-0421030a5b68
User.Read.All df021288-bdef-4463-88db-98f22de89214
User.ReadWrite.All 741f803b-c850-494e-b5df-cde7c675a1ca
"""
_SCOPES = """
DeviceManagementManagedDevices.Read.All 314874da-47d6-4978-88dc-cf0d37f0bb82
User.Read e1fe6dd8-ba31-4d61-89e7-88639da4683d
email 64a6cdd6-aab1-4aaf-94b8-3cc8405e90d0
offline_access 7427e0e9-2fba-42fe-b0c0-848c9e6a8182
openid 37f7f235-527c-4136-accd-4a02d197296e
profile 14dad69e-099b-42c9-810b-d002981feec1
"""
#: The scopes of OpenID Connect, to which nobody has to consent here.
OPENID = ("openid", "profile", "email", "offline_access")
_INTUNE = {SCEP_CHALLENGE_PROVIDER: "39d724e8-6a34-4930-9a36-364082c35716"}
_NAMESPACE = uuid.UUID("00000003-0000-0000-c000-000000000000")


@cache
def graph_roles() -> Mapping[str, str]:
    """Return the ids of Graph's application permissions by their names."""
    return _ids(_ROLES, kind="role", names=graph_permissions.names())


@cache
def graph_scopes() -> Mapping[str, str]:
    """Return the ids of Graph's delegated permissions by their names, and of the scopes of OpenID Connect."""
    return _ids(_SCOPES, kind="scope", names=(*OPENID, *graph_permissions.names()))


def intune_roles() -> Mapping[str, str]:
    """Return the ids of the application permissions of Intune's own service by their names."""
    return MappingProxyType(_INTUNE)


def _ids(text: str, *, kind: str, names: tuple[str, ...]) -> Mapping[str, str]:
    known = dict(line.split() for line in text.strip().splitlines())
    return MappingProxyType({name: known.get(name) or str(uuid.uuid5(_NAMESPACE, f"{kind}/{name}")) for name in names})
