"""The host of simulated devices: orders and answers as lines, in pipes, against a small service."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from fauxtune_sim.hosting import host
from fauxtune_sim.hosting.pool import DevicePool, PoolFolders

if TYPE_CHECKING:
    from tests.simulator.conftest import Service

Json = dict[str, Any]
TENANT = "contoso"


class Orders:
    """What sends orders to a host and reads its answers."""

    def __init__(self, orders: int, answers: int) -> None:
        self._orders = os.fdopen(orders, "wb", buffering=0)
        self._answers = os.fdopen(answers, "rb")
        self._number = 0

    async def line(self, line: bytes) -> Json:
        """Send one line, and return the next answer."""
        self._orders.write(line + b"\n")
        answer: Json = orjson.loads(await asyncio.to_thread(self._answers.readline))
        return answer

    async def order(self, do: str, **members: Any) -> Any:
        """Give an order; the result, or the error's code and message."""
        self._number += 1
        answer = await self.line(orjson.dumps({"id": self._number, "do": do, "tenant": TENANT, **members}))
        assert answer["id"] == self._number
        return answer["result"] if "result" in answer else (answer["error"]["code"], answer["error"]["message"])

    async def enroll(self, **members: Any) -> Any:
        """Order a device."""
        return await self.order("enroll", **{"token": "good", "kind": "android/work-profile", "facts": {}, **members})

    def end(self) -> None:
        """Close the input, as a server that ends does."""
        self._orders.close()

    def close(self) -> None:
        """Close both ends."""
        self.end()
        self._answers.close()


@asynccontextmanager
async def hosting(service: Service, folder: Path | None = None) -> AsyncIterator[Orders]:
    """A host until the block ends; it has ended by itself then."""
    folders = None if folder is None else PoolFolders(folder)
    pool = DevicePool(service.url, ca=None, keys=1, folders=folders)
    pool.load()
    (orders_in, orders_out), (answers_in, answers_out) = os.pipe(), os.pipe()
    orders = Orders(orders_out, answers_in)
    with os.fdopen(orders_in, "rb") as read, os.fdopen(answers_out, "wb") as written:
        serving = asyncio.create_task(host.serve(pool, orders=read, answers=written))
        try:
            yield orders
        finally:
            orders.end()
            await asyncio.wait_for(serving, 20)
            orders.close()
    assert pool.size == 0


async def test_a_device_is_enrolled_and_does_what_it_is_ordered(service: Service) -> None:
    async with hosting(service) as orders:
        assert await orders.order("devices") == []
        device = await orders.enroll(name="Phone", facts={"isEncrypted": False})
        assert (device["name"], device["platform"], device["mode"]) == ("Phone", "android", "work-profile")
        assert (device["isOnline"], device["refuses"], device["ended"]) == (True, {}, None)
        assert await orders.order("devices") == [device]
        served = service.devices[device["enrollment"]]
        before = len(served.reports)
        assert await orders.order("check-in", name="Phone") is None
        assert len(served.reports) == before + 1
        assert await orders.order("report", name="Phone", facts={"isEncrypted": True}) is None
        assert await orders.order("refuse", name="Phone", item="imported", code=1000) is None
        assert (await orders.order("devices"))[0]["refuses"] == {"imported": 1000}
        assert await orders.order("accept", name="Phone", item=None) is None
        assert (await orders.order("devices"))[0]["refuses"] == {}
        assert await orders.order("keys", name="Phone") == []


async def test_a_device_off_line_does_not_check_in_until_it_is_on_line(service: Service) -> None:
    async with hosting(service) as orders:
        device = await orders.enroll(name="Phone")
        served = service.devices[device["enrollment"]]
        await orders.order("offline", name="Phone")
        assert (await orders.order("devices"))[0]["isOnline"] is False
        assert await orders.order("check-in", name="Phone") == ("Invalid", "Phone is off line")
        before = len(served.reports)
        await orders.order("online", name="Phone")
        assert (await orders.order("devices"))[0]["isOnline"] is True
        assert len(served.reports) > before
        count = len(served.reports)
        await orders.order("online", name="Phone")
        assert len(served.reports) == count, "it was on line already"


async def test_devices_without_a_name_get_different_ones_and_a_taken_name_is_refused(service: Service) -> None:
    async with hosting(service) as orders:
        names = [(await orders.enroll())["name"] for _ in range(2)]
        assert len(set(names)) == 2
        assert (await orders.enroll(name=names[0]))[0] == "Conflict"
        assert [each["name"] for each in await orders.order("devices")] == names
        code, message = await orders.order("check-in", name="Tablet")
        assert (code, message.rpartition("; ")[2]) == ("NotFound", f"there are: {names[0]}, {names[1]}")
        assert (await orders.order("check-in", tenant="fabrikam", name=names[0]))[0] == "NotFound"


async def test_more_devices_than_the_most_are_refused(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "MOST_DEVICES", 1)
    async with hosting(service) as orders:
        await orders.enroll()
        code, message = await orders.enroll()
        assert (code, message) == (
            "Invalid",
            "there are 1 simulated devices already, which is the most: delete a tenant",
        )


async def test_each_error_has_a_code_and_the_host_goes_on(service: Service) -> None:
    async with hosting(service) as orders:
        assert (await orders.enroll(token="wrong"))[0] == "Refused"
        assert (await orders.enroll(kind="toaster"))[0] == "Invalid"
        assert (await orders.enroll(facts={"isEncripted": True}))[0] == "Invalid"
        assert (await orders.order("explode"))[0] == "Broken"
        assert (await orders.line(b"{"))["error"]["code"] == "Broken"
        assert await orders.order("devices") == []
        assert (await orders.enroll(name="Phone"))["name"] == "Phone"


async def test_a_snapshot_brings_the_devices_back_and_a_damaged_one_changes_nothing(service: Service) -> None:
    async with hosting(service) as orders:
        assert await orders.order("snapshot") == ""
        device = await orders.enroll(name="Phone")
        saved = await orders.order("snapshot")
        assert (await orders.order("restore", saved=base64.b64encode(b"{}").decode()))[0] == "Invalid"
        assert await orders.order("devices") == [device]
        assert await orders.order("forget") is None
        assert await orders.order("devices") == []
        assert await orders.order("restore", saved=saved) == [device]
        assert await orders.order("check-in", name="Phone") is None


async def test_devices_in_folders_are_there_for_the_next_host(service: Service, tmp_path: Path) -> None:
    async with hosting(service, tmp_path) as orders:
        kept = await orders.enroll(name="Kept")
        await orders.enroll(name="Asleep")
        await orders.order("offline", name="Asleep")
    async with hosting(service, tmp_path) as orders:
        first, second = await orders.order("devices")
        assert (first, second["isOnline"]) == (kept, False)
        await orders.order("forget")
    assert not list(tmp_path.iterdir())
