"""Threads for slow computations, shared fairly: tenants take turns, and none has more than its share of the threads.

A thread begins when there is work for it, and ends some seconds after the last: while it begins, the event loop waits.
All are daemon threads: the end of the server does not wait for them, and an answer that was not stored is asked for
again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from threading import Condition, Thread
from typing import Any, TypeVar

T = TypeVar("T")

#: Seconds for which a thread waits for more work.
_PATIENCE = 5.0


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
                is_told = self._more.wait(_PATIENCE)
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
