"""The numbers of enumerations: a table typed from Graph's metadata, and what clients may write in place of names.

Source of the table: Graph's metadata, v1.0 of 2026-08, else beta of 2022-10; managementAgentType's 512: Graph
reference, beta, 2021. Left out are the four enumerations whose numbers no published metadata has.
#: data
"""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

from fauxtune.core.errors import Invalid
from fauxtune.core.graph import index
from fauxtune.core.graph.index import ENTITIES, entity, enumeration
from fauxtune.core.odata.describe.csdl import csdl, every_type
from fauxtune.core.odata.documents.validation import accept
from fauxtune.core.odata.query.filter import parse_filter
from fauxtune.core.odata.schema.types import EnumType, Version
from fauxtune.surfaces.graph.routes import ROUTES

CERTIFICATE_STORE = enumeration("certificateStore")
COMPLIANCE_STATE = enumeration("complianceState")
HASH_ALGORITHMS = enumeration("hashAlgorithms")
INTENDED_PURPOSE = enumeration("intendedPurpose")
MANAGEMENT_AGENT_TYPE = enumeration("managementAgentType")
SUBJECT_ALTERNATIVE_NAME_TYPE = enumeration("subjectAlternativeNameType")
USER_PFX_INTENDED_PURPOSE = enumeration("userPfxIntendedPurpose")

_EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
_NUMBERS = {
    "actionState": "none=0 pending=1 canceled=2 active=3 done=4 failed=5 notSupported=6",
    "androidDeviceOwnerCertificateAccessType": "userApproval=0 specificApps=1 unknownFutureValue=2",
    "androidPermissionActionType": "prompt=0 autoGrant=1 autoDeny=2",
    "androidProfileApplicability": "default=0 androidWorkProfile=1 androidDeviceOwner=2",
    "androidUsernameSource": "username=0 userPrincipalName=1 samAccountName=2 primarySmtpAddress=3",
    "appleDeploymentChannel": "deviceChannel=0 userChannel=1 unknownFutureValue=2",
    "appleSubjectNameFormat": (
        "commonName=0 commonNameAsEmail=1 custom=2 commonNameIncludingEmail=3 commonNameAsIMEI=5 "
        "commonNameAsSerialNumber=6"
    ),
    "assignmentFilterManagementType": "devices=0 apps=1 unknownFutureValue=2",
    "associatedAssignmentPayloadType": (
        "unknown=0 deviceConfigurationAndCompliance=1 application=2 androidEnterpriseApp=8 enrollmentConfiguration=9 "
        "groupPolicyConfiguration=12 zeroTouchDeploymentDeviceConfigProfile=15 androidEnterpriseConfiguration=16 "
        "deviceFirmwareConfigurationInterfacePolicy=20 resourceAccessPolicy=23 win32app=24 "
        "deviceManagmentConfigurationAndCompliancePolicy=29"
    ),
    "certificateDestinationStore": (
        "computerCertStoreRoot=0 computerCertStoreIntermediate=1 userCertStoreIntermediate=2"
    ),
    "certificateIssuanceStates": (
        "unknown=0 challengeIssued=1 challengeIssueFailed=2 requestCreationFailed=3 requestSubmitFailed=4 "
        "challengeValidationSucceeded=5 challengeValidationFailed=6 issueFailed=7 issuePending=8 issued=9 "
        "responseProcessingFailed=10 responsePending=11 enrollmentSucceeded=12 enrollmentNotNeeded=13 revoked=14 "
        "removedFromCollection=15 renewVerified=16 installFailed=17 installed=18 deleteFailed=19 deleted=20 "
        "renewalRequested=21 requested=22"
    ),
    "certificateRevocationStatus": "none=0 pending=1 issued=2 failed=3 revoked=4",
    "certificateStore": "user=1 machine=2",
    "certificateValidityPeriodScale": "days=0 months=1 years=2",
    "chassisType": (
        "unknown=0 desktop=1 laptop=2 worksWorkstation=3 enterpriseServer=4 phone=100 tablet=101 mobileOther=102 "
        "mobileUnknown=103"
    ),
    "complianceState": "unknown=0 compliant=1 noncompliant=2 conflict=3 error=4 inGracePeriod=254 configManager=255",
    "complianceStatus": (
        "unknown=0 notApplicable=1 compliant=2 remediated=3 nonCompliant=4 error=5 conflict=6 notAssigned=7"
    ),
    "derivedCredentialProviderType": "notConfigured=0 entrustDataCard=1 purebred=2 xTec=3 intercede=4",
    "deviceAndAppManagementAssignmentFilterType": "none=0 include=1 exclude=2",
    "deviceAndAppManagementAssignmentSource": "direct=0 policySets=1",
    "deviceConfigAssignmentIntent": "apply=0 remove=1",
    "deviceEnrollmentType": (
        "unknown=0 userEnrollment=1 deviceEnrollmentManager=2 appleBulkWithUser=3 appleBulkWithoutUser=4 "
        "windowsAzureADJoin=5 windowsBulkUserless=6 windowsAutoEnrollment=7 windowsBulkAzureDomainJoin=8 "
        "windowsCoManagement=9 windowsAzureADJoinUsingDeviceAuth=10 appleUserEnrollment=11 "
        "appleUserEnrollmentWithServiceAccount=12 azureAdJoinUsingAzureVmExtension=14 "
        "androidEnterpriseDedicatedDevice=15 androidEnterpriseFullyManaged=16 "
        "androidEnterpriseCorporateWorkProfile=17 androidAOSPUserOwnedDeviceEnrollment=18 "
        "androidAOSPUserlessDeviceEnrollment=19 appleAccountDrivenUserEnrollment=25 unknownFutureValue=26"
    ),
    "deviceManagementApplicabilityRuleType": "include=0 exclude=1",
    "deviceManagementCertificationAuthority": "notConfigured=0 microsoft=1 digiCert=2",
    "deviceManagementDerivedCredentialIssuer": "intercede=0 entrustDatacard=1 purebred=2 xTec=3",
    "deviceManagementDerivedCredentialNotificationType": "none=0 companyPortal=1 email=2",
    "deviceManagementExchangeAccessState": "none=0 unknown=1 allowed=2 blocked=3 quarantined=4",
    "deviceManagementExchangeAccessStateReason": (
        "none=0 unknown=1 exchangeGlobalRule=2 exchangeIndividualRule=3 exchangeDeviceRule=4 exchangeUpgrade=5 "
        "exchangeMailboxPolicy=6 other=7 compliant=8 notCompliant=9 notEnrolled=10 unknownLocation=12 mfaRequired=13 "
        "azureADBlockDueToAccessPolicy=14 compromisedPassword=15 deviceNotKnownWithManagedApp=16"
    ),
    "deviceManagementSubscriptions": "none=0 intune=1 office365=2 intunePremium=4 intune_EDU=8 intune_SMB=16",
    "deviceManagementSubscriptionState": "pending=0 active=1 warning=2 disabled=3 deleted=4 blocked=5 lockedOut=8",
    "deviceGuardLocalSystemAuthorityCredentialGuardState": (
        "running=0 rebootRequired=1 notLicensed=2 notConfigured=3 virtualizationBasedSecurityNotRunning=4"
    ),
    "deviceGuardVirtualizationBasedSecurityHardwareRequirementState": (
        "meetHardwareRequirements=0 secureBootRequired=1 dmaProtectionRequired=2 hyperVNotSupportedForGuestVM=4 "
        "hyperVNotAvailable=8"
    ),
    "deviceGuardVirtualizationBasedSecurityState": (
        "running=0 rebootRequired=1 require64BitArchitecture=2 notLicensed=3 notConfigured=4 "
        "doesNotMeetHardwareRequirements=5 other=42"
    ),
    "deviceLicensingStatus": (
        "unknown=-1 licenseRefreshStarted=0 licenseRefreshPending=1 deviceIsNotAzureActiveDirectoryJoined=2 "
        "verifyingMicrosoftDeviceIdentity=3 deviceIdentityVerificationFailed=4 verifyingMicrosoftAccountIdentity=5 "
        "microsoftAccountVerificationFailed=6 acquiringDeviceLicense=7 refreshingDeviceLicense=8 "
        "deviceLicenseRefreshSucceed=9 deviceLicenseRefreshFailed=10 removingDeviceLicense=11 "
        "deviceLicenseRemoveSucceed=12 deviceLicenseRemoveFailed=13 unknownFutureValue=14"
    ),
    "devicePlatformType": (
        "android=0 androidForWork=1 iOS=2 macOS=3 windowsPhone81=4 windows81AndLater=5 windows10AndLater=6 "
        "androidWorkProfile=7 unknown=8 androidAOSP=9 androidMobileApplicationManagement=10 "
        "iOSMobileApplicationManagement=11 unknownFutureValue=12 windowsMobileApplicationManagement=13"
    ),
    "deviceManagementExportJobLocalizationType": "localizedValuesAsAdditionalColumn=0 replaceLocalizableValues=1",
    "deviceManagementReportFileFormat": "csv=0 pdf=1 json=2 unknownFutureValue=3",
    "deviceManagementReportStatus": "unknown=0 notStarted=1 inProgress=2 completed=3 failed=4",
    "deviceRegistrationState": (
        "notRegistered=0 registered=2 revoked=3 keyConflict=4 approvalPending=5 certificateReset=6 "
        "notRegisteredPendingEnrollment=7 unknown=8"
    ),
    "deviceType": (
        "desktop=0 windowsRT=1 winMO6=2 nokia=3 windowsPhone=4 mac=5 winCE=6 winEmbedded=7 iPhone=8 iPad=9 iPod=10 "
        "android=11 iSocConsumer=12 unix=13 macMDM=14 holoLens=15 surfaceHub=16 androidForWork=17 "
        "androidEnterprise=18 windows10x=19 androidnGMS=20 chromeOS=21 linux=22 visionOS=23 tvOS=24 blackberry=100 "
        "palm=101 unknown=255 cloudPC=257"
    ),
    "domainNameSource": "fullDomainName=0 netBiosDomainName=1",
    "easAuthenticationMethod": "usernameAndPassword=0 certificate=1 derivedCredential=2",
    "easServices": "none=0 calendars=1 contacts=2 email=4 notes=8 reminders=16",
    "emailCertificateType": "none=0 certificate=1 derivedCredential=2",
    "emailSyncDuration": "userDefined=0 oneDay=1 threeDays=2 oneWeek=3 twoWeeks=4 oneMonth=5 unlimited=6",
    "emailSyncSchedule": (
        "userDefined=0 asMessagesArrive=1 manual=2 fifteenMinutes=3 thirtyMinutes=4 sixtyMinutes=5 basedOnMyUsage=6"
    ),
    "hashAlgorithms": "sha1=1 sha2=2",
    "intendedPurpose": "unassigned=1 smimeEncryption=2 smimeSigning=3 vpn=4 wifi=5",
    "joinType": "unknown=0 azureADJoined=1 azureADRegistered=2 hybridAzureADJoined=3",
    "keySize": "size1024=0 size2048=1 size4096=2",
    "keyStorageProviderOption": (
        "useTpmKspOtherwiseUseSoftwareKsp=0 useTpmKspOtherwiseFail=1 usePassportForWorkKspOtherwiseFail=2 "
        "useSoftwareKsp=3"
    ),
    "keyUsages": "keyEncipherment=1 digitalSignature=2",
    "lostModeState": "disabled=0 enabled=1",
    "managedAppAvailability": "global=0 lineOfBusiness=1",
    "managedDeviceArchitecture": "unknown=0 x86=1 x64=2 arm=3 arM64=4",
    "managedDeviceManagementFeatures": "none=0 microsoftManagedDesktop=1",
    "managedDeviceOwnerType": "unknown=0 company=1 personal=2 unknownFutureValue=3",
    "managedDevicePartnerReportedHealthState": (
        "unknown=0 activated=1 deactivated=2 secured=3 lowSeverity=4 mediumSeverity=5 highSeverity=6 unresponsive=7 "
        "compromised=8 misconfigured=9"
    ),
    "managementAgentType": (
        "eas=1 mdm=2 easMdm=3 intuneClient=4 easIntuneClient=5 configurationManagerClient=8 "
        "configurationManagerClientMdm=10 configurationManagerClientMdmEas=11 unknown=16 jamf=32 "
        "googleCloudDevicePolicyController=64 microsoft365ManagedMdm=258 windowsManagementCloudApi=512 msSense=1024 "
        "intuneAosp=2048 google=8192 unknownFutureValue=8193"
    ),
    "managementState": (
        "managed=0 retirePending=1 retireFailed=2 wipePending=3 wipeFailed=4 unhealthy=5 deletePending=6 "
        "retireIssued=7 wipeIssued=8 wipeCanceled=9 retireCanceled=10 discovered=11 unknownFutureValue=12"
    ),
    "mdmAppConfigKeyType": "stringType=0 integerType=1 realType=2 booleanType=3 tokenType=4",
    "mdmAuthority": "unknown=0 intune=1 sccm=2 office365=3",
    "ndesConnectorState": "none=0 active=1 inactive=2",
    "obliterationBehavior": "default=0 doNotObliterate=1 obliterateWithWarning=2 always=3 unknownFutureValue=999",
    "ownerType": "unknown=0 company=1 personal=2",
    "policyPlatformType": (
        "android=0 androidForWork=1 iOS=2 macOS=3 windowsPhone81=4 windows81AndLater=5 windows10AndLater=6 "
        "androidWorkProfile=7 windows10XProfile=8 androidAOSP=9 all=100"
    ),
    "settingSourceType": "deviceConfiguration=0 deviceIntent=1",
    "subjectAlternativeNameType": (
        "none=0 emailAddress=1 userPrincipalName=2 customAzureADAttribute=4 domainNameService=8 "
        "universalResourceIdentifier=16"
    ),
    "subjectNameFormat": (
        "commonName=0 commonNameIncludingEmail=1 commonNameAsEmail=2 custom=3 commonNameAsIMEI=5 "
        "commonNameAsSerialNumber=6 commonNameAsAadDeviceId=7 commonNameAsIntuneDeviceId=8 "
        "commonNameAsDurableDeviceId=9"
    ),
    "userEmailSource": "userPrincipalName=0 primarySmtpAddress=1",
    "usernameSource": "userPrincipalName=0 primarySmtpAddress=1 samAccountName=2",
    "userPfxIntendedPurpose": "unassigned=0 smimeEncryption=1 smimeSigning=2 vpn=4 wifi=8",
    "userPfxPaddingScheme": "none=0 pkcs1=1 oaepSha1=2 oaepSha256=3 oaepSha384=4 oaepSha512=5",
    "windows10DeviceModeType": "standardConfiguration=0 sModeConfiguration=1",
    "windows10EditionType": (
        "windows10Enterprise=0 windows10EnterpriseN=1 windows10Education=2 windows10EducationN=3 "
        "windows10MobileEnterprise=4 windows10HolographicEnterprise=5 windows10Professional=6 "
        "windows10ProfessionalN=7 windows10ProfessionalEducation=8 windows10ProfessionalEducationN=9 "
        "windows10ProfessionalWorkstation=10 windows10ProfessionalWorkstationN=11 notConfigured=12 windows10Home=13 "
        "windows10HomeChina=14 windows10HomeN=15 windows10HomeSingleLanguage=16 windows10Mobile=17 "
        "windows10IoTCore=18 windows10IoTCoreCommercial=19"
    ),
    "windowsDefenderProductStatus": (
        "noStatus=0 serviceNotRunning=1 serviceStartedWithoutMalwareProtection=2 "
        "pendingFullScanDueToThreatAction=4 pendingRebootDueToThreatAction=8 "
        "pendingManualStepsDueToThreatAction=16 avSignaturesOutOfDate=32 asSignaturesOutOfDate=64 "
        "noQuickScanHappenedForSpecifiedPeriod=128 noFullScanHappenedForSpecifiedPeriod=256 "
        "systemInitiatedScanInProgress=512 systemInitiatedCleanInProgress=1024 samplesPendingSubmission=2048 "
        "productRunningInEvaluationMode=4096 productRunningInNonGenuineMode=8192 productExpired=16384 "
        "offlineScanRequired=32768 serviceShutdownAsPartOfSystemShutdown=65536 "
        "threatRemediationFailedCritically=131072 threatRemediationFailedNonCritically=262144 "
        "noStatusFlagsSet=524288 platformOutOfDate=1048576 platformUpdateInProgress=2097152 "
        "platformAboutToBeOutdated=4194304 signatureOrPlatformEndOfLifeIsPastOrIsImpending=8388608 "
        "windowsSModeSignaturesInUseOnNonWin10SInstall=16777216"
    ),
    "windowsDeviceHealthState": (
        "clean=0 fullScanPending=1 rebootPending=2 manualStepsPending=4 offlineScanPending=8 critical=16"
    ),
}


