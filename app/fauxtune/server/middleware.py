"""The middleware of all surfaces: limits, the request's id, and refusals, also the one of a defect.

The surface that owns the path writes the refusal, so that a client of Graph reads Graph's envelope even if its body was
never read. Pure ASGI: Starlette's BaseHTTPMiddleware would cost more than half of the throughput.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Mapping
from time import perf_counter

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fauxtune.core.model.addresses import SERVER, host_in, is_answered
from fauxtune.core.model.ids import IdSource
from fauxtune.internals.uvicorn_protocol import HEAD_LIMIT, MOST_HEADERS
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.wire import KEPT, Caller, Headers, Wire, extended
from fauxtune.storage.contents import MOST_OF_ONE
from fauxtune.surfaces.http import Refuse, is_refusal

# Which requests are recorded for the window on the wire, and where.
#
# Not recorded: pages for people and probes, and the window itself, so that a reader does not see its own reading.

#: Returns the recorder of the application, which tests replace.
WireOf = Callable[[], Wire]

#: Where a path begins that may be left out, and which then is.
_SUSPECTS = ("/console", "/docs", "/favicon.ico", "/livez", "/readyz", "/_fauxtune/v1/")
_LEFT_OUT = re.compile(r"/(?:console|docs|favicon\.ico|livez|readyz|_fauxtune/v1/(?:tenants/[^/]+/)?wire)(?:/|$)")


def recorder(scope: Scope, wire_of: WireOf | None) -> Wire | None:
    """Return what records this request; None if it is not to be recorded."""
    if wire_of is None:
        return None
    wire, path = wire_of(), scope["path"]
    if not wire.is_on or path == "/" or (path.startswith(_SUSPECTS) and _LEFT_OUT.match(path)):
        return None
    return wire


BODY_LIMIT = 4 * 1024 * 1024
#: The document of a tenant is larger than any other body: one of 50 devices has 2 MiB, one of 1,000 devices some 30.
#: It is parsed after the check of access, and takes some ten times its size in memory.
IMPORT_LIMIT = 32 * 1024 * 1024
#: Contents of apps come in blocks, or whole; the surface writes them to disk piece by piece.
_CONTENTS = "/blobs/"
_IMPORT = ("/_fauxtune/v1/tenants/", "/import")

_SERVER = SERVER.lower().encode()
_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

#: In seconds (RFC 9110 10.2.3).
_RETRY_LATER = (b"retry-after", b"1")

log = logging.getLogger(__name__)


class Guard:
    """The outermost layer of the application. The request's id is `request.state.request_id`, and a header."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        refuse: Refuse,
        ids: IdSource,
        names: frozenset[str] | None = None,
        server_id: str = "",
        wire_of: WireOf | None = None,
        emulator_of: Callable[[], Emulator] | None = None,
    ) -> None:
        """`names`: the hosts under which requests are answered (None: all). This refuses web pages whose owner lets
        their name point to this address (DNS rebinding). `server_id`: the only one that requests may ask for (empty:
        any). `wire_of`: where exchanges are recorded. `emulator_of`: whose faults strike requests.
        """
        self._app = app
        self._refuse = refuse
        self._ids = ids
        self._names = names
        self._server_id = server_id
        self._wire_of = wire_of
        self._emulator_of = emulator_of
        self._ordered: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: PLR0917 - ASGI
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif self._emulator_of is not None and self._emulator_of().orders.tenants:
            self._ordered = self._ordered or _in_order(self._serve, self._emulator_of)
            await self._ordered(scope, receive, send)
        else:
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: PLR0917 - ASGI
        wire = recorder(scope, self._wire_of)
        exchange = _Exchange(scope, receive, send=send, request_id=self._ids.uuid(), wire=wire)
        try:
            exchange.check_head()
            if self._names is not None:
                exchange.check_host(self._names)
            exchange.check_server(self._server_id)
            app = self._app
            if self._emulator_of is not None and (emulator := self._emulator_of()).faults.is_on:
                app = _faulty(app, emulator, refuse=self._refuse, connection=receive)
            await app(scope, exchange.receive, exchange.send)
        except ClientDisconnect:
            return  # the client has closed the connection; nothing is broken
        except (Exception, asyncio.CancelledError) as error:
            refusal = _refusal(exchange, error)
            if exchange.started:
                raise  # the connection breaks: the client must not take half an answer for a whole one
            response = await self._refuse(Request(scope), refusal)
            response.headers.update(_headers_of(refusal))
            await response(scope, exchange.receive, exchange.send)
        finally:
            await exchange.record()


