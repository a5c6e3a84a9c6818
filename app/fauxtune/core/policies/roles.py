"""Intune's roles, and the operations that they allow. Graph: roleDefinition, deviceAndAppManagementRoleAssignment,
resourceOperation.

The ids of the built-in roles are those of every tenant (published captures). Newer built-in roles exist, whose ids are
not public.

Source of the operations, and of what each built-in role allows: Microsoft Intune: "Built-in role permissions for
Microsoft Intune", 2026-02-04, which names them in words; ids are those of public programs. Unverified: which id belongs
to a few words of "Enrollment programs", and what has no such words there. Differs from Intune: what the page has since
2025-06-09 and no program has an id for is not here (the resources Admin tasks, Deployment plans and elevation requests,
the actions of Managed Home Screen), nor are the roles Endpoint Privilege Manager and Reader; and the roles are the same
in the edition of 2020.

In OPERATIONS a line is a resource in ids, its name, and its actions, each as `id=words` where the words are not those
of the id. In ROLES a section begins with `=`: the id of a role, which is the same in every tenant, and its name; a line
is a resource and the actions on it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.rules import BuiltIn, Rules

#: Before the ids of resources.
PREFIX = "Microsoft.Intune_"
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")

OPERATIONS = """
AndroidFota; Android FOTA; Read,Create,Update,Delete,Assign
AndroidSync; Android Enterprise; Read,UpdateApps=Update app sync,UpdateOnboarding=Update onboarding,UpdateEnrollmentProfiles=Update enrollment \
profiles,AndroidEnrollmentTimeMembershipAssign=Enrollment time device membership assignment
AppControlPolicy; App Control for Business; Read,Create,Update,Delete,Assign,ViewReports
AppleDeviceSerialNumbers; Enrollment programs; Read=Read device,Create=Create device,Update=Sync device,Delete=Delete device
AppleEnrollmentProfiles; Enrollment programs; Read=Read profile,Create=Create profile,Update=Update profile,Delete=Delete profile,Assign=Assign profile
ASRPolicy; Attack surface reduction; Read,Create,Update,Delete,Assign,ViewReports
AssignmentFilter; Filters; Read,Create,Update,Delete
Audit; Audit data; Read
CertificateConnector; Certificate Connector; Read,Modify
ChromebookSync; Chrome Enterprise; Read,UpdateOnboarding=Update onboarding,DeleteOnboarding=Delete onboarding
CloudAttach; Cloud attached devices; ApplicationActions=Take application actions,Applications=View applications,ClientDetails=View client details,\
CMPivot=Run CMPivot query,Collections=View collections,EnrollNow=Enroll Now,ResourceExplorer=View resource explorer,ScriptActions=Run script,\
Scripts=View scripts,SoftwareUpdates=View software updates,Timeline=View timeline
CloudPki; Cloud PKI; Read,Create,Update,Revoke
CorporateDeviceIdentifiers; Corporate device identifiers; Read,Create,Update,Delete
Customization; Customization; Read,Create,Update,Delete,Assign
DerivedCredentials; Derived Credentials; Read,Modify
DeviceCompliancePolices; Device compliance policies; Read,Create,Update,Delete,Assign,ViewReports
DeviceConfigurations; Device configurations; Read,Create,Update,Delete,Assign,ViewReports,UpdateWindowsRestore=Update Windows Restore
DeviceEnrollmentManagers; Device enrollment managers; Read,Update
EDRPolicy; Endpoint Detection and Response; Read,Create,Update,Delete,Assign,ViewReports
EndpointAnalytics; Endpoint Analytics; Read,Create,Update,Delete
EndpointProtection; Endpoint protection reports; Read
EnrollmentProfiles; Enrollment programs; EnrollmentTimeMembershipAssign=Enrollment time device membership assignment
EnrollmentProgramToken; Enrollment programs; Read=Read token,Create=Create token,Update=Update token,Delete=Delete token
EpmPolicy; Endpoint Privilege Management Policy Authoring; Read,Create,Update,Delete,Assign,ViewReports,ViewElevationRequests=View elevation requests,ModifyElevationRequests=Modify elevation requests
ManagedApps; Managed apps; Read,Create,Update,Delete,Assign,Wipe
ManagedDeviceCleanupRule; Managed Device Cleanup Rules; Update
ManagedDeviceCleanupSettings; Managed Device Cleanup Settings; Update
ManagedDevices; Managed devices; Read,Update,Delete,SetPrimaryUser=Set primary user,ViewReports,Query,ReadBiosPassword=Read Bios Password
ManagedGooglePlay; Managed Google Play; Read,Modify
MicrosoftDefenderATP; Microsoft Defender ATP; Read
MicrosoftStoreForBusiness; Microsoft Store For Business; Read,Modify
MicrosoftTunnelGateway; Microsoft Tunnel Gateway; Read,Create,Update,Delete
MobileApps; Mobile apps; Read,Create,Update,Delete,Assign,Relate,ViewReports
MobileThreatDefense; Mobile Threat Defense; Read,Modify
MultiAdminApproval; Multi Admin Approval; ReadAccessPolicy=Read access policy,CreateAccessPolicy=Create access policy,UpdateAccessPolicy=Update \
access policy,DeleteAccessPolicy=Delete access policy,ApprovalForMultiAdminApproval=Approval for Multi Admin Approval
Organization; Organization; Read,Create,Update,Delete
OrganizationalMessages; Organizational Messages; Read,Create,Update,Delete,Assign,UpdateControl=Update control
PartnerDeviceManagement; Partner Device Management; Read,Modify
PolicySets; Policy Sets; Read,Create,Update,Delete,Assign
QuietTimePolicies; Quiet Time policies; Read,Create,Update,Delete,Assign,ViewReports
RemoteAssistance; Remote assistance connectors; Read,Update,ViewReports
RemoteAssistanceApp; Remote Help app; ViewScreen=View screen,Elevation,TakeFullControl=Take full control,Unattended
RemoteTasks; Remote tasks; ActivateDeviceEsim=Update cellular data plan,BypassActivationLock=Bypass activation lock,ChangeAssignments=Change \
assignments,CleanPC=Clean PC,ConfigurationManagerAction=Initiate Configuration Manager action,CustomNotification=Send custom notifications,\
DeviceLogs=Collect diagnostics,DisableLostMode=Disable lost mode,EnableLostMode=Enable lost mode,EnableWindowsIntuneAgent=Enable Windows IntuneAgent,\
GetFileVaultKey=Get filevault key,InitiateDeviceAttestation=Initiate device attestation,InitiateMDMKeyRecovery=Recover MDM Key,LocateDevice=Locate \
device,ManageSharedDeviceUsers=Manage shared device users,Offboard,OnDemandProactiveRemediation=Run Remediation,PauseConfigurationRefresh=Pause \
configuration refresh,PlayLostModeSound=Play sound to locate lost devices,RebootNow=Reboot now,RemoteLock=Remote lock,RemoveDFCIManagement=Remove \
DFCI management,RequestRemoteAssistance=Offer remote assistance,ResetPasscode=Reset passcode,Retire,RevokeAppleVppLicenses=Revoke App Licenses,\
RotateBitLockerKeys=Rotate BitLockerKeys,RotateFileVaultKey=Rotate filevault key,RotateLocalAdminPassword=Rotate local admin password,\
SetDeviceName=Set device name,ShutDown=Shut down,SyncDevice=Sync devices,UpdateDeviceAccount=Update device account,WindowsDefender=Windows defender,Wipe
Reports; Intune data warehouse; Read
Roles; Roles; Read,Create,Update,Delete,Assign
SecurityBaselines; Security baselines; Read,Create,Update,Delete,Assign
SecurityTasks; Security tasks; Read,Update
ServiceNow; ServiceNow; UpdateConnector=Update connector,ViewIncidents=View Incidents
TelecomExpenses; Telecom expenses; Read,Update
TenantAttachRecommendations; Tenant attach recommendations; Read
TermsAndConditions; Terms and conditions; Read,Create,Update,Delete,Assign
WindowsEnterpriseCertificate; Windows Enterprise Certificate; Read,Modify
WindowsOSRecovery; Operating System Recovery Configurations; Read=Read Profiles,Create=Create Profiles,Update=Update Profiles,Delete=Delete Profiles,Assign=Assign Profiles
"""  # noqa: E501 - one resource a line

ROLES = """
= c1d9fcbb-cba5-40b0-bf6b-527006585f4b; Application Manager
AndroidSync Read UpdateApps
CertificateConnector Read
CloudAttach ApplicationActions Applications ClientDetails Collections ResourceExplorer SoftwareUpdates Timeline
Customization Read
DerivedCredentials Read
DeviceConfigurations Read
AssignmentFilter Read Create Update Delete
ManagedApps Read Create Update Delete Assign Wipe
ManagedDevices Read
MicrosoftDefenderATP Read
MicrosoftStoreForBusiness Read
MobileApps Read Create Update Delete Assign Relate
MobileThreatDefense Read
Organization Read
PartnerDeviceManagement Read
PolicySets Read Create Update Delete Assign
WindowsEnterpriseCertificate Read
= c56d53a2-73d0-4502-b6bd-4a9d3dba28d5; Endpoint Security Manager
AndroidSync Read
AndroidFota Read
AppControlPolicy Read Create Update Delete Assign ViewReports
ASRPolicy Read Create Update Delete Assign ViewReports
Audit Read
CertificateConnector Read
CloudAttach ClientDetails CMPivot Collections ResourceExplorer Scripts SoftwareUpdates Timeline
CorporateDeviceIdentifiers Read
Customization Read
DerivedCredentials Read
DeviceCompliancePolices Read Create Update Delete Assign ViewReports
DeviceConfigurations Read ViewReports
DeviceEnrollmentManagers Read
EndpointAnalytics Read
EDRPolicy Read Create Update Delete Assign ViewReports
EpmPolicy Read Create Update Delete Assign ViewReports ViewElevationRequests ModifyElevationRequests
EndpointProtection Read
AppleDeviceSerialNumbers Read
AppleEnrollmentProfiles Read
EnrollmentProgramToken Read
AssignmentFilter Read
Reports Read
ManagedApps Read
ManagedDevices Read Update Delete SetPrimaryUser ViewReports
MicrosoftDefenderATP Read
MicrosoftStoreForBusiness Read
MobileThreatDefense Read Modify
MobileApps Read
Organization Read
PartnerDeviceManagement Read
PolicySets Read
RemoteAssistance Read ViewReports
RemoteTasks ConfigurationManagerAction GetFileVaultKey RebootNow RemoteLock RotateBitLockerKeys RotateFileVaultKey ShutDown SyncDevice WindowsDefender
Roles Read
SecurityBaselines Read Create Update Delete Assign
SecurityTasks Read Update
TelecomExpenses Read
TermsAndConditions Read
WindowsEnterpriseCertificate Read
= 9e0cc482-82df-4ab2-a24c-0c23a3f52e1e; Help Desk Operator
AndroidSync Read
AndroidFota Read
AppControlPolicy Read
ASRPolicy Read
Audit Read
CertificateConnector Read
CloudAttach EnrollNow CMPivot ScriptActions ApplicationActions Applications ClientDetails Collections ResourceExplorer Scripts SoftwareUpdates Timeline
CorporateDeviceIdentifiers Read
Customization Read
DerivedCredentials Read
DeviceCompliancePolices Read ViewReports
DeviceConfigurations Read ViewReports
DeviceEnrollmentManagers Read
EndpointAnalytics Read
EDRPolicy Read
EndpointProtection Read
AppleDeviceSerialNumbers Read
AppleEnrollmentProfiles Read
EnrollmentProgramToken Read
AssignmentFilter Read
ManagedApps Read Assign Wipe
ManagedDevices Read Update SetPrimaryUser ViewReports
MicrosoftDefenderATP Read
MicrosoftStoreForBusiness Read
MobileApps Read Assign
MobileThreatDefense Read
Organization Read
PartnerDeviceManagement Read
PolicySets Read
RemoteAssistance Read
RemoteAssistanceApp Elevation TakeFullControl Unattended ViewScreen
RemoteTasks ActivateDeviceEsim ChangeAssignments CleanPC ConfigurationManagerAction CustomNotification DeviceLogs DisableLostMode EnableLostMode \
EnableWindowsIntuneAgent GetFileVaultKey InitiateDeviceAttestation InitiateMDMKeyRecovery LocateDevice ManageSharedDeviceUsers \
OnDemandProactiveRemediation PlayLostModeSound RebootNow RemoteLock RequestRemoteAssistance ResetPasscode Retire RevokeAppleVppLicenses \
RotateBitLockerKeys RotateFileVaultKey SetDeviceName ShutDown SyncDevice UpdateDeviceAccount WindowsDefender Wipe
Roles Read
SecurityBaselines Read
ServiceNow ViewIncidents
TelecomExpenses Read
TermsAndConditions Read
WindowsEnterpriseCertificate Read
= fb2603eb-3c87-4be3-8b5b-d58a5b4a0bc0; Intune Role Administrator
Organization Read
Roles Read Create Update Delete Assign
= 0bd113fe-6be5-400c-a28f-ae5553f9c0be; Policy and Profile manager
AndroidSync Read UpdateApps UpdateEnrollmentProfiles UpdateOnboarding
AndroidFota Read
Audit Read
CertificateConnector Read
CloudAttach Applications ClientDetails Collections ResourceExplorer Scripts SoftwareUpdates Timeline
CorporateDeviceIdentifiers Read Create Update Delete
DerivedCredentials Read
DeviceCompliancePolices Read Create Update Delete Assign ViewReports
DeviceConfigurations Read Create Update Delete Assign ViewReports
AppleEnrollmentProfiles Read Create Update Delete Assign
AppleDeviceSerialNumbers Read Create Update Delete
EnrollmentProgramToken Read Create Update Delete
EnrollmentProfiles EnrollmentTimeMembershipAssign
AssignmentFilter Read Create Update Delete
ManagedApps Read Create Update Delete Assign
MicrosoftDefenderATP Read
MobileThreatDefense Read
WindowsOSRecovery Read Create Update Delete Assign
Organization Read
PartnerDeviceManagement Read
PolicySets Read Create Update Delete Assign
QuietTimePolicies Read Create Update Delete Assign ViewReports
= fa1d7878-e8cb-41a1-8254-0142355c9f84; Read Only Operator
AndroidSync Read
AndroidFota Read
AppControlPolicy Read
ASRPolicy Read
Audit Read
CertificateConnector Read
CloudAttach Applications ClientDetails Collections ResourceExplorer Scripts SoftwareUpdates Timeline
CorporateDeviceIdentifiers Read
Customization Read
DerivedCredentials Read
DeviceCompliancePolices Read ViewReports
DeviceConfigurations Read ViewReports
DeviceEnrollmentManagers Read
EndpointAnalytics Read
EDRPolicy Read
EpmPolicy Read ViewReports ViewElevationRequests
EndpointProtection Read
AppleDeviceSerialNumbers Read
AppleEnrollmentProfiles Read
EnrollmentProgramToken Read
AssignmentFilter Read
Reports Read
ManagedApps Read
ManagedDevices Read ViewReports
MicrosoftDefenderATP Read
MicrosoftStoreForBusiness Read
MobileApps Read
MobileThreatDefense Read
Organization Read
PartnerDeviceManagement Read
PolicySets Read
QuietTimePolicies Read ViewReports
RemoteAssistance Read ViewReports
RemoteTasks GetFileVaultKey
Roles Read
SecurityBaselines Read
ServiceNow ViewIncidents
TelecomExpenses Read
TermsAndConditions Read
WindowsEnterpriseCertificate Read
= 2f9f4f7e-2d13-427b-adf2-361a1eef7ae8; School Administrator
Audit Read
CertificateConnector Read Modify
CloudAttach ApplicationActions Applications ClientDetails CMPivot Collections EnrollNow ResourceExplorer ScriptActions Scripts SoftwareUpdates Timeline
Customization Read Create Update Delete Assign
DerivedCredentials Read
DeviceConfigurations Read Create Update Delete Assign
DeviceEnrollmentManagers Read Update
EndpointAnalytics Read Create Update Delete
AppleEnrollmentProfiles Read Create Update Delete Assign
AppleDeviceSerialNumbers Read Update Delete
EnrollmentProgramToken Read Create Update Delete
EnrollmentProfiles EnrollmentTimeMembershipAssign
AssignmentFilter Read Create Update Delete
ManagedApps Read Create Update Delete
ManagedDevices Read Update Delete SetPrimaryUser
MicrosoftDefenderATP Read
MicrosoftStoreForBusiness Read Modify
MobileApps Read Create Update Delete Assign Relate
MobileThreatDefense Read
Organization Read
PartnerDeviceManagement Read
PolicySets Read Create Update Delete Assign
RemoteAssistance Read Update ViewReports
RemoteAssistanceApp Elevation TakeFullControl ViewScreen
RemoteTasks ActivateDeviceEsim ChangeAssignments CleanPC ConfigurationManagerAction DeviceLogs DisableLostMode EnableLostMode \
InitiateDeviceAttestation InitiateMDMKeyRecovery LocateDevice OnDemandProactiveRemediation PlayLostModeSound RebootNow RemoteLock \
RequestRemoteAssistance ResetPasscode Retire SetDeviceName SyncDevice Wipe
Reports Read
ServiceNow ViewIncidents
TermsAndConditions Read Create Update Delete Assign
WindowsEnterpriseCertificate Read Modify
"""  # noqa: E501 - one resource a line


@cache
def operations() -> dict[str, tuple[str, str]]:
    """Return the names of resource and action of each operation, by its id."""
    known = {}
    for line in OPERATIONS.strip().splitlines():
        resource, name, actions = (cell.strip() for cell in line.split(";"))
        for part in actions.split(","):
            action, _, words = part.partition("=")
            known[f"{PREFIX}{resource}_{action}"] = (name, words or _CAPITAL.sub(" ", action).capitalize())
    return known


@cache
def roles() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return the name of each built-in role and the operations that it allows, by its id."""
    known: dict[str, tuple[str, list[str]]] = {}
    allowed: list[str] = []
    for line in ROLES.strip().splitlines():
        if line.startswith("="):
            key, name = (cell.strip() for cell in line.lstrip("= ").split(";"))
            allowed = []
            known[key] = (name, allowed)
        else:
            resource, *actions = line.split()
            allowed += [f"{PREFIX}{resource}_{action}" for action in actions]
    return {key: (name, tuple(listed)) for key, (name, listed) in known.items()}


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
