"""The MIME entities of a mail (RFC 2045, RFC 2046), cut out of its bytes without changing one of them.

Signatures cover bytes, so an entity is never parsed and written again. Only headers are read by the standard library:
its parser for whole mails needs several times their size and some seconds for 50 MB.
"""

from __future__ import annotations

import binascii
import contextlib
import email
import email.policy
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from functools import cached_property

from fauxtune_sim.errors import MailRefused

#: Longer headers are refused: Exchange Online's own limit for all headers of a message is 256 KB.
_LONGEST_HEADER = 262_144
_MOST_PARTS = 1_000
#: The lines of a header: fields, and their folded continuations (RFC 5322 2.2). What openssl signs as binary has none.
_HEADER = re.compile(rb"(?:[!-9;-~]+[ \t]*:[^\n]*(?:\n|\Z)(?:[ \t][^\n]*(?:\n|\Z))*)*")


#: What may follow a boundary on its line.
_DELIMITER_REST = re.compile(rb"(--)?[ \t]*(?:\r?\n|\Z)")


@dataclass(frozen=True, slots=True)
class _Delimiter:
    """A delimiter between parts: the positions of the line end before it, and behind the one after it."""

    begin: int
    end: int
    is_last: bool


@dataclass(frozen=True)
class Entity:
    """One MIME entity: the bytes of its header and body, and both as they were."""

    raw: bytes

    @cached_property
    def _header_bytes(self) -> int:
        """The length of the header with the empty line after it."""
        header = _HEADER.match(self.raw, 0, _LONGEST_HEADER + 1)
        end = 0 if header is None else header.end()
        if end > _LONGEST_HEADER:
            raise MailRefused(f"the mail has a header of more than {_LONGEST_HEADER} bytes")
        return _after_line_end(self.raw, end)

    @cached_property
    def header(self) -> Message:
        """The header fields."""
        return email.message_from_bytes(self.raw[: self._header_bytes], policy=email.policy.compat32)

    @property
    def media_type(self) -> str:
        """The media type, lower case, for example `text/plain`."""
        return self.header.get_content_type()

    @property
    def is_attachment(self) -> bool:
        """Whether the sender marked the entity as a file to save."""
        return self.header.get_content_disposition() == "attachment"

    @cached_property
    def file_name(self) -> str | None:
        """The name that the sender gave to the file, without folders, or None."""
        try:
            name = decoded_header(self.header.get_filename(""))
        except (ValueError, LookupError, TypeError):
            return None
        return re.split(r"[/\\]", name)[-1].strip() or None

    def content(self) -> bytes:
        """The body without its transfer encoding. Raises MailRefused for base64 that is broken."""
        body = self.raw[self._header_bytes :]
        encoding = str(self.header.get("Content-Transfer-Encoding", "")).strip().lower()
        if encoding == "base64":
            try:
                return binascii.a2b_base64(body)
            except binascii.Error as broken:
                raise MailRefused(f"the base64 of a part is broken: {broken}") from broken
        return quopri.decodestring(body) if encoding == "quoted-printable" else body

    def text(self) -> str:
        """The body as text with line ends of one character; a character set that is unknown is read as Latin-1."""
        data = self.content()
        try:
            text = data.decode(self.header.get_content_charset() or "utf-8", "replace")
        except (LookupError, ValueError):
            text = data.decode("latin-1")
        return text.replace("\r\n", "\n")

    def parts(self) -> list[Entity]:
        """The parts of a multipart entity, each with exactly its bytes. Raises MailRefused if they cannot be told."""
        boundary = self.header.get_boundary()
        if not boundary:
            raise MailRefused("a multipart entity has no boundary")
        parts: list[Entity] = []
        begin: int | None = None
        for delimiter in self._delimiters(b"--" + boundary.encode("utf-8", "replace")):
            if begin is not None:
                parts.append(Entity(self.raw[begin : max(delimiter.begin, begin)]))
            if len(parts) > _MOST_PARTS:
                raise MailRefused(f"the mail has more than {_MOST_PARTS} parts")
            if delimiter.is_last:
                return parts
            begin = delimiter.end
        if begin is None:
            raise MailRefused("the delimiters between the parts of a multipart entity are missing")
        # The last delimiter is missing: what was cut off on its way is shown as far as it came.
        parts.append(Entity(self.raw[begin:]))
        return parts

    def _delimiters(self, dashes: bytes) -> Iterator[_Delimiter]:
        """The lines that consist of the boundary, two dashes after the last, and white space (RFC 2046 5.1.1)."""
        at = self.raw.find(dashes, self._header_bytes)
        while at >= 0:
            rest = at + len(dashes)
            match = _DELIMITER_REST.match(self.raw, rest)
            if match is not None and self.raw.startswith(b"\n", at - 1):
                line_end = 2 if self.raw.startswith(b"\r\n", at - 2) else 1
                yield _Delimiter(at - line_end, match.end(), is_last=match.group(1) is not None)
            at = self.raw.find(dashes, rest)


def decoded_header(text: str) -> str:
    """A header's text without its encoding (RFC 2047), on one line."""
    if "=?" in text:
        with contextlib.suppress(LookupError, ValueError, MessageError):
            text = str(make_header(decode_header(text)))
    return " ".join(text.split())


def _after_line_end(data: bytes, at: int) -> int:
    if data.startswith(b"\r\n", at):
        return at + 2
    return at + 1 if data.startswith(b"\n", at) else at
