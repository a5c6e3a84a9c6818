"""Questions that many ask at one time, and that are answered by one statement."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from fauxtune.core.errors import DatabaseUnavailable
from fauxtune.operations.runtime.turns import Together, give_way


class Database:
    """Doubles numbers, when it is let."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def doubled(self, numbers: Sequence[int]) -> Sequence[int]:
        self.asked.append(list(numbers))
        await self.may_answer.wait()
        if -1 in numbers:
            raise DatabaseUnavailable("The database is away.")
        return [2 * number for number in numbers]


async def test_who_asks_alone_is_answered_alone() -> None:
    database = Database()
    together = Together(database.doubled)
    assert [await together.answer(1), await together.answer(2)] == [2, 4]
    assert database.asked == [[1], [2]]


async def test_who_comes_at_one_time_is_answered_together_and_who_comes_later_next() -> None:
    database = Database()
    together = Together(database.doubled)
    database.may_answer.clear()
    first = [asyncio.create_task(together.answer(number)) for number in range(3)]
    while not database.asked:
        await asyncio.sleep(0)
    later = [asyncio.create_task(together.answer(number)) for number in range(3, 250)]
    await asyncio.sleep(0)
    database.may_answer.set()
    assert await asyncio.gather(*first, *later) == [2 * number for number in range(250)]
    assert [len(numbers) for numbers in database.asked] == [3, 100, 100, 47]


async def test_as_many_statements_are_under_way_as_may_be_and_nobody_is_asked_for_twice() -> None:
    database = Database()
    together = Together(database.doubled, at_once=2)
    database.may_answer.clear()
    first = asyncio.create_task(together.answer(0))
    while not database.asked:
        await asyncio.sleep(0)
    others = [asyncio.create_task(together.answer(number)) for number in range(1, 150)]
    for _ in range(5):
        await asyncio.sleep(0)
    assert [len(numbers) for numbers in database.asked] == [1, 100], "the rest waits for one of the two"
    database.may_answer.set()
    assert await asyncio.gather(first, *others) == [2 * number for number in range(150)]
    assert [number for numbers in database.asked for number in numbers] == [*range(150)]


async def test_of_more_than_one_statement_holds_the_rest_goes_with_a_second_at_once() -> None:
    database = Database()
    together = Together(database.doubled, at_once=2)
    database.may_answer.clear()
    asking = [asyncio.create_task(together.answer(number)) for number in range(250)]
    for _ in range(5):
        await asyncio.sleep(0)
    assert [len(numbers) for numbers in database.asked] == [100, 100]
    database.may_answer.set()
    assert await asyncio.gather(*asking) == [2 * number for number in range(250)]


async def test_an_error_is_told_to_those_who_asked_with_it_and_to_nobody_else() -> None:
    database = Database()
    together = Together(database.doubled)
    told = await asyncio.gather(*(together.answer(number) for number in (12, -1)), return_exceptions=True)
    assert [type(each) for each in told] == [DatabaseUnavailable] * 2
    assert await together.answer(14) == 28


async def test_what_can_be_answered_now_waits_for_nothing_and_gives_way_between_two_statements() -> None:
    database = Database()
    now: list[int] = []

    def doubled(numbers: Sequence[int]) -> Sequence[int] | None:
        if 0 in numbers:
            return None
        now.append(len(numbers))
        return [2 * number for number in numbers]

    together = Together(database.doubled, ask_now=doubled)
    asking = [asyncio.create_task(together.answer(number)) for number in range(1, 251)]
    for _ in range(2):
        await asyncio.sleep(0)
    assert now == [100]
    assert await asyncio.gather(*asking) == [2 * number for number in range(1, 251)]
    assert now == [100, 100, 50]
    assert database.asked == []
    assert await together.answer(0) == 0
    assert database.asked == [[0]]


async def test_who_has_gone_asks_no_more() -> None:
    database = Database()
    together = Together(database.doubled)
    database.may_answer.clear()
    here = asyncio.create_task(together.answer(1))
    while not database.asked:
        await asyncio.sleep(0)
    gone = asyncio.create_task(together.answer(2))
    await asyncio.sleep(0)
    for task in (here, gone):
        task.cancel()
    database.may_answer.set()
    assert await together.answer(3) == 6
    assert database.asked == [[1], [3]]
    with pytest.raises(asyncio.CancelledError):
        await here


async def test_who_asks_while_long_work_is_done_in_parts_waits_for_one_part() -> None:
    together = Together(Database().doubled)
    parts = 0

    async def work_long() -> None:
        nonlocal parts
        for _ in range(50):
            parts += 1
            await give_way()

    async def ask(number: int) -> int:
        """Ask as a request does: a task of its own, whose answer another turn of the loop sends."""
        before = parts
        await asyncio.create_task(together.answer(number))
        await asyncio.sleep(0)
        return parts - before

    work = asyncio.create_task(work_long())
    await asyncio.sleep(0)
    waits = [max(await asyncio.gather(*(ask(number) for number in range(32)))) for _ in range(4)]
    await work
    assert max(waits) <= 1
