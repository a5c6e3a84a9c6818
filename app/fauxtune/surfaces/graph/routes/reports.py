"""Reports of Intune: export jobs, cached reports, and the actions that answer with a table.

#: data
"""

from __future__ import annotations

from collections.abc import Iterator

from fauxtune.core.odata.paths.table import Route
from fauxtune.core.odata.schema.types import approximated
from fauxtune.operations.insight import report_tables
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph import reasons
from fauxtune.surfaces.graph.call import Handler, runs
from fauxtune.surfaces.graph.resources import reports
from fauxtune.surfaces.graph.routes.absent import absent

_REPORTS = "deviceManagement/reports"
_JOBS = f"{_REPORTS}/exportJobs"
_JOB = f"{_JOBS}/{{job}}"
_CACHED = f"{_REPORTS}/cachedReportConfigurations"
_CONFIGURATION = f"{_CACHED}/{{configuration}}"
#: Any of the three areas suffices, whatever the report is of.
_READ = tuple(dict.fromkeys((*needs.READ_CONFIGURATION, *needs.READ_APPS, *needs.READ_MANAGED)))
_WRITE = tuple(dict.fromkeys((*needs.WRITE_CONFIGURATION, *needs.WRITE_APPS, *needs.WRITE_MANAGED)))

_STEPS = approximated("made when it is asked about for the first time; the values of most columns are not documented")
_MOMENT = approximated("from the data of the moment; the values of most columns are not documented")
_MADE_HERE = "this report is not made here: those of devices, profiles, certificates and apps are"

JOBS: tuple[Route[Handler], ...] = (
    Route(
        "POST",
        _JOBS,
        reports.create_job,
        "Export a report",
        accepts=reports.EXPORT_JOB,
        returns=reports.EXPORT_JOB,
        status=201,
        permissions=_WRITE,
        source="Graph: deviceManagementExportJob: create; Intune: Export Intune reports using Graph APIs",
        fidelity=_STEPS,
    ),
    Route(
        "GET",
        _JOB,
        reports.get_job,
        "Get an export job, and the address of its file",
        returns=reports.EXPORT_JOB,
        permissions=_READ,
        source="Graph: deviceManagementExportJob: get; Intune: Export Intune reports using Graph APIs",
        fidelity=_STEPS,
        dated=True,
    ),
    Route(
        "DELETE",
        _JOB,
        reports.delete_job,
        "Delete an export job with its file",
        status=204,
        permissions=_WRITE,
        source="Graph: deviceManagementExportJob: delete",
    ),
)

