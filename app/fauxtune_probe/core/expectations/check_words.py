"""Reading a check of an answer: the word that its line begins with, what follows, and the check that it means."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from fauxtune.core.graph.index import ENTITIES
from fauxtune.core.tables import Line
from fauxtune_probe.core.checks import (
    KINDS,
    AtMost,
    Both,
    Each,
    Equal,
    Has,
    Header,
    Lacks,
    Matches,
    Members,
    Ordered,
    Other,
    SameHost,
    Text,
)
from fauxtune_probe.core.model import Basis, Check, Step
from fauxtune_probe.core.typed import Typed

_TYPES = frozenset(kind.name for kind in ENTITIES)


@dataclass(slots=True)
class Named:
    """What tables have named: documents (with the basis of what rests on them), patterns, bodies, checks and steps.

    `page`: what stands around the title of a page of Graph's reference.
    """

    page: str = ""
    documents: dict[str, tuple[str, Basis]] = field(default_factory=dict)
    patterns: dict[str, str] = field(default_factory=dict)
    bodies: dict[str, Any] = field(default_factory=dict)
    checks: dict[str, tuple[Check, ...]] = field(default_factory=dict)
    steps: dict[str, tuple[Step, ...]] = field(default_factory=dict)

    def pattern(self, line: Line, word: str) -> str:
        """Return the pattern of this name, or the word itself. Raises Mistake for what is no regular expression."""
        pattern = self.patterns.get(word, word)
        try:
            re.compile(pattern)
        except re.error as error:
            raise line.mistake(f"'{pattern}' is no regular expression: {error}") from None
        return pattern


#: Makes checks of a line, the names of its table, and the body of the request.
_Make: TypeAlias = Callable[[Line, Named, Any], tuple[Check, ...]]


def read_checks(line: Line, *, named: Named, sent: Any = None) -> tuple[Check, ...]:
    """Read a check of an answer, or the name of several. `sent`: the body of the request. Raises Mistake."""
    verb = line.known(line.first, CHECKS, what="check")
    form, options, make = CHECKS[verb]
    if make is not _of_elements:
        line.only(*options)
        line.after_first(form)
    return make(line, named, sent)


def _of_elements(line: Line, named: Named, _sent: Any) -> tuple[Check, ...]:
    """Read `each` and `some`: the check of an element stands behind the word, or several of them in the lines below."""
    inner = line.below
    if line.words[1:]:
        options = {name: value for name, value in line.options.items() if name != "in"}
        inner = (replace(line, words=line.words[1:], values=line.values[1:], options=options),)
    else:
        line.only("in", below=True)
    checks = tuple(check for each in inner for check in read_checks(each, named=named))
    if not checks:
        raise line.mistake(f"after '{line.first}' stands the check of an element, or several of them stand below it")
    check = checks[0] if len(checks) == 1 else Both(checks)
    return (Each(line.options.get("in", "value"), check, some=line.first == "some"),)


def _has(line: Line, _named: Named, _sent: Any) -> tuple[Check, ...]:
    for kind in line.words[2].split("/") if line.words[2:] else ():
        line.known(kind, KINDS, what="kind of value")
    return (Has(*line.words[1:]),)


def _as_sent(line: Line, _named: Named, sent: Any) -> tuple[Check, ...]:
    name = line.known(line.words[1], sent if isinstance(sent, dict) else (), what="member of the body")
    return (Equal(name, (sent[name],)),)


def _typed(line: Line, _named: Named, _sent: Any) -> tuple[Check, ...]:
    type_name = line.known(line.words[1], _TYPES, what="type of the emulator")
    return (Typed(line.options.get("in", ""), type_name, line.listed("but")),)


def _at_most(line: Line, _named: Named, _sent: Any) -> tuple[Check, ...]:
    return (AtMost(line.options.get("in", "value"), line.whole(line.words[1])),)


def _ordered(line: Line, _named: Named, _sent: Any) -> tuple[Check, ...]:
    for word in line.words[2:]:
        line.known(word, ("descending",), what="order")
    return (Ordered(line.options.get("in", "value"), line.words[1], descending=bool(line.words[2:])),)


def _named_checks(line: Line, named: Named, _sent: Any) -> tuple[Check, ...]:
    return named.checks[line.known(line.words[1], named.checks, what="name of checks")]


def _patterned(make: Callable[..., Check]) -> _Make:
    """Return what makes a check whose last word is a pattern."""
    return lambda line, named, _sent: (make(*line.words[1:-1], named.pattern(line, line.words[-1])),)


#: By the first word: what follows it, its options, and what makes the check.
CHECKS: Mapping[str, tuple[str, tuple[str, ...], _Make]] = {
    "checks": ("NAME", (), _named_checks),
    "has": ("PLACE [KIND]", (), _has),
    "lacks": ("PLACE...", (), lambda line, _named, _sent: tuple(map(Lacks, line.words[1:]))),
    "equal": ("PLACE VALUE...", (), lambda line, _named, _sent: (Equal(line.words[1], line.values[2:]),)),
    "other": ("PLACE VALUE", (), lambda line, _named, _sent: (Other(*line.words[1:]),)),
    "sent": ("PLACE", (), _as_sent),
    "matches": ("PLACE PATTERN", (), _patterned(Matches)),
    "says": ("PATTERN", (), _patterned(lambda pattern: Matches("error/message", pattern))),
    "text": ("PATTERN", (), _patterned(Text)),
    "header": ("NAME PATTERN", (), _patterned(Header)),
    "no-header": ("NAME", (), lambda line, _named, _sent: (Header(line.words[1], None),)),
    "same-host": ("PLACE", (), lambda line, _named, _sent: (SameHost(line.words[1]),)),
    "at-most": ("NUMBER", ("in",), _at_most),
    "ordered": ("MEMBER [descending]", ("in",), _ordered),
    "members": (
        "NAME...",
        ("in",),
        lambda line, _named, _sent: (Members(line.options.get("in", ""), line.words[1:]),),
    ),
    "typed": ("TYPE", ("in", "but"), _typed),
    "each": ("CHECK", ("in",), _of_elements),
    "some": ("CHECK", ("in",), _of_elements),
}
