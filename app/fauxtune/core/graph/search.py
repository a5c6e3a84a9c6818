"""Queries as the real service answers them: `$search`, advanced queries of the directory, filters of devices.

`$search` is parsed to the same typed tree as `$filter`, so that one translation to SQL serves both.

Graph: "Use the $search query parameter", directory objects: every clause is `"property:text"` in double quotes, joined
by AND and OR in capitals. Some properties are searched by their words, the others by their beginning. Case is ignored.
Intune's own collections take a plain text instead.

Some directory queries the real service answers only as *advanced* ones, some never. Graph: "Advanced query capabilities
on Microsoft Entra ID objects": `ne`, `not` and `endsWith` need the header `ConsistencyLevel: eventual` and
`$count=true`; so do `$filter` together with `$orderby`, and comparisons with null. `contains`, `tolower`, `toupper` and
`isof` are not supported at all.

Source of the filters of devices: Graph reference, managedDevice ("supports $filter"), and live tenants.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fauxtune.core.errors import Invalid
from fauxtune.core.model.text import text_value
from fauxtune.core.odata.query.expressions import (
    And,
    AnyElement,
    Compare,
    Condition,
    Field,
    IsOf,
    Literal,
    Not,
    Operator,
    Or,
    TextMatch,
    TextTest,
)
from fauxtune.core.odata.query.filter_typing import folded, text_test
from fauxtune.core.odata.schema.types import Entity

#: The characters that separate words. Differs from Intune: Graph also separates letters, digits, and changes of case.
_BREAKS = " -_.,:;/()[]&@'\""
_TOKEN = re.compile(r'\s*(?:"(?P<clause>(?:[^"\\]|\\.)*)"|(?P<word>AND|OR)(?=[\s("])|(?P<mark>[()]))')
_MAX_TOKENS = 40
_MAX_WORDS = 10


@dataclass(frozen=True, slots=True)
class Searchable:
    """The properties of a type that `$search` searches.

    `words`: in these, each word of the text must begin a word; `beginnings`: these must begin with the text;
    `anywhere`: all of these are searched for a plain text that names no property.
    """

    words: tuple[str, ...] = ()
    beginnings: tuple[str, ...] = ()
    anywhere: tuple[str, ...] = ()


def parse_search(text: str, entity: Entity, *, searchable: Searchable) -> Condition:
    """Parse a search to a condition. Raises Invalid, with `$search` as target, for a malformed one."""
    try:
        text_value(text)
    except Invalid as error:
        raise _malformed(error.message) from error
    if searchable.anywhere:
        return _anywhere(text, entity, searchable=searchable)
    return _Reader(text, entity, searchable=searchable).whole()


class _Reader:
    """The parser of one search. The grammar: either = both (OR both)*, both = one (AND one)*."""

    def __init__(self, text: str, entity: Entity, *, searchable: Searchable) -> None:
        self.entity, self.searchable = entity, searchable
        self.tokens = _tokens(text)
        self.at = 0

    def whole(self) -> Condition:
        """Parse the whole search."""
        condition = self._either()
        if self.at < len(self.tokens):
            raise _malformed("join the clauses by AND or OR.")
        return condition

    def _either(self) -> Condition:
        conditions = [self._both()]
        while self._skip("OR"):
            conditions.append(self._both())
        return conditions[0] if len(conditions) == 1 else Or(tuple(conditions))

    def _both(self) -> Condition:
        conditions = [self._one()]
        while self._skip("AND"):
            conditions.append(self._one())
        return conditions[0] if len(conditions) == 1 else And(tuple(conditions))

    def _one(self) -> Condition:
        if self._skip("("):
            condition = self._either()
            if not self._skip(")"):
                raise _malformed("a parenthesis is not closed.")
            return condition
        if self.at == len(self.tokens) or self.tokens[self.at][0] != "clause":
            raise _malformed("a clause is missing.")
        clause = self.tokens[self.at][1]
        self.at += 1
        return self._clause(clause)

    def _clause(self, clause: str) -> Condition:
        name, colon, text = clause.partition(":")
        prop = self.entity.find(name.strip()) if colon else None
        can = (*self.searchable.words, *self.searchable.beginnings)
        if prop is None or prop.name not in can:
            raise _malformed(f"'{clause}' is not \"property:text\" with one of the properties {', '.join(can)}.")
        field = Field((prop.name,), prop)
        if prop.name in self.searchable.beginnings:
            return text_test(TextTest.STARTS_WITH, left=field, right=Literal(text.strip()))
        words = text.split()
        if not 1 <= len(words) <= _MAX_WORDS:
            raise _malformed(f"a clause has 1 to {_MAX_WORDS} words after its colon, not {len(words)}.")
        return And(tuple(_word(field, word) for word in words))

    def _skip(self, word: str) -> bool:
        matches = self.at < len(self.tokens) and self.tokens[self.at] == (word, word)
        self.at += matches
        return matches


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None or len(tokens) == _MAX_TOKENS:
            raise _malformed(f'write clauses like "displayName:text", at most {_MAX_TOKENS // 2}.')
        if match["clause"] is not None:
            tokens.append(("clause", re.sub(r"\\(.)", r"\1", match["clause"], flags=re.DOTALL)))
        else:
            word = match["word"] or match["mark"]
            tokens.append((word, word))
        at = match.end()
    return tokens


def _word(field: Field, word: str) -> Condition:
    begins = text_test(TextTest.STARTS_WITH, left=field, right=Literal(word))
    inside = (text_test(TextTest.CONTAINS, left=field, right=Literal(f"{mark}{word}")) for mark in _BREAKS)
    return Or((begins, *inside))


def _anywhere(text: str, entity: Entity, *, searchable: Searchable) -> Condition:
    term = text.strip()
    if len(term) > 1 and term.startswith('"') and term.endswith('"'):
        term = term[1:-1]
    conditions: list[Condition] = []
    for name in searchable.anywhere:
        prop = entity.find(name)
        assert prop is not None
        conditions.append(TextMatch(TextTest.CONTAINS, folded(Field((prop.name,), prop)), folded(Literal(term))))
    return Or(tuple(conditions))


def _malformed(why: str) -> Invalid:
    return Invalid(f"Invalid search clause: {why}", target="$search")


def is_advanced(condition: Condition) -> bool:
    """Whether the condition contains a part that only an advanced query may have."""
    return any(_is_advanced(node) for node in _nodes(condition))


def is_unsupported(condition: Condition) -> bool:
    """Whether the condition contains a part that the directory never supports.

    Differs from Intune: `tolower` passes, because it cannot be distinguished from the directory's own folding of case.
    """
    return any(isinstance(node, IsOf) or _is_contains(node) for node in _nodes(condition))


def _is_contains(node: Condition) -> bool:
    return isinstance(node, TextMatch) and node.test is TextTest.CONTAINS


def _is_advanced(node: Condition) -> bool:
    match node:
        case Not() | TextMatch(test=TextTest.ENDS_WITH) | Compare(operator=Operator.NE):
            return True
        case Compare(right=Literal(value=None)):
            return True
        case AnyElement(condition=None):
            return True
        case _:
            return False


def _nodes(condition: Condition) -> Iterator[Condition]:
    yield condition
    match condition:
        case And(conditions) | Or(conditions):
            for inner in conditions:
                yield from _nodes(inner)
        case Not(inner):
            yield from _nodes(inner)
        case AnyElement(condition=inner) if inner is not None:
            yield from _nodes(inner)
        case _:
            return


#: The conditions that the real service evaluates, by property: it silently ignores the rest of a `$filter`.
#: `graph.faithfulQuery` switches it on.
FILTERED: dict[str, frozenset[str]] = {
    "deviceCategoryDisplayName": frozenset({"eq"}),
    "enrolledDateTime": frozenset({"lt", "gt", "le", "ge"}),
    "jailBroken": frozenset({"eq"}),
    "lastSyncDateTime": frozenset({"lt", "gt", "le", "ge"}),
    "deviceName": frozenset({"eq", "contains", "startswith"}),
    "operatingSystem": frozenset({"eq"}),
    "complianceState": frozenset({"eq"}),
    "userPrincipalName": frozenset({"eq"}),
    "serialNumber": frozenset({"eq"}),
    "azureADDeviceId": frozenset({"eq"}),
    "managementAgent": frozenset({"eq"}),
    "managedDeviceOwnerType": frozenset({"eq"}),
}
