"""The facts that a device reports: their names, their values, and the field of its own protocol that carries each.

A name is Graph's (managedDevice, hardwareInformation, windowsProtectionState); facts that Graph does not show have a
name in the same style. Fields: Apple's device management schema (DeviceInformation, SecurityInfo,
ManagedApplicationFeedback); Microsoft's CSPs (DevInfo, DevDetail, DeviceStatus, WindowsLicensing, Defender); Android
Management API (enterprises.devices).

#: data
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from fauxtune_sim.platforms import Platform


class Form(StrEnum):
    """The form of a fact's values."""

    TEXT = "text"
    FLAG = "true or false"
    WHOLE = "a whole number"
    CHOICE = "one of the known words"


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact. `fields` has the field of the protocol for each platform that reports it; iPadOS has those of iOS.

    `pattern` is the form of a text, with `example`; `choices` are the words of a choice, and `only` has those of a
    platform with fewer; `most` is the largest number. `settable`: a fact that is not follows from others.
    """

    name: str
    form: Form
    fields: Mapping[Platform, str]
    pattern: str = r".*"
    example: str = ""
    choices: tuple[str, ...] = ()
    most: int = 2**63 - 1
    settable: bool = True
    only: Mapping[Platform, tuple[str, ...]] = field(default_factory=dict)

    def choices_of(self, platform: Platform) -> tuple[str, ...]:
        """The words of a choice on this platform."""
        return self.only.get(platform, self.choices)

    def field_of(self, platform: Platform) -> str | None:
        """The field that carries the fact on this platform; None if the platform does not report it."""
        return self.fields.get(Platform.IOS if platform is Platform.IPADOS else platform)


_IOS, _MAC, _PC, _ANDROID = Platform.IOS, Platform.MACOS, Platform.WINDOWS, Platform.ANDROID
_MOBILE, _PHONE_81 = Platform.WINDOWS_10_MOBILE, Platform.WINDOWS_PHONE_81


def _apple(field: str) -> dict[Platform, str]:
    return {_IOS: field, _MAC: field}


def _windows(field: str) -> dict[Platform, str]:
    return {_PC: field, _MOBILE: field, _PHONE_81: field}


def _windows_10(field: str) -> dict[Platform, str]:
    return {_PC: field, _MOBILE: field}


_MAC_ADDRESS = r"[0-9A-F]{12}"
_STATUS = "DeviceStatus"
_CELLULAR = f"{_STATUS}/CellularIdentities/{{IMEI}}"
_GUARD = f"{_STATUS}/DeviceGuard"
_MICROSOFT = "DevDetail/Ext/Microsoft"
_SUBSCRIPTION = "DeviceInformation: ServiceSubscriptions"
_TELEPHONY = "networkInfo.telephonyInfos"

_HEALTH = "Defender/Health"
_DEFENDER_VERSION = r"[0-9]{1,5}(?:\.[0-9]{1,6}){3}"
#: The days that there are, from 2000 to 2099: the 29th of February every fourth year.
_DAY = (
    r"(?:20[0-9]{2}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
    r"|20(?:[02468][048]|[13579][26])-02-29)"
)
_MOMENT = rf"{_DAY}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z"
#: Words of the numbers 0, 1, 2, 4, 8 ... of Windows Defender's state and status.
DEFENDER_STATES = ("clean", "fullScanPending", "rebootPending", "manualStepsPending", "offlineScanPending", "critical")
DEFENDER_STATUSES = (
    "noStatus",
    "serviceNotRunning",
    "serviceStartedWithoutMalwareProtection",
    "pendingFullScanDueToThreatAction",
    "pendingRebootDueToThreatAction",
    "pendingManualStepsDueToThreatAction",
    "avSignaturesOutOfDate",
    "asSignaturesOutOfDate",
    "noQuickScanHappenedForSpecifiedPeriod",
    "noFullScanHappenedForSpecifiedPeriod",
    "systemInitiatedScanInProgress",
    "systemInitiatedCleanInProgress",
    "samplesPendingSubmission",
    "productRunningInEvaluationMode",
    "productRunningInNonGenuineMode",
    "productExpired",
    "offlineScanRequired",
    "serviceShutdownAsPartOfSystemShutdown",
    "threatRemediationFailedCritically",
    "threatRemediationFailedNonCritically",
    "noStatusFlagsSet",
)

FACTS: tuple[Fact, ...] = (
    # Identity and names.
    Fact(
        "deviceName",
        Form.TEXT,
        _apple("DeviceInformation: DeviceName") | _windows(f"{_MICROSOFT}/DeviceName") | {_ANDROID: "deviceName"},
        pattern=r".{1,63}",
        example="DESKTOP-7K2P9QX",
    ),
    Fact(
        "serialNumber",
        Form.TEXT,
        _apple("DeviceInformation: SerialNumber")
        | _windows_10(f"{_MICROSOFT}/SMBIOSSerialNumber")
        | {_ANDROID: "hardwareInfo.serialNumber"},
        pattern=r".{1,64}",
        example="K4JX0QR7TP",
    ),
    Fact(
        "model",
        Form.TEXT,
        _apple("DeviceInformation: ProductName") | _windows("DevInfo/Mod") | {_ANDROID: "hardwareInfo.model"},
        pattern=r".{1,64}",
        example="Latitude 7440",
    ),
    Fact(
        "manufacturer",
        Form.TEXT,
        _windows("DevInfo/Man") | {_ANDROID: "hardwareInfo.manufacturer"},
        pattern=r".{1,64}",
        example="LENOVO",
    ),
    Fact("udid", Form.TEXT, _apple("DeviceInformation: UDID"), settable=False),
    Fact(
        "imei",
        Form.TEXT,
        {
            _IOS: f"{_SUBSCRIPTION}[].IMEI",
            _MOBILE: f"{_STATUS}/CellularIdentities, by the name of the node",
            _ANDROID: "networkInfo.imei",
        },
        pattern=r"[0-9]{15}",
        example="351234567890124",
    ),
    Fact(
        "meid",
        Form.TEXT,
        {_IOS: f"{_SUBSCRIPTION}[].MEID", _ANDROID: "networkInfo.meid"},
        pattern=r"[0-9A-F]{14}",
        example="A1000049D8D4C1",
    ),
    Fact(
        "iccid",
        Form.TEXT,
        {_IOS: f"{_SUBSCRIPTION}[].ICCID", _MOBILE: f"{_CELLULAR}/ICCID", _ANDROID: f"{_TELEPHONY}[].iccId"},
        pattern=r"[0-9]{19,20}",
        example="8941012345678901234",
    ),
    Fact(
        "phoneNumber",
        Form.TEXT,
        {
            _IOS: f"{_SUBSCRIPTION}[].PhoneNumber",
            _MOBILE: f"{_CELLULAR}/PhoneNumber",
            _ANDROID: f"{_TELEPHONY}[].phoneNumber",
        },
        pattern=r"\+?[0-9]{3,15}",
        example="+41791234567",
    ),
    Fact(
        "subscriberCarrier",
        Form.TEXT,
        {
            _IOS: "DeviceInformation: SubscriberCarrierNetwork",
            _MOBILE: f"{_CELLULAR}/CommercializationOperator",
            _ANDROID: f"{_TELEPHONY}[].carrierName",
        },
        pattern=r".{1,64}",
        example="Swisscom",
    ),
    Fact(
        "esimIdentifier",
        Form.TEXT,
        {_IOS: f"{_SUBSCRIPTION}[].EID"},
        pattern=r"[0-9]{32}",
        example="89049032004008882600012345678901",
    ),
    Fact(
        "cellularTechnology",
        Form.CHOICE,
        {_IOS: "DeviceInformation: CellularTechnology"},
        choices=("None", "GSM", "CDMA", "GSM and CDMA"),
    ),
    Fact(
        "wiFiMacAddress",
        Form.TEXT,
        _apple("DeviceInformation: WiFiMAC")
        | {
            _PC: f"{_STATUS}/NetworkIdentifiers/{{MAC}}/Type 2",
            _MOBILE: "DevDetail/Ext/WLANMACAddress",
            _PHONE_81: "DevDetail/Ext/WLANMACAddress",
            _ANDROID: "networkInfo.wifiMacAddress",
        },
        pattern=_MAC_ADDRESS,
        example="02A1B2C3D4E5",
    ),
    Fact(
        "ethernetMacAddress",
        Form.TEXT,
        {_MAC: "DeviceInformation: EthernetMAC", _PC: f"{_STATUS}/NetworkIdentifiers/{{MAC}}/Type 1"},
        pattern=_MAC_ADDRESS,
        example="02A1B2C3D4E6",
    ),
    Fact(
        "bluetoothMacAddress",
        Form.TEXT,
        _apple("DeviceInformation: BluetoothMAC"),
        pattern=_MAC_ADDRESS,
        example="02A1B2C3D4E7",
    ),
    Fact(
        "ipAddressV4",
        Form.TEXT,
        {_PC: f"{_STATUS}/NetworkIdentifiers/{{MAC}}/IPAddressV4"},
        pattern=r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}",
        example="192.0.2.17",
    ),
    Fact(
        "easDeviceId",
        Form.TEXT,
        {_IOS: "DeviceInformation: EASDeviceIdentifier"},
        pattern=r"[0-9A-Za-z]{1,32}",
        example="9F2B6C0D4E8A41739F2B6C0D4E8A4173",
    ),
    # The system.
    Fact(
        "osVersion",
        Form.TEXT,
        _apple("DeviceInformation: OSVersion") | _windows("DevDetail/SwV") | {_ANDROID: "softwareInfo.androidVersion"},
        pattern=r".{1,32}",
        example="17.5.1, 10.0.22631.3447 or 14",
    ),
    Fact(
        "osBuildNumber",
        Form.TEXT,
        _apple("DeviceInformation: BuildVersion") | {_ANDROID: "softwareInfo.androidBuildNumber"},
        pattern=r".{1,64}",
        example="21F90",
    ),
    Fact(
        "androidSecurityPatchLevel",
        Form.TEXT,
        {_ANDROID: "softwareInfo.securityPatchLevel"},
        pattern=r"20[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])",
        example="2026-10-05",
    ),
    Fact("skuFamily", Form.TEXT, {_PC: f"{_STATUS}/OS/Edition"}, settable=False),
    # GetProductInfo: Enterprise 4, Professional 48, Core (Home) 101, Education 121.
    Fact("skuNumber", Form.CHOICE, {_PC: "WindowsLicensing/Edition"}, choices=("4", "48", "101", "121")),
    Fact(
        "operatingSystemLanguage",
        Form.TEXT,
        {_PC: "DevInfo/Lang"},
        pattern=r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}",
        example="de-DE",
    ),
    # Storage, memory, parts.
    Fact(
        "totalStorageSpaceInBytes",
        Form.WHOLE,
        _apple("DeviceInformation: DeviceCapacity, in gigabytes")
        | _windows(f"{_MICROSOFT}/TotalStorage, in megabytes")
        | {_ANDROID: "memoryInfo.totalInternalStorage"},
    ),
    Fact(
        "freeStorageSpaceInBytes",
        Form.WHOLE,
        _apple("DeviceInformation: AvailableDeviceCapacity, in gigabytes")
        | _windows(f"{_MICROSOFT}/FreeStorage, in megabytes")
        | {_ANDROID: "memoryEvents: INTERNAL_STORAGE_MEASURED"},
    ),
    Fact(
        "physicalMemoryInBytes",
        Form.WHOLE,
        _windows(f"{_MICROSOFT}/TotalRAM, in megabytes") | {_ANDROID: "memoryInfo.totalRam"},
    ),
    Fact(
        "processorArchitecture",
        Form.CHOICE,
        {_MAC: "DeviceInformation: IsAppleSilicon"} | _windows(f"{_MICROSOFT}/ProcessorArchitecture"),
        choices=("x86", "x64", "arm", "arM64"),
        only={_MAC: ("x64", "arM64")},
    ),
    Fact(
        "batteryLevelPercentage",
        Form.WHOLE,
        _apple("DeviceInformation: BatteryLevel, from 0 to 1")
        | {
            _PC: f"{_STATUS}/Battery/EstimatedChargeRemaining",
            _ANDROID: "powerManagementEvents: BATTERY_LEVEL_COLLECTED",
        },
        most=100,
    ),
    Fact(
        "systemManagementBIOSVersion",
        Form.TEXT,
        {_PC: f"{_MICROSOFT}/SMBIOSVersion"},
        pattern=r".{1,64}",
        example="1.21.0",
    ),
    Fact(
        "tpmSpecificationVersion",
        Form.TEXT,
        {_PC: f"{_STATUS}/TPM/SpecificationVersion"},
        pattern=r".{1,64}",
        example="2.0, 0, 1.38",
    ),
    Fact(
        "tpmManufacturer",
        Form.TEXT,
        {_PC: f"{_STATUS}/TPM/ManufacturerIdTxt"},
        pattern=r".{1,16}",
        example="INTC",
    ),
    Fact(
        "tpmVersion",
        Form.TEXT,
        {_PC: f"{_STATUS}/TPM/ManufacturerVersion"},
        pattern=r".{1,32}",
        example="6.32.0.0",
    ),
    # Security.
    Fact(
        "isEncrypted",
        Form.FLAG,
        {
            _IOS: "SecurityInfo: PasscodePresent, as an iPhone encrypts its data where there is a passcode",
            _MAC: "SecurityInfo: FDE_Enabled (FileVault)",
            _PC: f"{_STATUS}/Compliance/EncryptionCompliance (BitLocker)",
            _MOBILE: f"{_STATUS}/Compliance/EncryptionCompliance",
            _ANDROID: "deviceSettings.encryptionStatus",
        },
    ),
    Fact(
        "isPasscodePresent",
        Form.FLAG,
        {_IOS: "SecurityInfo: PasscodePresent", _ANDROID: "deviceSettings.isDeviceSecure"},
    ),
    Fact("isPasscodeCompliant", Form.FLAG, {_IOS: "SecurityInfo: PasscodeCompliant"}),
    Fact(
        "jailBroken",
        Form.CHOICE,
        {
            _IOS: "ManagedApplicationFeedback of Company Portal",
            _ANDROID: "securityPosture.devicePosture",
        },
        choices=("False", "True", "Unknown"),
    ),
    Fact("isSupervised", Form.FLAG, _apple("DeviceInformation: IsSupervised")),
    Fact(
        "activationLockBypassCode",
        Form.TEXT,
        {_IOS: "ActivationLockBypassCode, of a supervised device"},
        pattern=r"[0-9A-Z]{5}-[0-9A-Z]{5}(?:-[0-9A-Z]{4}){4}",
        example="1GDY4-C8M3N-QE52-KX7T-R0HP-9ZLW",
    ),
    Fact("isActivationLockEnabled", Form.FLAG, {_IOS: "DeviceInformation: IsActivationLockEnabled"}),
    Fact("isUserApprovedEnrollment", Form.FLAG, {_MAC: "SecurityInfo: ManagementStatus.UserApprovedEnrollment"}),
    Fact("isSystemIntegrityProtectionEnabled", Form.FLAG, {_MAC: "SecurityInfo: SystemIntegrityProtectionEnabled"}),
    Fact(
        "isSecureBootEnabled",
        Form.FLAG,
        {_MAC: "SecurityInfo: SecureBoot.SecureBootLevel", _PC: f"{_STATUS}/SecureBootState"},
    ),
    Fact(
        "isFirewallEnabled",
        Form.FLAG,
        {_MAC: "SecurityInfo: FirewallSettings.FirewallEnabled", _PC: f"{_STATUS}/Firewall/Status"},
    ),
    Fact("isAntivirusEnabled", Form.FLAG, {_PC: f"{_STATUS}/Antivirus/Status"}),
    Fact("isAntivirusSignatureCurrent", Form.FLAG, {_PC: f"{_STATUS}/Antivirus/SignatureStatus"}),
    Fact("isAntispywareEnabled", Form.FLAG, {_PC: f"{_STATUS}/Antispyware/Status"}),
    Fact("isUserAccountControlEnabled", Form.FLAG, {_PC: f"{_STATUS}/UAC/Status"}),
    Fact(
        "deviceGuardVirtualizationBasedSecurityState",
        Form.CHOICE,
        {_PC: f"{_GUARD}/VirtualizationBasedSecurityStatus"},
        choices=(
            "running",
            "rebootRequired",
            "require64BitArchitecture",
            "notLicensed",
            "notConfigured",
            "doesNotMeetHardwareRequirements",
            "other",
        ),
    ),
    Fact(
        "deviceGuardVirtualizationBasedSecurityHardwareRequirementState",
        Form.CHOICE,
        {_PC: f"{_GUARD}/VirtualizationBasedSecurityHwReq"},
        choices=(
            "meetHardwareRequirements",
            "secureBootRequired",
            "dmaProtectionRequired",
            "hyperVNotSupportedForGuestVM",
            "hyperVNotAvailable",
        ),
    ),
    Fact(
        "deviceGuardLocalSystemAuthorityCredentialGuardState",
        Form.CHOICE,
        {_PC: f"{_GUARD}/LsaCfgCredGuardStatus"},
        choices=(
            "running",
            "rebootRequired",
            "notLicensed",
            "notConfigured",
            "virtualizationBasedSecurityNotRunning",
        ),
    ),
    # Windows Defender.
    *(
        Fact(name, Form.FLAG, {_PC: f"{_HEALTH}/{node}"})
        for name, node in (
            ("malwareProtectionEnabled", "DefenderEnabled"),
            ("realTimeProtectionEnabled", "RtpEnabled"),
            ("networkInspectionSystemEnabled", "NisEnabled"),
            ("quickScanOverdue", "QuickScanOverdue"),
            ("fullScanOverdue", "FullScanOverdue"),
            ("signatureUpdateOverdue", "SignatureOutOfDate"),
            ("rebootRequired", "RebootRequired"),
            ("fullScanRequired", "FullScanRequired"),
            ("isVirtualMachine", "IsVirtualMachine"),
            ("tamperProtectionEnabled", "TamperProtectionEnabled"),
        )
    ),
    *(
        Fact(name, Form.TEXT, {_PC: f"{_HEALTH}/{node}"}, pattern=_DEFENDER_VERSION, example="1.419.350.0")
        for name, node in (
            ("engineVersion", "EngineVersion"),
            ("signatureVersion", "SignatureVersion"),
            ("antiMalwareVersion", "DefenderVersion"),
            ("lastQuickScanSignatureVersion", "QuickScanSigVersion"),
            ("lastFullScanSignatureVersion", "FullScanSigVersion"),
        )
    ),
    *(
        Fact(name, Form.TEXT, {_PC: f"{_HEALTH}/{node}"}, pattern=_MOMENT, example="2026-11-20T03:12:45Z")
        for name, node in (("lastQuickScanDateTime", "QuickScanTime"), ("lastFullScanDateTime", "FullScanTime"))
    ),
    Fact("deviceState", Form.CHOICE, {_PC: f"{_HEALTH}/ComputerState"}, choices=DEFENDER_STATES),
    Fact("productStatus", Form.CHOICE, {_PC: f"{_HEALTH}/ProductStatus"}, choices=DEFENDER_STATUSES),
    # Android.
    Fact("isVerifyAppsEnabled", Form.FLAG, {_ANDROID: "deviceSettings.verifyAppsEnabled"}),
    Fact("isUsbDebuggingEnabled", Form.FLAG, {_ANDROID: "deviceSettings.adbEnabled"}),
    Fact("isUnknownSourcesEnabled", Form.FLAG, {_ANDROID: "deviceSettings.unknownSourcesEnabled"}),
)


def facts_of(platform: Platform) -> tuple[Fact, ...]:
    """The facts that devices of this platform report."""
    return tuple(fact for fact in FACTS if fact.field_of(platform) is not None)
