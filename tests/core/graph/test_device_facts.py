"""Which facts of a device are accepted, and where Graph's record shows them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune.core.graph.device_facts import accepted, mac_address, protection_state, reported, shown
from fauxtune.core.graph.index import complex_type, entity
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.schema.types import Version

HARDWARE_INFORMATION = complex_type("hardwareInformation")
MANAGED_DEVICE = entity("managedDevice")

_VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers(), max_size=2)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["isEncrypted", "model", "skuNumber", "totalStorageSpaceInBytes"]), _VALUES))
def test_what_is_accepted_has_the_type_of_its_property(facts: dict[str, Any]) -> None:
    values = accepted(facts)
    assert all(facts[name] == value for name, value in values.items())
    for name, value in values.items():
        kind = {"isEncrypted": bool, "model": str}.get(name, int)
        assert type(value) is kind
        assert value != ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("totalStorageSpaceInBytes", -1),
        ("totalStorageSpaceInBytes", 2**63),
        ("totalStorageSpaceInBytes", True),
        ("totalStorageSpaceInBytes", "7"),
        ("batteryLevelPercentage", float("nan")),
        ("batteryLevelPercentage", float("inf")),
        ("batteryLevelPercentage", 10**400),
        ("isEncrypted", "true"),
        ("model", "x" * 1_000_000),
        ("model", "a\0b"),
        ("model", "\ud800"),
        ("model", {"a": 1}),
        ("chassisType", "spaceship"),
        ("deviceState", "critical,clean"),
        ("lastQuickScanDateTime", "yesterday"),
        ("lastReportedDateTime", "2026-11-20T03:12:45.0000000Z"),
    ],
)
def test_a_value_that_no_device_has_costs_only_itself(name: str, value: object) -> None:
    unknown = {f"key{number}": "x" for number in range(10_000)}
    assert accepted({name: value, "osVersion": "17.5.1", **unknown}) == {"osVersion": "17.5.1"}


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("02:a1:b2:c3:d4:e5", "02A1B2C3D4E5"),
        ("02-A1-B2-C3-D4-E5", "02A1B2C3D4E5"),
        ("02a1.b2c3.d4e5", "02A1B2C3D4E5"),
        ("02:a1:b2:c3:d4", ""),
        ("\u0660" * 12, ""),
        ("unknown", ""),
        (7, ""),
        (None, ""),
    ],
)
def test_a_mac_address_has_no_separators_in_graph(text: object, address: str) -> None:
    assert mac_address(text) == address


def test_a_device_cannot_say_what_is_the_servers() -> None:
    ours = {"complianceState": "compliant", "userId": "x", "managedDeviceOwnerType": "company", "id": "x", "notes": "x"}
    assert accepted(ours) == {}


def test_what_a_device_reports_is_repeated_in_hardware_information() -> None:
    facts = {
        "totalStorageSpaceInBytes": 128,
        "isEncrypted": True,
        "wiFiMacAddress": "02A1B2C3D4E5",
        "androidSecurityPatchLevel": "2026-10-05",
        "tpmSpecificationVersion": "2.0",
        "phoneNumber": "+41791234567",
        "isFirewallEnabled": True,
    }
    record = shown(facts, owner="company")
    hardware = record["hardwareInformation"]
    assert (record["securityPatchLevel"], record["specificationVersion"]) == ("2026-10-05", "2.0")
    assert (hardware["totalStorageSpace"], hardware["wifiMac"], hardware["isEncrypted"]) == (128, "02A1B2C3D4E5", True)
    assert hardware["phoneNumber"] == record["phoneNumber"] == "+41791234567"
    assert "isFirewallEnabled" not in record
    assert hardware.keys() == defaults(HARDWARE_INFORMATION).keys()


def test_what_windows_defender_reports_is_dated_and_shown_by_itself() -> None:
    now = datetime(2026, 11, 20, 10, tzinfo=UTC)
    nobody: dict[str, Any] = {"now": now, "user_id": None, "before": {}}
    assert reported({"isEncrypted": True}, **nobody) == {"isEncrypted": True}
    facts = reported({"realTimeProtectionEnabled": False, "isEncrypted": True}, **nobody)
    state = protection_state(facts, device_id="d")
    assert state is not None
    assert {name: value for name, value in state.items() if value is not None} == {
        "id": "d",
        "realTimeProtectionEnabled": False,
        "lastReportedDateTime": "2026-11-20T10:00:00.0000000Z",
    }
    assert protection_state({"isEncrypted": True}, device_id="d") is None
    assert "realTimeProtectionEnabled" not in shown(facts, owner="company")


def test_who_was_logged_on_last_is_the_last_of_the_list() -> None:
    now = datetime(2026, 11, 20, 10, tzinfo=UTC)
    alice, bob = ({"userId": user, "lastLogOnDateTime": "2026-11-01T08:00:00.0000000Z"} for user in ("alice", "bob"))
    facts = reported({"isUserLoggedOn": True}, now=now, user_id="alice", before={"usersLoggedOn": [alice, bob]})
    assert facts == {"usersLoggedOn": [bob, {"userId": "alice", "lastLogOnDateTime": "2026-11-20T10:00:00.0000000Z"}]}
    assert shown(facts, owner="company")["usersLoggedOn"] == facts["usersLoggedOn"]
    for report in ({"isUserLoggedOn": False}, {"usersLoggedOn": [alice]}):
        assert reported(report, now=now, user_id="alice", before={}) == {}
    assert reported({"isUserLoggedOn": True}, now=now, user_id=None, before={}) == {}


def test_the_number_of_a_personal_device_is_masked_in_both_places() -> None:
    record = shown({"phoneNumber": "+41791234567"}, owner="personal")
    assert record["phoneNumber"] == record["hardwareInformation"]["phoneNumber"] == "********567"


def test_without_select_hardware_information_shows_the_defaults_of_its_members() -> None:
    document = {**defaults(MANAGED_DEVICE), "id": "d", **shown({"isEncrypted": True}, owner="company")}
    plain = view(MANAGED_DEVICE, document, version=Version.BETA)
    assert plain["isEncrypted"] is True
    assert plain["hardwareInformation"] == defaults(HARDWARE_INFORMATION)
    selected = view(MANAGED_DEVICE, document, version=Version.BETA, select=("hardwareInformation",))
    assert selected["hardwareInformation"]["isEncrypted"] is True
