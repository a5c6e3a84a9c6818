"""Databases that stay open between tests: an engine keeps its compiled statements, and PostgreSQL warm connections.

Together these are half of the time of a short test. The rows are the tests' own affair.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy
from sqlalchemy import event

from fauxtune.storage.database import Database
from fauxtune.storage.tables import metadata

#: How many statements a connection to PostgreSQL has prepared at most. A server executes few (psycopg keeps 100); the
#: tests of a session execute all, on one connection, where each would drive out another.
_PREPARED = 2_000


@dataclass(slots=True)
class OpenDatabases:
    """The databases of the session, by their URLs."""

    _opened: dict[str, Database] = field(default_factory=dict)

    @contextmanager
    def lend(self, url: str) -> Iterator[Database]:
        """Lend a database to one test. One that was closed, is away, or has work under way is not lent again."""
        database = self._opened.get(url)
        if database is None:
            database = self._opened[url] = Database(url)
            if not database.is_sqlite:
                event.listen(database.engine, "connect", _remember_statements)
        database._turn = asyncio.Lock()  # it belongs to the test's event loop
        database.changed()
        try:
            yield database
        finally:
            if database._away or database._lent:
                self._opened.pop(url, None)
                database.close()
            elif database.is_sqlite:
                database.let_go()  # the next test may have another file under this name

    def close(self) -> None:
        """Close them all."""
        for database in self._opened.values():
            database.close()


def _remember_statements(connection: Any, _entry: object) -> None:
    """Let PostgreSQL plan each statement once: to plan it again for each of its first ten executions, as it does for a
    server, is a quarter of its work for a test.
    """
    connection.prepared_max, connection.prepare_threshold = _PREPARED, 0
    connection.execute("SET plan_cache_mode = force_generic_plan")
    connection.commit()


def remembered(engine: sqlalchemy.Engine, schema: str) -> Callable[[], None]:
    """Keep every table of a PostgreSQL database once more in this schema. Returns what puts the rows back."""
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
        for table in metadata.tables:
            connection.exec_driver_sql(f"CREATE TABLE {schema}.{table} AS TABLE public.{table}")
        emptied = [f"DELETE FROM public.{table};" for table in metadata.tables]
        filled = [f"INSERT INTO public.{table} SELECT * FROM {schema}.{table};" for table in metadata.tables]
        # A function, on a connection that stays: its statements are planned once a session.
        body = "\n".join(["BEGIN", *emptied, *filled, "END"])
        connection.exec_driver_sql(
            f"CREATE FUNCTION {schema}.put_back() RETURNS void LANGUAGE plpgsql AS $body$ {body} $body$"
        )

    def put_back() -> None:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"SELECT {schema}.put_back()")

    return put_back
