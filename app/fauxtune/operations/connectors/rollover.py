"""What takes a new private key, or many steps: an issuing authority's rollover, and its return to work."""

from __future__ import annotations

import asyncio
from typing import Any

from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.ca import authorities
from fauxtune.operations.connectors import revocation
from fauxtune.operations.runtime.emulator import Emulator

Row = dict[str, Any]


async def roll_over(emulator: Emulator, tenant: Tenant, *, name: str) -> Row:
    """See `authorities.roll_over`: a key is made first, and is gone again where that fails."""
    await emulator.runner.read(authorities.authority_row, tenant, name=name)
    key_name = f"{emulator.runner.ids.uuid()}-issuing"
    key = await asyncio.to_thread(emulator.key_source.take)
    await asyncio.to_thread(emulator.keys.store, key_name, key)
    done = False
    try:
        row = await emulator.runner.run(
            tenant, authorities.roll_over, name, key=key, key_name=key_name, keys=emulator.keys
        )
        done = True
    finally:
        if not done:
            await asyncio.to_thread(emulator.keys.delete, key_name)
    return row


async def set_state(emulator: Emulator, tenant: Tenant, *, name: str, state: str) -> Row:
    """See `authorities.set_state`. An authority that comes back revokes what waited for it, some at a time."""
    row = await emulator.runner.run(tenant, authorities.set_state, name, state=state)
    if state == "available":
        while await emulator.runner.run(tenant, revocation.revoke_waiting, name):
            await asyncio.sleep(0)
    return row
