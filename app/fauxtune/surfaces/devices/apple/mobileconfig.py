"""Configuration profiles: the one with which a device enrols, and one for each item that it is given.

Apple: "Device Management", Profile-Specific Payload Keys: TopLevel, MDM, SCEP, CertificateRoot, CertificatePKCS1,
CertificatePKCS12, ExchangeActiveSync. A profile's PayloadIdentifier says what it is on the device: installing another
one of that name replaces it. PayloadUUIDs are derived from the content, so that an unchanged payload keeps its own.
"""

from __future__ import annotations

import plistlib
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from fauxtune.core.formats.plist import write
from fauxtune.core.model.ids import ItemKey, TenantId
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.mail_accounts import Account
from fauxtune.core.model.states import Source
from fauxtune.core.pki.foreign import is_self_issued
from fauxtune.surfaces.devices.apple.payloads import eas_settings, text

Payload = dict[str, Any]

MEDIA_TYPE = "application/x-apple-aspen-config"
#: All rights: the sum of those that Apple documents for the key AccessRights of the MDM payload.
ALL_RIGHTS = 8191
KEY_SIZE = 2048
SIGN_AND_ENCRYPT = 5
ROOT, PKCS1, PKCS12 = "com.apple.security.root", "com.apple.security.pkcs1", "com.apple.security.pkcs12"
ESCROW = "com.apple.security.FDERecoveryKeyEscrow"
SCEP, MDM, EAS = "com.apple.security.scep", "com.apple.mdm", "com.apple.eas.account"

_TITLES = {
    Source.ROOT: "Certificate authority",
    Source.PKCS: "Certificate",
    Source.IMPORTED: "Imported certificate",
    Source.SCEP: "Certificate",
    Source.EMAIL: "E-mail account",
    Source.SETTING: "Settings",
}


@dataclass(frozen=True, slots=True)
class Identity:
    """A PKCS#12 file that takes the place of SCEP in an enrolment profile."""

    pkcs12: bytes = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Enrollment:
    """The content of an enrolment profile. `authorities`: DER of the authorities of the server's TLS certificate;
    `by_user`: a User Enrollment, for a device that is the user's own.
    """

    tenant_id: TenantId
    organization: str
    user: str
    scep_url: str
    check_in_url: str
    server_url: str
    challenge: str = field(repr=False)
    authorities: tuple[bytes, ...] = ()
    identity: Identity | None = None
    by_user: bool = False


def prefix(tenant_id: TenantId) -> str:
    """Return the beginning of all identifiers of a tenant."""
    return f"com.fauxtune.{tenant_id}"


def topic(tenant_id: TenantId) -> str:
    """Return the push topic. Apple: a topic begins with com.apple.mgmt."""
    return f"com.apple.mgmt.External.{tenant_id}"


def enrollment_identifier(tenant_id: TenantId) -> str:
    """Return the identifier of the enrolment profile: removing it ends the management."""
    return f"{prefix(tenant_id)}.enrollment"


def identifier(tenant_id: TenantId, key: ItemKey) -> str:
    """Return the identifier of an item's profile: `pkcs/x` is `com.fauxtune.<tenant>.pkcs.x`."""
    return f"{prefix(tenant_id)}.{key.replace('/', '.')}"


def profile_uuid(tenant_id: TenantId, row: LedgerRow) -> str:
    """Return the PayloadUUID of an item's profile, which changes when the device must be given the item again."""
    return uuid_of(identifier(tenant_id, row.key), row)


def uuid_of(identifier: str, row: LedgerRow) -> str:
    """Return the PayloadUUID of an item's profile that has this identifier on a device."""
    return _uuid(identifier, row.fingerprint or "")


def enrollment_profile(enrollment: Enrollment) -> bytes:
    """Write the enrolment profile, not signed. The identity's payload is the first and the MDM payload the second, for
    Fleet's test client looks nowhere else.
    """
    # mdmb makes the SCEP payload's identifier its common name where it has no other: 64 characters at most.
    base = prefix(enrollment.tenant_id)
    file = enrollment.identity
    identity = _scep(enrollment, base) if file is None else _identity(file, f"{base}.identity")
    payloads = [identity, _mdm(enrollment, base, identity_uuid=identity["PayloadUUID"])]
    payloads += [_authority(der, f"{base}.authority.{n}", "Server") for n, der in enumerate(enrollment.authorities)]
    name = enrollment_identifier(enrollment.tenant_id)
    top = _top(name, _uuid(name, ""), title="Device management")
    top |= {
        "PayloadOrganization": text(enrollment.organization),
        "PayloadDescription": "Emulator, not trusted: lets Fauxtune manage this device.",
    }
    return write({**top, "PayloadContent": payloads})


