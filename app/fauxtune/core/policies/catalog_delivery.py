"""How policies of the settings catalog reach devices: addresses and values of settings, and the nodes of Windows for
them.

What is refused in these settings is decided in `catalog_validation`.

Graph (beta): deviceManagementConfigurationSettingDefinition: baseUri and offsetUri. Microsoft: "Policy CSP"; Apple:
"Device Management". A setting whose definition is not known here is derived from its id, where that is
possible (`core.engine.planning.catalog_ids`).

Nodes of Windows are those by which policies set what the tables of profiles have no property for. Microsoft: "Policy
CSP", "Firewall CSP", "Defender CSP". A line is an inner node and the settings below it; those of
`POLICIES` are areas below Policy/Config. Here are settings that are one number, one text or true and false; those that
an administrative template backs are XML on the wire, and are not here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from fauxtune.core.model.settings import WantedSetting, Wishes, gathered, normal
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.catalog import Definition, definitions
from fauxtune.core.policies.configuration_policies import SETTINGS, instances, values

#: The kinds of definitions that have a value.
_WITH_VALUE = frozenset({"choice", "integer", "string", "strings"})
_GROUPS = frozenset({"groupSettingValue", "groupSettingCollectionValue"})
_PLATFORMS = frozenset({"windows10", "iOS", "macOS"})
#: Definitions that only say which others count.
_NO_NODE = frozenset({"device_vendor_msft_windowsadvancedthreatprotection_configurationtype"})
#: Microsoft: "Attack surface reduction rules reference": rules by the ends of their definitions, and their modes.
_RULES = {
    "blockabuseofexploitedvulnerablesigneddrivers": "56a863a9-875e-4185-98a7-b882c64b5ce5",
    "blockadobereaderfromcreatingchildprocesses": "7674ba52-37eb-4a4f-a9a1-f0f9a1619a2c",
    "blockallofficeapplicationsfromcreatingchildprocesses": "d4f940ab-401b-4efc-aadc-ad5f3c50688a",
    "blockcredentialstealingfromwindowslocalsecurityauthoritysubsystem": "9e6c4e1f-7d60-472f-ba1a-a39ef669e4b2",
    "blockexecutablecontentfromemailclientandwebmail": "be9ba2d9-53ea-4cdc-84e5-9b1eeee46550",
    "blockexecutablefilesrunningunlesstheymeetprevalenceagetrustedlistcriterion": (
        "01443614-cd74-433a-b99e-2ecdc07bfc25"
    ),
    "blockexecutionofpotentiallyobfuscatedscripts": "5beb7efe-fd9a-4556-801d-275e5ffc04cc",
    "blockjavascriptorvbscriptfromlaunchingdownloadedexecutablecontent": "d3e037e1-3eb8-44c8-a917-57927947596d",
    "blockofficeapplicationsfromcreatingexecutablecontent": "3b576869-a4ec-4529-8536-b80a7769e899",
    "blockofficeapplicationsfrominjectingcodeintootherprocesses": "75668c1f-73b5-4cf0-bb93-3ecf5cb7cc84",
    "blockofficecommunicationappfromcreatingchildprocesses": "26190899-1602-49e8-8b27-eb1d0a1ce869",
    "blockpersistencethroughwmieventsubscription": "e6db77e5-3df2-4cf1-b95a-636979351e5b",
    "blockprocesscreationsfrompsexecandwmicommands": "d1e49aac-8f56-4280-b9ba-993a6d77406c",
    "blockrebootingmachineinsafemode": "33ddedf1-c6e0-47cb-833e-de6133960387",
    "blockuntrustedunsignedprocessesthatrunfromusb": "b2b3f03d-6a65-4f7b-a9c7-1c7ef74a9ba4",
    "blockuseofcopiedorimpersonatedsystemtools": "c0033c00-d16d-4114-a5a0-dc9b3a7d2ceb",
    "blockwebshellcreationforservers": "a8f5898e-1dc8-49a9-9878-85004b8aa1e6",
    "blockwin32apicallsfromofficemacros": "92e97fa1-2edf-4476-bdd6-9dd0b4dddc7b",
    "useadvancedprotectionagainstransomware": "c1db55ab-c21a-4637-bb3f-a12568109d35",
}
_MODES = {"off": "0", "block": "1", "audit": "2", "warn": "6"}
_RULE = "device_vendor_msft_policy_config_defender_attacksurfacereductionrules"
_RULES_NODE = "./Device/Vendor/MSFT/Policy/Config/Defender/AttackSurfaceReductionRules"
#: The end of an address that stands for the same node under another condition.
_SAME_NODE = "_AAD"


def is_deliverable(definition: Definition) -> bool:
    """Whether a setting of this definition has a word on the wire."""
    own = definition.category
    return (
        definition.kind in _WITH_VALUE
        and own.usage == "configuration"
        and not _PLATFORMS.isdisjoint(own.platforms.split(","))
        and definition.id not in _NO_NODE
    )


def address_of(definition: Definition) -> str:
    """Return the address of a setting on the wire."""
    if definition.id.startswith(_RULE):
        return _RULES_NODE
    return normal(f"{definition.base_uri}{definition.offset_uri}".removesuffix(_SAME_NODE), bare=True)


#: From the id of a definition that is not in the catalog, and an instance of it, to the setting that a policy for some
#: platforms asks for; None: nothing says what it is on the wire.
Derive = Callable[[str, JsonObject, str], WantedSetting | None]


def wishes_in(document: JsonObject, *, derive: Derive) -> Wishes:
    """Return what a policy asks for."""
    settings, without = list[WantedSetting](), list[str]()
    for instance in _instances(document):
        setting_id = str(instance["settingDefinitionId"])
        definition = definitions().get(setting_id)
        if setting_id.removeprefix(f"{_RULE}_") in _RULES:
            settings += _rule(setting_id, instance)
        elif definition is None:
            wanted = derive(setting_id, instance, str(document.get("platforms")))
            settings += [] if wanted is None else [wanted]
            # A group has no value of its own.
            without += [setting_id] if wanted is None and _GROUPS.isdisjoint(instance) else []
        elif definition.kind == "secret" or definition.id in _NO_NODE:
            without.append(setting_id)
        elif is_deliverable(definition):
            value = _value(definition, instance)
            if value is not None:
                settings.append(_setting(definition, value))
    return gathered(settings, without=dict.fromkeys(without))


def _instances(document: JsonObject) -> Iterator[JsonObject]:
    for setting in document.get(SETTINGS.name) or ():
        yield from instances(setting["settingInstance"])


def _setting(definition: Definition, value: Any) -> WantedSetting:
    address = address_of(definition)
    unit = address if address.startswith(".") else definition.base_uri
    return WantedSetting(definition.id, address, unit, _form(definition, value), value)


def _form(definition: Definition, value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int"
    return "chr" if address_of(definition).startswith(".") else "str"


def _value(definition: Definition, instance: JsonObject) -> Any:
    contents = [value.get("value") for value in values(instance)]
    if definition.kind == "strings":
        return "|".join(str(each) for each in contents) or None
    if not contents or contents[0] is None:
        return None
    content = contents[0]
    return _option(definition, str(content)) if definition.kind == "choice" else content


def _option(definition: Definition, chosen: str) -> Any:
    """The value of an option: Windows has it in the option's id, and so has Apple of switches."""
    text = chosen.removeprefix(f"{definition.id}_")
    if text in ("true", "false"):
        return text == "true"
    if not definition.base_uri.startswith("."):
        return definition.options.get(text)
    return int(text) if text.lstrip("-").isdecimal() else text


