"""What Graph has and the emulator does not have: whole branches of paths, each refused with one reason.

A name here answers 501 to every verb, at its path and at all paths below it. A name that is in no list is misspelt and
answers 400. Source of the names: Microsoft's SDKs of 2026-10 (v1.0 and beta) and Graph's metadata of 2026-08 and
2022-10; names that no published schema has, or no longer has, are here because public programs call them.
A few names are v1.0's alone: they are refused in beta too.

#: data
"""

from __future__ import annotations

from collections.abc import Iterator

from fauxtune.core.odata.paths.table import EVERY, Route
from fauxtune.surfaces.graph.call import Handler
from fauxtune.surfaces.graph.routes import reasons as why
from fauxtune.surfaces.graph.routes.absent import absent

_SERVICE, _APPS = "deviceManagement", "deviceAppManagement"
_USER, _ME = "users/{user}", "me"
_PROFILE = "deviceManagement/deviceConfigurations/{profile}"
_ASK_ITSELF = "ask the profile that this one refers to, at deviceManagement/deviceConfigurations/{id}"
_OF_A_PROFILE = (
    "assignments deviceSettingStateSummaries deviceStatuses deviceStatusOverview groupAssignments userStatuses "
    "userStatusOverview"
)

#: Where, why, the names that both versions have, and those of beta alone.
_PARTS: tuple[tuple[str, str, str, str], ...] = (
    (
        "",
        why.DIRECTORY,
        (
            "admin agreementAcceptances agreements applications applicationTemplates "
            "authenticationMethodConfigurations authenticationMethodsPolicy certificateBasedAuthConfiguration "
            "compliance contracts directoryRoles directoryRoleTemplates domainDnsRecords groupLifecyclePolicies "
            "groupSettings groupSettingTemplates identityGovernance identityProtection identityProviders "
            "informationProtection invitations oauth2PermissionGrants permissionGrants policies privacy "
            "roleManagement scopedRoleMemberships security servicePrincipals subscriptions tenantRelationships"
        ),
        (
            "accessReviewDecisions accessReviews administrativeUnits allowedDataLocations approvalWorkflowProviders "
            "authenticationMethodDevices businessFlowTemplates certificateAuthorities commands dataClassification "
            "directorySettingTemplates filteringPolicies governanceResources governanceRoleAssignmentRequests "
            "governanceRoleAssignments governanceRoleDefinitions governanceRoleSettings governanceSubjects "
            "mobilityManagementPolicies monitoring network networkAccess onPremisesPublishingProfiles payloadResponse "
            "privilegedAccess privilegedApproval privilegedOperationEvents privilegedRoleAssignmentRequests "
            "privilegedRoleAssignments privilegedRoles privilegedSignupStatus programControls programControlTypes "
            "programs riskDetections riskyUsers settings templates threatSubmission trustFramework"
        ),
    ),
    (
        "",
        why.REPORTS,
        "auditLogs reports",
        "",
    ),
    (
        "",
        why.OFFICE,
        (
            "appCatalogs chats communications connections contacts dataPolicyOperations drives education "
            "employeeExperience external filterOperators functions places planner print schemaExtensions search "
            "shares sites solutions storage teams teamsTemplates teamwork"
        ),
        (
            "activitystatistics agentRegistry agents app bookingBusinesses bookingCurrencies financials messageEvents "
            "messageRecipients messageTraces teamTemplateDefinition termStore workplace"
        ),
    ),
    (
        "directory",
        why.DIRECTORY,
        (
            "administrativeUnits attributeSets customSecurityAttributeDefinitions federationConfigurations "
            "onPremisesSynchronization publicKeyInfrastructure recovery remoteTenantGroups subscriptions "
            "tenantGovernance"
        ),
        (
            "authenticationMethodDevices certificateAuthorities externalUserProfiles featureRolloutPolicies "
            "impactedResources inboundSharedUserProfiles outboundSharedUserProfiles pendingExternalUserProfiles "
            "recommendationConfiguration recommendations sharedEmailDomains templates"
        ),
    ),
    (
        "directory",
        why.ESCROW,
        "deviceLocalCredentials",
        "",
    ),
    (
        "identity",
        why.ACCESS,
        "conditionalAccess",
        "continuousAccessEvaluationPolicy",
    ),
    (
        "identity",
        why.DIRECTORY,
        (
            "apiConnectors authenticationEventListeners authenticationEventsFlows b2xUserFlows "
            "customAuthenticationExtensions identityProviders riskPrevention userFlowAttributes verifiedId"
        ),
        "b2cUserFlows signInIdentifiers userFlows",
    ),
    (
        "users",
        why.APPS,
        "",
        "getManagedAppBlockedUsers",
    ),
    (
        "users",
        why.DIRECTORY,
        "",
        "validatePassword",
    ),
    (
        "users/{user}",
        why.APPS,
        "deviceManagementTroubleshootingEvents managedAppRegistrations",
        (
            "isManagedAppUserBlocked managedAppLogCollectionRequests mobileAppIntentAndStates "
            "mobileAppTroubleshootingEvents retrieveManagedDevicesWithAppInstallationIssues unblockManagedApps "
            "windowsInformationProtectionDeviceRegistrations wipeAndBlockManagedApps "
            "wipeManagedAppRegistrationByDeviceTag wipeManagedAppRegistrationsByAzureAdDeviceId"
        ),
    ),
    (
        "users/{user}",
        why.ENROLLMENT,
        "",
        "deviceEnrollmentConfigurations",
    ),
    (
        "users/{user}",
        why.CLOUD_PC,
        "cloudPCs",
        "cloudPcPools",
    ),
    (
        "users/{user}",
        why.DIRECTORY,
        (
            "agreementAcceptances appRoleAssignments authentication createdObjects "
            "dataSecurityAndGovernance extensions oauth2PermissionGrants onPremisesSyncBehavior ownedObjects "
            "permissionGrants scopedRoleMemberOf serviceProvisioningErrors sponsorOf sponsors"
        ),
        (
            "appConsentRequestsForApproval appRoleAssignedResources approvals convertExternalToInternalMemberUser "
            "deletePasswordSingleSignOnCredentials devices getPasswordSingleSignOnCredentials informationProtection "
            "invitedBy lifecycle pendingAccessReviewInstances security transitiveReports usageRights"
        ),
    ),
    (
        "users/{user}",
        why.OFFICE,
        (
            "activities adhocCalls calendar calendarGroups calendars calendarView chats cloudClipboard contactFolders "
            "contacts drive drives employeeExperience events findMeetingTimes followedSites getMailTips "
            "inferenceClassification insights joinedTeams mailboxSettings mailFolders messages notes onenote "
            "onlineMeetings outlook people photo photos planner presence reminderView sendMail settings solutions "
            "teamwork todo translateExchangeIds"
        ),
        (
            "analytics communications distributionLists findMeetingLocations findRoomLists findRooms joinedGroups "
            "notifications profile virtualEvents"
        ),
    ),
    (
        "groups/{group}",
        why.DIRECTORY,
        (
            "appRoleAssignments createdOnBehalfOf extensions groupLifecyclePolicies membersWithLicenseErrors "
            "onPremisesSyncBehavior permissionGrants serviceProvisioningErrors settings"
        ),
        "endpoints",
    ),
    (
        "groups/{group}",
        why.OFFICE,
        (
            "acceptedSenders calendar calendarView conversations drive drives events onenote photo photos planner "
            "rejectedSenders sites team threads"
        ),
        "",
    ),
    (
        "organization/{organization}",
        why.DIRECTORY,
        (
            "branding certificateBasedAuthConfiguration checkMemberGroups checkMemberObjects extensions "
            "getMemberGroups getMemberObjects restore setMobileDeviceManagementAuthority"
        ),
        "partnerInformation settings",
    ),
    (
        "domains/{domain}",
        why.DIRECTORY,
        (
            "domainNameReferences federationConfiguration forceDelete promote rootDomain serviceConfigurationRecords "
            "verificationDnsRecords verify"
        ),
        "promoteToInitial sharedEmailDomainInvitations",
    ),
    (
        _SERVICE,
        why.COMPLIANCE,
        "deviceCompliancePolicies deviceCompliancePolicyDeviceStateSummary deviceCompliancePolicySettingStateSummaries",
        (
            "complianceCategories compliancePolicies complianceSettings deviceComplianceReportSummarizationDateTime "
            "deviceComplianceScripts"
        ),
    ),
    (
        _SERVICE,
        why.SCRIPTS,
        "",
        (
            "deviceCustomAttributeShellScripts deviceHealthScripts deviceManagementScripts deviceShellScripts "
            "elevationRequests endpointPrivilegeManagementProvisioningStatus hardwareConfigurations "
            "privilegeManagementElevations"
        ),
    ),
    (
        _SERVICE,
        why.CATALOG,
        "",
        (
            "configurationCategories configurationPolicies configurationPolicyTemplates configurationSettings "
            "inventoryPolicies reusablePolicySettings reusableSettings"
        ),
    ),
    (
        _SERVICE,
        why.TEMPLATES,
        "",
        (
            "groupPolicyCategories groupPolicyConfigurations groupPolicyDefinitionFiles groupPolicyDefinitions "
            "groupPolicyMigrationReports groupPolicyObjectFiles groupPolicyUploadedDefinitionFiles"
        ),
    ),
    (
        _SERVICE,
        why.BASELINES,
        "",
        "categories intents settingDefinitions templateInsights templates templateSettings",
    ),
    (
        _SERVICE,
        "certificate profiles are kept as deviceConfigurations",
        "",
        "resourceAccessProfiles",
    ),
    (
        _SERVICE,
        why.UPDATES,
        "iosUpdateStatuses softwareUpdateStatusSummary",
        (
            "macOSSoftwareUpdateAccountSummaries managedDeviceWindowsOSImages samsungEFotaFirmwareVersions "
            "windowsDriverUpdateProfiles windowsFeatureUpdateProfiles windowsQualityUpdatePolicies "
            "windowsQualityUpdateProfiles windowsUpdateCatalogItems zebraFotaArtifacts zebraFotaConnector "
            "zebraFotaDeployments"
        ),
    ),
    (
        _SERVICE,
        why.AUTOPILOT,
        "importedWindowsAutopilotDeviceIdentities windowsAutopilotDeviceIdentities",
        "autopilotEvents domainJoinConnectors windowsAutopilotDeploymentProfiles windowsAutopilotSettings",
    ),
    (
        _SERVICE,
        why.ENROLLMENT,
        "deviceEnrollmentConfigurations",
        "importedDeviceIdentities",
    ),
    (
        _SERVICE,
        why.APPLE,
        "applePushNotificationCertificate",
        "appleUserInitiatedEnrollmentProfiles depOnboardingSettings maximumDepTokens",
    ),
    (
        _SERVICE,
        why.ANDROID,
        "",
        (
            "androidAppConfigurationSchema androidDeviceOwnerEnrollmentProfiles androidForWorkAppConfigurationSchemas "
            "androidForWorkEnrollmentProfiles androidForWorkSettings androidManagedStoreAccountEnterpriseSettings "
            "androidManagedStoreAppConfigurationSchemas"
        ),
    ),
    (
        _SERVICE,
        why.PARTNERS,
        (
            "complianceManagementPartners conditionalAccessSettings deviceManagementPartners exchangeConnectors "
            "mobileThreatDefenseConnectors remoteAssistancePartners"
        ),
        (
            "advancedThreatProtectionOnboardingStateSummary cartToClassAssociations chromeOSOnboardingSettings "
            "connectorStatus dataSharingConsents exchangeOnPremisesPolicies exchangeOnPremisesPolicy "
            "oemWarrantyInformationOnboarding remoteAssistanceSettings serviceNowConnections "
            "telecomExpenseManagementPartners"
        ),
    ),
    (
        _SERVICE,
        why.ROLES,
        "resourceOperations roleAssignments roleDefinitions",
        "operationApprovalPolicies operationApprovalRequests",
    ),
    (
        _SERVICE,
        why.TELLING,
        "intuneBrand notificationMessageTemplates termsAndConditions",
        "intuneBrandingProfiles monitoring organizationalMessageDetails organizationalMessageGuidedContents",
    ),
    (
        _SERVICE,
        why.APPS,
        (
            "detectedApps mobileAppTroubleshootingEvents windowsInformationProtectionAppLearningSummaries "
            "windowsInformationProtectionNetworkLearningSummaries"
        ),
        "deviceConfigurationRestrictedAppsViolations",
    ),
    (
        _SERVICE,
        why.HEALTH,
        "deviceProtectionOverview windowsMalwareInformation windowsMalwareOverview",
        "managedDeviceEncryptionStates",
    ),
    (
        _SERVICE,
        why.ESCROW,
        "",
        "hardwarePasswordDetails hardwarePasswordInfo",
    ),
    (
        _SERVICE,
        "what went wrong stands in the states of profiles and in the journal",
        "troubleshootingEvents",
        "",
    ),
    (
        _SERVICE,
        "device actions stand in the audit log (auditEvents)",
        "",
        "remoteActionAudits",
    ),
    (
        _SERVICE,
        why.REPORTS,
        "reports",
        "lastReportAggregationDateTime",
    ),
    (
        _SERVICE,
        why.ANALYTICS,
        (
            "userExperienceAnalyticsAppHealthApplicationPerformance "
            "userExperienceAnalyticsAppHealthApplicationPerformanceByAppVersionDetails "
            "userExperienceAnalyticsAppHealthApplicationPerformanceByAppVersionDeviceId "
            "userExperienceAnalyticsAppHealthApplicationPerformanceByOSVersion "
            "userExperienceAnalyticsAppHealthDeviceModelPerformance userExperienceAnalyticsAppHealthDevicePerformance "
            "userExperienceAnalyticsAppHealthDevicePerformanceDetails "
            "userExperienceAnalyticsAppHealthOSVersionPerformance userExperienceAnalyticsAppHealthOverview "
            "userExperienceAnalyticsBaselines userExperienceAnalyticsCategories "
            "userExperienceAnalyticsDevicePerformance userExperienceAnalyticsDeviceScores "
            "userExperienceAnalyticsDeviceStartupHistory userExperienceAnalyticsDeviceStartupProcesses "
            "userExperienceAnalyticsDeviceStartupProcessPerformance userExperienceAnalyticsMetricHistory "
            "userExperienceAnalyticsModelScores userExperienceAnalyticsOverview userExperienceAnalyticsScoreHistory "
            "userExperienceAnalyticsSettings userExperienceAnalyticsWorkFromAnywhereHardwareReadinessMetric "
            "userExperienceAnalyticsWorkFromAnywhereMetrics userExperienceAnalyticsWorkFromAnywhereModelPerformance"
        ),
        (
            "userExperienceAnalyticsAnomaly userExperienceAnalyticsAnomalyCorrelationGroupOverview "
            "userExperienceAnalyticsAnomalyDevice userExperienceAnalyticsAnomalySeverityOverview "
            "userExperienceAnalyticsAppHealthApplicationPerformanceByAppVersion "
            "userExperienceAnalyticsBatteryHealthAppImpact userExperienceAnalyticsBatteryHealthCapacityDetails "
            "userExperienceAnalyticsBatteryHealthDeviceAppImpact "
            "userExperienceAnalyticsBatteryHealthDevicePerformance "
            "userExperienceAnalyticsBatteryHealthDeviceRuntimeHistory "
            "userExperienceAnalyticsBatteryHealthModelPerformance userExperienceAnalyticsBatteryHealthOsPerformance "
            "userExperienceAnalyticsBatteryHealthRuntimeDetails userExperienceAnalyticsDeviceMetricHistory "
            "userExperienceAnalyticsDeviceScope userExperienceAnalyticsDeviceScopes "
            "userExperienceAnalyticsDevicesWithoutCloudIdentity userExperienceAnalyticsDeviceTimelineEvent "
            "userExperienceAnalyticsImpactingProcess userExperienceAnalyticsNotAutopilotReadyDevice "
            "userExperienceAnalyticsRemoteConnection userExperienceAnalyticsResourcePerformance"
        ),
    ),
    (
        _SERVICE,
        why.CLOUD_PC,
        "virtualEndpoint",
        "cloudPCConnectivityIssues",
    ),
    (
        _SERVICE,
        "there is no Cloud PKI: the authority here stands for a company's own",
        "",
        "cloudCertificationAuthority cloudCertificationAuthorityLeafCertificate",
    ),
    (
        _SERVICE,
        "no derived credentials are issued here",
        "",
        "derivedCredentials",
    ),
    (
        _SERVICE,
        why.COMANAGED,
        "",
        "comanagedDevices comanagementEligibleDevices configManagerCollections tenantAttachRBAC",
    ),
    (
        _SERVICE,
        "no device here has a VPN",
        "",
        (
            "microsoftTunnelConfigurations microsoftTunnelHealthThresholds "
            "microsoftTunnelServerLogCollectionResponses microsoftTunnelSites"
        ),
    ),
    (
        _SERVICE,
        "the record of a device stays until it is deleted",
        "",
        "managedDeviceCleanupRules managedDeviceCleanupSettings tenantAssociatedDevices",
    ),
    (
        _SERVICE,
        "the simulated phones have no eSIM",
        "",
        "embeddedSIMActivationCodePools",
    ),
    (
        _SERVICE,
        "places are not known here",
        "",
        "managementConditions managementConditionStatements",
    ),
    (
        _SERVICE,
        why.AUTHORITY,
        "intuneAccountId",
        (
            "accountMoveCompletionDateTime adminConsent dataProcessorServiceForWindowsFeaturesOnboarding "
            "legacyPcManangementEnabled subscriptions unlicensedAdminstratorsEnabled"
        ),
    ),
    (
        f"{_APPS}/mobileAppConfigurations/{{configuration}}",
        why.APP_STATES,
        "deviceStatuses deviceStatusSummary userStatuses userStatusSummary",
        "relationships",
    ),
    (
        f"{_APPS}/mobileApps/{{app}}",
        why.APPS,
        "assignments assignedLicenses categories committedContainedApps containedApps contentVersions",
        "deviceStatuses installSummary relationships userStatuses",
    ),
    (
        _APPS,
        why.APPS,
        (
            "androidManagedAppProtections defaultManagedAppProtections iosManagedAppProtections "
            "isEnabledForMicrosoftStoreForBusiness managedAppPolicies managedAppRegistrations managedAppStatuses "
            "managedEBooks mdmWindowsInformationProtectionPolicies microsoftStoreForBusinessLanguage "
            "microsoftStoreForBusinessLastCompletedApplicationSyncTime "
            "microsoftStoreForBusinessLastSuccessfulSyncDateTime mobileAppCategories "
            "mobileAppRelationships syncMicrosoftStoreForBusinessApps targetedManagedAppConfigurations "
            "windowsInformationProtectionPolicies"
        ),
        (
            "deviceAppManagementTasks enterpriseCodeSigningCertificates managedEBookCategories "
            "microsoftStoreForBusinessPortalSelection mobileAppCatalogPackages policySets sideLoadingKeys "
            "symantecCodeSigningCertificate wdacSupplementalPolicies windowsInformationProtectionDeviceRegistrations "
            "windowsInformationProtectionWipeActions windowsManagedAppProtections windowsManagementApp"
        ),
    ),
    (
        _APPS,
        why.APPLE,
        "vppTokens",
        "iosLobAppProvisioningConfigurations",
    ),
    ("directory", why.GONE, "deletedItems", ""),
    (_USER, "nothing is exported", "exportDeviceAndAppManagementData", ""),
    (
        _USER,
        why.DIRECTORY,
        "",
        (
            "microsoft.graph.identityGovernance.addSelfAsSponsor microsoft.graph.identityGovernance.attest "
            "microsoft.graph.identityGovernance.removeSelfAsSponsor"
        ),
    ),
    # Casts: what a table of routes finds at the root by its whole name is refused wherever it stands in a path.
    (
        "",
        why.DIRECTORY,
        (
            "microsoft.graph.administrativeUnit microsoft.graph.application microsoft.graph.appRoleAssignment "
            "microsoft.graph.directoryRole microsoft.graph.endpoint microsoft.graph.orgContact "
            "microsoft.graph.servicePrincipal"
        ),
        "",
    ),
    (_PROFILE, why.UPDATES, "", "extendFeatureUpdatesPause extendQualityUpdatesPause deviceUpdateStates"),
    (
        _PROFILE,
        "no profile kind that is kept here has it",
        "",
        (
            "identityCertificateForClientAuthentication networkAccessConfigurations privacyAccessControls "
            "rootCertificateForClientValidation rootCertificateForServerValidation "
            "rootCertificatesForClientValidation rootCertificatesForServerValidation "
            "secondaryIdentityCertificateForClientAuthentication secondaryRootCertificateForClientValidation "
            "singleSignOnExtensionPkinitCertificate"
        ),
    ),
    (f"{_PROFILE}/rootCertificate", _ASK_ITSELF, "", _OF_A_PROFILE),
    (f"{_PROFILE}/identityCertificate", _ASK_ITSELF, "", _OF_A_PROFILE),
    *(
        (
            f"{devices}/{{device}}",
            why.CLOUD_PC,
            "",
            "reprovisionCloudPc resizeCloudPc restoreCloudPc setCloudPcReviewStatus",
        )
        for devices in ("deviceManagement/managedDevices", "users/{user}/managedDevices", "me/managedDevices")
    ),
    (_SERVICE, why.ROLES, "", "getAssignedRoleIdsForLoggedInUser"),
    (
        _SERVICE,
        why.PARTNERS,
        "",
        "getAllowedRemoteAssistanceActions reportRemoteAssistance reportRemoteHelpSessionStartTime",
    ),
    (
        _SERVICE,
        why.ANALYTICS,
        "",
        "userExperienceAnalyticsDeviceTimelineEvents userExperienceAnalyticsRegressionSummary",
    ),
    (_USER, "who knows the old one changes it at me/changePassword", "changePassword", ""),
    ("devices/{device}", why.EXTENSIONS, "extensions", ""),
    ("devices/{device}", "commands of Microsoft's Project Rome do not reach the devices here", "", "commands"),
    ("devices/{device}", "there are no templates of devices", "", "deviceTemplate"),
    ("devices/{device}", "there are no rights of use that a device would have", "", "usageRights"),
)

