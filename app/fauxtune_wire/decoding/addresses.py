"""The secrets around a body: in the address of a request, in its query, and in headers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import islice
from urllib.parse import quote, unquote, unquote_plus

from fauxtune.core.formats.secret_names import ENDS_OF_HEADERS, not_shown, secret_kind
from fauxtune_wire.decoding.expressions import OPTIONS, mask_expression
from fauxtune_wire.decoding.masking import mask_literal, mask_text
from fauxtune_wire.decoding.parts import counted

#: Fields of a query that are looked at.
_MOST_FIELDS = 500
#: Characters of an address that are looked at. A server accepts longer ones, but nobody reads them.
_LONGEST_ADDRESS = 16 * 1024
#: How often an address is encoded in another one.
_MOST_ENCODED = 3
#: What is not encoded again in a masked value.
_SHOWN = "[]: ()',/$="
_URL = re.compile(r"(?P<before>[^?#]*)\?(?P<query>[^#]*)(?P<after>.*)", re.DOTALL)
#: Between the segments and fields of an address; and between the words of those.
_SEPARATORS = (re.compile(r"[/?&#=]"), re.compile(r"[^\w.~+-]+"))
#: Characters of a word of an address that may be a secret.
_SHORTEST_WORD = 4
_HEADERS_WITH_ADDRESSES = frozenset({"location", "referer", "content-location", "link"})


def mask_query(query: str) -> str:
    """Return a query string, or the body of a form, with its secrets masked."""
    fields = query.split("&", _MOST_FIELDS)
    rest = [f"[{counted(len(field), 'character')}]" for field in fields[_MOST_FIELDS:]]
    del fields[_MOST_FIELDS:]
    return "&".join([*map(_masked_field, fields), *rest])


def mask_url(url: str, *, longest: int = _LONGEST_ADDRESS) -> str:
    """Return an address, whole or from its path on, with the secrets of its query and path masked. Of one that is
    longer only the whole segments and fields at its beginning are returned.
    """
    if len(url) > longest:
        end = max(url.rfind(separator, 0, longest) for separator in "/?&") + 1
        return f"{mask_url(url[:end], longest=longest)}[{counted(len(url) - end, 'character')}]"
    match = _URL.fullmatch(url)
    if match is None:
        return _masked_path(url)
    after = match["after"]
    fragment = f"#{mask_query(after[1:])}" if "=" in after else mask_text(after)
    return f"{_masked_path(match['before'])}?{mask_query(match['query'])}{fragment}"


def hidden_in(url: str) -> frozenset[str]:
    """Return what `mask_url` hides of an address: its secrets, as they stand there and without escapes. An answer may
    repeat them, without the name that says what they are.
    """
    url = url[:_LONGEST_ADDRESS]
    masked, plain = decoded(mask_url(url)), decoded(url)
    if masked == plain:
        return frozenset()
    texts = dict.fromkeys((url, plain, decoded(url, plus=True)))
    words = dict.fromkeys(word for text in texts for separators in _SEPARATORS for word in separators.split(text))
    hidden = (word for word in words if len(word) >= _SHORTEST_WORD and word not in masked)
    return frozenset(islice(hidden, _MOST_FIELDS))


def mask_headers(headers: Iterable[tuple[str, str]] | Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the headers with their secrets masked. Of cookies the names stay, of credentials the scheme."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return [(name, _masked_header(name, value)) for name, value in pairs]


def decoded(text: str, *, plus: bool = False) -> str:
    """Return the text without escapes, also those of an address in an address."""
    for _ in range(_MOST_ENCODED):
        plain = unquote_plus(text) if plus else unquote(text)
        if plain == text:
            break
        text = plain
    return text


def _masked_header(name: str, value: str) -> str:
    lower = name.lower()
    if lower in ("cookie", "set-cookie"):
        return _masked_cookie(value, attributes=lower == "set-cookie")
    if lower == "mdm-signature":
        return f"[CMS signature, {counted(len(value) * 3 // 4, 'byte')}]"
    if lower in _HEADERS_WITH_ADDRESSES:
        return mask_url(value)
    kind = secret_kind(name) or next((kind for end, kind in ENDS_OF_HEADERS.items() if lower.endswith(end)), None)
    if kind is None:
        return mask_text(value)
    scheme, blank, _rest = value.strip().partition(" ")
    return f"{scheme} {not_shown(kind)}" if blank and scheme.isalpha() and len(scheme) < 12 else not_shown(kind)


def _masked_cookie(value: str, *, attributes: bool) -> str:
    cookies = value.split(";")
    masked = [
        f"{pair.partition('=')[0].strip()}={not_shown('cookie')}" if "=" in pair else not_shown("cookie")
        for pair in (cookies[:1] if attributes else cookies)
    ]
    rest = [pair.strip() for pair in cookies[1:]] if attributes else []
    return "; ".join([*masked, *rest])


def _masked_path(path: str) -> str:
    plain = decoded(path)
    masked = mask_text(plain)
    return mask_text(path) if plain in (path, masked) else quote(masked, safe=_SHOWN + ";@")


def _masked_field(pair: str) -> str:
    name, equals, value = pair.partition("=")
    plain_name = decoded(name, plus=True)
    kind = secret_kind(plain_name, in_form=True)
    if not equals:
        return _masked_path(name)
    if kind and value:
        return f"{name}={not_shown(kind)}"
    is_expression = plain_name.strip().lower().removeprefix("$") in OPTIONS
    mask = _masked_expression if is_expression else mask_text
    for plain in dict.fromkeys((unquote_plus(value), decoded(value, plus=True))):
        masked = mask(plain)
        if masked != plain:
            return f"{mask_text(name)}={quote(masked, safe=_SHOWN if is_expression else '[]: ')}"
    return f"{mask_text(name)}={value}"


def _masked_expression(text: str) -> str:
    masked = mask_expression(text)
    return mask_literal(text) if masked == text else masked
