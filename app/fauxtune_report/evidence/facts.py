"""What a report is made of: people, devices, certificates, mail, and who held what when, of one tenant.

All of it was read over Graph, the control surface, and the addresses of CRL and OCSP that certificates name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fauxtune.core.mail.readability import Reading
from fauxtune.core.model.certificates import Marks
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import Source
from fauxtune.core.pki.foreign import extension_of

#: The sources of certificates of which each device gets its own.
OWN = (Source.PKCS, Source.SCEP)
COMPUTERS = (Variant.WINDOWS, Variant.MACOS)


@dataclass(frozen=True, slots=True)
class Moment:
    """An entry of the journal: its number, and the tenant's time."""

    number: int
    time: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """A user. `name`: the display name."""

    address: str
    name: str


@dataclass(frozen=True, slots=True)
class Left:
    """How an enrolment ended: `wiped`, `retired`, `unenrolled` or `deleted`."""

    how: str
    at: Moment


@dataclass(frozen=True, slots=True)
class Device:
    """An enrolment. `owner`: the address of the user; None without one."""

    id: str
    name: str
    variant: Variant
    owner: str | None
    enrolled: Moment
    left: Left | None = None


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate of the tenant's register. `source`: by what it reaches devices; None for no device. `authority`:
    the name of its issuer in the register.
    """

    thumbprint: str
    source: Source | None
    owner: str | None
    authority: str
    certificate: x509.Certificate = field(repr=False)

    @property
    def serial(self) -> int:
        """The serial number."""
        return self.certificate.serial_number

    @property
    def encrypts(self) -> bool:
        """Whether mail may be encrypted for it (RFC 5280 4.2.1.3)."""
        usage = extension_of(self.certificate, x509.KeyUsage)
        return usage is None or usage.key_encipherment or usage.key_agreement

    @property
    def key(self) -> str:
        """The SHA-256 of the public key (SubjectPublicKeyInfo)."""
        spki = self.certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(spki).hexdigest()


@dataclass(frozen=True, slots=True)
class Holding:
    """The time in which a device held a certificate with its key. `until` is None while it holds it."""

    device: str
    thumbprint: str
    source: Source
    since: Moment
    until: Moment | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """Whether a device can read a mail, and by which certificate."""

    reading: Reading
    thumbprint: str | None = None


@dataclass(frozen=True, slots=True)
class Mail:
    """A message in the mailbox of `owner`. `recipients`: thumbprints of the certificates that it is encrypted for, as
    far as the tenant knows them; `before`, `now`: device -> cell, before the first device left and at the end. `raw` is
    None if it is too large for a file; `signed_at`, `signer`: of its first visible signature, and whether it `counts`.
    """

    owner: str
    uid: int
    subject: str
    author: str
    date: datetime
    encrypted: bool
    recipients: tuple[str, ...] = ()
    signer: str | None = None
    counts: bool = False
    signed_at: datetime | None = None
    before: Mapping[str, Cell] = field(default_factory=dict)
    now: Mapping[str, Cell] = field(default_factory=dict)
    raw: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Authority:
    """A certification authority of the tenant with its CRL (DER), and an OCSP answer (DER) about all certificates of
    the report that it issued.
    """

    name: str
    is_root: bool
    certificate: x509.Certificate = field(repr=False)
    crl: bytes | None = field(default=None, repr=False)
    ocsp: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Publication:
    """A certificate that the address book has for an address. `addresses`: those in the certificate, in lower case."""

    address: str
    thumbprint: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How many of what is there a report does not show, because it would be too long to read."""

    people: int = 0
    devices: int = 0
    mails: int = 0
    certificates: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that was read of a tenant. `keys`: device and thumbprint -> PEM with key and certificate, as exported
    from simulated devices; the server has no such key. `revoked`: by the CRLs; `ocsp`: by OCSP.
    """

    tenant: str
    edition: str
    now: datetime
    people: tuple[Person, ...]
    devices: tuple[Device, ...]
    certificates: Mapping[str, Certificate]
    holdings: tuple[Holding, ...]
    mails: tuple[Mail, ...]
    authorities: tuple[Authority, ...]
    publications: tuple[Publication, ...]
    #: The journal's entries about these people and devices, in order, as the control surface gives them.
    events: tuple[Mapping[str, Any], ...]
    revoked: Mapping[str, datetime]
    ocsp: Mapping[str, str]
    keys: Mapping[tuple[str, str], bytes] = field(default_factory=dict, repr=False)
    left_out: LeftOut = LeftOut()
    #: The imported certificates: thumbprint -> the moment of the import.
    imports: Mapping[str, Moment] = field(default_factory=dict)
    marks: Marks = field(default_factory=Marks)

    def device(self, identifier: str) -> Device:
        """Return a device by its id."""
        return next(device for device in self.devices if device.id == identifier)

    def has(self, identifier: str) -> bool:
        """Whether the report has the device with this id."""
        return any(device.id == identifier for device in self.devices)

    def devices_of(self, owner: str | None) -> list[Device]:
        """Return the devices of a person."""
        return [device for device in self.devices if device.owner == owner]

    def held_by(self, device: Device, *sources: Source) -> list[Holding]:
        """Return what a device held at any time, from these sources."""
        return [holding for holding in self.holdings if holding.device == device.id and holding.source in sources]

    def holders(self, thumbprint: str) -> list[Device]:
        """Return the devices that held a certificate at any time, in the order of their enrolment."""
        ids = {holding.device for holding in self.holdings if holding.thumbprint == thumbprint}
        return [device for device in self.devices if device.id in ids]

    def is_expired(self, certificate: Certificate) -> bool:
        """Whether the validity of a certificate is over at the tenant's time."""
        return certificate.certificate.not_valid_after_utc < self.now
