"""What a running emulator holds from start to end: its folder, its database, its pool of keys, its first tenant.

Everything is released in the opposite order, however the server ends.
"""

from __future__ import annotations

import asyncio
import ctypes
import errno
import logging
import os
import socket
import stat
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from fauxtune.connector.keypool import KeyPool
from fauxtune.core.errors import DatabaseUnavailable, NotFound, Unavailable
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.checkin.due import Watch
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.wire import PLACES
from fauxtune.server import StartRefused, bootstrap, lock
from fauxtune.server.bootstrap import Environment, SeedReader
from fauxtune.server.neighbours import Answerer, Neighbours, bring_up_to_date
from fauxtune.server.readiness import ReadinessGate
from fauxtune.settings import Settings
from fauxtune.storage import migrate
from fauxtune.storage.database import Database, sqlite_file, sqlite_url
from fauxtune.storage.process_lock import Ownership, owned
from fauxtune.storage.queries import certificates as certificate_queries
from fauxtune.storage.queries import tenants as tenant_queries

if TYPE_CHECKING:
    from fauxtune.operations.directory.subscriptions import Deliveries

#: A polling connector looks every 30 seconds of the tenant's time; a revocation waits hardly longer.
_POLL_SECONDS = 5.0
_WATCH_SECONDS = 3.0
SQLITE_FILE = "fauxtune.sqlite"
#: Of glibc's mallopt: M_ARENA_MAX, M_MMAP_THRESHOLD and M_TRIM_THRESHOLD; the last two in bytes.
_HEAPS = {-8: 2, -3: 128 * 1024, -1: 1024 * 1024}
#: Errors of a disk that accepts no more data.
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}

log = logging.getLogger(__name__)


def bound_heaps() -> None:
    """Let the C library have two heaps, and give large blocks back to the system at once. Without that each thread has
    a heap of its own, which keeps the most that it ever needed: a server with mixed work grew by 100 MiB and more of
    which nothing was in use. Only glibc can be told so (mallopt(3)); the processes that are forked have it, too.
    """
    if sys.platform == "linux":
        library = ctypes.CDLL(None)
        for option, value in _HEAPS.items():
            with suppress(AttributeError):
                library.mallopt(option, value)


def check(settings: Settings) -> None:
    """Raise StartRefused for settings that would lose data, or give strangers access."""
    if settings.ephemeral and settings.database_url is not None:
        raise StartRefused(
            "--ephemeral and --database-url cannot be used together: the private keys would be deleted at the end, and "
            "the database would still name them. Leave one of them out."
        )
    if settings.ephemeral and "data_dir" in settings.given:
        raise StartRefused(
            "--ephemeral and --data-dir (FAUXTUNE_DATA_DIR) cannot be used together: the first keeps no data, the "
            "second names the folder for it. Leave one of them out."
        )
    if settings.deterministic is not None and (settings.shares_database or settings.seed == "none"):
        other = "--seed none" if settings.seed == "none" else "--workers or --shared"
        raise StartRefused(
            f"--deterministic and {other} cannot be used together: it is for the first tenant, whose requests one "
            "process serves in their order."
        )
    if settings.shares_database and sqlite_url_or_none(settings):
        raise StartRefused(
            f"{'--shared' if settings.shared else '--workers'} needs PostgreSQL: a SQLite file belongs to one process. "
            "Give --database-url postgresql+psycopg://user@host/name; `fauxtune tenant export` and `import` bring a "
            "tenant there."
        )
    if not settings.is_loopback and settings.control_token is None:
        raise StartRefused(
            f"--host {settings.host} can be reached from other machines, and the control surface under /_fauxtune/v1 "
            "gives enrolment tokens and certificates to every caller. Set FAUXTUNE_CONTROL_TOKEN to a secret, or "
            "listen on localhost."
        )
    _check_ports(settings)


def _check_ports(settings: Settings) -> None:
    """Raise StartRefused if two listeners have the same port (0 takes a free one)."""
    options = {"--port": settings.port, "--http-port": settings.http_port}
    if settings.intercept:
        options["--proxy-port"] = settings.proxy_port
    if settings.mail:
        options |= {f"--mail-port {kind}": number for kind, number in settings.mail_port.items()}
    taken: dict[int, str] = {}
    for option, port in options.items():
        if port != 0 and port in taken:
            raise StartRefused(
                f"{taken[port]} and {option} are both {port}, but each needs a port of its own: change one of them."
            )
        taken[port] = option


def sqlite_url_or_none(settings: Settings) -> bool:
    """Whether the database is a SQLite file."""
    return settings.database_url is None or settings.database_url.startswith("sqlite")


def receivers(settings: Settings) -> frozenset[str]:
    """Return the hosts that receivers of notifications may have. A server that other machines reach calls this one only
    if it is told to: its clients are others, and a server that listens only to this machine trusts whoever is on it.
    """
    return frozenset(settings.notification_hosts) | ({"localhost"} if settings.is_loopback else set())


