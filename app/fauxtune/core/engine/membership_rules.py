"""Rules of dynamic groups that name devices by what Windows Autopilot writes: their parser, and what meets them.

Rules: Microsoft Entra, "Dynamic membership rules for groups", such as `device.enrollmentProfileName -eq "Kiosk"` and
`device.devicePhysicalIds -any (_ -startsWith "[ZTDId]")`, joined by `-and` and `-or`. Case does not
count.

Differs from Entra ID: only these two properties, and only operators that a device without values does not meet. A rule
with anything else is not evaluated: its group has no members.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

#: What a device says: its physical ids, and the name of its enrolment profile.
_Values = tuple[tuple[str, ...], str]
Rule = Callable[[Mapping[str, Any]], bool]
_Test = Callable[[_Values], bool]
_DEEPEST = 30
_IDS, _PROFILE = "device.devicephysicalids", "device.enrollmentprofilename"
_PATTERN = re.compile(r"""\s*([()\[\],]|"(?:[^"`]|`.)*"|'(?:[^'`]|`.)*'|[^\s()\[\],"']+)""", re.DOTALL)
_OPERATORS: Mapping[str, Callable[[str, tuple[str, ...]], bool]] = {
    "-eq": lambda held, values: held == values[0],
    "-contains": lambda held, values: values[0] in held,
    "-startswith": lambda held, values: held.startswith(values[0]),
    "-in": lambda held, values: held in values,
}


class _NotEvaluated(Exception):
    """The rule has something that is not evaluated here, or is malformed."""


@lru_cache(maxsize=256)
def parse(text: str) -> Rule | None:
    """Return the rule, which takes the document of a device of the directory; None for one that is not evaluated."""
    try:
        reader = _Reader(_tokens(text))
        test = reader.either(0)
        reader.expect("")
    except _NotEvaluated:
        return None
    return lambda document: test(_values_of(document))


def is_nameable(document: Mapping[str, Any]) -> bool:
    """Whether any rule that is evaluated here can name the device."""
    ids, profile = _values_of(document)
    return bool(ids or profile)


def _values_of(document: Mapping[str, Any]) -> _Values:
    ids = tuple(str(each).casefold() for each in document.get("physicalIds") or ())
    return ids, str(document.get("enrollmentProfileName") or "").casefold()


def _tokens(text: str) -> list[str]:
    tokens, at, end = [], 0, len(text.rstrip())
    while at < end:
        match = _PATTERN.match(text, at)
        if match is None:
            raise _NotEvaluated
        tokens.append(match[1])
        at = match.end()
    return [*tokens, ""]


@dataclass(slots=True)
class _Reader:
    """Reads a rule from its tokens; the last one is empty."""

    tokens: list[str]
    at: int = 0

    @property
    def word(self) -> str:
        return self.tokens[self.at].casefold()

    def take(self) -> str:
        word = self.word
        self.at += 1
        return word

    def expect(self, word: str) -> None:
        if self.take() != word:
            raise _NotEvaluated

    def either(self, depth: int) -> _Test:
        parts = [self._every(depth)]
        while self.word in ("-or", "or"):
            self.take()
            parts.append(self._every(depth))
        return lambda values: any(part(values) for part in parts)

    def _every(self, depth: int) -> _Test:
        parts = [self._one(depth)]
        while self.word in ("-and", "and"):
            self.take()
            parts.append(self._one(depth))
        return lambda values: all(part(values) for part in parts)

    def _one(self, depth: int) -> _Test:
        if depth > _DEEPEST:
            raise _NotEvaluated
        name = self.take()
        if name == "(":
            test = self.either(depth + 1)
            self.expect(")")
            return test
        if name == _PROFILE:
            holds = self._comparison()
            return lambda values: bool(values[1]) and holds(values[1])
        if name != _IDS:
            raise _NotEvaluated
        self.expect("-any")
        inside = self.word == "("
        if inside:
            self.take()
        self.expect("_")
        one_holds = self._comparison()
        if inside:
            self.expect(")")
        return lambda values: any(one_holds(value) for value in values[0])

    def _comparison(self) -> Callable[[str], bool]:
        operator = _OPERATORS.get(self.take())
        if operator is None:
            raise _NotEvaluated
        values = self._list() if self.word == "[" else (self._text(),)
        return lambda held: operator(held, values)

    def _list(self) -> tuple[str, ...]:
        self.expect("[")
        values = [self._text()]
        while self.word == ",":
            self.take()
            values.append(self._text())
        self.expect("]")
        return tuple(values)

    def _text(self) -> str:
        word = self.take()
        if len(word) < 3 or word[0] not in "\"'":
            raise _NotEvaluated
        return re.sub(r"`(.)", r"\1", word[1:-1])
