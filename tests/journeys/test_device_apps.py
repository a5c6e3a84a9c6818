"""A simulated device installs what is required of it, says what it could not, and uninstalls what has to go."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from typing import Any

from fauxtune_sim.device.device import Device
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
    assert [item["deviceName"] for item in (await administrator.graph.get(holders)).json()["value"]] == ["phone"]

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


async def exported(administrator: Administrator, **body: Any) -> list[dict[str, str]]:
    """Export a report as csv; its rows."""
    jobs = "/v1.0/deviceManagement/reports/exportJobs"
    job = (await administrator.graph.post(jobs, json=body)).raise_for_status().json()
    while job["status"] != "completed":
        job = (await administrator.graph.get(f"{jobs}/{job['id']}")).raise_for_status().json()
    content = (await administrator.graph.get(job["url"])).raise_for_status().content
    archive = zipfile.ZipFile(io.BytesIO(content))
    (name,) = archive.namelist()
    return list(csv.DictReader(io.StringIO(archive.read(name).decode(), newline="")))


async def check_tables(administrator: Administrator, app_id: str) -> None:
    """One app, installed on Alice's phone alone, by device, counted, and by user."""
    for action, columns, values in (
        (
            "retrieveDeviceAppInstallationStatusReport",
            "DeviceName InstallState InstallState_loc",
            ["phone", 1, "Installed"],
        ),
        ("getAppStatusOverviewReport", "InstalledDeviceCount FailedDeviceCount", [1, 0]),
        ("getUserInstallStatusReport", "UserPrincipalName InstalledCount", ["alice@contoso.example", 1]),
    ):
        selected = [word for word in columns.split() if not word.endswith("_loc")]
        body = {"select": selected, "filter": f"(ApplicationId eq '{app_id}')"}
        path = f"/beta/deviceManagement/reports/{action}"
        table = json.loads((await administrator.graph.post(path, json=body)).raise_for_status().content)
        assert ([each["Column"] for each in table["Schema"]], table["Values"]) == (columns.split(), [values])
        assert (await administrator.graph.post(path, json={})).status_code == 400


async def test_reports_have_apps_and_their_states_on_devices(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    device = Device.new("phone", platform=Platform.ANDROID, mode=Mode.WORK_PROFILE)
    agent = await enrol_agent(Platform.ANDROID, device)
    notes, maps = await app(administrator, "Notes"), await app(administrator, "Maps")
    await assign(administrator, notes, "required")
    await agent.check_in()
    device.refuse("app")
    await assign(administrator, maps, "required")
    await agent.check_in()

    apps = {each["AppIdentifier"]: each for each in await exported(administrator, reportName="AllAppsList")}
    assert len(apps) > 2, "what every tenant has is listed too"
    assert {name: apps[notes][name] for name in ("Name", "Publisher", "Platform", "Type", "Assigned")} == {
        "Name": "Notes",
        "Publisher": "Contoso",
        "Platform": "Android",
        "Type": "androidStoreApp",
        "Assigned": "True",
    }
    counts = await exported(administrator, reportName="AppInstallStatusAggregate", filter="(Platform eq '3')")
    names = ("DisplayName", "Platform_loc", "InstalledDeviceCount", "FailedUserCount", "FailedDevicePercentage")
    assert sorted(tuple(count[name] for name in names) for count in counts) == [
        ("Maps", "Android", "0", "1", "100"),
        ("Notes", "Android", "1", "0", "0"),
    ]
    of_maps = f"(ApplicationId eq '{maps.upper()}')"
    (failure,) = await exported(administrator, reportName="DeviceInstallStatusByApp", filter=of_maps)
    assert (failure["DeviceName"], failure["AppInstallState"], failure["AppInstallState_loc"]) == (
        "phone",
        "2",
        "Failed",
    )
    assert (failure["HexErrorCode"], failure["UserPrincipalName"]) == ("0xC7D14FB5", "alice@contoso.example")

    path = "/beta/deviceManagement/reports/getDeviceInstallStatusReport"
    body = {"select": ["DeviceName", "InstallState"], "filter": f"(ApplicationId eq '{notes}')", "top": 50, "skip": 0}
    table = json.loads((await administrator.graph.post(path, json=body)).raise_for_status().content)
    assert (table["TotalRowCount"], [each["Column"] for each in table["Schema"]], table["Values"]) == (
        1,
        ["DeviceName", "InstallState", "InstallState_loc"],
        [["phone", 1, "Installed"]],
    )
    assert (await administrator.graph.post(path, json={})).status_code == 400
    await check_tables(administrator, notes)
    jobs = "/beta/deviceManagement/reports/exportJobs"
    assert (await administrator.graph.post(jobs, json={"reportName": "DeviceInstallStatus"})).status_code == 400
