"""Graph: group, and who is in it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.graph import ABSENT, create, error_code, error_message, id_of_group, id_of_user, ids
from tests.surfaces.graph.conftest import Enroll

TEAM: dict[str, Any] = {
    "displayName": "Team",
    "mailEnabled": False,
    "mailNickname": "team",
    "securityEnabled": True,
}
HAS_IT = "One or more added object references already exist for the following modified properties: 'members'."


async def test_a_group_is_made_changed_and_deleted(beta: httpx.AsyncClient) -> None:
    group = await create(beta, "/groups", **TEAM, description="The team")
    assert (group["groupTypes"], group["mail"], group["createdDateTime"]) == ([], None, "2026-11-24T10:00:00Z")
    path = f"/groups/{group['id']}"
    changed = await beta.patch(path, json={"displayName": "The Team"})
    assert (changed.status_code, changed.content) == (204, b"")
    document = (await beta.get(path)).json()
    assert (document["displayName"], document["description"]) == ("The Team", "The team")
    assert (await beta.delete(path)).status_code == 204
    assert error_code(await beta.get(path)) == "Request_ResourceNotFound"


@pytest.mark.parametrize("name", list(TEAM))
async def test_what_a_group_needs_is_asked_for(beta: httpx.AsyncClient, name: str) -> None:
    answer = await beta.post("/groups", json={key: value for key, value in TEAM.items() if key != name})
    assert (answer.status_code, error_code(answer)) == (400, "Request_BadRequest")
    assert f"'{name}'" in error_message(answer)


async def test_each_member_says_what_it_is(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    group = (await create(beta, "/groups", **TEAM))["id"]
    staff, alice = await id_of_group(beta, "All Staff"), await id_of_user(beta, "alice")
    phone = await enroll("alice")
    azure = (await beta.get(f"/deviceManagement/managedDevices/{phone.managed_device_id}")).json()["azureADDeviceId"]
    for member in (alice, staff):
        url = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{member}"}
        assert (await beta.post(f"/groups/{group}/members/$ref", json=url)).status_code == 204
    members = (await beta.get(f"/groups/{group}/members")).json()
    assert members["@odata.context"] == "https://localhost:8443/beta/$metadata#directoryObjects"
    assert [(entry["@odata.type"], entry["displayName"]) for entry in members["value"]] == [
        ("#microsoft.graph.user", "Alice Adams"),
        ("#microsoft.graph.group", "All Staff"),
    ]
    cast = (await beta.get(f"/groups/{group}/members/microsoft.graph.group")).json()["value"]
    assert [each["id"] for each in cast] == [staff]
    assert azure not in [alice, staff]
    references = (await beta.get(f"/groups/{group}/members/$ref")).json()["value"]
    assert references == [
        {"@odata.id": f"https://localhost:8443/beta/directoryObjects/{each}"} for each in (alice, staff)
    ]


@pytest.mark.parametrize(
    "form",
    [
        "https://graph.microsoft.com/v1.0/users/{upn}",
        "https://graph.microsoft.com/v1.0/users('{upn}')",
        "https://localhost:8443/beta/users/{upn}",
    ],
)
async def test_a_user_joins_and_owns_by_the_upn_behind_users(beta: httpx.AsyncClient, form: str) -> None:
    group, alice = (await create(beta, "/groups", **TEAM))["id"], await id_of_user(beta, "alice")
    url = {"@odata.id": form.format(upn="Alice@contoso.example")}
    for what in ("members", "owners"):
        assert (await beta.post(f"/groups/{group}/{what}/$ref", json=url)).status_code == 204
        assert await ids(beta, f"/groups/{group}/{what}") == [alice]
        again = await beta.post(f"/groups/{group}/{what}/$ref", json=url)
        assert (again.status_code, "already exist" in error_message(again)) == (400, True)


async def test_a_new_group_binds_members_by_their_upn(beta: httpx.AsyncClient) -> None:
    bound = {"members@odata.bind": ["https://graph.microsoft.com/v1.0/users/bob@contoso.example"]}
    group = (await create(beta, "/groups", **TEAM, **bound))["id"]
    assert await ids(beta, f"/groups/{group}/members") == [await id_of_user(beta, "bob")]


@pytest.mark.parametrize(
    ("url", "status", "said"),
    [
        ("https://graph.microsoft.com/v1.0/users/nobody@contoso.example", 404, "nobody@contoso.example"),
        ("https://graph.microsoft.com/v1.0/directoryObjects/alice@contoso.example", 400, "a key of 'users' only"),
    ],
)
async def test_a_upn_that_is_no_users_or_stands_elsewhere_is_refused(
    beta: httpx.AsyncClient, *, url: str, status: int, said: str
) -> None:
    group = (await create(beta, "/groups", **TEAM))["id"]
    answer = await beta.post(f"/groups/{group}/members/$ref", json={"@odata.id": url})
    assert (answer.status_code, said in error_message(answer)) == (status, True)
    assert await ids(beta, f"/groups/{group}/members") == []


@pytest.mark.parametrize(
    "form",
    [
        "https://graph.microsoft.com/v1.0/directoryObjects/{id}",
        "https://graph.microsoft.com/beta/users/{id}",
        "https://localhost:8443/v1.0/users('{id}')",
        "https://other.example/v1.0/users/{id}?x=1",
        "/users/{id}",
        "directoryObjects('{id}')",
        "https://graph.microsoft.com/v1.0/users(%27{id}%27)",
    ],
)
async def test_a_member_is_named_by_the_id_at_the_end_of_any_url(beta: httpx.AsyncClient, form: str) -> None:
    group, alice = (await create(beta, "/groups", **TEAM))["id"], await id_of_user(beta, "alice")
    answer = await beta.post(f"/groups/{group}/members/$ref", json={"@odata.id": form.format(id=alice.upper())})
    assert (answer.status_code, answer.content) == (204, b"")
    assert await ids(beta, f"/groups/{group}/members") == [alice]
    again = await beta.post(f"/groups/{group}/members/$ref", json={"@odata.id": form.format(id=alice)})
    assert (again.status_code, error_code(again), error_message(again)) == (400, "Request_BadRequest", HAS_IT)
    gone = await beta.delete(f"/groups/{group}/members/$ref", params={"@id": form.format(id=alice)})
    assert gone.status_code == 204
    assert await ids(beta, f"/groups/{group}/members") == []


@pytest.mark.parametrize("body", [{}, {"@odata.id": None}, {"@odata.id": "alice"}, {"@odata.id": ["x"]}, {"id": "x"}])
async def test_what_names_nobody_is_refused(beta: httpx.AsyncClient, body: dict[str, Any]) -> None:
    staff = await id_of_group(beta, "All Staff")
    answer = await beta.post(f"/groups/{staff}/members/$ref", json=body)
    assert (answer.status_code, error_code(answer)) == (400, "Request_BadRequest")
    assert len(await ids(beta, f"/groups/{staff}/members")) == 3


async def test_strangers_cannot_join_or_leave(beta: httpx.AsyncClient) -> None:
    pilot, carol = await id_of_group(beta, "SMIME Pilot"), await id_of_user(beta, "carol")
    stranger = {"@odata.id": f"https://graph.microsoft.com/v1.0/users/{ABSENT}"}
    for answer in (
        await beta.post(f"/groups/{pilot}/members/$ref", json=stranger),
        await beta.delete(f"/groups/{pilot}/members/{carol}/$ref"),
        await beta.post(f"/groups/{ABSENT}/members/$ref", json=stranger),
        await beta.get(f"/groups/{ABSENT}/members"),
    ):
        assert (answer.status_code, error_code(answer)) == (404, "Request_ResourceNotFound")
    itself = {"@odata.id": f"https://graph.microsoft.com/v1.0/groups/{pilot}"}
    assert (await beta.post(f"/groups/{pilot}/members/$ref", json=itself)).status_code == 400
    assert len(await ids(beta, f"/groups/{pilot}/members")) == 2


async def test_a_member_is_removed_by_its_id(beta: httpx.AsyncClient) -> None:
    pilot, alice = await id_of_group(beta, "SMIME Pilot"), await id_of_user(beta, "alice")
    answer = await beta.delete(f"/groups/{pilot}/members/{alice}/$ref")
    assert (answer.status_code, answer.content) == (204, b"")
    assert alice not in await ids(beta, f"/groups/{pilot}/members")
    assert (await beta.get(f"/users/{alice}")).status_code == 200


async def test_members_can_be_bound_when_a_group_is_made_and_later(beta: httpx.AsyncClient) -> None:
    alice, bob = await id_of_user(beta, "alice"), await id_of_user(beta, "bob")
    body = {**TEAM, "members@odata.bind": [f"https://graph.microsoft.com/v1.0/users/{alice}"]}
    group = await create(beta, "/groups", **body)
    assert "members@odata.bind" not in group
    more = {"members@odata.bind": [f"https://graph.microsoft.com/v1.0/directoryObjects/{bob}"]}
    assert (await beta.patch(f"/groups/{group['id']}", json=more)).status_code == 204
    assert set(await ids(beta, f"/groups/{group['id']}/members")) == {alice, bob}


async def test_one_wrong_member_and_no_group_is_made(beta: httpx.AsyncClient) -> None:
    alice = await id_of_user(beta, "alice")
    bound = [f"https://graph.microsoft.com/v1.0/users/{each}" for each in (alice, ABSENT)]
    answer = await beta.post("/groups", json={**TEAM, "members@odata.bind": bound})
    assert (answer.status_code, error_code(answer)) == (404, "Request_ResourceNotFound")
    many = [f"https://graph.microsoft.com/v1.0/users/{alice}"] * 21
    assert (await beta.post("/groups", json={**TEAM, "members@odata.bind": many})).status_code == 400
    assert len((await beta.get("/groups")).json()["value"]) == 2


async def test_a_group_may_hold_groups_that_hold_it(beta: httpx.AsyncClient) -> None:
    group, staff = (await create(beta, "/groups", **TEAM))["id"], await id_of_group(beta, "All Staff")
    for outer, inner in ((group, staff), (staff, group)):
        url = {"@odata.id": f"https://graph.microsoft.com/v1.0/groups/{inner}"}
        assert (await beta.post(f"/groups/{outer}/members/$ref", json=url)).status_code == 204
    assert group in await ids(beta, f"/groups/{staff}/members")


async def test_members_come_in_pages(beta: httpx.AsyncClient) -> None:
    staff = await id_of_group(beta, "All Staff")
    first = (await beta.get(f"/groups/{staff}/members?$top=2&$select=id")).json()
    assert [set(entry) for entry in first["value"]] == [{"@odata.type", "id"}] * 2
    second = (await beta.get(first["@odata.nextLink"])).json()
    assert len(second["value"]) == 1
    assert "@odata.nextLink" not in second


KINDS: list[tuple[dict[str, Any], str | None]] = [
    ({"groupTypes": ["Unified"], "mailEnabled": True, "securityEnabled": False}, "team@contoso.example"),
    ({"groupTypes": ["Unified"], "mailEnabled": True, "securityEnabled": True, "visibility": "Private"}, None),
    (
        {
            "groupTypes": ["DynamicMembership"],
            "membershipRule": 'user.department -eq "Sales"',
            "membershipRuleProcessingState": "On",
        },
        None,
    ),
]


@pytest.mark.parametrize(("kind", "mail"), KINDS)
async def test_groups_are_of_several_kinds(beta: httpx.AsyncClient, kind: dict[str, Any], mail: str | None) -> None:
    group = await create(beta, "/groups", **{**TEAM, **kind})
    assert {name: group[name] for name in kind} == kind
    assert mail is None or (group["mail"], group["proxyAddresses"]) == (mail, [f"SMTP:{mail}"])
    assert group["securityIdentifier"].startswith("S-1-12-1-")
    assert (await beta.patch(f"/groups/{group['id']}", json={"description": "x"})).status_code == 204


@pytest.mark.parametrize(
    "kind",
    [
        {"mailEnabled": True},
        {"securityEnabled": False},
        {"groupTypes": ["Unified"]},
        {"groupTypes": ["Security"]},
        {"groupTypes": ["DynamicMembership"]},
        {"groupTypes": ["DynamicMembership"], "membershipRule": "x", "membershipRuleProcessingState": "Maybe"},
        {"membershipRule": "x"},
        {"groupTypes": "Unified"},
        {"displayName": "x" * 257},
        {"mailNickname": "x" * 65},
        {"description": 7},
        {"displayName": ""},
        {"securityEnabled": "true"},
        {"colour": "red"},
    ],
)
async def test_kinds_that_do_not_exist_are_refused(beta: httpx.AsyncClient, kind: dict[str, Any]) -> None:
    answer = await beta.post("/groups", json={**TEAM, **kind})
    assert (answer.status_code, error_code(answer)) == (400, "Request_BadRequest")
    assert len((await beta.get("/groups")).json()["value"]) == 2


def url_of(id_: str) -> dict[str, str]:
    return {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{id_}"}


async def test_the_members_of_a_dynamic_group_are_its_rules(beta: httpx.AsyncClient) -> None:
    alice, group = await id_of_user(beta, "alice"), await create(beta, "/groups", **{**TEAM, **KINDS[2][0]})
    path = f"/groups/{group['id']}"
    for answer in (
        await beta.post(f"{path}/members/$ref", json=url_of(alice)),
        await beta.delete(f"{path}/members/{alice}/$ref"),
        await beta.patch(path, json={"members@odata.bind": [url_of(alice)["@odata.id"]]}),
    ):
        assert (answer.status_code, error_code(answer)) == (400, "Request_BadRequest")
        assert "DynamicMembership" in error_message(answer)
    assigned = {"groupTypes": [], "membershipRuleProcessingState": "Paused"}
    assert (await beta.patch(path, json=assigned)).status_code == 204
    assert (await beta.post(f"{path}/members/$ref", json=url_of(alice))).status_code == 204


async def test_a_microsoft_365_group_holds_users_and_is_in_no_group(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    unified, team = await create(beta, "/groups", **{**TEAM, **KINDS[0][0]}), await create(beta, "/groups", **TEAM)
    await enroll("alice")
    (device,) = await ids(beta, "/devices")
    for group, member in ((unified, team["id"]), (unified, device), (team, unified["id"])):
        answer = await beta.post(f"/groups/{group['id']}/members/$ref", json=url_of(member))
        assert (answer.status_code, error_code(answer)) == (400, "Request_BadRequest")
    added = await beta.post(f"/groups/{unified['id']}/members/$ref", json=url_of(await id_of_user(beta, "alice")))
    assert added.status_code == 204


async def test_a_group_is_no_member_of_itself(beta: httpx.AsyncClient) -> None:
    group = (await create(beta, "/groups", **TEAM))["id"]
    answer = await beta.post(f"/groups/{group}/members/$ref", json=url_of(group))
    assert (answer.status_code, error_message(answer)) == (400, "A group cannot be a member of itself.")


@ON_BOTH_DATABASES
async def test_owners_come_and_go_but_the_last_one(beta: httpx.AsyncClient) -> None:
    alice, bob = await id_of_user(beta, "alice"), await id_of_user(beta, "bob")
    group = await create(beta, "/groups", **TEAM, **{"owners@odata.bind": [url_of(alice)["@odata.id"]]})
    owners = f"/groups/{group['id']}/owners"
    again = await beta.post(f"{owners}/$ref", json=url_of(alice))
    assert (again.status_code, error_message(again)) == (400, HAS_IT.replace("members", "owners"))
    assert (await beta.post(f"{owners}/$ref", json=url_of(bob))).status_code == 204
    entries = (await beta.get(owners)).json()["value"]
    assert {(entry["@odata.type"], entry["id"]) for entry in entries} == {
        ("#microsoft.graph.user", alice),
        ("#microsoft.graph.user", bob),
    }
    references = (await beta.get(f"{owners}/$ref")).json()["value"]
    assert {"@odata.id": f"https://localhost:8443/beta/directoryObjects/{alice}"} in references
    assert (await beta.delete(f"{owners}/{alice}/$ref")).status_code == 204
    assert (await beta.delete(f"{owners}/{alice}/$ref")).status_code == 404
    last = await beta.delete(f"{owners}/$ref", params={"@id": url_of(bob)["@odata.id"]})
    assert (last.status_code, error_message(last)) == (
        400,
        "The group must have at least one owner, hence this owner cannot be removed.",
    )
    staff = await id_of_group(beta, "All Staff")
    assert (await beta.post(f"{owners}/$ref", json=url_of(staff))).status_code == 400
    assert (await beta.post(f"{owners}/$ref", json=url_of(ABSENT))).status_code == 404
    assert await ids(beta, f"/groups/{group['id']}/members") == []


async def test_twenty_can_be_bound_and_not_one_more(beta: httpx.AsyncClient) -> None:
    alice = url_of(await id_of_user(beta, "alice"))["@odata.id"]
    group = (await create(beta, "/groups", **TEAM))["id"]
    for name in ("members", "owners"):
        answer = await beta.patch(f"/groups/{group}", json={f"{name}@odata.bind": [alice] * 21})
        assert (answer.status_code, error_code(answer)) == (400, "Request_BadRequest")
        for wrong in ("x", {"id": 7}, [7], [None], ["x"]):
            body = {f"{name}@odata.bind": wrong, "description": "changed"}
            assert (await beta.patch(f"/groups/{group}", json=body)).status_code == 400
    assert (await beta.get(f"/groups/{group}")).json()["description"] is None
    people = [
        (
            await create(
                beta,
                "/users",
                accountEnabled=True,
                displayName=f"P{at}",
                mailNickname=f"p{at}",
                userPrincipalName=f"p{at}@contoso.example",
                passwordProfile={"password": "Wonder-1234"},
            )
        )["id"]
        for at in range(20)
    ]
    body = {"members@odata.bind": [url_of(person)["@odata.id"] for person in people]}
    assert (await beta.patch(f"/groups/{group}", json=body)).status_code == 204
    assert sorted(await ids(beta, f"/groups/{group}/members")) == sorted(people)


async def test_what_is_expanded_comes_along(beta: httpx.AsyncClient) -> None:
    staff, alice = await id_of_group(beta, "All Staff"), await id_of_user(beta, "alice")
    document = (await beta.get(f"/groups/{staff}?$select=id&$expand=members($select=displayName)")).json()
    assert set(document) == {"@odata.context", "id", "members"}
    assert {"@odata.type": "#microsoft.graph.user", "id": alice, "displayName": "Alice Adams"} in document["members"]
    listed = (await beta.get("/groups?$expand=Owners,members")).json()["value"]
    assert sorted((len(each["members"]), len(each["owners"])) for each in listed) == [(2, 0), (3, 0)]
    assert (await beta.get(f"/groups/{staff}?$expand=memberOf,transitiveMemberOf,transitiveMembers")).status_code == 200
