"""What Graph has and the emulator does not have outside deviceManagement: apps, the directory; and kinds of profiles.

`absent_parts` refuses it.

#: data
"""

from __future__ import annotations

from fauxtune.surfaces.graph import reasons as why

_APPS = "deviceAppManagement"
USER, ME = "users/{user}", "me"

#: Where, why, the names that both versions have, and those of beta alone.
ELSEWHERE: tuple[tuple[str, str, str, str], ...] = (
    (
        "",
        why.DIRECTORY,
        (
            "admin agreementAcceptances agreements applicationTemplates "
            "authenticationMethodConfigurations authenticationMethodsPolicy certificateBasedAuthConfiguration "
            "compliance contracts directoryRoles directoryRoleTemplates domainDnsRecords groupLifecyclePolicies "
            "groupSettings groupSettingTemplates identityGovernance identityProtection identityProviders "
            "invitations permissionGrants policies privacy "
            "roleManagement scopedRoleMemberships security tenantRelationships"
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
        "informationProtection",
        why.DIRECTORY,
        "threatAssessmentRequests",
        (
            "dataLossPreventionPolicies decryptBuffer encryptBuffer policy sensitivityLabels sensitivityPolicySettings "
            "signDigest verifySignature"
        ),
    ),
    (
        "identity",
        why.ACCESS,
        "",
        "continuousAccessEvaluationPolicy",
    ),
    (
        "identity/conditionalAccess",
        why.ACCESS,
        "authenticationContextClassReferences authenticationStrength deletedItems evaluate templates",
        "authenticationStrengths",
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
        "managedAppRegistrations",
        (
            "isManagedAppUserBlocked managedAppLogCollectionRequests "
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
            "onlineMeetings outlook people photo photos planner presence reminderView settings solutions "
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
        "applications/{application}",
        why.DIRECTORY,
        (
            "addKey appManagementPolicies checkMemberGroups checkMemberObjects createdOnBehalfOf extensionProperties "
            "federatedIdentityCredentials getMemberGroups getMemberObjects homeRealmDiscoveryPolicies logo owners "
            "removeKey restore setVerifiedPublisher synchronization tokenIssuancePolicies tokenLifetimePolicies "
            "unsetVerifiedPublisher"
        ),
        "connectorGroup",
    ),
    (
        "servicePrincipals/{principal}",
        why.DIRECTORY,
        (
            "addKey addPassword addTokenSigningCertificate appManagementPolicies "
            "checkMemberGroups checkMemberObjects claimsMappingPolicies createdObjects "
            "delegatedPermissionClassifications federatedIdentityCredentials getMemberGroups getMemberObjects "
            "homeRealmDiscoveryPolicies memberOf ownedObjects owners "
            "remoteDesktopSecurityConfiguration removeKey removePassword restore synchronization tokenIssuancePolicies "
            "tokenLifetimePolicies transitiveMemberOf"
        ),
        (
            "claimsPolicy createPasswordSingleSignOnCredentials deletePasswordSingleSignOnCredentials "
            "getPasswordSingleSignOnCredentials licenseDetails lifecycle microsoft.graph.identityGovernance.attest "
            "permissionGrantPreApprovalPolicies updatePasswordSingleSignOnCredentials"
        ),
    ),
    ("servicePrincipals/{principal}/oauth2PermissionGrants", why.GRANTS, "$count {grant}", ""),
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
        f"{_APPS}/mobileApps/{{resource}}",
        why.APP_SUMMARIES,
        "",
        "deviceStatuses installSummary userStatuses",
    ),
    (
        f"{_APPS}/mobileAppConfigurations/{{configuration}}",
        why.APP_STATES,
        "deviceStatuses deviceStatusSummary userStatuses userStatusSummary",
        "relationships",
    ),
    (
        _APPS,
        why.APPS,
        (
            ""
            "isEnabledForMicrosoftStoreForBusiness "
            "managedEBooks microsoftStoreForBusinessLanguage "
            "microsoftStoreForBusinessLastCompletedApplicationSyncTime "
            "microsoftStoreForBusinessLastSuccessfulSyncDateTime "
            "mobileAppRelationships syncMicrosoftStoreForBusinessApps "
            ""
        ),
        (
            "deviceAppManagementTasks enterpriseCodeSigningCertificates managedEBookCategories "
            "microsoftStoreForBusinessPortalSelection mobileAppCatalogPackages sideLoadingKeys "
            "symantecCodeSigningCertificate wdacSupplementalPolicies windowsInformationProtectionDeviceRegistrations "
            "windowsInformationProtectionWipeActions windowsManagementApp"
        ),
    ),
    (
        _APPS,
        why.APPLE,
        "",
        "iosLobAppProvisioningConfigurations",
    ),
    ("directory", why.GONE, "deletedItems", ""),
    (USER, "nothing is exported", "exportDeviceAndAppManagementData", ""),
    (
        USER,
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
    (USER, "who knows the old one changes it at me/changePassword", "changePassword", ""),
    ("devices/{device}", why.EXTENSIONS, "extensions", ""),
    ("devices/{device}", "commands of Microsoft's Project Rome do not reach the devices here", "", "commands"),
    ("devices/{device}", "there are no templates of devices", "", "deviceTemplate"),
    ("devices/{device}", "there are no rights of use that a device would have", "", "usageRights"),
)

#: Kinds of profiles that are not kept here; casts to them, in beta.
KINDS = (
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
