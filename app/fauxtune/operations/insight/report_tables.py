"""The answers of report actions, and the cached reports, which are configured before they are read.

Graph: deviceManagementReports: get...Report; deviceManagementCachedReportConfiguration. Differs from Intune: a cached
report is read from the data of the moment.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from fauxtune.core.clock import iso
from fauxtune.core.errors import Invalid, NotEmulated, NotFound
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.schema.types import NEVER
from fauxtune.core.reports import files, filters
from fauxtune.core.reports.catalog import report
from fauxtune.core.reports.report import Localization, fields_of
from fauxtune.operations.insight.report_rows import rows_of
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries.insight import reports as queries
from fauxtune.storage.rows.tenants import ReportJobRow

#: Cached reports of a tenant: the oldest ones go first; and how long one can be read. Unverified: how long.
MOST_CACHED, _LIFETIME = 100, timedelta(days=3)
_NOT_STARTED, _IN_PROGRESS, _COMPLETED = "notStarted", "inProgress", "completed"


async def answer(emulator: Emulator, tenant: Tenant, *, name: str, parameters: JsonObject) -> dict[str, Any]:
    """Return the table of a report. `parameters`: those of the action. Raises Invalid for unknown columns, for a
    filter that cannot be read, and for more rows than are read at once.
    """
    chosen = report(name, condition=parameters.get("filter"), is_table=True)
    if parameters.get("groupBy"):
        raise NotEmulated("groupBy is not emulated: leave it out, or send an empty list.")
    selected = {column.name for column in chosen.selected(tuple(parameters.get("select") or ()))}
    columns = tuple(column for column in chosen.columns if column.name in selected and not column.hidden)
    fields = fields_of(chosen, columns, localization=Localization.AS_ADDITIONAL_COLUMN)
    request = files.TableRequest(
        order=files.orders(parameters.get("orderBy") or (), fields),
        search=str(parameters.get("search") or ""),
        skip=_number(parameters, "skip", default=0),
        top=min(_number(parameters, "top", default=files.MOST_ROWS), files.MOST_ROWS),
    )
    condition = filters.parse(parameters.get("filter"), chosen)
    values: list[list[Any]] = []
    async for part in rows_of(emulator.runner, tenant, report=chosen, condition=condition):
        values += files.values_of(part, fields, search=request.search)
        if len(values) > files.MOST_READ:
            raise Invalid(f"The report has more than {files.MOST_READ:,} rows: filter it, or export it.")
    return files.table(values, fields, request=request)


def configure(tx: Transaction, document: JsonObject) -> ReportJobRow:
    """Note the configuration of a cached report, in place of one with the same id, `<report>_<guid>`."""
    row = _configuration(tx, document)
    if queries.job(tx.connection, tx.tenant.id, job_id=row.id, is_cached=True) is not None:
        queries.delete_job(tx.connection, tx.tenant.id, job_id=row.id)
    rows = queries.jobs(tx.connection, tx.tenant.id, is_cached=True)
    for report_job in rows[: max(0, len(rows) + 1 - MOST_CACHED)]:
        queries.delete_job(tx.connection, tx.tenant.id, job_id=report_job.id)
    queries.add_job(tx.connection, row)
    return row


def next_status(tx: Transaction, key: str) -> ReportJobRow:
    """Return a configuration, one step nearer to completed than before. Raises NotFound if it does not exist."""
    row = _known(tx, key)
    status = {_NOT_STARTED: _IN_PROGRESS, _IN_PROGRESS: _COMPLETED}.get(row.status, row.status)
    if status != row.status:
        queries.change_job(tx.connection, tx.tenant.id, job_id=row.id, status=status)
    return replace(row, status=status)


def change_configuration(tx: Transaction, key: str, *, changes: JsonObject) -> ReportJobRow:
    """Change the configuration of a cached report, which begins again."""
    row = _known(tx, key)
    queries.delete_job(tx.connection, tx.tenant.id, job_id=row.id)
    changed = _configuration(tx, {**row.document, **changes, "id": row.id})
    queries.add_job(tx.connection, changed)
    return changed


def delete_configuration(tx: Transaction, key: str) -> None:
    """Delete the configuration of a cached report. Raises NotFound if it does not exist."""
    queries.delete_job(tx.connection, tx.tenant.id, job_id=_known(tx, key).id)


def shown_configuration(row: ReportJobRow) -> dict[str, Any]:
    """Return the document of a configuration."""
    is_done = row.status == _COMPLETED
    return {
        **row.document,
        "id": row.id,
        "status": row.status,
        "lastRefreshDateTime": iso(row.created_at) if is_done else NEVER,
        "expirationDateTime": NEVER if row.expires_at is None else iso(row.expires_at),
    }


async def cached_answer(emulator: Emulator, tenant: Tenant, *, parameters: JsonObject) -> dict[str, Any]:
    """Return the table of a cached report: what it was configured with, and in it what this request asks for. Raises
    NotFound if it was not configured, Invalid if its status is not completed.
    """
    key = str(parameters.get("id") or "")
    row = await emulator.runner.read(queries.job, tenant.id, job_id=key, is_cached=True)
    if row is None:
        raise missing(key)
    if row.status != _COMPLETED:
        raise Invalid(f"The cached report '{key}' is {row.status}: GET its configuration until it is completed.")
    given = {name: value for name, value in parameters.items() if name != "id" and value not in (None, [], "")}
    configured = {name: row.document.get(name) for name in ("select", "filter", "orderBy")}
    return await answer(emulator, tenant, name=str(row.document["reportName"]), parameters={**configured, **given})


def missing(key: str) -> NotFound:
    """Return the refusal of a cached report that was not configured, or not any more."""
    return NotFound(f"There is no cached report configuration '{key}', or it has expired.")


def _configuration(tx: Transaction, document: JsonObject) -> ReportJobRow:
    key = str(document.get("id") or "")
    name = str(document.get("reportName") or key.rpartition("_")[0])
    if not key or not name:
        raise Invalid("The id of a cached report is the name of the report, '_', and a guid.", target="id")
    chosen = report(name, condition=document.get("filter"))
    chosen.selected(tuple(document.get("select") or ()))
    filters.parse(document.get("filter"), chosen)
    return ReportJobRow(
        tenant_id=tx.tenant.id,
        id=key,
        is_cached=True,
        created_at=tx.now,
        expires_at=tx.now + _LIFETIME,
        document={**document, "reportName": chosen.name},
        status=_NOT_STARTED,
    )


def _known(tx: Transaction, key: str) -> ReportJobRow:
    row = queries.job(tx.connection, tx.tenant.id, job_id=key, is_cached=True)
    if row is None or (row.expires_at is not None and row.expires_at <= tx.now):
        raise missing(key)
    return row


def _number(parameters: JsonObject, name: str, *, default: int) -> int:
    value = parameters.get(name)
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise Invalid(f"{name} is a whole number that is not negative, not {value!r}.", target=name)
    return value
