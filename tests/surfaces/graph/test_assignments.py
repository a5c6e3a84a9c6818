"""Graph: deviceConfiguration: assign, and its assignments."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.graph import ABSENT, PROFILES, create, error_code, error_message, id_of_group
from tests.surfaces.graph.conftest import Enroll

GROUP, EXCLUDED = "#microsoft.graph.groupAssignmentTarget", "#microsoft.graph.exclusionGroupAssignmentTarget"
ALL_DEVICES = ("#microsoft.graph.allDevicesAssignmentTarget", "adadadad-808e-44e2-905a-0b7873a8a531")
ALL_USERS = ("#microsoft.graph.allLicensedUsersAssignmentTarget", "acacacac-9df4-4c7d-9d50-4ef0226f57a9")
COLLECTION = "#microsoft.graph.configurationManagerCollectionAssignmentTarget"


async def _profile(beta: httpx.AsyncClient) -> str:
    kind = "#microsoft.graph.androidForWorkImportedPFXCertificateProfile"
    return str((await create(beta, PROFILES, **{"@odata.type": kind, "displayName": "Imported"}))["id"])


def _to(kind: str, group: str | None = None, **more: Any) -> dict[str, Any]:
    return {"target": {"@odata.type": kind, **({} if group is None else {"groupId": group}), **more}}


def _filtered(filter_id: Any, kind: str = "include") -> dict[str, Any]:
    return {
        "deviceAndAppManagementAssignmentFilterId": filter_id,
        "deviceAndAppManagementAssignmentFilterType": kind,
    }


async def _assignments(graph: httpx.AsyncClient, profile: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = (await graph.get(f"{PROFILES}/{profile}/assignments")).json()["value"]
    return entries


async def test_an_assignment_is_told_whole_in_beta_and_short_in_v1(
    beta: httpx.AsyncClient, v1: httpx.AsyncClient
) -> None:
    profile, group = await _profile(beta), await id_of_group(beta, "All Staff")
    answer = await beta.post(f"{PROFILES}/{profile}/assign", json={"assignments": [_to(GROUP, group)]})
    assert answer.status_code == 200
    whole = {
        "id": f"{profile}_{group}",
        "source": "direct",
        "sourceId": profile,
        "intent": "apply",
        "target": {
            "@odata.type": GROUP,
            "deviceAndAppManagementAssignmentFilterId": None,
            "deviceAndAppManagementAssignmentFilterType": "none",
            "groupId": group,
        },
    }
    assert answer.json() == {
        "@odata.context": (
            "https://localhost:8443/beta/$metadata#Collection(microsoft.graph.deviceConfigurationAssignment)"
        ),
        "value": [whole],
    }
    listed = (await beta.get(f"{PROFILES}('{profile}')/assignments")).json()
    assert listed == {
        "@odata.context": (
            f"https://localhost:8443/beta/$metadata#deviceManagement/deviceConfigurations('{profile}')/assignments"
        ),
        "value": [whole],
    }
    assert await _assignments(v1, profile) == [
        {"id": f"{profile}_{group}", "target": {"@odata.type": GROUP, "groupId": group}}
    ]
    short = await v1.post(f"{PROFILES}/{profile}/assign", json={"assignments": [_to(GROUP, group)]})
    assert short.json()["value"] == await _assignments(v1, profile)


async def test_the_whole_set_is_replaced_every_time(beta: httpx.AsyncClient) -> None:
    profile, staff = await _profile(beta), await id_of_group(beta, "All Staff")
    pilot = await id_of_group(beta, "SMIME Pilot")
    sets: tuple[list[dict[str, Any]], ...] = (
        [_to(GROUP, staff)],
        [_to(GROUP, pilot), _to(EXCLUDED, staff)],
        [_to(ALL_DEVICES[0]), _to(ALL_USERS[0])],
        [],
    )
    expected: tuple[list[str], ...] = ([staff], [pilot, staff], [ALL_DEVICES[1], ALL_USERS[1]], [])
    for new, groups in zip(sets, expected, strict=True):
        answer = await beta.post(f"{PROFILES}/{profile}/microsoft.graph.assign", json={"assignments": new})
        assert [entry["id"] for entry in answer.json()["value"]] == [f"{profile}_{group}" for group in groups]
        assert await _assignments(beta, profile) == answer.json()["value"]


async def test_the_same_target_twice_is_one_assignment(beta: httpx.AsyncClient) -> None:
    profile, staff = await _profile(beta), await id_of_group(beta, "All Staff")
    twice = {"assignments": [_to(GROUP, staff), _to(GROUP, staff.upper())]}
    answer = await beta.post(f"{PROFILES}/{profile}/assign", json=twice)
    assert [entry["id"] for entry in answer.json()["value"]] == [f"{profile}_{staff}"]


async def test_what_portals_send_along_is_taken(beta: httpx.AsyncClient) -> None:
    profile, staff = await _profile(beta), await id_of_group(beta, "All Staff")
    sent = {
        "@odata.type": "#microsoft.graph.deviceConfigurationAssignment",
        "id": "",
        "source": "direct",
        "intent": "apply",
        **_to(
            GROUP,
            staff,
            deviceAndAppManagementAssignmentFilterId=None,
            deviceAndAppManagementAssignmentFilterType="none",
        ),
    }
    answer = await beta.post(f"{PROFILES}/{profile}/assign", json={"assignments": [sent]})
    assert [entry["id"] for entry in answer.json()["value"]] == [f"{profile}_{staff}"]


@pytest.mark.parametrize(
    ("assignments", "status", "why"),
    [
        (None, 400, "must be"),
        ({"target": {}}, 400, "must be"),
        (["x"], 400, "an object with a target"),
        ([{}], 400, "'target'"),
        ([{"target": None}], 400, "'target'"),
        ([_to("#microsoft.graph.frobnicate")], 400, "is not a type for it"),
        ([{"target": {"groupId": ABSENT}}], 400, "has no '@odata.type'"),
        ([_to(GROUP)], 400, "groupId"),
        ([_to(GROUP, ABSENT)], 400, f"The group '{ABSENT}' does not exist"),
        ([_to(ALL_USERS[0]), _to(EXCLUDED, ABSENT)], 400, f"The group '{ABSENT}' does not exist"),
        ([_to(ALL_USERS[0], ABSENT)], 400, "groupId"),
        ([_to(ALL_USERS[0], deviceAndAppManagementAssignmentFilterId=ABSENT)], 400, "send include or exclude"),
        ([_to(ALL_USERS[0], **_filtered(None))], 400, "no filter is named"),
        ([_to(ALL_USERS[0], **_filtered(ABSENT))], 400, f"The assignment filter '{ABSENT}' does not exist"),
        ([_to(ALL_USERS[0], **_filtered(7))], 400, "deviceAndAppManagementAssignmentFilterId"),
        ([_to(COLLECTION, collectionId="SMS00001", **_filtered(ABSENT))], 400, "collection takes no filter"),
        ([{**_to(ALL_USERS[0]), "intent": "maybe"}], 400, "intent"),
    ],
)
async def test_a_target_that_cannot_be_is_refused_and_the_old_set_stands(
    beta: httpx.AsyncClient, assignments: Any, status: int, why: str
) -> None:
    profile, staff = await _profile(beta), await id_of_group(beta, "All Staff")
    await beta.post(f"{PROFILES}/{profile}/assign", json={"assignments": [_to(GROUP, staff)]})
    answer = await beta.post(f"{PROFILES}/{profile}/assign", json={"assignments": assignments})
    assert (answer.status_code, error_code(answer)) == (status, "BadRequest" if status == 400 else "NotImplemented")
    assert why in error_message(answer)
    assert [assignment["id"] for assignment in await _assignments(beta, profile)] == [f"{profile}_{staff}"]


async def test_assignments_stand_in_a_profile_only_when_it_is_expanded(beta: httpx.AsyncClient) -> None:
    profile, staff = await _profile(beta), await id_of_group(beta, "All Staff")
    other = await _profile(beta)
    await beta.post(f"{PROFILES}/{profile}/assign", json={"assignments": [_to(GROUP, staff)]})
    plain = (await beta.get(f"{PROFILES}/{profile}")).json()
    assert not {"assignments", "isAssigned"} & set(plain)
    expanded = (await beta.get(f"{PROFILES}/{profile}", params={"$expand": "assignments"})).json()
    context = f"https://localhost:8443/beta/$metadata#deviceManagement/deviceConfigurations('{profile}')/assignments"
    assignments = await _assignments(beta, profile)
    assert expanded == {**plain, "assignments@odata.context": context, "assignments": assignments}
    listed = (await beta.get(PROFILES, params={"$expand": "assignments", "$select": "id"})).json()["value"]
    assert {each["id"]: each["assignments"] for each in listed} == {profile: assignments, other: []}


async def test_a_deleted_profile_takes_its_assignments_along(beta: httpx.AsyncClient) -> None:
    profile, staff = await _profile(beta), await id_of_group(beta, "All Staff")
    await beta.post(f"{PROFILES}/{profile}/assign", json={"assignments": [_to(GROUP, staff)]})
    await beta.delete(f"{PROFILES}/{profile}")
    assert (await beta.get(f"{PROFILES}/{profile}/assignments")).status_code == 404


async def test_a_group_that_is_included_and_excluded_is_refused_and_named(beta: httpx.AsyncClient) -> None:
    profile, staff = await _profile(beta), await id_of_group(beta, "All Staff")
    for second in (_to(EXCLUDED, staff), {**_to(GROUP, staff), "intent": "remove"}):
        answer = await beta.post(f"{PROFILES}/{profile}/assign", json={"assignments": [_to(GROUP, staff), second]})
        assert answer.status_code == 400
        assert f"The target '{staff}' is named more than once" in error_message(answer)
    assert await _assignments(beta, profile) == []


async def test_the_old_form_of_the_body_is_taken_in_beta(beta: httpx.AsyncClient, v1: httpx.AsyncClient) -> None:
    profile, staff = await _profile(beta), await id_of_group(beta, "All Staff")
    pilot = await id_of_group(beta, "SMIME Pilot")
    old = {
        "deviceConfigurationGroupAssignments": [
            {"@odata.type": "#microsoft.graph.deviceConfigurationGroupAssignment", "targetGroupId": pilot},
            {"targetGroupId": staff, "excludeGroup": True},
        ]
    }
    answer = await beta.post(f"{PROFILES}/{profile}/assign", json=old)
    assert answer.status_code == 200, answer.text
    assert [entry["target"]["@odata.type"] for entry in answer.json()["value"]] == [GROUP, EXCLUDED]
    listed = (await beta.get(f"{PROFILES}/{profile}/groupAssignments")).json()
    assert listed["value"] == [
        {"id": f"{profile}_{pilot}", "targetGroupId": pilot, "excludeGroup": False},
        {"id": f"{profile}_{staff}", "targetGroupId": staff, "excludeGroup": True},
    ]
    for graph, body in ((v1, old), (beta, {**old, "assignments": []})):
        assert (await graph.post(f"{PROFILES}/{profile}/assign", json=body)).status_code == 400
    wrong: list[object] = [None, [{}], [{"targetGroupId": None}], ["x"]]
    for broken in (*wrong, [{"targetGroupId": staff, "excludeGroup": "x"}]):
        refused = await beta.post(f"{PROFILES}/{profile}/assign", json={"deviceConfigurationGroupAssignments": broken})
        assert refused.status_code == 400
    assert len(await _assignments(beta, profile)) == 2


async def test_single_assignments_of_the_old_form_come_and_go(beta: httpx.AsyncClient, v1: httpx.AsyncClient) -> None:
    profile, staff = await _profile(beta), await id_of_group(beta, "All Staff")
    path = f"{PROFILES}/{profile}/groupAssignments"
    new = await create(beta, path, targetGroupId=staff)
    assert new["id"] == f"{profile}_{staff}"
    one = await beta.get(f"{path}/{new['id']}")
    assert one.json()["excludeGroup"] is False
    assert (await beta.get(f"{path}/{new['id']}/deviceConfiguration")).json()["id"] == profile
    assert (await beta.get(f"{path}/$count")).text == "1"
    results = {"$filter": f"targetGroupId eq '{staff}' and excludeGroup eq false", "$select": "targetGroupId"}
    assert len((await beta.get(path, params=results)).json()["value"]) == 1
    assert (await beta.get(path, params={"$filter": "excludeGroup eq true"})).json()["value"] == []
    assert (await beta.delete(f"{path}/{new['id']}")).status_code == 204
    assert await _assignments(beta, profile) == []
    assert (await v1.get(path)).status_code == 400


@ON_BOTH_DATABASES
async def test_an_assignment_of_the_old_form_includes_or_excludes(beta: httpx.AsyncClient) -> None:
    profile, staff = await _profile(beta), await id_of_group(beta, "All Staff")
    pilot = await id_of_group(beta, "SMIME Pilot")
    new = {"displayName": "Pixels", "platform": "androidForWork", "rule": '(device.manufacturer -eq "Google")'}
    filtering = _filtered((await create(beta, "/deviceManagement/assignmentFilters", **new))["id"])
    await beta.post(f"{PROFILES}/{profile}/assign", json={"assignments": [_to(GROUP, staff, **filtering)]})
    (before,) = await _assignments(beta, profile)
    one = f"{PROFILES}/{profile}/groupAssignments/{profile}_{staff}"
    same = await beta.patch(one, json={"id": "x", "targetGroupId": staff.upper()})
    assert same.json()["excludeGroup"] is False, same.text
    assert await _assignments(beta, profile) == [before], "the filter stays"
    changed = await beta.patch(one, json={"excludeGroup": True})
    assert changed.status_code == 200, changed.text
    assert {name: changed.json()[name] for name in ("id", "targetGroupId", "excludeGroup")} == {
        "id": f"{profile}_{staff}",
        "targetGroupId": staff,
        "excludeGroup": True,
    }
    (after,) = await _assignments(beta, profile)
    assert (after["target"]["@odata.type"], after["intent"]) == (EXCLUDED, "apply")
    assert after["target"]["deviceAndAppManagementAssignmentFilterType"] == "none"
    for body in ({"targetGroupId": pilot}, {"targetGroupId": None}, {"excludeGroup": "x"}, {"color": 1}):
        assert (await beta.patch(one, json=body)).status_code == 400, body
    assert (await beta.patch(f"{one}x", json={"excludeGroup": False})).status_code == 404
    assert await _assignments(beta, profile) == [after]


@pytest.mark.parametrize("body", ["{'assignments':[%s]}", "{ 'assignments' : [ %s ] }", '{"assignments":[%s]}'])
async def test_bodies_with_single_quotes_are_taken_as_scripts_send_them(beta: httpx.AsyncClient, body: str) -> None:
    profile, staff = await _profile(beta), await id_of_group(beta, "All Staff")
    sent = body % f"{{'id':'','target':{{'@odata.type':'{GROUP}','groupId':'{staff}'}}}}"
    answer = await beta.post(f"{PROFILES}/{profile}/assign", content=sent, headers={"content-type": "application/json"})
    assert answer.status_code == 200, answer.text
    assert [entry["id"] for entry in answer.json()["value"]] == [f"{profile}_{staff}"]


@pytest.mark.parametrize("content", ["{'assignments':[}", "{'assignments", "'", "{'a':'\\", "['assignments']", "\xff'"])
async def test_what_is_no_json_even_so_is_refused(beta: httpx.AsyncClient, content: str) -> None:
    profile = await _profile(beta)
    headers = {"content-type": "application/json"}
    answer = await beta.post(f"{PROFILES}/{profile}/assign", content=content.encode("latin-1"), headers=headers)
    assert answer.status_code == 400
    # Nowhere else are single quotes taken.
    patched = await beta.patch(f"{PROFILES}/{profile}", content=b"{'displayName':'x'}", headers=headers)
    assert patched.status_code == 400


async def test_a_collection_of_configuration_manager_is_kept_and_reaches_nobody(
    beta: httpx.AsyncClient, enroll: Enroll
) -> None:
    phone = await enroll()
    profile = await _profile(beta)
    sent = {"assignments": [_to(COLLECTION, collectionId="SMS00001")]}
    answer = await beta.post(f"{PROFILES}/{profile}/assign", json=sent)
    (found,) = answer.json()["value"]
    assert found["id"] == f"{profile}_sms00001"
    assert found["target"]["collectionId"] == "SMS00001"
    await phone.settle()
    assert (await beta.get(f"{PROFILES}/{profile}/deviceStatuses")).json()["value"] == []
    reached = {"deviceConfigurationIds": [profile]}
    assert (await beta.post(f"{PROFILES}/getTargetedUsersAndDevices", json=reached)).json()["value"] == []


async def test_single_assignments_come_change_and_go(beta: httpx.AsyncClient, v1: httpx.AsyncClient) -> None:
    profile, staff = await _profile(beta), await id_of_group(beta, "All Staff")
    path = f"{PROFILES}/{profile}/assignments"
    created = await v1.post(path, json=_to(GROUP, staff))
    assert created.status_code == 201
    one = f"{path}/{created.json()['id']}"
    assert created.headers["location"].endswith(f"/assignments('{created.json()['id']}')")
    await create(beta, path, **_to(ALL_DEVICES[0]))
    again = await beta.post(path, json=_to(EXCLUDED, staff))
    assert (again.status_code, error_code(again)) == (409, "Conflict")
    assert "exists already" in error_message(again)
    assert [assignment["id"] for assignment in await _assignments(beta, profile)] == [
        f"{profile}_{staff}",
        f"{profile}_{ALL_DEVICES[1]}",
    ]
    patched = await beta.patch(one, json={"id": created.json()["id"], "intent": "remove"})
    assert patched.status_code == 200
    assert patched.json()["intent"] == (await beta.get(one)).json()["intent"] == "remove"
    other = await beta.patch(one, json=_to(ALL_USERS[0]))
    assert other.status_code == 400
    assert "cannot be changed: delete the assignment" in error_message(other)
    assert (await beta.patch(one, json={"intent": "x"})).status_code == 400
    assert (await beta.get(f"{path}/$count")).text == "2"
    assert (await beta.delete(one)).status_code == 204
    for method in ("GET", "PATCH", "DELETE"):
        missing = await beta.request(method, one, json={} if method == "PATCH" else None)
        assert (missing.status_code, error_code(missing)) == (404, "ResourceNotFound"), method
    assert (await v1.get(f"{path}/$count")).text == "1"


async def test_assignments_are_filtered_sorted_and_paged(beta: httpx.AsyncClient) -> None:
    profile = await _profile(beta)
    kind = {"mailEnabled": False, "securityEnabled": True}
    names = [f"G{number}" for number in range(5)]
    groups = [(await create(beta, "/groups", displayName=name, mailNickname=name, **kind))["id"] for name in names]
    await beta.post(f"{PROFILES}/{profile}/assign", json={"assignments": [_to(GROUP, group) for group in groups]})
    first = (await beta.get(f"{PROFILES}/{profile}/assignments", params={"$top": 3, "$count": "true"})).json()
    assert first["@odata.count"] == 5
    rest = (await beta.get(first["@odata.nextLink"])).json()
    ids = [item["id"] for item in [*first["value"], *rest["value"]]]
    assert ids == [f"{profile}_{group}" for group in groups]
    backwards = await beta.get(f"{PROFILES}/{profile}/assignments", params={"$orderby": "id desc", "$select": "intent"})
    assert [entry["id"] for entry in backwards.json()["value"]] == sorted(ids, reverse=True)
    one = {"$filter": f"id eq '{ids[2]}' and intent eq 'apply' and source eq 'direct'"}
    assert [
        entry["id"] for entry in (await beta.get(f"{PROFILES}/{profile}/assignments", params=one)).json()["value"]
    ] == [ids[2]]


async def test_whom_profiles_reach_is_told_without_double_entries(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    alices, bobs = await enroll(), await enroll("bob")
    profile, other = await _profile(beta), await _profile(beta)
    for each in (profile, other):
        await beta.post(f"{PROFILES}/{each}/assign", json={"assignments": [_to(ALL_DEVICES[0])]})
    results = {"deviceConfigurationIds": [profile, other]}
    answer = (await beta.post(f"{PROFILES}/getTargetedUsersAndDevices", json=results)).json()
    assert {entry["deviceId"] for entry in answer["value"]} == {alices.managed_device_id, bobs.managed_device_id}
    assert answer["@odata.count"] == 2
    assert {entry["userPrincipalName"] for entry in answer["value"]} == {"alice@contoso.example", "bob@contoso.example"}
    for broken in ({}, {"deviceConfigurationIds": "x"}, {"deviceConfigurationIds": [1]}):
        assert (await beta.post(f"{PROFILES}/getTargetedUsersAndDevices", json=broken)).status_code == 400
    missing = await beta.post(f"{PROFILES}/getTargetedUsersAndDevices", json={"deviceConfigurationIds": [ABSENT]})
    assert missing.status_code == 404
