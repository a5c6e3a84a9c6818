"""Templates of intents: security baselines and endpoint security of the older kind. Ids are facts that public samples
name; every name of a setting is in our own words.

A template begins with `=`: id; name; type; subtype; platform; version; whether it is deprecated. `+` begins a
category. A setting: id of its definition; kind of its value; name; value of a new intent, as JSON.

#: data
"""

from __future__ import annotations

TABLE = """
= d1174162-1dd2-4976-affc-6667049ab0ae; BitLocker; securityTemplate; diskEncryption; windows10AndLater; 2; true
+ BitLocker of the device
deviceConfiguration--windows10EndpointProtectionConfiguration_bitLockerEncryptDevice; boolean; Encrypt the device; true
deviceConfiguration--windows10EndpointProtectionConfiguration_bitLockerDisableWarningForOtherDiskEncryption; boolean; Do not warn of other encryption; null
deviceConfiguration--windows10EndpointProtectionConfiguration_bitLockerAllowStandardUserEncryption; boolean; Users without rights may encrypt; null
deviceConfiguration--windows10EndpointProtectionConfiguration_bitLockerRecoveryPasswordRotation; string; New recovery password after use; "notConfigured"
+ BitLocker of drives
deviceConfiguration--windows10EndpointProtectionConfiguration_bitLockerSystemDrivePolicy; complex; Drive of the system; null
deviceConfiguration--windows10EndpointProtectionConfiguration_bitLockerFixedDrivePolicy; complex; Fixed drives; null
deviceConfiguration--windows10EndpointProtectionConfiguration_bitLockerRemovableDrivePolicy; complex; Removable drives; null
= a239407c-698d-4ef8-b314-e3ae409204b8; FileVault; securityTemplate; diskEncryption; macOS; 1; true
+ FileVault
deviceConfiguration--macOSEndpointProtectionConfiguration_fileVaultEnabled; boolean; FileVault; null
deviceConfiguration--macOSEndpointProtectionConfiguration_fileVaultPersonalRecoveryKeyRotationInMonths; integer; Months until a new recovery key; null
deviceConfiguration--macOSEndpointProtectionConfiguration_fileVaultPersonalRecoveryKeyHelpMessage; string; Where the user finds the key; null
= c53e5a9f-2eec-4175-98a1-2b3d38084b91; Microsoft Defender Firewall; securityTemplate; firewall; windows10AndLater; 1; true
+ Firewall
deviceConfiguration--windows10EndpointProtectionConfiguration_firewallBlockStatefulFTP; boolean; Stateful FTP is blocked; null
deviceConfiguration--windows10EndpointProtectionConfiguration_firewallIdleTimeoutForSecurityAssociationInSeconds; integer; Seconds until a security association ends; null
deviceConfiguration--windows10EndpointProtectionConfiguration_firewallProfileDomain; complex; Network of the domain; null
deviceConfiguration--windows10EndpointProtectionConfiguration_firewallProfilePrivate; complex; Private networks; null
deviceConfiguration--windows10EndpointProtectionConfiguration_firewallProfilePublic; complex; Public networks; null
= 4356d05c-a4ab-4a07-9ece-739f7c792910; Microsoft Defender Firewall rules; securityTemplate; firewall; windows10AndLater; 1; true
+ Rules
deviceConfiguration--windows10EndpointProtectionConfiguration_firewallRules; collection; Rules; []
= 0e237410-1367-4844-bd7f-15fb0f08943b; Attack surface reduction rules; securityTemplate; attackSurfaceReduction; windows10AndLater; 1; true
+ Rules
deviceConfiguration--windows10EndpointProtectionConfiguration_defenderOfficeAppsLaunchChildProcessType; string; Office starts no other program; "userDefined"
deviceConfiguration--windows10EndpointProtectionConfiguration_defenderPreventCredentialStealingType; string; Nothing reads passwords from LSASS; "notConfigured"
deviceConfiguration--windows10EndpointProtectionConfiguration_defenderAttackSurfaceReductionExcludedPaths; collection; Paths that the rules leave out; []
= 034ccd46-190c-4afc-adf1-ad7cc11262eb; MDM Security Baseline; securityBaseline; none; windows10AndLater; 3; true
+ Device lock
deviceConfiguration--windows10GeneralConfiguration_passwordRequired; boolean; A password is required; true
deviceConfiguration--windows10GeneralConfiguration_passwordMinimumLength; integer; Shortest password; 8
deviceConfiguration--windows10GeneralConfiguration_passwordBlockSimple; boolean; Simple passwords are blocked; true
deviceConfiguration--windows10GeneralConfiguration_passwordRequiredType; string; Characters of the password; "alphanumeric"
+ Defender
deviceConfiguration--windows10GeneralConfiguration_defenderRequireRealTimeMonitoring; boolean; Real-time protection; true
deviceConfiguration--windows10GeneralConfiguration_defenderScanType; string; Kind of the planned scan; "quick"
deviceConfiguration--windows10GeneralConfiguration_defenderScheduledScanDay; string; Day of the planned scan; "everyday"
"""  # noqa: E501 - one row a line
