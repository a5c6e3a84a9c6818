"""Times and durations as people write them on a command line.

A duration is ISO 8601 (`P30D`), or numbers with units (`30 days`, `1 year 6 months`); a time is ISO 8601 or a date. A
year has 365 days and a month 30, as in the emulator.
"""

from __future__ import annotations

import re

import click

from fauxtune.core.clock import from_iso, iso

_PART = re.compile(r"(\d{1,6})\s*([a-z]+)")
_DAYS = re.compile(r"P(\d+)D")
_DATE, _TIME = "YMWD", "HMS"
#: Unit -> its place in ISO 8601: before or after the T, and its letter.
_UNITS: dict[str, tuple[bool, str]] = {
    **dict.fromkeys(("y", "year", "years"), (False, "Y")),
    **dict.fromkeys(("month", "months"), (False, "M")),
    **dict.fromkeys(("w", "week", "weeks"), (False, "W")),
    **dict.fromkeys(("d", "day", "days"), (False, "D")),
    **dict.fromkeys(("h", "hour", "hours"), (True, "H")),
    **dict.fromkeys(("min", "minute", "minutes"), (True, "M")),
    **dict.fromkeys(("s", "sec", "second", "seconds"), (True, "S")),
}


def iso_duration(text: str) -> str:
    """Return a duration as ISO 8601. What begins with P is left to the server to judge."""
    words = text.strip().lower()
    if words.startswith("p"):
        return words.upper()
    parts = _PART.findall(words)
    if not parts or re.sub(r"[\s,]|and", "", _PART.sub("", words)) or any(unit not in _UNITS for _, unit in parts):
        raise click.BadParameter(
            f"'{text}' is no duration: write '30 days', '1 year', '8 hours', or ISO 8601 such as P30D or PT8H."
        )
    sums: dict[tuple[bool, str], int] = {}
    for number, unit in parts:
        sums[_UNITS[unit]] = sums.get(_UNITS[unit], 0) + int(number)
    date = "".join(f"{sums[False, letter]}{letter}" for letter in _DATE if (False, letter) in sums)
    time = "".join(f"{sums[True, letter]}{letter}" for letter in _TIME if (True, letter) in sums)
    return f"P{date}" + (f"T{time}" if time else "")


def duration_in_words(duration: str) -> str:
    """Return a duration of ISO 8601 in days if it has nothing else; other ones unchanged."""
    days = _DAYS.fullmatch(duration)
    if days is None:
        return duration
    return "1 day" if days[1] == "1" else f"{days[1]} days"


def iso_time(text: str) -> str:
    """Return a time as ISO 8601 with a zone; without one it is UTC."""
    try:
        return iso(from_iso(text.strip()))
    except (ValueError, OverflowError):
        raise click.BadParameter(
            f"'{text}' is no time: write a date such as 2027-01-31, or 2027-01-31T10:00:00Z."
        ) from None
