"""The apps of a device, and of each that is not there the reason."""

from __future__ import annotations

from fauxtune.operations.insight.device_report import ReportedApp, apps_of_device
from tests.support.assigned_apps import assigned_app
from tests.support.devices.stepwise import StepwiseDevice, enrol_iphone
from tests.support.tenant import Contoso


async def report(contoso: Contoso, phone: StepwiseDevice) -> dict[str, ReportedApp]:
    row = await phone.row()
    listed: list[ReportedApp] = await contoso.do(apps_of_device, row)
    assert [app.name for app in listed] == sorted(app.name for app in listed)
    return {app.name: app for app in listed}


async def test_each_app_says_why_it_is_not_there(contoso: Contoso) -> None:
    phone = await enrol_iphone(contoso, "carol", version="16.0")
    await phone.check_in()
    assert await report(contoso, phone) == {}
    await assigned_app(contoso, "iosStoreApp", "Notes", bundleId="com.contoso.notes")
    assert (await report(contoso, phone))["Notes"].why == "The device is told at its next check-in."
    await assigned_app(contoso, "iosStoreApp", "Maps", "available", bundleId="com.contoso.maps")
    await assigned_app(
        contoso, "iosStoreApp", "Newer", bundleId="com.contoso.newer", minimumSupportedOperatingSystem={"v17_0": True}
    )
    await assigned_app(contoso, "iosStoreApp", "Nameless")
    await assigned_app(contoso, "iosLobApp", "Unfinished", bundleId="com.contoso.u", publishingState="notPublished")
    await assigned_app(contoso, "win32LobApp", "For PCs")
    await assigned_app(contoso, "webApp", "Portal", appUrl="https://contoso.example")
    await assigned_app(contoso, "iosStoreApp", "Pilots", bundleId="com.contoso.pilots", to_group=True)
    await phone.check_in()
    apps = await report(contoso, phone)
    assert {name: (app.state, app.why) for name, app in apps.items()} == {
        "Notes": ("installed", ""),
        "Maps": ("notInstalled", "It is left to the user, who has not installed it."),
        "Newer": ("notApplicable", "The app needs version 17.0 of the system or a later one; the device has 16.0."),
        "Nameless": (None, "It says nothing by which a device would know it, such as a bundle identifier."),
        "Unfinished": (None, "It is not published: its content is missing, or is not committed."),
        "For PCs": (None, "It is for devices of another kind."),
        "Portal": (None, "A webApp is kept and assigned; no device here installs one."),
        "Pilots": (None, "No assignment of it reaches the device or its user, or an exclusion does."),
    }
    assert apps["Notes"].version == "1.0"
