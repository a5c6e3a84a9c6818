"""The keys of a policy that set something on an Android device: which it knows, and what it does about them.

Android Management API: enterprises.policies (Policy, PasswordRequirements). A key that the device does not know, or a
value of another type, is refused for itself; the others are applied.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fauxtune_sim.device.device import Device
from fauxtune_sim.device.enrollment import Refusal
from fauxtune_sim.device.state_folder import Delivery

_PASSWORDS, _SCOPE = "passwordPolicies", "passwordScope"
#: The keys that the device knows, and the types of their values.
_KNOWN: Mapping[str, type] = {
    _PASSWORDS: list,
    "accountTypesWithManagementDisabled": list,
    "addUserDisabled": bool,
    "adjustVolumeDisabled": bool,
    "advancedSecurityOverrides": dict,
    "alwaysOnVpnPackage": dict,
    "appAutoUpdatePolicy": str,
    "bluetoothConfigDisabled": bool,
    "bluetoothContactSharingDisabled": bool,
    "bluetoothDisabled": bool,
    "cameraDisabled": bool,
    "createWindowsDisabled": bool,
    "credentialsConfigDisabled": bool,
    "crossProfilePolicies": dict,
    "dataRoamingDisabled": bool,
    "defaultPermissionPolicy": str,
    "deviceOwnerLockScreenInfo": dict,
    "encryptionPolicy": str,
    "factoryResetDisabled": bool,
    "frpAdminEmails": list,
    "keyguardDisabled": bool,
    "keyguardDisabledFeatures": list,
    "kioskCustomization": dict,
    "locationMode": str,
    "longSupportMessage": dict,
    "maximumTimeToLock": str,
    "modifyAccountsDisabled": bool,
    "mountPhysicalMediaDisabled": bool,
    "networkEscapeHatchEnabled": bool,
    "outgoingBeamDisabled": bool,
    "personalUsagePolicies": dict,
    "playStoreMode": str,
    "removeUserDisabled": bool,
    "screenCaptureDisabled": bool,
    "shareLocationDisabled": bool,
    "shortSupportMessage": dict,
    "skipFirstUseHintsEnabled": bool,
    "statusBarDisabled": bool,
    "stayOnPluggedModes": list,
    "systemUpdate": dict,
    "tetheringConfigDisabled": bool,
    "unmuteMicrophoneDisabled": bool,
    "usbFileTransferDisabled": bool,
    "usbMassStorageEnabled": bool,
    "wifiConfigDisabled": bool,
}
_OWNER, _UNSUPPORTED, _WRONG = "USER_ACTION", "UNSUPPORTED", "INVALID_VALUE"


def apply(settings: Mapping[str, Any], device: Device, *, refusals: list[Refusal]) -> tuple[list[str], list[str]]:
    """Apply the settings of a policy; return the names of those that are new or changed, and of those that are gone."""
    before, after = device.own_settings, dict[str, Any]()
    for address, value in _flat(settings):
        why, word = _why_refused(address, value, device=device, before=before)
        if why:
            refusals.append(Refusal(address.partition("/")[0], _path(address), why, word=word))
            if address in before:
                after[address] = before[address]
        else:
            after[address] = value
    changed = [address for address, value in after.items() if before.get(address) != value]
    removed = sorted(before.keys() - after.keys())
    device.own_settings = after
    _obey(device)
    return changed, removed


def _flat(settings: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The values below the keys of a policy, each with its address."""
    for name, value in settings.items():
        if name == _PASSWORDS and isinstance(value, list):
            for rules in value:
                scope = rules.get(_SCOPE, "SCOPE_DEVICE")
                yield from ((f"{name}/{scope}/{key}", rule) for key, rule in rules.items() if key != _SCOPE)
        elif isinstance(value, dict):
            yield from ((f"{name}/{key}", each) for key, each in value.items())
        else:
            yield name, value


def _path(address: str) -> str:
    name, *below = address.split("/")
    if name == _PASSWORDS and len(below) == 2:
        return f"{name}[{_SCOPE}={below[0]}].{below[1]}"
    return ".".join([name, *below])


def _why_refused(address: str, value: Any, *, device: Device, before: Mapping[str, Any]) -> tuple[str, str]:
    """Why a setting is refused, with the protocol's word; two empty texts if it is not."""
    name, _, below = address.partition("/")
    known = _KNOWN.get(name)
    if known is None:
        return f"this device has no {name}", _UNSUPPORTED
    if not below and not isinstance(value, known):
        return f"{name} is no {known.__name__}", _WRONG
    reason = device.refusals.reason(Delivery.SETTING)
    if reason is not None and before.get(address) != value:
        code = device.refusals[Delivery.SETTING]
        return (reason if code is None else f"{reason} (error {code})"), _OWNER
    return "", ""


def _obey(device: Device) -> None:
    """Do what the settings ask for. Differs from a device: its user sets a screen lock at once."""
    settings = device.own_settings
    if any(address.startswith(f"{_PASSWORDS}/") for address in settings):
        device.report(isPasscodePresent=True)
    if str(settings.get("encryptionPolicy", "")).startswith("ENABLED"):
        device.report(isEncrypted=True)
