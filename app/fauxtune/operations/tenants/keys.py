"""The private keys of a tenant, which are files: made before its rows, deleted after them.

So a crash can leave files that no row names, which do no harm, but no row without its file. A test tenant takes its
keys from those that all test tenants share: nothing is made, and nothing is deleted.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fauxtune.connector.keypool import key_of_length
from fauxtune.connector.keystore import KeyStore
from fauxtune.connector.shared_keys import SharedKeys
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.tenants import KeyOrigin
from fauxtune.core.pki.authority import AuthorityName, PrivateKey
from fauxtune.operations.ca import authorities
from fauxtune.operations.connectors import registry as connector_registry
from fauxtune.operations.connectors.keys import DEFAULT_LENGTH
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.tenants.seeds import Seed
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries import connectors as connector_queries
from fauxtune.storage.queries import snapshots as snapshot_queries


@dataclass(frozen=True, slots=True)
class TenantKeys:
    """The private keys of a new tenant, which are on disk already, and the names that its rows will use for them."""

    authorities: dict[AuthorityName, PrivateKey]
    authority_names: dict[AuthorityName, str]
    connector_keys: tuple[tuple[RSAPrivateKey, str], ...]


class KeyFiles(NamedTuple):
    """The names of a tenant's private keys: those of the service, those of the connectors inside the server."""

    service: list[str]
    connector: list[str]


def make_keys(emulator: Emulator, seed: Seed) -> TenantKeys:
    """Make and store the keys of a tenant to come, or take shared ones. Blocks: RSA keys take their time."""
    stem, is_shared = emulator.runner.ids.uuid(), seed.keys is KeyOrigin.SHARED

    def take(bits: int, ending: str, *, store: KeyStore, shared: SharedKeys) -> tuple[RSAPrivateKey, str]:
        if is_shared:
            return shared.take(bits)
        key, name = key_of_length(bits, source=emulator.key_source), f"{stem}-{ending}"
        store.store(name, key)
        return key, name

    service = partial(take, store=emulator.keys, shared=emulator.shared_keys)
    connector = partial(take, store=emulator.connector_keys, shared=emulator.shared_connector_keys)
    of_authorities = {name: service(DEFAULT_LENGTH, name) for name in authorities.NAMES}
    return TenantKeys(
        authorities={name: key for name, (key, _) in of_authorities.items()},
        authority_names={name: file for name, (_, file) in of_authorities.items()},
        connector_keys=tuple(
            connector(described.key_length, str(number)) for number, described in enumerate(seed.connector_keys)
        ),
    )


def remove_new_keys(emulator: Emulator, keys: TenantKeys) -> None:
    """Delete the files of keys whose tenant was not made."""
    remove_files(
        emulator, service=list(keys.authority_names.values()), connector=[file for _, file in keys.connector_keys]
    )


def key_files(connection: Connection, tenant_id: TenantId) -> KeyFiles:
    """Return the names of the private keys that the tenant's rows name."""
    authority_rows = authority_queries.authorities_of(connection, tenant_id)
    files = [file for row in authority_rows for file in (row.key_name, row.responder_key_name) if file is not None]
    connectors = connector_queries.connector_rows(connection, tenant_id)
    keys = connector_queries.connector_key_rows(connection, tenant_id)
    return KeyFiles(files, connector_registry.key_files(connectors, keys))


async def remove_unnamed(emulator: Emulator, tenant_id: TenantId, *, files: KeyFiles) -> None:
    """Delete those of these private keys that neither a row nor a snapshot of the tenant names."""
    named = await emulator.runner.read(all_key_files, tenant_id)
    service = sorted(set(files.service) - set(named.service))
    connector = sorted(set(files.connector) - set(named.connector))
    if service or connector:
        await asyncio.to_thread(remove_files, emulator, service=service, connector=connector)


def all_key_files(connection: Connection, tenant_id: TenantId) -> KeyFiles:
    """Return the names of the private keys that the tenant's rows or its snapshots name."""
    result = key_files(connection, tenant_id)
    for snapshot in snapshot_queries.snapshots_of(connection, tenant_id):
        result.service.extend(snapshot.key_files["service"])
        result.connector.extend(snapshot.key_files["connector"])
    return KeyFiles(sorted(set(result.service)), sorted(set(result.connector)))


def remove_files(emulator: Emulator, *, service: list[str], connector: list[str]) -> None:
    """Delete the files of private keys, by their names: those of the service and those of the connectors. Shared ones
    stay.
    """
    for file in service:
        emulator.keys.delete(file)
    for file in connector:
        emulator.connector_keys.delete(file)
