"""The types of a schema table, and what it knows beyond the schema. Each is built when it is first asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from fauxtune.core.odata.schema.overlay import Known, Overlay
from fauxtune.core.odata.schema.table import MemberRow, PropertyRow, SchemaTable, TypeHead
from fauxtune.core.odata.schema.types import (
    ComplexType,
    Edm,
    Entity,
    EnumType,
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
        from fauxtune.core.odata.schema.check import mistakes_of  # here: a start builds no properties

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
            tuple(each.name for each in members),
            flags="flags" in head.marks,
            values=tuple(each.number for each in members),
            beta_only=frozenset(each.name for each in members if each.beta_only),
            v1_fallback=self._fallback(head.name, members),
        )

    def _fallback(self, name: str, members: Iterable[MemberRow]) -> str:
        """What v1.0 shows in place of a member that it does not have. Unverified for an enumeration without a member
        for the future: here it is the first one.
        """
        known = [each.name for each in members if not each.beta_only]
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
        return tuple(each for each in derived if not each.abstract)


def _page(head: TypeHead) -> str:
    return f"Graph: {head.name}{' (beta)' if 'beta' in head.marks else ''}"
