"""An emulator without a host of simulated devices refuses orders, and holds and forgets nothing."""

from __future__ import annotations

import asyncio

import pytest

from fauxtune.core.errors import NotEmulated
from fauxtune.core.model.ids import TenantId
from fauxtune.operations.runtime.device_host import NewDevice, NoDeviceHost

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
