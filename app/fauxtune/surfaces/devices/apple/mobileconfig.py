"""Configuration profiles: that with which a device enrols, and one for each thing that it is given.

Apple: "Device Management", Profile-Specific Payload Keys: TopLevel, MDM, SCEP, CertificateRoot, CertificatePKCS1,
CertificatePKCS12, ExchangeActiveSync. A profile's PayloadIdentifier says what it is on the device: installing another
one of that name replaces it. PayloadUUIDs are made of what the payload says, so that one which stays the same stays.
"""

from __future__ import annotations

import plistlib
import re
import uuid
from dataclasses import dataclass, field
from typing import Any

from fauxtune.core.model.accounts import Account
from fauxtune.core.model.ids import ItemKey, TenantId
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.states import Source
from fauxtune.core.pki.foreign import is_self_issued
from fauxtune.surfaces.devices.apple import eas

Payload = dict[str, Any]

MEDIA_TYPE = "application/x-apple-aspen-config"
#: Everything: the sum of the rights that Apple documents for the key AccessRights of the MDM payload.
ALL_RIGHTS = 8191
KEY_SIZE = 2048
SIGN_AND_ENCRYPT = 5
ROOT, PKCS1, PKCS12 = "com.apple.security.root", "com.apple.security.pkcs1", "com.apple.security.pkcs12"
SCEP, MDM, EAS = "com.apple.security.scep", "com.apple.mdm", "com.apple.eas.account"

_TITLES = {
    Source.ROOT: "Certificate authority",
    Source.PKCS: "Certificate",
    Source.IMPORTED: "Imported certificate",
    Source.SCEP: "Certificate",
    Source.EMAIL: "E-mail account",
}


@dataclass(frozen=True, slots=True)
class Identity:
    """A PKCS#12 file that takes the place of SCEP in an enrolment profile."""

    pkcs12: bytes = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Enrollment:
    """What an enrolment profile says. `authorities`: DER of those that the device shall trust the server's TLS for."""

    tenant_id: TenantId
    organization: str
    user: str
    scep_url: str
    check_in_url: str
    server_url: str
    challenge: str = field(repr=False)
    authorities: tuple[bytes, ...] = ()
    identity: Identity | None = None


def prefix(tenant_id: TenantId) -> str:
    """Where all identifiers of a tenant begin."""
    return f"com.fauxtune.{tenant_id}"


def topic(tenant_id: TenantId) -> str:
    """The push topic. Apple: a topic begins with com.apple.mgmt."""
    return f"com.apple.mgmt.External.{tenant_id}"


def enrollment_identifier(tenant_id: TenantId) -> str:
    """The identifier of the enrolment profile: removing it ends the management."""
    return f"{prefix(tenant_id)}.enrollment"


def identifier(tenant_id: TenantId, key: ItemKey) -> str:
    """The identifier of an item's profile: `pkcs/x` is `com.fauxtune.<tenant>.pkcs.x`."""
    return f"{prefix(tenant_id)}.{key.replace('/', '.')}"


def profile_uuid(tenant_id: TenantId, row: LedgerRow) -> str:
    """The PayloadUUID of an item's profile: another one as soon as the device must be given the item again."""
    return uuid_of(identifier(tenant_id, row.key), row)


def uuid_of(identifier: str, row: LedgerRow) -> str:
    """The same, of a profile that has this identifier on a device."""
    return _uuid(identifier, row.fingerprint or "")


def enrollment_profile(wanted: Enrollment) -> bytes:
    """The profile with which a device enrols, not signed. Its first payload is the identity's, its second the MDM
    payload: Fleet's test client looks nowhere else.
    """
    # mdmb makes the SCEP payload's identifier its common name where it has no other: 64 characters at most.
    base = prefix(wanted.tenant_id)
    identity = _scep(wanted, base) if wanted.identity is None else _identity(wanted.identity, f"{base}.identity")
    payloads = [identity, _mdm(wanted, base, identity_uuid=identity["PayloadUUID"])]
    payloads += [_authority(each, f"{base}.authority.{n}", "Server") for n, each in enumerate(wanted.authorities)]
    name = enrollment_identifier(wanted.tenant_id)
    top = _top(name, _uuid(name, ""), title="Device management")
    top |= {
        "PayloadOrganization": eas.text(wanted.organization),
        "PayloadDescription": "Emulator, not trusted: lets Fauxtune manage this device.",
    }
    return _write({**top, "PayloadContent": payloads})


def root_profile(tenant_id: TenantId, row: LedgerRow, *, certificate: bytes, on_mac: bool) -> bytes:
    """A certificate to trust, or an intermediate one."""
    payload = _authority(certificate, f"{_inner(row.key)}.certificate", _TITLES[row.source])
    return _write({**_item_top(tenant_id, row, on_mac=on_mac), "PayloadContent": [payload]})


def plain_profile(tenant_id: TenantId, row: LedgerRow, *, payloads: bytes, on_mac: bool) -> bytes:
    """A profile whose payloads, a property list, are in clear."""
    content = plistlib.loads(payloads, fmt=plistlib.FMT_XML)
    return _write({**_item_top(tenant_id, row, on_mac=on_mac), "PayloadContent": content})


