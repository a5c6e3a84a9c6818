"""How types are described: properties, enumerations, complex types and entities, and how faithful they are.

A type is a value, not a class: from it come validation, defaults, the two versions' views, `$select`, `$filter`
typing and the OpenAPI document. Rules: OData CSDL 4.01 (structured types, enumeration types).

The fidelity of a path, a type or a property to the real service is declared with the thing itself. The coverage page
and the OpenAPI document (`x-fidelity`) are made from it. The schema has one namespace.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import reduce
from operator import or_
from types import MappingProxyType
from typing import Any, TypeAlias

from fauxtune.core.errors import Invalid


class Level(StrEnum):
    """Levels of fidelity, from best to worst."""

    EXACT = "exact"
    APPROXIMATED = "approximated"
    #: Stored and shown; nothing in the emulation depends on it.
    STORED = "storedOnly"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Fidelity:
    """A level, and the difference from the real service, which is empty for an exact one."""

    level: Level
    why: str = ""


EXACT = Fidelity(Level.EXACT)
STORED = Fidelity(Level.STORED)


def approximated(why: str) -> Fidelity:
    """Answered, but with a difference from the real service: `why`."""
    return Fidelity(Level.APPROXIMATED, why)


def stored(why: str) -> Fidelity:
    """Stored and shown, but without effect: `why` says without which."""
    return Fidelity(Level.STORED, why)


def refused(why: str) -> Fidelity:
    """Refused with 501, or with the 400 of the real service: `why` is the reason."""
    return Fidelity(Level.REFUSED, why)


#: Properties that nothing here sets, by their constant value.
ALWAYS_NULL = approximated("always null")
ALWAYS_EMPTY = approximated("always empty")
ALWAYS_FALSE = approximated("always false")
ALWAYS_ZERO = approximated("always 0")
#: A type of which nothing is ever shown.
NEVER_SHOWN = approximated("does not occur")


NAMESPACE = "microsoft.graph"
#: The short form of the namespace in documents and paths.
ALIAS = "graph"
_CAST = re.compile(rf"(?:{re.escape(NAMESPACE)}|{ALIAS})\.(?P<name>[A-Za-z]\w*)", re.IGNORECASE)


def qualified(name: str) -> str:
    """The name with its namespace."""
    return f"{NAMESPACE}.{name}"


def bare_name(type_name: str) -> str:
    """The name without `#` and namespace, in the casing in which it was written."""
    name = type_name.strip().removeprefix("#")
    for prefix in (f"{NAMESPACE}.", f"{ALIAS}."):
        if name.lower().startswith(prefix):
            return name[len(prefix) :]
    return name


def cast_name(segment: str) -> str | None:
    """The type's name in a path segment that is qualified by the namespace; None for any other segment."""
    match = _CAST.fullmatch(segment)
    return match["name"] if match else None


#: DateTimeOffset.MinValue of .NET, in the form of stored documents: "never".
NEVER = "0001-01-01T00:00:00.0000000Z"


class Version(StrEnum):
    """The two versions of the service over one store; the value is the first segment of the path."""

    V1 = "v1.0"
    BETA = "beta"


class Edm(StrEnum):
    """The primitive types that occur (OData CSDL 3.3)."""

    STRING = "Edm.String"
    BOOLEAN = "Edm.Boolean"
    INT32 = "Edm.Int32"
    INT64 = "Edm.Int64"
    DOUBLE = "Edm.Double"
    SINGLE = "Edm.Single"
    BYTE = "Edm.Byte"
    GUID = "Edm.Guid"
    BINARY = "Edm.Binary"
    STREAM = "Edm.Stream"
    DATE_TIME = "Edm.DateTimeOffset"
    DATE = "Edm.Date"
    TIME_OF_DAY = "Edm.TimeOfDay"
    DURATION = "Edm.Duration"


class Owner(StrEnum):
    """The side that sets a property. A client's value for a server's property is ignored."""

    CLIENT = "client"
    SERVER = "server"


class Shown(StrEnum):
    """The visibility of a property that `$select` does not name."""

    ALWAYS = "always"
    #: Absent unless selected.
    WHEN_SELECTED = "whenSelected"
    #: Present, but with its default instead of its value.
    BLANK_UNLESS_SELECTED = "blankUnlessSelected"


#: No combination of an enumeration's members is longer.
_LONGEST_VALUE = 1000
_INTEGER = re.compile(r"[+-]?\d{1,10}", re.ASCII)
Json: TypeAlias = "bool | int | str | tuple[str, ...] | None"