def _rule(setting_id: str, instance: JsonObject) -> list[WantedSetting]:
    """A rule that makes attacks harder: a member of the one node of all of them, a pair of rule and mode."""
    chosen = next((str(value.get("value")) for value in values(instance)), "")
    mode = _MODES.get(chosen.removeprefix(f"{setting_id}_"))
    pair = f"{_RULES[setting_id.removeprefix(f'{_RULE}_')]}={mode}"
    return [] if mode is None else [WantedSetting(setting_id, _RULES_NODE, _RULES_NODE, "chr", pair)]


POLICIES = """
AboveLock AllowActionCenterNotifications AllowCortanaAboveLock AllowToasts
Accounts AllowAddingNonMicrosoftAccountsManually AllowMicrosoftAccountConnection AllowMicrosoftAccountSignInAssistant RestrictToEnterpriseDeviceAuthenticationOnly
ApplicationManagement AllowAllTrustedApps AllowAppStoreAutoUpdate AllowDeveloperUnlock AllowGameDVR AllowSharedUserAppData BlockNonAdminUserInstall \
DisableStoreOriginatedApps MSIAllowUserControlOverInstall MSIAlwaysInstallWithElevatedPrivileges RequirePrivateStoreOnly RestrictAppDataToSystemVolume RestrictAppToSystemVolume
Audit AccountLogonLogoff_AuditAccountLockout AccountLogonLogoff_AuditGroupMembership AccountLogonLogoff_AuditLogoff AccountLogonLogoff_AuditLogon \
AccountLogonLogoff_AuditOtherLogonLogoffEvents AccountLogonLogoff_AuditSpecialLogon AccountLogon_AuditCredentialValidation \
AccountManagement_AuditApplicationGroupManagement AccountManagement_AuditComputerAccountManagement \
AccountManagement_AuditOtherAccountManagementEvents AccountManagement_AuditSecurityGroupManagement AccountManagement_AuditUserAccountManagement \
DetailedTracking_AuditPNPActivity DetailedTracking_AuditProcessCreation ObjectAccess_AuditDetailedFileShare ObjectAccess_AuditFileShare \
ObjectAccess_AuditOtherObjectAccessEvents ObjectAccess_AuditRemovableStorage PolicyChange_AuditAuthenticationPolicyChange \
PolicyChange_AuditAuthorizationPolicyChange PolicyChange_AuditMPSSVCRuleLevelPolicyChange PolicyChange_AuditOtherPolicyChangeEvents \
PolicyChange_AuditPolicyChange PrivilegeUse_AuditSensitivePrivilegeUse System_AuditIPsecDriver System_AuditOtherSystemEvents \
System_AuditSecurityStateChange System_AuditSecuritySystemExtension System_AuditSystemIntegrity
Authentication AllowAadPasswordReset AllowFastReconnect AllowSecondaryAuthenticationDevice EnableFastFirstSignIn EnableWebSignIn
Bluetooth AllowAdvertising AllowDiscoverableMode AllowPrepairing AllowPromptedProximalConnections SetMinimumEncryptionKeySize
Camera AllowCamera
Connectivity AllowBluetooth AllowCellularDataRoaming AllowConnectedDevices AllowPhonePCLinking AllowUSBConnection AllowVPNOverCellular AllowVPNRoamingOverCellular
Cryptography AllowFipsAlgorithmPolicy
DataProtection AllowDirectMemoryAccess
Defender AllowIntrusionPreventionSystem ControlledFolderAccessAllowedApplications ControlledFolderAccessProtectedFolders EnableControlledFolderAccess
DeliveryOptimization DOAbsoluteMaxCacheSize DOAllowVPNPeerCaching DOCacheHost DODelayBackgroundDownloadFromHttp DODelayForegroundDownloadFromHttp \
DODownloadMode DOGroupId DOGroupIdSource DOMaxBackgroundDownloadBandwidth DOMaxCacheAge DOMaxCacheSize DOMaxForegroundDownloadBandwidth \
DOMinBackgroundQos DOMinBatteryPercentageAllowedToUpload DOMinDiskSizeAllowedToPeer DOMinFileSizeToCache DOMinRAMAllowedToPeer DOMonthlyUploadDataCap \
DOPercentageMaxBackgroundBandwidth DOPercentageMaxForegroundBandwidth DORestrictPeerSelectionBy
DeviceGuard ConfigureSystemGuardLaunch EnableVirtualizationBasedSecurity LsaCfgFlags RequirePlatformSecurityFeatures
DeviceHealthMonitoring AllowDeviceHealthMonitoring
DeviceLock MinimumPasswordAge
DmaGuard DeviceEnumerationPolicy
Experience AllowClipboardHistory AllowCopyPaste AllowCortana AllowDeviceDiscovery AllowFindMyDevice AllowManualMDMUnenrollment AllowScreenCapture \
AllowSyncMySettings AllowVoiceRecording AllowWindowsConsumerFeatures AllowWindowsTips ConfigureChatIcon DisableCloudOptimizedContent DisableConsumerAccountStateContent DoNotShowFeedbackNotifications
Games AllowAdvancedGamingServices
HumanPresence ForceInstantLock ForceInstantWake
LanmanWorkstation EnableInsecureGuestLogons
Licensing AllowWindowsEntitlementReactivation DisallowKMSClientOnlineAVSValidation
LocalPoliciesSecurityOptions Accounts_BlockMicrosoftAccounts Accounts_EnableAdministratorAccountStatus Accounts_EnableGuestAccountStatus \
Accounts_LimitLocalAccountUseOfBlankPasswordsToConsoleLogonOnly Accounts_RenameAdministratorAccount Accounts_RenameGuestAccount \
InteractiveLogon_DoNotDisplayLastSignedIn InteractiveLogon_DoNotRequireCTRLALTDEL InteractiveLogon_MachineInactivityLimit \
InteractiveLogon_MessageTextForUsersAttemptingToLogOn InteractiveLogon_MessageTitleForUsersAttemptingToLogOn \
InteractiveLogon_SmartCardRemovalBehavior MicrosoftNetworkClient_DigitallySignCommunicationsAlways \
MicrosoftNetworkClient_SendUnencryptedPasswordToThirdPartySMBServers MicrosoftNetworkServer_DigitallySignCommunicationsAlways \
NetworkAccess_DoNotAllowAnonymousEnumerationOfSAMAccounts NetworkAccess_RestrictAnonymousAccessToNamedPipesAndShares \
NetworkAccess_RestrictClientsAllowedToMakeRemoteCallsToSAM NetworkSecurity_AllowPKU2UAuthenticationRequests \
NetworkSecurity_DoNotStoreLANManagerHashValueOnNextPasswordChange NetworkSecurity_LANManagerAuthenticationLevel \
NetworkSecurity_MinimumSessionSecurityForNTLMSSPBasedClients NetworkSecurity_MinimumSessionSecurityForNTLMSSPBasedServers \
UserAccountControl_AllowUIAccessApplicationsToPromptForElevation UserAccountControl_BehaviorOfTheElevationPromptForAdministrators \
UserAccountControl_BehaviorOfTheElevationPromptForStandardUsers UserAccountControl_DetectApplicationInstallationsAndPromptForElevation \
UserAccountControl_OnlyElevateUIAccessApplicationsThatAreInstalledInSecureLocations UserAccountControl_RunAllAdministratorsInAdminApprovalMode \
UserAccountControl_SwitchToTheSecureDesktopWhenPromptingForElevation UserAccountControl_UseAdminApprovalMode UserAccountControl_VirtualizeFileAndRegistryWriteFailuresToPerUserLocations
Messaging AllowMessageSync
NewsAndInterests AllowNewsAndInterests
Power EnergySaverBatteryThresholdOnBattery EnergySaverBatteryThresholdPluggedIn SelectLidCloseActionOnBattery SelectLidCloseActionPluggedIn \
SelectPowerButtonActionOnBattery SelectPowerButtonActionPluggedIn SelectSleepButtonActionOnBattery SelectSleepButtonActionPluggedIn TurnOffHybridSleepOnBattery TurnOffHybridSleepPluggedIn
Privacy AllowAutoAcceptPairingAndPrivacyConsentPrompts AllowCrossDeviceClipboard AllowInputPersonalization DisableAdvertisingId \
DisablePrivacyExperience EnableActivityFeed LetAppsAccessAccountInfo LetAppsAccessCalendar LetAppsAccessCallHistory LetAppsAccessCamera \
LetAppsAccessContacts LetAppsAccessEmail LetAppsAccessLocation LetAppsAccessMessaging LetAppsAccessMicrophone LetAppsAccessMotion \
LetAppsAccessNotifications LetAppsAccessPhone LetAppsAccessRadios LetAppsAccessTasks LetAppsAccessTrustedDevices LetAppsActivateWithVoice \
LetAppsActivateWithVoiceAboveLock LetAppsGetDiagnosticInfo LetAppsRunInBackground LetAppsSyncWithDevices PublishUserActivities UploadUserActivities
Search AllowCloudSearch AllowCortanaInAAD AllowFindMyFiles AllowIndexingEncryptedStoresOrItems AllowSearchToUseLocation AllowUsingDiacritics \
AlwaysUseAutoLangDetection DisableBackoff DisableRemovableDriveIndexing DoNotUseWebResults PreventRemoteQueries
Security AllowAddProvisioningPackage AllowRemoveProvisioningPackage ClearTPMIfNotReady PreventAutomaticDeviceEncryptionForAzureADJoinedDevices \
RecoveryEnvironmentAuthentication RequireDeviceEncryption RequireProvisioningPackageSignature RequireRetrieveHealthCertificateOnBoot
Settings AllowAutoPlay AllowDataSense AllowDateTime AllowEditDeviceName AllowLanguage AllowOnlineTips AllowPowerSleep AllowRegion AllowSignInOptions \
AllowVPN AllowWorkplace AllowYourAccount PageVisibilityList
SmartScreen EnableAppInstallControl EnableSmartScreenInShell PreventOverrideForFilesInShell
Speech AllowSpeechModelUpdate
Start ConfigureStartPins DisableContextMenus ForceStartSize HideAppList HideChangeAccountSettings HideFrequentlyUsedApps HideHibernate HideLock \
HidePowerButton HideRecentJumplists HideRecentlyAddedApps HideRestart HideShutDown HideSignOut HideSleep HideSwitchAccount HideUserTile NoPinningToTaskbar ShowOrHideMostUsedApps StartLayout
Storage AllowDiskHealthModelUpdates AllowStorageSenseGlobal AllowStorageSenseTemporaryFilesCleanup ConfigStorageSenseCloudContentDehydrationThreshold \
ConfigStorageSenseDownloadsCleanupThreshold ConfigStorageSenseGlobalCadence ConfigStorageSenseRecycleBinCleanupThreshold RemovableDiskDenyWriteAccess
System AllowBuildPreview AllowCommercialDataPipeline AllowDeviceNameInDiagnosticData AllowExperimentation AllowFontProviders AllowLocation \
AllowStorageCard AllowTelemetry ConfigureTelemetryOptInChangeNotification ConfigureTelemetryOptInSettingsUx DisableDeviceDelete \
DisableDiagnosticDataViewer DisableOneDriveFileSync LimitDiagnosticLogCollection LimitDumpCollection
SystemServices ConfigureXboxAccessoryManagementServiceStartupMode ConfigureXboxLiveAuthManagerServiceStartupMode \
ConfigureXboxLiveGameSaveServiceStartupMode ConfigureXboxLiveNetworkingServiceStartupMode
TaskManager AllowEndTask
TaskScheduler EnableXboxGameSaveTask
TextInput AllowLanguageFeaturesUninstall AllowLinguisticDataCollection
TimeLanguageSettings ConfigureTimeZone
Update ActiveHoursMaxRange AllowNonMicrosoftSignedUpdate AllowUpdateService AutoRestartRequiredNotificationDismissal AutomaticMaintenanceWakeUp \
ConfigureDeadlineNoAutoRebootForFeatureUpdates ConfigureDeadlineNoAutoRebootForQualityUpdates DisableDualScan DisableWUfBSafeguards \
ManagePreviewBuilds NoUpdateNotificationsDuringActiveHours ProductVersion ScheduledInstallDay ScheduledInstallEveryWeek ScheduledInstallTime \
SetDisablePauseUXAccess SetDisableUXWUAccess TargetReleaseVersion UpdateNotificationLevel
VirtualizationBasedTechnology HypervisorEnforcedCodeIntegrity RequireUEFIMemoryAttributesTable
WebThreatDefense NotifyMalicious NotifyPasswordReuse NotifyUnsafeApp ServiceEnabled
Wifi AllowAutoConnectToWiFiSenseHotspots AllowInternetSharing AllowManualWiFiConfiguration AllowWiFi AllowWiFiDirect
WindowsAI DisableAIDataAnalysis
WindowsDefenderSecurityCenter CompanyName DisableAccountProtectionUI DisableAppBrowserUI DisableClearTpmButton DisableDeviceSecurityUI \
DisableEnhancedNotifications DisableFamilyUI DisableHealthUI DisableNetworkUI DisableNotifications DisableTpmFirmwareUpdateWarning DisableVirusUI \
DisallowExploitProtectionOverride Email EnableCustomizedToasts EnableInAppCustomization HideRansomwareDataRecovery HideSecureBoot \
HideTPMTroubleshooting HideWindowsSecurityNotificationAreaControl Phone URL
WindowsInkWorkspace AllowSuggestedAppsInWindowsInkWorkspace AllowWindowsInkWorkspace
WindowsLogon EnableFirstLogonAnimation HideFastUserSwitching
WindowsSandbox AllowAudioInput AllowClipboardRedirection AllowNetworking AllowPrinterRedirection AllowVGPU AllowVideoInput
WirelessDisplay AllowMdnsAdvertisement AllowMdnsDiscovery AllowProjectionFromPC AllowProjectionFromPCOverInfrastructure AllowProjectionToPC \
AllowProjectionToPCOverInfrastructure AllowUserInputFromWirelessDisplayReceiver RequirePinForPairing
"""  # noqa: E501 - one area a line

