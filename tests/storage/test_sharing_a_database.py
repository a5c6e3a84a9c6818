"""Processes that share a PostgreSQL database: who may, leads, starts, changes the schema, and what they tell.

One process may own the database instead, and notices when it does no more.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator, Sequence

import pytest
from sqlalchemy import StaticPool, create_engine, make_url, text

from fauxtune.core.errors import Conflict
from fauxtune.server.neighbours import bring_up_to_date
from fauxtune.storage import migrate
from fauxtune.storage.database import Database
from fauxtune.storage.process_lock import NamedLocks, Ownership
from fauxtune.storage.process_signals import Announcement, Announcements
from tests.support.neighbours import eventually
from tests.support.postgresql import PostgresServer

Pair = tuple[Database, Database]


@pytest.fixture
def databases(postgresql_url: str) -> Iterator[Pair]:
    """One database, as two processes see it that share it."""
    both = Database(postgresql_url, shared=True), Database(postgresql_url, shared=True)
    yield both
    for database in both:
        database.close()


@pytest.fixture
def owners(databases: Pair) -> Iterator[tuple[Ownership, Ownership]]:
    first, second = (
        Ownership(database, owner=name) for database, name in zip(databases, ("first", "second"), strict=True)
    )
    first.take()
    second.take()
    yield first, second
    first.release()
    second.release()


@pytest.fixture
def separate(postgresql_url: str) -> Iterator[Pair]:
    """One database, as two processes see it of which one is to have it alone."""
    both = Database(postgresql_url), Database(postgresql_url)
    yield both
    for database in both:
        database.close()


@pytest.fixture
def rivals(separate: Pair) -> tuple[Ownership, Ownership]:
    return Ownership(separate[0], owner="first"), Ownership(separate[1], owner="second")


def _cut_off(server: PostgresServer, *, owner: str) -> None:
    ended = server.admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s", [owner]
    )
    assert ended.fetchall() == [(True,)]


def test_who_wants_it_alone_and_who_shares_it_exclude_one_another(
    owners: tuple[Ownership, Ownership], postgresql_url: str
) -> None:
    database = Database(postgresql_url)
    alone = Ownership(database, owner="alone")
    with pytest.raises(Conflict, match=r"in use by (first|second)"):
        alone.take()
    for owner in owners:
        owner.release()
    alone.take()
    with pytest.raises(Conflict, match="in use by alone"):
        owners[0].take()
    alone.release()
    database.close()


def test_one_leads_until_its_connection_ends(
    owners: tuple[Ownership, Ownership], postgresql_server: PostgresServer
) -> None:
    first, second = owners
    assert (first.lead(), second.lead(), first.lead()) == (True, False, True)
    postgresql_server.admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'first'"
    )
    ends = time.monotonic() + 60
    while not second.lead():
        assert time.monotonic() < ends
    assert first.keep()  # it has its right again
    assert (first.lead(), second.lead()) == (False, True)


def test_one_starts_at_a_time(owners: tuple[Ownership, Ownership]) -> None:
    first, second = owners
    order: list[str] = []

    def start() -> None:
        with second.starting():
            order.append("second")

    with first.starting():
        other = threading.Thread(target=start)
        other.start()
        time.sleep(0.3)
        order.append("first")
    other.join()
    assert order == ["first", "second"]


def test_the_schema_is_changed_once_the_older_processes_have_left(databases: Pair, postgresql_url: str) -> None:
    older, newer = databases
    staying, coming = Ownership(older, owner="older"), Ownership(newer, owner="newer")
    staying.take()
    coming.take()
    heard: queue.Queue[str] = queue.Queue()

    def hear(_sender: str, announcements: Sequence[Announcement]) -> None:
        for topic, name, _seconds in announcements:
            assert topic == "migration"
            heard.put(name)

    announcements, is_listening = Announcements(older, sender="older"), threading.Event()
    announcements.listen(hear, connected=is_listening.set)
    assert is_listening.wait(60)
    upgrading = threading.Thread(target=bring_up_to_date, args=(newer, coming))
    upgrading.start()
    assert heard.get(timeout=60) == migrate.newest_revision()
    assert upgrading.is_alive()  # it waits for the older one
    staying.release()
    upgrading.join(60)
    with newer.engine.connect() as connection:
        assert migrate.is_current(connection)
    # From then on it is shared again.
    staying.take()
    bring_up_to_date(newer, coming)
    for ownership in (staying, coming):
        ownership.release()
    announcements.close()


def test_a_lock_by_name_belongs_to_one_process(databases: Pair) -> None:
    first, second = map(NamedLocks, databases)
    assert first.take("state of contoso")
    assert not second.take("state of contoso")
    assert second.take("state of fabrikam")
    second.release("state of fabrikam")
    first.release("state of contoso")
    assert second.take("state of contoso")
    second.release("state of contoso")


def test_locks_by_name_end_with_their_connection_and_are_taken_again_on_another(
    databases: Pair, postgresql_server: PostgresServer
) -> None:
    first, second = map(NamedLocks, databases)
    assert first.take("state of contoso")
    name = make_url(databases[0].url).database
    postgresql_server.admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
    eventually(lambda: second.take("state of contoso"))
    assert not first.take("state of contoso")
    second.release("state of contoso")
    assert first.take("state of contoso")


def test_announcements_reach_the_others_and_not_oneself_and_again_after_a_lost_connection(
    databases: Pair, postgresql_server: PostgresServer
) -> None:
    here, there = (
        Announcements(database, sender=name) for database, name in zip(databases, ("here", "there"), strict=True)
    )
    heard: queue.Queue[tuple[str, Announcement]] = queue.Queue()
    begun = queue.Queue[bool]()

    def hear(sender: str, announcements: Sequence[Announcement]) -> None:
        for announcement in announcements:
            heard.put((sender, announcement))

    for each in (here, there):
        each.listen(hear, connected=lambda: begun.put(True))
    assert begun.get(timeout=60)
    assert begun.get(timeout=60)
    many = [("journal", f"tenant {number}", 0.0) for number in range(200)]
    here.send(many)
    assert [heard.get(timeout=60) for _ in many] == [("here", each) for each in many]
    postgresql_server.admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' OR query LIKE '%pg_notify%'"
        " AND pid != pg_backend_pid()"
    )
    assert begun.get(timeout=60)
    assert begun.get(timeout=60)
    here.send([("lost", "with the connection", 0.0)])
    here.send([("device", "phone", 60.0)])
    assert heard.get(timeout=60) == ("here", ("device", "phone", 60.0))
    assert heard.empty()
    for each in (here, there):
        each.close()


def test_an_owner_keeps_what_it_has_and_the_next_one_is_told_who_it_is(rivals: tuple[Ownership, Ownership]) -> None:
    first, second = rivals
    first.take()
    assert not first.keep()
    with pytest.raises(Conflict, match="in use by first"):
        second.take()
    first.release()
    second.take()
    second.release()


def test_a_lost_connection_is_noticed_and_the_database_taken_again(
    rivals: tuple[Ownership, Ownership], postgresql_server: PostgresServer
) -> None:
    first, second = rivals
    first.take()
    _cut_off(postgresql_server, owner="first")
    assert first.keep()
    assert not first.keep()
    with pytest.raises(Conflict, match="in use by first"):
        second.take()
    first.release()


def test_who_comes_while_the_connection_is_lost_owns_the_database_and_the_former_owner_learns_it(
    rivals: tuple[Ownership, Ownership], postgresql_server: PostgresServer
) -> None:
    first, second = rivals
    first.take()
    _cut_off(postgresql_server, owner="first")
    second.take()
    with pytest.raises(Conflict, match="in use by second"):
        first.keep()
    first.release()
    assert not second.keep()
    second.release()


def test_a_connection_that_broke_without_the_server_s_knowledge_does_not_lock_its_owner_out(
    separate: Pair,
) -> None:
    owner = Ownership(separate[0], owner="first")
    owner.take()
    # As after a cable was cut: we have no connection, and PostgreSQL has a session that holds the lock.
    lost, owner._connection = owner._connection, None
    assert owner.keep()
    assert not owner.keep()
    assert lost is not None
    lost.invalidate()
    owner.release()


def test_a_release_after_the_connection_was_lost_is_silent(separate: Pair, postgresql_server: PostgresServer) -> None:
    owner = Ownership(separate[0], owner="first")
    owner.take()
    _cut_off(postgresql_server, owner="first")
    owner.release()
    with separate[1].engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")).scalar() == 0


@pytest.mark.parametrize("is_shared", [True, False])
def test_processes_that_share_need_sessions_of_their_own(
    separate: Pair, postgresql_url: str, *, is_shared: bool
) -> None:
    # What pgbouncer does with `pool_mode = transaction`: several connections, one session.
    pooled, other = separate
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
