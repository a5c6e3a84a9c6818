"""What is left out of reports: secrets, addresses of people, ids of things in the tenant, tokens.

A report is meant to be shown to others: it says what the service does, and nothing about whose tenant it was.
"""

from __future__ import annotations

import re
from typing import Any

from fauxtune.core.formats.secret_kinds import not_shown, secret_kind

_LONGEST = 200
_TOKEN = re.compile(r"\b[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*|\bBearer\s+\S+", re.IGNORECASE)
_ADDRESS = re.compile(r"[\w.+%'-]+(?:#EXT#)?@[\w.-]+\w", re.IGNORECASE)
_GUID = re.compile(r"\b[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\b", re.IGNORECASE)
_LONG_NUMBER = re.compile(r"\b[0-9a-f]{32,}\b|[A-Za-z0-9+/]{40,}={0,2}", re.IGNORECASE)
_NIL = re.compile(r"0{8}-0000-[04]000-[08]000-0{12}|a[cd]a[cd]a[cd]a[cd]-[0-9a-f-]{27}", re.IGNORECASE)
#: Members whose texts are words of Graph, not of people.
_HARMLESS = re.compile(
    r"^@|^$|(?:type|state|status|code|message|version|platform|purpose|usage|level|intent|source|system|datetime|date"
    r"|jailbroken|request-id|context|rule)s?$",
    re.IGNORECASE,
)


def masked(value: object) -> str:
    """Return a text of the service as reports may show it: short, on one line, without secrets and names of people."""
    text = _TOKEN.sub(not_shown("token"), str(value))
    text = _ADDRESS.sub("someone@the.tenant", text)
    text = _GUID.sub(lambda match: match[0] if _NIL.fullmatch(match[0]) else "{id}", text)
    text = _LONG_NUMBER.sub("{…}", text)
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def masked_value(name: str, value: Any) -> str:
    """Return the value of a member as reports may show it: texts of people only by their kind."""
    kind = secret_kind(name)
    if kind is not None and isinstance(value, str) and value not in ("", "AA=="):
        return not_shown(kind)
    if isinstance(value, dict):
        return f"an object with {len(value)} members"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, str) and value:
        return masked(value) if _HARMLESS.search(name) else f"another text, of {len(value)} characters"
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else repr(value)
