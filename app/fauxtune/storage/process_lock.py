"""Who may use a PostgreSQL database: one process that has it for itself, or several that share it. Also: which of
these leads, and who does what only one may do at a time.

All of that are advisory locks, which end with the connection of the process that has them. (A SQLite file is guarded by
a lock beside it; that is the server's affair, not SQL's.)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from fauxtune.core.errors import Conflict, DatabaseUnavailable, Unavailable
from fauxtune.storage.database import Database

#: Any numbers of our own: "faux" in ASCII, and three beside it.
_LOCK, _LEADER, _START, _PLACE = 0x66617578, 0x66617579, 0x6661757A, 0x6661757B
#: A killed owner's connection ends when PostgreSQL notices: at once, but not before we ask.
_ATTEMPTS, _PAUSE = 20, 0.1
#: How often it is asked for the right to bring the schema up to date, or to start: for a minute and a half.
_PATIENT_ATTEMPTS, _PATIENT_PAUSE = 180, 0.5

_NAME = text("SELECT set_config('application_name', :owner, false)")
_SELF = text("SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()")
_TAKE = text("SELECT pg_try_advisory_lock(:key)")
_SHARE = text("SELECT pg_try_advisory_lock_shared(:key)")
_RELEASE = text("SELECT pg_advisory_unlock(:key)")
_RELEASE_ALL = text("SELECT pg_advisory_unlock_all()")
_END = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = :pid AND backend_start = :start")
_HOLDER = text(
    "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
    " WHERE l.locktype = 'advisory' AND l.granted AND l.objid = :key AND l.pid != pg_backend_pid()"
    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
#: Those that hold a lock of ours with one number (pg_locks: `objsubid` 1).
_OURS = (
    "FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = 0 AND objid = :key AND objsubid = 1"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_SHARERS, _LEADING = text(f"SELECT count(*) {_OURS} AND mode = 'ShareLock'"), text(f"SELECT pid {_OURS}")
_POOLED = (
    "The database's address leads to a pooler that gives every transaction another session (pgbouncer: pool_mode = "
    "transaction). Processes that share a database know one another by their sessions. Use pool_mode = session, the "
    "address of PostgreSQL itself, or one process."
)
_TAKE_PLACE = text("SELECT pg_try_advisory_lock(:key, :place)")
_TRY_NAMED = text("SELECT pg_try_advisory_lock(hashtextextended(:name, :key))")
_RELEASE_NAMED = text("SELECT pg_advisory_unlock(hashtextextended(:name, :key))")


class Ownership:
    """The right to use a database, which one process has at a time, or several that share it (`database.is_shared`).
    `owner` (at most 63 bytes) is its name for others.

    Nothing here is done on SQLite. Every method blocks.
    """

    def __init__(self, database: Database, *, owner: str) -> None:
        self._database = database
        self._owner = owner[:63]
        self._connection: Connection | None = None
        #: Our session on the server's side: its process id, and when it began.
        self._session: tuple[int, datetime] | None = None
        self._leads = False

    def take(self) -> None:
        """Own it. Conflict, naming the owner, when another process does; Unavailable when it cannot be reached."""
        if self._database.is_sqlite:
            return
        try:
            connection = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            try:
                self._lock(connection)
            except BaseException:
                _close(connection)
                raise
        except OperationalError as error:
            raise Unavailable(f"The database cannot be used: {error.orig}") from None
        self._connection = connection

    def keep(self) -> bool:
        """Whether it was lost, and is taken again: meanwhile another process may have written. Conflict and
        Unavailable as for `take`; it may be tried again.
        """
        if self._database.is_sqlite:
            return False
        if self._connection is not None:
            with suppress(OperationalError):
                self._connection.execute(text("SELECT 1"))
                return False
            self._lose()
        self.take()
        return True

    def lead(self) -> bool:
        """Whether this process is the leader of those that share the database; where no process leads, it becomes the
        leader and stays it as long as its connection lasts.
        """
        if not self._database.is_shared:
            return True
        if self._connection is None:
            return False
        if not self._leads:
            try:
                self._leads = bool(self._connection.execute(_TAKE, {"key": _LEADER}).scalar_one())
            except OperationalError:
                self._lose()
        return self._leads

    def place(self, *, of: int) -> int | None:
        """Return a number, less than `of`, that no other process has which shares the database; it belongs to this one
        as long as its connection lasts. None if all are taken, or the database is away.
        """
        if self._connection is not None:
            with suppress(OperationalError):
                for place in range(of):
                    if self._connection.execute(_TAKE_PLACE, {"key": _PLACE, "place": place}).scalar_one():
                        return place
        return None

    def release(self) -> None:
        """Others may have it. A database that cannot be reached has released it already."""
        if self._connection is not None:
            with suppress(OperationalError):
                self._connection.execute(_RELEASE_ALL)
            self._lose()
            self._session = None

    @contextmanager
    def alone(self, *, ask: Callable[[], None], until: Callable[[], bool]) -> Iterator[bool]:
        """Have a shared database for itself while the block runs; False where `until` holds before that is so: then it
        is shared as before. `ask` asks the others to leave, again and again. Conflict if one does not.
        """
        connection = self._connection
        assert connection is not None
        connection.execute(_RELEASE_ALL)
        for _ in range(_PATIENT_ATTEMPTS):
            is_done = until()
            if connection.execute(_SHARE if is_done else _TAKE, {"key": _LOCK}).scalar_one():
                break
            ask()
            time.sleep(_PATIENT_PAUSE)
        else:
            raise _in_use(connection)
        yield not is_done
        if not is_done:
            connection.execute(_SHARE, {"key": _LOCK})
            connection.execute(_RELEASE, {"key": _LOCK})

    @contextmanager
    def starting(self) -> Iterator[None]:
        """Start while the block runs, and no other process that shares the database meanwhile: what the first one makes
        (keys, the first tenant), the others find.
        """
        connection = self._connection
        if connection is None or not self._database.is_shared:
            yield
            return
        for attempt in range(1, _PATIENT_ATTEMPTS + 1):
            if connection.execute(_TAKE, {"key": _START}).scalar_one():
                break
            if attempt == _PATIENT_ATTEMPTS:
                raise Unavailable("Another process that shares the database is starting, and does not get ready.")
            time.sleep(_PAUSE)
        try:
            yield
        finally:
            with suppress(OperationalError):
                connection.execute(_RELEASE, {"key": _START})

    def _lose(self) -> None:
        if self._connection is not None:
            _close(self._connection)
        self._connection, self._leads = None, False

    def _lock(self, connection: Connection) -> None:
        if self._session is not None:
            # PostgreSQL may not know that a connection broke, and would keep its lock for hours: that session is ended.
            connection.execute(_END, dict(zip(("pid", "start"), self._session, strict=True)))
        if self._database.is_shared:
            self._check_sessions(connection)
        connection.execute(_NAME, {"owner": self._owner})
        take = _SHARE if self._database.is_shared else _TAKE
        for attempt in range(1, _ATTEMPTS + 1):
            if connection.execute(take, {"key": _LOCK}).scalar_one():
                break
            if attempt == _ATTEMPTS:
                raise _in_use(connection)
            time.sleep(_PAUSE)
        result = connection.execute(_SELF).one()
        self._session = (result.pid, result.backend_start)

    def _check_sessions(self, connection: Connection) -> None:
        """Raise Conflict where two connections have one session: between them and PostgreSQL stands a pooler that gives
        each transaction the session that is free. Locks and LISTEN then belong to nobody.
        """
        with self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as other:
            # A pooler gives the session that became free last. Others may use it too, and be quicker: three attempts.
            for _ in range(3):
                if connection.execute(_SELF).one() == other.execute(_SELF).one():
                    raise Conflict(_POOLED)


def _in_use(connection: Connection) -> Conflict:
    holder = connection.execute(_HOLDER, {"key": _LOCK}).scalar() or "another process"
    return Conflict(f"The database is in use by {holder}. Stop that one, or take another.")


def _close(connection: Connection) -> None:
    with suppress(OperationalError):
        connection.close()


@contextmanager
def owned(database: Database, *, owner: str) -> Iterator[Ownership]:
    """Own the database as long as the block runs; see Ownership."""
    ownership = Ownership(database, owner=owner)
    ownership.take()
    try:
        yield ownership
    finally:
        ownership.release()


def sharers(connection: Connection) -> int:
    """Return how many processes share the database."""
    return int(connection.execute(_SHARERS, {"key": _LOCK}).scalar_one())


def leader(connection: Connection) -> int | None:
    """Return the process of PostgreSQL that serves the leader's lock: another one where another process leads. None:
    none leads at this moment.
    """
    return connection.execute(_LEADING, {"key": _LEADER}).scalar_one_or_none()


class NamedLocks:
    """Locks by name, each of which one process has at a time: for work of several transactions. All that a process has
    belong to one connection, and end with it. Every method blocks.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, name: str) -> bool:
        """Take a lock; False if another process has it. Nobody in this process may have it."""
        parameters = {"name": name, "key": _LOCK}
        return self._database.run_aside(lambda aside: bool(aside.execute(_TRY_NAMED, parameters).scalar_one()))

    def release(self, name: str) -> None:
        """Release a lock. If that fails it has ended with its connection."""
        with suppress(DatabaseUnavailable):
            self._database.run_aside(lambda aside: aside.execute(_RELEASE_NAMED, {"name": name, "key": _LOCK}))
