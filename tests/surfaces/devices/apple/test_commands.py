"""The engine's steps as commands, beside the examples that devices read; and what kind of device is talking."""

from __future__ import annotations

import plistlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from fauxtune.core.engine.device_actions.support import EMULATED
from fauxtune.core.errors import Invalid
from fauxtune.core.model.actions import DeviceAction, StepKind
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.items import LedgerRow, email_key, root_key
from fauxtune.core.model.platforms import Platform, Variant
from fauxtune.core.model.states import ItemState, Source
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.app_kinds import Way
from fauxtune.operations.checkin.deliverables import Deliverable
from fauxtune.operations.checkin.steps import AppDelivery, Step
from fauxtune.operations.devices.actions import Order
from fauxtune.surfaces.devices.apple import apps, messages, mobileconfig, translate
from fauxtune.surfaces.devices.apple.command_results import step_result
from fauxtune.surfaces.devices.apple.messages import CommandResults, Sender, Status
from fauxtune.surfaces.devices.apple.translate import DeviceContext
from tests.support.apple_examples import example

TENANT = TenantId("c0ffee00-0000-4000-8000-000000000001")
APP, FILE = "7d7a0f4e-1111-4a4a-8a8a-000000000001", "7d7a0f4e-2222-4a4a-8a8a-000000000002"
SIGNED = "sv=2023-11-03&sr=b&sp=r&se=2026-11-25T10%3A00%3A00Z&sig=c2lnbmF0dXJl"


def manifest_url(app: AppDelivery) -> str:
    return f"https://localhost:8443/mdm/{TENANT}/apple/apps/{app.app_id}/{FILE}/manifest.plist?{SIGNED}"


PHONE = DeviceContext(TENANT, Variant.IOS, "17.5.1", manifest_url=manifest_url)
MAC = DeviceContext(TENANT, Variant.MACOS, "14.5", manifest_url=manifest_url)
#: A root in the examples: the last parts of its profile's identifier.
ROOT = LedgerRow(
    root_key("cfb50e252117da77cdadbaf6c78b51f14b8f93d7ff1b0a8c4db01a90844ddacc", "root"),
    Source.ROOT,
    ItemState.REMOVING,
    fingerprint="f",
)


def order(action: DeviceAction, **details: Any) -> Step:
    result = Order(id="o", action=action, created_at=datetime(2026, 11, 24, tzinfo=UTC), scope="", details=details)
    return Step("s", StepKind.ACTION, order=result)


def about_app(kind: StepKind, way: Way, *, settings: JsonObject | None = None, **document: Any) -> Step:
    app = AppDelivery(
        "com.contoso.notes", way, app_id=APP, document=document, settings=() if settings is None else (settings,)
    )
    return Step("s", kind, apps=(app,))


LISTED = Step(
    "s",
    StepKind.LIST_APPS,
    part="states",
    apps=tuple(AppDelivery(f"com.contoso.{name}", Way.STORE, APP, {}) for name in ("notes", "orders")),
)
STORE_PAGE = "https://apps.apple.com/us/app/notes/id1110145109?mt=8"


@pytest.mark.parametrize(
    ("name", "step", "told"),
    [
        ("install-application", about_app(StepKind.INSTALL_APP, Way.STORE, appStoreUrl=STORE_PAGE), PHONE),
        (
            "install-application-manifest",
            about_app(StepKind.INSTALL_APP, Way.MANIFEST, settings={"isRemovable": False}),
            PHONE,
        ),
        ("install-application-mac", about_app(StepKind.INSTALL_APP, Way.MANIFEST, installAsManaged=True), MAC),
        ("remove-application", about_app(StepKind.REMOVE_APP, Way.STORE), PHONE),
        ("managed-application-list", LISTED, PHONE),
        ("installed-application-list", LISTED, MAC),
        ("installed-application-list-managed", replace(LISTED, part="inventory"), PHONE),
        ("profile-list", Step("s", StepKind.QUESTION, part="ProfileList"), PHONE),
        ("certificate-list", Step("s", StepKind.QUESTION, part="CertificateList"), PHONE),
        ("device-information", Step("s", StepKind.QUESTION, part="DeviceInformation"), PHONE),
        ("security-info", Step("s", StepKind.QUESTION, part="SecurityInfo"), MAC),
        ("remove-profile", Step("s", StepKind.REMOVE, item=Deliverable(row=ROOT)), PHONE),
        ("device-lock-mac", order(DeviceAction.LOCK, unlockPin="123456"), MAC),
        (
            "device-lock",
            order(DeviceAction.LOCK, message="Please call Contoso", phoneNumber="+1 555 0100", unlockPin="no"),
            PHONE,
        ),
        ("erase-device", order(DeviceAction.WIPE), PHONE),
    ],
)
def test_each_command_is_that_of_the_example(name: str, step: Step, told: DeviceContext) -> None:
    theirs = plistlib.loads(example(f"command-{name}"))
    ours = plistlib.loads(messages.command(theirs["CommandUUID"], translate.command(step, told)))
    assert ours == theirs


