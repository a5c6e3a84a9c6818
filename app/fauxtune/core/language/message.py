"""A text for people that is not translated yet: an English sentence with the values that stand in it.

Code that knows what has to be said need not know the language, nor whether it is said in HTML or in a terminal. The
sentence is also the key of its translation: a literal, with values as `%(name)s`, and `%%` for a percent sign.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence. `many`: its form for every number but one; `number` decides between the two, and is a value too.

    A value is a text, a number, or another message, which is translated as well.
    """

    text: str
    many: str | None = None
    number: int = 1
    values: Mapping[str, Any] = field(default_factory=dict)


def say(text: str, /, **values: Any) -> Message:
    """Return a message."""
    return Message(text, values=values)


def count(one: str, many: str, /, *, number: int, **values: Any) -> Message:
    """Return a message about a number of things, which may stand in it as `%(number)s`."""
    return Message(one, many, number, {**values, "number": number})
