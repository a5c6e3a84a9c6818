"""What an Android device reports of itself, where Graph shows it, and what a broken report changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from fauxtune.operations.runtime.emulator import Emulator
from tests.support.devices.android import AndroidOverHttp
from tests.support.graph import DEVICES
from tests.support.statements import statements
from tests.surfaces.graph.conftest import Enroll

WIRE = Path(__file__).parents[2] / "wire" / "android"
SELECTED = "iccid,physicalMemoryInBytes,hardwareInformation"


def report(**changes: Any) -> dict[str, Any]:
    """The report of a company's device that has applied no policy, with changes."""
    document: dict[str, Any] = json.loads((WIRE / "report-status-company.json").read_text())
    return document | {"appliedPolicyVersion": ""} | changes


async def sent(phone: AndroidOverHttp, **changes: Any) -> httpx.Response:
    return await phone.call("POST", ":reportStatus", body=report(**changes))


async def record(beta: httpx.AsyncClient, phone: AndroidOverHttp) -> dict[str, Any]:
    address = f"{DEVICES}/{phone.managed_device_id}"
    plain: dict[str, Any] = (await beta.get(address)).json()
    selected: dict[str, Any] = (await beta.get(address, params={"$select": SELECTED})).json()
    return plain | selected


async def test_the_parts_of_a_report_are_shown_by_graphs_names(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    phone = await enroll("alice", mode="fully-managed")
    before = await record(beta, phone)
    assert (before["isEncrypted"], before["jailBroken"], before["totalStorageSpaceInBytes"]) == (False, "Unknown", 0)
    assert (await sent(phone)).status_code == 200
    expected = {
        "deviceName": "a work phone",
        "serialNumber": "R5CX10ABCDE",
        "manufacturer": "samsung",
        "model": "SM-S921B",
        "osVersion": "14",
        "androidSecurityPatchLevel": "2024-05-05",
        "securityPatchLevel": "2024-05-05",
        "jailBroken": "True",
        "isEncrypted": False,
        "imei": "351234567890124",
        "meid": "A1000049D8D4C1",
        "iccid": "8941012345678901234",
        "phoneNumber": "+41791234567",
        "subscriberCarrier": "Swisscom",
        "wiFiMacAddress": "02A1B2C3D4E5",
        "totalStorageSpaceInBytes": 128_000_000_000,
        "freeStorageSpaceInBytes": 70_400_000_000,
        "physicalMemoryInBytes": 8_589_934_592,
        "chassisType": "phone",
        "joinType": "azureADRegistered",
        "enrolledByUserPrincipalName": "alice@contoso.example",
    }
    shown = await record(beta, phone)
    assert {name: shown[name] for name in expected} == expected
    hardware = shown["hardwareInformation"]
    assert (hardware["osBuildNumber"], hardware["batteryLevelPercentage"]) == ("UQ1A.240505.004", 84)


async def test_a_report_without_news_costs_one_statement_and_one_with_news_is_taken_in(
    beta: httpx.AsyncClient, enroll: Enroll, emulator: Emulator
) -> None:
    phone = await enroll("alice", mode="fully-managed")
    await sent(phone)
    await sent(phone)
    with statements(emulator) as quiet:
        await sent(phone)
    assert len(quiet) == 1, quiet
    assert "UPDATE enrollments" in quiet[0]
    settings = {"encryptionStatus": "ACTIVE", "isDeviceSecure": True}
    with statements(emulator) as working:
        await sent(phone, deviceSettings=settings)
    assert len(working) > 1
    assert (await record(beta, phone))["isEncrypted"] is True
    with statements(emulator) as quiet:
        await sent(phone, deviceSettings=settings)
    assert len(quiet) == 1, quiet


@pytest.mark.parametrize(
    "changes",
    [
        {"memoryInfo": {"totalInternalStorage": "-1"}},
        {"memoryInfo": {"totalRam": "much"}},
        {"memoryInfo": []},
        {"hardwareInfo": {"model": 7}},
        {"powerManagementEvents": [{"eventType": "BATTERY_LEVEL_COLLECTED", "batteryLevel": 1e300}]},
        {"deviceSettings": {"adbEnabled": "perhaps"}},
    ],
)
async def test_a_report_of_another_shape_is_refused_and_changes_nothing(
    beta: httpx.AsyncClient, enroll: Enroll, changes: dict[str, Any]
) -> None:
    phone = await enroll("alice", mode="fully-managed")
    await sent(phone)
    before = await record(beta, phone)
    answer = await sent(phone, **changes)
    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert next(iter(changes)) in answer.json()["error"]["message"]
    assert await record(beta, phone) == before


async def test_one_value_without_end_costs_only_itself(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    phone = await enroll("alice", mode="fully-managed")
    hardware = {"model": "x" * 1_000_000, "manufacturer": "samsung", "nonsense": {"a": [1, 2]}}
    assert (await sent(phone, hardwareInfo=hardware)).status_code == 200
    shown = await record(beta, phone)
    assert (shown["manufacturer"], len(shown["model"]) < 100) == ("samsung", True)
    many = {f"key{number}": 1 for number in range(10_000)}
    assert (await sent(phone, hardwareInfo={"manufacturer": "other", **many})).status_code == 400
    assert await record(beta, phone) == shown


async def test_a_client_that_reports_less_keeps_what_it_reported_before(
    beta: httpx.AsyncClient, enroll: Enroll
) -> None:
    phone = await enroll("alice", mode="fully-managed")
    await sent(phone)
    before = await record(beta, phone)
    await phone.check_in()
    after = await record(beta, phone)
    changed = {name for name, value in after.items() if before[name] != value}
    assert changed <= {"lastSyncDateTime"}
