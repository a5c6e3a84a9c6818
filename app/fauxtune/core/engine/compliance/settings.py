"""The settings of compliance policies: what each kind of policy requires, and the fact that it is compared with.

Intune, "Windows compliance settings" and the pages of the other platforms; Graph: the kinds of deviceCompliancePolicy.
`remediated`: the operating system makes the user do it; `quarantined`: it is only judged.

#: data
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from fauxtune.core.engine.compliance import comparisons as by
from fauxtune.core.engine.compliance.comparisons import Case, Outcome
from fauxtune.core.model.platforms import Variant


class Effect(StrEnum):
    """What happens when a setting is not met."""

    REMEDIATED = "remediated"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. A rule that returns None does not evaluate it. `only`: the variants to which it applies; `words`:
    what it requires, for people.
    """

    rule: Callable[[Case], Outcome | None]
    words: str
    effect: Effect = Effect.QUARANTINED
    only: frozenset[Variant] | None = None


@dataclass(frozen=True, slots=True)
class PolicyKind:
    """One kind of compliance policy: the devices to which it applies, its platform in Graph's words, its settings."""

    variants: frozenset[Variant]
    platform: str
    settings: Mapping[str, Setting]
    versions: tuple[str, ...] = ()


_PHONES = frozenset({Variant.WINDOWS_10_MOBILE})
_COMPUTERS = frozenset({Variant.WINDOWS})
_REMEDIATED = Effect.REMEDIATED
#: Of Android's passcodes: the table of "Device compliance overview", 2024-05-14.
_QUARANTINED = Effect.QUARANTINED

_OS = {
    "osMinimumVersion": Setting(by.at_least("osVersion"), "the operating system is at least a version"),
    "osMaximumVersion": Setting(by.at_most("osVersion"), "the operating system is at most a version"),
}
_BUILDS = {
    "osMinimumBuildVersion": Setting(by.build("osBuildNumber", is_minimum=True), "the build is not too old"),
    "osMaximumBuildVersion": Setting(by.build("osBuildNumber", is_minimum=False), "the build is not too new"),
}
_PATCHES = {
    "minAndroidSecurityPatchLevel": Setting(by.since("androidSecurityPatchLevel"), "the security patch is recent"),
}
_RANGES = {
    "validOperatingSystemBuildRanges": Setting(by.in_ranges("osVersion"), "the build stands in a valid range"),
}
_ENCRYPTION = {"storageRequireEncryption": Setting(by.flag("isEncrypted"), "the storage is encrypted")}
_JAILBREAK = {"securityBlockJailbrokenDevices": Setting(by.not_jailbroken, "the device is not jailbroken or rooted")}
_THREATS = {
    "deviceThreatProtectionRequiredSecurityLevel": Setting(by.mobile_threat_level, "the threat level is low enough"),
    "advancedThreatProtectionRequiredSecurityLevel": Setting(by.threat_level, "the machine risk is low enough"),
}
_SCRIPT = {"deviceCompliancePolicyScript": Setting(by.not_reported, "the script's rules are met")}


def _passwords(required: str, *rules: str, effect: Effect = Effect.REMEDIATED) -> dict[str, Setting]:
    """Settings of the screen lock: whether there is a passcode, and whether it is as required."""
    present = {required: Setting(by.passcode_present, "the device has a passcode", effect)}
    quality = {rule: Setting(by.passcode_quality, "the passcode meets the rules", effect) for rule in rules}
    return present | quality


