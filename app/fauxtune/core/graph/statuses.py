"""The statuses of profiles, their settings and their certificates: on devices, for users, in the whole tenant.

Source: Graph reference and metadata, deviceConfigurationDeviceStatus and its siblings (v1.0 and beta);
managedDeviceCertificateState, managedAllDeviceCertificateState (beta).
"""

from __future__ import annotations

from fauxtune.core.graph import enums
from fauxtune.core.graph.assignments import DEVICE_PLATFORM_TYPE
from fauxtune.core.graph.base import ENTITY, NO_END
from fauxtune.core.odata.schema.fidelity import ALWAYS_ZERO, EXACT, Fidelity, approximated
from fauxtune.core.odata.schema.types import ComplexType, Edm, Entity, EnumType, Property

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
    values=(*range(10), 100),
    # v1.0 has an older name for the work profile, and no names for the others.
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

_ASKED = approximated("the moment of the answer: counted at each request")
_AT_ENROLLMENT = approximated("the user's as of the enrolment")
_ISSUED_ONLY = approximated("null for imported certificates that the tenant's own authority has not issued")
_REVOKED = approximated("none or revoked: revoking takes no time")
_WORST = approximated(
    "that of the device with the worst status; the order of statuses is the emulator's reading in part"
)
_STATUS = approximated("remediated, nonCompliant and notAssigned do not occur")
_IN_OUR_WORDS = approximated("in the emulator's words")
_OF_PROFILE = approximated("as in the profile; the first member for a profile without such a property")


def _count(name: str, *, beta_only: bool = False, fidelity: Fidelity = EXACT) -> Property:
    return Property(name, Edm.INT32, nullable=False, beta_only=beta_only, fidelity=fidelity)


def _moment(name: str, *, fidelity: Fidelity = EXACT) -> Property:
    return Property(name, Edm.DATE_TIME, nullable=False, fidelity=fidelity)


def _counts(ending: str) -> tuple[Property, ...]:
    """The numbers of each status. A profile never has two of them: it is applied, or it is not."""
    never = ("remediated", "nonCompliant")
    return tuple(_count(f"{word}{ending}", fidelity=ALWAYS_ZERO if word in never else EXACT) for word in _STATUSES)


def _source(name: str) -> str:
    return f"Graph: {name}"


DEVICE_STATUS = Entity(
    "deviceConfigurationDeviceStatus",
    (
        Property("deviceDisplayName"),
        Property("userName", fidelity=_AT_ENROLLMENT),
        Property("deviceModel"),
        Property(
            "platform",
            Edm.INT32,
            nullable=False,
            beta_only=True,
            fidelity=approximated("always 0: what its numbers mean is not documented"),
        ),
        Property(
            "complianceGracePeriodExpirationDateTime",
            Edm.DATE_TIME,
            nullable=False,
            default=NO_END,
            fidelity=approximated("always the moment for no end"),
        ),
        Property("status", enums.COMPLIANCE_STATUS, nullable=False, fidelity=_STATUS),
        _moment("lastReportedDateTime"),
        Property("userPrincipalName", fidelity=_AT_ENROLLMENT),
    ),
    base=ENTITY,
    source=_source("deviceConfigurationDeviceStatus"),
    fidelity=approximated("one row for a device, not one for each of its users"),
)

USER_STATUS = Entity(
    "deviceConfigurationUserStatus",
    (
        Property("userDisplayName"),
        _count("devicesCount"),
        Property("status", enums.COMPLIANCE_STATUS, nullable=False, fidelity=_WORST),
        _moment("lastReportedDateTime"),
        Property("userPrincipalName"),
    ),
    base=ENTITY,
    source=_source("deviceConfigurationUserStatus"),
    fidelity=approximated("the form of the id, `<user>_<profile>`, is the emulator's"),
)

