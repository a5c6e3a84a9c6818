"""Lock, retire, wipe and delete a device: each has a page that shows what would happen before its button does it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from fastapi import Response
from starlette.datastructures import FormData

from fauxtune.core.administration import approvals
from fauxtune.core.administration import devices as requests
from fauxtune.core.administration.requests import AdminRequest
from fauxtune.core.engine.device_actions.support import effective_cause
from fauxtune.core.engine.device_actions.table import WIPE_OPTIONS
from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.model.actions import DeviceAction
from fauxtune.core.model.ids import ManagedDeviceId
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import Cause, EnrollmentState
from fauxtune.core.model.words.device_words import VARIANTS
from fauxtune.core.policies.tenant_administration import OF_ACTION, header
from fauxtune.operations.devices.available_actions import why_not
from fauxtune.operations.profiles.approval_requests import standing
from fauxtune.operations.runtime.transaction import APPROVALS, Transaction
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.rows.devices import NamedEnrollmentRow
from fauxtune_console import tasks
from fauxtune_console.call import TenantCall

#: Stands for a justification that is not written yet.
_WHY = "WHY"
_PIN = re.compile(r"[0-9]{6}")
_KEEP_ENROLLMENT, _KEEP_DATA = "keepEnrollmentData", "keepUserData"
#: data. An option of a wipe -> its field on the page, and its words.
_OPTIONS = {
    _KEEP_ENROLLMENT: ("enrolment", "Keep it enrolled: it is reset, and is given everything again"),
    _KEEP_DATA: ("data", "Keep the data of its user"),
}


@dataclass(frozen=True, slots=True)
class Option:
    """A choice of the wipe: the field's name, its words, and whether it is chosen."""

    name: str
    words: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Waits:
    """What an approval policy wants before an action. `code`: the approval to use; `open`: the request about the device
    that is open; both may be empty.
    """

    code: str
    open: str

    @property
    def asks(self) -> bool:
        """Whether an approval is to be asked for."""
        return not self.code and not self.open

    def applied_to(self, request: AdminRequest) -> AdminRequest:
        """Return the request as it is sent now; of a justification that is not written yet it has a word."""
        if self.code:
            return approvals.approved(request, code=self.code)
        if self.open:
            return request
        asking = approvals.asking(request, justification=_WHY)
        return replace(asking, notes=(*asking.notes, f"In place of {header(_WHY)} put the justification in Base64."))


@dataclass(frozen=True, slots=True)
class _Target:
    """The device that an action can be ordered for. `id`: that of Graph's record."""

    call: TenantCall
    action: DeviceAction
    row: NamedEnrollmentRow
    id: ManagedDeviceId

    @property
    def name(self) -> str:
        """The device's name."""
        return _name(self.row)

    async def ask(self, request: AdminRequest, *, title: str, **values: Any) -> Response:
        """Show what a request would do, with a button that has the title's word."""
        back, waits = self.call.url("devices", self.row.id), await self._waits()
        return await tasks.confirm(
            self.call,
            [request if waits is None else waits.applied_to(request)],
            title=f"{title} {self.name}",
            button=title,
            back=back,
            waits=waits,
            **values,
        )

    async def order(self, request: AdminRequest, *, form: FormData, done: str) -> Response:
        """Send a request, and go back to the device; `done`: what happens. What needs an approval first leads to
        the request for it.
        """
        code, why = str(form.get("approval", "")), str(form.get("justification", "")).strip()
        if code:
            request = approvals.approved(request, code=code)
        elif why:
            request = approvals.asking(request, justification=why)
        try:
            await tasks.send(self.call, request)
        except tasks.Waits as waits:
            return self.call.back("approvals", waits.code, done="Nothing was changed: this waits for an approval.")
        return self.call.back("devices", self.row.id, done=done)

    async def _waits(self) -> Waits | None:
        """Return what an approval policy wants first, if one guards the action."""
        guard = OF_ACTION.get(self.action)
        if guard is None or not self.call.tenant.setting(APPROVALS):
            return None
        is_guarded, request = await self.call.run(standing, guard, subject=self.id)
        code = self.call.query("approval")
        return Waits(code, "" if request is None or code else request.id) if is_guarded else None

    def keeps(self, option: str) -> bool:
        """Whether an option of the wipe is chosen that this kind of device has."""
        field, _ = _OPTIONS[option]
        return self.call.query(field) == "keep" and self.row.variant in WIPE_OPTIONS[option].variants

    def pin(self) -> tuple[str | None, str]:
        """Return the PIN that unlocks a Mac after its wipe, None without one; and what is wrong with it."""
        pin = self.call.query("pin").strip()
        if not pin or self.row.variant is not Variant.MACOS:
            return None, ""
        return (pin, "") if _PIN.fullmatch(pin) else (None, "The PIN of a Mac has six digits, such as 123456.")

    def wipe(self, pin: str | None) -> AdminRequest:
        """Return the request with the options that the page's address names."""
        return requests.wipe_device(
            self.id,
            keep_enrollment=self.keeps(_KEEP_ENROLLMENT),
            keep_user_data=self.keeps(_KEEP_DATA),
            unlock_code=pin,
        )


