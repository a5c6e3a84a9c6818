"""Managed devices, all of them and a user's own; what is asked of them; their categories; how many there are.

#: data
"""

from __future__ import annotations

from collections.abc import Iterator

from fauxtune.core.engine.device_actions.support import EMULATED
from fauxtune.core.graph.device_actions import EXECUTE_ACTION, FORMS
from fauxtune.core.graph.index import complex_type, entity
from fauxtune.core.model.actions import DeviceAction
from fauxtune.core.odata.paths.table import Route
from fauxtune.core.odata.schema.types import EXACT, Fidelity, approximated, refused
from fauxtune.operations.insight.audit_rules import COLLECTED_LOGS, DEVICE, changes, deletes, orders
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import Handler, audited_by
from fauxtune.surfaces.graph.resources import device_actions, device_categories, escrow, managed_devices
from fauxtune.surfaces.graph.routes.families import routes_of_own

BULK_RESULT = complex_type("bulkManagedDeviceActionResult")
WINDOWS_PROTECTION_STATE = entity("windowsProtectionState")
DEVICE_CATEGORY = entity("deviceCategory")
MANAGED_DEVICE = entity("managedDevice")
MANAGED_DEVICE_OVERVIEW = entity("managedDeviceOverview")
USER = entity("user")
LOG_COLLECTION = entity("deviceLogCollectionResponse")

_ALL = "deviceManagement/managedDevices"

#: Collections below a device that are empty because the emulator has nothing that could fill them.
_EMPTY = (
    ("securityBaselineStates", "List security baselines of a device", True),
    ("managedDeviceMobileAppConfigurationStates", "List app configurations of a device", True),
    ("windowsProtectionState/detectedMalwareState", "List malware that was found", False),
)
#: Those whose elements have settings below them.
_WITH_SETTINGS = {"securityBaselineStates"}
_NOTHING = approximated("always empty: nothing in the emulation fills it")
_CARRIED = {
    DeviceAction.WIPE: EXACT,
    DeviceAction.RETIRE: EXACT,
    DeviceAction.SYNC: EXACT,
    DeviceAction.REMEDIATE: approximated("the device is called at once; it leaves no entry in deviceActionResults"),
}
#: Of every other action that simulated devices of some platform carry out.
_SOMEWHERE = approximated("carried to the devices that support it, for others 400 or 501; 400 once its end was ordered")
#: What few actions want instead of the permission of their own. Graph reference, 2021 and 2024: the notification;
#: Microsoft's list of permissions, 2026-08: Configuration for it too, and for the others what their rows say.
_CHANGES = (*needs.WRITE_MANAGED, *needs.WRITE_CONFIGURATION)
_MAY_ACT = {
    DeviceAction.NOTIFY: _CHANGES,
    DeviceAction.COLLECT_LOGS: _CHANGES,
    DeviceAction.REMOTE_ASSISTANCE: _CHANGES,
    DeviceAction.ROTATE_BITLOCKER_KEYS: _CHANGES,
    DeviceAction.WIPE: (*needs.ACT, *_CHANGES),
}
_FOUND = approximated("$select brings to a list what the service gives only for one device; see the query options")
_NO_CATEGORY = approximated("what a device in no category answers is not documented: here a category named Unknown")
_LOGS = approximated("of Windows devices; ten are kept, each for 28 days; what is collected is always the same")
_REFUSED = refused("400 or, where real devices of the kind support it, 501")


def _devices(root: str) -> Iterator[Route[Handler]]:
    """The devices below one root: the tenant's, a user's, one's own."""
    one = f"{root}/{{device}}"
    yield from _records(root, one)
    yield from _parts(one)
    yield from _category(one)
    yield from _logs(one)
    yield from _actions(one)
    yield _refused_creation(root)


def _records(root: str, one: str) -> Iterator[Route[Handler]]:
    read, write = needs.READ_MANAGED, needs.WRITE_MANAGED
    yield Route(
        "GET",
        root,
        managed_devices.list_devices,
        "List devices",
        returns=MANAGED_DEVICE,
        many=True,
        permissions=read,
        source="Graph: List managedDevices",
        fidelity=_FOUND,
    )
    yield Route(
        "GET",
        f"{root}/$count",
        managed_devices.count_devices,
        "Count devices",
        permissions=read,
        source="Graph: List managedDevices",
        fidelity=_FOUND,
    )
    yield Route(
        "GET",
        one,
        managed_devices.get_device,
        "Get a device",
        returns=MANAGED_DEVICE,
        permissions=read,
        source="Graph: Get managedDevice",
    )
    yield Route(
        "PATCH",
        one,
        audited_by(changes(DEVICE), managed_devices.update_device),
        "Update a device's name, owner, notes or scope tags",
        accepts=MANAGED_DEVICE,
        returns=MANAGED_DEVICE,
        permissions=write,
        source="Graph: Update managedDevice",
    )
    yield Route(
        "DELETE",
        one,
        audited_by(orders(DeviceAction.DELETE), managed_devices.delete),
        "Drop the record; the device is wiped or retired at its next check-in",
        status=204,
        permissions=write,
        source="Graph: Delete managedDevice",
    )


