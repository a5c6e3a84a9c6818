"""Reading S/MIME mail (RFC 8551 3), ours and other programs', with the keys and trusted certificates of a device.

Layers are taken off one by one: envelopes are opened, detached and attached signatures verified, until text is left.
A signature counts as verified only if it holds, its certificate chains to a trusted root at the signing time, is meant
for mail, and speaks for the From address.
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
from fauxtune_sim.cms import Kind, Signature, kind_of, open_envelope, verify
from fauxtune_sim.errors import CmsRefused, MailRefused
from fauxtune_sim.keystore import KeyStore
from fauxtune_sim.trust import untrusted_reason

_MOST_LAYERS = 8
#: One of these begins every mail and every S/MIME entity (RFC 5322 3.6, RFC 2045 3).
_FIELDS = {"from", "to", "date", "subject", "mime-version", "content-type"}
_ENVELOPES = {"application/pkcs7-mime", "application/x-pkcs7-mime"}


@dataclass(slots=True)
class Reading:
    """What a reader sees.

    `decrypted` is None for a mail that is not encrypted, `verified` None for one that is not signed. `recipient` and
    `signer_thumbprint` are SHA-1 hex; `signer` is the address that the signer's certificate speaks for. `why` says what
    is wrong, if anything is.
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
        """Everything that was encrypted was opened, and everything that was signed was verified."""
        return self.decrypted is not False and self.verified is not False

    def document(self) -> dict[str, Any]:
        """`{"decrypted","recipient","signer","verified","why","text"}`, with the signer's certificate beside."""
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
class _Envelope:
    """What the outermost header says, which no signature covers."""

    sender: str
    date: datetime | None


def read_mail(data: bytes, store: KeyStore) -> Reading:
    """Read an .eml file; MailRefused if it is no mail. What does not open or verify is said in the Reading."""
    head = email.message_from_bytes(data, policy=email.policy.compat32)
    if not any(field in head for field in _FIELDS):
        raise MailRefused("this is not a mail: it has none of the fields that a mail begins with, such as From")
    outside = _Envelope(sender=parseaddr(str(head.get("From", "")))[1], date=_date(str(head.get("Date", ""))))
    reading = Reading()
    _peel(data, store, reading=reading, outside=outside, depth=0)
    return reading


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _peel(entity: bytes, store: KeyStore, *, reading: Reading, outside: _Envelope, depth: int) -> None:
    """Take one layer off; what is left is peeled again."""
    if depth > _MOST_LAYERS:
        raise MailRefused(f"the mail has more than {_MOST_LAYERS} layers")
    message = email.message_from_bytes(entity, policy=email.policy.compat32)
    kind = message.get_content_type()
    inner: bytes | None
    if kind in _ENVELOPES:
        inner = _open_or_verify(_payload(message), store, reading=reading, outside=outside)
    elif kind == "multipart/signed":
        inner = _verify_detached(entity, message, store=store, reading=reading, outside=outside)
    else:
        reading.text = _text(entity)
        return
    if inner is not None:
        _peel(inner, store, reading=reading, outside=outside, depth=depth + 1)


def _payload(message: Any) -> bytes:
    try:
        payload = message.get_payload(decode=True)
    except (binascii.Error, ValueError) as broken:
        raise MailRefused(f"the S/MIME part is not base64: {broken}") from broken
    if not isinstance(payload, bytes) or not payload:
        raise MailRefused("the S/MIME part is empty")
    return payload


def _open_or_verify(data: bytes, store: KeyStore, *, reading: Reading, outside: _Envelope) -> bytes | None:
    try:
        if kind_of(data) is Kind.SIGNED:
            signature = verify(data, known=_known(store))
            _judge(signature, store, reading=reading, outside=outside)
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
    entity: bytes, message: Any, *, store: KeyStore, reading: Reading, outside: _Envelope
) -> bytes | None:
    parts = message.get_payload()
    boundary = message.get_boundary()
    if boundary is None or not isinstance(parts, list) or len(parts) != 2:
        raise MailRefused("a multipart/signed message has exactly two parts: the content and its signature")
    content = _first_part(entity, boundary.encode("ascii", "replace"))
    canonical = re.sub(rb"\r?\n", b"\r\n", content)
    try:
        signature = _either(_payload(parts[1]), (canonical, content), store=store)
    except CmsRefused as refused:
        reading.verified, reading.why = False, str(refused)
    else:
        _judge(signature, store, reading=reading, outside=outside)
    return content


def _either(signature: bytes, contents: tuple[bytes, bytes], *, store: KeyStore) -> Signature:
    """Verify over the canonical content (RFC 8551 3.1.1), else over the bytes as they stand (binary signers)."""
    canonical, plain = contents
    try:
        return verify(signature, detached=canonical, known=_known(store))
    except CmsRefused:
        if plain == canonical:
            raise
        return verify(signature, detached=plain, known=_known(store))


def _first_part(entity: bytes, boundary: bytes) -> bytes:
    """The bytes between the first two delimiters, without the line end that belongs to the second (RFC 2046 5.1.1)."""
    delimiter = re.compile(rb"(?:^|\r?\n)--" + re.escape(boundary) + rb"[ \t]*(?:\r?\n|$)")
    first = delimiter.search(entity)
    second = None if first is None else delimiter.search(entity, first.end())
    if first is None or second is None:
        raise MailRefused("the parts of the signed message cannot be told apart")
    return entity[first.end() : second.start()]


def _known(store: KeyStore) -> tuple[x509.Certificate, ...]:
    return tuple(one.certificate for one in store.identities())


def _judge(signature: Signature, store: KeyStore, *, reading: Reading, outside: _Envelope) -> None:
    """Say whose signature it is and whether it is to be believed."""
    signer = signature.signer
    spoken_for = addresses(signer)
    reading.signer = spoken_for[0] if spoken_for else None
    reading.signer_thumbprint, reading.signer_subject = thumbprint(signer), subject(signer)
    why = _why_not_believed(signature, store, outside=outside)
    # A mail signed twice is believed only if both signatures are.
    reading.verified = why is None and reading.verified is not False
    reading.why = reading.why or why


def _why_not_believed(signature: Signature, store: KeyStore, *, outside: _Envelope) -> str | None:
    signer = signature.signer
    at = signature.signing_time or outside.date
    if at is None:
        return "neither the signature nor the mail says when it was signed"
    if not can_sign(signer):
        return f"{subject(signer)} is not for signing (key usage)"
    if not is_for_mail(signer):
        return f"{subject(signer)} is not for mail (extended key usage without emailProtection)"
    untrusted = untrusted_reason(signer, trusted=store.trusted_certificates(), offered=signature.certificates, at=at)
    if untrusted is not None:
        return untrusted
    spoken_for = addresses(signer)
    if outside.sender.lower() not in {one.lower() for one in spoken_for}:
        whom = ", ".join(spoken_for) or "nobody"
        return f"the mail is from {outside.sender or 'nobody'}, but the signer's certificate speaks for {whom}"
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