_WINDOWS_PASSWORDS = (
    "passwordBlockSimple",
    "passwordExpirationDays",
    "passwordMinimumCharacterSetCount",
    "passwordMinimumLength",
    "passwordMinutesOfInactivityBeforeLock",
    "passwordPreviousPasswordBlockCount",
    "passwordRequiredType",
)
_HEALTH = {
    "bitLockerEnabled": Setting(by.bit_locker, "BitLocker was on at the last start"),
    "codeIntegrityEnabled": Setting(by.flag("isCodeIntegrityEnabled"), "code integrity is checked"),
    "earlyLaunchAntiMalwareDriverEnabled": Setting(
        by.flag("isEarlyLaunchAntimalwareEnabled"), "the early-launch antimalware driver is loaded"
    ),
    "secureBootEnabled": Setting(by.secure_boot, "Secure Boot is on"),
}
_WINDOWS_10 = {
    **{name: replace(setting, only=_COMPUTERS) for name, setting in _OS.items()},
    "mobileOsMinimumVersion": Setting(by.at_least("osVersion"), "the phone's version is high enough", only=_PHONES),
    "mobileOsMaximumVersion": Setting(by.at_most("osVersion"), "the phone's version is low enough", only=_PHONES),
    **_RANGES,
    **_HEALTH,
    "memoryIntegrityEnabled": Setting(by.flag("isMemoryIntegrityEnabled"), "memory integrity is on"),
    "kernelDmaProtectionEnabled": Setting(by.flag("isKernelDmaProtectionEnabled"), "kernel DMA protection is on"),
    "virtualizationBasedSecurityEnabled": Setting(
        by.running("deviceGuardVirtualizationBasedSecurityState"), "virtualization-based security is running"
    ),
    "firmwareProtectionEnabled": Setting(by.flag("isFirmwareProtectionEnabled"), "firmware protection is on"),
    "requireHealthyDeviceReport": Setting(by.attested, "the device has reported its attested health"),
    **_ENCRYPTION,
    "activeFirewallRequired": Setting(by.flag("isFirewallEnabled"), "the firewall is on"),
    "tpmRequired": Setting(by.has_tpm, "the device has a TPM"),
    "antivirusRequired": Setting(by.flag("isAntivirusEnabled"), "an antivirus product is on"),
    "antiSpywareRequired": Setting(by.flag("isAntispywareEnabled"), "an antispyware product is on"),
    "defenderEnabled": Setting(by.flag("malwareProtectionEnabled"), "Windows Defender is on"),
    "rtpEnabled": Setting(by.flag("realTimeProtectionEnabled"), "real-time protection is on"),
    "signatureOutOfDate": Setting(
        by.flag("signatureUpdateOverdue", wanted=False), "Windows Defender's signatures are up to date"
    ),
    "defenderVersion": Setting(by.at_least("antiMalwareVersion"), "Windows Defender is at least a version"),
    "deviceThreatProtectionRequiredSecurityLevel": Setting(by.mobile_threat_level, "the threat level is low enough"),
    "configurationManagerComplianceRequired": Setting(by.not_applicable, "Configuration Manager finds it compliant"),
    **_passwords("passwordRequired", *_WINDOWS_PASSWORDS, "passwordRequiredToUnlockFromIdle"),
    **_SCRIPT,
    "wslDistributions": Setting(by.not_reported, "its Linux distributions are allowed"),
}
_WINDOWS_10_MOBILE = {
    **_OS,
    **_RANGES,
    **_HEALTH,
    **_ENCRYPTION,
    "activeFirewallRequired": Setting(by.flag("isFirewallEnabled"), "the firewall is on"),
    **_passwords("passwordRequired", *_WINDOWS_PASSWORDS, "passwordRequireToUnlockFromIdle"),
}
_WINDOWS_81 = {
    **_OS,
    "storageRequireEncryption": Setting(by.not_applicable, "the storage is encrypted"),
    **_passwords("passwordRequired", *_WINDOWS_PASSWORDS),
}
_WINDOWS_PHONE_81 = {
    **_OS,
    **_ENCRYPTION,
    **_passwords("passwordRequired", *_WINDOWS_PASSWORDS),
}
_IOS = {
    **_OS,
    **_BUILDS,
    **_JAILBREAK,
    "managedEmailProfileRequired": Setting(
        by.flag("isManagedEmailProfileInstalled"), "an e-mail account that is managed is installed"
    ),
    **_passwords(
        "passcodeRequired",
        "passcodeBlockSimple",
        "passcodeExpirationDays",
        "passcodeMinimumCharacterSetCount",
        "passcodeMinimumLength",
        "passcodeMinutesOfInactivityBeforeLock",
        "passcodeMinutesOfInactivityBeforeScreenTimeout",
        "passcodePreviousPasscodeBlockCount",
        "passcodeRequiredType",
    ),
    "restrictedApps": Setting(by.not_reported, "no restricted app is installed"),
    **_THREATS,
}
_MACOS = {
    **_OS,
    **_BUILDS,
    "systemIntegrityProtectionEnabled": Setting(
        by.flag("isSystemIntegrityProtectionEnabled"), "System Integrity Protection is on"
    ),
    **_ENCRYPTION,
    "firewallEnabled": Setting(by.flag("isFirewallEnabled"), "the firewall is on", _REMEDIATED),
    "firewallBlockAllIncoming": Setting(
        by.flag("isFirewallBlockingAllIncoming"), "the firewall blocks all incoming connections", _REMEDIATED
    ),
    "firewallEnableStealthMode": Setting(
        by.flag("isFirewallStealthModeEnabled"), "the firewall's stealth mode is on", _REMEDIATED
    ),
    "gatekeeperAllowedAppSource": Setting(by.not_reported, "Gatekeeper allows the right sources", _REMEDIATED),
    **_passwords("passwordRequired", *_WINDOWS_PASSWORDS),
    **_SCRIPT,
    **_THREATS,
}
_ANDROID_PASSWORDS = (
    "passwordExpirationDays",
    "passwordMinimumLength",
    "passwordMinutesOfInactivityBeforeLock",
    "passwordPreviousPasswordBlockCount",
    "passwordRequiredType",
    "passwordSignInFailureCountBeforeFactoryReset",
    "requiredPasswordComplexity",
)
_PLAY_INTEGRITY = {
    "securityRequireSafetyNetAttestationBasicIntegrity": Setting(
        by.integrity("basic"), "Play Integrity finds basic integrity"
    ),
    "securityRequireSafetyNetAttestationCertifiedDevice": Setting(
        by.integrity("device"), "Play Integrity finds device integrity"
    ),
}
_APP_CHECKS = {
    **_PLAY_INTEGRITY,
    "securityRequireGooglePlayServices": Setting(by.not_reported, "Google Play services are there"),
    "securityRequireUpToDateSecurityProviders": Setting(by.not_reported, "the security provider is up to date"),
    "securityRequireVerifyApps": Setting(by.flag("isVerifyAppsEnabled"), "apps are scanned for threats"),
    "securityPreventInstallAppsFromUnknownSources": Setting(
        by.flag("isUnknownSourcesEnabled", wanted=False), "apps from unknown sources are blocked"
    ),
    "securityDisableUsbDebugging": Setting(by.flag("isUsbDebuggingEnabled", wanted=False), "USB debugging is off"),
    "securityRequireCompanyPortalAppIntegrity": Setting(by.not_reported, "the Company Portal app is intact"),
}
_ANDROID = {
    **_OS,
    **_PATCHES,
    **_JAILBREAK,
    **_APP_CHECKS,
    **_ENCRYPTION,
    **_passwords("passwordRequired", *_ANDROID_PASSWORDS, effect=_QUARANTINED),
    **_THREATS,
}
_ANDROID_ADMINISTRATOR = {
    **_ANDROID,
    "restrictedApps": Setting(by.not_reported, "no restricted app is installed"),
    "securityBlockDeviceAdministratorManagedDevices": Setting(
        lambda _case: by.passed(False, "device administrator"),
        "the device is not managed by device administrator",
    ),
}
_WORK_PROFILE = {
    **_ANDROID,
    **{
        name: Setting(by.not_reported, "the passcode of the work profile meets the rules")
        for name in (
            "workProfileInactiveBeforeScreenLockInMinutes",
            "workProfilePasswordExpirationInDays",
            "workProfilePasswordMinimumLength",
            "workProfilePasswordRequiredType",
            "workProfilePreviousPasswordBlockCount",
            "workProfileRequiredPasswordComplexity",
            "workProfileRequirePassword",
        )
    },
}
_ANDROID_FOR_WORK = {
    name: setting for name, setting in _WORK_PROFILE.items() if name != "advancedThreatProtectionRequiredSecurityLevel"
}
_DEVICE_OWNER = {
    **_OS,
    **_PATCHES,
    **_JAILBREAK,
    **_PLAY_INTEGRITY,
    "securityRequireIntuneAppIntegrity": Setting(by.not_reported, "the Intune app is intact"),
    "requireNoPendingSystemUpdates": Setting(by.not_reported, "no update of the system is pending"),
    **_ENCRYPTION,
    **_passwords(
        "passwordRequired",
        "passwordExpirationDays",
        "passwordMinimumLength",
        "passwordMinimumLetterCharacters",
        "passwordMinimumLowerCaseCharacters",
        "passwordMinimumNonLetterCharacters",
        "passwordMinimumNumericCharacters",
        "passwordMinimumSymbolCharacters",
        "passwordMinimumUpperCaseCharacters",
        "passwordMinutesOfInactivityBeforeLock",
        "passwordPreviousPasswordCountToBlock",
        "passwordRequiredType",
        effect=_QUARANTINED,
    ),
    **_THREATS,
}
_AOSP = {
    **_OS,
    **_PATCHES,
    **_JAILBREAK,
    **_ENCRYPTION,
    **_passwords(
        "passwordRequired",
        "passwordMinimumLength",
        "passwordMinutesOfInactivityBeforeLock",
        "passwordRequiredType",
        effect=_QUARANTINED,
    ),
}

