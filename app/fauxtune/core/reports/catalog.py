"""THE list of reports: those that are made here, and those of Intune that are not, with the reason in the words of the
501 and of docs/coverage.md: as an export job, and as an action of Graph.

Their columns and filters: `core/reports/devices`, `core/reports/policies`, `core/reports/apps`.
Names: "Intune reports and properties available using Graph API" (2025-09-08 and 2021-11-02).
"""

from __future__ import annotations

from types import MappingProxyType

from fauxtune.core.errors import Invalid, NotEmulated
from fauxtune.core.reports.apps import APP_REPORTS, APP_TABLES
from fauxtune.core.reports.devices import DEVICE_REPORTS
from fauxtune.core.reports.filters import check_required
from fauxtune.core.reports.policies import POLICY_REPORTS, SETTING_TABLES
from fauxtune.core.reports.report import Report

APPS = "of apps there are lists, counts and installations by device and by user; this report is not made"
APP_PROTECTION = "no app on a device reads app protection policies, and none reports anything"
COMPLIANCE = "no report has the states of compliance policies: they stand below each policy and each device"
HEALTH = "of protection and encryption there is only what a device's facts and its compliance say; none reports malware"
UPDATES = "operating systems are not updated here"
COMANAGED = "there is no Configuration Manager"
ANALYTICS = "the devices here have no telemetry"
DETECTED_APPS = "detected apps stand below deviceManagement/detectedApps; no report has them"
SCRIPTS = "no report has the runs of scripts: they stand below each script and each device"
SETTINGS = (
    "the states of single settings are answered by getConfigurationSettingsReport and "
    "getConfigurationSettingDetailsReport; this report is not made"
)
DEVICES_OF_POLICIES = (
    "no report is only of assignments: DeviceStatusesByConfigurationProfile has the devices of a policy"
)
ENROLLMENT = "no report has enrolments: autopilotEvents and troubleshootingEvents tell of them"
RETIRING = "the devices that are to be retired are answered by getDevicesScheduledToRetire; no report has them"
LISTS = "policies and users are read from their own lists; no report has them"
GROUP_POLICY = "no group policy objects are analysed here"
REMOTE_HELP = "no device here is helped from afar"

REPORTS: tuple[Report, ...] = (*DEVICE_REPORTS, *POLICY_REPORTS, *APP_REPORTS)
_BY_NAME = MappingProxyType({each.name.lower(): each for each in REPORTS})
_TABLES = MappingProxyType({app_table.name.lower(): app_table for app_table in (*APP_TABLES, *SETTING_TABLES)})

