"""What would come of a piece of work: it is really done, in a transaction that is always rolled back."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from fauxtune.storage.database import Connection, Database

T = TypeVar("T")
P = ParamSpec("P")


class _Undone(Exception):
    """Rolls back."""


class Attempt(Database):
    """A database seen from within one transaction: each piece of work is a part of it, whole or not at all."""

    def __init__(self, outer: Database, connection: Connection) -> None:
        # Nothing is opened: the connection is somebody else's.
        self.url, self.is_sqlite, self.engine = outer.url, outer.is_sqlite, outer.engine
        self.state = object()
        self._connection = connection

    async def run(self, work: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """At once: nobody is waited for inside a transaction."""
        self.changed()
        with self._connection.begin_nested():
            return work(self._connection, *args, **kwargs)


async def undone(database: Database, work: Callable[[Connection], T]) -> T:
    """What the work returns. Nothing that it wrote stays, and who reads meanwhile sees nothing of it."""
    found: list[T] = []

    def do(connection: Connection) -> None:
        if database.is_sqlite:
            # Python's driver begins transactions at the first write; a savepoint before that would be one by itself.
            connection.exec_driver_sql("BEGIN")
        found[:] = [work(connection)]
        raise _Undone

    with contextlib.suppress(_Undone):
        await database.run(do)
    return found[0]


def set_aside(connection: Connection, work: Callable[[], T]) -> T:
    """The same inside a transaction: what the work returns, and nothing that it wrote."""
    point = connection.begin_nested()
    try:
        return work()
    finally:
        point.rollback()
