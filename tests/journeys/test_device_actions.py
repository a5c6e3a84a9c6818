"""What an administrator orders of Apple and Windows devices: each action on the wire of its platform, the device's
answer, and what Graph shows of it.
"""

from __future__ import annotations

from typing import Any

import pytest

from fauxtune_sim.agent import Agent
from fauxtune_sim.platforms import Platform
from tests.support.administrator import DEVICES, Administrator, AgentEnroller

Json = dict[str, Any]
#: The command or node by which each action reaches a device of the platform.
_ON_THE_WIRE = {
    Platform.IOS: {
        "rebootNow": "RestartDevice",
        "shutDown": "ShutDownDevice",
        "resetPasscode": "ClearPasscode",
        "enableLostMode": "EnableLostMode",
        "locateDevice": "DeviceLocation",
        "playLostModeSound": "PlayLostModeSound",
        "disableLostMode": "DisableLostMode",
    },
    Platform.MACOS: {"rebootNow": "RestartDevice", "shutDown": "ShutDownDevice"},
    Platform.WINDOWS: {
        "rebootNow": "RebootNow",
        "windowsDefenderScan": "Scan",
        "windowsDefenderUpdateSignatures": "UpdateSignature",
        "cleanWindowsDevice": "CleanPCRetainingUserData",
    },
    Platform.WINDOWS_10_MOBILE: {"rebootNow": "RebootNow"},
    Platform.WINDOWS_PHONE_81: {"rebootNow": "RebootNow"},
}
_BODIES: dict[str, Json] = {
    "windowsDefenderScan": {"quickScan": True},
    "cleanWindowsDevice": {"keepUserData": True},
    "enableLostMode": {"message": "Please call", "phoneNumber": "+41 44 123 45 67"},
}


async def _record(administrator: Administrator, *, selected: str = "") -> Json:
    (device,) = await administrator.devices()
    query = {"$select": selected} if selected else {}
    record: Json = (await administrator.graph.get(f"{DEVICES}/{device['id']}", params=query)).raise_for_status().json()
    return record


async def _results(administrator: Administrator) -> dict[str, Json]:
    return {each["actionName"]: each for each in (await _record(administrator))["deviceActionResults"]}


async def _enrol(enrol_agent: AgentEnroller, platform: Platform) -> Agent:
    agent = await enrol_agent(platform)
    if platform is Platform.IOS:
        agent.device.report(isSupervised=True, isPasscodePresent=True)
    await agent.check_in()
    return agent


@pytest.mark.parametrize("platform", list(_ON_THE_WIRE), ids=str)
async def test_each_action_reaches_the_device_as_its_platform_has_it(
    administrator: Administrator, enrol_agent: AgentEnroller, platform: Platform
) -> None:
    agent = await _enrol(enrol_agent, platform)
    for action, command in _ON_THE_WIRE[platform].items():
        await administrator.perform(action, **_BODIES.get(action, {}))
        assert (await _results(administrator))[action]["actionState"] == "pending"
        result = await agent.check_in()
        assert (result.executed, result.refused) == ([command], ()), action
        assert (await _results(administrator))[action]["actionState"] == "done", action


