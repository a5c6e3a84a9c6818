"""Graph: managedDevice, and what an administrator asks of one.

What an Android device reports of itself, where Graph shows it, and what a broken report changes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from fauxtune.operations.runtime.emulator import Emulator
from tests.support.clock import FixedClock
from tests.support.devices.android import AndroidOverHttp
from tests.support.graph import ABSENT, DEVICES, error_code, error_message, id_of_user, ids
from tests.support.statements import statements
from tests.surfaces.graph.conftest import Enroll


async def _record(graph: httpx.AsyncClient, device: str) -> dict[str, Any]:
    answer = await graph.get(f"{DEVICES}/{device}")
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def _actions(record: dict[str, Any]) -> dict[str, str]:
    return {
        device_action_result["actionName"]: device_action_result["actionState"]
        for device_action_result in record["deviceActionResults"]
    }


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


@pytest.mark.parametrize(
    ("mode", "shown"),
    [
        ("work-profile", ("AndroidForWork", "userEnrollment", "androidForWork", "personal")),
        ("fully-managed", ("AndroidEnterprise", "androidEnterpriseFullyManaged", "androidEnterprise", "company")),
    ],
)
async def test_a_device_that_enrols_has_a_record(
    beta: httpx.AsyncClient, enroll: Enroll, mode: str, shown: tuple[str, ...]
) -> None:
    phone = await enroll("alice", mode=mode, serial="S1")
    record = await _record(beta, phone.managed_device_id)
    names = ("operatingSystem", "deviceEnrollmentType", "deviceType", "managedDeviceOwnerType")
    assert tuple(record[name] for name in names) == shown
    assert record["userId"] == await id_of_user(beta, "alice")
    expected = {
        "userPrincipalName": "alice@contoso.example",
        "managementAgent": "googleCloudDevicePolicyController",
        "managementState": "managed",
        "enrolledDateTime": "2026-11-24T10:00:00Z",
        "easActivationDateTime": "0001-01-01T00:00:00Z",
        "complianceGracePeriodExpirationDateTime": "9999-12-31T23:59:59Z",
        "jailBroken": "Unknown",
        "isEncrypted": False,
        "serialNumber": "S1",
        "deviceActionResults": [],
        "roleScopeTagIds": ["0"],
    }
    assert {name: record[name] for name in expected} == expected


async def test_v1_lacks_what_only_beta_has(v1: httpx.AsyncClient, enroll: Enroll) -> None:
    phone = await enroll("alice", mode="fully-managed")
    record = await _record(v1, phone.managed_device_id)
    assert not {"ownerType", "deviceType", "roleScopeTagIds", "joinType"} & set(record)
    assert record["deviceEnrollmentType"] == "unknownFutureValue", "v1.0 has no word for it"
    assert record["@odata.context"].endswith("/v1.0/$metadata#deviceManagement/managedDevices/$entity")


async def test_devices_are_listed_with_their_number_and_got_by_every_form_of_key(
    beta: httpx.AsyncClient, enroll: Enroll
) -> None:
    phones = [await enroll("alice"), await enroll("bob")]
    document = (await beta.get(DEVICES)).json()
    assert document["@odata.count"] == 2
    assert {entry["id"] for entry in document["value"]} == {phone.managed_device_id for phone in phones}
    for key in (
        f"/{phones[0].managed_device_id}",
        f"('{phones[0].managed_device_id}')",
        f"({phones[0].managed_device_id})",
        f"/{phones[0].managed_device_id.upper()}",
    ):
        assert (await beta.get(f"{DEVICES}{key}")).json()["id"] == phones[0].managed_device_id
    assert (await beta.get(f"{DEVICES}/$count")).text == "2"


async def test_some_properties_are_blank_unless_selected(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    phone = await enroll("alice")
    assert (await _record(beta, phone.managed_device_id))["physicalMemoryInBytes"] == 0
    answer = await beta.get(f"{DEVICES}/{phone.managed_device_id}", params={"$select": "notes,deviceName"})
    assert set(answer.json()) == {"@odata.context", "id", "notes", "deviceName"}


async def test_a_check_in_is_seen(beta: httpx.AsyncClient, enroll: Enroll, clock: FixedClock) -> None:
    phone = await enroll("alice")
    clock.forward(minutes=30)
    await phone.check_in()
    assert (await _record(beta, phone.managed_device_id))["lastSyncDateTime"] == "2026-11-24T10:30:00Z"
    late = {"$filter": "lastSyncDateTime ge 2026-11-24T10:29:59Z"}
    assert (await beta.get(DEVICES, params=late)).json()["@odata.count"] == 1
    never = {"$filter": "lastSyncDateTime gt 2026-11-24T10:30:00Z"}
    assert (await beta.get(DEVICES, params=never)).json()["@odata.count"] == 0


async def test_devices_come_by_enrolling_and_not_by_posting(beta: httpx.AsyncClient) -> None:
    answer = await beta.post(DEVICES, json={"deviceName": "x"})
    assert (answer.status_code, error_code(answer)) == (400, "BadRequest")
    assert "enrols" in error_message(answer)
    assert await ids(beta, DEVICES) == []


async def test_a_retired_device_loses_company_data_when_it_comes_and_its_record_with_it(
    beta: httpx.AsyncClient, enroll: Enroll
) -> None:
    phone = await enroll("alice")
    answer = await beta.post(f"{DEVICES}/{phone.managed_device_id}/retire")
    assert (answer.status_code, answer.content) == (204, b"")
    record = await _record(beta, phone.managed_device_id)
    assert (record["managementState"], _actions(record)) == ("retirePending", {"retire": "pending"})
    await phone.check_in()
    record = await _record(beta, phone.managed_device_id)
    assert (record["managementState"], _actions(record)) == ("retireIssued", {"retire": "active"})
    (operation,) = await phone.obey()
    assert operation["metadata"]["scope"] == "COMPANY_DATA"
    assert (await beta.get(f"{DEVICES}/{phone.managed_device_id}")).status_code == 404


@pytest.mark.parametrize("body", [None, {}, {"keepEnrollmentData": False, "keepUserData": None}])
async def test_a_fully_managed_device_is_wiped_whatever_an_empty_body_looks_like(
    beta: httpx.AsyncClient, enroll: Enroll, body: dict[str, Any] | None
) -> None:
    phone = await enroll("alice", mode="fully-managed")
    answer = await beta.post(f"{DEVICES}/{phone.managed_device_id}/wipe", json=body)
    assert (answer.status_code, answer.content) == (204, b"")
    record = await _record(beta, phone.managed_device_id)
    assert (record["managementState"], _actions(record)) == ("wipePending", {"wipe": "pending"})
    (operation,) = await phone.obey()
    assert operation["metadata"]["scope"] == "DEVICE"
    assert (await beta.get(f"{DEVICES}/{phone.managed_device_id}")).status_code == 404


async def test_a_body_of_null_is_none(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    phone = await enroll("alice", mode="fully-managed")
    headers = {"content-type": "application/json"}
    answer = await beta.post(
        f"{DEVICES}/{phone.managed_device_id}/microsoft.graph.wipe", content=b"null", headers=headers
    )
    assert answer.status_code == 204


async def test_a_work_profile_cannot_be_wiped_and_nothing_happens(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    phone = await enroll("alice")
    before = await _record(beta, phone.managed_device_id)
    answer = await beta.post(f"{DEVICES}/{phone.managed_device_id}/wipe", json={"keepEnrollmentData": False})
    assert (answer.status_code, error_code(answer)) == (400, "BadRequest")
    assert "cannot be wiped; retire it" in error_message(answer)
    assert await _record(beta, phone.managed_device_id) == before
    assert (await phone.check_in()).operations == 0


@pytest.mark.parametrize("mode", ["work-profile", "fully-managed"])
async def test_only_windows_keeps_its_enrolment(beta: httpx.AsyncClient, enroll: Enroll, mode: str) -> None:
    phone = await enroll("alice", mode=mode)
    before = await _record(beta, phone.managed_device_id)
    answer = await beta.post(f"{DEVICES}/{phone.managed_device_id}/wipe", json={"keepEnrollmentData": True})
    assert (answer.status_code, error_code(answer)) == (400, "BadRequest")
    assert ("keepEnrollmentData" in error_message(answer)) == (mode == "fully-managed")
    assert await _record(beta, phone.managed_device_id) == before


@pytest.mark.parametrize("name", ["keepEnrollmentData", "keepUserData", "persistEsimDataPlan", "useProtectedWipe"])
async def test_a_flag_is_true_or_false(beta: httpx.AsyncClient, enroll: Enroll, name: str) -> None:
    phone = await enroll("alice", mode="fully-managed")
    answer = await beta.post(f"{DEVICES}/{phone.managed_device_id}/wipe", json={name: "false"})
    assert (answer.status_code, error_code(answer)) == (400, "BadRequest")
    assert f"'{name}': 'false' is not a Boolean" in error_message(answer)
    assert (await _record(beta, phone.managed_device_id))["managementState"] == "managed"


async def test_a_wipe_overtakes_a_retirement(beta: httpx.AsyncClient, http: httpx.AsyncClient, enroll: Enroll) -> None:
    # Of the devices of this protocol only those of 2020 can be asked for both.
    settings = {"settings": {"edition": "2020-04"}}
    (await http.patch("/_fauxtune/v1/tenants/contoso", json=settings)).raise_for_status()
    phone = await enroll("alice", mode="fully-managed")
    for action in ("retire", "retire", "wipe", "wipe"):
        assert (await beta.post(f"{DEVICES}/{phone.managed_device_id}/{action}")).status_code == 204
    (operation,) = await phone.obey()
    assert operation["metadata"]["scope"] == "DEVICE"


async def test_a_device_is_asked_to_sync_and_does(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    phone = await enroll("alice")
    await phone.settle()
    answer = await beta.post(f"{DEVICES}/{phone.managed_device_id}/syncDevice", headers={"content-length": "0"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert _actions(await _record(beta, phone.managed_device_id)) == {"syncDevice": "pending"}
    await phone.check_in()
    record = await _record(beta, phone.managed_device_id)
    assert (record["managementState"], _actions(record)) == ("managed", {"syncDevice": "done"})


async def test_a_deleted_record_is_gone_at_once_and_the_data_when_the_device_comes(
    beta: httpx.AsyncClient, enroll: Enroll
) -> None:
    phone = await enroll("alice")
    answer = await beta.delete(f"{DEVICES}/{phone.managed_device_id}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert await ids(beta, DEVICES) == []
    (operation,) = await phone.obey()
    assert operation["metadata"]["scope"] == "COMPANY_DATA"
    assert (await phone.call("POST", ":reportStatus", body={})).status_code == 404


@pytest.mark.parametrize(
    ("method", "tail"),
    [("GET", ""), ("DELETE", ""), ("POST", "/wipe"), ("POST", "/retire"), ("POST", "/syncDevice")],
)
async def test_a_device_that_is_not_there_is_not_found(beta: httpx.AsyncClient, method: str, tail: str) -> None:
    for key in (ABSENT, "x"):
        answer = await beta.request(method, f"{DEVICES}/{key}{tail}")
        assert (answer.status_code, error_code(answer)) == (404, "ResourceNotFound")
        assert f"'{key}'" in error_message(answer)


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
