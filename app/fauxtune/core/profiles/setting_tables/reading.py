"""The tables of settings, read: from the properties of a profile to settings with addresses.

A section begins with `=`: the kind of profile; the address that its rows are below; `whole` if the device takes all of
them as one (a payload), `each` if it takes each for itself. A row: property (a dot leads into a complex one); address
below the section's; form of the value on the wire; values. Values are `from=to`, divided by commas, of which others are
not configured; `*` the property's own; `join |` a list as a text; `days` and `milliseconds` (of minutes) durations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from fauxtune.core.model.text import JsonObject
from fauxtune.core.profiles.setting_tables import android, apple, windows

_DAY, _MINUTE = 86400, 60000


@dataclass(frozen=True, slots=True)
class Word:
    """The word of a property on the wire. `unit`: what the device takes as one."""

    property: str
    address: str
    unit: str
    form: str
    values: str

    def value(self, document: JsonObject) -> Any:
        """Return the value on the wire; None: the property is not configured."""
        value: Any = document
        for name in self.property.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        return None if value is None else _read(self.values, value, form=self.form)


@cache
def words() -> Mapping[str, tuple[Word, ...]]:
    """Return the words of each kind, by its name in lower case."""
    known: dict[str, list[Word]] = {}
    for table in (apple.TABLE, windows.TABLE, android.TABLE):
        base, is_whole, current = "", False, list[Word]()
        for line in table.strip().splitlines():
            cells = [cell.strip() for cell in line.lstrip("= ").split(";")]
            if line.startswith("="):
                base, is_whole, current = cells[1], cells[2] == "whole", known.setdefault(cells[0].lower(), [])
                continue
            name, below, form, values = cells
            address = f"{base}/{below}" if base else below
            current.append(Word(name, address, base if is_whole else address, form, values))
    return {kind: tuple(rows) for kind, rows in known.items()}


_READERS: dict[str, Callable[[Any], Any]] = {
    "*": lambda value: value or None if isinstance(value, list) else value,
    "join |": lambda value: "|".join(map(str, value)) or None,
    "days": lambda value: f"{value * _DAY}s",
    "milliseconds": lambda value: str(value * _MINUTE),
}


def _read(values: str, value: Any, *, form: str) -> Any:
    reader = _READERS.get(values)
    if reader is not None:
        return reader(value)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    pairs = dict(pair.split("=", 1) for pair in values.split(","))
    return _typed(pairs[text], form) if text in pairs else None


def _typed(text: str, form: str) -> Any:
    """Return a text of the table in a form."""
    match form:
        case "bool":
            return text == "true"
        case "int":
            return int(text)
        case "real":
            return float(text)
        case _:
            return text
