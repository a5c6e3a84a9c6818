"""What is asked of devices: actions, and the collection of logs.

Graph: managedDevice: wipe, retire ... executeAction; deviceLogCollectionResponse, createDeviceLogCollectionRequest.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fauxtune.core.engine.device_actions.support import EMULATED
from fauxtune.core.engine.device_actions.table import LONGEST_BODY, LONGEST_TITLE
from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.graph.device_actions import BULK, COLLECT_LOGS, EXECUTE_ACTION, FORMS, Form
from fauxtune.core.graph.index import complex_type, entity
from fauxtune.core.model.actions import DeviceAction
from fauxtune.core.model.ids import ManagedDeviceId
from fauxtune.core.odata.documents.validation import accept
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.schema.types import EXACT, Fidelity, approximated, refused
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.devices import available_actions, log_collections
from fauxtune.operations.insight.audit_rules import COLLECTED_LOGS, deletes, orders, orders_many
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.runtime.turns import give_way
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.rows.devices import DeviceActionRow, JoinedDeviceRow
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Handler, Json, entity_answer
from fauxtune.surfaces.graph.declared import Routes
from fauxtune.surfaces.graph.lists import count_documents, element_document, list_documents
from fauxtune.surfaces.graph.resources.managed_devices import DEVICE_PATHS, PLACES, device_id_of, device_row

BULK_RESULT = complex_type("bulkManagedDeviceActionResult")
LOG_COLLECTION = entity("deviceLogCollectionResponse")
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
_REFUSED = refused("400 or, where real devices of the kind support it, 501")
ACTIONS = Routes(*DEVICE_PATHS, write=needs.ACT)
BULK_ACTION = Routes(PLACES[0], write=needs.ACT)
LOGS = Routes(
    *(f"{path}/logCollectionRequests" for path in DEVICE_PATHS),
    type=LOG_COLLECTION,
    read=needs.READ_MANAGED,
    write=needs.WRITE_MANAGED,
    dated=True,
)
_LOGS = approximated("of Windows devices; ten are kept, each for 28 days; what is collected is always the same")

#: The limit of one request: bulk actions have 100 devices ("Device action: retire", 2026-08-06).
_MOST = 100
#: So many devices are asked in one transaction: others do not wait long for theirs.
_CHUNK = 3
_LONGEST_NAME = 63
_LONGEST_SOUND = 60
_UNLOCK_CODE = re.compile(r"[0-9]{6}")
_MINUTES = re.compile(r"[0-9]{1,3}")
_BODIES = {form.action: form.body for form in FORMS}


def _action(form: Form) -> Handler:
    """Return the handler of POST .../{action}: no body, null and {} are the same."""

    async def ask(call: Call) -> Answer:
        details = accept(form.body, call.optional_body(), partial=False, version=call.version)
        _check(form.action, details)
        device_id = await device_id_of(call)
        await call.run(device_actions.perform, device_id, action=form.action, details=details)
        return NO_CONTENT

    return ask


def _fidelity(action: DeviceAction) -> Fidelity:
    carried = any(action in actions for actions in EMULATED.values())
    return _CARRIED.get(action, _SOMEWHERE if carried else _REFUSED)


for _form in FORMS:
    if _form.action is not DeviceAction.COLLECT_LOGS:
        ACTIONS.action(
            f"/{_form.action.value}",
            summary=_form.action.value,
            accepts=_form.body if _form.body.properties else None,
            status=204,
            beta_only=_form.beta_only,
            permissions=_MAY_ACT.get(_form.action, needs.ACT),
            source=_form.body.source,
            fidelity=_fidelity(_form.action),
            audit=orders(_form.action),
        )(_action(_form))


@BULK_ACTION.action(
    "/executeAction",
    accepts=EXECUTE_ACTION,
    returns=BULK_RESULT,
    beta_only=True,
    source=EXECUTE_ACTION.source,
    fidelity=approximated("at most 100 devices at once; realAction is checked and left alone"),
)
async def execute_action(call: Call) -> Answer:
    """One action on many devices."""
    body = accept(EXECUTE_ACTION, call.body(), partial=False, version=call.version)
    name = body["actionName"]
    if name not in BULK:
        raise Invalid(f"'{name}' is no action that devices can be asked for.", target="actionName")
    single, taken, fixed = BULK[name]
    details: Json = {**{each: body.get(each) for each in taken}, **fixed}
    for each in _required(single):
        if not details.get(each):
            raise Invalid(f"{name} takes a {each}.", target=each)
    _check(single, details)
    result = await _order(call, _distinct(body["deviceIds"]), action=single, details=details)
    document = view(BULK_RESULT, result, version=call.version)
    return Answer(200, {"@odata.context": call.context("microsoft.graph.bulkManagedDeviceActionResult"), **document})


async def _order(
    call: Call, device_ids: list[ManagedDeviceId], *, action: DeviceAction, details: Json
) -> dict[str, list[str]]:
    result: dict[str, list[str]] = {name: [] for name in available_actions.LISTS}
    for first in range(0, len(device_ids), _CHUNK):
        chunk = device_ids[first : first + _CHUNK]
        # The body names the devices and the action, so the rule of the audit cannot stand at the route.
        audited = replace(call, audit=orders_many(action, chunk))
        part = await audited.run(available_actions.execute, chunk, action=action, details=details)
        for name, ids in part.items():
            result[name] += ids
        await give_way()
    return result


def _required(action: DeviceAction) -> list[str]:
    """Return the parameters that the action requires and for which executeAction has a name."""
    body = _BODIES.get(action)
    required = () if body is None else (prop for prop in body.properties if prop.required)
    return [prop.name for prop in required if EXECUTE_ACTION.find(prop.name) is not None]


def _distinct(device_ids: list[Any]) -> list[ManagedDeviceId]:
    if len(device_ids) > _MOST:
        raise Invalid(f"deviceIds names {len(device_ids)} devices: at most {_MOST} at once.", target="deviceIds")
    ids: dict[str, ManagedDeviceId] = {}
    for device_id in device_ids:
        if not isinstance(device_id, str) or not device_id:
            raise Invalid("deviceIds holds the ids of managedDevices, each a text.", target="deviceIds")
        ids.setdefault(device_id.lower(), ManagedDeviceId(device_id))
    if not ids:
        raise Invalid("deviceIds names no device.", target="deviceIds")
    return list(ids.values())


def _check(action: DeviceAction, details: Json) -> None:
    """Raise Invalid for a parameter that has the right type and a wrong value."""
    code = details.get("macOsUnlockCode")
    if code and not _UNLOCK_CODE.fullmatch(code):
        raise Invalid("macOsUnlockCode is a PIN of six digits.", target="macOsUnlockCode")
    minutes = details.get("durationInMinutes")
    if minutes is not None and not (_MINUTES.fullmatch(minutes) and 1 <= int(minutes) <= _LONGEST_SOUND):
        raise Invalid(f"durationInMinutes is a text of digits, 1 to {_LONGEST_SOUND}.", target="durationInMinutes")
    if action is DeviceAction.RENAME:
        name = details["deviceName"].strip()
        if not name or len(name) > _LONGEST_NAME or not name.isprintable():
            raise Invalid(f"deviceName is one line of 1 to {_LONGEST_NAME} characters.", target="deviceName")
    if action is DeviceAction.NOTIFY:
        for parameter, most in (("notificationTitle", LONGEST_TITLE), ("notificationBody", LONGEST_BODY)):
            if len(details[parameter]) > most:
                raise Invalid(
                    f"{parameter} has {len(details[parameter])} characters; Intune takes at most {most}.",
                    target=parameter,
                )


_KEY = "collection"


@ACTIONS.action(
    f"/{DeviceAction.COLLECT_LOGS.value}",
    accepts=COLLECT_LOGS,
    returns=LOG_COLLECTION,
    beta_only=True,
    permissions=_MAY_ACT[DeviceAction.COLLECT_LOGS],
    source=COLLECT_LOGS.source,
    fidelity=_LOGS,
    audit=orders(DeviceAction.COLLECT_LOGS),
)
async def create_request(call: Call) -> Answer:
    """Collect the logs of a device.

    200 with the collection, which is pending.
    """
    body = accept(COLLECT_LOGS, call.optional_body(), partial=False, version=call.version)
    record, user = await device_row(call), None
    if call.principal.user_id is not None:
        user = await call.read(directory_queries.user, call.tenant.id, user_id=call.principal.user_id)
    initiator = None if user is None else str(user.document["userPrincipalName"])
    row, old = await call.run(log_collections.collect, record.id, details=body, initiator=initiator)
    await _forget(call, old)
    (document,) = await _documents(call, [row], record=record)
    shape = view(LOG_COLLECTION, document, version=call.version)
    context = call.context("microsoft.graph.deviceLogCollectionResponse")
    return Answer(200, {"@odata.context": context, **shape})


@LOGS.list(source=LOG_COLLECTION.source, fidelity=_LOGS)
async def list_collections(call: Call) -> Answer:
    """List collected logs."""
    record = await device_row(call)
    rows = await call.run(log_collections.collections, record)
    documents = await _documents(call, rows, record=record)
    return list_documents(call, documents, entity=LOG_COLLECTION, context=_context(record))


@LOGS.count(source=LOG_COLLECTION.source, fidelity=_LOGS)
async def count_collections(call: Call) -> Answer:
    """Count collected logs."""
    record = await device_row(call)
    rows = await call.run(log_collections.collections, record)
    return count_documents(call, await _documents(call, rows, record=record), entity=LOG_COLLECTION)


@LOGS.get("/{collection}", source=LOG_COLLECTION.source, fidelity=_LOGS)
async def get_collection(call: Call) -> Answer:
    """Get a collection of logs."""
    record = await device_row(call)
    row = await call.run(log_collections.collection, record, key=call.keys[_KEY])
    documents = await _documents(call, [row], record=record)
    document = element_document(call, documents, entity=LOG_COLLECTION, key=row.id)
    return entity_answer(call, document or {}, context=_context(record))


@LOGS.delete("/{collection}", source="Graph: Delete deviceLogCollectionResponse", audit=deletes(COLLECTED_LOGS))
async def delete_collection(call: Call) -> Answer:
    """Delete a collection of logs with its archive."""
    record = await device_row(call)
    row = await call.run(log_collections.delete, record, key=call.keys[_KEY])
    await _forget(call, [row])
    return NO_CONTENT


@LOGS.action(
    "/{collection}/createDownloadUrl",
    permissions=needs.READ_MANAGED,
    fidelity=approximated("an address of this server, valid for an hour of the tenant's clock"),
)
async def create_download_url(call: Call) -> Answer:
    """Address of the archive.

    Unverified: 404 while there is no archive.
    """
    record = await device_row(call)

    def address(tx: Transaction) -> tuple[DeviceActionRow, str]:
        row = log_collections.collection(tx, record, key=call.keys[_KEY])
        return row, log_collections.download_address(tx, call.emulator.contents, row=row)

    row, path = await call.run(address)
    if await _size(call, row) is None:
        raise NotFound(f"The device has uploaded no archive for the log collection '{row.id}' yet.")
    origin = call.root.rsplit("/", 1)[0]
    return Answer(200, {"@odata.context": call.context("Edm.String"), "value": f"{origin}{path}"})


async def _documents(call: Call, rows: Sequence[DeviceActionRow], *, record: JoinedDeviceRow) -> list[Json]:
    sizes = [await _size(call, row) for row in rows]

    def documents(tx: Transaction) -> list[Json]:
        pairs = zip(rows, sizes, strict=True)
        return [log_collections.document(tx, row, record=record, size=size) for row, size in pairs]

    return await call.run(documents)


async def _size(call: Call, row: DeviceActionRow) -> int | None:
    store, name = call.emulator.contents.store, log_collections.content_of(row.id)
    try:
        return await asyncio.to_thread(store.size, call.tenant.id, name)
    except NotFound:
        return None


async def _forget(call: Call, rows: Sequence[DeviceActionRow]) -> None:
    names = [log_collections.content_of(row.id) for row in rows]
    if names:
        await asyncio.to_thread(call.emulator.contents.delete, call.tenant.id, *names)


def _context(record: JoinedDeviceRow) -> str:
    return f"deviceManagement/managedDevices('{record.id}')/logCollectionRequests"
