"""Properties of enrolment configurations that a Windows PC is given as nodes.

Microsoft: "PassportForWork CSP", "DMClient CSP" (FirstSyncStatus). Graph:
deviceEnrollmentWindowsHelloForBusinessConfiguration, windows10EnrollmentCompletionPageConfiguration. `{tenant}` is the
id of the tenant. The form of the table is in `reading`.

#: data
"""

from __future__ import annotations

TABLE = """
= deviceEnrollmentWindowsHelloForBusinessConfiguration; ./Device/Vendor/MSFT/PassportForWork/{tenant}/Policies; each
state; UsePassportForWork; bool; enabled=true,disabled=false
securityDeviceRequired; RequireSecurityDevice; bool; true=true,false=false
pinMinimumLength; PINComplexity/MinimumPINLength; int; *
pinMaximumLength; PINComplexity/MaximumPINLength; int; *
pinUppercaseCharactersUsage; PINComplexity/UppercaseLetters; int; allowed=0,required=1,disallowed=2
pinLowercaseCharactersUsage; PINComplexity/LowercaseLetters; int; allowed=0,required=1,disallowed=2
pinSpecialCharactersUsage; PINComplexity/SpecialCharacters; int; allowed=0,required=1,disallowed=2
pinExpirationInDays; PINComplexity/Expiration; int; *
pinPreviousBlockCount; PINComplexity/History; int; *
remotePassportEnabled; Remote/UseRemotePassport; bool; true=true,false=false
= deviceEnrollmentWindowsHelloForBusinessConfiguration; ./Device/Vendor/MSFT/PassportForWork; each
unlockWithBiometricsEnabled; Biometrics/UseBiometrics; bool; true=true,false=false
enhancedBiometricsState; Biometrics/FacialFeaturesUseEnhancedAntiSpoofing; bool; enabled=true,disabled=false
enhancedSignInSecurity; Biometrics/EnableESSwithSupportedPeripherals; int; *
securityKeyForSignIn; SecurityKey/UseSecurityKeyForSignin; int; enabled=1,disabled=0
= windows10EnrollmentCompletionPageConfiguration; ./Device/Vendor/MSFT/DMClient/Provider/MS%20DM%20Server/FirstSyncStatus; each
showInstallationProgress; SkipDeviceStatusPage; bool; true=false,false=true
showInstallationProgress; SkipUserStatusPage; bool; true=false,false=true
installProgressTimeoutInMinutes; TimeOutUntilSyncFailure; int; *
customErrorMessage; CustomErrorText; chr; *
allowLogCollectionOnInstallFailure; AllowCollectLogsButton; bool; true=true,false=false
"""  # noqa: E501 - one row a line

HELLO = "deviceEnrollmentWindowsHelloForBusinessConfiguration"
STATUS_PAGE = "windows10EnrollmentCompletionPageConfiguration"
#: The node that says what a user may do when the status page fails, and the bits of it.
REMEDIES = "./Device/Vendor/MSFT/DMClient/Provider/MS%20DM%20Server/FirstSyncStatus/BlockInStatusPage"
RESET, TRY_AGAIN, CONTINUE = 1, 2, 4
