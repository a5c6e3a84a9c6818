"""The management agents of PCs and Macs install Win32 apps and packages: dependencies first, superseded ones away."""

from __future__ import annotations

from typing import Any

from fauxtune_sim.device.device import Device
from fauxtune_sim.platforms import Platform
from tests.support.administrator import ALICE, Administrator, AgentEnroller
from tests.support.app_administrator import APPS, app, assign, states, upload

WIN32: dict[str, Any] = {
    "fileName": "setup.intunewin",
    "setupFilePath": "setup.exe",
    "installCommandLine": "setup.exe /S",
    "uninstallCommandLine": "setup.exe /U",
    "installExperience": {"runAsAccount": "system", "deviceRestartBehavior": "suppress"},
    "applicableArchitectures": "x64",
    "minimumSupportedWindowsRelease": "1607",
}


async def win32(administrator: Administrator, name: str, **settings: Any) -> str:
    key = await app(administrator, "win32LobApp", name, **{**WIN32, **settings})
    await upload(administrator, key, "win32LobApp")
    return key


async def relate(administrator: Administrator, key: str, *relations: tuple[str, str, str]) -> None:
    """Set what an app depends on and supersedes: (Dependency or Supersedence, the other app, the type)."""
    body = {
        "relationships": [
            {
                "@odata.type": f"#microsoft.graph.mobileApp{kind}",
                "targetId": target,
                f"{kind.lower()}Type": word,
            }
            for kind, target, word in relations
        ]
    }
    answer = await administrator.graph.post(f"{APPS}/{key}/updateRelationships", json=body)
    assert answer.is_success, answer.text


async def advance(administrator: Administrator, by: str) -> None:
    path = "/_fauxtune/v1/tenants/contoso/clock/advance"
    (await administrator.graph.post(path, json={"by": by})).raise_for_status()


async def test_dependencies_come_first_and_superseded_apps_go(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    pc = Device.new("pc", platform=Platform.WINDOWS)
    agent = await enrol_agent(Platform.WINDOWS, pc)
    await agent.check_in()
    runtime, old = await win32(administrator, "Runtime"), await win32(administrator, "Orders 1")
    await relate(administrator, old, ("Dependency", runtime, "autoInstall"))
    await assign(administrator, old, "required")
    assert (await agent.check_in()).done == [
        "install of the app Runtime: exit code 0, it is there",
        "install of the app Orders 1: exit code 0, it is there",
    ]
    assert await states(administrator) == {"Orders 1": ("requiredInstall", "installed")}, "only what is assigned"
    assert (await agent.check_in()).done == []

    new = await win32(administrator, "Orders 2")
    await relate(administrator, new, ("Supersedence", old, "replace"))
    circle = {"@odata.type": "#microsoft.graph.mobileAppSupersedence", "targetId": new, "supersedenceType": "update"}
    refused = await administrator.graph.post(f"{APPS}/{old}/updateRelationships", json={"relationships": [circle]})
    assert refused.status_code == 400, "no circle can be stored"
    await assign(administrator, new, "required")
    assert (await agent.check_in()).done == [
        "uninstall of the app Orders 1: exit code 0, it is not there",
        "install of the app Orders 2: exit code 0, it is there",
    ]
    assert pc.programs.installed.keys() == {runtime, new}
    assert (await states(administrator))["Orders 2"] == ("requiredInstall", "installed")

    await assign(administrator, old, None)
    await assign(administrator, new, "uninstall")
    assert (await agent.check_in()).done == ["uninstall of the app Orders 2: exit code 0, it is not there"]
    (row,) = (await administrator.graph.get(f"/beta/users/{ALICE}/managedDevices")).json()["value"]
    (await administrator.graph.post(f"/beta/deviceManagement/managedDevices/{row['id']}/retire")).raise_for_status()
    await agent.check_in()
    assert not pc.is_enrolled
    assert pc.programs.installed.keys() == {runtime}, "Win32 apps stay when an enrolment ends"


async def test_return_codes_decide_what_became_of_an_app(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    pc = Device.new("pc", platform=Platform.WINDOWS)
    agent = await enrol_agent(Platform.WINDOWS, pc)
    outcomes: dict[str, dict[str, Any]] = {
        "There": {"before": True},
        "Restart": {"exit_code": 3010},
        "Busy": {"exit_code": 1618},
        "Broken": {"exit_code": 1603},
        "Lost": {"exit_code": 0, "after": False},
    }
    for name, outcome in outcomes.items():
        pc.installs(name, **outcome)
        await assign(administrator, await win32(administrator, name), "required")
    newer = await win32(
        administrator, "Newer", minimumSupportedWindowsRelease="Windows11_99H9", minimumMemoryInMB=10**8
    )
    await assign(administrator, newer, "required")
    done = (await agent.check_in()).done
    assert "install of the app There: it is there" in done, "nothing is run for an app that is there"
    assert {name: state for name, (_intent, state) in (await states(administrator)).items()} == {
        "There": "installed",
        "Restart": "installed",
        "Busy": "pendingInstall",
        "Broken": "failed",
        "Lost": "failed",
        "Newer": "notApplicable",
    }
    pc.installs("Busy")
    assert (await agent.check_in()).done == []
    await advance(administrator, "PT5M")
    second = ["Busy: exit code 0, it is there", "Broken: exit code 1603, it is not there"]
    lost = "install of the app Lost: exit code 0, it is not there"
    assert {*(await agent.check_in()).done} == {lost, *(f"install of the app {each}" for each in second)}
    await advance(administrator, "PT5M")
    assert len((await agent.check_in()).done) == 2, "a third try"
    pc.installs("Broken")
    await advance(administrator, "PT23H")
    assert (await agent.check_in()).done == [], "then a day passes"
    await advance(administrator, "PT1H")
    assert "install of the app Broken: exit code 0, it is there" in (await agent.check_in()).done


async def test_an_available_app_is_only_detected_and_a_mac_installs_packages(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    pc, mac = Device.new("pc", platform=Platform.WINDOWS), Device.new("mac", platform=Platform.MACOS)
    agents = [await enrol_agent(Platform.WINDOWS, pc), await enrol_agent(Platform.MACOS, mac)]
    pc.installs("Notes", before=True)
    await assign(administrator, await win32(administrator, "Notes"), "available")
    included = [{"@odata.type": "#microsoft.graph.macOSIncludedApp", "bundleId": "com.contoso.x", "bundleVersion": "1"}]
    package = await app(
        administrator,
        "macOSDmgApp",
        "Draw",
        fileName="draw.dmg",
        primaryBundleId="com.contoso.draw",
        primaryBundleVersion="5.1",
        includedApps=included,
        minimumSupportedOperatingSystem={"v11_0": True},
    )
    await upload(administrator, package, "macOSDmgApp")
    await assign(administrator, package, "required")
    assert [(await agent.check_in()).done for agent in agents] == [
        ["detect of the app Notes: it is there"],
        ["install of the app Draw: exit code 0, it is there"],
    ]
    assert await states(administrator) == {
        "Notes": ("available", "installed"),
        "Draw": ("requiredInstall", "installed"),
    }
    listed = (await administrator.graph.get("/v1.0/deviceManagement/detectedApps")).json()["value"]
    assert {each["displayName"]: each["version"] for each in listed}["Draw"] == "5.1"
