"""Which actions a device supports (the table `table`), and which of them are emulated here (`EMULATED`)."""

from __future__ import annotations

from dataclasses import dataclass

from fauxtune.core.engine.device_actions.table import TABLE, WIPE_OPTIONS, WIPED_WHEN_DELETED, Rule
from fauxtune.core.errors import NotEmulated, UnsupportedAction
from fauxtune.core.model.actions import DeviceAction
from fauxtune.core.model.platforms import Platform, Variant, major_version
from fauxtune.core.model.states import Cause, Incident
from fauxtune.core.model.tenants import Edition

Happening = Cause | Incident


@dataclass(frozen=True, slots=True)
class ActionTarget:
    """The device that an action is for, and its tenant's edition. `os_version` is None if it is not known; such a
    device counts as one whose version supports the action.
    """

    variant: Variant
    edition: Edition
    os_version: str | None = None
    supervised: bool = False


_ENDS = frozenset({DeviceAction.WIPE, DeviceAction.RETIRE, DeviceAction.DELETE, DeviceAction.SYNC})
_OF_APPLE = frozenset({DeviceAction.LOCK, DeviceAction.REBOOT, DeviceAction.SHUT_DOWN, DeviceAction.RENAME})
_OF_IPHONES = frozenset(
    {
        DeviceAction.RESET_PASSCODE,
        DeviceAction.ENABLE_LOST_MODE,
        DeviceAction.DISABLE_LOST_MODE,
        DeviceAction.LOCATE,
        DeviceAction.PLAY_SOUND,
        DeviceAction.BYPASS_ACTIVATION_LOCK,
    }
)
#: The actions that simulated devices of a platform carry out. Others that are supported are answered with 501.
EMULATED: dict[Platform, frozenset[DeviceAction]] = {
    **dict.fromkeys(Platform, _ENDS),
    Platform.IOS: _ENDS | _OF_APPLE | _OF_IPHONES,
    Platform.IPADOS: _ENDS
    | _OF_APPLE
    | _OF_IPHONES
    | {DeviceAction.LOG_OUT_SHARED_USER, DeviceAction.DELETE_SHARED_USER},
    Platform.MACOS: _ENDS | _OF_APPLE | {DeviceAction.ROTATE_FILEVAULT_KEY},
    Platform.WINDOWS: _ENDS
    | {
        DeviceAction.REBOOT,
        DeviceAction.LOCATE,
        DeviceAction.RENAME,
        DeviceAction.CLEAN_WINDOWS,
        DeviceAction.DEFENDER_SCAN,
        DeviceAction.DEFENDER_UPDATE,
        DeviceAction.ROTATE_BITLOCKER_KEYS,
        DeviceAction.ROTATE_ADMIN_PASSWORD,
        DeviceAction.COLLECT_LOGS,
        DeviceAction.REMEDIATE,
    },
    **dict.fromkeys(
        (Platform.WINDOWS_10_MOBILE, Platform.WINDOWS_PHONE_81), _ENDS | {DeviceAction.LOCK, DeviceAction.REBOOT}
    ),
    Platform.ANDROID: _ENDS
    | {
        DeviceAction.LOCK,
        DeviceAction.REBOOT,
        DeviceAction.RESET_PASSCODE,
        DeviceAction.LOCATE,
        DeviceAction.PLAY_SOUND,
        DeviceAction.RENAME,
        DeviceAction.NOTIFY,
    },
}
#: Why an action that real devices support is not emulated.
REASONS: dict[DeviceAction, str] = {
    DeviceAction.REMOTE_ASSISTANCE: "it needs a TeamViewer connector, which is not emulated",
    DeviceAction.CHANGE_ASSIGNMENTS: "apps are assigned to groups here, and never to a single device",
    DeviceAction.OVERRIDE_COMPLIANCE: "the result of compliance policies cannot be overridden here",
    DeviceAction.NOTIFY: "Apple's own push service brings it to the Company Portal, past the management of the device",
    DeviceAction.BYPASS_ACTIVATION_LOCK: "a simulated Mac has no code that bypasses its Activation Lock",
    DeviceAction.ROTATE_ADMIN_PASSWORD: "only Macs of automated device enrolment have such an administrator",
    DeviceAction.UPDATE_ACCOUNT: "it is an action for Surface Hub and Teams Rooms, which are not simulated",
    DeviceAction.ENROLL_NOW: "it is an action for devices that Configuration Manager manages too",
    DeviceAction.CONFIGURATION_MANAGER: "it is an action for devices that Configuration Manager manages too",
    DeviceAction.SUSPEND_HOME_SCREEN: "simulated devices have no Managed Home Screen",
    DeviceAction.RESTORE_HOME_SCREEN: "simulated devices have no Managed Home Screen",
}


def check(action: DeviceAction, device: ActionTarget) -> None:
    """Raises UnsupportedAction if such a device cannot do it, NotEmulated if only simulated devices cannot."""
    rule = TABLE[action][device.edition]
    who = f"{action} is not supported by a device of the kind {device.variant}"
    if device.variant not in rule.variants or not _has_version(rule, device):
        raise UnsupportedAction(f"{who}: {rule.otherwise}.")
    if device.variant in rule.supervised and not device.supervised:
        raise UnsupportedAction(f"{who} that is not supervised: {rule.otherwise}.")
    if action not in EMULATED[platform_of(device.variant)]:
        why = REASONS.get(action, "simulated devices have nothing that it could act on")
        raise NotEmulated(f"{action} exists in Microsoft Graph but is not emulated: {why}.")


def check_wipe_option(name: str, variant: Variant) -> None:
    """Raises UnsupportedAction for an option of wipe that devices of this kind do not have."""
    rule = WIPE_OPTIONS[name]
    if variant not in rule.variants:
        raise UnsupportedAction(f"{name}: {rule.otherwise}, not by {variant}; leave it out.", target=name)


def supports(action: DeviceAction, variant: Variant, *, edition: Edition) -> bool:
    """Whether devices of this kind support the action, at least some of them."""
    return variant in TABLE[action][edition].variants


def effective_cause(cause: Happening, variant: Variant, *, edition: Edition) -> Happening:
    """The cause by which the device is treated: the same one, but a wipe or a retirement if its record is deleted."""
    if cause is not Cause.DELETE:
        return cause
    return Cause.WIPE if variant in WIPED_WHEN_DELETED.of(edition) else Cause.RETIRE


def platform_of(variant: Variant) -> Platform:
    """The platform of a variant."""
    return Platform(variant.value.partition("/")[0])


def _has_version(rule: Rule, device: ActionTarget) -> bool:
    version = major_version(device.os_version)
    if version is None or device.variant not in rule.versions:
        return True
    first, last = rule.versions[device.variant]
    return first <= version <= last
