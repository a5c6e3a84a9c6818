"""iPhones, Macs and PCs install the apps that are required of them, say what they could not, and uninstall them."""

from __future__ import annotations

from fauxtune_sim.device.device import Device
from fauxtune_sim.platforms import Platform
from tests.support.administrator import ALICE, Administrator, AgentEnroller
from tests.support.app_administrator import app, assign, states, upload

CODE = "{6F33C4E4-9C0E-4B3A-8E4E-0C9F0F1F9B11}"


async def test_an_iphone_installs_apps_from_the_store_and_by_manifest(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    device = Device.new("phone", platform=Platform.IOS)
    agent = await enrol_agent(Platform.IOS, device)
    await agent.check_in()
    notes = await app(
        administrator,
        "iosStoreApp",
        "Notes",
        bundleId="com.contoso.notes",
        appStoreUrl="https://apps.apple.com/app/notes/id1110145109",
    )
    lob = await app(
        administrator,
        "iosLobApp",
        "Orders",
        bundleId="com.contoso.orders",
        versionNumber="2.1",
        fileName="orders.ipa",
    )
    await upload(administrator, lob, "iosLobApp")
    await assign(administrator, notes, "required")
    await assign(administrator, lob, "required")
    await agent.check_in()
    assert device.apps == {"com.contoso.notes": "1.0.0", "com.contoso.orders": "2.1"}
    assert await states(administrator) == {
        "Notes": ("requiredInstall", "installed"),
        "Orders": ("requiredInstall", "installed"),
    }
    quiet = await agent.check_in()
    assert quiet.reports == 1, "nothing more is asked of a device that has its apps"

    (row,) = (await administrator.graph.get(f"/beta/users/{ALICE}/managedDevices")).json()["value"]
    (await administrator.graph.post(f"/beta/deviceManagement/managedDevices/{row['id']}/syncDevice")).raise_for_status()
    await agent.check_in()
    device.refuse("app")
    maps = await app(administrator, "iosStoreApp", "Maps", bundleId="com.contoso.maps")
    await assign(administrator, maps, "required")
    await agent.check_in()
    assert (await states(administrator))["Maps"] == ("requiredInstall", "failed")
    (enrolment,) = (await administrator.graph.get("/_fauxtune/v1/tenants/contoso/devices")).json()["value"]
    path = f"/_fauxtune/v1/tenants/contoso/devices/{enrolment['id']}/apps"
    listed = (await administrator.graph.get(path)).raise_for_status().json()["value"]
    assert [(each["name"], each["state"], each["version"]) for each in listed] == [
        ("Maps", "failed", None),
        ("Notes", "installed", "1.0.0"),
        ("Orders", "installed", "2.1"),
    ]
    assert "MCInstallationErrorDomain 4001" in listed[0]["why"]
    device.accept("app")

    await assign(administrator, lob, "uninstall")
    await agent.check_in()
    assert (await states(administrator))["Orders"] == ("requiredUninstall", "notInstalled")
    assert device.apps.keys() == {"com.contoso.notes"}

    await assign(administrator, notes, None)
    await agent.check_in()
    assert device.apps.keys() == {"com.contoso.notes"}, "what is not assigned any more stays"


async def test_a_retired_iphone_keeps_the_apps_that_are_to_stay(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    device = Device.new("phone", platform=Platform.IOS)
    agent = await enrol_agent(Platform.IOS, device)
    kind = "iosStoreAppAssignmentSettings"
    for name, goes in (("Stays", False), ("Goes", True)):
        key = await app(administrator, "iosStoreApp", name, bundleId=f"com.contoso.{name.lower()}")
        await assign(administrator, key, "required", kind=kind, uninstallOnDeviceRemoval=goes)
    await agent.check_in()
    assert device.apps.keys() == {"com.contoso.stays", "com.contoso.goes"}
    (row,) = (await administrator.graph.get(f"/beta/users/{ALICE}/managedDevices")).json()["value"]
    (await administrator.graph.post(f"/beta/deviceManagement/managedDevices/{row['id']}/retire")).raise_for_status()
    await agent.check_in()
    assert not device.is_enrolled
    assert device.apps.keys() == {"com.contoso.stays"}


async def test_a_mac_installs_an_app_by_manifest(administrator: Administrator, enrol_agent: AgentEnroller) -> None:
    device = Device.new("mac", platform=Platform.MACOS)
    agent = await enrol_agent(Platform.MACOS, device)
    lob = await app(
        administrator,
        "macOSLobApp",
        "Orders",
        bundleId="com.contoso.orders",
        versionNumber="3.0",
        fileName="orders.pkg",
    )
    await upload(administrator, lob, "macOSLobApp")
    await assign(administrator, lob, "required")
    await agent.check_in()
    assert device.apps == {"com.contoso.orders": "3.0"}
    assert await states(administrator) == {"Orders": ("requiredInstall", "installed")}
    listed = (await administrator.graph.get("/v1.0/deviceManagement/detectedApps")).json()["value"]
    assert [(each["displayName"], each["version"], each["platform"]) for each in listed] == [("Orders", "3.0", "macOS")]
    manifest = f"/mdm/contoso/apple/apps/{lob}/c0ffee00-0000-4000-8000-000000000009/manifest.plist"
    assert (await administrator.graph.get(manifest)).status_code == 401, "nobody without the signed address reads it"
    forged = await administrator.graph.get(f"{manifest}?sv=2023-11-03&sr=b&sp=r&se=2099-01-01T00:00:00Z&sig=x")
    assert forged.status_code == 403


async def test_a_pc_installs_msi_files_and_packages(administrator: Administrator, enrol_agent: AgentEnroller) -> None:
    device = Device.new("pc", platform=Platform.WINDOWS)
    agent = await enrol_agent(Platform.WINDOWS, device)
    await agent.check_in()
    msi = await app(
        administrator,
        "windowsMobileMSI",
        "Orders",
        productCode=CODE,
        productVersion="4.2.0",
        fileName="orders.msi",
        commandLine="/quiet /norestart",
    )
    await upload(administrator, msi, "windowsMobileMSI")
    modern = await app(
        administrator,
        "windowsUniversalAppX",
        "Board",
        identityName="Contoso.Board",
        identityPublisherHash="8wekyb3d8bbwe",
        identityVersion="1.2.3.0",
        fileName="board.appx",
        applicableArchitectures="x64",
        minimumSupportedOperatingSystem={"v10_0": True},
    )
    await upload(administrator, modern, "windowsUniversalAppX")
    store = await app(
        administrator,
        "microsoftStoreForBusinessApp",
        "Whiteboard",
        packageIdentityName="Microsoft.Whiteboard_8wekyb3d8bbwe",
        productKey="9MSPC6MP8FM4",
    )
    for key in (msi, modern, store):
        await assign(administrator, key, "required")
    await agent.check_in()
    assert device.apps.keys() == {CODE, "Contoso.Board_8wekyb3d8bbwe", "Microsoft.Whiteboard_8wekyb3d8bbwe"}
    assert set((await states(administrator)).values()) == {("requiredInstall", "installed")}
    before = await agent.check_in()
    assert before.settled

    await assign(administrator, msi, "uninstall")
    await assign(administrator, store, "uninstall")
    await agent.check_in()
    assert device.apps.keys() == {"Contoso.Board_8wekyb3d8bbwe"}
    assert (await states(administrator))["Orders"] == ("requiredUninstall", "notInstalled")

    device.refuse("app", 0x80070643)
    await assign(administrator, msi, "required")
    await agent.check_in()
    assert (await states(administrator))["Orders"] == ("requiredInstall", "failed")
    device.accept("app")
    (row,) = (await administrator.graph.get(f"/beta/users/{ALICE}/managedDevices")).json()["value"]
    (await administrator.graph.post(f"/beta/deviceManagement/managedDevices/{row['id']}/syncDevice")).raise_for_status()
    await agent.check_in()
    assert (await states(administrator))["Orders"] == ("requiredInstall", "installed")
    assert device.apps.keys() == {CODE, "Contoso.Board_8wekyb3d8bbwe"}
