"""Properties of restriction profiles and update rings for Windows 10 and later, and the nodes that they become.

Microsoft: "Policy CSP", "Attack surface reduction rules reference", "BitLocker CSP", "Firewall CSP". Graph:
windows10GeneralConfiguration, windowsUpdateForBusinessConfiguration, windows10EndpointProtectionConfiguration. The form
of the table is in `reading`.

#: data
"""

from __future__ import annotations

TABLE = """
= windows10GeneralConfiguration; ./Device/Vendor/MSFT/Policy/Config; each
passwordRequired; DeviceLock/DevicePasswordEnabled; int; true=0
passwordBlockSimple; DeviceLock/AllowSimpleDevicePassword; int; true=0
passwordRequiredType; DeviceLock/AlphanumericDevicePasswordRequired; int; alphanumeric=0,numeric=1
passwordMinimumLength; DeviceLock/MinDevicePasswordLength; int; *
passwordMinimumCharacterSetCount; DeviceLock/MinDevicePasswordComplexCharacters; int; *
passwordExpirationDays; DeviceLock/DevicePasswordExpiration; int; *
passwordPreviousPasswordBlockCount; DeviceLock/DevicePasswordHistory; int; *
passwordMinutesOfInactivityBeforeScreenTimeout; DeviceLock/MaxInactivityTimeDeviceLock; int; *
passwordSignInFailureCountBeforeFactoryReset; DeviceLock/MaxDevicePasswordFailedAttempts; int; *
accountsBlockAddingNonMicrosoftAccountEmail; Accounts/AllowAddingNonMicrosoftAccountsManually; int; true=0
appsAllowTrustedAppsSideloading; ApplicationManagement/AllowAllTrustedApps; int; blocked=0,allowed=1
appsBlockWindowsStoreOriginatedApps; ApplicationManagement/DisableStoreOriginatedApps; int; true=1
bluetoothBlockAdvertising; Bluetooth/AllowAdvertising; int; true=0
bluetoothBlockDiscoverableMode; Bluetooth/AllowDiscoverableMode; int; true=0
bluetoothBlockPrePairing; Bluetooth/AllowPrepairing; int; true=0
bluetoothBlocked; Connectivity/AllowBluetooth; int; true=0
cameraBlocked; Camera/AllowCamera; int; true=0
cellularBlockDataWhenRoaming; Connectivity/AllowCellularDataRoaming; int; true=0
cellularBlockVpn; Connectivity/AllowVPNOverCellular; int; true=0
cellularBlockVpnWhenRoaming; Connectivity/AllowVPNRoamingOverCellular; int; true=0
certificatesBlockManualRootCertificateInstallation; Security/AllowManualRootCertificateInstallation; int; true=0
connectedDevicesServiceBlocked; Connectivity/AllowConnectedDevices; int; true=0
copyPasteBlocked; Experience/AllowCopyPaste; int; true=0
cortanaBlocked; Experience/AllowCortana; int; true=0
defenderBlockEndUserAccess; Defender/AllowUserUIAccess; int; true=0
defenderCloudBlockLevel; Defender/CloudBlockLevel; int; high=2,highPlus=4,zeroTolerance=6
defenderDaysBeforeDeletingQuarantinedMalware; Defender/DaysToRetainCleanedMalware; int; *
defenderFileExtensionsToExclude; Defender/ExcludedExtensions; chr; join |
defenderFilesAndFoldersToExclude; Defender/ExcludedPaths; chr; join |
defenderMonitorFileActivity; Defender/RealTimeScanDirection; int; monitorAllFiles=0,monitorIncomingFilesOnly=1,monitorOutgoingFilesOnly=2
defenderPotentiallyUnwantedAppActionSetting; Defender/PUAProtection; int; enable=1,auditMode=2
defenderProcessesToExclude; Defender/ExcludedProcesses; chr; join |
defenderPromptForSampleSubmission; Defender/SubmitSamplesConsent; int; alwaysPrompt=0,promptBeforeSendingPersonalData=1,neverSendData=2,sendAllDataWithoutPrompting=3
defenderRequireBehaviorMonitoring; Defender/AllowBehaviorMonitoring; int; true=1
defenderRequireCloudProtection; Defender/AllowCloudProtection; int; true=1
defenderRequireRealTimeMonitoring; Defender/AllowRealtimeMonitoring; int; true=1
defenderScanArchiveFiles; Defender/AllowArchiveScanning; int; true=1
defenderScanDownloads; Defender/AllowIOAVProtection; int; true=1
defenderScanIncomingMail; Defender/AllowEmailScanning; int; true=1
defenderScanMappedNetworkDrivesDuringFullScan; Defender/AllowFullScanOnMappedNetworkDrives; int; true=1
defenderScanMaxCpu; Defender/AvgCPULoadFactor; int; *
defenderScanNetworkFiles; Defender/AllowScanningNetworkFiles; int; true=1
defenderScanRemovableDrivesDuringFullScan; Defender/AllowFullScanRemovableDriveScanning; int; true=1
defenderScanScriptsLoadedInInternetExplorer; Defender/AllowScriptScanning; int; true=1
defenderScanType; Defender/ScanParameter; int; quick=1,full=2
defenderSignatureUpdateIntervalInHours; Defender/SignatureUpdateInterval; int; *
defenderSystemScanSchedule; Defender/ScheduleScanDay; int; everyday=0,sunday=1,monday=2,tuesday=3,wednesday=4,thursday=5,friday=6,saturday=7,noScheduledScan=8
developerUnlockSetting; ApplicationManagement/AllowDeveloperUnlock; int; blocked=0,allowed=1
deviceManagementBlockManualUnenroll; Experience/AllowManualMDMUnenrollment; int; true=0
diagnosticsDataSubmissionMode; System/AllowTelemetry; int; none=0,basic=1,enhanced=2,full=3
edgeBlockAddressBarDropdown; Browser/AllowAddressBarDropdown; int; true=0
edgeBlockAutofill; Browser/AllowAutofill; int; true=0
edgeBlockDeveloperTools; Browser/AllowDeveloperTools; int; true=0
edgeBlockExtensions; Browser/AllowExtensions; int; true=0
edgeBlockInPrivateBrowsing; Browser/AllowInPrivate; int; true=0
edgeBlockPasswordManager; Browser/AllowPasswordManager; int; true=0
edgeBlockPopups; Browser/AllowPopups; int; true=1
edgeBlockSearchSuggestions; Browser/AllowSearchSuggestionsinAddressBar; int; true=0
edgeBlockSendingDoNotTrackHeader; Browser/AllowDoNotTrack; int; true=0
edgeClearBrowsingDataOnExit; Browser/ClearBrowsingDataOnExit; int; true=1
edgeCookiePolicy; Browser/AllowCookies; int; blockAll=0,blockThirdParty=1,allow=2
edgeRequireSmartScreen; Browser/AllowSmartScreen; int; true=1
experienceBlockDeviceDiscovery; Experience/AllowDeviceDiscovery; int; true=0
gameDvrBlocked; ApplicationManagement/AllowGameDVR; int; true=0
internetSharingBlocked; Wifi/AllowInternetSharing; int; true=0
locationServicesBlocked; System/AllowLocation; int; true=0
lockScreenBlockActionCenterNotifications; AboveLock/AllowActionCenterNotifications; int; true=0
lockScreenBlockCortana; AboveLock/AllowCortanaAboveLock; int; true=0
lockScreenBlockToastNotifications; AboveLock/AllowToasts; int; true=0
lockScreenTimeoutInSeconds; DeviceLock/ScreenTimeoutWhileLocked; int; *
microsoftAccountBlocked; Accounts/AllowMicrosoftAccountConnection; int; true=0
microsoftAccountBlockSettingsSync; Experience/AllowSyncMySettings; int; true=0
oneDriveDisableFileSync; System/DisableOneDriveFileSync; int; true=1
privacyAdvertisingId; Privacy/DisableAdvertisingId; int; blocked=1,allowed=0
privacyAutoAcceptPairingAndConsentPrompts; Privacy/AllowAutoAcceptPairingAndPrivacyConsentPrompts; int; true=1
privacyBlockInputPersonalization; Privacy/AllowInputPersonalization; int; true=0
screenCaptureBlocked; Experience/AllowScreenCapture; int; true=0
searchBlockDiacritics; Search/AllowUsingDiacritics; int; true=0
searchDisableAutoLanguageDetection; Search/AlwaysUseAutoLangDetection; int; true=0
searchDisableIndexingEncryptedItems; Search/AllowIndexingEncryptedStoresOrItems; int; true=0
settingsBlockAddProvisioningPackage; Security/AllowAddProvisioningPackage; int; true=0
settingsBlockChangeLanguage; Settings/AllowLanguage; int; true=0
settingsBlockChangePowerSleep; Settings/AllowPowerSleep; int; true=0
settingsBlockChangeRegion; Settings/AllowRegion; int; true=0
settingsBlockChangeSystemTime; Settings/AllowDateTime; int; true=0
settingsBlockRemoveProvisioningPackage; Security/AllowRemoveProvisioningPackage; int; true=0
sharedUserAppDataAllowed; ApplicationManagement/AllowSharedUserAppData; int; true=1
smartScreenBlockPromptOverride; Browser/PreventSmartScreenPromptOverride; int; true=1
smartScreenBlockPromptOverrideForFiles; Browser/PreventSmartScreenPromptOverrideForFiles; int; true=1
smartScreenEnableAppInstallControl; SmartScreen/EnableAppInstallControl; int; true=1
startMenuMode; Start/ForceStartSize; int; nonFullScreen=1,fullScreen=2
storageBlockRemovableStorage; System/AllowStorageCard; int; true=0
storageRequireMobileDeviceEncryption; Security/RequireDeviceEncryption; int; true=1
storageRestrictAppDataToSystemVolume; ApplicationManagement/RestrictAppDataToSystemVolume; int; true=1
storageRestrictAppInstallToSystemVolume; ApplicationManagement/RestrictAppToSystemVolume; int; true=1
usbBlocked; Connectivity/AllowUSBConnection; int; true=0
voiceRecordingBlocked; Experience/AllowVoiceRecording; int; true=0
wiFiBlockAutomaticConnectHotspots; Wifi/AllowAutoConnectToWiFiSenseHotspots; int; true=0
wiFiBlockManualConfiguration; Wifi/AllowManualWiFiConfiguration; int; true=0
wiFiBlocked; Wifi/AllowWiFi; int; true=0
windowsStoreBlockAutoUpdate; ApplicationManagement/AllowAppStoreAutoUpdate; int; true=0
windowsStoreBlocked; ApplicationManagement/AllowStore; int; true=0
windowsStoreEnablePrivateStoreOnly; ApplicationManagement/RequirePrivateStoreOnly; int; true=1
wirelessDisplayBlockProjectionToThisDevice; WirelessDisplay/AllowProjectionToPC; int; true=0
wirelessDisplayRequirePinForPairing; WirelessDisplay/RequirePinForPairing; int; true=1
= windows10GeneralConfiguration; ./User/Vendor/MSFT/Policy/Config; each
windowsSpotlightBlocked; Experience/AllowWindowsSpotlight; int; true=0
windowsSpotlightBlockOnActionCenter; Experience/AllowWindowsSpotlightOnActionCenter; int; true=0
windowsSpotlightBlockTailoredExperiences; Experience/AllowTailoredExperiencesWithDiagnosticData; int; true=0
windowsSpotlightBlockThirdPartyNotifications; Experience/AllowThirdPartySuggestionsInWindowsSpotlight; int; true=0
= windowsUpdateForBusinessConfiguration; ./Device/Vendor/MSFT/Policy/Config; each
automaticUpdateMode; Update/AllowAutoUpdate; int; notifyDownload=0,autoInstallAtMaintenanceTime=1,autoInstallAndRebootAtMaintenanceTime=2,autoInstallAndRebootAtScheduledTime=3,autoInstallAndRebootWithoutEndUserControl=4
businessReadyUpdatesOnly; Update/BranchReadinessLevel; int; windowsInsiderBuildFast=2,windowsInsiderBuildSlow=4,windowsInsiderBuildRelease=8,all=16,businessReadyOnly=32
deadlineForFeatureUpdatesInDays; Update/ConfigureDeadlineForFeatureUpdates; int; *
deadlineForQualityUpdatesInDays; Update/ConfigureDeadlineForQualityUpdates; int; *
deadlineGracePeriodInDays; Update/ConfigureDeadlineGracePeriod; int; *
deliveryOptimizationMode; DeliveryOptimization/DODownloadMode; int; httpOnly=0,httpWithPeeringNat=1,httpWithPeeringPrivateGroup=2,httpWithInternetPeering=3,simpleDownload=99,bypassMode=100
driversExcluded; Update/ExcludeWUDriversInQualityUpdate; int; true=1
engagedRestartDeadlineInDays; Update/EngagedRestartDeadline; int; *
engagedRestartSnoozeScheduleInDays; Update/EngagedRestartSnoozeSchedule; int; *
engagedRestartTransitionScheduleInDays; Update/EngagedRestartTransitionSchedule; int; *
featureUpdatesDeferralPeriodInDays; Update/DeferFeatureUpdatesPeriodInDays; int; *
featureUpdatesPaused; Update/PauseFeatureUpdates; int; true=1
featureUpdatesRollbackWindowInDays; Update/ConfigureFeatureUpdateUninstallPeriod; int; *
microsoftUpdateServiceAllowed; Update/AllowMUUpdateService; int; true=1
postponeRebootUntilAfterDeadline; Update/ConfigureDeadlineNoAutoReboot; int; true=1
qualityUpdatesDeferralPeriodInDays; Update/DeferQualityUpdatesPeriodInDays; int; *
qualityUpdatesPaused; Update/PauseQualityUpdates; int; true=1
scheduleImminentRestartWarningInMinutes; Update/ScheduleImminentRestartWarning; int; *
scheduleRestartWarningInHours; Update/ScheduleRestartWarning; int; *
skipChecksBeforeRestart; Update/SetEDURestart; int; true=1
updateNotificationLevel; Update/UpdateNotificationLevel; int; defaultNotifications=0,restartWarningsOnly=1,disableAllNotifications=2
userPauseAccess; Update/SetDisablePauseUXAccess; int; enabled=0,disabled=1
userWindowsUpdateScanAccess; Update/SetDisableUXWUAccess; int; enabled=0,disabled=1
= windows10EndpointProtectionConfiguration; ./Device/Vendor/MSFT; each
bitLockerDisableWarningForOtherDiskEncryption; BitLocker/AllowWarningForOtherDiskEncryption; int; true=0
bitLockerEnableStorageCardEncryptionOnMobile; BitLocker/RequireStorageCardEncryption; int; true=1
bitLockerEncryptDevice; BitLocker/RequireDeviceEncryption; int; true=1
smartScreenBlockOverrideForFiles; Policy/Config/SmartScreen/PreventOverrideForFilesInShell; int; true=1
smartScreenEnableInShell; Policy/Config/SmartScreen/EnableSmartScreenInShell; int; true=1
= windows10EndpointProtectionConfiguration; ./Device/Vendor/MSFT/Policy/Config/Defender; each
defenderAdobeReaderLaunchChildProcess; AttackSurfaceReductionRules; chr; enable=7674ba52-37eb-4a4f-a9a1-f0f9a1619a2c=1,auditMode=7674ba52-37eb-4a4f-a9a1-f0f9a1619a2c=2,warn=7674ba52-37eb-4a4f-a9a1-f0f9a1619a2c=6
defenderAdvancedRansomewareProtectionType; AttackSurfaceReductionRules; chr; enable=c1db55ab-c21a-4637-bb3f-a12568109d35=1,auditMode=c1db55ab-c21a-4637-bb3f-a12568109d35=2,warn=c1db55ab-c21a-4637-bb3f-a12568109d35=6
defenderBlockPersistenceThroughWmiType; AttackSurfaceReductionRules; chr; block=e6db77e5-3df2-4cf1-b95a-636979351e5b=1,auditMode=e6db77e5-3df2-4cf1-b95a-636979351e5b=2,warn=e6db77e5-3df2-4cf1-b95a-636979351e5b=6,disable=e6db77e5-3df2-4cf1-b95a-636979351e5b=0
defenderEmailContentExecutionType; AttackSurfaceReductionRules; chr; block=be9ba2d9-53ea-4cdc-84e5-9b1eeee46550=1,auditMode=be9ba2d9-53ea-4cdc-84e5-9b1eeee46550=2,warn=be9ba2d9-53ea-4cdc-84e5-9b1eeee46550=6,disable=be9ba2d9-53ea-4cdc-84e5-9b1eeee46550=0
defenderOfficeAppsExecutableContentCreationOrLaunchType; AttackSurfaceReductionRules; chr; block=3b576869-a4ec-4529-8536-b80a7769e899=1,auditMode=3b576869-a4ec-4529-8536-b80a7769e899=2,warn=3b576869-a4ec-4529-8536-b80a7769e899=6,disable=3b576869-a4ec-4529-8536-b80a7769e899=0
defenderOfficeAppsLaunchChildProcessType; AttackSurfaceReductionRules; chr; block=d4f940ab-401b-4efc-aadc-ad5f3c50688a=1,auditMode=d4f940ab-401b-4efc-aadc-ad5f3c50688a=2,warn=d4f940ab-401b-4efc-aadc-ad5f3c50688a=6,disable=d4f940ab-401b-4efc-aadc-ad5f3c50688a=0
defenderOfficeAppsOtherProcessInjectionType; AttackSurfaceReductionRules; chr; block=75668c1f-73b5-4cf0-bb93-3ecf5cb7cc84=1,auditMode=75668c1f-73b5-4cf0-bb93-3ecf5cb7cc84=2,warn=75668c1f-73b5-4cf0-bb93-3ecf5cb7cc84=6,disable=75668c1f-73b5-4cf0-bb93-3ecf5cb7cc84=0
defenderOfficeCommunicationAppsLaunchChildProcess; AttackSurfaceReductionRules; chr; enable=26190899-1602-49e8-8b27-eb1d0a1ce869=1,auditMode=26190899-1602-49e8-8b27-eb1d0a1ce869=2,warn=26190899-1602-49e8-8b27-eb1d0a1ce869=6
defenderOfficeMacroCodeAllowWin32ImportsType; AttackSurfaceReductionRules; chr; block=92e97fa1-2edf-4476-bdd6-9dd0b4dddc7b=1,auditMode=92e97fa1-2edf-4476-bdd6-9dd0b4dddc7b=2,warn=92e97fa1-2edf-4476-bdd6-9dd0b4dddc7b=6,disable=92e97fa1-2edf-4476-bdd6-9dd0b4dddc7b=0
defenderPreventCredentialStealingType; AttackSurfaceReductionRules; chr; enable=9e6c4e1f-7d60-472f-ba1a-a39ef669e4b2=1,auditMode=9e6c4e1f-7d60-472f-ba1a-a39ef669e4b2=2,warn=9e6c4e1f-7d60-472f-ba1a-a39ef669e4b2=6
defenderProcessCreationType; AttackSurfaceReductionRules; chr; block=d1e49aac-8f56-4280-b9ba-993a6d77406c=1,auditMode=d1e49aac-8f56-4280-b9ba-993a6d77406c=2,warn=d1e49aac-8f56-4280-b9ba-993a6d77406c=6,disable=d1e49aac-8f56-4280-b9ba-993a6d77406c=0
defenderScriptDownloadedPayloadExecutionType; AttackSurfaceReductionRules; chr; block=d3e037e1-3eb8-44c8-a917-57927947596d=1,auditMode=d3e037e1-3eb8-44c8-a917-57927947596d=2,warn=d3e037e1-3eb8-44c8-a917-57927947596d=6,disable=d3e037e1-3eb8-44c8-a917-57927947596d=0
defenderScriptObfuscatedMacroCodeType; AttackSurfaceReductionRules; chr; block=5beb7efe-fd9a-4556-801d-275e5ffc04cc=1,auditMode=5beb7efe-fd9a-4556-801d-275e5ffc04cc=2,warn=5beb7efe-fd9a-4556-801d-275e5ffc04cc=6,disable=5beb7efe-fd9a-4556-801d-275e5ffc04cc=0
defenderUntrustedExecutableType; AttackSurfaceReductionRules; chr; block=01443614-cd74-433a-b99e-2ecdc07bfc25=1,auditMode=01443614-cd74-433a-b99e-2ecdc07bfc25=2,warn=01443614-cd74-433a-b99e-2ecdc07bfc25=6,disable=01443614-cd74-433a-b99e-2ecdc07bfc25=0
defenderUntrustedUSBProcessType; AttackSurfaceReductionRules; chr; block=b2b3f03d-6a65-4f7b-a9c7-1c7ef74a9ba4=1,auditMode=b2b3f03d-6a65-4f7b-a9c7-1c7ef74a9ba4=2,warn=b2b3f03d-6a65-4f7b-a9c7-1c7ef74a9ba4=6,disable=b2b3f03d-6a65-4f7b-a9c7-1c7ef74a9ba4=0
defenderAttackSurfaceReductionExcludedPaths; AttackSurfaceReductionOnlyExclusions; chr; join |
defenderFileExtensionsToExclude; ExcludedExtensions; chr; join |
defenderFilesAndFoldersToExclude; ExcludedPaths; chr; join |
defenderProcessesToExclude; ExcludedProcesses; chr; join |
defenderNetworkProtectionType; EnableNetworkProtection; int; enable=1,auditMode=2
= windows10EndpointProtectionConfiguration; ./Device/Vendor/MSFT/Firewall/MdmStore; each
firewallBlockStatefulFTP; Global/DisableStatefulFtp; bool; true=true
firewallIdleTimeoutForSecurityAssociationInSeconds; Global/SaIdleTime; int; *
firewallProfileDomain.firewallEnabled; DomainProfile/EnableFirewall; bool; allowed=true,blocked=false
firewallProfilePrivate.firewallEnabled; PrivateProfile/EnableFirewall; bool; allowed=true,blocked=false
firewallProfilePublic.firewallEnabled; PublicProfile/EnableFirewall; bool; allowed=true,blocked=false
"""  # noqa: E501 - one row a line
