"""What a Windows device says of itself, by Graph's names: its answers to Gets of the nodes in `csp`.

Microsoft: DevInfo, DevDetail, DeviceStatus, WindowsLicensing and Defender CSPs. A node that a device does not have
(404) says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import unquote

import orjson

from fauxtune.core.clock import from_iso, iso
from fauxtune.core.errors import Invalid
from fauxtune.core.graph.device_facts import mac_address
from fauxtune.core.graph.index import enumeration
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.schema.types import EnumType
from fauxtune.surfaces.devices.windows import csp

WINDOWS_DEFENDER_PRODUCT_STATUS = enumeration("windowsDefenderProductStatus")
WINDOWS_DEVICE_HEALTH_STATE = enumeration("windowsDeviceHealthState")

Values = Mapping[str, str]

#: No device has longer values.
_LONGEST = 1024
_MEGABYTE = 2**20
_WIRED, _WIRELESS = "1", "2"
#: data. Facts that are the value of a node as it is: the first of the nodes that has one.
_TEXTS: dict[str, tuple[str, ...]] = {
    "osVersion": ("./DevDetail/SwV",),
    "deviceName": ("./DevDetail/Ext/Microsoft/DeviceName",),
    "serialNumber": ("./DevDetail/Ext/Microsoft/SMBIOSSerialNumber",),
    "manufacturer": ("./DevInfo/Man", "./DevDetail/OEM"),
    "model": ("./DevInfo/Mod",),
    "operatingSystemLanguage": ("./DevInfo/Lang",),
    "systemManagementBIOSVersion": ("./DevDetail/Ext/Microsoft/SMBIOSVersion",),
    "skuFamily": (f"{csp.STATUS}/OS/Edition",),
    "operatingSystemEdition": (f"{csp.STATUS}/OS/Edition",),
    "tpmSpecificationVersion": (f"{csp.STATUS}/TPM/SpecificationVersion",),
    "tpmManufacturer": (f"{csp.STATUS}/TPM/ManufacturerIdTxt",),
    "tpmVersion": (f"{csp.STATUS}/TPM/ManufacturerVersion",),
}
#: data. Sizes in megabytes of 2^20 bytes.
_SIZES = {
    "totalStorageSpaceInBytes": "./DevDetail/Ext/Microsoft/TotalStorage",
    "freeStorageSpaceInBytes": "./DevDetail/Ext/Microsoft/FreeStorage",
    "physicalMemoryInBytes": "./DevDetail/Ext/Microsoft/TotalRAM",
}
#: data. Node, and the words of its numbers.
_WORDS: dict[str, tuple[str, Mapping[str, object]]] = {
    # Unverified: that the numbers are those of SYSTEM_INFO.
    "processorArchitecture": (
        "./DevDetail/Ext/Microsoft/ProcessorArchitecture",
        {"0": "x86", "5": "arm", "9": "x64", "12": "arM64"},
    ),
    "isEncrypted": (f"{csp.STATUS}/Compliance/EncryptionCompliance", {"0": False, "1": True}),
    "isSecureBootEnabled": (f"{csp.STATUS}/SecureBootState", {"0": False, "1": True, "2": False}),
    "isFirewallEnabled": (f"{csp.STATUS}/Firewall/Status", {"0": True, "1": False, "2": False, "3": False}),
    "isAntivirusEnabled": (f"{csp.STATUS}/Antivirus/Status", {"0": True, "1": False, "2": False, "3": False}),
    "isAntivirusSignatureCurrent": (f"{csp.STATUS}/Antivirus/SignatureStatus", {"0": False, "1": True}),
    "isAntispywareEnabled": (f"{csp.STATUS}/Antispyware/Status", {"0": True, "1": False, "2": False, "3": False}),
    # Unverified: the numbers of UAC/Status, which the page of DeviceStatus does not list.
    "isUserAccountControlEnabled": (f"{csp.STATUS}/UAC/Status", {"0": True, "1": False}),
    "deviceGuardVirtualizationBasedSecurityState": (
        f"{csp.STATUS}/DeviceGuard/VirtualizationBasedSecurityStatus",
        {
            "0": "running",
            "1": "rebootRequired",
            "2": "require64BitArchitecture",
            "3": "notLicensed",
            "4": "notConfigured",
            "5": "doesNotMeetHardwareRequirements",
            "42": "other",
        },
    ),
    "deviceGuardVirtualizationBasedSecurityHardwareRequirementState": (
        f"{csp.STATUS}/DeviceGuard/VirtualizationBasedSecurityHwReq",
        {
            "0": "meetHardwareRequirements",
            "1": "secureBootRequired",
            "2": "dmaProtectionRequired",
            "4": "hyperVNotSupportedForGuestVM",
            "8": "hyperVNotAvailable",
        },
    ),
    "deviceGuardLocalSystemAuthorityCredentialGuardState": (
        f"{csp.STATUS}/DeviceGuard/LsaCfgCredGuardStatus",
        {
            "0": "running",
            "1": "rebootRequired",
            "2": "notLicensed",
            "3": "notConfigured",
            "4": "virtualizationBasedSecurityNotRunning",
        },
    ),
}
_OF_SIM = {"ICCID": "iccid", "PhoneNumber": "phoneNumber", "CommercializationOperator": "subscriberCarrier"}


def _text(text: str) -> str | None:
    return text or None


def _flag(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text.lower())


def _moment(text: str) -> str | None:
    """A time in the form that Graph writes. Unverified: the form of these nodes, which are texts."""
    try:
        return iso(from_iso(text))
    except (ValueError, OverflowError):
        return None


def _named(kind: EnumType) -> Callable[[str], str | None]:
    def read(text: str) -> str | None:
        try:
            return kind.named(int(text)) if _is_number(text) else None
        except Invalid:
            return None

    return read


#: data. Node of Windows Defender's health, the name of its fact, and how it is read.
_OF_DEFENDER: dict[str, tuple[str, Callable[[str], str | bool | None]]] = {
    "DefenderEnabled": ("malwareProtectionEnabled", _flag),
    "RtpEnabled": ("realTimeProtectionEnabled", _flag),
    "NisEnabled": ("networkInspectionSystemEnabled", _flag),
    "QuickScanOverdue": ("quickScanOverdue", _flag),
    "FullScanOverdue": ("fullScanOverdue", _flag),
    "SignatureOutOfDate": ("signatureUpdateOverdue", _flag),
    "RebootRequired": ("rebootRequired", _flag),
    "FullScanRequired": ("fullScanRequired", _flag),
    "IsVirtualMachine": ("isVirtualMachine", _flag),
    "TamperProtectionEnabled": ("tamperProtectionEnabled", _flag),
    "EngineVersion": ("engineVersion", _text),
    "SignatureVersion": ("signatureVersion", _text),
    "DefenderVersion": ("antiMalwareVersion", _text),
    "QuickScanSigVersion": ("lastQuickScanSignatureVersion", _text),
    "FullScanSigVersion": ("lastFullScanSignatureVersion", _text),
    "QuickScanTime": ("lastQuickScanDateTime", _moment),
    "FullScanTime": ("lastFullScanDateTime", _moment),
    "ComputerState": ("deviceState", _named(WINDOWS_DEVICE_HEALTH_STATE)),
    "ProductStatus": ("productStatus", _named(WINDOWS_DEFENDER_PRODUCT_STATUS)),
}


def facts(values: Values, *, is_phone: bool) -> JsonObject:
    """Return the device's properties by the values of its nodes, without those that it left out."""
    texts = {name: next((values[node] for node in nodes if values.get(node)), "") for name, nodes in _TEXTS.items()}
    words = {name: known.get(values.get(node, "")) for name, (node, known) in _WORDS.items()}
    numbers = {
        **{name: _number(values, node, unit=_MEGABYTE) for name, node in _SIZES.items()},
        "skuNumber": _number(values, "./Vendor/MSFT/WindowsLicensing/Edition"),
        # Unverified: that it is a percentage; the page of DeviceStatus speaks of seconds.
        "batteryLevelPercentage": _number(values, f"{csp.STATUS}/Battery/EstimatedChargeRemaining"),
    }
    result = {**texts, **words, **numbers, **_cards(values), **_sim(values), **_defender(values)}
    result["chassisType"] = _chassis(result, is_phone=is_phone)
    return {name: value for name, value in result.items() if value is not None and 0 < len(str(value)) <= _LONGEST}


