"""The recorded exchanges: what is kept is bounded in number and in bytes, and no tenant's is another's."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from fauxtune.core.clock import ClockMode, TenantClock
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime.runner import Runner
from fauxtune.operations.runtime.signals import Signals
from fauxtune.operations.runtime.wire import KEPT, PLACES, Bounds, Caller, Headers, Wire, extended
from fauxtune.storage.database import Database
from tests.support.clock import NOW, FixedClock
from tests.support.ids import SeededIds

KIB, MIB = 1024, 1024 * 1024
BEGAN = NOW.timestamp()


def _tenant(number: int) -> Tenant:
    return Tenant(
        id=TenantId(f"{number:08d}-0000-4000-8000-000000000000"),
        name=f"tenant{number}",
        domain=f"tenant{number}.example",
        created_at=NOW,
        ca_host=f"ca.tenant{number}.example",
        ca_name="CA",
        public_http_url="http://localhost",
    )


@pytest.fixture
def runner(sqlite_url: str) -> Iterator[Runner]:
    """A runner that knows three tenants."""
    database = Database(sqlite_url)
    runner = Runner(database, FixedClock(), ids=SeededIds(1), signals=Signals())
    for number in range(3):
        runner.remember(_tenant(number))
    yield runner
    database.close()


def _record(wire: Wire, number: int | None, *, path: str = "/x", headers: Headers | None = None, **bodies: Any) -> None:
    tenant = None if number is None else wire.runner.known(f"tenant{number}")
    request, response = bodies.get("request", b""), bodies.get("response", b"")
    sent = (
        *(path.encode(), b"a=1", "POST", "https", "an-id", 0.25),
        *([(b"host", b"localhost"), *(headers or [])], request, len(request)),
        *(200, [(b"content-length", b"%d" % len(response))], response, len(response)),
    )
    caller = Caller(tenant=tenant, device=bodies.get("device"), demands=bodies.get("demands", ()))
    wire.record(caller, BEGAN + bodies.get("later", 0), sent=sent)


def _numbers(wire: Wire, number: int | None, **which: Any) -> list[int]:
    return [exchange.number for exchange in wire.of(None if number is None else _tenant(number).id).exchanges(**which)]


def test_an_exchange_comes_back_as_it_was(runner: Runner) -> None:
    wire = Wire(runner)
    clock = TenantClock(mode=ClockMode.OFFSET, offset=timedelta(days=30))
    runner.remember(replace(_tenant(0), clock=clock))
    demands = ((("GET", "/users"), ("User.Read.All",)),)
    headers = [(b"x-colon", b"a: b\r\n, c"), (b"x-empty", b"")]
    _record(wire, 0, path="/caf%C3%A9", headers=headers, request=b"\0\xff", response=b"{}", device="d", demands=demands)
    (exchange,) = wire.of(_tenant(0).id).exchanges()
    assert exchange == wire.of(_tenant(0).id).exchange(1)
    assert (exchange.began, exchange.seconds, exchange.clock) == (NOW, 0.25, clock)
    assert (exchange.method, exchange.scheme, exchange.path, exchange.query) == ("POST", "https", "/café", b"a=1")
    assert exchange.request_headers == [(b"host", b"localhost"), *headers]
    assert (exchange.request_body, exchange.request_length) == (b"\0\xff", 2)
    assert (exchange.status, exchange.response_body, exchange.response_length) == (200, b"{}", 2)
    assert exchange.caller == Caller(device="d", demands=demands)


def test_the_oldest_goes_first(runner: Runner) -> None:
    wire = Wire(runner, Bounds(exchanges=3))
    for _ in range(5):
        _record(wire, 0)
    assert _numbers(wire, 0) == [3, 4, 5]
    assert _numbers(wire, 0, newest_first=True) == [5, 4, 3]
    assert (_numbers(wire, 0, after=4), _numbers(wire, 0, after=1), _numbers(wire, 0, after=9)) == ([5], [3, 4, 5], [])
    third = wire.of(_tenant(0).id).exchange(3)
    assert third is not None
    assert third.number == 3
    for missing in (-1, 0, 2, 6, 10**30):
        assert wire.of(_tenant(0).id).exchange(missing) is None


def test_numbers_of_processes_that_share_a_database_are_times_and_never_those_of_another_process(
    runner: Runner,
) -> None:
    wires = [Wire(runner), Wire(runner)]
    for place, wire in enumerate(wires):
        wire.place = place
        for _ in range(5):
            _record(wire, 0)
    here, there = (_numbers(wire, 0) for wire in wires)
    assert here == sorted(set(here))
    assert {number % PLACES for number in here} == {0}
    assert {number % PLACES for number in there} == {1}
    assert abs(here[0] / 1_000_000 - BEGAN) < 1
    assert here[0] <= wires[0].number_now() < here[1]


def test_each_tenant_has_its_own_and_its_own_numbers(runner: Runner) -> None:
    wire = Wire(runner)
    for number in (0, 1, 0, None):
        _record(wire, number)
    assert (_numbers(wire, 0), _numbers(wire, 1), _numbers(wire, 2), _numbers(wire, None)) == ([1, 2], [1], [], [1])
    wire.clear(_tenant(0).id)
    assert (_numbers(wire, 0), _numbers(wire, 1), wire.of(_tenant(0).id).newest) == ([], [1], 2)
    _record(wire, 0)
    assert _numbers(wire, 0) == [3]
    for number in (0, 1, None):
        wire.clear(None if number is None else _tenant(number).id)
    assert wire.size == 0


def test_what_ends_after_its_tenant_was_deleted_belongs_to_no_tenant(runner: Runner) -> None:
    wire = Wire(runner)
    tenant = _tenant(0)
    _record(wire, 0)
    runner.forget(tenant)
    wire.forget(tenant.id)
    wire.record(Caller(tenant=tenant), BEGAN, sent=(b"/x", b"", "GET", "https", "i", 0, [], b"", 0, 200, [], b"", 0))
    assert (_numbers(wire, 0), _numbers(wire, None)) == ([], [1])
    (exchange,) = wire.of(None).exchanges()
    assert exchange.clock is None


def test_the_bytes_of_a_tenant_are_bounded(runner: Runner) -> None:
    wire = Wire(runner, Bounds(tenant_bytes=MIB))
    for _ in range(40):
        _record(wire, 0, request=b"x" * KEPT, response=b"y" * KEPT)
        assert wire.size <= MIB
    assert 6 <= len(_numbers(wire, 0)) <= 8
    # One that is larger than all together is not kept.
    _record(wire, 0, headers=[(b"x", b"y" * 2 * MIB)])
    assert _numbers(wire, 0) == []
    assert (wire.size, wire.of(_tenant(0).id).newest) == (0, 41)


def test_the_bytes_of_all_are_bounded_and_the_oldest_of_any_tenant_go(runner: Runner) -> None:
    wire = Wire(runner, Bounds(total_bytes=2 * MIB))
    _record(wire, 2)
    for number in range(60):
        _record(wire, number % 2, request=b"x" * KEPT, later=number)
        assert wire.size <= 2 * MIB
    assert _numbers(wire, 2) == []
    ours, theirs = _numbers(wire, 0), _numbers(wire, 1)
    assert (ours[-1], theirs[-1]) == (30, 30)
    assert abs(len(ours) - len(theirs)) <= 1
    assert 20 <= len(ours) + len(theirs) <= 31


@pytest.mark.parametrize("kind", ["small", "many headers", "many demands", "large bodies"])
def test_what_is_kept_needs_no_more_memory_than_is_counted(runner: Runner, kind: str) -> None:
    many = tuple((("GET", f"/users/{{user}}/{n}"), ("User.Read.All", f"Other.{n}")) for n in range(20))
    wire = Wire(runner, Bounds(exchanges=10_000, tenant_bytes=4 * MIB))
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for number in range(1500):
        match kind:
            case "small":
                _record(wire, 0, device=f"device {number}")
            case "many headers":
                _record(wire, 0, headers=[(b"%d" % (count + number), b"") for count in range(500)])
            case "many demands":
                fresh = tuple(((verb, f"{path}{number}"), (*needs,)) for (verb, path), needs in many)
                _record(wire, 0, demands=fresh)
            case _:
                _record(wire, 0, request=b"%d" % number * 10_000)
    held = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert wire.size <= 4 * MIB
    assert held <= wire.size + 64 * KIB


def test_a_body_is_kept_up_to_its_bound() -> None:
    body = b""
    for _ in range(10):
        body = extended(body, b"x" * 10_000)
    assert body == b"x" * KEPT
    assert extended(b"", b"y" * (KEPT + 1)) == b"y" * KEPT
