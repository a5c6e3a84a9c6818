"""What every surface refuses: methods that a path does not know, and bodies that nobody can keep.

A method is refused with those that the path knows (RFC 9110 15.5.6); a body with very many members is refused
unparsed, from strangers too; text that no database keeps and no answer can carry, in the surface's own envelope.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import httpx
import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

import fauxtune
from fauxtune import settings
from fauxtune.core.errors import Conflict
from fauxtune.core.model.text import JsonObject, Text
from fauxtune.server.factory import Application
from fauxtune.server.readiness import ReadinessGate
from fauxtune.surfaces.control.bodies import Answer
from fauxtune.surfaces.devices.agent import answers as agent_answers
from fauxtune.surfaces.devices.android import answers as android_answers
from fauxtune.surfaces.devices.android import messages as android
from fauxtune_docs import probes_description
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.openapi import documents
from tests.surfaces.conftest import ORIGIN

#: Paths that no document describes, with the methods that each knows.
UNDESCRIBED = {
    "/console": "GET, HEAD",
    "/console/-/seat": "GET, HEAD, POST",
    "/console/-/language": "POST",
    "/console/-/leave": "POST",
    "/console/static/console.js": "GET, HEAD",
    "/console/contoso": "GET, HEAD",
    "/console/contoso/groups/new": "GET, HEAD, POST",
    "/console/contoso/clock": "POST",
    "/docs": "GET, HEAD",
    "/docs/control.json": "GET, HEAD",
    "/trust": "GET, HEAD",
    "/ca.pem": "GET, HEAD",
    "/pki/contoso/issuing/crl": "GET",
    "/pki/contoso/issuing/ocsp": "POST",
    "/pki/contoso/issuing/ca.cer": "GET",
    "/pki/contoso/certsrv/mscep/mscep.dll": "GET, POST",
    "/push/contoso/x": "GET",
}
#: Graph's refusals are in Graph's words, and come after a look at the caller's token.
OTHERS = ("blobs", "connector", "control", "devices", "identity", "partner")
MANY = ("{" + ",".join(f'"k{number}":1' for number in range(10_001)) + "}").encode()
ANDROID = "/mdm/contoso/android/v1/enterprises/contoso/devices"
BAD = ("\x00", "\ud800", "a\udfffb")
CONTROL = "/_fauxtune/v1/tenants"
CLIENT = "c0ffee00-0000-4000-8000-00000000a991"


def _models() -> list[type[BaseModel]]:
    """Every model that reads what others send: all but the shapes of answers, and the settings of a start."""
    for module in pkgutil.walk_packages(fauxtune.__path__, "fauxtune."):
        if module.name != "fauxtune.__main__":
            importlib.import_module(module.name)
    results: list[type[BaseModel]] = []
    waiting = [BaseModel]
    while waiting:
        for subclass in waiting.pop().__subclasses__():
            waiting.append(subclass)
            if subclass.__module__.startswith("fauxtune.") and not issubclass(subclass, Answer):
                results.append(subclass)
    others = (agent_answers.__name__, android_answers.__name__, settings.__name__)
    return [result for result in results if result.__module__ not in others]


def _unchecked(schema: Any, *, checked: bool = False) -> Iterator[str]:
    """The kinds of what a schema of pydantic's core takes without a look of `core.model.text` at it: text, or anything.

    What is read before (base64, a time) is no text any more.
    """
    if isinstance(schema, list | tuple):
        for each in schema:
            yield from _unchecked(each, checked=checked)
    elif isinstance(schema, dict):
        kind = schema.get("type")
        if kind == "function-after":
            checked |= schema["function"]["function"].__module__ == "fauxtune.core.model.text"
        if kind in ("str", "any") and not checked:
            yield kind
        for name, each in schema.items():
            if name not in ("metadata", "serialization"):
                yield from _unchecked(each, checked=checked)


def _bodies() -> list[type[BaseModel]]:
    return sorted(_models(), key=lambda model: f"{model.__module__}.{model.__qualname__}")


@pytest.mark.parametrize("name", OTHERS)
async def test_a_method_that_no_document_has_is_405_with_all_that_it_has(name: str, http: httpx.AsyncClient) -> None:
    for path, operations in documents()[name]["paths"].items():
        answer = await http.request("TRACE", re.sub(r"\{[^}]*\}", "x", path))
        allowed = set(answer.headers.get("allow", "").lower().split(", "))
        # A path may also be that of another operation, whose last part is any text.
        assert (answer.status_code, operations.keys() - allowed) == (HTTPStatus.METHOD_NOT_ALLOWED, set()), path


@pytest.mark.parametrize("path", UNDESCRIBED)
async def test_a_path_without_a_document_names_its_methods_too(path: str, http: httpx.AsyncClient) -> None:
    for method in ("TRACE", "PURGE"):
        answer = await http.request(method, path)
        allowed = ", ".join(sorted(answer.headers.get("allow", "").split(", ")))
        assert (answer.status_code, allowed) == (HTTPStatus.METHOD_NOT_ALLOWED, UNDESCRIBED[path])


async def test_graph_looks_at_the_token_first(http: httpx.AsyncClient) -> None:
    for method in ("TRACE", "PURGE"):
        answer = await http.request(method, "/beta/users")
        assert (answer.status_code, "allow" in answer.headers) == (HTTPStatus.UNAUTHORIZED, False)


async def test_what_the_server_answers_by_itself_is_only_read(app: Application) -> None:
    gate = ReadinessGate("")
    gate.open(app)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(gate), base_url=ORIGIN) as client:
        for path in probes_description.OPERATIONS:
            answer = await client.request("TRACE", path)
            allowed = set(answer.headers.get("allow", "").split(", "))
            assert (answer.status_code, allowed) == (HTTPStatus.METHOD_NOT_ALLOWED, {"GET", "HEAD"}), path


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/beta/groups"),
        ("POST", "/_fauxtune/v1/tenants/contoso/applications"),
        ("POST", f"{ANDROID}:enroll"),
        ("POST", f"{ANDROID}/x:reportStatus"),
        ("POST", f"{ANDROID}/x:unenroll"),
        ("POST", f"{ANDROID}/x/operations/y:complete"),
        ("POST", "/connector/contoso/v1/sessions"),
        ("PUT", "/connector/contoso/v1/sessions/x/requests/y/result"),
    ],
)
async def test_a_body_with_very_many_members_is_refused_by_the_surface_it_came_to(
    app: Application, app_token: str, method: str, path: str
) -> None:
    ours = path.startswith(("/beta", "/_fauxtune"))
    headers = {"content-type": "application/json", **({"authorization": f"Bearer {app_token}"} if ours else {})}
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="https://localhost:8443") as http:
        answer = await http.request(method, path, content=MANY, headers=headers)
    assert answer.status_code == 400
    assert "too many elements" in answer.json()["error"]["message"]


def test_the_walk_meets_the_bodies_of_every_surface() -> None:
    names = {f"{body.__module__.removeprefix('fauxtune.')}.{body.__qualname__}" for body in _bodies()}
    assert {
        "surfaces.control.messages.NewTenant",
        "surfaces.control.messages.WhatIf",
        "surfaces.connector.routes.Result",
        "surfaces.devices.android.messages.Enroll",
        "operations.tenants.seed_parts.SeedUser",
    } <= names


@pytest.mark.parametrize("model", _bodies(), ids=lambda model: model.__qualname__)
def test_every_text_of_a_body_is_checked(model: type[BaseModel]) -> None:
    for name, field in model.model_fields.items():
        assert list(_unchecked(TypeAdapter(field.rebuild_annotation()).core_schema)) == [], name


def test_the_walk_finds_a_text_that_is_not_checked() -> None:
    class Sloppy(BaseModel):
        plain: str
        listed: list[str]
        optional: str | None
        anything: dict[str, Any]
        checked: Text
        held: JsonObject

    model_fields = {
        name
        for name, field in Sloppy.model_fields.items()
        if [*_unchecked(TypeAdapter(field.rebuild_annotation()).core_schema)]
    }
    assert model_fields == {"plain", "listed", "optional", "anything"}


@pytest.mark.parametrize("text", BAD)
def test_a_text_is_kept_whole_or_refused(text: str) -> None:
    assert TypeAdapter(Text).validate_python("\N{GRINNING FACE}\x01\uffff") == "\N{GRINNING FACE}\x01\uffff"
    assert TypeAdapter(JsonObject).validate_python({"a": [1, None, {"b": "c"}]}) == {"a": [1, None, {"b": "c"}]}
    for value in ({text: 1}, {"a": text}, {"a": [{"b": [text]}]}):
        with pytest.raises(ValidationError):
            TypeAdapter(JsonObject).validate_python(value)
    with pytest.raises(ValidationError):
        android.Enroll.model_validate({"enrollmentToken": text, "csr": "AA=="})


def test_every_refusal_can_be_written() -> None:
    error = Conflict("There is '\ud800' already.", target="\udfff")
    assert json.dumps([error.message, str(error), error.target], ensure_ascii=False).encode().count(b"?") == 3


@ON_BOTH_DATABASES
@pytest.mark.parametrize("text", BAD)
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", CONTROL, {"name": "BAD"}),
        ("POST", CONTROL, {"seed": {"users": [{"userPrincipalName": "BAD"}]}}),
        ("POST", CONTROL, {"seed": {"BAD": 1}}),
        ("POST", CONTROL, {"BAD": 1}),
        ("PATCH", f"{CONTROL}/contoso", {"settings": {"BAD": True}}),
        ("PATCH", f"{CONTROL}/contoso", {"settings": {"edition": "BAD"}}),
        ("POST", f"{CONTROL}/contoso/enrollmentTokens", {"userPrincipalName": "BAD"}),
        ("POST", f"{CONTROL}/contoso/applications", {"roles": ["BAD"]}),
        ("POST", f"{CONTROL}/contoso/whatif", {"method": "POST", "url": "/BAD"}),
        ("POST", f"{CONTROL}/contoso/whatif", {"method": "POST", "url": "/users", "body": {"displayName": "BAD"}}),
        ("POST", f"{CONTROL}/contoso/connectors", {"name": "BAD", "roles": ["pkcs"]}),
        ("POST", f"{ANDROID}:enroll", {"enrollmentToken": "BAD", "csr": "AA=="}),
        ("POST", f"{ANDROID}:enroll", {"enrollmentToken": "x", "csr": "AA==", "mode": "BAD"}),
        ("POST", f"{ANDROID}:enroll", {"enrollmentToken": "x", "csr": "BAD"}),
        ("POST", f"{ANDROID}:enroll", {"enrollmentToken": "x", "csr": "AA==", "hardwareInfo": {"model": "BAD"}}),
        ("POST", "/beta/groups", {"displayName": "BAD"}),
        ("POST", "/beta/groups", {"BAD": 1}),
        ("POST", "/beta/$batch", {"requests": [{"id": "BAD", "method": "GET", "url": "/users"}]}),
        ("POST", "/beta/$batch", {"requests": [{"id": "1", "method": "BAD", "url": "/BAD"}]}),
    ],
)
async def test_a_body_with_such_a_text_is_refused_by_the_surface_it_came_to(
    app: Application, app_token: str, method: str, path: str, body: dict[str, Any], text: str
) -> None:
    content = json.dumps(body).replace("BAD", json.dumps(text)[1:-1])
    headers = {"content-type": "application/json", "authorization": f"Bearer {app_token}"}
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="https://localhost:8443") as http:
        answer = await http.request(method, path, content=content, headers=headers)
    if path.endswith("$batch"):
        assert answer.status_code in (200, 400), answer.text
        return
    assert answer.status_code == 400, (answer.status_code, answer.text)
    assert answer.json()["error"]["message"]


@ON_BOTH_DATABASES
@pytest.mark.parametrize("field", ["client_id", "username", "scope", "nonsense"])
async def test_a_form_with_such_a_text_is_refused(app: Application, field: str) -> None:
    form = {
        "grant_type": "password",
        "client_id": CLIENT,
        "username": "a@contoso.example",
        "password": "x",
        field: "\x00",
    }
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="https://localhost:8443") as http:
        for answer in (
            await http.post("/contoso/oauth2/v2.0/token", data=form),
            await http.get("/contoso/oauth2/v2.0/authorize", params=form),
        ):
            assert answer.status_code == 400, answer.text
            assert answer.json()["error_codes"] == [9002313]
