"""The database before a start: made by the first start, brought up to date without one.

The first start on a new SQLite file: a child process makes the tables, the keys and the tenant of the built-in seed.

What that takes, a fifth of an idle server's memory, goes with the child. The server then finds all of it, as at a later
start; whatever the child has not done it does itself, and says what is wrong (docs/decisions/0077).

`fauxtune db upgrade`: brings the schema up to date without a start.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

from fauxtune.connector.keypool import KeyPool
from fauxtune.operations.runtime.emulator import Addresses
from fauxtune.server import bootstrap, lifespan
from fauxtune.server.system import SystemClock, SystemIds
from fauxtune.settings import Settings
from fauxtune.storage import migrate

#: The keys that a first start takes: a thread makes them while the tables are made and modules are imported.
_KEYS = 5


class Founder:
    """The child, if there is one."""

    def __init__(self, pid: int | None) -> None:
        self._pid = pid

    async def ended(self) -> None:
        """Wait until the child has ended."""
        pid, self._pid = self._pid, None
        if pid is not None:
            try:
                await asyncio.to_thread(os.waitpid, pid, 0)
            except asyncio.CancelledError:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)  # the thread sees that, and ends
                raise

    def end(self) -> None:
        """End the child that nobody has waited for: the server could not start."""
        if self._pid is not None:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)


@contextlib.contextmanager
def founder(settings: Settings, folder: Path, *, addresses: Addresses) -> Iterator[Founder]:
    """Let a child do what a first start does, while the block runs."""
    child = Founder(_fork(settings, folder, addresses=addresses) if _is_first(settings, folder) else None)
    try:
        yield child
    finally:
        child.end()


def _is_first(settings: Settings, folder: Path) -> bool:
    """Whether there is something to do, in a process that can fork: one without threads, and not on Windows."""
    file = lifespan.database_file(settings, folder)
    is_new = file is not None and not file.exists()
    # What a deterministic tenant is asked and answers is kept in memory from its creation on: that of the server.
    is_new = is_new and settings.deterministic is None
    can_fork = hasattr(os, "fork") and threading.active_count() == 1
    return is_new and settings.seed == bootstrap.BUILT_IN and can_fork


def _fork(settings: Settings, folder: Path, *, addresses: Addresses) -> int:
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            logging.disable()
            _found(settings, folder, addresses=addresses)
            code = 0
        finally:
            os._exit(code)  # without a word: the server meets the same, and says it
    return pid


def _found(settings: Settings, folder: Path, *, addresses: Addresses) -> None:
    around = bootstrap.Environment(clock=SystemClock(), ids=SystemIds(), addresses=addresses, edition=settings.edition)
    pool = KeyPool(min(_KEYS, settings.key_pool_size), threads=settings.key_threads)
    pool.start()
    with lifespan.database(settings, folder) as (database, _):
        emulator = bootstrap.assemble(database, folder, around=around, key_source=pool)
        own_secret = bootstrap.needs_own_secrets(settings, seed=None)
        seed = bootstrap.read_seed(bootstrap.BUILT_IN, own_secret=own_secret)
        asyncio.run(bootstrap.seed_tenant(emulator, seed))


def upgrade(settings: Settings) -> tuple[bool, str]:
    """Upgrade the schema; return whether it changed, and its revision. Raises StartRefused or Conflict while a server
    uses the database.
    """
    with lifespan.data_folder(settings) as folder, lifespan.database(settings, folder, migrated=False) as (opened, _):
        changed = migrate.upgrade(opened)
        return changed, str(opened.run_now(migrate.revision))
