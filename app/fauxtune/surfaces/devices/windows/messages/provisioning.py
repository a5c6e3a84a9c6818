"""The provisioning document, which configures an enrolled device. MS-MDE2 2.2.9.1 and its CSPs (CertificateStore, w7
APPLICATION, DMClient).

It has one line: the client accepts no blanks between elements. Thumbprints are SHA-1 in upper case. Without
DEFAULTENCODING the device would send WBXML.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from urllib.parse import quote

from fauxtune.core.formats.xml import tag


@dataclass(frozen=True, slots=True)
class Cadence:
    """The check-ins of a device by itself: three times (number, minutes between them); 0: without end. DMClient:
    Poll.
    """

    first: tuple[int, int]
    second: tuple[int, int]
    then: tuple[int, int] = (0, 480)


@dataclass(frozen=True, slots=True)
class Provisioning:
    """The content of the document. `issuer` signed the identity; `per_machine`: the identity is for the machine's
    store.
    """

    root: bytes
    issuer: bytes
    identity: bytes
    common_name: str
    per_machine: bool
    provider: str
    management_url: str
    push_url: str
    device_id: str
    device_name: str
    user: str
    cadence: Cadence
    nonce: str


def thumbprint(certificate: bytes) -> str:
    """Return the SHA-1 thumbprint as Windows writes it: hex, upper case."""
    return hashlib.sha1(certificate, usedforsecurity=False).hexdigest().upper()


def document(content: Provisioning) -> str:
    """Write the document of a new enrolment: base64 of UTF-8."""
    return _packed(
        _certificates(content.identity, root=content.root, issuer=content.issuer, per_machine=content.per_machine)
        + _application(content)
        + _client(content)
    )


def renewed(identity: bytes, *, root: bytes, issuer: bytes, per_machine: bool) -> str:
    """Write the document of a renewal: the new identity only."""
    return _packed(_certificates(identity, root=root, issuer=issuer, per_machine=per_machine))


def _packed(content: str) -> str:
    return base64.b64encode(tag("wap-provisioningdoc", content, version="1.1").encode()).decode()


def _group(kind: str, content: str = "") -> str:
    return tag("characteristic", content, type=kind)


def _value(name: str, value: str, *, datatype: str | None = None) -> str:
    attributes = {} if datatype is None else {"datatype": datatype}
    return tag("parm", name=name, value=value, **attributes)


def _certificates(identity: bytes, *, root: bytes, issuer: bytes, per_machine: bool) -> str:
    """Root, CA (the authority that issues), My, in this order: MS-MDE 3.6 brings root, intermediates and client
    certificate, and two public clients of the real Intune (pytune, AADInternals; read 2026-11) take the third.
    """
    trusted = _group("Root", _group("System", _certificate(root)))
    trusted += _group("CA", _group("System", _certificate(issuer)))
    mine = _group("System" if per_machine else "User", _certificate(identity) + _group("PrivateKeyContainer"))
    renewal = _value("ROBOSupport", "true", datatype="boolean")
    renewal += _value("RenewPeriod", "42", datatype="integer") + _value("RetryInterval", "4", datatype="integer")
    own = _group("My", mine + _group("WSTEP", _group("Renew", renewal)))
    return _group("CertificateStore", trusted + own)


def _certificate(der: bytes) -> str:
    return _group(thumbprint(der), _value("EncodedCertificate", base64.b64encode(der).decode()))


def _application(content: Provisioning) -> str:
    store = "System" if content.per_machine else "User"
    search = (
        f"Subject={quote(f'CN={content.common_name}', safe='')}&Stores={quote(chr(92).join(('MY', store)), safe='')}"
    )
    nonce = base64.b64encode(content.nonce.encode()).decode()
    values = "".join(
        _value(name, value)
        for name, value in (
            ("APPID", "w7"),
            ("PROVIDER-ID", content.provider),
            ("NAME", "Fauxtune"),
            ("ADDR", content.management_url),
            ("CONNRETRYFREQ", "6"),
            ("INITIALBACKOFFTIME", "30000"),
            ("MAXBACKOFFTIME", "120000"),
        )
    )
    values += tag("parm", name="BACKCOMPATRETRYDISABLED")
    values += _value("DEFAULTENCODING", "application/vnd.syncml.dm+xml") + _value("SSLCLIENTCERTSEARCHCRITERIA", search)
    client = _value("AAUTHLEVEL", "CLIENT") + _value("AAUTHTYPE", "DIGEST") + _value("AAUTHSECRET", "unused")
    server = _value("AAUTHLEVEL", "APPSRV") + _value("AAUTHTYPE", "DIGEST") + _value("AAUTHNAME", "unused")
    values += _group("APPAUTH", client + _value("AAUTHDATA", nonce))
    values += _group("APPAUTH", server + _value("AAUTHSECRET", "unused") + _value("AAUTHDATA", nonce))
    return _group("APPLICATION", values)


def _client(content: Provisioning) -> str:
    values = _value("EntDMID", content.device_id, datatype="string")
    values += _value("EntDeviceName", content.device_name, datatype="string")
    values += _value("UPN", content.user, datatype="string")
    values += _value("RequireMessageSigning", "true", datatype="boolean")
    # Differs from Windows: a PFN names an app to the notification service. Here it is the address of the push
    # channel.
    values += _group("Push", _value("PFN", content.push_url, datatype="string"))
    values += _group("Poll", _poll(content.cadence))
    return _group("DMClient", _group("Provider", _group(content.provider, values)))


def _poll(cadence: Cadence) -> str:
    parameters = (
        ("NumberOfFirstRetries", cadence.first[0]),
        ("IntervalForFirstSetOfRetries", cadence.first[1]),
        ("NumberOfSecondRetries", cadence.second[0]),
        ("IntervalForSecondSetOfRetries", cadence.second[1]),
        ("NumberOfRemainingScheduledRetries", cadence.then[0]),
        ("IntervalForRemainingScheduledRetries", cadence.then[1]),
    )
    numbers = "".join(_value(name, str(value), datatype="integer") for name, value in parameters)
    switches = ("PollOnLogin", "AllUsersPollOnFirstLogin")
    return numbers + "".join(_value(name, "true", datatype="boolean") for name in switches)
