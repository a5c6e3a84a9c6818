"""Exporting a tenant: one document of everything that belongs to it, as it was at one moment."""

from __future__ import annotations

import asyncio

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from fauxtune.connector.keystore import KeyStore
from fauxtune.core.errors import NotFound
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime.dry_run import rolled_back
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.tenants.keys import KeyFiles, key_files
from fauxtune.operations.tenants.state_document import document_of, written
from fauxtune.storage.database import Connection
from fauxtune.storage.migrate import newest_revision
from fauxtune.storage.tenant_state import TenantState, read_state


async def export_tenant(emulator: Emulator, tenant: Tenant, *, with_keys: bool | None = None) -> bytes:
    """Return the tenant's document as JSON. `with_keys`: with its private keys; by default only those of a test
    tenant, which are no secrets. The same state gives the same bytes.
    """
    state, files = await state_of(emulator, tenant)
    with_keys = tenant.is_test_tenant if with_keys is None else with_keys

    def write() -> bytes:
        keys = private_keys(emulator, files) if with_keys else None
        return written(document_of(state, revision=newest_revision(), keys=keys))

    return await asyncio.to_thread(write)


async def state_of(emulator: Emulator, tenant: Tenant) -> tuple[TenantState, KeyFiles]:
    """Return the tenant's state and the names of its private keys, as they were at one moment. Raises NotFound."""

    def read(connection: Connection) -> tuple[TenantState, KeyFiles]:
        return held_state(connection, tenant.id), key_files(connection, tenant.id)

    return await rolled_back(emulator.runner.database, read)


def held_state(connection: Connection, tenant_id: TenantId) -> TenantState:
    """Return the tenant's state. Raises NotFound if it was deleted."""
    state = read_state(connection, tenant_id)
    if state is None:
        raise NotFound(f"There is no tenant '{tenant_id}'.")
    return state


def private_keys(emulator: Emulator, files: KeyFiles) -> dict[str, dict[str, str]]:
    """Return the private keys as PEM by their names: those of the service, those of the connectors. Blocks."""
    return {
        "service": {name: _pem(emulator.keys, name) for name in sorted(set(files.service))},
        "connector": {name: _pem(emulator.connector_keys, name) for name in sorted(set(files.connector))},
    }


def _pem(store: KeyStore, name: str) -> str:
    return store.load(name).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
