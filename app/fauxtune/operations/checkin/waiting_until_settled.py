"""Settling: push every device that has something to do, and wait until all are settled.

A device is settled when it has planned with all that concerns it, nothing is due, no item is on its way (wanted, sent,
being removed), and its end, if one was ordered, is confirmed. A failed item counts as settled. Waiting ends early when
each device that is left waits for something that will not happen by itself:

* it has done its part, and waits for a connector, for somebody who approves its SCEP request, for a moment that does
  not come in time, for its user (it has put off all that is left: nobody is logged in, or it is locked), or for nothing
  (it could not carry out the order to end): at once;
* it is not connected to the push channel, and is known to be off line: at once;
* it is not connected, and nothing at all changes any more: after `_ABSENT` seconds without a sign
  of life from any device, or `_AWAY` if it was connected before (it may be at work on a long check-in). Seconds in
  which nobody looked do not count: on a busy machine it is this process that stood still, not the devices.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import partial

from fauxtune.core.clock import ClockMode, iso
from fauxtune.core.engine.planning.plan import NEVER
from fauxtune.core.model.ids import EnrollmentId, ItemKey, ManagedDeviceId, ProfileId
from fauxtune.core.model.items import key_name, key_profile, key_source, scep_key
from fauxtune.core.model.states import EnrollmentState, ItemState, Source
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.connectors.selection import attended
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.in_order import elapsed, outside
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.runtime.turns import give_way
from fauxtune.storage.queries import concern
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import connectors as request_queries
from fauxtune.storage.queries import device_records as action_queries
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.queries import scep as scep_queries
from fauxtune.storage.queries import visits as step_queries
from fauxtune.storage.rows.devices import EnrollmentRow, OpenItemRow

#: Seconds between two snapshots at most: a device can come or go without anything being written.
_INTERVAL = 0.1
#: A snapshot of many devices takes time: so many times as long none is taken.
_PAUSE = 5
#: Seconds of the shortest pause. In the exchange of a deterministic tenant no time goes by between its waits.
_SHORTEST = 0.01
_ABSENT, _AWAY = 1.0, 5.0
#: How many snapshots in a row must be the same before a device counts as absent.
_LOOKS = 5
#: Characters of a thumbprint by which people tell certificates apart.
_SHORT = 8
#: Rows changed in one transaction.
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Waiting:
    """A device that is not settled: its enrolment's id, its managedDevice's, its name, and the reason in words."""

    device: EnrollmentId
    managed_device_id: ManagedDeviceId | None
    name: str | None
    why: str


@dataclass(frozen=True, slots=True)
class Settled:
    """The settled devices, those that ended meanwhile among them, and those that are not settled."""

    settled: list[EnrollmentId]
    waiting: list[Waiting]


class _Prospect(Enum):
    """Whether the device may settle by itself."""

    YES = "yes"
    IF_IT_COMES = "it is not connected"
    NO = "no"


@dataclass(slots=True)
class _Snapshot:
    """The devices that are not settled, at one moment. By id: their rows, the items under way on each, and the steps
    that those have put off which have put off all. `ordered`: the devices that are to end; `attended`: those for which
    a connector is at work that is a process of its own; `unapproved`: devices and their items whose SCEP request waits
    for an approval.
    """

    rows: dict[EnrollmentId, EnrollmentRow]
    items: dict[EnrollmentId, list[OpenItemRow]]
    ordered: set[EnrollmentId]
    attended: set[str]
    unapproved: set[tuple[EnrollmentId, ItemKey]]
    put_off: dict[EnrollmentId, list[str]]
    now: datetime
    clock_runs: bool


@dataclass(slots=True)
class _Watch:
    """The state that is kept between snapshots. `away`: devices that are known not to come; `looks`: how many snapshots
    have been the same since `moved_at`.
    """

    away: Collection[EnrollmentId]
    connected_once: set[EnrollmentId]
    moved_at: float
    signs: Hashable = None
    looks: int = 0


async def settle(emulator: Emulator, tenant: Tenant, *, seconds: float, away: Collection[EnrollmentId] = ()) -> Settled:
    """Push and wait, `seconds` at most, but not for devices that are `away`: whoever holds them knows that they are off
    line. Raises NotFound if the tenant is deleted meanwhile.
    """
    ends = elapsed() + seconds
    snapshot = await emulator.runner.run(tenant, _snapshot)
    began = list(snapshot.rows)
    # Before the push: a device that has got one is at work, and not connected again before it is done.
    connected = {id_ for id_ in began if emulator.signals.is_connected(id_)}
    await _push(emulator, tenant, devices=began)
    watch = _Watch(away, connected, moved_at=elapsed())
    while True:
        started = elapsed()
        snapshot = await emulator.runner.run(tenant, _snapshot)
        left = ends - elapsed()
        if not snapshot.rows or left <= 0 or _is_over(emulator, snapshot, watch=watch, left=left):
            break
        # Devices that became due, or that the last check-in left due, are pushed to check in again.
        again = [id_ for id_ in snapshot.rows if _is_due_again(emulator, id_, snapshot=snapshot)]
        pause = min(max((elapsed() - started) * _PAUSE, _SHORTEST), left)
        waits_from = elapsed()
        # What is written meanwhile counts. Not every check-in leaves an event: the journal would be too late.
        await emulator.signals.wait_for_news(
            [tenant.id], seconds=min(_INTERVAL, left), once_waiting=partial(_push, emulator, tenant, devices=again)
        )
        pause -= elapsed() - waits_from
        if pause > 0:
            await outside(partial(asyncio.sleep, pause))
        await emulator.runner.tenant(tenant.id)
    return await emulator.runner.run(tenant, _result, emulator=emulator, snapshot=snapshot, began=began)


def _snapshot(tx: Transaction) -> _Snapshot:
    rows = queries.unsettled(tx.connection, tx.tenant.id, now=tx.now)
    is_ending = any(row.state is EnrollmentState.ENDING for row in rows)
    # What connectors do matters for devices that have done their part.
    is_waiting = any(row.is_settled(tx.now) for row in rows)
    items: defaultdict[EnrollmentId, list[OpenItemRow]] = defaultdict(list)
    if rows:
        for item in queries.awaited(tx.connection, tx.tenant.id):
            items[item.enrollment_id].append(item)
    return _Snapshot(
        rows={row.id: row for row in rows},
        items=items,
        ordered=action_queries.ordered_to_end(tx.connection, tx.tenant.id) if is_ending else set(),
        attended=_attended(tx) if is_waiting else set(),
        unapproved=_unapproved(tx, [item for some in items.values() for item in some]),
        put_off=step_queries.put_off(tx.connection, tx.tenant.id) if rows else {},
        now=tx.now,
        clock_runs=tx.tenant.clock.mode is not ClockMode.FROZEN,
    )


def _attended(tx: Transaction) -> set[str]:
    devices: set[str] = set()
    for roles, before in attended(tx):
        devices |= request_queries.devices_that_wait(tx.connection, tx.tenant.id, roles=roles, before=before)
    return devices


def _unapproved(tx: Transaction, items: list[OpenItemRow]) -> set[tuple[EnrollmentId, ItemKey]]:
    if not any(key_source(item.item_key) is Source.SCEP for item in items):
        return set()
    pending = scep_queries.pending_requests(tx.connection, tx.tenant.id)
    return {(enrollment, scep_key(profile)) for enrollment, profile in pending}


async def _push(emulator: Emulator, tenant: Tenant, *, devices: list[EnrollmentId]) -> None:
    """Raise the devices' generations, in chunks, and wake them."""
    for first in range(0, len(devices), _CHUNK):
        await emulator.runner.run_check_in(tenant, _push_some, devices[first : first + _CHUNK])
        await give_way()


