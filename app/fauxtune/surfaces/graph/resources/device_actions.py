"""Actions on one device, or on many. Graph: managedDevice: wipe, retire ... executeAction."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from fauxtune.core.engine.device_actions.table import LONGEST_BODY, LONGEST_TITLE
from fauxtune.core.errors import Invalid
from fauxtune.core.graph.device_actions import BULK, EXECUTE_ACTION, FORMS, Form
from fauxtune.core.graph.index import complex_type
from fauxtune.core.model.actions import DeviceAction
from fauxtune.core.model.ids import ManagedDeviceId
from fauxtune.core.odata.documents.validation import accept
from fauxtune.core.odata.documents.view import view
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.devices import bulk_actions
from fauxtune.operations.insight.audit_rules import orders_many
from fauxtune.operations.runtime.shared_statements import give_way
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Handler, Json
from fauxtune.surfaces.graph.resources.managed_devices import device_id_of

BULK_RESULT = complex_type("bulkManagedDeviceActionResult")

#: The limit of one request: bulk actions have 100 devices ("Device action: retire", 2026-08-06).
_MOST = 100
#: So many devices are asked in one transaction: others do not wait long for theirs.
_CHUNK = 3
_LONGEST_NAME = 63
_LONGEST_SOUND = 60
_UNLOCK_CODE = re.compile(r"[0-9]{6}")
_MINUTES = re.compile(r"[0-9]{1,3}")
_BODIES = {form.action: form.body for form in FORMS}


def action(form: Form) -> Handler:
    """Return the handler of POST .../{action}: no body, null and {} are the same."""

    async def ask(call: Call) -> Answer:
        details = accept(form.body, call.optional_body(), partial=False, version=call.version)
        _check(form.action, details)
        device_id = await device_id_of(call)
        await call.run(device_actions.perform, device_id, action=form.action, details=details)
        return NO_CONTENT

    return ask


async def execute_action(call: Call) -> Answer:
    """POST /deviceManagement/managedDevices/executeAction: one action on up to a hundred devices."""
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
    result: dict[str, list[str]] = {name: [] for name in bulk_actions.LISTS}
    for first in range(0, len(device_ids), _CHUNK):
        chunk = device_ids[first : first + _CHUNK]
        # The body names the devices and the action, so the rule of the audit cannot stand at the route.
        audited = replace(call, audit=orders_many(action, chunk))
        part = await audited.run(bulk_actions.execute, chunk, action=action, details=details)
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
