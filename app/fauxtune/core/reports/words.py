"""The raw values of localizable columns, and their words in English.

Raw values are the numbers of Graph's enumerations. Unverified: the words of most of them; those of operating systems,
and their numbers, are the document's ("Export Intune reports using Graph APIs", 2021-12-16).

#: data
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from fauxtune.core.graph.index import enumeration
from fauxtune.core.reports.report import Row

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
