"""The only way to the database: a piece of work runs in one transaction, completely or not at all.

SQLite: one connection, one writer, inline on the event loop (a thread would cost five times the throughput).
PostgreSQL: worker threads, repeated up to three times when the database says that two transactions collided; rows are
locked in the order that `queries.locks` says.
Never `await` inside a transaction: on SQLite the loop is the lock.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import logging
import random
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import orjson
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry, NullPool, Pool, PoolProxiedConnection, StaticPool

from fauxtune.core.errors import DatabaseUnavailable, Invalid
from fauxtune.core.model.ids import TenantId
from fauxtune.storage.aside import Aside
from fauxtune.storage.past import Past, Pasts
from fauxtune.storage.tenancy import guard
from fauxtune.storage.writes import configuration_writes

__all__ = ["Connection", "Database"]

T = TypeVar("T")
P = ParamSpec("P")

log = logging.getLogger(__name__)

_ATTEMPTS = 3
#: Seconds before a second attempt, about. The pause is in a worker thread: nothing else waits.
_PAUSE = 0.02
#: Seconds of a transaction on the loop after which others get a turn.
_LONG = 0.002
_WRITES = "fauxtune.writes"
_DRY_RUN = "fauxtune_dry_run"
#: An option of SQLite's connection for a statement that needs no transaction.
ALONE = "fauxtune_alone"
#: PostgreSQL's serialization_failure, deadlock_detected and unique_violation: who looked whether a name is free and
#: lost it to another looks again, and finds it taken.
_COLLISIONS = {"40001", "40P01", "23505"}
#: SQLite's primary result codes for a file that is locked, cannot be written, read or opened, or has no room
#: (BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN; sqlite.org/rescode.html, 2026-11). All others are defects of ours.
_SQLITE_AWAY = {5, 6, 8, 10, 13, 14}
#: Seconds that SQLite waits for a lock of another program. The event loop, and so everybody, waits with it.
_SQLITE_PATIENCE = 0.2
#: How soon a dead PostgreSQL is noticed: seconds, except the user timeout, which is in milliseconds (libpq 34.1.2,
#: 2026-11).
_POSTGRESQL_PATIENCE: dict[str, int | str] = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
#: How long a transaction waits for a lock of another program. It is said once connected: a pooler such as pgbouncer
#: refuses it as an option of the connection, and an address may have options of its own.
_LOCK_PATIENCE = "SET lock_timeout = '10s'"
#: Connections that stay open, and further ones in need. PostgreSQL accepts 100 unless told otherwise: enough for eight
#: processes that share it, each with four more: for its lock, its announcements, and what it does aside.
_CONNECTIONS, _CONNECTIONS_OF_SEVERAL = (10, 10), (5, 3)
#: Deletions of whole tenants after which memory is given back to the system.
_GIVE_BACK_EVERY = 100
#: Seconds after which a kept moment has ended (`past.LONGEST`), and a little.
_PAST_ENDS = 61.0
#: How psycopg refuses a text that PostgreSQL could not hold. SQLite looks for it, and finds nothing.
_NUL = "NUL (0x00)"

#: How SQLite works here. The log is copied into the file once it has 16 MiB, not 4: most of its pages are those that
#: each check-in changes, which then are copied a quarter as often.
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=NORMAL",
    "temp_store=MEMORY",
    "cache_size=-16384",
    "wal_autocheckpoint=4096",
)

_Begin = Callable[[], AbstractContextManager[Connection]]


class Database:
    """An open database. `url` is a SQLAlchemy URL: `sqlite:///path`, `sqlite://` or `postgresql+psycopg://...`."""

    #: Whether other processes use the database, too (only PostgreSQL): they write, and tell nobody.
    is_shared = False

    def __init__(
        self,
        url: str,
        *,
        shared: bool = False,
        jitter: Callable[[], float] = random.random,  # noqa: S311
    ) -> None:
        """`jitter`: a number from 0 to 1 for each pause before another attempt, different each time."""
        self.url = url
        self.is_shared = shared
        self._jitter = jitter
        #: Another one after every transaction that wrote: what was read while it was the same is still true. Other
        #: processes that share the database change it by `saw`.
        self.state = object()
        self._snapshot = ""
        self._turn = asyncio.Lock()
        self._away = False
        self._deletions = 0
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        self.engine = _sqlite_engine(url) if self.is_sqlite else _postgresql_engine(url, shared=shared)
        self._writes = _changes_of_sqlite(self.engine) if self.is_sqlite else _writes_counted(self.engine)
        self._lent = set() if self.is_sqlite else _connections_lent(self.engine)
        #: Begins a transaction for a piece of work; one statement needs no BEGIN and COMMIT around it.
        self._begin: _Begin = self.engine.begin
        self._begin_alone: _Begin = self.engine.execution_options(isolation_level="AUTOCOMMIT").connect
        self._one = _OneConnection(self.engine) if self.is_sqlite else None
        if self._one is not None:
            self._begin, self._begin_alone = self._one.begin, self._one.begin_alone
        self._aside = Aside(self.engine)
        self._pasts: Pasts | None = None

    async def run(self, work: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """`work(connection, ...)` in one transaction; what it returns. An exception rolls everything back.

        DatabaseUnavailable while the database is away, locked or full.
        """
        if self.is_sqlite:
            return await self._run_inline(lambda connection: work(connection, *args, **kwargs), begin=self._begin)
        return await asyncio.to_thread(lambda: self._run_repeatedly(work, *args, **kwargs))

    async def run_alone(self, work: Callable[[Connection], T], *, count: int = 1) -> T:
        """Do what `run` does for work that is so many statements. One has no BEGIN and COMMIT around it: on PostgreSQL
        that is one round trip, not three.
        """
        begin = self._begin_alone if count == 1 else self._begin
        if self.is_sqlite:
            return await self._run_inline(work, begin=begin)
        return await asyncio.to_thread(lambda: self._repeated(work, begin=begin))

    def run_alone_now(self, work: Callable[[Connection], T], *, count: int = 1) -> T | None:
        """Do what `run_alone` does, if there is nothing to wait for. None: it was not done, as always on PostgreSQL, or
        it failed: `run_alone` raises what is wrong.
        """
        if not self.is_sqlite or self._away or self._turn.locked():
            return None
        with suppress(DBAPIError):
            return self._transact(work, begin=self._begin_alone if count == 1 else self._begin)
        return None

    async def _run_inline(self, work: Callable[[Connection], T], *, begin: _Begin) -> T:
        """On the loop, in order of arrival. After a long one the loop gets a turn before the next, so that a hundred
        devices that come at once do not hold up everybody else.
        """
        async with self._turn:
            started = time.perf_counter()
            try:
                return self._transact(work, begin=begin)
            except OperationalError as error:
                self._refuse_if_away(error)
                raise
            finally:
                if time.perf_counter() - started > _LONG:
                    await asyncio.sleep(0)

    def begin_dry_run(self, connection: Connection) -> None:
        """Begin now the transaction of a piece of work that is rolled back in any case (see `is_dry_run`), and that
        reads everything as it was at one moment. Python's driver of SQLite begins it at the first write, and a
        savepoint before that would be a transaction of its own.
        """
        begin = "BEGIN" if self.is_sqlite else "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"
        connection.exec_driver_sql(begin)
        connection.execution_options(**{_DRY_RUN: True})

    def run_now(self, work: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work(connection, ...)` in one transaction, from code that is not on the event loop (start-up, tests)."""
        return self._run_repeatedly(work, *args, **kwargs)

    def run_aside(self, work: Callable[[Connection], T]) -> T:
        """Run single statements on a connection beside those of transactions (only PostgreSQL; see `aside`). They may
        be run within a transaction, of which they are no part. Blocks. DatabaseUnavailable as for `run`.
        """
        try:
            return self._aside.run(work)
        except OperationalError as error:
            self._refuse_if_away(error)
            raise

    @property
    def keeps_past(self) -> bool:
        """Whether `keep_past` can do it: a database in memory has one connection only."""
        return not self.is_sqlite or sqlite_file(self.url) is not None

    async def keep_past(self, tenant_id: TenantId) -> Past | None:
        """Keep the database as it is now for a tenant, to be read after later writes, for a short time (see `past`).
        None where that cannot be (`keeps_past`), or where no connection is left.
        """
        if not self.keeps_past:
            return None
        try:
            pasts = self._kept_pasts()
            past = pasts.begin(tenant_id) if self.is_sqlite else await asyncio.to_thread(pasts.begin, tenant_id)
        except OperationalError:
            return None
        asyncio.get_running_loop().call_later(_PAST_ENDS, pasts.end_old)
        return past

    def _kept_pasts(self) -> Pasts:
        if self._pasts is None:
            make = _sqlite_engine if self.is_sqlite else _postgresql_engine
            self._pasts = Pasts(make(self.url, pool=NullPool))
        return self._pasts

    def _run_repeatedly(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        return self._repeated(lambda connection: work(connection, *args, **kwargs), begin=self._begin)

    def _repeated(self, work: Callable[[Connection], T], *, begin: _Begin) -> T:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return self._transact(work, begin=begin)
            except (OperationalError, IntegrityError) as error:
                if attempt == _ATTEMPTS or getattr(error.orig, "sqlstate", None) not in _COLLISIONS:
                    self._refuse_if_away(error)
                    raise
                # Two transactions that collided would collide again if both were repeated at the same moment.
                time.sleep(_PAUSE * attempt * (0.5 + self._jitter()))
        raise AssertionError("unreachable")  # pragma: no cover

    def _refuse_if_away(self, error: DBAPIError) -> None:
        """DatabaseUnavailable, and a line in the log when that is new. Nothing for an error that is our own defect."""
        if not isinstance(error, OperationalError) or (
            self.is_sqlite and getattr(error.orig, "sqlite_errorcode", 0) & 0xFF not in _SQLITE_AWAY
        ):
            return
        if not self._away:
            self._away = True
            log.error("The database cannot be used: %s", " ".join(str(error.orig).split()))
        raise DatabaseUnavailable(
            "The database cannot be used at this moment; nothing was changed. Try again."
        ) from None

    def _is_back(self) -> None:
        self._away = False
        log.warning("The database can be used again.")

    def _transact(self, work: Callable[[Connection], T], *, begin: _Begin) -> T:
        wrote = False
        try:
            with begin() as connection:
                before = self.writes(connection)
                result = work(connection)
                wrote = self.writes(connection) != before
            # A SQLite file that is locked or full is read all the same: only a write shows that this is over.
            if self._away and (wrote or not self.is_sqlite):
                self._is_back()
            return result
        except DataError as error:
            if _NUL not in str(error.orig):
                raise
            raise Invalid("A text holds a NUL character; nothing has such a name.") from None
        finally:
            # Also when the commit failed: a connection that broke may have broken after it.
            if wrote:
                self.changed()

    async def ask(self) -> None:
        """DatabaseUnavailable unless a transaction that writes can begin now."""
        await self.run(
            lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE" if self.is_sqlite else "SELECT 1")
        )

    async def give_back(self) -> None:
        """Give memory that caches what was deleted back to the system. It takes some milliseconds: only every so many
        calls do anything.
        """
        self._deletions = (self._deletions + 1) % _GIVE_BACK_EVERY
        if self._deletions == 0:
            if self.is_sqlite:
                await self.run(lambda connection: connection.exec_driver_sql("PRAGMA shrink_memory"))
            await asyncio.to_thread(_trim)

    def writes(self, connection: Connection) -> int:
        """Return a number that rises with each write on this connection."""
        return self._writes(connection)

    def configuration_writes(self, connection: Connection) -> int:
        """Return a number that rises with each write of other tables than those of devices and logs."""
        return configuration_writes(connection)

    def changed(self) -> None:
        """What was read until now may be true no more."""
        self.state = object()

    def saw(self, snapshot: str) -> None:
        """Take note of PostgreSQL's snapshot at a moment: while it is the same, no process has written anything."""
        if snapshot != self._snapshot:
            self._snapshot = snapshot
            self.changed()

    def close(self) -> None:
        """Give every connection back. What is still under way fails: it may wait for another program's lock, and the
        process could not end before its thread.
        """
        self._away = True  # so that nothing about it is logged
        for each in list(self._lent):
            cut(each)
        self._aside.close()
        self.let_go()

    def let_go(self) -> None:
        """Give back the connections that nobody uses. The next transaction opens one: of SQLite, perhaps to another
        file of this name.
        """
        if self._one is not None:
            self._one.close()
        if self._pasts is not None:
            self._pasts.close()
            self._pasts = None
        self.engine.dispose()


class _OneConnection:
    """SQLite's one connection. It stays with this: to take it from the pool and give it back for each transaction would
    take longer than to begin and commit.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._for_one = engine.execution_options(**{ALONE: True})
        self._held: PoolProxiedConnection | None = None
        #: For single statements, which leave nothing on it: a new one takes some 15 us.
        self._alone: Connection | None = None

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Begin a transaction."""
        connection = Connection(self._engine, connection=self._taken())
        with connection.begin():
            yield connection

    @contextmanager
    def begin_alone(self) -> Iterator[Connection]:
        """Yield the connection, before whose statements Python's driver puts no BEGIN meanwhile. (SQLAlchemy's way to
        say so, the isolation level, sends two PRAGMAs each time.)
        """
        held = self._taken()
        connection = self._alone
        if connection is None or connection.connection is not held:
            connection = self._alone = Connection(self._for_one, connection=held)
        driver = held.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        with connection.begin():
            usual, driver.isolation_level = driver.isolation_level, None
            try:
                yield connection
            finally:
                driver.isolation_level = usual

    def close(self) -> None:
        """Give the connection back."""
        if self._held is not None:
            self._held.close()

    def _taken(self) -> PoolProxiedConnection:
        if self._held is None or not self._held.is_valid:
            self._held = self._engine.raw_connection()
        return self._held


def _trim() -> None:
    """Let the C library give back what it keeps for later; only glibc can be told so (malloc_trim(3))."""
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def is_dry_run(connection: Connection) -> bool:
    """Whether the transaction is rolled back in any case: then what it would write only for others, in thousands of
    rows, need not be written, and the rows need not be locked.
    """
    return _DRY_RUN in connection.get_execution_options()


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


def _connections_lent(engine: Engine) -> set[Any]:
    """The connections (psycopg's) that transactions have at this moment."""
    lent: set[Any] = set()
    event.listen(engine, "checkout", lambda connection, _entry, _proxy: lent.add(connection))
    event.listen(engine, "checkin", lambda connection, _entry: lent.discard(connection))
    return lent


def cut(connection: Any) -> None:
    """Shut down the socket of a connection that another thread waits on: the thread gets an error."""
    with (
        suppress(OSError, connection.Error),
        socket.fromfd(connection.fileno(), socket.AF_INET, socket.SOCK_STREAM) as wire,
    ):
        wire.shutdown(socket.SHUT_RDWR)


def sqlite_url(path: Path) -> str:
    """The URL of a SQLite file."""
    return f"sqlite:///{path}"


def sqlite_file(url: str) -> Path | None:
    """The file of a SQLite database, the same one whatever links and spellings lead to it; None for one in memory, and
    for PostgreSQL. Invalid for what is no address of either.
    """
    try:
        result = make_url(url)
    except ArgumentError:
        result = None
    if result is None or result.get_backend_name() not in {"sqlite", "postgresql"}:
        raise Invalid(
            "The address of the database cannot be used: it looks like postgresql+psycopg://user@host/name or "
            "sqlite:///path."
        )
    name = (result.database or "").removeprefix("file:")  # SQLite: Uniform Resource Identifiers (2026-11)
    if result.get_backend_name() != "sqlite" or name in {"", ":memory:"}:
        return None
    return Path(name).resolve()


def _document(text: str | bytes) -> Any:
    """Read a stored document, in a third of the time of Python's own reader, which takes what orjson refuses: half of a
    surrogate pair, NaN.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text)


def _postgresql_engine(url: str, *, shared: bool = False, pool: type[Pool] | None = None) -> Engine:
    query = make_url(url).query
    patience = {name: value for name, value in _POSTGRESQL_PATIENCE.items() if name not in query}
    size, more = _CONNECTIONS_OF_SEVERAL if shared else _CONNECTIONS
    sizes: dict[str, Any] = {"pool_size": size, "max_overflow": more} if pool is None else {"poolclass": pool}
    engine = create_engine(url, **sizes, connect_args=patience, hide_parameters=True, json_deserializer=_document)
    guard(engine)
    if "lock_timeout" not in str(query.get("options", "")):
        event.listen(engine, "connect", _wait_for_locks)
    return engine


def _wait_for_locks(connection: Any, _entry: ConnectionPoolEntry) -> None:
    """Say how long a new connection of psycopg waits for locks: outside a transaction, whose end would undo it."""
    connection.autocommit = True
    connection.execute(_LOCK_PATIENCE)
    connection.autocommit = False


def _sqlite_engine(url: str, *, pool: type[Pool] = StaticPool) -> Engine:
    arguments = {"check_same_thread": False, "timeout": _SQLITE_PATIENCE}
    # Values are hidden in errors and logs: some are PFX files.
    engine = create_engine(
        url, poolclass=pool, connect_args=arguments, hide_parameters=True, json_deserializer=_document
    )
    guard(engine)

    @event.listens_for(engine, "connect")
    def _prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        # A killed process loses nothing under WAL; FULL would only add protection against a loss of power.
        # 16 MiB of pages: with 64 a thousand devices took 18 MiB more and no less time; the system keeps the file, too.
        for pragma in _PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine
