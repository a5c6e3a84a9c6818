"""What an Apple device says of itself, by Graph's names: its answers to DeviceInformation, SecurityInfo,
ManagedApplicationFeedback and ActivationLockBypassCode, and Authenticate.

Apple: "Device Management", Commands and Queries. Rights that the enrolment profile does not have leave answers out, and
so does a User Enrollment: what is missing is not known.

DeviceInformation has the type of a product ("iPhone15,2") and the name of the family ("iPhone"); Intune shows the name
under which Apple sells it (`_PRODUCTS`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from fauxtune.core.formats.plist import LONGEST_TEXT, Plist, dictionaries, typed
from fauxtune.core.graph.device_facts import mac_address
from fauxtune.core.model.text import JsonObject

#: The queries of DeviceInformation. Members of the arrays and dictionaries in an answer have dotted names.
QUERIES = (
    "UDID",
    "SerialNumber",
    "DeviceName",
    "OSVersion",
    "BuildVersion",
    "ModelName",
    "Model",
    "ProductName",
    "DeviceCapacity",
    "AvailableDeviceCapacity",
    "IMEI",
    "MEID",
    "IsSupervised",
    "WiFiMAC",
    "BluetoothMAC",
    "EthernetMAC",
    "BatteryLevel",
    "CellularTechnology",
    "EASDeviceIdentifier",
    "ICCID",
    "IsActivationLockEnabled",
    "IsAppleSilicon",
    "IsMDMLostModeEnabled",
    "PhoneNumber",
    "ServiceSubscriptions",
    "SubscriberCarrierNetwork",
)
#: Unverified: the app's feedback and its key; how Company Portal reports is not documented.
COMPANY_PORTAL, _JAIL_BROKEN = "com.microsoft.CompanyPortal", "JailBroken"
#: The command for the code and the key of its answer. Apple: supervised devices only; Graph shows it of iOS.
BYPASS_CODE = "ActivationLockBypassCode"
_SUBSCRIPTIONS = "ServiceSubscriptions"
_OF_SUBSCRIPTION = ("ICCID", "IMEI", "MEID", "EID", "PhoneNumber", "CurrentCarrierNetwork")
_OF_SECURITY = {
    "FDE_Enabled",
    "PasscodePresent",
    "PasscodeCompliant",
    "HardwareEncryptionCaps",
    "SystemIntegrityProtectionEnabled",
    "FirewallSettings.FirewallEnabled",
    "ManagementStatus.UserApprovedEnrollment",
    "SecureBoot.SecureBootLevel",
}
_KNOWN = frozenset({*QUERIES, *(f"{_SUBSCRIPTIONS}.{key}" for key in _OF_SUBSCRIPTION), *_OF_SECURITY, _JAIL_BROKEN})
_CELLULAR = {0: "None", 1: "GSM", 2: "CDMA", 3: "GSM and CDMA"}
#: DeviceInformation: capacities are in gigabytes of 10^9 bytes, before macOS 12 of 2^30.
_GIGABYTE, _BINARY_GIGABYTE, _FIRST_DECIMAL_MACOS = 10**9, 2**30, 12
_ENCRYPTS = 3
#: Source: Apple Support, "Identify your iPhone model", "... iPad model", "... MacBook Air" and others.
_PRODUCTS: dict[str, str] = {
    "iPhone8,4": "iPhone SE (1st generation)",
    "iPhone9,1": "iPhone 7",
    "iPhone9,3": "iPhone 7",
    "iPhone9,2": "iPhone 7 Plus",
    "iPhone9,4": "iPhone 7 Plus",
    "iPhone10,1": "iPhone 8",
    "iPhone10,4": "iPhone 8",
    "iPhone10,2": "iPhone 8 Plus",
    "iPhone10,5": "iPhone 8 Plus",
    "iPhone10,3": "iPhone X",
    "iPhone10,6": "iPhone X",
    "iPhone11,8": "iPhone XR",
    "iPhone11,2": "iPhone XS",
    "iPhone11,6": "iPhone XS Max",
    "iPhone12,1": "iPhone 11",
    "iPhone12,3": "iPhone 11 Pro",
    "iPhone12,5": "iPhone 11 Pro Max",
    "iPhone12,8": "iPhone SE (2nd generation)",
    "iPhone13,1": "iPhone 12 mini",
    "iPhone13,2": "iPhone 12",
    "iPhone13,3": "iPhone 12 Pro",
    "iPhone13,4": "iPhone 12 Pro Max",
    "iPhone14,4": "iPhone 13 mini",
    "iPhone14,5": "iPhone 13",
    "iPhone14,2": "iPhone 13 Pro",
    "iPhone14,3": "iPhone 13 Pro Max",
    "iPhone14,6": "iPhone SE (3rd generation)",
    "iPhone14,7": "iPhone 14",
    "iPhone14,8": "iPhone 14 Plus",
    "iPhone15,2": "iPhone 14 Pro",
    "iPhone15,3": "iPhone 14 Pro Max",
    "iPhone15,4": "iPhone 15",
    "iPhone15,5": "iPhone 15 Plus",
    "iPhone16,1": "iPhone 15 Pro",
    "iPhone16,2": "iPhone 15 Pro Max",
    "iPhone17,3": "iPhone 16",
    "iPhone17,4": "iPhone 16 Plus",
    "iPhone17,1": "iPhone 16 Pro",
    "iPhone17,2": "iPhone 16 Pro Max",
    "iPad7,5": "iPad (6th generation)",
    "iPad7,6": "iPad (6th generation)",
    "iPad7,11": "iPad (7th generation)",
    "iPad11,6": "iPad (8th generation)",
    "iPad12,1": "iPad (9th generation)",
    "iPad13,18": "iPad (10th generation)",
    "iPad13,19": "iPad (10th generation)",
    "iPad13,1": "iPad Air (4th generation)",
    "iPad13,16": "iPad Air (5th generation)",
    "iPad14,1": "iPad mini (6th generation)",
    "iPad14,2": "iPad mini (6th generation)",
    "iPad14,3": "iPad Pro 11-inch (4th generation)",
    "iPad14,4": "iPad Pro 11-inch (4th generation)",
    "iPad14,5": "iPad Pro 12.9-inch (6th generation)",
    "iPad14,6": "iPad Pro 12.9-inch (6th generation)",
    "MacBookPro16,1": "MacBook Pro (16-inch, 2019)",
    "MacBookAir10,1": "MacBook Air (M1, 2020)",
    "MacBookPro17,1": "MacBook Pro (13-inch, M1, 2020)",
    "Macmini9,1": "Mac mini (M1, 2020)",
    "iMac21,1": "iMac (24-inch, M1, 2021)",
    "Mac14,2": "MacBook Air (M2, 2022)",
    "Mac14,3": "Mac mini (M2, 2023)",
    "Mac14,7": "MacBook Pro (13-inch, M2, 2022)",
    "Mac15,3": "MacBook Pro (14-inch, M3, Nov 2023)",
    "Mac15,12": "MacBook Air (13-inch, M3, 2024)",
    "Mac16,10": "Mac mini (2024)",
}


def known_values(response: Plist, key: str) -> JsonObject:
    """Return the texts, numbers and flags that are known of the dictionary in a response, without texts that are too
    long; of an array of subscriptions the first one's. Raises Invalid if it is not a dictionary.
    """
    values = typed(response, key, kind=dict) or {}
    flat = dict(values)
    for name, value in values.items():
        if isinstance(value, dict):
            flat |= {f"{name}.{member}": each for member, each in value.items()}
    subscriptions = values.get(_SUBSCRIPTIONS)
    if isinstance(subscriptions, list):
        first = next((subscription for subscription in subscriptions if isinstance(subscription, dict)), {})
        flat |= {f"{_SUBSCRIPTIONS}.{member}": each for member, each in first.items()}
    return {name: flat[name] for name in _KNOWN if _is_simple(flat.get(name))}


def app_feedback(response: Plist) -> JsonObject:
    """Return what the Company Portal app reports in a response to ManagedApplicationFeedback."""
    for item in dictionaries(response, "ManagedApplicationFeedback"):
        if item.get("Identifier") == COMPANY_PORTAL:
            return known_values(item, "Feedback")
    return {}


def facts(answers: Mapping[str, JsonObject], *, on_mac: bool) -> JsonObject:
    """Return the device's properties, without those that it left out."""

    def values(command: str) -> JsonObject:
        answer: JsonObject = answers.get(command, {}).get("values", {})
        return answer

    information, security = values("DeviceInformation"), values("SecurityInfo")
    feedback = values("ManagedApplicationFeedback")
    return {
        **_identity(information),
        **_system(information, on_mac=on_mac),
        **_hardware(information),
        **_security(security, on_mac=on_mac),
        **_present("jailBroken", feedback.get(_JAIL_BROKEN)),
        **_present("activationLockBypassCode", values(BYPASS_CODE).get(BYPASS_CODE)),
    }


def imei(text: object) -> str:
    """Return an IMEI without the spaces between its groups."""
    return text.replace(" ", "") if isinstance(text, str) else ""


def os_version(version: object, build: object, *, on_mac: bool) -> str:
    """Return the version; of a Mac with its build in brackets."""
    if not isinstance(version, str):
        return ""
    return f"{version} ({build})" if on_mac and version and isinstance(build, str) and build else version


def model(product_name: object, model_name: object) -> str:
    """Return the name under which the product is sold; of an unknown one its family, else its type."""
    family, product = (value if isinstance(value, str) else "" for value in (model_name, product_name))
    return _PRODUCTS.get(product) or family or product


def chassis_type(model_name: object) -> str:
    """Return Graph's chassisType by the name of the family. Unverified: how the real service decides it."""
    beginnings = {"iPhone": "phone", "iPod": "phone", "iPad": "tablet", "MacBook": "laptop"}
    family = model_name if isinstance(model_name, str) else ""
    return next((kind for name, kind in beginnings.items() if family.startswith(name)), "desktop" if family else "")


def _identity(values: JsonObject) -> JsonObject:
    def of_subscription(key: str, *others: str) -> object:
        return next((value for name in (f"{_SUBSCRIPTIONS}.{key}", *others) if (value := values.get(name))), None)

    return {
        **_present("deviceName", values.get("DeviceName")),
        **_present("serialNumber", values.get("SerialNumber")),
        **_present("udid", values.get("UDID")),
        **_present("imei", imei(of_subscription("IMEI", "IMEI"))),
        **_present("meid", of_subscription("MEID", "MEID")),
        **_present("iccid", of_subscription("ICCID", "ICCID")),
        **_present("phoneNumber", of_subscription("PhoneNumber", "PhoneNumber")),
        **_present(
            "subscriberCarrier", values.get("SubscriberCarrierNetwork") or of_subscription("CurrentCarrierNetwork")
        ),
        **_present("esimIdentifier", of_subscription("EID")),
        **_present("easDeviceId", values.get("EASDeviceIdentifier")),
        **_present("wiFiMacAddress", mac_address(values.get("WiFiMAC"))),
        **_present("bluetoothMacAddress", mac_address(values.get("BluetoothMAC"))),
        **_present("ethernetMacAddress", mac_address(values.get("EthernetMAC"))),
    }


