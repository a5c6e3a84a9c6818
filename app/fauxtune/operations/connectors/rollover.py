"""An authority's rollover, which takes a new private key, and its return, which revokes in many transactions."""

from __future__ import annotations

import asyncio

from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.ca import authorities
from fauxtune.operations.connectors import revocation
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.shared_statements import give_way
from fauxtune.storage.rows.certificates import AuthorityRow


async def roll_over(emulator: Emulator, tenant: Tenant, *, name: str) -> AuthorityRow:
    """Make a key, and give it to the authority: see `authorities.roll_over`. The key is deleted where that fails."""
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


async def set_state(emulator: Emulator, tenant: Tenant, *, name: str, state: str) -> AuthorityRow:
    """Change an authority's state: see `authorities.set_state`. One that comes back revokes what waited for it."""
    row = await emulator.runner.run(tenant, authorities.set_state, name, state=state)
    if state == "available":
        while await emulator.runner.run(tenant, revocation.revoke_waiting, name):
            await give_way()
    return row
