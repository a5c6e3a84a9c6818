"""The nodes of a Windows device: which exist on a PC, on Windows 10 Mobile and on Windows Phone 8.1, and which of
them show the device's facts.

The nodes stand in the tables `node_rules.txt` and `policy_nodes.txt`: one line a node, whatever kind of device, scope
and place the tables leave open. Nodes of facts are those of the DevInfo, DevDetail, DeviceStatus, WindowsLicensing
and Defender CSPs (Microsoft). One of a fact that the device lacks does not exist: its Get is answered with 404.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache

from fauxtune_sim.facts.table import FactValue, all_facts
from fauxtune_sim.platforms import Platform
from fauxtune_sim.tables import Line, Mistake, sections, text_of

#: The certificate stores.
_STORES_WINDOWS_10 = (
    "./Vendor/MSFT/RootCATrustedCertificates/Root",
    "*/Vendor/MSFT/RootCATrustedCertificates/CA",
    "*/Vendor/MSFT/RootCATrustedCertificates/TrustedPublisher",
    "*/Vendor/MSFT/RootCATrustedCertificates/TrustedPeople",
    "*/Vendor/MSFT/RootCATrustedCertificates/UntrustedCertificates",
    "*/Vendor/MSFT/RootCATrustedCertificates/OemEsim",
)
_STORES_PHONE_81 = ("./Vendor/MSFT/CertificateStore/Root/System", "./Vendor/MSFT/CertificateStore/CA/System")
_FIREWALL_PROFILES = ("DomainProfile", "PrivateProfile", "PublicProfile")
_NODE = re.compile(r"(?:@|[.*@]/\S+) +[ADGRUX]+ +(?:node|null|chr|int|bool|b64|bin|xml)(?: +(?:=\S*|<\S+))?")
_NODES, _POLICIES = "node_rules.txt", "policy_nodes.txt"
#: The sections whose lines are areas and their policies.
_OF_POLICIES = ("device", "user")
#: The path of a node, as its names.
Path = tuple[str, ...]
Facts = Mapping[str, FactValue]
Node = Callable[[Facts], str | None]


@cache
def _sections(file: str) -> Mapping[str, tuple[str, ...]]:
    return read_nodes(text_of(__package__ or "", file), file=file)


def read_nodes(text: str, *, file: str) -> Mapping[str, tuple[str, ...]]:
    """Return the lines of each section of a table. Raises Mistake for a line that is no node."""
    by_name = sections(text, file=f"windows/{file}")
    for name, lines in by_name.items():
        _check(() if file == _POLICIES and name in _OF_POLICIES else lines, file=file)
    return {name: tuple(line for _, line in lines) for name, lines in by_name.items()}


def _check(lines: Iterable[Line], *, file: str) -> None:
    for number, line in lines:
        if not _NODE.fullmatch(line):
            right = "./PATH COMMANDS FORMAT, and =DEFAULT or <FACT, with the words that the head of the file names"
            raise Mistake(f"windows/{file}, line {number}: {line.strip()[:60]!r} is not {right}")


def _at(place: str, *names: str) -> list[str]:
    """The lines of sections, with `@` at the begin of a path replaced by a place."""
    lines = (line for name in names for line in _sections(_NODES)[name])
    return [line.replace("@", place, 1) if line.startswith("@") else line for line in lines]


def _scopes(lines: list[str]) -> list[str]:
    """Replace each line for both scopes by two lines."""
    expanded: list[str] = []
    for line in lines:
        expanded += [f".{line[1:]}", f"./User{line[1:]}"] if line.startswith("*") else [line]
    return expanded


def nodes_of(platform: Platform) -> list[str]:
    """All lines of one platform."""
    lines = _at("", "everywhere")
    if not has_scopes(platform):
        # Unverified: that Windows Phone 8.1 installs PFX files by these nodes; the documents disagree.
        lines += _at(".", "phone81", "pfx", "mail") + _at("./Vendor/MSFT/CertificateStore/My/SCEP", "scep")
        stores: tuple[str, ...] = _STORES_PHONE_81
    else:
        lines += _at("*", "windows10", "pfx") + _at("./User", "mail")
        lines += _at("*/Vendor/MSFT/ClientCertificateInstall/SCEP", "scep") + _at("*", "apps")
        lines += [] if is_phone(platform) else _at("*", "desktop-apps")
        stores = _STORES_WINDOWS_10
    for store in stores:
        lines += _at(store, "store")
    lines += _at("", "phones") if is_phone(platform) else [*_at("", "computers"), *_settings()]
    return _scopes(lines)


def _settings() -> list[str]:
    """The lines of a PC's settings: policies, those of other providers, and those of each profile of the firewall."""
    known = _sections(_POLICIES)
    return [
        *_policies("./Vendor/MSFT/Policy", known["device"]),
        *_policies("./User/Vendor/MSFT/Policy", known["user"]),
        *known["others"],
        *(line.replace("{profile}", profile) for profile in _FIREWALL_PROFILES for line in known["firewall"]),
    ]


def _policies(root: str, areas: Iterable[str]) -> list[str]:
    expanded = [f"{root} G node", f"{root}/Config G node"]
    for line in areas:
        area, *names = line.split()
        expanded.append(f"{root}/Config/{area} G node")
        expanded += [
            f"{root}/Config/{area}/{name.rstrip('$')} AGRDU {'chr' if name.endswith('$') else 'int'}" for name in names
        ]
    return expanded


def is_phone(platform: Platform) -> bool:
    """Whether it is a phone: phones write SessionIDs in hex, have RemoteLock, and enrol as another DeviceType."""
    return platform is not Platform.WINDOWS


def has_scopes(platform: Platform) -> bool:
    """Whether `./User` and `./Device` exist; Windows Phone 8.1 has one scope and neither prefix."""
    return platform is not Platform.WINDOWS_PHONE_81


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
