"""What-if: the consequences on every device of requests to Graph that are not sent. Nothing is changed.

The requests are carried out, and the plans of all devices that they concern are simulated, inside a transaction that is
rolled back: no rule is written twice. Changes that are under way anyway are no consequences. The simulation assumes
that devices come when they are pushed and carry out what they are sent, and that the connector grants every request.

Many devices are simulated in batches, and the requests are carried out again in each, so that no other request waits
long.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from fauxtune.core.engine.planning.simulation import SimulatedPlan, changes, is_not_yet_issued, simulate
from fauxtune.core.engine.removal.decisions import DeviceKind
from fauxtune.core.errors import Invalid
from fauxtune.core.model.actions import WAITING
from fauxtune.core.model.ids import EnrollmentId, ItemKey, ProfileId
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.states import Cause, EnrollmentState, Incident, ItemState
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.connectors import revocation
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.insight.whatif_outcomes import (
    ComplianceChange,
    Consequence,
    Explanation,
    Outcome,
    WorkChange,
    change_of,
    changes_of,
    outlooks,
    works,
)
from fauxtune.operations.runtime.dry_run import DryRunRunner, at_once, rolled_back, rolled_back_inside
from fauxtune.operations.runtime.emulator import Emulator, ProposedRequest, Send, Task
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.runtime.turns import give_way
from fauxtune.operations.visits.situations import Ledger, situations
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import device_records as action_queries
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.rows.devices import EnrollmentRow

#: Seconds of one batch at least; a request that takes longer by itself has as much again for its devices.
_BATCH = 0.02
#: Devices that are read and simulated together: that takes as many statements as one device.
_AT_ONCE = 25
_METHODS = ("POST", "PUT", "PATCH", "DELETE")
_UNDER_WAY = (ItemState.WANTED, ItemState.SENT, ItemState.REMOVING)


@dataclass(frozen=True, slots=True)
class DeviceConsequences:
    """The consequences for one device. `ends`: why its enrolment ends, if it does. `managed_device`: the id of its
    record in Graph, while there is a record.
    """

    device: EnrollmentId
    managed_device_id: str | None
    managed_device: str | None
    device_name: str | None
    user_principal_name: str | None
    ends: str | None
    install: tuple[Consequence, ...]
    remove: tuple[Consequence, ...]
    revoke: tuple[Consequence, ...]
    reissue: tuple[Consequence, ...]
    compliance: ComplianceChange | None = None
    scripts: tuple[WorkChange, ...] = ()
    apps: tuple[WorkChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Foresight:
    """The devices to which anything would happen, by id. `examined`: of how many devices the plans were simulated;
    `concerned`: how many would plan again. The two differ where a limit was reached.
    """

    devices: list[DeviceConsequences]
    examined: int
    concerned: int
    #: The mail that these devices would take with them; None where it is not asked for.
    unreadable: Unreadable | None = None

    @property
    def is_whole(self) -> bool:
        """Whether every device was examined."""
        return self.examined == self.concerned


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of the consequences is examined: until so many devices are affected, or so many seconds are over, but
    the devices that are read at once in any case: so a busy machine shows as much of a small tenant as an idle one.
    """

    devices: int
    seconds: float


@dataclass(frozen=True, slots=True)
class _Size:
    """How many devices one batch simulates: until so many are done, or so many seconds are over; `at_once` in any
    case, for those are read together.
    """

    devices: int
    seconds: float
    at_once: int
    until: float = math.inf


@dataclass(frozen=True, slots=True)
class _Batch:
    """The affected devices of one batch; the last device that was simulated, None if no device is left; how many were
    simulated, and how many devices the requests concern.
    """

    devices: list[DeviceConsequences]
    last: str | None
    examined: int
    concerned: int


