"""Properties of restriction profiles for Android, and the keys of its policy that they become.

Android Management API: enterprises.policies (Policy, PasswordRequirements, CrossProfilePolicies,
AdvancedSecurityOverrides). Graph: androidWorkProfileGeneralDeviceConfiguration, androidGeneralDeviceConfiguration.
Differs from Intune: device administrators are managed by calls of Android's own interface, which have no policy; here
they are given the keys of a policy too. The form of the table is in `reading`.

#: data
"""

from __future__ import annotations

TABLE = """
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
