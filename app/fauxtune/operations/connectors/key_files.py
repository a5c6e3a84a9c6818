"""Keys of connectors inside the server: made and deleted together with the rows that name them.

`keys` makes a key, `registry.add_key` adds the row.
"""

from __future__ import annotations

import asyncio

from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.connectors import registry
from fauxtune.operations.connectors.keys import store_key
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.storage.queries import tenants as snapshot_queries
from fauxtune.storage.rows.certificates import ConnectorKeyRow


async def create_key(
    emulator: Emulator,
    tenant: Tenant,
    *,
    connector_id: str,
    provider: str,
    key_name: str,
    length: int | None = None,
    private_key: str | None = None,
) -> ConnectorKeyRow:
    """Give a connector inside the server a key: see `keys.generate_or_read`. Raises Conflict when the name is taken,
    Invalid for a connector that is a process of its own.
    """
    await emulator.runner.run(tenant, registry.must_run_inside, connector_id)
    store, file = emulator.connector_keys, emulator.runner.ids.uuid()
    key = await asyncio.to_thread(
        store_key, file, source=emulator.key_source, store=store, length=length, private_key=private_key
    )
    named = False
    try:
        row = await emulator.runner.run(
            tenant,
            registry.add_key,
            connector_id,
            provider=provider,
            key_name=key_name,
            key=key.public_key(),
            file=file,
        )
        named = True
    finally:
        if not named:
            store.delete(file)
    return row


async def delete_key(emulator: Emulator, tenant: Tenant, *, connector_id: str, provider: str, key_name: str) -> None:
    """Delete a key of a connector inside the server, with its file."""
    await emulator.runner.run(tenant, registry.must_run_inside, connector_id)
    file = await emulator.runner.run(tenant, registry.delete_key, connector_id, provider=provider, key_name=key_name)
    await remove_files(emulator, tenant, files=[file])


async def remove_connector(emulator: Emulator, tenant: Tenant, *, connector_id: str) -> None:
    """Remove a connector, with the files of its keys: see `registry.remove_connector`."""
    files = await emulator.runner.run(tenant, registry.remove_connector, connector_id)
    await remove_files(emulator, tenant, files=files)


async def remove_files(emulator: Emulator, tenant: Tenant, *, files: list[str]) -> None:
    """Delete files, except those that a snapshot names: it brings their keys back."""
    snapshots = await emulator.runner.read(snapshot_queries.key_files, tenant.id)
    named = {name for each in snapshots for name in each["connector"]}
    for file in files:
        if file not in named:
            emulator.connector_keys.delete(file)