def ignored(settings: Settings) -> Iterator[str]:
    """Name the options that are given and have no effect without another one."""
    needs = {"proxy_port": ("--intercept", settings.intercept)}
    needs["mail_port"] = ("--mail", settings.mail)
    needs["client_certificate_header"] = ("--trusted-proxy", bool(settings.trusted_proxy))
    needs["name"] = ("a --host for other machines", not settings.is_loopback)
    for name, (other, is_given) in needs.items():
        if name in settings.given and not is_given:
            yield f"--{name.replace('_', '-')} (FAUXTUNE_{name.upper()}) has no effect without {other}."


@contextmanager
def data_folder(settings: Settings) -> Iterator[Path]:
    """Lock the data folder, or make a temporary one that is deleted at the end (--ephemeral)."""
    location = Path(tempfile.gettempdir()) if settings.ephemeral else settings.data_dir.absolute()
    try:
        with (_temporary_folder if settings.ephemeral else _locked_folder)(location) as folder:
            yield folder
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        raise StartRefused(f"The data folder {location} cannot be written: {error.strerror}.") from None


@contextmanager
def _temporary_folder(parent: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="fauxtune-", dir=parent, ignore_cleanup_errors=True) as name:
        yield Path(name)


@contextmanager
def _locked_folder(folder: Path) -> Iterator[Path]:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StartRefused(f"The data folder {folder} cannot be created: {error.strerror}.") from None
    with lock.held(folder / "lock", what=f"The data folder {folder}"):
        yield folder


def open_to_others(settings: Settings, folder: Path) -> list[str]:
    """Return warnings if other users of this machine can read the data folder or the database."""
    warnings = []
    for path in (folder, database_file(settings, folder)):
        mode = 0 if path is None else stat.S_IMODE(path.stat().st_mode)
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            warnings.append(f"{path} is open to other users of this machine (mode {mode:04o}): chmod go-rwx {path}")
    return warnings


def database_file(settings: Settings, folder: Path) -> Path | None:
    """Return the file of the database; None for PostgreSQL."""
    return sqlite_file(_database_url(settings, folder))


def _database_url(settings: Settings, folder: Path) -> str:
    url = settings.database_url or sqlite_url(folder / SQLITE_FILE)
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            url = f"postgresql+psycopg://{url.removeprefix(prefix)}"
    return url


def _reserve(file: Path) -> None:
    """Create the database's file so that only its owner can read it; SQLite would let everybody. The files that SQLite
    puts beside it get the same mode. An existing file keeps its mode.
    """
    try:
        os.close(os.open(file, os.O_CREAT | os.O_WRONLY, 0o600))
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise
        raise StartRefused(f"The database {file} cannot be opened: {error.strerror}.") from None


@contextmanager
def database(settings: Settings, folder: Path, *, migrated: bool = True) -> Iterator[tuple[Database, Ownership]]:
    """Open and lock the database; with `migrated`, bring its schema up to date. Blocks."""
    url = _database_url(settings, folder)
    file = sqlite_file(url)
    with ExitStack() as held:
        if file is not None:
            # Also for a file in the locked data folder: --database-url of another server may name it.
            held.enter_context(lock.held(file.with_name(f"{file.name}.lock"), what=f"The database {file}"))
            _reserve(file)
        opened = Database(url, shared=settings.shares_database)
        held.callback(opened.close)
        ownership = held.enter_context(owned(opened, owner=f"process {os.getpid()} on {socket.gethostname()}"))
        if migrated and opened.is_shared:
            bring_up_to_date(opened, ownership)
        elif migrated:
            migrate.upgrade(opened)
        yield opened, ownership


@asynccontextmanager
async def running_emulator(
    settings: Settings, folder: Path, *, around: Environment, seed: SeedReader | None, readiness: ReadinessGate
) -> AsyncIterator[tuple[Emulator, Ownership, Tenant | None]]:
    """Yield the emulator, the lock on its database for `watched`, and the tenant that an empty database got: that of
    `seed`, without the seed's further parts.
    """
    with ExitStack() as held, ExitStack() as starting:
        opened, ownership = await asyncio.to_thread(held.enter_context, database(settings, folder))
        readiness.done("database")
        pool = KeyPool(settings.key_pool_size, threads=settings.key_threads)
        held.callback(pool.stop)
        if opened.is_shared:
            await asyncio.to_thread(starting.enter_context, ownership.starting())
        emulator = await asyncio.to_thread(bootstrap.assemble, opened, folder, around=around, key_source=pool)
        for workers in (emulator.workers, emulator.openers, emulator.readers):
            held.callback(workers.end)
        pool.start()
        readiness.done("keyPool")
        first: Tenant | None = None
        is_empty = not await emulator.runner.read(tenant_queries.all_tenants)
        if settings.deterministic is not None and not is_empty:
            raise StartRefused(
                "--deterministic is for an empty database, and this one has tenants: name another --data-dir, or leave "
                "it out. `fauxtune tenant create NAME --deterministic N` makes a further tenant."
            )
        if seed is not None and is_empty:
            first = await bootstrap.seed_tenant(emulator, seed(), number=settings.deterministic)
        if bootstrap.needs_own_secrets(settings, seed=seed):
            await bootstrap.use_own_secrets(emulator)
        await bootstrap.admit_devices(emulator)
        if opened.is_shared:
            await asyncio.to_thread(starting.close)
        async with polling(emulator), notifying(emulator):
            yield emulator, ownership, first


