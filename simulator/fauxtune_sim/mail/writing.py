"""Write S/MIME mail (RFC 8551 3): signed, encrypted, or both, with attachments and an HTML alternative.

Both means signed first and then encrypted, so that only the recipients can see the signer. All lines end with CRLF: the
signed bytes are the bytes that are sent.
"""

from __future__ import annotations

import base64
import secrets
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path

from cryptography import x509

from fauxtune_sim.agent.agent import Agent
from fauxtune_sim.cms.ciphers import ContentCipher
from fauxtune_sim.cms.envelope import RecipientOptions, encrypt
from fauxtune_sim.cms.signed import SigningOptions, sign
from fauxtune_sim.device.device import Device
from fauxtune_sim.errors import CmsRefused, MailRefused, NotFoundHere
from fauxtune_sim.keys.certificates import addresses, can_encrypt, can_sign, is_for_mail, mark, subject, thumbprint
from fauxtune_sim.keys.keystore import Identity, KeyStore
from fauxtune_sim.mail.accounts import Contacts
from fauxtune_sim.server.control import AddressBookAnswer, Control, control_of
from fauxtune_sim.server.discovery import ServerOptions, find_server
from fauxtune_sim.server.transport import Transport

_CRLF = b"\r\n"
#: Signed content is sent as 7-bit lines, so that no mail server changes it on its way (RFC 8551 3.1.3).
_SEVEN_BIT = SMTP.clone(cte_type="7bit")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file in a mail: its name, its bytes, and its media type, for example `image/png`."""

    name: str
    content: bytes
    media_type: str = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class MailMessage:
    """A mail to write; `date` is timezone-aware. `html` shows the text in another form (multipart/alternative)."""

    sender: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    date: datetime
    copies: tuple[str, ...] = ()
    html: str | None = None
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Protection:
    """How a mail is protected.

    `signer` None: not signed; `encrypt_to` (): not encrypted. `with_chain=False` omits the intermediate certificates,
    so that the reader needs its own. A signature that is not `detached` is opaque: only mail programs that know S/MIME
    show the text.
    """

    signer: Identity | None = None
    encrypt_to: Sequence[x509.Certificate] = ()
    with_chain: bool = True
    cipher: ContentCipher = ContentCipher.AES256_CBC
    signing: SigningOptions = field(default_factory=SigningOptions)
    recipients: RecipientOptions = field(default_factory=RecipientOptions)


def write_mail(message: MailMessage, protection: Protection | None = None) -> bytes:
    """The bytes of an .eml file; without a protection it is a plain mail.

    Raises MailRefused if a header field is not one line of ASCII (the subject may be any text), or if a certificate
    cannot be used.
    """
    protection = protection or Protection()
    entity = _content_entity(message)
    try:
        if protection.signer is not None:
            entity = _signed(entity, protection.signer, date=message.date, protection=protection)
        if protection.encrypt_to:
            entity = _encrypted(entity, protection)
    except CmsRefused as refused:
        raise MailRefused(str(refused)) from refused
    return _headers(message) + entity


def signing_identity(store: KeyStore, *, at: datetime, thumbprint: str | None = None) -> Identity:
    """The identity to sign with: the one with this thumbprint, else the newest for signing mail that is valid at `at`.

    Raises MailRefused if there is no such identity.
    """
    if thumbprint is not None:
        chosen = store.choose(thumbprint)
        if chosen is None:
            raise MailRefused(f"this device holds no key for the certificate {thumbprint}")
        return chosen
    candidates = [
        identity
        for identity in store.identities()
        if can_sign(identity.certificate)
        and is_for_mail(identity.certificate)
        and identity.certificate.not_valid_before_utc <= at <= identity.certificate.not_valid_after_utc
    ]
    if not candidates:
        raise MailRefused("this device holds no signing certificate that is valid now")
    return max(candidates, key=lambda identity: identity.certificate.not_valid_before_utc)


def recipient_address(certificate: x509.Certificate) -> str:
    """The address in a recipient's certificate. Raises MailRefused if it is not for encryption or has no address."""
    if not can_encrypt(certificate):
        raise MailRefused(f"{subject(certificate)} is not for encryption (key usage)")
    names = addresses(certificate)
    if not names:
        raise MailRefused(f"{subject(certificate)} has no e-mail address")
    return names[0]


