"""Names of members in a client's JSON body, brought into the schema's spelling.

Graph takes the names of properties in any case: released clients send `mailNickName` for `mailNickname` (CLI for
Microsoft 365 11.11), and work. No document says so: Unverified. OData JSON 4.01 4.6 has annotations in lower case.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fauxtune.core.errors import Invalid

#: The annotations that are read (OData JSON 4.01 4.6.3, 4.6.8, 8.5).
_ANNOTATIONS = ("odata.type", "odata.id", "odata.bind")


def respell(body: dict[str, Any], *, spellings: Mapping[str, str | None]) -> None:
    """Give the members of all objects in a body the names that `spellings` has for their lower-case forms. Others, and
    those that types spell differently (None), stay as they are: `accept` finds these by the type.

    Raises Invalid for an object in which a name is there twice, in different cases.
    """
    values: list[object] = [body]
    while values:
        value = values.pop()
        if isinstance(value, list):
            values.extend(each for each in value if isinstance(each, dict | list))
        elif isinstance(value, dict):
            values.extend(each for each in value.values() if isinstance(each, dict | list))
            _respell(value, spellings=spellings)


def twice(name: str, *, written: str) -> Invalid:
    """The refusal of an object that has a property twice; `written`: as the client spelled it the second time."""
    return Invalid(f"The property '{name}' is there twice: once more as '{written}'. Send it once.", target=name)


def _respell(members: dict[str, Any], *, spellings: Mapping[str, str | None]) -> None:
    names = {key: _spelled(key, spellings=spellings) for key in members}
    if all(key == name for key, name in names.items()):
        return
    sent = list(members.items())
    members.clear()
    for key, value in sent:
        name = names[key]
        if name in members:
            first = next(each for each, spelled in names.items() if spelled == name)
            raise twice(name, written=key if key != name else first)
        members[name] = value


def _spelled(key: str, *, spellings: Mapping[str, str | None]) -> str:
    name, at, annotation = key.partition("@")
    if annotation.lower() in _ANNOTATIONS:
        annotation = annotation.lower()
    return f"{spellings.get(name.lower()) or name}{at}{annotation}"
