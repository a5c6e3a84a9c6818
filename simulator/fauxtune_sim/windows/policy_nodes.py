#: data
"""The settings that a Windows PC knows as nodes: areas of the Policy CSP with their policies, and settings of other
providers. A Replace creates the node of a setting; what is not here does not exist.

A line is an area and its policies; a policy that ends with `$` is a text, all others are numbers. (Microsoft: "Policy
CSP"; "BitLocker CSP", "LAPS CSP", "Firewall CSP".)
"""

from __future__ import annotations

_DEVICE = """
AboveLock AllowActionCenterNotifications AllowCortanaAboveLock AllowToasts
Accounts AllowAddingNonMicrosoftAccountsManually AllowMicrosoftAccountConnection AllowMicrosoftAccountSignInAssistant
ApplicationManagement AllowAllTrustedApps AllowAppStoreAutoUpdate AllowDeveloperUnlock AllowGameDVR AllowSharedUserAppData AllowStore DisableStoreOriginatedApps RequirePrivateStoreOnly RestrictAppDataToSystemVolume RestrictAppToSystemVolume
Bluetooth AllowAdvertising AllowDiscoverableMode AllowPrepairing LocalDeviceName$ ServicesAllowedList$
Browser AllowAddressBarDropdown AllowAutofill AllowCookies AllowDeveloperTools AllowDoNotTrack AllowExtensions AllowInPrivate AllowPasswordManager AllowPopups AllowSearchSuggestionsinAddressBar AllowSmartScreen ClearBrowsingDataOnExit PreventSmartScreenPromptOverride PreventSmartScreenPromptOverrideForFiles HomePages$
Camera AllowCamera
Connectivity AllowBluetooth AllowCellularDataRoaming AllowConnectedDevices AllowNFC AllowUSBConnection AllowVPNOverCellular AllowVPNRoamingOverCellular
DataProtection AllowDirectMemoryAccess
Defender AllowArchiveScanning AllowBehaviorMonitoring AllowCloudProtection AllowEmailScanning AllowFullScanOnMappedNetworkDrives AllowFullScanRemovableDriveScanning AllowIOAVProtection AllowIntrusionPreventionSystem AllowOnAccessProtection AllowRealtimeMonitoring AllowScanningNetworkFiles AllowScriptScanning AllowUserUIAccess AttackSurfaceReductionOnlyExclusions$ AttackSurfaceReductionRules$ AvgCPULoadFactor CheckForSignaturesBeforeRunningScan CloudBlockLevel CloudExtendedTimeout DaysToRetainCleanedMalware DisableCatchupFullScan DisableCatchupQuickScan EnableLowCPUPriority EnableNetworkProtection ExcludedExtensions$ ExcludedPaths$ ExcludedProcesses$ PUAProtection RealTimeScanDirection ScanParameter ScheduleQuickScanTime ScheduleScanDay ScheduleScanTime SignatureUpdateInterval SubmitSamplesConsent
DeliveryOptimization DODownloadMode DOMaxCacheAge
DeviceLock AllowSimpleDevicePassword AlphanumericDevicePasswordRequired DevicePasswordEnabled DevicePasswordExpiration DevicePasswordHistory MaxDevicePasswordFailedAttempts MaxInactivityTimeDeviceLock MinDevicePasswordComplexCharacters MinDevicePasswordLength ScreenTimeoutWhileLocked
Experience AllowCopyPaste AllowCortana AllowDeviceDiscovery AllowManualMDMUnenrollment AllowScreenCapture AllowSyncMySettings AllowVoiceRecording
Privacy AllowAutoAcceptPairingAndPrivacyConsentPrompts AllowInputPersonalization DisableAdvertisingId LetAppsAccessLocation
Search AllowIndexingEncryptedStoresOrItems AllowUsingDiacritics AlwaysUseAutoLangDetection
Security AllowAddProvisioningPackage AllowManualRootCertificateInstallation AllowRemoveProvisioningPackage RequireDeviceEncryption
Settings AllowDateTime AllowLanguage AllowPowerSleep AllowRegion PageVisibilityList$
SmartScreen EnableAppInstallControl EnableSmartScreenInShell PreventOverrideForFilesInShell
Start ForceStartSize HideHibernate HideLock HideSignOut HideSleep
System AllowLocation AllowStorageCard AllowTelemetry DisableOneDriveFileSync
Update ActiveHoursEnd ActiveHoursStart AllowAutoUpdate AllowMUUpdateService BranchReadinessLevel ConfigureDeadlineForFeatureUpdates ConfigureDeadlineForQualityUpdates ConfigureDeadlineGracePeriod ConfigureDeadlineNoAutoReboot ConfigureFeatureUpdateUninstallPeriod DeferFeatureUpdatesPeriodInDays DeferQualityUpdatesPeriodInDays EngagedRestartDeadline EngagedRestartSnoozeSchedule EngagedRestartTransitionSchedule ExcludeWUDriversInQualityUpdate PauseFeatureUpdates PauseQualityUpdates ScheduleImminentRestartWarning ScheduleRestartWarning SetDisablePauseUXAccess SetDisableUXWUAccess SetEDURestart UpdateNotificationLevel
Wifi AllowAutoConnectToWiFiSenseHotspots AllowInternetSharing AllowManualWiFiConfiguration AllowWiFi
WirelessDisplay AllowProjectionToPC RequirePinForPairing
"""  # noqa: E501 - one area a line

