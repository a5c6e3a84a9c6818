"""The parts of a message that can be seen without a key, the signatures among them, and which part each covers.

RFC 8551 3, RFC 2046. A signature counts for what it covers: a part outside it, or outside the encryption, anybody on
the way could have added (the attacks known as EFAIL, 2018). What is encrypted is one part here, which only a device can
open; a signature inside it is seen only there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime

from asn1crypto import core
from cryptography import x509

from fauxtune.core.errors import FauxtuneError, Invalid, UnknownAlgorithm
from fauxtune.core.mail.envelope import encryption_of
from fauxtune.core.mail.message import is_smime
from fauxtune.core.mail.mime import MOST_LAYERS, MOST_PARTS, Entity
from fauxtune.core.model.mail_accounts import LARGEST_MESSAGE
from fauxtune.core.pki import signed
from fauxtune.core.pki.cms import MALFORMED

#: Each is verified, which takes up to a millisecond.
_MOST_SIGNATURES = 20
#: Characters of a text, and of all texts of a message, that are shown; the rest is in the source.
_LONGEST_TEXT, _LONGEST_TEXTS = 100_000, 400_000
_LONGEST_NAME = 200
_SIGNING_TIME = "1.2.840.113549.1.9.5"
_LINE_END = re.compile(rb"\r?\n")


@dataclass(frozen=True, slots=True)
class SeenSignature:
    """A signature that is not inside the encryption. `problem`: why it is broken, or cannot be read; else it fits the
    bytes that it covers. `certificates`: those that the message brings.
    """

    problem: str = ""
    certificate: x509.Certificate | None = None
    certificates: tuple[x509.Certificate, ...] = ()
    signed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MailPart:
    """A text or a file. `text` is None for a file, and for what is encrypted or damaged: `problem` says why.

    `signatures` are the positions of those that cover it; `is_cut`: only the beginning of the text is here.
    """

    media_type: str
    name: str
    size: int
    text: str | None = None
    encrypted: bool = False
    signatures: frozenset[int] = frozenset()
    problem: str = ""
    is_cut: bool = False


@dataclass(slots=True)
class MailReading:
    """The parts of a message, and the signatures that can be seen, the outermost first."""

    parts: list[MailPart] = field(default_factory=list)
    signatures: list[SeenSignature] = field(default_factory=list)
    problem: str = ""

    @property
    def outside_signatures(self) -> list[MailPart]:
        """The parts that no signature covers, in a message that has one."""
        return [part for part in self.parts if not part.signatures] if self.signatures else []

    @property
    def outside_encryption(self) -> list[MailPart]:
        """The parts that came in clear beside what is encrypted."""
        return [part for part in self.parts if not part.encrypted] if self.is_encrypted else []

    @property
    def is_encrypted(self) -> bool:
        """Whether a part is encrypted."""
        return any(part.encrypted for part in self.parts)


def read(raw: bytes) -> MailReading:
    """Read a message as far as it can be read without a key. What cannot be read is a `problem`, and raises nothing."""
    reading = MailReading()
    try:
        _read(Entity(raw), reading, covered=frozenset(), depth=0)
    except FauxtuneError as error:
        reading.problem = error.message
    return reading


def _read(entity: Entity, reading: MailReading, *, covered: frozenset[int], depth: int) -> None:
    if depth > MOST_LAYERS:
        raise Invalid(f"The message has more than {MOST_LAYERS} layers; the rest is not shown.")
    if len(reading.signatures) > _MOST_SIGNATURES:
        raise Invalid(f"The message has more than {_MOST_SIGNATURES} signatures; the rest is not shown.")
    if entity.media_type == "multipart/signed":
        _read_detached(entity, reading, covered=covered, depth=depth)
    elif is_smime(entity):
        _read_cms(entity, reading, covered=covered, depth=depth)
    elif (inside := entity.message_inside()) is not None:
        _read(inside, reading, covered=covered, depth=depth + 1)
    elif parts := entity.parts():
        for part in parts:
            _read(part, reading, covered=covered, depth=depth + 1)
    else:
        _add(entity, reading, covered=covered)


def _read_detached(entity: Entity, reading: MailReading, *, covered: frozenset[int], depth: int) -> None:
    parts = entity.parts()
    if len(parts) != 2:
        reading.signatures.append(
            SeenSignature(f"a multipart/signed entity has two parts, the content and its signature, not {len(parts)}")
        )
        for part in parts:
            _read(part, reading, covered=covered, depth=depth + 1)
        return
    content, signature = parts
    reading.signatures.append(_verified(signature, content.raw))
    _read(content, reading, covered=covered | {len(reading.signatures) - 1}, depth=depth + 1)


def _read_cms(entity: Entity, reading: MailReading, *, covered: frozenset[int], depth: int) -> None:
    try:
        data = entity.content()
        if encryption_of(data) is not None:
            _append(reading, _part(entity, size=len(data), covered=covered, encrypted=True))
            return
        message = signed.read(data, largest=LARGEST_MESSAGE)
    except FauxtuneError as error:
        _append(reading, replace(_part(entity, size=len(entity.body), covered=covered), problem=error.message))
        return
    content = message.content or b""
    reading.signatures.append(_seen(message, (content,)))
    _read(Entity(content), reading, covered=covered | {len(reading.signatures) - 1}, depth=depth + 1)


def _verified(signature: Entity, content: bytes) -> SeenSignature:
    """Verify a detached signature, over the content with the line ends of mail (RFC 8551 3.1.1) or as it came."""
    try:
        message = signed.read(signature.content(), largest=LARGEST_MESSAGE)
    except FauxtuneError as error:
        return SeenSignature(_reason(error))
    canonical = _LINE_END.sub(b"\r\n", content)
    return _seen(message, (canonical,) if canonical == content else (canonical, content))


def _seen(message: signed.SignedMessage, forms: tuple[bytes, ...]) -> SeenSignature:
    """Return the signature, which must be over one of these forms of its content."""
    try:
        certificates = tuple(message.certificates())
        problem = _problem(message, forms)
    except FauxtuneError as error:
        return SeenSignature(_reason(error), certificate=message.certificate)
    return SeenSignature(
        problem, certificate=message.certificate, certificates=certificates, signed_at=_signing_time(message)
    )


def _problem(message: signed.SignedMessage, forms: tuple[bytes, ...]) -> str:
    problem = ""
    for form in forms:
        try:
            message.verify(form)
        except UnknownAlgorithm as error:
            return _reason(error)
        except Invalid:
            problem = "the content was changed after it was signed, or another key signed it"
        else:
            return ""
    return problem


def _signing_time(message: signed.SignedMessage) -> datetime | None:
    """Return the time that the signer states, which nobody else confirms (RFC 5652 11.3)."""
    try:
        (value,) = message.attributes[_SIGNING_TIME]
        moment = core.load(value).native
    except MALFORMED:
        return None
    return moment if isinstance(moment, datetime) and moment.tzinfo is not None else None


def _add(entity: Entity, reading: MailReading, *, covered: frozenset[int]) -> None:
    """Add a text or a file."""
    try:
        content = entity.content()
    except FauxtuneError as error:
        _append(reading, replace(_part(entity, size=len(entity.body), covered=covered), problem=error.message))
        return
    part = _part(entity, size=len(content), covered=covered)
    if entity.header.get_content_maintype() == "text" and not entity.is_attachment:
        text = entity.text()
        room = _LONGEST_TEXTS - sum(len(mail_part.text or "") for mail_part in reading.parts)
        longest = max(0, min(_LONGEST_TEXT, room))
        part = replace(part, text=text[:longest], is_cut=len(text) > longest)
    _append(reading, part)


def _part(entity: Entity, *, size: int, covered: frozenset[int], encrypted: bool = False) -> MailPart:
    return MailPart(
        media_type=entity.media_type[:_LONGEST_NAME],
        name=entity.file_name[:_LONGEST_NAME],
        size=size,
        encrypted=encrypted,
        signatures=covered,
    )


def _append(reading: MailReading, part: MailPart) -> None:
    if len(reading.parts) >= MOST_PARTS:
        raise Invalid(f"The message has more than {MOST_PARTS} parts; the rest is not shown.")
    reading.parts.append(part)


def _reason(error: FauxtuneError) -> str:
    return error.message.rstrip(".")
