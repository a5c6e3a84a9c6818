"""Bodies of no format that is read here: the beginning only, and of it what can hold no secret."""

from __future__ import annotations

import re

from fauxtune.core.formats.secret_names import secret_kind
from fauxtune_wire.decoding.body import Body
from fauxtune_wire.decoding.der_kinds import kind_of
from fauxtune_wire.decoding.masking import mask_text
from fauxtune_wire.decoding.parts import Part, counted, shortened

_CUT = 200
_SHORTEST_BYTES = 16
_WORD = re.compile(r"[\w$-]+")
#: Escapes, in which the name of a secret could stand: of JSON, addresses, XML and mail.
_ESCAPE = re.compile(r"\\[ux]|%[0-9A-Fa-f]{2}|&#|=\?")
#: Values: what is between tags, in quotation marks without a colon after them, or after an equals sign or a colon.
_BETWEEN_TAGS = re.compile(r"(?:\A|(?<=>))[^<>]*[^<>\s][^<>]*(?=<|\Z)")
_IN_QUOTES = re.compile(r"(?:\"[^\"]*(?:\"|\Z)|'[^']*(?:'|\Z))(?P<colon>\s*:)?")
_AFTER_NAME = re.compile(r"(?<=[=:])\s*[^\s\"'<>{}\[\],&;]+")
_RANDOM = re.compile(r"(?=[A-Za-z+/_=-]*[0-9])[A-Za-z0-9+/_=-]{16,}")
_HIDDEN = "…"
_TITLE = re.compile(rb"<title[^>]{0,200}>([^<]{1,200})</title>", re.IGNORECASE)


def read(body: Body) -> list[Part]:
    """Show the beginning of any body."""
    size = counted(len(body.data), "byte")
    if body.media_type == "text/html":
        match = _TITLE.search(body.data)
        facts = (("Title of the page", match[1].decode("utf-8", "replace").strip()),) if match else ()
        return [Part(f"HTML page, {size}", facts=facts)]
    unknown = "Bytes of no known format" if body.depth > 1 else "No media type"
    return [Part(f"{kind_of(body.data) or mask_text(body.media_type) or unknown}, {size}", text=beginning(body))]


def beginning(body: Body) -> str:
    """Return the beginning of a text, without its values and as far as the first name of a secret; of bytes that are no
    text, the first four. What stands inside another message may be a secret as a whole: nothing of it is returned.
    """
    if body.depth > 1:
        return ""
    text = _as_text(body.data)
    if text is None:
        size = len(body.data)
        return f"begins with {body.data[:4].hex(' ')}" if size > _SHORTEST_BYTES else ""
    cut = shortened(text, _CUT)
    ends = [match.end() for match in _WORD.finditer(cut) if secret_kind(match[0], in_form=True)]
    ends += [match.start() for match in _ESCAPE.finditer(cut)]
    is_cut = bool(ends) and min(ends) < len(cut)
    plain = _without_values(cut[: min(ends)] if is_cut else cut)
    return f"{plain}… (cut: a secret may follow)" if is_cut else plain


def _without_values(text: str) -> str:
    if "<" in text:
        text = _BETWEEN_TAGS.sub(_HIDDEN, text)
    text = _AFTER_NAME.sub(_HIDDEN, _IN_QUOTES.sub(lambda match: match[0] if match["colon"] else f'"{_HIDDEN}"', text))
    return _RANDOM.sub(_HIDDEN, mask_text(text))


def _as_text(data: bytes) -> str | None:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text
