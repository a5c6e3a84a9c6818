"""What a device knows of itself and reports: read and changed by Graph's names (`Device.facts`, `Device.report`).

Some facts are the hardware's, which is generated once and stored (it survives a wipe); one is the device's name; the
others are stored by name. On an iPhone two names have one value: its data are encrypted exactly if it has a passcode
(Apple: "SecurityInfo", HardwareEncryptionCaps).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import replace
from random import Random, SystemRandom
from typing import Any, Protocol

from fauxtune_sim.device.enrollment import Enrollment
from fauxtune_sim.device.state_folder import Condition
from fauxtune_sim.errors import FactRefused, NotFoundHere
from fauxtune_sim.facts.android import AndroidHardware
from fauxtune_sim.facts.apple import AppleHardware
from fauxtune_sim.facts.table import Fact, FactValue, Form, Hardware, all_facts, facts_of, with_luhn_digit
from fauxtune_sim.facts.windows import WindowsHardware
from fauxtune_sim.platforms import Mode, Platform

_CLASSES: dict[Platform, type[Hardware]] = {
    Platform.ANDROID: AndroidHardware,
    Platform.IOS: AppleHardware,
    Platform.IPADOS: AppleHardware,
    Platform.MACOS: AppleHardware,
    Platform.WINDOWS: WindowsHardware,
    Platform.WINDOWS_10_MOBILE: WindowsHardware,
    Platform.WINDOWS_PHONE_81: WindowsHardware,
}
_APPLE_MOBILE = (Platform.IOS, Platform.IPADOS)
_NAME, _MODEL, _VERSION, _EDITION, _FAMILY = "deviceName", "model", "osVersion", "skuNumber", "skuFamily"
_TOTAL, _FREE = "totalStorageSpaceInBytes", "freeStorageSpaceInBytes"
_ENCRYPTED, _PASSCODE = "isEncrypted", "isPasscodePresent"
#: Facts that the hardware has, by the names of its fields.
_OF_HARDWARE = {
    "serialNumber": ("serial_number",),
    "model": ("model",),
    "manufacturer": ("manufacturer",),
    "udid": ("udid",),
    "imei": ("imei",),
    "meid": ("meid",),
    "wiFiMacAddress": ("wifi_mac_address",),
    "osVersion": ("os_version",),
    "osBuildNumber": ("build_version", "build_number"),
    "androidSecurityPatchLevel": ("security_patch_level",),
    "skuNumber": ("os_edition",),
}
#: Android, "Device identifiers": not for the owner of a personal work profile from Android 12 (API level 31) on.
_ANDROID_12, _IDENTIFIERS = 31, frozenset({"serialNumber", "imei", "meid"})
#: Apple: not for a User Enrollment. Whether an iPhone is encrypted follows from its passcode.
_OF_OWN_DEVICE = frozenset(
    {
        "udid",
        "esimIdentifier",
        "wiFiMacAddress",
        "bluetoothMacAddress",
        "ethernetMacAddress",
        "isPasscodePresent",
        "isEncrypted",
        "activationLockBypassCode",
    }
)
#: Apple: only a supervised device has the code.
_OF_SUPERVISED = frozenset({"activationLockBypassCode"})
#: Android Management API, TelephonyInfo: on fully managed devices only.
_OF_SIM = frozenset({"iccid", "phoneNumber", "subscriberCarrier"})
#: DeviceStatus/OS/Edition of each number of GetProductInfo.
_EDITIONS = {4: "Enterprise", 48: "Professional", 101: "Core", 104: "Mobile", 121: "Education"}


def new_hardware(
    platform: Platform, os_version: str | None = None, *, mode: Mode | None = None, random: Random | None = None
) -> Hardware:
    """Generate the hardware of a common product, with this system version or the usual one.

    A seeded `random` generates the same hardware again. Raises NotFoundHere for a version that is not simulated.
    """
    return _CLASSES[platform].new(platform, os_version, mode=mode, random=SystemRandom() if random is None else random)


def read_hardware(platform: Platform, document: dict[str, Any]) -> Hardware:
    """Read the JSON of `Hardware.document`. Raises TypeError if it has another form."""
    return _CLASSES[platform](**document)


class Reporting(Protocol):
    """What facts are read from and written to: a simulated device."""

    name: str
    platform: Platform
    mode: Mode | None
    hardware: Hardware
    own_facts: dict[str, FactValue]
    condition: Condition
    has_news: bool

    @property
    def enrollment(self) -> Enrollment | None:
        """The enrolment, if there is one."""
        ...


def read_facts(device: Reporting) -> dict[str, FactValue]:
    """Return the facts that the device has, in the order of the table; an empty text means that it has none."""
    values: dict[str, FactValue] = {}
    for fact in facts_of(device.platform):
        value = _value(device, fact.name)
        if value not in (None, ""):
            values[fact.name] = value
    return values


def report(device: Reporting, facts: Mapping[str, FactValue]) -> None:
    """Change facts of the device: all of them or, if one is refused, none. It is not saved.

    Raises NotFoundHere for a name that is not a fact, FactRefused for a value that a device of this kind cannot have.
    """
    known = {fact.name: fact for fact in facts_of(device.platform)}
    values = {name: _checked(device, known, name=name, value=value) for name, value in facts.items()}
    if device.platform in _APPLE_MOBILE:
        _check_passcode(values)
    hardware, own, name = device.hardware, dict(device.own_facts), device.name
    for key in sorted(values, key=_order):
        value = values[key]
        if key == _NAME:
            name = str(value)
        elif key in _OF_HARDWARE:
            hardware = _changed(device.platform, hardware, key, value)
        elif key == _ENCRYPTED and device.platform in _APPLE_MOBILE:
            own[_PASSCODE] = value
        else:
            own[key] = value
    _check_storage(own)
    if (hardware, own, name) != (device.hardware, device.own_facts, device.name):
        device.hardware, device.own_facts, device.name, device.has_news = hardware, own, name, True
    if own.get(_PASSCODE) is False:
        device.condition.passcode = None


def withheld_facts(device: Reporting) -> frozenset[str]:
    """Return the names of the facts that the device does not report: those that are its user's own, and on an iPhone
    that is not supervised the code past its Activation Lock.
    """
    hardware = device.hardware
    if device.mode is Mode.WORK_PROFILE and isinstance(hardware, AndroidHardware):
        return _OF_SIM | _IDENTIFIERS if hardware.api_level >= _ANDROID_12 else _OF_SIM
    if device.enrollment is not None and device.enrollment.by_user:
        return _OF_SIM | _IDENTIFIERS | _OF_OWN_DEVICE
    if device.platform in _APPLE_MOBILE and device.own_facts.get("isSupervised") is not True:
        return _OF_SUPERVISED
    return frozenset()


def reported_facts(device: Reporting) -> dict[str, FactValue]:
    """Return the facts that the device reports: all that it has, without those that it withholds."""
    withheld = withheld_facts(device)
    return {name: value for name, value in read_facts(device).items() if name not in withheld}


def read_value(platform: Platform, name: str, *, text: str) -> FactValue:
    """Read the value of a fact from a command line. Raises as `report`."""
    fact = all_facts().get(name)
    if fact is None or fact.field_of(platform) is None:
        raise _unknown(platform, name)
    if fact.form is Form.FLAG and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if fact.form is Form.WHOLE and re.fullmatch(r"-?[0-9]{1,30}", text):
        return int(text)
    return text


def _value(device: Reporting, name: str) -> FactValue | None:
    hardware = device.hardware
    if name == _NAME:
        return device.name
    if name == _FAMILY:
        return _EDITIONS.get(getattr(hardware, "os_edition", 0), "")
    if name == _MODEL and isinstance(hardware, AppleHardware):
        return hardware.marketing_name(device.platform)
    if name in _OF_HARDWARE:
        value: Any = next((getattr(hardware, field, "") for field in _fields(hardware, name)), "")
        return str(value).upper() if name == "wiFiMacAddress" else str(value) if name != _EDITION else int(value)
    if name in (_PASSCODE, _ENCRYPTED) and device.platform in _APPLE_MOBILE:
        return bool(device.own_facts.get(_PASSCODE)) or device.condition.passcode is not None
    return device.own_facts.get(name)


def _fields(hardware: Hardware, name: str) -> list[str]:
    return [field for field in _OF_HARDWARE[name] if hasattr(hardware, field)]


def _order(name: str) -> int:
    """The version comes first: it brings a build and a patch level along, which may be set as well."""
    return 0 if name == _VERSION else 1


def _changed(platform: Platform, hardware: Hardware, name: str, value: FactValue) -> Hardware:  # noqa: PLR0917
    if name == _VERSION:
        return hardware.at_version(platform, str(value))
    if name == _MODEL and isinstance(hardware, AppleHardware):
        return hardware.as_product(platform, str(value))
    if name == "wiFiMacAddress":
        value = str(value).lower()
    fields: dict[str, Any] = dict.fromkeys(_fields(hardware, name), value)
    return replace(hardware, **fields)


def _checked(device: Reporting, known: Mapping[str, Fact], *, name: str, value: object) -> FactValue:
    """The value in the form in which it is stored. Raises as `report`."""
    fact = known.get(name)
    if fact is None:
        raise _unknown(device.platform, name)
    if not fact.settable:
        raise FactRefused(f"{name} cannot be set: it follows from other facts of the device")
    match fact.form:
        case Form.FLAG:
            if not isinstance(value, bool):
                raise _refused(fact, value, right="true or false")
            return value
        case Form.WHOLE:
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= fact.most:
                raise _refused(fact, value, right=f"a whole number from 0 to {fact.most}")
            return value
        case Form.CHOICE:
            return _checked_choice(fact, value, platform=device.platform)
        case _:
            return _checked_text(fact, value)


def _checked_choice(fact: Fact, value: object, *, platform: Platform) -> FactValue:
    word, choices = str(value) if isinstance(value, str | int) else "", fact.choices_of(platform)
    if word not in choices:
        raise _refused(fact, value, right=f"one of {', '.join(choices)}")
    return int(word) if fact.name == _EDITION else word


def _checked_text(fact: Fact, value: object) -> str:
    text = value if isinstance(value, str) else None
    if text is not None and "MacAddress" in fact.name:
        text = text.replace(":", "").replace("-", "").upper()
    if text is None or not text.isprintable() or not re.fullmatch(fact.pattern, text):
        raise _refused(fact, value, right=f"a text such as {fact.example}")
    if fact.name in ("imei", "iccid") and with_luhn_digit(text[:-1]) != text:
        right = f"{text[:-1]}{with_luhn_digit(text[:-1])[-1]}"
        raise FactRefused(f"{fact.name} {text} has a wrong check digit: {right} is right")
    return text


def _check_passcode(values: Mapping[str, FactValue]) -> None:
    if _ENCRYPTED in values and values.get(_PASSCODE, values[_ENCRYPTED]) != values[_ENCRYPTED]:
        raise FactRefused(
            f"{_ENCRYPTED} and {_PASSCODE} contradict each other: on iOS and iPadOS data are encrypted exactly if "
            "there is a passcode"
        )


def _check_storage(own: Mapping[str, FactValue]) -> None:
    total, free = own.get(_TOTAL), own.get(_FREE)
    if isinstance(total, int) and isinstance(free, int) and free > total:
        raise FactRefused(f"{_FREE} {free} is more than {_TOTAL} {total}: set both")


def _refused(fact: Fact, value: object, *, right: str) -> FactRefused:
    text = repr(value)
    text = text if len(text) <= 60 else f"{text[:57]}..."
    return FactRefused(f"{fact.name} is {right}, not {text}")


def _unknown(platform: Platform, name: str) -> NotFoundHere:
    names = [fact.name for fact in facts_of(platform) if fact.settable]
    others = set(all_facts())
    name = name if len(name) <= 60 else f"{name[:57]}..."
    why = f"{platform} devices report no {name}" if name in others else f"there is no fact {name}"
    folded = {each.lower(): each for each in names}
    near = [folded[close_match] for close_match in difflib.get_close_matches(name.lower(), folded, n=3, cutoff=0.0)]
    return NotFoundHere(f"{why}: the nearest are {', '.join(near)}; `fauxtune-sim fact list` shows all")
