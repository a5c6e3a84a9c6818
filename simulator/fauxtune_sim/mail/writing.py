"""Write S/MIME mail (RFC 8551 3): signed (multipart/signed), encrypted (application/pkcs7-mime), or both.

Both means signed first and then encrypted, so that only the recipient can see the signer. All lines end with CRLF: the
signed bytes are the bytes that are sent.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime

from cryptography import x509

from fauxtune_sim.certificates import addresses, can_encrypt, can_sign, is_for_mail, subject
from fauxtune_sim.cms import encrypt, sign
from fauxtune_sim.errors import CmsRefused, MailRefused
from fauxtune_sim.keystore import Identity, KeyStore

_CRLF = b"\r\n"


@dataclass(frozen=True, slots=True)
class MailMessage:
    """A mail to write; `date` is timezone-aware."""

    sender: str
    recipient: str
    subject: str
    text: str
    date: datetime


def write_mail(
    message: MailMessage,
    *,
    signer: Identity | None = None,
    encrypt_to: Sequence[x509.Certificate] = (),
    with_chain: bool = True,
) -> bytes:
    """The bytes of an .eml file.

    `with_chain=False` omits the intermediate certificates, so that the reader needs its own. Raises MailRefused without
    a signer and a recipient's certificate, or if a header field is not one line of ASCII.
    """
    if signer is None and not encrypt_to:
        raise MailRefused("an S/MIME mail must be signed or encrypted: name a signer, or a recipient's certificate")
    entity = _text_entity(message.text)
    if signer is not None:
        entity = _signed(entity, signer, date=message.date, with_chain=with_chain)
    if encrypt_to:
        entity = _encrypted(entity, encrypt_to)
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
    for name, value in (("From", message.sender), ("To", message.recipient), ("Subject", message.subject)):
        if any(character in value for character in "\r\n\0"):
            raise MailRefused(f"{name} must be one line")
    domain = message.sender.rpartition("@")[2] or "localhost"
    lines = [
        f"From: {message.sender}",
        f"To: {message.recipient}",
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


def _text_entity(text: str) -> bytes:
    body = "\r\n".join(text.splitlines()) + "\r\n"
    if body.isascii():
        head = "Content-Type: text/plain; charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
        return (head + body).encode("ascii")
    head = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return head.encode("ascii") + _base64(body.encode())


def _signed(entity: bytes, signer: Identity, *, date: datetime, with_chain: bool) -> bytes:
    chain = [issuer for issuer in signer.chain if issuer.subject != issuer.issuer] if with_chain else []
    signature = sign(entity, certificate=signer.certificate, key=signer.key, signing_time=date, others=chain)
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


def _encrypted(entity: bytes, recipients: Sequence[x509.Certificate]) -> bytes:
    try:
        envelope = encrypt(entity, recipients)
    except CmsRefused as refused:
        raise MailRefused(str(refused)) from refused
    return _CRLF.join(
        [
            b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m",
            b"Content-Transfer-Encoding: base64",
            b"Content-Disposition: attachment; filename=smime.p7m",
            b"",
            _base64(envelope),
        ]
    )


def _base64(data: bytes) -> bytes:
    """Base64 in lines of 76 characters (RFC 2045 6.8), each with a line end."""
    return base64.encodebytes(data).replace(b"\n", _CRLF)
