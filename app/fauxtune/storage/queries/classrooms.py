"""Lessons in a tenant: the seats of classrooms, what was done at each, and the labs that were started."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, func, select

from fauxtune.core.model.ids import TenantId
from fauxtune.internals.sqlalchemy_statements import Prepared
from fauxtune.storage import writes
from fauxtune.storage.queries.devices import with_names
from fauxtune.storage.reads import every, first
from fauxtune.storage.rows.classrooms import LabRunRow, SeatEventRow, SeatRow
from fauxtune.storage.rows.devices import NamedEnrollmentRow
from fauxtune.storage.tables import lab_runs, seat_events, seats
from fauxtune.storage.tenancy import across_tenants, by_key, of_tenant, of_tenants, rows_of, same_tenant


def add_seat(connection: Connection, row: SeatRow) -> None:
    """Add a seat."""
    writes.add_row(connection, seats, row=row)


def seat_of(connection: Connection, tenant_id: TenantId) -> SeatRow | None:
    """Return the seat that the tenant is; None for every other tenant."""
    return first(connection, _SEAT, row=SeatRow, values={"tenant": tenant_id})


def seat_with(connection: Connection, credential_digest: str) -> SeatRow | None:
    """Return the seat with this password, of which the digest is given."""
    return first(connection, select(seats).where(by_key(seats.c.credential_digest, credential_digest)), row=SeatRow)


def all_seats(connection: Connection) -> list[SeatRow]:
    """Return the seats of all classrooms, by classroom and number."""
    statement = across_tenants(select(seats), "the instructor sees the seats of a classroom, each a tenant")
    return every(connection, statement.order_by(seats.c.classroom, seats.c.number), row=SeatRow)


def add_event(connection: Connection, row: SeatEventRow, *, most: int) -> None:
    """Add an event under the seat's next number, unless the tenant is no seat or has as many events. `row`: its number
    is not looked at.
    """
    held = select(seats.c.tenant_id).where(of_tenant(seats, row.tenant_id)).with_for_update()
    if connection.execute(held).first() is None:
        return
    newest = select(func.max(seat_events.c.number)).where(of_tenant(seat_events, row.tenant_id))
    number = int(connection.execute(newest).scalar() or 0) + 1
    if number <= most:
        writes.add_all(connection, seat_events, rows=[{**writes.values_of(row), "number": number}])


def events_of(connection: Connection, tenant_id: TenantId) -> list[SeatEventRow]:
    """Return what was done at a seat, in its order."""
    statement = rows_of(seat_events, tenant_id)
    return every(connection, statement.order_by(seat_events.c.number), row=SeatEventRow)


def newest_events(connection: Connection, tenant_ids: Sequence[TenantId]) -> dict[TenantId, SeatEventRow]:
    """Return the newest event of each seat that has any."""
    newest = (
        select(seat_events.c.tenant_id, func.max(seat_events.c.number).label("number"))
        .where(of_tenants(seat_events, tenant_ids))
        .group_by(seat_events.c.tenant_id)
        .subquery()
    )
    is_newest = same_tenant(seat_events, newest) & (seat_events.c.number == newest.c.number)
    rows = every(connection, select(seat_events).join(newest, is_newest), row=SeatEventRow)
    return {row.tenant_id: row for row in rows}


def runs_of_all(connection: Connection, tenant_ids: Sequence[TenantId]) -> list[LabRunRow]:
    """Return the labs that were started in these tenants."""
    return every(connection, select(lab_runs).where(of_tenants(lab_runs, tenant_ids)), row=LabRunRow)


#: Asked at each step of each lab, in tenants that are no seats too.
_SEAT = Prepared(rows_of(seats))


def runs_of(connection: Connection, tenant_id: TenantId) -> list[LabRunRow]:
    """Return the labs that were started in the tenant, by name."""
    return every(connection, _RUNS, row=LabRunRow, values={"tenant": tenant_id})


def run_of(connection: Connection, tenant_id: TenantId, *, lab: str) -> LabRunRow | None:
    """Return the run of a lab in the tenant; None if it was not started."""
    return first(connection, _RUN, row=LabRunRow, values={"tenant": tenant_id, "lab": lab})


def put_runs(connection: Connection, rows: Sequence[LabRunRow]) -> None:
    """Write runs, in the place of those of the same labs."""
    writes.put_rows(connection, lab_runs, rows=rows)


def newest_enrollment(connection: Connection, tenant_id: TenantId, *, device_name: str) -> NamedEnrollmentRow | None:
    """Return the newest enrolment of a device of this name, also one that has ended."""
    rows = every(connection, _NAMED, row=NamedEnrollmentRow, values={"tenant": tenant_id})
    return next((row for row in reversed(rows) if (row.device_name or "").lower() == device_name.lower()), None)


_OF_TENANT = rows_of(lab_runs)
_RUNS = Prepared(_OF_TENANT.order_by(lab_runs.c.lab))
_RUN = Prepared(_OF_TENANT.where(lab_runs.c.lab == bindparam("lab")))
_NAMED = Prepared(with_names(bindparam("tenant")))
