"""How near a path, a type or a property comes to the real service: said once, beside the thing itself.

The coverage page and the OpenAPI document (`x-fidelity`) are made from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """From best to worst."""

    EXACT = "exact"
    APPROXIMATED = "approximated"
    #: Kept and shown; nothing in the emulation depends on it.
    STORED = "storedOnly"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Fidelity:
    """`why` says what differs; what is exact needs no reason."""

    level: Level
    why: str = ""


EXACT = Fidelity(Level.EXACT)
STORED = Fidelity(Level.STORED)


def approximated(why: str) -> Fidelity:
    """Answered, but not in all as the real service does: `why` says in what."""
    return Fidelity(Level.APPROXIMATED, why)


def stored(why: str) -> Fidelity:
    """Kept and shown, and nothing more: `why` says what does not follow."""
    return Fidelity(Level.STORED, why)


def refused(why: str) -> Fidelity:
    """Refused with 501, or with the 400 that the real service gives: `why` says which and why."""
    return Fidelity(Level.REFUSED, why)


#: What nothing here fills, by the value that it then has.
ALWAYS_NULL = approximated("always null")
ALWAYS_EMPTY = approximated("always empty")
ALWAYS_FALSE = approximated("always false")
ALWAYS_ZERO = approximated("always 0")
#: Of a type, when nothing that has it is ever shown.
NEVER_SHOWN = approximated("does not occur")
