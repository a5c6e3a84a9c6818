"""Deleting a tenant together with its private keys, which are files.

The rows are deleted before the files. So a crash can leave files that no row names, which do no harm, but no row
without its file.
"""

from __future__ import annotations

import asyncio

from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.connectors import registry as connector_registry
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries import connectors as connector_queries
from fauxtune.storage.queries import locks
from fauxtune.storage.queries import tenants as queries


async def dissolve_tenant(emulator: Emulator, tenant: Tenant) -> None:
    """Delete the tenant: its rows, its private keys, then its simulated devices. Requests that wait for something of it
    are woken.
    """
    service, connector = await emulator.runner.read(key_files, tenant.id)
    await emulator.runner.run(tenant, delete_tenant)
    emulator.runner.forget(tenant)
    emulator.signals.journal_grew(tenant.id)
    emulator.signals.clock_moved(tenant.id)
    emulator.wire.forget(tenant.id)
    await asyncio.to_thread(remove_files, emulator, service=service, connector=connector)
    await emulator.device_host.forget(tenant.id)


def delete_tenant(tx: Transaction) -> None:
    """Delete the tenant with all of its rows. The caller deletes the files of its keys: see `key_files`."""
    locks.hold_all(tx.connection, tx.tenant.id)
    queries.delete_tenant(tx.connection, tx.tenant.id)
    tx.events.clear()


def key_files(connection: Connection, tenant_id: TenantId) -> tuple[list[str], list[str]]:
    """Return the names of the tenant's private keys: those of the service, those of the connectors."""
    authority_rows = authority_queries.authorities_of(connection, tenant_id)
    files = [file for row in authority_rows for file in (row.key_name, row.responder_key_name) if file is not None]
    connectors = connector_queries.connector_rows(connection, tenant_id)
    keys = connector_queries.connector_key_rows(connection, tenant_id)
    return files, connector_registry.key_files(connectors, keys)


def remove_files(emulator: Emulator, *, service: list[str], connector: list[str]) -> None:
    """Delete the files of private keys, by their names: those of the service and those of the connectors."""
    for file in service:
        emulator.keys.delete(file)
    for file in connector:
        emulator.connector_keys.delete(file)
