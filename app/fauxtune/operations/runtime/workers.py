"""Threads for slow computations, shared fairly: tenants take turns, and none has more than its share of the threads.

A thread begins when there is work and ends when no work is left. All are daemon threads: the end of the server does not
wait for them, and an answer that was not stored is asked for again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock, Thread
from typing import Any, TypeVar

T = TypeVar("T")


class Workers:
    """At most this many threads, and at most `share` of them for one tenant. Work that was cancelled is not begun."""

    def __init__(self, threads: int, *, share: int | None = None) -> None:
        self._threads = threads
        self._share = threads if share is None else share
        self._lock = Lock()
        #: In the order in which the tenants' turns come.
        self._waiting: dict[str, dict[Future[Any], Callable[[], Any]]] = {}
        self._busy: Counter[str] = Counter()
        self._running = 0

    def submit(self, tenant: str, work: Callable[[], T]) -> Future[T]:
        """Return a future of the work's result or exception. Cancelling it removes the work from the queue, if it has
        not begun.
        """
        future: Future[T] = Future()
        with self._lock:
            self._waiting.setdefault(tenant, {})[future] = work
            grows = self._running < self._threads
            self._running += grows
        future.add_done_callback(lambda done: self._forget(tenant, done))
        if grows:
            Thread(target=self._work, name="connector", daemon=True).start()
        return future

    def _work(self) -> None:
        while (entry := self._next()) is not None:
            tenant, future, work = entry
            try:
                future.set_result(work())
            except BaseException as error:
                future.set_exception(error)
            with self._lock:
                self._busy[tenant] -= 1

    def _next(self) -> tuple[str, Future[Any], Callable[[], Any]] | None:
        """Return the work of the tenant whose turn it is. None: this thread ends."""
        with self._lock:
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
            self._running -= 1
            return None

    def _forget(self, tenant: str, future: Future[Any]) -> None:
        with self._lock:
            self._waiting.get(tenant, {}).pop(future, None)
