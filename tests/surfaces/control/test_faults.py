"""The faults of a tenant: added, listed, changed, deleted; what they did; and that tenants do not touch each other."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from fauxtune.core.faults.reading import MOST_RULES
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.server.bootstrap import Environment, assemble
from fauxtune.server.system import SystemIds
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.control import ABSENT, Json, create, error_code, members
from tests.support.faults import MARK
from tests.support.statements import statements
from tests.surfaces.conftest import token_of_application
from tests.surfaces.control.conftest import Enroll

USERS = {"match": {"surface": "graph", "path": "/users"}, "effect": {"status": 503}}


async def test_a_fault_is_added_listed_changed_and_deleted(contoso: httpx.AsyncClient) -> None:
    fault = await create(contoso, "/faults", **USERS, when={"next": 2}, name="Down twice")
    assert fault == {
        "id": fault["id"],
        "name": "Down twice",
        "match": {"surface": "graph", "path": "/users"},
        "when": {"next": 2},
        "effect": {"status": 503},
        "enabled": True,
        "matched": 0,
        "hits": 0,
        "fired": False,
        "nearest": None,
        "lastHitDateTime": None,
        "createdDateTime": "2026-11-24T10:00:00.0000000Z",
        "warnings": [],
    }
    other = await create(contoso, "/faults", effect={"latency": 0.5})
    assert await members(contoso, "/faults") == [fault, other]
    changed = await contoso.patch(f"/faults/{fault['id']}", json={"enabled": False, "name": None})
    assert changed.json() == {**fault, "enabled": False, "name": None}
    assert (await contoso.delete(f"/faults/{fault['id']}")).status_code == 204
    assert (await contoso.get(f"/faults/{fault['id']}")).status_code == 404
    assert (await contoso.delete("/faults")).status_code == 204
    assert await members(contoso, "/faults") == []


@ON_BOTH_DATABASES
async def test_hits_are_counted_journalled_and_on_the_wire(contoso: httpx.AsyncClient, http: httpx.AsyncClient) -> None:
    token = await token_of_application(http)
    fault = await create(contoso, "/faults", **USERS, when={"every": 2})
    for _ in range(4):
        await http.get("/beta/users", headers={"authorization": f"Bearer {token}"})
    after = (await contoso.get(f"/faults/{fault['id']}")).json()
    assert (after["matched"], after["hits"], after["fired"]) == (4, 2, True)
    assert after["lastHitDateTime"] == "2026-11-24T10:00:00.0000000Z"
    events = [event for event in (await contoso.get("/journal")).json()["events"] if event["type"] == "faultHit"]
    assert [event["detail"]["fault"] for event in events] == [fault["id"]] * 2
    assert events[0]["detail"]["effect"] == "503"
    assert events[0]["detail"]["path"] == "/users"
    exchanges = (await contoso.get("/wire?surface=graph&status=503")).json()["exchanges"]
    assert len(exchanges) == 2
    assert fault["id"] in exchanges[0]["refusal"]
    whole = (await contoso.get(f"/wire/{exchanges[0]['number']}")).json()
    assert {"name": MARK, "value": fault["id"]} in whole["response"]["headers"]


async def test_a_fault_of_one_tenant_never_touches_another(
    contoso: httpx.AsyncClient, fabrikam: httpx.AsyncClient, http: httpx.AsyncClient
) -> None:
    token = await token_of_application(http)
    fault = await create(fabrikam, "/faults", effect={"status": 500})
    answer = await http.get("/beta/users", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    assert MARK not in answer.headers
    assert await members(contoso, "/faults") == []
    for call in (contoso.get, contoso.delete):
        assert error_code(await call(f"/faults/{fault['id']}")) == "NotFound"
    assert error_code(await contoso.patch(f"/faults/{fault['id']}", json={"enabled": False})) == "NotFound"
    await contoso.delete("/faults")
    assert await members(fabrikam, "/faults") == [fault]


async def test_the_faults_of_a_deleted_tenant_are_gone(
    control: httpx.AsyncClient, fabrikam: httpx.AsyncClient, emulator: Emulator
) -> None:
    await create(fabrikam, "/faults", **USERS)
    are_on = [emulator.faults.is_on]
    assert (await control.delete("/tenants/fabrikam")).status_code == 204
    are_on.append(emulator.faults.is_on)
    assert are_on == [True, False]
    await control.post("/tenants", json={"name": "fabrikam"})
    assert await members(fabrikam, "/faults") == []


async def test_faults_and_their_counters_outlive_a_restart(
    contoso: httpx.AsyncClient, http: httpx.AsyncClient, emulator: Emulator, seeded: tuple[str, object]
) -> None:
    token = await token_of_application(http)
    headers = {"authorization": f"Bearer {token}"}
    await create(contoso, "/faults", **USERS, when={"nth": 2})
    assert (await http.get("/beta/users", headers=headers)).status_code == 200
    around = Environment(clock=emulator.runner.clock, ids=SystemIds(), addresses=emulator.addresses)
    folder = seeded[1]
    again = await asyncio.to_thread(
        assemble,
        emulator.runner.database,
        folder,  # type: ignore[arg-type]
        around=around,
        key_source=emulator.key_source,
    )
    tenant = await again.runner.tenant("contoso")
    rules = again.faults.of(tenant.id)
    assert rules is not None
    assert [live.matched for live in rules.rules] == [1]
    emulator.faults.load([live.row for live in rules.rules])
    assert (await http.get("/beta/users", headers=headers)).status_code == 503


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"effect": {"kind": "explode"}}, '{"kind": "connectionReset"}'),
        ({}, "effect is missing"),
        (
            {"effect": {"status": 500}, "when": {"window": {"from": "2026-02-01T00:00:00Z", "to": "2026-01-01"}}},
            "ends before",
        ),
        ({"effect": {"status": 500}, "when": {"probability": 2}}, "from 0 to 1"),
        ({"effect": {"status": 500}, "match": {"path": "/x" * 4000}}, "4,096 characters"),
        ({"effect": {"status": 500}, "other": 1}, "other: there is no such member"),
        ({"effect": {"status": 500}, "enabled": "yes"}, "enabled"),
    ],
)
async def test_a_fault_that_cannot_be_used_is_refused_and_nothing_is_added(
    contoso: httpx.AsyncClient, body: Json, word: str
) -> None:
    answer = await contoso.post("/faults", json=body)
    assert (answer.status_code, error_code(answer)) == (400, "Invalid")
    assert word in answer.json()["error"]["message"]
    assert await members(contoso, "/faults") == []


async def test_a_change_that_cannot_be_used_changes_nothing(contoso: httpx.AsyncClient) -> None:
    fault = await create(contoso, "/faults", **USERS)
    for changes in ({"effect": None}, {"effect": {"status": 418}}, {"enabled": None}, {"when": {"nth": 0}}):
        assert (await contoso.patch(f"/faults/{fault['id']}", json=changes)).status_code == 400
    assert await members(contoso, "/faults") == [fault]
    assert (await contoso.patch(f"/faults/{ABSENT}", json={"enabled": True})).status_code == 404


async def test_a_changed_fault_counts_from_the_beginning(contoso: httpx.AsyncClient, http: httpx.AsyncClient) -> None:
    headers = {"authorization": f"Bearer {await token_of_application(http)}"}
    fault = await create(contoso, "/faults", **USERS, when={"nth": 1})
    statuses = [(await http.get("/beta/users", headers=headers)).status_code for _ in range(2)]
    await contoso.patch(f"/faults/{fault['id']}", json={"enabled": False})
    statuses.append((await http.get("/beta/users", headers=headers)).status_code)
    assert (await contoso.patch(f"/faults/{fault['id']}", json={"enabled": True})).json()["matched"] == 2
    changed = await contoso.patch(f"/faults/{fault['id']}", json={"effect": {"status": 500}})
    assert (changed.json()["matched"], changed.json()["fired"]) == (0, False)
    statuses.append((await http.get("/beta/users", headers=headers)).status_code)
    assert statuses == [503, 200, 200, 500]


async def test_there_are_so_many_faults_and_no_more(contoso: httpx.AsyncClient) -> None:
    for _ in range(MOST_RULES // len((await contoso.post("/faults/sets", json={"set": "chaos"})).json()["value"])):
        answer = await contoso.post("/faults/sets", json={"set": "chaos", "seed": 2})
        if answer.status_code != 201:
            break
    count = len(await members(contoso, "/faults"))
    while count < MOST_RULES:
        await create(contoso, "/faults", **USERS)
        count += 1
    answer = await contoso.post("/faults", json=USERS)
    assert (answer.status_code, error_code(answer)) == (409, "Conflict")
    assert f"at most {MOST_RULES} faults" in answer.json()["error"]["message"]
    assert len(await members(contoso, "/faults")) == MOST_RULES


async def test_a_fault_that_can_never_strike_is_added_and_the_answer_says_so(contoso: httpx.AsyncClient) -> None:
    fault = await create(contoso, "/faults", match={"path": "/v1.0/device"}, effect={"status": 500})
    assert fault["match"] == {"path": "/device"}
    assert "nothing is served at /device" in fault["warnings"][0]
    served = await create(contoso, "/faults", match={"path": "/users/{id}/memberOf"}, effect={"status": 500})
    assert served["warnings"] == []


async def test_a_ready_made_set_is_the_same_for_the_same_seed(contoso: httpx.AsyncClient) -> None:
    def documents(rules: list[Json]) -> list[tuple[Json, ...]]:
        return [(rule["match"], rule["when"], rule["effect"]) for rule in rules]

    chaos = [
        (await contoso.post("/faults/sets", json={"set": "chaos", "seed": seed})).json()["value"] for seed in (3, 3, 4)
    ]
    assert documents(chaos[0]) == documents(chaos[1]) != documents(chaos[2])
    realistic = await create(contoso, "/faults/sets", set="realistic")
    assert {"kind": "throttling"} in [rule["effect"] for rule in realistic["value"]]
    assert not any(rule["warnings"] for rule in realistic["value"])
    refused = await contoso.post("/faults/sets", json={"set": "calm"})
    assert refused.status_code == 400


async def test_a_restored_snapshot_has_the_faults_of_its_time(
    contoso: httpx.AsyncClient, http: httpx.AsyncClient
) -> None:
    headers = {"authorization": f"Bearer {await token_of_application(http)}"}
    fault = await create(contoso, "/faults", **USERS, when={"nth": 1})
    await create(contoso, "/snapshots", name="one fault")
    statuses = [(await http.get("/beta/users", headers=headers)).status_code for _ in range(2)]
    await create(contoso, "/faults", effect={"status": 500})
    assert (await contoso.post("/snapshots/one fault/restore")).status_code in (200, 204)
    assert await members(contoso, "/faults") == [fault]
    statuses += [(await http.get("/beta/users", headers=headers)).status_code for _ in range(2)]
    assert statuses == [503, 200, 503, 200]


async def test_a_body_that_is_nested_without_end_is_refused(contoso: httpx.AsyncClient) -> None:
    for depth in (500, 900, 5000):
        body = '{"effect": {"latency": ' + "[" * depth + "]" * depth + "}}"
        answer = await contoso.post("/faults", content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 400
    assert await members(contoso, "/faults") == []


async def test_a_quiet_check_in_stays_one_statement_whatever_goes_wrong_elsewhere(
    contoso: httpx.AsyncClient, enroll: Enroll, emulator: Emulator
) -> None:
    phone = await enroll(contoso)
    await phone.settle_completely()
    counts = []
    some: list[Json] = [USERS, {"effect": {"kind": "throttling"}}, {"effect": {"kind": "connectorOffline"}}]
    nothing: list[Json] = []
    for faults in (nothing, some):
        for fault in faults:
            await create(contoso, "/faults", **fault)
        await phone.settle_completely()
        with statements(emulator) as sent:
            await phone.check_in()
        counts.append(len(sent))
    assert counts == [1, 1]