#: The kinds by the last part of their @odata.type.
KINDS: dict[str, PolicyKind] = {
    "windows10CompliancePolicy": PolicyKind(_COMPUTERS | _PHONES, "windows10AndLater", _WINDOWS_10),
    "windows10MobileCompliancePolicy": PolicyKind(_PHONES, "windows10AndLater", _WINDOWS_10_MOBILE),
    "windows81CompliancePolicy": PolicyKind(_COMPUTERS, "windows81AndLater", _WINDOWS_81, versions=("6.",)),
    "windowsPhone81CompliancePolicy": PolicyKind(
        frozenset({Variant.WINDOWS_PHONE_81}), "windowsPhone81", _WINDOWS_PHONE_81
    ),
    "iosCompliancePolicy": PolicyKind(frozenset({Variant.IOS, Variant.IPADOS}), "iOS", _IOS),
    "macOSCompliancePolicy": PolicyKind(frozenset({Variant.MACOS}), "macOS", _MACOS),
    "androidCompliancePolicy": PolicyKind(
        frozenset({Variant.ANDROID_DEVICE_ADMIN, Variant.ANDROID_KNOX}), "android", _ANDROID_ADMINISTRATOR
    ),
    "androidWorkProfileCompliancePolicy": PolicyKind(
        frozenset({Variant.ANDROID_WORK_PROFILE}), "androidWorkProfile", _WORK_PROFILE
    ),
    "androidForWorkCompliancePolicy": PolicyKind(
        frozenset({Variant.ANDROID_WORK_PROFILE}), "androidForWork", _ANDROID_FOR_WORK
    ),
    "androidDeviceOwnerCompliancePolicy": PolicyKind(
        frozenset({Variant.ANDROID_FULLY_MANAGED, Variant.ANDROID_DEDICATED, Variant.ANDROID_CORPORATE_WORK_PROFILE}),
        "android",
        _DEVICE_OWNER,
    ),
    "aospDeviceOwnerCompliancePolicy": PolicyKind(frozenset({Variant.ANDROID_AOSP}), "androidAOSP", _AOSP),
}
#: Settings whose values have no order: two policies that differ in one are in conflict. Of all others the more secure
#: value counts, as a device has to meet both.
UNORDERED = frozenset({"validOperatingSystemBuildRanges", "wslDistributions"})
#: The facts on which compliance depends: a device that reports a change of one is judged again.
FACTS = frozenset(
    {
        "androidSecurityPatchLevel",
        "antiMalwareVersion",
        "complianceScriptErrors",
        "complianceScriptOutput",
        "deviceGuardVirtualizationBasedSecurityState",
        "isAntispywareEnabled",
        "isAntivirusEnabled",
        "isBitLockerEnabled",
        "isCodeIntegrityEnabled",
        "isEarlyLaunchAntimalwareEnabled",
        "isEncrypted",
        "isFirewallBlockingAllIncoming",
        "isFirewallEnabled",
        "isFirewallStealthModeEnabled",
        "isFirmwareProtectionEnabled",
        "isKernelDmaProtectionEnabled",
        "isMemoryIntegrityEnabled",
        "isPasscodeCompliant",
        "isPasscodePresent",
        "isSecureBootEnabled",
        "isSystemIntegrityProtectionEnabled",
        "isUnknownSourcesEnabled",
        "isUsbDebuggingEnabled",
        "isVerifyAppsEnabled",
        "jailBroken",
        "malwareProtectionEnabled",
        "osBuildNumber",
        "osVersion",
        "partnerReportedThreatState",
        "playIntegrityVerdict",
        "realTimeProtectionEnabled",
        "signatureUpdateOverdue",
        "tpmSpecificationVersion",
    }
)
