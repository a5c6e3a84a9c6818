"""Scripts that administrators assign run on simulated Windows PCs and Macs, with the outcomes that were declared."""

from __future__ import annotations

import base64
from typing import Any

from fauxtune_sim.device.device import Device
from fauxtune_sim.platforms import Platform
from tests.support.administrator import Administrator, AgentEnroller

POWERSHELL, SHELL, HEALTH = "deviceManagementScripts", "deviceShellScripts", "deviceHealthScripts"


async def script(administrator: Administrator, family: str, name: str, *, assigned: bool = True, **more: Any) -> str:
    """Create a script that reaches all devices, unless it is not to be assigned."""
    content = base64.b64encode(b"exit 0").decode()
    texts: dict[str, Any] = {"scriptContent": content, "fileName": f"{name}.ps1"}
    if family == HEALTH:
        texts = {"detectionScriptContent": content, "remediationScriptContent": content, "publisher": "Contoso"}
    body = {"displayName": name, "runAsAccount": "system", **texts, **more}
    answer = await administrator.graph.post(f"/beta/deviceManagement/{family}", json=body)
    key = str(answer.raise_for_status().json()["id"])
    if assigned:
        await assign(administrator, family, key)
    return key


async def get(administrator: Administrator, path: str) -> Any:
    """The answer to a GET below the service, in beta."""
    return (await administrator.graph.get(f"/beta/deviceManagement/{path}")).raise_for_status().json()


async def advance(administrator: Administrator, by: str) -> None:
    body = {"by": by}
    (await administrator.graph.post("/_fauxtune/v1/tenants/contoso/clock/advance", json=body)).raise_for_status()


async def assign(administrator: Administrator, family: str, key: str, **how: Any) -> None:
    """Assign a script to all devices; `how`: what the assignment says besides."""
    member = f"{'deviceHealthScript' if family == HEALTH else 'deviceManagementScript'}Assignments"
    target = {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}
    body = {member: [{"target": target, **how}]}
    (await administrator.graph.post(f"/beta/deviceManagement/{family}/{key}/assign", json=body)).raise_for_status()


async def test_scripts_run_once_and_failed_ones_again(administrator: Administrator, enrol_agent: AgentEnroller) -> None:
    pc = Device.new("pc", platform=Platform.WINDOWS)
    agent = await enrol_agent(Platform.WINDOWS, pc)
    assert (await agent.check_in()).done == []
    assert agent.enrollment.agent_address == "", "a tenant without scripts has no agents"
    await script(administrator, POWERSHELL, "Map drives")
    pc.runs("Rename", exit_code=3, output="no", error="access denied")
    renaming = await script(administrator, POWERSHELL, "Rename")
    assert sorted((await agent.check_in()).done) == [
        "ran the script Map drives: exit code 0",
        "ran the script Rename: exit code 3",
    ]
    assert (await agent.check_in()).done == [], "what succeeded runs once, and what failed an hour later"
    for _ in range(3):
        await advance(administrator, "PT1H")
        assert (await agent.check_in()).done == ["ran the script Rename: exit code 3"]
    await advance(administrator, "PT1H")
    assert (await agent.check_in()).done == [], "three retries are the most"
    path = f"/beta/deviceManagement/{POWERSHELL}/{renaming}"
    body = {"scriptContent": base64.b64encode(b"exit 1").decode()}
    (await administrator.graph.patch(path, json=body)).raise_for_status()
    pc.runs("Rename")
    assert (await agent.check_in()).done == ["ran the script Rename: exit code 0"], "another script runs again"


