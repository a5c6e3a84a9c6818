#: data
"""The nodes of a Windows device: the commands that each accepts, and its format and default (Microsoft: the CSPs' DDF).

A line is a path, the commands that the node accepts (Add, Delete, Get, Replace, eXec; U: a Replace creates it), its
format, and `=default` or `<fact`, a value that the device itself knows. A name in braces stands for many nodes and
defines the form of their names. `./Vendor` is the device's scope; a line that begins with `*/` exists in the device's
and in the user's scope.
"""

from __future__ import annotations

from fauxtune_sim.platforms import Platform
from fauxtune_sim.windows import policy_nodes
from fauxtune_sim.windows.variants import has_scopes, is_phone

_EVERYWHERE = """
./DevInfo                                                               G    node
./DevInfo/DevId                                                         G    chr   <DevId
./DevInfo/Man                                                           G    chr   <Man
./DevInfo/Mod                                                           G    chr   <Mod
./DevInfo/DmV                                                           G    chr   =1.3
./DevInfo/Lang                                                          G    chr   <Lang
./DevInfo/Ext                                                           G    node
./DevInfo/Ext/ICCID                                                     G    chr   <ICCID
./DevDetail                                                             G    node
./DevDetail/DevTyp                                                      G    chr   <DevTyp
./DevDetail/OEM                                                         G    chr   <Man
./DevDetail/FwV                                                         G    chr   <FwV
./DevDetail/SwV                                                         G    chr   <SwV
./DevDetail/HwV                                                         G    chr   <HwV
./DevDetail/LrgObj                                                      G    bool  =false
./DevDetail/Ext                                                         G    node
./DevDetail/Ext/WLANMACAddress                                          G    chr   <WLANMACAddress
./DevDetail/Ext/WlanIPv4Address                                         G    chr   <WlanIPv4Address
./DevDetail/Ext/DeviceHardwareData                                      G    chr   <DeviceHardwareData
./DevDetail/Ext/Microsoft                                               G    node
./DevDetail/Ext/Microsoft/DeviceName                                    G    chr   <DeviceName
./DevDetail/Ext/Microsoft/DNSComputerName                               GR   chr   <DeviceName
./DevDetail/Ext/Microsoft/OSPlatform                                    G    chr   <OSPlatform
./DevDetail/Ext/Microsoft/ProcessorArchitecture                         G    int   <ProcessorArchitecture
./DevDetail/Ext/Microsoft/Resolution                                    G    chr   <Resolution
./DevDetail/Ext/Microsoft/LocalTime                                     G    chr   <LocalTime
./DevDetail/Ext/Microsoft/TotalStorage                                  G    int   <TotalStorage
./DevDetail/Ext/Microsoft/FreeStorage                                   G    int   <FreeStorage
./DevDetail/Ext/Microsoft/TotalRAM                                      G    int   <TotalRAM
./DevDetail/Ext/Microsoft/MobileID                                      G    chr   <MobileID
./Vendor                                                                G    node
./Vendor/MSFT                                                           G    node
./Vendor/MSFT/DMClient                                                  G    node
./Vendor/MSFT/DMClient/HWDevID                                          G    chr   <HWDevID
./Vendor/MSFT/DMClient/Unenroll                                         GX   chr
./Vendor/MSFT/DMClient/Provider                                         G    node
./Vendor/MSFT/DMClient/Provider/{provider}                              G    node
./Vendor/MSFT/DMClient/Provider/{provider}/EntDeviceName                AGRD chr
./Vendor/MSFT/DMClient/Provider/{provider}/EntDMID                      AGR  chr
./Vendor/MSFT/DMClient/Provider/{provider}/UPN                          AGR  chr
./Vendor/MSFT/DMClient/Provider/{provider}/HWDevID                      G    chr   <HWDevID
./Vendor/MSFT/DMClient/Provider/{provider}/EnrollmentType               G    chr   <EnrollmentType
./Vendor/MSFT/DMClient/Provider/{provider}/ManagementServiceAddress     AGR  chr
./Vendor/MSFT/DMClient/Provider/{provider}/RequireMessageSigning        AGRD bool  =false
./Vendor/MSFT/DMClient/Provider/{provider}/SignedEntDMID                G    chr
./Vendor/MSFT/DMClient/Provider/{provider}/CertRenewTimeStamp           G    chr   <CertRenewTimeStamp
./Vendor/MSFT/DMClient/Provider/{provider}/EnableOmaDmKeepAliveMessage  AGR  bool  =false
./Vendor/MSFT/DMClient/Provider/{provider}/Push                         ADG  node
./Vendor/MSFT/DMClient/Provider/{provider}/Push/PFN                     AGRD chr
./Vendor/MSFT/DMClient/Provider/{provider}/Push/ChannelURI              G    chr   <ChannelURI
./Vendor/MSFT/DMClient/Provider/{provider}/Push/Status                  G    int   <PushStatus
./Vendor/MSFT/DMClient/Provider/{provider}/Poll                         ADG  node
./Vendor/MSFT/DMClient/Provider/{provider}/Poll/NumberOfFirstRetries               AGRD int  =10
./Vendor/MSFT/DMClient/Provider/{provider}/Poll/IntervalForFirstSetOfRetries       AGRD int  =15
./Vendor/MSFT/DMClient/Provider/{provider}/Poll/NumberOfSecondRetries              AGRD int  =0
./Vendor/MSFT/DMClient/Provider/{provider}/Poll/IntervalForSecondSetOfRetries      AGRD int  =0
./Vendor/MSFT/DMClient/Provider/{provider}/Poll/NumberOfRemainingScheduledRetries  AGRD int  =0
./Vendor/MSFT/DMClient/Provider/{provider}/Poll/IntervalForRemainingScheduledRetries AGRD int =0
./Vendor/MSFT/DMClient/Provider/{provider}/Poll/PollOnLogin                        AGRD bool =false
./Vendor/MSFT/DMClient/Provider/{provider}/Poll/AllUsersPollOnFirstLogin           AGRD bool =false
./Vendor/MSFT/RemoteWipe                                                G    node
./Vendor/MSFT/RemoteWipe/doWipe                                         X    chr
./Vendor/MSFT/Reboot                                                    G    node
./Vendor/MSFT/Reboot/RebootNow                                          X    null
"""