DEVICE_OVERVIEW = Entity(
    "deviceConfigurationDeviceOverview",
    (
        _count("pendingCount"),
        _count("notApplicableCount"),
        _count("notApplicablePlatformCount", beta_only=True),
        _count("successCount"),
        _count("errorCount"),
        _count("failedCount", fidelity=ALWAYS_ZERO),
        _count("conflictCount", beta_only=True),
        _moment("lastUpdateDateTime", fidelity=_ASKED),
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
        _count("failedCount", fidelity=ALWAYS_ZERO),
        _count("conflictCount", beta_only=True),
        _moment("lastUpdateDateTime", fidelity=_ASKED),
        _count("configurationVersion"),
    ),
    base=ENTITY,
    source=_source("deviceConfigurationUserOverview"),
)

SETTING_SUMMARY = Entity(
    "settingStateDeviceSummary",
    (
        Property("settingName", fidelity=_IN_OUR_WORDS),
        Property("instancePath", fidelity=_IN_OUR_WORDS),
        *_counts("DeviceCount"),
    ),
    base=ENTITY,
    source=_source("settingStateDeviceSummary"),
)

DEVICE_SUMMARY = Entity(
    "deviceConfigurationDeviceStateSummary",
    _counts("DeviceCount"),
    base=ENTITY,
    source=_source("deviceConfigurationDeviceStateSummary"),
)

USER_SUMMARY = Entity(
    "deviceConfigurationUserStateSummary",
    _counts("UserCount"),
    base=ENTITY,
    beta_only=True,
    source=_source("deviceConfigurationUserStateSummary (beta)"),
)

SETTING_SOURCE = ComplexType(
    "settingSource",
    (
        Property("id"),
        Property("displayName"),
        Property(
            "sourceType", SETTING_SOURCE_TYPE, nullable=False, fidelity=approximated("always deviceConfiguration")
        ),
    ),
    source="Graph: settingSource",
)

CONFLICT_SUMMARY = Entity(
    "deviceConfigurationConflictSummary",
    (
        Property("conflictingDeviceConfigurations", SETTING_SOURCE, collection=True),
        Property("contributingSettings", collection=True, fidelity=_IN_OUR_WORDS),
        _count(
            "deviceCheckinsImpacted",
            fidelity=approximated("the devices of the profile that is in conflict on most of them"),
        ),
    ),
    base=ENTITY,
    beta_only=True,
    source=_source("deviceConfigurationConflictSummary (beta)"),
)

SETTING_STATE = ComplexType(
    "deviceConfigurationSettingState",
    (
        Property("setting", fidelity=_IN_OUR_WORDS),
        Property("settingName", fidelity=_IN_OUR_WORDS),
        Property(
            "instanceDisplayName",
            fidelity=approximated("the thumbprint of an imported certificate, the SHA-256 of a root, else null"),
        ),
        Property("state", enums.COMPLIANCE_STATUS, nullable=False, fidelity=_STATUS),
        Property(
            "errorCode",
            Edm.INT64,
            nullable=False,
            fidelity=approximated("the service's numbers are published for few cases; the others are the emulator's"),
        ),
        Property("errorDescription", fidelity=_IN_OUR_WORDS),
        Property("userId"),
        Property("userName", fidelity=_AT_ENROLLMENT),
        Property("userEmail", fidelity=_AT_ENROLLMENT),
        Property("userPrincipalName", fidelity=_AT_ENROLLMENT),
        Property("sources", SETTING_SOURCE, collection=True),
        Property(
            "currentValue",
            fidelity=approximated("the thumbprint of the certificate on the device, or the SHA-256 of a root"),
        ),
        Property("settingInstanceId", beta_only=True, fidelity=approximated("the same as instanceDisplayName")),
    ),
    source="Graph: deviceConfigurationSettingState",
)

CONFIGURATION_STATE = Entity(
    "deviceConfigurationState",
    (
        Property(
            "settingStates",
            SETTING_STATE,
            collection=True,
            fidelity=approximated(
                "one for each certificate or account that the profile gives, not one for each property"
            ),
        ),
        Property("displayName"),
        _count("version"),
        Property("platformType", POLICY_PLATFORM_TYPE, nullable=False),
        Property("state", enums.COMPLIANCE_STATUS, nullable=False, fidelity=_STATUS),
        _count("settingCount", fidelity=approximated("of certificates and accounts, not of properties")),
        Property("userId", beta_only=True),
        Property("userPrincipalName", beta_only=True, fidelity=_AT_ENROLLMENT),
    ),
    base=ENTITY,
    source=_source("deviceConfigurationState"),
)

