"""The life of a server: ports, TLS, listeners, emulator, the announcement that it is ready, and the end by a signal."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import signal
import ssl
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from starlette.types import ASGIApp

from fauxtune.core.model.tenants import Edition, Tenant
from fauxtune.operations.runtime import wire_across
from fauxtune.operations.runtime.emulator import Addresses, Emulator, TrustedProxies
from fauxtune.operations.runtime.wire import Bounds
from fauxtune.server import bootstrap, intercept, lifespan, names, tls
from fauxtune.server import readiness as endpoints
from fauxtune.server.device_host import TOPIC as device_host_topic  # noqa: N811
from fauxtune.server.device_host import ChildDeviceHost, SharedDeviceHost
from fauxtune.server.factory import Application
from fauxtune.server.founding import founder
from fauxtune.server.intercept import Interceptor
from fauxtune.server.listening import (
    ConnectionLimit,
    Listener,
    Port,
    allow_many_connections,
    bind,
    most_connections,
)
from fauxtune.server.neighbours import Answerer
from fauxtune.server.readiness import Endpoints, ReadinessGate
from fauxtune.server.system import SystemClock, SystemIds
from fauxtune.settings import Settings
from fauxtune.storage.process_lock import Ownership
from fauxtune.storage.queries import applications as application_queries
from fauxtune.storage.queries import tenants as tenant_queries

if sys.platform != "win32":
    import uvloop

#: New objects after which the collector looks for garbage: Python's own 700 mostly belong to requests under way.
_NEW_OBJECTS = 20_000


@dataclass(frozen=True, slots=True)
class Ready:
    """What is announced when the server is ready. `edition` is that of the tenant whose credentials `endpoints` has."""

    endpoints: Endpoints
    data_dir: Path
    edition: Edition | None = None
    warnings: tuple[str, ...] = ()
    intercepted: tuple[str, ...] = ()

    def line(self) -> bytes:
        """Return it as a line of JSON, from which `of` makes it."""
        return json.dumps({**asdict(self), "data_dir": str(self.data_dir)}).encode()

    @classmethod
    def of(cls, line: bytes) -> Ready:
        """Return what another process has announced."""
        announced = json.loads(line)
        known = announced.pop("endpoints")
        mail = tuple((kind, url) for kind, url in known.pop("mail"))
        return cls(
            Endpoints(**known, mail=mail),
            Path(announced["data_dir"]),
            edition=None if announced["edition"] is None else Edition(announced["edition"]),
            warnings=tuple(announced["warnings"]),
            intercepted=tuple(announced["intercepted"]),
        )


Announce = Callable[[Ready], None]
Founded = Callable[[], Awaitable[None]]


def run(settings: Settings, announce: Announce) -> None:
    """Serve in one process until SIGINT or SIGTERM. Raises StartRefused or an error of the core if it cannot start."""
    prepare(settings)
    with (
        lifespan.data_folder(settings) as folder,
        open_ports(settings) as ports,
        founder(settings, folder, addresses=_addresses(settings, ports)) as child,
    ):
        run_loop(lambda: _serve(ports, folder, settings=settings, announce=announce, founded=child.ended))


def prepare(settings: Settings) -> None:
    """Check the settings, and set the limits of this process. Raises StartRefused for settings that cannot be."""
    lifespan.check(settings)
    lifespan.bound_heaps()
    allow_many_connections()


def run_loop(life: Callable[[], Awaitable[None]]) -> None:
    """Run the event loop of a server until SIGINT or SIGTERM, or until its life ends."""
    # While the connector's threads compute, the event loop waits for its turn: 1 ms, not Python's 5.
    sys.setswitchinterval(0.001)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_until_stopped(life))


async def _until_stopped(life: Callable[[], Awaitable[None]]) -> None:
    task = asyncio.ensure_future(life())
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def serve(settings: Settings, announce: Announce) -> None:
    """Serve until the task is cancelled. Raises as `run`."""
    with lifespan.data_folder(settings) as folder, open_ports(settings) as ports:
        await _serve(ports, folder, settings=settings, announce=announce)


async def _serve(
    ports: Ports, folder: Path, *, settings: Settings, announce: Announce, founded: Founded | None = None
) -> None:
    endpoints.remove(folder)

    def announced(ready: Ready) -> None:
        endpoints.write(folder, ready.endpoints)
        announce(ready)

    forget = partial(endpoints.remove, folder)
    await serve_at(ports, folder, settings=settings, announce=announced, forget=forget, founded=founded)


async def serve_at(
    ports: Ports,
    folder: Path,
    *,
    settings: Settings,
    announce: Announce,
    forget: Callable[[], None] = lambda: None,
    leave: asyncio.Event | None = None,
    founded: Founded | None = None,
) -> None:
    """Serve at these ports until the task is cancelled, or until it is to `leave`: then clients are let go first.
    `forget` is called when the server is ready no more; `founded` waits for a child that does a part of a first start.
    """
    seed = bootstrap.chosen_seed(settings)
    place = _place(ports, folder, settings=settings)
    listeners, readiness = place.listeners, place.readiness
    try:
        # A worker takes no connection that another one could serve by now.
        if settings.workers == 1:
            await place.listen()
        if founded is not None:
            await founded()
        starting = lifespan.running_emulator(settings, place.home, around=place.around, seed=seed, readiness=readiness)
        async with starting as (emulator, ownership, first), contextlib.AsyncExitStack() as held:
            hosted = emulator.device_host = _device_host(emulator, place.home, settings=settings)
            app = Application(emulator)
            readiness.open(app, database=emulator.runner.database)
            try:
                watch = partial(lifespan.watched, emulator, ownership)
                if isinstance(hosted, SharedDeviceHost):
                    watch = await _among_several(emulator, ownership, hosted=hosted, held=held)
                if ports.proxy is not None:
                    interceptor = _interceptor(intercepting_app(app, emulator), ports.proxy, place=place)
                    await interceptor.start()
                    listeners.append(interceptor)
                if ports.mail:
                    await held.enter_async_context(_mail(emulator, ports.mail, files=place.files))
                # The devices of a seed need the listeners. (A worker takes no connection that another one could serve.)
                if settings.workers > 1:
                    await place.listen()
                await bootstrap.fill_tenant(emulator, first, seed=seed)
                await bootstrap.remove_left(emulator)
                readiness.done("tenant")
                ready = await _ready(emulator, folder, proxy=ports.proxy, settings=settings)
                # What the start has loaded stays: the collector need not look at it again.
                gc.freeze()
                gc.set_threshold(_NEW_OBJECTS)
                gc.enable()
                announce(ready)
                await hosted.resume()
                await _first_of(watch(), (leave or asyncio.Event()).wait())
                emulator.signals.hear_all()  # who waits comes again, to another process
                await asyncio.gather(*(listener.drain() for listener in listeners))
            finally:
                forget()
                await hosted.close()
                await _stop(listeners)
    finally:
        await _stop(listeners)


@dataclass(frozen=True, slots=True)
class _Place:
    """What a server has before its emulator. `home`: the folder of keys and contents, which processes may share."""

    home: Path
    files: tls.TlsFiles
    contexts: dict[str, ssl.SSLContext]
    around: bootstrap.Environment
    limit: ConnectionLimit
    readiness: ReadinessGate
    listeners: list[Listener]
    main: tuple[Listener, ...]

    async def listen(self) -> None:
        """Accept connections, for HTTPS and HTTP."""
        for listener in self.main:
            await listener.start()
        self.readiness.done("listeners")


def _place(ports: Ports, folder: Path, *, settings: Settings) -> _Place:
    clock, ids = SystemClock(), SystemIds()
    home = folder if settings.shared is None else settings.shared.absolute()
    readiness = ReadinessGate(names.server_id(home, ids))
    roots = home / "tls" if settings.shares_database else None
    files = tls.prepare(folder / "tls", roots=roots, names=names.certified_names(settings), now=clock.now(), ids=ids)
    context = tls.AcceptingContext(files, client_certificates=settings.client_certificates)
    limit = ConnectionLimit(most_connections())
    main = (
        Listener(readiness, ports.https, context=context, limit=limit, headers=readiness.headers),
        Listener(readiness, ports.http, limit=limit, headers=readiness.headers),
    )
    return _Place(
        home,
        files,
        {} if ports.proxy is None else intercept.contexts(files, now=clock.now(), ids=ids),
        _environment(
            settings, ports, clock=clock, ids=ids, files=files, context=context, server_id=readiness.server_id
        ),
        limit,
        readiness,
        listeners=list(main),
        main=main,
    )


async def _first_of(*works: Coroutine[Any, Any, object]) -> None:
    """Wait for the first of these to end; raise what it raises, and cancel the others."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in ended:
            await task
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _environment(
    settings: Settings,
    ports: Ports,
    *,
    clock: SystemClock,
    ids: SystemIds,
    files: tls.TlsFiles,
    context: tls.AcceptingContext,
    server_id: str,
) -> bootstrap.Environment:
    """Return the surroundings of the emulator."""
    return bootstrap.Environment(
        clock=clock,
        ids=ids,
        addresses=_addresses(settings, ports),
        server_id=server_id,
        arc_tokens=settings.arc_tokens,
        ca_file=str(files.ca),
        control_token=settings.control_token,
        edition=settings.edition,
        labs=settings.labs,
        permissions=settings.permissions,
        wire=Bounds(exchanges=settings.wire_exchanges),
        notification_hosts=lifespan.receivers(settings),
        trusted_proxies=TrustedProxies(settings.trusted_proxy, settings.client_certificate_header),
        admit_device_authority=context.admit,
        dismiss_device_authority=context.dismiss,
    )


