"""Looks at tenants in the database, by a process that shares it: of those that are asked for at one time, one is done.

A look that is under way may have read before the caller came, so that it does not count; the next one does, and serves
all who came by then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime.turns import Turns


class Looks:
    """The looks at all tenants."""

    def __init__(self, look: Callable[[TenantId], Awaitable[Tenant | None]]) -> None:
        """`look` reads a tenant; None: it does not exist."""
        self._look = look
        self._turns = Turns()
        self._next: dict[TenantId, asyncio.Task[Tenant | None]] = {}

    async def at(self, tenant_id: TenantId) -> Tenant | None:
        """Return what a look that begins from now on finds."""
        following = self._next.get(tenant_id)
        if following is None:
            following = self._next[tenant_id] = asyncio.create_task(self._turn(tenant_id))
        return await asyncio.shield(following)

    async def _turn(self, tenant_id: TenantId) -> Tenant | None:
        async with self._turns.of(tenant_id):
            del self._next[tenant_id]  # who comes from now on needs another one
            return await self._look(tenant_id)
