"""The labs that were started in a tenant."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam

from fauxtune.core.model.ids import TenantId
from fauxtune.storage import writes
from fauxtune.storage.prepared import Prepared
from fauxtune.storage.queries.devices import with_names
from fauxtune.storage.reads import every, first
from fauxtune.storage.rows.devices import NamedEnrollmentRow
from fauxtune.storage.rows.labs import LabRunRow
from fauxtune.storage.tables import lab_runs
from fauxtune.storage.tenancy import rows_of


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
