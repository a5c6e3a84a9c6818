"""Settling: push every device that has something to do, and wait until all are at rest.

A device is at rest when it has planned with all that concerns it, nothing is due, and no item is on its way: wanted,
sent or being removed. A failed item is at rest.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from fauxtune.core.model.ids import EnrollmentId
from fauxtune.core.model.states import EnrollmentState, ItemState
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.act import Act
from fauxtune.operations.emulator import Emulator
from fauxtune.storage.queries import concern
from fauxtune.storage.queries import devices as queries

Row = dict[str, Any]

#: How long to wait for a sign of life before looking again, in seconds.
_GLANCE = 0.25
#: A device that has just polled is between two polls for a moment: it counts as connected for so long.
_PATIENCE = 2.0


@dataclass(frozen=True, slots=True)
class Settled:
    """Devices at rest, and those that are not with the reason in words."""

    settled: list[str]
    waiting: list[dict[str, str]]


async def settle(emulator: Emulator, tenant: Tenant, *, timeout: float) -> Settled:
    """Push and wait. Returns at once when all are at rest, early when those that remain cannot go on by themselves."""
    started = time.monotonic()
    runner = emulator.runner
    await runner.run(tenant, _wake_unsettled)
    while True:
        waiting = await runner.run(tenant, _waiting)
        elapsed = time.monotonic() - started
        hopeless = elapsed > _PATIENCE and all(_is_stuck(emulator, each) for each in waiting)
        if not waiting or hopeless or elapsed >= timeout:
            break
        await emulator.signals.wait_for_journal(tenant.id, seconds=min(_GLANCE, timeout - elapsed))
    names = {each["id"] for each in waiting}
    live = await runner.read(queries.live_enrollments, tenant.id)
    return Settled(
        settled=[each for each in live if each not in names],
        waiting=[{"device": each["id"], "why": _why(emulator, each)} for each in waiting],
    )


def _wake_unsettled(act: Act) -> None:
    """Devices that have something to do are pushed; those that are only due by time get a reason to come."""
    for row in queries.unsettled(act.connection, act.tenant.id, now=act.now):
        if row["generation"] == row["settled_generation"] and row["due_at"] <= act.now:
            concern.by_enrollment(act.connection, act.tenant.id, enrollment_id=EnrollmentId(row["id"]))
        act.wake([row["id"]])


def _waiting(act: Act) -> list[Row]:
    found = queries.unsettled(act.connection, act.tenant.id, now=act.now)
    on_their_way = (ItemState.WANTED, ItemState.SENT, ItemState.REMOVING)
    for row in found:
        rows = queries.ledger_rows(act.connection, row["id"]).values()
        row["items"] = [each for each in rows if each.state in on_their_way]
    return found


def _is_stuck(emulator: Emulator, row: Row) -> bool:
    """Nothing but the outside world can help: the device is away, or a connector does not answer."""
    if not emulator.signals.is_connected(EnrollmentId(row["id"])):
        return True
    if row["generation"] != row["settled_generation"] or row["state"] == EnrollmentState.ENDING.value:
        return False
    return bool(row["items"]) and all(each.state is ItemState.WANTED for each in row["items"])


def _why(emulator: Emulator, row: Row) -> str:
    reasons = []
    if not emulator.signals.is_connected(EnrollmentId(row["id"])):
        reasons.append("it is not connected to the push channel")
    if row["state"] == EnrollmentState.ENDING.value:
        reasons.append(f"it has not confirmed the {row['cause']}")
    reasons.extend(f"{each.key} waits for {each.waits_for or 'the device to answer'}" for each in row["items"])
    if not row["items"] and row["generation"] != row["settled_generation"]:
        reasons.append("it has not checked in since something changed")
    return "; ".join(reasons) or "it is due to check in"