async def what_if(
    emulator: Emulator, tenant: Tenant, *, request: ProposedRequest, batch: float = _BATCH, at_once: int = _AT_ONCE
) -> list[DeviceConsequences]:
    """Return the devices to which anything would happen, by id; a batch takes `batch` seconds at least, and reads
    `at_once` devices at a time.

    Raises GraphRefused, with Graph's own answer, for a request that would be refused; Invalid for one that can change
    nothing.
    """
    if request.method.upper() not in _METHODS:
        others = ", ".join(_METHODS)
        raise Invalid(f"A {request.method} changes nothing: ask what a {others} would do.", target="method")

    async def alone(send: Send) -> None:
        await send(request)

    return (await foresee(emulator, tenant, task=alone, batch=batch, at_once=at_once)).devices


async def foresee(
    emulator: Emulator,
    tenant: Tenant,
    *,
    task: Task,
    limits: Limits | None = None,
    batch: float = _BATCH,
    at_once: int = _AT_ONCE,
) -> Foresight:
    """Return the consequences of several requests together, within the limits. Raises GraphRefused for the first
    request that would be refused.
    """
    devices: list[DeviceConsequences] = []
    examined = concerned = 0
    await emulator.load_graph()  # inside the transaction nothing can be waited for
    started = time.perf_counter()
    after: str | None = ""
    size = _Size(sys.maxsize, batch, at_once=at_once)
    if limits is not None:
        size = replace(size, devices=limits.devices, until=started + limits.seconds)
    while after is not None:
        dry_run = partial(_simulate, emulator=emulator, tenant=tenant, task=task, after=after, size=size)
        result = await rolled_back(emulator.runner.database, dry_run)
        devices += result.devices
        examined += result.examined
        after, concerned = result.last, result.concerned
        if limits is not None and _is_enough(limits, len(devices), started=started):
            break
        await give_way()
    if after is None:
        concerned = examined  # other requests may have changed which devices are concerned since the first batch
    return Foresight(devices, examined, concerned)


def _is_enough(limits: Limits, affected: int, *, started: float) -> bool:
    return affected >= limits.devices or time.perf_counter() - started > limits.seconds


def _simulate(
    connection: Connection, *, emulator: Emulator, tenant: Tenant, task: Task, after: str, size: _Size
) -> _Batch:
    """Carry out the requests, and simulate their devices after this one, as many as fit into a batch."""
    runner = DryRunRunner(emulator.runner, connection, tenant=tenant)
    dry = emulator.dry_run(runner)
    outcomes: dict[EnrollmentId, Outcome] = {}
    more: list[EnrollmentId] = []
    names: dict[ProfileId, str] = {}

    async def send(request: ProposedRequest) -> JsonObject | None:
        return await emulator.graph(dry, runner.current(tenant), request=request)

    def do() -> None:
        started = time.perf_counter()
        at_once(task(send))
        requested = time.perf_counter()
        ends = min(started + max(size.seconds, 2 * (requested - started)), size.until)
        more[:] = sorted(enrollment_id for enrollment_id in runner.woken if enrollment_id > after)
        tx = runner.transaction(connection, tenant)
        tx.events += runner.events
        while more and len(outcomes) < size.devices and (not outcomes or time.perf_counter() < ends):
            next_ones = min(size.at_once, size.devices - len(outcomes))
            some, more[:] = more[:next_ones], more[next_ones:]
            rows, ledgers = _present(connection, some)
            outcomes.update(_outcomes(tx, rows, ledgers=ledgers))
        left = (row for outcome in outcomes.values() for row in outcome.foreseen.rows.values())
        names.update(_names(tx, left))

    rolled_back_inside(connection, do)
    tx = DryRunRunner(emulator.runner, connection, tenant=tenant).transaction(connection, tenant)
    return _Batch(
        devices=[device for device in _all_consequences(tx, outcomes, names=names) if _is_affected(device)],
        last=max(outcomes) if more else None,
        examined=len(outcomes),
        concerned=len(runner.woken),
    )