_WINDOWS_10 = """
./User                                                                  G    node
./User/Vendor                                                           G    node
./User/Vendor/MSFT                                                      G    node
./DevDetail/Ext/Microsoft/SMBIOSSerialNumber                            G    chr   <SMBIOSSerialNumber
./DevDetail/Ext/Microsoft/SMBIOSVersion                                 G    chr   <SMBIOSVersion
./Vendor/MSFT/DeviceStatus                                              G    node
./Vendor/MSFT/DeviceStatus/SecureBootState                              G    int   <SecureBootState
./Vendor/MSFT/DeviceStatus/CellularIdentities                           G    node
./Vendor/MSFT/DeviceStatus/CellularIdentities/{imei}                    G    node
./Vendor/MSFT/DeviceStatus/CellularIdentities/{imei}/ICCID              G    chr   <SimCard
./Vendor/MSFT/DeviceStatus/CellularIdentities/{imei}/PhoneNumber        G    chr   <SimCard
./Vendor/MSFT/DeviceStatus/CellularIdentities/{imei}/CommercializationOperator G chr <SimCard
./Vendor/MSFT/DeviceStatus/NetworkIdentifiers                           G    node
./Vendor/MSFT/DeviceStatus/NetworkIdentifiers/{mac}                     G    node
./Vendor/MSFT/DeviceStatus/NetworkIdentifiers/{mac}/IPAddressV4         G    chr   <NetworkCard
./Vendor/MSFT/DeviceStatus/NetworkIdentifiers/{mac}/IsConnected         G    bool  <NetworkCard
./Vendor/MSFT/DeviceStatus/NetworkIdentifiers/{mac}/Type                G    int   <NetworkCard
./Vendor/MSFT/DeviceStatus/Compliance                                   G    node
./Vendor/MSFT/DeviceStatus/Compliance/EncryptionCompliance              G    int   <EncryptionCompliance
./Vendor/MSFT/DeviceStatus/TPM                                          G    node
./Vendor/MSFT/DeviceStatus/TPM/SpecificationVersion                     G    chr   <TpmSpecificationVersion
./Vendor/MSFT/DeviceStatus/TPM/ManufacturerIdTxt                        G    chr   <TpmManufacturer
./Vendor/MSFT/DeviceStatus/TPM/ManufacturerVersion                      G    chr   <TpmVersion
./Vendor/MSFT/DeviceStatus/OS                                           G    node
./Vendor/MSFT/DeviceStatus/OS/Edition                                   G    chr   <Edition
./Vendor/MSFT/DeviceStatus/OS/Mode                                      G    int   =0
./Vendor/MSFT/DeviceStatus/Antivirus                                    G    node
./Vendor/MSFT/DeviceStatus/Antivirus/SignatureStatus                    G    int   <AntivirusSignatureStatus
./Vendor/MSFT/DeviceStatus/Antivirus/Status                             G    int   <AntivirusStatus
./Vendor/MSFT/DeviceStatus/Antispyware                                  G    node
./Vendor/MSFT/DeviceStatus/Antispyware/Status                           G    int   <AntispywareStatus
./Vendor/MSFT/DeviceStatus/Firewall                                     G    node
./Vendor/MSFT/DeviceStatus/Firewall/Status                              G    int   <FirewallStatus
./Vendor/MSFT/DeviceStatus/UAC                                          G    node
./Vendor/MSFT/DeviceStatus/UAC/Status                                   G    int   <UacStatus
./Vendor/MSFT/DeviceStatus/Battery                                      G    node
./Vendor/MSFT/DeviceStatus/Battery/EstimatedChargeRemaining             G    int   <BatteryCharge
./Vendor/MSFT/DeviceStatus/DeviceGuard                                  G    node
./Vendor/MSFT/DeviceStatus/DeviceGuard/VirtualizationBasedSecurityHwReq G    int   <VbsHardware
./Vendor/MSFT/DeviceStatus/DeviceGuard/VirtualizationBasedSecurityStatus G   int   <VbsStatus
./Vendor/MSFT/DeviceStatus/DeviceGuard/LsaCfgCredGuardStatus            G    int   <CredentialGuard
./Vendor/MSFT/WindowsLicensing                                          G    node
./Vendor/MSFT/WindowsLicensing/Edition                                  G    int   <EditionNumber
./Vendor/MSFT/DMClient/Provider/{provider}/AADDeviceID                  AGR  chr
./Vendor/MSFT/DMClient/Provider/{provider}/SyncApplicationVersion       AGR  chr   =1.0
./Vendor/MSFT/DMClient/Provider/{provider}/MaxSyncApplicationVersion    G    chr   =5.0
./Vendor/MSFT/DMClient/Provider/{provider}/NumberOfDaysAfterLostContactToUnenroll AGRD int
./Vendor/MSFT/RemoteWipe/doWipeProtected                                X    chr
./Vendor/MSFT/RemoteWipe/doWipePersistProvisionedData                   X    chr
./Vendor/MSFT/RemoteWipe/doWipePersistUserData                          X    chr
./Vendor/MSFT/RootCATrustedCertificates                                 G    node
./Vendor/MSFT/RootCATrustedCertificates/Root                            G    node
./User/Vendor/MSFT/RootCATrustedCertificates                            G    node
*/Vendor/MSFT/RootCATrustedCertificates/CA                              G    node
*/Vendor/MSFT/RootCATrustedCertificates/TrustedPublisher                G    node
*/Vendor/MSFT/RootCATrustedCertificates/TrustedPeople                   G    node
*/Vendor/MSFT/RootCATrustedCertificates/UntrustedCertificates           G    node
*/Vendor/MSFT/RootCATrustedCertificates/OemEsim                         G    node
"""

