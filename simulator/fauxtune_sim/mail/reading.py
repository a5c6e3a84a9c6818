"""Read S/MIME mail (RFC 8551 3), also of other programs, with the keys and trusted certificates of a device.

Layers are removed one by one: envelopes are decrypted, detached and attached signatures verified, until text is left. A
signature counts as verified only if it is correct and its certificate chains to a trusted root at the signing time, is
for mail, and contains the From address.
"""

from __future__ import annotations

import binascii
import email
import email.policy
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import parseaddr, parsedate_to_datetime
from typing import Any

from cryptography import x509

from fauxtune_sim.certificates import addresses, can_sign, is_for_mail, subject, thumbprint
from fauxtune_sim.cms import ContentType, Signature, content_type_of, open_envelope, verify
from fauxtune_sim.errors import CmsRefused, MailRefused
from fauxtune_sim.keystore import KeyStore
from fauxtune_sim.trust import untrusted_reason

_MOST_LAYERS = 8
#: Every mail and every S/MIME entity has one of these header fields (RFC 5322 3.6, RFC 2045 3).
_FIELDS = {"from", "to", "date", "subject", "mime-version", "content-type"}
_ENVELOPES = {"application/pkcs7-mime", "application/x-pkcs7-mime"}


@dataclass(slots=True)
class Reading:
    """The result of reading a mail.

    `decrypted` is None for a mail that is not encrypted, `verified` None for one that is not signed. `recipient` and
    `signer_thumbprint` are SHA-1 hex; `signer` is the address in the signer's certificate. `why` is the reason of a
    failure, or None.
    """

    decrypted: bool | None = None
    recipient: str | None = None
    signer: str | None = None
    signer_thumbprint: str | None = None
    signer_subject: str | None = None
    verified: bool | None = None
    why: str | None = None
    text: str | None = None

    @property
    def is_good(self) -> bool:
        """Whether everything encrypted was decrypted and everything signed was verified."""
        return self.decrypted is not False and self.verified is not False

    def document(self) -> dict[str, Any]:
        """`{"decrypted","recipient","signer","signerThumbprint","signerSubject","verified","why","text"}`."""
        return {
            "decrypted": self.decrypted,
            "recipient": self.recipient,
            "signer": self.signer,
            "signerThumbprint": self.signer_thumbprint,
            "signerSubject": self.signer_subject,
            "verified": self.verified,
            "why": self.why,
            "text": self.text,
        }


@dataclass(frozen=True, slots=True)
class _OuterHeader:
    """The sender and date in the outermost header, which no signature covers."""

    sender: str
    date: datetime | None


def read_mail(data: bytes, store: KeyStore) -> Reading:
    """Read an .eml file. Raises MailRefused if it is not a mail; failures to decrypt or verify are in the Reading."""
    head = email.message_from_bytes(data, policy=email.policy.compat32)
    if not any(field in head for field in _FIELDS):
        raise MailRefused("this is not a mail: it has no header field such as From")
    envelope = _OuterHeader(sender=parseaddr(str(head.get("From", "")))[1], date=_date(str(head.get("Date", ""))))
    reading = Reading()
    _read_layer(data, store, reading=reading, envelope=envelope, depth=0)
    return reading


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _read_layer(entity: bytes, store: KeyStore, *, reading: Reading, envelope: _OuterHeader, depth: int) -> None:
    """Decrypt or verify one layer, then read the layer inside it."""
    if depth > _MOST_LAYERS:
        raise MailRefused(f"the mail has more than {_MOST_LAYERS} layers")
    message = email.message_from_bytes(entity, policy=email.policy.compat32)
    mime_type = message.get_content_type()
    inner: bytes | None
    if mime_type in _ENVELOPES:
        inner = _open_or_verify(_payload(message), store, reading=reading, envelope=envelope)
    elif mime_type == "multipart/signed":
        inner = _verify_detached(entity, message, store=store, reading=reading, envelope=envelope)
    else:
        reading.text = _text(entity)
        return
    if inner is not None:
        _read_layer(inner, store, reading=reading, envelope=envelope, depth=depth + 1)


def _payload(message: Any) -> bytes:
    try:
        payload = message.get_payload(decode=True)
    except (binascii.Error, ValueError) as broken:
        raise MailRefused(f"the S/MIME part is not base64: {broken}") from broken
    if not isinstance(payload, bytes) or not payload:
        raise MailRefused("the S/MIME part is empty")
    return payload


