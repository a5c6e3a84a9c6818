"""The types of a schema table, what it knows beyond the schema, and what is wrong in its text.

A type is built when it is first asked for. The check of the text reads every block, and compares the names with one
another. A model checks each type of which it builds the properties; the repository's tests check them all, in 0.2 s.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from fauxtune.core.odata.schema.overlay import NO_OVERLAY, Known, Overlay
from fauxtune.core.odata.schema.table import MemberRow, Mistake, NavigationRow, PropertyRow, SchemaTable, TypeHead
from fauxtune.core.odata.schema.types import (
    ComplexType,
    Edm,
    Entity,
    EnumType,
    Json,
    Navigation,
    Property,
    StructuredType,
)

_PRIMITIVES = {edm.value.removeprefix("Edm."): edm for edm in Edm}


class Model:
    """The types by name. The same name always gives the same value. Raises Mistake for what is wrong in a block: in the
    first line and the lines with `~` when a type is asked for, in the others when its properties are.

    `fallbacks`: what v1.0 shows in place of the members of an enumeration that only beta has, where it is not
    `unknownFutureValue` or, without that, the first one.
    """

    def __init__(self, table: SchemaTable, *, fallbacks: Mapping[str, str] | None = None) -> None:
        self.table = table
        self._fallbacks = fallbacks or {}
        self._types: dict[str, StructuredType] = {}
        self._enumerations: dict[str, EnumType] = {}
        self._overlays: dict[str, Overlay] = {}

    def entity(self, name: str) -> Entity:
        """The entity of exactly this name. Raises KeyError for an unknown one."""
        kind = self.structured(name)
        assert isinstance(kind, Entity), f"{name} is no entity"
        return kind

    def complex_type(self, name: str) -> ComplexType:
        """The complex type of exactly this name. Raises KeyError for an unknown one."""
        kind = self.structured(name)
        assert isinstance(kind, ComplexType), f"{name} is no complex type"
        return kind

    def structured(self, name: str) -> StructuredType:
        """The entity or complex type of exactly this name. Raises KeyError for an unknown one."""
        known = self._types.get(name)
        return known or self._types.setdefault(name, self._built(self.table.head(name)))

    def enumeration(self, name: str) -> EnumType:
        """The enumeration of exactly this name. Raises KeyError for an unknown one."""
        known = self._enumerations.get(name)
        return known or self._enumerations.setdefault(name, self._counted(self.table.head(name)))

    def closed(self, name: str) -> Entity:
        """An entity with the properties of its own that the schema declares, even if it is open."""
        return Entity(name, partial(self._properties, name), source=_page(self.table.head(name)))

    def is_entity(self, name: str) -> bool:
        """Whether a type of the schema, primitive types among them, is an entity."""
        return name not in _PRIMITIVES and self.table.head(name).kind == "entity"

    def parameters(self, bound: str, name: str, *, overlay: Overlay) -> Entity:
        """The body of an operation, as a type. Every parameter may be null unless the overlay says no."""
        rows = self.table.operation(bound, name).parameters
        known = Known(overlay)
        return Entity(
            f"{name}Parameters",
            lambda: tuple(self._property(row, known=known, nullable=True) for row in rows),
            source=overlay.source or f"Graph: {bound.strip('[]')}: {name}",
            fidelity=overlay.fidelity,
        )

    def _check(self, name: str) -> None:
        """Raise the first Mistake in the block of a type."""

        for mistake in mistakes_of(self.table, name):
            raise mistake

    def _built(self, head: TypeHead) -> StructuredType:
        overlay = self._overlay(head.name)
        try:
            base = None if head.base is None else self.structured(head.base)
        except KeyError:
            self._check(head.name)
            raise
        about: dict[str, Any] = {
            "declared": () if overlay.open else partial(self._properties, head.name),
            "base": base,
            "abstract": "abstract" in head.marks and not overlay.concrete,
            "beta_only": "beta" in head.marks,
            "open": overlay.open,
            "source": overlay.source or _page(head),
            "fidelity": overlay.fidelity,
            "polymorphic": overlay.polymorphic,
            "aliases": overlay.aliases,
        }
        if head.kind != "entity":
            return ComplexType(head.name, **about)
        about["polymorphic"] |= isinstance(base, Entity) and base.polymorphic
        return Entity(head.name, **about, linked=() if overlay.open else partial(self._navigations, head.name))

    def _counted(self, head: TypeHead) -> EnumType:
        self._check(head.name)
        members = self.table.members(head.name)
        return EnumType(
            head.name,
            tuple(member.name for member in members),
            flags="flags" in head.marks,
            values=tuple(member.number for member in members),
            beta_only=frozenset(member.name for member in members if member.beta_only),
            v1_fallback=self._fallback(head.name, members),
        )

    def _fallback(self, name: str, members: Iterable[MemberRow]) -> str:
        """What v1.0 shows in place of a member that it does not have. Unverified for an enumeration without a member
        for the future: here it is the first one.
        """
        known = [member.name for member in members if not member.beta_only]
        future = "unknownFutureValue"
        return self._fallbacks.get(name) or (future if future in known or not known else known[0])

    def _properties(self, name: str) -> tuple[Property, ...]:
        self._check(name)
        rows = self.table.properties(name)
        known = Known(self._overlay(name))
        in_beta = {row.name for row in rows if "v1" not in row.marks}
        return tuple(
            self._property(row, known=known)
            for row in rows
            if known.exists(row.name) and not ("v1" in row.marks and row.name in in_beta)
        )

    def _property(self, row: PropertyRow, *, known: Known, nullable: bool | None = None) -> Property:
        kind = self._type(row.type)
        nullable = row.nullable if nullable is None else nullable
        return Property(
            row.name,
            kind,
            collection=row.collection,
            nullable=(nullable or known.says("nullable", row.name)) and not known.says("never_null", row.name),
            default=known.overlay.defaults.get(row.name),
            beta_only="beta" in row.marks,
            owner=known.owner(row.name, read_only="readonly" in row.marks),
            required=known.says("required", row.name),
            write_only=row.name in known.overlay.secret,
            mask=known.overlay.secret.get(row.name),
            filterable=not known.says("unfilterable", row.name),
            visibility=known.visibility(row.name),
            ignores_case=kind is Edm.STRING and known.says("ignores_case", row.name),
            variants=self._variants(kind, known.variants(row.name)),
            fidelity=known.fidelity(row.name),
        )

    def _navigations(self, name: str) -> tuple[Navigation, ...]:
        rows = self.table.navigations(name)
        known = Known(self._overlay(name))
        return tuple(
            Navigation(
                row.name,
                row.target,
                collection=row.collection,
                beta_only="beta" in row.marks,
                contained=("contained" in row.marks or known.says("parts", row.name))
                and not known.says("linked", row.name),
            )
            for row in rows
            if known.exists(row.name)
        )

    def _overlay(self, name: str) -> Overlay:
        return self._overlays.get(name) or self._overlays.setdefault(name, self.table.overlay(name))

    def _type(self, name: str) -> Edm | EnumType | ComplexType:
        primitive = _PRIMITIVES.get(name)
        if primitive is not None:
            return primitive
        if self.table.head(name).kind == "enum":
            return self.enumeration(name)
        return self.complex_type(name)

    def _variants(self, kind: Edm | EnumType | ComplexType, names: tuple[str, ...] | None) -> tuple[ComplexType, ...]:
        if names is not None:
            return tuple(self.complex_type(name) for name in names)
        if not isinstance(kind, ComplexType) or not kind.polymorphic:
            return ()
        derived = (self.complex_type(name) for name in self.table.derived(kind.name))
        return tuple(complex_type for complex_type in derived if not complex_type.abstract)


def _page(head: TypeHead) -> str:
    return f"Graph: {head.name}{' (beta)' if 'beta' in head.marks else ''}"


_PRIMITIVE_NAMES = frozenset(edm.value.removeprefix("Edm.") for edm in Edm)
_OF_PROPERTIES = (
    *("server", "client", "required", "nullable", "never_null", "unfilterable"),
    *("when_selected", "blank_unless_selected", "ignores_case"),
)
_NUMBERS = ("Int32", "Int64", "Byte")


def mistakes(table: SchemaTable) -> Iterator[Mistake]:
    """Every mistake of the text, and of a block with a line that cannot be read only the first such line."""
    for name in table.names():
        yield from mistakes_of(table, name)
    for place in table.operations():
        try:
            yield from _of_operation(table, place)
        except Mistake as mistake:
            yield mistake


def mistakes_of(table: SchemaTable, name: str) -> Iterator[Mistake]:
    """The mistakes in the block of one type."""
    try:
        if table.head(name).kind == "enum":
            yield from _of_enumeration(table, name)
        else:
            yield from _of_structure(table, name)
    except Mistake as mistake:
        yield mistake


def _of_enumeration(table: SchemaTable, name: str) -> Iterator[Mistake]:
    members = table.members(name)
    if not members:
        yield table.mistake(name, f"'{name}' has no members")
    for field in ("name", "number"):
        for value, times in Counter(getattr(member, field) for member in members).items():
            if times > 1:
                where = [member.name for member in members if getattr(member, field) == value][-1]
                yield table.mistake(name, f"two members of '{name}' have the {field} {value}", row=where, last=True)


def _of_structure(table: SchemaTable, name: str) -> Iterator[Mistake]:
    head, rows, links = table.head(name), table.properties(name), table.navigations(name)
    if head.base is not None and _kind(table, head.base) != head.kind:
        yield table.mistake(name, f"the base '{head.base}' is no {head.kind} type of the table")
    seen: dict[str, PropertyRow | NavigationRow] = {}
    every: Iterable[PropertyRow | NavigationRow] = (*rows, *links)
    for row in every:
        before = seen.setdefault(row.name, row)
        # A property may have another type in v1.0.
        if before is not row and ("v1" in before.marks) == ("v1" in row.marks):
            yield table.mistake(name, f"'{name}' has '{row.name}' already", row=row.name, last=True)
    for own in rows:
        yield from _of_type(table, name, row=own)
    for link in links:
        kind = _kind(table, link.target)
        if kind != "entity" and not (kind is None and "elsewhere" in link.marks):
            what = _unknown(link.target) if kind is None else f"'{link.target}' is no entity: nothing leads to it"
            yield table.mistake(name, what, row=link.name)
    overlay = table.overlay(name)
    if overlay is not NO_OVERLAY:
        known = {row.name: row for row in rows}
        yield from _of_names(table, name, overlay=overlay, properties=set(known), links={link.name for link in links})
        for field, value in overlay.defaults.items():
            if field in known and not _fits(table, known[field], value=value):
                yield table.mistake(name, f"the default of '{field}' is no {known[field].type}", word=field)


def _of_type(table: SchemaTable, owner: str, *, row: PropertyRow) -> Iterator[Mistake]:
    """What is wrong with the type of a property or of a parameter."""
    kind = _kind(table, row.type)
    if kind is None and "elsewhere" not in row.marks:
        yield table.mistake(owner, _unknown(row.type), row=row.name)
    elif kind == "entity" and "/" not in owner:
        yield table.mistake(owner, f"'{row.type}' is an entity: ` {row.name} -> {row.type}` leads to it", row=row.name)


def _of_names(
    table: SchemaTable, name: str, *, overlay: Overlay, properties: set[str], links: set[str]
) -> Iterator[Mistake]:
    """What the lines with `~` name, and nothing has."""
    named = {word for text in _OF_PROPERTIES for word in getattr(overlay, text).split()}
    named.update(overlay.defaults, overlay.secret, overlay.variants, " ".join(overlay.different.values()).split())
    for each, times in Counter(" ".join(overlay.different.values()).split()).items():
        if times > 1:
            yield table.mistake(name, f"how near '{each}' comes is said twice", word=each, last=True)
    for each in sorted(named - properties - {"*"}):
        yield table.mistake(name, f"'{name}' has no property '{each}' of its own", word=each)
    for word in sorted({*overlay.parts.split(), *overlay.linked.split()} - links):
        yield table.mistake(name, f"'{name}' has no navigation '{word}' of its own", word=word)
    for word in sorted({*overlay.only.split()} - properties - links - {"*"}):
        yield table.mistake(name, f"'{name}' has neither a property nor a navigation '{word}' of its own", word=word)
    for each in sorted({kind for names in overlay.variants.values() for kind in names.split()}):
        if _kind(table, each) != "complex":
            yield table.mistake(name, f"'{each}' is no complex type of the table", word=each)
    for alias, own in overlay.aliases.items():
        if own not in properties | _inherited(table, name):
            yield table.mistake(name, f"'{name}' has no property '{own}'", word=alias)


def _of_operation(table: SchemaTable, place: str) -> Iterator[Mistake]:
    operation = table.operation(*place.rsplit("/", 1))
    if "gone" in operation.marks:
        return
    if _kind(table, operation.bound_to) is None:
        yield table.mistake(place, _unknown(operation.bound_to))
    for row in operation.parameters:
        yield from _of_type(table, place, row=row)
    returned = (operation.returns or "String").strip("[]?")
    if _kind(table, returned) is None:
        yield table.mistake(place, _unknown(returned), row="=")


def _inherited(table: SchemaTable, name: str) -> set[str]:
    names, base = set[str](), table.head(name).base
    while base is not None and _kind(table, base) is not None:
        names.update(row.name for row in table.properties(base))
        base = table.head(base).base
    return names


def _kind(table: SchemaTable, name: str) -> str | None:
    """The kind of a type of the table, or `primitive`; None for another name."""
    if name in _PRIMITIVE_NAMES:
        return "primitive"
    try:
        return table.head(name).kind
    except KeyError:
        return None


def _unknown(name: str) -> str:
    return f"the type '{name}' has no block here"


def _fits(table: SchemaTable, row: PropertyRow, *, value: Json) -> bool:
    if row.collection:
        return isinstance(value, tuple)
    if row.type == "Boolean" or row.type in _NUMBERS:
        return type(value) is (bool if row.type == "Boolean" else int)
    if _kind(table, row.type) == "enum":
        return value in {member.name for member in table.members(row.type)}
    return isinstance(value, str)
