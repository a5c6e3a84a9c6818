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
from fauxtune.core.odata.schema.types import Entity, approximated
from fauxtune.operations.insight import export_jobs, report_tables
from fauxtune.storage.queries.insight import reports as queries
from fauxtune.storage.rows.tenants import ReportJobRow
from fauxtune.surfaces.graph import needed_permissions as needs
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
    runs,
)
from fauxtune.surfaces.graph.declared import Routes
from fauxtune.surfaces.graph.lists import list_documents

EXPORT_JOB = entity("deviceManagementExportJob")
CACHED_REPORT = entity("deviceManagementCachedReportConfiguration")

_JOBS = "deviceManagement/reports/exportJobs"
_CACHED = "deviceManagement/reports/cachedReportConfigurations"
#: Any of the three areas suffices, whatever the report is of.
_READ = tuple(dict.fromkeys((*needs.READ_CONFIGURATION, *needs.READ_APPS, *needs.READ_MANAGED)))
_WRITE = tuple(dict.fromkeys((*needs.WRITE_CONFIGURATION, *needs.WRITE_APPS, *needs.WRITE_MANAGED)))
_STEPS = approximated("made when it is asked about for the first time; the values of most columns are not documented")
_MOMENT = approximated("from the data of the moment; the values of most columns are not documented")
_EXPORT = "Intune: Export Intune reports using Graph APIs"

JOBS = Routes(_JOBS, type=EXPORT_JOB, read=_READ, write=_WRITE, dated=True)
CACHED = Routes(_CACHED, type=CACHED_REPORT, read=_READ, write=_WRITE, beta_only=True, dated=True)
REPORTS = Routes(
    "deviceManagement/reports", source="Graph: deviceManagementReports: {verb}", write=_WRITE, fidelity=_MOMENT
)

#: Actions of both versions, and those that only beta has, with the report that they answer with.
_TABLES = {
    "getConfigurationPolicyNonComplianceReport": "PolicyNonComplianceNew",
    "getConfigurationPolicyNonComplianceSummaryReport": "PolicyNonComplianceAgg",
    "getDeviceNonComplianceReport": "DeviceNonCompliance",
    "getPolicyNonComplianceReport": "PolicyNonComplianceNew",
    "getPolicyNonComplianceSummaryReport": "PolicyNonComplianceAgg",
    "retrieveDeviceAppInstallationStatusReport": "DeviceInstallStatus",
}
_BETA_TABLES = {
    "getAllCertificatesReport": "AllDeviceCertificates",
    "getAppsInstallSummaryReport": "AppInstallStatusAggregate",
    "getAppStatusOverviewReport": "AppStatusOverview",
    "getUserInstallStatusReport": "UserInstallStatus",
    "getCertificatesReport": "CertificatesByRAPolicy",
    "getDeviceInstallStatusReport": "DeviceInstallStatus",
    "getConfigurationPoliciesReportForDevice": "DeviceConfigurationPolicyStatuses",
    "getConfigurationPolicyDevicesReport": "DeviceStatusesByConfigurationProfile",
    "getConfigurationSettingDetailsReport": "ConfigurationSettingDetails",
    "getConfigurationSettingsReport": "ConfigurationSettings",
    "getConfigurationPolicyDeviceSummaryReport": "ConfigurationPolicyDeviceAggregates",
    "getDeviceConfigurationPolicyStatusSummary": "ConfigurationPolicyDeviceAggregates",
}


@JOBS.create(source=f"Graph: deviceManagementExportJob: create; {_EXPORT}", fidelity=_STEPS)
async def create_job(call: Call) -> Answer:
    """Export a report.

    201 with the job, which is not started.
    """
    sent = accept(EXPORT_JOB, call.body(), partial=False, version=call.version)
    document = {**defaults(EXPORT_JOB), **sent}
    row = await export_jobs.create(call.emulator, call.tenant, document=document)
    return created(call, _job(call, row), collection=_JOBS)


@JOBS.get("/{job}", source=f"Graph: deviceManagementExportJob: get; {_EXPORT}", fidelity=_STEPS)
async def get_job(call: Call) -> Answer:
    """Get an export job, and the address of its file."""
    check_options(call, EXPORT_JOB)
    row = await export_jobs.status(call.emulator, call.tenant, job_id=call.keys["job"])
    return entity_answer(call, _job(call, row), context=_JOBS)


@JOBS.delete("/{job}")
async def delete_job(call: Call) -> Answer:
    """Delete an export job with its file."""
    await export_jobs.delete(call.emulator, call.tenant, job_id=call.keys["job"])
    return NO_CONTENT


@CACHED.list()
async def list_cached(call: Call) -> Answer:
    """List configurations of cached reports."""
    rows = await call.read(queries.jobs, call.tenant.id, is_cached=True)
    now = call.emulator.runner.now(call.tenant)
    live = [row for row in rows if row.expires_at is None or row.expires_at > now]
    documents = [report_tables.shown_configuration(row) for row in live]
    return list_documents(call, documents, entity=CACHED_REPORT, context=_CACHED)


@CACHED.create(fidelity=_MOMENT)
async def create_cached(call: Call) -> Answer:
    """Configure a cached report.

    201 with the configuration. The client names the id.
    """
    body = call.body()
    sent = accept(CACHED_REPORT, body, partial=False, version=call.version)
    document = {**defaults(CACHED_REPORT), **sent, "id": body.get("id")}
    row = await call.run(report_tables.configure, document)
    return created(call, _cached(call, row), collection=_CACHED)


@CACHED.get("/{configuration}", fidelity=_MOMENT)
async def get_cached(call: Call) -> Answer:
    """Get the configuration of a cached report."""
    check_options(call, CACHED_REPORT)
    row = await call.run(report_tables.next_status, call.keys["configuration"])
    return entity_answer(call, _cached(call, row), context=_CACHED)


@CACHED.update("/{configuration}", fidelity=_MOMENT)
async def update_cached(call: Call) -> Answer:
    """Update the configuration of a cached report, which begins again."""
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


@REPORTS.action("/getCachedReport", accepts=parameters("getCachedReport"), may_be_absent=True)
async def get_cached_report(call: Call) -> Answer:
    """The table of a cached report."""
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


CACHED.delete("/{configuration}", summary="Delete the configuration of a cached report")(
    runs(report_tables.delete_configuration, key="configuration")
)
for _tables, _beta_only in ((_TABLES, False), (_BETA_TABLES, True)):
    for _action, _report in _tables.items():
        REPORTS.action(
            f"/{_action}",
            summary=f"The report {_report}, as a table",
            accepts=parameters(_action),
            beta_only=_beta_only,
        )(table_of(_action, _report))