def _headers(message: MailMessage) -> bytes:
    to, copies = ", ".join(message.recipients), ", ".join(message.copies)
    for name, value in (("From", message.sender), ("To", to), ("Cc", copies), ("Subject", message.subject)):
        if any(character in value for character in "\r\n\0"):
            raise MailRefused(f"{name} must be one line")
    domain = message.sender.rpartition("@")[2] or "localhost"
    lines = [
        f"From: {message.sender}",
        # A line has at most 998 characters (RFC 5322 2.1.1): each address has its own.
        f"To: {to}".replace(", ", ",\r\n "),
        *([f"Cc: {copies}".replace(", ", ",\r\n ")] if copies else []),
        f"Subject: {_header_text(message.subject)}",
        f"Date: {format_datetime(message.date)}",
        f"Message-ID: <{secrets.token_hex(16)}@{domain}>",
        "MIME-Version: 1.0",
    ]
    try:
        return _CRLF.join(line.encode("ascii") for line in lines) + _CRLF
    except UnicodeEncodeError as broken:
        raise MailRefused(f"addresses must be ASCII: {broken.object!r}") from broken


def _header_text(text: str) -> str:
    return text if text.isascii() else Header(text, "utf-8").encode(linesep="\r\n")


def _content_entity(message: MailMessage) -> bytes:
    """The MIME entity of text, HTML and attachments, as it is signed."""
    entity = EmailMessage(policy=_SEVEN_BIT)
    text = "\n".join(message.text.splitlines()) + "\n"
    entity.set_content(text, cte="7bit" if _is_seven_bit(text) else "base64")
    if message.html is not None:
        entity.add_alternative(message.html, subtype="html", cte="base64")
    for attachment in message.attachments:
        kind, _, subtype = attachment.media_type.partition("/")
        entity.add_attachment(attachment.content, maintype=kind, subtype=subtype, filename=attachment.name)
    del entity["MIME-Version"]
    return entity.as_bytes()


def _is_seven_bit(text: str) -> bool:
    """Whether a text can be sent as it is: ASCII in lines of at most 998 characters."""
    return text.isascii() and "\0" not in text and max(map(len, text.splitlines()), default=0) <= 998


def _signed(entity: bytes, signer: Identity, *, date: datetime, protection: Protection) -> bytes:
    issuers = [issuer for issuer in signer.chain if issuer.subject != issuer.issuer]
    signature = sign(
        entity,
        certificate=signer.certificate,
        key=signer.key,
        signing_time=date,
        others=issuers if protection.with_chain else [],
        options=protection.signing,
    )
    if not protection.signing.detached:
        return _cms_entity(signature, kind="signed-data")
    boundary = f"signed-{secrets.token_hex(16)}".encode()
    return _CRLF.join(
        [
            b'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256;',
            b' boundary="' + boundary + b'"',
            b"",
            b"This is a signed message; a mail program that knows S/MIME shows whether the signature holds.",
            b"--" + boundary,
            entity,
            b"--" + boundary,
            b"Content-Type: application/pkcs7-signature; name=smime.p7s",
            b"Content-Transfer-Encoding: base64",
            b"Content-Disposition: attachment; filename=smime.p7s",
            b"",
            _base64(signature),
            b"--" + boundary + b"--",
            b"",
        ]
    )


def _encrypted(entity: bytes, protection: Protection) -> bytes:
    envelope = encrypt(entity, protection.encrypt_to, cipher=protection.cipher, options=protection.recipients)
    return _cms_entity(envelope, kind="authEnveloped-data" if protection.cipher.is_authenticated else "enveloped-data")


def _cms_entity(data: bytes, *, kind: str) -> bytes:
    return _CRLF.join(
        [
            f"Content-Type: application/pkcs7-mime; smime-type={kind}; name=smime.p7m".encode(),
            b"Content-Transfer-Encoding: base64",
            b"Content-Disposition: attachment; filename=smime.p7m",
            b"",
            _base64(data),
        ]
    )


def _base64(data: bytes) -> bytes:
    """Base64 in lines of 76 characters (RFC 2045 6.8), each with a line end."""
    return base64.encodebytes(data).replace(b"\n", _CRLF)


#: Exchange Online takes messages of at most 150 MB; base64 adds a third to an attachment.
LARGEST_FILE = 100 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class RecipientNames:
    """The recipients as a sender names them: users, users for a copy, and certificate files with an address inside."""

    users: Sequence[str] = ()
    copies: Sequence[str] = ()
    certificates: Sequence[Path] = ()


@dataclass(slots=True)
class Recipients:
    """The addresses of a mail, the certificates to encrypt to, and what the sender should know about them."""

    to: list[str] = field(default_factory=list)
    copies: list[str] = field(default_factory=list)
    certificates: list[x509.Certificate] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class RecipientCertificate:
    """A certificate to encrypt to, and what the sender should know about it."""

    certificate: x509.Certificate
    notes: tuple[str, ...] = ()