def _system(values: JsonObject, *, on_mac: bool) -> JsonObject:
    version, build = values.get("OSVersion"), values.get("BuildVersion")
    architecture = "arM64" if values.get("IsAppleSilicon") is True else "x64"
    return {
        **_present("osVersion", os_version(version, build, on_mac=on_mac)),
        **_present("osBuildNumber", build),
        **_present("processorArchitecture", architecture if on_mac and "IsAppleSilicon" in values else None),
        **_present("isSupervised", values.get("IsSupervised")),
        **_present("isActivationLockEnabled", values.get("IsActivationLockEnabled")),
        **_present("lostModeState", _lost_mode(values.get("IsMDMLostModeEnabled"))),
    }


def _hardware(values: JsonObject) -> JsonObject:
    technology, level = values.get("CellularTechnology"), values.get("BatteryLevel")
    return {
        **_present("model", model(values.get("ProductName"), values.get("ModelName"))),
        **_present("productName", values.get("ProductName")),
        **_present("chassisType", chassis_type(values.get("ModelName"))),
        **_present("cellularTechnology", _CELLULAR.get(technology) if isinstance(technology, int) else None),
        **_present("batteryLevelPercentage", _percentage(level)),
        **_present("totalStorageSpaceInBytes", _bytes(values, "DeviceCapacity")),
        **_present("freeStorageSpaceInBytes", _bytes(values, "AvailableDeviceCapacity")),
    }


def _security(values: JsonObject, *, on_mac: bool) -> JsonObject:
    """On iOS data are encrypted where there is a passcode (Apple: SecurityInfo, HardwareEncryptionCaps); on a Mac where
    FileVault is on.
    """
    if not on_mac:
        has_passcode, capable = values.get("PasscodePresent"), values.get("HardwareEncryptionCaps", _ENCRYPTS)
        is_encrypted = has_passcode and capable == _ENCRYPTS if isinstance(has_passcode, bool) else None
        return {
            **_present("isEncrypted", is_encrypted),
            **_present("isPasscodePresent", has_passcode),
            **_present("isPasscodeCompliant", values.get("PasscodeCompliant")),
        }
    approved, level = values.get("ManagementStatus.UserApprovedEnrollment"), values.get("SecureBoot.SecureBootLevel")
    return {
        **_present("isEncrypted", values.get("FDE_Enabled")),
        **_present("isFirewallEnabled", values.get("FirewallSettings.FirewallEnabled")),
        **_present("isSystemIntegrityProtectionEnabled", values.get("SystemIntegrityProtectionEnabled")),
        **_present("isSecureBootEnabled", None if level is None else level == "full"),
        **_present("requireUserEnrollmentApproval", not approved if isinstance(approved, bool) else None),
    }


def _present(name: str, value: object) -> JsonObject:
    return {} if value is None or value == "" else {name: value}


def _bytes(values: JsonObject, name: str) -> int | None:
    size, version = values.get(name), str(values.get("OSVersion", ""))
    if not isinstance(size, int | float) or isinstance(size, bool) or not 0 <= size < _BINARY_GIGABYTE:
        return None
    major = int(number[0]) if (number := re.match("[0-9]{1,4}", version)) else _FIRST_DECIMAL_MACOS
    is_mac = "IsAppleSilicon" in values or str(values.get("ModelName", "")).startswith(("Mac", "iMac"))
    return round(size * (_BINARY_GIGABYTE if is_mac and major < _FIRST_DECIMAL_MACOS else _GIGABYTE))


def _percentage(share: object) -> float | None:
    """A share from 0 to 1 as a percentage; -1 means that the device does not know it."""
    return round(share * 100, 2) if isinstance(share, int | float) and 0 <= share <= 1 else None


def _lost_mode(value: object) -> str | None:
    return None if not isinstance(value, bool) else "enabled" if value else "disabled"


def _is_simple(value: object) -> bool:
    return isinstance(value, int | float | bool) or (isinstance(value, str) and len(value) <= LONGEST_TEXT)
