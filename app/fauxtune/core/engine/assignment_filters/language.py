"""The rule language of assignment filters: its parser, and the evaluation of a rule for a device.

Rules: Intune, "App and device properties, operators, and rule editing when creating filters": names, operators and
values ignore case; `and` binds before `or`; there is no `not`. What the page leaves open is as public tests of the real
service found it: spaces around a value do not count, `-eq` takes no list, `""` is no value except in a list, a property
without a value is `$null`, and versions are compared number by number with missing parts as 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TypeAlias

from fauxtune.core.errors import Invalid

#: The longest rule that Intune takes ("Filter performance recommendations", limits).
LONGEST = 3072
#: Unverified: the deepest nesting of parentheses.
_DEEPEST = 50


class Operator(StrEnum):
    """The operators, as the page has them, without the hyphen."""

    EQ = "eq"
    NE = "ne"
    CONTAINS = "contains"
    NOT_CONTAINS = "notContains"
    STARTS_WITH = "startsWith"
    IN = "in"
    NOT_IN = "notIn"
    GT = "gt"
    GE = "ge"
    LT = "lt"
    LE = "le"


_LISTS = frozenset({Operator.IN, Operator.NOT_IN})
_NULLABLE = frozenset({Operator.EQ, Operator.NE})
_NEGATED = frozenset({Operator.NE, Operator.NOT_CONTAINS, Operator.NOT_IN})
_BY_NAME = {each.value.lower(): each for each in Operator}


@dataclass(frozen=True, slots=True)
class Known:
    """A property for rules, and its operators. `version`: compared number by number."""

    name: str
    operators: frozenset[Operator]
    version: bool = False


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The properties for rules of one platform, such as `device.model` or `app.appVersion`, by name in lower case."""

    entity: str
    platform: str
    properties: Mapping[str, Known]

    def __hash__(self) -> int:
        return hash((self.entity, self.platform))


@dataclass(frozen=True, slots=True)
class Clause:
    """`(device.model -eq "Pixel 9")`. The value of -in and -notIn is a tuple; None is `$null`."""

    name: str
    operator: Operator
    value: str | tuple[str, ...] | None
    version: bool = False


@dataclass(frozen=True, slots=True)
class Every:
    """Two or more rules joined by `and`."""

    parts: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """Two or more rules joined by `or`."""

    parts: tuple[Rule, ...]


Rule: TypeAlias = Clause | Every | Some


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


