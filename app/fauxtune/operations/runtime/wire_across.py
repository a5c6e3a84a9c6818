"""The exchanges on the wire of all processes that share a database: each has recorded those that it served itself.

Who reads asks the others for theirs, and puts all of them in the order of their numbers, which then are times. Nothing
is asked for while nobody reads, and nothing leaves the memory of a process that has the database for itself.
"""

from __future__ import annotations

from datetime import timedelta
from marshal import dumps, loads
from typing import Any

from fauxtune.core.clock import ClockMode, TenantClock, from_iso, iso
from fauxtune.core.model.ids import TenantId
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.wire import Entry, Recorded

#: The topics of questions.
READ, DROP = "wire", "drop wire"
#: The form of `marshal` that all versions of Python read.
_FORM = 2


async def recorded(
    emulator: Emulator, tenant: TenantId | None, *, after: int = 0, before: int | None = None
) -> Recorded:
    """Return the exchanges of a tenant (None: of no tenant) that all processes have recorded. Those up to the number
    `after`, and those from `before` on, may be left out.
    """
    own, others = emulator.wire.of(tenant), emulator.others
    if others is None:
        return own
    # What ends from now on belongs to the next look: a process may have answered by then.
    until = max(emulator.wire.number_now(), own.newest)
    last = until if before is None else min(until, before - 1)
    answers = await others.ask_all(READ, dumps((tenant, after, last), _FORM))
    entries = {entry[0]: entry for answer in answers for entry in _entries(answer)}
    entries |= {entry[0]: entry for entry in own.entries if after < entry[0] <= last}
    # Of the newest ones all are there. Of older ones a process that serves more has dropped some.
    return Recorded([entries[number] for number in sorted(entries)][-emulator.wire.bounds.exchanges :], until)


async def clear(emulator: Emulator, tenant: TenantId | None) -> None:
    """Drop the exchanges of a tenant (None: of no tenant) at all processes. Numbers continue."""
    emulator.wire.clear(tenant)
    if emulator.others is not None:
        await emulator.others.ask_all(DROP, dumps((tenant, False), _FORM))


async def forget(emulator: Emulator, tenant: TenantId) -> None:
    """Forget a tenant that was deleted, at all processes, and wake those who wait for its exchanges."""
    emulator.wire.forget(tenant)
    if emulator.others is not None:
        await emulator.others.ask_all(DROP, dumps((tenant, True), _FORM))


async def answer_read(emulator: Emulator, content: bytes) -> bytes:
    """Answer another process that reads."""
    tenant, after, last = loads(content)  # noqa: S302 - sealed by a process of ours
    return dumps([_packed(entry) for entry in emulator.wire.of(tenant).entries if after < entry[0] <= last], _FORM)


async def answer_drop(emulator: Emulator, content: bytes) -> bytes:
    """Answer another process that drops exchanges."""
    tenant, is_gone = loads(content)  # noqa: S302 - sealed by a process of ours
    (emulator.wire.forget if is_gone else emulator.wire.clear)(tenant)
    return b""


def _packed(entry: Entry) -> tuple[Any, ...]:
    number, began, content, clock, permissions, demands = entry
    time = None if clock is None else (clock.mode.value, clock.frozen_at and iso(clock.frozen_at), _micro(clock.offset))
    return (number, began, content, time, permissions, demands)


def _entries(answer: bytes) -> list[Entry]:
    return [
        (number, began, content, None if time is None else _clock(*time), permissions, demands)
        for number, began, content, time, permissions, demands in loads(answer)  # noqa: S302 - sealed by one of ours
    ]


def _clock(mode: str, frozen_at: str | None, offset: int) -> TenantClock:  # noqa: PLR0917 - as it was packed
    moment = None if frozen_at is None else from_iso(frozen_at)
    return TenantClock(ClockMode(mode), moment, timedelta(microseconds=offset))


def _micro(offset: timedelta) -> int:
    return offset // timedelta(microseconds=1)
