"""One door to the database: a piece of work runs in one transaction, whole or not at all.

SQLite: one connection, one writer, inline on the event loop (a thread would cost five times the throughput).
PostgreSQL: worker threads, repeated up to three times when the database says that two transactions collided.
Never `await` inside a transaction: on SQLite the loop is the lock.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool

from fauxtune.core.errors import Invalid

__all__ = ["Connection", "Database"]

T = TypeVar("T")
P = ParamSpec("P")

_ATTEMPTS = 3
#: Seconds of a transaction on the loop after which others get a turn.
_LONG = 0.002
_WRITES = "fauxtune.writes"
#: PostgreSQL's serialization_failure, deadlock_detected and unique_violation: who looked whether a name is free and
#: lost it to another looks again, and finds it taken.
_COLLISIONS = {"40001", "40P01", "23505"}
#: How psycopg refuses a text that PostgreSQL could not hold. SQLite looks for it, and finds nothing.
_NUL = "NUL (0x00)"


class Database:
    """An open database. `url` is a SQLAlchemy URL: `sqlite:///path`, `sqlite://` or `postgresql+psycopg://...`."""

    def __init__(self, url: str) -> None:
        self.url = url
        #: Another one after every transaction that wrote: what was read while it was the same is still true. One
        #: process owns a database, so nobody else writes.
        self.state = object()
        self._turn = asyncio.Lock()
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        self.engine = (
            _sqlite_engine(url)
            if self.is_sqlite
            else create_engine(url, pool_size=10, max_overflow=10, hide_parameters=True)
        )
        self._writes = _changes_of_sqlite(self.engine) if self.is_sqlite else _writes_counted(self.engine)

    async def run(self, work: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """`work(connection, ...)` in one transaction; what it returns. An exception rolls everything back."""
        if self.is_sqlite:
            return await self._run_inline(lambda connection: work(connection, *args, **kwargs))
        return await asyncio.to_thread(lambda: self._run_repeatedly(work, *args, **kwargs))

    async def _run_inline(self, work: Callable[[Connection], T]) -> T:
        """On the loop, in order of arrival. After a long one the loop gets a turn before the next, so that a hundred
        devices that come at once do not hold up everybody else.
        """
        async with self._turn:
            started = time.perf_counter()
            try:
                return self._transact(work)
            finally:
                if time.perf_counter() - started > _LONG:
                    await asyncio.sleep(0)

    def run_now(self, work: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """The same, from code that is not on the event loop (start-up, commands, tests)."""
        return self._run_repeatedly(work, *args, **kwargs)

    def _run_repeatedly(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return self._transact(work, *args, **kwargs)
            except (OperationalError, IntegrityError) as error:
                if attempt == _ATTEMPTS or getattr(error.orig, "sqlstate", None) not in _COLLISIONS:
                    raise
        raise AssertionError("unreachable")  # pragma: no cover

    def _transact(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        wrote = False
        try:
            with self.engine.begin() as connection:
                before = self._writes(connection)
                result = work(connection, *args, **kwargs)
                wrote = self._writes(connection) != before
            return result
        except DataError as error:
            if _NUL not in str(error.orig):
                raise
            raise Invalid("A text holds a NUL character; nothing has such a name.") from None
        finally:
            # Also when the commit failed: a connection that broke may have broken after it.
            if wrote:
                self.changed()

    def changed(self) -> None:
        """What was read until now may be true no more."""
        self.state = object()

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()


def _changes_of_sqlite(engine: Engine) -> Callable[[Connection], int]:
    """How many rows were changed so far: SQLite counts them itself, on the one connection that there is."""
    opened: list[sqlite3.Connection] = []
    event.listen(engine, "connect", lambda connection, _entry: opened.append(connection))
    return lambda _connection: opened[-1].total_changes


def _writes_counted(engine: Engine) -> Callable[[Connection], int]:
    """How many statements that write were run so far on this connection."""

    def count(connection: Connection, *event_arguments: Any) -> None:
        context = event_arguments[-2]
        if context is not None and (context.isinsert or context.isupdate or context.isdelete):
            connection.info[_WRITES] = connection.info.get(_WRITES, 0) + 1

    event.listen(engine, "after_cursor_execute", count)
    return lambda connection: int(connection.info.get(_WRITES, 0))


def sqlite_url(path: Path) -> str:
    """The URL of a SQLite file."""
    return f"sqlite:///{path}"


def _sqlite_engine(url: str) -> Engine:
    # Values are hidden in errors and logs: some are PFX files.
    engine = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        # A killed process loses nothing under WAL; FULL would only add protection against a loss of power.
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "temp_store=MEMORY", "cache_size=-65536"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine
