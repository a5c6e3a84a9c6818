"""The reports of devices: Devices, DevicesWithInventory, DeviceCompliance, DeviceNonCompliance.

Columns and filters: "Intune reports and properties available using Graph API" (2025-09-08). A row is the document of a
managedDevice. Unverified: the values of most columns, which the document only names.

#: data
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fauxtune.core.odata.schema.types import NEVER
from fauxtune.core.reports import report
from fauxtune.core.reports.report import Column, Kind, Report, Row, Source

_MEGABYTE = 1024 * 1024


def _of(name: str) -> Callable[[Row], Any]:
    return lambda row: row.get(name)


def _moment(name: str) -> Callable[[Row], Any]:
    """Return what reads a time; "never" is no time."""
    return lambda row: None if row.get(name) in (None, NEVER) else row[name]


def _megabytes(name: str) -> Callable[[Row], int]:
    return lambda row: int(row.get(name) or 0) // _MEGABYTE


def _encryption(row: Row) -> int:
    return 1 if row.get("isEncrypted") else 0


def _supervision(row: Row) -> int:
    return 1 if row.get("isSupervised") else 0


def _is_managed(row: Row) -> bool:
    return row.get("managementState") is not None


def _registered(row: Row) -> bool:
    return bool(row.get("azureADRegistered") or row.get("aadRegistered"))


def _hardware(name: str) -> Callable[[Row], Any]:
    return lambda row: (row.get("hardwareInformation") or {}).get(name)


def _nothing(_row: Row) -> None:
    return None


_ID = Column("DeviceId", _of("id"))
_NAME = Column("DeviceName", _of("deviceName"))
_OS_VERSION = Column("OSVersion", _of("osVersion"))
_OS_DESCRIPTION = Column("OSDescription", _of("operatingSystem"))
_SERIAL = Column("SerialNumber", _of("serialNumber"))
_IMEI = Column("IMEI", _of("imei"))
_CONTACT = Column("LastContact", _moment("lastSyncDateTime"), Kind.MOMENT)
_GRACE = Column("InGracePeriodUntil", _moment("complianceGracePeriodExpirationDateTime"), Kind.MOMENT)
_RETIRE = Column("RetireAfterDatetime", _moment("retireAfterDateTime"), Kind.MOMENT)
_TYPE = Column(
    "DeviceType", report.number("deviceType", "deviceType"), Kind.INTEGER, report.word("deviceType", report.TYPES)
)
_OWNER = Column(
    "OwnerType",
    report.number("managedDeviceOwnerType", "managedDeviceOwnerType"),
    Kind.INTEGER,
    report.word("managedDeviceOwnerType", report.OWNERS),
)
_AGENTS = Column(
    "ManagementAgents",
    report.number("managementAgent", "managementAgentType"),
    Kind.INTEGER,
    report.word("managementAgent", report.AGENTS),
)
_COMPLIANCE = Column(
    "ComplianceState",
    report.number("complianceState", "complianceState"),
    Kind.INTEGER,
    report.word("complianceState", report.COMPLIANCE),
)
_OS = Column("OS", report.system_number, Kind.INTEGER, report.system_word)
_USER = (
    Column("PrimaryUser", _of("userId")),
    Column("UserId", _of("userId")),
    Column("UPN", _of("userPrincipalName")),
    Column("UserEmail", _of("emailAddress")),
    Column("UserName", _of("userDisplayName")),
)
_THREAT = Column(
    "DeviceHealthThreatLevel",
    report.number("partnerReportedThreatState", "managedDevicePartnerReportedHealthState"),
    Kind.INTEGER,
    report.word("partnerReportedThreatState", report.THREATS),
)

#: Columns of both reports of compliance.
_COMPLIANCE_COLUMNS = (
    _ID,
    Column("IntuneDeviceId", _of("id")),
    Column("AadDeviceId", _of("azureADDeviceId")),
    _NAME,
    _TYPE,
    _OS_DESCRIPTION,
    _OS_VERSION,
    _OWNER,
    _CONTACT,
    _GRACE,
    _IMEI,
    _SERIAL,
    _AGENTS,
    *_USER,
    _THREAT,
    _RETIRE,
    Column("PartnerDeviceId", _nothing),
    _COMPLIANCE,
    _OS,
)

_ENROLLMENT = report.number("deviceEnrollmentType", "deviceEnrollmentType")
_MANAGEMENT = Column(
    "ManagementState",
    report.number("managementState", "managementState"),
    Kind.INTEGER,
    report.word("managementState", report.MANAGEMENT),
)
_REGISTRATION = report.number("deviceRegistrationState", "deviceRegistrationState")
_JAIL_BROKEN = Column("JailBroken", _of("jailBroken"))
_JOIN = Column("JoinType", _of("joinType"))

_DEVICES = (
    _ID,
    _NAME,
    _TYPE,
    Column("ClientRegistrationStatus", _REGISTRATION, Kind.INTEGER),
    _OWNER,
    Column("CreatedDate", _moment("enrolledDateTime"), Kind.MOMENT),
    _CONTACT,
    Column("ManagementAgents", _AGENTS.value, Kind.INTEGER, _AGENTS.words, aliases=("ManagementAgent",)),
    _MANAGEMENT,
    Column("ReferenceId", _of("azureADDeviceId")),
    Column("CategoryId", _nothing),
    Column("EnrollmentType", _ENROLLMENT, Kind.INTEGER),
    Column("DeviceEnrollmentType", _ENROLLMENT, Kind.INTEGER),
    Column("CertExpirationDate", _moment("managementCertificateExpirationDate"), Kind.MOMENT),
    Column("MDMStatus", _of("managementState")),
    _OS_VERSION,
    Column("GraphDeviceIsManaged", _registered, Kind.FLAG),
    Column("EasID", _of("easDeviceId")),
    _SERIAL,
    Column("EnrolledByUser", _of("enrolledByUserPrincipalName")),
    Column("Manufacturer", _of("manufacturer")),
    Column("Model", _of("model")),
    _OS_DESCRIPTION,
    Column("IsManaged", _is_managed, Kind.FLAG),
    Column("EasActivationStatus", _of("easActivated"), Kind.FLAG),
    _IMEI,
    Column("EasLastSyncSuccessUtc", _moment("exchangeLastSuccessfulSyncDateTime"), Kind.MOMENT),
    Column("EasStateReason", _of("exchangeAccessStateReason")),
    Column("EasAccessState", _of("exchangeAccessState")),
    Column("EncryptionStatus", _encryption, Kind.INTEGER),
    Column("EncryptionStatusString", report.yes("isEncrypted")),
    Column("SupervisedStatus", _supervision, Kind.INTEGER),
    Column("SupervisedStatusString", report.yes("isSupervised")),
    _GRACE,
    Column("AndroidPatchLevel", _of("androidSecurityPatchLevel")),
    Column("WifiMacAddress", _of("wiFiMacAddress")),
    Column("SCCMCoManagementFeatures", _nothing),
    Column("MEID", _of("meid")),
    Column("SubscriberCarrierNetwork", _of("subscriberCarrier")),
    Column("StorageTotal", _megabytes("totalStorageSpaceInBytes"), Kind.LONG),
    Column("StorageFree", _megabytes("freeStorageSpaceInBytes"), Kind.LONG),
    Column("ManagedDeviceName", _of("managedDeviceName")),
    Column("LastLoggedOnUserUPN", _nothing),
    Column("MDMWinsOverGPStartTime", _moment("preferMdmOverGroupPolicyAppliedDateTime"), Kind.MOMENT),
    Column("StagedDeviceType", _nothing),
    Column("UserApprovedEnrollment", _nothing),
    Column("ExtendedProperties", _nothing),
    Column("EntitySource", _nothing),
    Column("CategoryName", _of("deviceCategoryDisplayName")),
    *_USER,
    _RETIRE,
    Column("PartnerDeviceId", _nothing),
    Column("HasUnlockToken", _nothing),
    Column("CompliantState", _COMPLIANCE.value, Kind.INTEGER, _COMPLIANCE.words, aliases=("ComplianceState",)),
    Column("ManagedBy", report.word("managementAgent", report.AGENTS)),
    Column("Ownership", report.word("managedDeviceOwnerType", report.OWNERS)),
    Column("DeviceState", report.word("managementState", report.MANAGEMENT)),
    Column("DeviceRegistrationState", report.word("deviceRegistrationState", report.REGISTRATION)),
    Column("OS", report.system_word),
    Column("SkuFamily", _of("skuFamily")),
    Column("SkuNumber", _of("skuNumber"), Kind.INTEGER),
    _JOIN,
    Column("PhoneNumber", _of("phoneNumber")),
    Column("PhoneNumberE164Format", _of("phoneNumber"), by_default=False),
    _JAIL_BROKEN,
    Column("EasActivationStatusString", report.yes("easActivated"), by_default=False),
)

_INVENTORY = (
    Column("DeviceId", _of("id"), title="Device ID"),
    Column("DeviceName", _of("deviceName"), title="Device name"),
    Column("CreatedDate", _moment("enrolledDateTime"), Kind.MOMENT, title="Enrollment date"),
    Column("LastContact", _moment("lastSyncDateTime"), Kind.MOMENT, title="Last check-in"),
    Column("ReferenceId", _of("azureADDeviceId"), title="Microsoft Entra Device ID"),
    Column("OSVersion", _of("osVersion"), title="OS version"),
    Column("GraphDeviceIsManaged", _registered, Kind.FLAG, title="Microsoft Entra registered"),
    Column("EasID", _of("easDeviceId"), title="EAS activation ID"),
    Column("SerialNumber", _of("serialNumber"), title="Serial number"),
    Column("Manufacturer", _of("manufacturer")),
    Column("Model", _of("model")),
    Column("EasActivationStatus", _of("easActivated"), Kind.FLAG, title="EAS activated"),
    _IMEI,
    Column(
        "EasLastSyncSuccessUtc",
        _moment("exchangeLastSuccessfulSyncDateTime"),
        Kind.MOMENT,
        title="Last EAS sync time",
    ),
    Column("EasStateReason", _of("exchangeAccessStateReason"), title="EAS reason"),
    Column("EasAccessState", _of("exchangeAccessState"), title="EAS status"),
    Column("InGracePeriodUntil", _GRACE.value, Kind.MOMENT, title="Compliance grace period expiration"),
    Column("AndroidPatchLevel", _of("androidSecurityPatchLevel"), title="Security patch level"),
    Column("WifiMacAddress", _of("wiFiMacAddress"), title="Wi-Fi MAC"),
    Column("MEID", _of("meid")),
    Column("SubscriberCarrierNetwork", _of("subscriberCarrier"), title="Subscriber carrier"),
    Column("StorageTotal", _megabytes("totalStorageSpaceInBytes"), Kind.LONG, title="Total storage"),
    Column("StorageFree", _megabytes("freeStorageSpaceInBytes"), Kind.LONG, title="Free storage"),
    Column("ManagedDeviceName", _of("managedDeviceName"), title="Management name"),
    Column("CategoryName", _of("deviceCategoryDisplayName"), title="Category"),
    Column("UserId", _of("userId")),
    Column("UPN", _of("userPrincipalName"), title="Primary user UPN"),
    Column("UserEmail", _of("emailAddress"), title="Primary user email address"),
    Column("UserName", _of("userDisplayName"), title="Primary user display name"),
    Column("WiFiIPv4Address", _hardware("ipAddressV4")),
    Column("WiFiSubnetID", _hardware("subnetAddress")),
    Column(
        "CompliantState",
        _COMPLIANCE.value,
        Kind.INTEGER,
        _COMPLIANCE.words,
        title="Compliance",
        aliases=("ComplianceState",),
    ),
    Column("ManagementAgent", report.word("managementAgent", report.AGENTS), title="Managed by"),
    Column("OwnerType", _OWNER.value, Kind.INTEGER, _OWNER.words, title="Ownership"),
    Column("ManagementState", _MANAGEMENT.value, Kind.INTEGER, _MANAGEMENT.words, title="Device state"),
    Column(
        "DeviceRegistrationState",
        report.word("deviceRegistrationState", report.REGISTRATION),
        title="Intune registered",
    ),
    Column("IsSupervised", _of("isSupervised"), Kind.FLAG, title="Supervised"),
    Column("IsEncrypted", _of("isEncrypted"), Kind.FLAG, title="Encrypted"),
    Column("DeviceType", _TYPE.value, Kind.INTEGER, report.system_word, title="OS", aliases=("OS",)),
    Column("SkuFamily", _of("skuFamily")),
    _JOIN,
    Column("PhoneNumber", _of("phoneNumber"), title="Phone number"),
    Column("JailBroken", _of("jailBroken"), title="Jailbroken"),
    Column("ICCID", _of("iccid")),
    Column("EthernetMAC", _of("ethernetMacAddress")),
    Column("CellularTechnology", _hardware("cellularTechnology")),
    Column("ProcessorArchitecture", _of("processorArchitecture")),
    Column("EID", _hardware("esimIdentifier")),
    Column("EnrollmentType", _ENROLLMENT, Kind.INTEGER, by_default=False),
    Column("PartnerFeaturesBitmask", _nothing, Kind.INTEGER, by_default=False),
    Column("ManagementAgents", _AGENTS.value, Kind.INTEGER, by_default=False),
    Column("CertExpirationDate", _moment("managementCertificateExpirationDate"), Kind.MOMENT, by_default=False),
    Column("IsManaged", _is_managed, Kind.FLAG, by_default=False),
    Column("SystemManagementBIOSVersion", _hardware("systemManagementBIOSVersion")),
    Column("TPMManufacturerId", _hardware("tpmManufacturer")),
    Column("TPMManufacturerVersion", _hardware("tpmVersion")),
)


def _is_not_compliant(row: Row) -> bool:
    return row.get("complianceState") in {"noncompliant", "conflict", "error", "inGracePeriod"}


_BY_DEVICE = (
    "OwnerType",
    "DeviceType",
    "ManagementAgents",
    "CategoryName",
    "ManagementState",
    "CompliantState",
    "JailBroken",
    "LastContact",
    "CreatedDate",
    "EnrollmentType",
)
DEVICE_REPORTS = (
    Report("Devices", Source.DEVICES, _DEVICES, filterable=_BY_DEVICE, is_localized=False),
    Report(
        "DevicesWithInventory",
        Source.DEVICES,
        _INVENTORY,
        filterable=(*_BY_DEVICE, "PartnerFeaturesBitmask"),
        is_localized=False,
        readable=True,
    ),
    Report(
        "DeviceCompliance",
        Source.DEVICES,
        _COMPLIANCE_COLUMNS,
        filterable=("ComplianceState", "OS", "OwnerType", "DeviceType"),
    ),
    Report(
        "DeviceNonCompliance",
        Source.DEVICES,
        _COMPLIANCE_COLUMNS,
        filterable=("OS", "OwnerType", "DeviceType", "UserId", "ComplianceState"),
        keeps=_is_not_compliant,
    ),
)
