"""The MIME entities of a mail (RFC 2045, RFC 2046), cut out of its bytes without changing one of them; and the fields
of a header that have a form of their own: addresses and the date (RFC 5322 3.3, 3.4).

Signatures cover bytes, so an entity is never parsed and written again. Only headers are read by the standard library:
its parser for whole mails needs several times their size and some seconds for 50 MB.
"""

from __future__ import annotations

import binascii
import contextlib
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.policy import compat32
from email.utils import collapse_rfc2231_value, getaddresses, parsedate_to_datetime
from functools import cached_property

from fauxtune_sim.errors import MailRefused

#: Longer headers are refused: Exchange Online's own limit for all headers of a message is 256 KB.
_LONGEST_HEADER = 262_144
_MOST_PARTS = 1_000
#: The lines of a header: fields, and their folded continuations (RFC 5322 2.2). What openssl signs as binary has none.
_HEADER = re.compile(rb"(?:[!-9;-~]+[ \t]*:[^\n]*(?:\n|\Z)(?:[ \t][^\n]*(?:\n|\Z))*)*")
_FIELD = re.compile(r"([!-9;-~]+)[ \t]*:[ \t]*([^\n]*(?:\n[ \t][^\n]*)*)")

_TOKEN, _QUOTED = r"[\w.+/:=!#$&^`{|}~-]+", r"[ !#-:=?-\[\]-~]*"
#: Parameters without comments, escapes, character sets and pieces, as nearly all programs write them. The standard
#: library, which reads every form, needs ten times as long.
_PLAIN_PARAMETERS = re.compile(rf'[\w/.+-]*(?:[ \t\r\n]*;[ \t\r\n]*[\w-]+=(?:{_TOKEN}|"{_QUOTED}"))*', re.ASCII)
_PLAIN_PARAMETER = re.compile(rf'([\w-]+)=(?:({_TOKEN})|"({_QUOTED})")', re.ASCII)
#: What may follow a boundary on its line.
_DELIMITER_REST = re.compile(rb"(--)?[ \t]*(?:\r?\n|\Z)")
_WORDS = r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*"
_PLAIN = rf"{_WORDS}@[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
#: Addresses without names, comments and quotation marks. The standard library, which reads every form character by
#: character, needs ten times as long.
_PLAIN_ADDRESSES = re.compile(rf"{_PLAIN}(?:, *{_PLAIN})*", re.ASCII)


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
    def fields(self) -> dict[str, str]:
        """The header fields by their names in lower case, each as it came; of several with one name, the first."""
        text = self.raw[: self._header_bytes].decode("ascii", "surrogateescape")
        fields: dict[str, str] = {}
        for field in _FIELD.finditer(text):
            fields.setdefault(field[1].lower(), field[2])
        return fields

    def field(self, name: str) -> str:
        """A header field by its name in lower case, without characters that are not text; "" if it is absent."""
        value = self.fields.get(name, "").rstrip("\r\n")
        # The standard library marks bytes that are no ASCII; what it returns can be written everywhere.
        return value if value.isascii() else str(compat32.header_fetch_parse(name, value))

    @cached_property
    def media_type(self) -> str:
        """The media type, lower case, for example `text/plain`, which one that is missing or malformed counts as."""
        media_type = self.field("content-type").partition(";")[0].strip().lower()
        return media_type if media_type.count("/") == 1 else "text/plain"

    @property
    def is_attachment(self) -> bool:
        """Whether the sender marked the entity as a file to save."""
        return self.field("content-disposition").partition(";")[0].strip().lower() == "attachment"

    @cached_property
    def file_name(self) -> str | None:
        """The name that the sender gave to the file, without folders, or None."""
        name = self._parameter("content-disposition", "filename") or self._parameter("content-type", "name")
        try:
            name = decoded_header(name)
        except (ValueError, LookupError, TypeError):
            return None
        return re.split(r"[/\\]", name)[-1].strip() or None

    def _parameter(self, field: str, name: str) -> str:
        """A parameter of a field, without quotation marks and in one piece (RFC 2045 5.1, RFC 2231); "" if absent."""
        parameters = self._parameters.get(field)
        if parameters is None:
            parameters = self._parameters[field] = _read_parameters(self.field(field))
        return parameters.get(name, "")

    @cached_property
    def _parameters(self) -> dict[str, dict[str, str]]:
        """The parameters of the fields that were asked for."""
        return {}

    def content(self) -> bytes:
        """The body without its transfer encoding. Raises MailRefused for base64 that is broken."""
        body = self.raw[self._header_bytes :]
        encoding = self.field("content-transfer-encoding").strip().lower()
        if encoding == "base64":
            try:
                return binascii.a2b_base64(body)
            except binascii.Error as broken:
                raise MailRefused(f"the base64 of a part is broken: {broken}") from broken
        return quopri.decodestring(body) if encoding == "quoted-printable" else body

    def text(self, data: bytes) -> str:
        """The content as text with line ends of one character; a character set that is unknown is read as Latin-1."""
        try:
            text = data.decode(self._parameter("content-type", "charset") or "utf-8", "replace")
        except (LookupError, ValueError):
            text = data.decode("latin-1")
        return text.replace("\r\n", "\n")

    def parts(self) -> list[Entity]:
        """The parts of a multipart entity, each with exactly its bytes. Raises MailRefused if they cannot be told."""
        boundary = self._parameter("content-type", "boundary").rstrip()
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


def _read_parameters(field: str) -> dict[str, str]:
    """The parameters of a field by their names in lower case. One that cannot be read is left out."""
    if ";" not in field:
        return {}
    if _PLAIN_PARAMETERS.fullmatch(field):
        plain = _PLAIN_PARAMETER.findall(field)
        # Of several with one name the first counts.
        return {name.lower(): token or quoted for name, token, quoted in reversed(plain)}
    header = Message(policy=compat32)
    header.set_raw("content-type", field)
    parameters: dict[str, str] = {}
    for name, value in header.get_params([]):
        with contextlib.suppress(ValueError, LookupError, TypeError):
            # A text is without its quotation marks already: those that are left belong to it.
            text = value if isinstance(value, str) else collapse_rfc2231_value(value)
            parameters.setdefault(name.lower(), text)
    return parameters


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


def addresses_in(text: str) -> tuple[str, ...]:
    """The addresses of a field, without names; of one that cannot be read, none."""
    if not text:
        return ()
    if _PLAIN_ADDRESSES.fullmatch(text):
        return tuple(address.lstrip() for address in text.split(","))
    try:
        return tuple(address for _, address in getaddresses([text]) if address)
    except RecursionError:  # comments in comments, which the standard library follows one by one
        return ()


def date_in(text: str) -> datetime | None:
    """The time of a field, in UTC if it names no zone; None for a text that is no time."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
