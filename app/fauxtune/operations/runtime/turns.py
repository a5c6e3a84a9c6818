"""Who waits for whom: check-ins of one device, tenants at the threads for slow computations, questions to the database.

`Turns`: one at a time for each name, so that two check-ins of one device are served one after the other. That holds in
one process. Work of several transactions takes its turn `across` the processes that share a database.

`Workers`: threads for slow computations, shared fairly: tenants take turns, and none has more than its share of the
threads. A thread begins when there is work for it, and ends some seconds after the last: while it begins, the event
loop waits. All are daemon threads: the end of the server does not wait for them, and an answer that was not stored is
asked for again.

`Together`: questions to the database that many ask at one time, answered by one statement. Who comes while as many
statements as may be are under way waits for the next one, with all others who come by then: a busy server asks seldom
for many, and an idle one at once for each.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager, suppress
from functools import partial
from threading import Condition, Thread
from typing import Any, Generic, TypeVar

from fauxtune.core.chance import carried
from fauxtune.core.errors import Unavailable
from fauxtune.core.model.tenants import Tenant
from fauxtune.storage.process_lock import NamedLocks

T = TypeVar("T")
Q = TypeVar("Q")
A = TypeVar("A")

#: Seconds between two questions for a lock that another process has, and how long it is asked for.
_PAUSE, _PATIENCE = 0.05, 120.0

#: Seconds for which a thread waits for more work.
_IDLE_SECONDS = 5.0

#: The most questions of one statement.
_MOST = 100
#: Turns of the event loop from the arrival of requests to their answers, where questions are asked together: they are
#: read, handled, asked, answered, handled on and sent.
_TURNS = 8


class Turns:
    """A lock for each name, stored only while it is held."""

    def __init__(self, locks: NamedLocks | None = None) -> None:
        """`locks`: those of the processes that share the database; None: there is one process."""
        self._locks = locks
        #: Of each name that is held: who waits for it, in the order of arrival.
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    def is_taken(self, name: str) -> bool:
        """Whether this name's lock is held or awaited."""
        return name in self._waiting

    def of(self, name: str) -> _Turn:
        """Wait for the lock, and release it at the end: `async with`."""
        return _Turn(self._waiting, name)

    @asynccontextmanager
    async def across(self, name: str) -> AsyncIterator[None]:
        """Do what `of` does, across all processes. Raises Unavailable if another process does not come to an end."""
        async with self.of(name):
            if self._locks is None:
                yield
                return
            waited = 0.0
            while not await self._take(self._locks, name):
                if waited >= _PATIENCE:
                    raise Unavailable("Another process has been working on the same for two minutes. Try again.")
                await asyncio.sleep(_PAUSE)
                waited += _PAUSE
            try:
                yield
            finally:
                await self._release(self._locks, name)

    async def pass_by(self, name: str) -> None:
        """Wait while anybody, in any process, has this turn."""
        if self._locks is not None or self.is_taken(name):
            async with self.across(name):
                pass

    async def _take(self, locks: NamedLocks, name: str) -> bool:
        """Take the lock of all processes. Who is cancelled meanwhile gives it back, for the thread takes it anyway."""
        taking = asyncio.ensure_future(asyncio.to_thread(locks.take, name))
        try:
            return await asyncio.shield(taking)
        except asyncio.CancelledError:
            with suppress(Unavailable):
                if await taking:
                    await self._release(locks, name)
            raise

    async def _release(self, locks: NamedLocks, name: str) -> None:
        """Give the lock of all processes back, also if its owner is cancelled meanwhile: a release that no thread has
        begun by then would be cancelled as well, and the lock would stay.
        """
        releasing = asyncio.ensure_future(asyncio.to_thread(locks.release, name))
        try:
            await asyncio.shield(releasing)
        except asyncio.CancelledError:
            await asyncio.wait((releasing,))
            raise


class _Turn:
    """A turn of one name. Nearly always nobody else has it: then it costs next to nothing."""

    __slots__ = ("_all", "_name")

    def __init__(self, waiting: dict[str, deque[asyncio.Future[None]]], name: str) -> None:
        self._all = waiting
        self._name = name

    async def __aenter__(self) -> None:
        waiting = self._all.get(self._name)
        if waiting is None:
            self._all[self._name] = deque()
            return
        turn = asyncio.get_running_loop().create_future()
        waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._pass_on()  # it was given the turn, and does not want it any more
            raise

    async def __aexit__(self, *_error: object) -> None:
        self._pass_on()

    def _pass_on(self) -> None:
        waiting = self._all[self._name]
        while waiting:
            next_one = waiting.popleft()
            if not next_one.done():
                next_one.set_result(None)
                return
        del self._all[self._name]


def turn_of_state(tenant: Tenant) -> str:
    """Return the name of the turn in which a tenant's state is arranged or replaced as a whole."""
    return f"state of {tenant.id}"