#: The certificate stores, and what stands below each certificate in them.
#: Phones have no Windows Defender.
_COMPUTERS = """
./Vendor/MSFT/Defender                                                  G    node
./Vendor/MSFT/Defender/Scan                                             GX   chr
./Vendor/MSFT/Defender/UpdateSignature                                  GX   chr
./Vendor/MSFT/DiagnosticLog                                             G    node
./Vendor/MSFT/DiagnosticLog/DiagnosticArchive                           G    node
./Vendor/MSFT/DiagnosticLog/DiagnosticArchive/ArchiveDefinition         X    chr
./Vendor/MSFT/DiagnosticLog/DiagnosticArchive/ArchiveResults            G    chr   =
./Vendor/MSFT/BitLocker                                                 G    node
./Vendor/MSFT/BitLocker/RotateRecoveryPasswords                         X    chr
./Vendor/MSFT/BitLocker/RotateRecoveryPasswordsStatus                   G    int   =0
./Vendor/MSFT/LAPS                                                      G    node
./Vendor/MSFT/LAPS/Actions                                              G    node
./Vendor/MSFT/LAPS/Actions/ResetPassword                                X    null
./Vendor/MSFT/LAPS/Actions/ResetPasswordStatus                          G    int   =0
./Vendor/MSFT/CleanPC                                                   G    node
./Vendor/MSFT/CleanPC/CleanPCRetainingUserData                          X    null
./Vendor/MSFT/CleanPC/CleanPCWithoutRetainingUserData                   X    null
./Vendor/MSFT/RemoteFind                                                G    node
./Vendor/MSFT/RemoteFind/DesiredAccuracy                                GR   int   =50
./Vendor/MSFT/RemoteFind/Timeout                                        GR   int   =7
./Vendor/MSFT/RemoteFind/MaximumAge                                     GR   int   =60
./Vendor/MSFT/RemoteFind/Location                                       G    node
./Vendor/MSFT/RemoteFind/Location/Latitude                              G    chr   <Latitude
./Vendor/MSFT/RemoteFind/Location/Longitude                             G    chr   <Longitude
./Vendor/MSFT/RemoteFind/Location/Altitude                              G    chr   =56
./Vendor/MSFT/RemoteFind/Location/Accuracy                              G    chr   =20
./Vendor/MSFT/RemoteFind/Location/AltitudeAccuracy                      G    chr   =10
./Vendor/MSFT/RemoteFind/Location/Age                                   G    chr   =0
./Vendor/MSFT/Defender/Health                                           G    node
./Vendor/MSFT/Defender/Health/ComputerState                             G    int   <DefenderComputerState
./Vendor/MSFT/Defender/Health/DefenderEnabled                           G    bool  <DefenderEnabled
./Vendor/MSFT/Defender/Health/DefenderVersion                           G    chr   <DefenderVersion
./Vendor/MSFT/Defender/Health/EngineVersion                             G    chr   <DefenderEngineVersion
./Vendor/MSFT/Defender/Health/FullScanOverdue                           G    bool  <DefenderFullScanOverdue
./Vendor/MSFT/Defender/Health/FullScanRequired                          G    bool  <DefenderFullScanRequired
./Vendor/MSFT/Defender/Health/FullScanSigVersion                        G    chr   <DefenderFullScanSigVersion
./Vendor/MSFT/Defender/Health/FullScanTime                              G    chr   <DefenderFullScanTime
./Vendor/MSFT/Defender/Health/IsVirtualMachine                          G    bool  <DefenderIsVirtualMachine
./Vendor/MSFT/Defender/Health/NisEnabled                                G    bool  <DefenderNisEnabled
./Vendor/MSFT/Defender/Health/ProductStatus                             G    int   <DefenderProductStatus
./Vendor/MSFT/Defender/Health/QuickScanOverdue                          G    bool  <DefenderQuickScanOverdue
./Vendor/MSFT/Defender/Health/QuickScanSigVersion                       G    chr   <DefenderQuickScanSigVersion
./Vendor/MSFT/Defender/Health/QuickScanTime                             G    chr   <DefenderQuickScanTime
./Vendor/MSFT/Defender/Health/RebootRequired                            G    bool  <DefenderRebootRequired
./Vendor/MSFT/Defender/Health/RtpEnabled                                G    bool  <DefenderRtpEnabled
./Vendor/MSFT/Defender/Health/SignatureOutOfDate                        G    bool  <DefenderSignatureOutOfDate
./Vendor/MSFT/Defender/Health/SignatureVersion                          G    chr   <DefenderSignatureVersion
./Vendor/MSFT/Defender/Health/TamperProtectionEnabled                   G    bool  <DefenderTamperProtectionEnabled
"""