_USER = """
Experience AllowTailoredExperiencesWithDiagnosticData AllowThirdPartySuggestionsInWindowsSpotlight AllowWindowsSpotlight AllowWindowsSpotlightOnActionCenter
Settings PageVisibilityList$
"""  # noqa: E501 - one area a line

_OTHERS = """
./Vendor/MSFT/BitLocker/AllowStandardUserEncryption                     AGRDU int
./Vendor/MSFT/BitLocker/AllowWarningForOtherDiskEncryption              AGRDU int
./Vendor/MSFT/BitLocker/ConfigureRecoveryPasswordRotation               AGRDU int
./Vendor/MSFT/BitLocker/RequireDeviceEncryption                         AGRDU int
./Vendor/MSFT/BitLocker/RequireStorageCardEncryption                    AGRDU int
./Vendor/MSFT/LAPS/Policies                                             G     node
./Vendor/MSFT/LAPS/Policies/AdministratorAccountName                    AGRDU chr
./Vendor/MSFT/LAPS/Policies/BackupDirectory                             AGRDU int
./Vendor/MSFT/LAPS/Policies/PasswordAgeDays                             AGRDU int
./Vendor/MSFT/LAPS/Policies/PasswordComplexity                          AGRDU int
./Vendor/MSFT/LAPS/Policies/PasswordLength                              AGRDU int
./Vendor/MSFT/LAPS/Policies/PostAuthenticationActions                   AGRDU int
./Vendor/MSFT/LAPS/Policies/PostAuthenticationResetDelay                AGRDU int
./Vendor/MSFT/Firewall                                                  G     node
./Vendor/MSFT/Firewall/MdmStore                                         G     node
./Vendor/MSFT/Firewall/MdmStore/Global                                  G     node
./Vendor/MSFT/Firewall/MdmStore/Global/DisableStatefulFtp               AGRDU bool
./Vendor/MSFT/Firewall/MdmStore/Global/SaIdleTime                       AGRDU int
./Vendor/MSFT/Firewall/MdmStore/DomainProfile                           G     node
./Vendor/MSFT/Firewall/MdmStore/DomainProfile/EnableFirewall            AGRDU bool
./Vendor/MSFT/Firewall/MdmStore/PrivateProfile                          G     node
./Vendor/MSFT/Firewall/MdmStore/PrivateProfile/EnableFirewall           AGRDU bool
./Vendor/MSFT/Firewall/MdmStore/PublicProfile                           G     node
./Vendor/MSFT/Firewall/MdmStore/PublicProfile/EnableFirewall            AGRDU bool
"""


def lines() -> list[str]:
    """The lines of a PC's table of nodes."""
    return [
        *_policies("./Vendor/MSFT/Policy", _DEVICE),
        *_policies("./User/Vendor/MSFT/Policy", _USER),
        *_OTHERS.strip().splitlines(),
    ]


def _policies(root: str, text: str) -> list[str]:
    expanded = [f"{root} G node", f"{root}/Config G node"]
    for line in text.strip().splitlines():
        area, *names = line.split()
        expanded.append(f"{root}/Config/{area} G node")
        expanded += [
            f"{root}/Config/{area}/{name.rstrip('$')} AGRDU {'chr' if name.endswith('$') else 'int'}" for name in names
        ]
    return expanded
