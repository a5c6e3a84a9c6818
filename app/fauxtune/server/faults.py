"""Faults of requests: those to other surfaces than Graph are struck here; connections are broken here for all.

Graph's own requests are struck where the items of a batch are known (`surfaces.graph.faults`). The control surface and
the console are never struck. Breaking a connection depends on uvicorn 0.54 (`receive` is a method of the request's
cycle, which has `transport` and `disconnected`), as `protocol` does. Imported where a tenant has faults.
"""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fauxtune.core.errors import FauxtuneError, Invalid
from fauxtune.core.faults.effects import Room, token_errors
from fauxtune.core.faults.matching import Occasion
from fauxtune.core.faults.rule import Kind
from fauxtune.core.model.addresses import Surface, surface_of, tenant_in
from fauxtune.core.model.network import BLOCKABLE, hosts_of
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.arrangement.times import put_forward
from fauxtune.operations.devices.caller import digest
from fauxtune.operations.runtime import fault_hits
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.live_faults import Hit, Look, TenantFaults
from fauxtune.operations.runtime.wire import Caller
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.rows.devices import EnrollmentRow
from fauxtune.surfaces.devices.client_certificate import caller_certificate
from fauxtune.surfaces.http import Refuse, bearer_token
from fauxtune.surfaces.identity.errors import Aadsts, ErrorCode
from fauxtune.surfaces.identity.request import read_form

HEADER = b"x-fauxtune-fault"
_DEVICES = (Surface.ANDROID, Surface.APPLE, Surface.WINDOWS, Surface.AGENT)
_TOKEN = re.compile(r"/[^/]+/oauth2/(v2\.0/)?token/?", re.IGNORECASE)
_CRL = re.compile(r"/pki/[^/]+/[^/]+/crl/?")
_SENTENCES = {
    401: "The credential has expired.",
    403: "This is not allowed.",
    404: "It was not found.",
    412: "The precondition does not hold.",
    429: "There were too many requests. Try again later.",
    500: "Something went wrong.",
    502: "The gateway got no proper answer.",
    503: "The service is not available at this moment.",
    504: "The gateway got no answer in time.",
}