OF_USERS = """
Experience AllowTailoredExperiencesWithDiagnosticData AllowThirdPartySuggestionsInWindowsSpotlight AllowWindowsSpotlight \
AllowWindowsSpotlightOnActionCenter AllowWindowsSpotlightOnSettings AllowWindowsSpotlightWindowsWelcomeExperience ConfigureWindowsSpotlightOnLockScreen
Notifications DisallowNotificationMirroring DisallowTileNotification
Settings PageVisibilityList
WindowsAI DisableAIDataAnalysis TurnOffWindowsCopilot
"""  # noqa: E501 - one area a line

OTHERS = """
Defender/Configuration DisableLocalAdminMerge EnableFileHashComputation EngineUpdatesChannel HideExclusionsFromLocalAdmins MeteredConnectionUpdates \
PlatformUpdatesChannel SecurityIntelligenceUpdatesChannel
Firewall/MdmStore/DomainProfile AllowLocalIpsecPolicyMerge AllowLocalPolicyMerge AuthAppsAllowUserPrefMerge DefaultInboundAction \
DefaultOutboundAction DisableInboundNotifications DisableStealthMode DisableStealthModeIpsecSecuredPacketExemption \
DisableUnicastResponsesToMulticastBroadcast EnableFirewall EnableLogDroppedPackets EnableLogIgnoredRules EnableLogSuccessConnections GlobalPortsAllowUserPrefMerge LogFilePath LogMaxFileSize Shielded
Firewall/MdmStore/PrivateProfile AllowLocalIpsecPolicyMerge AllowLocalPolicyMerge AuthAppsAllowUserPrefMerge DefaultInboundAction \
DefaultOutboundAction DisableInboundNotifications DisableStealthMode DisableStealthModeIpsecSecuredPacketExemption \
DisableUnicastResponsesToMulticastBroadcast EnableFirewall EnableLogDroppedPackets EnableLogIgnoredRules EnableLogSuccessConnections GlobalPortsAllowUserPrefMerge LogFilePath LogMaxFileSize Shielded
Firewall/MdmStore/PublicProfile AllowLocalIpsecPolicyMerge AllowLocalPolicyMerge AuthAppsAllowUserPrefMerge DefaultInboundAction \
DefaultOutboundAction DisableInboundNotifications DisableStealthMode DisableStealthModeIpsecSecuredPacketExemption \
DisableUnicastResponsesToMulticastBroadcast EnableFirewall EnableLogDroppedPackets EnableLogIgnoredRules EnableLogSuccessConnections GlobalPortsAllowUserPrefMerge LogFilePath LogMaxFileSize Shielded
"""  # noqa: E501 - one node a line
