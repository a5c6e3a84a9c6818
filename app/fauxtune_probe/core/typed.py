"""Documents of a service against the declared types.

A member that the emulator's type does not declare is no deviation: the service has more than is emulated, and the
outcome notes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fauxtune.core.errors import Invalid
from fauxtune.core.graph.index import entity
from fauxtune.core.odata.schema.types import Edm, Entity, EnumType, Property, Shown, StructuredType, Version, bare_name
from fauxtune_probe.core.checks import KINDS, at
from fauxtune_probe.core.model import Answer, NothingThere, Values

#: Deviations of one answer that are named.
_MOST = 5
_KIND_OF: Mapping[Edm, str] = {
    Edm.STRING: "text",
    Edm.GUID: "GUID",
    Edm.BINARY: "text",
    Edm.DATE_TIME: "time",
    Edm.BOOLEAN: "boolean",
    Edm.INT32: "integer",
    Edm.INT64: "integer",
}


@dataclass(frozen=True, slots=True)
class Typed:
    """The objects at the path (one, or a list of them) have every property of the type, of its kind.

    `@odata.type` of an object names a derived type, whose properties are then expected. `but`: properties that this
    answer may leave out.
    """

    path: str
    type_name: str
    but: tuple[str, ...] = ()

    def expects(self, _values: Values) -> str:
        """Say it in few words."""
        return f"every property of {self.type_name}, each of its type"

    def deviation(self, answer: Answer, _values: Values) -> str | None:
        """Name the properties that are missing or of another type."""
        value = at(answer.document, self.path)
        if not isinstance(value, dict | list):
            return "no object there"
        wrong = dict.fromkeys(
            line
            for document, kind in self._typed(answer)
            for line in self._wrong(document, kind, version=_version(answer))
        )
        more = f" and {len(wrong) - _MOST} more" if len(wrong) > _MOST else ""
        return f"{'; '.join(list(wrong)[:_MOST])}{more}" if wrong else None

    def notes(self, answer: Answer) -> tuple[str, ...]:
        """Name the members that the emulator's types do not declare."""
        beyond = {
            f"{kind.name}.{name}"
            for document, kind in self._typed(answer)
            for name in document
            if "@" not in name and name not in kind.properties_in(_version(answer)) and kind.navigation(name) is None
        }
        return tuple(sorted(beyond))

    def _typed(self, answer: Answer) -> Iterator[tuple[dict[str, Any], Entity]]:
        value = at(answer.document, self.path)
        documents = value if isinstance(value, list) else [value]
        if not documents:
            raise NothingThere(f"a {self.type_name}")
        for document in documents:
            # What is no object lacks every property.
            known = document if isinstance(document, dict) else {}
            yield known, _kind(known, self.type_name)

    def _wrong(self, document: Mapping[str, Any], kind: Entity, *, version: Version) -> Iterator[str]:
        for name, prop in kind.properties_in(version).items():
            if prop.visibility is Shown.WHEN_SELECTED or name in self.but:
                continue
            if name not in document:
                yield f"{name} is missing"
            elif (problem := value_problem(prop, document[name], version=version)) is not None:
                yield f"{name} is {problem}"


def value_problem(prop: Property, value: object, *, version: Version) -> str | None:
    """Say what a value is in place of what its property declares; None if it fits."""
    if value is None:
        return None if prop.nullable or prop.collection else "null"
    if prop.collection:
        if not isinstance(value, list):
            return f"{_name_of(value)}, not a list"
        return next((problem for each in value if (problem := _single(prop, each, version=version)) is not None), None)
    return _single(prop, value, version=version)


def _single(prop: Property, value: object, *, version: Version) -> str | None:
    kind = prop.type
    if isinstance(kind, StructuredType):
        return None if isinstance(value, dict) else f"{_name_of(value)}, not an object"
    if isinstance(kind, EnumType):
        return _enum_problem(kind, value, version=version)
    wanted = _KIND_OF.get(kind)
    return None if wanted is None or KINDS[wanted](value) else f"{_name_of(value)}, not a {wanted}"


def _enum_problem(kind: EnumType, value: object, *, version: Version) -> str | None:
    if not isinstance(value, str):
        return f"{_name_of(value)}, not a text"
    try:
        canonical = kind.canonical(value, version=version)
    except Invalid:
        return f"a value that {kind.name} does not have here: {value[:40]}"
    return None if canonical == value else f"written {value[:40]}, not {canonical[:40]}"


def _kind(document: Mapping[str, Any], declared: str) -> Entity:
    named = document.get("@odata.type")
    try:
        return entity(bare_name(named)) if isinstance(named, str) else entity(declared)
    except Invalid:
        return entity(declared)  # a derived type that the emulator does not have: its base is what can be judged


def _version(answer: Answer) -> Version:
    return Version.BETA if "/beta/" in answer.url else Version.V1


def _name_of(value: object) -> str:
    names = {bool: "a boolean", int: "a number", float: "a number", str: "a text", list: "a list", dict: "an object"}
    return names.get(type(value), "null")
