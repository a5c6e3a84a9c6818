"""Settling: push every device that has something to do, and wait until all are at rest.

A device is at rest when it has planned with all that concerns it, nothing is due, no item is on its way (wanted, sent,
being removed), and its end, if one was ordered, is confirmed. A failed item is at rest. Waiting ends early when each
device that is left waits for something that cannot come by itself:

* it has done its part, and what it waits for is a connector, a moment that does not come in time, its user (it has put
  off all that is left: nobody is logged in, or it is locked), or nothing (it could not carry out the order to end): at
  once;
* it is not connected to the push channel, and nothing at all moves any more: after `_ABSENT` seconds without a sign
  of life from any device, or `_AWAY` if it was connected before (it may be at work on a long check-in).
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from fauxtune.core.clock import ClockMode, iso
from fauxtune.core.engine.planning.plan import NEVER
from fauxtune.core.model.ids import EnrollmentId
from fauxtune.core.model.states import EnrollmentState, ItemState
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.connectors.selection import attended
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import concern
from fauxtune.storage.queries import connector_requests as request_queries
from fauxtune.storage.queries import device_actions as action_queries
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.queries import steps as step_queries
from fauxtune.storage.rows.devices import EnrollmentRow, OpenItemRow

Row = dict[str, Any]

#: Seconds between two looks at most: not every check-in leaves an event.
_GLANCE = 0.1
#: A look at many devices takes time: so many times as long nothing is looked at.
_BREATHER = 5
_ABSENT, _AWAY = 1.0, 5.0
#: Rows changed in one transaction.
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Waiting:
    """A device that is not at rest: its enrolment's id, its managedDevice's, its name, and the reason in words."""

    device: str
    managed_device_id: str | None
    name: str | None
    why: str


@dataclass(frozen=True, slots=True)
class Rest:
    """The devices at rest, those that ended meanwhile among them, and those that are not."""

    settled: list[str]
    waiting: list[Waiting]


class _Hope(Enum):
    """May the device come to rest by itself?"""

    YES = "yes"
    IF_IT_COMES = "it is not connected"
    NO = "no"


@dataclass(slots=True)
class _Look:
    """What one look found: devices that are not at rest, by id, the items under way on each, who shall end, for whom
    a connector is at work that is a process of its own, and who has put off all that it was told and has not answered.
    """

    rows: dict[EnrollmentId, EnrollmentRow]
    items: dict[EnrollmentId, list[OpenItemRow]]
    ordered: set[EnrollmentId]
    asked: set[str]
    put_off: dict[EnrollmentId, list[str]]
    now: datetime
    clock_runs: bool


@dataclass(slots=True)
class _Watch:
    """What is remembered from look to look."""

    connected_once: set[EnrollmentId] = field(default_factory=set)
    signs: Hashable = None
    moved_at: float = 0.0


async def settle(emulator: Emulator, tenant: Tenant, *, seconds: float) -> Rest:
    """Push and wait, `seconds` at most. NotFound when the tenant is deleted meanwhile."""
    loop = asyncio.get_running_loop()
    ends = loop.time() + seconds
    look = await emulator.runner.run(tenant, _look)
    began = list(look.rows)
    await _push(emulator, tenant, devices=began)
    watch = _Watch(moved_at=loop.time())
    while True:
        started = loop.time()
        look = await emulator.runner.run(tenant, _look)
        left = ends - loop.time()
        if not look.rows or left <= 0 or _is_over(emulator, look, watch=watch, left=left):
            break
        # Devices that became due, or that the last check-in left due, get a reason to come.
        await _push(emulator, tenant, devices=[id_ for id_, row in look.rows.items() if _has_done_its_part(row, look)])
        await asyncio.sleep(min((loop.time() - started) * _BREATHER, left))
        await emulator.signals.wait_for_journal(tenant.id, seconds=min(_GLANCE, left))
        await emulator.runner.tenant(tenant.id)
    return await emulator.runner.run(tenant, _result, emulator=emulator, look=look, began=began)


def _look(tx: Transaction) -> _Look:
    rows = queries.unsettled(tx.connection, tx.tenant.id, now=tx.now)
    items: defaultdict[EnrollmentId, list[OpenItemRow]] = defaultdict(list)
    if rows:
        for each in queries.awaited(tx.connection, tx.tenant.id):
            items[EnrollmentId(each.enrollment_id)].append(each)
    return _Look(
        rows={EnrollmentId(row.id): row for row in rows},
        items=items,
        ordered=action_queries.ordered_to_end(tx.connection, tx.tenant.id) if rows else set(),
        asked=_asked(tx) if rows else set(),
        put_off=step_queries.put_off(tx.connection, tx.tenant.id) if rows else {},
        now=tx.now,
        clock_runs=tx.tenant.clock.mode is not ClockMode.FROZEN,
    )


def _asked(tx: Transaction) -> set[str]:
    found: set[str] = set()
    for roles, before in attended(tx):
        found |= request_queries.devices_that_wait(tx.connection, tx.tenant.id, roles=roles, before=before)
    return found


async def _push(emulator: Emulator, tenant: Tenant, *, devices: list[EnrollmentId]) -> None:
    """Raise the devices' generations, in chunks, and wake them."""
    for first in range(0, len(devices), _CHUNK):
        await emulator.runner.run(tenant, _push_some, devices[first : first + _CHUNK])
        await asyncio.sleep(0)