async def test_a_mac_runs_shell_scripts_as_often_as_they_say(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    mac = Device.new("mac", platform=Platform.MACOS)
    agent = await enrol_agent(Platform.MACOS, mac)
    await script(administrator, SHELL, "Tidy", executionFrequency="P1D", retryCount=1)
    await script(administrator, POWERSHELL, "For PCs")
    assert (await agent.check_in()).done == ["ran the script Tidy: exit code 0"]
    await advance(administrator, "PT8H")
    assert (await agent.check_in()).done == []
    await advance(administrator, "PT16H")
    assert (await agent.check_in()).done == ["ran the script Tidy: exit code 0"]


async def test_graph_shows_how_scripts_ran_by_device_and_by_user(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    pcs = [Device.new(name, platform=Platform.WINDOWS) for name in ("pc-1", "pc-2")]
    agents = [await enrol_agent(Platform.WINDOWS, pc) for pc in pcs]
    pcs[1].runs("Map drives", exit_code=3, output="half", error="access denied")
    key = await script(administrator, POWERSHELL, "Map drives")
    assert (await get(administrator, f"{POWERSHELL}/{key}/deviceRunStates"))["value"] == []
    for agent in agents:
        await agent.check_in()
    one = f"{POWERSHELL}/{key}"
    states = (await get(administrator, f"{one}/deviceRunStates?$expand=managedDevice($select=deviceName,id)"))["value"]
    names = ("runState", "errorCode", "resultMessage", "errorDescription")
    assert {state["managedDevice"]["deviceName"]: tuple(state[name] for name in names) for state in states} == {
        "pc-1": ("success", 0, None, None),
        "pc-2": ("fail", 3, "half", "access denied"),
    }
    first = states[0]
    assert first["id"] == f"{key}:{first['managedDevice']['id']}"
    alone = await get(administrator, f"{one}/deviceRunStates/{first['id']}")
    assert alone["runState"] == first["runState"]
    device = await get(administrator, f"{one}/deviceRunStates/{first['id']}/managedDevice")
    assert device["id"] == first["managedDevice"]["id"]
    failed = await get(administrator, f"{one}/deviceRunStates?$filter=runState eq 'fail'&$select=id")
    assert len(failed["value"]) == 1
    assert (await administrator.graph.get(f"/beta/deviceManagement/{one}/deviceRunStates/$count")).text == "2"
    summary = await get(administrator, f"{one}/runSummary")
    assert [summary[name] for name in ("successDeviceCount", "errorDeviceCount")] == [1, 1]
    assert [summary[name] for name in ("successUserCount", "errorUserCount")] == [1, 1]
    (user,) = (await get(administrator, f"{one}/userRunStates"))["value"]
    assert (user["userPrincipalName"], user["successDeviceCount"], user["errorDeviceCount"]) == (
        "alice@contoso.example",
        1,
        1,
    )
    assert (await get(administrator, f"{one}/userRunStates/{user['id']}"))["errorDeviceCount"] == 1
    assert (await get(administrator, f"{one}/groupAssignments"))["value"] == []
    nobody = f"/beta/deviceManagement/{POWERSHELL}/{HEALTH}/deviceRunStates"
    assert (await administrator.graph.get(nobody)).status_code == 404


async def test_a_remediation_finds_and_removes_an_issue_on_schedule_and_on_demand(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    pc = Device.new("pc", platform=Platform.WINDOWS)
    agent = await enrol_agent(Platform.WINDOWS, pc)
    key = await script(administrator, HEALTH, "Clean", assigned=False)
    hourly = {"@odata.type": "#microsoft.graph.deviceHealthScriptHourlySchedule", "interval": 1}
    await assign(administrator, HEALTH, key, runRemediationScript=True, runSchedule=hourly)
    pc.runs("Clean", exit_code=1, output="disk full", fixes=False)
    assert (await agent.check_in()).done == ["ran the script Clean: exit code 1, then 0, then 1"]
    one = f"{HEALTH}/{key}"
    (state,) = (await get(administrator, f"{one}/deviceRunStates?$expand=managedDevice"))["value"]
    assert (state["detectionState"], state["remediationState"]) == ("fail", "remediationFailed")
    assert state["preRemediationDetectionScriptOutput"] == state["postRemediationDetectionScriptOutput"] == "disk full"
    assert state["assignmentFilterIds"] == []
    assert state["expectedStateUpdateDateTime"] > state["lastStateUpdateDateTime"]
    pc.runs("Clean", exit_code=1)
    await advance(administrator, "PT1H")
    await agent.check_in()
    (state,) = (await get(administrator, f"{one}/deviceRunStates"))["value"]
    assert (state["detectionState"], state["remediationState"]) == ("fail", "success")
    summary = await get(administrator, f"{one}/runSummary")
    assert {name: value for name, value in summary.items() if value and name.endswith("Count")} == {
        "issueDetectedDeviceCount": 1,
        "issueRemediatedDeviceCount": 1,
        "issueRemediatedCumulativeDeviceCount": 1,
    }
    devices = (await get(administrator, "managedDevices?$filter=deviceName eq 'pc'"))["value"]
    below = f"managedDevices/{devices[0]['id']}"
    (policy,) = (await get(administrator, f"{below}/deviceHealthScriptStates"))["value"]
    assert (policy["policyName"], policy["deviceName"], policy["remediationState"]) == ("Clean", "pc", "success")
    assert (await get(administrator, f"{HEALTH}/getRemediationSummary()"))["remediatedDeviceCount"] == 1
    (day,) = (await get(administrator, f"{one}/getRemediationHistory()"))["historyData"]
    assert day["remediatedDeviceCount"] == 1

    other = await script(administrator, HEALTH, "Look", assigned=False)
    path = f"/beta/deviceManagement/{below}/initiateOnDemandProactiveRemediation"
    assert (await administrator.graph.post(path, json={"scriptPolicyId": "unknown"})).status_code == 404
    (await administrator.graph.post(path, json={"scriptPolicyId": other})).raise_for_status()
    assert (await agent.check_in()).done == ["ran the script Look: exit code 0"]
    assert (await agent.check_in()).done == []
    states = (await get(administrator, f"{HEALTH}/{other}/deviceRunStates"))["value"]
    assert [each["detectionState"] for each in states] == ["success"]
    (await administrator.graph.delete(f"/beta/deviceManagement/{HEALTH}/{other}")).raise_for_status()
    left = (await get(administrator, f"{below}/deviceHealthScriptStates"))["value"]
    assert [each["policyName"] for each in left] == ["Clean"]


async def test_a_channel_that_fails_holds_no_check_in_up_and_is_asked_again(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    pc = Device.new("pc", platform=Platform.WINDOWS)
    agent = await enrol_agent(Platform.WINDOWS, pc)
    await script(administrator, POWERSHELL, "Map drives")
    faults = "/_fauxtune/v1/tenants/contoso/faults"
    body = {"match": {"surface": "devices/agent", "device": "pc"}, "effect": {"status": 503}}
    answer = await administrator.graph.post(faults, json=body)
    assert answer.status_code == 201, answer.text
    fault = answer.json()
    result = await agent.check_in()
    assert (result.done, result.settled) == ([], True)
    assert ["503" in refusal.why for refusal in result.refused] == [True]
    (await administrator.graph.delete(f"{faults}/{fault['id']}")).raise_for_status()
    assert (await agent.check_in()).done == ["ran the script Map drives: exit code 0"]
