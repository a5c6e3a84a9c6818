"""The tables of settings, read: from the properties of a profile to settings with addresses.

A section begins with `=`: the kind of profile; the address that its rows are below; `whole` if the device takes all of
them as one (a payload), `each` if it takes each for itself. A row: property (a dot leads into a complex one); address
below the section's; form of the value on the wire; values; of compliance policies also which of two values is stricter.
Values are `from=to`, divided by commas, of which others are not configured (of a list, by its members); `*` the
property's own; `join |` a list as a text; `days` and `milliseconds` (of minutes) durations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from fauxtune.core.model.text import JsonObject
from fauxtune.core.profiles.setting_tables import android, apple, compliance, enrollment, windows

_DAY, _MINUTE = 86400, 60000


@dataclass(frozen=True, slots=True)
class Word:
    """The word of a property on the wire. `unit`: what the device takes as one. `stricter`: of a compliance policy,
    which of two values counts.
    """

    property: str
    address: str
    unit: str
    form: str
    values: str
    stricter: str = ""

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
    for table in (apple.TABLE, windows.TABLE, android.TABLE, compliance.TABLE, enrollment.TABLE):
        kinds, base, is_whole = list[str](), "", False
        for line in table.strip().splitlines():
            cells = [cell.strip() for cell in line.lstrip("= ").split(";")]
            if line.startswith("="):
                kinds, base, is_whole = cells[0].lower().split(), cells[1], cells[2] == "whole"
                continue
            name, below, form, values, *stricter = cells
            address = f"{base}/{below}" if base else below
            word = Word(name, address, base if is_whole else address, form, values, *stricter)
            for kind in kinds:
                known.setdefault(kind, []).append(word)
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
    pairs = dict(pair.split("=", 1) for pair in values.split(","))
    if isinstance(value, list):
        return [pairs[each] for each in map(str, value) if each in pairs] or None
    text = str(value).lower() if isinstance(value, bool) else str(value)
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
        case "array":
            return [text]
        case _:
            return text
