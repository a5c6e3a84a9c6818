"""Compares the answers of device endpoints with `openapi/devices.json`."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import httpx
import jsonschema_rs

from tests.support.openapi import committed

Json = dict[str, Any]

#: The endpoints of Windows have other addresses too, which are not in the document.
DOORS = ("/mdm/", "/push/", "/pki/")
_KEY = re.compile(r"\\\{\w+\\\}")


@cache
def document() -> Json:
    """Return the document of the device endpoints."""
    return committed("devices")


@cache
def _paths() -> list[tuple[re.Pattern[str], str]]:
    """Return shapes and templates of the paths, those with fewer keys first: `devices:enroll` is no device."""
    paths = sorted(document()["paths"], key=lambda each: each.count("{"))
    # An OCSP request in a path is base64, which has slashes; NDES has several addresses.
    shapes = (re.escape(path).replace(r"\{encoded\}", ".+").replace(r"\{address\}", ".+") for path in paths)
    return [(re.compile(_KEY.sub("[^/]+", shape)), path) for shape, path in zip(shapes, paths, strict=True)]


@cache
def validator(schema: str) -> jsonschema_rs.Draft202012Validator:
    """Return a validator for a component of the document."""
    results = {"$ref": f"#/components/schemas/{schema}", "components": document()["components"]}
    return jsonschema_rs.Draft202012Validator(results, validate_formats=True)


def operation(method: str, path: str) -> Json | None:
    """Return the described operation that serves this path."""
    for shape, template in _paths():
        if shape.fullmatch(path) and method.lower() in document()["paths"][template]:
            result: Json = document()["paths"][template][method.lower()]
            return result
    return None


async def check(answer: httpx.Response) -> None:
    """Check an answer, as a hook of a client. Raises AssertionError if a device endpoint answers not as described."""
    request = answer.request
    path = request.url.path
    if not path.startswith(DOORS) or "/api/mdm/" in path:
        return
    described = operation(request.method, path)
    if described is None:
        assert answer.status_code in (404, 405), f"{request.method} {path} is not described, and is served"
        return
    where = f"{request.method} {path}: {answer.status_code}"
    result = described["responses"].get(str(answer.status_code)) or described["responses"]["default"]
    await answer.aread()
    if not answer.content:
        return
    kind = answer.headers.get("content-type", "").partition(";")[0]
    assert kind in result.get("content", {}), f"{where} came as {kind!r}"
    schema = result["content"][kind]["schema"]
    if "$ref" in schema:
        problems = [
            iter_error.message for iter_error in validator(schema["$ref"].rpartition("/")[2]).iter_errors(answer.json())
        ]
        assert not problems, f"{where} is not as described: {problems}"
