"""Values of a simulated device's facts that differ from the present ones, and where Graph shows them."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from typing import Any

from fauxtune_sim.device.device import Device
from fauxtune_sim.facts.device_facts import withheld_facts
from fauxtune_sim.facts.table import Fact, FactValue, Form, facts_of, with_luhn_digit
from fauxtune_sim.platforms import Mode, Platform

_OTHER_VERSIONS = {
    Platform.ANDROID: "13",
    Platform.IOS: "17.6.1",
    Platform.IPADOS: "17.6.1",
    Platform.MACOS: "15.5",
    Platform.WINDOWS: "10.0.26100.2000",
    Platform.WINDOWS_10_MOBILE: "10.0.14393.2395",
    Platform.WINDOWS_PHONE_81: "8.10.14219.341",
}
_OTHER_MODELS = {
    Platform.IOS: ("iPhone 16 Pro", "iPhone 13"),
    Platform.IPADOS: ("iPad mini (6th generation)", "iPad (6th generation)"),
    Platform.MACOS: ("Mac mini (M2, 2023)", "MacBook Air (M2, 2022)"),
}
#: Whole megabytes of 2^20 bytes: Windows reports no smaller parts.
_OTHER_SIZES = {"totalStorageSpaceInBytes": 2**41, "freeStorageSpaceInBytes": 7 * 2**30}
#: data. Facts that Graph's record has no place for: the server keeps them with the enrolment.
KEPT = {
    "bluetoothMacAddress",
    "isActivationLockEnabled",
    "isAntispywareEnabled",
    "isAntivirusEnabled",
    "isAntivirusSignatureCurrent",
    "isFirewallEnabled",
    "isPasscodeCompliant",
    "isPasscodePresent",
    "isSecureBootEnabled",
    "isSystemIntegrityProtectionEnabled",
    "isUnknownSourcesEnabled",
    "isUsbDebuggingEnabled",
    "isUserAccountControlEnabled",
    "isVerifyAppsEnabled",
}
#: data. Properties of a device that have a value only where one device is read with a $select that names them.
SELECTED = (
    "activationLockBypassCode",
    "udid",
    "iccid",
    "ethernetMacAddress",
    "physicalMemoryInBytes",
    "hardwareInformation",
    "bootstrapTokenEscrowed",
    "notes",
)


def settable_facts(platform: Platform) -> tuple[Fact, ...]:
    """The facts of a platform that can be set."""
    return tuple(fact for fact in facts_of(platform) if fact.settable)


def other_value(fact: Fact, device: Device) -> FactValue:
    """A value that this device can have, and does not have now."""
    present = device.facts.get(fact.name)
    if fact.name == "osVersion":
        return _OTHER_VERSIONS[device.platform]
    if fact.name == "model" and device.platform in _OTHER_MODELS:
        return next(name for name in _OTHER_MODELS[device.platform] if name != present)
    match fact.form:
        case Form.FLAG:
            return not present
        case Form.WHOLE:
            usual = _OTHER_SIZES.get(fact.name, 3 * 2**30 if fact.most > 100 else 42)
            return usual if usual != present else usual - (2**20 if fact.most > 100 else 1)
        case Form.CHOICE:
            word = next(word for word in fact.choices_of(device.platform) if word != str(present))
            return int(word) if fact.name == "skuNumber" else word
        case _:
            return fact.example if fact.example != present else _other_text(fact)


def _other_text(fact: Fact) -> str:
    """A text of the fact's form that is not its example: chance may give a device the example."""
    if fact.name in ("imei", "iccid"):
        return with_luhn_digit(str(int(fact.example[:-1]) + 1))
    start = fact.example.removesuffix("Z")[:-1]
    end = fact.example[len(start) + 1 :]
    candidates = ["Another", *(start + sign + end for sign in string.digits + string.ascii_letters)]
    return next(text for text in candidates if text != fact.example and re.fullmatch(fact.pattern, text))


def expected(device: Device) -> dict[str, FactValue]:
    """Where Graph shows the facts of a device, and how: a name or `hardwareInformation/name`, and the value."""
    facts, is_mine = dict(device.facts), device.platform is not Platform.WINDOWS
    if device.platform is Platform.MACOS:
        facts["osVersion"] = f"{facts['osVersion']} ({facts['osBuildNumber']})"
        facts["requireUserEnrollmentApproval"] = not facts.pop("isUserApprovedEnrollment")
    if "phoneNumber" in facts and is_mine and device.mode is not Mode.FULLY_MANAGED:
        facts["phoneNumber"] = f"********{str(facts['phoneNumber'])[-3:]}"
    withheld = withheld_facts(device) | KEPT
    return {name: value for name, value in facts.items() if name not in withheld}


def shown(graph: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    """The values of these facts in Graph's record: its own, those of hardwareInformation or windowsProtectionState."""
    everything = graph["windowsProtectionState"] | graph["hardwareInformation"] | dict(graph)
    return {name: everything.get(name) for name in names}


def whole_megabytes(device: Device, facts: dict[str, FactValue]) -> dict[str, FactValue]:
    """The facts as they arrive: Windows reports sizes in whole megabytes."""
    if "WINDOWS" not in device.platform.name:
        return facts
    return {name: int(value) >> 20 << 20 if name.endswith("InBytes") else value for name, value in facts.items()}