def _push_some(tx: Transaction, devices: list[EnrollmentId]) -> None:
    tx.wake(concern.by_enrollments(tx.connection, tx.tenant.id, enrollment_ids=devices))


def _is_due_again(emulator: Emulator, device: EnrollmentId, *, snapshot: _Snapshot) -> bool:
    """Whether the device has planned with all that concerns it, and is due again. One in a check-in is due until the
    connector has answered.
    """
    row = snapshot.rows[device]
    is_planned = row.state is EnrollmentState.ACTIVE and row.generation == row.settled_generation
    is_due = is_planned and row.due_at <= snapshot.now and not _waits_for_people(device, snapshot)
    return is_due and not _is_busy(emulator, row)


def _is_busy(emulator: Emulator, row: EnrollmentRow) -> bool:
    """Whether the device is in a check-in."""
    return row.credential_digest is not None and emulator.turns.is_taken(row.credential_digest)


def _is_over(emulator: Emulator, snapshot: _Snapshot, *, watch: _Watch, left: float) -> bool:
    """Whether no device is left that may settle by itself."""
    now = elapsed()
    signs = tuple(_signs(snapshot))
    busy = any(_is_busy(emulator, row) for row in snapshot.rows.values())
    if busy or signs != watch.signs:
        watch.signs, watch.moved_at, watch.looks = signs, now, 0
    watch.looks += 1
    watch.connected_once |= {id_ for id_ in snapshot.rows if emulator.signals.is_connected(id_)}
    prospects = {id_: _prospect(emulator, id_, snapshot=snapshot, left=left, away=watch.away) for id_ in snapshot.rows}
    if _Prospect.YES in prospects.values():
        return False
    absent = {id_ for id_, prospect in prospects.items() if prospect is _Prospect.IF_IT_COMES}
    if not absent:
        return not busy
    is_quiet = now - watch.moved_at >= (_AWAY if absent & watch.connected_once else _ABSENT)
    return is_quiet and watch.looks >= _LOOKS


def _signs(snapshot: _Snapshot) -> Iterator[Hashable]:
    """Everything that changes when a device does anything."""
    for id_, row in snapshot.rows.items():
        yield (id_, row.state, row.generation, row.settled_generation)
        yield (row.plans, row.policy_version, row.last_checkin_at)
        yield tuple((item.item_key, item.state) for item in snapshot.items.get(id_, ()))


