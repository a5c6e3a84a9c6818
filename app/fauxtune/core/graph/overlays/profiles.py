"""Profiles: their base, the kinds with certificates, the e-mail kinds, and those that are only stored.

Source: Graph reference and beta metadata, deviceConfiguration and its derived types. Of the kinds with certificates the
metadata declares names, validity and key settings non-nullable; live tenants nevertheless show null for unset ones, so
null is accepted. `iosCertificateProfile`, which all of iOS derives from, is abstract in the metadata; its page says how
one is created, and it has no settings.

#: data
"""

from __future__ import annotations

from fauxtune.core.graph.base import TAGS_HIDE_NOTHING
from fauxtune.core.odata.schema.fidelity import approximated, stored
from fauxtune.core.odata.schema.overlay import Overlay

_ANYWHERE = stored("the profile reaches all devices that it is assigned to, whatever the rule")
_NO_CHOICE = stored("no app gets a certificate, or requests one")
_DERIVED = approximated("derivedCredential is an error on the device: it is not emulated")
_ONE_ACCOUNT = approximated(
    "an application has one account: a second profile is in conflict, which is the emulator's reading"
)

_BASES = (
    "androidCertificateProfileBase androidForWorkCertificateProfileBase androidWorkProfileCertificateProfileBase "
    "androidDeviceOwnerCertificateProfileBase aospDeviceOwnerCertificateProfileBase iosCertificateProfileBase "
    "macOSCertificateProfileBase windowsCertificateProfileBase windows10CertificateProfileBase "
    "windows81CertificateProfileBase windowsPhone81CertificateProfileBase"
)
_ROOTS = (
    "androidTrustedRootCertificate androidForWorkTrustedRootCertificate androidWorkProfileTrustedRootCertificate "
    "androidDeviceOwnerTrustedRootCertificate aospDeviceOwnerTrustedRootCertificate iosTrustedRootCertificate "
    "macOSTrustedRootCertificate windows81TrustedRootCertificate windowsPhone81TrustedRootCertificate"
)
_PKCS = (
    "androidPkcsCertificateProfile androidForWorkPkcsCertificateProfile androidWorkProfilePkcsCertificateProfile "
    "androidDeviceOwnerPkcsCertificateProfile aospDeviceOwnerPkcsCertificateProfile iosPkcsCertificateProfile "
    "macOSPkcsCertificateProfile windows10PkcsCertificateProfile"
)
_IMPORTED = (
    "androidImportedPFXCertificateProfile androidForWorkImportedPFXCertificateProfile "
    "androidDeviceOwnerImportedPFXCertificateProfile iosImportedPFXCertificateProfile "
    "macOSImportedPFXCertificateProfile windows10ImportedPFXCertificateProfile "
    "windowsPhone81ImportedPFXCertificateProfile"
)
_SCEP_BUT_WINDOWS = (
    "androidScepCertificateProfile androidForWorkScepCertificateProfile androidWorkProfileScepCertificateProfile "
    "androidDeviceOwnerScepCertificateProfile aospDeviceOwnerScepCertificateProfile iosScepCertificateProfile "
    "macOSScepCertificateProfile"
)
_SCEP = f"{_SCEP_BUT_WINDOWS} windows81SCEPCertificateProfile windowsPhone81SCEPCertificateProfile"
#: Nine's own names of settings are not public.
_NINE = "androidForWorkNineWorkEasConfiguration androidWorkProfileNineWorkEasConfiguration"
_WORK_PROFILE_ACCOUNTS = "androidForWorkEasEmailProfileBase androidWorkProfileEasEmailProfileBase"
_ACCOUNTS = (
    f"{_WORK_PROFILE_ACCOUNTS} iosEasEmailProfileConfiguration androidEasEmailProfileConfiguration "
    "windows10EasEmailProfileConfiguration windowsPhoneEASEmailProfileConfiguration"
)

_IN_GENERAL = (
    Overlay(
        "deviceConfiguration",
        polymorphic=True,
        server="lastModifiedDateTime createdDateTime version",
        required="displayName",
        defaults={"roleScopeTagIds": ("0",), "supportsScopeTags": True, "version": 1},
        different={
            TAGS_HIDE_NOTHING: "roleScopeTagIds",
            _ANYWHERE: "deviceManagementApplicabilityRuleOsEdition deviceManagementApplicabilityRuleOsVersion "
            "deviceManagementApplicabilityRuleDeviceMode",
        },
    ),
    Overlay(
        "deviceManagementApplicabilityRuleDeviceMode deviceManagementApplicabilityRuleOsEdition "
        "deviceManagementApplicabilityRuleOsVersion",
        fidelity=_ANYWHERE,
    ),
)

