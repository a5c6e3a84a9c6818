"""What is shown of a message until the decoders are there: its text, with the values of secret names masked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

HIDDEN = "<not shown>"
_NAMES = r"[\w.-]*(?:secret|password|token|assertion|credential|pfx|privatekey|challenge|code|authorization)[\w.-]*"
_JSON = re.compile(rf'("{_NAMES}"\s*:\s*)"(?:[^"\\]|\\.)*"?', re.IGNORECASE)
_FORM = re.compile(rf"(?<![\w.-])({_NAMES}=)[^&\s\"]+", re.IGNORECASE)
_XML = re.compile(rf"(<(?:\w+:)?{_NAMES}[^>]*>)[^<]+", re.IGNORECASE)
_HEADERS = ("authorization", "cookie", "set-cookie", "proxy-authorization")


@dataclass(frozen=True, slots=True)
class Part:
    """One readable part of a message."""

    title: str
    language: str = "text"
    text: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    parts: tuple[Part, ...] = ()


def decode(body: bytes, *, content_type: str, path: str, direction: str) -> list[Part]:
    """Return the body as text, without secrets."""
    if not body:
        return []
    try:
        return [Part(content_type or "text", "text", _masked(body.decode()))]
    except UnicodeDecodeError:
        return [Part(f"{len(body):,} bytes")]


def mask_headers(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the headers without credentials."""
    return [(name, HIDDEN if name.lower() in _HEADERS else value) for name, value in headers]


def mask_url(url: str) -> str:
    """Return the address without secrets in its query."""
    return _masked(url)


def _masked(text: str) -> str:
    for pattern, mark in ((_JSON, rf'\1"{HIDDEN}"'), (_FORM, rf"\1{HIDDEN}"), (_XML, rf"\1{HIDDEN}")):
        text = pattern.sub(mark, text)
    return text
