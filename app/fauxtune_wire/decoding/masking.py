"""Which values are never shown, and what stands in their place.

A value is secret by its name (`secret_names`), or by what it is: a private key, a PKCS#12 file, a token, a long text
without blanks. What was recognised once is removed from the whole output, wherever else it stands.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote_plus
from xml.sax.saxutils import escape

from fauxtune.core.formats.secret_names import (
    IN_FORMS,
    NAMED,
    NAMING,
    OBJECTS,
    OF_KEYS,
    WHOLE,
    ends_like_secret,
    is_hidden,
    not_shown,
    plain_name,
    secret_kind,
)
from fauxtune_wire.decoding.der_kinds import DerKind, kind_of, summary
from fauxtune_wire.decoding.expressions import up_to_comparison
from fauxtune_wire.decoding.parts import counted

#: A value that is shorter may be a usual word, and is not removed where it stands under another name.
_SHORTEST_KNOWN = 8
_MOST_KNOWN = 500
#: Characters without a blank; longer ones are keys, certificates and other data in an encoding.
_LONGEST_WORD = 72
_SHORTEST_BASE64 = 12
_MOST_ENCLOSED = 20

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
_LONG = re.compile(rf"[A-Za-z0-9+/_=%-]{{{_LONGEST_WORD + 1},}}")
#: Standard or URL-safe, never both: the path of a resource has slashes and hyphens.
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]+|[A-Za-z0-9_-]+)={0,2}")
#: A segment of a path is a word with a number (the control surface's begins with _), or a number in hexadecimal; of
#: base64 it is neither.
_SEGMENT = re.compile(r"_?[A-Za-z]*[0-9]*|[0-9A-Fa-f]+|(?=[^-]*-)[\w-]+")
#: A segment of a path that another one follows.
_NAMING_SEGMENT = re.compile(r"(?<![\w%.$-])([\w%.$-]++)/")
_NEXT_SEGMENT = re.compile(r"[^/?#\"'<>&\n]+")
_PUSH_ADDRESS = re.compile(r"(?P<before>/push/[^/?#\s]{1,100}/)[^/?#\s\"'<>]+")


def mask_text(text: str) -> str:
    """Return the text without tokens, private keys and long encoded data; it ends at the first value with the name of a
    secret before it, and where a secret is compared with a value.
    """
    return mask_literal(up_to_comparison(text))


def _without_words(text: str, hidden: Collection[str]) -> str:
    """Return the text without these words, where they are whole words."""
    present = sorted((re.escape(word) for word in hidden if word in text), key=len, reverse=True)
    if not present:
        return text
    return re.sub(rf"(?<!\w)(?:{'|'.join(present)})(?!\w)", not_shown("secret"), text)


def mask_literal(text: str) -> str:
    """Return what `mask_text` returns of a text in which nothing is compared."""
    text = _PUSH_ADDRESS.sub(lambda match: match["before"] + not_shown("token"), _PEM.sub(_pem, text))
    text = _JWT.sub(not_shown("token"), _USER_OF_ADDRESS.sub(not_shown("credential"), text))
    text = _without_named_segments(text)
    text = _SCHEME.sub(lambda match: f"{match['scheme']} {not_shown('credential')}", text)
    return _LONG.sub(lambda match: _encoded(match[0]), _up_to_secret(text))


def _up_to_secret(text: str) -> str:
    """The text up to the first name of a secret with a value after it."""
    for word in _WORD.finditer(text):
        separator = _SEPARATOR.match(text, word.end())
        if separator is None:  # most words: what they mean need not be known
            continue
        kind = secret_kind(word[0])
        if kind is None and text[word.end() : word.end() + 1] == "=":
            kind = IN_FORMS.get(word[0].lower())
        rest = text[separator.end() :].strip("\"'\\ ") if kind else ""
        if kind and rest and not is_hidden(rest):
            return text[: separator.end()] + not_shown(kind)
    return text


def _without_named_segments(text: str) -> str:
    """The text without the segments of a path that follow one with the name of a secret."""
    pieces, at = [], 0
    for match in _NAMING_SEGMENT.finditer(text):
        value = _NEXT_SEGMENT.match(text, match.end()) if ends_like_secret(match[1]) else None
        if value is not None and match.start() >= at and not is_hidden(value[0]):
            pieces += [text[at : match.end()], not_shown(secret_kind(match[1]) or "secret")]
            at = value.end()
    return "".join([*pieces, text[at:]])


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
    CMS messages inside (`enclosed`), and tokens (`tokens`), with the names under which they stood. `hidden`: words
    that addresses hide (`addresses.hidden_in`).
    """

    enclosed: list[tuple[str, bytes]] = field(default_factory=list)
    tokens: list[tuple[str, str]] = field(default_factory=list, repr=False)
    hidden: set[str] = field(default_factory=set, repr=False)
    _known: set[str] = field(default_factory=set, repr=False)

    def inside(self) -> Masking:
        """Return the masking of a message in this one: what is hidden in one is hidden in both."""
        return Masking(hidden=self.hidden, _known=self._known)

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
        kind = secret_kind(name, in_form=in_form) or OBJECTS.get(plain_name(name))
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
        if self.hidden:
            text = _without_words(text, self.hidden)
        return _JWT.sub(not_shown("token"), text)

    def _member(self, members: dict[Any, Any], key: Any, *, kind: str | None) -> Any:
        name, value = str(key), members[key]
        plain = plain_name(name)
        if kind is None and plain in NAMED:
            kind = next((named for naming in members if (named := _names_secret(naming, members[naming]))), None)
        if kind is None and plain in OF_KEYS and "kty" in members:
            kind = "private key"
        if kind is None and isinstance(value, dict | list):
            kind = secret_kind(name)
        return self.document(value, name=name, kind=kind)

    def _is_secret_number(self, name: str) -> bool:
        """Whether a number of this name is a secret: a PIN, not the length of a password."""
        return plain_name(name) in WHOLE or ends_like_secret(name)

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
    if not isinstance(value, str) or plain_name(str(naming)) not in NAMING:
        return None
    return secret_kind(re.split(r"[/.:]", unquote_plus(value).rstrip("/"))[-1])


def form_fields(body: str) -> list[tuple[str, str]]:
    """Return the fields of a form in their order. Raises ValueError for more than 200."""
    return parse_qsl(body, keep_blank_values=True, max_num_fields=200)
