"""What a device reports of itself, in words for people: the console and the commands show the same ones."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_GIGABYTE, _GIBIBYTE = 10**9, 2**30
_TOTAL, _FREE = "totalStorageSpaceInBytes", "freeStorageSpaceInBytes"
#: data. Facts that are as they should be, or are not: label, words if true, words if false.
_SWITCHES: dict[str, tuple[str, str, str]] = {
    "isEncrypted": ("Storage", "encrypted", "not encrypted"),
    "isPasscodePresent": ("Passcode", "set", "none"),
    "isSecureBootEnabled": ("Secure Boot", "on", "off"),
    "isFirewallEnabled": ("Firewall", "on", "off"),
    "isAntivirusEnabled": ("Antivirus", "on", "off"),
    "realTimeProtectionEnabled": ("Real-time protection", "on", "off"),
    "isSystemIntegrityProtectionEnabled": ("System Integrity Protection", "on", "off"),
}
_JAIL_BROKEN = {"True": ("bad", "yes"), "False": ("good", "no"), "Unknown": ("", "not known")}
#: data. Facts that are shown as they are.
_TEXTS = {
    "androidSecurityPatchLevel": "Security patch",
    "tpmSpecificationVersion": "TPM",
    "phoneNumber": "Phone number",
    "subscriberCarrier": "Carrier",
    "imei": "IMEI",
    "wiFiMacAddress": "Wi-Fi address",
}

#: Facts that people change to see what follows, by the names of Graph's managedDevice.
REPORTED: tuple[str, ...] = (*_SWITCHES, "jailBroken", "osVersion", "model", _TOTAL, _FREE, *_TEXTS)


@dataclass(frozen=True, slots=True)
class FactLine:
    """One fact. `state`: `good`, `bad`, or empty for one that is neither."""

    label: str
    words: str
    state: str = ""


def fact_lines(facts: Mapping[str, Any]) -> list[FactLine]:
    """Return the facts that are known, by the names of Graph's managedDevice."""
    lines = [
        FactLine(label, yes if facts[name] else no, "good" if facts[name] else "bad")
        for name, (label, yes, no) in _SWITCHES.items()
        if isinstance(facts.get(name), bool)
    ]
    if (jail_broken := _JAIL_BROKEN.get(str(facts.get("jailBroken")))) is not None:
        lines.append(FactLine("Jailbreak, root", jail_broken[1], jail_broken[0]))
    if facts.get(_TOTAL):
        lines.append(FactLine("Free storage", storage_words(facts[_TOTAL], free=facts.get(_FREE) or 0)))
    if facts.get("physicalMemoryInBytes"):
        lines.append(FactLine("Memory", f"{facts['physicalMemoryInBytes'] / _GIBIBYTE:g} GiB"))
    if facts.get("batteryLevelPercentage") is not None:
        lines.append(FactLine("Battery", f"{facts['batteryLevelPercentage']:g} %"))
    if facts.get("isSupervised"):
        lines.append(FactLine("Supervised", "yes"))
    return lines + [FactLine(label, _text(name, facts[name])) for name, label in _TEXTS.items() if facts.get(name)]


def _text(name: str, value: Any) -> str:
    """Return a fact as people read it: a MAC address in pairs, an IMEI in its parts; Graph has them without."""
    text = str(value)
    if name == "wiFiMacAddress" and text.isalnum():
        return ":".join(textwrap.wrap(text, 2))
    return f"{text[:2]} {text[2:8]} {text[8:14]} {text[14:]}" if name == "imei" and text.isdigit() else text


def storage_words(total: int, *, free: int) -> str:
    """Return how much of a device's storage is free: `70.4 of 128 GB, 55 %`."""
    return f"{free / _GIGABYTE:.1f} of {total / _GIGABYTE:.0f} GB, {100 * free // total} %"