_STORES_WINDOWS_10 = (
    "./Vendor/MSFT/RootCATrustedCertificates/Root",
    "*/Vendor/MSFT/RootCATrustedCertificates/CA",
    "*/Vendor/MSFT/RootCATrustedCertificates/TrustedPublisher",
    "*/Vendor/MSFT/RootCATrustedCertificates/TrustedPeople",
    "*/Vendor/MSFT/RootCATrustedCertificates/UntrustedCertificates",
    "*/Vendor/MSFT/RootCATrustedCertificates/OemEsim",
)
_STORES_PHONE_81 = ("./Vendor/MSFT/CertificateStore/Root/System", "./Vendor/MSFT/CertificateStore/CA/System")
_IN_A_STORE = """
@/{thumbprint}                                                          AGD  node
@/{thumbprint}/EncodedCertificate                                       AGR  b64
@/{thumbprint}/IssuedBy                                                 G    chr   <IssuedBy
@/{thumbprint}/IssuedTo                                                 G    chr   <IssuedTo
@/{thumbprint}/ValidFrom                                                G    chr   <ValidFrom
@/{thumbprint}/ValidTo                                                  G    chr   <ValidTo
@/{thumbprint}/TemplateName                                             G    chr   <TemplateName
"""

_PFX = """
@/Vendor/MSFT/ClientCertificateInstall                                  G    node
@/Vendor/MSFT/ClientCertificateInstall/PFXCertInstall                   G    node
@/Vendor/MSFT/ClientCertificateInstall/PFXCertInstall/{id}              ADGR node
@/Vendor/MSFT/ClientCertificateInstall/PFXCertInstall/{id}/KeyLocation  AGR  int
@/Vendor/MSFT/ClientCertificateInstall/PFXCertInstall/{id}/ContainerName AGRD chr
@/Vendor/MSFT/ClientCertificateInstall/PFXCertInstall/{id}/PFXCertBlob  AGR  bin
@/Vendor/MSFT/ClientCertificateInstall/PFXCertInstall/{id}/PFXCertPassword AGR chr
@/Vendor/MSFT/ClientCertificateInstall/PFXCertInstall/{id}/PFXCertPasswordEncryptionType AGR int =0
@/Vendor/MSFT/ClientCertificateInstall/PFXCertInstall/{id}/PFXCertPasswordEncryptionStore AGR chr
@/Vendor/MSFT/ClientCertificateInstall/PFXCertInstall/{id}/PFXKeyExportable AGR bool =true
@/Vendor/MSFT/ClientCertificateInstall/PFXCertInstall/{id}/Thumbprint   G    chr   <PfxThumbprint
@/Vendor/MSFT/ClientCertificateInstall/PFXCertInstall/{id}/Status       G    int   <PfxStatus
"""