CERTIFICATE_STATE = Entity(
    "managedDeviceCertificateState",
    (
        Property("devicePlatform", DEVICE_PLATFORM_TYPE, nullable=False),
        Property("certificateKeyUsage", enums.KEY_USAGES),
        Property(
            "certificateValidityPeriodUnits",
            enums.CERTIFICATE_VALIDITY_PERIOD_SCALE,
            nullable=False,
            fidelity=_OF_PROFILE,
        ),
        Property(
            "certificateIssuanceState",
            CERTIFICATE_ISSUANCE_STATES,
            nullable=False,
            fidelity=approximated("twelve of the members occur; when the service shows each is not documented"),
        ),
        Property(
            "certificateKeyStorageProvider", enums.KEY_STORAGE_PROVIDER_OPTION, nullable=False, fidelity=_OF_PROFILE
        ),
        Property("certificateSubjectNameFormat", enums.SUBJECT_NAME_FORMAT, nullable=False, fidelity=_OF_PROFILE),
        Property("certificateSubjectAlternativeNameFormat", enums.SUBJECT_ALTERNATIVE_NAME_TYPE),
        Property("certificateRevokeStatus", CERTIFICATE_REVOCATION_STATUS, nullable=False, fidelity=_REVOKED),
        Property("certificateProfileDisplayName"),
        Property("deviceDisplayName"),
        Property("userDisplayName", fidelity=_AT_ENROLLMENT),
        _moment("certificateExpirationDateTime"),
        _moment("certificateLastIssuanceStateChangedDateTime"),
        _moment("lastCertificateStateChangeDateTime"),
        Property("certificateIssuer", fidelity=_ISSUED_ONLY),
        Property("certificateThumbprint"),
        Property("certificateSerialNumber", fidelity=_ISSUED_ONLY),
        _count(
            "certificateKeyLength",
            fidelity=approximated("0 for imported certificates that the tenant's own authority has not issued"),
        ),
        Property("certificateEnhancedKeyUsage", fidelity=_ISSUED_ONLY),
        _count("certificateValidityPeriod", fidelity=approximated("as in the profile; 0 for a profile without it")),
        Property("certificateSubjectNameFormatString"),
        Property("certificateSubjectAlternativeNameFormatString"),
        _moment("certificateIssuanceDateTime"),
        _count(
            "certificateErrorCode",
            fidelity=approximated("the service's numbers are published for few cases; the others are the emulator's"),
        ),
    ),
    base=ENTITY,
    beta_only=True,
    source=_source("managedDeviceCertificateState (beta)"),
    fidelity=approximated("the form of the id is the emulator's"),
)

ANY_CERTIFICATE_STATE = Entity(
    "managedAllDeviceCertificateState",
    (
        Property("certificateRevokeStatus", CERTIFICATE_REVOCATION_STATUS, nullable=False, fidelity=_REVOKED),
        _moment("certificateRevokeStatusLastChangeDateTime"),
        Property("managedDeviceDisplayName"),
        Property("userPrincipalName", fidelity=_AT_ENROLLMENT),
        _moment("certificateExpirationDateTime"),
        Property("certificateIssuerName", fidelity=_ISSUED_ONLY),
        Property("certificateThumbprint"),
        Property("certificateSerialNumber", fidelity=_ISSUED_ONLY),
        Property("certificateSubjectName", fidelity=_ISSUED_ONLY),
        # A number here, with X.509's bits; managedDeviceCertificateState has an enumeration for it.
        _count(
            "certificateKeyUsages",
            fidelity=approximated("the bits of X.509 as Windows counts them; 0 for imported certificates"),
        ),
        Property("certificateExtendedKeyUsages", fidelity=_ISSUED_ONLY),
        _moment("certificateIssuanceDateTime"),
    ),
    base=ENTITY,
    beta_only=True,
    source=_source("managedAllDeviceCertificateState (beta)"),
    fidelity=approximated("the form of the id is the emulator's"),
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
