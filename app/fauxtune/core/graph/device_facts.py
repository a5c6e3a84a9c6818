"""The facts that devices and other services report, by Graph's names: which are accepted, and where Graph shows them.

A device is a stranger: of what it reports, only values of the right type and of a usual size are kept, and the rest
is passed over, so that one bad value does not cost the good ones. Source: Graph: managedDevice, hardwareInformation,
windowsProtectionState.

Other services report a partner's threat level, the attested health of Windows, the verdict of Play Integrity, and what
a script of a compliance policy printed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fauxtune.core.clock import from_iso, iso
from fauxtune.core.errors import Invalid
from fauxtune.core.graph.index import complex_type, entity
from fauxtune.core.model.text import JsonObject, text_value
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.core.odata.schema.types import Edm, EnumType, Property

MANAGED_DEVICE = entity("managedDevice")
HARDWARE_INFORMATION = complex_type("hardwareInformation")
WINDOWS_PROTECTION_STATE = entity("windowsProtectionState")

#: No device has longer texts or larger numbers.
_LONGEST, _LARGEST = 1024, 2**63 - 1
_MASK, _VISIBLE_DIGITS = "********", 3
#: Properties of managedDevice that devices report.
_OF_DEVICE = (
    "activationLockBypassCode",
    "androidSecurityPatchLevel",
    "bootstrapTokenEscrowed",
    "chassisType",
    "deviceName",
    "easDeviceId",
    "ethernetMacAddress",
    "freeStorageSpaceInBytes",
    "iccid",
    "imei",
    "isEncrypted",
    "isSupervised",
    "jailBroken",
    "lostModeState",
    "manufacturer",
    "meid",
    "model",
    "osVersion",
    "partnerReportedThreatState",
    "phoneNumber",
    "physicalMemoryInBytes",
    "processorArchitecture",
    "requireUserEnrollmentApproval",
    "serialNumber",
    "skuFamily",
    "skuNumber",
    "subscriberCarrier",
    "totalStorageSpaceInBytes",
    "udid",
    "wiFiMacAddress",
)
#: Members of hardwareInformation that devices report.
_OF_HARDWARE = (
    "batteryLevelPercentage",
    "cellularTechnology",
    "deviceGuardLocalSystemAuthorityCredentialGuardState",
    "deviceGuardVirtualizationBasedSecurityHardwareRequirementState",
    "deviceGuardVirtualizationBasedSecurityState",
    "esimIdentifier",
    "ipAddressV4",
    "operatingSystemEdition",
    "operatingSystemLanguage",
    "osBuildNumber",
    "productName",
    "systemManagementBIOSVersion",
    "tpmManufacturer",
    "tpmSpecificationVersion",
    "tpmVersion",
)
#: Facts that Graph's record does not show; they are kept with the enrolment.
_KEPT = {
    "bluetoothMacAddress": Edm.STRING,
    "isActivationLockEnabled": Edm.BOOLEAN,
    "isAntispywareEnabled": Edm.BOOLEAN,
    "isAntivirusEnabled": Edm.BOOLEAN,
    "isAntivirusSignatureCurrent": Edm.BOOLEAN,
    "isFirewallEnabled": Edm.BOOLEAN,
    "isPasscodeCompliant": Edm.BOOLEAN,
    "isPasscodePresent": Edm.BOOLEAN,
    "isSecureBootEnabled": Edm.BOOLEAN,
    "isSystemIntegrityProtectionEnabled": Edm.BOOLEAN,
    "isUnknownSourcesEnabled": Edm.BOOLEAN,
    "isUsbDebuggingEnabled": Edm.BOOLEAN,
    "isUserAccountControlEnabled": Edm.BOOLEAN,
    "isVerifyAppsEnabled": Edm.BOOLEAN,
}
#: What a script prints may be longer than other texts.
_LONGEST_OUTPUT = 64 * 1024
#: Members of hardwareInformation that repeat a property of the device, and its name.
_REPEATED = {
    "serialNumber": "serialNumber",
    "totalStorageSpace": "totalStorageSpaceInBytes",
    "freeStorageSpace": "freeStorageSpaceInBytes",
    "imei": "imei",
    "meid": "meid",
    "manufacturer": "manufacturer",
    "model": "model",
    "phoneNumber": "phoneNumber",
    "subscriberCarrier": "subscriberCarrier",
    "isSupervised": "isSupervised",
    "isEncrypted": "isEncrypted",
    "wifiMac": "wiFiMacAddress",
}
#: Further properties that repeat a fact: on Android, and on Windows.
_ALSO = {"securityPatchLevel": "androidSecurityPatchLevel", "specificationVersion": "tpmSpecificationVersion"}
_HARDWARE = "hardwareInformation"
_SEPARATORS, _MAC_ADDRESS = re.compile("[-:. ]"), re.compile("[0-9A-F]{12}")


def mac_address(text: object) -> str:
    """Return a MAC address, with any separators, as Graph shows it: twelve hexadecimal digits in upper case. A text
    that is not a MAC address gives an empty one.
    """
    if not text:  # as in most reports
        return ""
    digits = _SEPARATORS.sub("", text).upper() if isinstance(text, str) else ""
    return digits if _MAC_ADDRESS.fullmatch(digits) else ""


def _property(name: str) -> Property:
    prop = MANAGED_DEVICE.find(name) or HARDWARE_INFORMATION.find(name)
    assert prop is not None, name
    return prop


SCRIPT_OUTPUT = "complianceScriptOutput"
#: A JSON object: by the ids of the scripts of compliance policies whose last run brought no values, the error code.
SCRIPT_ERRORS = "complianceScriptErrors"
#: Of those that other services report: those that are true or false, and those that are texts.
FLAGS = (
    "isBitLockerEnabled",
    "isCodeIntegrityEnabled",
    "isEarlyLaunchAntimalwareEnabled",
    "isFirmwareProtectionEnabled",
    "isKernelDmaProtectionEnabled",
    "isMemoryIntegrityEnabled",
)
TEXTS = (SCRIPT_OUTPUT, SCRIPT_ERRORS, "playIntegrityVerdict")
PARTNER_FACTS = frozenset({*FLAGS, *TEXTS, "partnerReportedThreatState"})
#: Of Windows Defender: kept with the enrolment, shown by an entity of its own.
_REPORTED_AT = "lastReportedDateTime"
_OF_PROTECTION = {
    prop.name: prop.type
    for prop in WINDOWS_PROTECTION_STATE.properties
    if prop.name not in {_REPORTED_AT, "controlledConfigurationEnabled"}
}
#: Of the user of the enrolment; Graph shows whom and when, newest last.
_LOGGED_ON, _USERS = "isUserLoggedOn", "usersLoggedOn"
_TYPES = {name: _property(name).type for name in (*_OF_DEVICE, *_OF_HARDWARE)} | _OF_PROTECTION | _KEPT
_TYPES |= dict.fromkeys(FLAGS, Edm.BOOLEAN) | dict.fromkeys(TEXTS, Edm.STRING)
_TYPES[_LOGGED_ON] = Edm.BOOLEAN


def accepted(facts: Mapping[str, object]) -> JsonObject:
    """Return the facts that are known, not empty, and of the right type."""
    return {name: value for name, value in facts.items() if name in _TYPES and _fits(name, value)}


def reported(facts: Mapping[str, object], *, now: datetime, user_id: str | None, before: JsonObject) -> JsonObject:
    """Return the facts of a report that are accepted, and those that follow from its moment: when Windows Defender has
    reported, and when the user of the enrolment was logged on. `before`: the facts that were known.
    """
    known = accepted(facts)
    if not known.keys().isdisjoint(_OF_PROTECTION):
        known[_REPORTED_AT] = iso(now)
    if known.pop(_LOGGED_ON, False) and user_id is not None:
        others = [each for each in before.get(_USERS, []) if each["userId"] != user_id]
        known[_USERS] = [*others, {"userId": user_id, "lastLogOnDateTime": iso(now)}]
    return known


def protection_state(facts: Mapping[str, Any], *, device_id: str) -> JsonObject | None:
    """Return Graph's windowsProtectionState of a device; None if the device has reported none."""
    if _REPORTED_AT not in facts:
        return None
    known = {name: facts[name] for name in (*_OF_PROTECTION, _REPORTED_AT) if name in facts}
    return {**defaults(WINDOWS_PROTECTION_STATE), **known, "id": device_id}


