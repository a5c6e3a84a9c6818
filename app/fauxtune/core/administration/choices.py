"""What an administrator chooses for a new profile: family, platform, purpose; and the kind that results.

Graph (beta): deviceConfiguration subtypes. Intune's portal has the same choice as "Platform". Where a platform has
several kinds of a family, the one is taken that the portal makes today.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

from fauxtune.core.errors import Invalid
from fauxtune.core.model.words.device_words import TITLES, ProfilePlatform


class ProfileFamily(StrEnum):
    """A family of profiles that an administrator can create, by the word that commands take."""

    ROOT = "root"
    PKCS = "pkcs"
    SCEP = "scep"
    IMPORTED = "imported"
    EMAIL = "email"


class Purpose(StrEnum):
    """The purpose of imported certificates, by the word that commands take."""

    SIGNING = "signing"
    ENCRYPTION = "encryption"
    VPN = "vpn"
    WIFI = "wifi"


class KeyUsage(StrEnum):
    """What the key of a SCEP certificate is for, by the word that commands and forms take."""

    SIGNING = "signing"
    ENCRYPTION = "encryption"


class MailApplication(StrEnum):
    """The mail application of an Android work profile."""

    GMAIL = "gmail"
    NINE = "nine"


#: Graph: intendedPurpose.
INTENDED: Mapping[Purpose, str] = MappingProxyType(
    {
        Purpose.SIGNING: "smimeSigning",
        Purpose.ENCRYPTION: "smimeEncryption",
        Purpose.VPN: "vpn",
        Purpose.WIFI: "wifi",
    }
)

#: Graph: keyUsages, in the order of its members.
KEY_USAGES: Mapping[KeyUsage, str] = MappingProxyType(
    {KeyUsage.ENCRYPTION: "keyEncipherment", KeyUsage.SIGNING: "digitalSignature"}
)

#: The extended key usages that have a word: OID and name (RFC 5280 4.2.1.12).
EXTENDED_USAGES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"client": ("1.3.6.1.5.5.7.3.2", "Client Authentication"), "mail": ("1.3.6.1.5.5.7.3.4", "Secure Email")}
)

FAMILY_TITLES: Mapping[ProfileFamily, str] = MappingProxyType(
    {
        ProfileFamily.ROOT: "trusted root",
        ProfileFamily.PKCS: "PKCS certificate",
        ProfileFamily.SCEP: "SCEP certificate",
        ProfileFamily.IMPORTED: "imported PFX certificate",
        ProfileFamily.EMAIL: "e-mail",
    }
)

#: Windows 10 and later have the root and SCEP of Windows 8.1. The work profile's imported PFX kind is
#: androidForWork...; its e-mail kind is Gmail's, beside which there is one of Nine. Fully managed Android, AOSP and
#: macOS have no e-mail kind.
KINDS: Mapping[ProfileFamily, Mapping[ProfilePlatform, str]] = MappingProxyType(
    {
        ProfileFamily.ROOT: {
            ProfilePlatform.ANDROID: "androidWorkProfileTrustedRootCertificate",
            ProfilePlatform.ANDROID_FULLY_MANAGED: "androidDeviceOwnerTrustedRootCertificate",
            ProfilePlatform.ANDROID_DEVICE_ADMIN: "androidTrustedRootCertificate",
            ProfilePlatform.AOSP: "aospDeviceOwnerTrustedRootCertificate",
            ProfilePlatform.IOS: "iosTrustedRootCertificate",
            ProfilePlatform.MACOS: "macOSTrustedRootCertificate",
            ProfilePlatform.WINDOWS: "windows81TrustedRootCertificate",
            ProfilePlatform.WINDOWS_PHONE: "windowsPhone81TrustedRootCertificate",
        },
        ProfileFamily.PKCS: {
            ProfilePlatform.ANDROID: "androidWorkProfilePkcsCertificateProfile",
            ProfilePlatform.ANDROID_FULLY_MANAGED: "androidDeviceOwnerPkcsCertificateProfile",
            ProfilePlatform.ANDROID_DEVICE_ADMIN: "androidPkcsCertificateProfile",
            ProfilePlatform.AOSP: "aospDeviceOwnerPkcsCertificateProfile",
            ProfilePlatform.IOS: "iosPkcsCertificateProfile",
            ProfilePlatform.MACOS: "macOSPkcsCertificateProfile",
            ProfilePlatform.WINDOWS: "windows10PkcsCertificateProfile",
        },
        ProfileFamily.SCEP: {
            ProfilePlatform.ANDROID: "androidWorkProfileScepCertificateProfile",
            ProfilePlatform.ANDROID_FULLY_MANAGED: "androidDeviceOwnerScepCertificateProfile",
            ProfilePlatform.ANDROID_DEVICE_ADMIN: "androidScepCertificateProfile",
            ProfilePlatform.AOSP: "aospDeviceOwnerScepCertificateProfile",
            ProfilePlatform.IOS: "iosScepCertificateProfile",
            ProfilePlatform.MACOS: "macOSScepCertificateProfile",
            ProfilePlatform.WINDOWS: "windows81SCEPCertificateProfile",
            ProfilePlatform.WINDOWS_PHONE: "windowsPhone81SCEPCertificateProfile",
        },
        ProfileFamily.IMPORTED: {
            ProfilePlatform.ANDROID: "androidForWorkImportedPFXCertificateProfile",
            ProfilePlatform.ANDROID_FULLY_MANAGED: "androidDeviceOwnerImportedPFXCertificateProfile",
            ProfilePlatform.ANDROID_DEVICE_ADMIN: "androidImportedPFXCertificateProfile",
            ProfilePlatform.IOS: "iosImportedPFXCertificateProfile",
            ProfilePlatform.MACOS: "macOSImportedPFXCertificateProfile",
            ProfilePlatform.WINDOWS: "windows10ImportedPFXCertificateProfile",
            ProfilePlatform.WINDOWS_PHONE: "windowsPhone81ImportedPFXCertificateProfile",
        },
        ProfileFamily.EMAIL: {
            ProfilePlatform.ANDROID: "androidWorkProfileGmailEasConfiguration",
            ProfilePlatform.ANDROID_DEVICE_ADMIN: "androidEasEmailProfileConfiguration",
            ProfilePlatform.IOS: "iosEasEmailProfileConfiguration",
            ProfilePlatform.WINDOWS: "windows10EasEmailProfileConfiguration",
            ProfilePlatform.WINDOWS_PHONE: "windowsPhoneEASEmailProfileConfiguration",
        },
    }
)
#: The further kinds that an administrator can choose by the name of the mail application.
NINE = "androidWorkProfileNineWorkEasConfiguration"

#: The kind of a profile -> its family and platform, in lower case; older kinds of the work profile among them.
_BY_KIND: Mapping[str, tuple[ProfileFamily, ProfilePlatform]] = MappingProxyType(
    {
        **{kind.lower(): (family, platform) for family, kinds in KINDS.items() for platform, kind in kinds.items()},
        NINE.lower(): (ProfileFamily.EMAIL, ProfilePlatform.ANDROID),
        "androidforworktrustedrootcertificate": (ProfileFamily.ROOT, ProfilePlatform.ANDROID),
        "androidforworkpkcscertificateprofile": (ProfileFamily.PKCS, ProfilePlatform.ANDROID),
        "androidforworkscepcertificateprofile": (ProfileFamily.SCEP, ProfilePlatform.ANDROID),
        "androidforworkgmaileasconfiguration": (ProfileFamily.EMAIL, ProfilePlatform.ANDROID),
        "androidforworknineworkeasconfiguration": (ProfileFamily.EMAIL, ProfilePlatform.ANDROID),
    }
)


def platforms_of(family: ProfileFamily) -> tuple[ProfilePlatform, ...]:
    """The platforms that have a kind of this family, in the order of the list."""
    return tuple(KINDS[family])


def kind_of(family: ProfileFamily, platform: ProfilePlatform) -> str:
    """The name of the kind. Raises Invalid, naming the platforms that have one, for a platform without it."""
    kind = KINDS[family].get(platform)
    if kind is None:
        words = ", ".join(KINDS[family])
        raise Invalid(
            f"{TITLES[platform]} has no {FAMILY_TITLES[family]} profile: Graph has no such type. These have one: "
            f"{words}.",
            target="platform",
        )
    return kind


def family_and_platform(kind: str) -> tuple[ProfileFamily, ProfilePlatform] | None:
    """The family and the platform of a kind, given as `@odata.type` or by its name; None for other kinds."""
    return _BY_KIND.get(kind.lower().removeprefix("#").removeprefix("microsoft.graph."))


def profile_names(name: str, platforms: Iterable[ProfilePlatform]) -> dict[ProfilePlatform, str]:
    """The names of the profiles that one task creates: `Signing` for one platform, `Signing (iOS)` for several.

    Graph lets several profiles have one name; but its lists and reports show names only, and a command that is given
    the name of a profile must find one.
    """
    chosen = tuple(dict.fromkeys(platforms))
    if len(chosen) == 1:
        return {chosen[0]: name}
    return {platform: f"{name} ({TITLES[platform]})" for platform in chosen}


def base_name(name: str, platform: ProfilePlatform) -> str:
    """The name from which `profile_names` made the name of a profile of this platform."""
    return name.removesuffix(f" ({TITLES[platform]})")
