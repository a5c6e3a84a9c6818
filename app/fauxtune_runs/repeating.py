"""Repeats a run: a server in this process that nothing can reach makes the tenant again and is sent the same requests.

No device runs and nothing is called. What a request waited for outside of the tenant (a device's work, a signal, a
receiver) is told by the run, at the moment at which the recorded request went on.
"""

from __future__ import annotations

import asyncio
import hashlib
from base64 import b64decode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import unquote

import orjson
from starlette.types import ASGIApp, Message, Scope

from fauxtune.connector.keypool import KeyPool
from fauxtune.core import errors
from fauxtune.core.clock import from_iso
from fauxtune.core.errors import FauxtuneError, Invalid
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.tenants import Edition, Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.runtime.emulator import Addresses, Emulator
from fauxtune.operations.runtime.in_order import Exchange, body_of
from fauxtune.operations.runtime.wire import Bounds
from fauxtune.operations.tenants import creation
from fauxtune.operations.tenants.seeds import parse_seed
from fauxtune.operations.tenants.state_document import export_tenant
from fauxtune.server import bootstrap, lifespan
from fauxtune.server.device_host import ChildDeviceHost
from fauxtune.server.factory import Application
from fauxtune.server.system import SystemClock, SystemIds
from fauxtune.settings import Settings
from fauxtune_runs.run import Headers, RecordedRequest, RecordedServer, RecordedStep, RecordedWait, Run

T = TypeVar("T")

#: Seconds after which an exchange that neither ends nor waits, as the recorded one did, is given up.
_PATIENCE = 60.0


class Deviation(Exception):
    """A repeated exchange waits where the recorded one was answered, or the other way round."""

    def __init__(self, exchange: int, message: str) -> None:
        super().__init__(message)
        self.exchange = exchange
        self.message = message


@dataclass(slots=True)
class Repeated:
    """The steps of a tenant that are repeated: `in_order.Steps`. What an exchange waits for is told by `go_on`."""

    waits: dict[int, int] = field(default_factory=dict)
    answers: dict[int, JsonObject] = field(default_factory=dict)
    #: Who waits: by exchange and number of the wait.
    _parked: dict[tuple[int, int], asyncio.Future[Any]] = field(default_factory=dict)
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, exchange: int, kind: str, content: Any = None) -> None:  # noqa: PLR0917 - see `in_order.Steps`
        """Take note of a step."""
        if kind == "waits":
            self.waits[exchange] = content
        elif kind == "answer":
            self.answers[exchange] = content
        self.moved.set()

    async def outside(self, exchange: Exchange, call: int, wait: Callable[[], Awaitable[T]]) -> T:  # noqa: PLR0917 - see `in_order.Steps`
        """Return what the recorded wait returned, when the run says that it went on."""
        future = self._parked[exchange.number, call] = asyncio.get_running_loop().create_future()
        end: RecordedWait = await future
        exchange.elapsed = end.seconds
        if end.error is None:
            return cast("T", end.result)
        kind = getattr(errors, end.error.type, Invalid)
        if not (isinstance(kind, type) and issubclass(kind, FauxtuneError)):
            kind = Invalid
        raise kind(end.error.message, target=end.error.target)

    def go_on(self, step: RecordedStep) -> None:
        """Let an exchange go on."""
        end = step.goes_on
        assert end is not None
        future = self._parked.pop((step.exchange, end.call), None)
        if future is None:
            raise Deviation(step.exchange, "it does not wait where the recorded one did")
        future.set_result(end)