def _open_or_verify(data: bytes, store: KeyStore, *, reading: Reading, envelope: _OuterHeader) -> bytes | None:
    try:
        if content_type_of(data) is ContentType.SIGNED:
            signature = verify(data, known=_known(store))
            _record_signature(signature, store, reading=reading, envelope=envelope)
            return signature.content
    except CmsRefused as refused:
        reading.verified, reading.why = False, str(refused)
        return None
    try:
        opened = open_envelope(data, store.identities())
    except CmsRefused as refused:
        reading.decrypted, reading.why = False, str(refused)
        return None
    reading.decrypted, reading.recipient = True, thumbprint(opened.recipient)
    return opened.content


def _verify_detached(
    entity: bytes, message: Any, *, store: KeyStore, reading: Reading, envelope: _OuterHeader
) -> bytes | None:
    parts = message.get_payload()
    boundary = message.get_boundary()
    if boundary is None or not isinstance(parts, list) or len(parts) != 2:
        raise MailRefused("a multipart/signed message has exactly two parts: the content and its signature")
    content = _first_part(entity, boundary.encode("ascii", "replace"))
    canonical = re.sub(rb"\r?\n", b"\r\n", content)
    try:
        signature = _verify_either_form(_payload(parts[1]), (canonical, content), store=store)
    except CmsRefused as refused:
        reading.verified, reading.why = False, str(refused)
    else:
        _record_signature(signature, store, reading=reading, envelope=envelope)
    return content


def _verify_either_form(signature: bytes, contents: tuple[bytes, bytes], *, store: KeyStore) -> Signature:
    """Verify over the canonical content (RFC 8551 3.1.1), else over the unchanged bytes (binary signers)."""
    canonical, plain = contents
    try:
        return verify(signature, detached=canonical, known=_known(store))
    except CmsRefused:
        if plain == canonical:
            raise
        return verify(signature, detached=plain, known=_known(store))


def _first_part(entity: bytes, boundary: bytes) -> bytes:
    """The bytes between the first two delimiters, without the line end before the second (RFC 2046 5.1.1)."""
    delimiter = re.compile(rb"(?:^|\r?\n)--" + re.escape(boundary) + rb"[ \t]*(?:\r?\n|$)")
    first = delimiter.search(entity)
    second = None if first is None else delimiter.search(entity, first.end())
    if first is None or second is None:
        raise MailRefused("the delimiters between the parts of the signed message are missing")
    return entity[first.end() : second.start()]


def _known(store: KeyStore) -> tuple[x509.Certificate, ...]:
    return tuple(identity.certificate for identity in store.identities())


def _record_signature(signature: Signature, store: KeyStore, *, reading: Reading, envelope: _OuterHeader) -> None:
    """Write the signer, and whether the signature counts as verified, into the reading."""
    signer = signature.signer
    signer_addresses = addresses(signer)
    reading.signer = signer_addresses[0] if signer_addresses else None
    reading.signer_thumbprint, reading.signer_subject = thumbprint(signer), subject(signer)
    why = _distrust_reason(signature, store, envelope=envelope)
    # A mail that is signed twice is verified only if both signatures are.
    reading.verified = why is None and reading.verified is not False
    reading.why = reading.why or why


def _distrust_reason(signature: Signature, store: KeyStore, *, envelope: _OuterHeader) -> str | None:
    signer = signature.signer
    at = signature.signing_time or envelope.date
    if at is None:
        return "neither the signature nor the mail has a date"
    if not can_sign(signer):
        return f"{subject(signer)} is not for signing (key usage)"
    if not is_for_mail(signer):
        return f"{subject(signer)} is not for mail (extended key usage without emailProtection)"
    untrusted = untrusted_reason(signer, trusted=store.trusted_certificates(), offered=signature.certificates, at=at)
    if untrusted is not None:
        return untrusted
    signer_addresses = addresses(signer)
    if envelope.sender.lower() not in {address.lower() for address in signer_addresses}:
        names = ", ".join(signer_addresses) or "no address"
        return f"the mail is from {envelope.sender or 'no address'}, but the signer's certificate is for {names}"
    return None


def _text(entity: bytes) -> str:
    message = email.message_from_bytes(entity, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(("plain", "html"))
    if body is None:
        return ""
    try:
        return str(body.get_content()).replace("\r\n", "\n")
    except (LookupError, ValueError):
        return entity.decode("latin-1")
