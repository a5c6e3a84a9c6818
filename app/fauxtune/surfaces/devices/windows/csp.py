"""The nodes of the configuration service providers (CSPs) of Windows devices.

Microsoft: "Configuration service provider reference" (RootCATrustedCertificates, CertificateStore,
ClientCertificateInstall, ActiveSync, RemoteWipe, RemoteLock, DMClient, DevDetail, DevInfo). Windows 10 has a scope for
the device and one for the user who is logged in; Windows Phone 8.1 has neither, and other nodes for trusted roots.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, unquote

from fauxtune.core.model.platforms import Variant

USER, DEVICE = "./User/", "./Device/"
#: The names that Intune gives itself on devices.
DESKTOP_PROVIDER, PHONE_PROVIDER = "MS DM Server", "SCConfigMgr"

ROOTS, INTERMEDIATES, USER_INTERMEDIATES = "roots", "intermediates", "userIntermediates"
IDENTITIES, ACCOUNTS, FACTS, SCEP = "identities", "accounts", "facts", "scep"
SETTINGS, USER_SETTINGS = "settings", "userSettings"
#: destinationStore of a trusted-root profile. There is no root store below ./User.
STORES = {
    "computerCertStoreRoot": ROOTS,
    "computerCertStoreIntermediate": INTERMEDIATES,
    "userCertStoreIntermediate": USER_INTERMEDIATES,
}


@dataclass(frozen=True, slots=True)
class Tree:
    """The nodes of one kind of device. `collections`: the inner nodes whose children are the items of the device;
    `requests`: those below which it requests certificates by SCEP, the user's first; `providers`: that of the device's
    own providers.
    """

    provider: str
    providers: str
    collections: dict[str, str]
    wipe: str
    unenroll: str
    lock: str
    facts: tuple[str, ...]
    requests: tuple[str, ...]

    def certificate(self, collection: str, thumbprint: str) -> str:
        """Return the node of a trusted certificate in one of the stores."""
        return f"{self.collections[collection]}/{thumbprint.upper()}"

    def identity(self, thumbprint: str) -> str:
        """Return the node of a certificate with its key. It has the thumbprint as name, so that a repetition is
        safe.
        """
        return f"{self.collections[IDENTITIES]}/{thumbprint.upper()}"

    def account(self, profile: str) -> str:
        """Return the node of the account of a profile; the braces must be percent-encoded in an address."""
        return f"{self.collections[ACCOUNTS]}/{quote(f'{{{profile}}}', safe='')}"


_DEVICE, _OF_USER, _BARE = "./Device/Vendor/MSFT", "./User/Vendor/MSFT", "./Vendor/MSFT"
#: MS-MDM: a Get of a node with everything below it.
EVERYTHING = "?list=StructData"
STATUS = "./Vendor/MSFT/DeviceStatus"
CARDS, SIM_CARDS = f"{STATUS}/NetworkIdentifiers", f"{STATUS}/CellularIdentities"
DEFENDER = "./Vendor/MSFT/Defender/Health"
_FACTS = (
    "./DevDetail/SwV",
    "./DevDetail/HwV",
    "./DevDetail/FwV",
    "./DevDetail/OEM",
    "./DevDetail/Ext/Microsoft/DeviceName",
    "./DevDetail/Ext/WLANMACAddress",
    "./DevDetail/Ext/Microsoft/ProcessorArchitecture",
    "./DevDetail/Ext/Microsoft/TotalStorage",
    "./DevDetail/Ext/Microsoft/FreeStorage",
    "./DevDetail/Ext/Microsoft/TotalRAM",
    "./DevInfo/Man",
    "./DevInfo/Mod",
    "./DevInfo/Lang",
)
_FACTS_OF_WINDOWS_10 = (
    "./DevDetail/Ext/Microsoft/SMBIOSSerialNumber",
    "./DevDetail/Ext/Microsoft/SMBIOSVersion",
    "./Vendor/MSFT/WindowsLicensing/Edition",
    f"{STATUS}/SecureBootState",
    f"{STATUS}/Compliance/EncryptionCompliance",
    f"{STATUS}/TPM/SpecificationVersion",
    f"{STATUS}/TPM/ManufacturerIdTxt",
    f"{STATUS}/TPM/ManufacturerVersion",
    f"{STATUS}/OS/Edition",
    f"{STATUS}/Antivirus/Status",
    f"{STATUS}/Antivirus/SignatureStatus",
    f"{STATUS}/Antispyware/Status",
    f"{STATUS}/Firewall/Status",
    f"{STATUS}/UAC/Status",
    f"{STATUS}/Battery/EstimatedChargeRemaining",
    f"{STATUS}/DeviceGuard/VirtualizationBasedSecurityHwReq",
    f"{STATUS}/DeviceGuard/VirtualizationBasedSecurityStatus",
    f"{STATUS}/DeviceGuard/LsaCfgCredGuardStatus",
    CARDS + EVERYTHING,
    SIM_CARDS + EVERYTHING,
    DEFENDER + EVERYTHING,
)


def _windows_10(provider: str) -> Tree:
    return Tree(
        provider=provider,
        providers=_DEVICE,
        collections={
            ROOTS: f"{_DEVICE}/RootCATrustedCertificates/Root",
            INTERMEDIATES: f"{_DEVICE}/RootCATrustedCertificates/CA",
            USER_INTERMEDIATES: f"{_OF_USER}/RootCATrustedCertificates/CA",
            IDENTITIES: f"{_OF_USER}/ClientCertificateInstall/PFXCertInstall",
            ACCOUNTS: f"{_OF_USER}/ActiveSync/Accounts",
        },
        wipe=f"{_DEVICE}/RemoteWipe",
        unenroll=f"{_DEVICE}/DMClient/Unenroll",
        lock=f"{_DEVICE}/RemoteLock/Lock",
        facts=(*_FACTS, *_FACTS_OF_WINDOWS_10),
        requests=(f"{_OF_USER}/ClientCertificateInstall/SCEP", f"{_DEVICE}/ClientCertificateInstall/SCEP"),
    )


TREES: dict[Variant, Tree] = {
    Variant.WINDOWS: _windows_10(DESKTOP_PROVIDER),
    Variant.WINDOWS_10_MOBILE: _windows_10(PHONE_PROVIDER),
    # Unverified: PFXCertInstall on Windows Phone 8.1, which the table of the provider does not list. Imported
    # certificates are supported there, by the table of profiles, and no other node could take them.
    Variant.WINDOWS_PHONE_81: Tree(
        provider=PHONE_PROVIDER,
        providers=_BARE,
        collections={
            ROOTS: f"{_BARE}/CertificateStore/Root/System",
            INTERMEDIATES: f"{_BARE}/CertificateStore/CA/System",
            IDENTITIES: f"{_BARE}/ClientCertificateInstall/PFXCertInstall",
            ACCOUNTS: f"{_BARE}/ActiveSync/Accounts",
        },
        wipe=f"{_BARE}/RemoteWipe",
        unenroll=f"{_BARE}/DMClient/Unenroll",
        lock=f"{_BARE}/RemoteLock/Lock",
        facts=_FACTS,
        requests=(f"{_BARE}/CertificateStore/My/SCEP",),
    ),
}


def children(text: str) -> frozenset[str]:
    """Return the names that a Get of an inner node returns: joined by slashes, each percent-encoded."""
    return frozenset(unquote(name).strip("{}").upper() for name in text.split("/") if name)
