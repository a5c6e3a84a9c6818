"""The device's facts in Authenticate and in the answers to DeviceInformation and SecurityInfo.

Apple: check-in message Authenticate; commands DeviceInformation and SecurityInfo. Facts that need a right which the
server does not have are omitted.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Any

from fauxtune_sim.apple.enrollment import Right
from fauxtune_sim.device import Device
from fauxtune_sim.hardware.apple import AppleHardware
from fauxtune_sim.platforms import Platform

_GIGABYTES = (128.0, 256.0, 512.0)


def hardware_of(device: Device) -> AppleHardware:
    """The hardware of an Apple device, narrowed to its type."""
    assert isinstance(device.hardware, AppleHardware)
    return device.hardware


def authenticate_facts(device: Device, rights: Right) -> dict[str, Any]:
    """The facts in Authenticate. The serial number needs the right to query device information."""
    hardware = hardware_of(device)
    facts: dict[str, Any] = {
        "DeviceName": device.name,
        "Model": hardware.model,
        "ModelName": hardware.model_name,
        "ProductName": hardware.product_name,
        "OSVersion": hardware.os_version,
        "BuildVersion": hardware.build_version,
    }
    if Right.DEVICE_INFORMATION in rights:
        facts |= {"SerialNumber": hardware.serial_number, "IMEI": _groups(hardware.imei), "MEID": hardware.meid}
    return {name: value for name, value in facts.items() if value}


def query_responses(device: Device, queries: Iterable[str], *, rights: Right) -> dict[str, Any]:
    """The answers to the queries that the device knows and the server has the right to. The UDID needs no right."""
    facts: dict[str, Any] = {"UDID": hardware_of(device).udid}
    if Right.DEVICE_INFORMATION in rights:
        facts |= _information(device)
    if Right.NETWORK_INFORMATION in rights:
        facts |= _network(device)
    return {name: facts[name] for name in queries if facts.get(name) not in {None, ""}}


def _information(device: Device) -> dict[str, Any]:
    hardware = hardware_of(device)
    number = zlib.crc32(hardware.udid.encode())
    capacity = _GIGABYTES[number % len(_GIGABYTES)]
    information = authenticate_facts(device, Right.DEVICE_INFORMATION) | {
        "DeviceCapacity": capacity,
        "AvailableDeviceCapacity": round(capacity * 0.6, 2),
        "BatteryLevel": 0.8,
        "IsSupervised": False,
        "IsActivationLockEnabled": False,
    }
    if device.platform is Platform.MACOS:
        host = device.name.replace(" ", "-")
        # Apple silicon and T2 erase without a PIN.
        return information | {"HostName": host, "LocalHostName": host, "PINRequiredForEraseDevice": False}
    return information | {"EASDeviceIdentifier": f"{number:08X}{zlib.adler32(hardware.udid.encode()):08X}"}


def _network(device: Device) -> dict[str, Any]:
    wifi = hardware_of(device).wifi_mac_address
    following = f"{(int(wifi, 16) + 1) % (1 << 48):012x}"
    return {"WiFiMAC": _colons(wifi), "BluetoothMAC": _colons(following)}


def _groups(imei: str) -> str:
    """The IMEI in the form of Apple devices: 35 123456 789012 3."""
    return " ".join((imei[:2], imei[2:8], imei[8:14], imei[14:])).strip()


def _colons(digits: str) -> str:
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def security_info(device: Device) -> dict[str, Any]:
    """The answer to SecurityInfo."""
    if device.platform is Platform.MACOS:
        return {
            "FDE_Enabled": True,
            "SystemIntegrityProtectionEnabled": True,
            "FirewallSettings": {"FirewallEnabled": False, "BlockAllIncoming": False, "StealthMode": False},
            "ManagementStatus": {
                "EnrolledViaDEP": False,
                "UserApprovedEnrollment": True,
                "IsUserEnrollment": False,
                "IsActivationLockManageable": False,
            },
        }
    has_passcode = device.condition.passcode is not None
    return {
        "HardwareEncryptionCaps": 3,
        "PasscodePresent": has_passcode,
        "PasscodeCompliant": True,
        "PasscodeCompliantWithProfiles": True,
    }