_MORE = Path(__file__).with_name("enum_numbers.txt").read_text(encoding="utf-8").splitlines()
_NUMBERS |= dict(line.split(": ", 1) for line in _MORE if not line.startswith("#"))


def _numbers(name: str) -> dict[str, int]:
    return {member: int(number) for member, _, number in (part.partition("=") for part in _NUMBERS[name].split())}


def _unpublished() -> set[str]:
    """The enumerations of the table of which no source has every number."""
    text = (Path(index.__file__).parent / "types.txt").read_text(encoding="ascii")
    blocks = re.findall(r"^enum (\w+)(.*(?:\n .*)*)", text, re.MULTILINE)
    return {name for name, rest in blocks if "unsure" in rest.split() or "?" in rest}


def test_the_table_has_every_enumeration_whose_numbers_are_published() -> None:
    ours = {kind.name for kind in every_type(ROUTES, ENTITIES).values() if isinstance(kind, EnumType)}
    assert ours - _unpublished() <= set(_NUMBERS)


@pytest.mark.parametrize("version", list(Version))
def test_metadata_gives_every_member_the_number_that_the_documents_give_it(version: Version) -> None:
    schema = fromstring(csdl(ROUTES, entities=ENTITIES, version=version, container_name="GraphService"))
    declared = {element.attrib["Name"]: element for element in schema.iter(f"{_EDM}EnumType")}
    for name in set(_NUMBERS) & set(declared):
        by_key = {member.attrib["Name"]: int(member.attrib["Value"]) for member in declared[name]}
        documented = _numbers(name)
        assert by_key == {member: documented[member] for member in by_key}, name
        assert version is Version.V1 or set(by_key) == set(documented), name


