"""What Graph shows of a device's hardware and firmware in one complex property (beta).

Source: Graph: hardwareInformation (beta). A list, and a device that is read without `$select`, show the default of each
member.

#: data
"""

from __future__ import annotations

from fauxtune.core.graph import enums
from fauxtune.core.odata.schema.fidelity import (
    ALWAYS_EMPTY,
    ALWAYS_FALSE,
    ALWAYS_NULL,
    ALWAYS_ZERO,
    EXACT,
    NEVER_SHOWN,
    Fidelity,
    approximated,
)
from fauxtune.core.odata.schema.types import ComplexType, Edm, EnumType, Owner, Property


def _member(
    name: str,
    kind: Edm | EnumType = Edm.STRING,
    *,
    nullable: bool = True,
    default: str | None = None,
    fidelity: Fidelity = EXACT,
) -> Property:
    return Property(name, kind, nullable=nullable, default=default, owner=Owner.SERVER, fidelity=fidelity)


HARDWARE_INFORMATION = ComplexType(
    "hardwareInformation",
    (
        _member("serialNumber"),
        _member("totalStorageSpace", Edm.INT64, nullable=False),
        _member("freeStorageSpace", Edm.INT64, nullable=False),
        _member("imei"),
        _member("meid"),
        _member("manufacturer"),
        _member("model"),
        _member("phoneNumber"),
        _member("subscriberCarrier"),
        _member("cellularTechnology", fidelity=approximated("the service's own words for it are not documented")),
        _member("wifiMac"),
        _member("operatingSystemLanguage"),
        _member("isSupervised", Edm.BOOLEAN, nullable=False),
        _member("isEncrypted", Edm.BOOLEAN, nullable=False),
        _member("batterySerialNumber", fidelity=ALWAYS_NULL),
        _member("batteryHealthPercentage", Edm.INT32, nullable=False, fidelity=ALWAYS_ZERO),
        _member("batteryChargeCycles", Edm.INT32, nullable=False, fidelity=ALWAYS_ZERO),
        _member("isSharedDevice", Edm.BOOLEAN, nullable=False, fidelity=ALWAYS_FALSE),
        _member("tpmSpecificationVersion"),
        _member("operatingSystemEdition"),
        _member("deviceFullQualifiedDomainName", fidelity=ALWAYS_NULL),
        _member(
            "deviceGuardVirtualizationBasedSecurityHardwareRequirementState",
            enums.DEVICE_GUARD_VIRTUALIZATION_BASED_SECURITY_HARDWARE_REQUIREMENT_STATE,
            nullable=False,
        ),
        _member(
            "deviceGuardVirtualizationBasedSecurityState",
            enums.DEVICE_GUARD_VIRTUALIZATION_BASED_SECURITY_STATE,
            nullable=False,
        ),
        _member(
            "deviceGuardLocalSystemAuthorityCredentialGuardState",
            enums.DEVICE_GUARD_LOCAL_SYSTEM_AUTHORITY_CREDENTIAL_GUARD_STATE,
            nullable=False,
        ),
        _member("osBuildNumber"),
        _member("operatingSystemProductType", Edm.INT32, nullable=False, fidelity=ALWAYS_ZERO),
        _member("ipAddressV4"),
        _member("subnetAddress", fidelity=ALWAYS_NULL),
        _member("esimIdentifier"),
        _member("systemManagementBIOSVersion"),
        _member("tpmManufacturer"),
        _member("tpmVersion"),
        Property("wiredIPv4Addresses", collection=True, owner=Owner.SERVER, fidelity=ALWAYS_EMPTY),
        _member("batteryLevelPercentage", Edm.DOUBLE),
        _member("residentUsersCount", Edm.INT32, fidelity=ALWAYS_NULL),
        _member("productName"),
        _member(
            "deviceLicensingStatus",
            enums.DEVICE_LICENSING_STATUS,
            nullable=False,
            default="unknown",
            fidelity=approximated("always unknown"),
        ),
        _member("deviceLicensingLastErrorCode", Edm.INT32, nullable=False, fidelity=ALWAYS_ZERO),
        _member("deviceLicensingLastErrorDescription", fidelity=ALWAYS_NULL),
        Property(
            "sharedDeviceCachedUsers",
            ComplexType(
                "sharedAppleDeviceUser",
                (
                    Property("userPrincipalName"),
                    Property("dataToSync", Edm.BOOLEAN, nullable=False),
                    Property("dataQuota", Edm.INT64),
                    Property("dataUsed", Edm.INT64, nullable=False),
                ),
                source="Graph: sharedAppleDeviceUser (beta)",
                beta_only=True,
                fidelity=NEVER_SHOWN,
            ),
            collection=True,
            owner=Owner.SERVER,
            fidelity=ALWAYS_EMPTY,
        ),
    ),
    beta_only=True,
    source="Graph: hardwareInformation (beta)",
)
