"""Jobs of reports, and the rows of reports that no list of Graph has."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Unpack

from sqlalchemy import Connection, func, select

from fauxtune.core.clock import iso
from fauxtune.core.model.ids import EnrollmentId, ManagedDeviceId, ProfileId, TenantId
from fauxtune.core.model.states import ProfileStatus
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.schema.types import NEVER
from fauxtune.storage import writes
from fauxtune.storage.collections.certificate_states import ALL_CERTIFICATE_STATES
from fauxtune.storage.queries.visits import waiting
from fauxtune.storage.reads import every, first
from fauxtune.storage.rows.configuration import ProfileRow
from fauxtune.storage.rows.tenants import ReportJobChanges, ReportJobRow
from fauxtune.storage.tables import ledger, managed_devices, profile_states, profiles, report_jobs
from fauxtune.storage.tenancy import of_tenant, rows_of


def add_job(connection: Connection, row: ReportJobRow) -> None:
    """Add a job."""
    writes.add_row(connection, report_jobs, row=row)


def change_job(
    connection: Connection, tenant_id: TenantId, *, job_id: str, **changes: Unpack[ReportJobChanges]
) -> bool:
    """Change a job. Returns False if it was deleted meanwhile."""
    return writes.change(connection, report_jobs, where={"tenant_id": tenant_id, "id": job_id}, values={**changes}) > 0


def job(connection: Connection, tenant_id: TenantId, *, job_id: str, is_cached: bool = False) -> ReportJobRow | None:
    """Return the job with this id, in any case."""
    statement = rows_of(report_jobs, tenant_id).where(
        func.lower(report_jobs.c.id) == job_id.lower(),
        report_jobs.c.is_cached == is_cached,
    )
    return first(connection, statement, row=ReportJobRow)


def jobs(connection: Connection, tenant_id: TenantId, *, is_cached: bool) -> list[ReportJobRow]:
    """Return the tenant's jobs of this kind, the oldest first."""
    statement = rows_of(report_jobs, tenant_id).where(report_jobs.c.is_cached == is_cached)
    return every(connection, statement.order_by(report_jobs.c.created_at, report_jobs.c.id), row=ReportJobRow)


def delete_job(connection: Connection, tenant_id: TenantId, *, job_id: str) -> int:
    """Delete a job; return how many there were."""
    return writes.remove(connection, report_jobs, tenant_id=tenant_id, id=job_id)


def device_ids(connection: Connection, tenant_id: TenantId) -> list[ManagedDeviceId]:
    """Return the ids of all devices that have a record, in the order in which they enrolled."""
    statement = select(managed_devices.c.id).where(of_tenant(managed_devices, tenant_id))
    ordered = statement.order_by(managed_devices.c.enrolled_at, managed_devices.c.id)
    return [ManagedDeviceId(scalar) for scalar in connection.scalars(ordered)]


def certificates(connection: Connection, tenant_id: TenantId, *, ids: Sequence[ManagedDeviceId]) -> list[JsonObject]:
    """Return the certificates on these devices, each with its device, its user and the profile that it came by."""
    collection = ALL_CERTIFICATE_STATES
    assert collection.statement is not None
    statement = collection.statement(tenant_id).add_columns(
        managed_devices.c.id, managed_devices.c.user_id, ledger.c.item_key
    )
    chosen = statement.where(managed_devices.c.id.in_(ids)).order_by(*collection.order)
    rows = []
    for *values, device_id, user_id, item_key in connection.execute(chosen):
        source, _, key = item_key.partition("/")
        profile = key if source in {"pkcs", "scep"} else None
        rows.append({**collection.row(values), "deviceId": device_id, "userId": user_id, "policyId": profile})
    return rows


def statuses_of_profile(
    connection: Connection, tenant_id: TenantId, *, profile_id: ProfileId
) -> list[tuple[EnrollmentId, str, str]]:
    """Return the status of a profile on each enrolment, and when it was reported, as text. One that has still to plan
    is pending, and has never reported.
    """
    state = profile_states.c
    statement = select(state.enrollment_id, state.status, state.reported_at).where(
        of_tenant(state, tenant_id), state.profile_id == profile_id
    )
    rows = connection.execute(statement.order_by(state.enrollment_id))
    known = {EnrollmentId(row[0]): (str(row[1].value), iso(row[2])) for row in rows}
    for enrollment_id in waiting(connection, tenant_id, profile_ids=[profile_id])[profile_id]:
        known.setdefault(enrollment_id, (ProfileStatus.PENDING.value, NEVER))
    return [(enrollment_id, *values) for enrollment_id, values in known.items()]


def profiles_after(
    connection: Connection, tenant_id: TenantId, *, after: tuple[datetime, str] | None, limit: int
) -> list[ProfileRow]:
    """Return the next profiles in the order of their creation."""
    statement = rows_of(profiles, tenant_id)
    if after is not None:
        moment, key = after
        later = (profiles.c.created_at > moment) | ((profiles.c.created_at == moment) & (profiles.c.id > key))
        statement = statement.where(later)
    return every(connection, statement.order_by(profiles.c.created_at, profiles.c.id).limit(limit), row=ProfileRow)
