"""The reports of profiles and of certificates on devices.

Columns and filters: "Intune reports and properties available using Graph API" (2025-09-08). A row of a status has the
profile (`policy...`), the status and the document of the device; a row of an aggregate has the profile and the number
of devices by status. Unverified: what PolicyType and UnifiedPolicyType hold: here the kind of the profile.

#: data
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fauxtune.core.odata.schema.types import NEVER
from fauxtune.core.reports import report
from fauxtune.core.reports.report import Column, Kind, Report, Row, Source

#: What the admin center's own requests name device configurations and policies of the settings catalog by.
_BASE_TYPES = {"deviceManagementConfigurationPolicy": "DeviceManagementConfigurationPolicy"}
_BASE_TYPE = "Microsoft.Management.Services.Api.DeviceConfiguration"


def _of(name: str) -> Callable[[Row], Any]:
    return lambda row: row.get(name)


def _of_device(name: str) -> Callable[[Row], Any]:
    return lambda row: (row.get("device") or {}).get(name)


def _moment(name: str) -> Callable[[Row], Any]:
    return lambda row: None if row.get(name) in (None, NEVER) else row[name]


def _count(*statuses: str) -> Callable[[Row], int]:
    return lambda row: sum(row["counts"].get(status, 0) for status in statuses)


def _nothing(_row: Row) -> None:
    return None


def _base_type(row: Row) -> str:
    return _BASE_TYPES.get(str(row.get("kind")), _BASE_TYPE)


def _by_default(_row: Row) -> int:
    return 0


_ID = Column("PolicyId", _of("policyId"))
_NAME = Column("PolicyName", _of("policyName"))
_PLATFORM = Column("UnifiedPolicyPlatformType", _of("platform"))
_TYPE = Column("UnifiedPolicyType", _of("kind"))
_BASE = Column("PolicyBaseTypeName", _base_type)
_TEMPLATE = Column("TemplateVersion", _nothing)
_STATUS = Column(
    "PolicyStatus", report.number("status", "complianceStatus"), Kind.INTEGER, report.word("status", report.STATUSES)
)

_STATUSES = (
    _ID,
    _NAME,
    Column("IntuneDeviceId", _of_device("id")),
    Column("DeviceName", _of_device("deviceName")),
    Column("Manufacturer", _of_device("manufacturer")),
    Column("Model", _of_device("model")),
    Column("UPN", _of_device("userPrincipalName")),
    _STATUS,
    Column("PspdpuLastModifiedTimeUtc", _moment("reportedAt"), Kind.MOMENT),
    _PLATFORM,
    _TYPE,
    Column("AssignmentFilterIds", _nothing),
    _TEMPLATE,
    Column("ReportStatus", report.word("status", report.STATUSES)),
    Column("PolicyBaseTypeName", _base_type, hidden=True),
    Column("PolicyTypeName", _of("kind"), hidden=True),
    Column("PolicyType", _of("kind"), hidden=True),
    Column("PolicyPlatformType", _of("platform"), hidden=True),
    Column(
        "DeviceType", lambda row: report.number("deviceType", "deviceType")(row["device"]), Kind.INTEGER, hidden=True
    ),
)
_AGGREGATES = (
    _ID,
    _NAME,
    Column("PolicyType", _of("kind")),
    _TYPE,
    _BASE,
    Column("PolicyPlatformType", _of("platform")),
    Column("NumberOfNotApplicableDevices", _count("notApplicable"), Kind.INTEGER),
    Column("NumberOfCompliantDevices", _count("compliant"), Kind.INTEGER),
    Column("NumberOfNonCompliantDevices", _count("nonCompliant"), Kind.INTEGER),
    Column("NumberOfErrorDevices", _count("error"), Kind.INTEGER),
    Column("NumberOfConflictDevices", _count("conflict"), Kind.INTEGER),
    Column("NumberOfNonCompliantOrErrorDevices", _count("nonCompliant", "error", "conflict"), Kind.INTEGER),
    _PLATFORM,
    _TEMPLATE,
)
_DEVICE_AGGREGATES = (
    *_AGGREGATES[:-2],
    Column("NumberOfInProgressDevices", _count("unknown"), Kind.INTEGER),
    Column("NumberOfRemovedDevices", _by_default, Kind.INTEGER),
    *_AGGREGATES[-2:],
    Column("ProfileSource", _by_default, Kind.INTEGER),
)


def _fails(row: Row) -> bool:
    return row.get("status") in {"nonCompliant", "error", "conflict"}


def _has_failures(row: Row) -> bool:
    return _count("nonCompliant", "error", "conflict")(row) > 0


def _each(names: str, **how: Any) -> tuple[Report, ...]:
    """Return one report under each of these names: the versions of a report differ in no column."""
    return tuple(Report(name, **how) for name in names.split())


_OF_DEVICE = ("IntuneDeviceId", "PolicyBaseTypeName")
_OF_POLICY = ("PolicyId", "PolicyBaseTypeName", "PolicyStatus", "PolicyTypeName")
_OF_FAILURES = (
    "DeviceType",
    "PolicyBaseTypeName",
    "PolicyId",
    "PolicyName",
    "PolicyPlatformType",
    "PolicyStatus",
    "PolicyType",
)
_OF_AGGREGATE = (
    "NumberOfErrorDevices",
    "NumberOfNonCompliantDevices",
    "PolicyBaseTypeName",
    "PolicyId",
    "PolicyName",
    "PolicyPlatformType",
    "PolicyType",
    "UnifiedPolicyPlatformType",
    "UnifiedPolicyType",
)

_CERTIFICATES = (
    Column("DeviceId", _of("deviceId")),
    Column("DeviceName", _of("managedDeviceDisplayName")),
    Column("UserId", _of("userId")),
    Column("UPN", _of("userPrincipalName")),
    Column("PolicyId", _of("policyId")),
    Column("Thumbprint", _of("certificateThumbprint")),
    Column("SerialNumber", _of("certificateSerialNumber")),
    Column("SubjectName", _of("certificateSubjectName")),
    Column("IssuerName", _of("certificateIssuerName")),
    Column("KeyUsage", _of("certificateKeyUsages"), Kind.INTEGER),
    Column("EnhancedKeyUsage", _of("certificateExtendedKeyUsages")),
    Column("ValidFrom", _moment("certificateIssuanceDateTime"), Kind.MOMENT),
    Column("ValidTo", _moment("certificateExpirationDateTime"), Kind.MOMENT),
    Column("CertificateStatus", _of("certificateRevokeStatus")),
)

POLICY_REPORTS = (
    *_each(
        "DeviceConfigurationPolicyStatuses DeviceConfigurationPolicyStatusesV3 DeviceConfigurationPolicyStatusesWithPF "
        "DeviceConfigurationPolicyStatusesWithPFV3",
        source=Source.POLICY_DEVICES,
        columns=_STATUSES,
        filterable=_OF_DEVICE,
    ),
    *_each(
        "DeviceStatusesByConfigurationProfile DeviceStatusesByConfigurationProfileV3 "
        "DeviceStatusesByConfigurationProfileWithPF DeviceStatusesByConfigurationProfileWithPFV3",
        source=Source.POLICY_DEVICES,
        columns=_STATUSES,
        filterable=_OF_POLICY,
    ),
    *_each(
        "PolicyNonComplianceNew PolicyNonComplianceNewV3",
        source=Source.POLICY_DEVICES,
        columns=_STATUSES,
        filterable=_OF_FAILURES,
        keeps=_fails,
    ),
    *_each(
        "PolicyNonComplianceAgg PolicyNonComplianceAggVer3",
        source=Source.POLICIES,
        columns=(*_AGGREGATES, Column("ProfileSource", _by_default, Kind.INTEGER)),
        filterable=_OF_AGGREGATE,
        keeps=_has_failures,
    ),
    *_each(
        "ConfigurationPolicyAggregate ConfigurationPolicyAggregateV3",
        source=Source.POLICIES,
        columns=_AGGREGATES,
        filterable=("UnifiedPolicyPlatformType", "UnifiedPolicyType"),
    ),
    *_each(
        "ConfigurationPolicyDeviceAggregates ConfigurationPolicyDeviceAggregatesV3 "
        "ConfigurationPolicyDeviceAggregatesWithPF ConfigurationPolicyDeviceAggregatesWithPFV3",
        source=Source.POLICIES,
        columns=_DEVICE_AGGREGATES,
        filterable=("PolicyId", "PolicyBaseTypeName"),
    ),
    *_each(
        "NonCompliantConfigurationPoliciesAggregateWithPF NonCompliantConfigurationPoliciesAggregateWithPFV3",
        source=Source.POLICIES,
        columns=_DEVICE_AGGREGATES,
        filterable=_OF_AGGREGATE,
        keeps=_has_failures,
    ),
    # "Certificates" is the name that tools use; the page of 2025 has AllDeviceCertificates. Unverified: that the
    # service takes both.
    *_each("AllDeviceCertificates Certificates", source=Source.CERTIFICATES, columns=_CERTIFICATES),
    Report("CertificatesByRAPolicy", Source.CERTIFICATES, (*_CERTIFICATES, Column("CaConfiguration", _nothing))),
)

_OF_SETTING = (
    Column("SettingId", _of("settingId")),
    Column("SettingName", _of("settingName")),
    Column("SettingInstanceId", _of("settingId")),
    Column("SettingInstancePath", _of("address")),
)
_SETTING_STATUS = Column(
    "SettingStatus", report.number("status", "complianceStatus"), Kind.INTEGER, report.word("status", report.STATUSES)
)

#: One row a setting of a policy on a device; the details are those of one setting, a row a policy that asks for it.
#: Unverified: the columns, which no page lists. Differs from Intune: a policy that calls the setting by another id is
#: among ConflictingPolicies only.
SETTING_TABLES = (
    Report(
        "ConfigurationSettingDetails",
        Source.DEVICE_SETTINGS,
        (
            *_OF_SETTING,
            _ID,
            _NAME,
            _TYPE,
            _SETTING_STATUS,
            Column("ErrorCode", _of("errorCode"), Kind.INTEGER),
            Column("SettingValue", _of("asked")),
            Column("CurrentValue", _of("value")),
            Column("ConflictingPolicies", _of("others")),
            Column("DeviceId", _of_device("id")),
            Column("UserId", _of_device("userId")),
        ),
        ("DeviceId", "PolicyId", "SettingId", "SettingInstanceId", "SettingStatus", "UserId"),
        required="DeviceId",
    ),
    Report(
        "ConfigurationSettings",
        Source.POLICY_SETTINGS,
        (
            *_OF_SETTING,
            _SETTING_STATUS,
            Column("ErrorCode", _of("errorCode"), Kind.INTEGER),
            Column("ErrorDescription", _of("reason")),
            Column("CurrentValue", _of("value")),
            Column("ConflictingPolicies", _of("others")),
            _ID,
            _NAME,
            Column("DeviceId", _of_device("id")),
            Column("DeviceName", _of_device("deviceName")),
            Column("UserId", _of_device("userId")),
        ),
        ("PolicyId", "DeviceId", "UserId", "SettingId", "SettingStatus"),
        required="PolicyId",
    ),
)
