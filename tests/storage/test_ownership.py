"""One process owns a PostgreSQL database, and notices when it does no more."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import StaticPool, create_engine, text

from fauxtune.core.errors import Conflict
from fauxtune.storage.database import Database
from fauxtune.storage.process_lock import Ownership
from tests.support.postgresql import PostgresServer


@pytest.fixture
def databases(postgresql_url: str) -> Iterator[tuple[Database, Database]]:
    """One database, as two processes see it."""
    both = Database(postgresql_url), Database(postgresql_url)
    yield both
    for database in both:
        database.close()


def _cut_off(server: PostgresServer, *, owner: str) -> None:
    ended = server.admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s", [owner]
    )
    assert ended.fetchall() == [(True,)]


def test_an_owner_keeps_what_it_has_and_the_next_one_is_told_who_it_is(databases: tuple[Database, Database]) -> None:
    first, second = (
        Ownership(database, owner=name) for database, name in zip(databases, ("first", "second"), strict=True)
    )
    first.take()
    assert not first.keep()
    with pytest.raises(Conflict, match="in use by first"):
        second.take()
    first.release()
    second.take()
    second.release()


def test_a_lost_connection_is_noticed_and_the_database_taken_again(
    databases: tuple[Database, Database], postgresql_server: PostgresServer
) -> None:
    first, second = (
        Ownership(database, owner=name) for database, name in zip(databases, ("first", "second"), strict=True)
    )
    first.take()
    _cut_off(postgresql_server, owner="first")
    assert first.keep()
    assert not first.keep()
    with pytest.raises(Conflict, match="in use by first"):
        second.take()
    first.release()


def test_who_comes_while_the_connection_is_lost_owns_the_database_and_the_former_owner_learns_it(
    databases: tuple[Database, Database], postgresql_server: PostgresServer
) -> None:
    first, second = (
        Ownership(database, owner=name) for database, name in zip(databases, ("first", "second"), strict=True)
    )
    first.take()
    _cut_off(postgresql_server, owner="first")
    second.take()
    with pytest.raises(Conflict, match="in use by second"):
        first.keep()
    first.release()
    assert not second.keep()
    second.release()


def test_a_connection_that_broke_without_the_server_s_knowledge_does_not_lock_its_owner_out(
    databases: tuple[Database, Database],
) -> None:
    owner = Ownership(databases[0], owner="first")
    owner.take()
    # As after a cable was cut: we have no connection, and PostgreSQL has a session that holds the lock.
    lost, owner._connection = owner._connection, None
    assert owner.keep()
    assert not owner.keep()
    assert lost is not None
    lost.invalidate()
    owner.release()


def test_a_release_after_the_connection_was_lost_is_silent(
    databases: tuple[Database, Database], postgresql_server: PostgresServer
) -> None:
    owner = Ownership(databases[0], owner="first")
    owner.take()
    _cut_off(postgresql_server, owner="first")
    owner.release()
    with databases[1].engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")).scalar() == 0


@pytest.mark.parametrize("is_shared", [True, False])
def test_processes_that_share_need_sessions_of_their_own(
    databases: tuple[Database, Database], postgresql_url: str, *, is_shared: bool
) -> None:
    # What pgbouncer does with `pool_mode = transaction`: several connections, one session.
    pooled, other = databases
    pooled.is_shared = is_shared
    pooled.engine.dispose()
    pooled.engine = create_engine(postgresql_url, poolclass=StaticPool)
    ownership, next_one = Ownership(pooled, owner="first"), Ownership(other, owner="other")
    if is_shared:
        with pytest.raises(Conflict, match="pool_mode = session"):
            ownership.take()
    else:
        ownership.take()
    ownership.release()
    next_one.take()  # nothing holds it
    next_one.release()
