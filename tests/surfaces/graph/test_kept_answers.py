"""What was answered is kept until something is written: for whom it was made, and never a moment longer."""

from __future__ import annotations

import asyncio

import httpx

from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.kept_answers import AnswerCache
from fauxtune.server.factory import Application
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.graph import DEVICES, PROFILES, TENANT, create, documents, error_message
from tests.surfaces.conftest import ORIGIN
from tests.surfaces.graph.conftest import Enroll

USERS = "/users?$select=id,displayName"
CATEGORIES = "/deviceManagement/deviceCategories"


async def _token(http: httpx.AsyncClient, name: str, *, tenant: str = "contoso", client_id: str = "") -> dict[str, str]:
    form = {
        "grant_type": "password",
        "client_id": client_id or "c0ffee00-0000-4000-8000-00000000a991",
        "scope": "https://graph.microsoft.com/.default",
        "username": f"{name}@{tenant}.example",
        "password": "Fauxtune1!",
    }
    answer = await http.post(f"/{tenant}/oauth2/v2.0/token", data=form)
    assert answer.status_code == 200, answer.text
    return {"authorization": f"Bearer {answer.json()['access_token']}"}


@ON_BOTH_DATABASES
async def test_no_answer_is_given_to_somebody_else(http: httpx.AsyncClient, app: Application) -> None:
    made_tenant = (await http.post("/_fauxtune/v1/tenants", json={"name": "fabrikam"})).json()
    alice, bob = await _token(http, "alice"), await _token(http, "bob")
    other = await _token(http, "alice", tenant="fabrikam", client_id=made_tenant["clientId"])
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://graph.microsoft.com") as elsewhere:
        for _ in range(2):  # the second time from what was kept
            names = [
                (await http.get("/beta/me?$select=userPrincipalName", headers=who)).json()["userPrincipalName"]
                for who in (alice, bob, other)
            ]
            assert names == ["alice@contoso.example", "bob@contoso.example", "alice@fabrikam.example"]
            contexts = [
                (await client.get(f"/{version}/users?$select=id", headers=alice)).json()["@odata.context"]
                for client in (http, elsewhere)
                for version in ("v1.0", "beta")
            ]
            assert [context.partition("/$metadata")[0] for context in contexts] == [
                f"{ORIGIN}/v1.0",
                f"{ORIGIN}/beta",
                "https://graph.microsoft.com/v1.0",
                "https://graph.microsoft.com/beta",
            ]
            called = {**alice, "host": "gateway.example"}
            document = (await http.get("/v1.0/users?$select=id", headers=called)).json()
            assert document["@odata.context"].startswith("https://gateway.example/")
            sizes = [
                len((await http.get("/v1.0/users?$select=id", headers={**alice, **prefer})).json()["value"])
                for prefer in ({}, {"prefer": "odata.maxpagesize=1"})
            ]
            assert sizes == [3, 1]


@ON_BOTH_DATABASES
async def test_a_kept_answer_needs_a_token_that_is_good_and_may(
    http: httpx.AsyncClient, beta: httpx.AsyncClient
) -> None:
    made_one = await http.post(f"{TENANT}/applications", json={"roles": ["Group.Read.All"]})
    form = {
        "grant_type": "client_credentials",
        "client_id": made_one.json()["clientId"],
        "client_secret": made_one.json()["secret"],
        "scope": "https://graph.microsoft.com/.default",
    }
    token = (await http.post("/contoso/oauth2/v2.0/token", data=form)).json()["access_token"]
    may_little = {"authorization": f"Bearer {token}"}
    assert (await beta.get(USERS)).status_code == 200
    assert (await http.get(f"/beta{USERS}", headers=may_little)).status_code == 403
    assert (await http.get(f"/beta{USERS}")).status_code == 401
    assert (await http.get("/beta/groups", headers=may_little)).status_code == 200
    await http.delete(f"{TENANT}/applications/{form['client_id']}")
    assert (await http.get("/beta/groups", headers=may_little)).status_code == 401


