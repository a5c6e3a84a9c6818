"""MIME entities (RFC 2045, RFC 2046) as they came: header fields, parts and content, cut out of the bytes.

A signature covers bytes, so an entity is never parsed and written again. The standard library reads only the header:
its parser of whole messages needs several times their size.
"""

from __future__ import annotations

import binascii
import contextlib
import quopri
import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from functools import cached_property

from fauxtune.core.errors import Invalid
from fauxtune.core.model.mail_accounts import MESSAGE

#: Bytes. Exchange Online allows 256 KB for all header fields of a message.
_LONGEST_HEADER = 256 * 1024
#: Parts of one message that are read, and layers: a triple wrapped message (RFC 2634 1.1) has three.
MOST_PARTS, MOST_LAYERS = 500, 8
_FIELD = rb"[!-9;-~]+[ \t]*:[^\n]*(?:\n|\Z)(?:[ \t][^\n]*(?:\n|\Z))*+"
_HEADER = re.compile(rb"(?:" + _FIELD + rb")*+")
_EMPTY_LINE = re.compile(rb"\r?\n")


@dataclass(frozen=True)
class Entity:
    """One MIME entity: a message, or a part of one."""

    raw: bytes

    @cached_property
    def header(self) -> Message:
        """The header fields, as the standard library reads them."""
        return message_from_bytes(self.raw[: self._header_end], policy=policy.compat32)

    @property
    def media_type(self) -> str:
        """The media type in lower case; `text/plain` if none is declared or it is malformed."""
        return storable(self.header.get_content_type())

    @property
    def is_attachment(self) -> bool:
        """Whether the sender marked the entity as a file to save (RFC 2183 2.2)."""
        return self.header.get_content_disposition() == "attachment"

    @property
    def file_name(self) -> str:
        """The name that the sender gave to the file, without the folders in it; "" if the sender gave no name."""
        try:
            name = decoded(self.header.get_filename("") or "")
        except (ValueError, LookupError, TypeError):
            return ""
        return re.split(r"[/\\]", name)[-1].strip()

    def message_inside(self) -> Entity | None:
        """Return the message that the entity is, as one that was forwarded; None for other entities, and for one that
        is attached as a file (RFC 2046 5.2.1). Raises Invalid for base64 that is broken.
        """
        is_message = self.media_type == MESSAGE and not self.is_attachment
        return Entity(self.content()) if is_message else None

    @cached_property
    def _header_end(self) -> int:
        match = _HEADER.match(self.raw)
        end = match.end() if match else 0
        if end > _LONGEST_HEADER:
            raise Invalid(f"The header of the message has more than {_LONGEST_HEADER} bytes.")
        return end

    @property
    def body(self) -> bytes:
        """The bytes after the header and the empty line."""
        line = _EMPTY_LINE.match(self.raw, self._header_end)
        return self.raw[line.end() if line else self._header_end :]

    def content(self) -> bytes:
        """Return the body without its transfer encoding. Raises Invalid for base64 that is broken."""
        encoding = str(self.header.get("Content-Transfer-Encoding", "")).strip().lower()
        if encoding == "base64":
            try:
                return binascii.a2b_base64(self.body)
            except binascii.Error as error:
                raise Invalid(f"The base64 of a part is broken: {error}.") from None
        return quopri.decodestring(self.body) if encoding == "quoted-printable" else self.body

    def text(self) -> str:
        """Return the body as text; an unknown character set is read as Latin-1. Raises Invalid for broken base64."""
        data = self.content()
        try:
            text = data.decode(self.header.get_content_charset() or "utf-8", "replace")
        except (LookupError, ValueError):
            text = data.decode("latin-1")
        return storable(text.replace("\r\n", "\n"))

    def field(self, name: str) -> str:
        """Return a header field on one line and without its encoding (RFC 2047); "" if it is absent."""
        return decoded(str(self.header.get(name, "")))

    def parts(self) -> list[Entity]:
        """Return the parts of a multipart entity, each with exactly its bytes; [] for other entities.

        A part whose closing delimiter is missing ends with the entity. Raises Invalid for too many parts.
        """
        boundary = self.header.get_boundary() if self.header.get_content_maintype() == "multipart" else None
        if not boundary:
            return []
        escaped = re.escape(boundary.encode("utf-8", "replace"))
        # RFC 2046 5.1.1: the line end before a delimiter belongs to it.
        delimiter = re.compile(rb"(?:\A|\r?\n)--" + escaped + rb"(--)?[ \t]*(?=\r?\n|\Z)")
        parts: list[Entity] = []
        begin: int | None = None
        body = self.body
        for match in delimiter.finditer(body):
            if begin is not None:
                parts.append(_part(body[begin : match.start()]))
            if len(parts) > MOST_PARTS:
                raise Invalid(f"The message has more than {MOST_PARTS} parts.")
            if match.group(1):
                return parts
            begin = match.end()
        return parts if begin is None else [*parts, _part(body[begin:])]


def _part(piece: bytes) -> Entity:
    """Return the part in the bytes between two delimiters, which begin with the line end of the first."""
    line = _EMPTY_LINE.match(piece)
    return Entity(piece[line.end() :] if line else piece)


def decoded(text: str) -> str:
    """Return a header field on one line and without its encoding (RFC 2047)."""
    if "=?" in text:
        with contextlib.suppress(LookupError, ValueError, MessageError):
            text = str(make_header(decode_header(text)))
    return storable(" ".join(text.split()))


def storable(text: str) -> str:
    """Return the text with other characters in place of those that cannot be stored: NUL and lone surrogates."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")
