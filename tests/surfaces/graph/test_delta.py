"""Graph: user: delta, group: delta, device: delta: a first round with everything, later ones with what has changed."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime import tracking
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.storage.queries import logs
from fauxtune.storage.writes import noted
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.graph import ABSENT, TENANT, advance_clock, create, error_code, id_of_group, id_of_user
from tests.surfaces.graph.conftest import Enroll

pytestmark = pytest.mark.both_in_soak

Json = dict[str, Any]
USER: Json = {
    "displayName": "Dora",
    "userPrincipalName": "dora@contoso.example",
    "mailNickname": "dora",
    "accountEnabled": True,
    "passwordProfile": {"password": "Fauxtune1!"},
}


async def round_of(graph: httpx.AsyncClient, link: str, **headers: str) -> tuple[list[Json], str]:
    """Read all pages of a round; what came, and the link of the next round."""
    values: list[Json] = []
    while True:
        answer = await graph.get(link, headers=headers)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        values += page["value"]
        if "@odata.deltaLink" in page:
            assert "@odata.nextLink" not in page
            return values, page["@odata.deltaLink"]
        link = page["@odata.nextLink"]


def _by_id(values: list[Json]) -> dict[str, Json]:
    return {value["id"]: value for value in values}


async def test_users_come_once_and_then_what_changes_of_them(beta: httpx.AsyncClient) -> None:
    first, link = await round_of(beta, "/users/delta")
    assert len(first) == len((await beta.get("/users")).json()["value"])
    alice = next(user for user in first if user["userPrincipalName"].startswith("alice"))
    assert "jobTitle" not in alice, "what was never set is left out"
    assert "$deltatoken=" in link
    assert (await round_of(beta, link))[0] == []

    dora = await create(beta, "/users", **USER)
    assert (await beta.patch(f"/users/{alice['id']}", json={"jobTitle": "Chief"})).status_code == 204
    changed, later = await round_of(beta, link)
    assert {value["userPrincipalName"] for value in changed} == {"dora@contoso.example", "alice@contoso.example"}
    assert _by_id(changed)[alice["id"]]["jobTitle"] == "Chief"
    assert (await beta.delete(f"/users/{dora['id']}")).status_code == 204
    assert (await round_of(beta, later))[0] == [{"id": dora["id"], "@removed": {"reason": "deleted"}}]
    assert {"id": dora["id"], "@removed": {"reason": "deleted"}} in (await round_of(beta, link))[0], "a link stays good"


async def test_a_first_round_has_pages_of_the_preferred_size(beta: httpx.AsyncClient, v1: httpx.AsyncClient) -> None:
    for graph in (beta, v1):
        whole, _ = await round_of(graph, "/users/delta()")
        parts, _ = await round_of(graph, "/users/microsoft.graph.delta()", prefer="odata.maxpagesize=1")
        assert parts == whole
        assert len(parts) > 1


async def test_select_tracks_some_properties_and_minimal_shows_those_that_changed(beta: httpx.AsyncClient) -> None:
    alice = await id_of_user(beta, "alice")
    first, link = await round_of(beta, "/users/delta?$select=displayName,jobTitle")
    assert set(_by_id(first)[alice]) == {"id", "displayName"}
    await beta.patch(f"/users/{alice}", json={"city": "Ghent"})
    values, link = await round_of(beta, link)
    assert values == []
    await beta.patch(f"/users/{alice}", json={"jobTitle": "Chief"})
    (whole,) = (await round_of(beta, link))[0]
    assert set(whole) == {"id", "displayName", "jobTitle"}
    (minimal,) = (await round_of(beta, link, prefer="return=minimal"))[0]
    assert minimal == {"id": alice, "jobTitle": "Chief"}
    await beta.patch(f"/users/{alice}", json={"jobTitle": None})
    (emptied,) = (await round_of(beta, link, prefer="return=minimal"))[0]
    assert emptied == {"id": alice, "jobTitle": None}, "a change to null is told"
    await beta.patch(f"/users/{alice}", json={"displayName": whole["displayName"]})
    values, link = await round_of(beta, link)
    await beta.patch(f"/users/{alice}", json={"displayName": whole["displayName"]})
    assert (await round_of(beta, link))[0] == [], "a change to the value that was there is none"


async def test_members_of_groups_come_and_go(beta: httpx.AsyncClient) -> None:
    alice, bob = await id_of_user(beta, "alice"), await id_of_user(beta, "bob")
    staff = await id_of_group(beta, "All Staff")
    first, link = await round_of(beta, "/groups/delta")
    assert {"@odata.type": "#microsoft.graph.user", "id": alice} in _by_id(first)[staff]["members@delta"]
    assert (await beta.delete(f"/groups/{staff}/members/{alice}/$ref")).status_code == 204
    values, later = await round_of(beta, link)
    gone = {"@odata.type": "#microsoft.graph.user", "id": alice, "@removed": {"reason": "deleted"}}
    assert values[0]["members@delta"] == [gone]
    reference = {"@odata.id": f"https://localhost:8443/beta/directoryObjects/{alice}"}
    assert (await beta.post(f"/groups/{staff}/members/$ref", json=reference)).status_code == 204
    for since in (link, later):
        (back,) = (await round_of(beta, since))[0]
        assert back["members@delta"] == [{"@odata.type": "#microsoft.graph.user", "id": alice}]
    _, link = await round_of(beta, "/groups/delta?$select=displayName")
    _, members = await round_of(beta, "/groups/delta?$select=members")
    assert (await beta.delete(f"/users/{bob}")).status_code == 204
    assert (await round_of(beta, link))[0] == []
    (left,) = [value for value in (await round_of(beta, members))[0] if value["id"] == staff]
    assert left == {"id": staff, "members@delta": [gone | {"id": bob}]}


async def test_devices_change_with_their_directory_properties_and_not_with_check_ins(
    beta: httpx.AsyncClient, enroll: Enroll, emulator: Emulator, tenant: Tenant
) -> None:
    _, link = await round_of(beta, "/devices/delta")
    phone = await enroll("alice")
    (added,), link = await round_of(beta, link)
    await phone.settle()
    known = await emulator.runner.read(logs.tracking, tenant.id)
    for _ in range(3):
        await phone.check_in()
    assert await emulator.runner.read(logs.tracking, tenant.id) == known
    assert (await round_of(beta, link))[0] == []
    assert (await beta.patch(f"/devices/{added['id']}", json={"displayName": "Phone"})).status_code == 204
    (renamed,) = (await round_of(beta, link))[0]
    assert (renamed["id"], renamed["displayName"]) == (added["id"], "Phone")


async def test_a_filter_follows_some_objects(beta: httpx.AsyncClient) -> None:
    alice, bob = await id_of_user(beta, "alice"), await id_of_user(beta, "bob")
    first, link = await round_of(beta, f"/users/delta?$filter=id eq '{alice.upper()}' or id eq '{ABSENT}'")
    assert [value["id"] for value in first] == [alice]
    for user in (alice, bob):
        await beta.patch(f"/users/{user}", json={"city": "Ghent"})
    assert [value["id"] for value in (await round_of(beta, link))[0]] == [alice]
    (device_link,) = [(await round_of(beta, f"/devices/delta?$filter=id eq '{ABSENT}'"))[1]]
    assert (await round_of(beta, device_link))[0] == []


async def test_the_newest_token_alone_can_be_had(beta: httpx.AsyncClient) -> None:
    values, link = await round_of(beta, "/users/delta?$deltaToken=latest&$select=jobTitle")
    assert values == []
    alice = await id_of_user(beta, "alice")
    await beta.patch(f"/users/{alice}", json={"jobTitle": "Chief"})
    assert (await round_of(beta, link))[0] == [{"id": alice, "jobTitle": "Chief"}]


@pytest.mark.parametrize(
    "options",
    [
        "$expand=memberOf",
        "$orderby=displayName",
        "$top=5",
        "$count=true",
        "$filter=displayName eq 'Alice'",
        "$filter=id ne 'x'",
        "$select=colour",
        "$deltatoken=abc",
        "$skiptoken=abc",
        "$skiptoken=17",
    ],
)
async def test_what_delta_queries_do_not_support_is_refused(beta: httpx.AsyncClient, options: str) -> None:
    answer = await beta.get(f"/users/delta?{options}")
    assert answer.status_code == 400, answer.text


async def test_a_token_is_good_for_its_own_collection(beta: httpx.AsyncClient) -> None:
    _, link = await round_of(beta, "/users/delta")
    token = link.partition("$deltatoken=")[2]
    assert (await beta.get(f"/groups/delta?$deltatoken={token}")).status_code == 400
    refused = await beta.get(f"/users?$deltatoken={token}")
    assert (refused.status_code, "not supported" in refused.text) == (400, True)


async def _is_gone(graph: httpx.AsyncClient, link: str) -> bool:
    answer = await graph.get(link)
    if answer.status_code != 410:
        return False
    assert error_code(answer) == "resyncRequired"
    values, _ = await round_of(graph, answer.headers["location"])
    return len(values) > 1


@ON_BOTH_DATABASES
async def test_a_client_begins_again_after_seven_days_after_a_cut_and_after_another_state(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, link = await round_of(beta, "/users/delta")
    await advance_clock(http, "P6DT23H")
    assert not await _is_gone(beta, link)
    await advance_clock(http, "PT2H")
    assert await _is_gone(beta, link)

    monkeypatch.setattr(tracking, "MOST_CHANGES", 2)
    monkeypatch.setattr(tracking, "_CUT_EVERY", 1)
    alice = await id_of_user(beta, "alice")
    _, link = await round_of(beta, "/users/delta")
    for city in ("Ghent", "Bruges"):
        await beta.patch(f"/users/{alice}", json={"city": city})
    assert not await _is_gone(beta, link)
    await beta.patch(f"/users/{alice}", json={"city": "Lille"})
    assert await _is_gone(beta, link)

    _, link = await round_of(beta, "/users/delta")
    assert (await http.post(f"{TENANT}/reset")).status_code in {200, 204}
    assert await _is_gone(beta, link)


async def test_nothing_is_written_for_tenants_whose_changes_nobody_asks_for(
    beta: httpx.AsyncClient, emulator: Emulator, tenant: Tenant
) -> None:
    await create(beta, "/users", **USER)
    assert await emulator.runner.read(logs.tracking, tenant.id) is None
    assert await emulator.runner.read(logs.changes_after, tenant.id, kind="user", after=0, limit=9) == []
    assert await emulator.runner.read(noted) == []
