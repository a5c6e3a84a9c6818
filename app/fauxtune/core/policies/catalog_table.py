"""Definitions of the settings catalog: those that public samples use. Ids and addresses are facts of configuration
service providers and payloads; every name is in our own words.

A section begins with `=`: category; its name; platforms; technologies; usage; base address; beginning of the ids; the
two options of a `flag`, off before on. A row: address below the base; kind; name; values; default. A row that is
indented is below the one before it that is not; `<` before its address's end names the option that it depends on. A
`choice` lists its options as `value=name`, an `integer` its range, a `string` its longest length.

#: data
"""

from __future__ import annotations

TABLE = """
= defender; Defender antivirus; windows10; mdm,configManager,microsoftSense; configuration; ./Device/Vendor/MSFT/Policy; device_vendor_msft_policy_; 0 1
Config/Defender/AllowArchiveScanning; flag; Scan archives; ; 1
Config/Defender/AllowBehaviorMonitoring; flag; Watch behaviour; ; 1
Config/Defender/AllowCloudProtection; flag; Protection from the cloud; ; 1
Config/Defender/AllowEmailScanning; flag; Scan mail; ; 0
Config/Defender/AllowFullScanOnMappedNetworkDrives; flag; Full scan of mapped drives; ; 0
Config/Defender/AllowFullScanRemovableDriveScanning; flag; Full scan of removable drives; ; 1
Config/Defender/AllowIOAVProtection; flag; Scan downloads and attachments; ; 1
Config/Defender/AllowOnAccessProtection; flag; Protection on access; ; 1
Config/Defender/AllowRealtimeMonitoring; flag; Real-time protection; ; 1
Config/Defender/AllowScanningNetworkFiles; flag; Scan files on the network; ; 1
Config/Defender/AllowScriptScanning; flag; Scan scripts; ; 1
Config/Defender/AllowUserUIAccess; flag; Users see the program; ; 1
Config/Defender/AvgCPULoadFactor; integer; Processor load of a scan in percent; 0..100; 50
Config/Defender/CheckForSignaturesBeforeRunningScan; flag; Newest signatures before a scan; ; 0
Config/Defender/CloudBlockLevel; choice; Level of blocking from the cloud; 0=Default,2=High,4=Higher,6=Zero tolerance; 0
Config/Defender/CloudExtendedTimeout; integer; More seconds for an answer of the cloud; 0..50; 0
Config/Defender/DaysToRetainCleanedMalware; integer; Days in quarantine; 0..90; 0
Config/Defender/DisableCatchupFullScan; flag; No full scan to catch up; ; 1
Config/Defender/DisableCatchupQuickScan; flag; No quick scan to catch up; ; 1
Config/Defender/EnableLowCPUPriority; flag; Low priority of scans; ; 0
Config/Defender/EnableNetworkProtection; choice; Network protection; 0=Off,1=Block,2=Audit; 0
Config/Defender/ExcludedExtensions; strings; Extensions that are not scanned; 260;
Config/Defender/ExcludedPaths; strings; Paths that are not scanned; 260;
Config/Defender/ExcludedProcesses; strings; Processes that are not scanned; 260;
Config/Defender/PUAProtection; choice; Unwanted applications; 0=Off,1=Block,2=Audit; 0
Config/Defender/RealTimeScanDirection; choice; Direction of files that are scanned; 0=Both,1=In,2=Out; 0
Config/Defender/ScanParameter; choice; Kind of the planned scan; 1=Quick,2=Full; 1
Config/Defender/ScheduleQuickScanTime; integer; Minute of the day of the quick scan; 0..1380; 120
Config/Defender/ScheduleScanDay; choice; Day of the planned scan; 0=Every day,1=Sunday,2=Monday,3=Tuesday,4=Wednesday,5=Thursday,6=Friday,7=Saturday,8=Never; 0
Config/Defender/ScheduleScanTime; integer; Minute of the day of the planned scan; 0..1380; 120
Config/Defender/SignatureUpdateInterval; integer; Hours between looks for signatures; 0..24; 8
Config/Defender/SubmitSamplesConsent; choice; Samples that are sent; 0=Always ask,1=Safe ones,2=None,3=All; 1
Config/Defender/AttackSurfaceReductionRules; groups; Rules that make attacks harder; ;
  Config/Defender/AttackSurfaceReductionRules_BlockAdobeReaderFromCreatingChildProcesses; choice; Adobe Reader starts no other program; off=Off,block=Block,audit=Audit,warn=Warn; off
  Config/Defender/AttackSurfaceReductionRules_BlockAllOfficeApplicationsFromCreatingChildProcesses; choice; Office starts no other program; off=Off,block=Block,audit=Audit,warn=Warn; off
  Config/Defender/AttackSurfaceReductionRules_BlockCredentialStealingFromWindowsLocalSecurityAuthoritySubsystem; choice; Nothing reads passwords from \
LSASS; off=Off,block=Block,audit=Audit,warn=Warn; off
  Config/Defender/AttackSurfaceReductionRules_BlockExecutableContentFromEmailClientAndWebmail; choice; Mail brings no program; off=Off,block=Block,audit=Audit,warn=Warn; off
  Config/Defender/AttackSurfaceReductionRules_BlockUntrustedUnsignedProcessesThatRunFromUSB; choice; No unsigned program from USB; off=Off,block=Block,audit=Audit,warn=Warn; off
  Config/Defender/AttackSurfaceReductionRules_UseAdvancedProtectionAgainstRansomware; choice; More protection from ransomware; off=Off,block=Block,audit=Audit,warn=Warn; off
= devicelock; Device lock; windows10; mdm; configuration; ./Device/Vendor/MSFT/Policy; device_vendor_msft_policy_; 0 1
Config/DeviceLock/DevicePasswordEnabled; choice; Password of the device; 0=Required,1=Not required; 1
  Config/DeviceLock/AllowSimpleDevicePassword < 0; flag; Simple passwords; ; 1
  Config/DeviceLock/AlphanumericDevicePasswordRequired < 0; choice; Characters of the password; 0=Letters and digits,1=Digits,2=Either; 2
  Config/DeviceLock/DevicePasswordExpiration < 0; integer; Days until a password expires; 0..730; 0
  Config/DeviceLock/DevicePasswordHistory < 0; integer; Passwords that may not come again; 0..50; 0
  Config/DeviceLock/MaxDevicePasswordFailedAttempts < 0; integer; Wrong passwords until the device is wiped; 0..999; 0
  Config/DeviceLock/MaxInactivityTimeDeviceLock < 0; integer; Minutes until the device locks; 0..999; 0
  Config/DeviceLock/MinDevicePasswordComplexCharacters < 0; choice; Kinds of characters; 1=Digits,2=And lower-case letters,3=And upper-case letters,4=And others; 1
  Config/DeviceLock/MinDevicePasswordLength < 0; integer; Shortest password; 4..16; 4
= restrictions; What users may do; windows10; mdm; configuration; ./Device/Vendor/MSFT/Policy; device_vendor_msft_policy_; 0 1
Config/Camera/AllowCamera; flag; Camera; ; 1
Config/Connectivity/AllowBluetooth; choice; Bluetooth; 0=Not allowed,1=Reserved,2=Allowed; 2
Config/Experience/AllowCortana; flag; Cortana; ; 1
Config/Experience/AllowManualMDMUnenrollment; flag; Users may unenrol; ; 1
Config/Privacy/LetAppsAccessLocation; choice; Apps and the location; 0=The user decides,1=Allowed,2=Not allowed; 0
Config/System/AllowLocation; choice; Location; 0=Off,1=The user decides,2=On; 1
Config/System/AllowStorageCard; flag; Storage cards; ; 1
Config/System/AllowTelemetry; choice; Diagnostic data; 0=Security,1=Required,3=Optional; 1
= update; Windows Update; windows10; mdm; configuration; ./Device/Vendor/MSFT/Policy; device_vendor_msft_policy_; 0 1
Config/Update/ActiveHoursEnd; integer; Hour at which active hours end; 0..23; 17
Config/Update/ActiveHoursStart; integer; Hour at which active hours begin; 0..23; 8
Config/Update/AllowAutoUpdate; choice; How updates are installed; 0=The user is told,1=Restart is told,2=At a quiet time,3=At a planned time,4=At a planned time without a question,5=Not at all; 2
Config/Update/DeferFeatureUpdatesPeriodInDays; integer; Days that feature updates wait; 0..365; 0
Config/Update/DeferQualityUpdatesPeriodInDays; integer; Days that quality updates wait; 0..30; 0
= laps; Local administrator's password; windows10; mdm; configuration; ./Device/Vendor/MSFT/LAPS; device_vendor_msft_laps_; 0 1
Policies/BackupDirectory; choice; Where the password is kept; 0=Nowhere,1=Entra ID,2=Active Directory; 0
  Policies/PasswordAgeDays_AAD < 1; integer; Days that a password lasts, Entra ID; 7..365; 30
  Policies/PasswordAgeDays < 2; integer; Days that a password lasts, Active Directory; 1..365; 30
Policies/AdministratorAccountName; string; Name of the account; 256;
Policies/PasswordComplexity; choice; Characters of the password; 1=Upper case,2=And lower case,3=And digits,4=And others,5=Others that are easy to \
read,6=Long words,7=Short words,8=Short words with unlike beginnings; 4
Policies/PasswordLength; integer; Length of the password; 8..64; 14
Policies/PostAuthenticationActions; choice; After the account was used; 1=New password,3=New password and log off,5=New password and restart,11=New password and end its programs; 3
Policies/PostAuthenticationResetDelay; integer; Hours until then; 0..24; 24
= bitlocker; BitLocker; windows10; mdm; configuration; ./Device/Vendor/MSFT/BitLocker; device_vendor_msft_bitlocker_; 0 1
RequireDeviceEncryption; flag; Encrypt the device; ; 0
AllowWarningForOtherDiskEncryption; choice; Warn of other encryption; 0=Not,1=Warn; 1
  AllowStandardUserEncryption < 0; flag; Users without rights may encrypt; ; 0
ConfigureRecoveryPasswordRotation; choice; New recovery password after use; 0=Not,1=Entra joined,2=Entra and hybrid joined; 0
= firewall; Firewall; windows10; mdm,microsoftSense; configuration; ./Vendor/MSFT/Firewall; vendor_msft_firewall_; false true
MdmStore/DomainProfile/EnableFirewall; flag; Firewall in the domain; ; true
MdmStore/PrivateProfile/EnableFirewall; flag; Firewall at home; ; true
MdmStore/PublicProfile/EnableFirewall; flag; Firewall elsewhere; ; true
= detection; Endpoint detection; windows10; mdm,microsoftSense; configuration; ./Device/Vendor/MSFT/WindowsAdvancedThreatProtection; device_vendor_msft_windowsadvancedthreatprotection_; 0 1
ConfigurationType; choice; Package of the client; AutoFromConnector=From the connector,Onboard=Connect,Offboard=Disconnect; AutoFromConnector
  Onboarding < Onboard; secret; The package that connects; 65536;
  Offboarding < Offboard; secret; The package that disconnects; 65536;
Configuration/SampleSharing; choice; Share samples; 0=None,1=All; 1
= passcode; Passcode; iOS,macOS; mdm,appleRemoteManagement; configuration; com.apple.mobiledevice.passwordpolicy; com.apple.mobiledevice.passwordpolicy_; false true
com.apple.mobiledevice.passwordpolicy; groups; Passcode; ;
  allowSimple; flag; Simple passcodes; ; true
  forcePIN; flag; A passcode is required; ; false
  maxFailedAttempts; integer; Wrong passcodes until the device is wiped or locked; 2..11; 11
  maxGracePeriod; integer; Minutes in which no passcode is asked; 0..240; 0
  maxInactivity; integer; Minutes until the device locks; 0..15; 0
  maxPINAgeInDays; integer; Days that a passcode lasts; 0..730; 0
  minComplexChars; integer; Other characters than letters and digits; 0..4; 0
  minLength; integer; Shortest passcode; 0..16; 0
  pinHistory; integer; Passcodes that may not come again; 1..50; 1
  requireAlphanumeric; flag; A letter is required; ; false
= access; What users may do; iOS,macOS; mdm,appleRemoteManagement; configuration; com.apple.applicationaccess; com.apple.applicationaccess_; false true
com.apple.applicationaccess; groups; What users may do; ;
  allowAirDrop; flag; AirDrop; ; true
  allowAssistant; flag; Siri; ; true
  allowCamera; flag; Camera; ; true
  allowCloudBackup; flag; Backup in iCloud; ; true
  allowScreenShot; flag; Pictures of the screen; ; true
  forceEncryptedBackup; flag; Backups are encrypted; ; false
= filevault; FileVault; macOS; mdm,appleRemoteManagement; configuration; com.apple.MCX.FileVault2; com.apple.mcx.filevault2_; false true
com.apple.MCX.FileVault2; groups; FileVault; ;
  Enable; choice; FileVault; 0=On,1=Off; 0
  Defer; flag; When the user logs in or out; ; false
  ShowRecoveryKey; flag; Show the recovery key; ; true
  UseRecoveryKey; flag; Make a recovery key; ; true
= linux; Linux; linux; linuxMdm; compliance; com.microsoft.manage.LinuxMdm; linux_; false true
Distribution/AllowedDistros; groups; Distributions; ;
  Distribution/AllowedDistros/item/$type; choice; Kind; ubuntu=Ubuntu,rhel=Red Hat Enterprise Linux; ubuntu
  Distribution/AllowedDistros/item/MinimumVersion; string; Oldest version; 64;
  Distribution/AllowedDistros/item/MaximumVersion; string; Newest version; 64;
DeviceEncryption/Required; flag; Encryption; ; false
PasswordPolicy/MinimumDigits; integer; Digits of a password; 0..127; 0
PasswordPolicy/MinimumLength; integer; Shortest password; 1..127; 1
PasswordPolicy/MinimumLowercase; integer; Lower-case letters of a password; 0..127; 0
PasswordPolicy/MinimumSymbols; integer; Other characters of a password; 0..127; 0
PasswordPolicy/MinimumUppercase; integer; Upper-case letters of a password; 0..127; 0
CustomCompliance/Required; flag; Rules of one's own; ; false
  CustomCompliance/DiscoveryScript < true; string; The script that finds out; 65536;
  CustomCompliance/Rules < true; string; The rules; 1048576;
= addresses; Addresses for rules of the firewall; windows10; mdm,microsoftSense; reusableSetting; ./Vendor/MSFT/Firewall; vendor_msft_firewall_; false true
MdmStore/DynamicKeywords/Addresses/{Id}; groups; A group of addresses; ;
  MdmStore/DynamicKeywords/Addresses/{Id}/Id; string; Its id; 64;
  MdmStore/DynamicKeywords/Addresses/{Id}/AutoResolve; flag; Look its name up; ; false
  MdmStore/DynamicKeywords/Addresses/{Id}/Keyword; string; Its name; 256;
  MdmStore/DynamicKeywords/Addresses/{Id}/Addresses; strings; Its addresses; 256;
= discovery; Scripts that find out; linux; linuxMdm; reusableSetting; com.microsoft.manage.LinuxMdm; linux_; false true
CustomCompliance/DiscoveryScript_ReusableSetting; string; A script for rules of one's own, in base64; 65536;
"""  # noqa: E501 - one row a line

