"""Managed devices, all of the tenant's and one user's, and counts of them. Graph: managedDevice, managedDeviceOverview.

Some properties, such as `notes` and `hardwareInformation`, are blank in every list: they have their values only where a
single device is read with a `$select` that names them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from fauxtune.core.clock import iso
from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.graph.index import entity
from fauxtune.core.graph.references import binds
from fauxtune.core.graph.search import FILTERED, Searchable
from fauxtune.core.model.actions import DeviceAction
from fauxtune.core.model.ids import DeviceCategoryId, ManagedDeviceId
from fauxtune.core.model.platforms import Variant
from fauxtune.core.odata.documents.validation import accept
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.query.expressions import And, Compare, Condition, Field, TextMatch
from fauxtune.core.odata.schema.types import EXACT, approximated, refused
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.devices import records
from fauxtune.operations.devices.records import record_document
from fauxtune.operations.directory import users_and_groups
from fauxtune.operations.insight.audit_rules import DEVICE as AUDITED
from fauxtune.operations.insight.audit_rules import changes, orders
from fauxtune.storage.collections.devices import MANAGED_DEVICES
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.rows.devices import JoinedDeviceRow
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Handler, Json, check_options, entity_answer
from fauxtune.surfaces.graph.declared import Differences, Routes
from fauxtune.surfaces.graph.lists import Listed, collection_answer, condition_of, count_rows, list_documents, list_rows
from fauxtune.surfaces.graph.resources.device_parts import (
    DEVICES,
    PARTS,
    expansions,
    listed_document,
    protection_states,
)
from fauxtune.surfaces.graph.resources.users import key_of

WINDOWS_PROTECTION_STATE = entity("windowsProtectionState")
MANAGED_DEVICE = entity("managedDevice")
USER = entity("user")

_LISTED = Listed(
    collection=MANAGED_DEVICES,
    entity=MANAGED_DEVICE,
    context=DEVICES,
    document=listed_document,
    always_count=True,
    expandable=tuple(PARTS),
    expand=expansions,
    searchable=Searchable(anywhere=("deviceName", "serialNumber", "imei", "userPrincipalName", "emailAddress")),
)

#: Where devices are reached: the tenant's, a user's, one's own.
PLACES = (DEVICES, "users/{user}/managedDevices", "me/managedDevices")
DEVICE_PATHS = tuple(f"{place}/{{device}}" for place in PLACES)
RECORDS = Routes(
    *PLACES,
    type=MANAGED_DEVICE,
    read=needs.READ_MANAGED,
    write=needs.WRITE_MANAGED,
)
_FOUND = approximated("$select brings to a list what the service gives only for one device; see the query options")
_LIST = "Graph: List managedDevices"
_PRIMARY_USER = Differences(
    status=204,
    beta_only=True,
    source="Intune: Find the primary user of an Intune device; Graph (beta): managedDevice: users",
    fidelity=approximated("only of Windows devices, as documented; the words of the refusals are not"),
)
OF_DEVICE = Routes(*DEVICE_PATHS, type=MANAGED_DEVICE, read=needs.READ_MANAGED, write=needs.WRITE_MANAGED)


@RECORDS.list(source=_LIST, fidelity=_FOUND)
async def list_devices(call: Call) -> Answer:
    """List devices."""
    return await list_rows(_faithful(call), _LISTED, parent=await _owner_of(call), context=_context(call))


@RECORDS.count(source=_LIST, fidelity=_FOUND)
async def count_devices(call: Call) -> Answer:
    """Count devices."""
    return await count_rows(_faithful(call), _LISTED, parent=await _owner_of(call))


@RECORDS.get("/{device}", source="Graph: Get managedDevice", fidelity=EXACT)
async def get_device(call: Call) -> Answer:
    """Get a device."""
    check_options(call, MANAGED_DEVICE, expandable=tuple(PARTS))
    row = await device_row(call)
    (more,) = await call.read(lambda connection: expansions(call, connection, [row]))
    return _shown(call, row, more=more)


@RECORDS.update("/{device}", source="Graph: Update managedDevice", audit=changes(AUDITED))
async def update_device(call: Call) -> Answer:
    """Update a device's name, owner, notes or scope tags.

    200 with the entity. What the server owns is ignored, as everywhere.
    """
    body = call.body()
    changes = accept(MANAGED_DEVICE, body, partial=True, version=call.version)
    bound = next(iter(binds(MANAGED_DEVICE, body).get("deviceCategory", ())), None)
    category = None if bound is None else DeviceCategoryId(bound)
    row = await call.run(records.update_device, await device_id_of(call), changes=changes, category=category)
    return _shown(call, row)


@RECORDS.create(
    source="Graph: Create managedDevice",
    accepts=None,
    returns=None,
    status=400,
    permissions=(),
    fidelity=refused("400: devices come to be by enrolling; what the real service answers is not documented"),
)
async def refuse_create(_call: Call) -> Answer:
    """Refused: devices enrol.

    Unverified: the real service's refusal.
    """
    raise Invalid(
        "A managedDevice is not created here: it comes to be when a device enrols. Make an enrolment token "
        "(POST /_fauxtune/v1/tenants/{tenant}/enrollmentTokens) and enrol one with 'fauxtune-sim enroll'."
    )


@RECORDS.delete("/{device}", source="Graph: Delete managedDevice", audit=orders(DeviceAction.DELETE))
async def delete(call: Call) -> Answer:
    """Drop the record; the device is wiped or retired at its next check-in."""
    device_id = await device_id_of(call)
    await call.run(device_actions.perform, device_id, action=DeviceAction.DELETE)
    return NO_CONTENT


@OF_DEVICE.list("/users", returns=USER, source="Graph: managedDevice: users", fidelity=EXACT)
async def list_users(call: Call) -> Answer:
    """Primary user of a device.

    Nobody, once that user is deleted.
    """
    row = await device_row(call)
    user = None
    if row.user_id:
        user = await call.read(directory_queries.user, call.tenant.id, user_id=row.user_id)
    return list_documents(call, [] if user is None else [user.document], entity=USER, context="users")


@OF_DEVICE.action("/users/$ref", **_PRIMARY_USER)
async def set_primary_user(call: Call) -> Answer:
    """Set the primary user of a device.

    The one that is named takes the place of the one before.
    """
    named = call.reference(to="user")
    await call.run(records.set_primary_user, await device_id_of(call), user_key=named)
    return NO_CONTENT


@OF_DEVICE.delete("/users/$ref", **_PRIMARY_USER)
async def clear_primary_user(call: Call) -> Answer:
    """Make a device a shared one, without primary user."""
    await call.run(records.set_primary_user, await device_id_of(call), user_key=None)
    return NO_CONTENT


@OF_DEVICE.get(
    "/windowsProtectionState",
    returns=WINDOWS_PROTECTION_STATE,
    source="Graph: Get windowsProtectionState",
    fidelity=approximated("204 for a device that has reported none: what the real service answers is not documented"),
    optional=True,
)
async def get_protection_state(call: Call) -> Answer:
    """Windows Defender on a device.

    204 without a body for a device that has reported none. Unverified: what the real service answers for a device that
    is not Windows.
    """
    check_options(call, WINDOWS_PROTECTION_STATE)
    row = await device_row(call)
    (state,) = await call.read(lambda connection: protection_states(call, connection, [row]))
    if state is None:
        return NO_CONTENT
    document = view(WINDOWS_PROTECTION_STATE, state, version=call.version, select=call.query.select)
    return entity_answer(call, document, context=f"{DEVICES}('{row.id}')/windowsProtectionState")


def _empty(name: str) -> Handler:
    """Return the handler of a collection below a device that is always empty."""

    async def nothing(call: Call) -> Answer:
        row = await device_row(call)
        context = f"{DEVICES}('{row.id}')/{name}"
        return collection_answer(call, [], context=context, total=0 if call.query.count else None)

    return nothing


def _empty_count(name: str) -> Handler:
    """Return the handler of the `/$count` of a collection that is always empty."""
    listed = _empty(name)

    async def none(call: Call) -> Answer:
        await listed(call)
        return Answer(200, text="0")

    return none


def _empty_element(name: str) -> Handler:
    """Return the handler of the elements, and of all paths below them, of a collection that is always empty."""
    listed = _empty(name)

    async def nothing(call: Call) -> Answer:
        await listed(call)
        raise NotFound(f"There is nothing in {name} with the id '{call.keys['part']}'.")

    return nothing


#: Collections below a device that are empty because the emulator has nothing that could fill them.
for _name, _what, _beta_only in (
    ("securityBaselineStates", "security baselines of a device", True),
    ("managedDeviceMobileAppConfigurationStates", "app configurations of a device", True),
    ("windowsProtectionState/detectedMalwareState", "malware that was found", False),
):
    for _tail, _handler, _summary in (
        ("", _empty(_name), f"List {_what}"),
        ("/$count", _empty_count(_name), f"Count {_what}"),
        ("/{part}", _empty_element(_name), f"Get one of the {_what}"),
        *(
            (f"/{{part}}/settingStates{_end}", _empty_element(_name), "Settings of one of them")
            for _end in ("", "/$count", "/{setting}")
            if _name == "securityBaselineStates"
        ),
    ):
        OF_DEVICE.get(
            f"/{_name}{_tail}",
            summary=_summary,
            returns=None,
            beta_only=_beta_only,
            source=f"Graph: managedDevice: {_name}",
            fidelity=approximated("always empty: nothing in the emulation fills it"),
        )(_handler)


async def device_row(call: Call) -> JoinedDeviceRow:
    """Return the record that the path names. Raises NotFound if it does not exist, or if it is another user's and the
    path names a user.
    """
    key, owner = ManagedDeviceId(call.keys["device"]), await _owner_of(call)
    row = await call.read(queries.managed_device, call.tenant.id, managed_device_id=key)
    if row is None or (owner is not None and row.user_id != owner):
        raise NotFound(f"There is no managedDevice '{key}'.")
    return row


async def device_id_of(call: Call) -> ManagedDeviceId:
    """Return the id of the record that the path names, which is the user's if the path names a user."""
    if await _owner_of(call) is None:
        return ManagedDeviceId(call.keys["device"])
    return (await device_row(call)).id