def _device_host(emulator: Emulator, home: Path, *, settings: Settings) -> ChildDeviceHost:
    """The host of simulated devices; with --ephemeral it keeps them in memory."""
    folder = None if settings.ephemeral else home / "devices"
    if settings.shares_database:
        assert folder is not None
        return SharedDeviceHost(emulator, folder=folder)
    return ChildDeviceHost(server=emulator.addresses.https, ca_file=emulator.ca_file, folder=folder)


async def _among_several(
    emulator: Emulator, ownership: Ownership, *, hosted: SharedDeviceHost, held: contextlib.AsyncExitStack
) -> partial[Coroutine[Any, Any, NoReturn]]:
    """Join the processes that share the database, and answer their questions; return what watches over that."""
    answerers: dict[str, Answerer] = {
        wire_across.READ: partial(wire_across.answer_read, emulator),
        wire_across.DROP: partial(wire_across.answer_drop, emulator),
        device_host_topic: hosted.carry_out,
    }
    among = lifespan.among_several(emulator, ownership, answerers=answerers)
    neighbours = await held.enter_async_context(among)
    return partial(
        lifespan.watched_among_several,
        emulator,
        ownership,
        neighbours=neighbours,
        leader_changed=hosted.change_leader,
    )


async def _stop(listeners: list[Listener]) -> None:
    await asyncio.gather(*(listener.stop() for listener in listeners))