#: On which options a setting depends beside that of its parent: (the setting, the option).
_DEVICE_LOCK = "device_vendor_msft_policy_config_devicelock_"
ALSO_DEPENDS = {
    f"{_DEVICE_LOCK}mindevicepasswordcomplexcharacters": (
        (
            f"{_DEVICE_LOCK}alphanumericdevicepasswordrequired",
            f"{_DEVICE_LOCK}alphanumericdevicepasswordrequired_0",
        ),
    )
}

#: The ids of categories that public exports of definitions name; all others are made.
KNOWN_CATEGORIES = {
    "defender": "e8400c82-34c8-4d6e-bbf9-85220f3205ea",
    "devicelock": "a4fb2510-977f-42ff-9033-6f1eb98f141b",
    "laps": "f1dcf7b6-2d89-41bf-b5eb-02a879c6db5d",
    "update": "0e6c9053-73d6-4c56-9147-53513f6eefd8",
}

#: Templates of policies: id; name; version; family; platforms; technologies; state; categories of their settings.
TEMPLATES = """
804339ad-1553-4478-a742-138fb5807418_1; Microsoft Defender Antivirus; Version 1; endpointSecurityAntivirus; windows10; mdm,microsoftSense; active; defender
e8c053d6-9f95-42b1-a7f1-ebfd71c67a4b_1; Attack Surface Reduction Rules; Version 1; endpointSecurityAttackSurfaceReduction; windows10; mdm,microsoftSense; active; defender
46ddfc50-d10f-4867-b852-9434254b3bff_1; BitLocker; Version 1; endpointSecurityDiskEncryption; windows10; mdm; active; bitlocker
6078910e-d808-4a9f-a51d-1b8a7bacb7c0_1; Windows Firewall; Version 1; endpointSecurityFirewall; windows10; mdm,microsoftSense; active; firewall
0385b795-0f2f-44ac-8602-9f65bf6adede_1; Endpoint detection and response; Version 1; endpointSecurityEndpointDetectionAndResponse; windows10; mdm,microsoftSense; active; detection
adc46e5a-f4aa-4ff6-aeff-4f27bc525796_1; Local admin password solution (Windows LAPS); Version 1; endpointSecurityAccountProtection; windows10; mdm; active; laps
66df8dce-0166-4b82-92f7-1f74e3ca17a3_3; Security Baseline for Windows 10 and later; Version 23H2; baseline; windows10; mdm; superseded; devicelock restrictions defender
66df8dce-0166-4b82-92f7-1f74e3ca17a3_4; Security Baseline for Windows 10 and later; Version 24H2; baseline; windows10; mdm; active; devicelock restrictions defender
"""  # noqa: E501 - one row a line

#: The ids of templates of settings and of their values that public samples name; all others are made.
KNOWN_TEMPLATES = {
    "device_vendor_msft_laps_policies_backupdirectory": (
        "a3270f64-e493-499d-8900-90290f61ed8a",
        "4d90f03d-e14c-43c4-86da-681da96a2f92",
    ),
    "device_vendor_msft_laps_policies_postauthenticationactions": (
        "d9282eb1-d187-42ae-b366-7081f32dcfff",
        "68ff4f78-baa8-4b32-bf3d-5ad5566d8142",
    ),
    "device_vendor_msft_bitlocker_requiredeviceencryption": (
        "20ec1f6e-0d7a-4b6f-9a4f-9ed33e69ce51",
        "86da5fa5-67cf-48d1-8215-8787a9900ae6",
    ),
}
