"""The ASGI application of Graph: token, path, query, then one handler; and every refusal in Graph's envelope.

Rules: Graph's REST conventions (headers, envelope), OData JSON format 4.01 for the content type.
"""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from fauxtune.core.errors import FauxtuneError, NotAllowed, Unauthenticated
from fauxtune.core.odata.paths import Match
from fauxtune.core.odata.query import QueryOptions
from fauxtune.core.odata.schema import Version
from fauxtune.operations.access import Caller
from fauxtune.operations.emulator import Emulator
from fauxtune.surfaces.graph import errors
from fauxtune.surfaces.graph.call import Answer, Call, Handler
from fauxtune.surfaces.graph.routes import TABLES

CONTENT_TYPE = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
#: Paths that Graph words the refusals of: its versions, and what looks like another one.
PATHS = re.compile(r"/(beta|v\d+(\.\d+)?)(/|$)", re.IGNORECASE)
#: Graph's own application, which Entra ID names when it refuses a token.
_GRAPH_APPLICATION = "00000003-0000-0000-c000-000000000000"


async def graph(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: PLR0917 - ASGI
    """One request below `/v1.0` or `/beta`."""
    request = Request(scope, receive)
    try:
        response = _respond(request, await _answer(request))
    except FauxtuneError as error:
        response = refuse(request, error)
    await response(scope, receive, send)


def refuse(request: Request, error: Exception) -> Response:
    """The refusal in Graph's envelope."""
    emulator: Emulator = request.app.state.emulator
    version, path = _version_and_path(request)
    if isinstance(error, HTTPException) and error.status_code == HTTPStatus.NOT_FOUND:
        error = HTTPException(404, _why_nothing(request.url.path))
    intune = path.strip("/").lower().startswith("devicemanagement")
    document = errors.document_of(
        error,
        intune=intune,
        at=emulator.runner.clock.now(),
        request_id=request.state.request_id,
        client_request_id=_client_request_id(request),
        url=f"{_origin(request)}/{version.value}{path}",
    )
    answer = Answer(errors.status_of(error, intune=intune), document)
    response = _respond(request, answer)
    if isinstance(error, Unauthenticated):
        response.headers["www-authenticate"] = (
            f'Bearer realm="", authorization_uri="{_origin(request)}/common/oauth2/authorize", '
            f'client_id="{_GRAPH_APPLICATION}"'
        )
    return response


async def _answer(request: Request) -> Answer:
    emulator: Emulator = request.app.state.emulator
    caller = _caller(request, emulator)
    tenant = await _tenant_of(emulator, caller)
    version, path = _version_and_path(request)
    match = TABLES[version].match(request.method, path)
    _check(match, caller=caller)
    raw_query = request.scope["query_string"].decode("ascii", "replace")
    call = Call(
        emulator=emulator,
        tenant=tenant,
        caller=caller,
        version=version,
        root=f"{_origin(request)}/{version.value}",
        path=path,
        keys=match.keys,
        cast=match.cast,
        query=QueryOptions.parse(raw_query),
        raw_query=raw_query,
        headers=request.headers,
        content=await request.body(),
    )
    return await match.route.handler(call)


def _caller(request: Request, emulator: Emulator) -> Caller:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise Unauthenticated("Access token is empty.")
    return emulator.tokens.check(token.strip())


async def _tenant_of(emulator: Emulator, caller: Caller) -> Any:
    try:
        return await emulator.runner.tenant(caller.tenant_id)
    except FauxtuneError:
        raise Unauthenticated(f"The tenant '{caller.tenant_id}' of the access token does not exist.") from None


def _check(match: Match[Handler], *, caller: Caller) -> None:
    needed = match.route.permissions
    # Users are judged by what the directory lets them do; this emulator's users are all administrators.
    if needed and caller.user_id is None and not caller.permissions & set(needed):
        raise NotAllowed(
            "Insufficient privileges to complete the operation. The application needs one of these permissions: "
            f"{', '.join(needed)}."
        )


def _why_nothing(path: str) -> str:
    """What gets past the mounts: a version that does not exist, or a version alone."""
    version = path.split("/")[1]
    if version in set(Version):
        return f"Nothing is served at {path}: name a resource, such as /{version}/users."
    return f"Invalid version: {version}. There are v1.0 and beta."


def _version_and_path(request: Request) -> tuple[Version, str]:
    raw = request.scope.get("raw_path") or request.scope["path"].encode()
    _, _, rest = raw.decode("ascii", "replace").partition("/")
    version, _, path = rest.partition("/")
    return (Version.V1 if version.lower() == "v1.0" else Version.BETA), f"/{path}"


def _origin(request: Request) -> str:
    emulator: Emulator = request.app.state.emulator
    return emulator.addresses.public_url or f"{request.url.scheme}://{request.url.netloc}"


def _client_request_id(request: Request) -> str:
    given = request.headers.get("client-request-id")
    return given if given else str(request.state.request_id)


def _respond(request: Request, answer: Answer) -> Response:
    content, media = b"", None
    if answer.document is not None:
        content, media = orjson.dumps(answer.document), CONTENT_TYPE
    elif answer.text is not None:
        content, media = answer.text.encode(), "text/plain"
    response = Response(content, answer.status, media_type=None)
    if media is not None:
        response.headers["content-type"] = media
    if answer.status == HTTPStatus.NO_CONTENT:
        del response.headers["content-length"]
    diagnostic = {"ServerInfo": {"DataCenter": "Emulator", "Slice": "E", "Ring": "1", "RoleInstance": "FAUXTUNE"}}
    response.headers.update(
        {
            "cache-control": "no-cache",
            "odata-version": "4.0",
            "request-id": request.state.request_id,
            "client-request-id": _client_request_id(request),
            "x-ms-ags-diagnostic": json.dumps(diagnostic),
            **answer.headers,
        }
    )
    return response
