"""The database as it was at a moment that is over: a transaction that was begun then, only reads, and is kept open.

SQLite under WAL ("Isolation In SQLite", sqlite.org/isolation.html) and PostgreSQL with REPEATABLE READ (manual 13.2.2)
show such a transaction what was committed before it began, whatever is committed since. Meanwhile SQLite cannot shorten
its WAL, and PostgreSQL's VACUUM keeps what was deleted: so only a few are kept open, each for a short time.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from fauxtune.core.model.ids import TenantId

T = TypeVar("T")

#: So many moments are kept of a tenant, and of all of them, the newest, and each for so many seconds.
MOST, MOST_OF_ALL, LONGEST = 4, 16, 60.0
#: SQLite's pages of a moment, in KiB: a few reads need no more.
_CACHE = 1024


class Past:
    """One moment. Reads of several threads take turns."""

    def __init__(self, connection: Connection, *, owner: TenantId) -> None:
        self.owner = owner
        self._connection: Connection | None = connection
        self._turn = threading.Lock()
        self._ends_at = time.monotonic() + LONGEST

    @property
    def is_over(self) -> bool:
        """Whether it is not kept any more."""
        return self._connection is None or time.monotonic() >= self._ends_at

    def read(self, query: Callable[[Connection], T]) -> T | None:
        """Return what a query finds at that moment; None if it is not kept any more. Blocks."""
        with self._turn, suppress(DBAPIError):
            if self._connection is not None and not self.is_over:
                return query(self._connection)
        return None

    def end(self) -> None:
        """End the transaction, and give the connection back."""
        with self._turn, suppress(DBAPIError):
            if self._connection is not None:
                self._connection.close()
        self._connection = None


class Pasts:
    """The moments that are kept of one database. `engine`: it opens a connection of its own for each."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._kept: deque[Past] = deque()

    def begin(self, owner: TenantId) -> Past:
        """Keep the present moment for a tenant. Raises OperationalError without a connection. Blocks."""
        self.end_old()
        connection = self._engine.connect()
        begin = _begin_on_sqlite if connection.dialect.name == "sqlite" else _begin_on_postgresql
        begin(connection)
        past = Past(connection, owner=owner)
        kept = [*self._kept, past]
        own = [each for each in kept if each.owner == owner]
        for each in (*own[:-MOST], *kept[:-MOST_OF_ALL]):
            each.end()
        self._kept = deque(each for each in kept if not each.is_over)
        return past

    def end_old(self) -> None:
        """End those whose time is over."""
        while self._kept and self._kept[0].is_over:
            self._kept.popleft().end()

    def close(self) -> None:
        """End all of them."""
        while self._kept:
            self._kept.popleft().end()
        self._engine.dispose()


def _begin_on_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(f"PRAGMA cache_size=-{_CACHE}")
    connection.exec_driver_sql("BEGIN")
    # The moment is that of the first read.
    connection.exec_driver_sql("SELECT count(*) FROM sqlite_schema")


def _begin_on_postgresql(connection: Connection) -> None:
    connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
    connection.exec_driver_sql("SELECT 1")
