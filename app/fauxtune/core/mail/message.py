"""What a message shows without any key: its headers, whether it is signed, and for whom it is encrypted.

That is read once, when a message arrives; what is read when somebody opens it is in `visible_parts`.

RFC 5322 (headers), RFC 8551 (S/MIME 4.0). The layers around an envelope are followed: clear-signed, opaque-signed, and
multipart messages of which one part is encrypted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any

from asn1crypto import cms, core

from fauxtune.core.clock import from_iso, iso
from fauxtune.core.errors import FauxtuneError, Invalid
from fauxtune.core.mail.envelope import Encryption, encryption_of
from fauxtune.core.mail.mime import MOST_LAYERS, Entity, decoded
from fauxtune.core.model.mail_accounts import LARGEST_MESSAGE
from fauxtune.core.pki.cms import MALFORMED
from fauxtune.core.pki.der import check_limits

#: The media types of S/MIME: the second is that of before RFC 2311.
SMIME_TYPES = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
#: Characters of a header that are kept, and addresses of one header.
_LONGEST = 500
_MOST_ADDRESSES = 200


@dataclass(frozen=True, slots=True)
class MailDescription:
    """The headers and the protection of a message. Addresses are in lower case, without names.

    `signed`: a signature can be seen without a key; one inside the encryption cannot. `encryption` is None if nothing
    of the message is encrypted, or if `problem` says why its envelope cannot be read. `partly`: more than the envelope
    is shown, such as a mailing list's own text around it.
    """

    author: str
    sender: str | None
    to: tuple[str, ...]
    cc: tuple[str, ...]
    subject: str
    date: datetime | None
    message_id: str | None
    signed: bool = False
    encrypted: bool = False
    partly: bool = False
    encryption: Encryption | None = None
    problem: str | None = None

    def document(self) -> dict[str, Any]:
        """Return the description as JSON, for a message's row."""
        return {
            "author": self.author,
            "sender": self.sender,
            "to": list(self.to),
            "cc": list(self.cc),
            "subject": self.subject,
            "date": iso(self.date) if self.date else None,
            "messageId": self.message_id,
            "signed": self.signed,
            "encrypted": self.encrypted,
            "partly": self.partly,
            "encryption": self.encryption.document() if self.encryption else None,
            "problem": self.problem,
        }

    @classmethod
    def of_document(cls, document: Mapping[str, Any]) -> MailDescription:
        """Return the description that `document` wrote."""
        encryption = document["encryption"]
        return cls(
            author=document["author"],
            sender=document["sender"],
            to=tuple(document["to"]),
            cc=tuple(document["cc"]),
            subject=document["subject"],
            date=from_iso(document["date"]) if document["date"] else None,
            message_id=document["messageId"],
            signed=document["signed"],
            encrypted=document["encrypted"],
            partly=document["partly"],
            encryption=Encryption.of_document(encryption) if encryption else None,
            problem=document["problem"],
        )


@dataclass(slots=True)
class _Protection:
    """The layers of S/MIME that were found on the way into a message."""

    signed: bool = False
    encrypted: bool = False
    partly: bool = False
    encryption: Encryption | None = None
    problem: str | None = None


def describe(raw: bytes) -> MailDescription:
    """Describe a message. Raises Invalid if it is too large, or if its headers cannot be told."""
    if len(raw) > LARGEST_MESSAGE:
        limit = LARGEST_MESSAGE // (1024 * 1024)
        raise Invalid(f"The message has {len(raw)} bytes; at most {limit} MB are taken.")
    message = Entity(raw)
    authors = addresses(message, "From")
    protection = _Protection()
    try:
        _follow(message, protection, depth=0)
    except FauxtuneError as error:
        protection.problem = error.message
    return MailDescription(
        author=message.field("From")[:_LONGEST],
        sender=authors[0] if authors else None,
        to=addresses(message, "To"),
        cc=addresses(message, "Cc"),
        subject=message.field("Subject")[:_LONGEST],
        date=_date(message),
        message_id=message.field("Message-ID")[:_LONGEST] or None,
        signed=protection.signed,
        encrypted=protection.encrypted,
        partly=protection.partly,
        encryption=protection.encryption,
        problem=protection.problem,
    )


def addresses(message: Entity, name: str) -> tuple[str, ...]:
    """Return the addresses of a header field, in lower case and without names; of one that cannot be read, none."""
    fields = [str(field) for field in message.header.get_all(name, [])]
    try:
        pairs = getaddresses(fields)
    except RecursionError:  # comments in comments, which the standard library follows one by one
        return ()
    every = (decoded(address).lower()[:_LONGEST] for _, address in pairs)
    return tuple(dict.fromkeys(address for address in every if "@" in address))[:_MOST_ADDRESSES]


def is_smime(entity: Entity) -> bool:
    """Whether an entity is CMS: by its media type, or by the name of its file, which gateways leave (RFC 8551 3.9)."""
    return entity.media_type in SMIME_TYPES or entity.file_name.lower().endswith(".p7m")


def _follow(entity: Entity, protection: _Protection, *, depth: int) -> None:
    """Note the layers of an entity, down to its first envelope."""
    if depth > MOST_LAYERS:
        raise Invalid(f"The message has more than {MOST_LAYERS} layers of S/MIME.")
    if entity.media_type == "multipart/signed":
        protection.signed = True
        for part in entity.parts()[:1]:
            _follow(part, protection, depth=depth + 1)
    elif is_smime(entity):
        _open(entity, protection, depth=depth)
    elif (inside := entity.message_inside()) is not None:
        _follow(inside, protection, depth=depth + 1)
    else:
        for part in entity.parts():
            _follow(part, protection, depth=depth + 1)
            if protection.encrypted:
                protection.partly = True
                return


def _open(entity: Entity, protection: _Protection, *, depth: int) -> None:
    """Note the layer of an entity that is CMS: an envelope ends the way, the content of a signature is followed."""
    declared = str(entity.header.get_param("smime-type", "")).lower()
    # What is declared counts for a layer that cannot be read.
    protection.encrypted = declared in {"enveloped-data", "authenveloped-data"}
    protection.signed = protection.signed or declared == "signed-data"
    data = entity.content()
    protection.encryption = encryption_of(data)
    protection.encrypted = protection.encryption is not None
    for content in () if protection.encrypted else _signed_content(data):
        protection.signed = True
        _follow(Entity(content), protection, depth=depth + 1)


def _signed_content(data: bytes) -> Iterator[bytes]:
    """Yield the content of an opaque signature; nothing for CMS of another kind."""
    try:
        outer = cms.ContentInfo.load(check_limits(data, largest=LARGEST_MESSAGE))
        if outer["content_type"].native != "signed_data":
            return
        content = outer["content"]["encap_content_info"]["content"]
        inside = b"" if isinstance(content, core.Void) else content.native
    except MALFORMED:
        raise Invalid("The signed content of the message cannot be read.") from None
    if isinstance(inside, bytes):
        yield inside


def _date(message: Entity) -> datetime | None:
    try:
        date = parsedate_to_datetime(message.field("Date"))
    except (ValueError, TypeError, OverflowError):
        return None
    try:
        return date.replace(tzinfo=date.tzinfo or UTC).astimezone(UTC)
    except OverflowError:
        return None
