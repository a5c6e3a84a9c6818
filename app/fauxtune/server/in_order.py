"""Serves the requests of deterministic tenants one after the other, with chance and time of the tenant. Imported when
there is such a tenant.

What only reads for an administrator (GET below the control surface, the console and its events) is outside of the
order, and leaves no trace in it. Everything else is an exchange of the tenant: it has the next number, is told to the
tenant's run, and what happens by itself, such as work that has become due, happens at its end. The clock ticks for
requests of clients and devices, but for those that wait for news.
"""

from __future__ import annotations

import json
import logging
import re
from base64 import b64encode, urlsafe_b64decode
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fauxtune.core import chance
from fauxtune.core.errors import FauxtuneError, NotFound
from fauxtune.core.model.addresses import Surface, surface_of, tenant_in
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.checkin.due import Watch
from fauxtune.operations.connectors import revocation
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.in_order import Exchange, being_served, body_document, present_exchange
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import tenants as queries

log = logging.getLogger(__name__)

_CONSOLE = re.compile(r"/console/(?P<tenant>[^/]+)(?:/|$)")
#: Those who record are no part of what is recorded.
_RECORDING = re.compile(r"/_fauxtune/v1/tenants/[^/]+/recording(/|$)")
#: Credentials of this server, not of the tenant: of its control surface, and of its console.
_OF_SERVER = frozenset({b"authorization", b"cookie"})
#: Requests of these surfaces do not move the clock: those of administrators, and those that wait for news. A moved
#: clock would answer the latter, so that they came again and again.
_STANDS = frozenset({None, Surface.CONTROL, Surface.PUSH, Surface.CONNECTOR})
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
#: Bytes of a body that is read before the request takes its turn, so that a slow sender holds up nobody.
_MOST = 4 * 1024 * 1024


class OrderedApp:
    """The application of a server with deterministic tenants."""

    def __init__(self, app: ASGIApp, *, emulator_of: Callable[[], Emulator]) -> None:
        self._app = app
        self._emulator_of = emulator_of
        self._watch = Watch()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: PLR0917 - ASGI
        """Answer one request, in its turn if it is one of a deterministic tenant."""
        emulator = self._emulator_of()
        tenant = await _tenant(scope, emulator)
        if tenant is None or tenant.deterministic is None or present_exchange() is not None:
            await self._app(scope, receive, send)
            return
        surface = surface_of(scope["path"])
        request = _Request(receive)
        await request.read()
        async with served(emulator, tenant, ticks=surface not in _STANDS) as exchange:
            if exchange is None:
                await self._app(scope, request.receive, send)
                return
            if surface is None:  # a form of the console holds secrets of this server
                exchange.note("left out", "the console has changed it. Use the command line, or Graph.")
            elif not request.is_whole:
                exchange.note("left out", f"a request had a body of more than {_MOST // 1024 // 1024} MiB.")
            else:
                exchange.note("request", _told(scope, request.body))
            answer = _Answer(send)
            try:
                await self._app(scope, request.receive, answer.send)
            finally:
                exchange.note("answer", answer.told())
            await self._happen(emulator, tenant)
        emulator.orders.bound()

    async def _happen(self, emulator: Emulator, tenant: Tenant) -> None:
        """Let happen what happens by itself: revocations of polling connectors, and what is due."""
        with suppress(NotFound):  # it was deleted
            current = await emulator.runner.tenant(tenant.id)
            await emulator.runner.run(current, revocation.carry_out)
            await self._watch.look_at(emulator, current)


async def _tenant(scope: Scope, emulator: Emulator) -> Tenant | None:
    """Return the tenant whose request this is; None for a request that is outside of every order."""
    path, runner = scope["path"], emulator.runner
    surface = surface_of(path)
    if surface in (Surface.CONTROL, None) and (scope["method"] in _READS or _RECORDING.match(path)):
        return None
    key = tenant_in(path)
    if surface is None and (page := _CONSOLE.match(path)):
        key = page["tenant"]
    if surface is Surface.GRAPH:
        key = _tenant_of_token(scope)
    if key is None:
        return None
    with suppress(FauxtuneError):
        return runner.known(key) or await runner.tenant(key)
    return None