async def _owner_of(call: Call) -> str | None:
    """Return the user whose devices the path is about; None for the whole tenant."""
    if call.path.strip("/").partition("/")[0].lower() == "me":
        return key_of(call)
    if "user" not in call.keys:
        return None
    key = call.keys["user"]
    user = await call.read(directory_queries.user_by_key, call.tenant.id, key=key)
    if user is None:
        raise users_and_groups.missing(key)
    return str(user.id)


def _context(call: Call) -> str:
    return f"users('{call.keys['user']}')/managedDevices" if "user" in call.keys else DEVICES


def _shown(call: Call, row: JoinedDeviceRow, *, more: Json | None = None) -> Answer:
    document = view(MANAGED_DEVICE, record_document(row), version=call.version, select=call.query.select)
    return entity_answer(call, {**document, **(more or {})}, context=_context(call))


def _faithful(call: Call) -> Call:
    """Return the call as the real service reads it, if the tenant wants that: `$orderby` and conditions on other
    properties than the filterable ones are ignored silently, and the whole list is returned.
    """
    if not call.tenant.setting("graph.faithfulQuery"):
        return call
    condition = condition_of(call, MANAGED_DEVICE)
    known = condition is None or _is_evaluated(condition)
    query = replace(call.query, orderby=(), filter=call.query.filter if known else None)
    return replace(call, query=query)


