"""Properties of restriction profiles for Android, and the keys of its policy that they become.

Android Management API: enterprises.policies (Policy, PasswordRequirements, CrossProfilePolicies, KioskCustomization,
PersonalUsagePolicies, SystemUpdate, AdvancedSecurityOverrides). Graph: androidDeviceOwnerGeneralDeviceConfiguration,
androidWorkProfileGeneralDeviceConfiguration, androidGeneralDeviceConfiguration. Unverified: that Intune gives
company-owned devices these keys: its documents name effects only. Of texts for people only the default is sent.
Differs from Intune: device administrators are managed by calls of Android's own interface, which have no policy; here
they are given the keys of a policy too. The form of the table is in `reading`.

#: data
"""

from __future__ import annotations

TABLE = """
= androidDeviceOwnerGeneralDeviceConfiguration; passwordPolicies/SCOPE_DEVICE; each
passwordMinimumLength; passwordMinimumLength; int; *
passwordMinimumLetterCharacters; passwordMinimumLetters; int; *
passwordMinimumLowerCaseCharacters; passwordMinimumLowerCase; int; *
passwordMinimumNonLetterCharacters; passwordMinimumNonLetter; int; *
passwordMinimumNumericCharacters; passwordMinimumNumeric; int; *
passwordMinimumSymbolCharacters; passwordMinimumSymbols; int; *
passwordMinimumUpperCaseCharacters; passwordMinimumUpperCase; int; *
passwordRequiredType; passwordQuality; enum; required=SOMETHING,lowSecurityBiometric=BIOMETRIC_WEAK,numeric=NUMERIC,numericComplex=NUMERIC_COMPLEX,alphabetic=ALPHABETIC,alphanumeric=ALPHANUMERIC,alphanumericWithSymbols=COMPLEX
passwordExpirationDays; passwordExpirationTimeout; duration; days
passwordPreviousPasswordCountToBlock; passwordHistoryLength; int; *
passwordSignInFailureCountBeforeFactoryReset; maximumFailedPasswordsForWipe; int; *
passwordRequireUnlock; requirePasswordUnlock; enum; daily=REQUIRE_EVERY_DAY
= androidDeviceOwnerGeneralDeviceConfiguration; passwordPolicies/SCOPE_PROFILE; each
workProfilePasswordMinimumLength; passwordMinimumLength; int; *
workProfilePasswordMinimumLetterCharacters; passwordMinimumLetters; int; *
workProfilePasswordMinimumLowerCaseCharacters; passwordMinimumLowerCase; int; *
workProfilePasswordMinimumNonLetterCharacters; passwordMinimumNonLetter; int; *
workProfilePasswordMinimumNumericCharacters; passwordMinimumNumeric; int; *
workProfilePasswordMinimumSymbolCharacters; passwordMinimumSymbols; int; *
workProfilePasswordMinimumUpperCaseCharacters; passwordMinimumUpperCase; int; *
workProfilePasswordRequiredType; passwordQuality; enum; required=SOMETHING,lowSecurityBiometric=BIOMETRIC_WEAK,numeric=NUMERIC,numericComplex=NUMERIC_COMPLEX,alphabetic=ALPHABETIC,alphanumeric=ALPHANUMERIC,alphanumericWithSymbols=COMPLEX
workProfilePasswordExpirationDays; passwordExpirationTimeout; duration; days
workProfilePasswordPreviousPasswordCountToBlock; passwordHistoryLength; int; *
workProfilePasswordSignInFailureCountBeforeFactoryReset; maximumFailedPasswordsForWipe; int; *
workProfilePasswordRequireUnlock; requirePasswordUnlock; enum; daily=REQUIRE_EVERY_DAY
= androidDeviceOwnerGeneralDeviceConfiguration; ; each
accountsBlockModification; modifyAccountsDisabled; bool; true=true
appsAllowInstallFromUnknownSources; advancedSecurityOverrides/untrustedAppsPolicy; enum; true=ALLOW_INSTALL_DEVICE_WIDE
appsAutoUpdatePolicy; appAutoUpdatePolicy; enum; userChoice=CHOICE_TO_THE_USER,never=NEVER,wiFiOnly=WIFI_ONLY,always=ALWAYS
appsDefaultPermissionPolicy; defaultPermissionPolicy; enum; prompt=PROMPT,autoGrant=GRANT,autoDeny=DENY
appsRecommendSkippingFirstUseHints; skipFirstUseHintsEnabled; bool; true=true
bluetoothBlockConfiguration; bluetoothConfigDisabled; bool; true=true
bluetoothBlockContactSharing; bluetoothContactSharingDisabled; bool; true=true
cameraBlocked; cameraDisabled; bool; true=true
cellularBlockWiFiTethering; tetheringConfigDisabled; bool; true=true
certificateCredentialConfigurationDisabled; credentialsConfigDisabled; bool; true=true
crossProfilePoliciesAllowCopyPaste; crossProfilePolicies/crossProfileCopyPaste; enum; true=CROSS_PROFILE_COPY_PASTE_ALLOWED
crossProfilePoliciesAllowDataSharing; crossProfilePolicies/crossProfileDataSharing; enum; crossProfileDataSharingBlocked=CROSS_PROFILE_DATA_SHARING_DISALLOWED,dataSharingFromWorkToPersonalBlocked=DATA_SHARING_FROM_WORK_TO_PERSONAL_DISALLOWED,crossProfileDataSharingAllowed=CROSS_PROFILE_DATA_SHARING_ALLOWED
crossProfilePoliciesShowWorkContactsInPersonalProfile; crossProfilePolicies/showWorkContactsInPersonalProfile; enum; true=SHOW_WORK_CONTACTS_IN_PERSONAL_PROFILE_ALLOWED
dataRoamingBlocked; dataRoamingDisabled; bool; true=true
detailedHelpText.defaultMessage; longSupportMessage/defaultMessage; str; *
deviceLocationMode; locationMode; enum; disabled=LOCATION_DISABLED
deviceOwnerLockScreenMessage.defaultMessage; deviceOwnerLockScreenInfo/defaultMessage; str; *
factoryResetBlocked; factoryResetDisabled; bool; true=true
factoryResetDeviceAdministratorEmails; frpAdminEmails; array; *
googleAccountsBlocked; accountTypesWithManagementDisabled; array; true=com.google
kioskCustomizationDeviceSettingsBlocked; kioskCustomization/deviceSettings; enum; true=SETTINGS_ACCESS_BLOCKED
kioskCustomizationPowerButtonActionsBlocked; kioskCustomization/powerButtonActions; enum; true=POWER_BUTTON_BLOCKED
kioskCustomizationStatusBar; kioskCustomization/statusBar; enum; notificationsAndSystemInfoEnabled=NOTIFICATIONS_AND_SYSTEM_INFO_ENABLED,systemInfoOnly=SYSTEM_INFO_ONLY
kioskCustomizationSystemErrorWarnings; kioskCustomization/systemErrorWarnings; enum; true=ERROR_AND_WARNINGS_ENABLED
kioskCustomizationSystemNavigation; kioskCustomization/systemNavigation; enum; navigationEnabled=NAVIGATION_ENABLED,homeButtonOnly=HOME_BUTTON_ONLY
microphoneForceMute; unmuteMicrophoneDisabled; bool; true=true
networkEscapeHatchAllowed; networkEscapeHatchEnabled; bool; true=true
nfcBlockOutgoingBeam; outgoingBeamDisabled; bool; true=true
passwordBlockKeyguard; keyguardDisabled; bool; true=true
passwordBlockKeyguardFeatures; keyguardDisabledFeatures; array; camera=CAMERA,notifications=NOTIFICATIONS,unredactedNotifications=UNREDACTED_NOTIFICATIONS,trustAgents=TRUST_AGENTS,fingerprint=DISABLE_FINGERPRINT,remoteInput=DISABLE_REMOTE_INPUT,allFeatures=ALL_FEATURES,face=FACE,iris=IRIS,biometrics=BIOMETRICS
passwordMinutesOfInactivityBeforeScreenTimeout; maximumTimeToLock; int64; milliseconds
personalProfileCameraBlocked; personalUsagePolicies/cameraDisabled; bool; true=true
personalProfilePlayStoreMode; personalUsagePolicies/personalPlayStoreMode; enum; blockedApps=BLOCKLIST,allowedApps=ALLOWLIST
personalProfileScreenCaptureBlocked; personalUsagePolicies/screenCaptureDisabled; bool; true=true
playStoreMode; playStoreMode; enum; allowList=WHITELIST,blockList=BLACKLIST
screenCaptureBlocked; screenCaptureDisabled; bool; true=true
securityCommonCriteriaModeEnabled; advancedSecurityOverrides/commonCriteriaMode; enum; true=COMMON_CRITERIA_MODE_ENABLED
securityDeveloperSettingsEnabled; advancedSecurityOverrides/developerSettings; enum; true=DEVELOPER_SETTINGS_ALLOWED
securityRequireVerifyApps; advancedSecurityOverrides/googlePlayProtectVerifyApps; enum; true=VERIFY_APPS_ENFORCED
shareDeviceLocationDisabled; shareLocationDisabled; bool; true=true
shortHelpText.defaultMessage; shortSupportMessage/defaultMessage; str; *
statusBarBlocked; statusBarDisabled; bool; true=true
stayOnModes; stayOnPluggedModes; array; ac=AC,usb=USB,wireless=WIRELESS
storageAllowUsb; usbMassStorageEnabled; bool; true=true
storageBlockExternalMedia; mountPhysicalMediaDisabled; bool; true=true
storageBlockUsbFileTransfer; usbFileTransferDisabled; bool; true=true
systemUpdateInstallType; systemUpdate/type; enum; postpone=POSTPONE,windowed=WINDOWED,automatic=AUTOMATIC
systemUpdateWindowEndMinutesAfterMidnight; systemUpdate/endMinutes; int; *
systemUpdateWindowStartMinutesAfterMidnight; systemUpdate/startMinutes; int; *
systemWindowsBlocked; createWindowsDisabled; bool; true=true
usersBlockAdd; addUserDisabled; bool; true=true
usersBlockRemove; removeUserDisabled; bool; true=true
volumeBlockAdjustment; adjustVolumeDisabled; bool; true=true
vpnAlwaysOnLockdownMode; alwaysOnVpnPackage/lockdownEnabled; bool; true=true
vpnAlwaysOnPackageIdentifier; alwaysOnVpnPackage/packageName; str; *
wifiBlockEditConfigurations; wifiConfigDisabled; bool; true=true
= androidWorkProfileGeneralDeviceConfiguration; passwordPolicies/SCOPE_DEVICE; each
passwordMinimumLength; passwordMinimumLength; int; *
passwordRequiredType; passwordQuality; enum; lowSecurityBiometric=BIOMETRIC_WEAK,required=SOMETHING,atLeastNumeric=NUMERIC,numericComplex=NUMERIC_COMPLEX,atLeastAlphabetic=ALPHABETIC,atLeastAlphanumeric=ALPHANUMERIC,alphanumericWithSymbols=COMPLEX
passwordExpirationDays; passwordExpirationTimeout; duration; days
passwordPreviousPasswordBlockCount; passwordHistoryLength; int; *
passwordSignInFailureCountBeforeFactoryReset; maximumFailedPasswordsForWipe; int; *
= androidWorkProfileGeneralDeviceConfiguration; passwordPolicies/SCOPE_PROFILE; each
workProfilePasswordMinimumLength; passwordMinimumLength; int; *
workProfilePasswordRequiredType; passwordQuality; enum; lowSecurityBiometric=BIOMETRIC_WEAK,required=SOMETHING,atLeastNumeric=NUMERIC,numericComplex=NUMERIC_COMPLEX,atLeastAlphabetic=ALPHABETIC,atLeastAlphanumeric=ALPHANUMERIC,alphanumericWithSymbols=COMPLEX
workProfilePasswordExpirationDays; passwordExpirationTimeout; duration; days
workProfilePasswordPreviousPasswordBlockCount; passwordHistoryLength; int; *
workProfilePasswordSignInFailureCountBeforeFactoryReset; maximumFailedPasswordsForWipe; int; *
workProfilePasswordMinLetterCharacters; passwordMinimumLetters; int; *
workProfilePasswordMinLowerCaseCharacters; passwordMinimumLowerCase; int; *
workProfilePasswordMinNonLetterCharacters; passwordMinimumNonLetter; int; *
workProfilePasswordMinNumericCharacters; passwordMinimumNumeric; int; *
workProfilePasswordMinSymbolCharacters; passwordMinimumSymbols; int; *
workProfilePasswordMinUpperCaseCharacters; passwordMinimumUpperCase; int; *
= androidWorkProfileGeneralDeviceConfiguration; ; each
passwordMinutesOfInactivityBeforeScreenTimeout; maximumTimeToLock; int64; milliseconds
workProfileBlockAddingAccounts; modifyAccountsDisabled; bool; true=true
workProfileBlockCamera; cameraDisabled; bool; true=true
workProfileBlockScreenCapture; screenCaptureDisabled; bool; true=true
workProfileBlockCrossProfileContactsSearch; crossProfilePolicies/showWorkContactsInPersonalProfile; enum; true=SHOW_WORK_CONTACTS_IN_PERSONAL_PROFILE_DISALLOWED
workProfileBlockCrossProfileCopyPaste; crossProfilePolicies/crossProfileCopyPaste; enum; true=COPY_FROM_WORK_TO_PERSONAL_DISALLOWED
workProfileDataSharingType; crossProfilePolicies/crossProfileDataSharing; enum; preventAny=CROSS_PROFILE_DATA_SHARING_DISALLOWED,allowPersonalToWork=DATA_SHARING_FROM_WORK_TO_PERSONAL_DISALLOWED,noRestrictions=CROSS_PROFILE_DATA_SHARING_ALLOWED
workProfileDefaultAppPermissionPolicy; defaultPermissionPolicy; enum; prompt=PROMPT,autoGrant=GRANT,autoDeny=DENY
securityRequireVerifyApps; advancedSecurityOverrides/googlePlayProtectVerifyApps; enum; true=VERIFY_APPS_ENFORCED
= androidGeneralDeviceConfiguration; passwordPolicies/SCOPE_DEVICE; each
passwordMinimumLength; passwordMinimumLength; int; *
passwordRequiredType; passwordQuality; enum; any=SOMETHING,lowSecurityBiometric=BIOMETRIC_WEAK,numeric=NUMERIC,numericComplex=NUMERIC_COMPLEX,alphabetic=ALPHABETIC,alphanumeric=ALPHANUMERIC,alphanumericWithSymbols=COMPLEX
passwordExpirationDays; passwordExpirationTimeout; duration; days
passwordPreviousPasswordBlockCount; passwordHistoryLength; int; *
passwordSignInFailureCountBeforeFactoryReset; maximumFailedPasswordsForWipe; int; *
= androidGeneralDeviceConfiguration; ; each
passwordMinutesOfInactivityBeforeScreenTimeout; maximumTimeToLock; int64; milliseconds
bluetoothBlocked; bluetoothDisabled; bool; true=true
cameraBlocked; cameraDisabled; bool; true=true
cellularBlockDataRoaming; dataRoamingDisabled; bool; true=true
factoryResetBlocked; factoryResetDisabled; bool; true=true
screenCaptureBlocked; screenCaptureDisabled; bool; true=true
storageBlockRemovableStorage; mountPhysicalMediaDisabled; bool; true=true
storageRequireDeviceEncryption; encryptionPolicy; enum; true=ENABLED_WITH_PASSWORD
securityRequireVerifyApps; advancedSecurityOverrides/googlePlayProtectVerifyApps; enum; true=VERIFY_APPS_ENFORCED
"""  # noqa: E501 - one row a line