def encrypted_profile(tenant_id: TenantId, row: LedgerRow, *, sealed: bytes, on_mac: bool) -> bytes:
    """A profile whose payloads only the device can read: CMS EnvelopedData (DER) of their property list."""
    secret = {"IsEncrypted": True, "EncryptedPayloadContent": sealed}
    return _write({**_item_top(tenant_id, row, on_mac=on_mac), **secret})


def identity_payloads(row: LedgerRow, *, open_to_all: bool = False) -> bytes:
    """The payloads of a certificate with its key: a property list with the holes of file 0. A certificate that is to be
    renewed is known by its predecessor. `open_to_all`: every application of a Mac may use the key (AllowAllAppsAccess).
    """
    name = f"{_inner(row.key)}.identity"
    payload = _with_key(name, _uuid(name, row.serial or row.thumbprint or ""), title=_TITLES[row.source], number=0)
    return _with_holes([payload | ({"AllowAllAppsAccess": True} if open_to_all else {})])


def account_payloads(row: LedgerRow, *, account: Account, os_version: str | None) -> bytes:
    """The payloads of an e-mail account: the certificates that it names, and itself. Apple: what an account refers to
    stands in the same profile. File N is the Nth of the navigations' names in order.
    """
    base = _inner(row.key)
    payloads: dict[ItemKey, Payload] = {}
    named: dict[str, str] = {}
    for number, (navigation, each) in enumerate(sorted(account.certificates.items())):
        if each.item not in payloads:
            name = f"{base}.{each.item.replace('/', '.')}"
            own = _uuid(name, each.fingerprint)
            payloads[each.item] = _with_key(name, own, title="Certificate of the account", number=number)
        named[navigation] = payloads[each.item]["PayloadUUID"]
    settings = eas.settings(account, certificates=named, os_version=os_version)
    title = eas.text(str(account.settings.get("accountName") or account.address))
    own = f"{base}.account"
    return _with_holes([*payloads.values(), _payload(EAS, own, _uuid(own, ""), title=title) | settings])


def _inner(key: ItemKey) -> str:
    """Where the identifiers of an item's payloads begin. Apple: inside a profile each is another."""
    return f"com.fauxtune.{key.replace('/', '.')}"


def _scep(wanted: Enrollment, base: str) -> Payload:
    name = f"{base}.scep"
    content = {
        "URL": wanted.scep_url,
        "Name": "Fauxtune",
        # The authority writes the subject itself. mdmb knows C, L, ST, O, OU and CN only.
        "Subject": [[["O", "Fauxtune"]], [["CN", "Device identity"]]],
        "Challenge": wanted.challenge,
        # Whom the device is for. The certificate does not say it; mdmb and Fleet's client ask for no such names.
        "SubjectAltName": {"ntPrincipalName": eas.text(wanted.user)},
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


def _mdm(wanted: Enrollment, base: str, *, identity_uuid: str) -> Payload:
    name = f"{base}.mdm"
    return _payload(MDM, name, _uuid(name, ""), title="Mobile device management") | {
        "IdentityCertificateUUID": identity_uuid,
        "Topic": topic(wanted.tenant_id),
        "ServerURL": wanted.server_url,
        "CheckInURL": wanted.check_in_url,
        "SignMessage": True,
        "AccessRights": ALL_RIGHTS,
        "CheckOutWhenRemoved": True,
        "ServerCapabilities": ["com.apple.mdm.bootstraptoken"],
        "UseDevelopmentAPNS": False,
    }


def _authority(certificate: bytes, name: str, title: str) -> Payload:  # noqa: PLR0917 - three words
    kind = ROOT if is_self_issued(certificate) else PKCS1
    payload = _payload(kind, name, _uuid(name, certificate.hex()), title=title)
    return payload | {"PayloadContent": certificate, "PayloadCertificateFileName": "authority.cer"}


def _with_key(name: str, own: str, *, title: str, number: int) -> Payload:
    """A PKCS#12 payload; `number` marks its two holes until `_with_holes`."""
    marked = {"PayloadContent": str(number), "Password": str(number)}
    return _payload(PKCS12, name, own, title=title) | {"PayloadCertificateFileName": "identity.p12", **marked}


#: Only keys are certainly ours: in texts the angle brackets are escaped, so that no user's name can look like this.
_MARKED = re.compile(rb"<key>(PayloadContent|Password)</key>(\s*)<string>(\d+)</string>")


def _with_holes(payloads: list[Payload]) -> bytes:
    """The property list with holes where files and passwords go; braces in anybody's texts make none."""
    escaped = _write(payloads).replace(b"{", b"&#123;")

    def hole(found: re.Match[bytes]) -> bytes:
        key, space, number = found.groups()
        if key == b"Password":
            return b"<key>Password</key>%b<string>{{password:%b}}</string>" % (space, number)
        return b"<key>PayloadContent</key>%b<data>{{pfx:%b}}</data>" % (space, number)

    return _MARKED.sub(hole, escaped)


def _item_top(tenant_id: TenantId, row: LedgerRow, *, on_mac: bool) -> Payload:
    name = identifier(tenant_id, row.key)
    top = _top(name, profile_uuid(tenant_id, row), title=_TITLES[row.source])
    # What comes on the device's channel is for the device. Unverified: that the service uses no channel of a user.
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


def _write(values: Payload | list[Payload]) -> bytes:
    return plistlib.dumps(values, fmt=plistlib.FMT_XML, sort_keys=False)
