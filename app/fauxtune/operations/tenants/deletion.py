"""Deleting a tenant together with its private keys, which are files: see `keys`."""

from __future__ import annotations

import asyncio

from fauxtune.core.errors import NotFound
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime import wire_across
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.tenants.keys import KeyFiles, all_key_files, remove_files
from fauxtune.storage.queries import locks
from fauxtune.storage.queries import tenants as queries


async def dissolve_tenant(emulator: Emulator, tenant: Tenant) -> None:
    """Delete the tenant: its rows, its private keys, then its simulated devices. Requests that wait for something of it
    are woken.
    """
    files = await emulator.runner.run(tenant, delete_tenant)
    emulator.runner.forget(tenant)
    emulator.signals.journal_grew(tenant.id)
    emulator.signals.clock_moved(tenant.id)
    emulator.signals.tenant_changed(tenant.id)
    emulator.tokens.forget_tenant(tenant.id)
    await wire_across.forget(emulator, tenant.id)
    emulator.shared_issued_keys.forget(tenant.id)
    for certificate in files.device_authorities:
        emulator.dismiss_device_authority(certificate)
    if files.service or files.connector:
        await asyncio.to_thread(remove_files, emulator, files)
    emulator.orders.forget(tenant.id)
    await forget_outside(emulator, tenant.id)
    await emulator.runner.database.give_back()


async def check_present(emulator: Emulator, tenant: Tenant) -> None:
    """Raise NotFound if the tenant was deleted, and remove what it has outside the database. Called after something
    was put there: a deletion that ended before has not seen it.
    """
    try:
        await emulator.runner.tenant(tenant.id)
    except NotFound:
        await forget_outside(emulator, tenant.id)
        raise


async def forget_outside(emulator: Emulator, tenant_id: TenantId) -> None:
    """Remove what a tenant that does not exist any more has outside the database: contents and simulated devices."""
    await asyncio.to_thread(emulator.contents.store.forget, tenant_id)
    await emulator.device_host.forget(tenant_id)
    emulator.hosted_snapshots.forget(tenant_id)


def delete_tenant(tx: Transaction) -> KeyFiles:
    """Delete the tenant with all of its rows. Return its own keys, whose files the caller deletes."""
    locks.hold_all(tx.connection, tx.tenant.id)
    files = all_key_files(tx.connection, tx.tenant.id).own()
    queries.delete_tenant(tx.connection, tx.tenant.id)
    tx.events.clear()
    return files