@asynccontextmanager
async def served(emulator: Emulator, tenant: Tenant, *, ticks: bool) -> AsyncIterator[Exchange | None]:
    """Serve a request of a deterministic tenant in the block, when its turn comes. `ticks`: the tenant's clock moves by
    its tick. None: the tenant was deleted meanwhile.
    """
    runner, orders = emulator.runner, emulator.orders
    exchange = Exchange(orders.turns, tenant.id)
    if tenant.id not in orders.met and orders.turns.is_taken(tenant.id):
        orders.met.add(tenant.id)
        log.warning(
            "Requests to the deterministic tenant %s come at the same time: they are served one after the other, in "
            "the order in which they came.",
            tenant.name,
        )
    await exchange.take()
    try:
        number = await runner.run(tenant, _begin, ticks=ticks)
        current = runner.current(tenant)
        if number is None or current.deterministic is None:
            yield None
            return
        exchange.number, exchange.steps = number, orders.kept.get(tenant.id)
        names = (current.deterministic.number, tenant.id)
        work = chance.Repeatable(chance.Stream(*names, number), runner.now(current), names)
        with being_served(exchange), chance.repeatable(work):
            yield exchange
    finally:
        await exchange.give()


def _begin(tx: Transaction, *, ticks: bool) -> int | None:
    """Number the next exchange, and move the clock by its tick."""
    number = queries.number_exchange(tx.connection, tx.tenant.id)
    deterministic = tx.tenant.deterministic
    if number is not None and ticks and deterministic is not None and deterministic.tick:
        tenant = queries.tenant_to_change(tx.connection, tx.tenant.id) or tx.tenant
        tx.tenant = replace(tenant, clock=tenant.clock.advanced(deterministic.tick))
        queries.change_tenant(tx.connection, tx.tenant)
        tx.tenant_changed = True
    return number


def _tenant_of_token(scope: Scope) -> str | None:
    """Return the tenant that an access token names. The signature is checked by the surface."""
    for name, value in scope["headers"]:
        if name == b"authorization" and value[:7].lower() == b"bearer ":
            with suppress(ValueError, LookupError, TypeError, RecursionError):
                claims = value.split(b".")[1]
                return str(json.loads(urlsafe_b64decode(claims + b"=" * (-len(claims) % 4)))["tid"])
    return None


def _told(scope: Scope, body: bytes) -> JsonObject:
    """Return a request as it is kept. Credentials for this server's control surface are left out."""
    left_out = _OF_SERVER if surface_of(scope["path"]) is Surface.CONTROL else frozenset()
    tls = scope.get("extensions", {}).get("tls", {}).get("client_cert")
    return {
        "method": scope["method"],
        "scheme": scope["scheme"],
        "path": (scope.get("raw_path") or quote(scope["path"]).encode()).decode("latin-1"),
        "query": scope["query_string"].decode("latin-1"),
        "headers": _headers(header for header in scope["headers"] if header[0] not in left_out),
        "body": body_document(body),
        "client": list(scope.get("client") or ()),
        "server": list(scope.get("server") or ()),
        **({} if tls is None else {"clientCertificate": b64encode(tls).decode()}),
    }


def _headers(headers: Iterable[tuple[bytes, bytes]]) -> list[list[str]]:
    return [[name.decode("latin-1"), value.decode("latin-1")] for name, value in headers]


class _Answer:
    """An answer that is sent and kept."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message = {}
        self._body = bytearray()

    async def send(self, message: Message) -> None:
        """Send a piece."""
        if message["type"] == "http.response.start":
            self._start = message
        else:
            self._body += message.get("body", b"")
        await self._send(message)

    def told(self) -> JsonObject:
        """Return the answer as it is kept; `status` is null where the connection ended without one."""
        return {
            "status": self._start.get("status"),
            "headers": _headers(self._start.get("headers", ())),
            "body": body_document(bytes(self._body)),
        }


class _Request:
    """A request whose body is read before the application reads it, unless it is long."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._read: list[Message] = []
        self._cycle: Any = getattr(receive, "__self__", None)
        #: The body, as far as it was read, and whether that is all of it.
        self.body = b""
        self.is_whole = False

    @property
    def transport(self) -> Any:
        """The connection, as `server.faults` looks for it where it breaks one."""
        return getattr(self._cycle, "transport", None)

    @property
    def disconnected(self) -> bool:
        """Whether the connection has ended; likewise."""
        return bool(getattr(self._cycle, "disconnected", False))

    @disconnected.setter
    def disconnected(self, value: bool) -> None:
        self._cycle.disconnected = value

    async def read(self) -> None:
        """Read the body, or its first bytes."""
        while len(self.body) <= _MOST:
            message = await self._receive()
            self._read.append(message)
            self.body += message.get("body", b"")
            if message["type"] != "http.request" or not message.get("more_body", False):
                self.is_whole = True
                return

    async def receive(self) -> Message:
        """Receive the next piece."""
        return self._read.pop(0) if self._read else await self._receive()
