"""What a check of a lab has seen."""

from __future__ import annotations

from dataclasses import dataclass

from fauxtune.core.language.catalogue import Message


@dataclass(frozen=True, slots=True)
class Sight:
    """What a check saw: whether the thing is so, in sentences, and the place that it looked at.

    `so` is None where the thing that the check is about is missing: then it is neither so nor not so, and both
    expectations fail.
    """

    so: bool | None
    looked: Message
    saw: tuple[Message, ...]


def sight(so: bool | None, looked: Message, *saw: Message) -> Sight:
    """Return a sight, of several sentences."""
    return Sight(so, looked, saw)
