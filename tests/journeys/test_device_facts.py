"""Devices say of themselves what they are, and Graph shows it after the check-in that reported it, not before."""

from __future__ import annotations

from typing import Any

from fauxtune_sim.agent.agent import Agent
from fauxtune_sim.agent.by_platform import agent_for
from fauxtune_sim.device.device import Device
from fauxtune_sim.facts.device_facts import withheld_facts
from fauxtune_sim.platforms import Kind, Mode, Platform
from tests.support.administrator import Administrator, AgentEnroller
from tests.support.device_facts import (
    KEPT,
    SELECTED,
    expected,
    other_value,
    settable_facts,
    shown,
    whole_megabytes,
)

_DEVICES = "/beta/deviceManagement/managedDevices"
_KINDS = (
    *(Kind(platform) for platform in Platform if platform is not Platform.ANDROID),
    Kind(Platform.ANDROID, Mode.WORK_PROFILE),
    Kind(Platform.ANDROID, Mode.FULLY_MANAGED),
    Kind(Platform.ANDROID, Mode.DEVICE_ADMIN),
)


async def record(administrator: Administrator, device_id: str) -> dict[str, Any]:
    """Everything that Graph shows of a device, also what has to be selected."""
    address = f"{_DEVICES}/{device_id}"
    plain: dict[str, Any] = (await administrator.graph.get(address)).raise_for_status().json()
    query = {"$select": ",".join(SELECTED)}
    selected: dict[str, Any] = (await administrator.graph.get(address, params=query)).raise_for_status().json()
    state = (await administrator.graph.get(f"{address}/windowsProtectionState")).raise_for_status()
    return plain | selected | {"windowsProtectionState": state.json() if state.content else {}}


