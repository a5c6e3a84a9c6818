"""Which kinds of device support which action, in each edition: the table, which `support` reads.

Sources: Intune's page of each action as it was public in April 2020, and as it was read on 2026-11-26; for methods
without a page Graph's reference. Corporate-owned work profiles and AOSP devices came after April 2020.
Unverified: in the edition of 2020 a page that does not name them applies to them as it is written.
Differs from Intune: today's pages no longer name Windows phones. In the current edition phones support what a page of
2020 states for them, so that they can still be taught.

#: data
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fauxtune.core.model.actions import DeviceAction
from fauxtune.core.model.platforms import FACTS, Variant
from fauxtune.core.model.tenants import Changed, Edition, Stated


@dataclass(frozen=True, slots=True)
class Rule:
    """The kinds of device that support an action, the document with its date, and why the others do not.

    `supervised`: kinds of which only supervised devices do. `versions`: kinds of which only devices with a system of
    these versions do (first and last, the number before the first dot).
    """

    variants: frozenset[Variant]
    source: str
    otherwise: str
    supervised: frozenset[Variant] = frozenset()
    versions: Mapping[Variant, tuple[int, int]] = field(default_factory=dict)


_V = Variant
_KIOSK = _V.ANDROID_DEDICATED
_CORPORATE = (_V.ANDROID_FULLY_MANAGED, _V.ANDROID_DEDICATED, _V.ANDROID_CORPORATE_WORK_PROFILE)
_ADMINISTRATOR = (_V.ANDROID_DEVICE_ADMIN, _V.ANDROID_KNOX)
_ANDROID = (*_CORPORATE, *_ADMINISTRATOR, _V.ANDROID_WORK_PROFILE, _V.ANDROID_AOSP)
_IOS = (_V.IOS, _V.IPADOS)
_APPLE = (*_IOS, _V.MACOS)
_PHONES = (_V.WINDOWS_10_MOBILE, _V.WINDOWS_PHONE_81)
_ANY_VERSION = 10**9


def _rule(
    *variants: Variant,
    source: str,
    otherwise: str,
    supervised: tuple[Variant, ...] = (),
    versions: Mapping[Variant, tuple[int, int]] | None = None,
) -> Rule:
    return Rule(frozenset(variants), source, otherwise, frozenset(supervised), versions or {})


def _changed(then: Rule, now: Rule) -> dict[Edition, Rule]:
    return {Edition.APRIL_2020: then, Edition.CURRENT: now}


def _both(*variants: Variant, source: str, otherwise: str, supervised: tuple[Variant, ...] = ()) -> dict[Edition, Rule]:
    """One value for all editions."""
    return dict.fromkeys(Edition, _rule(*variants, source=source, otherwise=otherwise, supervised=supervised))


def _graph(method: str) -> str:
    return f"Graph: managedDevice: {method}, 2024-08-01"


def _page(action: str, date: str = "2025-10-27") -> str:
    return f"Device action: {action}, {date}"


def _windows(source: str) -> dict[Edition, Rule]:
    return _both(_V.WINDOWS, source=source, otherwise="it is an action for Windows 10 and later")


def _apple(*variants: Variant, source: str) -> dict[Edition, Rule]:
    words = "macOS" if variants == (_V.MACOS,) else "iPadOS" if variants == (_V.IPADOS,) else "Apple devices"
    return _both(*variants, source=source, otherwise=f"it is an action for {words}")


def _chrome(method: str) -> dict[Edition, Rule]:
    words = "it is an action for ChromeOS, of which there are no devices here"
    return _both(source=_graph(method), otherwise=words)


_REMOVE_2020 = "Remove devices by using wipe, retire, or manually unenrolling the device, 2020-02-27"
_LOST_2020 = "Enable lost mode on iOS devices with Intune, 2018-04-25"
_LOCATE_2020 = "Locate lost or stolen iOS devices with Intune, 2018-08-24"
_ESIM = "it is an action for iOS and iPadOS"
_HOME_SCREEN = "it is an action for dedicated and fully managed Android devices, which have a Managed Home Screen"
_SUPERVISED_IOS = "it is an action for supervised iOS and iPadOS devices"


def _lost_mode() -> dict[Edition, Rule]:
    """Both years name only supervised iOS devices, and 2020 states that Android does not support it."""
    return _changed(
        _rule(*_IOS, source=_LOST_2020, otherwise=_SUPERVISED_IOS, supervised=_IOS),
        _rule(*_IOS, source=_page("lost mode"), otherwise=_SUPERVISED_IOS, supervised=_IOS),
    )


_WORK_PROFILE_STAYS = "it cannot be wiped; retire it, which removes the whole work profile"

TABLE: dict[DeviceAction, Mapping[Edition, Rule]] = {
    # Unverified: macOS in 2020. The page on certificates said that it is not supported, Graph has an unlock code.
    DeviceAction.WIPE: _changed(
        _rule(
            *(variant for variant in Variant if variant is not _V.ANDROID_WORK_PROFILE),
            source=_REMOVE_2020,
            otherwise=_WORK_PROFILE_STAYS,
        ),
        _rule(
            *_CORPORATE,
            _V.ANDROID_AOSP,
            *_APPLE,
            _V.WINDOWS,
            *_PHONES,
            source=_page("wipe", "2025-11-14"),
            otherwise="it cannot be wiped; retire it, which removes the company's data",
        ),
    ),
    DeviceAction.RETIRE: _changed(
        _rule(
            *(variant for variant in Variant if variant is not _KIOSK),
            source=_REMOVE_2020,
            otherwise="it cannot be retired: wipe it",
        ),
        _rule(
            _V.ANDROID_WORK_PROFILE,
            *_ADMINISTRATOR,
            *_APPLE,
            _V.WINDOWS,
            *_PHONES,
            source=_page("retire", "2026-08-06"),
            otherwise="it cannot be retired: wipe it",
        ),
    ),
    DeviceAction.DELETE: _changed(
        _rule(*Variant, source=_REMOVE_2020, otherwise=""), _rule(*Variant, source=_page("delete"), otherwise="")
    ),
    DeviceAction.SYNC: _both(*Variant, source=_page("sync"), otherwise=""),
    DeviceAction.LOCK: _changed(
        _rule(
            *_ANDROID,
            *_APPLE,
            *_PHONES,
            source="Remotely lock devices with Intune, 2018-03-07",
            otherwise="Windows desktops have no remote lock",
        ),
        _rule(
            *_CORPORATE,
            _V.ANDROID_AOSP,
            *_APPLE,
            *_PHONES,
            source=_page("remote lock"),
            otherwise="only the company's own Android devices and Apple devices are locked",
        ),
    ),
    # 2020 names of the company's own Android devices only kiosks, of device administrators those below Android 7.
    # Differs from Intune: a passcode is reset also where no policy asks for one; there that fails ("Remote actions").
    DeviceAction.RESET_PASSCODE: _changed(
        _rule(
            _KIOSK,
            _V.ANDROID_WORK_PROFILE,
            *_ADMINISTRATOR,
            *_IOS,
            source="Reset or remove a device passcode in Intune, 2018-09-18",
            otherwise=(
                "passcodes are reset on Android before version 7, on dedicated devices, in work profiles from Android "
                "8 on, and on iOS"
            ),
            versions={_V.ANDROID_WORK_PROFILE: (8, _ANY_VERSION), **dict.fromkeys(_ADMINISTRATOR, (1, 6))},
        ),
        _rule(
            *_CORPORATE,
            _V.ANDROID_WORK_PROFILE,
            _V.ANDROID_AOSP,
            *_IOS,
            source=f"{_page('reset passcode')}; Remote device action: remove passcode, 2026-04-21",
            otherwise="passcodes are reset on Android Enterprise, AOSP, iOS and iPadOS devices",
        ),
    ),
    DeviceAction.REBOOT: _changed(
        _rule(
            _KIOSK,
            *_IOS,
            _V.WINDOWS,
            *_PHONES,
            source="Remotely restart devices with Intune, 2018-03-21",
            otherwise="only dedicated Android devices, supervised iOS devices, and Windows are restarted",
            supervised=_IOS,
        ),
        _rule(
            _V.ANDROID_FULLY_MANAGED,
            _KIOSK,
            _V.ANDROID_AOSP,
            *_APPLE,
            _V.WINDOWS,
            *_PHONES,
            source=_page("restart"),
            otherwise=(
                "only fully managed, dedicated and AOSP Android devices, supervised iOS devices, macOS and Windows are "
                "restarted"
            ),
            supervised=_IOS,
        ),
    ),
    DeviceAction.LOCATE: _changed(
        _rule(*_IOS, source=_LOCATE_2020, otherwise=_SUPERVISED_IOS, supervised=_IOS),
        _rule(
            *_CORPORATE,
            *_IOS,
            _V.WINDOWS,
            source=_page("locate device"),
            otherwise="only the company's own Android devices, supervised iOS devices and Windows are located",
            supervised=_IOS,
        ),
    ),
    DeviceAction.ENABLE_LOST_MODE: _lost_mode(),
    DeviceAction.DISABLE_LOST_MODE: _lost_mode(),
    DeviceAction.PLAY_SOUND: _changed(
        _rule(*_IOS, source=_LOCATE_2020, otherwise=_SUPERVISED_IOS, supervised=_IOS),
        _rule(
            *_CORPORATE,
            *_IOS,
            source=_page("play lost mode sound"),
            otherwise="only the company's own Android devices and supervised iOS devices play the sound",
            supervised=_IOS,
        ),
    ),
    DeviceAction.RENAME: _changed(
        _rule(
            *_APPLE,
            _V.WINDOWS,
            source="Rename a device in Intune, 2019-07-05",
            otherwise="only the company's own Windows and macOS devices and supervised iOS devices are renamed",
            supervised=_IOS,
        ),
        _rule(
            *_CORPORATE,
            *_APPLE,
            _V.WINDOWS,
            source=_page("rename"),
            otherwise="only the company's own devices are renamed, and supervised iOS devices",
            supervised=_IOS,
        ),
    ),
    # A dedicated device has no user. Unverified: AOSP devices, which have no Company Portal of that kind.
    DeviceAction.NOTIFY: _changed(
        _rule(
            _V.ANDROID_WORK_PROFILE,
            _V.ANDROID_FULLY_MANAGED,
            _V.ANDROID_CORPORATE_WORK_PROFILE,
            *_ADMINISTRATOR,
            *_IOS,
            source="Send custom notifications in Intune, 2019-09-19",
            otherwise="notifications go to the Company Portal of a user on Android, iOS or iPadOS",
        ),
        _rule(
            _V.ANDROID_WORK_PROFILE,
            *_IOS,
            source=_page("send custom notification"),
            otherwise="notifications go to personal Android devices with a work profile, and to iOS and iPadOS",
        ),
    ),
    DeviceAction.SHUT_DOWN: _apple(*_APPLE, source=_graph("shutDown")),
    DeviceAction.ACTIVATE_ESIM: _both(*_IOS, source=_graph("activateDeviceEsim"), otherwise=_ESIM),
    DeviceAction.REMOVE_ESIM: _both(*_IOS, source=_graph("removeDeviceEsim"), otherwise=_ESIM),
    DeviceAction.BYPASS_ACTIVATION_LOCK: _apple(*_APPLE, source=_page("disable Activation Lock")),
    DeviceAction.RECOVER_PASSCODE: _apple(*_IOS, source=_graph("recoverPasscode")),
    DeviceAction.DELETE_SHARED_USER: _apple(_V.IPADOS, source=_page("remove user")),
    DeviceAction.LOG_OUT_SHARED_USER: _apple(_V.IPADOS, source=_page("logout user")),
    DeviceAction.REVOKE_VPP_LICENSES: _apple(*_APPLE, source=_graph("revokeAppleVppLicenses")),
    DeviceAction.ENHANCED_LOGS: _apple(*_APPLE, source=_graph("triggerEnhancedLogCollection")),
    DeviceAction.CANCEL_ENHANCED_LOGS: _apple(*_APPLE, source=_graph("cancelEnhancedLogCollection")),
    DeviceAction.ROTATE_FILEVAULT_KEY: _apple(_V.MACOS, source=_page("rotate FileVault recovery key")),
    DeviceAction.ROTATE_RECOVERY_LOCK: _apple(_V.MACOS, source=_page("rotate Recovery Lock passcode")),
    DeviceAction.ROTATE_ADMIN_PASSWORD: _both(
        _V.WINDOWS,
        _V.MACOS,
        source=_page("rotate local admin password"),
        otherwise="only Windows and macOS have a local administrator whose password is rotated",
    ),
    DeviceAction.CLEAN_WINDOWS: _windows(_page("Fresh Start")),
    DeviceAction.DEFENDER_SCAN: _windows(_graph("windowsDefenderScan")),
    DeviceAction.DEFENDER_UPDATE: _windows(_graph("windowsDefenderUpdateSignatures")),
    DeviceAction.UPDATE_ACCOUNT: _windows(_graph("updateWindowsDeviceAccount")),
    DeviceAction.ROTATE_BITLOCKER_KEYS: _windows(_page("rotate BitLocker keys")),
    DeviceAction.PAUSE_REFRESH: _windows(_page("pause Config Refresh")),
    DeviceAction.COLLECT_LOGS: _windows(_page("collect diagnostics")),
    DeviceAction.ENROLL_NOW: _windows(_graph("enrollNowAction")),
    DeviceAction.ATTEST: _windows(_graph("initiateDeviceAttestation")),
    DeviceAction.RECOVER_KEY: _windows(_graph("initiateMobileDeviceManagementKeyRecovery")),
    DeviceAction.REMEDIATE: _windows(_page("run remediation")),
    DeviceAction.REMOVE_FIRMWARE_MANAGEMENT: _windows(_graph("removeDeviceFirmwareConfigurationInterfaceManagement")),
    DeviceAction.CONFIGURATION_MANAGER: _windows(_graph("triggerConfigurationManagerAction")),
    DeviceAction.SUSPEND_HOME_SCREEN: _both(
        _KIOSK, _V.ANDROID_FULLY_MANAGED, source=_page("suspend Managed Home Screen"), otherwise=_HOME_SCREEN
    ),
    DeviceAction.RESTORE_HOME_SCREEN: _both(
        _KIOSK, _V.ANDROID_FULLY_MANAGED, source=_page("restore Managed Home Screen"), otherwise=_HOME_SCREEN
    ),
    DeviceAction.DEPROVISION: _chrome("deprovision"),
    DeviceAction.DISABLE: _chrome("disable"),
    DeviceAction.REENABLE: _chrome("reenable"),
    DeviceAction.MOVE_TO_UNIT: _chrome("moveDevicesToOU"),
    DeviceAction.REMOTE_ASSISTANCE: _both(*Variant, source=_graph("requestRemoteAssistance"), otherwise=""),
    DeviceAction.CHANGE_ASSIGNMENTS: _both(*Variant, source=_graph("changeAssignments"), otherwise=""),
    DeviceAction.OVERRIDE_COMPLIANCE: _both(*Variant, source=_graph("overrideComplianceState"), otherwise=""),
}

#: The options of a wipe that only some kinds of device have: the same in every edition.
WIPE_OPTIONS: dict[str, Rule] = {
    "keepEnrollmentData": _rule(
        *(variant for variant in Variant if FACTS[variant].can_keep_enrollment),
        source=_REMOVE_2020,
        otherwise="it is supported by Windows 10 and later",
    ),
    "keepUserData": _rule(_V.WINDOWS, source=_graph("wipe"), otherwise="it is supported by Windows 10 and later"),
    "useProtectedWipe": _rule(_V.WINDOWS, source=_graph("wipe"), otherwise="it is supported by Windows 10 and later"),
    "persistEsimDataPlan": _rule(
        *_IOS, _V.WINDOWS, source=_graph("wipe"), otherwise="it is supported by iOS, iPadOS and Windows"
    ),
    "macOsUnlockCode": _rule(_V.MACOS, source=_graph("wipe"), otherwise="it is supported by macOS"),
    "obliterationBehavior": _rule(_V.MACOS, source=_graph("wipe"), otherwise="it is supported by macOS"),
}

#: The kinds of device that are wiped when their record is deleted. All others lose only the company's data.
WIPED_WHEN_DELETED: Changed[frozenset[Variant]] = Changed(
    "What happens to a device whose record is deleted",
    {
        Edition.APRIL_2020: Stated(
            frozenset(), "when it comes next it loses the company's data, as if it were retired", _REMOVE_2020
        ),
        Edition.CURRENT: Stated(
            frozenset({*_CORPORATE, _V.ANDROID_AOSP}),
            "fully managed, dedicated, corporate-owned work profile and AOSP devices are wiped, all others are retired",
            _page("delete"),
        ),
    },
)

#: Of custom notifications: characters in a title, characters in a body, and how many one device gets within an hour.
#: "Send custom notifications in Intune", 2019-09-19, and "Device action: send custom notification", 2025-10-27.
LONGEST_TITLE, LONGEST_BODY, NOTIFICATIONS_AN_HOUR = 50, 500, 10
#: "Device action: retire", 2026-08-06: of a tenant, however they are ordered.
RETIREMENTS_A_DAY = 1000