def _in_order(app: ASGIApp, emulator_of: Callable[[], Emulator]) -> ASGIApp:
    """Return the application that serves the requests of deterministic tenants one after the other, which is imported
    with the first of them.
    """
    from fauxtune.server.in_order import OrderedApp

    return OrderedApp(app, emulator_of=emulator_of)


def _faulty(app: ASGIApp, emulator: Emulator, *, refuse: Refuse, connection: Receive) -> ASGIApp:
    """Return the application with the faults of tenants, which is imported at the first one."""
    from fauxtune.server.faults import FaultyApp

    return FaultyApp(app, emulator=emulator, refuse=refuse, connection=connection)


def _refusal(exchange: _Exchange, error: Exception | asyncio.CancelledError) -> Exception:
    if isinstance(error, asyncio.CancelledError):
        # Only a stopping server cancels requests, such as long polls; clients send them again.
        return HTTPException(503, "The server is stopping.", {"connection": "close"})
    if is_refusal(error):
        return error
    scope, request_id = exchange.scope, exchange.request_id
    log.error("Request %s (%s %s) failed", request_id, scope["method"], scope["path"], exc_info=error)
    return HTTPException(500, f"Something went wrong inside the emulator; its log has the details under {request_id}.")


def _headers_of(refusal: Exception) -> Mapping[str, str]:
    """Return the headers that a refusal adds to the answer."""
    return (refusal.headers or {}) if isinstance(refusal, HTTPException) else {}


def _limit_of(path: str) -> int:
    """Return how many bytes the body of a request may have."""
    if path.startswith(_CONTENTS):
        return MOST_OF_ONE
    return IMPORT_LIMIT if path.endswith(_IMPORT[1]) and path.startswith(_IMPORT[0]) else BODY_LIMIT


