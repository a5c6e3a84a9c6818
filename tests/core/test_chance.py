"""The stream of a deterministic tenant, and what finds it."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime

from fauxtune.core import chance
from fauxtune.operations.runtime.turns import Workers
from fauxtune.server.system import SystemClock, SystemIds

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def _work(*names: str | int) -> chance.Repeatable:
    return chance.Repeatable(chance.Stream(*names), NOW, names)


def _drawn() -> tuple[str, str, int, datetime]:
    ids = SystemIds()
    return ids.uuid(), ids.token(), ids.serial(), SystemClock().now()


def test_ids_and_the_time_come_from_the_work_that_is_done() -> None:
    with chance.repeatable(_work(7, "lab")):
        first = _drawn()
        assert _drawn()[:3] != first[:3]
    with chance.repeatable(_work(7, "lab")):
        assert _drawn() == first
    assert first[3] == NOW
    with chance.repeatable(_work(7, "other")):
        assert _drawn()[0] != first[0]
    assert _drawn()[3] != NOW


def test_numbers_below_a_bound_are_all_drawn() -> None:
    stream = chance.Stream(1)
    drawn = Counter(stream.below(6) for _ in range(6000))
    assert set(drawn) == set(range(6))
    assert min(drawn.values()) > 800


def test_threads_have_streams_of_their_own_whichever_begins_first() -> None:
    workers = Workers(2)
    try:
        results = []
        for order in (1, -1):
            with chance.repeatable(_work(7)):
                futures = [workers.submit("tenant", SystemIds().uuid) for _ in range(4)]
            results.append([future.result(10) for future in futures[::order]][::order])
        assert results[0] == results[1]
        assert len(set(results[0])) == 4
    finally:
        workers.end()


def test_what_lasts_is_the_same_in_each_work_of_a_tenant() -> None:
    first, second = (_work(7, "lab").lasting("tokens") for _ in range(2))
    assert first.stream.octets(8) == second.stream.octets(8)
    assert _work(7, "lab").lasting("other").stream.octets(8) != first.stream.octets(8)


def test_other_tasks_know_nothing_of_it() -> None:
    async def two() -> tuple[bool, bool]:
        async def inside() -> bool:
            with chance.repeatable(_work(7)):
                await asyncio.sleep(0)
                return chance.present() is not None

        async def outside() -> bool:
            await asyncio.sleep(0)
            return chance.present() is None

        done = await asyncio.gather(inside(), outside())
        return done[0], done[1]

    assert asyncio.run(two()) == (True, True)