def _cards(values: Values) -> JsonObject:
    """The network cards: DeviceStatus names a node after each, and phones have one value for the wireless one."""
    cards = _below(values, csp.CARDS)
    by_type = {card.get("Type", ""): (name, card) for name, card in cards.items()}
    name, card = by_type.get(_WIRELESS, ("", {}))
    wired, wired_card = by_type.get(_WIRED, ("", {}))
    connected = next((each for each in (card, wired_card) if each.get("IsConnected", "").lower() == "true"), card)
    return {
        "wiFiMacAddress": mac_address(name or values.get("./DevDetail/Ext/WLANMACAddress", "")),
        "ethernetMacAddress": mac_address(wired),
        "ipAddressV4": connected.get("IPAddressV4", ""),
    }


def _sim(values: Values) -> JsonObject:
    """The SIM card in the first slot: DeviceStatus names a node after the IMEI of each."""
    slots = _below(values, csp.SIM_CARDS)
    imei, card = next(iter(slots.items()), ("", {}))
    return {"imei": imei, **{name: card.get(node, "") for node, name in _OF_SIM.items()}}


def _defender(values: Values) -> JsonObject:
    """The health of Windows Defender."""
    rows = {uri.rpartition("/")[2]: value for uri, value in _everything(values, csp.DEFENDER).items()}
    return {name: read(rows[node]) for node, (name, read) in _OF_DEFENDER.items() if node in rows}


def _everything(values: Values, node: str) -> dict[str, str]:
    """The values by address of a node that was got with everything below it (`?list=StructData`)."""
    text = values.get(node + csp.EVERYTHING, "")
    rows: dict[str, str] = orjson.loads(text) if text else {}
    return rows


def _below(values: Values, node: str) -> dict[str, dict[str, str]]:
    """The values below the children of such a node, by the child's name."""
    children: dict[str, dict[str, str]] = {}
    for uri, value in _everything(values, node).items():
        _, _, rest = uri.partition(node.rpartition("/")[2] + "/")
        name, _, leaf = rest.partition("/")
        if name:
            children.setdefault(unquote(name), {})[leaf] = value
    return children


def _number(values: Values, node: str, *, unit: int = 1) -> int | None:
    text = values.get(node, "")
    return int(text) * unit if _is_number(text) else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 15


def _chassis(facts: JsonObject, *, is_phone: bool) -> str | None:
    """Graph's chassisType. Unverified: Intune's agent reads it from SMBIOS; here a computer with a battery is a
    laptop.
    """
    if is_phone:
        return "phone"
    if not facts.get("totalStorageSpaceInBytes"):
        return None
    return "desktop" if facts.get("batteryLevelPercentage") is None else "laptop"
