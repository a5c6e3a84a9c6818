"""THE list of reports: those that are made here, and those of Intune that are not, with the reason.

Names: "Intune reports and properties available using Graph API" (2025-09-08 and 2021-11-02).

#: data
"""

from __future__ import annotations

from types import MappingProxyType

from fauxtune.core.errors import Invalid, NotEmulated
from fauxtune.core.reports.apps import APP_REPORTS, APP_TABLES
from fauxtune.core.reports.devices import DEVICE_REPORTS
from fauxtune.core.reports.filters import check_required
from fauxtune.core.reports.policies import POLICY_REPORTS, SETTING_TABLES
from fauxtune.core.reports.report import Report

REPORTS: tuple[Report, ...] = (*DEVICE_REPORTS, *POLICY_REPORTS, *APP_REPORTS)
_BY_NAME = MappingProxyType({each.name.lower(): each for each in REPORTS})
_TABLES = MappingProxyType({each.name.lower(): each for each in (*APP_TABLES, *SETTING_TABLES)})

#: Reasons, and the names of the reports that are not made for them.
REFUSED: dict[str, str] = {
    "devices here report no malware and no state of Defender or of a firewall": (
        "ActiveMalware Malware DefenderAgents UnhealthyDefenderAgents FirewallStatus FirewallUnhealthyStatus "
        "TpmAttestationStatus WindowsDeviceHealthAttestationReport"
    ),
    "of apps there are AllAppsList, AppInstallStatusAggregate and DeviceInstallStatusByApp": (
        "FilteredAppsList "
        "UserInstallStatusAggregateByApp DependentAppsInstallStatus OrgAppsInstallStatus OrgDeviceInstallStatus "
        "CatalogAppsUpdateList TicketingSecurityTaskAppsList MAMAppConfigurationStatus "
        "MAMAppConfigurationStatusScopedV2 MAMAppConfigurationStatusV2 MAMAppProtectionStatus "
        "MAMAppProtectionStatusScopedV2 MAMAppProtectionStatusV2"
    ),
    "detected apps stand below deviceManagement/detectedApps; no report has them": (
        "AppInvAggregate AppInvByDevice AppInvRawData DevicesByAppInv DetectedAppsAggregate DetectedAppsRawData "
        "DiscoveredAppsAggregate DiscoveredAppsRawData"
    ),
    "operating systems are not updated here": (
        "FeatureUpdateDeviceState FeatureUpdatePolicyFailuresAggregate FeatureUpdatePolicyStatusSummary "
        "DeviceFailuresByFeatureUpdatePolicy QualityUpdateDeviceErrorsByPolicy QualityUpdateDeviceStatusByPolicy "
        "QualityUpdatePolicyStatusSummary DriverUpdatePolicyStatusSummary WindowsUpdatePerPolicyPerDeviceStatus"
    ),
    "the states of compliance policies stand below deviceCompliancePolicies; no report has them": (
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
        "NonCompliantDevicesByCompliancePolicy NonCompliantDevicesByCompliancePolicyV3 "
        "NoncompliantDevicesToBeRetired PolicyComplianceAggReport PolicyComplianceAggReportV3 "
        "SettingComplianceAggReport SettingComplianceAggReportV3"
    ),
    "reports of single settings, of assignments and of enrolment are not made": (
        "ADMXSettingsByDeviceByPolicy DeviceAssignmentStatusByConfigurationPolicy "
        "DeviceAssignmentStatusByConfigurationPolicyV3 DeviceAssignmentStatusByConfigurationPolicyForAC "
        "DeviceAssignmentStatusByConfigurationPolicyForASR DeviceAssignmentStatusByConfigurationPolicyForEDR "
        "DeviceIntentPerSettingStatus PerSettingDeviceSummaryByConfigurationPolicy "
        "PerSettingDeviceSummaryByConfigurationPolicyForAppControl PerSettingDeviceSummaryByConfigurationPolicyForEDR "
        "PerSettingSummaryByDeviceConfigurationPolicy AutopilotV1DeploymentStatus AutopilotV2DeploymentStatus "
        "AutopilotV2DeploymentStatusDetailedAppInfo AutopilotV2DeploymentStatusDetailedScriptInfo "
        "DeviceEnrollmentFailures EnrollmentActivity EnrollmentConfigurationPoliciesByDevice Policies Users"
    ),
    "the runs of scripts stand below each script": (
        "DeviceRunStatesByProactiveRemediation DeviceRunStatesByScript PolicyRunStatesByProactiveRemediation"
    ),
    "there is no Configuration Manager": "ComanagedDeviceWorkloads ComanagementEligibilityTenantAttachedDevices",
    "the devices here have no telemetry": (
        "GPAnalyticsSettingMigrationReadiness MEMUpgradeReadinessOrgAsset RemoteAssistanceSessions "
        "ResourcePerformanceAggregateByDevice ResourcePerformanceAggregateByModel WorkFromAnywhereDeviceList "
        "DeviceEncryption"
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
