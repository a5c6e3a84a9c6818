"""The tables of settings, read: from the properties of a profile to settings with addresses.

    whole|each KIND... below=ADDRESS
     PROPERTY ADDRESS FORM VALUES [STRICTER]

`whole`: the device takes all rows of the section as one (a payload); `each`: each for itself. A row has the property (a
dot leads into a complex one), the address below the section's, the form of the value on the wire, its values, and of
compliance policies which of two values is stricter. Values are `from:to`, divided by commas, of which others are not
configured (of a list, by its members); `*` the property's own; `joined` a list as a text; `days` and `milliseconds` (of
minutes) durations.

Beside the rows of `enrollment.txt`, a Windows PC is given the node of remedies of enrolment configurations. Microsoft:
"DMClient CSP" (FirstSyncStatus).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from fauxtune.core.model.text import JsonObject
from fauxtune.core.tables import Line, table

_DAY, _MINUTE = 86400, 60000

HELLO = "deviceEnrollmentWindowsHelloForBusinessConfiguration"
STATUS_PAGE = "windows10EnrollmentCompletionPageConfiguration"
#: The node that says what a user may do when the status page fails, and the bits of it.
REMEDIES = "./Device/Vendor/MSFT/DMClient/Provider/MS%20DM%20Server/FirstSyncStatus/BlockInStatusPage"
RESET, TRY_AGAIN, CONTINUE = 1, 2, 4


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


#: The kinds of compliance policies in the tables.
GIVEN_BY_COMPLIANCE = (
    "iosCompliancePolicy",
    "macOSCompliancePolicy",
    "windows10CompliancePolicy",
    "windows10MobileCompliancePolicy",
)
_TABLES = ("apple.txt", "windows.txt", "android.txt", "compliance.txt", "enrollment.txt")
_FORMS = frozenset({"array", "bool", "chr", "duration", "enum", "int", "int64", "real", "str"})
_STRICTER = frozenset({"least", "most", "shortest"})


@cache
def words() -> Mapping[str, tuple[Word, ...]]:
    """Return the words of each kind, by its name in lower case. Read with the first profile that has settings."""
    known: dict[str, list[Word]] = {}
    for name in _TABLES:
        for kind, word in read_words(table(__package__ or "", name)):
            known.setdefault(kind, []).append(word)
    return {kind: tuple(rows) for kind, rows in known.items()}


def read_words(lines: Iterable[Line]) -> Iterator[tuple[str, Word]]:
    """Yield the words of a table, each with its kind in lower case. Raises Mistake."""
    for section in lines:
        section.only("below", below=True)
        is_whole = section.known(section.first, ("whole", "each"), what="kind of section") == "whole"
        kinds, base = section.after_first("KIND..."), section.options.get("below", "")
        for line in section.below:
            word = _word(line, base=base, is_whole=is_whole)
            yield from ((kind.lower(), word) for kind in kinds)


def _word(line: Line, *, base: str, is_whole: bool) -> Word:
    line.only()
    below, form, values, *stricter = line.after_first("ADDRESS FORM VALUES [STRICTER]")
    line.known(form, _FORMS, what="form")
    if values not in _READERS and not all(":" in pair for pair in values.split(",")):
        raise line.mistake(f"values are from:to,from:to or one of {', '.join(_READERS)}, not {values}")
    for word in stricter:
        line.known(word, _STRICTER, what="stricter value")
    address = f"{base}/{below}" if base else below
    return Word(line.first, address, base if is_whole else address, form, values, *stricter)


_READERS: dict[str, Callable[[Any], Any]] = {
    "*": lambda value: value or None if isinstance(value, list) else value,
    "joined": lambda value: "|".join(map(str, value)) or None,
    "days": lambda value: f"{value * _DAY}s",
    "milliseconds": lambda value: str(value * _MINUTE),
}


def _read(values: str, value: Any, *, form: str) -> Any:
    reader = _READERS.get(values)
    if reader is not None:
        return reader(value)
    pairs = dict(pair.split(":", 1) for pair in values.split(","))
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
