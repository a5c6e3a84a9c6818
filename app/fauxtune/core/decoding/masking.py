"""Which values are never shown, and what stands in their place.

A value is secret by its name (`secret_names`), or by what it is: a private key, a PKCS#12 file, a token, a long text
without blanks. What was recognised once is removed from the whole output, wherever else it stands.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, unquote_plus
from xml.sax.saxutils import escape

from fauxtune.core.decoding.der_kinds import DerKind, kind_of, summary
from fauxtune.core.decoding.parts import counted
from fauxtune.core.decoding.secret_names import (
    ENDS_OF_HEADERS,
    HARMLESS,
    IN_FORMS,
    NAMED,
    NAMING,
    OBJECTS,
    OF_KEYS,
    WHOLE,
    WORDS,
)

#: A value that is shorter may be a usual word, and is not removed where it stands under another name.
_SHORTEST_KNOWN = 8
_MOST_KNOWN = 500
#: Characters without a blank; longer ones are keys, certificates and other data in an encoding.
_LONGEST_WORD = 72
_SHORTEST_BASE64 = 12
_MOST_ENCLOSED = 20
#: Fields of a query that are looked at.
_MOST_FIELDS = 500
#: Characters of an address that are looked at. A server accepts longer ones, but nobody reads them.
_LONGEST_ADDRESS = 16 * 1024

_JWT = re.compile(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*){0,3}")
_PEM = re.compile(r"-----BEGIN (?P<label>[A-Z0-9 ]{1,40})-----.*?(?:-----END (?P=label)-----|\Z)", re.DOTALL)
#: A scheme and its credential, which has a digit or padding; not the words after it in a sentence or a challenge.
_SCHEME = re.compile(
    r"\b(?P<scheme>Bearer|Basic|Negotiate|PoP)\s+(?=[^\s]*[0-9=])[A-Za-z0-9._~+/-]{4,}={0,2}(?![\w=\"])", re.IGNORECASE
)
#: Before the host of an address.
_USER_OF_ADDRESS = re.compile(r"(?<=://)[^/@\s?#\"<>]{1,200}(?=@)")
_WORD = re.compile(r"[\w.$-]+")
_SEPARATOR = re.compile(r"(?:&quot;|&#3[49];|%22|[\"'\\\]])*\s*(?:=|:|>|&gt;|%3[dDaA])\s*")
#: What stands in place of a secret.
_HIDDEN = re.compile(r"\[not shown: [^\[\]]{1,60}\]")
_LONG = re.compile(rf"[A-Za-z0-9+/_=%-]{{{_LONGEST_WORD + 1},}}")
#: Standard or URL-safe, never both: the path of a resource has slashes and hyphens.
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]+|[A-Za-z0-9_-]+)={0,2}")
#: A segment of a path is a word with a number (the control surface's begins with _), or a number in hexadecimal; of
#: base64 it is neither.
_SEGMENT = re.compile(r"_?[A-Za-z]*[0-9]*|[0-9A-Fa-f]+|(?=[^-]*-)[\w-]+")
_NOT_NAME = re.compile(r"[^a-z0-9]")
_URL = re.compile(r"(?P<before>[^?#]*)\?(?P<query>[^#]*)(?P<after>.*)", re.DOTALL)
_PUSH_ADDRESS = re.compile(r"(?P<before>/push/[^/?#\s]{1,100}/)[^/?#\s\"'<>]+")
_HEADERS_WITH_ADDRESSES = frozenset({"location", "referer", "content-location", "link"})


def secret_kind(name: str, *, in_form: bool = False) -> str | None:
    """Return what a value of this name is ("password"), if it is not to be shown; else None."""
    plain = _NOT_NAME.sub("", name.rpartition("}")[2].lower())
    if plain in WHOLE:
        return WHOLE[plain]
    if in_form and plain in IN_FORMS:
        return IN_FORMS[plain]
    if plain in HARMLESS:
        return None
    return next((kind for word, kind in WORDS.items() if word in plain), None)


def not_shown(kind: str) -> str:
    """Write what stands in place of a secret."""
    return f"[not shown: {kind}]"


def mask_text(text: str) -> str:
    """Return the text without tokens, private keys and long encoded data; it ends at the first value with the name of a
    secret before it.
    """
    text = _PUSH_ADDRESS.sub(lambda match: match["before"] + not_shown("token"), _PEM.sub(_pem, text))
    text = _JWT.sub(not_shown("token"), _USER_OF_ADDRESS.sub(not_shown("credential"), text))
    text = _SCHEME.sub(lambda match: f"{match['scheme']} {not_shown('credential')}", text)
    return _LONG.sub(lambda match: _encoded(match[0]), _up_to_secret(text))


def _up_to_secret(text: str) -> str:
    """The text up to the first name of a secret with a value after it."""
    for word in _WORD.finditer(text):
        kind = secret_kind(word[0])
        if kind is None and text[word.end() : word.end() + 1] == "=":
            kind = IN_FORMS.get(word[0].lower())
        separator = _SEPARATOR.match(text, word.end()) if kind else None
        rest = text[separator.end() :].strip("\"'\\ ") if separator else ""
        if kind and separator and rest and not _HIDDEN.fullmatch(rest):
            return text[: separator.end()] + not_shown(kind)
    return text


def mask_query(query: str) -> str:
    """Return a query string, or the body of a form, with its secrets masked."""
    fields = query.split("&", _MOST_FIELDS)
    rest = [f"[{counted(len(each), 'character')}]" for each in fields[_MOST_FIELDS:]]
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
        return mask_text(url)
    after = match["after"]
    fragment = f"#{mask_query(after[1:])}" if "=" in after else mask_text(after)
    return f"{mask_text(match['before'])}?{mask_query(match['query'])}{fragment}"


def mask_headers(headers: Iterable[tuple[str, str]] | Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the headers with their secrets masked. Of cookies the names stay, of credentials the scheme."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return [(name, _masked_header(name, value)) for name, value in pairs]


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


def _masked_field(pair: str) -> str:
    name, equals, value = pair.partition("=")
    kind = secret_kind(unquote_plus(name), in_form=True)
    if not equals:
        return mask_text(name)
    if kind and value:
        return f"{name}={not_shown(kind)}"
    plain = unquote_plus(value)
    masked = mask_text(plain)
    return f"{mask_text(name)}={value if masked == plain else quote(masked, safe='[]: ')}"


def _pem(match: re.Match[str]) -> str:
    label = match["label"]
    if "PRIVATE" in label:
        return not_shown("private key")
    return f"[{label} in PEM, {counted(len(match[0]), 'character')}]"


def _from_pem(text: str) -> bytes | None:
    """The bytes of a text that is PEM of one certificate or request."""
    match = _PEM.fullmatch(text.strip())
    if match is None or not match["label"].startswith("CERTIFICATE"):
        return None
    return from_base64(match[0].split("-----")[2])


def _encoded(word: str) -> str:
    return word if _is_path(word) else f"[{counted(len(word), 'character')}]"


def _is_path(text: str) -> bool:
    return "/" in text and all(_SEGMENT.fullmatch(segment) for segment in text.split("/"))


def from_base64(text: str) -> bytes | None:
    """Return the bytes of a base64 text of either alphabet, with or without line ends and padding; else None."""
    packed = "".join(text.split())
    if len(packed) < _SHORTEST_BASE64 or not _BASE64.fullmatch(packed):
        return None
    bare = packed.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


@dataclass(slots=True)
class Masking:
    """The masking of one message. Remembers what it hid, and collects what can be unfolded: certificates, requests and
    CMS messages inside (`enclosed`), and tokens (`tokens`), with the names under which they stood.
    """

    enclosed: list[tuple[str, bytes]] = field(default_factory=list)
    tokens: list[tuple[str, str]] = field(default_factory=list, repr=False)
    _known: set[str] = field(default_factory=set, repr=False)

    def inside(self) -> Masking:
        """Return the masking of a message in this one: what is hidden in one is hidden in both."""
        return Masking(_known=self._known)

    def hide(self, value: str, kind: str) -> str:
        """Return what stands in place of a secret, and remember the secret."""
        if not value.strip():
            return value
        if len(self._known) < _MOST_KNOWN and not value.isalpha():
            forms = (value, value.strip(), json.dumps(value, ensure_ascii=False)[1:-1], escape(value))
            self._known.update(form for form in forms if len(form) >= _SHORTEST_KNOWN)
        data = from_base64(value) if kind in ("PKCS#12 file", "private key") else None
        return not_shown(f"{kind}, {counted(len(data), 'byte')}" if data else kind)

    def text(self, name: str, value: str, *, in_form: bool = False) -> str:
        """Return a text as it may be shown under this name."""
        kind = secret_kind(name, in_form=in_form) or OBJECTS.get(_NOT_NAME.sub("", name.lower()))
        if _JWT.fullmatch(value.strip()):
            self._token(name, value.strip())
            return self.hide(value, "token")
        if kind is not None:
            return self.hide(value, kind)
        return self._plain(name, value)

    def data(self, name: str, value: bytes) -> str:
        """Return what is said in place of bytes."""
        kind = secret_kind(name)
        if kind is not None and value:
            self.hide(base64.b64encode(value).decode(), kind)
            return not_shown(f"{kind}, {counted(len(value), 'byte')}")
        return f"[{self._summary(name, value)}]"

    def document(self, value: Any, *, name: str = "", kind: str | None = None) -> Any:
        """Return a copy of a JSON document or property list with its secrets masked. `kind`: everything in it is a
        secret of this kind.
        """
        if isinstance(value, dict):
            return {self._plain("", str(key)): self._member(value, key, kind=kind) for key in value}
        if isinstance(value, list):
            return [self.document(each, name=name, kind=kind) for each in value]
        if isinstance(value, bytes):
            return self.data(name, value) if kind is None else not_shown(f"{kind}, {counted(len(value), 'byte')}")
        if isinstance(value, str):
            return self.text(name, value) if kind is None else self.hide(value, kind)
        if isinstance(value, bool) or value is None or not isinstance(value, int | float):
            return value
        if kind is None and self._is_secret_number(name):
            kind = secret_kind(name)
        return value if kind is None else self.hide(str(value), kind)

    def sweep(self, text: str) -> str:
        """Return a text of the output without anything that was recognised as a secret."""
        for secret in sorted(self._known, key=len, reverse=True):
            if secret in text:
                text = text.replace(secret, not_shown("secret"))
        return _JWT.sub(not_shown("token"), text)

    def _member(self, members: dict[Any, Any], key: Any, *, kind: str | None) -> Any:
        name, value = str(key), members[key]
        plain = _NOT_NAME.sub("", name.lower())
        if kind is None and plain in NAMED:
            kind = next((named for naming in members if (named := _names_secret(naming, members[naming]))), None)
        if kind is None and plain in OF_KEYS and "kty" in members:
            kind = "private key"
        if kind is None and isinstance(value, dict | list):
            kind = secret_kind(name)
        return self.document(value, name=name, kind=kind)

    def _is_secret_number(self, name: str) -> bool:
        """Whether a number of this name is a secret: a PIN, not the length of a password."""
        plain = _NOT_NAME.sub("", name.lower())
        return plain in WHOLE or (plain not in HARMLESS and plain.endswith(tuple(WORDS)))

    def _plain(self, name: str, value: str) -> str:
        """A text under a name that is no secret's: what it is, or holds, may still be one."""
        begin = value.lstrip()[:1]
        if begin in ("{", "[", "<") and len(value) > _SHORTEST_KNOWN:
            return self._document_in(name, value, is_xml=begin == "<")
        data = _from_pem(value) or from_base64(value)
        if data is not None:
            kind = kind_of(data)
            if kind in (DerKind.PFX, DerKind.PRIVATE_KEY):
                return self.hide(value, str(kind))
            if kind is not None:
                return f"[{self._summary(name, data)}]"
            if len(value) > _LONGEST_WORD and not _is_path(value):
                return f"[{counted(len(data), 'byte')}]"
            hidden = data.decode("utf-8", "ignore")
            if hidden.isprintable() and mask_text(hidden) != hidden:
                return self.hide(value, "secret")
        return mask_text(value)

    def _document_in(self, name: str, value: str, *, is_xml: bool) -> str:
        """What is said in place of a document in a text. XML becomes a part of its own."""
        if is_xml and len(self.enclosed) < _MOST_ENCLOSED:
            self.enclosed.append((name, value.encode("utf-8", "replace")))
        if is_xml:
            return f"[XML, {counted(len(value), 'character')}]"
        try:
            return json.dumps(self.document(json.loads(value)), ensure_ascii=False)
        except (ValueError, RecursionError):
            holds_secret = any(secret_kind(word, in_form=True) for word in _WORD.findall(value))
            return f"[{counted(len(value), 'character')}]" if holds_secret else mask_text(value)

    def _summary(self, name: str, data: bytes) -> str:
        kind = kind_of(data)
        is_new = all(data != known for _, known in self.enclosed)
        if kind is not None and kind.is_readable and is_new and len(self.enclosed) < _MOST_ENCLOSED:
            self.enclosed.append((name, data))
        return summary(data, kind)

    def _token(self, name: str, value: str) -> None:
        if len(self.tokens) < _MOST_ENCLOSED:
            self.tokens.append((name, value))


def _names_secret(naming: Any, value: Any) -> str | None:
    """What an object's value is, if this member names it as a secret: {"name": "password"} does."""
    if not isinstance(value, str) or _NOT_NAME.sub("", str(naming).lower()) not in NAMING:
        return None
    return secret_kind(re.split(r"[/.:]", unquote_plus(value).rstrip("/"))[-1])


def form_fields(body: str) -> list[tuple[str, str]]:
    """Return the fields of a form in their order. Raises ValueError for more than 200."""
    return parse_qsl(body, keep_blank_values=True, max_num_fields=200)