_PATTERN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<mark>[()\[\],])
  | (?P<text>"(?:[^"\\]|\\.)*")
  | (?P<word>[^\s()\[\],"]+)
    """,
    re.VERBOSE | re.DOTALL,
)
_VERSION = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9}){1,3}", re.ASCII)
_LEADING = re.compile(r"\s*([0-9]+(?:\.[0-9]+)*)", re.ASCII)
_ESCAPED = re.compile(r'\\(["\\])')


@lru_cache(maxsize=512)
def parse_rule(text: str, vocabulary: Vocabulary) -> Rule:
    """Parse a rule. Raises Invalid with the position of the error, counted from 1, and what is expected there."""
    if not text.strip():
        raise Invalid('The rule is empty: write for example (device.manufacturer -eq "Google").', target="rule")
    if len(text) > LONGEST:
        raise Invalid(f"The rule has {len(text)} characters; at most {LONGEST} are allowed.", target="rule")
    reader = _Reader(text, vocabulary)
    rule = reader.either(0)
    if reader.token.kind != "end":
        raise reader.wrong("'and', 'or' or the end of the rule")
    return rule


def meets(rule: Rule, values: Mapping[str, str | None]) -> bool:
    """Whether a device with these properties (by their exact names) meets the rule."""
    if isinstance(rule, Every):
        return all(meets(part, values) for part in rule.parts)
    if isinstance(rule, Some):
        return any(meets(part, values) for part in rule.parts)
    held = values.get(rule.name)
    if held is None or not held.strip():
        return rule.operator is Operator.EQ if rule.value is None else rule.operator in _NEGATED
    if rule.value is None:
        return rule.operator is Operator.NE
    if rule.version:
        return _compared(rule, held)
    return _said(rule, _folded(held)) is not (rule.operator in _NEGATED)


def _said(rule: Clause, held: str) -> bool:
    """Apply the operator without its negation."""
    if isinstance(rule.value, tuple):
        return held in {_folded(each) for each in rule.value}
    folded = _folded(rule.value or "")
    if rule.operator in (Operator.CONTAINS, Operator.NOT_CONTAINS):
        return folded in held
    return held.startswith(folded) if rule.operator is Operator.STARTS_WITH else held == folded


def _compared(rule: Clause, held: str) -> bool:
    here, wanted = _numbers(held), _numbers(str(rule.value))
    if here is None or wanted is None:
        return rule.operator is Operator.NE
    match rule.operator:
        case Operator.EQ:
            return here == wanted
        case Operator.NE:
            return here != wanted
        case Operator.GT:
            return here > wanted
        case Operator.GE:
            return here >= wanted
        case Operator.LT:
            return here < wanted
        case _:
            return here <= wanted


def _numbers(text: str) -> tuple[int, ...] | None:
    match = _LEADING.match(text)
    if match is None:
        return None
    parts = [int(part) for part in match[1].split(".")[:4]]
    return (*parts, *(0 for _ in range(4 - len(parts))))


def _folded(text: str) -> str:
    return text.strip().casefold()


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        match = _PATTERN.match(text, at)
        if match is None:
            raise _invalid(at, "this text has no closing double quote.")
        if match.lastgroup != "space":
            yield _Token(str(match.lastgroup), match[0], at)
        at = match.end()
    yield _Token("end", "", len(text))


def _invalid(at: int, reason: str) -> Invalid:
    return Invalid(f"The rule is wrong at character {at + 1}: {reason}", target="rule")


class _Reader:
    """Reads the tokens in order; `token` is the next one."""

    def __init__(self, text: str, vocabulary: Vocabulary) -> None:
        self._tokens = _tokens(text)
        self._vocabulary = vocabulary
        self.token = next(self._tokens)

    def wrong(self, expected: str) -> Invalid:
        here = f"'{self.token.text[:40]}' stands here" if self.token.text else "the rule ends here"
        return _invalid(self.token.at, f"{here}, but {expected} is expected.")

    def either(self, depth: int) -> Rule:
        parts = [self._both(depth)]
        while self._takes_word("or"):
            parts.append(self._both(depth))
        return parts[0] if len(parts) == 1 else Some(tuple(parts))

    def _both(self, depth: int) -> Rule:
        parts = [self._unit(depth)]
        while self._takes_word("and"):
            parts.append(self._unit(depth))
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def _unit(self, depth: int) -> Rule:
        if not self._takes_mark("("):
            return self._clause()
        if depth == _DEEPEST:
            raise _invalid(self.token.at, f"parentheses are nested at most {_DEEPEST} deep.")
        inner = self.either(depth + 1)
        if not self._takes_mark(")"):
            raise self.wrong("')', 'and' or 'or'")
        return inner

    def _clause(self) -> Clause:
        known = self._property()
        operator = self._operator(known)
        value = self._value(known, operator=operator)
        return Clause(known.name, operator, value, version=known.version)

    def _property(self) -> Known:
        token, entity = self.token, self._vocabulary.entity
        word = token.text.lower()
        if word.lstrip("-!") == "not" or word.startswith("!"):
            raise _invalid(token.at, "there is no 'not': use -ne, -notContains or -notIn.")
        if token.kind != "word" or not word.startswith(f"{entity}."):
            raise self.wrong(f"a property such as {entity}.{next(iter(self._vocabulary.properties.values())).name}")
        known = self._vocabulary.properties.get(word.removeprefix(f"{entity}."))
        if known is None:
            names = ", ".join(each.name for each in self._vocabulary.properties.values())
            raise _invalid(
                token.at,
                f"'{token.text[:60]}' is not a property for filters of the platform {self._vocabulary.platform}: "
                f"use one of {names}.",
            )
        self._next()
        return known

    def _operator(self, known: Known) -> Operator:
        token = self.token
        operator = _BY_NAME.get(token.text.lower().removeprefix("-")) if token.kind == "word" else None
        allowed = ", ".join(f"-{each.value}" for each in Operator if each in known.operators)
        if operator is None:
            raise self.wrong(f"one of the operators {allowed}")
        if operator not in known.operators:
            raise _invalid(token.at, f"{known.name} does not support -{operator.value}: use one of {allowed}.")
        self._next()
        return operator

    def _value(self, known: Known, *, operator: Operator) -> str | tuple[str, ...] | None:
        token = self.token
        if operator in _LISTS:
            # A single text works as a list of one.
            return (self._text(),) if token.kind == "text" else self._list()
        if operator in _NULLABLE and not known.version and token.text.lower() in ("$null", "null"):
            self._next()
            return None
        if known.version:
            return self._version()
        text = self._text()
        if not text:
            raise _invalid(token.at, "the text is empty: a property without a value is -eq $null.")
        return text

    def _version(self) -> str:
        token = self.token
        text = (_unquoted(token.text) if token.kind == "text" else token.text).strip()
        if token.kind not in ("text", "word") or not _VERSION.fullmatch(text):
            raise self.wrong("a version of two to four numbers such as 14.2.1")
        self._next()
        return text

    def _list(self) -> tuple[str, ...]:
        if not self._takes_mark("["):
            raise self.wrong('a list such as ["one", "two"]')
        texts = [self._text()]
        while self._takes_mark(","):
            if self.token.text == "]":
                break
            texts.append(self._text())
        if not self._takes_mark("]"):
            raise self.wrong("',' or ']'")
        return tuple(texts)

    def _text(self) -> str:
        if self.token.kind != "text":
            raise self.wrong("a text in double quotes")
        text = _unquoted(self.token.text)
        self._next()
        return text

    def _takes_mark(self, mark: str) -> bool:
        if self.token.kind != "mark" or self.token.text != mark:
            return False
        self._next()
        return True

    def _takes_word(self, word: str) -> bool:
        if self.token.kind != "word" or self.token.text.lower().removeprefix("-") != word:
            return False
        self._next()
        return True

    def _next(self) -> None:
        self.token = next(self._tokens)


def _unquoted(text: str) -> str:
    return _ESCAPED.sub(r"\1", text[1:-1])