#: Reasons, and the names of the reports that are not made for them.
REFUSED: dict[str, str] = {
    HEALTH: (
        "ActiveMalware Malware DefenderAgents UnhealthyDefenderAgents FirewallStatus FirewallUnhealthyStatus "
        "TpmAttestationStatus WindowsDeviceHealthAttestationReport DeviceEncryption"
    ),
    APPS: (
        "FilteredAppsList UserInstallStatusAggregateByApp DependentAppsInstallStatus OrgAppsInstallStatus "
        "OrgDeviceInstallStatus CatalogAppsUpdateList TicketingSecurityTaskAppsList"
    ),
    APP_PROTECTION: (
        "MAMAppConfigurationStatus MAMAppConfigurationStatusScopedV2 MAMAppConfigurationStatusV2 "
        "MAMAppProtectionStatus MAMAppProtectionStatusScopedV2 MAMAppProtectionStatusV2"
    ),
    DETECTED_APPS: (
        "AppInvAggregate AppInvByDevice AppInvRawData DevicesByAppInv DetectedAppsAggregate DetectedAppsRawData "
        "DiscoveredAppsAggregate DiscoveredAppsRawData"
    ),
    UPDATES: (
        "FeatureUpdateDeviceState FeatureUpdatePolicyFailuresAggregate FeatureUpdatePolicyStatusSummary "
        "DeviceFailuresByFeatureUpdatePolicy QualityUpdateDeviceErrorsByPolicy QualityUpdateDeviceStatusByPolicy "
        "QualityUpdatePolicyStatusSummary DriverUpdatePolicyStatusSummary WindowsUpdatePerPolicyPerDeviceStatus"
    ),
    COMPLIANCE: (
        "DeviceComplianceTrend DevicePoliciesComplianceReport DevicePoliciesComplianceReportV3 "
        "DevicePolicySettingsComplianceReport DevicePolicySettingsComplianceReportV3 "
        "DevicesStatusByPolicyPlatformComplianceReport DevicesStatusByPolicyPlatformComplianceReportV3 "
        "DevicesStatusBySettingReport DevicesStatusBySettingReportV3 DeviceStatusByCompliacePolicyReport "
        "DeviceStatusByCompliacePolicyReportV3 DeviceStatusByCompliancePolicySettingReport "
        "DeviceStatusByCompliancePolicySettingReportV3 DeviceStatusSummaryByCompliacePolicyReport "
        "DeviceStatusSummaryByCompliacePolicyReportV3 DeviceStatusSummaryByCompliancePolicySettingsReport "
        "DeviceStatusSummaryByCompliancePolicySettingsReportV3 DevicesWithoutCompliancePolicy "
        "DevicesWithoutCompliancePolicyV3 NonCompliantCompliancePoliciesAggregate "
        "NonCompliantCompliancePoliciesAggregateV3 NoncompliantDevicesAndSettings NoncompliantDevicesAndSettingsV3 "
        "NonCompliantDevicesByCompliancePolicy NonCompliantDevicesByCompliancePolicyV3 PolicyComplianceAggReport "
        "PolicyComplianceAggReportV3 SettingComplianceAggReport SettingComplianceAggReportV3"
    ),
    RETIRING: "NoncompliantDevicesToBeRetired",
    SETTINGS: (
        "ADMXSettingsByDeviceByPolicy DeviceIntentPerSettingStatus PerSettingDeviceSummaryByConfigurationPolicy "
        "PerSettingDeviceSummaryByConfigurationPolicyForAppControl PerSettingDeviceSummaryByConfigurationPolicyForEDR "
        "PerSettingSummaryByDeviceConfigurationPolicy"
    ),
    DEVICES_OF_POLICIES: (
        "DeviceAssignmentStatusByConfigurationPolicy DeviceAssignmentStatusByConfigurationPolicyV3 "
        "DeviceAssignmentStatusByConfigurationPolicyForAC DeviceAssignmentStatusByConfigurationPolicyForASR "
        "DeviceAssignmentStatusByConfigurationPolicyForEDR"
    ),
    ENROLLMENT: (
        "AutopilotV1DeploymentStatus AutopilotV2DeploymentStatus AutopilotV2DeploymentStatusDetailedAppInfo "
        "AutopilotV2DeploymentStatusDetailedScriptInfo DeviceEnrollmentFailures EnrollmentActivity "
        "EnrollmentConfigurationPoliciesByDevice"
    ),
    LISTS: "Policies Users",
    SCRIPTS: ("DeviceRunStatesByProactiveRemediation DeviceRunStatesByScript PolicyRunStatesByProactiveRemediation"),
    COMANAGED: "ComanagedDeviceWorkloads ComanagementEligibilityTenantAttachedDevices",
    GROUP_POLICY: "GPAnalyticsSettingMigrationReadiness",
    REMOTE_HELP: "RemoteAssistanceSessions",
    ANALYTICS: (
        "MEMUpgradeReadinessOrgAsset ResourcePerformanceAggregateByDevice ResourcePerformanceAggregateByModel "
        "WorkFromAnywhereDeviceList"
    ),
}
_REASONS = MappingProxyType({name.lower(): reason for reason, names in REFUSED.items() for name in names.split()})


#: Reports that are not made here and that need a filter for this column: without one they are refused for that.
_REQUIRED: dict[str, str] = {
    "FeatureUpdateDeviceState": "PolicyId",
    "DeviceFailuresByFeatureUpdatePolicy": "PolicyId",
    "QualityUpdateDeviceErrorsByPolicy": "PolicyId",
    "QualityUpdateDeviceStatusByPolicy": "PolicyId",
    "DeviceRunStatesByProactiveRemediation": "PolicyId",
    "UserInstallStatusAggregateByApp": "ApplicationId",
    "AppInvByDevice": "DeviceId",
    "DevicesByAppInv": "ApplicationKey",
}


def report(name: str, *, condition: str | None = None, is_table: bool = False) -> Report:
    """Return the report of this name, in any case. Raises NotEmulated for one of Intune's that is not made here,
    Invalid for a name that no report has, and for a report that needs a filter. `condition`: the filter;
    `is_table`: it is for a report action, which has a few of its own.
    """
    known = _BY_NAME.get(name.lower()) or (_TABLES.get(name.lower()) if is_table else None)
    if known is not None:
        return known
    reason = _REASONS.get(name.lower())
    if reason is None:
        raise Invalid(f"PostExportJobAsync not supported for reportType {name}", target="reportName")
    check_required(name, _REQUIRED.get(name), condition=condition)
    raise NotEmulated(f"The report {name} is not emulated: {reason} (see docs/coverage.md).")