async def sync(call: TenantCall) -> Response:
    """Ask the device to check in now."""
    form = await call.form()
    target = await _target(call, DeviceAction.SYNC)
    await tasks.send(call, requests.sync_device(target.id))
    return call.back("devices", target.row.id, form=form, done=f"{target.name} was asked to check in.")


async def ask_lock(call: TenantCall) -> Response:
    """Show what locking the device does."""
    target = await _target(call, DeviceAction.LOCK)
    sentence = f"{target.name} locks its screen at its next check-in; a push makes it check in at once."
    return await target.ask(requests.lock_device(target.id), title="Lock", sentence=sentence)


async def lock(call: TenantCall) -> Response:
    """Lock the device."""
    form = await call.form()
    target = await _target(call, DeviceAction.LOCK)
    done = f"{target.name} locks its screen at its next check-in."
    return await target.order(requests.lock_device(target.id), form=form, done=done)


async def ask_retire(call: TenantCall) -> Response:
    """Show what retiring the device does."""
    target = await _target(call, DeviceAction.RETIRE)
    sentence = (
        f"{target.name} gives up the company's data at its next check-in, and is not managed any more. "
        "The data of its user stays."
    )
    return await target.ask(requests.retire_device(target.id), title="Retire", sentence=sentence, danger=True)


async def retire(call: TenantCall) -> Response:
    """Retire the device."""
    form = await call.form()
    target = await _target(call, DeviceAction.RETIRE)
    done = f"{target.name} is retired: it gives up the company's data at its next check-in."
    return await target.order(requests.retire_device(target.id), form=form, done=done)


async def ask_wipe(call: TenantCall) -> Response:
    """Show what wiping the device does, with the options that its kind has."""
    target = await _target(call, DeviceAction.WIPE)
    pin, problem = target.pin()
    end = "but it stays enrolled" if target.keeps(_KEEP_ENROLLMENT) else "and it is not managed any more"
    return await target.ask(
        target.wipe(pin),
        title="Wipe",
        sentence=f"{target.name} is reset at its next check-in: everything on it is deleted, {end}.",
        danger=True,
        template="device_wipe.html",
        options=[
            Option(field, words, target.keeps(name))
            for name, (field, words) in _OPTIONS.items()
            if target.row.variant in WIPE_OPTIONS[name].variants
        ],
        asks_pin=target.row.variant is Variant.MACOS,
        pin=call.query("pin"),
        problem=problem,
    )


async def wipe(call: TenantCall) -> Response:
    """Wipe the device, with the options that the page's address names."""
    form = await call.form()
    target = await _target(call, DeviceAction.WIPE)
    pin, problem = target.pin()
    if problem:
        raise Invalid(problem)
    return await target.order(target.wipe(pin), form=form, done=f"{target.name} is reset at its next check-in.")


async def ask_delete(call: TenantCall) -> Response:
    """Show what deleting the device's record does."""
    target = await _target(call, DeviceAction.DELETE)
    sentence = f"The record of {target.name} is deleted now. {_after_deletion(target)}"
    return await target.ask(requests.delete_device(target.id), title="Delete", sentence=sentence, danger=True)


async def delete(call: TenantCall) -> Response:
    """Delete the device's record."""
    form = await call.form()
    target = await _target(call, DeviceAction.DELETE)
    return await target.order(
        requests.delete_device(target.id), form=form, done=f"{target.name} has no record any more."
    )


async def _target(call: TenantCall, action: DeviceAction) -> _Target:
    """Return the device of the page's address. Raises NotFound, and Invalid with the reason if the action cannot be
    ordered.
    """
    row, record, refusal = await call.run(_read, call.request.path_params["device"], action=action)
    if record is None or refusal is not None:
        done = {DeviceAction.SYNC: "asked to check in", DeviceAction.LOCK: "locked"}.get(action, f"{action.value}d")
        raise Invalid(f"{_name(row)} cannot be {done}. {refusal or ''}".strip())
    return _Target(call, action, row, record)


def _read(
    tx: Transaction, key: str, *, action: DeviceAction
) -> tuple[NamedEnrollmentRow, ManagedDeviceId | None, str | None]:
    """Return the device, the id of its record, and why the action cannot be ordered."""
    row = queries.enrollment_named(tx.connection, tx.tenant.id, key=key)
    if row is None:
        raise NotFound("There is no device with this id. It may belong to another tenant.")
    records = queries.managed_devices_of(tx.connection, tx.tenant.id, ids=[row.id])
    record = records[0] if records else None
    return row, None if record is None else record.id, why_not(tx, record, action=action)


def _name(row: NamedEnrollmentRow) -> str:
    return row.device_name or VARIANTS[row.variant]


def _after_deletion(target: _Target) -> str:
    """Return what becomes of the device whose record is deleted."""
    row = target.row
    if row.state is EnrollmentState.ENDED:
        return "Its enrolment has ended already: nothing reaches the device."
    cause = effective_cause(Cause.DELETE, row.variant, edition=target.call.tenant.edition)
    if cause is Cause.WIPE:
        return "At its next check-in the device is reset: everything on it is deleted."
    return "At its next check-in the device gives up the company's data; that of its user stays."
