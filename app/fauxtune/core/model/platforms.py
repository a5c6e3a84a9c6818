"""Platforms, enrolment modes, and variants, each of which is a platform with a mode.

The rules depend on the *variant*: which profile kinds apply, which actions are supported, what is removed when.
Sources: Graph deviceEnrollmentType and deviceType; Intune "wipe" and "supported platforms" pages (2020-03, 2024-04).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Platform(StrEnum):
    """The operating system of a device."""

    ANDROID = "android"
    IOS = "ios"
    IPADOS = "ipados"
    MACOS = "macos"
    WINDOWS = "windows"
    WINDOWS_10_MOBILE = "windows10mobile"
    WINDOWS_PHONE_81 = "windowsphone81"


class Variant(StrEnum):
    """A platform with its enrolment mode, in one word."""

    ANDROID_WORK_PROFILE = "android/work-profile"
    ANDROID_FULLY_MANAGED = "android/fully-managed"
    ANDROID_DEDICATED = "android/dedicated"
    ANDROID_CORPORATE_WORK_PROFILE = "android/corporate-work-profile"
    ANDROID_DEVICE_ADMIN = "android/device-admin"
    ANDROID_KNOX = "android/knox"
    ANDROID_AOSP = "android/aosp"
    IOS = "ios"
    IPADOS = "ipados"
    MACOS = "macos"
    WINDOWS = "windows"
    WINDOWS_10_MOBILE = "windows10mobile"
    WINDOWS_PHONE_81 = "windowsphone81"


@dataclass(frozen=True, slots=True)
class VariantFacts:
    """Graph's properties of devices of this variant, and what their users can do.

    `accounts_carry_certificates`: an e-mail account contains the certificates that it refers to (Apple: a payload
    refers to another of the same profile). `has_user`: a device without a user gets nothing that is assigned to users.
    """

    operating_system: str
    enrollment_type: str
    management_agent: str
    device_type: str
    owner_type: str
    policy_platform: str
    can_keep_enrollment: bool
    user_may_unenroll: bool
    accounts_carry_certificates: bool = False
    has_user: bool = True


#: data. If Graph's values differ between live tenants, the one that the documents name first.
FACTS: dict[Variant, VariantFacts] = {
    Variant.ANDROID_WORK_PROFILE: VariantFacts(
        operating_system="AndroidForWork",
        enrollment_type="userEnrollment",
        management_agent="googleCloudDevicePolicyController",
        device_type="androidForWork",
        owner_type="personal",
        policy_platform="androidWorkProfile",
        can_keep_enrollment=False,
        user_may_unenroll=True,
    ),
    Variant.ANDROID_FULLY_MANAGED: VariantFacts(
        operating_system="AndroidEnterprise",
        enrollment_type="androidEnterpriseFullyManaged",
        management_agent="googleCloudDevicePolicyController",
        device_type="androidEnterprise",
        owner_type="company",
        policy_platform="android",
        can_keep_enrollment=False,
        user_may_unenroll=False,
    ),
    Variant.ANDROID_DEDICATED: VariantFacts(
        operating_system="AndroidEnterprise",
        enrollment_type="androidEnterpriseDedicatedDevice",
        management_agent="googleCloudDevicePolicyController",
        device_type="androidEnterprise",
        owner_type="company",
        policy_platform="android",
        can_keep_enrollment=False,
        user_may_unenroll=False,
        has_user=False,
    ),
    Variant.ANDROID_CORPORATE_WORK_PROFILE: VariantFacts(
        operating_system="AndroidEnterprise",
        enrollment_type="androidEnterpriseCorporateWorkProfile",
        management_agent="googleCloudDevicePolicyController",
        device_type="androidEnterprise",
        owner_type="company",
        policy_platform="android",
        can_keep_enrollment=False,
        user_may_unenroll=False,
    ),
    Variant.ANDROID_DEVICE_ADMIN: VariantFacts(
        operating_system="Android",
        enrollment_type="userEnrollment",
        management_agent="mdm",
        device_type="android",
        owner_type="personal",
        policy_platform="android",
        can_keep_enrollment=False,
        user_may_unenroll=True,
    ),
    Variant.ANDROID_KNOX: VariantFacts(
        operating_system="Android",
        enrollment_type="userEnrollment",
        management_agent="mdm",
        device_type="android",
        owner_type="personal",
        policy_platform="android",
        can_keep_enrollment=False,
        user_may_unenroll=True,
    ),
    # Unverified: that a user cannot leave; these devices belong to the company.
    Variant.ANDROID_AOSP: VariantFacts(
        operating_system="AndroidAOSP",
        enrollment_type="androidAOSPUserOwnedDeviceEnrollment",
        management_agent="intuneAosp",
        device_type="androidnGMS",
        owner_type="company",
        policy_platform="androidAOSP",
        can_keep_enrollment=False,
        user_may_unenroll=False,
    ),
    Variant.IOS: VariantFacts(
        operating_system="iOS",
        enrollment_type="userEnrollment",
        management_agent="mdm",
        device_type="iPhone",
        owner_type="personal",
        policy_platform="iOS",
        can_keep_enrollment=False,
        user_may_unenroll=True,
        accounts_carry_certificates=True,
    ),
    Variant.IPADOS: VariantFacts(
        operating_system="iPadOS",
        enrollment_type="userEnrollment",
        management_agent="mdm",
        device_type="iPad",
        owner_type="personal",
        policy_platform="iOS",
        can_keep_enrollment=False,
        user_may_unenroll=True,
        accounts_carry_certificates=True,
    ),
    Variant.MACOS: VariantFacts(
        operating_system="macOS",
        enrollment_type="userEnrollment",
        management_agent="mdm",
        device_type="macMDM",
        owner_type="personal",
        policy_platform="macOS",
        can_keep_enrollment=False,
        user_may_unenroll=True,
    ),
    # keepEnrollmentData: Windows 10 1709 and later.
    Variant.WINDOWS: VariantFacts(
        operating_system="Windows",
        enrollment_type="windowsAzureADJoin",
        management_agent="mdm",
        device_type="desktop",
        owner_type="company",
        policy_platform="windows10AndLater",
        can_keep_enrollment=True,
        user_may_unenroll=True,
    ),
    Variant.WINDOWS_10_MOBILE: VariantFacts(
        operating_system="Windows Phone",
        enrollment_type="userEnrollment",
        management_agent="mdm",
        device_type="windowsPhone",
        owner_type="personal",
        policy_platform="windows10AndLater",
        can_keep_enrollment=False,
        user_may_unenroll=True,
    ),
    Variant.WINDOWS_PHONE_81: VariantFacts(
        operating_system="Windows Phone",
        enrollment_type="userEnrollment",
        management_agent="mdm",
        device_type="windowsPhone",
        owner_type="personal",
        policy_platform="windowsPhone81",
        can_keep_enrollment=False,
        user_may_unenroll=True,
    ),
}


#: The kinds of device that are emulated and can enrol.
ENROLLABLE = tuple(Variant)


def variant_of(platform: Platform, mode: str | None) -> Variant | None:
    """The variant of a platform and a mode; None if there is no such combination."""
    word = platform.value if mode is None else f"{platform.value}/{mode}"
    return Variant(word) if word in Variant.__members__.values() else None


def modes_of(platform: Platform) -> tuple[str, ...]:
    """The modes in which devices of this platform enrol; empty for a platform without modes."""
    words = (variant.value.partition("/") for variant in ENROLLABLE)
    return tuple(mode for name, _, mode in words if name == platform.value and mode)


def major_version(os_version: str | None) -> int | None:
    """The number before the first dot of a system's version; None for a version that is not known or has no number."""
    number = re.match(r"[0-9]{1,9}", os_version or "")
    return None if number is None else int(number.group())


#: The first version of each that reads PFX files encrypted with AES (PBES2); None: no version does.
#: Unverified: the versions of iOS, macOS and Windows as far as is known; the phones are older than AES in PFX files.
_MODERN_PFX: dict[Variant, tuple[int, ...] | None] = {
    Variant.IOS: (16,),
    Variant.IPADOS: (16,),
    Variant.MACOS: (13,),
    Variant.WINDOWS: (10, 0, 17763),
    Variant.WINDOWS_10_MOBILE: None,
    Variant.WINDOWS_PHONE_81: None,
}


def needs_legacy_pfx(variant: Variant, os_version: str | None) -> bool:
    """Whether the system reads only PFX files in 3DES and SHA-1; assumed if its version is not known."""
    if variant not in _MODERN_PFX:
        return False
    since = _MODERN_PFX[variant]
    version = tuple(int(part) for part in re.findall(r"[0-9]{1,9}", os_version or ""))
    return since is None or version < since