class FaultyApp:
    """The application of a server with faults, for one request. `connection`: what uvicorn gave to receive
    with."""

    def __init__(self, app: ASGIApp, *, emulator: Emulator, refuse: Refuse, connection: Receive) -> None:
        self._app = app
        self._emulator = emulator
        self._refuse = refuse
        self._connection = connection

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: PLR0917 - ASGI
        """Answer one request, or break its connection."""
        surface = surface_of(scope["path"])
        if surface is None or surface is Surface.CONTROL:
            await self._app(scope, receive, send)
            return
        caller: Caller = scope["state"]["caller"]
        answer = _Answer(caller, send, connection=self._connection)
        if surface is Surface.GRAPH:
            await self._app(scope, receive, answer.send)
            return
        request = _Whole(scope, receive)
        tenant, look = await self._look(request, surface)
        hit = None
        if tenant is not None and look.hits:
            answer.ids = look.ids.encode()
            await asyncio.sleep(look.seconds)
            if look.jump:
                with suppress(Invalid):  # there is no time left
                    await put_forward(self._emulator, tenant, by=look.jump)
            hit = look.last
        if hit is None:
            await self._app(scope, request.receive, answer.send)
        else:
            await self._struck(request, answer, hit=hit)

    async def _look(self, request: _Whole, surface: Surface) -> tuple[Tenant | None, Look]:
        """Have the rules of the tenant look at the request, and write down what they did."""
        key, runner = tenant_in(request.scope["path"]), self._emulator.runner
        tenant = None
        if key is not None:
            with suppress(FauxtuneError):
                tenant = await runner.tenant(key)
        faults = None if tenant is None else self._emulator.faults.of(tenant.id)
        if tenant is None or faults is None:
            return None, Look()
        request.caller.tenant = tenant
        who = await self._who(request, surface, faults=faults, tenant=tenant)
        is_network = surface in BLOCKABLE and faults.acts([Room.NETWORK])
        request.application = who.application
        occasion = Occasion(
            surface=surface.value,
            method=request.scope["method"],
            path=request.scope["path"],
            devices=who.devices,
            users=who.users,
            application=who.application,
            hosts=await self._hosts(request, surface) if is_network else (),
        )
        rooms = [
            Room.REQUEST,
            *([Room.NETWORK] if is_network else []),
            *([Room.TOKEN] if _TOKEN.fullmatch(occasion.path) else []),
        ]
        kinds = [Kind.CRL_UNREACHABLE] if _CRL.fullmatch(occasion.path) else []
        caller = who.application or (who.enrollment.id if who.enrollment else request.client)
        now, at = runner.now(tenant), runner.computer_time()
        look = await faults.looked(occasion, now=now, at=at, who=caller, rooms=rooms, kinds=kinds)
        if look.counts:
            where = {"method": occasion.method, "path": occasion.path, "application": who.application}
            device = None if who.enrollment is None else who.enrollment.id
            await runner.run(tenant, fault_hits.note, look, where=where, device=device)
        return tenant, look

    async def _who(self, request: _Whole, surface: Surface, *, faults: TenantFaults, tenant: Tenant) -> _Who:
        """Return who sends the request, as far as a rule wants to know it."""
        read = self._emulator.runner.read
        if surface is Surface.IDENTITY and (faults.names_applications or faults.acts([Room.TOKEN])):
            with suppress(HTTPException):
                authorization = Request(request.scope).headers.get("authorization")
                return _Who(application=read_form(await request.body(), authorization).get("client_id", ""))
        if surface in _DEVICES and (faults.names_devices or faults.names_users):
            enrollment = await self._enrollment(request, surface, tenant=tenant)
            if enrollment is not None:
                devices = await read(fault_hits.device_names, tenant.id, key=enrollment.id)
                users = await read(fault_hits.user_names, tenant.id, key=enrollment.user_id)
                return _Who(enrollment=enrollment, devices=devices, users=users)
        return _Who()

    async def _hosts(self, request: _Whole, surface: Surface) -> tuple[str, ...]:
        """Return the hosts of the real service for which this address stands; a push service has the platform's."""
        platform = None
        if surface is Surface.PUSH:
            token = request.scope["path"].rstrip("/").rpartition("/")[2]
            row = await self._emulator.runner.read(device_queries.enrollment_by_push_token, token)
            platform = None if row is None else row.platform
        return hosts_of(surface, platform)

    async def _enrollment(self, request: _Whole, surface: Surface, *, tenant: Tenant) -> EnrollmentRow | None:
        """Return the enrolment whose credential the request brings."""
        head = Request(request.scope)
        if surface is Surface.ANDROID:
            credential = bearer_token(head).encode()
        else:
            certificate = None
            with suppress(FauxtuneError):
                proxies = self._emulator.trusted_proxies
                certificate = caller_certificate(head, await request.body(), proxies=proxies)
            credential = b"" if certificate is None else certificate.public_bytes(Encoding.DER)
        if not credential:
            return None
        row = await self._emulator.runner.read(device_queries.enrollment_by_credential, digest(credential))
        return row if row is not None and row.tenant_id == tenant.id else None

    async def _struck(self, request: _Whole, answer: _Answer, *, hit: Hit) -> None:
        """Answer a request that is struck."""
        effect, caller = hit.effect, request.caller
        caller.refusal = f"The fault {hit.rule_id}: {fault_hits.in_words(hit)}."
        if effect.kind in (Kind.EMPTY_ANSWER, Kind.HALF_BODY):
            caller.cut = "emptyAnswer" if effect.kind is Kind.EMPTY_ANSWER else "halfBody"
            await self._app(request.scope, request.receive, answer.send)
            return
        if effect.carried_out:
            await self._app(request.scope, request.receive, _unsent)
        if effect.kind in (Kind.CONNECTION_RESET, Kind.CRL_UNREACHABLE, Kind.NETWORK_BLOCKED):
            answer.reset()
            return
        response = await self._refuse(Request(request.scope), _error(hit, request))
        if hit.retry_header is not None:
            response.headers["retry-after"] = hit.retry_header
        await response(request.scope, request.receive, answer.send)


