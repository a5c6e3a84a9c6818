"""The device's facts in Authenticate and in the answers to DeviceInformation, SecurityInfo,
ManagedApplicationFeedback and ActivationLockBypassCode, and the differences between systems and versions that matter.

Apple: check-in message Authenticate; those commands. Facts that need a right which the server does not have are
omitted, and so are those that the device withholds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fauxtune_sim.apple.enrollment import Right
from fauxtune_sim.device.device import Device
from fauxtune_sim.facts.apple import AppleHardware
from fauxtune_sim.facts.device_facts import reported_facts
from fauxtune_sim.facts.table import FactValue
from fauxtune_sim.platforms import Platform

#: Unverified: the app's feedback and its key; how Company Portal reports is not documented.
COMPANY_PORTAL = "com.microsoft.CompanyPortal"
#: DeviceInformation: DeviceCapacity is in gigabytes, of 10^9 bytes on iOS and from macOS 12 on.
_GIGABYTE = 1_000_000_000
_CELLULAR = {"None": 0, "GSM": 1, "CDMA": 2, "GSM and CDMA": 3}
#: MEID and IMEI stand in Authenticate too; the others of a SIM card do not.
_SUBSCRIPTION = {
    "ICCID": "iccid",
    "IMEI": "imei",
    "MEID": "meid",
    "EID": "esimIdentifier",
    "PhoneNumber": "phoneNumber",
    "CurrentCarrierNetwork": "subscriberCarrier",
}


@dataclass(frozen=True, slots=True)
class System:
    """A platform with the numbers of its version."""

    platform: Platform
    version: tuple[int, ...]

    @classmethod
    def of(cls, platform: Platform, os_version: str) -> System:
        """The system with this version, written as "17.5.1"."""
        return cls(platform, tuple(int(part) for part in os_version.split(".") if part.isdigit()))

    @property
    def is_mac(self) -> bool:
        """Whether this is macOS."""
        return self.platform is Platform.MACOS

    @property
    def reads_modern_pkcs12(self) -> bool:
        """Whether the system reads PKCS#12 files with PBES2 and a SHA-256 MAC.

        Unverified: that it does from iOS 16 and macOS 13 on.
        """
        return self.version >= ((13,) if self.is_mac else (16,))

    @property
    def has_exchange_accounts(self) -> bool:
        """Whether com.apple.eas.account creates a mail account (Apple: not on macOS)."""
        return not self.is_mac

    @property
    def lists_certificates_before_unlock(self) -> bool:
        """Whether CertificateList is answered before the first unlock since the device started (Apple, "Certificate
        List": from iOS 15.4 on it is deferred).
        """
        return self.is_mac or self.version < (15, 4)


def hardware_of(device: Device) -> AppleHardware:
    """The hardware of an Apple device, narrowed to its type."""
    assert isinstance(device.hardware, AppleHardware)
    return device.hardware


def authenticate_facts(device: Device, rights: Right, *, by_user: bool = False) -> dict[str, Any]:
    """The facts in Authenticate. The serial number needs the right to query device information, and a User Enrollment
    (`by_user`) does not have it.
    """
    hardware, facts = hardware_of(device), reported_facts(device)
    values: dict[str, Any] = {
        "DeviceName": device.name,
        "Model": hardware.model,
        "ModelName": hardware.model_name,
        "ProductName": hardware.product_name,
        "OSVersion": hardware.os_version,
        "BuildVersion": hardware.build_version,
    }
    if Right.DEVICE_INFORMATION in rights and not by_user:
        values |= {
            "SerialNumber": facts.get("serialNumber"),
            "IMEI": _groups(str(facts.get("imei", ""))),
            "MEID": facts.get("meid"),
        }
    return {name: value for name, value in values.items() if value}


def query_responses(device: Device, queries: Iterable[str], *, rights: Right) -> dict[str, Any]:
    """The answers to the queries that the device knows and the server has the right to. The UDID needs no right."""
    facts = reported_facts(device)
    values: dict[str, Any] = {"UDID": facts.get("udid")}
    if Right.DEVICE_INFORMATION in rights:
        values |= _information(device, facts)
    if Right.NETWORK_INFORMATION in rights:
        values |= _network(facts)
    return {name: values[name] for name in queries if values.get(name) not in (None, "", [])}


def _information(device: Device, facts: Mapping[str, FactValue]) -> dict[str, Any]:
    information = authenticate_facts(device, Right.DEVICE_INFORMATION) | {
        "DeviceCapacity": _gigabytes(facts.get("totalStorageSpaceInBytes")),
        "AvailableDeviceCapacity": _gigabytes(facts.get("freeStorageSpaceInBytes")),
        # -1: the device cannot determine it, as it has no battery.
        "BatteryLevel": _share(facts.get("batteryLevelPercentage")),
        "IsSupervised": facts.get("isSupervised"),
        "IsActivationLockEnabled": facts.get("isActivationLockEnabled", False),
    }
    if device.platform is Platform.MACOS:
        host = device.name.replace(" ", "-")
        # Apple silicon and T2 erase without a PIN.
        return information | {
            "HostName": host,
            "LocalHostName": host,
            "PINRequiredForEraseDevice": False,
            "IsAppleSilicon": facts.get("processorArchitecture") == "arM64",
        }
    technology = facts.get("cellularTechnology")
    return information | {
        "EASDeviceIdentifier": facts.get("easDeviceId"),
        "CellularTechnology": None if technology is None else _CELLULAR[str(technology)],
        "IsMDMLostModeEnabled": device.condition.lost is not None,
    }


def _network(facts: Mapping[str, FactValue]) -> dict[str, Any]:
    addresses = {
        "WiFiMAC": "wiFiMacAddress",
        "BluetoothMAC": "bluetoothMacAddress",
        "EthernetMAC": "ethernetMacAddress",
    }
    subscription = {key: facts[name] for key, name in _SUBSCRIPTION.items() if name in facts}
    slot = {"Slot": "CTSubscriptionSlotOne", "IsDataPreferred": True, "IsVoicePreferred": True, "IsRoaming": False}
    return {
        **{key: _colons(str(facts[name])) for key, name in addresses.items() if name in facts},
        "ICCID": facts.get("iccid"),
        "PhoneNumber": facts.get("phoneNumber"),
        "SubscriberCarrierNetwork": facts.get("subscriberCarrier"),
        "CurrentCarrierNetwork": facts.get("subscriberCarrier"),
        "ServiceSubscriptions": [subscription | slot] if subscription else [],
    }


def security_info(device: Device) -> dict[str, Any]:
    """The answer to SecurityInfo."""
    facts = reported_facts(device)
    if device.platform is Platform.MACOS:
        is_encrypted = facts.get("isEncrypted") is True
        return {
            "FDE_Enabled": is_encrypted,
            "FDE_HasPersonalRecoveryKey": is_encrypted,
            "SystemIntegrityProtectionEnabled": facts.get("isSystemIntegrityProtectionEnabled") is True,
            "FirewallSettings": {
                "FirewallEnabled": facts.get("isFirewallEnabled") is True,
                "BlockAllIncoming": False,
                "StealthMode": False,
            },
            "SecureBoot": {
                "SecureBootLevel": "full" if facts.get("isSecureBootEnabled") is True else "off",
                "ExternalBootLevel": "disallowed",
            },
            "ManagementStatus": {
                "EnrolledViaDEP": False,
                "UserApprovedEnrollment": facts.get("isUserApprovedEnrollment") is True,
                "IsUserEnrollment": False,
                "IsActivationLockManageable": False,
            },
        }
    values = {
        "PasscodePresent": facts.get("isPasscodePresent"),
        "PasscodeCompliant": facts.get("isPasscodeCompliant"),
        "PasscodeCompliantWithProfiles": facts.get("isPasscodeCompliant"),
    }
    is_user_enrollment = "udid" not in facts
    status = {"ManagementStatus": {"IsUserEnrollment": True}} if is_user_enrollment else {}
    return {
        "HardwareEncryptionCaps": 3,
        **{name: value for name, value in values.items() if value is not None},
        **status,
    }


def app_feedback(device: Device, identifiers: Iterable[str]) -> list[dict[str, Any]]:
    """The answer to ManagedApplicationFeedback: only of Company Portal, which reports whether the device is
    jailbroken.
    """
    jail_broken = reported_facts(device).get("jailBroken")
    feedback = {} if jail_broken is None else {"JailBroken": jail_broken}
    return [{"Identifier": name, "Feedback": feedback} for name in identifiers if name == COMPANY_PORTAL]


def bypass_code(device: Device) -> str | None:
    """The answer to ActivationLockBypassCode; None on a device that is not supervised."""
    code = reported_facts(device).get("activationLockBypassCode")
    return None if code is None else str(code)


def _gigabytes(size: FactValue | None) -> float | None:
    return size / _GIGABYTE if isinstance(size, int) else None


def _share(percentage: FactValue | None) -> float:
    return percentage / 100 if isinstance(percentage, int) else -1.0


def _groups(imei: str) -> str:
    """The IMEI in the form of Apple devices: 35 123456 789012 3."""
    return " ".join((imei[:2], imei[2:8], imei[8:14], imei[14:])).strip()


def _colons(digits: str) -> str:
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2)).lower()
