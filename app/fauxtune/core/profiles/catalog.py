"""THE list of profile kinds: a kind names its family and the variants to which it applies, and nothing more.

The properties of a kind are in `core.graph`. Graph: deviceConfiguration subtypes; Intune: supported
platforms of certificate and e-mail profiles.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.tenants import Edition
from fauxtune.core.profiles import app_configuration, email, imported_pfx, pkcs, scep, settings, trusted_root
from fauxtune.core.profiles.family import STORED, Family
from fauxtune.core.profiles.setting_tables.reading import GIVEN_BY_COMPLIANCE, HELLO, STATUS_PAGE


@dataclass(frozen=True, slots=True)
class Kind:
    """One `@odata.type` (without `#microsoft.graph.`). `unsupported`: edition -> variants of the platform on
    which profiles of this kind are not applicable; `by_document`: the platforms that a profile itself names.
    `has_status`: devices have a status of such profiles, as configurations.
    """

    name: str
    family: Family
    variants: frozenset[Variant]
    unsupported: Mapping[Edition, frozenset[Variant]] = field(default_factory=dict)
    by_document: Callable[[Mapping[str, Any]], frozenset[Variant]] | None = None
    has_status: bool = True

    @property
    def reached(self) -> frozenset[Variant]:
        """The variants on which profiles of the kind have a status, applicable or not."""
        return self.variants.union(*self.unsupported.values())

    def reaches(self, variant: Variant, *, document: Mapping[str, Any]) -> bool:
        """Whether a profile of the kind has a status on devices of this variant."""
        return variant in self.reached and (self.by_document is None or variant in self.by_document(document))

    def applies(self, variant: Variant, *, edition: Edition) -> bool:
        """Whether profiles of the kind apply to devices of this variant."""
        return variant in self.variants and variant not in self.unsupported.get(edition, ())


_ADMINISTRATOR = frozenset({Variant.ANDROID_DEVICE_ADMIN, Variant.ANDROID_KNOX})
_KNOX = frozenset({Variant.ANDROID_KNOX})
_WORK_PROFILE = frozenset({Variant.ANDROID_WORK_PROFILE})
_DEVICE_OWNER = frozenset(
    {Variant.ANDROID_FULLY_MANAGED, Variant.ANDROID_DEDICATED, Variant.ANDROID_CORPORATE_WORK_PROFILE}
)
_AOSP = frozenset({Variant.ANDROID_AOSP})
_IOS = frozenset({Variant.IOS, Variant.IPADOS})
_MACOS = frozenset({Variant.MACOS})
_WINDOWS = frozenset({Variant.WINDOWS, Variant.WINDOWS_10_MOBILE})
_WINDOWS_PHONE = frozenset({Variant.WINDOWS_PHONE_81})

#: The pages whose matrices show which devices support which kind of certificate profile.
MATRIX: dict[Edition, str] = {
    Edition.APRIL_2020: '"Use certificates for authentication in Microsoft Intune", 2019-11-22',
    Edition.CURRENT: '"Use certificates for authentication in Microsoft Intune", 2024-10-04',
}
#: The matrix of 2019-11-22 gives device owners trusted roots and SCEP only. Of imported certificates on fully managed
#: devices later documents count: "Configure and use imported PKCS certificates with Intune", 2020-03-04, and "What's
#: new in Microsoft Intune", week of 2020-02-17. "Configure and use PKCS certificates with Intune" of 2020-02-25 speaks
#: of device owners too, but lists no profile for them: the documents disagree, and the matrix counts. AOSP devices came
#: later; in 2020 they are treated like the company's others.
#: In 2024 the documents disagree about imported certificates on dedicated devices: the matrix ticks them, "Configure
#: and use imported PKCS certificates with Intune" of 2023-04-27 does not list them. Here the matrix counts.
_LATER = {Edition.APRIL_2020: _DEVICE_OWNER}
_IMPORTED_LATER = {Edition.APRIL_2020: _DEVICE_OWNER - {Variant.ANDROID_FULLY_MANAGED}}
#: The matrix of 2019: no PKCS on Windows Phone 8.1. Differs from Intune: the matrix of 2024 no longer has the
#: platform; here its kinds stay applicable, so that they can still be taught.
_NOT_ON_PHONES = dict.fromkeys(Edition, _WINDOWS_PHONE)


def _settings(name: str, variants: frozenset[Variant]) -> Kind:
    return Kind(name, settings.family(name), variants)


#: data. The windows81... kinds are those of Windows 10 and 11 as well.
KINDS: tuple[Kind, ...] = (
    Kind("androidTrustedRootCertificate", trusted_root.FAMILY, _ADMINISTRATOR),
    Kind("androidForWorkTrustedRootCertificate", trusted_root.FAMILY, _WORK_PROFILE),
    Kind("androidWorkProfileTrustedRootCertificate", trusted_root.FAMILY, _WORK_PROFILE),
    Kind("androidDeviceOwnerTrustedRootCertificate", trusted_root.FAMILY, _DEVICE_OWNER),
    Kind("aospDeviceOwnerTrustedRootCertificate", trusted_root.FAMILY, _AOSP),
    Kind("iosTrustedRootCertificate", trusted_root.FAMILY, _IOS),
    Kind("macOSTrustedRootCertificate", trusted_root.FAMILY, _MACOS),
    Kind("windows81TrustedRootCertificate", trusted_root.FAMILY, _WINDOWS),
    Kind("windowsPhone81TrustedRootCertificate", trusted_root.FAMILY, _WINDOWS_PHONE),
    Kind("androidPkcsCertificateProfile", pkcs.FAMILY, _ADMINISTRATOR),
    Kind("androidForWorkPkcsCertificateProfile", pkcs.FAMILY, _WORK_PROFILE),
    Kind("androidWorkProfilePkcsCertificateProfile", pkcs.FAMILY, _WORK_PROFILE),
    Kind("androidDeviceOwnerPkcsCertificateProfile", pkcs.FAMILY, _DEVICE_OWNER, _LATER),
    Kind("aospDeviceOwnerPkcsCertificateProfile", pkcs.FAMILY, _AOSP, {Edition.APRIL_2020: _AOSP}),
    Kind("iosPkcsCertificateProfile", pkcs.FAMILY, _IOS),
    Kind("macOSPkcsCertificateProfile", pkcs.FAMILY, _MACOS),
    Kind("windows10PkcsCertificateProfile", pkcs.FAMILY, _WINDOWS, _NOT_ON_PHONES),
    Kind("androidImportedPFXCertificateProfile", imported_pfx.FAMILY, _ADMINISTRATOR),
    # There is no androidWorkProfileImportedPFX...: this is the work profile's kind.
    Kind("androidForWorkImportedPFXCertificateProfile", imported_pfx.FAMILY, _WORK_PROFILE),
    Kind("androidDeviceOwnerImportedPFXCertificateProfile", imported_pfx.FAMILY, _DEVICE_OWNER, _IMPORTED_LATER),
    Kind("iosImportedPFXCertificateProfile", imported_pfx.FAMILY, _IOS),
    Kind("macOSImportedPFXCertificateProfile", imported_pfx.FAMILY, _MACOS),
    Kind("windows10ImportedPFXCertificateProfile", imported_pfx.FAMILY, _WINDOWS),
    Kind("windowsPhone81ImportedPFXCertificateProfile", imported_pfx.FAMILY, _WINDOWS_PHONE),
    # Deprecated: without a purpose it cannot select certificates, so it gives nothing.
    Kind("windows10PFXImportCertificateProfile", STORED, _WINDOWS),
    Kind("androidScepCertificateProfile", scep.FAMILY, _ADMINISTRATOR),
    Kind("androidForWorkScepCertificateProfile", scep.FAMILY, _WORK_PROFILE),
    Kind("androidWorkProfileScepCertificateProfile", scep.FAMILY, _WORK_PROFILE),
    Kind("androidDeviceOwnerScepCertificateProfile", scep.FAMILY, _DEVICE_OWNER),
    Kind("aospDeviceOwnerScepCertificateProfile", scep.FAMILY, _AOSP),
    Kind("iosScepCertificateProfile", scep.FAMILY, _IOS),
    Kind("macOSScepCertificateProfile", scep.FAMILY, _MACOS),
    Kind("windows81SCEPCertificateProfile", scep.FAMILY, _WINDOWS),
    Kind("windowsPhone81SCEPCertificateProfile", scep.FAMILY, _WINDOWS_PHONE),
    Kind("iosEasEmailProfileConfiguration", email.FAMILY, _IOS),
    Kind("androidEasEmailProfileConfiguration", email.FAMILY, _KNOX),
    Kind("androidForWorkGmailEasConfiguration", email.FAMILY, _WORK_PROFILE),
    Kind("androidForWorkNineWorkEasConfiguration", email.FAMILY, _WORK_PROFILE),
    Kind("androidWorkProfileGmailEasConfiguration", email.FAMILY, _WORK_PROFILE),
    Kind("androidWorkProfileNineWorkEasConfiguration", email.FAMILY, _WORK_PROFILE),
    Kind("windows10EasEmailProfileConfiguration", email.FAMILY, _WINDOWS),
    # Windows supports it as well, despite its name.
    Kind("windowsPhoneEASEmailProfileConfiguration", email.FAMILY, _WINDOWS_PHONE | _WINDOWS),
    Kind("androidCustomConfiguration", STORED, _ADMINISTRATOR),
    _settings("androidGeneralDeviceConfiguration", _ADMINISTRATOR),
    Kind("androidWorkProfileCustomConfiguration", STORED, _WORK_PROFILE),
    _settings("androidWorkProfileGeneralDeviceConfiguration", _WORK_PROFILE),
    _settings("androidDeviceOwnerGeneralDeviceConfiguration", _DEVICE_OWNER),
    Kind("iosCertificateProfile", STORED, _IOS),
    _settings("iosCustomConfiguration", _IOS),
    Kind("iosDeviceFeaturesConfiguration", STORED, _IOS),
    _settings("iosGeneralDeviceConfiguration", _IOS),
    Kind("iosUpdateConfiguration", STORED, _IOS),
    _settings("macOSCustomConfiguration", _MACOS),
    Kind("macOSDeviceFeaturesConfiguration", STORED, _MACOS),
    _settings("macOSGeneralDeviceConfiguration", _MACOS),
    Kind("editionUpgradeConfiguration", STORED, _WINDOWS),
    Kind("sharedPCConfiguration", STORED, _WINDOWS),
    _settings("windows10CustomConfiguration", _WINDOWS),
    _settings("windows10EndpointProtectionConfiguration", _WINDOWS),
    Kind("windows10EnterpriseModernAppManagementConfiguration", STORED, _WINDOWS),
    _settings("windows10GeneralConfiguration", _WINDOWS),
    Kind("windows10SecureAssessmentConfiguration", STORED, _WINDOWS),
    Kind("windows10TeamGeneralConfiguration", STORED, _WINDOWS),
    Kind("windows81GeneralConfiguration", STORED, _WINDOWS),
    Kind("windowsDefenderAdvancedThreatProtectionConfiguration", STORED, _WINDOWS),
    _settings("windowsUpdateForBusinessConfiguration", _WINDOWS),
    Kind("windowsPhone81CustomConfiguration", STORED, _WINDOWS_PHONE),
    Kind("windowsPhone81GeneralConfiguration", STORED, _WINDOWS_PHONE),
)

#: data. Kinds that are no deviceConfigurations. A dedicated device has no user, hence no mail.
APP_CONFIGURATION_KINDS: tuple[Kind, ...] = (
    Kind("iosMobileAppConfiguration", app_configuration.FAMILY, _IOS),
    Kind(
        "androidManagedStoreAppConfiguration",
        app_configuration.FAMILY,
        _WORK_PROFILE | (_DEVICE_OWNER - {Variant.ANDROID_DEDICATED}),
    ),
)

#: Policies of the settings catalog are for several platforms: each says for which.
CATALOG_KIND = Kind(
    "deviceManagementConfigurationPolicy",
    settings.family(""),
    _IOS | _MACOS | _WINDOWS,
    by_document=settings.platforms_of,
)

#: Compliance policies give devices settings, and are judged by other rules.
_JUDGED: Mapping[str, frozenset[Variant]] = {
    "iosCompliancePolicy": _IOS,
    "macOSCompliancePolicy": _MACOS,
    "windows10CompliancePolicy": _WINDOWS,
    "windows10MobileCompliancePolicy": frozenset({Variant.WINDOWS_10_MOBILE}),
}
COMPLIANCE_KINDS = tuple(
    Kind(name, settings.family(name), _JUDGED[name], has_status=False) for name in GIVEN_BY_COMPLIANCE
)

#: Enrolment configurations give Windows PCs settings; of each kind one counts.
ENROLLMENT_KINDS = tuple(
    Kind(name, settings.family(name), frozenset({Variant.WINDOWS}), has_status=False) for name in (HELLO, STATUS_PAGE)
)

_BY_NAME = {
    kind.name.lower(): kind
    for kind in (*KINDS, *APP_CONFIGURATION_KINDS, *COMPLIANCE_KINDS, *ENROLLMENT_KINDS, CATALOG_KIND)
}


def kind(name: str) -> Kind | None:
    """The kind of this name, in any case, with or without `#microsoft.graph.`; None for an unknown name."""
    return _BY_NAME.get(name.lower().removeprefix("#").removeprefix("microsoft.graph."))
