"""Questions to the database that many ask at one time, answered by one statement.

Who comes while a statement is under way waits for the next one, with all others who come by then: a busy server asks
seldom for many, and an idle one at once for each.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")

#: The most questions of one statement.
_MOST = 100
#: Turns of the event loop from the arrival of requests to their answers, where questions are asked together: they are
#: read, handled, asked, answered, handled on and sent.
_TURNS = 8


async def give_way() -> None:
    """Let those who have come be answered, between two parts of long work."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)


class Together(Generic[Q, A]):
    """The questions of one kind. Everything runs on the event loop."""

    def __init__(self, ask: Callable[[Sequence[Q]], Coroutine[Any, Any, Sequence[A]]]) -> None:
        """`ask` answers questions, in their order."""
        self._ask = ask
        self._waiting: list[tuple[Q, asyncio.Future[A]]] = []
        self._is_asking = False
        #: asyncio keeps no reference of a task.
        self._asking: set[asyncio.Task[Sequence[A]]] = set()

    async def answer(self, question: Q) -> A:
        """Return the answer. Raises what `ask` raises, as it does for all who ask with it."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[A] = loop.create_future()
        self._waiting.append((question, answer))
        if not self._is_asking:
            self._is_asking = True
            loop.call_soon(self._ask_next)  # by then all have come who come at this moment
        return await answer

    def _ask_next(self) -> None:
        # Who was cancelled asks no more: somebody else may have its turn by now.
        waiting = [each for each in self._waiting if not each[1].done()]
        now, self._waiting = waiting[:_MOST], waiting[_MOST:]
        self._is_asking = bool(now)
        if self._is_asking:
            questions, answers = [question for question, _ in now], [answer for _, answer in now]
            asking = asyncio.create_task(self._ask(questions))
            self._asking.add(asking)
            asking.add_done_callback(partial(self._tell, answers))

    def _tell(self, waiting: Sequence[asyncio.Future[A]], asking: asyncio.Task[Sequence[A]]) -> None:
        self._asking.discard(asking)
        for place, answer in enumerate(waiting):
            if asking.cancelled():
                answer.cancel()
            elif answer.done():
                continue
            elif (error := asking.exception()) is not None:
                answer.set_exception(error)
            else:
                answer.set_result(asking.result()[place])
        self._ask_next()
