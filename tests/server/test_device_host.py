"""The host of simulated devices: a child process with real devices, which a crash does not take along."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from fauxtune.core.errors import Conflict, Invalid, NotFound, Unavailable
from fauxtune.core.model.ids import TenantId
from fauxtune.operations.runtime.device_host import NewDevice
from fauxtune.server.device_host import ChildDeviceHost
from tests.support.running_server import Served
from tests.support.server_here import serving_here


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with serving_here(ephemeral=True) as served:
        yield served


@pytest.fixture
def client(server: Served) -> Iterator[httpx.Client]:
    with server.signed_in() as client:
        yield client


@asynccontextmanager
async def hosting(server: Served, folder: Path | None = None, **more: float) -> AsyncIterator[ChildDeviceHost]:
    host = ChildDeviceHost(server=server.https, ca_file=server.endpoints["caFile"], folder=folder, **more)
    try:
        yield host
    finally:
        await host.close()


def tenant_of(server: Served) -> TenantId:
    return TenantId(server.endpoints["tenantId"])


def new_device(client: httpx.Client, name: str | None = None, *, platform: str = "ios") -> NewDevice:
    body = {"userPrincipalName": "alice@contoso.example"}
    answer = client.post("/_fauxtune/v1/tenants/contoso/enrollmentTokens", json=body).raise_for_status()
    return NewDevice(token=answer.json()["token"], platform=platform, name=name, user=body["userPrincipalName"])


def managed(client: httpx.Client, name: str) -> list[str]:
    rows = client.get("/beta/deviceManagement/managedDevices").raise_for_status().json()["value"]
    return [row["operatingSystem"] for row in rows if row["deviceName"] == name]


def child_of(host: ChildDeviceHost) -> int:
    assert host._process is not None
    return host._process.pid


async def test_a_hosted_device_is_an_ordinary_device_that_checks_in_by_push(
    server: Served, client: httpx.Client
) -> None:
    tenant = tenant_of(server)
    async with hosting(server) as host:
        assert await host.devices(tenant) == ()
        assert host._process is None, "nothing was started to find that there is nothing"
        device = await host.enroll(tenant, new_device(client, "Alice's iPhone"))
        assert managed(client, "Alice's iPhone") == ["iOS"]
        assert await host.devices(tenant) == (device,)
        answer = await asyncio.to_thread(client.post, "/_fauxtune/v1/tenants/contoso/settle", json={"timeout": 30})
        assert answer.json()["waiting"] == []
        await host.take_offline(tenant, "Alice's iPhone")
        with pytest.raises(Invalid, match="off line"):
            await host.check_in(tenant, "Alice's iPhone")
        await host.bring_online(tenant, "Alice's iPhone")
        await host.check_in(tenant, "Alice's iPhone")
        await host.forget(tenant)
        assert await host.devices(tenant) == ()


async def test_two_devices_of_a_tenant_have_two_names(server: Served, client: httpx.Client) -> None:
    tenant = tenant_of(server)
    async with hosting(server) as host:
        await host.enroll(tenant, new_device(client, "Tablet"))
        with pytest.raises(Conflict, match="Tablet"):
            await host.enroll(tenant, new_device(client, "Tablet"))
        with pytest.raises(NotFound, match="there are: Tablet"):
            await host.check_in(tenant, "Phone")


async def test_what_the_server_refuses_the_host_refuses_with_its_reason(server: Served) -> None:
    async with hosting(server) as host:
        with pytest.raises(Invalid, match="token"):
            await host.enroll(tenant_of(server), NewDevice(token="wrong", platform="android"))
        with pytest.raises(Invalid, match="not simulated"):
            await host.enroll(tenant_of(server), NewDevice(token="wrong", platform="toaster"))


async def test_a_crash_loses_no_device_that_has_a_folder(server: Served, client: httpx.Client, tmp_path: Path) -> None:
    tenant = tenant_of(server)
    async with hosting(server, tmp_path) as host:
        device = await host.enroll(tenant, new_device(client, "Kept"))
        off = await host.enroll(tenant, new_device(client, "Off", platform="android"))
        await host.take_offline(tenant, "Off")
        os.kill(child_of(host), signal.SIGKILL)
        await _ended(host)
        kept, still_off = await host.devices(tenant)
        assert kept == device
        assert (still_off.enrollment, still_off.is_online) == (off.enrollment, False)
        await host.check_in(tenant, "Kept")
        await host.forget(tenant)
        assert not list(tmp_path.iterdir())


async def test_after_a_crash_the_lost_devices_are_named(server: Served, client: httpx.Client) -> None:
    tenant = tenant_of(server)
    async with hosting(server) as host:
        await host.enroll(tenant, new_device(client, "Lost"))
        os.kill(child_of(host), signal.SIGKILL)
        await _ended(host)
        with pytest.raises(NotFound, match="'Lost' was lost"):
            await host.check_in(tenant, "Lost")
        await host.enroll(tenant, new_device(client, "Lost"))
        await host.check_in(tenant, "Lost")


async def test_an_order_that_takes_too_long_is_given_up(server: Served, client: httpx.Client) -> None:
    async with hosting(server) as host:
        await host.enroll(tenant_of(server), new_device(client, "Slow"))
        os.kill(child_of(host), signal.SIGSTOP)
        host._patience = 0.05
        with pytest.raises(Unavailable, match=r"within 0\.05 seconds"):
            await host.check_in(tenant_of(server), "Slow")
        os.kill(child_of(host), signal.SIGCONT)
        host._patience = 60
        await host.check_in(tenant_of(server), "Slow")


async def _ended(host: ChildDeviceHost) -> None:
    async with asyncio.timeout(20):
        while host._process is not None:
            await asyncio.sleep(0.01)


async def test_a_snapshot_brings_back_devices_with_their_keys_and_whether_they_are_connected(
    server: Served, client: httpx.Client, tmp_path: Path
) -> None:
    tenant = tenant_of(server)
    async with hosting(server, tmp_path) as host:
        await host.enroll(tenant, new_device(client, "Snapped"))
        await host.refuse(tenant, "Snapped", item="imported", code=1000)
        await host.enroll(tenant, new_device(client, "Asleep"))
        await host.take_offline(tenant, "Asleep")
        before = await host.devices(tenant)
        saved = await host.snapshot(tenant)
        await host.forget(tenant)
        assert await host.snapshot(tenant) == b""
        with pytest.raises(Invalid, match="damaged"):
            await host.restore(tenant, b"{}")
        await host.restore(tenant, saved)
        assert await host.devices(tenant) == before
        await host.check_in(tenant, "Snapped")
        assert await host.snapshot(tenant) != b""
        await host.forget(tenant)


async def test_a_device_reports_what_it_is_told_to_report(server: Served, client: httpx.Client) -> None:
    tenant = tenant_of(server)
    async with hosting(server) as host:
        with pytest.raises(Invalid, match="isEncripted"):
            await host.enroll(tenant, replace(new_device(client, "Facts"), facts={"isEncripted": True}))
        await host.enroll(tenant, replace(new_device(client, "Facts"), facts={"isSupervised": True}))
        await host.report(tenant, "Facts", facts={"isEncrypted": True})
        await host.check_in(tenant, "Facts")
        rows = client.get("/beta/deviceManagement/managedDevices").json()["value"]
        (row,) = [row for row in rows if row["deviceName"] == "Facts"]
        assert (row["isSupervised"], row["isEncrypted"]) == (True, True)