async def test_each_fact_that_a_device_reports_is_shown_after_its_check_in(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    agents: dict[str, Agent] = {}
    for kind in _KINDS:
        agent = await enrol_agent(kind.platform, Device.new(f"the {kind}", platform=kind.platform, mode=kind.mode))
        await agent.check_in()
        agents[str(kind)] = agent
    ids = {row["deviceName"]: row["id"] for row in await administrator.devices()}
    for each, agent in agents.items():
        device, device_id = agent.device, ids[f"the {each}"]
        first = expected(device)
        graph = await record(administrator, device_id)
        assert shown(graph, set(first)) == whole_megabytes(device, first), each

        before = dict(device.facts)
        device.report(**{fact.name: other_value(fact, device) for fact in settable_facts(device.platform)})
        assert len(before.items() ^ device.facts.items()) > 16, each
        assert await record(administrator, device_id) == graph, each
        result = await agent.check_in()
        assert result.refused == (), each

        wanted = expected(device)
        graph = await record(administrator, device_id)
        assert shown(graph, set(wanted)) == wanted, each
        hardware = graph["hardwareInformation"]
        assert hardware["totalStorageSpace"] == device.facts["totalStorageSpaceInBytes"], each
        assert (hardware["wifiMac"], hardware["isEncrypted"]) == (graph["wiFiMacAddress"], graph["isEncrypted"]), each
        for name in withheld_facts(device):
            assert not shown(graph, {name})[name], (each, name)
        quiet = await agent.check_in()
        assert (quiet.reports, quiet.settled) == (1, True), each


async def test_a_list_shows_none_of_what_must_be_selected(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    agent = await enrol_agent(Platform.IOS)
    await agent.check_in()
    for params in ({}, {"$select": f"id,{','.join(SELECTED)}"}):
        (row,) = (await administrator.graph.get(_DEVICES, params=params)).raise_for_status().json()["value"]
        assert (row["udid"], row["iccid"], row["physicalMemoryInBytes"]) == (None, None, 0)
        assert row["hardwareInformation"]["serialNumber"] is None
        assert row["hardwareInformation"]["totalStorageSpace"] == 0
    (row,) = await administrator.devices()
    assert (await record(administrator, row["id"]))["udid"] == agent.device.facts["udid"]


async def test_the_directorys_device_repeats_name_model_version_and_jailbreak(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    agent = await enrol_agent(Platform.IOS)
    await agent.check_in()
    agent.device.report(deviceName="Alice's other iPhone", osVersion="17.6.1", model="iPhone 13", jailBroken="True")
    await agent.check_in()
    (device,) = (await administrator.graph.get("/v1.0/devices")).raise_for_status().json()["value"]
    names = ("displayName", "operatingSystemVersion", "model", "manufacturer", "isRooted", "trustType")
    assert [device[name] for name in names] == [
        "Alice's other iPhone",
        "17.6.1",
        "iPhone 13",
        "Apple",
        True,
        "Workplace",
    ]


async def test_a_phone_that_becomes_supervised_tells_its_bypass_code_once_and_a_list_hides_it(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    agent = await enrol_agent(Platform.IOS)
    await agent.check_in()
    (row,) = await administrator.devices()
    assert (await record(administrator, row["id"]))["activationLockBypassCode"] is None
    agent.device.report(isSupervised=True)
    await agent.check_in()
    code = agent.device.facts["activationLockBypassCode"]
    assert (await record(administrator, row["id"]))["activationLockBypassCode"] == code
    query = {"$select": "activationLockBypassCode,isSupervised"}
    (row,) = (await administrator.graph.get(_DEVICES, params=query)).json()["value"]
    assert (row["activationLockBypassCode"], row["isSupervised"]) == (None, True)
    quiet = await agent.check_in()
    assert (quiet.reports, quiet.settled) == (1, True)


async def test_windows_defender_is_shown_once_it_has_reported(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    agent, phone = await enrol_agent(Platform.WINDOWS), await enrol_agent(Platform.WINDOWS_10_MOBILE)
    rows = {row["deviceType"]: row["id"] for row in await administrator.devices()}
    (other,) = {*rows.values()} - {rows["desktop"]}
    address = f"{_DEVICES}/{rows['desktop']}/windowsProtectionState"
    assert (await administrator.graph.get(address)).status_code == 204
    await agent.check_in()
    await phone.check_in()
    agent.device.report(realTimeProtectionEnabled=False, productStatus="avSignaturesOutOfDate")
    await agent.check_in()
    state = (await administrator.graph.get(address)).raise_for_status().json()
    assert (state["id"], state["realTimeProtectionEnabled"]) == (rows["desktop"], False)
    assert (state["malwareProtectionEnabled"], state["productStatus"]) == (True, "avSignaturesOutOfDate")
    assert (await administrator.graph.get(f"{address}/detectedMalwareState")).json()["value"] == []
    query = {"$expand": "windowsProtectionState($select=realTimeProtectionEnabled)"}
    listed = (await administrator.graph.get(_DEVICES, params=query)).raise_for_status().json()["value"]
    states = {each["id"]: each["windowsProtectionState"] for each in listed}
    assert states == {rows["desktop"]: {"id": rows["desktop"], "realTimeProtectionEnabled": False}, other: None}


async def test_the_phone_number_of_a_device_is_shown_whole_once_it_is_the_companys(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    agent = await enrol_agent(Platform.IOS)
    await agent.check_in()
    (row,) = await administrator.devices()
    number = str(agent.device.facts["phoneNumber"])
    assert row["phoneNumber"] == f"********{number[-3:]}"
    answer = await administrator.graph.patch(f"{_DEVICES}/{row['id']}", json={"managedDeviceOwnerType": "company"})
    answer.raise_for_status()
    graph = await record(administrator, row["id"])
    assert (graph["phoneNumber"], graph["hardwareInformation"]["phoneNumber"]) == (number, number)


async def test_a_user_enrolment_hides_what_identifies_the_device(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    device = Device.new("Alice's own iPhone", platform=Platform.IOS)
    agent = agent_for(device, enrol_agent.transport)
    query = {"token": await administrator.token(), "mode": "user"}
    answer = await administrator.graph.get("/mdm/contoso/apple/enroll", params=query)
    await agent.enroll_with_profile(answer.raise_for_status().content)
    assert (await agent.check_in()).settled
    (row,) = await administrator.devices()
    graph = await record(administrator, row["id"])
    assert (graph["deviceEnrollmentType"], graph["deviceName"]) == ("appleUserEnrollment", "Alice's own iPhone")
    assert (graph["model"], graph["osVersion"]) == (device.facts["model"], device.facts["osVersion"])
    assert graph["udid"] == agent.enrollment.name != device.facts["udid"]
    for name in withheld_facts(device) - KEPT - {"udid"}:
        assert not shown(graph, {name})[name], name
    device.report(deviceName="Alice's phone", osVersion="17.6.1")
    assert (await agent.check_in()).settled
    (row,) = await administrator.devices()
    assert (row["deviceName"], row["osVersion"]) == ("Alice's phone", "17.6.1")
