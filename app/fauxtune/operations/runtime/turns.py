"""One at a time for each name: two check-ins of one device are served one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fauxtune.core.model.tenants import Tenant


class Turns:
    """A lock for each name, stored only while it is held or awaited."""

    def __init__(self) -> None:
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    def is_taken(self, name: str) -> bool:
        """Whether this name's lock is held or awaited."""
        return name in self._locks

    @asynccontextmanager
    async def of(self, name: str) -> AsyncIterator[None]:
        """Wait for the lock, and release it at the end."""
        lock, users = self._locks.get(name, (None, 0))
        lock = lock or asyncio.Lock()
        self._locks[name] = (lock, users + 1)
        try:
            async with lock:
                yield
        finally:
            lock, users = self._locks[name]
            if users == 1:
                del self._locks[name]
            else:
                self._locks[name] = (lock, users - 1)


def turn_of_state(tenant: Tenant) -> str:
    """Return the name of the turn in which a tenant's state is arranged or replaced as a whole."""
    return f"state of {tenant.id}"
