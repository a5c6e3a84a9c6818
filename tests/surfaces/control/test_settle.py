"""Settling: connected devices are pushed until they are at rest; the others are named, with the reason."""

from __future__ import annotations

import asyncio
import time

import httpx
import pytest

from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.checkin import waiting_until_settled
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.storage.queries import devices as queries
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.control import Json, only_connector
from tests.support.devices.android import AndroidOverHttp, Policy
from tests.surfaces.control.conftest import Assign, Enroll

pytestmark = pytest.mark.both_in_soak


async def _settle(contoso: httpx.AsyncClient, *, timeout: float = 20) -> Json:
    answer = await contoso.post("/settle", json={"timeout": timeout})
    assert answer.status_code == 200, answer.text
    document: Json = answer.json()
    return document


async def _states(contoso: httpx.AsyncClient, phone: AndroidOverHttp) -> set[str]:
    items = (await contoso.get(f"/devices/{phone.enrollment_id}/ledger")).json()["items"]
    return {f"{item['source']} {item['state']}" for item in items}


async def _why(contoso: httpx.AsyncClient, phone: AndroidOverHttp, *, timeout: float = 20) -> str:
    answer = await _settle(contoso, timeout=timeout)
    (waiting,) = answer["waiting"]
    assert (waiting["device"], answer["settled"]) == (phone.enrollment_id, [])
    assert waiting["name"] == "alice_AndroidForWork"
    return str(waiting["why"])


async def _order(emulator: Emulator, tenant: Tenant, phone: AndroidOverHttp) -> None:
    record = await emulator.runner.read(queries.managed_device_of, phone.enrollment_id)
    assert record is not None
    await emulator.runner.run(tenant, device_actions.retire, record.id)


async def test_without_devices_there_is_nothing_to_wait_for(contoso: httpx.AsyncClient) -> None:
    assert await _settle(contoso) == {"settled": [], "waiting": []}
    assert (await contoso.post("/settle")).json() == {"settled": [], "waiting": []}


async def test_connected_devices_are_at_rest_when_it_answers(
    contoso: httpx.AsyncClient, enroll: Enroll, assign: Assign
) -> None:
    phones = [await enroll(contoso, user) for user in ("alice", "bob")]
    async with phones[0].connected(), phones[1].connected():
        await _settle(contoso)
        await assign("root")
        await assign("pkcs")
        answer = await _settle(contoso)
        assert answer == {"settled": sorted(phone.enrollment_id for phone in phones), "waiting": []}
        for phone in phones:
            assert await _states(contoso, phone) == {"root installed", "pkcs installed"}


async def test_devices_at_rest_are_left_alone(contoso: httpx.AsyncClient, enroll: Enroll) -> None:
    phone = await enroll(contoso)
    await phone.settle()
    before = (await contoso.get(f"/devices/{phone.enrollment_id}")).json()
    assert before["settled"] is True
    assert await _settle(contoso) == {"settled": [phone.enrollment_id], "waiting": []}
    assert (await contoso.get(f"/devices/{phone.enrollment_id}")).json() == before


async def test_a_device_that_is_not_connected_is_not_waited_for(contoso: httpx.AsyncClient, enroll: Enroll) -> None:
    phone = await enroll(contoso)
    assert "not connected to the push channel" in await _why(contoso, phone, timeout=8)


async def test_time_in_which_the_server_stood_still_is_not_held_against_a_device(
    contoso: httpx.AsyncClient, enroll: Enroll, assign: Assign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting_until_settled, "_ABSENT", 0.3)
    monkeypatch.setattr(waiting_until_settled, "_AWAY", 0.3)
    phone = await enroll(contoso)
    await assign("root")
    fetch = AndroidOverHttp.fetch_policy

    async def fetch_while_all_stands_still(self: AndroidOverHttp, version: int) -> Policy:
        await asyncio.sleep(0.1)  # so that the devices are looked at once
        time.sleep(0.8)  # as if the machine had given this process no time
        await asyncio.sleep(0.1)  # so that they are looked at again before anything has happened
        return await fetch(self, version)

    monkeypatch.setattr(AndroidOverHttp, "fetch_policy", fetch_while_all_stands_still)
    async with phone.connected():
        assert await _settle(contoso) == {"settled": [phone.enrollment_id], "waiting": []}


async def test_a_connector_that_is_away_is_not_waited_for(
    contoso: httpx.AsyncClient, enroll: Enroll, assign: Assign
) -> None:
    phone = await enroll(contoso)
    away = await only_connector(contoso)
    await contoso.patch(f"/connectors/{away['id']}", json={"state": "offline"})
    await assign("root")
    await assign("pkcs")
    async with phone.connected():
        why = await _why(contoso, phone)
        assert f"'pkcs' waits for the connector '{away['name']}', which is off line" in why
        assert "not connected" not in why
        await contoso.patch(f"/connectors/{away['id']}", json={"state": "online"})
        assert await _settle(contoso) == {"settled": [phone.enrollment_id], "waiting": []}