def _prospect(
    emulator: Emulator, device: EnrollmentId, *, snapshot: _Snapshot, left: float, away: Collection[EnrollmentId]
) -> _Prospect:
    row = snapshot.rows[device]
    if not emulator.signals.is_connected(device):
        return _Prospect.NO if device in away else _Prospect.IF_IT_COMES
    if row.state is EnrollmentState.ENDING:
        return _Prospect.YES if device in snapshot.ordered else _Prospect.NO
    if row.generation != row.settled_generation:
        return _Prospect.YES
    if _waits_for_people(device, snapshot):
        return _Prospect.NO
    if row.due_at <= snapshot.now:
        return _Prospect.YES
    if any(item.state is not ItemState.WANTED for item in snapshot.items.get(device, ())):
        return _Prospect.YES
    if device in snapshot.attended:
        return _Prospect.YES
    # It waits only for connectors. One that polls does so at a known moment; one that is away may never come.
    comes_in_time = snapshot.clock_runs and row.due_at - snapshot.now <= timedelta(seconds=left)
    return _Prospect.YES if comes_in_time else _Prospect.NO


def _waits_for_people(device: EnrollmentId, snapshot: _Snapshot) -> bool:
    """Whether all that is left is put off until the device's user is there, or is SCEP requests that somebody has to
    approve. Such a device is due all the same: it would try again.
    """
    items = snapshot.items.get(device, [])
    is_unapproved = bool(items) and all((device, item.item_key) in snapshot.unapproved for item in items)
    return is_unapproved or device in snapshot.put_off


def _result(tx: Transaction, *, emulator: Emulator, snapshot: _Snapshot, began: list[EnrollmentId]) -> Settled:
    live = queries.live_enrollments(tx.connection, tx.tenant.id)
    unsettled = {id_: row for id_, row in snapshot.rows.items() if id_ in set(live)}
    ended = [id_ for id_ in began if id_ not in set(live)]
    names = _profile_names(tx, [item for id_ in unsettled for item in snapshot.items.get(id_, ())])
    return Settled(
        settled=[*(id_ for id_ in live if id_ not in unsettled), *ended],
        waiting=[
            Waiting(
                device=id_,
                managed_device_id=row.facts.get("managedDeviceId"),
                name=_name(tx, row),
                why=_why(emulator, id_, snapshot=snapshot, names=names),
            )
            for id_, row in unsettled.items()
        ],
    )


def _name(tx: Transaction, row: EnrollmentRow) -> str | None:
    record = queries.managed_device_of(tx.connection, row.id)
    name: str | None = row.facts.get("deviceName") if record is None else record.document["deviceName"]
    return name


def _profile_names(tx: Transaction, items: list[OpenItemRow]) -> dict[ProfileId, str]:
    """The names of the profiles whose own items these are."""
    ids = {key_profile(item.item_key) for item in items}
    return configuration_queries.names(tx.connection, tx.tenant.id, ids=[id_ for id_ in ids if id_ is not None])


def _why(emulator: Emulator, device: EnrollmentId, *, snapshot: _Snapshot, names: dict[ProfileId, str]) -> str:
    row, items = snapshot.rows[device], snapshot.items.get(device, [])
    reasons = []
    if not emulator.signals.is_connected(device):
        reasons.append("it is not connected to the push channel")
    if row.state is EnrollmentState.ENDING:
        outcome = "has not confirmed" if device in snapshot.ordered else "could not carry out"
        return "; ".join([*reasons, f"it is ending: the device {outcome} the {row.cause}"])
    if row.generation != row.settled_generation:
        reasons.append("it has not checked in since something changed")
    if device in snapshot.put_off:
        reasons.append(f"it has put off {', '.join(snapshot.put_off[device])} until its user is there")
    reasons.extend(_why_item(item, snapshot, names=names) for item in items)
    if snapshot.now < row.due_at < NEVER and any(item.state is ItemState.WANTED for item in items):
        still = "" if snapshot.clock_runs else ", and the tenant's clock is frozen"
        reasons.append(f"it looks again at {iso(row.due_at)}{still}")
    return "; ".join(reasons) or "it is due to check in"


def _why_item(item: OpenItemRow, snapshot: _Snapshot, *, names: dict[ProfileId, str]) -> str:
    what = _item_in_words(item, names=names)
    if (item.enrollment_id, item.item_key) in snapshot.unapproved:
        return f"{what} waits for the approval of its SCEP request"
    match item.state:
        case ItemState.WANTED:
            return f"{what} waits for {item.message or 'the next check-in'}"
        case ItemState.REMOVING:
            return f"the device has not confirmed that {what} is removed"
        case _:
            return f"the device has not confirmed {what}"


def _item_in_words(item: OpenItemRow, *, names: dict[ProfileId, str]) -> str:
    name, profile = key_name(item.item_key), key_profile(item.item_key)
    if profile is not None:
        return f"'{names.get(profile, profile)}'"
    match key_source(item.item_key):
        case Source.ROOT:
            return "a trusted root"
        case Source.SETTING:
            return f"the setting {name}"
        case _:
            return f"the imported certificate {name[:_SHORT]}"
