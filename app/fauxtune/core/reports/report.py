"""What a report is: its columns, where its rows come from, what may be filtered, and the words of its values.

A row is a JSON document; a column reads its value from it. A column with words is localizable: it has a raw value that
never changes, and words for people, here in English.

Raw values are the numbers of Graph's enumerations. Unverified: the words of most of them; those of operating systems,
and their numbers, are the document's ("Export Intune reports using Graph APIs", 2021-12-16).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from fauxtune.core.errors import Invalid
from fauxtune.core.graph.index import enumeration

Row: TypeAlias = Mapping[str, Any]


class Source(StrEnum):
    """Where the rows of a report come from."""

    DEVICES = "devices"
    CERTIFICATES = "certificates"
    POLICY_DEVICES = "policyDevices"
    POLICIES = "policies"
    POLICY_SETTINGS = "policySettings"
    DEVICE_SETTINGS = "deviceSettings"
    APPS = "apps"
    APP_DEVICES = "appDevices"
    APP_USERS = "appUsers"


class Kind(StrEnum):
    """The type of a column, by the name that report actions give it."""

    TEXT = "String"
    INTEGER = "Int32"
    LONG = "Int64"
    MOMENT = "DateTime"
    FLAG = "Boolean"


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `words` makes a raw value readable; `title` is the head of the column, if it is not the name;
    `aliases` are further names by which it can be selected. A column that is not `by_default` has to be selected, one
    that is `hidden` can be filtered by and is in no report.
    """

    name: str
    value: Callable[[Row], Any]
    kind: Kind = Kind.TEXT
    words: Callable[[Row], str] | None = None
    title: str = ""
    aliases: tuple[str, ...] = ()
    by_default: bool = True
    hidden: bool = False

    @property
    def head(self) -> str:
        """The column's name in a file."""
        return self.title or self.name


@dataclass(frozen=True, slots=True)
class Report:
    """One report. `filterable`: the columns that a filter may name; `required`: the one that it must name. `keeps`
    drops rows that the report does not have. `is_localized` is False where localizationType has no effect; such a
    report shows the words of its columns if it is `readable`.
    """

    name: str
    source: Source
    columns: tuple[Column, ...]
    filterable: tuple[str, ...] = ()
    required: str | None = None
    keeps: Callable[[Row], Any] = lambda _row: True
    is_localized: bool = True
    readable: bool = False

    def selected(self, names: tuple[str, ...]) -> tuple[Column, ...]:
        """Return the columns with these names, in any case; without names those that are there by default. Raises
        Invalid for a name that no column has.
        """
        visible = [column for column in self.columns if not column.hidden]
        if not names:
            return tuple(column for column in visible if column.by_default)
        by_name = {name.lower(): column for column in visible for name in (column.name, *column.aliases)}
        chosen: dict[str, Column] = {}
        for name in names:
            column = by_name.get(name.lower())
            if column is None:
                known = ", ".join(column.name for column in visible)
                raise Invalid(
                    f"The report {self.name} has no column '{name}'. Its columns are {known}.", target="select"
                )
            chosen[column.name] = column
        return tuple(chosen.values())


class Localization(StrEnum):
    """What becomes of a localizable column: one more column with its words, or the words in its place."""

    AS_ADDITIONAL_COLUMN = "localizedValuesAsAdditionalColumn"
    REPLACED = "replaceLocalizableValues"


@dataclass(frozen=True, slots=True)
class Field:
    """A column as a file or an answer has it: its head, its type, and what reads its value from a row."""

    head: str
    kind: Kind
    value: Callable[[Row], Any]


def fields_of(report: Report, columns: tuple[Column, ...], *, localization: Localization) -> tuple[Field, ...]:
    """Return the fields that these columns become."""
    result: list[Field] = []
    for column in columns:
        raw = Field(column.head, column.kind, column.value)
        if column.words is None or not (report.is_localized or report.readable):
            result.append(raw)
            continue
        if not report.is_localized or localization is Localization.REPLACED:
            result.append(Field(column.head, Kind.TEXT, column.words))
        else:
            result += [raw, Field(f"{column.head}_loc", Kind.TEXT, column.words)]
    return tuple(result)


_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")

COMPLIANCE = {
    "unknown": "Unknown",
    "compliant": "Compliant",
    "noncompliant": "Not compliant",
    "conflict": "Conflict",
    "error": "Error",
    "inGracePeriod": "In grace period",
    "configManager": "Managed by Configuration Manager",
}
OWNERS = {"unknown": "Unknown", "company": "Corporate", "personal": "Personal"}
AGENTS = {"mdm": "Intune", "intuneClient": "Intune", "configurationManagerClientMdm": "Co-managed"}
MANAGEMENT = {"managed": "Managed", "retirePending": "Retire pending", "wipePending": "Wipe pending"}
REGISTRATION = {"registered": "Registered", "notRegistered": "Not registered"}
TYPES = {
    "desktop": "Windows",
    "windowsRT": "Windows",
    "mac": "macOS",
    "macMDM": "macOS",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "iPod": "iPod",
    "android": "Android",
    "androidForWork": "Android",
    "androidEnterprise": "Android",
}
THREATS = {"unknown": "Unknown", "secured": "Secured", "activated": "Activated", "deactivated": "Deactivated"}
STATUSES = {
    "unknown": "Unknown",
    "notApplicable": "Not applicable",
    "compliant": "Succeeded",
    "remediated": "Succeeded",
    "nonCompliant": "Not compliant",
    "error": "Error",
    "conflict": "Conflict",
    "notAssigned": "Not assigned",
}
#: How the names of operating systems begin, in lower case, with the number and the word of the document.
_SYSTEMS: Mapping[str, tuple[int, str]] = {
    "windows": (1, "Windows"),
    "ios": (2, "iOS"),
    "ipados": (2, "iOS"),
    "android": (3, "Android"),
    "macos": (4, "Mac"),
}


def number(name: str, kind: str) -> Callable[[Row], int]:
    """Return what reads the number of a property that is an enumeration."""
    known = enumeration(kind)

    def read(row: Row) -> int:
        member = row.get(name)
        return known.number(member) if member in known.members else 0

    return read


def word(name: str, words: Mapping[str, str]) -> Callable[[Row], str]:
    """Return what reads the words for a member of an enumeration: those that are known, or its name in words."""

    def read(row: Row) -> str:
        member = str(row.get(name) or "unknown")
        return words.get(member) or _CAPITAL.sub(" ", member).capitalize()

    return read


def system_number(row: Row) -> int:
    """Return the number of a device's operating system; 0 for one that the document does not list."""
    return _system(row)[0]


def system_word(row: Row) -> str:
    """Return the name of a device's operating system."""
    return _system(row)[1]


def yes(name: str) -> Callable[[Row], str]:
    """Return what reads a Boolean as a word."""
    return lambda row: "Yes" if row.get(name) else "No"


def _system(row: Row) -> tuple[int, str]:
    name = str(row.get("operatingSystem") or "")
    known = (system for beginning, system in _SYSTEMS.items() if name.lower().startswith(beginning))
    return next(known, (0, name))
