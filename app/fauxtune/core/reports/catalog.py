"""THE list of reports: those that are made here, and those of Intune that are not, with the reason.

Their columns and filters: `core/reports/devices`, `core/reports/policies`, `core/reports/apps`.
Names: "Intune reports and properties available using Graph API" (2025-09-08 and 2021-11-02).

#: data
"""

from __future__ import annotations

from types import MappingProxyType

from fauxtune.core.errors import Invalid, NotEmulated
from fauxtune.core.reports import reasons
from fauxtune.core.reports.apps import APP_REPORTS, APP_TABLES
from fauxtune.core.reports.devices import DEVICE_REPORTS
from fauxtune.core.reports.filters import check_required
from fauxtune.core.reports.policies import POLICY_REPORTS, SETTING_TABLES
from fauxtune.core.reports.report import Report

REPORTS: tuple[Report, ...] = (*DEVICE_REPORTS, *POLICY_REPORTS, *APP_REPORTS)
_BY_NAME = MappingProxyType({each.name.lower(): each for each in REPORTS})
_TABLES = MappingProxyType({app_table.name.lower(): app_table for app_table in (*APP_TABLES, *SETTING_TABLES)})

#: Reasons, and the names of the reports that are not made for them.
REFUSED: dict[str, str] = {
    reasons.HEALTH: (
        "ActiveMalware Malware DefenderAgents UnhealthyDefenderAgents FirewallStatus FirewallUnhealthyStatus "
        "TpmAttestationStatus WindowsDeviceHealthAttestationReport DeviceEncryption"
    ),
    reasons.APPS: (
        "FilteredAppsList UserInstallStatusAggregateByApp DependentAppsInstallStatus OrgAppsInstallStatus "
        "OrgDeviceInstallStatus CatalogAppsUpdateList TicketingSecurityTaskAppsList"
    ),
    reasons.APP_PROTECTION: (
        "MAMAppConfigurationStatus MAMAppConfigurationStatusScopedV2 MAMAppConfigurationStatusV2 "
        "MAMAppProtectionStatus MAMAppProtectionStatusScopedV2 MAMAppProtectionStatusV2"
    ),
    reasons.DETECTED_APPS: (
        "AppInvAggregate AppInvByDevice AppInvRawData DevicesByAppInv DetectedAppsAggregate DetectedAppsRawData "
        "DiscoveredAppsAggregate DiscoveredAppsRawData"
    ),
    reasons.UPDATES: (
        "FeatureUpdateDeviceState FeatureUpdatePolicyFailuresAggregate FeatureUpdatePolicyStatusSummary "
        "DeviceFailuresByFeatureUpdatePolicy QualityUpdateDeviceErrorsByPolicy QualityUpdateDeviceStatusByPolicy "
        "QualityUpdatePolicyStatusSummary DriverUpdatePolicyStatusSummary WindowsUpdatePerPolicyPerDeviceStatus"
    ),
    reasons.COMPLIANCE: (
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
    reasons.RETIRING: "NoncompliantDevicesToBeRetired",
    reasons.SETTINGS: (
        "ADMXSettingsByDeviceByPolicy DeviceIntentPerSettingStatus PerSettingDeviceSummaryByConfigurationPolicy "
        "PerSettingDeviceSummaryByConfigurationPolicyForAppControl PerSettingDeviceSummaryByConfigurationPolicyForEDR "
        "PerSettingSummaryByDeviceConfigurationPolicy"
    ),
    reasons.DEVICES_OF_POLICIES: (
        "DeviceAssignmentStatusByConfigurationPolicy DeviceAssignmentStatusByConfigurationPolicyV3 "
        "DeviceAssignmentStatusByConfigurationPolicyForAC DeviceAssignmentStatusByConfigurationPolicyForASR "
        "DeviceAssignmentStatusByConfigurationPolicyForEDR"
    ),
    reasons.ENROLLMENT: (
        "AutopilotV1DeploymentStatus AutopilotV2DeploymentStatus AutopilotV2DeploymentStatusDetailedAppInfo "
        "AutopilotV2DeploymentStatusDetailedScriptInfo DeviceEnrollmentFailures EnrollmentActivity "
        "EnrollmentConfigurationPoliciesByDevice"
    ),
    reasons.LISTS: "Policies Users",
    reasons.SCRIPTS: (
        "DeviceRunStatesByProactiveRemediation DeviceRunStatesByScript PolicyRunStatesByProactiveRemediation"
    ),
    reasons.COMANAGED: "ComanagedDeviceWorkloads ComanagementEligibilityTenantAttachedDevices",
    reasons.GROUP_POLICY: "GPAnalyticsSettingMigrationReadiness",
    reasons.REMOTE_HELP: "RemoteAssistanceSessions",
    reasons.ANALYTICS: (
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
