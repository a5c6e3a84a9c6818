"""Bodies of no format that is read here: the beginning only, and only as far as it can hold no secret."""

from __future__ import annotations

import re

from fauxtune.core.decoding.body import Body
from fauxtune.core.decoding.der_kinds import kind_of
from fauxtune.core.decoding.masking import mask_text, secret_kind
from fauxtune.core.decoding.parts import Part, counted, shortened

_CUT = 200
_WORD = re.compile(r"[\w$-]+")
#: Escapes, in which the name of a secret could stand: of JSON, addresses, XML and mail.
_ESCAPE = re.compile(r"\\[ux]|%[0-9A-Fa-f]{2}|&#|=\?")
_RANDOM = re.compile(r"(?=[A-Za-z+/_=-]*[0-9])[A-Za-z0-9+/_=-]{16,}")
_TITLE = re.compile(rb"<title[^>]{0,200}>([^<]{1,200})</title>", re.IGNORECASE)


def read(body: Body) -> list[Part]:
    """Show the beginning of any body."""
    size = counted(len(body.data), "byte")
    kind = kind_of(body.data) or mask_text(body.media_type) or "No media type"
    if body.media_type == "text/html":
        match = _TITLE.search(body.data)
        facts = (("Title of the page", match[1].decode("utf-8", "replace").strip()),) if match else ()
        return [Part(f"HTML page, {size}", "text", "", facts)]
    return [Part(f"{kind}, {size}", "text", beginning(body.data))]


def beginning(data: bytes) -> str:
    """Return the beginning of a text in no format that is read here: it ends before anything that may be a secret. For
    bytes that are no text, their size and their first four bytes.
    """
    text = _as_text(data)
    if text is None:
        return f"{counted(len(data), 'byte')}, which begin with {data[:4].hex(' ')}" if len(data) > 16 else ""
    cut = shortened(text, _CUT)
    ends = [match.end() for match in _WORD.finditer(cut) if secret_kind(match[0], in_form=True)]
    ends += [match.start() for match in _ESCAPE.finditer(cut)]
    if ends and min(ends) < len(cut):
        cut = f"{cut[: min(ends)]}… (cut: a secret may follow)"
    return _RANDOM.sub(lambda match: f"<{counted(len(match[0]), 'character')}>", mask_text(cut))


def _as_text(data: bytes) -> str | None:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text