def shown(facts: Mapping[str, Any], *, owner: str) -> JsonObject:
    """Return the properties of Graph's record that follow from a device's facts. `owner` is its
    managedDeviceOwnerType: of a personal device the phone number is masked.

    Unverified: how many characters of the number a real tenant masks.
    """
    record: JsonObject = {name: facts[name] for name in (*_OF_DEVICE, _USERS) if name in facts}
    record |= {name: facts[fact] for name, fact in _ALSO.items() if fact in facts}
    if owner != "company" and record.get("phoneNumber"):
        record["phoneNumber"] = _MASK + str(record["phoneNumber"])[-_VISIBLE_DIGITS:]
    members = {name: facts[name] for name in _OF_HARDWARE if name in facts}
    members |= {name: record[source] for name, source in _REPEATED.items() if source in record}
    record[_HARDWARE] = defaults(HARDWARE_INFORMATION) | members
    return record


def _fits(name: str, value: object) -> bool:
    longest = _LONGEST_OUTPUT if name in (SCRIPT_OUTPUT, SCRIPT_ERRORS) else _LONGEST
    match kind := _TYPES[name]:
        case Edm.BOOLEAN:
            return isinstance(value, bool)
        case Edm.INT32 | Edm.INT64:
            largest = _LARGEST if kind is Edm.INT64 else 2**31 - 1
            return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= largest
        case Edm.DOUBLE:
            # Not a number compares as false.
            return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _LARGEST
        case EnumType():
            return isinstance(value, str) and _is_canonical(kind, value)
        case Edm.DATE_TIME:
            return isinstance(value, str) and _is_moment(value)
        case _:
            return isinstance(value, str) and 0 < len(value) <= longest and _is_storable(value)


def _is_canonical(kind: EnumType, value: str) -> bool:
    try:
        return kind.canonical(value) == value
    except Invalid:
        return False


def _is_moment(text: str) -> bool:
    """Whether it is a time in the form that Graph writes."""
    try:
        return iso(from_iso(text)) == text
    except (ValueError, OverflowError):
        return False


def _is_storable(text: str) -> bool:
    try:
        text_value(text)
    except Invalid:
        return False
    return True