def _without(
    tx: Transaction, rows: Mapping[EnrollmentId, EnrollmentRow], *, ledgers: Mapping[EnrollmentId, Ledger]
) -> dict[EnrollmentId, Outcome]:
    """Return the devices as they will be without the request: those that are settled, as they are. Writes; the caller
    rolls back.
    """
    quiet = [row for device, row in rows.items() if _is_settled(row, ledgers[device], now=tx.now)]
    judged, work = outlooks(tx, quiet), works(tx, quiet)
    settled = {
        row.id: Outcome(row, SimulatedPlan(ledgers[row.id]), outlook=judged.get(row.id), work=work.get(row.id))
        for row in quiet
    }
    others = {device: row for device, row in rows.items() if device not in settled}
    return settled | (_outcomes(replace(tx, events=[]), others, ledgers=ledgers) if others else {})


def _is_settled(row: EnrollmentRow, ledger: Ledger, *, now: datetime) -> bool:
    under_way = row.state is EnrollmentState.ENDING or any(item.state in _UNDER_WAY for item in ledger.values())
    return row.is_settled(now) and not under_way


def _outcomes(
    tx: Transaction, rows: Mapping[EnrollmentId, EnrollmentRow], *, ledgers: Mapping[EnrollmentId, Ledger]
) -> dict[EnrollmentId, Outcome]:
    """Return these devices after all that is asked of them, when they are settled. Writes; the caller rolls back."""
    acting = action_queries.acting(tx.connection, rows.keys(), states=WAITING)
    reset = _carry_out(tx, {device: rows[device] for device in sorted(acting)})
    if acting:
        rows = {**rows, **queries.enrollments_by_id(tx.connection, acting)}
        ledgers = {**ledgers, **queries.ledgers(tx.connection, acting)}
    active = [row for row in rows.values() if row.state is EnrollmentState.ACTIVE]
    present = situations(tx, active, ledgers=ledgers)
    foreseen = {
        device: simulate(present[device].situation) if device in present else SimulatedPlan(ledgers[device])
        for device in rows
    }
    revoked, judged, work = _revoked(tx, foreseen), outlooks(tx, active), works(tx, active)
    return {
        device: Outcome(
            row, foreseen[device], revoked.get(device, {}), device in reset, judged.get(device), work.get(device)
        )
        for device, row in rows.items()
    }


def _carry_out(tx: Transaction, rows: Mapping[EnrollmentId, EnrollmentRow]) -> set[EnrollmentId]:
    """Let the devices carry out the actions that wait for them; return those that are reset and stay enrolled."""
    reset = set()
    for device, present in rows.items():
        row = present
        for number, order in enumerate(device_actions.pending(tx, row)):
            row = _row(tx, device) if number else row
            if row.state is not EnrollmentState.ENDED:
                device_actions.complete(tx, row, action_id=order.id)
                if order.scope:
                    reset.add(device)
    return reset


def _revoked(
    tx: Transaction, foreseen: Mapping[EnrollmentId, SimulatedPlan]
) -> dict[EnrollmentId, dict[str, Cause | Incident | None]]:
    """Return the certificates that are revoked, or that a partner's authority is asked to revoke, by device, each with
    the cause if its plan revokes it.
    """
    planned = {
        device: {str(row.serial): why for row, why in plan.revoked if not is_not_yet_issued(row)}
        for device, plan in foreseen.items()
        if plan.revoked
    }
    can_be = revocation.revocable(tx, {serial for serials in planned.values() for serial in serials})
    revoked: dict[EnrollmentId, dict[str, Cause | Incident | None]] = {
        device: {serial: why for serial, why in serials.items() if serial in can_be}
        for device, serials in planned.items()
    }
    for event in tx.events:
        if (
            event.type in ("revoked", "partnerRevocationAsked")
            and event.device is not None
            and event.certificate is not None
        ):
            device, serial = EnrollmentId(event.device), event.certificate["serial"]
            revoked.setdefault(device, {}).setdefault(serial, planned.get(device, {}).get(serial))
    return revoked


def _row(tx: Transaction, device: EnrollmentId) -> EnrollmentRow:
    row = queries.enrollment(tx.connection, device)
    assert row is not None
    return row


