"""Documents of a service against the declared types; and what earlier runs left in a tenant, with its deletion.

A member that the emulator's type does not declare is no deviation: the service has more than is emulated, and the
outcome notes it.

A name belongs to the probe if it is the prefix, a hyphen, the eight digits of a run and another hyphen: what people
named with only the prefix is never touched.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fauxtune.core.errors import Invalid
from fauxtune.core.graph.index import entity
from fauxtune.core.odata.schema.types import Edm, Entity, EnumType, Property, Shown, StructuredType, Version, bare_name
from fauxtune_probe.core.checks import KINDS, at, said
from fauxtune_probe.core.model import Answer, NothingThere, Request, Values
from fauxtune_probe.core.texts import filled_path

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


#: Pages of one collection that are read.
_MOST_PAGES = 200
_INTUNE = "/beta/deviceManagement"

#: Where the probe makes things: the list, the place of one, and the property that has the name.
_PLACES: tuple[tuple[str, str, str], ...] = (
    ("/v1.0/groups?$filter=startswith(displayName,'{prefix}')&$select=id,displayName", "/v1.0/groups", "displayName"),
    (
        "/v1.0/users?$filter=startswith(userPrincipalName,'{prefix}')&$select=id,userPrincipalName",
        "/v1.0/users",
        "userPrincipalName",
    ),
    (f"{_INTUNE}/deviceConfigurations?$select=id,displayName", f"{_INTUNE}/deviceConfigurations", "displayName"),
    (f"{_INTUNE}/assignmentFilters", f"{_INTUNE}/assignmentFilters", "displayName"),
    (f"{_INTUNE}/roleScopeTags", f"{_INTUNE}/roleScopeTags", "displayName"),
    (f"{_INTUNE}/deviceCategories", f"{_INTUNE}/deviceCategories", "displayName"),
)


@dataclass(frozen=True, slots=True)
class Leftover:
    """A thing that a run made and did not delete."""

    path: str
    name: str


@dataclass(frozen=True, slots=True)
class Search:
    """What was found, and the lists that could not be read, with the reason."""

    leftovers: tuple[Leftover, ...]
    unread: tuple[str, ...]


def finding(prefix: str) -> Generator[Request, Answer, Search]:
    """Look for what runs with this prefix left."""
    leftovers: list[Leftover] = []
    unread: list[str] = []
    for path, place, name in _PLACES:
        problem = yield from _found_in(filled_path(path, {"prefix": prefix}), place, name=name, leftovers=leftovers)
        if problem:
            unread.append(f"{place}: {problem}")
    mine = re.compile(rf"{re.escape(prefix)}-[0-9a-f]{{8}}-", re.IGNORECASE)
    return Search(tuple(leftover for leftover in leftovers if mine.match(leftover.name)), tuple(unread))


def _found_in(path: str, place: str, *, name: str, leftovers: list[Leftover]) -> Generator[Request, Answer, str]:
    """Read a list page by page. Returns why it could not be read to its end, or an empty text."""
    read: set[str] = set()
    while path:
        if path in read:
            return "its pages form a circle"
        if len(read) >= _MOST_PAGES:
            return f"it has more than {_MOST_PAGES} pages"
        read.add(path)
        answer = yield Request("GET", path)
        document = answer.document
        if answer.status != 200 or not isinstance(document, dict) or not isinstance(document.get("value"), list):
            return said(answer)
        leftovers += _named(document["value"], place, name=name)
        path = _below_host(document.get("@odata.nextLink"))
    return ""


def _named(elements: list[Any], place: str, *, name: str) -> Iterator[Leftover]:
    for element in elements:
        if isinstance(element, dict) and isinstance(element.get("id"), str) and isinstance(element.get(name), str):
            yield Leftover(f"{place}/{quote(element['id'], safe='')}", element[name])


def _below_host(link: object) -> str:
    """Return a link without its host: pages are asked of the service that was called, never of another."""
    return re.sub(r"^https?://[^/]*", "", link) if isinstance(link, str) else ""


def deleting(leftovers: tuple[Leftover, ...]) -> Generator[Request, Answer, tuple[tuple[Leftover, str], ...]]:
    """Delete what was found; return what stays, and why. Tries twice: a profile goes after those that refer to it."""
    waiting: tuple[tuple[Leftover, str], ...] = tuple((each, "") for each in leftovers)
    for _ in range(2):
        refused = []
        for leftover, _why in waiting:
            answer = yield Request("DELETE", leftover.path)
            if answer.status not in (200, 202, 204, 404):
                refused.append((leftover, said(answer)))
        waiting = tuple(refused)
    return waiting