CACHED: tuple[Route[Handler], ...] = (
    Route(
        "GET",
        _CACHED,
        reports.list_cached,
        "List configurations of cached reports",
        returns=reports.CACHED_REPORT,
        many=True,
        beta_only=True,
        permissions=_READ,
        source="Graph: deviceManagementCachedReportConfiguration: list",
        dated=True,
    ),
    Route(
        "POST",
        _CACHED,
        reports.create_cached,
        "Configure a cached report",
        accepts=reports.CACHED_REPORT,
        returns=reports.CACHED_REPORT,
        status=201,
        beta_only=True,
        permissions=_WRITE,
        source="Graph: deviceManagementCachedReportConfiguration: create",
        fidelity=_MOMENT,
    ),
    Route(
        "GET",
        _CONFIGURATION,
        reports.get_cached,
        "Get the configuration of a cached report",
        returns=reports.CACHED_REPORT,
        beta_only=True,
        permissions=_READ,
        source="Graph: deviceManagementCachedReportConfiguration: get",
        fidelity=_MOMENT,
        dated=True,
    ),
    Route(
        "PATCH",
        _CONFIGURATION,
        reports.update_cached,
        "Update the configuration of a cached report, which begins again",
        accepts=reports.CACHED_REPORT,
        returns=reports.CACHED_REPORT,
        beta_only=True,
        permissions=_WRITE,
        source="Graph: deviceManagementCachedReportConfiguration: update",
        fidelity=_MOMENT,
    ),
    Route(
        "DELETE",
        _CONFIGURATION,
        runs(report_tables.delete_configuration, key="configuration"),
        "Delete the configuration of a cached report",
        status=204,
        beta_only=True,
        permissions=_WRITE,
        source="Graph: deviceManagementCachedReportConfiguration: delete",
    ),
    Route(
        "POST",
        f"{_REPORTS}/getCachedReport",
        reports.get_cached_report,
        "The table of a cached report",
        accepts=reports.parameters("getCachedReport"),
        permissions=_WRITE,
        source="Graph: deviceManagementReports: getCachedReport",
        may_be_absent=True,
        fidelity=_MOMENT,
    ),
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
#: Reasons, the actions of both versions, and those that only beta has. Names are Graph's, misspelt ones too; of a few
#: no published schema says anything any more, and public programs call them.
_ABSENT: tuple[tuple[str, str, str], ...] = (
    (
        reasons.COMPLIANCE_REPORTS,
        (
            "getCompliancePolicyNonComplianceReport getCompliancePolicyNonComplianceSummaryReport "
            "getComplianceSettingNonComplianceReport getDevicesWithoutCompliancePolicyReport "
            "getNoncompliantDevicesAndSettingsReport"
        ),
        (
            "getCompliancePoliciesReportForDevice getCompliancePolicyDevicesReport "
            "getCompliancePolicyDeviceSummaryReport getComplianceSettingDetailsReport getComplianceSettingsReport "
            "getDevicePoliciesComplianceReport getDevicePolicySettingsComplianceReport "
            "getDevicesStatusByPolicyPlatformComplianceReport getDevicesStatusBySettingReport "
            "getDeviceStatusByCompliacePolicyReport getDeviceStatusByCompliancePolicySettingReport "
            "getDeviceStatusSummaryByCompliacePolicyReport getDeviceStatusSummaryByCompliancePolicySettingsReport"
        ),
    ),
    (
        reasons.APP_REPORTS,
        "",
        (
            "getFailedMobileAppsReport getFailedMobileAppsSummaryReport "
            "getMobileApplicationManagementAppConfigurationReport "
            "getMobileApplicationManagementAppRegistrationSummaryReport getQuietTimePolicyUsersReport "
            "getQuietTimePolicyUserSummaryReport getRelatedAppsStatusReport "
            "retrieveSecurityTaskAppsReport retrieveWin32CatalogAppsUpdateReport"
        ),
    ),
    (
        reasons.HEALTH,
        "",
        (
            "getActiveMalwareReport getActiveMalwareSummaryReport getEncryptionReportForDevices "
            "getMalwareSummaryReport getUnhealthyDefenderAgentsReport getUnhealthyFirewallReport "
            "getUnhealthyFirewallSummaryReport"
        ),
    ),
    (
        reasons.UPDATES,
        "",
        (
            "getWindowsDriverUpdateAlertsPerPolicyPerDeviceReport getWindowsDriverUpdateAlertSummaryReport "
            "getWindowsQualityUpdateAlertsPerPolicyPerDeviceReport getWindowsQualityUpdateAlertSummaryReport "
            "getWindowsUpdateAlertsPerPolicyPerDeviceReport getWindowsUpdateAlertSummaryReport "
            "getZebraFotaDeploymentReport retrieveAppleDeviceOSUpdateStatus retrieveAppleOSUpdateFailures"
        ),
    ),
    (
        _MADE_HERE,
        (
            "getConfigurationSettingNonComplianceReport getDeviceManagementIntentPerSettingContributingProfiles "
            "getDeviceManagementIntentSettingsReport getHistoricalReport getPolicyNonComplianceMetadata "
            "getReportFilters getSettingNonComplianceReport"
        ),
        (
            "getConfigManagerDevicePolicyStatusReport getConfigurationPolicySettingsDeviceSummaryReport "
            "getDeviceConfigurationPolicySettingsSummaryReport getEnrollmentConfigurationPoliciesByDevice "
            "getGroupPolicySettingsDeviceSettingsReport getRemoteAssistanceSessionsReport "
            "retrieveAndroidWorkProfileDeviceMigrationStatuses retrieveCloudPkiLeafCertificateReport "
            "retrieveCloudPkiLeafCertificateSummaryReport retrieveEnrollmentTimeGroupingFailureReport"
        ),
    ),
)


def _table(action: str, report: str, *, beta_only: bool) -> Route[Handler]:
    return Route(
        "POST",
        f"{_REPORTS}/{action}",
        reports.table_of(action, report),
        f"The report {report}, as a table",
        accepts=reports.parameters(action),
        beta_only=beta_only,
        permissions=_WRITE,
        source=f"Graph: deviceManagementReports: {action}",
        fidelity=_MOMENT,
    )


def _absent() -> Iterator[Route[Handler]]:
    for why, both, beta in _ABSENT:
        for names, beta_only in ((both, False), (beta, True)):
            for name in names.split():
                yield absent("POST", f"{_REPORTS}/{name}", summary=name, why=why, beta_only=beta_only)
    yield absent("GET", _REPORTS, summary="reports", why="it has nothing of its own: ask for what is below it")
    yield absent("PATCH", _REPORTS, summary="reports", why="it has nothing of its own: ask for what is below it")
    yield absent("PATCH", _JOB, summary="exportJobs", why="a job is not changed: export the report again")
    yield absent("GET", f"{_CACHED}/$count", summary="$count", why="count the list of configurations", beta_only=True)


REPORTS: tuple[Route[Handler], ...] = (
    *JOBS,
    *CACHED,
    *(_table(action, report, beta_only=False) for action, report in _TABLES.items()),
    *(_table(action, report, beta_only=True) for action, report in _BETA_TABLES.items()),
)
ABSENT_REPORTS: tuple[Route[Handler], ...] = tuple(_absent())
