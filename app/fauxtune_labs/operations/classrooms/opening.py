"""A classroom is opened with its seats and their passwords, and closed with everything in it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from fauxtune.core.errors import Conflict, Invalid, NotFound
from fauxtune.core.model.classrooms import MOST_CLASSROOMS, MOST_SEATS, NAME, digest, password_from, seat_name
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.tenants.creation import found_tenant
from fauxtune.operations.tenants.deletion import dissolve_tenant
from fauxtune.operations.tenants.seeds import built_in
from fauxtune.storage.queries import classrooms as queries
from fauxtune.storage.queries import tenants as tenant_queries
from fauxtune.storage.rows.classrooms import SeatRow
from fauxtune_labs.core.lab import Lab
from fauxtune_labs.operations.labs.texts import all_labs, lab_named

DEFAULT_NAME = "class"


@dataclass(frozen=True, slots=True)
class NewSeat:
    """A seat with its password, which is told once."""

    tenant: Tenant
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Classroom:
    """A classroom with its seats, by their numbers."""

    name: str
    seats: tuple[SeatRow, ...]

    @property
    def labs(self) -> list[str]:
        """The names of the labs of the lesson."""
        return self.seats[0].labs


async def classrooms(emulator: Emulator) -> list[Classroom]:
    """Return the classrooms that are open, by name."""
    rooms: dict[str, list[SeatRow]] = {}
    for row in await emulator.runner.read(queries.all_seats):
        rooms.setdefault(row.classroom, []).append(row)
    return [Classroom(name, tuple(rows)) for name, rows in rooms.items()]


async def classroom_named(emulator: Emulator, name: str) -> Classroom:
    """Return a classroom. Raises NotFound with the names of those that are open."""
    known = {classroom.name: classroom for classroom in await classrooms(emulator)}
    if name not in known:
        open_ = ", ".join(known) or "no classroom; open one with: fauxtune classroom start 12"
        raise NotFound(f"There is no classroom '{name[:60]}'. Open: {open_}.")
    return known[name]


async def open_classroom(
    emulator: Emulator, *, seats: int, name: str = DEFAULT_NAME, labs: Sequence[str] = ()
) -> list[NewSeat]:
    """Open a classroom: a tenant for each seat, with keys of its own, and its password. Without `labs` it has all labs.

    Raises Invalid for what cannot be, NotFound for an unknown lab, Conflict if a name is taken. Then nothing is left.
    """
    if not 1 <= seats <= MOST_SEATS:
        raise Invalid(f"A classroom has 1 to {MOST_SEATS} seats, not {seats}.", target="seats")
    if not NAME.fullmatch(name):
        raise Invalid(
            "A classroom's name has 1 to 30 small letters, digits and hyphens, and begins with a letter; "
            f"'{name[:60]}' cannot be a name.",
            target="name",
        )
    chosen = await _labs(emulator, labs)
    async with emulator.turns.across("classrooms"):
        await _check_free(emulator, name, seats=seats)
        return await _furnish(emulator, name, seats=seats, labs=chosen)


async def close_classroom(emulator: Emulator, *, name: str) -> Classroom:
    """Close a classroom: its seats are deleted with everything in them. Raises NotFound."""
    async with emulator.turns.across("classrooms"):
        classroom = await classroom_named(emulator, name)
        for seat in classroom.seats:
            with suppress(NotFound):  # somebody deleted it meanwhile
                await dissolve_tenant(emulator, await emulator.runner.tenant(seat.tenant_id))
        return classroom


async def _labs(emulator: Emulator, names: Sequence[str]) -> list[str]:
    chosen = list(dict.fromkeys(names)) or [lab.name for lab in await all_labs(emulator) if isinstance(lab, Lab)]
    for each in chosen:
        await lab_named(emulator, each)
    return chosen


async def _check_free(emulator: Emulator, name: str, *, seats: int) -> None:
    known = [classroom.name for classroom in await classrooms(emulator)]
    if name in known:
        raise Conflict(f"The classroom '{name}' is open. Close it (fauxtune classroom stop {name}), or take a name.")
    if len(known) >= MOST_CLASSROOMS:
        raise Invalid(f"A server has {MOST_CLASSROOMS} classrooms at most: close one of {', '.join(known)}.")
    names = [seat_name(name, number) for number in range(1, seats + 1)]
    taken = await emulator.runner.read(tenant_queries.taken_key, names)
    if taken is not None:
        raise Conflict(f"There is a tenant '{taken}', which a seat would be called. Take another name.", target="name")


async def _furnish(emulator: Emulator, name: str, *, seats: int, labs: list[str]) -> list[NewSeat]:
    ready: list[NewSeat] = []
    complete = False
    try:
        for number in range(1, seats + 1):
            password = password_from(emulator.runner.ids.token())
            tenant = await found_tenant(emulator, built_in(), name=seat_name(name, number))
            ready.append(NewSeat(tenant, password))
            await emulator.runner.run(tenant, _add, name, number=number, password=password, labs=labs)
        complete = True
    finally:
        if not complete:
            for new_seat in ready:
                await dissolve_tenant(emulator, new_seat.tenant)
    return ready


def _add(tx: Transaction, classroom: str, *, number: int, password: str, labs: list[str]) -> None:
    assert tx.system_now is not None, "every transaction of a request has the system's time"
    queries.add_seat(tx.connection, SeatRow(tx.tenant.id, classroom, number, digest(password), labs, tx.system_now))
