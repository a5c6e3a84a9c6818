"""Scripts that administrators assign run on simulated Windows PCs and Macs, with the outcomes that were declared."""

from __future__ import annotations

import base64
from typing import Any

from fauxtune_sim.device import Device
from fauxtune_sim.platforms import Platform
from tests.support.administrator import Administrator, AgentEnroller

POWERSHELL, SHELL = "deviceManagementScripts", "deviceShellScripts"


async def script(administrator: Administrator, family: str, name: str, **more: Any) -> str:
    """Create a script that reaches all devices."""
    body = {
        "@odata.type": f"#microsoft.graph.{family.removesuffix('s')}",
        "displayName": name,
        "scriptContent": base64.b64encode(b"exit 0").decode(),
        "runAsAccount": "system",
        "fileName": f"{name}.ps1",
        **more,
    }
    answer = await administrator.graph.post(f"/beta/deviceManagement/{family}", json=body)
    key = str(answer.raise_for_status().json()["id"])
    await assign(administrator, family, key)
    return key


async def advance(administrator: Administrator, by: str) -> None:
    body = {"by": by}
    (await administrator.graph.post("/_fauxtune/v1/tenants/contoso/clock/advance", json=body)).raise_for_status()


async def assign(administrator: Administrator, family: str, key: str, *, to_all: bool = True) -> None:
    target = {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}
    body = {"deviceManagementScriptAssignments": [{"target": target}] if to_all else []}
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