@dataclass(frozen=True, slots=True, eq=False)
class EnumType:
    """An enumeration. `values` are the members' numbers.

    `beta_only` members do not exist in v1.0, which shows `v1_fallback` in their place; of flags, those that it knows.
    """

    name: str
    members: tuple[str, ...]
    values: tuple[int, ...]
    v1_fallback: str
    flags: bool = False
    beta_only: frozenset[str] = frozenset()
    _by_fold: Mapping[str, str] = field(init=False, repr=False)
    _numbers: Mapping[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_fold", MappingProxyType({m.lower(): m for m in self.members}))
        object.__setattr__(self, "_numbers", MappingProxyType(dict(zip(self.members, self.values, strict=True))))

    def canonical(self, text: str, *, version: Version = Version.BETA) -> str:
        """The canonical value, from members in any casing or their numbers as text (OData JSON 4.01, 7.1).

        Flags come back comma-joined, lowest bit first; a member without a bit is left out beside others.
        Raises Invalid for a name or a number that this version does not have.
        """
        if len(text) > _LONGEST_VALUE:
            raise Invalid(f"A text of {len(text):,} characters is not a value of {qualified(self.name)}.")
        words = [word.strip() for word in text.split(",")] if self.flags else [text.strip()]
        return self.named(reduce(or_, (self._number(word, version=version) for word in words)), version=version)

    def named(self, number: int, *, version: Version = Version.BETA) -> str:
        """The member with this number; for flags, the members whose bits it has. Raises Invalid for another number."""
        members = self.in_version(version)
        exact = [member for member in members if self._numbers[member] == number]
        parts = [member for member in members if self.flags and self._numbers[member] & number == self._numbers[member]]
        chosen = exact or [member for member in parts if self._numbers[member]]
        if not chosen or reduce(or_, map(self.number, chosen)) != number:
            known = ", ".join(f"{member} ({self._numbers[member]})" for member in members)
            raise Invalid(f"{number} is not a value of {qualified(self.name)}: use one of {known}.")
        return ",".join(sorted(chosen, key=self.number))

    def shown(self, value: str, *, version: Version) -> str:
        """A stored value as this version shows it."""
        if version is Version.BETA or self.beta_only.isdisjoint(value.split(",")):
            return value
        return ",".join(member for member in value.split(",") if member not in self.beta_only) or self.v1_fallback

    def number(self, member: str) -> int:
        """The number of a member, given in its canonical form."""
        return self._numbers[member]

    def in_version(self, version: Version) -> tuple[str, ...]:
        """The members that exist in this version, in order."""
        return tuple(m for m in self.members if version is Version.BETA or m not in self.beta_only)

    def _number(self, word: str, *, version: Version) -> int:
        if _INTEGER.fullmatch(word):
            return int(word)
        member = self._by_fold.get(word.lower())
        if member is None or (version is Version.V1 and member in self.beta_only):
            known = ", ".join(self.in_version(version))
            raise Invalid(f"'{word}' is not a value of {qualified(self.name)}: use one of {known}.")
        return self._numbers[member]


@dataclass(frozen=True, slots=True, eq=False)
class Property:
    """One structural property.

    `default` is the value of an unset one; without it: null if `nullable`, else false, 0, "", `NEVER` or the first
    member. `write_only` properties are stored, and shown as `mask`. `variants` are the derived types that a polymorphic
    complex property takes. `ignores_case`: comparisons in `$filter` do.
    """

    name: str
    type: Edm | EnumType | ComplexType = Edm.STRING
    collection: bool = False
    nullable: bool = True
    default: Json = None
    beta_only: bool = False
    owner: Owner = Owner.CLIENT
    required: bool = False
    write_only: bool = False
    mask: str | None = None
    filterable: bool = True
    visibility: Shown = Shown.ALWAYS
    ignores_case: bool = False
    variants: tuple[ComplexType, ...] = ()
    fidelity: Fidelity = EXACT
    #: Whether every version shows the value as it is stored, which makes long lists fast.
    is_plain: bool = field(init=False, repr=False)

    def __post_init__(self) -> None:
        plain = self.type is not Edm.DATE_TIME if isinstance(self.type, Edm) else not _has_parts(self.type)
        object.__setattr__(self, "is_plain", plain and not self.write_only)

    def initial(self) -> Any:
        """The value of a property that was never set: a new JSON value for each call."""
        if self.collection:
            return list(self.default) if isinstance(self.default, tuple) else []
        if self.default is not None or self.nullable:
            return self.default
        if isinstance(self.type, EnumType):
            return self.type.members[0]
        return _ZEROS.get(self.type) if isinstance(self.type, Edm) else None


def _has_parts(kind: EnumType | ComplexType) -> bool:
    return not isinstance(kind, EnumType) or bool(kind.beta_only)


_ZEROS: dict[Edm, bool | int | str] = {
    Edm.STRING: "",
    Edm.BOOLEAN: False,
    Edm.INT32: 0,
    Edm.INT64: 0,
    Edm.DOUBLE: 0,
    Edm.SINGLE: 0,
    Edm.BYTE: 0,
    Edm.GUID: "00000000-0000-0000-0000-000000000000",
    Edm.BINARY: "",
    Edm.DATE_TIME: NEVER,
    Edm.DATE: NEVER[:10],
    Edm.TIME_OF_DAY: "00:00:00.0000000",
    Edm.DURATION: "PT0S",
}


@dataclass(frozen=True, slots=True, eq=False)
class Navigation:
    """A navigation property. `target` is a type's name; `contained` ones are parts (assignments, statuses), which
    cannot be bound to other things.
    """

    name: str
    target: str
    collection: bool = False
    beta_only: bool = False
    contained: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class StructuredType:
    """A complex type or an entity: its name without the namespace, its base, and its own properties.

    Properties that are `declared` by a function are read when they are first needed: most types of a large model never
    are, and a type may contain itself. Of a `beta_only` type, v1.0 shows the properties inherited from types that are
    not. An `open` type stores and shows any properties that it does not declare (CSDL 6.3). `source` is the document
    for it; `aliases`: other names that query options may use -> the property.
    """

    name: str
    declared: tuple[Property, ...] | Callable[[], tuple[Property, ...]] = ()
    base: StructuredType | None = None
    abstract: bool = False
    beta_only: bool = False
    open: bool = False
    source: str = ""
    fidelity: Fidelity = EXACT
    aliases: Mapping[str, str] = field(default_factory=dict)
    _all: Mapping[Version, Mapping[str, Property]] | None = field(init=False, repr=False, default=None)
    _folded: Mapping[str, Property] | None = field(init=False, repr=False, default=None)

    @property
    def properties(self) -> tuple[Property, ...]:
        """Its own properties, in the declared order."""
        if callable(self.declared):
            object.__setattr__(self, "declared", self.declared())
        assert not callable(self.declared)
        return self.declared

    @property
    def full_name(self) -> str:
        """The name with its namespace."""
        return qualified(self.name)

    @property
    def odata_type(self) -> str:
        """The value of `@odata.type`: `#`, the namespace and the name."""
        return "#" + qualified(self.name)

    def lineage(self) -> tuple[StructuredType, ...]:
        """The types from the root of the inheritance to this one."""
        return (*(self.base.lineage() if self.base else ()), self)

    def is_a(self, other: StructuredType) -> bool:
        """Whether this is the other type or derives from it."""
        kind: StructuredType | None = self
        while kind is not None and kind is not other:
            kind = kind.base
        return kind is not None

    def properties_in(self, version: Version) -> Mapping[str, Property]:
        """Every property that the version knows, inherited ones first, by exact name."""
        return (self._all or self._collected())[version]

    def find(self, name: str, *, version: Version = Version.BETA) -> Property | None:
        """The property of this name in any casing: neither query options nor bodies mind."""
        if self._folded is None:
            by_name = self.properties_in(Version.BETA)
            by_name = {**{alias: by_name[own] for alias, own in self.aliases.items()}, **by_name}
            object.__setattr__(self, "_folded", MappingProxyType({key.lower(): p for key, p in by_name.items()}))
        assert self._folded is not None
        prop = self._folded.get(name.lower())
        return prop if prop is not None and prop.name in self.properties_in(version) else None

    def _collected(self) -> Mapping[Version, Mapping[str, Property]]:
        beta = {p.name: p for kind in self.lineage() for p in kind.properties}
        v1 = {p.name: p for kind in self.lineage() if not kind.beta_only for p in kind.properties if not p.beta_only}
        object.__setattr__(self, "_all", MappingProxyType({Version.V1: v1, Version.BETA: beta}))
        assert self._all is not None
        return self._all


@dataclass(frozen=True, slots=True, eq=False)
class ComplexType(StructuredType):
    """A structured value without an identity. `polymorphic`: carries `@odata.type` whenever it is written."""

    polymorphic: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Entity(StructuredType):
    """A type of things with an `id`. `polymorphic`: lists of it carry `@odata.type` on every element.

    Navigations that are `linked` by a function are read when they are first needed.
    """

    linked: tuple[Navigation, ...] | Callable[[], tuple[Navigation, ...]] = ()
    polymorphic: bool = False

    @property
    def navigations(self) -> tuple[Navigation, ...]:
        """Its own navigations, in the declared order."""
        if callable(self.linked):
            object.__setattr__(self, "linked", self.linked())
        assert not callable(self.linked)
        return self.linked

    def navigation(self, name: str, *, version: Version = Version.BETA) -> Navigation | None:
        """The navigation of this name in any casing, own or inherited; None without one."""
        for navigation in self.every_navigation():
            if navigation.name.lower() == name.lower() and (version is Version.BETA or not navigation.beta_only):
                return navigation
        return None

    def every_navigation(self) -> Iterator[Navigation]:
        """All navigations, inherited ones first."""
        for kind in self.lineage():
            if isinstance(kind, Entity):
                yield from kind.navigations
