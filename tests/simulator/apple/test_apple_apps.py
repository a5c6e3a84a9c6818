"""A simulated iPhone and Mac install, list and remove the apps of the examples that the server writes."""

from __future__ import annotations

import plistlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from fauxtune_sim.apple import messages
from fauxtune_sim.apple.commands import execute
from fauxtune_sim.apple.device_commands import CommandContext, kept_without_management
from fauxtune_sim.apple.enrollment import AppleEnrollment
from fauxtune_sim.apple.facts import System
from fauxtune_sim.apple.faults import Code, Fault
from fauxtune_sim.apple.install import Installer
from fauxtune_sim.apple.store import ProfileStore
from fauxtune_sim.device.device import Device
from fauxtune_sim.platforms import Platform
from fauxtune_sim.server.transport import Answer

EXAMPLES = Path(__file__).parents[2] / "wire" / "apple"
MANIFEST = (EXAMPLES / "app-manifest.plist").read_bytes()


class _EveryRight:
    def may(self, _right: int) -> bool:
        return True


class Phone:
    """A device whose server serves files by the end of their address."""

    def __init__(self, platform: Platform = Platform.IOS, *, files: Mapping[str, bytes] | None = None) -> None:
        self.device = Device.new("phone", platform=platform)
        self.store = self.device.state = ProfileStore()
        self.files = {"manifest.plist": MANIFEST, "blobs": b"package"} if files is None else files
        self.loaded: list[str] = []

    async def load(self, url: str) -> Answer:
        self.loaded.append(url)
        body = next((content for part, content in self.files.items() if part in url), None)
        headers = CIMultiDictProxy(CIMultiDict[str]())
        return Answer(status=404 if body is None else 200, body=body or b"", url=url, headers=headers)

    async def executed(self, name: str, **changes: Any) -> dict[str, Any]:
        command = messages.command((EXAMPLES / f"command-{name}.plist").read_bytes())
        assert command is not None
        command.parameters.update(changes)
        system = System.of(self.device.platform, "17.5")
        enrollment = cast("AppleEnrollment", _EveryRight())
        installer = cast("Installer", None)
        context = CommandContext(command, self.device, system, enrollment, installer, self.load)
        return (await execute(context)).answer


def example(name: str) -> dict[str, Any]:
    document: dict[str, Any] = plistlib.loads((EXAMPLES / f"{name}.plist").read_bytes())
    return document


async def test_an_app_of_the_store_is_installed_listed_and_removed() -> None:
    phone = Phone()
    answer = await phone.executed("install-application")
    assert answer.keys() == example("install-application").keys() - {"UDID", "Status", "CommandUUID"}
    listed = (await phone.executed("managed-application-list"))["ManagedApplicationList"]
    theirs = example("managed-application-list")["ManagedApplicationList"]
    assert listed == {"com.contoso.notes": theirs["com.contoso.notes"]}
    assert not phone.loaded
    await phone.executed("remove-application")
    assert (await phone.executed("managed-application-list"))["ManagedApplicationList"] == {}
    with pytest.raises(Fault, match="is not managed") as refused:
        await phone.executed("remove-application")
    assert refused.value.code == Code.APP_NOT_MANAGED


async def test_an_app_that_its_user_took_off_the_device_is_managed_and_not_there() -> None:
    phone = Phone()
    await phone.executed("install-application")
    phone.device.apps.clear()
    listed = (await phone.executed("managed-application-list"))["ManagedApplicationList"]
    assert listed["com.contoso.notes"]["Status"] == "ManagedButUninstalled"


async def test_an_app_by_manifest_is_loaded_and_goes_with_the_profile() -> None:
    phone = Phone()
    await phone.executed("install-application")
    await phone.executed("install-application-manifest")
    assert [url.partition("?")[0].rpartition("/")[2] for url in phone.loaded] == [
        "manifest.plist",
        "7d7a0f4e-2222-4a4a-8a8a-000000000002",
    ]
    assert phone.device.apps == {"com.contoso.notes": "1.0.0", "com.contoso.orders": "2.1"}
    assert kept_without_management(phone.store.apps, phone.device.apps) == {"com.contoso.notes": "1.0.0"}
    assert ProfileStore.from_document(phone.store.document()).apps == phone.store.apps


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"manifest.plist": b"no plist", "blobs": b"package"},
        {"manifest.plist": plistlib.dumps({"items": []}), "blobs": b"package"},
        {"manifest.plist": MANIFEST},
        {"manifest.plist": MANIFEST, "blobs": b""},
    ],
)
async def test_what_cannot_be_loaded_is_not_installed(files: dict[str, bytes]) -> None:
    phone = Phone(files=files)
    with pytest.raises(Fault):
        await phone.executed("install-application-manifest")
    assert phone.device.apps == {}


async def test_a_device_whose_owner_refuses_apps_answers_with_an_error() -> None:
    phone = Phone()
    phone.device.refuse("app", 12030)
    with pytest.raises(Fault) as refused:
        await phone.executed("install-application")
    assert refused.value.code == 12030


async def test_the_number_of_an_app_alone_says_nothing_in_the_simulated_world() -> None:
    answer = await Phone().executed("install-application", Identifier=None)
    assert answer == {"RejectionReason": "CouldNotVerifyAppID"}


async def test_a_mac_lists_what_it_manages_and_what_it_does_not() -> None:
    mac = Phone(Platform.MACOS)
    await mac.executed("install-application-mac")
    await mac.executed("install-application")
    assert mac.store.apps.keys() == {"com.contoso.orders"}
    listed = (await mac.executed("installed-application-list"))["InstalledApplicationList"]
    assert sorted(each["Identifier"] for each in listed) == ["com.contoso.notes", "com.contoso.orders"]
    assert listed[0].keys() == example("installed-application-list")["InstalledApplicationList"][0].keys()
    managed = (await mac.executed("installed-application-list", ManagedAppsOnly=True))["InstalledApplicationList"]
    assert [each["Identifier"] for each in managed] == ["com.contoso.orders"]
