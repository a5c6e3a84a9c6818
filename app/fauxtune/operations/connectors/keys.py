"""Private keys of connectors: generated or imported, made and deleted together with the rows that name them.

Add-IntuneKspKey does this on the connector's machine. `registry.add_key` adds the row that names the key.

`keys` makes a key, `registry.add_key` adds the row.
"""

from __future__ import annotations

import asyncio
import base64
import binascii

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from fauxtune.connector.keypool import KeySource, key_of_length
from fauxtune.connector.keystore import KeyStore
from fauxtune.core.errors import Invalid
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.pki.cng import read_private_blob, write_private_blob
from fauxtune.operations.connectors import registry
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.storage.queries import tenants as snapshot_queries
from fauxtune.storage.rows.certificates import ConnectorKeyRow

DEFAULT_LENGTH = 2048
#: Longer keys take minutes to make; shorter ones have no room for OAEP with SHA-512 and a password.
LENGTHS = (2048, 3072, 4096)


def store_key(
    file: str, *, source: KeySource, store: KeyStore, length: int | None = None, private_key: str | None = None
) -> RSAPrivateKey:
    """Write a key to the file of this name: see `generate_or_read`."""
    key = generate_or_read(source=source, length=length, private_key=private_key)
    store.store(file, key)
    return key


def generate_or_read(*, source: KeySource, length: int | None = None, private_key: str | None = None) -> RSAPrivateKey:
    """Return an RSA key. Blocks, up to seconds for a long key: call it in a thread.

    `private_key` is PEM, or base64 of a CNG blob (RSAFULLPRIVATEBLOB); without it a key of `length` bits is generated.
    Raises Invalid for anything else.
    """
    if length is not None and length not in LENGTHS:
        raise Invalid(f"keyLength is one of {', '.join(map(str, LENGTHS))}, not {length}.", target="keyLength")
    if private_key is not None:
        return _read(private_key, length=length)
    return key_of_length(length or DEFAULT_LENGTH, source=source)


def _read(text: str, *, length: int | None) -> RSAPrivateKey:
    key = _from_pem(text) if "-----BEGIN" in text else _from_blob(text)
    if key.key_size not in range(LENGTHS[0], 16385):
        raise Invalid(f"The private key has {key.key_size} bits; {LENGTHS[0]} to 16384 are taken.", target="privateKey")
    if length is not None and key.key_size != length:
        raise Invalid(f"The private key has {key.key_size} bits, not the {length} of keyLength.", target="keyLength")
    return key


def _from_pem(text: str) -> RSAPrivateKey:
    try:
        # The library would prove that the primes are prime: seconds for a long key, in which nothing else runs.
        key = load_pem_private_key(text.encode(), None, unsafe_skip_rsa_key_validation=True)
    except TypeError:
        raise Invalid("The private key is encrypted: send it without a password.", target="privateKey") from None
    except ValueError as error:
        raise Invalid(f"The PEM text has no readable private key: {error}", target="privateKey") from None
    if not isinstance(key, RSAPrivateKey):
        raise Invalid("A connector's key is an RSA key.", target="privateKey")
    try:
        return read_private_blob(write_private_blob(key))
    except (Invalid, OverflowError):
        raise Invalid("The numbers in the PEM text do not belong to one RSA key.", target="privateKey") from None


def _from_blob(text: str) -> RSAPrivateKey:
    try:
        data = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("privateKey is PEM, or base64 of an RSAFULLPRIVATEBLOB.", target="privateKey") from None
    return read_private_blob(data)


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
    named = {name for snapshot in snapshots for name in snapshot["connector"]}
    for file in files:
        if file not in named:
            emulator.connector_keys.delete(file)
