"""The fidelity of a path, a type or a property to the real service, declared with the thing itself.

The coverage page and the OpenAPI document (`x-fidelity`) are made from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """Levels of fidelity, from best to worst."""

    EXACT = "exact"
    APPROXIMATED = "approximated"
    #: Stored and shown; nothing in the emulation depends on it.
    STORED = "storedOnly"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Fidelity:
    """A level, and the difference from the real service, which is empty for an exact one."""

    level: Level
    why: str = ""


EXACT = Fidelity(Level.EXACT)
STORED = Fidelity(Level.STORED)


def approximated(why: str) -> Fidelity:
    """Answered, but with a difference from the real service: `why`."""
    return Fidelity(Level.APPROXIMATED, why)


def stored(why: str) -> Fidelity:
    """Stored and shown, but without effect: `why` says without which."""
    return Fidelity(Level.STORED, why)


def refused(why: str) -> Fidelity:
    """Refused with 501, or with the 400 of the real service: `why` is the reason."""
    return Fidelity(Level.REFUSED, why)


#: Properties that nothing here sets, by their constant value.
ALWAYS_NULL = approximated("always null")
ALWAYS_EMPTY = approximated("always empty")
ALWAYS_FALSE = approximated("always false")
ALWAYS_ZERO = approximated("always 0")
#: A type of which nothing is ever shown.
NEVER_SHOWN = approximated("does not occur")