@pytest.mark.parametrize(
    ("kind", "sent", "kept"),
    [
        (INTENDED_PURPOSE, 2, "smimeEncryption"),
        (INTENDED_PURPOSE, "2", "smimeEncryption"),
        (INTENDED_PURPOSE, " 3 ", "smimeSigning"),
        (USER_PFX_INTENDED_PURPOSE, 8, "wifi"),
        (CERTIFICATE_STORE, "2", "machine"),
        (COMPLIANCE_STATE, 254, "inGracePeriod"),
        (SUBJECT_ALTERNATIVE_NAME_TYPE, 0, "none"),
        (SUBJECT_ALTERNATIVE_NAME_TYPE, 3, "emailAddress,userPrincipalName"),
        (SUBJECT_ALTERNATIVE_NAME_TYPE, "18", "userPrincipalName,universalResourceIdentifier"),
        (SUBJECT_ALTERNATIVE_NAME_TYPE, "2,emailAddress", "emailAddress,userPrincipalName"),
        (HASH_ALGORITHMS, 3, "sha1,sha2"),
    ],
)
def test_a_number_stands_for_its_member_and_of_flags_for_their_combination(
    kind: EnumType, sent: int | str, kept: str
) -> None:
    assert (kind.canonical(sent) if isinstance(sent, str) else kind.named(sent)) == kept


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        (INTENDED_PURPOSE, "0"),
        (INTENDED_PURPOSE, "6"),
        (INTENDED_PURPOSE, "-1"),
        (INTENDED_PURPOSE, "1,2"),
        (CERTIFICATE_STORE, "0"),
        (HASH_ALGORITHMS, "0"),
        (HASH_ALGORITHMS, "4"),
        (HASH_ALGORITHMS, "5"),
        (HASH_ALGORITHMS, "-1"),
        (SUBJECT_ALTERNATIVE_NAME_TYPE, "32"),
        (SUBJECT_ALTERNATIVE_NAME_TYPE, "emailAddress," * 1000),
        (INTENDED_PURPOSE, "9" * 5000),
        (INTENDED_PURPOSE, "٢"),
    ],
)
def test_a_number_that_no_member_has_is_refused(kind: EnumType, sent: str) -> None:
    with pytest.raises(Invalid, match=r"is not a value of microsoft\.graph"):
        kind.canonical(sent)


def test_a_refused_number_is_answered_with_the_members_and_their_numbers() -> None:
    with pytest.raises(Invalid, match=r"user \(1\), machine \(2\)"):
        CERTIFICATE_STORE.named(3)


def test_v1_does_not_take_the_number_of_a_member_that_beta_alone_has() -> None:
    assert MANAGEMENT_AGENT_TYPE.named(2048) == "intuneAosp"
    with pytest.raises(Invalid, match="2048"):
        MANAGEMENT_AGENT_TYPE.named(2048, version=Version.V1)


def test_a_profile_says_its_purpose_by_number_or_by_a_number_as_text() -> None:
    kind = entity("windows10ImportedPFXCertificateProfile")
    for sent in (2, "2"):
        kept = accept(kind, {"intendedPurpose": sent}, partial=True, version=Version.BETA)
        assert kept == {"intendedPurpose": "smimeEncryption"}


def test_a_filter_takes_the_number_of_a_member_between_quotes() -> None:
    device = entity("managedDevice")
    by_number = parse_filter("complianceState eq microsoft.graph.complianceState'254'", device)
    assert by_number == parse_filter("complianceState eq 'inGracePeriod'", device)