#: `@` is the node SCEP. Challenge exists until Enroll is executed.
_SCEP = """
@                                                                       G    node
@/{id}                                                                  ADGR node
@/{id}/CertThumbprint                                                   G    chr   <ScepThumbprint
@/{id}/ErrorCode                                                        G    int   <ScepErrorCode
@/{id}/RespondentServerUrl                                              G    chr   <ScepServer
@/{id}/Status                                                           G    int   <ScepStatus
@/{id}/Install                                                          ADGR node
@/{id}/Install/AADKeyIdentifierList                                     ADGR chr
@/{id}/Install/AttestPrivateKey                                         ADGR int
@/{id}/Install/CAThumbprint                                             ADGR chr
@/{id}/Install/Challenge                                                ADGR chr
@/{id}/Install/ContainerName                                            ADGR chr
@/{id}/Install/CustomTextToShowInPrompt                                 ADGR chr
@/{id}/Install/EKUMapping                                               ADGR chr
@/{id}/Install/Enroll                                                   X    null
@/{id}/Install/HashAlgorithm                                            ADGR chr
@/{id}/Install/KeyLength                                                ADGR int
@/{id}/Install/KeyProtection                                            ADGR int   =3
@/{id}/Install/KeyUsage                                                 ADGR int
@/{id}/Install/RetryCount                                               ADGR int   =3
@/{id}/Install/RetryDelay                                               ADGR int   =5
@/{id}/Install/ServerURL                                                ADGR chr
@/{id}/Install/SubjectAlternativeNames                                  ADGR chr
@/{id}/Install/SubjectName                                              ADGR chr
@/{id}/Install/TemplateName                                             ADGR chr
@/{id}/Install/ValidPeriod                                              ADGR chr   =Days
@/{id}/Install/ValidPeriodUnits                                         ADGR int   =0
"""

