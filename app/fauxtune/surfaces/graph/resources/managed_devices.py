"""Managed devices, and counts of them.

Managed devices: all of the tenant's, and one user's. Graph: managedDevice.

Some properties, such as `notes` and `hardwareInformation`, are blank in every list: they have their values only where a
single device is read with a `$select` that names them.

Counts of a tenant's devices. Graph: managedDeviceOverview.

Counts of a tenant's devices. Graph: managedDeviceOverview.
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
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.devices import records
from fauxtune.operations.devices.records import record_document
from fauxtune.operations.directory import users_and_groups
from fauxtune.storage.collections.devices import MANAGED_DEVICES
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.rows.devices import JoinedDeviceRow
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Handler, Json, check_options, entity_answer
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


async def list_devices(call: Call) -> Answer:
    """GET /deviceManagement/managedDevices, and /users/{user}/managedDevices."""
    return await list_rows(_faithful(call), _LISTED, parent=await _owner_of(call), context=_context(call))


async def count_devices(call: Call) -> Answer:
    """GET .../managedDevices/$count."""
    return await count_rows(_faithful(call), _LISTED, parent=await _owner_of(call))


async def get_device(call: Call) -> Answer:
    """GET .../managedDevices/{device}."""
    check_options(call, MANAGED_DEVICE, expandable=tuple(PARTS))
    row = await device_row(call)
    (more,) = await call.read(lambda connection: expansions(call, connection, [row]))
    return _shown(call, row, more=more)


async def update_device(call: Call) -> Answer:
    """PATCH: 200 with the entity. What the server owns is ignored, as everywhere."""
    body = call.body()
    changes = accept(MANAGED_DEVICE, body, partial=True, version=call.version)
    bound = next(iter(binds(MANAGED_DEVICE, body).get("deviceCategory", ())), None)
    category = None if bound is None else DeviceCategoryId(bound)
    row = await call.run(records.update_device, await device_id_of(call), changes=changes, category=category)
    return _shown(call, row)


async def refuse_create(_call: Call) -> Answer:
    """POST /deviceManagement/managedDevices. Unverified: the real service's refusal; devices come by enrolling."""
    raise Invalid(
        "A managedDevice is not created here: it comes to be when a device enrols. Make an enrolment token "
        "(POST /_fauxtune/v1/tenants/{tenant}/enrollmentTokens) and enrol one with 'fauxtune-sim enroll'."
    )


async def delete(call: Call) -> Answer:
    """DELETE .../managedDevices/{device}: the record goes now, company data at the next check-in."""
    device_id = await device_id_of(call)
    await call.run(device_actions.perform, device_id, action=DeviceAction.DELETE)
    return NO_CONTENT


async def list_users(call: Call) -> Answer:
    """GET .../{device}/users: its primary user, while that user exists."""
    row = await device_row(call)
    user = None
    if row.user_id:
        user = await call.read(directory_queries.user, call.tenant.id, user_id=row.user_id)
    return list_documents(call, [] if user is None else [user.document], entity=USER, context="users")


async def set_primary_user(call: Call) -> Answer:
    """POST .../{device}/users/$ref: the one that is named takes the place of the one before."""
    named = call.reference(to="user")
    await call.run(records.set_primary_user, await device_id_of(call), user_key=named)
    return NO_CONTENT


async def clear_primary_user(call: Call) -> Answer:
    """DELETE .../{device}/users/$ref: a shared device."""
    await call.run(records.set_primary_user, await device_id_of(call), user_key=None)
    return NO_CONTENT


async def get_protection_state(call: Call) -> Answer:
    """GET .../{device}/windowsProtectionState: 204 without a body for a device that has reported none.

    Unverified: what the real service answers for a device that is not Windows.
    """
    check_options(call, WINDOWS_PROTECTION_STATE)
    row = await device_row(call)
    (state,) = await call.read(lambda connection: protection_states(call, connection, [row]))
    if state is None:
        return NO_CONTENT
    document = view(WINDOWS_PROTECTION_STATE, state, version=call.version, select=call.query.select)
    return entity_answer(call, document, context=f"{DEVICES}('{row.id}')/windowsProtectionState")


def empty(name: str) -> Handler:
    """Return the handler of a collection below a device that is always empty."""

    async def nothing(call: Call) -> Answer:
        row = await device_row(call)
        context = f"{DEVICES}('{row.id}')/{name}"
        return collection_answer(call, [], context=context, total=0 if call.query.count else None)

    return nothing


def empty_count(name: str) -> Handler:
    """Return the handler of the `/$count` of a collection that is always empty."""
    listed = empty(name)

    async def none(call: Call) -> Answer:
        await listed(call)
        return Answer(200, text="0")

    return none


def empty_element(name: str) -> Handler:
    """Return the handler of the elements, and of all paths below them, of a collection that is always empty."""
    listed = empty(name)

    async def nothing(call: Call) -> Answer:
        await listed(call)
        raise NotFound(f"There is nothing in {name} with the id '{call.keys['part']}'.")

    return nothing


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


async def get_overview(call: Call) -> Answer:
    """GET /deviceManagement/managedDeviceOverview."""
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
