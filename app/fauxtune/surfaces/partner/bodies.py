"""The bodies of the partner's API, as Microsoft's clients send them.

Source: microsoft/Intune-Resource-Access, src/CsrValidation. The client in Java sends ISO-8859-1 and calls it JSON, the
one in C# may write names with a capital letter: so bodies are read as UTF-8, else as Latin-1, and names in any case.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fauxtune.core.errors import Invalid
from fauxtune.core.model.json_limits import MOST_IN_REQUEST, check_elements

#: Of a text. Microsoft's documents name no limit; a request with a challenge has some ten kilobytes. A body has the
#: limit of all surfaces.
_LONGEST = 64 * 1024


def body_of(content: bytes) -> Mapping[str, Any]:
    """Return the JSON object of a body, its names in lower case. Raises Invalid for anything else."""
    check_elements(content, most=MOST_IN_REQUEST)
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise Invalid("The body must be a JSON object.") from None
    if not isinstance(document, dict):
        raise Invalid("The body must be a JSON object.")
    return _folded(document)


def member(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a member that is an object, its names in lower case. Raises Invalid without it."""
    value = document.get(name.lower())
    if not isinstance(value, dict):
        raise Invalid(f"The body must have the object '{name}'.", target=name)
    return _folded(value)


def objects(document: Mapping[str, Any], name: str, *, most: int) -> list[Mapping[str, Any]]:
    """Return a member that is a list of objects, their names in lower case. Raises Invalid for anything else."""
    values = document.get(name.lower())
    if not isinstance(values, list) or len(values) > most or not all(isinstance(value, dict) for value in values):
        raise Invalid(f"'{name}' must be a list of up to {most} objects.", target=name)
    return [_folded(value) for value in values]


def text_of(document: Mapping[str, Any], name: str) -> str:
    """Return a member that is a text. Raises Invalid without it."""
    text = optional_text(document, name)
    if text is None:
        raise Invalid(f"'{name}' is required, as a text.", target=name)
    return text


def optional_text(document: Mapping[str, Any], name: str) -> str | None:
    """Return a member that is a text or absent; null counts as absent. Raises Invalid for anything else."""
    value = document.get(name.lower())
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > _LONGEST or "\0" in value:
        raise Invalid(f"'{name}' must be a text of at most {_LONGEST} characters.", target=name)
    return value.encode("utf-8", "replace").decode()


def number_of(document: Mapping[str, Any], name: str) -> int:
    """Return a member that is a whole number. Raises Invalid for anything else."""
    value = document.get(name.lower())
    if isinstance(value, bool) or not isinstance(value, int):
        raise Invalid(f"'{name}' is required, as a whole number.", target=name)
    return value


def hresult_of(document: Mapping[str, Any]) -> int:
    """Return hResult as a signed 32-bit number: Java sends it so, C# as a greater positive one."""
    value = number_of(document, "hResult") & 0xFFFFFFFF
    return value - (1 << 32) if value >= 1 << 31 else value


def error_of(document: Mapping[str, Any]) -> str:
    """Return errorCode as text: Java sends the number of an error, C# its name; without one it is "None"."""
    value = document.get("errorcode")
    return "None" if value is None else str(value).encode("utf-8", "replace").decode()


def _folded(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name.lower(): value for name, value in document.items()}
