"""How profiles, their settings and their certificates fare: on devices, for users, in the tenant as a whole.

Source: Graph reference and metadata, deviceConfigurationDeviceStatus and its siblings (v1.0 and beta);
managedDeviceCertificateState, managedAllDeviceCertificateState (beta).
"""

from __future__ import annotations

from fauxtune.core.odata.entities import enums
from fauxtune.core.odata.entities.assignments import DEVICE_PLATFORM_TYPE
from fauxtune.core.odata.fidelity import approximated
from fauxtune.core.odata.schema import ENTITY, NO_END, ComplexType, Edm, Entity, EnumType, Property

POLICY_PLATFORM_TYPE = EnumType(
    "policyPlatformType",
    (
        "android",
        "androidForWork",
        "iOS",
        "macOS",
        "windowsPhone81",
        "windows81AndLater",
        "windows10AndLater",
        "androidWorkProfile",
        "windows10XProfile",
        "androidAOSP",
        "all",
    ),
    # v1.0 has a word for the work profile that is older; it has none for the others.
    beta_only=frozenset({"androidWorkProfile", "windows10XProfile", "androidAOSP"}),
    v1_fallback="androidForWork",
)
SETTING_SOURCE_TYPE = EnumType("settingSourceType", ("deviceConfiguration", "deviceIntent"))
CERTIFICATE_ISSUANCE_STATES = EnumType(
    "certificateIssuanceStates",
    (
        "unknown",
        "challengeIssued",
        "challengeIssueFailed",
        "requestCreationFailed",
        "requestSubmitFailed",
        "challengeValidationSucceeded",
        "challengeValidationFailed",
        "issueFailed",
        "issuePending",
        "issued",
        "responseProcessingFailed",
        "responsePending",
        "enrollmentSucceeded",
        "enrollmentNotNeeded",
        "revoked",
        "removedFromCollection",
        "renewVerified",
        "installFailed",
        "installed",
        "deleteFailed",
        "deleted",
        "renewalRequested",
        "requested",
    ),
)
CERTIFICATE_REVOCATION_STATUS = EnumType(
    "certificateRevocationStatus", ("none", "pending", "issued", "failed", "revoked")
)

_STATUSES = ("unknown", "notApplicable", "compliant", "remediated", "nonCompliant", "error", "conflict")


def _count(name: str, *, beta_only: bool = False) -> Property:
    return Property(name, Edm.INT32, nullable=False, beta_only=beta_only)


def _moment(name: str) -> Property:
    return Property(name, Edm.DATE_TIME, nullable=False)


def _source(name: str) -> str:
    return f"Graph: {name}"


DEVICE_STATUS = Entity(
    "deviceConfigurationDeviceStatus",
    (
        Property("deviceDisplayName"),
        Property("userName"),
        Property("deviceModel"),
        Property(
            "platform",
            Edm.INT32,
            nullable=False,
            beta_only=True,
            fidelity=approximated("always 0: what its numbers mean is not documented"),
        ),
        Property("complianceGracePeriodExpirationDateTime", Edm.DATE_TIME, nullable=False, default=NO_END),
        Property("status", enums.COMPLIANCE_STATUS, nullable=False),
        _moment("lastReportedDateTime"),
        Property("userPrincipalName"),
    ),
    base=ENTITY,
    source=_source("deviceConfigurationDeviceStatus"),
)

USER_STATUS = Entity(
    "deviceConfigurationUserStatus",
    (
        Property("userDisplayName"),
        _count("devicesCount"),
        Property("status", enums.COMPLIANCE_STATUS, nullable=False),
        _moment("lastReportedDateTime"),
        Property("userPrincipalName"),
    ),
    base=ENTITY,
    source=_source("deviceConfigurationUserStatus"),
)

DEVICE_OVERVIEW = Entity(
    "deviceConfigurationDeviceOverview",
    (
        _count("pendingCount"),
        _count("notApplicableCount"),
        _count("notApplicablePlatformCount", beta_only=True),
        _count("successCount"),
        _count("errorCount"),
        _count("failedCount"),
        _count("conflictCount", beta_only=True),
        _moment("lastUpdateDateTime"),
        _count("configurationVersion"),
    ),
    base=ENTITY,
    source=_source("deviceConfigurationDeviceOverview"),
)

USER_OVERVIEW = Entity(
    "deviceConfigurationUserOverview",
    (
        _count("pendingCount"),
        _count("notApplicableCount"),
        _count("successCount"),
        _count("errorCount"),
        _count("failedCount"),
        _count("conflictCount", beta_only=True),
        _moment("lastUpdateDateTime"),
        _count("configurationVersion"),
    ),
    base=ENTITY,
    source=_source("deviceConfigurationUserOverview"),
)

SETTING_SUMMARY = Entity(
    "settingStateDeviceSummary",
    (Property("settingName"), Property("instancePath"), *(_count(f"{word}DeviceCount") for word in _STATUSES)),
    base=ENTITY,
    source=_source("settingStateDeviceSummary"),
)

DEVICE_SUMMARY = Entity(
    "deviceConfigurationDeviceStateSummary",
    tuple(_count(f"{word}DeviceCount") for word in _STATUSES),
    base=ENTITY,
    source=_source("deviceConfigurationDeviceStateSummary"),
)

