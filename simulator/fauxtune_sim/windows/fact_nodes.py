"""The nodes that show the device's facts.

Microsoft: DevInfo, DevDetail, DeviceStatus, WindowsLicensing and Defender CSPs. A node of a fact that the device lacks
does not exist: its Get is answered with 404.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from fauxtune_sim.facts.table import all_facts
from fauxtune_sim.facts.values import FactValue
from fauxtune_sim.windows.tree import Path

Facts = Mapping[str, FactValue]
Node = Callable[[Facts], str | None]


def _network_card(facts: Facts, path: Path) -> str | None:
    """DeviceStatus/NetworkIdentifiers: the wireless card (2), which is connected, and the wired one (1)."""
    mac, leaf = path[-2:]
    is_wireless = mac == facts.get("wiFiMacAddress")
    if mac not in _network_cards(facts):
        return None
    match leaf:
        case "Type":
            return "2" if is_wireless else "1"
        case "IsConnected":
            return "true" if is_wireless else "false"
        case _:
            return str(facts.get("ipAddressV4", "")) if is_wireless else ""


def _network_cards(facts: Facts) -> tuple[str, ...]:
    return tuple(str(facts[name]) for name in ("wiFiMacAddress", "ethernetMacAddress") if name in facts)


def _sim_card(facts: Facts, path: Path) -> str | None:
    """DeviceStatus/CellularIdentities: the SIM card of a phone."""
    imei, leaf = path[-2:]
    name = {"ICCID": "iccid", "PhoneNumber": "phoneNumber"}.get(leaf, "subscriberCarrier")
    value = facts.get(name)
    return str(value) if imei == str(facts.get("imei", "")) and value is not None else None


def members(facts: Facts) -> dict[Path, tuple[str, ...]]:
    """The children of DeviceStatus that are named after parts of the device."""
    status = ("Vendor", "MSFT", "DeviceStatus")
    imei = str(facts.get("imei", ""))
    return {
        (*status, "NetworkIdentifiers"): _network_cards(facts),
        (*status, "CellularIdentities"): (imei,) if imei else (),
    }


def _architecture(facts: Facts) -> str | None:
    """DevDetail/Ext/Microsoft/ProcessorArchitecture. Unverified: that its numbers are those of SYSTEM_INFO."""
    return {"x86": "0", "arm": "5", "x64": "9", "arM64": "12"}.get(str(facts.get("processorArchitecture")))


def _fact(name: str) -> Node:
    """A node that shows a fact as it is; it does not exist if the device lacks the fact."""
    return lambda facts: None if name not in facts else str(facts[name])


def _flag(name: str, *, on: str, off: str) -> Node:
    """A node that shows one number for yes and another one for no."""
    return lambda facts: {True: on, False: off}.get(bool(facts[name])) if name in facts else None


def _number(name: str, *, numbers: Sequence[int] = ()) -> Node:
    """A node that shows the number of a fact's word. Without numbers the words are flags: 0, then 1, 2, 4 and so on."""

    def number(facts: Facts) -> str | None:
        if name not in facts:
            return None
        place = all_facts()[name].choices.index(str(facts[name]))
        return str(numbers[place] if numbers else 1 << place >> 1)

    return number


def _megabytes(name: str) -> Node:
    """A node that shows a size in units of 2^20 bytes."""
    return lambda facts: str(int(facts[name]) >> 20) if name in facts else None


_GUARD = "deviceGuardVirtualizationBasedSecurity"
FACT_NODES: dict[str, Node] = {
    "ProcessorArchitecture": _architecture,
    "TotalStorage": _megabytes("totalStorageSpaceInBytes"),
    "FreeStorage": _megabytes("freeStorageSpaceInBytes"),
    "TotalRAM": _megabytes("physicalMemoryInBytes"),
    "Lang": lambda facts: str(facts.get("operatingSystemLanguage", "en-US")),
    "WlanIPv4Address": lambda facts: str(facts.get("ipAddressV4", "192.0.2.17")),
    "SMBIOSVersion": _fact("systemManagementBIOSVersion"),
    "TpmSpecificationVersion": _fact("tpmSpecificationVersion"),
    "TpmManufacturer": _fact("tpmManufacturer"),
    "TpmVersion": _fact("tpmVersion"),
    "Edition": _fact("skuFamily"),
    "EditionNumber": _fact("skuNumber"),
    "BatteryCharge": _fact("batteryLevelPercentage"),
    "EncryptionCompliance": _flag("isEncrypted", on="1", off="0"),
    "SecureBootState": _flag("isSecureBootEnabled", on="1", off="2"),
    "FirewallStatus": _flag("isFirewallEnabled", on="0", off="1"),
    "AntivirusStatus": _flag("isAntivirusEnabled", on="0", off="1"),
    "AntivirusSignatureStatus": _flag("isAntivirusSignatureCurrent", on="1", off="0"),
    "AntispywareStatus": _flag("isAntispywareEnabled", on="0", off="1"),
    # Unverified: the numbers of UAC/Status, which the page of DeviceStatus does not list.
    "UacStatus": _flag("isUserAccountControlEnabled", on="0", off="1"),
    "VbsStatus": _number(f"{_GUARD}State", numbers=(0, 1, 2, 3, 4, 5, 42)),
    "VbsHardware": _number(f"{_GUARD}HardwareRequirementState", numbers=(0, 1, 2, 4, 8)),
    "CredentialGuard": _number("deviceGuardLocalSystemAuthorityCredentialGuardState", numbers=range(5)),
    "DefenderEnabled": _flag("malwareProtectionEnabled", on="true", off="false"),
    "DefenderRtpEnabled": _flag("realTimeProtectionEnabled", on="true", off="false"),
    "DefenderNisEnabled": _flag("networkInspectionSystemEnabled", on="true", off="false"),
    "DefenderQuickScanOverdue": _flag("quickScanOverdue", on="true", off="false"),
    "DefenderFullScanOverdue": _flag("fullScanOverdue", on="true", off="false"),
    "DefenderSignatureOutOfDate": _flag("signatureUpdateOverdue", on="true", off="false"),
    "DefenderRebootRequired": _flag("rebootRequired", on="true", off="false"),
    "DefenderFullScanRequired": _flag("fullScanRequired", on="true", off="false"),
    "DefenderIsVirtualMachine": _flag("isVirtualMachine", on="true", off="false"),
    "DefenderTamperProtectionEnabled": _flag("tamperProtectionEnabled", on="true", off="false"),
    "DefenderEngineVersion": _fact("engineVersion"),
    "DefenderSignatureVersion": _fact("signatureVersion"),
    "DefenderVersion": _fact("antiMalwareVersion"),
    "DefenderQuickScanSigVersion": _fact("lastQuickScanSignatureVersion"),
    "DefenderFullScanSigVersion": _fact("lastFullScanSignatureVersion"),
    "DefenderQuickScanTime": _fact("lastQuickScanDateTime"),
    "DefenderFullScanTime": _fact("lastFullScanDateTime"),
    "DefenderComputerState": _number("deviceState"),
    "DefenderProductStatus": _number("productStatus"),
}
#: Nodes below a part of the device, whose name is in the path.
PART_NODES: dict[str, Callable[[Facts, Path], str | None]] = {"NetworkCard": _network_card, "SimCard": _sim_card}
