"""Graph: roleScopeTag."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.graph import ABSENT, PROFILES, create, error_code, error_message, ids

pytestmark = pytest.mark.both_in_soak

TAGS = "/deviceManagement/roleScopeTags"
PROFILE = {"@odata.type": "#microsoft.graph.iosImportedPFXCertificateProfile", "displayName": "Imported"}


async def _tag(beta: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    answer = await beta.post(TAGS, json=body)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


@ON_BOTH_DATABASES
async def test_there_is_a_built_in_tag(beta: httpx.AsyncClient, v1: httpx.AsyncClient) -> None:
    (built_in,) = (await beta.get(TAGS)).json()["value"]
    assert (built_in["id"], built_in["displayName"], built_in["isBuiltIn"]) == ("0", "Default", True)
    assert (await beta.get(f"{TAGS}/hasCustomRoleScopeTag")).json()["value"] is False
    assert (await v1.get(TAGS)).status_code == 400
    for answer in (
        await beta.delete(f"{TAGS}/0"),
        await beta.patch(f"{TAGS}/0", json={"displayName": "Other"}),
    ):
        assert (answer.status_code, error_code(answer)) == (400, "BadRequest")
        assert "built-in" in error_message(answer)
    assert (await beta.patch(f"{TAGS}/0", json={"description": "d"})).json()["description"] == "d"


async def test_a_tag_is_made_read_changed_counted_and_deleted(beta: httpx.AsyncClient) -> None:
    north = await _tag(beta, displayName="North", description="Up there")
    south = await _tag(beta, displayName="South")
    assert (north["id"], south["id"], north["isBuiltIn"], south["description"]) == ("1", "2", False, None)
    assert await ids(beta, TAGS) == ["0", "1", "2"]
    assert await ids(beta, f"{TAGS}?$filter=displayName eq 'South'") == ["2"]
    assert await ids(beta, f"{TAGS}?$orderby=displayName desc&$top=1&$skip=1") == ["1"]
    assert (await beta.get(f"{TAGS}/$count")).text == "3"
    assert (await beta.get(f"{TAGS}/hasCustomRoleScopeTag")).json()["value"] is True
    changed = await beta.patch(f"{TAGS}('1')", json={"displayName": "Northwest"})
    assert (changed.status_code, changed.json()["displayName"]) == (200, "Northwest")
    assert (await beta.get(f"{TAGS}/1?$select=displayName")).json()["displayName"] == "Northwest"
    named = await beta.post(f"{TAGS}/getRoleScopeTagsById", json={"roleScopeTagIds": ["2", "0", "77"]})
    assert [entry["id"] for entry in named.json()["value"]] == ["0", "2"]
    assert (await beta.delete(f"{TAGS}/1")).status_code == 204
    for method in ("GET", "PATCH", "DELETE"):
        missing = await beta.request(method, f"{TAGS}/1", json={} if method == "PATCH" else None)
        assert (missing.status_code, error_code(missing)) == (404, "ResourceNotFound")


@ON_BOTH_DATABASES
async def test_a_tag_in_use_stays(beta: httpx.AsyncClient) -> None:
    tag = (await _tag(beta, displayName="North"))["id"]
    profile = (await create(beta, PROFILES, **PROFILE, roleScopeTagIds=[tag]))["id"]
    refused = await beta.delete(f"{TAGS}/{tag}")
    assert (refused.status_code, "deviceConfigurations" in error_message(refused)) == (400, True)
    # What has no other tag has the built-in one.
    freed = await beta.patch(f"{PROFILES}/{profile}", json={"roleScopeTagIds": []})
    assert freed.json()["roleScopeTagIds"] == ["0"]
    assert (await beta.delete(f"{TAGS}/{tag}")).status_code == 204


async def test_a_tag_is_assigned_to_groups(beta: httpx.AsyncClient) -> None:
    tag = (await _tag(beta, displayName="North"))["id"]
    group = (await ids(beta, "/groups"))[0]
    target = {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": group}
    answer = await beta.post(f"{TAGS}/{tag}/assign", json={"assignments": [{"target": target}] * 2})
    (one,) = answer.json()["value"]
    assert (answer.status_code, one["target"]["groupId"]) == (200, group)
    assert (await beta.get(f"{TAGS}/{tag}/assignments")).json()["value"] == [one]
    assert (await beta.get(f"{TAGS}/{tag}/assignments/$count")).text == "1"
    single = await beta.get(f"{TAGS}/{tag}/assignments/{one['id']}")
    assert (single.status_code, single.json()["target"]) == (200, one["target"])
    assert (await beta.get(f"{TAGS}/0/assignments/{one['id']}")).status_code == 404
    assert (await beta.get(f"{TAGS}/0/assignments")).json()["value"] == []
    assert (await beta.post(f"{TAGS}/{tag}/assign", json={"assignments": []})).json()["value"] == []
    assert (await beta.get(f"{TAGS}/{tag}/assignments")).json()["value"] == []


@pytest.mark.parametrize(
    "body", [{}, {"displayName": None}, {"displayName": ""}, {"displayName": 7}, {"displayName": "x", "color": "red"}]
)
async def test_a_tag_needs_a_name_and_nothing_unknown(beta: httpx.AsyncClient, body: dict[str, Any]) -> None:
    assert (await beta.post(TAGS, json=body)).status_code == 400
    assert await ids(beta, TAGS) == ["0"]


async def test_names_are_given_once(beta: httpx.AsyncClient) -> None:
    await _tag(beta, displayName="North")
    again = await beta.post(TAGS, json={"displayName": "NORTH"})
    assert (again.status_code, error_message(again)) == (400, "There is a scope tag 'NORTH' already.")


@pytest.mark.parametrize(
    "assignments",
    [
        None,
        {},
        [7],
        [{}],
        [{"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}],
        [{"target": {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": ABSENT}}],
    ],
)
async def test_a_tag_is_assigned_to_nothing_but_groups(beta: httpx.AsyncClient, assignments: object) -> None:
    assert (await beta.post(f"{TAGS}/0/assign", json={"assignments": assignments})).status_code == 400
    assert (await beta.post(f"{TAGS}/9/assign", json={"assignments": []})).status_code == 404


@pytest.mark.parametrize("sent", [None, "0", [0], {}, ["0"] * 1001])
async def test_ids_of_tags_are_a_list_of_texts(beta: httpx.AsyncClient, sent: object) -> None:
    answer = await beta.post(f"{TAGS}/getRoleScopeTagsById", json={"roleScopeTagIds": sent})
    assert (answer.status_code, error_code(answer)) == (400, "BadRequest")


async def test_a_list_expands_assignments_to_nothing(beta: httpx.AsyncClient) -> None:
    listed = (await beta.get(TAGS, params={"$expand": "assignments"})).raise_for_status().json()["value"]
    assert [each["assignments"] for each in listed] == [[]]
