"""Simulated devices that this server holds: another one, and what its owner does with it.

Only the pages of this module know that such a device is simulated; all others show it as any device.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from fastapi import Response

from fauxtune.core.administration import devices as tasks
from fauxtune.core.errors import FauxtuneError, Invalid, NotFound
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.words.device_words import REPORTED, VARIANTS
from fauxtune.core.model.words.provider_states import REFUSALS
from fauxtune.operations.runtime.device_host import HostedDevice, NewDevice
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.queries.insight import overview
from fauxtune.storage.rows.devices import NamedEnrollmentRow
from fauxtune_console.call import TenantCall
from fauxtune_console.session import Typed
from fauxtune_console.tasks import snippets, task_page
from fauxtune_labs.operations import hosted_devices as operations
from fauxtune_labs.operations.hosted_devices import DeviceChange

#: Names that a field suggests.
_MOST_NAMES = 100
#: How the buttons call what the requests do.
_ON_LINE, _OFF_LINE = "Bring it on line", "Take it off line"
#: data. The kinds of devices, those that people have most first.
_KINDS = tuple(
    (variant.value, VARIANTS[variant])
    for variant in sorted(Variant, key=lambda each: (each.startswith("windows1"), each.startswith("android")))
)


async def new(call: TenantCall) -> Response:
    """Show the form of a simulated device, for the person that the address names."""
    return await _form(call, Typed({"user": [call.query("user")], "kind": [Variant.IOS.value]}))


async def create(call: TenantCall) -> Response:
    """Enrol the device; refused, show the form again."""
    form = Typed.of(await call.form())
    platform, _, mode = form.text("kind").partition("/")
    if form.text("kind") not in dict(_KINDS):
        form.wrong("kind", "Choose a kind of device.")
        return await _form(call, form)
    device = NewDevice(token="", platform=platform, mode=mode or None, name=form.text("name") or None)
    try:
        added = await operations.add_device(call.emulator, call.tenant, user=form.text("user"), device=device)
    except FauxtuneError as error:
        form.wrong("user" if isinstance(error, NotFound) else "", error.message)
        return await _form(call, form)
    where = ("users", added.user) if added.user else ("devices",)
    return call.back(*where, done=f"{added.name} is enrolled, and stays connected.")


async def owner(call: TenantCall) -> Response:
    """Show what the owner of a device that this server holds can do with it."""
    row, device = await _device(call)
    return _owner(call, row, device=device)


async def act(call: TenantCall) -> Response:
    """Do what the button says."""
    form = await call.form()
    row, device = await _device(call)
    typed, step = Typed.of(form), str(form.get("step", ""))
    try:
        done = await _do(call, device, form=typed, step=step)
    except Invalid as error:
        typed.wrong("value" if step == "report" else "", error.message)
        return _owner(call, row, device=device, form=typed)
    return call.back("devices", row.id, done=f"{device.name} {done}")


async def _do(call: TenantCall, device: HostedDevice, *, form: Typed, step: str) -> str:
    """Carry out a step, and return what the device does now. Raises Invalid."""
    if step == "check-in":
        await operations.check_in(call.emulator, call.tenant, name=device.name)
        return "has checked in."
    items = [item for item in REFUSALS if form.has("item", item)]
    changes = {
        "online": (DeviceChange(online=True), "is on line, and has checked in."),
        "offline": (DeviceChange(online=False), "is off line: it does not check in."),
        "refuse": (DeviceChange(refuses=items), f"refuses {_items(items)} from now on."),
    }
    if step == "report":
        fact = form.text("fact")
        changes[step] = (DeviceChange(facts={fact: _value(form.text("value"))}), f"reports another {fact}.")
    if step not in changes:
        raise Invalid("That is nothing that the owner of a device does.")
    change, words = changes[step]
    await operations.change_device(call.emulator, call.tenant, name=device.name, change=change)
    return words


async def _form(call: TenantCall, form: Typed) -> Response:
    platform, _, mode = form.text("kind").partition("/")
    user, name = form.text("user") or "alice", form.text("name") or None
    people, _ = await call.read(overview.people, call.tenant.id, limit=_MOST_NAMES)
    return task_page(
        call,
        [tasks.add_hosted_device(user, platform=platform, mode=mode or None, name=name)],
        template="device_new.html",
        error=form.errors.get("") or ("Nothing was added. Please mend what is marked below." if form.errors else ""),
        title="Add a simulated device",
        points=(
            "It has keys of its own, enrols for this person with a token, and checks in as any device of its platform.",
            "This server holds it: it stays connected until you take it off line, and ends with the tenant.",
        ),
        button="Add the device",
        back=call.url("users", form.text("user")) if form.text("user") else call.url(),
        form=form,
        people=tuple(str(row.document["userPrincipalName"]) for row in people),
        kinds=_KINDS,
    )


async def _device(call: TenantCall) -> tuple[NamedEnrollmentRow, HostedDevice]:
    """Return the enrolment that the address names, with the device. Raises NotFound, and Invalid for a device that is
    elsewhere.
    """
    key = str(call.request.path_params["device"])
    row = await call.read(queries.enrollment_named, call.tenant.id, key=key)
    if row is None:
        raise NotFound("There is no such device. Its record may have been deleted meanwhile.")
    device = await operations.device_of_enrollment(call.emulator, call.tenant, row=row)
    if device is None:
        raise Invalid("This server does not simulate this device, or its enrolment has ended.")
    return row, device


def _owner(call: TenantCall, row: NamedEnrollmentRow, *, device: HostedDevice, form: Typed | None = None) -> Response:
    form = form or Typed({"item": [*device.refuses], "fact": ["isEncrypted"], "value": ["false"]})
    refused = [item for item in REFUSALS if form.has("item", item)]
    name, facts = device.name, {form.text("fact") or "isEncrypted": _value(form.text("value") or "false")}
    online = not device.is_online
    requests = [
        replace(tasks.connect_hosted_device(name, online=online), notes=(_ON_LINE if online else _OFF_LINE,)),
        replace(tasks.check_in_hosted_device(name), notes=("Let it check in",)),
        replace(tasks.let_hosted_device_refuse(name, items=refused or ["imported"]), notes=("Refuse these",)),
        replace(tasks.let_hosted_device_report(name, facts=facts), notes=("Report it",)),
    ]
    return call.page(
        "device_owner.html",
        status=400 if form.errors else 200,
        row=row,
        device=device,
        form=form,
        items=REFUSALS.items(),
        facts=REPORTED,
        requests=snippets(call, requests),
    )


def _items(items: list[str]) -> str:
    return ", ".join(words for item, words in REFUSALS.items() if item in items) or "nothing"


def _value(text: str) -> Any:
    """Return a value that is written as JSON, or a text as it stands."""
    try:
        return json.loads(text)
    except ValueError:
        return text
