"""Properties of compliance policies that a device is made to meet, and what it is given for them.

Intune, "Device compliance policies in Microsoft Intune": what is *remediated*, the operating system makes the user do;
all else is quarantined, that is only judged. Passcodes are quarantined on Android. Unverified: by which words the
service gives devices these settings; here by those of restriction profiles. Differs from Intune: Windows 8.1 and
Windows Phone 8.1 are given nothing. The form of the table is in `reading`.

#: data
"""

from __future__ import annotations

TABLE = """
= windows10CompliancePolicy windows10MobileCompliancePolicy; ./Device/Vendor/MSFT/Policy/Config; each
passwordRequired; DeviceLock/DevicePasswordEnabled; int; true=0; least
passwordBlockSimple; DeviceLock/AllowSimpleDevicePassword; int; true=0; least
passwordRequiredType; DeviceLock/AlphanumericDevicePasswordRequired; int; alphanumeric=0,numeric=1; least
passwordMinimumLength; DeviceLock/MinDevicePasswordLength; int; *; most
passwordMinimumCharacterSetCount; DeviceLock/MinDevicePasswordComplexCharacters; int; *; most
passwordExpirationDays; DeviceLock/DevicePasswordExpiration; int; *; shortest
passwordPreviousPasswordBlockCount; DeviceLock/DevicePasswordHistory; int; *; most
passwordMinutesOfInactivityBeforeLock; DeviceLock/MaxInactivityTimeDeviceLock; int; *; shortest
= iosCompliancePolicy; com.apple.mobiledevice.passwordpolicy; whole
passcodeRequired; forcePIN; bool; true=true; most
passcodeMinimumLength; minLength; int; *; most
passcodeBlockSimple; allowSimple; bool; true=false; least
passcodeRequiredType; requireAlphanumeric; bool; alphanumeric=true,numeric=false; most
passcodeMinimumCharacterSetCount; minComplexChars; int; *; most
passcodeExpirationDays; maxPINAgeInDays; int; *; shortest
passcodePreviousPasscodeBlockCount; pinHistory; int; *; most
passcodeMinutesOfInactivityBeforeScreenTimeout; maxInactivity; int; *; shortest
passcodeMinutesOfInactivityBeforeLock; maxGracePeriod; int; *; least
= macOSCompliancePolicy; com.apple.mobiledevice.passwordpolicy; whole
passwordRequired; forcePIN; bool; true=true; most
passwordMinimumLength; minLength; int; *; most
passwordBlockSimple; allowSimple; bool; true=false; least
passwordRequiredType; requireAlphanumeric; bool; alphanumeric=true,numeric=false; most
passwordMinimumCharacterSetCount; minComplexChars; int; *; most
passwordExpirationDays; maxPINAgeInDays; int; *; shortest
passwordPreviousPasswordBlockCount; pinHistory; int; *; most
passwordMinutesOfInactivityBeforeLock; maxGracePeriod; int; *; least
= macOSCompliancePolicy; com.apple.security.firewall; whole
firewallEnabled; EnableFirewall; bool; true=true; most
firewallBlockAllIncoming; BlockAllIncoming; bool; true=true; most
firewallEnableStealthMode; EnableStealthMode; bool; true=true; most
"""

#: The kinds in the table.
GIVEN_BY_COMPLIANCE = (
    "iosCompliancePolicy",
    "macOSCompliancePolicy",
    "windows10CompliancePolicy",
    "windows10MobileCompliancePolicy",
)