async def test_lost_mode_is_shown_and_an_iphone_tells_where_it_is_only_while_it_is_lost(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    agent = await _enrol(enrol_agent, Platform.IOS)
    await administrator.perform("locateDevice")
    await agent.check_in()
    assert (await _results(administrator))["locateDevice"]["actionState"] == "failed"
    await administrator.perform("enableLostMode", **_BODIES["enableLostMode"])
    await agent.check_in()
    assert agent.device.condition.lost == "Please call +41 44 123 45 67"
    assert (await _record(administrator))["lostModeState"] == "enabled"
    await administrator.perform("locateDevice")
    await agent.check_in()
    located = (await _results(administrator))["locateDevice"]
    assert located["actionState"] == "done"
    assert 47.5 < located["deviceLocation"]["latitude"] < 47.8
    assert located["deviceLocation"]["speed"] == -1.0
    await administrator.perform("disableLostMode")
    await agent.check_in()
    assert not agent.device.condition.lost
    assert (await _record(administrator))["lostModeState"] == "disabled"


async def test_an_iphone_loses_its_passcode_by_the_token_that_it_has_sent(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    agent = await _enrol(enrol_agent, Platform.IOS)
    assert (await _record(administrator))["isEncrypted"] is True
    await administrator.perform("resetPasscode")
    await agent.check_in()
    result = (await _results(administrator))["resetPasscode"]
    assert (result["actionState"], result["passcode"]) == ("done", None)
    assert agent.device.facts["isPasscodePresent"] is False
    await agent.check_in()
    assert (await _record(administrator))["isEncrypted"] is False


async def test_an_ipad_that_nobody_shares_refuses_what_is_about_its_users(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    agent = await _enrol(enrol_agent, Platform.IPADOS)
    await administrator.perform("logoutSharedAppleDeviceActiveUser")
    await administrator.perform("deleteUserFromSharedAppleDevice", userPrincipalName="alice@contoso.example")
    assert len((await agent.check_in()).refused) == 2
    states = {name: each["actionState"] for name, each in (await _results(administrator)).items()}
    assert states == {
        "logoutSharedAppleDeviceActiveUser": "failed",
        "deleteUserFromSharedAppleDevice": "failed",
    }


async def test_a_supervised_iphone_gives_its_bypass_code(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    agent = await _enrol(enrol_agent, Platform.IOS)
    await administrator.perform("bypassActivationLock")
    await agent.check_in()
    assert (await _results(administrator))["bypassActivationLock"]["actionState"] == "done"
    record = await _record(administrator, selected="activationLockBypassCode")
    assert record["activationLockBypassCode"] == agent.device.facts["activationLockBypassCode"]


@pytest.mark.parametrize("platform", [Platform.IOS, Platform.MACOS, Platform.WINDOWS], ids=str)
async def test_a_new_name_is_shown_once_the_device_has_it(
    administrator: Administrator, enrol_agent: AgentEnroller, platform: Platform
) -> None:
    agent = await _enrol(enrol_agent, platform)
    await administrator.perform("setDeviceName", deviceName="DESK-17")
    assert (await _record(administrator))["deviceName"] != "DESK-17"
    await agent.check_in()
    assert agent.device.name == "DESK-17"
    assert (await _record(administrator))["deviceName"] == "DESK-17"


async def test_a_pc_refuses_a_name_that_no_computer_can_have(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    agent = await _enrol(enrol_agent, Platform.WINDOWS)
    before = agent.device.name
    await administrator.perform("setDeviceName", deviceName="Anna's computer")
    assert len((await agent.check_in()).refused) == 1
    assert agent.device.name == before
    assert (await _results(administrator))["setDeviceName"]["actionState"] == "failed"


async def test_a_pc_says_where_it_is_and_what_its_scan_found(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    agent = await _enrol(enrol_agent, Platform.WINDOWS)
    await administrator.perform("locateDevice")
    for quick in (True, False):
        await administrator.perform("windowsDefenderScan", quickScan=quick)
        await agent.check_in()
    assert agent.device.condition.scans == ["Quick", "Full"]
    results = await _results(administrator)
    assert results["locateDevice"]["deviceLocation"]["horizontalAccuracy"] == 20.0
    assert results["windowsDefenderScan"]["@odata.type"] == "#microsoft.graph.windowsDefenderScanActionResult"
    assert results["windowsDefenderScan"]["scanType"] == "full"
    await agent.check_in()
    (device,) = await administrator.devices()
    state = (await administrator.graph.get(f"{DEVICES}/{device['id']}/windowsProtectionState")).json()
    assert state["lastFullScanDateTime"] == agent.device.facts["lastFullScanDateTime"]


async def test_the_same_scan_is_ordered_for_many_pcs_at_once(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    agent = await _enrol(enrol_agent, Platform.WINDOWS)
    (device,) = await administrator.devices()
    body = {"actionName": "fullScan", "deviceIds": [device["id"]]}
    answer = (await administrator.graph.post(f"{DEVICES}/executeAction", json=body)).raise_for_status().json()
    assert answer["successfulDeviceIds"] == [device["id"]]
    assert (await agent.check_in()).executed == ["Scan"]
