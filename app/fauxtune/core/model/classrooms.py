"""Classrooms: seats, each a tenant that one password opens. Names, bounds, and what is noted of a seat."""

from __future__ import annotations

import hashlib
import re
from enum import StrEnum

#: Seats of a classroom, and classrooms of a server.
MOST_SEATS, MOST_CLASSROOMS = 60, 10
#: A classroom's name is the beginning of its seats' names, which are names of tenants.
NAME = re.compile(r"[a-z]([a-z0-9-]{0,28}[a-z0-9])?")
#: No letter or digit that a reader takes for another one.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _LONG = 3, 4
PASSWORD = re.compile(rf"[{_LETTERS}]{{{_LONG}}}(-[{_LETTERS}]{{{_LONG}}}){{{_GROUPS - 1}}}")


class SeatEvent(StrEnum):
    """What was done at a seat."""

    SIGNED_IN = "signedIn"
    STARTED = "started"
    PREDICTED = "predicted"
    CHECKED = "checked"
    HINT = "hint"
    SOLVED = "solved"
    ANSWERED = "answered"
    RESET = "reset"
    FAULT = "fault"


class By(StrEnum):
    """Who did it."""

    STUDENT = "student"
    INSTRUCTOR = "instructor"


def seat_name(classroom: str, number: int) -> str:
    """Return the name of a seat, which is that of its tenant."""
    return f"{classroom}-{number:02}"


def password_from(secret: str) -> str:
    """Return a password that can be typed, made from a secret: 59 bits, in groups."""
    number = int.from_bytes(hashlib.sha256(secret.encode()).digest())
    letters = []
    for _ in range(_GROUPS * _LONG):
        number, place = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[place])
    return "-".join("".join(letters[at : at + _LONG]) for at in range(0, len(letters), _LONG))


def as_typed(text: str) -> str:
    """Return a password as the cards have it, for one that was typed with spaces or in capital letters."""
    plain = re.sub(r"[\s-]", "", text).lower()
    return "-".join(plain[at : at + _LONG] for at in range(0, len(plain), _LONG))


def digest(password: str) -> str:
    """Return what is kept of a password. It is random, so that a plain hash is enough."""
    return hashlib.sha256(password.encode()).hexdigest()
