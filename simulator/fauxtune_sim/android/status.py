"""The parts of a status report that describe the device (Android Management API: enterprises.devices).

hardwareInfo and securityPosture are always there; the others only as far as the policy's statusReportingSettings switch
them on. Whole numbers of 64 bits are texts in this API. Differs from a device: events have no createTime, so that a
report is equal to the one before it as long as nothing has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from fauxtune_sim.android.enrollment import rights_of
from fauxtune_sim.device.device import Device
from fauxtune_sim.facts.android import AndroidHardware
from fauxtune_sim.facts.device_facts import reported_facts
from fauxtune_sim.facts.table import FactValue

Facts = Mapping[str, FactValue]

_POSTURES = {"False": "SECURE", "True": "POTENTIALLY_COMPROMISED", "Unknown": "POSTURE_UNSPECIFIED"}


def hardware_of(device: Device) -> AndroidHardware:
    """The hardware of an Android device, narrowed to its type."""
    assert isinstance(device.hardware, AndroidHardware)
    return device.hardware


def hardware_info(device: Device, facts: Facts) -> dict[str, Any]:
    """HardwareInfo; of a device that withholds its serial number, an id of its enrolment stands in place of it."""
    hardware, serial = hardware_of(device), facts.get("serialNumber", "")
    info = {
        "manufacturer": hardware.manufacturer,
        "brand": hardware.brand,
        "model": hardware.model,
        "serialNumber": serial,
    }
    return info if serial else info | {"enterpriseSpecificId": hardware.enrollment_specific_id}


def software_info(device: Device) -> dict[str, Any]:
    """SoftwareInfo."""
    hardware = hardware_of(device)
    return {
        "androidVersion": hardware.os_version,
        "androidBuildNumber": hardware.build_number,
        "securityPatchLevel": hardware.security_patch_level,
    }


def reported_blocks(device: Device, reporting: Collection[str]) -> dict[str, Any]:
    """The parts of the status report that describe the device; `reporting` are the switches that are on."""
    rights, facts = rights_of(device.mode), reported_facts(device)
    blocks: dict[str, Any] = {
        "deviceName": device.name,
        "ownership": rights.ownership,
        "apiLevel": hardware_of(device).api_level,
        "hardwareInfo": hardware_info(device, facts),
        "securityPosture": {"devicePosture": _POSTURES[str(facts.get("jailBroken", "Unknown"))]},
    }
    if rights.management is not None:
        blocks["managementMode"] = rights.management
    if "softwareInfoEnabled" in reporting:
        blocks["softwareInfo"] = software_info(device)
    for switch, block in _BLOCKS.items():
        if switch in reporting:
            blocks |= block(facts)
    return blocks


def _memory(facts: Facts) -> dict[str, Any]:
    info = {"totalRam": "physicalMemoryInBytes", "totalInternalStorage": "totalStorageSpaceInBytes"}
    free = facts.get("freeStorageSpaceInBytes")
    event = {"eventType": "INTERNAL_STORAGE_MEASURED", "byteCount": str(free)}
    return {
        "memoryInfo": {key: str(facts[name]) for key, name in info.items() if name in facts},
        "memoryEvents": [] if free is None else [event],
    }


def _network(facts: Facts) -> dict[str, Any]:
    telephony = {"phoneNumber": "phoneNumber", "carrierName": "subscriberCarrier", "iccId": "iccid"}
    card = {key: facts[name] for key, name in telephony.items() if name in facts}
    return {
        "networkInfo": {
            "imei": facts.get("imei", ""),
            "meid": facts.get("meid", ""),
            "wifiMacAddress": facts.get("wiFiMacAddress", ""),
            "telephonyInfos": [card] if card else [],
        }
    }


def _settings(facts: Facts) -> dict[str, Any]:
    is_encrypted = facts.get("isEncrypted") is True
    return {
        "deviceSettings": {
            "isDeviceSecure": facts.get("isPasscodePresent") is True,
            "isEncrypted": is_encrypted,
            "encryptionStatus": "ACTIVE_PER_USER" if is_encrypted else "INACTIVE",
            "verifyAppsEnabled": facts.get("isVerifyAppsEnabled") is True,
            "adbEnabled": facts.get("isUsbDebuggingEnabled") is True,
            "unknownSourcesEnabled": facts.get("isUnknownSourcesEnabled") is True,
        }
    }


def _power(facts: Facts) -> dict[str, Any]:
    level = facts.get("batteryLevelPercentage")
    event = {"eventType": "BATTERY_LEVEL_COLLECTED", "batteryLevel": level}
    return {"powerManagementEvents": [] if level is None else [event]}


#: The parts by the switch of statusReportingSettings.
_BLOCKS: dict[str, Callable[[Facts], dict[str, Any]]] = {
    "memoryInfoEnabled": _memory,
    "networkInfoEnabled": _network,
    "deviceSettingsEnabled": _settings,
    "powerManagementEventsEnabled": _power,
}
