"""Enumerations of Graph: members in the order of their numbers, which many of them do not count without gaps.

Source of names and numbers: Graph's metadata, v1.0 of 2026-08 and beta of 2022-10; where v1.0 has fewer members, the
rest are `beta_only`.
"""

from __future__ import annotations

from fauxtune.core.odata.schema.types import EnumType


def _enum(
    name: str,
    members: str,
    *,
    flags: bool = False,
    values: tuple[int, ...] = (),
    beta_only: str = "",
    v1_fallback: str = "unknownFutureValue",
) -> EnumType:
    return EnumType(
        name,
        tuple(members.split()),
        flags=flags,
        values=values,
        beta_only=frozenset(beta_only.split()),
        v1_fallback=v1_fallback,
    )


ACTION_STATE = _enum(
    "actionState",
    "none pending canceled active done failed notSupported",
)
ANDROID_DEVICE_OWNER_CERTIFICATE_ACCESS_TYPE = _enum(
    "androidDeviceOwnerCertificateAccessType",
    "userApproval specificApps unknownFutureValue",
)
ANDROID_USERNAME_SOURCE = _enum(
    "androidUsernameSource",
    "username userPrincipalName samAccountName primarySmtpAddress",
)
APPLE_DEPLOYMENT_CHANNEL = _enum(
    "appleDeploymentChannel",
    "deviceChannel userChannel unknownFutureValue",
)
APPLE_SUBJECT_NAME_FORMAT = _enum(
    "appleSubjectNameFormat",
    "commonName commonNameAsEmail custom commonNameIncludingEmail commonNameAsIMEI commonNameAsSerialNumber",
    values=(0, 1, 2, 3, 5, 6),
)
CERTIFICATE_DESTINATION_STORE = _enum(
    "certificateDestinationStore",
    "computerCertStoreRoot computerCertStoreIntermediate userCertStoreIntermediate",
)
CERTIFICATE_STORE = _enum(
    "certificateStore",
    "user machine",
    values=(1, 2),
)
CERTIFICATE_VALIDITY_PERIOD_SCALE = _enum(
    "certificateValidityPeriodScale",
    "days months years",
)
CHASSIS_TYPE = _enum(
    "chassisType",
    "unknown desktop laptop worksWorkstation enterpriseServer phone tablet mobileOther mobileUnknown",
    values=(*range(5), *range(100, 104)),
)
COMPLIANCE_STATE = _enum(
    "complianceState",
    "unknown compliant noncompliant conflict error inGracePeriod configManager",
    values=(*range(5), 254, 255),
)
COMPLIANCE_STATUS = _enum(
    "complianceStatus",
    "unknown notApplicable compliant remediated nonCompliant error conflict notAssigned",
)
DEVICE_AND_APP_MANAGEMENT_ASSIGNMENT_FILTER_TYPE = _enum(
    "deviceAndAppManagementAssignmentFilterType",
    "none include exclude",
)
DEVICE_AND_APP_MANAGEMENT_ASSIGNMENT_SOURCE = _enum(
    "deviceAndAppManagementAssignmentSource",
    "direct policySets",
)
DEVICE_CONFIG_ASSIGNMENT_INTENT = _enum(
    "deviceConfigAssignmentIntent",
    "apply remove",
)
DEVICE_ENROLLMENT_TYPE = _enum(
    "deviceEnrollmentType",
    "unknown userEnrollment deviceEnrollmentManager appleBulkWithUser appleBulkWithoutUser windowsAzureADJoin "
    "windowsBulkUserless windowsAutoEnrollment windowsBulkAzureDomainJoin windowsCoManagement "
    "windowsAzureADJoinUsingDeviceAuth appleUserEnrollment appleUserEnrollmentWithServiceAccount "
    "azureAdJoinUsingAzureVmExtension androidEnterpriseDedicatedDevice androidEnterpriseFullyManaged "
    "androidEnterpriseCorporateWorkProfile androidAOSPUserOwnedDeviceEnrollment "
    "androidAOSPUserlessDeviceEnrollment appleAccountDrivenUserEnrollment unknownFutureValue",
    beta_only="azureAdJoinUsingAzureVmExtension androidEnterpriseDedicatedDevice androidEnterpriseFullyManaged "
    "androidEnterpriseCorporateWorkProfile androidAOSPUserOwnedDeviceEnrollment "
    "androidAOSPUserlessDeviceEnrollment appleAccountDrivenUserEnrollment",
    values=(*range(13), *range(14, 20), 25, 26),
)
DEVICE_GUARD_LOCAL_SYSTEM_AUTHORITY_CREDENTIAL_GUARD_STATE = _enum(
    "deviceGuardLocalSystemAuthorityCredentialGuardState",
    "running rebootRequired notLicensed notConfigured virtualizationBasedSecurityNotRunning",
)
DEVICE_GUARD_VIRTUALIZATION_BASED_SECURITY_HARDWARE_REQUIREMENT_STATE = _enum(
    "deviceGuardVirtualizationBasedSecurityHardwareRequirementState",
    "meetHardwareRequirements secureBootRequired dmaProtectionRequired hyperVNotSupportedForGuestVM hyperVNotAvailable",
    values=(0, 1, 2, 4, 8),
)
DEVICE_GUARD_VIRTUALIZATION_BASED_SECURITY_STATE = _enum(
    "deviceGuardVirtualizationBasedSecurityState",
    "running rebootRequired require64BitArchitecture notLicensed notConfigured doesNotMeetHardwareRequirements other",
    values=(*range(6), 42),
)
DEVICE_LICENSING_STATUS = _enum(
    "deviceLicensingStatus",
    "unknown licenseRefreshStarted licenseRefreshPending deviceIsNotAzureActiveDirectoryJoined "
    "verifyingMicrosoftDeviceIdentity deviceIdentityVerificationFailed verifyingMicrosoftAccountIdentity "
    "microsoftAccountVerificationFailed acquiringDeviceLicense refreshingDeviceLicense deviceLicenseRefreshSucceed "
    "deviceLicenseRefreshFailed removingDeviceLicense deviceLicenseRemoveSucceed deviceLicenseRemoveFailed "
    "unknownFutureValue",
    values=tuple(range(-1, 15)),
)
DEVICE_MANAGEMENT_APPLICABILITY_RULE_TYPE = _enum(
    "deviceManagementApplicabilityRuleType",
    "include exclude",
)
DEVICE_MANAGEMENT_CERTIFICATION_AUTHORITY = _enum(
    "deviceManagementCertificationAuthority",
    "notConfigured microsoft digiCert",
)
DEVICE_MANAGEMENT_DERIVED_CREDENTIAL_ISSUER = _enum(
    "deviceManagementDerivedCredentialIssuer",
    "intercede entrustDatacard purebred xTec",
)
DEVICE_MANAGEMENT_DERIVED_CREDENTIAL_NOTIFICATION_TYPE = _enum(
    "deviceManagementDerivedCredentialNotificationType",
    "none companyPortal email",
    flags=True,
    values=(0, 1, 2),
)
DEVICE_MANAGEMENT_EXCHANGE_ACCESS_STATE = _enum(
    "deviceManagementExchangeAccessState",
    "none unknown allowed blocked quarantined",
)
DEVICE_MANAGEMENT_EXCHANGE_ACCESS_STATE_REASON = _enum(
    "deviceManagementExchangeAccessStateReason",
    "none unknown exchangeGlobalRule exchangeIndividualRule exchangeDeviceRule exchangeUpgrade "
    "exchangeMailboxPolicy other compliant notCompliant notEnrolled unknownLocation mfaRequired "
    "azureADBlockDueToAccessPolicy compromisedPassword deviceNotKnownWithManagedApp",
    values=(*range(11), *range(12, 17)),
)
DEVICE_REGISTRATION_STATE = _enum(
    "deviceRegistrationState",
    "notRegistered registered revoked keyConflict approvalPending certificateReset "
    "notRegisteredPendingEnrollment unknown",
    values=(0, *range(2, 9)),
)
DEVICE_TYPE = _enum(
    "deviceType",
    "desktop windowsRT winMO6 nokia windowsPhone mac winCE winEmbedded iPhone iPad iPod android iSocConsumer "
    "unix macMDM holoLens surfaceHub androidForWork androidEnterprise windows10x androidnGMS chromeOS linux "
    "visionOS tvOS blackberry palm unknown cloudPC",
    values=(*range(25), 100, 101, 255, 257),
)
DOMAIN_NAME_SOURCE = _enum(
    "domainNameSource",
    "fullDomainName netBiosDomainName",
)
EAS_AUTHENTICATION_METHOD = _enum(
    "easAuthenticationMethod",
    "usernameAndPassword certificate derivedCredential",
)
EAS_SERVICES = _enum(
    "easServices",
    "none calendars contacts email notes reminders",
    flags=True,
    values=(0, 1, 2, 4, 8, 16),
)
EMAIL_CERTIFICATE_TYPE = _enum(
    "emailCertificateType",
    "none certificate derivedCredential",
)
EMAIL_SYNC_DURATION = _enum(
    "emailSyncDuration",
    "userDefined oneDay threeDays oneWeek twoWeeks oneMonth unlimited",
)
EMAIL_SYNC_SCHEDULE = _enum(
    "emailSyncSchedule",
    "userDefined asMessagesArrive manual fifteenMinutes thirtyMinutes sixtyMinutes basedOnMyUsage",
)
HASH_ALGORITHMS = _enum(
    "hashAlgorithms",
    "sha1 sha2",
    flags=True,
)
INTENDED_PURPOSE = _enum(
    "intendedPurpose",
    "unassigned smimeEncryption smimeSigning vpn wifi",
    values=(1, 2, 3, 4, 5),
)
JOIN_TYPE = _enum(
    "joinType",
    "unknown azureADJoined azureADRegistered hybridAzureADJoined",
)
KEY_SIZE = _enum(
    "keySize",
    "size1024 size2048 size4096",
)
KEY_STORAGE_PROVIDER_OPTION = _enum(
    "keyStorageProviderOption",
    "useTpmKspOtherwiseUseSoftwareKsp useTpmKspOtherwiseFail usePassportForWorkKspOtherwiseFail useSoftwareKsp",
)
KEY_USAGES = _enum(
    "keyUsages",
    "keyEncipherment digitalSignature",
    flags=True,
)
LOST_MODE_STATE = _enum(
    "lostModeState",
    "disabled enabled",
)
MANAGED_DEVICE_ARCHITECTURE = _enum(
    "managedDeviceArchitecture",
    "unknown x86 x64 arm arM64",
)
MANAGED_DEVICE_MANAGEMENT_FEATURES = _enum(
    "managedDeviceManagementFeatures",
    "none microsoftManagedDesktop",
)
MANAGED_DEVICE_OWNER_TYPE = _enum(
    "managedDeviceOwnerType",
    "unknown company personal unknownFutureValue",
)
MANAGED_DEVICE_PARTNER_REPORTED_HEALTH_STATE = _enum(
    "managedDevicePartnerReportedHealthState",
    "unknown activated deactivated secured lowSeverity mediumSeverity highSeverity unresponsive compromised "
    "misconfigured",
)
MANAGEMENT_AGENT_TYPE = _enum(
    "managementAgentType",
    "eas mdm easMdm intuneClient easIntuneClient configurationManagerClient configurationManagerClientMdm "
    "configurationManagerClientMdmEas unknown jamf googleCloudDevicePolicyController microsoft365ManagedMdm "
    "windowsManagementCloudApi msSense intuneAosp google unknownFutureValue",
    beta_only="windowsManagementCloudApi intuneAosp google unknownFutureValue",
    v1_fallback="unknown",
    values=(1, 2, 3, 4, 5, 8, 10, 11, 16, 32, 64, 258, 512, 1024, 2048, 8192, 8193),
)
MANAGEMENT_STATE = _enum(
    "managementState",
    "managed retirePending retireFailed wipePending wipeFailed unhealthy deletePending retireIssued wipeIssued "
    "wipeCanceled retireCanceled discovered unknownFutureValue",
)
OWNER_TYPE = _enum(
    "ownerType",
    "unknown company personal",
)
SUBJECT_ALTERNATIVE_NAME_TYPE = _enum(
    "subjectAlternativeNameType",
    "none emailAddress userPrincipalName customAzureADAttribute domainNameService universalResourceIdentifier",
    flags=True,
    values=(0, 1, 2, 4, 8, 16),
)
SUBJECT_NAME_FORMAT = _enum(
    "subjectNameFormat",
    "commonName commonNameIncludingEmail commonNameAsEmail custom commonNameAsIMEI commonNameAsSerialNumber "
    "commonNameAsAadDeviceId commonNameAsIntuneDeviceId commonNameAsDurableDeviceId",
    values=(0, 1, 2, 3, *range(5, 10)),
)
USER_EMAIL_SOURCE = _enum(
    "userEmailSource",
    "userPrincipalName primarySmtpAddress",
)
USER_PFX_INTENDED_PURPOSE = _enum(
    "userPfxIntendedPurpose",
    "unassigned smimeEncryption smimeSigning vpn wifi",
    values=(0, 1, 2, 4, 8),
)
USER_PFX_PADDING_SCHEME = _enum(
    "userPfxPaddingScheme",
    "none pkcs1 oaepSha1 oaepSha256 oaepSha384 oaepSha512",
)
USERNAME_SOURCE = _enum(
    "usernameSource",
    "userPrincipalName primarySmtpAddress samAccountName",
)
WINDOWS10_DEVICE_MODE_TYPE = _enum(
    "windows10DeviceModeType",
    "standardConfiguration sModeConfiguration",
)
WINDOWS10_EDITION_TYPE = _enum(
    "windows10EditionType",
    "windows10Enterprise windows10EnterpriseN windows10Education windows10EducationN windows10MobileEnterprise "
    "windows10HolographicEnterprise windows10Professional windows10ProfessionalN "
    "windows10ProfessionalEducation windows10ProfessionalEducationN windows10ProfessionalWorkstation "
    "windows10ProfessionalWorkstationN notConfigured windows10Home windows10HomeChina windows10HomeN "
    "windows10HomeSingleLanguage windows10Mobile windows10IoTCore windows10IoTCoreCommercial",
)
WINDOWS_DEFENDER_PRODUCT_STATUS = _enum(
    "windowsDefenderProductStatus",
    "noStatus serviceNotRunning serviceStartedWithoutMalwareProtection pendingFullScanDueToThreatAction "
    "pendingRebootDueToThreatAction pendingManualStepsDueToThreatAction avSignaturesOutOfDate asSignaturesOutOfDate "
    "noQuickScanHappenedForSpecifiedPeriod noFullScanHappenedForSpecifiedPeriod systemInitiatedScanInProgress "
    "systemInitiatedCleanInProgress samplesPendingSubmission productRunningInEvaluationMode "
    "productRunningInNonGenuineMode productExpired offlineScanRequired serviceShutdownAsPartOfSystemShutdown "
    "threatRemediationFailedCritically threatRemediationFailedNonCritically noStatusFlagsSet platformOutOfDate "
    "platformUpdateInProgress platformAboutToBeOutdated signatureOrPlatformEndOfLifeIsPastOrIsImpending "
    "windowsSModeSignaturesInUseOnNonWin10SInstall",
    flags=True,
    values=(0, *(1 << bit for bit in range(25))),
)
WINDOWS_DEVICE_HEALTH_STATE = _enum(
    "windowsDeviceHealthState",
    "clean fullScanPending rebootPending manualStepsPending offlineScanPending critical",
    flags=True,
    values=(0, 1, 2, 4, 8, 16),
)
MDM_APP_CONFIG_KEY_TYPE = _enum(
    "mdmAppConfigKeyType",
    "stringType integerType realType booleanType tokenType",
)
ANDROID_PERMISSION_ACTION_TYPE = _enum(
    "androidPermissionActionType",
    "prompt autoGrant autoDeny",
)
ANDROID_PROFILE_APPLICABILITY = _enum(
    "androidProfileApplicability",
    "default androidWorkProfile androidDeviceOwner",
)
MANAGED_APP_AVAILABILITY = _enum(
    "managedAppAvailability",
    "global lineOfBusiness",
)