_WITH_CERTIFICATES = (
    Overlay(
        f"{_BASES} {_ROOTS} {_PKCS} {_IMPORTED} {_SCEP}",
        nullable="renewalThresholdPercentage subjectNameFormat certificateValidityPeriodValue "
        "certificateValidityPeriodScale subjectAlternativeNameType certificationAuthority certificationAuthorityName "
        "certificateTemplateName subjectNameFormatString certificateStore keyUsage keySize hashAlgorithm",
        never_null="allowAllAppsAccess",
        parts="managedDeviceCertificateStates",
        different={
            approximated("commonNameAsDurableDeviceId is the device's id in the directory"): "subjectNameFormat",
            approximated("a month has 30 days, and a year 365"): "certificateValidityPeriodScale",
            approximated(
                "emailAddress and userPrincipalName give a name; the other members do not"
            ): "subjectAlternativeNameType",
            approximated(
                "where it contradicts the other two values that name the authority, the profile is an error on the "
                "device"
            ): "certificationAuthorityType",
            _NO_CHOICE: "certificateAccessType silentCertificateAccessDetails",
            stored(
                "everything is sent to the device's channel; in Intune the user's channel leads to the user's keychain"
            ): "deploymentChannel",
        },
    ),
    Overlay(
        _PKCS,
        different={
            stored(
                "shown in the states of certificates; names come from the type and the list beside it"
            ): "subjectAlternativeNameFormatString"
        },
    ),
    # On Windows a key that is made on the device is made for its user, or for the machine.
    Overlay(
        f"{_PKCS} {_SCEP_BUT_WINDOWS}",
        different={stored("the device keeps all certificates in one store"): "certificateStore"},
    ),
    Overlay(_SCEP, different={approximated("each device gets one of them, always the same one"): "scepServerUrls"}),
    Overlay("iosCertificateProfile", fidelity=stored("it has no settings, and gives devices nothing"), concrete=True),
    Overlay(
        "windows10PFXImportCertificateProfile",
        fidelity=stored("deprecated: no document says which certificates it gives, so it gives none"),
    ),
    Overlay("androidDeviceOwnerSilentCertificateAccess", fidelity=_NO_CHOICE, nullable="packageId"),
    Overlay("customSubjectAlternativeName", nullable="sanType"),
)

#: Accounts of Exchange ActiveSync. Only those of iOS and of Samsung Knox have S/MIME; macOS has no such kind.
_EMAIL = (
    Overlay(
        "deviceManagementDerivedCredentialSettings",
        fidelity=approximated("none exists, and none can be created"),
        nullable="displayName notificationType",
    ),
    Overlay("easEmailProfileConfigurationBase"),
    Overlay(
        _ACCOUNTS,
        never_null="emailAddressSource",
        different={
            _DERIVED: "authenticationMethod signingCertificateType encryptionCertificateType",
            approximated(
                "a user without mail has no account, whatever is set here: that is the emulator's reading"
            ): "emailAddressSource",
            approximated(
                "enables the certificates that the profile refers to: its effect is not documented"
            ): "requireSmime",
        },
    ),
    Overlay(
        "androidEasEmailProfileConfiguration",
        fidelity=approximated(
            "sent the settings that it shares with Gmail, by Gmail's names, and of S/MIME only that it signs"
        ),
    ),
    Overlay(
        "androidForWorkGmailEasConfiguration androidWorkProfileGmailEasConfiguration",
        fidelity=_ONE_ACCOUNT,
    ),
    Overlay(
        _NINE,
        fidelity=approximated(
            "sent the settings that it shares with Gmail, by Gmail's names; a second account is in conflict"
        ),
        different={stored("not sent to Nine: its names of settings are not public"): "*"},
    ),
)

#: The kinds whose settings are delivered, as far as the platform's wire has a word for them (docs/settings.md): these
#: settings are checked by their family.
_SETTINGS = Overlay(
    "androidDeviceOwnerGeneralDeviceConfiguration androidGeneralDeviceConfiguration "
    "androidWorkProfileGeneralDeviceConfiguration iosCustomConfiguration "
    "iosGeneralDeviceConfiguration macOSCustomConfiguration macOSGeneralDeviceConfiguration "
    "windows10CustomConfiguration windows10EndpointProtectionConfiguration windows10GeneralConfiguration "
    "windowsUpdateForBusinessConfiguration",
    fidelity=approximated(
        "delivered as far as docs/settings.md has a word of the wire; others are stored and shown as they were sent"
    ),
    open=True,
)
#: Other kinds of v1.0 without certificates: their settings are not checked.
_STORED = Overlay(
    "appleDeviceFeaturesConfigurationBase androidCustomConfiguration androidWorkProfileCustomConfiguration "
    "editionUpgradeConfiguration iosDeviceFeaturesConfiguration iosUpdateConfiguration "
    "macOSDeviceFeaturesConfiguration sharedPCConfiguration windows10EnterpriseModernAppManagementConfiguration "
    "windows10SecureAssessmentConfiguration windows10TeamGeneralConfiguration windows81GeneralConfiguration "
    "windowsDefenderAdvancedThreatProtectionConfiguration windowsPhone81CustomConfiguration "
    "windowsPhone81GeneralConfiguration",
    fidelity=stored("stored and shown as it was sent; on a device it is not applicable"),
    open=True,
)

PROFILES = (*_IN_GENERAL, *_WITH_CERTIFICATES, *_EMAIL, _SETTINGS, _STORED)