def test_the_manifest_is_that_of_the_example() -> None:
    document = {"displayName": "Orders", "versionNumber": "2.1"}
    orders = AppDelivery("com.contoso.orders", Way.MANIFEST, app_id=APP, document=document)
    ours = apps.manifest(orders, package_url=f"https://localhost:8443/blobs/{TENANT}/{FILE}?{SIGNED}")
    assert plistlib.loads(ours) == plistlib.loads(example("app-manifest"))


@pytest.mark.parametrize(
    ("way", "said", "flags"),
    [
        (Way.STORE, [], 0),
        (Way.MANIFEST, [], 1),
        (Way.MANIFEST, [True, None], 1),
        (Way.MANIFEST, [True, False], 0),
        (Way.STORE, [True], 1),
        (Way.LICENSE, [None], 0),
    ],
)
def test_an_app_goes_with_the_profile_if_no_assignment_keeps_it(way: Way, said: list[bool | None], flags: int) -> None:
    settings = tuple({"uninstallOnDeviceRemoval": each} for each in said)
    app = AppDelivery("com.contoso.notes", way, app_id=APP, document={}, settings=settings)
    command = apps.install(app, on_mac=False, manifest_url=manifest_url)
    assert command["ManagementFlags"] == flags
    unmanaged = apps.install(replace(app, way=Way.MANIFEST), on_mac=True, manifest_url=manifest_url)
    assert unmanaged.keys() == {"RequestType", "ManifestURL"}, "a Mac does not manage it unless it is told so"


def test_an_install_carries_the_profile_as_data() -> None:
    theirs = plistlib.loads(example("command-install-profile"))["Command"]
    der = plistlib.loads(theirs["Payload"])["PayloadContent"][0]["PayloadContent"]
    step = Step("s", StepKind.INSTALL, item=Deliverable(row=ROOT, certificate=der))
    ours = translate.command(step, PHONE)
    assert ours.keys() == theirs.keys()
    inside, there = plistlib.loads(ours["Payload"]), plistlib.loads(theirs["Payload"])
    assert inside["PayloadIdentifier"] == there["PayloadIdentifier"]
    assert inside["PayloadContent"][0]["PayloadContent"] == der


def test_every_action_that_is_carried_has_a_command() -> None:
    for platform in (Platform.IOS, Platform.IPADOS, Platform.MACOS):
        for action in EMULATED[platform] - {DeviceAction.SYNC}:
            details = {"deviceName": "Desk", "userPrincipalName": "alice@contoso.example"}
            step = order(action, **details)
            assert step.order is not None
            secret = replace(step.order, secrets={"certificate": "", "recoveryKey": "ABCD"})
            assert translate.command(replace(step, order=secret), PHONE)["RequestType"]


def test_lost_mode_always_has_a_text_for_the_lock_screen() -> None:
    asked = order(DeviceAction.ENABLE_LOST_MODE, phoneNumber="+41 44 1", footer="Thanks")
    assert translate.command(asked, PHONE) == {
        "RequestType": "EnableLostMode",
        "PhoneNumber": "+41 44 1",
        "Footnote": "Thanks",
    }
    assert translate.command(order(DeviceAction.ENABLE_LOST_MODE), PHONE)["Message"]


