"""OMA-DM's numbers and Windows' nodes in words. OMA-TS-DM_RepPro 1.2 10; MS-MDM 2.2; Windows: CSP reference.

#: data
"""

from __future__ import annotations

from fauxtune.core.engine.diagnosis.numbers import SYNCML

STATUSES: dict[str, str] = {
    "200": "done",
    "202": "accepted, and carried out later",
    "212": "the credentials are accepted",
    "213": "a part of the data is received, the rest is awaited",
    "214": "cancelled",
    "215": "not carried out",
    "216": "rolled back",
    **{str(number): words for number, words in SYNCML.items()},
}

ALERTS: dict[str, str] = {
    "1200": "the server began the session",
    "1201": "the device began the session",
    "1222": "the next message, please",
    "1223": "the session is aborted",
    "1224": "an event of the client",
    "1226": "a message of the client",
}

#: The roots of nodes, in words.
ROOTS: dict[str, str] = {
    "./Device/Vendor/MSFT/": "device: ",
    "./Vendor/MSFT/": "device: ",
    "./User/Vendor/MSFT/": "user: ",
    "./": "",
}

#: Nodes without their roots, in words; the first that an address begins with counts.
NODES: dict[str, str] = {
    "RootCATrustedCertificates/Root": "trusted roots",
    "RootCATrustedCertificates/CA": "certificates of authorities",
    "CertificateStore/Root": "trusted roots",
    "CertificateStore/CA": "certificates of authorities",
    "ClientCertificateInstall/PFXCertInstall": "certificate with its key",
    "ActiveSync/Accounts": "Exchange account",
    "RemoteWipe/doWipeProtected": "factory reset that cannot be interrupted",
    "RemoteWipe": "factory reset",
    "RemoteLock": "lock",
    "Reboot": "restart",
    "DMClient/Unenroll": "end of the management",
}

#: Windows' results (HRESULT) of installing a PFX in words. Microsoft: "Common HRESULT values"; MS-ERREF 2.1.
RESULTS: dict[int, str] = {
    0x00000000: "success",
    0x80070005: "access denied",
    0x80070056: "the password of the PFX is wrong",
    0x80070057: "an argument is wrong",
    0x8009000B: "the key cannot be used like this",
    0x80090016: "there is no such key container",
    0x80090029: "this is not supported",
    0x80092004: "there is no such certificate or key",
}
