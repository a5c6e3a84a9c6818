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
from fauxtune.surfaces.graph import reasons as why
from fauxtune.surfaces.graph.call import Handler
from fauxtune.surfaces.graph.routes.absent import absent
from fauxtune.surfaces.graph.routes.absent_elsewhere import ELSEWHERE, KINDS, ME, USER

_SERVICE = "deviceManagement"
_PROFILE = "deviceManagement/deviceConfigurations/{profile}"
_ASK_ITSELF = "ask the profile that this one refers to, at deviceManagement/deviceConfigurations/{id}"
_OF_A_PROFILE = (
    "assignments deviceSettingStateSummaries deviceStatuses deviceStatusOverview groupAssignments userStatuses "
    "userStatusOverview"
)

#: Where, why, the names that both versions have, and those of beta alone.
_PARTS: tuple[tuple[str, str, str, str], ...] = (
    (
        _SERVICE,
        why.COMPLIANCE,
        "",
        "deviceComplianceReportSummarizationDateTime",
    ),
    (
        _SERVICE,
        why.ELEVATION,
        "",
        (
            ""
            "elevationRequests endpointPrivilegeManagementProvisioningStatus hardwareConfigurations "
            "privilegeManagementElevations"
        ),
    ),
    (
        _SERVICE,
        why.TEMPLATES,
        "",
        "groupPolicyMigrationReports groupPolicyObjectFiles",
    ),
    (
        _SERVICE,
        why.BASELINES,
        "",
        "categories settingDefinitions templateInsights templateSettings",
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
            ""
            "windowsUpdateCatalogItems zebraFotaArtifacts zebraFotaConnector "
            "zebraFotaDeployments"
        ),
    ),
    (
        _SERVICE,
        why.AUTOPILOT,
        "",
        "domainJoinConnectors",
    ),
    (
        _SERVICE,
        why.APPLE,
        "",
        "maximumDepTokens",
    ),
    (
        _SERVICE,
        why.ANDROID,
        "",
        (
            "androidAppConfigurationSchema androidForWorkAppConfigurationSchemas "
            "androidForWorkEnrollmentProfiles androidForWorkSettings "
            "androidManagedStoreAppConfigurationSchemas"
        ),
    ),
    (
        _SERVICE,
        why.PARTNERS,
        (
            "complianceManagementPartners conditionalAccessSettings deviceManagementPartners exchangeConnectors "
            "remoteAssistancePartners"
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
        why.TELLING,
        "intuneBrand ",
        "monitoring organizationalMessageDetails organizationalMessageGuidedContents",
    ),
    (
        _SERVICE,
        why.APPS,
        (
            "mobileAppTroubleshootingEvents windowsInformationProtectionAppLearningSummaries "
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
        "device actions stand in the audit log (auditEvents)",
        "",
        "remoteActionAudits",
    ),
    (
        _SERVICE,
        why.REPORTS,
        "",
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
        "",
        "cloudPCConnectivityIssues",
    ),
    (
        f"{_SERVICE}/virtualEndpoint",
        why.CLOUD_PC,
        "auditEvents deviceImages galleryImages onPremisesConnections report servicePlans",
        (
            "bulkActions cloudApps cloudPcPools crossCloudGovernmentOrganizationMapping externalPartners "
            "externalPartnerSettings frontLineServicePlans managedLicenses organizationSettings reports snapshots "
            "supportedRegions getEffectivePermissions organizationAction retrieveOrganizationActionDetail "
            "retrieveScopedPermissions retrieveTenantEncryptionSetting"
        ),
    ),
    (
        f"{_SERVICE}/androidManagedStoreAccountEnterpriseSettings",
        why.ANDROID,
        "",
        (
            "addApps approveApps completeSignup createGooglePlayWebToken createZeroTouchWebToken "
            "requestEnterpriseUpgradeUrl requestSignupUrl retrieveStoreLayout "
            "setAndroidDeviceOwnerFullyManagedEnrollmentState setStoreLayout syncApps unbind"
        ),
    ),
    (
        f"{_SERVICE}/applePushNotificationCertificate",
        why.APPLE,
        "downloadApplePushNotificationCertificateSigningRequest",
        "generateApplePushNotificationCertificateSigningRequest",
    ),
    (f"{_SERVICE}/detectedApps/{{app}}/managedDevices", why.DEVICES_WITH_AN_APP, "$count {device}", ""),
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
        "managedDeviceCleanupSettings tenantAssociatedDevices",
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
)


def _parts() -> Iterator[Route[Handler]]:
    for place, reason, both, beta in (*_PARTS, *ELSEWHERE):
        for parent in (USER, ME) if place == USER else (place,):
            for names, beta_only in ((both, False), (beta, True)):
                for name in names.split():
                    # One's own password can be changed.
                    if (parent, name) != (ME, "changePassword"):
                        path = f"{parent}/{name}" if parent else name
                        yield absent(EVERY, path, summary=name, why=reason, beta_only=beta_only)
    for name in KINDS.split():
        yield absent(EVERY, f"microsoft.graph.{name}", summary=name, why=why.KINDS, beta_only=True)


ABSENT_PARTS: tuple[Route[Handler], ...] = tuple(_parts())
