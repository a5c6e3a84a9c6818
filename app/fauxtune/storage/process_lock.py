"""One process owns a database. On PostgreSQL that is an advisory lock, which ends with the process's connection.

(A SQLite file is guarded by a lock beside it; that is the server's affair, not SQL's.)
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from fauxtune.core.errors import Conflict, Unavailable
from fauxtune.storage.database import Database

#: Any number of our own: "faux" in ASCII.
_LOCK = 0x66617578
#: A killed owner's connection ends when PostgreSQL notices: at once, but not before we ask.
_ATTEMPTS, _PAUSE = 20, 0.1

_NAME = text("SELECT set_config('application_name', :owner, false)")
_SELF = text("SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()")
_TAKE = text("SELECT pg_try_advisory_lock(:key)").bindparams(key=_LOCK)
_RELEASE = text("SELECT pg_advisory_unlock(:key)").bindparams(key=_LOCK)
_END = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = :pid AND backend_start = :start")
_HOLDER = text(
    "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
    " WHERE l.locktype = 'advisory' AND l.granted AND l.objid = :key AND l.database ="
    " (SELECT oid FROM pg_database WHERE datname = current_database())"
).bindparams(key=_LOCK)


class Ownership:
    """The right to use a database, which one process has at a time. `owner` (at most 63 bytes) is its name for others.

    Nothing here is done on SQLite. Every method blocks.
    """

    def __init__(self, database: Database, *, owner: str) -> None:
        self._database = database
        self._owner = owner[:63]
        self._connection: Connection | None = None
        #: Our session on the server's side: its process id, and when it began.
        self._session: tuple[int, datetime] | None = None

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
            _close(self._connection)
            self._connection = None
        self.take()
        return True

    def release(self) -> None:
        """Others may have it. A database that cannot be reached has released it already."""
        if self._connection is not None:
            with suppress(OperationalError):
                self._connection.execute(_RELEASE)
            _close(self._connection)
            self._connection = None

    def _lock(self, connection: Connection) -> None:
        if self._session is not None:
            # PostgreSQL may not know that a connection broke, and would keep its lock for hours: that session is ended.
            connection.execute(_END, dict(zip(("pid", "start"), self._session, strict=True)))
        connection.execute(_NAME, {"owner": self._owner})
        for attempt in range(1, _ATTEMPTS + 1):
            if connection.execute(_TAKE).scalar_one():
                break
            if attempt == _ATTEMPTS:
                holder = connection.execute(_HOLDER).scalar() or "another process"
                raise Conflict(f"The database is in use by {holder}. Stop that one, or take another.")
            time.sleep(_PAUSE)
        result = connection.execute(_SELF).one()
        self._session = (result.pid, result.backend_start)


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
