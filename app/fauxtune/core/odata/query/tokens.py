"""The tokens of a `$filter`, and a reader of them.

Rules: OData ABNF 4.01 (literals). Names of operators and functions are read in any casing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from fauxtune.core.errors import Invalid


class Kind(StrEnum):
    """The kind of a token."""

    TEXT = "text"  # 'it''s' -> it's
    ENUM = "enum"  # <type>'<member>' -> the member
    MOMENT = "moment"
    GUID = "guid"
    NUMBER = "number"
    NAME = "name"
    MARK = "mark"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """One token; `at` is its offset in the filter."""

    kind: Kind
    text: str
    at: int


_PATTERN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<guid>[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}(?![\w-]))
  | (?P<moment>\d{4}-\d{2}-\d{2}(?:[Tt][\d:.]+(?:[Zz]|[+-]\d{2}:\d{2})?)?(?!\w))
  | (?P<number>[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?!\w))
  | (?P<enum>[A-Za-z_][\w.]*'(?:[^']|'')*')
  | (?P<text>'(?:[^']|'')*')
  | (?P<name>[A-Za-z_][\w.]*)
  | (?P<mark>[(),/:])
    """,
    re.VERBOSE | re.ASCII,
)


#: Ten for each of the terms that a filter may have: a longer filter is refused before its end is read.
_MOST_TOKENS = 3000
PREFIX = "Invalid filter clause: "


def malformed(reason: str) -> Invalid:
    """The error for a filter that cannot be read."""
    return Invalid(f"{PREFIX}{reason}", target="$filter")


def tokenise(text: str) -> list[Token]:
    """The tokens, with an END as the last. Raises Invalid, with the offset, for other characters, and for too many
    tokens.
    """
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        match = _PATTERN.match(text, at)
        if match is None:
            what = "an unterminated string literal" if text[at] == "'" else f"unexpected character '{text[at]}'"
            raise malformed(f"{what} at position {at} in '{text}'.")
        if match.lastgroup != "space" and match.lastgroup is not None:
            if len(tokens) == _MOST_TOKENS:
                raise malformed(f"it is too long: at most {_MOST_TOKENS:,} words, signs and constants.")
            tokens.append(_token(Kind(match.lastgroup), match.group(), at=at))
        at = match.end()
    tokens.append(Token(Kind.END, "", len(text)))
    return tokens


def _token(kind: Kind, text: str, *, at: int) -> Token:
    if kind is Kind.TEXT or kind is Kind.ENUM:
        text = text[text.index("'") + 1 : -1].replace("''", "'")
    return Token(kind, text, at)


class Reader:
    """The tokens of one filter, and the position of the next one."""

    __slots__ = ("_next", "_tokens", "depth", "source", "terms")

    def __init__(self, source: str) -> None:
        self.source = source
        self._tokens = tokenise(source)
        self._next = 0
        self.depth = 0
        self.terms = 0

    def peek(self, ahead: int = 0) -> Token:
        """The next token, or a later one."""
        return self._tokens[min(self._next + ahead, len(self._tokens) - 1)]

    def take(self) -> Token:
        """Return the next token, and step over it."""
        token = self.peek()
        self._next += 1
        return token

    def skip(self, text: str) -> bool:
        """Step over this mark or word (any casing) if it is next."""
        token = self.peek()
        if token.kind in {Kind.MARK, Kind.NAME} and token.text.lower() == text:
            self._next += 1
            return True
        return False

    def expect(self, mark: str) -> None:
        """Step over this mark. Raises Invalid if something else is next."""
        if not self.skip(mark):
            raise self.error(f"expected '{mark}'")

    def error(self, reason: str) -> Invalid:
        """The error at this position."""
        token = self.peek()
        near = "the end" if token.kind is Kind.END else f"'{token.text}'"
        return malformed(f"{reason} but found {near} at position {token.at} in '{self.source}'.")