_MAIL = """
@/Vendor/MSFT/ActiveSync                                                G    node
@/Vendor/MSFT/ActiveSync/Accounts                                       G    node
@/Vendor/MSFT/ActiveSync/Accounts/{guid}                                AGRD node
@/Vendor/MSFT/ActiveSync/Accounts/{guid}/EmailAddress                   AGRD chr
@/Vendor/MSFT/ActiveSync/Accounts/{guid}/Domain                         AGRD chr
@/Vendor/MSFT/ActiveSync/Accounts/{guid}/AccountIcon                    AGRD chr
@/Vendor/MSFT/ActiveSync/Accounts/{guid}/AccountType                    AGRD chr
@/Vendor/MSFT/ActiveSync/Accounts/{guid}/AccountName                    AGRD chr
@/Vendor/MSFT/ActiveSync/Accounts/{guid}/Password                       AGRD chr   <Asterisks
@/Vendor/MSFT/ActiveSync/Accounts/{guid}/ServerName                     AGRD chr
@/Vendor/MSFT/ActiveSync/Accounts/{guid}/UserName                       AGRD chr
@/Vendor/MSFT/ActiveSync/Accounts/{guid}/Options                        AGRD node
@/Vendor/MSFT/ActiveSync/Accounts/{guid}/Options/CalendarAgeFilter      AGRD chr
@/Vendor/MSFT/ActiveSync/Accounts/{guid}/Options/Logging                AGRD chr
@/Vendor/MSFT/ActiveSync/Accounts/{guid}/Options/MailBodyType           AGRD chr
@/Vendor/MSFT/ActiveSync/Accounts/{guid}/Options/MailHTMLTruncation     AGRD chr
@/Vendor/MSFT/ActiveSync/Accounts/{guid}/Options/MailPlainTextTruncation AGRD chr
@/Vendor/MSFT/ActiveSync/Accounts/{guid}/Options/MailAgeFilter          AGRD chr
@/Vendor/MSFT/ActiveSync/Accounts/{guid}/Options/Schedule               AGRD chr
@/Vendor/MSFT/ActiveSync/Accounts/{guid}/Options/UseSSL                 AGRD chr   =1
@/Vendor/MSFT/ActiveSync/Accounts/{guid}/Options/ContentTypes           AGRD node
@/Vendor/MSFT/ActiveSync/Accounts/{guid}/Options/ContentTypes/{content} AGRD node
@/Vendor/MSFT/ActiveSync/Accounts/{guid}/Options/ContentTypes/{content}/Enabled AGRD chr
@/Vendor/MSFT/ActiveSync/Accounts/{guid}/Options/ContentTypes/{content}/Name AGRD chr
@/Vendor/MSFT/ActiveSync/Accounts/{guid}/Policies                       AGRD node
@/Vendor/MSFT/ActiveSync/Accounts/{guid}/Policies/MailBodyType          AGRD chr
@/Vendor/MSFT/ActiveSync/Accounts/{guid}/Policies/MaxMailAgeFilter      AGRD chr
@/Vendor/MSFT/EMAIL2                                                    G    node
@/Vendor/MSFT/EMAIL2/{guid}                                             ADGR node
@/Vendor/MSFT/EMAIL2/{guid}/ACCOUNTICON                                 AGR  chr
@/Vendor/MSFT/EMAIL2/{guid}/ACCOUNTTYPE                                 AG   chr
@/Vendor/MSFT/EMAIL2/{guid}/AUTHNAME                                    AGR  chr
@/Vendor/MSFT/EMAIL2/{guid}/AUTHREQUIRED                                AGR  chr
@/Vendor/MSFT/EMAIL2/{guid}/AUTHSECRET                                  AGR  chr   <Asterisks
@/Vendor/MSFT/EMAIL2/{guid}/DOMAIN                                      AGR  chr
@/Vendor/MSFT/EMAIL2/{guid}/DWNDAY                                      AGR  chr
@/Vendor/MSFT/EMAIL2/{guid}/INSERVER                                    AGR  chr
@/Vendor/MSFT/EMAIL2/{guid}/LINGER                                      AGR  chr
@/Vendor/MSFT/EMAIL2/{guid}/NAME                                        AGR  chr
@/Vendor/MSFT/EMAIL2/{guid}/OUTSERVER                                   AGR  chr
@/Vendor/MSFT/EMAIL2/{guid}/REPLYADDR                                   AGR  chr
@/Vendor/MSFT/EMAIL2/{guid}/SERVICENAME                                 AG   chr
@/Vendor/MSFT/EMAIL2/{guid}/SERVICETYPE                                 AG   chr
@/Vendor/MSFT/EMAIL2/{guid}/TAGPROPS                                    AG   node
@/Vendor/MSFT/EMAIL2/{guid}/TAGPROPS/8128000B                           AGR  chr
@/Vendor/MSFT/EMAIL2/{guid}/TAGPROPS/812C000B                           AGR  chr
"""