@pytest.mark.parametrize(
    "response",
    [
        {"Latitude": True, "Longitude": 1.0},
        {"Latitude": float("nan"), "Longitude": 1.0},
        {"Latitude": "north", "Longitude": 1.0},
        {"Longitude": 1.0},
        {"Latitude": 91.0, "Longitude": 1.0},
        {"Latitude": 1.0, "Longitude": -181.0},
    ],
)
def test_a_place_that_does_not_exist_is_no_location(response: dict[str, Any]) -> None:
    results = CommandResults(Sender("UDID"), Status.ACKNOWLEDGED, command="c", response=response)
    result = step_result(results)
    assert result is not None
    assert result.data is None


def test_another_action_has_none() -> None:
    with pytest.raises(Invalid, match="no command for Apple"):
        translate.command(order(DeviceAction.CLEAN_WINDOWS), PHONE)


def test_an_item_that_has_nothing_cannot_be_given() -> None:
    row = LedgerRow(email_key("m"), Source.EMAIL, ItemState.SENT, fingerprint="f")  # type: ignore[arg-type]
    with pytest.raises(Invalid, match="cannot be sent to an Apple device"):
        translate.profile(Deliverable(row=row), PHONE)


@pytest.mark.parametrize(
    ("said", "platform"),
    [
        ({"ProductName": "iPhone15,2"}, Platform.IOS),
        ({"ProductName": "iPod9,1"}, Platform.IOS),
        ({"ProductName": "iPad13,18"}, Platform.IPADOS),
        ({"ProductName": "Mac14,2"}, Platform.MACOS),
        ({"ProductName": "MacBookAir10,1"}, Platform.MACOS),
        ({"ProductName": "iMac21,1"}, Platform.MACOS),
        ({"ProductName": "VirtualMac2,1"}, Platform.MACOS),
        ({"Model": "MacBookPro16,1"}, Platform.MACOS),
        ({"ModelName": "iPad"}, Platform.IPADOS),
        ({"Model": "MQ0G3", "ModelName": "iPhone"}, Platform.IOS),
        # No name at all: only a Mac's UDID is a UUID.
        ({"UDID": "8B1F6C02-5F6E-4D53-9C0A-2D5B7E6A9F11"}, Platform.MACOS),
        ({"UDID": "00008110-000A1C2E3F40801E"}, Platform.IOS),
        ({"UDID": "0123456789abcdef0123456789abcdef01234567"}, Platform.IOS),
    ],
)
def test_the_platform_follows_from_what_a_device_calls_itself(said: dict[str, str], platform: Platform) -> None:
    message = {"MessageType": "Authenticate", "Topic": "t", "UDID": "8B1F6C02-5F6E-4D53-9C0A-2D5B7E6A9F11", **said}
    read = messages.read(plistlib.dumps(message))
    assert isinstance(read, messages.Authenticate)
    assert translate.platform_of(read) is platform


@pytest.mark.parametrize("product", ["AppleTV11,1", "Watch6,1", "RealityDevice14,1", "Toaster1,1"])
def test_other_products_are_refused(product: str) -> None:
    message = {"MessageType": "Authenticate", "Topic": "t", "UDID": "x", "ProductName": product}
    read = messages.read(plistlib.dumps(message))
    assert isinstance(read, messages.Authenticate)
    with pytest.raises(Invalid, match=product):
        translate.platform_of(read)


def test_an_iphones_facts_go_by_the_names_of_graph() -> None:
    read = messages.read(example("authenticate-iphone"))
    assert isinstance(read, messages.Authenticate)
    request = translate.enrollment_request(read)
    assert (request.platform, request.hardware_key) == (Platform.IOS, "apple/00008110-000A1C2E3F40801E")
    assert request.facts == {
        "deviceName": "Alice's iPhone",
        "serialNumber": "F2LX30QJN70M",
        "manufacturer": "Apple",
        "model": "iPhone 14 Pro",
        "productName": "iPhone15,2",
        "chassisType": "phone",
        "osVersion": "17.5.1",
        "osBuildNumber": "21F90",
        "imei": "351234567890123",
        "meid": "35123456789012",
        "udid": "00008110-000A1C2E3F40801E",
    }


def test_the_enrolment_profile_is_removed_by_its_name() -> None:
    for action in (DeviceAction.RETIRE, DeviceAction.DELETE):
        assert translate.command(order(action), MAC) == {
            "RequestType": "RemoveProfile",
            "Identifier": mobileconfig.enrollment_identifier(TENANT),
        }
