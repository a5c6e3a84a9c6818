"""One at a time for each name: two check-ins of one device are served one after the other.

That holds in one process. Work of several transactions takes its turn `across` the processes that share a database.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fauxtune.core.errors import Unavailable
from fauxtune.core.model.tenants import Tenant
from fauxtune.storage.process_lock import NamedLocks

#: Seconds between two questions for a lock that another process has, and how long it is asked for.
_PAUSE, _PATIENCE = 0.05, 120.0


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
