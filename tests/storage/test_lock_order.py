"""Rows are locked in one order on PostgreSQL: a transaction that waits for a row holds none that comes later."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, Select, Table, select, text
from sqlalchemy.exc import OperationalError

from fauxtune.core.model.ids import EnrollmentId, RequestId, UserId
from fauxtune.storage.database import Database
from fauxtune.storage.queries import concern, devices, locks, logs
from fauxtune.storage.queries import connectors as request_queries
from fauxtune.storage.rows.tenants import AuditEventRow
from fauxtune.storage.tables import audit_events, connector_requests, enrollments, tenants
from fauxtune.storage.tenancy import across_tenants, of_tenant
from tests.storage.conftest import NOW, TENANT, Filler
from tests.support.certificate_rows import request_row

_WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")


@pytest.fixture
def filled(postgresql: Database) -> Database:
    """Two devices and two requests of one of them, each time the later id first: so a scan of the table finds them."""

    def fill(connection: Connection) -> None:
        filler = Filler(connection)
        filler.tenant()
        for name in ("z", "a"):
            filler.device(name, user="alice")
        for name in ("z", "a"):
            row = request_row(
                TENANT,
                id=name,
                enrollment_id=EnrollmentId("e-a"),
                item_key=f"pkcs/{name}",
                state="failed",
                created_at=NOW,
            )
            request_queries.put_requests(connection, [(row, {})], replaced=())

    postgresql.run_now(fill)
    return postgresql


@contextmanager
def waiting_for(
    database: Database, table: Table, row: str, *, work: Callable[[Connection], Any]
) -> Iterator[tuple[Connection, Future[Any]]]:
    """The work, at the moment when it waits for this row; and the connection that has the row until the block ends. No
    index is used, so that the plan finds the later id first.
    """

    def unindexed(connection: Connection) -> Any:
        for kind in ("indexscan", "bitmapscan", "indexonlyscan"):
            connection.execute(text(f"SET LOCAL enable_{kind} = off"))
        return work(connection)

    with ThreadPoolExecutor(1) as threads:
        with database.engine.begin() as holder:
            holder.execute(_locking(table, row).with_for_update()).one()
            future = threads.submit(database.run_now, unindexed)
            until_somebody_waits(database)
            yield holder, future
        future.result(timeout=30)


def until_somebody_waits(database: Database) -> None:
    with database.engine.connect() as asking:
        for _ in range(1000):
            if asking.execute(_WAITING).scalar_one():
                return
            asking.rollback()
            time.sleep(0.01)
    raise AssertionError("nobody waits")


def _locking(table: Table, row: str) -> Select[Any]:
    return across_tenants(select(table.c.id).where(table.c.id == row), "a test knows the row")


def is_free(connection: Connection, table: Table, row: str) -> bool:
    try:
        with connection.begin_nested():
            connection.execute(_locking(table, row).with_for_update(nowait=True)).one()
    except OperationalError:
        return False
    return True


@pytest.mark.parametrize(
    "work",
    [
        lambda connection: concern.by_tenant(connection, TENANT),
        lambda connection: concern.by_user(connection, TENANT, user_id=UserId("alice")),
        lambda connection: concern.by_enrollments(
            connection, TENANT, enrollment_ids=[EnrollmentId("e-z"), EnrollmentId("e-a")]
        ),
        lambda connection: locks.hold_all(connection, TENANT),
        lambda connection: locks.hold_devices(connection, TENANT, ids=["m-z", "m-a"]),
    ],
)
def test_enrolments_are_locked_in_the_order_of_their_ids(filled: Database, work: Callable[[Connection], Any]) -> None:
    with waiting_for(filled, enrollments, "e-a", work=work) as (holder, _):
        assert is_free(holder, enrollments, "e-z")
        assert is_free(holder, tenants, TENANT)


@pytest.mark.parametrize(
    "work",
    [
        lambda connection: request_queries.forget_refusals(connection, TENANT),
        lambda connection: request_queries.request(connection, TENANT, request_id=RequestId("z"), lock=True),
        lambda connection: devices.enrollment(connection, EnrollmentId("e-a"), lock=True),
        lambda connection: devices.enrollment_by_credential(connection, f"digest-{TENANT}-a", lock=True),
        lambda connection: locks.hold_all(connection, TENANT),
        lambda connection: locks.hold_devices(connection, TENANT, ids=["m-z", "m-a"]),
    ],
)
def test_requests_are_locked_in_the_order_of_their_ids_and_before_enrolments(
    filled: Database, work: Callable[[Connection], Any]
) -> None:
    with waiting_for(filled, connector_requests, "a", work=work) as (holder, _):
        assert is_free(holder, connector_requests, "z")
        assert is_free(holder, enrollments, "e-a")


def test_a_generation_is_raised_once_also_after_a_wait_for_a_lock(filled: Database) -> None:
    with waiting_for(filled, enrollments, "e-a", work=lambda c: concern.by_tenant(c, TENANT)) as (holder, future):
        concern.by_enrollment(holder, TENANT, enrollment_id=EnrollmentId("e-a"))
    assert sorted(future.result()) == ["e-a", "e-z"]
    with filled.engine.connect() as connection:
        result = connection.execute(
            select(enrollments.c.id, enrollments.c.generation)
            .where(of_tenant(enrollments, TENANT))
            .order_by(enrollments.c.id)
        )
        assert [tuple(row) for row in result] == [("e-a", 3), ("e-z", 2)]


def test_two_who_number_audit_events_at_once_take_different_numbers(filled: Database) -> None:
    def write(connection: Connection, name: str = "second") -> None:
        last, _ = logs.last_number(connection, TENANT, client_id="")
        event = AuditEventRow(TENANT, name, number=last + 1, activity_at=NOW, component="x", document={})
        logs.add_events(connection, [event])

    with waiting_for(filled, tenants, TENANT, work=write) as (holder, _):
        write(holder, "first")
    with filled.engine.connect() as connection:
        result = connection.execute(
            select(audit_events.c.id, audit_events.c.number)
            .where(of_tenant(audit_events, TENANT))
            .order_by(audit_events.c.number)
        )
        assert [tuple(row) for row in result] == [("first", 1), ("second", 2)]


def test_two_transactions_that_wait_for_each_other_both_succeed_after_a_pause(filled: Database) -> None:
    pauses: list[float] = []

    def jitter() -> float:
        pauses.append(0.0)
        return 0.0

    meet = threading.Barrier(2, timeout=30)
    met: set[str] = set()

    def cross(connection: Connection, first: EnrollmentId, second: EnrollmentId) -> None:
        connection.execute(text("SET LOCAL deadlock_timeout = '50ms'"))
        concern.by_enrollment(connection, TENANT, enrollment_id=first)
        if first not in met:
            met.add(first)
            meet.wait()
        concern.by_enrollment(connection, TENANT, enrollment_id=second)

    a, z = EnrollmentId("e-a"), EnrollmentId("e-z")
    with closing(Database(filled.url, jitter=jitter)) as database:
        with ThreadPoolExecutor(2) as threads:
            both = [threads.submit(partial(database.run_now, cross, *order)) for order in ((a, z), (z, a))]
            for future in both:
                future.result(timeout=30)
        with database.engine.connect() as connection:
            assert set(
                connection.execute(select(enrollments.c.generation).where(of_tenant(enrollments, TENANT))).scalars()
            ) == {3}
    # More than one: the one that gave way may lock its row again before the other one has woken up.
    assert pauses
