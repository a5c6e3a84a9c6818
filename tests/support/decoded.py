"""What the decoder says of a body, as one text, and a search for a secret in it in every usual encoding."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from urllib.parse import quote, quote_plus

from fauxtune_wire.decoding import Part

WIRE = Path(__file__).resolve().parents[1] / "wire"


def written(parts: Iterable[Part]) -> str:
    """Return everything that the parts say."""
    lines = []
    for part in parts:
        lines += [part.title, *(text for fact in part.facts for text in fact), part.text, written(part.parts)]
    return "\n".join(lines)


def outline(parts: Iterable[Part], *, indent: int = 0) -> str:
    """Return titles and facts, indented, as a page shows them above the text."""
    lines = []
    for part in parts:
        lines.append(f"{'  ' * indent}{part.title}")
        lines += [f"{'  ' * indent}- {name}: {value}" for name, value in part.facts]
        if part.parts:
            lines.append(outline(part.parts, indent=indent + 1))
    return "\n".join(lines)


def check_hidden(secret: str | bytes, text: str) -> None:
    """Fail if the secret stands in the text: as it is, in base64, in hexadecimal, or escaped for an address."""
    for form in _forms(secret):
        assert form not in text, f"{form} stands in: {text[:2000]}"


@cache
def _forms(secret: str | bytes) -> frozenset[str]:
    data = secret.encode() if isinstance(secret, str) else secret
    plain = data.decode("utf-8", "replace")
    forms = {plain, base64.b64encode(data).decode(), base64.urlsafe_b64encode(data).decode(), data.hex()}
    forms |= {quote(plain), quote_plus(plain), data.hex().upper(), data.hex(" ")}
    # A part of a secret is a secret: its first half may not be there either.
    halves = {form[: len(form) // 2] for form in forms}
    return frozenset(forms | halves)
