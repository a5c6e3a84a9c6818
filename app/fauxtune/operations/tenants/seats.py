"""The seats of classrooms: which seat a password opens, and what was done at a seat.

A seat is a tenant. Its password is kept as a hash, and opens only this tenant: to the console, to the control surface,
and by that to the tenant's application in Graph.
"""

from __future__ import annotations

from typing import Any

from fauxtune.core.errors import NotAllowed, NotFound, Unauthenticated
from fauxtune.core.model.classrooms import PASSWORD, SeatEvent, as_typed, digest
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import classrooms as queries
from fauxtune.storage.rows.classrooms import SeatEventRow, SeatRow

#: Events that are kept of a seat, and characters of a text in one.
_MOST_EVENTS, _LONGEST = 5_000, 300


async def seat_with(emulator: Emulator, password: str, *, source: str) -> Tenant:
    """Return the tenant of the seat that this password opens, which an address has sent. Raises Unauthenticated, or
    Unavailable for an address that guesses.
    """
    emulator.guesses.check(source)
    typed = as_typed(password[:_LONGEST])
    row = await emulator.runner.read(queries.seat_with, digest(typed)) if PASSWORD.fullmatch(typed) else None
    if row is None:
        await emulator.guesses.wrong(source)
        raise Unauthenticated(
            "No seat has this password. Compare it with the card; a classroom that has ended has no seats."
        )
    return await emulator.runner.tenant(row.tenant_id)


async def check_opens(emulator: Emulator, seat: Tenant, *, key: str | None) -> None:
    """Raise NotAllowed unless `key` (id, name or domain) is this seat's tenant; None: something of the whole server."""
    if key is None:
        raise NotAllowed(f"The password of the seat '{seat.name}' opens only its own tenant, not the whole server.")
    try:
        is_own = (await emulator.runner.tenant(key)).id == seat.id
    except NotFound:
        is_own = False
    if not is_own:
        raise NotAllowed(f"The password of the seat '{seat.name}' opens only the tenant '{seat.name}'.")


async def seat_of(emulator: Emulator, tenant: Tenant) -> SeatRow | None:
    """Return the seat that a tenant is; None for every other tenant."""
    return await emulator.runner.read(queries.seat_of, tenant.id)


async def note(emulator: Emulator, tenant: Tenant, *, event: SeatEvent, lab: str | None = None, **detail: Any) -> None:
    """Note what was done at a seat. Nothing is written for a tenant that is no seat."""
    if await seat_of(emulator, tenant) is not None:
        await emulator.runner.run(tenant, _add, event, lab=lab, detail=detail)


def _add(tx: Transaction, event: SeatEvent, *, lab: str | None, detail: dict[str, Any]) -> None:
    assert tx.system_now is not None, "every transaction of a request has the system's time"
    short = {name: value[:_LONGEST] if isinstance(value, str) else value for name, value in detail.items()}
    row = SeatEventRow(tx.tenant.id, 0, tx.system_now, event, lab, short)
    queries.add_event(tx.connection, row, most=_MOST_EVENTS)
