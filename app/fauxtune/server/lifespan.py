"""What a running emulator holds from start to end: its folder, its database, its keys being made, its first tenant.

Everything taken here goes back in the opposite order, however the server ends.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
import stat
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from fauxtune.connector.keypool import KeyPool
from fauxtune.core.errors import DatabaseUnavailable, NotFound, Unavailable
from fauxtune.operations.connectors import revocation
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.tenants.seeds import Seed
from fauxtune.server import bootstrap, lock
from fauxtune.server.bootstrap import Environment
from fauxtune.server.readiness import FrontDoor
from fauxtune.server.refusal import StartRefused
from fauxtune.settings import Settings
from fauxtune.storage import migrate
from fauxtune.storage.database import Database, sqlite_file, sqlite_url
from fauxtune.storage.process_lock import Ownership, owned
from fauxtune.storage.queries import certificates as certificate_queries
from fauxtune.storage.queries import tenants as tenant_queries

#: A polling connector looks every 30 seconds of the tenant's time; nobody waits much longer than that.
_POLL_SECONDS = 5.0
_WATCH_SECONDS = 3.0
SQLITE_FILE = "fauxtune.sqlite"
#: Why a disk takes no more.
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}

log = logging.getLogger(__name__)


def check(settings: Settings) -> None:
    """StartRefused for a start that would lose data or open the door to strangers."""
    if settings.ephemeral and settings.database_url is not None:
        raise StartRefused(
            "--ephemeral and --database-url exclude each other: the private keys would be gone at exit and the "
            "database would still name them. Leave one of them out."
        )
    if settings.ephemeral and "data_dir" in settings.model_fields_set:
        raise StartRefused(
            "--ephemeral and --data-dir (FAUXTUNE_DATA_DIR) exclude each other: the one keeps nothing, the other says "
            "where to keep it. Leave one of them out."
        )
    if not settings.is_loopback and settings.control_token is None:
        raise StartRefused(
            f"--host {settings.host} can be reached from other machines, and the control surface under /_fauxtune/v1 "
            "hands out enrolment tokens and certificates to whoever asks. Set FAUXTUNE_CONTROL_TOKEN to a secret, or "
            "listen on localhost."
        )
    _check_ports(settings)


def _check_ports(settings: Settings) -> None:
    """Each listener needs a port of its own; 0 takes a free one."""
    options = {"--port": settings.port, "--http-port": settings.http_port}
    if settings.intercept:
        options["--proxy-port"] = settings.proxy_port
    taken: dict[int, str] = {}
    for option, port in options.items():
        if port != 0 and port in taken:
            raise StartRefused(
                f"{taken[port]} and {option} are both {port}; each needs a port of its own. Change one of them."
            )
        taken[port] = option


@contextmanager
def data_folder(settings: Settings) -> Iterator[Path]:
    """The data folder, held against other processes; with --ephemeral a temporary one that goes at the end."""
    place = Path(tempfile.gettempdir()) if settings.ephemeral else settings.data_dir.absolute()
    try:
        with (_temporary_folder if settings.ephemeral else _kept_folder)(place) as folder:
            yield folder
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        raise StartRefused(f"The data folder {place} cannot be written: {error.strerror}.") from None


@contextmanager
def _temporary_folder(parent: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="fauxtune-", dir=parent, ignore_cleanup_errors=True) as name:
        yield Path(name)


@contextmanager
def _kept_folder(folder: Path) -> Iterator[Path]:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StartRefused(f"The data folder {folder} cannot be made: {error.strerror}.") from None
    with lock.held(folder / "lock", what=f"The data folder {folder}"):
        yield folder


def open_to_others(settings: Settings, folder: Path) -> list[str]:
    """What to tell people when others on this machine may look into the data folder or the database."""
    found = []
    for path in (folder, sqlite_file(_database_url(settings, folder))):
        mode = 0 if path is None else stat.S_IMODE(path.stat().st_mode)
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            found.append(f"{path} is open to other users of this machine (mode {mode:04o}): chmod go-rwx {path}")
    return found


def _database_url(settings: Settings, folder: Path) -> str:
    url = settings.database_url or sqlite_url(folder / SQLITE_FILE)
    for short in ("postgresql://", "postgres://"):
        if url.startswith(short):
            url = f"postgresql+psycopg://{url.removeprefix(short)}"
    return url


def _reserve(file: Path) -> None:
    """Make the database's file, for its owner alone: SQLite would let everybody read it. The files that SQLite puts
    beside it have the same mode. One that is there keeps the mode that its owner gave it.
    """
    try:
        os.close(os.open(file, os.O_CREAT | os.O_WRONLY, 0o600))
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise
        raise StartRefused(f"The database {file} cannot be opened: {error.strerror}.") from None


@contextmanager
def database(settings: Settings, folder: Path, *, migrated: bool = True) -> Iterator[tuple[Database, Ownership]]:
    """The database, its schema brought up to date unless told otherwise, and the right to use it alone. Blocks."""
    url = _database_url(settings, folder)
    file = sqlite_file(url)
    with ExitStack() as held:
        if file is not None:
            # Also for the one in the data folder, which another server may be told by its address.
            held.enter_context(lock.held(file.with_name(f"{file.name}.lock"), what=f"The database {file}"))
            _reserve(file)
        opened = Database(url)
        held.callback(opened.close)
        ownership = held.enter_context(owned(opened, owner=f"process {os.getpid()} on {socket.gethostname()}"))
        if migrated:
            migrate.upgrade(opened)
        yield opened, ownership


@asynccontextmanager
async def emulator(
    settings: Settings, folder: Path, *, around: Environment, seed: Seed | None, door: FrontDoor
) -> AsyncIterator[tuple[Emulator, Ownership]]:
    """The emulator, with a tenant if the database has one or `seed` says how to make one; and what `watched` needs."""
    with ExitStack() as held:
        opened, ownership = await asyncio.to_thread(held.enter_context, database(settings, folder))
        door.done("database")
        pool = KeyPool(settings.key_pool_size, threads=settings.key_pool_threads)
        held.callback(pool.stop)
        made = await asyncio.to_thread(bootstrap.assemble, opened, folder, around=around, key_source=pool)
        pool.start()
        door.done("keyPool")
        if seed is not None and not await made.runner.read(tenant_queries.all_tenants):
            await bootstrap.seed_tenant(made, seed)
        await bootstrap.admit_devices(made)
        door.done("tenant")
        async with polling(made):
            yield made, ownership


async def watched(made: Emulator, ownership: Ownership, *, every: float = _WATCH_SECONDS) -> NoReturn:
    """Look every few seconds whether the database is still ours. One that was lost is taken again, and whatever was
    remembered of it is forgotten. Conflict when another process has it now: two would not see each other's changes.
    """
    while True:
        await asyncio.sleep(every)
        with suppress(Unavailable):  # requests in the meantime are answered 503, and the log has a line
            if await asyncio.to_thread(ownership.keep):
                made.forget()
                log.warning("The connection that owns the database was lost; the database is owned again.")


@asynccontextmanager
async def polling(made: Emulator, *, every: float = _POLL_SECONDS) -> AsyncIterator[None]:
    """Connectors inside the server that poll look for certificates to revoke: nothing else brings them to it."""

    async def look() -> None:
        while True:
            await asyncio.sleep(every)
            with suppress(DatabaseUnavailable):  # the next round finds the same
                for tenant_id in await made.runner.read(certificate_queries.tenants_with_asked_revocations):
                    with suppress(NotFound):  # it is deleted at this moment
                        await made.runner.run(await made.runner.tenant(tenant_id), revocation.carry_out)

    task = asyncio.create_task(look())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