def _push_some(tx: Transaction, devices: list[EnrollmentId]) -> None:
    tx.wake(concern.by_enrollments(tx.connection, tx.tenant.id, enrollment_ids=devices))


def _has_done_its_part(row: EnrollmentRow, look: _Look) -> bool:
    """It has planned with all that concerns it, and is due again already."""
    planned: bool = row.state == EnrollmentState.ACTIVE.value and row.generation == row.settled_generation
    return planned and row.due_at <= look.now and EnrollmentId(row.id) not in look.put_off


def _is_over(emulator: Emulator, look: _Look, *, watch: _Watch, left: float) -> bool:
    """Is there no device left that may come to rest by itself?"""
    now = asyncio.get_running_loop().time()
    signs = tuple(_signs(look))
    busy = any(emulator.turns.is_taken(id_) for id_ in look.rows)
    if busy or signs != watch.signs:
        watch.signs, watch.moved_at = signs, now
    watch.connected_once |= {id_ for id_ in look.rows if emulator.signals.is_connected(id_)}
    hopes = {id_: _hope(emulator, id_, look=look, left=left) for id_ in look.rows}
    if _Hope.YES in hopes.values():
        return False
    absent = {id_ for id_, hope in hopes.items() if hope is _Hope.IF_IT_COMES}
    if not absent:
        return not busy
    return now - watch.moved_at >= (_AWAY if absent & watch.connected_once else _ABSENT)


def _signs(look: _Look) -> Iterator[Hashable]:
    """All that changes when a device does anything."""
    for id_, row in look.rows.items():
        yield (id_, row.state, row.generation, row.settled_generation)
        yield (row.plans, row.policy_version, row.last_checkin_at)
        yield tuple((each.item_key, each.state) for each in look.items.get(id_, ()))


def _hope(emulator: Emulator, device: EnrollmentId, *, look: _Look, left: float) -> _Hope:
    row = look.rows[device]
    if not emulator.signals.is_connected(device):
        return _Hope.IF_IT_COMES
    if row.state == EnrollmentState.ENDING.value:
        return _Hope.YES if device in look.ordered else _Hope.NO
    if row.generation != row.settled_generation:
        return _Hope.YES
    if device in look.put_off:
        return _Hope.NO
    if row.due_at <= look.now:
        return _Hope.YES
    if any(each.state != ItemState.WANTED.value for each in look.items.get(device, ())):
        return _Hope.YES
    if device in look.asked:
        return _Hope.YES
    # It has asked for all it lacks. A connector that polls gives a moment; one that is away gives none.
    comes_in_time = look.clock_runs and row.due_at - look.now <= timedelta(seconds=left)
    return _Hope.YES if comes_in_time else _Hope.NO


def _result(tx: Transaction, *, emulator: Emulator, look: _Look, began: list[EnrollmentId]) -> Rest:
    live = queries.live_enrollments(tx.connection, tx.tenant.id)
    restless = {id_: row for id_, row in look.rows.items() if id_ in set(live)}
    ended = [id_ for id_ in began if id_ not in set(live)]
    return Rest(
        settled=[*(id_ for id_ in live if id_ not in restless), *ended],
        waiting=[
            Waiting(
                device=id_,
                managed_device_id=row.facts.get("managedDeviceId"),
                name=_name(tx, row),
                why=_why(emulator, id_, look=look),
            )
            for id_, row in restless.items()
        ],
    )


def _name(tx: Transaction, row: EnrollmentRow) -> str | None:
    record = queries.managed_device_of(tx.connection, row.id)
    name: str | None = row.facts.get("deviceName") if record is None else record.document["deviceName"]
    return name


def _why(emulator: Emulator, device: EnrollmentId, *, look: _Look) -> str:
    row, items = look.rows[device], look.items.get(device, [])
    reasons = []
    if not emulator.signals.is_connected(device):
        reasons.append("it is not connected to the push channel")
    if row.state == EnrollmentState.ENDING.value:
        said = "has not confirmed" if device in look.ordered else "could not carry out"
        return "; ".join([*reasons, f"it is ending: the device {said} the {row.cause}"])
    if row.generation != row.settled_generation:
        reasons.append("it has not checked in since something changed")
    if device in look.put_off:
        reasons.append(f"it has put off {', '.join(look.put_off[device])} until its user is there")
    reasons.extend(_why_item(each) for each in items)
    if look.now < row.due_at < NEVER and any(each.state == ItemState.WANTED.value for each in items):
        still = "" if look.clock_runs else ", and the tenant's clock is frozen"
        reasons.append(f"it looks again at {iso(row.due_at)}{still}")
    return "; ".join(reasons) or "it is due to check in"


def _why_item(item: OpenItemRow) -> str:
    match item.state:
        case ItemState.WANTED.value:
            return f"{item.item_key} waits for {item.message or 'the next check-in'}"
        case ItemState.REMOVING.value:
            return f"the device has not confirmed that {item.item_key} is removed"
        case _:
            return f"the device has not confirmed {item.item_key}"
