"""The OpenAPI document of Graph's surface, made from the table of routes and the types they speak of.

The same routes always give the same document, so that it can be kept beside the code and compared. Rules: OpenAPI
3.1.0; Graph's envelopes (collections in `value`, errors in `error`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from fauxtune.core.odata.closure import every_type
from fauxtune.core.odata.paths import Route
from fauxtune.core.odata.schema import (
    NAMESPACE,
    ComplexType,
    Edm,
    Entity,
    EnumType,
    Owner,
    Property,
    StructuredType,
    Version,
)

_SCHEMAS = "#/components/schemas/"
_PRIMITIVES: dict[Edm, dict[str, str]] = {
    Edm.STRING: {"type": "string"},
    Edm.BOOLEAN: {"type": "boolean"},
    Edm.INT32: {"type": "integer", "format": "int32"},
    Edm.INT64: {"type": "integer", "format": "int64"},
    Edm.GUID: {"type": "string", "format": "uuid"},
    Edm.BINARY: {"type": "string", "contentEncoding": "base64"},
    Edm.DATE_TIME: {"type": "string", "format": "date-time"},
}
_OPTIONS = {
    "select": "string",
    "filter": "string",
    "orderby": "string",
    "expand": "string",
    "search": "string",
    "skiptoken": "string",
    "top": "integer",
    "skip": "integer",
    "count": "boolean",
}
_LIST_OPTIONS = [{"$ref": f"#/components/parameters/{name}"} for name in _OPTIONS]
_ONE_OPTIONS = [{"$ref": f"#/components/parameters/{name}"} for name in ("select", "expand")]
_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "target": {"type": "string"},
                "innerError": {"type": "object"},
            },
        }
    },
}


def openapi_document(routes: Iterable[Route[Any]], *, entities: Iterable[Entity], title: str) -> dict[str, Any]:
    """An OpenAPI 3.1 document: every route under each version that has it, and a schema for every type.

    Parts of `entities` and of the routes' own types are followed; keys are sorted where their order says nothing.
    """
    table = tuple(routes)
    types = every_type(table, entities)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1"},
        "paths": _paths(table),
        "components": {
            "parameters": {
                name: {"name": f"${name}", "in": "query", "schema": {"type": kind}} for name, kind in _OPTIONS.items()
            },
            "schemas": {"error": _ERROR, **{NAMESPACE + name: _schema(part) for name, part in types.items()}},
        },
    }


def _paths(routes: tuple[Route[Any], ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for version in Version:
        for route in sorted(routes, key=lambda route: (route.template, route.method)):
            if version is Version.BETA or not route.beta_only:
                path = f"/{version}/{'/'.join(route.segments)}"
                found.setdefault(path, {})[route.method.lower()] = _operation(route, version=version)
    return found


def _operation(route: Route[Any], *, version: Version) -> dict[str, Any]:
    words = re.sub(r"\W+", "_", f"{version} {route.method.lower()} {route.template}").strip("_")
    keys: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in route.key_names
    ]
    options = _LIST_OPTIONS if route.many else _ONE_OPTIONS
    reads = route.method == "GET" and route.returns is not None
    answer: dict[str, Any] = {"description": "done"}
    if route.returns is not None:
        answer["content"] = {"application/json": {"schema": _answered(route.returns, many=route.many)}}
    operation: dict[str, Any] = {"operationId": words, "summary": route.summary}
    if keys or reads:
        operation["parameters"] = keys + (options if reads else [])
    if route.accepts is not None:
        operation["requestBody"] = {"content": {"application/json": {"schema": _ref(route.accepts)}}}
    error = {"description": "an error", "content": {"application/json": {"schema": {"$ref": f"{_SCHEMAS}error"}}}}
    operation["responses"] = {str(route.status): answer, "default": error}
    return operation


def _answered(kind: Entity, *, many: bool) -> dict[str, Any]:
    if not many:
        return _ref(kind)
    return {
        "type": "object",
        "required": ["value"],
        "properties": {
            "@odata.context": {"type": "string"},
            "@odata.count": {"type": "integer"},
            "@odata.nextLink": {"type": "string"},
            "value": {"type": "array", "items": _ref(kind)},
        },
    }


def _schema(part: StructuredType | EnumType) -> dict[str, Any]:
    return _enum(part) if isinstance(part, EnumType) else _structure(part)


def _structure(kind: StructuredType) -> dict[str, Any]:
    own: dict[str, Any] = {"type": "object"}
    if isinstance(kind, (Entity, ComplexType)) and kind.polymorphic:
        own["properties"] = {"@odata.type": {"type": "string"}}
    for prop in kind.properties:
        own.setdefault("properties", {})[prop.name] = _property(prop)
    note = {"description": "beta only"} if kind.beta_only else {}
    return {**note, **own} if kind.base is None else {**note, "allOf": [_ref(kind.base), own]}


def _property(prop: Property) -> dict[str, Any]:
    shape: dict[str, Any] = dict(_PRIMITIVES[prop.type]) if isinstance(prop.type, Edm) else _ref(prop.type)
    if prop.variants:
        shape = {"anyOf": [_ref(choice) for choice in prop.variants]}
    if prop.collection:
        shape = {"type": "array", "items": shape}
    elif prop.nullable:
        shape = {"anyOf": [shape, {"type": "null"}]}
    if prop.owner is Owner.SERVER:
        shape["readOnly"] = True
    if prop.write_only:
        shape["writeOnly"] = True
    if prop.beta_only:
        shape["description"] = "beta only"
    return shape


def _enum(kind: EnumType) -> dict[str, Any]:
    if not kind.flags:
        return {"type": "string", "enum": list(kind.members)}
    return {"type": "string", "description": f"comma-separated: {', '.join(kind.members)}"}


def _ref(kind: StructuredType | EnumType) -> dict[str, Any]:
    return {"$ref": f"{_SCHEMAS}{NAMESPACE}{kind.name}"}
