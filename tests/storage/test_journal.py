"""The journal: numbers without a gap, and no reader can miss an event however transactions run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event as Signal
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Connection

from fauxtune.core.clock import ClockMode, TenantClock
from fauxtune.core.errors import NotFound
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.tenants import Tenant
from fauxtune.storage.database import Database
from fauxtune.storage.queries import tenants
from fauxtune.storage.rows.tenants import JournalRow

if TYPE_CHECKING:
    from tests.storage.conftest import Filler


def event(fill: Filler, word: str, *, device: str | None = None, detail: dict[str, Any] | None = None) -> JournalRow:
    return JournalRow(fill.tenant_id, 0, fill.now, word, None, device, None, certificate=None, detail=detail or {})


def numbers(connection: Connection, tenant_id: TenantId, *, after: int = 0) -> list[int]:
    return [row.seq for row in tenants.events(connection, tenant_id, after=after)]


def test_events_are_numbered_in_order_from_one(fill: Filler) -> None:
    tenants.add_events(fill.connection, fill.tenant_id, events=[event(fill, "a"), event(fill, "b")])
    tenants.add_events(fill.connection, fill.tenant_id, events=[event(fill, "c", detail={"why": "Zoë"})])
    events = tenants.events(fill.connection, fill.tenant_id, after=0)
    assert [(row.seq, row.type) for row in events] == [(1, "a"), (2, "b"), (3, "c")]
    assert (events[2].detail, events[2].time) == ({"why": "Zoë"}, fill.now)
    assert numbers(fill.connection, fill.tenant_id, after=2) == [3]


def test_events_are_found_by_type_and_device(fill: Filler) -> None:
    written = [event(fill, "issued", device="d1"), event(fill, "failed", device="d1"), event(fill, "failed")]
    tenants.add_events(fill.connection, fill.tenant_id, events=written)
    for which, expected in (
        ({"types": ("failed",)}, [2, 3]),
        ({"device": "d1"}, [1, 2]),
        ({"types": ("failed", "issued"), "device": "d1"}, [1, 2]),
        ({"limit": 1}, [1]),
    ):
        events = tenants.events(fill.connection, fill.tenant_id, after=0, **which)
        assert [row.seq for row in events] == expected


def test_what_was_rolled_back_leaves_no_gap(database: Database, filler: type[Filler]) -> None:
    with database.engine.begin() as connection:
        fill = filler(connection)
        fill.tenant()
        tenants.add_events(fill.connection, fill.tenant_id, events=[event(fill, "a")])

    def write_and_fail(connection: Connection) -> None:
        tenants.add_events(connection, fill.tenant_id, events=[event(fill, "lost")])
        raise LookupError

    with pytest.raises(LookupError):
        database.run_now(write_and_fail)
    database.run_now(tenants.add_events, fill.tenant_id, events=[event(fill, "b")])
    assert database.run_now(numbers, fill.tenant_id) == [1, 2]


def test_every_tenant_counts_for_itself_and_one_that_is_gone_writes_nothing(fill: Filler) -> None:
    other = type(fill)(fill.connection, TenantId("0ther000-x"))
    other.tenant()
    for filler in (fill, other):
        tenants.add_events(fill.connection, filler.tenant_id, events=[event(filler, "a")])
        assert numbers(fill.connection, filler.tenant_id) == [1]
    tenants.delete_tenant(fill.connection, other.tenant_id)
    with pytest.raises(NotFound):
        tenants.add_events(fill.connection, other.tenant_id, events=[event(other, "late")])
    assert numbers(fill.connection, other.tenant_id) == []
    assert numbers(fill.connection, fill.tenant_id) == [1]


def test_no_reader_misses_an_event_of_concurrent_transactions(postgresql: Database, filler: type[Filler]) -> None:
    with postgresql.engine.begin() as connection:
        fill = filler(connection)
        fill.tenant()
    done = Signal()

    def write(worker: int) -> None:
        for turn in range(20):
            written = [event(fill, f"{worker}-{turn}-{number}") for number in range(1 + (worker + turn) % 3)]
            postgresql.run_now(tenants.add_events, fill.tenant_id, events=written)

    def follow() -> list[int]:
        results: list[int] = []
        finished = False
        while not finished:
            finished = done.is_set()  # before the last look: what was written till then must be seen
            results += postgresql.run_now(numbers, fill.tenant_id, after=results[-1] if results else 0)
        return results

    with ThreadPoolExecutor(8) as threads:
        readers = [threads.submit(follow) for _ in range(2)]
        list(threads.map(write, range(6)))
        done.set()
        expected = sum(1 + (worker + turn) % 3 for worker in range(6) for turn in range(20))
        for reader in readers:
            assert reader.result() == list(range(1, expected + 1))


def test_an_earlier_number_is_never_seen_after_a_later_one(postgresql: Database, filler: type[Filler]) -> None:
    """A writer that took its number and has not committed holds the next one up."""
    with postgresql.engine.begin() as connection:
        fill = filler(connection)
        fill.tenant()
    took, may_commit = Signal(), Signal()

    def slow(connection: Connection) -> None:
        tenants.add_events(connection, fill.tenant_id, events=[event(fill, "slow")])
        took.set()
        assert may_commit.wait(20)

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(postgresql.run_now, slow)
        assert took.wait(20)
        second = threads.submit(postgresql.run_now, tenants.add_events, fill.tenant_id, events=[event(fill, "quick")])
        assert postgresql.run_now(numbers, fill.tenant_id) == []
        may_commit.set()
        first.result(20)
        second.result(20)
    result = postgresql.run_now(tenants.events, fill.tenant_id, after=0)
    assert [(row.seq, row.type) for row in result] == [(1, "slow"), (2, "quick")]


# ----------------------------------------------------------------------------------------------------------- tenants


def test_a_tenant_comes_back_as_it_was_and_under_each_of_its_names(fill: Filler) -> None:
    tenant = Tenant(
        TenantId("7e5a0000-x"),
        "Fabrikam",
        "fabrikam.example",
        fill.now,
        "ca.fabrikam.example",
        "Fabrikam CA",
        "http://localhost:8080",
        clock=TenantClock(mode=ClockMode.FROZEN, frozen_at=fill.now),
        settings={"requireTrustedRoot": False},
    )
    tenants.add_tenant(fill.connection, tenant)
    for key in ("7e5a0000-x", "FABRIKAM", "Fabrikam.Example"):
        assert tenants.tenant_by_key(fill.connection, key) == tenant
    assert tenants.tenant_by_key(fill.connection, "nobody") is None
    assert len(tenants.all_tenants(fill.connection)) == 2
