"""Which action a device of which kind supports: a table, not conditions.

Sources: Intune, the page of each remote action under "Available device actions" (2020-03, and the present ones for
kinds that came later); Graph's reference of each method. Whether this emulator also carries a supported action to
devices of a platform is `CARRIED`.

#: data
"""

from __future__ import annotations

from dataclasses import dataclass

from fauxtune.core.errors import NotEmulated, UnsupportedAction
from fauxtune.core.model.actions import DeviceAction
from fauxtune.core.model.platforms import FACTS, Platform, Variant


@dataclass(frozen=True, slots=True)
class Rule:
    """The kinds of device that support an action, the document that says so, and why the others do not."""

    variants: frozenset[Variant]
    source: str
    otherwise: str


_V = Variant
_CORPORATE = (_V.ANDROID_FULLY_MANAGED, _V.ANDROID_DEDICATED, _V.ANDROID_CORPORATE_WORK_PROFILE)
_ADMINISTRATOR = (_V.ANDROID_DEVICE_ADMIN, _V.ANDROID_KNOX)
_ANDROID = (*_CORPORATE, *_ADMINISTRATOR, _V.ANDROID_WORK_PROFILE, _V.ANDROID_AOSP)
_IOS = (_V.IOS, _V.IPADOS)
_APPLE = (*_IOS, _V.MACOS)
_PHONES = (_V.WINDOWS_10_MOBILE, _V.WINDOWS_PHONE_81)


def _rule(*variants: Variant, source: str, otherwise: str) -> Rule:
    return Rule(frozenset(variants), source, otherwise)


def _windows(source: str) -> Rule:
    return _rule(_V.WINDOWS, source=source, otherwise="it is an action for Windows 10 and later")


def _apple(*variants: Variant, source: str) -> Rule:
    words = "macOS" if variants == (_V.MACOS,) else "iPadOS" if variants == (_V.IPADOS,) else "Apple devices"
    return _rule(*variants, source=source, otherwise=f"it is an action for {words}")


def _chrome(source: str) -> Rule:
    return _rule(source=source, otherwise="it is an action for ChromeOS, of which there are no devices here")


_GRAPH = "Graph: managedDevice: "
_ESIM = "it is an action for iOS and iPadOS"
_HOME_SCREEN = "it is an action for dedicated and fully managed Android devices, which have a Managed Home Screen"