class _Exchange:
    """A request in progress: limits the size of its body, adds headers to its answer, and is recorded with it."""

    def __init__(self, scope: Scope, receive: Receive, *, send: Send, request_id: str, wire: Wire | None) -> None:
        self.scope = scope
        self.request_id = request_id
        self.started = False
        self._receive = receive
        self._send = send
        self._received = self._sent = 0
        self._host: list[bytes] = []
        self._wanted: list[bytes] = []
        path: str = scope["path"]
        self._limit = _limit_of(path)
        self._caller = Caller()
        #: Where the exchange is still to be recorded.
        self._wire = wire
        state = scope.setdefault("state", {})
        state["request_id"], state["caller"] = request_id, self._caller
        if wire is not None:
            self._began, self._begun = wire.runner.computer_time(), perf_counter()
            self._status: int | None = None
            self._headers: Headers = []
            self._request = self._response = b""

    async def record(self) -> None:
        """Record the exchange, which has ended, once."""
        wire, self._wire = self._wire, None
        if wire is None:
            return
        scope = self.scope
        if self._caller.tenant is None:
            await wire.find_tenant(self._caller, scope["path"])
        sent = (
            scope.get("raw_path") or scope["path"].encode(),
            scope["query_string"],
            scope["method"],
            scope["scheme"],
            self.request_id,
            perf_counter() - self._begun,
            scope["headers"],
            self._request,
            self._received,
            self._status,
            self._headers,
            self._response,
            self._sent,
        )
        wire.record(self._caller, self._began, sent=sent)

    def check_head(self) -> None:
        """Raise HTTPException for a head that is too long, or a body whose Content-Length is too large."""
        if len(self.scope["headers"]) > MOST_HEADERS:
            raise HTTPException(431, f"A request must have at most {MOST_HEADERS} headers.")
        size = len(self.scope.get("raw_path") or b"") + len(self.scope["query_string"])
        for name, value in self.scope["headers"]:
            size += len(name) + len(value) + 4
            if name == b"host":
                self._host.append(value)
            if name == _SERVER:
                self._wanted.append(value)
            if name == b"content-length":
                if not value.isdigit():
                    raise HTTPException(400, "Content-Length must be a number.")
                if int(value) > self._limit:
                    waits = any(header == b"expect" for header, _ in self.scope["headers"])
                    # A client that waits for "100 Continue" has sent nothing yet. All others are still sending: the
                    # connection stays open and the rest is read and dropped, else they would see a reset instead.
                    raise HTTPException(413, self._too_long(), {"connection": "close"} if waits else None)
        if size > HEAD_LIMIT:
            raise HTTPException(431, f"Request line and headers must be below {HEAD_LIMIT // 1024} KiB.")

    def check_host(self, names: frozenset[str]) -> None:
        """Raise HTTPException for a request under another name (RFC 9110 15.5.20). /pki/, to which certificates point,
        is answered under every name. (A request without a Host header does not come from a browser.)
        """
        for value in self._host:
            name = host_in(value.decode("latin-1"))
            if not is_answered(name, names) and not self.scope["path"].startswith("/pki/"):
                # What is no host name is not repeated: it may be markup.
                says = f"This server is not called '{name[:253]}'" if name else "The Host header has no name of a host"
                raise HTTPException(
                    421,
                    f"{says}. It answers under localhost; to call it by another name, start it with --public-url, or "
                    "with --host and --name.",
                )

    def check_server(self, server_id: str) -> None:
        """Raise HTTPException for a request that another server is to answer (RFC 9110 15.5.20): its program takes this
        one for the other, whose published secret is the same. An empty id refuses nothing.
        """
        for value in self._wanted:
            wanted = value.decode("latin-1").strip()
            if server_id and wanted.lower() != server_id:
                other = wanted if _ID.fullmatch(wanted) else "one whose id is no GUID"
                raise HTTPException(
                    421, f"This is the server {server_id}; the request's {SERVER} header asks for another, {other}."
                )

    def _too_long(self) -> str:
        return f"The request body must not be larger than {self._limit // 1024 // 1024} MiB."

    async def receive(self) -> Message:
        """Receive the next piece. Raises HTTPException if a body without a length becomes too long."""
        message = await self._receive()
        body = message.get("body", b"")
        self._received += len(body)
        if body and self._wire is not None:
            self._request = extended(self._request, body) if self._request else body[:KEPT]
        if self._received > self._limit:
            raise HTTPException(413, self._too_long())
        return message

    async def send(self, message: Message) -> None:
        """Send a piece of the answer; add the request's id unless the surface did, and Retry-After to a 503."""
        if message["type"] == "http.response.start":
            self.started = True
            message["headers"] = headers = list(message.get("headers", ()))
            names = [name for name, _ in headers]
            if b"request-id" not in names:
                headers.append((b"request-id", self.request_id.encode()))
            if message["status"] == 503 and b"retry-after" not in names and b"x-fauxtune-fault" not in names:
                headers.append(_RETRY_LATER)
            self._status, self._headers = int(message["status"]), headers
        elif self._wire is not None:
            body = message.get("body", b"")
            self._sent += len(body)
            self._response = extended(self._response, body) if self._response else body[:KEPT]
            if not message.get("more_body", False):
                # Before the client has the whole answer: it may look for the exchange at once, in another process.
                await self.record()
        await self._send(message)