def _names(tx: Transaction, rows: Iterable[LedgerRow]) -> dict[ProfileId, str]:
    ids = {claim.profile for row in rows for claim in row.claims}
    return configuration_queries.names_of_policies(tx.connection, tx.tenant.id, ids=ids)


def _is_affected(device: DeviceConsequences) -> bool:
    items = device.install or device.remove or device.revoke or device.reissue
    return bool(device.ends or items or device.compliance or device.scripts or device.apps)


def _present(
    connection: Connection, devices: Collection[EnrollmentId]
) -> tuple[dict[EnrollmentId, EnrollmentRow], dict[EnrollmentId, dict[ItemKey, LedgerRow]]]:
    """Return the enrolments and the ledgers of these devices at this moment."""
    return queries.enrollments_by_id(connection, devices), queries.ledgers(connection, devices)


def _all_consequences(
    tx: Transaction, outcomes: Mapping[EnrollmentId, Outcome], *, names: Mapping[ProfileId, str]
) -> Iterator[DeviceConsequences]:
    """Yield the consequences for each of these devices. `outcomes`: as they will be after the request; `names`: of the
    profiles that give them something then.
    """
    rows, now = _present(tx.connection, outcomes.keys())
    names = {**_names(tx, [row for ledger in now.values() for row in ledger.values()]), **names}
    records = {
        row.enrollment_id: row for row in queries.managed_devices_of(tx.connection, tx.tenant.id, ids=[*outcomes])
    }
    users = {row.user_id for row in rows.values() if row.user_id is not None}
    people = directory_queries.user_names(tx.connection, tx.tenant.id, ids=users)
    without = _without(tx, rows, ledgers=now)  # the last, for it writes
    for device, after in outcomes.items():
        kind = DeviceKind(rows[device].variant, tx.tenant.edition)
        explanation = Explanation(without[device], after, device=kind, names=names)
        consequences = _consequences(explanation, now=now[device])
        record = records.get(device)
        yield replace(
            consequences,
            managed_device=None if record is None else str(record.id),
            device_name=consequences.device_name if record is None else record.document["deviceName"],
            user_principal_name=people.get(rows[device].user_id or ""),
        )


def _consequences(explanation: Explanation, *, now: Ledger) -> DeviceConsequences:
    before, after = explanation.before, explanation.after
    row = before.enrollment
    differences = changes(now, before.foreseen, after=after.foreseen, device=explanation.device)
    by_serial = {ledger.serial: ledger for ledger in now.values()}
    fresh = (after.revoked.keys() - before.revoked.keys()) & by_serial.keys()
    revoked = [(by_serial[serial], after.revoked[serial]) for serial in sorted(fresh)]
    scripts, apps = ((), ()) if after.ended else changes_of(before.work, after.work)
    return DeviceConsequences(
        device=row.id,
        managed_device_id=row.facts.get("managedDeviceId"),
        managed_device=None,
        device_name=row.facts.get("deviceName"),
        user_principal_name=None,
        ends=after.ended if before.ended is None else None,
        install=tuple(explanation.installed(ledger) for ledger in differences.install),
        remove=tuple(explanation.removed(ledger) for ledger in differences.remove),
        revoke=tuple(explanation.revoked(ledger, why) for ledger, why in revoked),
        reissue=tuple(explanation.reissued(old, new) for old, new in differences.reissue),
        compliance=None if after.ended else change_of(before.outlook, after.outlook),
        scripts=scripts,
        apps=apps,
    )


@dataclass(frozen=True, slots=True)
class Unreadable:
    """How much mail could be read on no device any more (`messages`), the subjects of the newest of it, and how much
    of it could be read again once a device is given the imported certificate again (`until_given_again`).

    `on_device`: how much mail of its user each device could not read any more.
    """

    messages: int = 0
    subjects: tuple[str, ...] = ()
    until_given_again: int = 0
    on_device: Mapping[EnrollmentId, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.messages or self.on_device)
