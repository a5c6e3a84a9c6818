"""Graph: members and groups, direct and nested, and what can be asked of the lists."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.directory import users_and_groups
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.tenants.tenants import change_settings
from tests.support.graph import ABSENT, create, error_code, error_message, id_of_group, id_of_user, ids
from tests.surfaces.graph.conftest import Enroll

EVENTUAL = {"ConsistencyLevel": "eventual"}


@pytest.fixture
async def tree(beta: httpx.AsyncClient, enroll: Enroll) -> dict[str, str]:
    """`top` holds `middle`, which holds `bottom`, alice and her device; `bottom` holds bob and, in a circle, `top`."""
    by_key = {name: await id_of_user(beta, name) for name in ("alice", "bob", "carol")}
    await enroll("alice")
    (by_key["device"],) = await ids(beta, "/devices")
    for name in ("top", "middle", "bottom"):
        body = {"displayName": name, "mailEnabled": False, "mailNickname": name, "securityEnabled": True}
        by_key[name] = (await create(beta, "/groups", **body))["id"]
    for group, member in (
        ("top", "middle"),
        ("middle", "bottom"),
        ("middle", "alice"),
        ("middle", "device"),
        ("bottom", "bob"),
        ("bottom", "top"),
    ):
        url = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{by_key[member]}"}
        assert (await beta.post(f"/groups/{by_key[group]}/members/$ref", json=url)).status_code == 204
    return by_key


async def names(graph: httpx.AsyncClient, path: str, **params: str) -> list[str]:
    """The names in a list, sorted; every element says what it is."""
    answer = await graph.get(path, params=params, headers=EVENTUAL)
    assert answer.status_code == 200, answer.text
    assert all(entry["@odata.type"].startswith("#microsoft.graph.") for entry in answer.json()["value"])
    return sorted(entry["displayName"] for entry in answer.json()["value"])


async def test_nested_members_and_groups_are_found_though_they_go_in_a_circle(
    v1: httpx.AsyncClient, tree: dict[str, str]
) -> None:
    everything = ["Alice Adams", "Bob Brown", "alice_AndroidForWork", "bottom", "middle", "top"]
    assert await names(v1, f"/groups/{tree['top']}/transitiveMembers") == everything
    assert await names(v1, f"/groups/{tree['top']}/members") == ["middle"]
    assert await names(v1, "/users/alice@contoso.example/memberOf") == ["All Staff", "SMIME Pilot", "middle"]
    above = ["All Staff", "SMIME Pilot", "bottom", "middle", "top"]
    assert await names(v1, f"/users/{tree['alice']}/transitiveMemberOf") == above
    assert await names(v1, f"/devices/{tree['device']}/memberOf") == ["middle"]
    assert await names(v1, f"/devices/{tree['device']}/transitiveMemberOf") == ["bottom", "middle", "top"]
    assert await names(v1, f"/groups/{tree['bottom']}/memberOf") == ["middle"]
    assert await names(v1, f"/groups/{tree['bottom']}/transitiveMemberOf") == ["bottom", "middle", "top"]


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"$filter": "startswith(displayName,'A')"}, ["Alice Adams", "alice_AndroidForWork"]),
        ({"$filter": "userPrincipalName eq 'BOB@contoso.example'"}, ["Bob Brown"]),
        ({"$filter": "isManaged eq true"}, ["alice_AndroidForWork"]),
        ({"$filter": "isof('microsoft.graph.group')"}, ["bottom", "middle", "top"]),
        ({"$filter": "securityEnabled eq true and displayName ne 'top'"}, ["bottom", "middle"]),
        ({"$search": '"displayName:bro" OR "displayName:top"'}, ["Bob Brown", "top"]),
        ({"$search": '"displayName:adams"', "$filter": "isof('microsoft.graph.group')"}, []),
    ],
)
async def test_members_are_filtered_and_searched(
    beta: httpx.AsyncClient, tree: dict[str, str], options: dict[str, str], found: list[str]
) -> None:
    path = f"/groups/{tree['top']}/transitiveMembers"
    assert await names(beta, path, **options) == found
    assert (await beta.get(f"{path}/$count", params=options, headers=EVENTUAL)).text == str(len(found))


async def test_members_are_sorted_selected_counted_and_paged(beta: httpx.AsyncClient, tree: dict[str, str]) -> None:
    path = f"/groups/{tree['top']}/transitiveMembers"
    query = "?$orderby=displayName desc&$select=displayName&$top=4&$count=true"
    first = (await beta.get(f"{path}{query}", headers=EVENTUAL)).json()
    assert first["@odata.count"] == 6
    second = (await beta.get(first["@odata.nextLink"], headers=EVENTUAL)).json()
    display_names = [entry["displayName"] for entry in first["value"] + second["value"]]
    assert display_names == sorted(display_names, reverse=True)
    assert len(display_names) == 6
    assert all(set(entry) == {"@odata.type", "id", "displayName"} for entry in first["value"])
    assert (await beta.get(f"{path}/$count")).status_code == 400


@pytest.mark.parametrize(
    ("cast", "found"),
    [
        ("microsoft.graph.user", ["Alice Adams", "Bob Brown"]),
        ("microsoft.graph.group", ["bottom", "middle", "top"]),
        ("graph.device", ["alice_AndroidForWork"]),
    ],
)
async def test_a_cast_leaves_one_kind(v1: httpx.AsyncClient, tree: dict[str, str], cast: str, found: list[str]) -> None:
    path = f"/groups/{tree['top']}/transitiveMembers/{cast}"
    assert await names(v1, path) == found
    assert (await v1.get(f"{path}/$count", headers=EVENTUAL)).text == str(len(found))
    filtered = await v1.get(path, params={"$filter": f"startswith(displayName,'{found[0][:3]}')"})
    assert [entry["displayName"] for entry in filtered.json()["value"]] == found[:1]
    assert (await v1.get(f"/groups/{tree['top']}/members/microsoft.graph.managedDevice")).status_code == 400
    strange = await v1.get(
        f"/groups/{tree['top']}/members/microsoft.graph.group", params={"$filter": "isManaged eq true"}
    )
    assert strange.status_code == 400


@pytest.mark.parametrize(
    "query", ["$filter=colour eq 'red'", "$filter=(", "$select=colour", "$orderby=colour", "$top=1000", "$skip=1"]
)
async def test_what_members_cannot_be_asked_is_refused(beta: httpx.AsyncClient, query: str) -> None:
    staff = await id_of_group(beta, "All Staff")
    answer = await beta.get(f"/groups/{staff}/members?{query}")
    assert (answer.status_code, error_code(answer)) == (400, "Request_BadRequest")


async def test_memberships_are_checked_in_one_call(beta: httpx.AsyncClient, tree: dict[str, str]) -> None:
    results = [tree["top"].upper(), tree["bottom"], await id_of_group(beta, "SMIME Pilot"), ABSENT]
    for path, held in (
        (f"/users/{tree['bob']}", results[1:3]),
        (f"/groups/{tree['middle']}", results[:2]),
        (f"/devices/{tree['device']}", results[:2]),
        (f"/directoryObjects/{tree['bob']}", results[1:3]),
    ):
        for name, list_of in (("checkMemberGroups", "groupIds"), ("checkMemberObjects", "ids")):
            answer = await beta.post(f"{path}/{name}", json={list_of: results})
            assert answer.status_code == 200, answer.text
            assert answer.json()["@odata.context"].endswith("$metadata#Collection(Edm.String)")
            assert set(answer.json()["value"]) >= {each.lower() for each in held}
            assert ABSENT not in answer.json()["value"]
    for name in ("getMemberGroups", "microsoft.graph.getMemberObjects"):
        answer = await beta.post(f"/users/{tree['carol']}/{name}", json={"securityEnabledOnly": True})
        assert answer.json()["value"] == [await id_of_group(beta, "All Staff")]


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("checkMemberGroups", {}),
        ("checkMemberGroups", {"groupIds": None}),
        ("checkMemberGroups", {"groupIds": "x"}),
        ("checkMemberGroups", {"groupIds": [7]}),
        ("checkMemberGroups", {"groupIds": [ABSENT] * 21}),
        ("checkMemberGroups", {"groupIds": ["\x00"]}),
        ("checkMemberObjects", {"groupIds": []}),
        ("getMemberGroups", {"securityEnabledOnly": "yes"}),
    ],
)
async def test_questions_that_make_no_sense_are_refused(
    beta: httpx.AsyncClient, name: str, body: dict[str, Any]
) -> None:
    answer = await beta.post(f"/users/alice@contoso.example/{name}", json=body)
    assert (answer.status_code, error_code(answer)) == (400, "Request_BadRequest")


@pytest.mark.parametrize(
    "path",
    [
        "/users/{id}/memberOf",
        "/users/{id}/ownedDevices/$count",
        "/groups/{id}/transitiveMembers",
        "/groups/{id}/owners/$ref",
        "/devices/{id}/registeredOwners",
        "/users/{id}/licenseDetails",
        "/users/{id}/manager",
        "/directoryObjects/{id}",
    ],
)
@pytest.mark.parametrize("key", [ABSENT, "nobody", "'", "x" * 5000, "%00", "%F0%9F%98%80"])
async def test_the_parts_of_nothing_are_not_found(beta: httpx.AsyncClient, path: str, key: str) -> None:
    answer = await beta.get(path.format(id=key), headers=EVENTUAL)
    assert (answer.status_code, error_code(answer)) in ((404, "Request_ResourceNotFound"), (400, "Request_BadRequest"))


async def test_another_tenants_people_are_strangers(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, emulator: Emulator
) -> None:
    other = (await http.post("/_fauxtune/v1/tenants", json={"name": "other"})).json()
    document = {"displayName": "Eve", "userPrincipalName": "eve@other.example", "mailNickname": "eve"}
    eve = (
        await emulator.runner.run(await emulator.runner.tenant(other["id"]), users_and_groups.create_user, document)
    )["id"]
    staff = await id_of_group(beta, "All Staff")
    url = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{eve}"}
    for answer in (
        await beta.get(f"/users/{eve}"),
        await beta.get(f"/users/{eve}/memberOf"),
        await beta.get(f"/directoryObjects/{eve}"),
        await beta.post(f"/groups/{staff}/members/$ref", json=url),
        await beta.post(f"/groups/{staff}/owners/$ref", json=url),
        await beta.put("/users/alice@contoso.example/manager/$ref", json=url),
        await beta.post(f"/users/{eve}/revokeSignInSessions"),
    ):
        assert (answer.status_code, error_code(answer)) == (404, "Request_ResourceNotFound")
    assert (await beta.post("/directoryObjects/getByIds", json={"ids": [eve]})).json()["value"] == []
    assert len(await ids(beta, f"/groups/{staff}/members")) == 3


@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        ("$filter=displayName eq 'x'", {}, 200),
        ("$filter=displayName ne 'x'", {}, 400),
        ("$filter=displayName ne 'x'", EVENTUAL, 400),
        ("$filter=displayName ne 'x'&$count=true", EVENTUAL, 200),
        ("$filter=endswith(mail,'x')&$count=true", EVENTUAL, 200),
        ("$filter=not(startswith(mail,'x'))", {}, 400),
        ("$filter=displayName eq 'x'&$orderby=displayName", {}, 400),
        ("$filter=displayName eq 'x'&$orderby=displayName&$count=true", EVENTUAL, 200),
        ("$filter=contains(displayName,'x')&$count=true", EVENTUAL, 400),
    ],
)
async def test_a_tenant_may_want_the_directorys_own_limits(
    beta: httpx.AsyncClient, emulator: Emulator, tenant: Tenant, query: str, headers: dict[str, str], status: int
) -> None:
    assert (await beta.get(f"/users?{query}", headers=headers)).status_code == 200
    await emulator.runner.run(tenant, change_settings, {"graph.faithfulQuery": True})
    for path in ("/users", "/groups"):
        answer = await beta.get(f"{path}?{query}", headers=headers)
        assert answer.status_code == status
        if status == 400:
            assert (error_code(answer), error_message(answer)) == ("Request_UnsupportedQuery", "Unsupported Query.")


@pytest.mark.parametrize(
    ("path", "search", "found"),
    [
        ("/users", '"displayName:al"', ["Alice Adams"]),
        ("/users", '"displayName:bro"', ["Bob Brown"]),
        ("/users", '"displayName:al" OR "mail:bob@"', ["Alice Adams", "Bob Brown"]),
        ("/users", '"displayName:al" AND "mail:bob@"', []),
        ("/groups", '"displayName:staff"', ["All Staff"]),
        ("/groups", '"displayName:taff"', []),
    ],
)
async def test_users_and_groups_are_searched(v1: httpx.AsyncClient, path: str, search: str, found: list[str]) -> None:
    answer = await v1.get(path, params={"$search": search, "$count": "true"}, headers=EVENTUAL)
    assert [entry["displayName"] for entry in answer.json()["value"]] == found
    assert answer.json()["@odata.count"] == len(found)


async def test_a_search_needs_a_client_that_can_wait_and_a_property(v1: httpx.AsyncClient) -> None:
    refused = await v1.get("/users", params={"$search": '"displayName:al"'})
    assert (refused.status_code, error_code(refused), error_message(refused)) == (
        400,
        "Request_UnsupportedQuery",
        (
            "Request with $search query parameter only works through MSGraph with a special request header: "
            "'ConsistencyLevel: eventual'"
        ),
    )
    for search in ("displayName:al", '"al"', '"jobTitle:x"', "", '"displayName:'):
        answer = await v1.get("/users", params={"$search": search}, headers=EVENTUAL)
        assert (answer.status_code, error_code(answer)) == (400, "Request_BadRequest"), search