async def test_a_polling_connector_is_not_waited_for_on_a_frozen_clock(
    contoso: httpx.AsyncClient, enroll: Enroll, assign: Assign
) -> None:
    await contoso.put("/clock", json={"mode": "frozen"})
    await contoso.patch(f"/connectors/{(await only_connector(contoso))['id']}", json={"mode": "polling"})
    phone = await enroll(contoso)
    await assign("root")
    await assign("pkcs")
    async with phone.connected():
        why = await _why(contoso, phone)
        assert "it looks again at 2026-11-24T10:00:30.0000000Z, and the tenant's clock is frozen" in why
        answer = (await contoso.post("/clock/advance", json={"by": "PT1M", "settle": True, "timeout": 60})).json()
        assert (answer["settled"], answer["waiting"]) == ([phone.enrollment_id], [])
        assert await _states(contoso, phone) == {"root installed", "pkcs installed"}


async def test_advancing_the_clock_renews_what_is_due(
    contoso: httpx.AsyncClient, enroll: Enroll, assign: Assign
) -> None:
    phone = await enroll(contoso)
    await assign("root")
    await assign("pkcs")
    async with phone.connected():
        await _settle(contoso)
        (before,) = (await contoso.get("/certificates")).json()["value"]
        answer = (await contoso.post("/clock/advance", json={"by": "P350D", "settle": True, "timeout": 60})).json()
        assert answer["waiting"] == []
        after = (await contoso.get("/certificates")).json()["value"]
    assert len(after) == 2
    assert after[1]["serial"] == before["serial"]
    assert [entry["settled"] for entry in (await contoso.get("/devices")).json()["value"]] == [True]


async def test_a_failed_item_is_at_rest(contoso: httpx.AsyncClient, enroll: Enroll, assign: Assign) -> None:
    phone = await enroll(contoso)
    await assign("pkcs")  # no root is assigned: that is an error, and heals by itself
    async with phone.connected():
        assert await _settle(contoso) == {"settled": [phone.enrollment_id], "waiting": []}
        assert await _states(contoso, phone) == {"pkcs failed"}


async def test_a_device_that_ends_meanwhile_is_at_rest(
    contoso: httpx.AsyncClient, enroll: Enroll, emulator: Emulator, tenant: Tenant
) -> None:
    phone = await enroll(contoso)
    async with phone.connected():
        await _settle(contoso)
        await _order(emulator, tenant, phone)
        assert await _settle(contoso) == {"settled": [phone.enrollment_id], "waiting": []}
    assert (await contoso.get(f"/devices/{phone.enrollment_id}")).json()["state"] == "ended"


async def test_an_end_that_the_device_does_not_confirm_is_named(
    contoso: httpx.AsyncClient, enroll: Enroll, emulator: Emulator, tenant: Tenant
) -> None:
    phone = await enroll(contoso)
    phone.obeys = False
    await phone.settle()
    await _order(emulator, tenant, phone)
    assert "it is ending: the device has not confirmed the retire" in await _why(contoso, phone)


async def test_settling_ends_when_its_time_is_over(
    contoso: httpx.AsyncClient, enroll: Enroll, emulator: Emulator, tenant: Tenant
) -> None:
    phone = await enroll(contoso)
    phone.obeys = False
    async with phone.connected():
        await _settle(contoso)
        await _order(emulator, tenant, phone)
        # It is connected and could confirm at any moment.
        assert "has not confirmed" in await _why(contoso, phone, timeout=0.3)


@ON_BOTH_DATABASES
async def test_an_end_that_the_device_refused_is_not_waited_for(
    contoso: httpx.AsyncClient, enroll: Enroll, emulator: Emulator, tenant: Tenant
) -> None:
    phone = await enroll(contoso)
    phone.obeys = False
    async with phone.connected():
        await _settle(contoso)
        await _order(emulator, tenant, phone)
        (order,) = (await phone.call("GET", "/operations:pull")).json()["operations"]
        tail = order["name"].removeprefix(phone.name)
        refusal = {"done": True, "error": {"code": 13, "message": "the battery is empty"}}
        assert (await phone.call("POST", f"{tail}:complete", body=refusal)).status_code == 200
        assert "the device could not carry out the retire" in await _why(contoso, phone, timeout=8)


async def test_settling_a_tenant_that_goes_ends(fabrikam: httpx.AsyncClient, enroll: Enroll) -> None:
    phone = await enroll(fabrikam)
    phone.obeys = False
    settling = asyncio.create_task(fabrikam.post("/settle", json={"timeout": 600}))
    await asyncio.sleep(0.05)
    assert (await fabrikam.delete(str(fabrikam.base_url).rstrip("/"))).status_code == 204
    assert (await settling).status_code in (200, 404)