#: Kinds of profiles that are not kept here; casts to them, in beta.
_KINDS = (
    "androidDeviceOwnerDerivedCredentialAuthenticationConfiguration "
    "androidDeviceOwnerEnterpriseWiFiConfiguration androidDeviceOwnerGeneralDeviceConfiguration "
    "androidDeviceOwnerVpnConfiguration androidDeviceOwnerWiFiConfiguration "
    "androidEnterpriseWiFiConfiguration androidForWorkCustomConfiguration "
    "androidForWorkEnterpriseWiFiConfiguration androidForWorkGeneralDeviceConfiguration "
    "androidForWorkVpnConfiguration androidForWorkWiFiConfiguration androidOmaCpConfiguration "
    "androidVpnConfiguration androidWiFiConfiguration androidWorkProfileEnterpriseWiFiConfiguration "
    "androidWorkProfileVpnConfiguration androidWorkProfileWiFiConfiguration "
    "aospDeviceOwnerDeviceConfiguration aospDeviceOwnerEnterpriseWiFiConfiguration "
    "aospDeviceOwnerWiFiConfiguration appleExpeditedCheckinConfigurationBase appleVpnConfiguration "
    "iosDerivedCredentialAuthenticationConfiguration iosEducationDeviceConfiguration "
    "iosEduDeviceConfiguration iosEnterpriseWiFiConfiguration iosExpeditedCheckinConfiguration "
    "iosikEv2VpnConfiguration iosVpnConfiguration iosWiFiConfiguration iosWiredNetworkConfiguration "
    "macOSCustomAppConfiguration macOSEndpointProtectionConfiguration macOSEnterpriseWiFiConfiguration "
    "macOSExtensionsConfiguration macOSSoftwareUpdateConfiguration macOSVpnConfiguration "
    "macOSWiFiConfiguration macOSWiredNetworkConfiguration unsupportedDeviceConfiguration "
    "vpnConfiguration windows10DeviceFirmwareConfigurationInterface windows10NetworkBoundaryConfiguration "
    "windows10VpnConfiguration windows81VpnConfiguration windows81WifiImportConfiguration "
    "windowsDeliveryOptimizationConfiguration windowsDomainJoinConfiguration "
    "windowsHealthMonitoringConfiguration windowsIdentityProtectionConfiguration "
    "windowsKioskConfiguration windowsPhone81VpnConfiguration windowsVpnConfiguration "
    "windowsWifiConfiguration windowsWifiEnterpriseEAPConfiguration windowsWiredNetworkConfiguration "
    "windowsZtdnsConfiguration"
)


def _parts() -> Iterator[Route[Handler]]:
    for place, reason, both, beta in _PARTS:
        for parent in (_USER, _ME) if place == _USER else (place,):
            for names, beta_only in ((both, False), (beta, True)):
                for name in names.split():
                    # One's own password can be changed.
                    if (parent, name) != (_ME, "changePassword"):
                        path = f"{parent}/{name}" if parent else name
                        yield absent(EVERY, path, summary=name, why=reason, beta_only=beta_only)
    for name in _KINDS.split():
        yield absent(EVERY, f"microsoft.graph.{name}", summary=name, why=why.KINDS, beta_only=True)


ABSENT_PARTS: tuple[Route[Handler], ...] = tuple(_parts())