def escrow_profile(tenant_id: TenantId, *, certificate: bytes) -> bytes:
    """Write the profile by which a Mac escrows its recovery key of FileVault, sealed for a certificate (DER)."""
    name = f"{prefix(tenant_id)}.filevault"
    sealing = _payload(PKCS1, f"{name}.certificate", _uuid(f"{name}.certificate", certificate.hex()), title="Escrow")
    sealing |= {"PayloadContent": certificate, "PayloadCertificateFileName": "escrow.cer"}
    own = f"{name}.escrow"
    payload = _payload(ESCROW, own, _uuid(own, certificate.hex()), title="FileVault recovery key")
    payload |= {"Location": "Fauxtune", "EncryptCertPayloadUUID": sealing["PayloadUUID"]}
    top = _top(name, _uuid(name, certificate.hex()), title="FileVault recovery key")
    return write({**top, "PayloadScope": "System", "PayloadContent": [sealing, payload]})


def root_profile(tenant_id: TenantId, row: LedgerRow, *, certificate: bytes, on_mac: bool) -> bytes:
    """Write the profile of a root or intermediate certificate (DER)."""
    payload = _authority(certificate, f"{_inner(row.key)}.certificate", _TITLES[row.source])
    return write({**_item_top(tenant_id, row, on_mac=on_mac), "PayloadContent": [payload]})


def scep_profile(
    tenant_id: TenantId, row: LedgerRow, *, content: Payload, on_mac: bool, open_to_all: bool = False
) -> bytes:
    """Write the profile with which a device requests a certificate itself. `content`: of the SCEP payload;
    `open_to_all`: every application of a Mac may use the key (AllowAllAppsAccess).
    """
    name = f"{_inner(row.key)}.identity"
    if open_to_all:
        content = content | {"AllowAllAppsAccess": True}
    # The UUID is another one when the device is to request another certificate, not when it gets another challenge.
    payload = _payload(SCEP, name, _uuid(name, row.fingerprint or ""), title=_TITLES[row.source])
    top = _item_top(tenant_id, row, on_mac=on_mac)
    return write({**top, "PayloadContent": [payload | {"PayloadContent": content}]})


def plain_profile(tenant_id: TenantId, row: LedgerRow, *, payloads: bytes, on_mac: bool) -> bytes:
    """Write a profile with these payloads (an XML property list) in clear."""
    content = plistlib.loads(payloads, fmt=plistlib.FMT_XML)
    return write({**_item_top(tenant_id, row, on_mac=on_mac), "PayloadContent": content})


def encrypted_profile(tenant_id: TenantId, row: LedgerRow, *, sealed: bytes, on_mac: bool) -> bytes:
    """Write a profile whose payloads only the device can read. `sealed`: CMS EnvelopedData (DER) of their property
    list.
    """
    secret = {"IsEncrypted": True, "EncryptedPayloadContent": sealed}
    return write({**_item_top(tenant_id, row, on_mac=on_mac), **secret})


def settings_profile(
    tenant_id: TenantId, row: LedgerRow, *, contents: Iterable[tuple[str, Payload]], on_mac: bool
) -> bytes:
    """Write a profile with payloads of these types and contents."""
    payloads = []
    for number, (kind, content) in enumerate(contents):
        name = f"{_inner(row.key)}.{number}"
        own = _uuid(name, repr(sorted(content.items())))
        payloads.append({**content, **_payload(kind, name, own, title=_TITLES[row.source])})
    return write({**_item_top(tenant_id, row, on_mac=on_mac), "PayloadContent": payloads})


def identity_payloads(row: LedgerRow, *, open_to_all: bool = False) -> bytes:
    """Write the payloads of a certificate with its key: a property list with the holes of file 0.

    A certificate that is still to be issued is named by its predecessor. `open_to_all`: every application of a Mac may
    use the key (AllowAllAppsAccess).
    """
    name = f"{_inner(row.key)}.identity"
    payload = _with_key(name, _uuid(name, row.serial or row.thumbprint or ""), title=_TITLES[row.source], number=0)
    return _with_holes([payload | ({"AllowAllAppsAccess": True} if open_to_all else {})])


def account_payloads(row: LedgerRow, *, account: Account, os_version: str | None) -> bytes:
    """Write the payloads of an e-mail account: the certificates that it refers to, then the account.

    Apple: an account refers only to payloads of the same profile. File N is the Nth of the navigations' names in order.
    """
    base = _inner(row.key)
    payloads: dict[ItemKey, Payload] = {}
    named: dict[str, str] = {}
    for number, (navigation, certificate) in enumerate(sorted(account.certificates.items())):
        if certificate.item not in payloads:
            name = f"{base}.{certificate.item.replace('/', '.')}"
            own = _uuid(name, certificate.fingerprint)
            payloads[certificate.item] = _with_key(name, own, title="Certificate of the account", number=number)
        named[navigation] = payloads[certificate.item]["PayloadUUID"]
    settings = eas_settings(account, certificates=named, os_version=os_version)
    title = text(str(account.settings.get("accountName") or account.address))
    own = f"{base}.account"
    return _with_holes([*payloads.values(), _payload(EAS, own, _uuid(own, ""), title=title) | settings])


