"""A simulated device installs what is required of it, says what it could not, and uninstalls what has to go."""

from __future__ import annotations

from typing import Any

from fauxtune_sim.device import Device
from fauxtune_sim.platforms import Mode, Platform
from tests.support.administrator import Administrator, AgentEnroller

APPS = "/beta/deviceAppManagement/mobileApps"


async def app(administrator: Administrator, name: str) -> str:
    body = {
        "@odata.type": "#microsoft.graph.androidStoreApp",
        "displayName": name,
        "publisher": "Contoso",
        "appStoreUrl": f"https://play.google.com/store/apps/details?id=com.contoso.{name.lower()}",
    }
    answer = (await administrator.graph.post(APPS, json=body)).raise_for_status()
    return str(answer.json()["id"])


async def assign(administrator: Administrator, key: str, intent: str | None) -> None:
    target = {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}
    body = {"mobileAppAssignments": [{"intent": intent, "target": target}] if intent else []}
    (await administrator.graph.post(f"{APPS}/{key}/assign", json=body)).raise_for_status()


async def states(administrator: Administrator) -> dict[str, tuple[str, str]]:
    """Intent and state of each app on the device of alice."""
    path = "/beta/users/alice@contoso.example/mobileAppIntentAndStates"
    found: list[dict[str, Any]] = (await administrator.graph.get(path)).raise_for_status().json()["value"]
    return {
        each["displayName"]: (each["mobileAppIntent"], each["installState"])
        for device in found
        for each in device["mobileAppList"]
    }


async def test_required_apps_are_installed_refused_and_uninstalled(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    device = Device.new("phone", platform=Platform.ANDROID, mode=Mode.WORK_PROFILE)
    agent = await enrol_agent(Platform.ANDROID, device)
    await agent.check_in()
    assert await states(administrator) == {}
    notes, maps = await app(administrator, "Notes"), await app(administrator, "Maps")
    await assign(administrator, notes, "required")
    await assign(administrator, maps, "available")
    await agent.check_in()
    assert await states(administrator) == {
        "Notes": ("requiredInstall", "installed"),
        "Maps": ("available", "notInstalled"),
    }
    assert device.apps.keys() == {"com.contoso.notes"}

    found = (await administrator.graph.get("/v1.0/deviceManagement/detectedApps")).raise_for_status().json()["value"]
    assert [(each["displayName"], each["deviceCount"]) for each in found] == [("Notes", 1)]
    holders = f"/v1.0/deviceManagement/detectedApps/{found[0]['id']}/managedDevices"
    assert [each["deviceName"] for each in (await administrator.graph.get(holders)).json()["value"]] == ["phone"]

    device.refuse("app")
    await assign(administrator, maps, "required")
    await agent.check_in()
    assert (await states(administrator))["Maps"] == ("requiredInstall", "failed")
    del device.refusals["app"]  # type: ignore[arg-type]
    await assign(administrator, notes, "uninstall")
    await agent.check_in()
    assert await states(administrator) == {
        "Notes": ("requiredUninstall", "notInstalled"),
        "Maps": ("requiredInstall", "installed"),
    }
    assert device.apps.keys() == {"com.contoso.maps"}

    # What is not assigned any more stays on the device.
    await assign(administrator, maps, None)
    await agent.check_in()
    assert "Maps" not in await states(administrator)
    assert device.apps.keys() == {"com.contoso.maps"}
