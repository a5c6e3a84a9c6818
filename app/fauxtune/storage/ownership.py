"""One process owns a database. On PostgreSQL that is an advisory lock, which ends with the process's connection.

(A SQLite file is guarded by a lock beside it; that is the server's affair, not SQL's.)
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from fauxtune.core.errors import Conflict, Unavailable
from fauxtune.storage.database import Database

#: Any number of our own: "faux" in ASCII.
_LOCK = 0x66617578
#: A killed owner's connection ends when PostgreSQL notices: at once, but not before we ask.
_ATTEMPTS, _PAUSE = 20, 0.1


@contextmanager
def owned(database: Database, *, owner: str) -> Iterator[None]:
    """Own the database as long as the block runs. `owner` (at most 63 bytes) is what the next one is told.

    Conflict, naming the owner, when another process has it; Unavailable when it cannot be reached. SQLite: nothing.
    """
    if database.is_sqlite:
        yield
        return
    with _connected(database) as connection:
        connection.execute(text("SELECT set_config('application_name', :owner, false)"), {"owner": owner[:63]})
        for attempt in range(1, _ATTEMPTS + 1):
            if connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _LOCK}).scalar_one():
                break
            if attempt == _ATTEMPTS:
                raise Conflict(f"The database is in use by {_holder(connection)}. Stop that one, or take another.")
            time.sleep(_PAUSE)
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})


def _connected(database: Database) -> Connection:
    try:
        return database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    except OperationalError as error:
        raise Unavailable(f"The database cannot be used: {error.orig}") from None


def _holder(connection: Connection) -> str:
    statement = text(
        "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
        " WHERE l.locktype = 'advisory' AND l.granted AND l.objid = :key AND l.database ="
        " (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    return str(connection.execute(statement, {"key": _LOCK}).scalar() or "another process")
