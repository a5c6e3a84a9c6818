"""What an administrator asks of Apple devices, as commands; and what becomes of the enrolment."""

from __future__ import annotations

from typing import Any

import pytest

from fauxtune.core.model.actions import DeviceAction
from fauxtune.operations.devices import actions as device_actions
from tests.support.apple_tenant import AppleTenant
from tests.support.devices.apple import Fleet, Refused, error

IPHONE: dict[str, Any] = {"product_name": "iPhone15,2", "os_version": "17.5.1", "model": "MQ0G3"}
MAC = {"product_name": "Mac14,2", "os_version": "14.5"}


async def settled(contoso: AppleTenant, said: dict[str, Any]) -> Fleet:
    device = await contoso.enrolled_fleet(**said)
    await device.connect()
    return device


async def last_action(contoso: AppleTenant, device: Fleet) -> tuple[str, str]:
    """Name and state of the newest action in Graph's record."""
    result = (await contoso.record(device))["deviceActionResults"][-1]
    return result["actionName"], result["actionState"]


@pytest.mark.parametrize("operation", [device_actions.retire, device_actions.delete])
async def test_retire_and_delete_remove_the_enrolment_profile(contoso: AppleTenant, operation: Any) -> None:
    """Apple: with the MDM profile goes everything that it installed."""
    device = await settled(contoso, IPHONE)
    await contoso.perform(device, operation)
    assert await device.connect() == ["RemoveProfile"]
    assert device.commands[-1]["Identifier"] == f"com.fauxtune.{contoso.tenant.id}.enrollment"
    assert await contoso.live() == 0
    with pytest.raises(Refused, match="403"):
        await device.report("Idle")


async def test_a_device_that_only_says_it_left_has_obeyed_as_well(contoso: AppleTenant) -> None:
    """Apple: CheckOut is sent as well as it can be; the command itself may never be acknowledged."""
    device = await settled(contoso, IPHONE)
    await contoso.perform(device, device_actions.retire)
    assert (await device.report("Idle") or {})["Command"]["RequestType"] == "RemoveProfile"
    await device.check_out()
    assert await contoso.live() == 0


@pytest.mark.parametrize(
    ("said", "options", "keys"),
    [
        (IPHONE, None, {"PreserveDataPlan": False}),
        (IPHONE, {"persistEsimDataPlan": True}, {"PreserveDataPlan": True}),
        (MAC, {"macOsUnlockCode": "123456"}, {"PIN": "123456"}),
        (MAC, {"obliterationBehavior": "doNotObliterate"}, {"ObliterationBehavior": "DoNotObliterate"}),
        (MAC, {"obliterationBehavior": "obliterateWithWarning"}, {"ObliterationBehavior": "ObliterateWithWarning"}),
        (MAC, {"obliterationBehavior": "always"}, {"ObliterationBehavior": "Always"}),
        (MAC, {"obliterationBehavior": "default"}, {}),
    ],
)
async def test_a_wipe_erases_the_device(
    contoso: AppleTenant, said: dict[str, Any], options: dict[str, Any] | None, keys: dict[str, Any]
) -> None:
    """Apple: EraseDevice. The device acknowledges and then erases; it sends no CheckOut."""
    device = await settled(contoso, said)
    await contoso.perform(device, device_actions.wipe, options=options)
    assert await device.connect() == ["EraseDevice"]
    assert device.commands[-1] == {"RequestType": "EraseDevice", **keys}
    assert await contoso.live() == 0


async def test_a_phone_is_locked_and_the_result_shown(contoso: AppleTenant) -> None:
    device = await settled(contoso, IPHONE)
    device.store.override["DeviceLock"] = lambda _: {"MessageResult": "Success"}
    await contoso.perform(device, device_actions.perform, action=DeviceAction.LOCK)
    assert await device.connect() == ["DeviceLock"]
    assert await last_action(contoso, device) == ("remoteLock", "done")


async def test_a_mac_is_locked_with_a_pin_that_the_administrator_is_shown(contoso: AppleTenant) -> None:
    """Apple: DeviceLock has a PIN of six digits on macOS. Graph: remoteLockActionResult.unlockPin."""
    device = await settled(contoso, MAC)
    await contoso.perform(device, device_actions.perform, action=DeviceAction.LOCK)
    assert await device.connect() == ["DeviceLock"]
    pin = device.commands[-1]["PIN"]
    assert (len(pin), pin.isdigit()) == (6, True)
    assert (await contoso.record(device))["deviceActionResults"][-1]["unlockPin"] == pin


async def test_a_device_that_does_not_know_the_command_does_not_support_the_action(contoso: AppleTenant) -> None:
    """mdmb answers what it does not know with 12021; the enrolment stands."""
    device = await settled(contoso, IPHONE)
    device.store.override["DeviceLock"] = lambda _: error((12021, "MCMDMErrorDomain", "Unknown command: DeviceLock"))
    await contoso.perform(device, device_actions.perform, action=DeviceAction.LOCK)
    await device.connect()
    assert await last_action(contoso, device) == ("remoteLock", "notSupported")


async def test_a_refused_action_has_failed(contoso: AppleTenant) -> None:
    device = await settled(contoso, IPHONE)
    device.store.override["DeviceLock"] = lambda _: error((12007, "MCMDMErrorDomain", "Not authorized."))
    await contoso.perform(device, device_actions.perform, action=DeviceAction.LOCK)
    await device.connect()
    assert await last_action(contoso, device) == ("remoteLock", "failed")


async def test_synchronising_asks_what_the_device_holds_and_is(contoso: AppleTenant) -> None:
    device = await settled(contoso, IPHONE)
    device.store.facts = {"DeviceName": "Alice's new name", "OSVersion": "18.1", "UDID": device.udid}
    await contoso.perform(device)
    connect = await device.connect()
    questions = {"DeviceInformation", "SecurityInfo", "ManagedApplicationFeedback", "ProfileList", "CertificateList"}
    assert set(connect) == questions
    record = await contoso.record(device)
    assert (record["deviceName"], record["osVersion"]) == ("Alice's new name", "18.1")
    assert await last_action(contoso, device) == ("syncDevice", "done")
