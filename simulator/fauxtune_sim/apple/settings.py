"""Payloads that set something on a device, such as restrictions and rules for passcodes (Apple: Restrictions, Passcode,
FDEFileVault, Firewall): their keys, what is refused in them, and what the device does about them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fauxtune_sim.apple.faults import Code, Fault
from fauxtune_sim.apple.store import InstalledPayload
from fauxtune_sim.device.device import Device
from fauxtune_sim.platforms import Platform

PASSCODE, FILE_VAULT, RESTRICTIONS, FIREWALL = (
    "com.apple.mobiledevice.passwordpolicy",
    "com.apple.MCX.FileVault2",
    "com.apple.applicationaccess",
    "com.apple.security.firewall",
)
#: The keys of the firewall that a Mac shows as facts.
_FIREWALL_FACTS = {
    "EnableFirewall": "isFirewallEnabled",
    "BlockAllIncoming": "isFirewallBlockingAllIncoming",
    "EnableStealthMode": "isFirewallStealthModeEnabled",
}
#: The beginnings of payloads whose content is a key, an account or the management, and no setting.
_OTHERS = ("com.apple.security.", "com.apple.mdm", "com.apple.eas.", "com.apple.mail.", "com.apple.ews.")
_RANGES = {
    "maxFailedAttempts": (2, 11),
    "maxGracePeriod": (0, 240),
    "maxInactivity": (0, 60),
    "maxPINAgeInDays": (0, 730),
    "minComplexChars": (0, 4),
    "minLength": (0, 16),
    "pinHistory": (0, 50),
}
_PLAIN = (bool, int, float, str, list)


def settings_of(kind: str, keys: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a payload; none if it is of another sort."""
    if kind.startswith(_OTHERS) and kind != FIREWALL:
        return {}
    return {key: value for key, value in keys.items() if not key.startswith("Payload") and isinstance(value, _PLAIN)}


def check(payload: InstalledPayload) -> None:
    """Raise Fault for a value that the device cannot take."""
    for key, value in payload.settings.items():
        if payload.type == RESTRICTIONS and key.startswith(("allow", "force")) and not isinstance(value, bool):
            raise Fault(Code.PAYLOAD_VALUE, f"{key} of {payload.type} is {value!r}, not true or false")
        least, most = _RANGES.get(key, (0, 0)) if payload.type == PASSCODE else (0, 0)
        is_number = isinstance(value, int) and not isinstance(value, bool)
        if most and not (is_number and least <= value <= most):
            raise Fault(
                Code.PAYLOAD_VALUE, f"{key} of {payload.type} is {value!r}, not a number from {least} to {most}"
            )


def obey(device: Device, payloads: Iterable[InstalledPayload]) -> None:
    """Do what the settings ask for. Differs from a device: its user sets a passcode, and logs out of a Mac, at once."""
    for payload in payloads:
        settings = payload.settings
        asks = settings.get("forcePIN") is True or bool(settings.get("minLength"))
        if payload.type == PASSCODE and asks and device.platform is not Platform.MACOS:
            device.report(isPasscodePresent=True)
        if payload.type == FILE_VAULT and settings.get("Enable") == "On" and device.platform is Platform.MACOS:
            device.report(isEncrypted=True)
        if payload.type == FIREWALL and device.platform is Platform.MACOS:
            device.report(**{_FIREWALL_FACTS[key]: value for key, value in settings.items() if key in _FIREWALL_FACTS})