USER_SUMMARY = Entity(
    "deviceConfigurationUserStateSummary",
    tuple(_count(f"{word}UserCount") for word in _STATUSES),
    base=ENTITY,
    beta_only=True,
    source=_source("deviceConfigurationUserStateSummary (beta)"),
)

SETTING_SOURCE = ComplexType(
    "settingSource",
    (Property("id"), Property("displayName"), Property("sourceType", SETTING_SOURCE_TYPE, nullable=False)),
)

CONFLICT_SUMMARY = Entity(
    "deviceConfigurationConflictSummary",
    (
        Property("conflictingDeviceConfigurations", SETTING_SOURCE, collection=True),
        Property("contributingSettings", collection=True),
        _count("deviceCheckinsImpacted"),
    ),
    base=ENTITY,
    beta_only=True,
    source=_source("deviceConfigurationConflictSummary (beta)"),
)

SETTING_STATE = ComplexType(
    "deviceConfigurationSettingState",
    (
        Property("setting"),
        Property("settingName"),
        Property("instanceDisplayName"),
        Property("state", enums.COMPLIANCE_STATUS, nullable=False),
        Property("errorCode", Edm.INT64, nullable=False),
        Property("errorDescription"),
        Property("userId"),
        Property("userName"),
        Property("userEmail"),
        Property("userPrincipalName"),
        Property("sources", SETTING_SOURCE, collection=True),
        Property("currentValue"),
        Property("settingInstanceId", beta_only=True),
    ),
)

CONFIGURATION_STATE = Entity(
    "deviceConfigurationState",
    (
        Property("settingStates", SETTING_STATE, collection=True),
        Property("displayName"),
        _count("version"),
        Property("platformType", POLICY_PLATFORM_TYPE, nullable=False),
        Property("state", enums.COMPLIANCE_STATUS, nullable=False),
        _count("settingCount"),
        Property("userId", beta_only=True),
        Property("userPrincipalName", beta_only=True),
    ),
    base=ENTITY,
    source=_source("deviceConfigurationState"),
)

CERTIFICATE_STATE = Entity(
    "managedDeviceCertificateState",
    (
        Property("devicePlatform", DEVICE_PLATFORM_TYPE, nullable=False),
        Property("certificateKeyUsage", enums.KEY_USAGES),
        Property("certificateValidityPeriodUnits", enums.CERTIFICATE_VALIDITY_PERIOD_SCALE, nullable=False),
        Property("certificateIssuanceState", CERTIFICATE_ISSUANCE_STATES, nullable=False),
        Property("certificateKeyStorageProvider", enums.KEY_STORAGE_PROVIDER_OPTION, nullable=False),
        Property("certificateSubjectNameFormat", enums.SUBJECT_NAME_FORMAT, nullable=False),
        Property("certificateSubjectAlternativeNameFormat", enums.SUBJECT_ALTERNATIVE_NAME_TYPE),
        Property("certificateRevokeStatus", CERTIFICATE_REVOCATION_STATUS, nullable=False),
        Property("certificateProfileDisplayName"),
        Property("deviceDisplayName"),
        Property("userDisplayName"),
        _moment("certificateExpirationDateTime"),
        _moment("certificateLastIssuanceStateChangedDateTime"),
        _moment("lastCertificateStateChangeDateTime"),
        Property("certificateIssuer"),
        Property("certificateThumbprint"),
        Property("certificateSerialNumber"),
        _count("certificateKeyLength"),
        Property("certificateEnhancedKeyUsage"),
        _count("certificateValidityPeriod"),
        Property("certificateSubjectNameFormatString"),
        Property("certificateSubjectAlternativeNameFormatString"),
        _moment("certificateIssuanceDateTime"),
        _count("certificateErrorCode"),
    ),
    base=ENTITY,
    beta_only=True,
    source=_source("managedDeviceCertificateState (beta)"),
)

ANY_CERTIFICATE_STATE = Entity(
    "managedAllDeviceCertificateState",
    (
        Property("certificateRevokeStatus", CERTIFICATE_REVOCATION_STATUS, nullable=False),
        _moment("certificateRevokeStatusLastChangeDateTime"),
        Property("managedDeviceDisplayName"),
        Property("userPrincipalName"),
        _moment("certificateExpirationDateTime"),
        Property("certificateIssuerName"),
        Property("certificateThumbprint"),
        Property("certificateSerialNumber"),
        Property("certificateSubjectName"),
        # A number here, of X.509's bits; in managedDeviceCertificateState the same thing is an enumeration.
        _count("certificateKeyUsages"),
        Property("certificateExtendedKeyUsages"),
        _moment("certificateIssuanceDateTime"),
    ),
    base=ENTITY,
    beta_only=True,
    source=_source("managedAllDeviceCertificateState (beta)"),
)

STATUSES: tuple[Entity, ...] = (
    DEVICE_STATUS,
    USER_STATUS,
    DEVICE_OVERVIEW,
    USER_OVERVIEW,
    SETTING_SUMMARY,
    DEVICE_SUMMARY,
    USER_SUMMARY,
    CONFLICT_SUMMARY,
    CONFIGURATION_STATE,
    CERTIFICATE_STATE,
    ANY_CERTIFICATE_STATE,
)