def _parts(one: str) -> Iterator[Route[Handler]]:
    read = needs.READ_MANAGED
    yield Route(
        "GET",
        f"{one}/users",
        managed_devices.list_users,
        "Primary user of a device",
        returns=USER,
        many=True,
        permissions=read,
        source="Graph: managedDevice: users",
    )
    changes: tuple[tuple[str, Handler, str], ...] = (
        ("POST", managed_devices.set_primary_user, "Set the primary user of a device"),
        ("DELETE", managed_devices.clear_primary_user, "Make a device a shared one, without primary user"),
    )
    for method, change, about in changes:
        yield Route(
            method,
            f"{one}/users/$ref",
            change,
            about,
            status=204,
            beta_only=True,
            permissions=needs.WRITE_MANAGED,
            source="Intune: Find the primary user of an Intune device; Graph (beta): managedDevice: users",
            fidelity=approximated("only of Windows devices, as documented; the words of the refusals are not"),
        )
    yield Route(
        "GET",
        f"{one}/windowsProtectionState",
        managed_devices.get_protection_state,
        "Windows Defender on a device",
        returns=WINDOWS_PROTECTION_STATE,
        permissions=read,
        source="Graph: Get windowsProtectionState",
        fidelity=approximated(
            "204 for a device that has reported none: what the real service answers is not documented"
        ),
        optional=True,
    )
    yield Route(
        "GET",
        f"{one}/getFileVaultKey",
        escrow.get_file_vault_key,
        "Recovery key of FileVault",
        beta_only=True,
        permissions=(*needs.READ_CONFIGURATION, *needs.READ_MANAGED),
        source="Graph: managedDevice: getFileVaultKey",
        fidelity=approximated("404 where none was escrowed; the reading is written only into the journal"),
        dated=True,
    )
    yield from _empty_parts(one)


def _empty_parts(one: str) -> Iterator[Route[Handler]]:
    for name, summary, beta_only in _EMPTY:
        handlers: list[tuple[str, Handler, str]] = [
            ("", managed_devices.empty(name), summary),
            ("/$count", managed_devices.empty_count(name), summary.replace("List", "Count")),
            ("/{part}", managed_devices.empty_element(name), summary.replace("List", "Get one of the")),
        ]
        if name in _WITH_SETTINGS:
            below = managed_devices.empty_element(name)
            tails = ("", "/$count", "/{setting}")
            handlers += [(f"/{{part}}/settingStates{tail}", below, "Settings of one of them") for tail in tails]
        for tail, handler, about in handlers:
            yield Route(
                "GET",
                f"{one}/{name}{tail}",
                handler,
                about,
                beta_only=beta_only,
                permissions=needs.READ_MANAGED,
                source=f"Graph: managedDevice: {name}",
                fidelity=_NOTHING,
            )


def _category(one: str) -> Iterator[Route[Handler]]:
    yield Route(
        "GET",
        f"{one}/deviceCategory",
        device_categories.category_of_device,
        "Category of a device",
        returns=DEVICE_CATEGORY,
        permissions=needs.READ_MANAGED,
        source="Graph: managedDevice: deviceCategory",
        fidelity=_NO_CATEGORY,
    )
    yield Route(
        "GET",
        f"{one}/deviceCategory/$ref",
        device_categories.reference_of_device,
        "Reference to the category of a device",
        permissions=needs.READ_MANAGED,
        source="Graph: managedDevice: deviceCategory",
        fidelity=_NO_CATEGORY,
    )
    yield Route(
        "PUT",
        f"{one}/deviceCategory/$ref",
        audited_by(changes(DEVICE), device_categories.set_category),
        "Put a device into a category",
        status=204,
        permissions=needs.WRITE_MANAGED,
        source="Graph: managedDevice: deviceCategory",
    )
    yield Route(
        "DELETE",
        f"{one}/deviceCategory/$ref",
        audited_by(changes(DEVICE), device_categories.clear_category),
        "Put a device into no category",
        status=204,
        permissions=needs.WRITE_MANAGED,
        source="Graph: managedDevice: deviceCategory",
    )