TABLE: dict[DeviceAction, Rule] = {
    DeviceAction.WIPE: _rule(
        *(each for each in Variant if FACTS[each].can_be_wiped),
        source="Remove devices by using wipe, retire, or manually unenrolling the device (2020-03)",
        otherwise="it cannot be wiped: retire it, which removes the whole work profile",
    ),
    DeviceAction.RETIRE: _rule(
        *(each for each in Variant if FACTS[each].can_be_retired),
        source="Remove devices by using wipe, retire, or manually unenrolling the device (2020-03)",
        otherwise="it cannot be retired: wipe it",
    ),
    DeviceAction.DELETE: _rule(*Variant, source=f"{_GRAPH}delete", otherwise=""),
    DeviceAction.SYNC: _rule(*Variant, source="Sync devices to get the latest policies and actions", otherwise=""),
    DeviceAction.LOCK: _rule(
        *_ANDROID,
        *_APPLE,
        *_PHONES,
        source="Remotely lock managed devices with Intune",
        otherwise="Windows desktops have no remote lock",
    ),
    DeviceAction.RESET_PASSCODE: _rule(
        *_ANDROID,
        *_IOS,
        *_PHONES,
        source="Reset or remove a device passcode in Intune",
        otherwise="only passcodes of phones and tablets are reset",
    ),
    DeviceAction.REBOOT: _rule(
        *_CORPORATE,
        _V.ANDROID_AOSP,
        *_APPLE,
        _V.WINDOWS,
        source="Remotely restart devices with Intune",
        otherwise="a personal work profile and a device administrator cannot restart the device",
    ),
    DeviceAction.LOCATE: _rule(
        *_CORPORATE,
        *_IOS,
        _V.WINDOWS,
        source="Locate lost or stolen devices with Intune",
        otherwise="only the company's own Android devices, supervised iOS devices and Windows are located",
    ),
    # Unverified: Android. The Android Management API has START_LOST_MODE for the company's own devices.
    DeviceAction.ENABLE_LOST_MODE: _rule(
        *_CORPORATE,
        *_IOS,
        source="Enable lost mode on iOS/iPadOS devices with Intune; AMAPI: START_LOST_MODE",
        otherwise="lost mode is for supervised iOS devices and for the company's own Android devices",
    ),
    DeviceAction.DISABLE_LOST_MODE: _rule(
        *_CORPORATE,
        *_IOS,
        source="Enable lost mode on iOS/iPadOS devices with Intune; AMAPI: STOP_LOST_MODE",
        otherwise="lost mode is for supervised iOS devices and for the company's own Android devices",
    ),
    DeviceAction.PLAY_SOUND: _rule(
        *_CORPORATE,
        *_IOS,
        source="Locate lost or stolen devices with Intune: play lost mode sound",
        otherwise="lost mode is for supervised iOS devices and for the company's own Android devices",
    ),
    DeviceAction.RENAME: _rule(
        *_CORPORATE,
        *_APPLE,
        _V.WINDOWS,
        source="Rename a device with Intune",
        otherwise="only the company's own devices are renamed",
    ),
    DeviceAction.NOTIFY: _rule(
        _V.ANDROID_WORK_PROFILE,
        _V.ANDROID_FULLY_MANAGED,
        _V.ANDROID_CORPORATE_WORK_PROFILE,
        *_ADMINISTRATOR,
        *_IOS,
        source="Send custom notifications in Intune: a user with the Company Portal on Android or iOS/iPadOS",
        otherwise="notifications go to the Company Portal of a user on Android, iOS or iPadOS",
    ),
    DeviceAction.SHUT_DOWN: _apple(*_APPLE, source=f"{_GRAPH}shutDown"),
    DeviceAction.ACTIVATE_ESIM: _rule(*_IOS, source=f"{_GRAPH}activateDeviceEsim", otherwise=_ESIM),
    DeviceAction.REMOVE_ESIM: _rule(*_IOS, source=f"{_GRAPH}removeDeviceEsim", otherwise=_ESIM),
    DeviceAction.BYPASS_ACTIVATION_LOCK: _apple(*_APPLE, source="Bypass Activation Lock on iOS/iPadOS with Intune"),
    DeviceAction.RECOVER_PASSCODE: _apple(*_IOS, source=f"{_GRAPH}recoverPasscode"),
    DeviceAction.DELETE_SHARED_USER: _apple(_V.IPADOS, source="Remove user: shared iPad"),
    DeviceAction.LOG_OUT_SHARED_USER: _apple(_V.IPADOS, source="Logout current user: shared iPad"),
    DeviceAction.REVOKE_VPP_LICENSES: _apple(*_APPLE, source=f"{_GRAPH}revokeAppleVppLicenses"),
    DeviceAction.ENHANCED_LOGS: _apple(*_APPLE, source=f"{_GRAPH}triggerEnhancedLogCollection"),
    DeviceAction.CANCEL_ENHANCED_LOGS: _apple(*_APPLE, source=f"{_GRAPH}cancelEnhancedLogCollection"),
    DeviceAction.ROTATE_FILEVAULT_KEY: _apple(_V.MACOS, source="Rotate the FileVault recovery key"),
    DeviceAction.ROTATE_RECOVERY_LOCK: _apple(_V.MACOS, source=f"{_GRAPH}rotateRecoveryLockPasscode"),
    DeviceAction.ROTATE_ADMIN_PASSWORD: _rule(
        _V.WINDOWS,
        _V.MACOS,
        source=f"{_GRAPH}rotateLocalAdminPassword",
        otherwise="only Windows and macOS have a local administrator whose password is rotated",
    ),
    DeviceAction.CLEAN_WINDOWS: _windows("Fresh Start on Windows 10 devices with Intune"),
    DeviceAction.DEFENDER_SCAN: _windows(f"{_GRAPH}windowsDefenderScan"),
    DeviceAction.DEFENDER_UPDATE: _windows(f"{_GRAPH}windowsDefenderUpdateSignatures"),
    DeviceAction.UPDATE_ACCOUNT: _windows(f"{_GRAPH}updateWindowsDeviceAccount"),
    DeviceAction.ROTATE_BITLOCKER_KEYS: _windows("Rotate BitLocker keys"),
    DeviceAction.PAUSE_REFRESH: _windows("Config Refresh: pauseConfigurationRefresh"),
    DeviceAction.COLLECT_LOGS: _windows("Collect diagnostics from a Windows device"),
    DeviceAction.ENROLL_NOW: _windows(f"{_GRAPH}enrollNowAction"),
    DeviceAction.ATTEST: _windows(f"{_GRAPH}initiateDeviceAttestation"),
    DeviceAction.RECOVER_KEY: _windows(f"{_GRAPH}initiateMobileDeviceManagementKeyRecovery"),
    DeviceAction.REMEDIATE: _windows("Remediations: run a script on demand"),
    DeviceAction.REMOVE_FIRMWARE_MANAGEMENT: _windows("DFCI management: remove"),
    DeviceAction.CONFIGURATION_MANAGER: _windows(f"{_GRAPH}triggerConfigurationManagerAction"),
    DeviceAction.SUSPEND_HOME_SCREEN: _rule(
        _V.ANDROID_DEDICATED,
        _V.ANDROID_FULLY_MANAGED,
        source=f"{_GRAPH}suspendManagedHomeScreen",
        otherwise=_HOME_SCREEN,
    ),
    DeviceAction.RESTORE_HOME_SCREEN: _rule(
        _V.ANDROID_DEDICATED,
        _V.ANDROID_FULLY_MANAGED,
        source=f"{_GRAPH}restoreManagedHomeScreen",
        otherwise=_HOME_SCREEN,
    ),
    DeviceAction.DEPROVISION: _chrome(f"{_GRAPH}deprovision"),
    DeviceAction.DISABLE: _chrome(f"{_GRAPH}disable"),
    DeviceAction.REENABLE: _chrome(f"{_GRAPH}reenable"),
    DeviceAction.MOVE_TO_UNIT: _chrome(f"{_GRAPH}moveDevicesToOU"),
    DeviceAction.REMOTE_ASSISTANCE: _rule(*Variant, source=f"{_GRAPH}requestRemoteAssistance", otherwise=""),
    DeviceAction.CHANGE_ASSIGNMENTS: _rule(*Variant, source=f"{_GRAPH}changeAssignments", otherwise=""),
    DeviceAction.OVERRIDE_COMPLIANCE: _rule(*Variant, source=f"{_GRAPH}overrideComplianceState", otherwise=""),
}