def _inner(key: ItemKey) -> str:
    """The beginning of the identifiers of an item's payloads. Apple: inside a profile each is unique."""
    return f"com.fauxtune.{key.replace('/', '.')}"


def _scep(enrollment: Enrollment, base: str) -> Payload:
    name = f"{base}.scep"
    content = {
        "URL": enrollment.scep_url,
        "Name": "Fauxtune",
        # The authority writes the subject itself. mdmb knows C, L, ST, O, OU and CN only.
        "Subject": [[["O", "Fauxtune"]], [["CN", "Device identity"]]],
        "Challenge": enrollment.challenge,
        # The device's user. The certificate does not name it; mdmb and Fleet's client request no such names.
        "SubjectAltName": {"ntPrincipalName": text(enrollment.user)},
        "Keysize": KEY_SIZE,
        "Key Type": "RSA",
        "Key Usage": SIGN_AND_ENCRYPT,
        "Retries": 3,
        "RetryDelay": 10,
    }
    return _payload(SCEP, name, _uuid(name, ""), title="Device identity") | {"PayloadContent": content}


def _identity(identity: Identity, name: str) -> Payload:
    secret = {"PayloadContent": identity.pkcs12, "Password": identity.password}
    own = str(uuid.uuid5(uuid.NAMESPACE_OID, identity.pkcs12.hex())).upper()
    return _payload(PKCS12, name, own, title="Device identity") | secret


def _mdm(enrollment: Enrollment, base: str, *, identity_uuid: str) -> Payload:
    name = f"{base}.mdm"
    return _payload(MDM, name, _uuid(name, ""), title="Mobile device management") | {
        "IdentityCertificateUUID": identity_uuid,
        "Topic": topic(enrollment.tenant_id),
        "ServerURL": enrollment.server_url,
        "CheckInURL": enrollment.check_in_url,
        "SignMessage": True,
        "AccessRights": ALL_RIGHTS,
        "CheckOutWhenRemoved": True,
        "ServerCapabilities": ["com.apple.mdm.bootstraptoken"],
        "UseDevelopmentAPNS": False,
        **({"EnrollmentMode": "BYOD", "AssignedManagedAppleID": enrollment.user} if enrollment.by_user else {}),
    }


def _authority(certificate: bytes, name: str, title: str) -> Payload:  # noqa: PLR0917 - three words
    kind = ROOT if is_self_issued(certificate) else PKCS1
    payload = _payload(kind, name, _uuid(name, certificate.hex()), title=title)
    return payload | {"PayloadContent": certificate, "PayloadCertificateFileName": "authority.cer"}


def _with_key(name: str, own: str, *, title: str, number: int) -> Payload:
    """A PKCS#12 payload; `number` marks its two holes until `_with_holes`."""
    marked = {"PayloadContent": str(number), "Password": str(number)}
    return _payload(PKCS12, name, own, title=title) | {"PayloadCertificateFileName": "identity.p12", **marked}


#: In texts angle brackets are escaped, so that no user's name can look like a key.
_MARKED = re.compile(rb"<key>(PayloadContent|Password)</key>(\s*)<string>(\d+)</string>")


def _with_holes(payloads: list[Payload]) -> bytes:
    """The property list with holes where files and passwords go. Braces in texts are escaped: they make no holes."""
    escaped = write(payloads).replace(b"{", b"&#123;")

    def hole(match: re.Match[bytes]) -> bytes:
        key, space, number = match.groups()
        if key == b"Password":
            return b"<key>Password</key>%b<string>{{password:%b}}</string>" % (space, number)
        return b"<key>PayloadContent</key>%b<data>{{pfx:%b}}</data>" % (space, number)

    return _MARKED.sub(hole, escaped)


def _item_top(tenant_id: TenantId, row: LedgerRow, *, on_mac: bool) -> Payload:
    name = identifier(tenant_id, row.key)
    top = _top(name, profile_uuid(tenant_id, row), title=_TITLES[row.source])
    # Profiles sent on the device's channel are for the device. Differs from Intune: a SCEP profile whose
    # deploymentChannel is the user's goes to the user's keychain ("Create and assign SCEP certificate profiles",
    # 2025-06-26).
    return {**top, "PayloadScope": "System"} if on_mac else top


def _top(name: str, own: str, *, title: str) -> Payload:
    return _payload("Configuration", name, own, title=title)


def _payload(kind: str, name: str, own: str, *, title: str) -> Payload:  # noqa: PLR0917 - the four that all have
    return {
        "PayloadType": kind,
        "PayloadVersion": 1,
        "PayloadIdentifier": name,
        "PayloadUUID": own,
        "PayloadDisplayName": title,
    }


def _uuid(name: str, content: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{name}\n{content}")).upper()
