"""The statuses of profiles, their settings and their certificates: on devices, for users, in the whole tenant.

Source: Graph reference and metadata, deviceConfigurationDeviceStatus and its siblings (v1.0 and beta);
managedDeviceCertificateState, managedAllDeviceCertificateState (beta).

#: data
"""

from __future__ import annotations

from fauxtune.core.graph.base import NO_END
from fauxtune.core.odata.schema.fidelity import ALWAYS_ZERO, approximated
from fauxtune.core.odata.schema.overlay import Overlay

_ASKED = approximated("the moment of the answer: counted at each request")
_AT_ENROLLMENT = approximated("the user's as of the enrolment")
_ISSUED_ONLY = approximated("null for imported certificates that the tenant's own authority has not issued")
_REVOKED = approximated("none or revoked: revoking takes no time")
_STATUS = approximated("remediated, nonCompliant and notAssigned do not occur")
_IN_OUR_WORDS = approximated("in the emulator's words")
_OUR_ID = approximated("the form of the id is the emulator's")
_FEW_NUMBERS = approximated("the service's numbers are published for few cases; the others are the emulator's")

STATUSES = (
    Overlay(
        "deviceConfigurationDeviceStatus",
        fidelity=approximated("one row for a device, not one for each of its users"),
        defaults={"complianceGracePeriodExpirationDateTime": NO_END},
        different={
            _AT_ENROLLMENT: "userName userPrincipalName",
            approximated("always 0: what its numbers mean is not documented"): "platform",
            approximated("always the moment for no end"): "complianceGracePeriodExpirationDateTime",
            _STATUS: "status",
        },
    ),
    Overlay(
        "deviceConfigurationUserStatus",
        fidelity=approximated("the form of the id, `<user>_<profile>`, is the emulator's"),
        different={
            approximated(
                "that of the device with the worst status; the order of statuses is the emulator's reading in part"
            ): "status"
        },
    ),
    Overlay(
        "deviceConfigurationDeviceOverview deviceConfigurationUserOverview",
        different={ALWAYS_ZERO: "failedCount", _ASKED: "lastUpdateDateTime"},
    ),
    # A profile is applied, or it is not: it never has two of the statuses.
    Overlay(
        "settingStateDeviceSummary",
        different={
            _IN_OUR_WORDS: "settingName instancePath",
            ALWAYS_ZERO: "remediatedDeviceCount nonCompliantDeviceCount",
        },
    ),
    Overlay(
        "deviceConfigurationDeviceStateSummary",
        different={ALWAYS_ZERO: "remediatedDeviceCount nonCompliantDeviceCount"},
    ),
    Overlay(
        "deviceConfigurationUserStateSummary",
        different={ALWAYS_ZERO: "remediatedUserCount nonCompliantUserCount"},
    ),
    Overlay(
        "deviceConfigurationConflictSummary",
        different={
            _IN_OUR_WORDS: "contributingSettings",
            approximated("the devices of the profile that is in conflict on most of them"): "deviceCheckinsImpacted",
        },
    ),
    Overlay(
        "deviceConfigurationState",
        different={
            approximated(
                "one for each certificate or account that the profile gives, not one for each property"
            ): "settingStates",
            _STATUS: "state",
            approximated("of certificates and accounts, not of properties"): "settingCount",
            _AT_ENROLLMENT: "userPrincipalName",
        },
    ),
    Overlay(
        "deviceConfigurationSettingState",
        different={
            _IN_OUR_WORDS: "setting settingName errorDescription",
            approximated(
                "the thumbprint of an imported certificate, the SHA-256 of a root, else null"
            ): "instanceDisplayName",
            _STATUS: "state",
            _FEW_NUMBERS: "errorCode",
            _AT_ENROLLMENT: "userName userEmail userPrincipalName",
            approximated("the thumbprint of the certificate on the device, or the SHA-256 of a root"): "currentValue",
            approximated("the same as instanceDisplayName"): "settingInstanceId",
        },
    ),
    Overlay("settingSource", different={approximated("always deviceConfiguration"): "sourceType"}),
    Overlay(
        "managedDeviceCertificateState",
        fidelity=_OUR_ID,
        nullable="certificateKeyUsage certificateSubjectAlternativeNameFormat",
        different={
            approximated(
                "as in the profile; the first member for a profile without such a property"
            ): "certificateValidityPeriodUnits certificateKeyStorageProvider certificateSubjectNameFormat",
            approximated(
                "twelve of the members occur; when the service shows each is not documented"
            ): "certificateIssuanceState",
            _REVOKED: "certificateRevokeStatus",
            _AT_ENROLLMENT: "userDisplayName",
            _ISSUED_ONLY: "certificateIssuer certificateSerialNumber certificateEnhancedKeyUsage",
            approximated(
                "0 for imported certificates that the tenant's own authority has not issued"
            ): "certificateKeyLength",
            approximated("as in the profile; 0 for a profile without it"): "certificateValidityPeriod",
            _FEW_NUMBERS: "certificateErrorCode",
        },
    ),
    Overlay(
        "managedAllDeviceCertificateState",
        fidelity=_OUR_ID,
        different={
            _REVOKED: "certificateRevokeStatus",
            _AT_ENROLLMENT: "userPrincipalName",
            _ISSUED_ONLY: "certificateIssuerName certificateSerialNumber certificateSubjectName "
            "certificateExtendedKeyUsages",
            # A number here, with X.509's bits; managedDeviceCertificateState has an enumeration for it.
            approximated(
                "the bits of X.509 as Windows counts them; 0 for imported certificates"
            ): "certificateKeyUsages",
        },
    ),
)