def _interceptor(app: ASGIApp, proxy: Port, *, place: _Place) -> Interceptor:
    headers = place.readiness.headers
    return Interceptor(app, proxy, contexts=place.contexts, limit=place.limit, headers=headers)


def intercepting_app(app: ASGIApp, emulator: Emulator) -> ASGIApp:
    """Return the application for intercepted requests.

    Links in its answers are on the host that the client called, never on --public-url. No peer counts as a trusted
    proxy: all come from this machine, where a real one may run.
    """
    addresses = replace(emulator.addresses, public_url=None)
    if (addresses, TrustedProxies()) == (emulator.addresses, emulator.trusted_proxies):
        return app
    return Application(replace(emulator, addresses=addresses, trusted_proxies=TrustedProxies()))


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of a server, bound before anything else."""

    https: Port
    http: Port
    proxy: Port | None
    mail: dict[str, Port]


@contextlib.contextmanager
def open_ports(settings: Settings) -> Iterator[Ports]:
    """Bind the ports. Raises StartRefused."""
    with contextlib.ExitStack() as held:

        def bound(host: str, number: int, *, option: str) -> Port:
            port = bind(host, number, option=option)
            held.callback(port.close)
            return port

        yield Ports(
            https=bound(settings.host, settings.port, option="--port"),
            http=bound(settings.host, settings.http_port, option="--http-port"),
            # For this machine only, whatever --host is: it answers under the names of other servers.
            proxy=bound("localhost", settings.proxy_port, option="--proxy-port") if settings.intercept else None,
            mail={
                kind: bound("localhost", number, option=f"--mail-port {kind}=NUMBER")
                for kind, number in (settings.mail_port if settings.mail else {}).items()
            },
        )


@contextlib.asynccontextmanager
async def _mail(emulator: Emulator, ports: dict[str, Port], *, files: tls.TlsFiles) -> AsyncIterator[None]:
    """Serve mail programs. What that takes is imported here: nobody else pays for it."""
    from fauxtune.server.mail import MailListeners

    listeners = MailListeners(emulator, ports, files=files)
    await listeners.start()
    try:
        yield
    finally:
        await listeners.stop()


async def _ready(emulator: Emulator, folder: Path, *, proxy: Port | None, settings: Settings) -> Ready:
    edition = _chosen_edition(settings)
    tenants = await emulator.runner.read(tenant_queries.all_tenants)
    addresses = emulator.addresses
    warnings = (*lifespan.ignored(settings), *lifespan.open_to_others(settings, folder))
    warnings += tuple(
        f"The certificates of tenant {tenant.name} name {tenant.public_http_url} for CRL and OCSP; this start serves "
        f"{addresses.public_http_url}. Start with --public-http-url {tenant.public_http_url}, or make a new tenant."
        for tenant in tenants
        if tenant.public_http_url != addresses.public_http_url
    ) + tuple(
        f"The tenant {tenant.name} keeps its edition, {tenant.edition}; --edition {edition} is for new tenants. "
        f'To change it: PATCH /_fauxtune/v1/tenants/{tenant.name} {{"settings": {{"edition": "{edition}"}}}}.'
        for tenant in tenants
        if edition not in (None, tenant.edition)
    )
    credentials = await _credentials(emulator, tenants[0]) if tenants else {}
    document = Endpoints(
        server_id=emulator.server_id,
        https=addresses.https,
        http=addresses.http,
        ca_file=emulator.ca_file,
        data_dir=str(folder),
        trust=names.trust_page(settings, addresses),
        proxy=None if proxy is None else f"http://localhost:{proxy.number}",
        mail=addresses.mail,
        **credentials,
    )
    return Ready(
        document,
        folder,
        edition=tenants[0].edition if tenants else None,
        warnings=warnings,
        intercepted=() if proxy is None else intercept.HOSTS,
    )


async def _credentials(emulator: Emulator, tenant: Tenant) -> dict[str, str | None]:
    application = await emulator.runner.read(application_queries.first_application, tenant.id)
    return {
        "tenant": tenant.name,
        "tenant_id": tenant.id,
        "client_id": None if application is None else application.client_id,
        "client_secret": None if application is None else application.secret,
        "user_password": emulator.runner.people_password,
    }


def _chosen_edition(settings: Settings) -> Edition | None:
    """The edition that the command line or the environment names, if any."""
    return settings.edition if "edition" in settings.given else None


def _addresses(settings: Settings, ports: Ports) -> Addresses:
    host, https, http = names.reachable(settings.host), ports.https.number, ports.http.number
    return Addresses(
        https=f"https://{host}:{https}",
        http=f"http://{host}:{http}",
        public_http_url=(settings.public_http_url or f"http://{names.own_name(settings)}:{http}").rstrip("/"),
        public_url=None if settings.public_url is None else settings.public_url.rstrip("/"),
        names=names.answering_names(settings),
        mail=tuple((kind, f"{kind}://localhost:{port.number}") for kind, port in ports.mail.items()),
    )


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes the event loop that a server runs in; None: Python's own."""
    if sys.platform == "win32":
        return None
    return uvloop.new_event_loop
