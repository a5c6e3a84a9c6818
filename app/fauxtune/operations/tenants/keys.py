"""The private keys of a tenant, which are files: made before its rows, deleted after them.

So a crash can leave files that no row names, which do no harm, but no row without its file. A test tenant takes its
keys from those that all test tenants share: nothing is made, and nothing is deleted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fauxtune.connector.keypool import key_of_length
from fauxtune.connector.keystore import is_shared
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.tenants import KeyOrigin
from fauxtune.core.pki.authority import AuthorityName, PrivateKey
from fauxtune.operations.ca import authorities
from fauxtune.operations.connectors import registry as connector_registry
from fauxtune.operations.connectors.keys import DEFAULT_LENGTH
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.tenants.seed_parts import Seed
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries import connectors as connector_queries
from fauxtune.storage.queries import tenants as snapshot_queries


@dataclass(frozen=True, slots=True)
class TenantKeys:
    """The private keys of a new tenant, which are on disk already, and the names that its rows will use for them."""

    authorities: dict[AuthorityName, PrivateKey]
    authority_names: dict[AuthorityName, str]
    connector_keys: tuple[tuple[RSAPrivateKey, str], ...]

    def files(self) -> KeyFiles:
        """Return the names of the keys."""
        connector = [file for _, file in self.connector_keys]
        return KeyFiles(service=list(self.authority_names.values()), connector=connector)


@dataclass(frozen=True, slots=True)
class KeyFiles:
    """The names of a tenant's private keys, the service's and the connectors' inside the server, and the certificates
    (DER) by which listeners know its devices.
    """

    service: Sequence[str]
    connector: Sequence[str]
    device_authorities: Sequence[bytes] = ()

    def own(self) -> KeyFiles:
        """Return these keys without those that test tenants share."""
        own = [[name for name in names if not is_shared(name)] for names in (self.service, self.connector)]
        return KeyFiles(own[0], own[1], self.device_authorities)


def make_keys(emulator: Emulator, seed: Seed) -> TenantKeys:
    """Make and store the keys of a tenant to come, or take shared ones. Blocks: RSA keys take their time."""
    if seed.keys is KeyOrigin.SHARED:
        of_authorities = {name: emulator.shared_keys.take(DEFAULT_LENGTH) for name in authorities.NAMES}
        connector = [
            emulator.shared_connector_keys.take(connector_key.key_length) for connector_key in seed.connector_keys
        ]
    else:
        stem, source = emulator.runner.ids.uuid(), emulator.key_source
        of_authorities = {name: (source.take(), f"{stem}-{name}") for name in authorities.NAMES}
        connector = [
            (key_of_length(described.key_length, source=source), f"{stem}-{number}")
            for number, described in enumerate(seed.connector_keys)
        ]
        emulator.keys.store_all({file: key for key, file in of_authorities.values()})
        emulator.connector_keys.store_all({file: key for key, file in connector})
    return TenantKeys(
        authorities={name: key for name, (key, _) in of_authorities.items()},
        authority_names={name: file for name, (_, file) in of_authorities.items()},
        connector_keys=tuple(connector),
    )


def are_ready(emulator: Emulator, seed: Seed) -> bool:
    """Whether `make_keys` takes no time, and needs no thread."""
    lengths = {described.key_length for described in seed.connector_keys}
    return (
        seed.keys is KeyOrigin.SHARED
        and emulator.shared_keys.is_full(DEFAULT_LENGTH)
        and all(map(emulator.shared_connector_keys.is_full, lengths))
    )


def remove_new_keys(emulator: Emulator, keys: TenantKeys) -> None:
    """Delete the files of keys whose tenant was not made."""
    remove_files(emulator, keys.files())


def key_files(connection: Connection, tenant_id: TenantId) -> KeyFiles:
    """Return the private keys that the tenant's rows name, and the authority of its devices."""
    authority_rows = authority_queries.authorities_of(connection, tenant_id)
    connectors = connector_queries.connector_rows(connection, tenant_id)
    keys = connector_queries.key_file_rows(connection, tenant_id)
    return KeyFiles(
        service=[file for row in authority_rows for file in (row.key_name, row.responder_key_name) if file is not None],
        connector=connector_registry.key_files(connectors, keys),
        device_authorities=[row.certificate for row in authority_rows if row.role == authority_queries.DEVICES],
    )


async def remove_unnamed(emulator: Emulator, tenant_id: TenantId, *, files: KeyFiles) -> None:
    """Delete those of these private keys that neither a row nor a snapshot of the tenant names."""
    named = await emulator.runner.read(all_key_files, tenant_id)
    unnamed = KeyFiles(
        service=sorted(set(files.service) - set(named.service)),
        connector=sorted(set(files.connector) - set(named.connector)),
    ).own()
    if unnamed.service or unnamed.connector:
        await asyncio.to_thread(remove_files, emulator, unnamed)


def all_key_files(connection: Connection, tenant_id: TenantId) -> KeyFiles:
    """Return the private keys that the tenant's rows or its snapshots name, and the authority of its devices."""
    result = key_files(connection, tenant_id)
    service, connector = set(result.service), set(result.connector)
    for files in snapshot_queries.key_files(connection, tenant_id):
        service |= set(files["service"])
        connector |= set(files["connector"])
    return replace(result, service=sorted(service), connector=sorted(connector))


def remove_files(emulator: Emulator, files: KeyFiles) -> None:
    """Delete the files of private keys. Shared ones stay."""
    emulator.keys.delete(*files.service)
    emulator.connector_keys.delete(*files.connector)
