"""A connection beside those of transactions: for single statements that stand by themselves, each a transaction of its
own (only PostgreSQL).

What holds a lock by name while its transactions run, or counts within one, must not wait for a second connection of the
pool: enough of them at a time would wait for one another.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

T = TypeVar("T")


class Aside:
    """The connection, which begins when it is needed. One caller at a time has it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turn = threading.Lock()
        self._connection: Connection | None = None

    def run(self, work: Callable[[Connection], T]) -> T:
        """Run statements, again on a new connection if the one before was lost. Raises OperationalError. Blocks."""
        with self._turn:
            try:
                return work(self._open())
            except OperationalError as error:
                if not error.connection_invalidated:
                    raise
                self._drop()
                return work(self._open())

    def close(self) -> None:
        """End the connection, and with it the locks that it has."""
        with self._turn:
            self._drop()

    def _open(self) -> Connection:
        if self._connection is None:
            connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            connection.detach()  # it does not count among those of transactions
            self._connection = connection
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            with suppress(OperationalError):
                self._connection.close()
        self._connection = None
