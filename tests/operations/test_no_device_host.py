"""An emulator without a host of simulated devices refuses orders, and holds and forgets nothing."""

from __future__ import annotations

import asyncio

import pytest

from fauxtune.core.errors import Invalid, NotEmulated
from fauxtune.core.model.ids import TenantId
from fauxtune.operations.arrangement import devices
from fauxtune.operations.arrangement.scene import scene_of
from fauxtune.operations.runtime.device_host import HostedDevice, NewDevice, NoDeviceHost
from fauxtune_labs.operations.classrooms.opening import open_classroom
from tests.support.tenant import Contoso

TENANT = TenantId("11111111-0000-4000-8000-000000000001")


def test_an_order_is_refused_with_what_to_do() -> None:
    with pytest.raises(NotEmulated, match="fauxtune serve"):
        asyncio.run(NoDeviceHost().enroll(TENANT, NewDevice(token="t", platform="ios")))


def test_there_are_no_devices_to_save_or_to_forget_and_none_can_be_restored() -> None:
    host = NoDeviceHost()
    assert asyncio.run(host.devices(TENANT)) == ()
    assert asyncio.run(host.snapshot(TENANT)) == b""
    asyncio.run(host.restore(TENANT, b""))
    asyncio.run(host.forget(TENANT))
    with pytest.raises(NotEmulated):
        asyncio.run(host.restore(TENANT, b"devices"))
    with pytest.raises(NotEmulated):
        asyncio.run(host.keys(TENANT, "Phone"))


class FullHost(NoDeviceHost):
    """A host that has many devices of each tenant."""

    async def devices(self, tenant: TenantId) -> tuple[HostedDevice, ...]:
        return tuple(HostedDevice(f"Phone {number}", "ios") for number in range(50))


@pytest.mark.both_databases
async def test_a_seat_has_a_bound_of_devices_inside_the_server_and_one_more_is_refused(contoso: Contoso) -> None:
    (seat,) = await open_classroom(contoso.emulator, seats=1, labs=["import-once"])
    contoso.emulator.device_host = FullHost()
    phone = NewDevice(token="", platform="ios")
    with pytest.raises(Invalid, match="has 50 simulated devices inside the server, and can have no more"):
        await devices.enroll(scene_of(contoso.emulator, seat.tenant, client="test"), user="alice", device=phone)
    with pytest.raises(NotEmulated):  # another tenant may have more
        await devices.enroll(scene_of(contoso.emulator, contoso.tenant, client="test"), user="alice", device=phone)
