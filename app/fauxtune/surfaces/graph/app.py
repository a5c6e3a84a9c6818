"""The ASGI application of Graph: it identifies the caller, has the message answered, and adds the headers.

Rules: Graph's REST conventions (headers, envelope), OData JSON format 4.01 for the content type.
"""

from __future__ import annotations

import json
from dataclasses import replace
from http import HTTPStatus

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from fauxtune.core.errors import FauxtuneError, NotFound, Unauthenticated
from fauxtune.core.model.addresses import GRAPH
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime.access_tokens import Principal
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.surfaces.graph.call import Answer, Message, Sender
from fauxtune.surfaces.graph.dispatch import answer, version_and_path
from fauxtune.surfaces.graph.errors import envelope
from fauxtune.surfaces.graph.routes import DESCRIPTION
from fauxtune.surfaces.http import bearer_token, caller_of, emulator_of, note_refusal, origin

CONTENT_TYPE = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
_DIAGNOSTIC = json.dumps(
    {"ServerInfo": {"DataCenter": "Emulator", "Slice": "E", "Ring": "1", "RoleInstance": "FAUXTUNE"}}
)


async def application(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: PLR0917 - ASGI
    """Answer one request. The table of routes knows the paths."""
    request = Request(scope, receive)
    try:
        response = _respond(request, await _answer(request))
    except FauxtuneError as error:
        note_refusal(request, error)
        response = refuse(request, error)
    await response(scope, receive, send)


def refuse(request: Request, error: Exception) -> Response:
    """Return the refusal in Graph's envelope."""
    emulator = emulator_of(request)
    if isinstance(error, HTTPException) and error.status_code == HTTPStatus.NOT_FOUND:
        version = request.url.path.strip("/").partition("/")[0]
        error = HTTPException(404, f"Invalid version: {version}. There are v1.0 and beta.")
    refusal = envelope(
        error,
        message=_message(request, b""),
        emulator=emulator,
        origin=origin(request),
        request_id=request.state.request_id,
    )
    response = _respond(request, refusal)
    if isinstance(error, Unauthenticated):
        response.headers["www-authenticate"] = (
            f'Bearer realm="", authorization_uri="{origin(request)}/common/oauth2/authorize", client_id="{GRAPH}"'
        )
    return response


async def _answer(request: Request) -> Answer:
    emulator, own = emulator_of(request), origin(request)
    message = _message(request, b"")
    public = DESCRIPTION.described(message, root=f"{own}/{message.version.value}")
    if public is not None:
        return public
    principal = _caller(request, emulator)
    caller = caller_of(request)
    caller.application, caller.user, caller.permissions = principal.client_id, principal.user_id, principal.permissions
    tenant = caller.tenant = await _tenant_of(emulator, principal)
    await emulator.tokens.check_application(principal, runner=emulator.runner)
    sender = Sender(
        emulator,
        tenant,
        principal=principal,
        origin=own,
        request_id=request.state.request_id,
        caller=caller,
        is_on_the_wire=True,
    )
    return await answer(replace(message, content=await request.body()), sender)


def _message(request: Request, content: bytes) -> Message:
    raw = request.scope.get("raw_path") or request.scope["path"].encode()
    version, organization, path = version_and_path(raw.decode("ascii", "replace"))
    query = request.scope["query_string"].decode("ascii", "replace")
    return Message(
        request.method,
        version,
        path=path,
        raw_query=query,
        headers=request.headers,
        content=content,
        organization=organization,
    )


def _caller(request: Request, emulator: Emulator) -> Principal:
    token = bearer_token(request)
    if not token:
        raise Unauthenticated("Access token is empty.")
    return emulator.tokens.check(token, hosts=lambda: emulator.addresses.hosts_with(origin(request)))


async def _tenant_of(emulator: Emulator, principal: Principal) -> Tenant:
    try:
        return await emulator.runner.tenant(principal.tenant_id)
    except NotFound:
        raise Unauthenticated(f"The tenant '{principal.tenant_id}' of the access token does not exist.") from None


def _client_request_id(request: Request) -> str:
    request_id = request.headers.get("client-request-id")
    return request_id if request_id else str(request.state.request_id)


def _respond(request: Request, reply: Answer) -> Response:
    headers = {
        "cache-control": "no-cache",
        "odata-version": "4.0",
        "request-id": request.state.request_id,
        "client-request-id": _client_request_id(request),
        "x-ms-ags-diagnostic": _DIAGNOSTIC,
        **reply.headers,
    }
    content = b""
    if reply.written is not None or reply.document is not None:
        content = orjson.dumps(reply.document) if reply.written is None else reply.written
        headers["content-type"] = CONTENT_TYPE
    elif reply.text is not None:
        content = reply.text.encode()
        headers["content-type"] = reply.media
    return Response(content, reply.status, headers=headers)