@dataclass(slots=True)
class Repetition:
    """A server with the tenant of a run. `sent`: exchanges that have begun; `compared`: bytes of answers."""

    emulator: Emulator
    application: ASGIApp
    tenant: Tenant
    steps: Repeated

    async def play(
        self, run: Run, *, until: int | None, answered: Callable[[int, RecordedRequest, JsonObject, JsonObject], None]
    ) -> None:
        """Send the requests of the run in their order, up to the `until`-th. `answered` is told each exchange: its
        number, request, recorded answer and this one. Raises Deviation.
        """
        tasks: dict[int, asyncio.Task[None]] = {}
        requests: dict[int, RecordedRequest] = {}
        last = run.exchanges if until is None else until
        try:
            for step in run.steps:
                number = step.exchange
                if number > last:
                    continue
                if step.request is not None:
                    requests[number] = step.request
                    tasks[number] = asyncio.create_task(_send(self.application, step.request))
                elif step.waits is not None:
                    await self._until_it_waits(number, step.waits, task=tasks[number])
                elif step.goes_on is not None:
                    self.steps.go_on(step)
                elif step.answer is not None:
                    await self._until_it_ends(number, task=tasks.pop(number))
                    recorded = step.answer.model_dump(mode="json")
                    answered(number, requests.pop(number), recorded, self.steps.answers.pop(number))
        finally:
            for task in tasks.values():
                task.cancel()
            await asyncio.gather(*tasks.values(), return_exceptions=True)

    async def end(self) -> tuple[JsonObject, JsonObject]:
        """Return the end of the run as it is here, and the export with keys."""
        exported = await export_tenant(self.emulator, self.tenant, with_keys=True)
        plain = await export_tenant(self.emulator, self.tenant, with_keys=False)
        end = {"sha256": hashlib.sha256(exported).hexdigest(), "export": orjson.loads(plain)}
        return end, orjson.loads(exported)

    async def _until_it_waits(self, number: int, call: int, *, task: asyncio.Task[None]) -> None:
        while self.steps.waits.get(number, 0) < call:
            await self._moved(number, task)
            if task.done() and self.steps.waits.get(number, 0) < call:
                raise Deviation(number, "it was answered, and the recorded one waited for something")

    async def _until_it_ends(self, number: int, *, task: asyncio.Task[None]) -> None:
        waits = self.steps.waits.get(number, 0)
        while not task.done():
            await self._moved(number, task)
            if self.steps.waits.get(number, 0) > waits:
                raise Deviation(number, "it waits for something, and the recorded one was answered")
        task.result()
        if number not in self.steps.answers:
            raise Deviation(number, "it is no exchange of the tenant here: its token or its path was not understood")

    async def _moved(self, number: int, task: asyncio.Task[None]) -> None:
        self.steps.moved.clear()
        moved = asyncio.create_task(self.steps.moved.wait())
        done, _ = await asyncio.wait({moved, task}, timeout=_PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        moved.cancel()
        if not done:
            raise Deviation(number, f"it has neither been answered nor waits after {_PATIENCE:g} seconds")


@asynccontextmanager
async def repetition(run: Run, folder: Path, *, database_url: str | None = None) -> AsyncIterator[Repetition]:
    """Yield a server in this process with the tenant of the run as it was made, in this folder. Raises Invalid if the
    tenant cannot be made.
    """
    settings = Settings(data_dir=folder, database_url=database_url, seed="none", published_secrets=True)
    authority = folder / "authority.pem"
    authority.write_text(run.server.certificate_authority, encoding="ascii")
    around = bootstrap.Environment(
        clock=SystemClock(),
        ids=SystemIds(),
        addresses=_addresses(run.server),
        ca_file=str(authority),
        permissions=run.server.permissions,
        # What is recorded for people to look at belongs to a server that they can reach.
        wire=Bounds(exchanges=0),
    )
    with ExitStack() as held:
        held.enter_context(lifespan.data_folder(settings))
        database, _ = await asyncio.to_thread(held.enter_context, lifespan.database(settings, folder))
        pool = KeyPool(1)
        emulator = await asyncio.to_thread(bootstrap.assemble, database, folder, around=around, key_source=pool)
        for workers in (emulator.workers, emulator.openers, emulator.readers):
            held.callback(workers.end)
        emulator.device_host = ChildDeviceHost(server="", ca_file="", folder=None)
        tenant = await _made(emulator, run)
        steps = emulator.orders.kept[TenantId(tenant.id)] = Repeated()
        yield Repetition(emulator, Application(emulator), tenant, steps)


async def _made(emulator: Emulator, run: Run) -> Tenant:
    begun = run.tenant
    tenant = await creation.found_tenant(
        emulator,
        parse_seed(begun.seed),
        name=begun.name,
        domain=begun.domain,
        edition=Edition(begun.edition),
        deterministic=creation.Beginning(begun.number, from_iso(begun.at), timedelta(seconds=begun.tick), begun.place),
    )
    if tenant.id != begun.id:
        raise Invalid(f"The tenant of number {begun.number} has another id here: the run is damaged at tenant.id.")
    return tenant


def _addresses(server: RecordedServer) -> Addresses:
    return Addresses(
        https=server.https,
        http=server.http,
        public_http_url=server.public_http_url,
        public_url=server.public_url,
        names=None if server.names is None else frozenset(server.names),
    )


async def _send(application: ASGIApp, request: RecordedRequest) -> None:
    """Send a request as the listener would."""
    pieces: list[Message] = [{"type": "http.request", "body": body_of(request.body), "more_body": False}]

    async def receive() -> Message:
        if pieces:
            return pieces.pop()
        stays: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        return await stays  # the client does

    async def send(_message: Message) -> None:
        """The answer is noted by the order of the tenant."""

    tls = request.client_certificate
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.scheme,
        "path": unquote(request.path),
        "raw_path": request.path.encode("latin-1"),
        "query_string": request.query.encode("latin-1"),
        "root_path": "",
        "headers": _pairs(request.headers),
        "client": tuple(request.client) or None,
        "server": tuple(request.server) or None,
        "extensions": {} if tls is None else {"tls": {"client_cert": b64decode(tls)}},
        "state": {},
    }
    try:
        await application(scope, receive, send)
    except ConnectionResetError:
        """A fault of the tenant ended the connection, as in the run."""


def _pairs(headers: Headers) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
