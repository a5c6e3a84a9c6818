"""`$metadata`: the served types and operations, as CSDL, from a table of routes.

Rules: OData CSDL XML Representation 4.01. An action is bound to the thing before it in its path; collections at the
root are entity sets, other names there are singletons.

The types of a table are those of its bodies, their bases, and the types of their properties.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from fauxtune.core.odata.paths.table import Route
from fauxtune.core.odata.schema.types import (
    ALIAS,
    NAMESPACE,
    ComplexType,
    Entity,
    EnumType,
    Navigation,
    Property,
    StructuredType,
    Version,
)

_EDMX, _EDM = "http://docs.oasis-open.org/odata/ns/edmx", "http://docs.oasis-open.org/odata/ns/edm"


def csdl(routes: Iterable[Route[Any]], *, entities: Iterable[Entity], version: Version, container_name: str) -> bytes:
    """Write the document of one version, in UTF-8. `container_name`: the name of the entity container."""
    table = [route for route in routes if version is Version.BETA or not route.beta_only]
    types = every_type(table, entities)
    root = Element("edmx:Edmx", {"Version": "4.0", "xmlns:edmx": _EDMX})
    schema = SubElement(
        SubElement(root, "edmx:DataServices"),
        "Schema",
        {"Namespace": NAMESPACE, "Alias": ALIAS, "xmlns": _EDM},
    )
    for kind in types.values():
        if isinstance(kind, EnumType):
            _enum(schema, kind, version=version)
        elif version is Version.BETA or not kind.beta_only:
            _structure(schema, kind, version=version)
    singletons = _singletons(table)
    for name, parts in singletons.items():
        _singleton_type(schema, name, parts=parts)
    for action in _actions(table):
        schema.append(action)
    container = SubElement(schema, "EntityContainer", {"Name": container_name})
    for route in _sets(table):
        SubElement(container, "EntitySet", {"Name": route.template, "EntityType": _named(route.returns)})
    for name in singletons:
        SubElement(container, "Singleton", {"Name": name, "Type": f"{ALIAS}.{name}"})
    text: str = tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>{text}'.encode()


def _enum(schema: Element, kind: EnumType, *, version: Version) -> None:
    element = SubElement(schema, "EnumType", {"Name": kind.name, **({"IsFlags": "true"} if kind.flags else {})})
    for member in kind.in_version(version):
        SubElement(element, "Member", {"Name": member, "Value": str(kind.number(member))})


def _structure(schema: Element, kind: StructuredType, *, version: Version) -> None:
    about = {"Name": kind.name}
    if kind.base is not None:
        about["BaseType"] = _named(kind.base)
    about |= {"Abstract": "true"} if kind.abstract else {}
    about |= {"OpenType": "true"} if kind.open else {}
    element = SubElement(schema, "EntityType" if isinstance(kind, Entity) else "ComplexType", about)
    if isinstance(kind, Entity) and kind.base is None:
        SubElement(SubElement(element, "Key"), "PropertyRef", {"Name": "id"})
    for prop in kind.properties:
        if version is Version.BETA or not prop.beta_only:
            _property(element, prop)
    for navigation in kind.navigations if isinstance(kind, Entity) else ():
        if version is Version.BETA or not navigation.beta_only:
            _navigation(element, navigation)


def _property(parent: Element, prop: Property, *, tag: str = "Property") -> None:
    kind = prop.type.value if not isinstance(prop.type, (EnumType, ComplexType)) else _named(prop.type)
    about = {"Name": prop.name, "Type": f"Collection({kind})" if prop.collection else kind}
    SubElement(parent, tag, about | ({} if prop.nullable or prop.collection else {"Nullable": "false"}))


def _navigation(parent: Element, navigation: Navigation) -> None:
    kind = f"{ALIAS}.{navigation.target}"
    about = {"Name": navigation.name, "Type": f"Collection({kind})" if navigation.collection else kind}
    SubElement(parent, "NavigationProperty", about | ({"ContainsTarget": "true"} if navigation.contained else {}))


def _sets(table: list[Route[Any]]) -> list[Route[Any]]:
    return [route for route in table if route.method == "GET" and route.many and len(route.segments) == 1]


def _singletons(table: list[Route[Any]]) -> dict[str, list[Route[Any]]]:
    """The names at the root that are not entity sets, each with the readable routes directly below it."""
    sets = {route.template for route in _sets(table)}
    singletons: dict[str, list[Route[Any]]] = {}
    for route in table:
        if len(route.segments) != 2 or route.segments[0] in sets or route.segments[1][0] in "{$":
            continue
        if route.method == "GET" and route.returns is not None:
            singletons.setdefault(route.segments[0], []).append(route)
    return dict(sorted(singletons.items()))


def _singleton_type(schema: Element, name: str, *, parts: list[Route[Any]]) -> None:
    element = next((one for one in schema.iter("EntityType") if one.get("Name") == name), None)
    if element is None:
        element = SubElement(schema, "EntityType", {"Name": name, "BaseType": f"{ALIAS}.entity"})
    for route in parts:
        kind = _named(route.returns)
        about = {"Name": route.segments[1], "Type": f"Collection({kind})" if route.many else kind}
        SubElement(element, "NavigationProperty", about | {"ContainsTarget": "true"})


def _actions(table: list[Route[Any]]) -> Iterator[Element]:
    """The actions: POST routes without a GET, bound to the thing or the collection at the path above."""
    reads = {route.template: route for route in table if route.method == "GET"}
    result = set()
    for route in table:
        name = route.segments[-1] if route.segments else ""
        above = reads.get("/".join(route.segments[:-1]))
        if route.method != "POST" or not name.isidentifier() or route.template in reads or route.status == 501:
            continue
        if above is None or above.returns is None or (name, above.returns, above.many) in result:
            continue
        result.add((name, above.returns, above.many))
        yield _action(route, name=name, above=above)


def _action(route: Route[Any], *, name: str, above: Route[Any]) -> Element:
    action = Element("Action", {"Name": name, "IsBound": "true"})
    bound = _named(above.returns)
    kind = f"Collection({bound})" if above.many else bound
    SubElement(action, "Parameter", {"Name": "bindingParameter", "Type": kind})
    if isinstance(route.accepts, ComplexType):
        for prop in route.accepts.properties_in(Version.BETA).values():
            _property(action, prop, tag="Parameter")
    if route.returns is not None:
        answered = _named(route.returns)
        SubElement(action, "ReturnType", {"Type": f"Collection({answered})" if route.many else answered})
    return action


def _named(kind: StructuredType | EnumType | None) -> str:
    assert kind is not None
    return f"{ALIAS}.{kind.name}"


def every_type(
    routes: Iterable[Route[Any]], entities: Iterable[StructuredType]
) -> dict[str, StructuredType | EnumType]:
    """The types by their names, in the order of names."""
    named = [kind for route in routes for kind in (route.accepts, route.returns) if kind is not None]
    types: dict[str, StructuredType | EnumType] = {}
    for kind in (*entities, *named):
        _collect(kind, types)
    return dict(sorted(types.items()))


def names_in_v1(routes: Iterable[Route[Any]], entities: Iterable[StructuredType]) -> frozenset[str]:
    """The names of the structured types that occur in a request or an answer of v1.0."""
    named = [kind for route in routes if not route.beta_only for kind in (route.accepts, route.returns)]
    waiting = [kind for kind in (*entities, *named) if kind is not None and not kind.beta_only]
    names: set[str] = set()
    while waiting:
        kind = waiting.pop()
        if kind.name not in names:
            names.add(kind.name)
            waiting += [level for level in kind.lineage() if not level.beta_only]
            for prop in kind.properties_in(Version.V1).values():
                if isinstance(prop.type, ComplexType):
                    waiting += [choice for choice in (prop.type, *prop.variants) if not choice.beta_only]
    return frozenset(names)


def _collect(kind: StructuredType, types: dict[str, StructuredType | EnumType]) -> None:
    """Add the type, its bases, and the types of their properties. A type can contain itself."""
    for level in kind.lineage():
        if types.get(level.name) is level:
            continue
        types[level.name] = level
        for prop in level.properties:
            if isinstance(prop.type, EnumType):
                types[prop.type.name] = prop.type
            elif isinstance(prop.type, ComplexType):
                for choice in (prop.type, *prop.variants):
                    _collect(choice, types)
