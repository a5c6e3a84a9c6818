"""Export jobs of reports: asked for, made, downloaded, gone. Graph: deviceManagementExportJob.

A job is `notStarted` until it is asked about for the first time; then its file is made, the answer is `inProgress`, and
every later one `completed` or `failed`. So a client meets each status, whatever the machine, and whether or not the
server was started again in between. Differs from Intune: there a job goes on by itself.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from fauxtune.core.clock import iso
from fauxtune.core.errors import FauxtuneError, Invalid, NotFound
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.schema.types import NEVER
from fauxtune.core.reports import filters
from fauxtune.core.reports.catalog import report
from fauxtune.core.reports.files import ReportFile
from fauxtune.core.reports.report import Localization, Report, fields_of
from fauxtune.operations.insight.report_rows import rows_of
from fauxtune.operations.runtime.contents import READ, Contents
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.tenants.deletion import check_present
from fauxtune.storage.contents import TooLarge, index_of
from fauxtune.storage.queries.insight import reports as queries
from fauxtune.storage.rows.tenants import ReportJobRow

#: How long a file can be downloaded ("Export Intune reports using Graph APIs": some six hours).
LIFETIME = timedelta(hours=6)
#: Jobs of a tenant: the oldest ones go first. Characters of a file before it is packed: a larger one fails.
MOST_JOBS, MOST_CHARACTERS = 100, 32 * 1024 * 1024
_NOT_STARTED, _IN_PROGRESS, _COMPLETED, _FAILED = "notStarted", "inProgress", "completed", "failed"
#: One report is made at a time, whatever tenant it is of: each takes memory and many statements.
_MAKING = "making of reports"

log = logging.getLogger(__name__)


def check(document: JsonObject) -> Report:
    """Return the report that a job asks for. Raises Invalid or NotEmulated for a report, a column, a format or a filter
    that cannot be had.
    """
    name = document.get("reportName")
    if not isinstance(name, str) or not name:
        raise Invalid("The request needs a reportName, such as Devices.", target="reportName")
    chosen = report(name, condition=document.get("filter"))
    if document.get("format") not in ("csv", "json"):
        raise Invalid(f"The format '{document.get('format')}' is not supported: use csv or json.", target="format")
    chosen.selected(tuple(document.get("select") or ()))
    filters.parse(document.get("filter"), chosen)
    return chosen


async def create(emulator: Emulator, tenant: Tenant, *, document: JsonObject) -> ReportJobRow:
    """Note a job. Two equal requests are two jobs. Jobs that have expired go, and the oldest beyond `MOST_JOBS`."""
    row, gone = await emulator.runner.run(tenant, _create, document)
    await _delete_files(emulator.contents, gone)
    return row


async def delete(emulator: Emulator, tenant: Tenant, *, job_id: str) -> None:
    """Delete a job with its file. Raises NotFound if it does not exist."""
    await _delete_files(emulator.contents, await emulator.runner.run(tenant, _delete, job_id))


async def status(emulator: Emulator, tenant: Tenant, *, job_id: str) -> ReportJobRow:
    """Return a job; the first time its file is made. Raises NotFound if it does not exist, or has expired."""
    async with emulator.turns.across(f"report {tenant.id} {job_id.lower()}"):
        row = await emulator.runner.read(queries.job, tenant.id, job_id=job_id)
        if row is None or _has_ended(row, now=emulator.runner.now(tenant)):
            raise missing(job_id)
        if row.status != _NOT_STARTED:
            return row
        async with emulator.turns.of(_MAKING):
            is_made = await _make(emulator, tenant, row=row)
        if not await emulator.runner.run(tenant, _finish, row.id, is_made=is_made):
            await _delete_files(emulator.contents, [row])
            raise missing(job_id)
        return replace(row, status=_IN_PROGRESS)


def shown(row: ReportJobRow, *, contents: Contents, origin: str) -> dict[str, Any]:
    """Return the document of a job, which has the address of the file once it is finished."""
    end = row.expires_at if row.status == _COMPLETED else None
    url = None
    if end is not None:
        url = origin + contents.address(row.tenant_id, _content(row), expires=end, allowed=READ)
    return {
        **row.document,
        "id": row.id,
        "status": row.status,
        "url": url,
        "requestDateTime": iso(row.created_at),
        "expirationDateTime": NEVER if end is None else iso(end),
    }


def missing(job_id: str) -> NotFound:
    """Return the refusal of a job that does not exist, or not any more."""
    return NotFound(f"There is no export job '{job_id}', or it has expired.")


def _create(tx: Transaction, document: JsonObject) -> tuple[ReportJobRow, list[ReportJobRow]]:
    check(document)
    rows = queries.jobs(tx.connection, tx.tenant.id, is_cached=False)
    live = [row for row in rows if not _has_ended(row, now=tx.now)]
    gone = [row for row in rows if _has_ended(row, now=tx.now)] + live[: max(0, len(live) + 1 - MOST_JOBS)]
    for report_job in gone:
        queries.delete_job(tx.connection, tx.tenant.id, job_id=report_job.id)
    row = ReportJobRow(
        tenant_id=tx.tenant.id,
        id=f"{document['reportName']}_{tx.ids.uuid()}",
        is_cached=False,
        created_at=tx.now,
        expires_at=None,
        document=document,
        status=_NOT_STARTED,
    )
    queries.add_job(tx.connection, row)
    return row, gone


def _delete(tx: Transaction, job_id: str) -> list[ReportJobRow]:
    row = queries.job(tx.connection, tx.tenant.id, job_id=job_id)
    if row is None:
        raise missing(job_id)
    queries.delete_job(tx.connection, tx.tenant.id, job_id=row.id)
    return [row]


def _finish(tx: Transaction, job_id: str, *, is_made: bool) -> bool:
    """Note how the making of a file ended. Returns False if the job was deleted meanwhile."""
    return queries.change_job(
        tx.connection,
        tx.tenant.id,
        job_id=job_id,
        status=_COMPLETED if is_made else _FAILED,
        expires_at=tx.now + LIFETIME,
    )


def _has_ended(row: ReportJobRow, *, now: datetime) -> bool:
    return (row.expires_at or row.created_at + LIFETIME) <= now


def _content(row: ReportJobRow) -> str:
    return f"{row.id}.zip"


async def _delete_files(contents: Contents, rows: list[ReportJobRow]) -> None:
    if rows:
        await asyncio.to_thread(contents.delete, rows[0].tenant_id, *map(_content, rows))


async def _make(emulator: Emulator, tenant: Tenant, *, row: ReportJobRow) -> bool:
    """Write the file of a job. Returns False where that cannot be done; the log says why."""
    try:
        chosen = check(row.document)
        columns = chosen.selected(tuple(row.document.get("select") or ()))
        fields = fields_of(chosen, columns, localization=Localization(str(row.document["localizationType"])))
        file = ReportFile(fields, is_json=row.document["format"] == "json")
        condition = filters.parse(row.document.get("filter"), chosen)
        async for part in rows_of(emulator.runner, tenant, report=chosen, condition=condition):
            file.add(part)
            if file.size > MOST_CHARACTERS:
                raise TooLarge(f"It has more than {MOST_CHARACTERS:,} characters.")
        await asyncio.to_thread(_write, emulator.contents, row, file=file)
        await check_present(emulator, tenant)
    except FauxtuneError as error:
        log.warning("The report %s is not made: %s", row.id, error.message)
        return False
    return True


def _write(contents: Contents, row: ReportJobRow, *, file: ReportFile) -> None:
    writing = contents.store.write_whole(row.tenant_id, _content(row))
    try:
        writing.add(file.packed(row.id))
        writing.finish(index_of([]))
    finally:
        writing.drop()
