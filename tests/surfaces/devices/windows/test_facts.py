"""What a Windows device says of itself, by the values of its nodes, in Graph's words."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from fauxtune.core.graph.device_facts import accepted
from fauxtune.core.model.actions import StepKind
from fauxtune.core.model.platforms import Variant
from fauxtune.surfaces.devices.windows import csp
from fauxtune.surfaces.devices.windows.adapter import WindowsAdapter
from fauxtune.surfaces.devices.windows.facts import facts
from fauxtune.surfaces.devices.windows.messages import syncml
from fauxtune.surfaces.devices.windows.messages.syncml import Item, Message, Results, Status
from fauxtune.surfaces.devices.windows.session_state import Pending, State
from fauxtune.surfaces.devices.windows.status_mapping import ASK, CommandResponse

WIRE = Path(__file__).parents[3] / "wire" / "windows"
CARDS, SIM_CARDS = csp.CARDS + csp.EVERYTHING, csp.SIM_CARDS + csp.EVERYTHING
NODES = {
    "./DevDetail/SwV": "10.0.22631.4037",
    "./DevDetail/Ext/Microsoft/DeviceName": "DESKTOP-7K2P9QX",
    "./DevDetail/Ext/Microsoft/TotalStorage": "488386",
    "./DevDetail/Ext/Microsoft/FreeStorage": "0",
    "./DevDetail/Ext/Microsoft/TotalRAM": "16384",
    "./DevDetail/Ext/Microsoft/ProcessorArchitecture": "12",
    "./Vendor/MSFT/WindowsLicensing/Edition": "4",
    f"{csp.STATUS}/OS/Edition": "Enterprise",
    f"{csp.STATUS}/Compliance/EncryptionCompliance": "1",
    f"{csp.STATUS}/SecureBootState": "2",
    f"{csp.STATUS}/Firewall/Status": "0",
    f"{csp.STATUS}/Battery/EstimatedChargeRemaining": "84",
    f"{csp.STATUS}/DeviceGuard/VirtualizationBasedSecurityStatus": "42",
    f"{csp.STATUS}/DeviceGuard/VirtualizationBasedSecurityHwReq": "8",
    CARDS: orjson.dumps(
        {
            csp.CARDS: "02A1B2C3D4E5/02A1B2C3D4E6",
            f"{csp.CARDS}/02A1B2C3D4E5": "Type/IPAddressV4/IsConnected",
            f"{csp.CARDS}/02A1B2C3D4E5/Type": "2",
            f"{csp.CARDS}/02A1B2C3D4E5/IPAddressV4": "192.0.2.1",
            f"{csp.CARDS}/02A1B2C3D4E5/IsConnected": "false",
            f"{csp.CARDS}/02%3AA1%3AB2%3AC3%3AD4%3AE6/Type": "1",
            f"{csp.CARDS}/02%3AA1%3AB2%3AC3%3AD4%3AE6/IPAddressV4": "192.0.2.2",
            f"{csp.CARDS}/02%3AA1%3AB2%3AC3%3AD4%3AE6/IsConnected": "true",
        }
    ).decode(),
}


def test_the_nodes_of_a_laptop_are_read() -> None:
    values = facts(NODES, is_phone=False)
    assert accepted(values) == values
    assert values == {
        "osVersion": "10.0.22631.4037",
        "deviceName": "DESKTOP-7K2P9QX",
        "totalStorageSpaceInBytes": 488386 * 2**20,
        "freeStorageSpaceInBytes": 0,
        "physicalMemoryInBytes": 2**34,
        "processorArchitecture": "arM64",
        "skuNumber": 4,
        "skuFamily": "Enterprise",
        "operatingSystemEdition": "Enterprise",
        "isEncrypted": True,
        "isSecureBootEnabled": False,
        "isFirewallEnabled": True,
        "batteryLevelPercentage": 84,
        "deviceGuardVirtualizationBasedSecurityState": "other",
        "deviceGuardVirtualizationBasedSecurityHardwareRequirementState": "hyperVNotAvailable",
        "wiFiMacAddress": "02A1B2C3D4E5",
        "ethernetMacAddress": "02A1B2C3D4E6",
        "ipAddressV4": "192.0.2.2",
        "chassisType": "laptop",
    }


def test_the_health_of_windows_defender_is_read() -> None:
    health = {
        csp.DEFENDER: "RtpEnabled/ProductStatus",
        f"{csp.DEFENDER}/RtpEnabled": "false",
        f"{csp.DEFENDER}/DefenderEnabled": "True",
        f"{csp.DEFENDER}/SignatureOutOfDate": "perhaps",
        f"{csp.DEFENDER}/EngineVersion": "1.1.24090.11",
        f"{csp.DEFENDER}/QuickScanTime": "2026-11-20T03:12:45+01:00",
        f"{csp.DEFENDER}/FullScanTime": "yesterday",
        f"{csp.DEFENDER}/ComputerState": "0",
        f"{csp.DEFENDER}/ProductStatus": str(1 << 5 | 1 << 7),
        f"{csp.DEFENDER}/Another": "1",
    }
    values = facts({csp.DEFENDER + csp.EVERYTHING: orjson.dumps(health).decode()}, is_phone=False)
    assert accepted(values) == values
    assert values == {
        "realTimeProtectionEnabled": False,
        "malwareProtectionEnabled": True,
        "engineVersion": "1.1.24090.11",
        "lastQuickScanDateTime": "2026-11-20T02:12:45.0000000Z",
        "deviceState": "clean",
        "productStatus": "avSignaturesOutOfDate,noQuickScanHappenedForSpecifiedPeriod",
    }
    for status in ("-1", str(1 << 25), "9" * 400, "clean", ""):
        broken = {f"{csp.DEFENDER}/{node}": status for node in ("ProductStatus", "ComputerState", "FullScanTime")}
        assert facts({csp.DEFENDER + csp.EVERYTHING: orjson.dumps(broken).decode()}, is_phone=False) == {}, status


def test_the_network_cards_of_the_example_are_read() -> None:
    message = syncml.read((WIRE / "device-session-network-cards.xml").read_bytes())
    state = State(sent={"2/5": ("s", 0)})
    state.steps["s"] = Pending(StepKind.QUESTION, [CommandResponse(ASK, CARDS, None)])
    (result,) = state.apply(message)
    assert result.data is not None
    assert WindowsAdapter().facts({csp.FACTS: result.data}, variant=Variant.WINDOWS) == {
        "wiFiMacAddress": "02A1B2C3D4E5",
        "ethernetMacAddress": "02A1B2C3D4E6",
        "ipAddressV4": "192.0.2.17",
    }


def test_a_phone_has_a_sim_card_and_no_battery_makes_a_desktop() -> None:
    card = {f"{csp.SIM_CARDS}/351234567890124/ICCID": "89", f"{csp.SIM_CARDS}/351234567890124/PhoneNumber": "+41"}
    values = facts({SIM_CARDS: orjson.dumps(card).decode()}, is_phone=True)
    assert values == {"imei": "351234567890124", "iccid": "89", "phoneNumber": "+41", "chassisType": "phone"}
    desktop = facts({"./DevDetail/Ext/Microsoft/TotalStorage": "1"}, is_phone=False)
    assert desktop["chassisType"] == "desktop"


@pytest.mark.parametrize("value", ["-1", "", "1e9", "nan", "9" * 400, "\u0664", "0x10", "true", "x" * 1_000_000])
def test_nonsense_in_a_node_is_passed_over(value: str) -> None:
    broken = {node: value for node in NODES if not node.endswith(csp.EVERYTHING)} | {"./DevDetail/SwV": "10.0.1.1"}
    values = accepted(facts(broken, is_phone=False))
    assert values["osVersion"] == "10.0.1.1"
    numbers = ("totalStorageSpaceInBytes", "physicalMemoryInBytes", "skuNumber", "isEncrypted", "processorArchitecture")
    assert not values.keys() & set(numbers)


def test_an_answer_with_thousands_of_nodes_is_read_as_far_as_a_device_has_any() -> None:
    state = State(sent={"1/5": ("s", 0)})
    state.steps["s"] = Pending(StepKind.QUESTION, [CommandResponse(ASK, CARDS, None)])
    items = tuple(Item(source=f"{csp.CARDS}/{number:012X}/Type", data="2") for number in range(10_000))
    long = Item(source=f"{csp.CARDS}/{'A' * 12}/IPAddressV4", data="x" * 1_000_000)
    message = Message("1", 2, "pc", "server", 1, (), (Status("1", "5", 200),), (Results("1", "5", (long, *items)),))
    (result,) = state.apply(message)
    assert result.data is not None
    assert len(orjson.loads(result.data["values"][CARDS])) < 100
    answers = {csp.FACTS: result.data}
    assert WindowsAdapter().facts(answers, variant=Variant.WINDOWS)["wiFiMacAddress"]
