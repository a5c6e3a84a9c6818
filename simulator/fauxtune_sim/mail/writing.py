"""Writing S/MIME mail (RFC 8551 3): signed (multipart/signed), encrypted (application/pkcs7-mime), or both.

Both means signed first and then encrypted, so that only the reader learns who signed. Lines end with CRLF throughout:
the bytes that are signed are the bytes that are sent.
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
    """What is written: from whom, to whom, when (aware), and the text."""

    sender: str
    recipient: str
    subject: str
    text: str
    date: datetime


def write_mail(
    letter: MailMessage,
    *,
    signer: Identity | None = None,
    encrypt_to: Sequence[x509.Certificate] = (),
    with_chain: bool = True,
) -> bytes:
    """The bytes of an .eml file.

    `with_chain=False` leaves the intermediate certificates out, so that the reader needs its own. MailRefused if
    neither a signer nor a recipient's certificate is given, or if a header would be broken.
    """
    if signer is None and not encrypt_to:
        raise MailRefused("a mail that is neither signed nor encrypted needs no S/MIME: say which of them it is to be")
    entity = _text_entity(letter.text)
    if signer is not None:
        entity = _signed(entity, signer, date=letter.date, with_chain=with_chain)
    if encrypt_to:
        entity = _encrypted(entity, encrypt_to)
    return _headers(letter) + entity


def signing_identity(store: KeyStore, *, at: datetime, thumbprint: str | None = None) -> Identity:
    """The key to sign with: the one named, else of those fit and valid at `at` the one that began last.

    MailRefused if there is none.
    """
    if thumbprint is not None:
        named = store.choose(thumbprint)
        if named is None:
            raise MailRefused(f"this device holds no key for the certificate {thumbprint}")
        return named
    fit = [
        one
        for one in store.identities()
        if can_sign(one.certificate)
        and is_for_mail(one.certificate)
        and one.certificate.not_valid_before_utc <= at <= one.certificate.not_valid_after_utc
    ]
    if not fit:
        raise MailRefused("this device holds no signing certificate that is valid now")
    return max(fit, key=lambda one: one.certificate.not_valid_before_utc)


def recipient_address(certificate: x509.Certificate) -> str:
    """Whom one writes to with this certificate; MailRefused if it is not for encryption or names no address."""
    if not can_encrypt(certificate):
        raise MailRefused(f"{subject(certificate)} is not for encryption (key usage)")
    found = addresses(certificate)
    if not found:
        raise MailRefused(f"{subject(certificate)} names no e-mail address")
    return found[0]


def _headers(letter: MailMessage) -> bytes:
    for name, value in (("From", letter.sender), ("To", letter.recipient), ("Subject", letter.subject)):
        if any(character in value for character in "\r\n\0"):
            raise MailRefused(f"{name} must be one line")
    domain = letter.sender.rpartition("@")[2] or "localhost"
    lines = [
        f"From: {letter.sender}",
        f"To: {letter.recipient}",
        f"Subject: {_header_text(letter.subject)}",
        f"Date: {format_datetime(letter.date)}",
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
    chain = [one for one in signer.chain if one.subject != one.issuer] if with_chain else []
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
    """Lines of 76 characters (RFC 2045 6.8), the last one ended too."""
    return base64.encodebytes(data).replace(b"\n", _CRLF)
