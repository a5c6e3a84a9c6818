"""What an Android device says of itself, by Graph's names: the parts of a status report, and of an enrolment.

Android Management API: enterprises.devices. A part that the report leaves out says nothing.
"""

from __future__ import annotations

from fauxtune.core.graph.device_facts import mac_address
from fauxtune.core.model.text import JsonObject
from fauxtune.surfaces.devices.android import messages

_ENCRYPTED = ("ACTIVE", "ACTIVE_DEFAULT_KEY", "ACTIVE_PER_USER")
#: Unverified: that Intune shows AT_RISK as jailbroken too.
_POSTURES = {
    "SECURE": "False",
    "AT_RISK": "True",
    "POTENTIALLY_COMPROMISED": "True",
    "POSTURE_UNSPECIFIED": "Unknown",
}
_NO_CARD = messages.TelephonyInfo()
_FREE_STORAGE, _BATTERY = "INTERNAL_STORAGE_MEASURED", "BATTERY_LEVEL_COLLECTED"


def of_enrollment(message: messages.Enroll) -> JsonObject:
    """Return the facts of a device that enrols."""
    return {
        "deviceName": message.device_name,
        **_hardware(message.hardware_info),
        **_software(message.software_info),
        **_network(message.network_info),
    }


def of_report(report: messages.ReportStatus) -> JsonObject:
    """Return the facts of a status report, without those that it leaves out."""
    facts = {
        "deviceName": report.device_name,
        "jailBroken": _POSTURES.get(report.security_posture.device_posture),
        "physicalMemoryInBytes": report.memory_info.total_ram or None,
        "totalStorageSpaceInBytes": report.memory_info.total_internal_storage or None,
        "freeStorageSpaceInBytes": next(
            (event.byte_count for event in reversed(report.memory_events) if event.event_type == _FREE_STORAGE), None
        ),
        "batteryLevelPercentage": next(
            (event.battery_level for event in reversed(report.power_management_events) if event.event_type == _BATTERY),
            None,
        ),
        **_hardware(report.hardware_info),
        **_software(report.software_info),
        **_network(report.network_info),
        **_settings(report.device_settings),
    }
    return {name: value for name, value in facts.items() if value not in (None, "")}


def _hardware(info: messages.HardwareInfo) -> JsonObject:
    return {"serialNumber": info.serial_number, "manufacturer": info.manufacturer, "model": info.model}


def _software(info: messages.SoftwareInfo) -> JsonObject:
    return {
        "osVersion": info.android_version,
        "osBuildNumber": info.android_build_number,
        "androidSecurityPatchLevel": info.security_patch_level,
    }


def _network(info: messages.NetworkInfo) -> JsonObject:
    card = info.telephony_infos[0] if info.telephony_infos else _NO_CARD
    return {
        "imei": info.imei,
        "meid": info.meid,
        "wiFiMacAddress": mac_address(info.wifi_mac_address),
        "iccid": card.icc_id,
        "phoneNumber": card.phone_number,
        "subscriberCarrier": card.carrier_name,
    }


def _settings(settings: messages.DeviceSettings) -> JsonObject:
    status = settings.encryption_status
    return {
        "isEncrypted": status in _ENCRYPTED if status else None,
        "isPasscodePresent": settings.is_device_secure,
        "isVerifyAppsEnabled": settings.verify_apps_enabled,
        "isUsbDebuggingEnabled": settings.adb_enabled,
        "isUnknownSourcesEnabled": settings.unknown_sources_enabled,
    }
