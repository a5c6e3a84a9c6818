"""When an Apple device is asked what it is: not at a quiet check-in, and after a TokenUpdate."""

from __future__ import annotations

import plistlib
from typing import Any

from fauxtune.surfaces.devices.apple import adapter
from tests.support.apple_tenant import BASE, AppleTenant
from tests.support.statements import statements

IPHONE: dict[str, Any] = {"product_name": "iPhone15,2", "os_version": "17.5.1", "model": "MQ0G3"}


async def test_a_quiet_check_in_asks_nothing_and_costs_one_statement(contoso: AppleTenant) -> None:
    device = await contoso.enrolled_fleet(**IPHONE)
    await device.connect()
    await device.connect()
    with statements(contoso.emulator) as sent:
        assert await device.connect() == []
    assert [each.split()[0] for each in sent if "wire" not in each].count("UPDATE") == 1
    assert len([each for each in sent if each.startswith(("INSERT", "DELETE"))]) == 0
    assert len(sent) <= 2, sent


async def test_a_token_update_has_the_device_asked_at_its_next_check_in(contoso: AppleTenant) -> None:
    device = await contoso.enrolled_fleet(**IPHONE)
    await device.connect()
    assert await device.connect() == []
    device.store.facts = {"OSVersion": "18.1", "UDID": device.udid}
    body = plistlib.dumps(
        {
            "MessageType": "TokenUpdate",
            "Topic": device.topic,
            "UDID": device.udid,
            "Token": b"x" * 32,
            "PushMagic": "magic",
        }
    )
    await contoso.http.put(f"{BASE}/checkin", content=body, headers={"Mdm-Signature": device.signature(body)})
    assert set(await device.connect()) >= set(adapter.INFORMATION)
    assert (await contoso.record(device))["osVersion"] == "18.1"
    assert await device.connect() == []