async def find_recipients(names: RecipientNames, agent: Agent, *, encrypts: bool, at: datetime) -> Recipients:
    """Find the addresses of the recipients, and their certificates if the mail is encrypted.

    Raises NotFoundHere for a recipient whose certificate is found nowhere, with the reason and what helps.
    """
    recipients = Recipients()
    for path in names.certificates:
        certificate = _certificate_of(path)
        recipients.to.append(recipient_address(certificate))
        recipients.certificates.append(certificate)
    users = [(user, recipients.to) for user in names.users]
    users += [(user, recipients.copies) for user in names.copies]
    if not encrypts and all("@" in user for user, _ in users):
        for user, addresses in users:
            addresses.append(user)
        return recipients
    enrollment = agent.device.enrollment
    server = ServerOptions() if enrollment is None else ServerOptions(enrollment.server, tenant=enrollment.tenant)
    async with Transport(ca=agent.device.ca, demands=agent.device.demands) as transport:
        control = control_of(find_server(server), transport)
        for user, addresses in users:
            address = await control.principal_name(user)
            addresses.append(address)
            if encrypts:
                chosen = await find_certificate(address, control=control, device=agent.device, at=at)
                recipients.certificates.append(chosen.certificate)
                recipients.notes += chosen.notes
    return recipients


async def find_certificate(address: str, *, control: Control, device: Device, at: datetime) -> RecipientCertificate:
    """Find the certificate of an address: the newest usable one of the address book, else of the device's contacts.

    Raises NotFoundHere if nothing usable is found, with the reason and what helps.
    """
    answer = await control.look_up(address)
    usable = [one.certificate for one in answer.published if one.hindrance is None and can_encrypt(one.certificate)]
    if usable:
        return await _published(address, usable, control=control)
    contacts = [] if device.folder is None else Contacts(device.folder).of(address)
    learned = next((contact for contact in contacts if contact.is_usable(at)), None)
    if learned is None:
        raise NotFoundHere(_refusal(address, answer, has_contacts=bool(contacts)))
    note = (
        f"{address} is not in the address book: the certificate {mark(learned.certificate)} was used, which a signed "
        f"mail brought on {learned.learned_at:%Y-%m-%d}"
    )
    return RecipientCertificate(learned.certificate, (note,))


async def _published(address: str, usable: list[x509.Certificate], *, control: Control) -> RecipientCertificate:
    """The newest of the published certificates."""
    chosen = max(usable, key=lambda certificate: certificate.not_valid_before_utc)
    notes = []
    if len(usable) > 1:
        notes.append(
            f"{len(usable)} usable certificates are published for {address}: the newest was used, {mark(chosen)}"
        )
    if await control.is_of_one_device(thumbprint(chosen)):
        notes.append(f"the certificate of {address} was issued for one device: no other device can read the mail")
    return RecipientCertificate(chosen, tuple(notes))


def _refusal(address: str, answer: AddressBookAnswer, *, has_contacts: bool) -> str:
    """Why a mail cannot be encrypted to an address, and what helps."""
    book = answer.sentence or " ".join(
        f"Certificate {mark(one.certificate)} is published for {address}: {one.hindrance or 'it cannot encrypt.'}"
        for one in answer.published
    )
    contacts = "The contact's certificate is not valid now." if has_contacts else "No signed mail brought one either."
    return (
        f"the mail cannot be encrypted to {address}. {book} {contacts} Either an administrator publishes one with "
        f"`fauxtune mail publish`, or {address} sends this device a signed mail, or --to-certificate names a file"
    )


def _certificate_of(path: Path) -> x509.Certificate:
    data = file_bytes(path)
    load = x509.load_pem_x509_certificate if b"-----BEGIN" in data else x509.load_der_x509_certificate
    try:
        return load(data)
    except ValueError as broken:
        raise MailRefused(f"{path} is not a certificate (PEM or DER): {broken}") from broken


def file_bytes(path: Path, *, most: int = LARGEST_FILE) -> bytes:
    """The bytes of a file, or of standard input for `-`. Raises MailRefused if there are more than `most`."""
    try:
        if str(path) == "-":
            data = sys.stdin.buffer.read(most + 1)
        else:
            with path.open("rb") as file:
                data = file.read(most + 1)
    except OSError as failed:
        raise NotFoundHere(f"{path} cannot be read: {failed.strerror}") from failed
    if len(data) > most:
        raise MailRefused(f"{path} has more than {most // 1024**2} MiB, the most that a mail program takes")
    return data
