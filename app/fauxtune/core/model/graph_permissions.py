"""The names of Microsoft Graph's permissions, delegated and application ones together.

Sources: Graph permissions reference (names as of 2024-06), and for Intune, agents and policies the permissions that the
operations of 2026-08 name (microsoft-graph-devx-content, permissions.json). Permissions that only Teams' apps are given
for one resource are left out.

#: data
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache

#: One line for each object: its name, then the operations on it.
_NAMES = """
AccessReview Read.All ReadWrite.All ReadWrite.Membership
Acronym Read.All
AdministrativeUnit Read.All ReadWrite.All
AgentIdUser ReadWrite.All ReadWrite.IdentityParentedBy
AgentIdentity Create.All CreateAsManager DeleteRestore.All EnableDisable.All Read.All ReadWrite.All UpdateSponsors.All
AgentIdentityBlueprint AddRemoveCreds.All Create DeleteRestore.All Read.All ReadWrite.All UpdateAuthProperties.All
AgentIdentityBlueprint UpdateBranding.All
AgentIdentityBlueprintPrincipal Create DeleteRestore.All EnableDisable.All Read.All ReadWrite.All
Agreement Read.All ReadWrite.All
AgreementAcceptance Read Read.All
Analytics Read
APIConnectors Read.All ReadWrite.All
AppCatalog Read.All ReadWrite.All Submit
AppCertTrustConfiguration Read.All ReadWrite.All
AppRegistration Create
Application-RemoteDesktopConfig ReadWrite.All
Application Read.All ReadWrite.All ReadWrite.OwnedBy
AppRoleAssignment ReadWrite.All
ApprovalSolution Read ReadWrite
ApprovalSolutionResponse ReadWrite
AttackSimulation Read.All ReadWrite.All
AuditLog Read.All
AuditLogsQuery-CRM Read.All
AuditLogsQuery-Endpoint Read.All
AuditLogsQuery-Entra Read.All
AuditLogsQuery-Exchange Read.All
AuditLogsQuery-OneDrive Read.All
AuditLogsQuery-SharePoint Read.All
AuditLogsQuery Read.All
AuthenticationContext Read.All ReadWrite.All
BackupRestore-Configuration Read.All ReadWrite.All
BackupRestore-Control Read.All ReadWrite.All
BackupRestore-Monitor Read.All
BackupRestore-Restore Read.All ReadWrite.All
BackupRestore-Search Read.All
BillingConfiguration ReadWrite.All
BitlockerKey Read.All ReadBasic.All
Bookings Manage.All Read.All ReadWrite.All
BookingsAppointment ReadWrite.All
Bookmark Read.All
BrowserSiteLists Read.All ReadWrite.All
BusinessScenarioConfig Read.All Read.OwnedBy ReadWrite.All ReadWrite.OwnedBy
BusinessScenarioData Read.OwnedBy ReadWrite.OwnedBy
Calendars Read Read.Shared ReadBasic ReadBasic.All ReadWrite ReadWrite.Shared
CallEvents Read Read.All
CallRecord-PstnCalls Read.All
CallRecords Read.All
Calls AccessMedia.All Initiate.All InitiateGroupCall.All JoinGroupCall.All JoinGroupCallAsGuest.All
Channel Create Delete.All ReadBasic.All
ChannelMember Read.All ReadWrite.All
ChannelMessage Edit Read.All ReadWrite Send UpdatePolicyViolation.All
ChannelSettings Read.All ReadWrite.All
Chat Create ManageDeletion.All Read Read.All Read.WhereInstalled ReadBasic ReadBasic.All ReadBasic.WhereInstalled
Chat ReadWrite ReadWrite.All ReadWrite.WhereInstalled UpdatePolicyViolation.All
ChatMember Read Read.All Read.WhereInstalled ReadWrite ReadWrite.All ReadWrite.WhereInstalled
ChatMessage Read Read.All Send
CloudApp-Discovery Read.All
CloudPC Read.All ReadWrite.All
Community Read.All ReadWrite.All
ConsentRequest Create Read Read.All ReadApprove.All ReadWrite.All
Contacts Read Read.Shared ReadWrite ReadWrite.Shared
CrossTenantInformation ReadBasic.All
CrossTenantUserProfileSharing Read Read.All ReadWrite ReadWrite.All
CustomAuthenticationExtension Read.All ReadWrite.All Receive.Payload
CustomDetection Read.All ReadWrite.All
CustomSecAttributeAssignment Read.All ReadWrite.All
CustomSecAttributeAuditLogs Read.All
CustomSecAttributeDefinition Read.All ReadWrite.All
CustomSecAttributeProvisioning Read.All ReadWrite.All
CustomTags Read.All ReadWrite.All
DelegatedAdminRelationship Read.All ReadWrite.All
DelegatedPermissionGrant Read.All ReadWrite.All
Device Command Read Read.All ReadWrite.All
DeviceLocalCredential Read.All ReadBasic.All
DeviceManagementApps Read.All ReadWrite.All
DeviceManagementCloudCA Read.All ReadWrite.All
DeviceManagementConfiguration Read.All ReadWrite.All
DeviceManagementManagedDevices PrivilegedOperations.All Read.All ReadWrite.All
DeviceManagementRBAC Read.All ReadWrite.All
DeviceManagementScripts Read.All ReadWrite.All
DeviceManagementServiceConfig Read.All ReadWrite.All
Directory AccessAsUser.All Read.All ReadWrite.All Write.Restricted
DirectoryRecommendations Read.All ReadWrite.All
Domain Read.All ReadWrite.All
EAS AccessAsUser.All
eDiscovery Read.All ReadWrite.All
EduAdministration Read Read.All ReadWrite ReadWrite.All
EduAssignments Read Read.All ReadBasic ReadBasic.All ReadWrite ReadWrite.All ReadWriteBasic ReadWriteBasic.All
EduCurricula Read Read.All ReadWrite ReadWrite.All
EduReports-Reading Read.All ReadAnonymous.All
EduReports-Reflect Read.All ReadAnonymous.All
EduRoster Read Read.All ReadBasic ReadBasic.All ReadWrite ReadWrite.All
EntitlementManagement Read.All ReadWrite.All
EntitlementMgmt-SubjectAccess ReadWrite
EventListener Read.All ReadWrite.All
EWS AccessAsUser.All
ExternalConnection Read.All ReadWrite.All ReadWrite.OwnedBy
ExternalItem Read.All ReadWrite.All ReadWrite.OwnedBy
ExternalUserProfile Read.All ReadWrite.All
Family Read
Files Read Read.All Read.Selected ReadWrite ReadWrite.All ReadWrite.AppFolder ReadWrite.Selected
Files SelectedOperations.Selected
FileStorageContainer Manage.All Selected
Financials ReadWrite.All
Goals-Export Read.All ReadWrite.All
Group-Conversation Read.All ReadWrite.All
Group Create Read.All ReadBasic.All ReadWrite.All
GroupMember Read.All ReadBasic.All ReadWrite.All
HealthMonitoringAlert Read.All ReadWrite.All
HealthMonitoringAlertConfig Read.All ReadWrite.All
IdentityProvider Read.All ReadWrite.All
IdentityRiskEvent Read.All ReadWrite.All
IdentityRiskyServicePrincipal Read.All ReadWrite.All
IdentityRiskyUser Read.All ReadWrite.All
IdentityUserFlow Read.All ReadWrite.All
IMAP AccessAsUser.All
IndustryData-DataConnector Read.All ReadWrite.All Upload
IndustryData-InboundFlow Read.All ReadWrite.All
IndustryData-OutboundFlow Read.All ReadWrite.All
IndustryData-ReferenceDefinition Read.All ReadWrite.All
IndustryData-Run Read.All
IndustryData-SourceSystem Read.All ReadWrite.All
IndustryData-TimePeriod Read.All ReadWrite.All
IndustryData ReadBasic.All
InformationProtectionConfig Read Read.All
InformationProtectionContent Sign.All Write.All
InformationProtectionPolicy Read Read.All
Insights-UserMetric Read.All
LearningAssignedCourse Read Read.All ReadWrite.All
LearningContent Read.All ReadWrite.All
LearningProvider Read ReadWrite
LearningSelfInitiatedCourse Read Read.All ReadWrite.All
LicenseAssignment Read.All ReadWrite.All
LifecycleWorkflows Read.All ReadWrite.All
ListItems SelectedOperations.Selected
Lists SelectedOperations.Selected
Mail Read Read.Shared ReadBasic ReadBasic.All ReadBasic.Shared ReadWrite ReadWrite.Shared Send Send.Shared
MailboxSettings Read ReadWrite
ManagedTenants Read.All ReadWrite.All
Member Read.Hidden
MultiTenantOrganization Read.All ReadBasic.All ReadWrite.All
NetworkAccess-Reports Read.All
NetworkAccess Read.All ReadWrite.All
NetworkAccessBranch Read.All ReadWrite.All
NetworkAccessPolicy Read.All ReadWrite.All
Notes Create Read Read.All ReadWrite ReadWrite.All ReadWrite.CreatedByApp
Notifications ReadWrite.CreatedByApp
OnlineMeetingArtifact Read.All
OnlineMeetingRecording Read.All
OnlineMeetings Read Read.All ReadWrite ReadWrite.All
OnlineMeetingTranscript Read.All
OnPremDirectorySynchronization Read.All ReadWrite.All
OnPremisesPublishingProfiles ReadWrite.All
Organization Read.All ReadWrite.All
OrganizationalBranding Read.All ReadWrite.All
OrgContact Read.All
OrgSettings-AppsAndServices Read.All ReadWrite.All
OrgSettings-DynamicsVoice Read.All ReadWrite.All
OrgSettings-Forms Read.All ReadWrite.All
OrgSettings-Microsoft365Install Read.All ReadWrite.All
OrgSettings-Todo Read.All ReadWrite.All
PartnerBilling Read.All
PartnerSecurity Read.All ReadWrite.All
PendingExternalUserProfile Read.All ReadWrite.All
People Read Read.All
PeopleSettings Read.All ReadWrite.All
Place Read.All ReadWrite.All
PlaceDevice Read.All ReadWrite.All
PlaceDeviceTelemetry ReadWrite.All
Policy Read.All Read.AuthenticationMethod Read.B2BManagementPolicy Read.ConditionalAccess Read.DeviceConfiguration
Policy Read.IdentityProtection Read.PermissionGrant ReadWrite.AccessReview ReadWrite.ApplicationConfiguration
Policy ReadWrite.AuthenticationFlows ReadWrite.AuthenticationMethod ReadWrite.Authorization ReadWrite.ConditionalAccess
Policy ReadWrite.ConsentRequest ReadWrite.CrossTenantAccess ReadWrite.DeviceConfiguration ReadWrite.ExternalIdentities
Policy ReadWrite.FeatureRollout ReadWrite.FedTokenValidation ReadWrite.IdentityProtection ReadWrite.MobilityManagement
Policy ReadWrite.PermissionGrant ReadWrite.SecurityDefaults ReadWrite.TrustFramework
POP AccessAsUser.All
Presence Read Read.All ReadWrite ReadWrite.All
PrintConnector Read.All ReadWrite.All
Printer Create FullControl.All Read.All ReadWrite.All
PrinterShare Read.All ReadBasic.All ReadWrite.All
PrintJob Create Manage.All Read Read.All ReadBasic ReadBasic.All ReadWrite ReadWrite.All ReadWriteBasic
PrintJob ReadWriteBasic.All
PrintSettings Read.All ReadWrite.All
PrintTaskDefinition ReadWrite.All
PrivilegedAccess Read.AzureAD Read.AzureADGroup Read.AzureResources ReadWrite.AzureAD ReadWrite.AzureADGroup
PrivilegedAccess ReadWrite.AzureResources
PrivilegedAssignmentSchedule Read.AzureADGroup ReadWrite.AzureADGroup Remove.AzureADGroup
PrivilegedEligibilitySchedule Read.AzureADGroup ReadWrite.AzureADGroup Remove.AzureADGroup
ProfilePhoto Read.All ReadWrite.All
ProgramControl Read.All ReadWrite.All
PublicKeyInfrastructure Read.All ReadWrite.All
QnA Read.All
RecordsManagement Read.All ReadWrite.All
Reports Read.All
ReportSettings Read.All ReadWrite.All
ResourceSpecificPermissionGrant ReadForChat ReadForChat.All ReadForUser ReadForUser.All
RoleAssignmentSchedule Read.Directory ReadWrite.Directory Remove.Directory
RoleEligibilitySchedule Read.Directory ReadWrite.Directory Remove.Directory
RoleManagement Read.All Read.CloudPC Read.Directory Read.Exchange ReadWrite.CloudPC ReadWrite.Directory
RoleManagement ReadWrite.Exchange
RoleManagementAlert Read.Directory ReadWrite.Directory
RoleManagementPolicy Read.AzureADGroup Read.Directory ReadWrite.AzureADGroup ReadWrite.Directory
Schedule-WorkingTime ReadWrite.All
Schedule Read.All ReadWrite.All
SchedulePermissions ReadWrite.All
SearchConfiguration Read.All ReadWrite.All
SecurityActions Read.All ReadWrite.All
SecurityAlert Read.All ReadWrite.All
SecurityAnalyzedMessage Read.All ReadWrite.All
SecurityEvents Read.All ReadWrite.All
SecurityIdentitiesHealth Read.All ReadWrite.All
SecurityIdentitiesSensors Read.All ReadWrite.All
SecurityIncident Read.All ReadWrite.All
ServiceActivity-Exchange Read.All
ServiceActivity-Microsoft365Web Read.All
ServiceActivity-OneDrive Read.All
ServiceActivity-Teams Read.All
ServiceHealth Read.All
ServiceMessage Read.All
ServiceMessageViewpoint Write
ServicePrincipalEndpoint Read.All ReadWrite.All
SharePointTenantSettings Read.All ReadWrite.All
ShortNotes Read Read.All ReadWrite ReadWrite.All
Sites FullControl.All Manage.All Read.All ReadWrite.All Selected
SMTP Send
SpiffeTrustDomain Read.All ReadWrite.All
SubjectRightsRequest Read.All ReadWrite.All
Subscription Read.All
Synchronization Read.All ReadWrite.All
SynchronizationData-User Upload
Tasks Read Read.All Read.Shared ReadWrite ReadWrite.All ReadWrite.Shared
Team Create ReadBasic.All
TeamMember Read.All ReadWrite.All ReadWriteNonOwnerRole.All
TeamsActivity Read Read.All Send
TeamsAppInstallation ManageSelectedForChat ManageSelectedForChat.All ManageSelectedForTeam ManageSelectedForTeam.All
TeamsAppInstallation ManageSelectedForUser ManageSelectedForUser.All Read.All ReadForChat ReadForChat.All ReadForTeam
TeamsAppInstallation ReadForTeam.All ReadForUser ReadForUser.All ReadWriteAndConsentForChat
TeamsAppInstallation ReadWriteAndConsentForChat.All ReadWriteAndConsentForTeam ReadWriteAndConsentForTeam.All
TeamsAppInstallation ReadWriteAndConsentForUser ReadWriteAndConsentForUser.All ReadWriteAndConsentSelfForChat
TeamsAppInstallation ReadWriteAndConsentSelfForChat.All ReadWriteAndConsentSelfForTeam
TeamsAppInstallation ReadWriteAndConsentSelfForTeam.All ReadWriteAndConsentSelfForUser
TeamsAppInstallation ReadWriteAndConsentSelfForUser.All ReadWriteForChat ReadWriteForChat.All ReadWriteForTeam
TeamsAppInstallation ReadWriteForTeam.All ReadWriteForUser ReadWriteForUser.All ReadWriteSelectedForUser
TeamsAppInstallation ReadWriteSelectedForUser.All ReadWriteSelfForChat ReadWriteSelfForChat.All ReadWriteSelfForTeam
TeamsAppInstallation ReadWriteSelfForTeam.All ReadWriteSelfForUser ReadWriteSelfForUser.All
TeamSettings Read.All ReadWrite.All
TeamsTab Create Read.All ReadWrite.All ReadWriteForChat ReadWriteForChat.All ReadWriteForTeam ReadWriteForTeam.All
TeamsTab ReadWriteForUser ReadWriteForUser.All ReadWriteSelfForChat ReadWriteSelfForChat.All ReadWriteSelfForTeam
TeamsTab ReadWriteSelfForTeam.All ReadWriteSelfForUser ReadWriteSelfForUser.All
TeamsUserConfiguration Read.All
TeamTemplates Read Read.All
Teamwork Migrate.All Read.All
TeamworkAppSettings Read.All ReadWrite.All
TeamworkDevice Read.All ReadWrite.All
TeamworkTag Read Read.All ReadWrite ReadWrite.All
TeamworkUserInteraction Read.All
TermStore Read.All ReadWrite.All
ThreatAssessment Read.All ReadWrite.All
ThreatHunting Read.All
ThreatIndicators Read.All ReadWrite.OwnedBy
ThreatIntelligence Read.All
ThreatSubmission Read Read.All ReadWrite ReadWrite.All
ThreatSubmissionPolicy ReadWrite.All
Topic Read.All
TrustFrameworkKeySet Read.All ReadWrite.All
UnifiedGroupMember Read.AsGuest
User-ConvertToInternal ReadWrite.All
User-LifeCycleInfo Read.All ReadWrite.All
User EnableDisableAccount.All Export.All Invite.All ManageIdentities.All Read Read.All ReadBasic.All ReadWrite
User ReadWrite.All RevokeSessions.All
UserActivity ReadWrite.CreatedByApp
UserAuthenticationMethod Read Read.All ReadWrite ReadWrite.All
UserCloudClipboard Read
UserNotification ReadWrite.CreatedByApp
UserShiftPreferences Read.All ReadWrite.All
UserTeamwork Read Read.All
UserTimelineActivity Write.CreatedByApp
UserWindowsSettings Read
VirtualAppointment Read Read.All ReadWrite ReadWrite.All
VirtualAppointmentNotification Send
VirtualEvent Read Read.All ReadWrite ReadWrite.All
VirtualEventRegistration-Anon ReadWrite.All
WindowsUpdates ReadWrite.All
WorkforceIntegration Read.All ReadWrite.All
"""


def names() -> tuple[str, ...]:
    """All permissions, in the order of their names."""
    return tuple(sorted(_spellings().values()))


def known(name: str) -> str | None:
    """The permission in Graph's spelling, found in any case; None for a name that Graph does not have."""
    return _spellings().get(name.lower())


def near(name: str, *, more: Iterable[str] = ()) -> list[str]:
    """Up to three permissions with similar names that begin with the same letter, the most similar first; those of
    another service (`more`) among them.
    """
    spellings = {**_spellings(), **{each.lower(): each for each in more}}
    candidates = [spelling for spelling in spellings if spelling[0] == name[:1].lower()]
    return [spellings[close_match] for close_match in get_close_matches(name.lower(), candidates, n=3)]


@cache
def _spellings() -> dict[str, str]:
    """Lower case -> Graph's spelling. Built at its first use, because most processes never need it."""
    lines = (line.split() for line in _NAMES.split("\n") if line)
    names = (f"{noun}.{verb}" for noun, *verbs in lines for verb in verbs)
    return {name.lower(): name for name in names}
