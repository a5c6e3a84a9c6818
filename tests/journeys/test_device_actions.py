"""What an administrator orders of Apple and Windows devices: each action on the wire of its platform, the device's
answer, and what Graph shows of it.
"""

from __future__ import annotations

import base64
import io
import zipfile
from typing import Any

import pytest

from fauxtune_sim.agent.agent import Agent
from fauxtune_sim.apple.store import ProfileStore
from fauxtune_sim.platforms import Platform
from fauxtune_sim.windows.state import WindowsState
from tests.support.administrator import DEVICES, Administrator, AgentEnroller
from tests.support.running_server import EDITION

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
    # In 2020 a Mac was not restarted by Intune.
    Platform.MACOS: {**({} if EDITION == "2020-04" else {"rebootNow": "RestartDevice"}), "shutDown": "ShutDownDevice"},
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
    return {result["actionName"]: result for result in (await _record(administrator))["deviceActionResults"]}


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
    states = {name: result["actionState"] for name, result in (await _results(administrator)).items()}
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


@pytest.mark.skipif(EDITION == "2020-04", reason="in 2020 a PC was not located")
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


_KEYS = "/beta/informationProtection/bitlocker/recoveryKeys"
_CREDENTIALS = "/beta/directory/deviceLocalCredentials"


async def test_a_pc_escrows_its_recovery_key_and_a_new_one_when_it_is_to_rotate_it(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    agent = await _enrol(enrol_agent, Platform.WINDOWS)
    state = agent.device.state
    assert isinstance(state, WindowsState)
    assert state.secrets.recovery is not None
    first = state.secrets.recovery.password
    await administrator.perform("rotateBitLockerKeys")
    await agent.check_in()
    second = state.secrets.recovery.password
    assert first != second
    result = (await _results(administrator))["rotateBitLockerKeys"]
    assert (result["actionState"], result["errorCode"]) == ("done", 0)
    device_id = (await _record(administrator))["azureADDeviceId"]
    query = {"$filter": f"deviceId eq '{device_id}'"}
    listed = (await administrator.graph.get(_KEYS, params=query)).raise_for_status().json()["value"]
    assert [each.get("key") for each in listed] == [None, None]
    shown = [
        (await administrator.graph.get(f"{_KEYS}/{each['id']}", params={"$select": "key"})).json()["key"]
        for each in listed
    ]
    assert set(shown) == {first, second}
    plain = (await administrator.graph.get(f"{_KEYS}/{listed[0]['id']}")).json()
    assert (plain.get("key"), plain["volumeType"]) == (None, "operatingSystemVolume")
    refused = await administrator.graph.get(_KEYS, params={"$select": "id,key"})
    assert refused.status_code == 400
    journal = (await administrator.graph.get("/_fauxtune/v1/tenants/contoso/journal")).json()["events"]
    assert [each["type"] for each in journal].count("escrowRead") == 2
    for secret in (first, second):
        assert secret not in str(journal)


async def test_a_pc_whose_disk_is_not_encrypted_has_no_key_to_rotate(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    agent = await enrol_agent(Platform.WINDOWS)
    agent.device.report(isEncrypted=False)
    await agent.check_in()
    assert (await administrator.graph.get(_KEYS)).json()["value"] == []
    await administrator.perform("rotateBitLockerKeys")
    await agent.check_in()
    assert (await _results(administrator))["rotateBitLockerKeys"]["actionState"] == "failed"


async def test_the_password_of_a_local_administrator_is_shown_with_those_before_it(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    agent = await _enrol(enrol_agent, Platform.WINDOWS)
    state = agent.device.state
    assert isinstance(state, WindowsState)
    assert (await administrator.graph.get(_CREDENTIALS)).json()["value"] == []
    passwords = []
    for _ in range(2):
        await administrator.perform("rotateLocalAdminPassword")
        await agent.check_in()
        assert state.secrets.administrator is not None
        passwords.append(state.secrets.administrator.password)
    device_id = (await _record(administrator))["azureADDeviceId"]
    (listed,) = (await administrator.graph.get(_CREDENTIALS)).json()["value"]
    assert (listed["id"], listed["deviceName"]) == (device_id, agent.device.name)
    assert "credentials" not in listed
    query = {"$select": "credentials"}
    shown = (await administrator.graph.get(f"{_CREDENTIALS}/{device_id}", params=query)).json()["credentials"]
    assert {base64.b64decode(each["passwordBase64"]).decode() for each in shown} == set(passwords)
    assert {each["accountName"] for each in shown} == {"Administrator"}


async def test_what_a_pc_escrowed_goes_with_its_object_in_the_directory(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    await _enrol(enrol_agent, Platform.WINDOWS)
    assert len((await administrator.graph.get(_KEYS)).json()["value"]) == 1
    (device,) = (await administrator.graph.get("/v1.0/devices")).json()["value"]
    (await administrator.graph.delete(f"/v1.0/devices/{device['id']}")).raise_for_status()
    assert (await administrator.graph.get(_KEYS)).json()["value"] == []


async def test_a_mac_escrows_its_recovery_key_once_it_is_to_rotate_it_and_then_makes_new_ones(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    agent = await _enrol(enrol_agent, Platform.MACOS)
    store = agent.device.state
    assert isinstance(store, ProfileStore)
    (device,) = await administrator.devices()
    path = f"{DEVICES}/{device['id']}/getFileVaultKey"
    assert (await administrator.graph.get(path)).status_code == 404
    keys = []
    for command in (None, "RotateFileVaultKey", "RotateFileVaultKey"):
        await administrator.perform("rotateFileVaultKey")
        result = await agent.check_in()
        assert (result.refused, result.executed) == ((), [] if command is None else [command])
        assert (await _results(administrator))["rotateFileVaultKey"]["actionState"] == "done"
        keys.append((await administrator.graph.get(path)).raise_for_status().json()["value"])
        assert keys[-1] == store.file_vault.key
    assert len(set(keys)) == 3
    journal = "/_fauxtune/v1/tenants/contoso/journal?type=escrowed"
    before = len((await administrator.graph.get(journal)).json()["events"])
    for _ in range(2):
        await administrator.perform("syncDevice")
        await agent.check_in()
    after = (await administrator.graph.get(journal)).json()["events"]
    # The sealed key of the inventory is another envelope once, and the same one from then on.
    assert len(after) <= before + 1
    assert (await administrator.graph.get(path)).json()["value"] == keys[-1]


async def test_a_mac_whose_disk_is_not_encrypted_has_no_key(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    agent = await enrol_agent(Platform.MACOS)
    agent.device.report(isEncrypted=False)
    await agent.check_in()
    await administrator.perform("rotateFileVaultKey")
    await agent.check_in()
    (device,) = await administrator.devices()
    assert (await administrator.graph.get(f"{DEVICES}/{device['id']}/getFileVaultKey")).status_code == 404


async def test_logs_are_pending_until_the_pc_has_uploaded_them_and_are_read_by_an_address_that_expires(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    agent = await _enrol(enrol_agent, Platform.WINDOWS)
    (device,) = await administrator.devices()
    one, graph = f"{DEVICES}/{device['id']}", administrator.graph
    body = {"templateType": {"templateType": "predefined"}}
    answer = await graph.post(f"{one}/createDeviceLogCollectionRequest", json=body)
    assert answer.status_code == 200, answer.text
    collection = answer.json()
    assert (collection["status"], collection["sizeInKB"]) == ("pending", 0)
    assert collection["managedDeviceId"] == device["id"]
    path = f"{one}/logCollectionRequests/{collection['id']}"
    early = await graph.post(f"{path}/createDownloadUrl")
    assert early.status_code == 404
    assert (await agent.check_in()).executed == ["ArchiveDefinition"]
    (listed,) = (await graph.get(f"{one}/logCollectionRequests")).json()["value"]
    assert (listed["status"], listed["id"], listed["sizeInKB"] > 0) == ("completed", collection["id"], True)
    address = (await graph.post(f"{path}/createDownloadUrl")).raise_for_status().json()["value"]
    archive = zipfile.ZipFile(io.BytesIO((await graph.get(address)).raise_for_status().content))
    assert str(agent.device.facts["serialNumber"]) in archive.read("device.txt").decode()
    signature = address.partition("sig=")[2]
    assert signature
    for exchange in (await graph.get("/_fauxtune/v1/tenants/contoso/wire")).json()["exchanges"]:
        shown = (await graph.get(f"/_fauxtune/v1/tenants/contoso/wire/{exchange['number']}")).raise_for_status().text
        assert signature not in shown, exchange["url"]
        assert "sig=" not in shown.replace("sig=[not shown", ""), exchange["url"]
    assert (await graph.delete(path)).status_code == 204
    assert (await graph.get(path)).status_code == 404
    assert (await graph.get(address)).status_code in (403, 404)


async def test_logs_of_a_phone_are_not_collected(administrator: Administrator, enrol_agent: AgentEnroller) -> None:
    await _enrol(enrol_agent, Platform.ANDROID)
    (device,) = await administrator.devices()
    answer = await administrator.graph.post(f"{DEVICES}/{device['id']}/createDeviceLogCollectionRequest", json={})
    assert answer.status_code == 400
    assert (await administrator.graph.get(f"{DEVICES}/{device['id']}/logCollectionRequests")).json()["value"] == []


async def test_eleven_collections_leave_ten(administrator: Administrator, enrol_agent: AgentEnroller) -> None:
    agent = await _enrol(enrol_agent, Platform.WINDOWS)
    (device,) = await administrator.devices()
    one, graph = f"{DEVICES}/{device['id']}", administrator.graph
    made = []
    for _ in range(11):
        made.append((await graph.post(f"{one}/createDeviceLogCollectionRequest", json={})).json()["id"])
        await agent.check_in()
    listed = (await graph.get(f"{one}/logCollectionRequests")).json()["value"]
    assert {each["id"] for each in listed} == set(made[1:])
    assert (await graph.get(f"{one}/logCollectionRequests/$count")).text == "10"