class Workers:
    """At most this many threads, and at most `share` of them for one tenant. Work that was cancelled is not begun."""

    def __init__(self, threads: int, *, share: int | None = None) -> None:
        self._threads = threads
        self._share = threads if share is None else share
        #: Held by whoever looks at or changes what follows; told when there is more work.
        self._more = Condition()
        #: In the order in which the tenants' turns come.
        self._waiting: dict[str, dict[Future[Any], Callable[[], Any]]] = {}
        self._busy: Counter[str] = Counter()
        #: The threads that there are, and those of them that wait for work.
        self._running = self._idle = 0
        self._waits = True

    def submit(self, tenant: str, work: Callable[[], T]) -> Future[T]:
        """Return a future of the work's result or exception. Cancelling it removes the work from the queue, if it has
        not begun.
        """
        future: Future[T] = Future()
        work = carried(work)
        with self._more:
            self._waiting.setdefault(tenant, {})[future] = work
            grows = self._running < self._threads and sum(map(len, self._waiting.values())) > self._idle
            self._running += grows
            self._more.notify()
        future.add_done_callback(lambda done: self._forget(tenant, done))
        if grows:
            Thread(target=self._work, name="connector", daemon=True).start()
        return future

    def end(self) -> None:
        """Let threads that wait for work end at once, and others when no work is left."""
        with self._more:
            self._waits = False
            self._more.notify_all()

    def _work(self) -> None:
        while (entry := self._next()) is not None:
            tenant, future, work = entry
            try:
                future.set_result(work())
            except BaseException as error:
                future.set_exception(error)
            with self._more:
                self._busy[tenant] -= 1

    def _next(self) -> tuple[str, Future[Any], Callable[[], Any]] | None:
        """Return the work of the tenant whose turn it is, and wait for it a while. None: this thread ends."""
        with self._more:
            is_told = True
            while (entry := self._first()) is None and is_told and self._waits:
                self._idle += 1
                is_told = self._more.wait(_IDLE_SECONDS)
                self._idle -= 1
            self._running -= entry is None
            return entry

    def _first(self) -> tuple[str, Future[Any], Callable[[], Any]] | None:
        for tenant in list(self._waiting):
            if self._busy[tenant] >= self._share:
                continue
            queue = self._waiting.pop(tenant)
            for future in list(queue):
                work = queue.pop(future)
                if future.set_running_or_notify_cancel():
                    if queue:
                        self._waiting[tenant] = queue
                    self._busy[tenant] += 1
                    return tenant, future, work
        return None

    def _forget(self, tenant: str, future: Future[Any]) -> None:
        with self._more:
            self._waiting.get(tenant, {}).pop(future, None)


async def give_way() -> None:
    """Let those who have come be answered, between two parts of long work."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)


class Together(Generic[Q, A]):
    """The questions of one kind. Everything runs on the event loop."""

    def __init__(
        self,
        ask: Callable[[Sequence[Q]], Coroutine[Any, Any, Sequence[A]]],
        *,
        at_once: int = 1,
        ask_now: Callable[[Sequence[Q]], Sequence[A] | None] | None = None,
    ) -> None:
        """`ask` answers questions, in their order. `at_once`: the most statements under way at a time. `ask_now`
        answers them without waiting for anything, or returns None if `ask` has to.
        """
        self._ask = ask
        self._ask_now = ask_now
        self._at_once = at_once
        self._waiting: list[tuple[Q, asyncio.Future[A]]] = []
        #: Whether those who wait are asked for in this turn of the event loop.
        self._is_about_to_ask = False
        #: The statements under way.
        self._asking: set[asyncio.Task[Sequence[A]]] = set()

    async def answer(self, question: Q) -> A:
        """Return the answer. Raises what `ask` raises, as it does for all who ask with it."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[A] = loop.create_future()
        self._waiting.append((question, answer))
        if not self._is_about_to_ask and len(self._asking) < self._at_once:
            self._is_about_to_ask = True
            loop.call_soon(self._ask_next)  # by then all have come who come at this moment
        return await answer

    def _ask_next(self) -> None:
        self._is_about_to_ask = False
        # Who was cancelled asks no more: somebody else may have its turn by now.
        waiting = [each for each in self._waiting if not each[1].done()]
        while waiting and len(self._asking) < self._at_once:
            now, waiting = waiting[:_MOST], waiting[_MOST:]
            questions, answers = [question for question, _ in now], [answer for _, answer in now]
            known = None if self._ask_now is None else self._ask_now(questions)
            if known is not None:  # a task for it would take two more turns of the event loop
                for answer, value in zip(answers, known, strict=True):
                    answer.set_result(value)
                if waiting:  # others get a turn before them
                    self._is_about_to_ask = True
                    asyncio.get_running_loop().call_soon(self._ask_next)
                break
            asking = asyncio.create_task(self._ask(questions))
            self._asking.add(asking)
            asking.add_done_callback(partial(self._tell, answers))
        self._waiting = waiting

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
