"""Reports of Intune: export jobs, cached reports, and the actions that answer with a table.

Graph: deviceManagementExportJob (create, get, delete; their list is not routed), deviceManagementReports: get...Report,
deviceManagementCachedReportConfiguration.
"""

from __future__ import annotations

import json

from fauxtune.core.graph.index import MODEL, entity
from fauxtune.core.odata.documents.validation import accept, defaults
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.schema.overlay import Overlay
from fauxtune.core.odata.schema.types import Entity
from fauxtune.operations.insight import export_jobs, report_tables
from fauxtune.storage.queries.insight import reports as queries
from fauxtune.storage.rows.tenants import ReportJobRow
from fauxtune.surfaces.graph.call import (
    NO_CONTENT,
    REPORT_TABLE,
    Answer,
    Call,
    Handler,
    Json,
    check_options,
    created,
    entity_answer,
)
from fauxtune.surfaces.graph.lists import list_documents

EXPORT_JOB = entity("deviceManagementExportJob")
CACHED_REPORT = entity("deviceManagementCachedReportConfiguration")

_JOBS = "deviceManagement/reports/exportJobs"
_CACHED = "deviceManagement/reports/cachedReportConfigurations"


async def create_job(call: Call) -> Answer:
    """POST: 201 with the job, which is not started."""
    sent = accept(EXPORT_JOB, call.body(), partial=False, version=call.version)
    document = {**defaults(EXPORT_JOB), **sent}
    row = await export_jobs.create(call.emulator, call.tenant, document=document)
    return created(call, _job(call, row), collection=_JOBS)


async def get_job(call: Call) -> Answer:
    """GET .../{job}: its status, and the address of the file once it is completed."""
    check_options(call, EXPORT_JOB)
    row = await export_jobs.status(call.emulator, call.tenant, job_id=call.keys["job"])
    return entity_answer(call, _job(call, row), context=_JOBS)


async def delete_job(call: Call) -> Answer:
    """DELETE .../{job}."""
    await export_jobs.delete(call.emulator, call.tenant, job_id=call.keys["job"])
    return NO_CONTENT


async def list_cached(call: Call) -> Answer:
    """GET /deviceManagement/reports/cachedReportConfigurations."""
    rows = await call.read(queries.jobs, call.tenant.id, is_cached=True)
    now = call.emulator.runner.now(call.tenant)
    live = [row for row in rows if row.expires_at is None or row.expires_at > now]
    documents = [report_tables.shown_configuration(row) for row in live]
    return list_documents(call, documents, entity=CACHED_REPORT, context=_CACHED)


async def create_cached(call: Call) -> Answer:
    """POST: 201 with the configuration. The client names the id."""
    body = call.body()
    sent = accept(CACHED_REPORT, body, partial=False, version=call.version)
    document = {**defaults(CACHED_REPORT), **sent, "id": body.get("id")}
    row = await call.run(report_tables.configure, document)
    return created(call, _cached(call, row), collection=_CACHED)


async def get_cached(call: Call) -> Answer:
    """GET .../{configuration}."""
    check_options(call, CACHED_REPORT)
    row = await call.run(report_tables.next_status, call.keys["configuration"])
    return entity_answer(call, _cached(call, row), context=_CACHED)


async def update_cached(call: Call) -> Answer:
    """PATCH .../{configuration}: 200 with the configuration."""
    changes = accept(CACHED_REPORT, call.body(), partial=True, version=call.version)
    row = await call.run(report_tables.change_configuration, call.keys["configuration"], changes=changes)
    return entity_answer(call, _cached(call, row), context=_CACHED)


def parameters(action: str) -> Entity:
    """Return the parameters of an action."""
    return MODEL.parameters(
        "deviceManagementReports", action, overlay=Overlay(source=f"Graph: deviceManagementReports: {action}")
    )


def table_of(action: str, report: str) -> Handler:
    """Return the handler of an action that answers with the table of this report."""
    kind = parameters(action)

    async def answer(call: Call) -> Answer:
        sent = accept(kind, call.optional_body(), partial=True, version=call.version)
        return _table(await report_tables.answer(call.emulator, call.tenant, name=report, parameters=sent))

    return answer


async def get_cached_report(call: Call) -> Answer:
    """POST .../getCachedReport: the table of a cached report that was configured."""
    sent = accept(parameters("getCachedReport"), call.body(), partial=True, version=call.version)
    sent["id"] = call.body().get("id")
    return _table(await report_tables.cached_answer(call.emulator, call.tenant, parameters=sent))


def _table(document: Json) -> Answer:
    return Answer(200, text=json.dumps(document, ensure_ascii=False), media=REPORT_TABLE)


def _job(call: Call, row: ReportJobRow) -> Json:
    origin = call.root.rpartition("/")[0]
    document = export_jobs.shown(row, contents=call.emulator.contents, origin=origin)
    return view(EXPORT_JOB, document, version=call.version, select=call.query.select)


def _cached(call: Call, row: ReportJobRow) -> Json:
    document = report_tables.shown_configuration(row)
    return view(CACHED_REPORT, document, version=call.version, select=call.query.select)