def _fidelity(action: DeviceAction) -> Fidelity:
    carried = any(action in actions for actions in EMULATED.values())
    return _CARRIED.get(action, _SOMEWHERE if carried else _REFUSED)


def _logs(one: str) -> Iterator[Route[Handler]]:
    all_of_it = f"{one}/logCollectionRequests"
    reads: tuple[tuple[str, Handler, str, bool], ...] = (
        (all_of_it, device_actions.list_collections, "List collected logs", True),
        (f"{all_of_it}/{{collection}}", device_actions.get_collection, "Get a collection of logs", False),
    )
    for template, handler, summary, many in reads:
        yield Route(
            "GET",
            template,
            handler,
            summary,
            returns=LOG_COLLECTION,
            many=many,
            permissions=needs.READ_MANAGED,
            source="Graph: deviceLogCollectionResponse",
            fidelity=_LOGS,
            dated=True,
        )
    yield Route(
        "GET",
        f"{all_of_it}/$count",
        device_actions.count_collections,
        "Count collected logs",
        permissions=needs.READ_MANAGED,
        source="Graph: deviceLogCollectionResponse",
        fidelity=_LOGS,
        dated=True,
    )
    yield Route(
        "DELETE",
        f"{all_of_it}/{{collection}}",
        audited_by(deletes(COLLECTED_LOGS), device_actions.delete_collection),
        "Delete a collection of logs with its archive",
        status=204,
        permissions=needs.WRITE_MANAGED,
        source="Graph: Delete deviceLogCollectionResponse",
    )
    yield Route(
        "POST",
        f"{all_of_it}/{{collection}}/createDownloadUrl",
        device_actions.create_download_url,
        "Address of the archive",
        permissions=needs.READ_MANAGED,
        source="Graph: deviceLogCollectionResponse: createDownloadUrl",
        fidelity=approximated("an address of this server, valid for an hour of the tenant's clock"),
    )


def _refused_creation(root: str) -> Route[Handler]:
    return Route(
        "POST",
        root,
        managed_devices.refuse_create,
        "Refused: devices enrol",
        status=400,
        source="Graph: Create managedDevice",
        fidelity=refused("400: devices come to be by enrolling; what the real service answers is not documented"),
    )


def _actions(one: str) -> Iterator[Route[Handler]]:
    for form in FORMS:
        if form.action is DeviceAction.COLLECT_LOGS:
            yield Route(
                "POST",
                f"{one}/{form.action.value}",
                audited_by(orders(form.action), device_actions.create_request),
                "Collect the logs of a device",
                accepts=form.body,
                returns=LOG_COLLECTION,
                beta_only=form.beta_only,
                permissions=_MAY_ACT[form.action],
                source=form.body.source,
                fidelity=_LOGS,
            )
            continue
        yield Route(
            "POST",
            f"{one}/{form.action.value}",
            audited_by(orders(form.action), device_actions.action(form)),
            form.action.value,
            accepts=form.body if form.body.properties else None,
            status=204,
            beta_only=form.beta_only,
            permissions=_MAY_ACT.get(form.action, needs.ACT),
            source=form.body.source,
            fidelity=_fidelity(form.action),
        )


MANAGED_DEVICES: tuple[Route[Handler], ...] = (
    *_devices(_ALL),
    Route(
        "POST",
        f"{_ALL}/executeAction",
        device_actions.execute_action,
        "One action on many devices",
        accepts=EXECUTE_ACTION,
        returns=BULK_RESULT,
        beta_only=True,
        permissions=needs.ACT,
        source=EXECUTE_ACTION.source,
        fidelity=approximated("at most 100 devices at once; realAction is checked and left alone"),
    ),
    Route(
        "GET",
        "deviceManagement/managedDeviceOverview",
        managed_devices.get_overview,
        "Counts of devices",
        returns=MANAGED_DEVICE_OVERVIEW,
        permissions=needs.READ_MANAGED,
        source="Graph: Get managedDeviceOverview",
        fidelity=approximated("the id is the tenant's"),
        dated=True,
    ),
    *_devices("users/{user}/managedDevices"),
    *_devices("me/managedDevices"),
    *routes_of_own(device_categories.CATEGORIES),
)
