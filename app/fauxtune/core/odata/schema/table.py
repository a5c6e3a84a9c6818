"""A large schema as one text: each type is a block of lines, which is read when it is first asked for.

A line that begins with a letter begins a block, a line that begins with `#` is a comment. The words after a name are
optional:

* `entity|complex NAME : BASE abstract beta partial served`, then lines with `~` (`overlay_lines` reads them), then for
  each property `name Type? beta v1 readonly unsure`, and for each navigation `name -> [Type] contained beta elsewhere`;
  `[Type]` is a collection, `?` may be null, `elsewhere`: the type has no block.
* `enum NAME flags beta unsure`, then the members: `name name=4 name? name~`. Numbers count on from the one before,
  those of flags by bits; `?`: no source has the number; `~`: in beta only.
* `action|function NAME of [Type] beta gone`, then its parameters like properties, and `= Type` for what it returns.

What a line says that cannot be read is a Mistake, which names the line; `check` finds all mistakes of a text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from types import MappingProxyType

from fauxtune.core.odata.schema.overlay import NO_OVERLAY, Fields, Overlay, read_line

_BLOCK = re.compile(r"\n(?=[a-zA-Z])")
#: The kinds of blocks, with the words that their first lines can have.
_TYPES = {
    "entity": frozenset({"abstract", "beta", "partial", "served"}),
    "complex": frozenset({"abstract", "beta", "partial"}),
    "enum": frozenset({"flags", "beta", "unsure"}),
}
_OPERATIONS = {kind: frozenset({"beta", "gone"}) for kind in ("action", "function")}
_NONE: frozenset[str] = frozenset()
_PROPERTY_MARKS = frozenset({"beta", "v1", "readonly", "unsure", "elsewhere"})
_NAVIGATION_MARKS = frozenset({"contained", "beta", "elsewhere"})
_HEAD = re.compile(r"(\w+) (\w+)(?: : (\w+))?((?: \w+)*)(?:\n|$)")
_OPERATION = re.compile(r"(?P<kind>\w+) (?P<name>\w+) of (?P<bound>\w+|\[\w+\])(?P<marks>(?: \w+)*)(?:\n|$)")
_PROPERTY = re.compile(r" (\w+) (?:\[(\w+)\]|(\w+)(\??))((?: \w+)*)")
_NAVIGATION = re.compile(r" (\w+) -> (?:\[(\w+)\]|(\w+))((?: \w+)*)")
_RETURNS = re.compile(r" = (?:\[\w+\]|\w+\??)")
_MEMBER = re.compile(r"(?P<name>\w+)(?:=(?P<number>-?\d+))?(?P<marks>[?~]*)")
_ROW = re.compile(r"^ (\w+) ", re.MULTILINE)
#: What is wrong with a line that begins so, from the first one that fits.
_WRONG = (
    (re.compile(r"\s*$"), "it has spaces and nothing else: a line between two blocks is empty"),
    (re.compile(r" *\t"), "it begins with a tab: a line of a block begins with one space"),
    (re.compile(r"  "), "it begins with several spaces: a line of a block begins with one"),
    (re.compile(r"[^ ]"), "it begins with none of these: a letter, a space, ~, #"),
    (re.compile(r".*\s$"), "it ends with a space"),
    (re.compile(r".*  "), "it has two spaces where one is right"),
    (re.compile(r" \S+$"), "its type is missing: ` name Type`"),
)
_SHAPES = (
    "it is no property (` name Type`, ` name Type?` or ` name [Type]`) and no navigation (` name -> Type` or "
    "` name -> [Type]`)"
)


class Mistake(Exception):
    """Something in the text that is wrong, with its line: `types.txt, line 12: ...`."""


@dataclass(frozen=True, slots=True)
class PropertyRow:
    """One property, or one parameter of an operation. `type` is a name without brackets and question mark."""

    name: str
    type: str
    collection: bool
    nullable: bool
    marks: frozenset[str]


@dataclass(frozen=True, slots=True)
class NavigationRow:
    """One navigation property."""

    name: str
    target: str
    collection: bool
    marks: frozenset[str]


@dataclass(frozen=True, slots=True)
class TypeHead:
    """The first line of a type. `marks` are the words after its name and base."""

    kind: str
    name: str
    base: str | None
    marks: frozenset[str]


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One member of an enumeration."""

    name: str
    number: int
    beta_only: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """An action or a function. `bound_to` a type or, with `of_collection`, its collection."""

    kind: str
    name: str
    bound_to: str
    of_collection: bool
    marks: frozenset[str]
    parameters: tuple[PropertyRow, ...]
    returns: str | None


