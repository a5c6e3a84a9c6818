"""Scripts on devices: what is to run on a device, and how it ran."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, bindparam, select

from fauxtune.core.model.ids import EnrollmentId, TenantId
from fauxtune.storage import reads, writes
from fauxtune.storage.prepared import Prepared
from fauxtune.storage.rows.scripts import ScriptRunRow
from fauxtune.storage.tables import script_runs
from fauxtune.storage.tenancy import by_key, rows_of

_OF_DEVICE = Prepared(
    select(script_runs)
    .where(by_key(script_runs.c.enrollment_id, bindparam("device")))
    .order_by(script_runs.c.script_id)
)
_OF_DEVICES = Prepared(
    rows_of(script_runs)
    .where(
        script_runs.c.enrollment_id.in_(bindparam("ids", expanding=True)),
    )
    .order_by(script_runs.c.script_id)
)


def of_device(connection: Connection, enrollment_id: EnrollmentId) -> list[ScriptRunRow]:
    """Return the scripts of a device, by id."""
    return reads.every(connection, _OF_DEVICE, row=ScriptRunRow, values={"device": enrollment_id})


def of_devices(
    connection: Connection, tenant_id: TenantId, *, ids: Collection[EnrollmentId]
) -> dict[EnrollmentId, list[ScriptRunRow]]:
    """Return the scripts of each of these devices."""
    runs: dict[EnrollmentId, list[ScriptRunRow]] = {}
    for row in reads.many(connection, _OF_DEVICES, row=ScriptRunRow, ids=ids, values={"tenant": tenant_id}):
        runs.setdefault(row.enrollment_id, []).append(row)
    return runs


def put(connection: Connection, rows: Sequence[ScriptRunRow]) -> None:
    """Add runs, each in place of that of the same device and script."""
    writes.put_rows(connection, script_runs, rows=rows)


def drop(connection: Connection, enrollment_id: EnrollmentId, *, ids: Collection[str]) -> None:
    """Drop scripts that reach the device no more."""
    for script_id in ids:
        writes.remove(connection, script_runs, enrollment_id=enrollment_id, script_id=script_id)


def drop_device(connection: Connection, enrollment_id: EnrollmentId) -> None:
    """Drop all scripts of a device whose enrolment ends."""
    writes.remove(connection, script_runs, enrollment_id=enrollment_id)


def drop_script(connection: Connection, tenant_id: TenantId, *, script_id: str) -> None:
    """Drop a script from all devices."""
    writes.remove(connection, script_runs, tenant_id=tenant_id, script_id=script_id)