@ON_BOTH_DATABASES
async def test_every_door_is_seen_at_once(
    http: httpx.AsyncClient, beta: httpx.AsyncClient, enroll: Enroll, emulator: Emulator
) -> None:
    assert await documents(beta, DEVICES) == []
    phone = await enroll("alice", mode="fully-managed")
    assert [document["id"] for document in await documents(beta, DEVICES)] == [phone.managed_device_id]
    before = (await beta.get(f"{DEVICES}/{phone.managed_device_id}")).json()["lastSyncDateTime"]
    answer = await http.post(f"{TENANT}/clock/advance", json={"by": "PT1H"})
    assert answer.status_code == 200, answer.text
    await phone.check_in()  # a quiet check-in
    assert (await beta.get(f"{DEVICES}/{phone.managed_device_id}")).json()["lastSyncDateTime"] > before
    orders = f"{DEVICES}/{phone.managed_device_id}?$select=id,deviceActionResults"
    assert (await beta.get(orders)).json()["deviceActionResults"] == []
    await beta.post(f"{DEVICES}/{phone.managed_device_id}/resetPasscode")
    assert [
        device_action_result["actionState"]
        for device_action_result in (await beta.get(orders)).json()["deviceActionResults"]
    ] == ["pending"]
    await phone.obey()
    assert [
        device_action_result["actionState"]
        for device_action_result in (await beta.get(orders)).json()["deviceActionResults"]
    ] == ["done"]
    connectors = "/deviceManagement/ndesConnectors"
    (connector,) = await documents(beta, connectors)
    await http.patch(f"{TENANT}/connectors/{connector['id']}", json={"state": "offline"})
    assert [document["state"] for document in await documents(beta, connectors)] != [connector["state"]]
    second = await http.post(f"{TENANT}/connectors", json={"name": "Second", "roles": ["pkcs"]})
    assert second.status_code == 201, second.text
    assert len(await documents(beta, connectors)) == 2


@ON_BOTH_DATABASES
async def test_what_a_switch_changes_is_never_kept_from_before(
    http: httpx.AsyncClient, beta: httpx.AsyncClient
) -> None:
    """Readers that never stop, while a tenant is switched to and fro."""
    path = "/users?$filter=displayName ne 'x'&$select=displayName"
    stop = False

    async def read() -> None:
        while not stop:
            await beta.get(path)
            await asyncio.sleep(0)

    readers = [asyncio.create_task(read()) for _ in range(4)]
    for number in range(12):
        faithful = number % 2 == 0
        changed = await http.patch(TENANT, json={"settings": {"graph.faithfulQuery": faithful}})
        assert changed.status_code == 200
        for _ in range(3):
            answer = await beta.get(path)
            assert answer.status_code == (400 if faithful else 200), (number, answer.text)
    stop = True
    await asyncio.gather(*readers)


@ON_BOTH_DATABASES
async def test_a_writer_reads_what_it_wrote_among_many(beta: httpx.AsyncClient) -> None:
    """Own writes are seen at once, whoever else reads and writes (on PostgreSQL in threads)."""

    async def write_and_read(name: str) -> None:
        for number in range(6):
            category = await create(beta, CATEGORIES, displayName=f"{name} {number}")
            assert category["id"] in {document["id"] for document in await documents(beta, CATEGORIES)}
            await beta.patch(f"{CATEGORIES}/{category['id']}", json={"displayName": f"{name} {number} again"})
            document = (await beta.get(f"{CATEGORIES}/{category['id']}")).json()
            assert document["displayName"] == f"{name} {number} again"
            assert (await beta.delete(f"{CATEGORIES}/{category['id']}")).status_code == 204
            assert (await beta.get(f"{CATEGORIES}/{category['id']}")).status_code == 404
            assert category["id"] not in {document["id"] for document in await documents(beta, CATEGORIES)}

    await asyncio.gather(*(write_and_read(f"Writer {number}") for number in range(6)))
    assert await documents(beta, CATEGORIES) == []


@ON_BOTH_DATABASES
async def test_a_refusal_is_not_kept_and_a_rolled_back_write_forgets_nothing(
    beta: httpx.AsyncClient, emulator: Emulator
) -> None:
    missing = await beta.get(f"{PROFILES}/00000000-0000-4000-8000-000000000000")
    assert missing.status_code == 404
    state = emulator.runner.database.state
    answer = await beta.post(PROFILES, json={"@odata.type": "#microsoft.graph.nothing", "displayName": "P"})
    assert answer.status_code == 400, error_message(answer)
    assert emulator.runner.database.state is state


def test_many_long_questions_do_not_fill_the_memory(emulator: Emulator) -> None:
    kept = AnswerCache(emulator.runner.database)
    state = emulator.runner.database.state
    for number in range(1000):
        kept.put((f"{number}", "x" * 60_000), b"{}", state=state)
    there = [number for number in range(1000) if kept.get((f"{number}", "x" * 60_000)) is not None]
    assert 0 < len(there) < 300
