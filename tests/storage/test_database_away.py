"""A database that is away, locked or full: one line of log, an error that says "later", and work again afterwards."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError

from fauxtune.core.errors import DatabaseUnavailable
from fauxtune.core.model.ids import TenantId
from fauxtune.storage import past
from fauxtune.storage.database import Database
from tests.support.postgresql import PostgresServer


def _make(connection: Connection) -> None:
    connection.execute(text("CREATE TABLE notes (words TEXT)"))


def _write(connection: Connection, words: str = "x") -> None:
    connection.execute(text("INSERT INTO notes VALUES (:words)"), {"words": words})


def _count(connection: Connection) -> int:
    return int(connection.execute(text("SELECT count(*) FROM notes")).scalar_one())


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Database]:
    database = Database(sqlite_url)
    database.run_now(_make)
    yield database
    database.close()


async def test_a_locked_file_is_unavailable_with_one_line_of_log_and_is_read_meanwhile(
    sqlite: Database, caplog: pytest.LogCaptureFixture
) -> None:
    other = sqlite3.connect(sqlite.url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for _ in range(3):
        with pytest.raises(DatabaseUnavailable):
            await sqlite.run(_write)
        assert await sqlite.run(_count) == 0
    with pytest.raises(DatabaseUnavailable):
        await sqlite.ask()
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "locked" in caplog.text
    other.execute("ROLLBACK")
    other.close()
    await sqlite.ask()
    await sqlite.run(_write)
    assert await sqlite.run(_count) == 1
    assert [record.levelno for record in caplog.records] == [logging.ERROR, logging.WARNING]


async def test_what_need_not_wait_is_done_at_once_and_left_to_others_where_it_fails(sqlite: Database) -> None:
    assert sqlite.run_alone_now(_count) == 0
    other = sqlite3.connect(sqlite.url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert sqlite.run_alone_now(_write) is None
    with pytest.raises(DatabaseUnavailable):
        await sqlite.run_alone(_write)
    assert sqlite.run_alone_now(_count) is None, "nobody waits for the lock twice"
    other.execute("ROLLBACK")
    other.close()
    await sqlite.run_alone(_write)
    assert sqlite.run_alone_now(_count, count=2) == 1


async def test_nothing_is_done_at_once_while_a_transaction_has_its_turn(sqlite: Database) -> None:
    def work(_connection: Connection) -> None:
        time.sleep(0.01)  # long enough for others to get a turn

    task = asyncio.create_task(sqlite.run(work))
    await asyncio.sleep(0)
    assert sqlite.run_alone_now(_count) is None
    await task
    assert sqlite.run_alone_now(_count) == 0


async def test_a_full_disk_is_unavailable_loses_nothing_and_is_written_to_when_it_has_room(sqlite: Database) -> None:
    def limit(connection: Connection, pages: int) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

    await sqlite.run(_write)
    await sqlite.run(limit, 2)
    with pytest.raises(DatabaseUnavailable):
        await sqlite.run(_write, "x" * 100_000)
    assert await sqlite.run(_count) == 1
    await sqlite.run(limit, 1_000_000)
    await sqlite.run(_write, "x" * 100_000)
    assert await sqlite.run(_count) == 2


async def test_a_mistake_of_ours_is_not_taken_for_an_absent_database(sqlite: Database) -> None:
    with pytest.raises(OperationalError, match="no such table"):
        await sqlite.run(lambda connection: connection.execute(text("SELECT * FROM absent")))


async def test_ended_sessions_are_unavailable_once_and_then_new_ones_are_made(
    postgresql_server: PostgresServer, postgresql_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    database = Database(postgresql_url)
    await database.run(_make)
    ended = postgresql_server.admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [database.engine.url.database]
    )
    assert ended.fetchall()
    with pytest.raises(DatabaseUnavailable):
        await database.run(_write)
    await database.run(_write)
    assert await database.run(_count) == 1
    assert [record.levelno for record in caplog.records] == [logging.ERROR, logging.WARNING]
    assert all("\n" not in record.getMessage() for record in caplog.records)
    database.close()


async def test_a_server_that_cannot_be_reached_is_unavailable() -> None:
    database = Database("postgresql+psycopg://nobody@/none?host=/nowhere")
    with pytest.raises(DatabaseUnavailable):
        await database.ask()
    database.close()


async def test_a_row_that_another_program_locks_is_unavailable_after_a_while(postgresql_url: str) -> None:
    database = Database(postgresql_url)
    assert await database.run(lambda connection: connection.exec_driver_sql("SHOW lock_timeout").scalar_one()) == "10s"
    database.close()
    named = Database(f"{postgresql_url}&options=-c%20application_name%3Dmine")  # options of its own keep the patience
    assert await named.run(lambda connection: connection.exec_driver_sql("SHOW lock_timeout").scalar_one()) == "10s"
    named.close()
    impatient = Database(f"{postgresql_url}&options=-c%20lock_timeout%3D20ms")
    await impatient.run(_make)
    with impatient.engine.connect() as other:
        other.exec_driver_sql("LOCK TABLE notes")
        with pytest.raises(DatabaseUnavailable):
            await impatient.run(_write)
    await impatient.run(_write)
    assert await impatient.run(_count) == 1
    impatient.close()


async def test_the_end_of_a_database_ends_what_waits_for_another_program(postgresql_url: str) -> None:
    database, waits = Database(f"{postgresql_url}&options=-c%20lock_timeout%3D0"), threading.Event()

    def wait(connection: Connection) -> None:
        waits.set()
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(1)")

    holder = create_engine(postgresql_url)
    with holder.connect() as other:
        other.exec_driver_sql("SELECT pg_advisory_xact_lock(1)")
        waiting = asyncio.create_task(database.run(wait))
        await asyncio.to_thread(waits.wait)
        database.close()
        with pytest.raises(DatabaseUnavailable):
            async with asyncio.timeout(30):
                await waiting
    holder.dispose()


# ------------------------------------------------------------------------------------------------ a moment that is over


_TENANT = TenantId("t")


async def test_a_moment_is_read_as_it_was_whatever_is_written_since_and_only_the_newest_are_kept(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(database_url)
    database.run_now(_make)
    kept = []
    for _ in range(past.MOST + 1):
        kept.append(await database.keep_past(_TENANT))
        await database.run(_write)
    assert [each and each.read(_count) for each in kept] == [None, 1, 2, 3, 4]
    # Those of other tenants end none of them, until there are too many of all.
    for number in range(past.MOST_OF_ALL - past.MOST):
        await database.keep_past(TenantId(f"t-{number}"))
    assert [each and each.read(_count) for each in kept] == [None, 1, 2, 3, 4]
    await database.keep_past(TenantId("t-0"))
    assert [each and each.read(_count) for each in kept] == [None, None, 2, 3, 4]
    monkeypatch.setattr(past, "LONGEST", 0.0)
    ended = await database.keep_past(_TENANT)
    assert ended is not None
    assert (ended.is_over, ended.read(_count)) == (True, None)
    database.close()
    assert [each and each.read(_count) for each in kept] == [None] * 5
    in_memory = Database("sqlite://")
    assert (in_memory.keeps_past, await in_memory.keep_past(_TENANT)) == (False, None)
    in_memory.close()