#: `@` is the scope of the device or of the user.
_APPS = """
@/Vendor/MSFT/EnterpriseModernAppManagement                             G    node
@/Vendor/MSFT/EnterpriseModernAppManagement/AppInstallation             G    node
@/Vendor/MSFT/EnterpriseModernAppManagement/AppInstallation/{id}        ADGR node
@/Vendor/MSFT/EnterpriseModernAppManagement/AppInstallation/{id}/HostedInstall X xml
@/Vendor/MSFT/EnterpriseModernAppManagement/AppInstallation/{id}/StoreInstall X xml
@/Vendor/MSFT/EnterpriseModernAppManagement/AppInstallation/{id}/Status G int   <AppStatus
@/Vendor/MSFT/EnterpriseModernAppManagement/AppInstallation/{id}/LastError G int <AppError
@/Vendor/MSFT/EnterpriseModernAppManagement/AppManagement               G    node
@/Vendor/MSFT/EnterpriseModernAppManagement/AppManagement/AppStore      G    node
@/Vendor/MSFT/EnterpriseModernAppManagement/AppManagement/AppStore/{id} DG   node
@/Vendor/MSFT/EnterpriseModernAppManagement/AppManagement/AppStore/{id}/{id} DG node
@/Vendor/MSFT/EnterpriseModernAppManagement/AppManagement/nonStore      G    node
@/Vendor/MSFT/EnterpriseModernAppManagement/AppManagement/nonStore/{id} DG   node
@/Vendor/MSFT/EnterpriseModernAppManagement/AppManagement/nonStore/{id}/{id} DG node
"""