async def watched(emulator: Emulator, ownership: Ownership, *, every: float = _WATCH_SECONDS) -> NoReturn:
    """Check every few seconds that this process still holds the lock on the database. A lost lock is taken again, and
    all caches are dropped. Raises Conflict if another process has it: two would not see each other's changes.
    """
    while True:
        await asyncio.sleep(every)
        with suppress(Unavailable):  # meanwhile requests are answered 503, and the log has a line
            if await asyncio.to_thread(ownership.keep):
                await bootstrap.read_again(emulator)
                log.warning("The connection that locks the database was lost; the database is locked again.")


@asynccontextmanager
async def among_several(
    emulator: Emulator, ownership: Ownership, *, answerers: Mapping[str, Answerer]
) -> AsyncIterator[Neighbours]:
    """Take a place among the processes that share the database, lead if nobody else does, and hear the others while the
    block runs. `answerers`: what answers their questions, by topic.
    """

    emulator.leads = await asyncio.to_thread(ownership.lead)
    await _take_place(emulator, ownership)
    neighbours = Neighbours(emulator, sender=emulator.runner.ids.uuid(), answerers=answerers)
    async with neighbours.heard():
        yield neighbours


async def watched_among_several(
    emulator: Emulator,
    ownership: Ownership,
    *,
    neighbours: Neighbours,
    leader_changed: Callable[[], Awaitable[None]],
    every: float = _WATCH_SECONDS,
) -> NoReturn:
    """Do what `watched` does for a process that shares the database, and lead if nobody else does; `leader_changed` is
    called when it begins or ceases to lead. Raises Superseded if a newer version of the program is about to change the
    schema, Conflict if it has.
    """
    while True:
        with suppress(Unavailable):
            if await asyncio.to_thread(ownership.keep):
                await emulator.runner.read(migrate.is_current)
                await _take_place(emulator, ownership)
                log.warning("The connection to the database was lost, and is there again.")
            leads = await asyncio.to_thread(ownership.lead)
            if leads is not emulator.leads:
                emulator.leads = leads
                if leads:
                    log.info("This process leads: from now on it does what happens by time alone.")
                await leader_changed()
            if leads:
                emulator.signals.notify()
        await neighbours.pause(every)


async def _take_place(emulator: Emulator, ownership: Ownership) -> None:
    place = await asyncio.to_thread(ownership.place, of=PLACES)
    emulator.wire.place = emulator.wire.place or 0 if place is None else place


@asynccontextmanager
async def polling(emulator: Emulator, *, every: float = _POLL_SECONDS) -> AsyncIterator[None]:
    """Let the polling connectors inside the server look for certificates to revoke, and settle what time alone
    changes: no request makes them do it.
    """

    async def look() -> None:
        watch: Watch | None = None
        while True:
            await asyncio.sleep(every)
            if not emulator.leads:
                continue
            with suppress(DatabaseUnavailable):  # the next round tries again
                for tenant_id in await emulator.runner.read(certificate_queries.tenants_with_asked_revocations):
                    # Here, for an idle server has no revocations.
                    from fauxtune.operations.connectors import revocation

                    if tenant_id in emulator.orders.tenants:  # after each of its requests: `server.in_order`
                        continue
                    with suppress(NotFound):  # the tenant was deleted meanwhile
                        await emulator.runner.run(await emulator.runner.tenant(tenant_id), revocation.carry_out)
                watch = watch or Watch()
                await watch.look(emulator)

    async with _beside(look()):
        yield


@asynccontextmanager
async def notifying(emulator: Emulator) -> AsyncIterator[None]:
    """Deliver change notifications while there are subscriptions; without any this waits and does nothing."""

    async def deliver() -> None:
        deliveries: Deliveries | None = None
        while True:
            calls, seconds = emulator.signals.notification_calls, None
            if emulator.leads and emulator.runner.tracking.subscribed:
                if deliveries is None:
                    # Here, for most servers have no subscription.
                    from fauxtune.operations.directory.subscriptions import Deliveries as Delivering

                    deliveries = Delivering(emulator)
                try:
                    seconds = await deliveries.round()
                except DatabaseUnavailable:
                    seconds = _POLL_SECONDS
            await emulator.signals.wait_for_notifications(after=calls, seconds=seconds)

    async with _beside(deliver()):
        yield


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Do work that ends with the block."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
