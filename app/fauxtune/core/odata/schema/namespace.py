"""The one namespace of the schema, and names with and without it."""

from __future__ import annotations

import re

NAMESPACE = "microsoft.graph"
#: The short form of the namespace in documents and paths.
ALIAS = "graph"
_CAST = re.compile(rf"(?:{re.escape(NAMESPACE)}|{ALIAS})\.(?P<name>[A-Za-z]\w*)", re.IGNORECASE)


def qualified(name: str) -> str:
    """The name with its namespace."""
    return f"{NAMESPACE}.{name}"


def bare_name(type_name: str) -> str:
    """The name without `#` and namespace, in the casing in which it was written."""
    name = type_name.strip().removeprefix("#")
    for prefix in (f"{NAMESPACE}.", f"{ALIAS}."):
        if name.lower().startswith(prefix):
            return name[len(prefix) :]
    return name


def cast_name(segment: str) -> str | None:
    """The type's name in a path segment that is qualified by the namespace; None for any other segment."""
    match = _CAST.fullmatch(segment)
    return match["name"] if match else None
