"""Graph: deviceConfiguration: assign, and its assignments."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.surfaces.graph.words import ABSENT, PROFILES, code, group_named, made, sentence

GROUP, EXCLUDED = "#microsoft.graph.groupAssignmentTarget", "#microsoft.graph.exclusionGroupAssignmentTarget"
ALL_DEVICES = ("#microsoft.graph.allDevicesAssignmentTarget", "adadadad-808e-44e2-905a-0b7873a8a531")
ALL_USERS = ("#microsoft.graph.allLicensedUsersAssignmentTarget", "acacacac-9df4-4c7d-9d50-4ef0226f57a9")


async def _profile(beta: httpx.AsyncClient) -> str:
    kind = "#microsoft.graph.androidForWorkImportedPFXCertificateProfile"
    return str((await made(beta, PROFILES, **{"@odata.type": kind, "displayName": "Imported"}))["id"])


def _to(kind: str, group: str | None = None, **more: Any) -> dict[str, Any]:
    return {"target": {"@odata.type": kind, **({} if group is None else {"groupId": group}), **more}}


async def _assignments(graph: httpx.AsyncClient, profile: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await graph.get(f"{PROFILES}/{profile}/assignments")).json()["value"]
    return found


async def test_an_assignment_is_told_whole_in_beta_and_short_in_v1(
    beta: httpx.AsyncClient, v1: httpx.AsyncClient
) -> None:
    profile, group = await _profile(beta), await group_named(beta, "All Staff")
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
    profile, staff = await _profile(beta), await group_named(beta, "All Staff")
    pilot = await group_named(beta, "SMIME Pilot")
    sets = (
        [_to(GROUP, staff)],
        [_to(GROUP, pilot), _to(EXCLUDED, staff)],
        [_to(ALL_DEVICES[0]), _to(ALL_USERS[0])],
        [],
    )
    expected = ([staff], [pilot, staff], [ALL_DEVICES[1], ALL_USERS[1]], [])
    for new, groups in zip(sets, expected, strict=True):
        answer = await beta.post(f"{PROFILES}/{profile}/microsoft.graph.assign", json={"assignments": new})
        assert [each["id"] for each in answer.json()["value"]] == [f"{profile}_{group}" for group in groups]
        assert await _assignments(beta, profile) == answer.json()["value"]


async def test_the_same_target_twice_is_one_assignment(beta: httpx.AsyncClient) -> None:
    profile, staff = await _profile(beta), await group_named(beta, "All Staff")
    twice = {"assignments": [_to(GROUP, staff), _to(GROUP, staff.upper())]}
    answer = await beta.post(f"{PROFILES}/{profile}/assign", json=twice)
    assert [each["id"] for each in answer.json()["value"]] == [f"{profile}_{staff}"]


async def test_what_portals_send_along_is_taken(beta: httpx.AsyncClient) -> None:
    profile, staff = await _profile(beta), await group_named(beta, "All Staff")
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
    assert [each["id"] for each in answer.json()["value"]] == [f"{profile}_{staff}"]


@pytest.mark.parametrize(
    ("assignments", "status", "why"),
    [
        (None, 400, "must be"),
        ({"target": {}}, 400, "must be"),
        (["x"], 400, "an object with a target"),
        ([{}], 400, "'target'"),
        ([{"target": None}], 400, "'target'"),
        ([_to("#microsoft.graph.frobnicate")], 400, "no type for it"),
        ([{"target": {"groupId": ABSENT}}], 400, "has no '@odata.type'"),
        ([_to(GROUP)], 400, "groupId"),
        ([_to(GROUP, ABSENT)], 400, f"The group '{ABSENT}' does not exist"),
        ([_to(ALL_USERS[0]), _to(EXCLUDED, ABSENT)], 400, f"The group '{ABSENT}' does not exist"),
        ([_to(ALL_USERS[0], ABSENT)], 400, "groupId"),
        ([_to("#microsoft.graph.configurationManagerCollectionAssignmentTarget")], 501, "not emulated"),
        ([_to(ALL_USERS[0], deviceAndAppManagementAssignmentFilterId=ABSENT)], 501, "filters are not emulated"),
    ],
)
async def test_a_target_that_cannot_be_is_refused_and_the_old_set_stands(
    beta: httpx.AsyncClient, assignments: Any, status: int, why: str
) -> None:
    profile, staff = await _profile(beta), await group_named(beta, "All Staff")
    await beta.post(f"{PROFILES}/{profile}/assign", json={"assignments": [_to(GROUP, staff)]})
    answer = await beta.post(f"{PROFILES}/{profile}/assign", json={"assignments": assignments})
    assert (answer.status_code, code(answer)) == (status, "BadRequest" if status == 400 else "NotImplemented")
    assert why in sentence(answer)
    assert [each["id"] for each in await _assignments(beta, profile)] == [f"{profile}_{staff}"]


async def test_assignments_stand_in_a_profile_only_when_it_is_expanded(beta: httpx.AsyncClient) -> None:
    profile, staff = await _profile(beta), await group_named(beta, "All Staff")
    other = await _profile(beta)
    await beta.post(f"{PROFILES}/{profile}/assign", json={"assignments": [_to(GROUP, staff)]})
    plain = (await beta.get(f"{PROFILES}/{profile}")).json()
    assert not {"assignments", "isAssigned"} & set(plain)
    expanded = (await beta.get(f"{PROFILES}/{profile}", params={"$expand": "assignments"})).json()
    context = f"https://localhost:8443/beta/$metadata#deviceManagement/deviceConfigurations('{profile}')/assignments"
    found = await _assignments(beta, profile)
    assert expanded == {**plain, "assignments@odata.context": context, "assignments": found}
    listed = (await beta.get(PROFILES, params={"$expand": "assignments", "$select": "id"})).json()["value"]
    assert {each["id"]: each["assignments"] for each in listed} == {profile: found, other: []}
    for path in (f"{PROFILES}/{profile}", PROFILES):
        unknown = await beta.get(path, params={"$expand": "deviceStatuses"})
        assert (unknown.status_code, code(unknown)) == (501, "NotImplemented")


async def test_a_deleted_profile_takes_its_assignments_along(beta: httpx.AsyncClient) -> None:
    profile, staff = await _profile(beta), await group_named(beta, "All Staff")
    await beta.post(f"{PROFILES}/{profile}/assign", json={"assignments": [_to(GROUP, staff)]})
    await beta.delete(f"{PROFILES}/{profile}")
    assert (await beta.get(f"{PROFILES}/{profile}/assignments")).status_code == 404