class SchemaTable:
    """The blocks of a text by the names of their types. `words`: what `$WORD` stands for in lines with `~`.

    Raises Mistake for a block that does not say its name, or that says the name of an earlier block; so do the methods,
    for a line that they cannot read.
    """

    __slots__ = ("_all", "_blocks", "_bound", "_children", "_file", "_operations", "_spellings", "_words")

    def __init__(self, text: str, *, file: str = "types.txt", words: Mapping[str, str] = MappingProxyType({})) -> None:
        self._file, self._words = file, words
        self._blocks: dict[str, str] = {}
        self._operations: dict[str, str] = {}
        self._bound: dict[str, list[str]] = {}
        self._children: dict[str, list[str]] = {}
        self._spellings: dict[str, str | None] = {}
        self._all: tuple[str, ...] = tuple(_BLOCK.split(text))
        for block in self._all:
            kind, name, *_ = [*block.split(None, 2), "", ""]
            known = self._blocks
            if kind in _OPERATIONS:
                begun = self._begun(block)
                known, name = self._operations, f"{begun['bound']}/{begun['name']}"
            elif kind not in _TYPES and block[:1].isalpha():
                raise self._mistake((block, 0), f"'{kind}' begins no block, and a property begins with a space")
            elif kind not in _TYPES:
                self._comments(block)
                continue
            if not name or known.setdefault(name, block) is not block:
                raise self._mistake((block, 0), f"'{name}' has a block already" if name else "its name is missing")

    def names(self) -> Iterator[str]:
        """The names of all types, in their order."""
        return iter(self._blocks)

    def served(self) -> tuple[str, ...]:
        """The names of the entities that say `served`, in their order."""
        return tuple(name for name, block in self._blocks.items() if " served" in block.partition("\n")[0])

    def head(self, name: str) -> TypeHead:
        """The first line of a type. Raises KeyError for one that the table does not have."""
        block = self._blocks[name]
        match = _HEAD.match(block)
        if match is None:
            raise self._mistake((block, 0), "it begins a type: `entity NAME beta` or `entity NAME : BASE beta`")
        kind, _, base, words = match.groups()
        return TypeHead(kind, name, base, self._marks(words, known=_TYPES[kind], at=(block, 0)))

    def overlay(self, name: str) -> Overlay:
        """What the lines with `~` of a structured type say."""
        block = self._blocks[name]
        if "\n~" not in block:
            return NO_OVERLAY
        known: Fields = {}
        for offset, statement in _statements(block):
            try:
                read_line(statement, into=known, shared=self._words)
            except ValueError as wrong:
                raise self._mistake((block, offset), str(wrong)) from None
        return Overlay(**known)

    def spellings(self) -> Mapping[str, str | None]:
        """The names of properties, navigations and parameters, by their lower-case forms; None where types differ in
        the spelling of a name.
        """
        if not self._spellings:
            blocks = (*self._blocks.values(), *self._operations.values())
            for block in blocks:
                if not block.startswith("enum "):
                    for name in _ROW.findall(block):
                        known = self._spellings.setdefault(name.lower(), name)
                        if known != name:
                            self._spellings[name.lower()] = None
        return MappingProxyType(self._spellings)

    def derived(self, name: str) -> tuple[str, ...]:
        """The names of all types that derive from this one."""
        if not self._children:
            children: dict[str, list[str]] = {}
            for head in map(self.head, self._blocks):
                children.setdefault(head.base or "", []).append(head.name)
            self._children = children
        below = self._children.get(name, ())
        return tuple(each for child in below for each in (child, *self.derived(child)))

    def properties(self, name: str) -> tuple[PropertyRow, ...]:
        """The own properties of a structured type."""
        block = self._blocks[name]
        return tuple(
            self._property(line, at=(block, offset)) for offset, line in self._lines(block) if " -> " not in line
        )

    def navigations(self, name: str) -> tuple[NavigationRow, ...]:
        """The own navigations of an entity."""
        block = self._blocks[name]
        return tuple(
            self._navigation(line, at=(block, offset)) for offset, line in self._lines(block) if " -> " in line
        )

    def members(self, name: str) -> tuple[MemberRow, ...]:
        """The members of an enumeration, with their numbers."""
        block, flags = self._blocks[name], "flags" in self.head(name).marks
        previous, members = -1, []
        for offset, line in self._lines(block, overlay=False):
            for word in line.split():
                part = _MEMBER.fullmatch(word)
                if part is None:
                    raise self._mistake((block, offset), f"'{word}' is no member: name, name=4, name? or name~ is")
                number = int(part["number"]) if part["number"] else _after(previous, flags=flags)
                members.append(MemberRow(part["name"], number, "~" in part["marks"]))
                previous = number
        return tuple(members)

    def operations(self) -> Mapping[str, str]:
        """The blocks of all operations, by `type/name`, or `[type]/name` for those of a collection."""
        return MappingProxyType(self._operations)

    def operations_of(self, bound: str) -> tuple[str, ...]:
        """The names of the operations that are bound to `type` or, written `[type]`, to its collection."""
        if not self._bound:
            for place in self._operations:
                owner, _, name = place.rpartition("/")
                self._bound.setdefault(owner, []).append(name)
        return tuple(self._bound.get(bound, ()))

    def operation(self, bound: str, name: str) -> Operation:
        """The operation of this name that is bound to `type` or, written `[type]`, to its collection."""
        block = self._operations[f"{bound}/{name}"]
        match = self._begun(block)
        rows = self._lines(block, overlay=False)
        results = [(offset, line) for offset, line in rows if line.startswith(" = ")]
        for offset, line in results:
            if not _RETURNS.fullmatch(line) or len(results) > 1:
                raise self._mistake((block, offset), "what an operation returns is one line: ` = Type` or ` = [Type]`")
        return Operation(
            match["kind"],
            name,
            bound.strip("[]"),
            bound.startswith("["),
            self._marks(match["marks"], known=_OPERATIONS[match["kind"]], at=(block, 0)),
            tuple(self._property(line, at=(block, offset)) for offset, line in rows if not line.startswith(" = ")),
            results[0][1].removeprefix(" = ") if results else None,
        )

    def mistake(self, owner: str, what: str, *, row: str = "", word: str = "", last: bool = False) -> Mistake:
        """A mistake in the block of a type or, as `type/name`, of an operation: in the line of this row, in the line
        with `~` that names `word`, in the first or the `last` of them. Without such a line it is in the block's first.
        """
        block = self._operations[owner] if "/" in owner else self._blocks[owner]
        place = re.compile(rf" (.* )?{row}(?!\w)" if block.startswith("enum ") else rf" {row}(?!\w)")
        offsets = [
            offset
            for offset, line in enumerate(block.split("\n"))
            if (row and place.match(line)) or (line[:1] == "~" and word in line.replace(":", " ").split())
        ]
        return self._mistake((block, offsets[-1 if last else 0] if offsets else 0), what)

    def _begun(self, block: str) -> re.Match[str]:
        """The first line of an operation."""
        match = _OPERATION.match(block)
        if match is None:
            raise self._mistake((block, 0), "it begins an operation: `action NAME of Type` or `action NAME of [Type]`")
        return match

    def _comments(self, block: str) -> None:
        """Raise Mistake unless everything above the first block is a comment."""
        for offset, line in enumerate(block.split("\n")):
            if line and line[0] != "#":
                raise self._mistake((block, offset), _explained(line))

    def _lines(self, block: str, *, overlay: bool = True) -> list[tuple[int, str]]:
        """The lines with properties, navigations, members or parameters, and where in the block they are."""
        rows: list[tuple[int, str]] = []
        for offset, line in enumerate(block.split("\n")):
            if not line or not offset or line[0] == "#":
                continue
            if line[0] == " ":
                rows.append((offset, line))
            elif line[0] != "~":
                raise self._mistake((block, offset), _explained(line))
            elif rows or not overlay:
                raise self._mistake((block, offset), "what we know of a type stands above its properties")
        return rows

    def _property(self, line: str, *, at: tuple[str, int]) -> PropertyRow:
        match = _PROPERTY.fullmatch(line)
        if match is None:
            raise self._mistake(at, _explained(line))
        name, element, single, may_be_null, words = match.groups()
        marks = self._marks(words, known=_PROPERTY_MARKS, at=at)
        return PropertyRow(name, element or single, bool(element), bool(element or may_be_null), marks)

    def _navigation(self, line: str, *, at: tuple[str, int]) -> NavigationRow:
        match = _NAVIGATION.fullmatch(line)
        if match is None:
            raise self._mistake(at, _explained(line))
        name, element, single, words = match.groups()
        marks = self._marks(words, known=_NAVIGATION_MARKS, at=at)
        return NavigationRow(name, element or single, bool(element), marks)

    def _marks(self, words: str, *, known: frozenset[str], at: tuple[str, int]) -> frozenset[str]:
        marks = frozenset(words.split()) if words else _NONE
        if not marks <= known:
            raise self._mistake(at, f"'{min(marks - known)}' is not known here; known are {', '.join(sorted(known))}")
        return marks

    def _mistake(self, at: tuple[str, int], what: str) -> Mistake:
        block, offset = at
        before = takewhile(lambda each: each is not block, self._all)
        line = sum(each.count("\n") + 1 for each in before) + offset + 1
        return Mistake(f"{self._file}, line {line}: {what}")


def _statements(block: str) -> Iterator[tuple[int, str]]:
    """What follows `~` in the lines of a block, lines that go on after `~   ` joined, and where in it each begins."""
    begun, statement = 0, ""
    for offset, line in enumerate(block.partition("\n ")[0].split("\n")):
        if line[:3] == "~  " and begun:
            statement = f"{statement} {line[3:].strip()}"
        elif line[:1] == "~":
            if begun:
                yield begun, statement
            begun, statement = offset, line[1:].strip()
    if statement:
        yield begun, statement


def _explained(line: str) -> str:
    """What is wrong with a line that cannot be read."""
    return next((what for begins, what in _WRONG if begins.match(line)), _SHAPES)


def _after(number: int, *, flags: bool) -> int:
    """The number that follows when none is written: the next one, of flags the next bit."""
    if not flags:
        return number + 1
    return 1 << number.bit_length() if number > 0 else 1
