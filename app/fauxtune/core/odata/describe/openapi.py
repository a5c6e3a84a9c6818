"""The OpenAPI document of the service, made from the table of routes and their types.

The same routes always give the same document, so that it can be kept beside the code and compared. Rules: OpenAPI
3.1.0; OData JSON 4.01 (collections in `value`, errors in `error`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from fauxtune.core.odata.describe.csdl import every_type
from fauxtune.core.odata.paths.table import EVERY, Route
from fauxtune.core.odata.schema.types import (
    EXACT,
    ComplexType,
    Edm,
    Entity,
    EnumType,
    Fidelity,
    Owner,
    Property,
    Shown,
    StructuredType,
    Version,
    qualified,
)

_SCHEMAS = "#/components/schemas/"
_PRIMITIVES: dict[Edm, dict[str, str]] = {
    Edm.STRING: {"type": "string"},
    Edm.BOOLEAN: {"type": "boolean"},
    Edm.INT32: {"type": "integer", "format": "int32"},
    Edm.INT64: {"type": "integer", "format": "int64"},
    Edm.DOUBLE: {"type": "number", "format": "double"},
    Edm.SINGLE: {"type": "number", "format": "float"},
    Edm.BYTE: {"type": "integer", "format": "uint8"},
    Edm.GUID: {"type": "string", "format": "uuid"},
    Edm.BINARY: {"type": "string", "contentEncoding": "base64"},
    Edm.STREAM: {"type": "string", "contentEncoding": "base64"},
    Edm.DATE_TIME: {"type": "string", "format": "date-time"},
    Edm.DATE: {"type": "string", "format": "date"},
    Edm.TIME_OF_DAY: {"type": "string", "format": "time"},
    Edm.DURATION: {"type": "string", "format": "duration"},
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

_REFUSED = 400
_ERROR_REFERENCE = {"$ref": f"{_SCHEMAS}error"}
_REFUSALS = {
    "400": "the request asks for something impossible, or its path does not exist",
    "401": "no token, or one that is malformed, forged, expired or of a tenant that is gone",
    "403": "the application lacks a permission",
    "404": "the thing that the path names does not exist in this tenant",
    "409": "it exists already, or something else prevents it",
    "413": "the body is larger than 4 MiB",
    "415": "the Content-Type of the body is not application/json",
    "501": "what is asked for exists in the real service and is not emulated",
    "default": "any other refusal",
}


def openapi_document(
    routes: Iterable[Route[Any]],
    *,
    entities: Iterable[Entity],
    title: str,
    has_conflicts: Callable[[Route[Any]], bool] = lambda _route: False,
    casts: Callable[[Route[Any]], Mapping[int, tuple[str, ...]]] = lambda _route: {},
    examples: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """An OpenAPI 3.1 document: every route under each version that has it, and a schema for every type.

    The types of properties are included; keys whose order means nothing are sorted. `x-fidelity` is the fidelity of an
    operation, a type or a property, `x-source` its source, `x-permissions` the permissions of which one is needed.
    `x-refused` lists the branches of each version that are refused as a whole, with the reason. `has_conflicts`:
    whether an operation can answer 409. `casts`: the types that may stand in a route's path, by the number of segments
    before them. `examples` are answers by operation id.
    """
    all_routes = tuple(routes)
    served = tuple(route for route in all_routes if route.method != EVERY)
    table = tuple(each for route in served for each in (route, *_cast(route, casts(route))))
    kinds = {each.template: names for route in served for each, names in _cast(route, casts(route)).items()}
    types = every_type(served, entities)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1"},
        "security": [{"bearer": []}],
        "paths": _paths(table, examples=examples or {}, has_conflicts=has_conflicts, kinds=kinds),
        "x-refused": _branches(all_routes),
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            "parameters": {
                name: {"name": f"${name}", "in": "query", "schema": {"type": kind}} for name, kind in _OPTIONS.items()
            },
            "responses": {
                status: {"description": why, "content": {"application/json": {"schema": _ERROR_REFERENCE}}}
                for status, why in _REFUSALS.items()
            },
            "schemas": {"error": _ERROR, **{qualified(name): _schema(part) for name, part in types.items()}},
        },
    }


def operation_id(route: Route[Any], *, version: Version) -> str:
    """The id of an operation, such as `beta_get_users_user`."""
    return re.sub(r"\W+", "_", f"{version} {route.method.lower()} {route.template}").strip("_")


def _cast(route: Route[Any], casts: Mapping[int, tuple[str, ...]]) -> dict[Route[Any], tuple[str, ...]]:
    """The route with a cast at each of these places, a parameter for its type, and the types."""
    return {
        replace(route, template="/".join((*route.segments[:at], qualified("{type}"), *route.segments[at:]))): names
        for at, names in casts.items()
    }


def _paths(
    routes: tuple[Route[Any], ...],
    *,
    examples: Mapping[str, Any],
    has_conflicts: Callable[[Route[Any]], bool],
    kinds: Mapping[str, tuple[str, ...]],
) -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for version in Version:
        for route in sorted(routes, key=lambda route: (route.template, route.method)):
            if version is Version.BETA or not route.beta_only:
                path = "/".join(("", version, *route.segments))
                example = examples.get(operation_id(route, version=version))
                operation = _operation(route, version=version, example=example, conflicts=has_conflicts(route))
                if route.template in kinds:
                    shape = {"type": "string", "enum": list(kinds[route.template])}
                    type_in_path = {"name": "type", "in": "path", "required": True, "schema": shape}
                    operation["parameters"] = [type_in_path, *operation.get("parameters", ())]
                paths.setdefault(path, {})[route.method.lower()] = operation
    return paths


def _branches(routes: tuple[Route[Any], ...]) -> dict[str, str]:
    """The refused branches with their reasons, such as `{"/beta/deviceManagement/intents": "not stored here"}`."""
    return {
        f"/{version}/{route.template}": route.fidelity.why
        for version in Version
        for route in sorted(routes, key=lambda route: route.template)
        if route.method == EVERY and (version is Version.BETA or not route.beta_only)
    }


def _operation(route: Route[Any], *, version: Version, example: Any, conflicts: bool) -> dict[str, Any]:
    keys: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in route.key_names
    ]
    options = _LIST_OPTIONS if route.many else _ONE_OPTIONS
    reads = route.method == "GET" and route.returns is not None
    operation: dict[str, Any] = {"operationId": operation_id(route, version=version), "summary": route.summary}
    if keys or reads:
        operation["parameters"] = keys + (options if reads else [])
    if route.accepts is not None:
        operation["requestBody"] = {"content": {"application/json": {"schema": _ref(route.accepts)}}}
    operation["responses"] = {str(route.status): _done(route, example=example), **_refusals(route, conflicts=conflicts)}
    if route.optional:
        operation["responses"]["204"] = {"description": "there is nothing to show"}
    operation["x-fidelity"] = _fidelity(route.fidelity)
    if route.source:
        operation["x-source"] = route.source
    operation["x-permissions"] = list(route.permissions)
    return operation


def _done(route: Route[Any], *, example: Any) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": "done" if route.status < _REFUSED else "refused"}
    if route.status >= _REFUSED:
        answer["content"] = {"application/json": {"schema": _ERROR_REFERENCE}}
    elif route.returns is not None:
        answer["content"] = {"application/json": {"schema": _answered(route.returns, many=route.many)}}
        if example is not None:
            answer["content"]["application/json"]["example"] = example
    return answer


def _refusals(route: Route[Any], *, conflicts: bool) -> dict[str, Any]:
    """The refusals of an operation: those of every operation, and those that depend on its verb and keys."""
    statuses = {"400", "401", "403", "413", "default"}
    if "{" in route.template or route.may_be_absent:  # a key, or the type of a cast
        statuses.add("404")
    if route.method != "DELETE":
        statuses.add("501")
    if route.method not in {"GET", "DELETE"}:
        statuses.add("415")
    if conflicts and route.method != "GET":
        statuses.add("409")
    statuses.discard(str(route.status))
    return {status: {"$ref": f"#/components/responses/{status}"} for status in _REFUSALS if status in statuses}


def _fidelity(fidelity: Fidelity) -> dict[str, str]:
    return {"level": fidelity.level.value} | ({"why": fidelity.why} if fidelity.why else {})


def _answered(kind: StructuredType, *, many: bool) -> dict[str, Any]:
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
    note: dict[str, Any] = {"description": "beta only"} if kind.beta_only else {}
    if kind.source:
        note["x-source"] = kind.source
    if kind.fidelity is not EXACT:
        note["x-fidelity"] = _fidelity(kind.fidelity)
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
    if prop.write_only and prop.mask is not None:
        shape["description"] = f"is kept, and reads as '{prop.mask}'"
    elif prop.write_only and prop.visibility is Shown.WHEN_SELECTED:
        shape["writeOnly"] = True
    elif prop.write_only:
        shape["description"] = "is kept, and reads as null"
    if prop.beta_only:
        shape["description"] = "beta only"
    if prop.fidelity is not EXACT:
        shape["x-fidelity"] = _fidelity(prop.fidelity)
    return shape


def _enum(kind: EnumType) -> dict[str, Any]:
    if not kind.flags:
        return {"type": "string", "enum": list(kind.members)}
    return {"type": "string", "description": f"comma-separated: {', '.join(kind.members)}"}


def _ref(kind: StructuredType | EnumType) -> dict[str, Any]:
    return {"$ref": f"{_SCHEMAS}{qualified(kind.name)}"}
