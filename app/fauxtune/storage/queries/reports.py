"""Jobs of reports, and the rows of reports that no list of Graph has."""

from __future__ import annotations

from datetime import datetime
from typing import Unpack

from sqlalchemy import Connection, func, select

from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.text import JsonObject
from fauxtune.storage import writes
from fauxtune.storage.collections.certificate_states import ALL_CERTIFICATE_STATES
from fauxtune.storage.reads import every, first
from fauxtune.storage.rows.configuration import ProfileRow
from fauxtune.storage.rows.reports import ReportJobChanges, ReportJobRow
from fauxtune.storage.tables import ledger, managed_devices, profiles, report_jobs


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
    statement = select(report_jobs).where(
        report_jobs.c.tenant_id == tenant_id,
        func.lower(report_jobs.c.id) == job_id.lower(),
        report_jobs.c.is_cached == is_cached,
    )
    return first(connection, statement, row=ReportJobRow)


def jobs(connection: Connection, tenant_id: TenantId, *, is_cached: bool) -> list[ReportJobRow]:
    """Return the tenant's jobs of this kind, the oldest first."""
    statement = select(report_jobs).where(report_jobs.c.tenant_id == tenant_id, report_jobs.c.is_cached == is_cached)
    return every(connection, statement.order_by(report_jobs.c.created_at, report_jobs.c.id), row=ReportJobRow)


def delete_job(connection: Connection, tenant_id: TenantId, *, job_id: str) -> int:
    """Delete a job; return how many there were."""
    return writes.remove(connection, report_jobs, tenant_id=tenant_id, id=job_id)


def certificates(connection: Connection, tenant_id: TenantId, *, offset: int, limit: int) -> list[JsonObject]:
    """Return a page of the certificates on devices, each with its device, its user and the profile that it came by."""
    collection = ALL_CERTIFICATE_STATES
    assert collection.statement is not None
    statement = collection.statement(tenant_id).add_columns(
        managed_devices.c.id, managed_devices.c.user_id, ledger.c.item_key
    )
    page = statement.order_by(*collection.order).offset(offset).limit(limit)
    rows = []
    for *values, device_id, user_id, item_key in connection.execute(page):
        source, _, key = item_key.partition("/")
        profile = key if source in {"pkcs", "scep"} else None
        rows.append({**collection.row(values), "deviceId": device_id, "userId": user_id, "policyId": profile})
    return rows


def profiles_after(
    connection: Connection, tenant_id: TenantId, *, after: tuple[datetime, str] | None, limit: int
) -> list[ProfileRow]:
    """Return the next profiles in the order of their creation."""
    statement = select(profiles).where(profiles.c.tenant_id == tenant_id)
    if after is not None:
        moment, key = after
        later = (profiles.c.created_at > moment) | ((profiles.c.created_at == moment) & (profiles.c.id > key))
        statement = statement.where(later)
    return every(connection, statement.order_by(profiles.c.created_at, profiles.c.id).limit(limit), row=ProfileRow)