_ENDS = frozenset({DeviceAction.WIPE, DeviceAction.RETIRE, DeviceAction.DELETE, DeviceAction.SYNC})
#: What travels to the devices of a platform. Whatever is supported and not in here is answered with 501.
CARRIED: dict[Platform, frozenset[DeviceAction]] = {
    **dict.fromkeys(Platform, _ENDS),
    **dict.fromkeys((Platform.IOS, Platform.IPADOS, Platform.MACOS), _ENDS | {DeviceAction.LOCK}),
    **dict.fromkeys((Platform.WINDOWS_10_MOBILE, Platform.WINDOWS_PHONE_81), _ENDS | {DeviceAction.LOCK}),
    Platform.ANDROID: _ENDS
    | {
        DeviceAction.LOCK,
        DeviceAction.REBOOT,
        DeviceAction.RESET_PASSCODE,
        DeviceAction.LOCATE,
        DeviceAction.ENABLE_LOST_MODE,
        DeviceAction.DISABLE_LOST_MODE,
        DeviceAction.PLAY_SOUND,
        DeviceAction.RENAME,
        DeviceAction.NOTIFY,
    },
}
#: Why an action that real devices of the kind support is not carried to ours.
REASONS: dict[DeviceAction, str] = {
    DeviceAction.REMOTE_ASSISTANCE: "it takes a TeamViewer connector, and there is none",
    DeviceAction.CHANGE_ASSIGNMENTS: "simulated devices have no apps whose assignments could change",
    DeviceAction.OVERRIDE_COMPLIANCE: "there are no compliance policies whose result could be overridden",
    DeviceAction.SUSPEND_HOME_SCREEN: "simulated devices have no Managed Home Screen",
    DeviceAction.RESTORE_HOME_SCREEN: "simulated devices have no Managed Home Screen",
}

#: The parts of a wipe that only some kinds of device know. Graph: managedDevice: wipe.
WIPE_OPTIONS: dict[str, Rule] = {
    "keepEnrollmentData": _rule(
        *(each for each in Variant if FACTS[each].can_keep_enrollment),
        source="Remove devices by using wipe, retire, or manually unenrolling the device (2020-03)",
        otherwise="it is supported by Windows 10 and later",
    ),
    "keepUserData": _rule(
        _V.WINDOWS,
        source=f"{_GRAPH}wipe",
        otherwise="it is supported by Windows 10 and later",
    ),
    "useProtectedWipe": _rule(_V.WINDOWS, source=f"{_GRAPH}wipe", otherwise="it is supported by Windows 10 and later"),
    "persistEsimDataPlan": _rule(
        *_IOS,
        _V.WINDOWS,
        source=f"{_GRAPH}wipe",
        otherwise="it is supported by iOS, iPadOS and Windows",
    ),
    "macOsUnlockCode": _rule(_V.MACOS, source=f"{_GRAPH}wipe", otherwise="it is supported by macOS"),
    "obliterationBehavior": _rule(_V.MACOS, source=f"{_GRAPH}wipe", otherwise="it is supported by macOS"),
}


def check(action: DeviceAction, variant: Variant) -> None:
    """UnsupportedAction where devices of this kind cannot do it, NotEmulated where only ours cannot."""
    rule = TABLE[action]
    if variant not in rule.variants:
        raise UnsupportedAction(f"{action} is not supported by a device of the kind {variant}: {rule.otherwise}.")
    if action not in CARRIED[platform_of(variant)]:
        why = REASONS.get(action, "simulated devices have nothing that it could act upon")
        raise NotEmulated(f"{action} exists in Microsoft Graph but is not emulated: {why}.")


def check_wipe_option(name: str, variant: Variant) -> None:
    """UnsupportedAction for a part of a wipe that devices of this kind do not know."""
    rule = WIPE_OPTIONS[name]
    if variant not in rule.variants:
        raise UnsupportedAction(f"{name}: {rule.otherwise}, not by {variant}; leave it out.", target=name)


def platform_of(variant: Variant) -> Platform:
    """The platform of a variant."""
    return Platform(variant.value.partition("/")[0])