_DESKTOP_APPS = """
@/Vendor/MSFT/EnterpriseDesktopAppManagement                            G    node
@/Vendor/MSFT/EnterpriseDesktopAppManagement/MSI                        G    node
@/Vendor/MSFT/EnterpriseDesktopAppManagement/MSI/{guid}                 ADG  node
@/Vendor/MSFT/EnterpriseDesktopAppManagement/MSI/{guid}/DownloadInstall ADGRX xml
@/Vendor/MSFT/EnterpriseDesktopAppManagement/MSI/{guid}/LastError       G    int   <AppError
@/Vendor/MSFT/EnterpriseDesktopAppManagement/MSI/{guid}/Status          G    int   <AppStatus
@/Vendor/MSFT/EnterpriseDesktopAppManagement/MSI/{guid}/Version         G    chr   <AppVersion
"""

_PHONES = """
./Vendor/MSFT/RemoteLock                                                G    node
./Vendor/MSFT/RemoteLock/Lock                                           X    null
./Vendor/MSFT/RemoteLock/LockAndResetPIN                                X    null
./Vendor/MSFT/RemoteLock/NewPINValue                                    G    chr   <NewPINValue
"""

_PHONE_81 = """
./Vendor/MSFT/CertificateStore                                          G    node
./Vendor/MSFT/CertificateStore/Root                                     G    node
./Vendor/MSFT/CertificateStore/Root/System                              G    node
./Vendor/MSFT/CertificateStore/CA                                       G    node
./Vendor/MSFT/CertificateStore/CA/System                                G    node
./Vendor/MSFT/CertificateStore/My                                       G    node
"""


def _lines(text: str, at: str = "") -> list[str]:
    """The lines of a table, with `@` at the begin of a path replaced by `at`."""
    return [line.replace("@", at, 1) if line.startswith("@") else line for line in text.strip().splitlines()]


def _scopes(lines: list[str]) -> list[str]:
    """Replace each line for both scopes by two lines."""
    expanded: list[str] = []
    for line in lines:
        expanded += [f".{line[1:]}", f"./User{line[1:]}"] if line.startswith("*") else [line]
    return expanded


def table(platform: Platform) -> list[str]:
    """All lines of one platform."""
    lines = _lines(_EVERYWHERE)
    if not has_scopes(platform):
        # Unverified: that Windows Phone 8.1 installs PFX files by these nodes; the documents disagree.
        lines += _lines(_PHONE_81) + _lines(_PFX, ".") + _lines(_MAIL, ".")
        lines += _lines(_SCEP, "./Vendor/MSFT/CertificateStore/My/SCEP")
        stores: tuple[str, ...] = _STORES_PHONE_81
    else:
        lines += _lines(_WINDOWS_10) + _lines(_PFX, "*") + _lines(_MAIL, "./User")
        lines += _lines(_SCEP, "*/Vendor/MSFT/ClientCertificateInstall/SCEP") + _lines(_APPS, "*")
        lines += [] if is_phone(platform) else _lines(_DESKTOP_APPS, "*")
        stores = _STORES_WINDOWS_10
    for store in stores:
        lines += _lines(_IN_A_STORE, store)
    lines += _lines(_PHONES) if is_phone(platform) else [*_lines(_COMPUTERS), *policy_nodes.lines()]
    return _scopes(lines)