def _error(hit: Hit, request: _Whole) -> HTTPException:
    """Return the error that the surface writes in its own form."""
    effect = hit.effect
    if effect.kind is Kind.TOKEN_ERROR:
        word, number, status, sentence = token_errors()[effect.error or ""]
        tenant = tenant_in(request.scope["path"])
        message = sentence.format(application=request.application, tenant=tenant)
        return Aadsts(ErrorCode(word, number, status), message)
    status = effect.status or 500
    return HTTPException(status, _SENTENCES[status])


@dataclass(frozen=True, slots=True)
class _Who:
    """The sender of a request."""

    enrollment: EnrollmentRow | None = None
    devices: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()
    application: str = ""


class _Whole:
    """A request whose body can be read before the application reads it."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.scope = scope
        self.caller: Caller = scope["state"]["caller"]
        #: The client id in the form of a request for a token.
        self.application = ""
        self._receive = receive
        self._body: bytes | None = None

    @property
    def client(self) -> str:
        """The address of the peer."""
        client = self.scope.get("client")
        return "" if client is None else str(client[0])

    async def body(self) -> bytes:
        """Return the whole body; the application gets it in one piece."""
        if self._body is None:
            self._body = await Request(self.scope, self._receive).body()
        return self._body

    async def receive(self) -> Message:
        """Receive the next piece."""
        body, self._body = self._body, None
        return await self._receive() if body is None else {"type": "http.request", "body": body, "more_body": False}


class _Answer:
    """The answer on its way: marked with the faults that struck, and cut where one says so."""

    def __init__(self, caller: Caller, send: Send, *, connection: Receive) -> None:
        self.ids = b""
        self._caller = caller
        self._send = send
        self._connection = connection
        self._start: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        """Send a piece of the answer."""
        if message["type"] == "http.response.start" and self.ids:
            message["headers"] = [*message.get("headers", ()), (HEADER, self.ids)]
        if self._caller.cut is None:
            await self._send(message)
        elif message["type"] == "http.response.start":
            self._start = message
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._cut()

    async def _cut(self) -> None:
        start = self._start
        assert start is not None
        if self._caller.cut == "connectionReset":
            self.reset()
            return
        if self._caller.cut == "emptyAnswer":
            kept = [(name, value) for name, value in start["headers"] if name != b"content-length"]
            # RFC 9110 8.6: an answer that never has a body says nothing of its length.
            length = [] if start["status"] == 204 else [(b"content-length", b"0")]
            await self._send({**start, "headers": [*kept, *length]})
            await self._send({"type": "http.response.body", "body": b""})
            return
        await self._send(start)
        await self._send({"type": "http.response.body", "body": self._body[: len(self._body) // 2], "more_body": True})
        _end(self._connection, with_reset=False)

    def reset(self) -> None:
        """Reset the connection."""
        _end(self._connection, with_reset=True)


def _end(connection: Receive, *, with_reset: bool) -> None:
    """End a connection within an answer: by a reset, or by an end after what was sent."""
    cycle: Any = getattr(connection, "__self__", None)
    transport = getattr(cycle, "transport", None)
    if transport is None:
        raise ConnectionResetError("A fault of the tenant ends this connection.")
    if with_reset:
        raw = transport.get_extra_info("socket")
        if raw is not None:
            # Closing then discards what was not sent, and sends RST (POSIX: SO_LINGER).
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    else:
        transport.close()
    cycle.disconnected = True


async def _unsent(_message: Message) -> None:
    """Drop a piece of an answer that nobody gets."""