def _is_evaluated(condition: Condition) -> bool:
    match condition:
        case And(conditions):
            return all(_is_evaluated(condition) for condition in conditions)
        case Compare(operator, Field() as left, _):
            return operator.value in FILTERED.get(left.property.name, ())
        case TextMatch(test, Field() as left, _):
            return test.value in FILTERED.get(left.property.name, ())
        case _:
            return False


MANAGED_DEVICE_OVERVIEW = entity("managedDeviceOverview")
OVERVIEW = Routes("deviceManagement/managedDeviceOverview", type=MANAGED_DEVICE_OVERVIEW, read=needs.READ_MANAGED)

#: The counts of deviceOperatingSystemSummary that a device of each kind is part of.
_COUNTED: dict[Variant, tuple[str, ...]] = {
    Variant.ANDROID_WORK_PROFILE: ("androidCount", "androidWorkProfileCount"),
    Variant.ANDROID_FULLY_MANAGED: ("androidCount", "androidFullyManagedCount"),
    Variant.ANDROID_DEDICATED: ("androidCount", "androidDedicatedCount"),
    Variant.ANDROID_CORPORATE_WORK_PROFILE: ("androidCount", "androidCorporateWorkProfileCount"),
    Variant.ANDROID_DEVICE_ADMIN: ("androidCount", "androidDeviceAdminCount"),
    Variant.ANDROID_KNOX: ("androidCount", "androidDeviceAdminCount"),
    Variant.ANDROID_AOSP: ("androidCount", "aospUserAssociatedCount"),
    Variant.IOS: ("iosCount",),
    Variant.IPADOS: ("iosCount",),
    Variant.MACOS: ("macOSCount",),
    Variant.WINDOWS: ("windowsCount",),
    Variant.WINDOWS_10_MOBILE: ("windowsMobileCount",),
    Variant.WINDOWS_PHONE_81: ("windowsMobileCount",),
}


@OVERVIEW.get(source="Graph: Get managedDeviceOverview", fidelity=approximated("the id is the tenant's"), dated=True)
async def get_overview(call: Call) -> Answer:
    """Counts of devices."""
    check_options(call, MANAGED_DEVICE_OVERVIEW)

    def read(connection: Connection) -> tuple[dict[str, int], tuple[list[str], list[str]]]:
        by_variant = queries.counts_by_variant(connection, call.tenant.id)
        return by_variant, queries.makes_and_models(connection, call.tenant.id)

    by_variant, (makes, models) = await call.read(read)
    systems: Counter[str] = Counter()
    for variant, number in by_variant.items():
        for name in _COUNTED[Variant(variant)]:
            systems[name] += number
    total = sum(by_variant.values())
    document: Json = {
        # Unverified: the real service's id. There is one overview in a tenant.
        "id": call.tenant.id,
        "enrolledDeviceCount": total,
        "mdmEnrolledCount": total,
        "dualEnrolledDeviceCount": 0,
        "deviceOperatingSystemSummary": dict(systems),
        "deviceExchangeAccessStateSummary": {},
        "managedDeviceModelsAndManufacturers": {"deviceModels": models, "deviceManufacturers": makes},
        "lastModifiedDateTime": iso(call.emulator.runner.now(call.tenant)),
    }
    document = view(MANAGED_DEVICE_OVERVIEW, document, version=call.version, select=call.query.select)
    return entity_answer(call, document, context="deviceManagement/managedDeviceOverview")
