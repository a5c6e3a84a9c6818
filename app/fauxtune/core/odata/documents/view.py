"""The JSON of a document in one version, as a read shows it.

Every declared property of the version is there, set or not; navigations are not; a write-only property shows its
mask.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from fauxtune.core.errors import Invalid
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.core.odata.schema.types import (
    ComplexType,
    Edm,
    Entity,
    EnumType,
    Property,
    Shown,
    StructuredType,
    Version,
)

_WHOLE_SECOND = ".0000000Z"


def view(
    kind: Entity | ComplexType,
    document: Mapping[str, Any],
    *,
    version: Version,
    select: tuple[str, ...] | None = None,
    typed: bool = False,
) -> dict[str, Any]:
    """Show the document in this version: `@odata.type` if polymorphic (or `typed`), `id`, then the declared order.

    `select` limits it to the named properties and `id`; names that this type does not have are ignored, because
    in a mixed list another type may have them (`check_select` refuses those that no type has).
    """
    answer: dict[str, Any] = {"@odata.type": kind.odata_type} if kind.polymorphic or typed else {}
    answer |= _plan(kind, version, select=select).values(document, version=version)
    if kind.open:
        answer |= _undeclared(kind, document, select=select)
    return answer


def blank(prop: Property) -> Any:
    """The value that a property shows in place of its own: its default; for a complex one the defaults of its members
    (Graph: hardwareInformation in a list).
    """
    if isinstance(prop.type, ComplexType) and not prop.collection:
        return _defaults(prop.type)
    return prop.initial()


@lru_cache(maxsize=64)
def _defaults(kind: ComplexType) -> dict[str, Any]:
    """One value for all answers: it is written, and never changed."""
    return defaults(kind)


@dataclass(frozen=True, slots=True)
class _Plan:
    """How the documents of a type are shown: what is the same for each of a thousand is worked out once.

    `unset`: what every property shows that was never set, in the declared order; `fixed`: what is shown whatever was
    set; `parted`: the properties whose values a version shows otherwise than they are stored.
    """

    unset: Mapping[str, Any]
    fixed: Mapping[str, Any]
    parted: tuple[Property, ...]

    def values(self, document: Mapping[str, Any], *, version: Version) -> dict[str, Any]:
        """Return the properties with their values, in the declared order."""
        known = {**self.unset, **document, **self.fixed}
        answer = {name: known[name] for name in self.unset}
        for prop in self.parted:
            value = answer[prop.name]
            if prop.collection and value is not None:
                answer[prop.name] = [_single(prop, element, version=version) for element in value]
            elif value is not None:
                answer[prop.name] = _single(prop, value, version=version)
        return answer


@lru_cache(maxsize=1024)
def _plan(kind: StructuredType, version: Version, *, select: tuple[str, ...] | None) -> _Plan:
    """The plan of what a read shows."""
    properties = _shown_properties(kind, version, select=select)
    blanks = (prop for prop in properties if prop.visibility is Shown.BLANK_UNLESS_SELECTED and prop.name != "id")
    return _planned(properties, fixed={} if select is not None else {prop.name: blank(prop) for prop in blanks})


@lru_cache(maxsize=1024)
def _plan_of_value(kind: StructuredType, version: Version) -> _Plan:
    """The plan of the value of a property: all of its members are shown."""
    return _planned(tuple(kind.properties_in(version).values()), fixed={})


def _planned(properties: tuple[Property, ...], *, fixed: Mapping[str, Any]) -> _Plan:
    masks = {prop.name: prop.mask for prop in properties if prop.write_only and prop.name not in fixed}
    parted = (prop for prop in properties if not (prop.is_plain or prop.write_only or prop.name in fixed))
    return _Plan({prop.name: prop.initial() for prop in properties}, {**fixed, **masks}, tuple(parted))


def _shown_properties(
    kind: StructuredType, version: Version, *, select: tuple[str, ...] | None
) -> tuple[Property, ...]:
    """The properties that a read shows, in the declared order, with the id."""
    selected = None if select is None else {name.lower() for name in select}
    return tuple(
        prop
        for name, prop in kind.properties_in(version).items()
        if name == "id"
        or (prop.visibility is not Shown.WHEN_SELECTED if selected is None else name.lower() in selected)
    )


def _undeclared(kind: StructuredType, document: Mapping[str, Any], *, select: tuple[str, ...] | None) -> dict[str, Any]:
    """The properties of an open type that it does not declare, as they were sent."""
    selected = None if select is None else {name.lower() for name in select}
    declared = kind.properties_in(Version.BETA)
    return {
        name: value
        for name, value in document.items()
        if name not in declared and (selected is None or name.lower() in selected)
    }


def check_select(names: Iterable[str] | None, *, entities: Iterable[Entity], version: Version) -> None:
    """Raise Invalid for a selected name that is neither a property nor a navigation of any of the types."""
    kinds = tuple(entities)
    for name in names or ():
        known = (k.open or k.find(name, version=version) or k.navigation(name, version=version) for k in kinds)
        if not any(known):
            raise Invalid(
                f"Parsing OData Select and Expand failed: Could not find a property named '{name}' on type "
                f"'{kinds[0].full_name}'.",
                target=name,
            )


def _single(prop: Property, value: Any, *, version: Version) -> Any:
    kind = prop.type
    if kind is Edm.DATE_TIME:
        # Clients compare 0001-01-01T00:00:00Z as text; the stored form always has seven digits.
        return value.removesuffix(_WHOLE_SECOND) + "Z" if value.endswith(_WHOLE_SECOND) else value
    if isinstance(kind, Edm):
        return value
    if isinstance(kind, EnumType):
        return kind.shown(value, version=version)
    return _complex(prop, value, version=version)


def _complex(prop: Property, value: Mapping[str, Any], *, version: Version) -> dict[str, Any]:
    stored_type = value.get("@odata.type")
    kind: StructuredType = next((v for v in prop.variants if v.odata_type == stored_type), _declared(prop))
    answer: dict[str, Any] = {} if stored_type is None else {"@odata.type": stored_type}
    answer |= _plan_of_value(kind, version).values(value, version=version)
    return answer


def _declared(prop: Property) -> StructuredType:
    assert isinstance(prop.type, StructuredType)
    return prop.type
