"""A large schema as one text: each type is a block of lines, which is read when it is first asked for.

Blocks are separated by empty lines. The words after a name are optional:

* `entity|complex NAME : BASE abstract beta partial`, then for each property `name Type? beta v1 readonly unsure`, and
  for each navigation `name -> [Type] contained beta v1`; `[Type]` is a collection, `?` may be null.
* `enum NAME flags beta unsure`, then the members: `name name=4 name? name~`. Numbers count on from the one before,
  those of flags by bits; `?`: no source has the number; `~`: in beta only.
* `action|function NAME of [Type] beta gone`, then its parameters like properties, and `= Type` for what it returns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

_MEMBER = re.compile(r"(?P<name>\w+)(?:=(?P<number>-?\d+))?(?P<marks>[?~]*)")
_ROW = re.compile(r"^ (\w+) ", re.MULTILINE)
_OPERATIONS = ("action ", "function ")


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
    """The blocks of a text by the names of their types; comments (lines that begin with `#`) are passed over."""

    __slots__ = ("_blocks", "_bound", "_children", "_operations", "_spellings")

    def __init__(self, text: str) -> None:
        self._blocks: dict[str, str] = {}
        self._operations: dict[str, str] = {}
        self._bound: dict[str, list[str]] = {}
        self._children: dict[str, list[str]] = {}
        self._spellings: dict[str, str | None] = {}
        for block in text.rstrip("\n").split("\n\n"):
            if block.startswith(_OPERATIONS):
                _, name, _, bound, *_ = block.split("\n", 1)[0].split()
                self._operations[f"{bound}/{name}"] = block
            elif not block.startswith("#"):
                self._blocks[block.split(None, 2)[1]] = block

    def names(self) -> Iterator[str]:
        """The names of all types, in their order."""
        return iter(self._blocks)

    def head(self, name: str) -> TypeHead:
        """The first line of a type. Raises KeyError for one that the table does not have."""
        kind, name, *words = self._blocks[name].split("\n", 1)[0].split()
        base = words[1] if words[:1] == [":"] else None
        return TypeHead(kind, name, base, frozenset(words[2:] if base else words))

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
        return tuple(_property(words) for words in self._rows(name) if words[1] != "->")

    def navigations(self, name: str) -> tuple[NavigationRow, ...]:
        """The own navigations of an entity."""
        rows = (words for words in self._rows(name) if words[1] == "->")
        return tuple(NavigationRow(words[0], *_reference(words[2])[:2], frozenset(words[3:])) for words in rows)

    def members(self, name: str) -> tuple[MemberRow, ...]:
        """The members of an enumeration, with their numbers."""
        flags = "flags" in self.head(name).marks
        previous, members = -1, []
        for word in " ".join(self._blocks[name].split("\n")[1:]).split():
            part = _MEMBER.fullmatch(word)
            assert part is not None, f"{word} of {name} is no member"
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
        first, *lines = self._operations[f"{bound}/{name}"].split("\n")
        kind, _, _, _, *marks = first.split()
        target, of_collection, _ = _reference(bound)
        rows = [line.split() for line in lines]
        returns = next((words[1] for words in rows if words[0] == "="), None)
        parameters = tuple(_property(words) for words in rows if words[0] != "=")
        return Operation(kind, name, target, of_collection, frozenset(marks), parameters, returns)

    def _rows(self, name: str) -> Iterator[list[str]]:
        return (line.split() for line in self._blocks[name].split("\n")[1:])


def _property(words: list[str]) -> PropertyRow:
    return PropertyRow(words[0], *_reference(words[1]), frozenset(words[2:]))


def _reference(written: str) -> tuple[str, bool, bool]:
    """The name of `Type`, `Type?` or `[Type]`, whether it is a collection, and whether it may be null."""
    if written.startswith("["):
        return written[1:-1], True, True
    return written.removesuffix("?"), False, written.endswith("?")


def _after(number: int, *, flags: bool) -> int:
    """The number that follows when none is written: the next one, of flags the next bit."""
    if not flags:
        return number + 1
    return 1 << number.bit_length() if number > 0 else 1
