"""Graph: deviceAndAppManagementAssignmentFilter, and what filters find of devices."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from fauxtune.operations.profiles import assignment_filters
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.graph import ABSENT, DEVICES, PROFILES, create, error_code, error_message, ids
from tests.surfaces.graph.conftest import Enroll

FILTERS = "/deviceManagement/assignmentFilters"
RULE = '(device.model -eq "Pixel 9")'
NEW = {"displayName": "Pixels", "platform": "androidForWork", "rule": RULE}
NAME = "deviceAndAppManagementAssignmentFilter"


async def _assigned(beta: httpx.AsyncClient, filter_id: str, *, kind: str = "include") -> str:
    imported = "#microsoft.graph.androidForWorkImportedPFXCertificateProfile"
    profile = str((await create(beta, PROFILES, **{"@odata.type": imported, "displayName": "Imported"}))["id"])
    target = {
        "@odata.type": "#microsoft.graph.allDevicesAssignmentTarget",
        "deviceAndAppManagementAssignmentFilterId": filter_id,
        "deviceAndAppManagementAssignmentFilterType": kind,
    }
    answer = await beta.post(f"{PROFILES}/{profile}/assign", json={"assignments": [{"target": target}]})
    assert answer.status_code == 200, answer.text
    assert answer.json()["value"][0]["target"] == target
    return profile


async def test_a_tenant_has_200_filters_at_most(beta: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert assignment_filters.MOST == 200
    monkeypatch.setattr(assignment_filters, "MOST", 1)
    await create(beta, FILTERS, **NEW)
    answer = await beta.post(FILTERS, json=NEW)
    assert (answer.status_code, "the most" in error_message(answer)) == (400, True)


async def test_a_filter_is_made_read_changed_and_deleted(beta: httpx.AsyncClient, v1: httpx.AsyncClient) -> None:
    new = await create(beta, FILTERS, **NEW, roleScopeTags=["0"], description="d")
    assert new["assignmentFilterManagementType"] == "devices"
    assert new["evaluationMode"] == "checkinTimeEvaluation"
    assert (new["payloads"], new["roleScopeTags"]) == ([], ["0"])
    one = f"{FILTERS}/{new['id']}"
    got = (await beta.get(one)).json()
    assert {name: value for name, value in got.items() if not name.startswith("@")} == {
        name: value for name, value in new.items() if not name.startswith("@")
    }
    patched = await beta.patch(one, json={"rule": '(device.model -ne "x")', "displayName": "Others"})
    assert (patched.status_code, patched.json()["rule"]) == (200, '(device.model -ne "x")')
    assert (await beta.delete(one)).status_code == 204
    for method in ("GET", "PATCH", "DELETE"):
        missing = await beta.request(method, one, json={} if method == "PATCH" else None)
        assert (missing.status_code, error_code(missing)) == (404, "ResourceNotFound")
    assert (await v1.get(FILTERS)).status_code == 400


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"rule": "(device.model -eq Pixel)"}, "at character 19: 'Pixel' stands here, but a text in double quotes"),
        ({"rule": ""}, "rule"),
        ({"rule": None}, "rule"),
        ({"rule": 7}, "rule"),
        ({"rule": f'(device.model -eq "{"x" * 4000}")'}, "at most 3072 are allowed"),
        ({"platform": "windowsPhone81"}, "There are no filters"),
        ({"platform": "frobnicator"}, "platform"),
        ({"assignmentFilterManagementType": "apps"}, "managed apps of the platform 'androidForWork'"),
        ({"displayName": ""}, "displayName"),
        ({"frobnicator": 1}, "frobnicator"),
    ],
)
async def test_what_is_no_filter_is_refused(beta: httpx.AsyncClient, changes: dict[str, Any], why: str) -> None:
    answer = await beta.post(FILTERS, json={**NEW, **changes})
    assert (answer.status_code, error_code(answer)) == (400, "BadRequest")
    assert why in error_message(answer)
    one = await create(beta, FILTERS, **NEW)
    patched = await beta.patch(f"{FILTERS}/{one['id']}", json=changes)
    assert patched.status_code == 400
    assert (await beta.get(f"{FILTERS}/{one['id']}")).json()["rule"] == RULE
    assert len(await ids(beta, FILTERS)) == 1


async def test_filters_are_listed_by_the_database(beta: httpx.AsyncClient) -> None:
    for number in range(4):
        await create(beta, FILTERS, **{**NEW, "displayName": f"F{number}"})
    results: dict[str, str | int] = {
        "$filter": "platform eq 'androidForWork' and displayName ne 'F1'",
        "$orderby": "displayName desc",
        "$top": 2,
    }
    first = (await beta.get(FILTERS, params=results)).json()
    assert [entry["displayName"] for entry in first["value"]] == ["F3", "F2"]
    rest = (await beta.get(first["@odata.nextLink"])).json()
    assert [entry["displayName"] for entry in rest["value"]] == ["F0"]
    assert (await beta.get(f"{FILTERS}/$count")).text == "4"


async def test_a_filter_shows_where_it_is_used_and_stays_while_it_is(beta: httpx.AsyncClient) -> None:
    one = await create(beta, FILTERS, **NEW)
    profile = await _assigned(beta, one["id"], kind="exclude")
    used = {
        "payloadId": profile,
        "payloadType": "resourceAccessPolicy",
        "groupId": "adadadad-808e-44e2-905a-0b7873a8a531",
        "assignmentFilterType": "exclude",
    }
    assert (await beta.get(f"{FILTERS}/{one['id']}")).json()["payloads"] == [used]
    assert (await beta.get(FILTERS)).json()["value"][0]["payloads"] == [used]
    refused = await beta.delete(f"{FILTERS}/{one['id']}")
    assert refused.status_code == 400
    assert "is used by the assignments of 'Imported'" in error_message(refused)
    assert (await beta.delete(f"{PROFILES}/{profile}")).status_code == 204
    assert (await beta.get(f"{FILTERS}/{one['id']}")).json()["payloads"] == []
    assert (await beta.delete(f"{FILTERS}/{one['id']}")).status_code == 204


async def test_a_rule_can_be_tried_before_it_is_used(beta: httpx.AsyncClient) -> None:
    for rule, valid in ((RULE, True), ("(device.model -like 'x')", False)):
        answer = await beta.post(f"{FILTERS}/validateFilter", json={NAME: {**NEW, "rule": rule}})
        assert (answer.status_code, answer.json()["isValidRule"]) == (200, valid)
    for body in ({}, {NAME: None}, {NAME: {**NEW, "rule": ""}}):
        assert (await beta.post(f"{FILTERS}/validateFilter", json=body)).status_code == 400
    assert (await beta.get(f"{FILTERS}/getState")).json()["enabled"] is True
    one = await create(beta, FILTERS, **NEW)
    entries = (await beta.get(f"{FILTERS}/{one['id']}/getSupportedProperties")).json()["value"]
    by_name = {entry["name"]: entry["supportedOperators"] for entry in entries}
    assert by_name["device.isRooted"] == ["equals", "notEquals"]
    assert "greaterThan" in by_name["device.operatingSystemVersion"]
    same = await beta.get(f"{FILTERS}/getPlatformSupportedProperties(platform='androidForWork')")
    assert same.json()["value"] == entries
    for wrong in ("windowsPhone81", "frobnicator"):
        refused = await beta.get(f"{FILTERS}/getPlatformSupportedProperties(platform='{wrong}')")
        assert refused.status_code == 400


@ON_BOTH_DATABASES
async def test_a_rule_lists_the_devices_that_meet_it(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    alices, _bobs = await enroll(), await enroll("bob")
    results = {"platform": "androidForWork", "rule": RULE}

    async def evaluated(**changes: Any) -> dict[str, Any]:
        answer = await beta.post("/deviceManagement/evaluateAssignmentFilter", json={"data": {**results, **changes}})
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json()
        return document

    both = await evaluated()
    assert both["TotalRowCount"] == len(both["Values"]) == 2
    name = [column["Name"] for column in both["Columns"]].index("deviceName")
    backwards = await evaluated(orderBy=["deviceName desc"], top=1)
    assert backwards["Values"] == [sorted(both["Values"], key=lambda row: str(row[name]))[-1]]
    (alice,) = (await evaluated(search="ALICE", skip=0))["Values"]
    assert alice[:2] == [alices.managed_device_id, "alice@contoso.example"]
    assert (await evaluated(rule='(device.model -eq "x")'))["Values"] == []
    assert (await evaluated(platform="iOS"))["Values"] == []
    for broken in (
        {},
        {"data": None},
        {"data": {"rule": RULE}},
        {"data": {**results, "rule": "x"}},
        {"data": {**results, "top": "x"}},
    ):
        answer = await beta.post("/deviceManagement/evaluateAssignmentFilter", json=broken)
        assert answer.status_code == 400, answer.text


async def test_a_device_tells_which_profiles_filters_look_at_it(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    phone, one = await enroll(), await create(beta, FILTERS, **NEW)
    profile = await _assigned(beta, one["id"])
    path = f"{DEVICES}/{phone.managed_device_id}/assignmentFilterEvaluationStatusDetails"
    listed = (await beta.get(path)).json()["value"]
    assert listed == [{"id": f"{profile}_{phone.managed_device_id}", "payloadId": profile}]
    assert (await beta.get(f"{path}/{listed[0]['id']}")).json()["payloadId"] == profile
    assert (await beta.get(f"{path}/$count")).text == "1"
    assert (await beta.get(path, params={"$filter": f"payloadId eq '{ABSENT}'"})).json()["value"] == []
    assert (await beta.get(f"{path}/x")).status_code == 404
    assert (await beta.get(path.replace(phone.managed_device_id, ABSENT))).status_code == 404
    results = {"managedDeviceId": phone.managed_device_id, "payloadId": profile, "assignmentFilterIds": [one["id"]]}
    details = (await beta.post("/deviceManagement/getAssignmentFiltersStatusDetails", json=results)).json()
    (summary,) = details["evalutionSummaries"]
    assert (summary["evaluationResult"], summary["assignmentFilterType"]) == ("match", "include")
    assert {"name": "model", "value": "Pixel 9"} in details["deviceProperties"]
    for broken in ({}, {**results, "payloadId": 7}, {**results, "assignmentFilterIds": "x"}):
        answer = await beta.post("/deviceManagement/getAssignmentFiltersStatusDetails", json=broken)
        assert answer.status_code == 400


async def test_the_overview_counts_whom_the_filter_lets_through(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    await enroll()
    one = await create(beta, FILTERS, **NEW)
    for kind, pending in (("include", 1), ("exclude", 0)):
        profile = await _assigned(beta, one["id"], kind=kind)
        overview = (await beta.get(f"{PROFILES}/{profile}/deviceStatusOverview")).json()
        assert overview["pendingCount"] == pending


async def test_filters_want_a_token_and_answer_to_ids_in_any_case(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, enroll: Enroll
) -> None:
    phone = await enroll()
    one = await create(beta, FILTERS, **NEW)
    assert (await http.get(f"/beta{FILTERS}/{one['id']}")).status_code == 401
    for upper in (one["id"].upper(), one["id"]):
        assert (await beta.get(f"{FILTERS}('{upper}')")).status_code == 200
    assert (await beta.get(f"{DEVICES}/{phone.managed_device_id}/assignmentFilterEvaluationStatusDetails")).json()[
        "value"
    ] == []
