"""Importing a PFX file for a user, with a connector's key, as an administrator does."""

from __future__ import annotations

import asyncio

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from fauxtune.core.administration import imported
from fauxtune.core.administration.choices import INTENDED, Purpose
from fauxtune.core.administration.imported import ConnectorKey
from fauxtune.core.errors import Invalid
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.arrangement.scene import Scene
from fauxtune.storage.queries import connectors as connector_queries


async def connector_key(scene: Scene, *, key_name: str | None = None) -> ConnectorKey:
    """Return the newest connector's key for imports, or the one of this name. Raises Invalid if it has no such key."""
    rows = await scene.read(connector_queries.connector_key_rows, scene.tenant.id)
    for row in rows:
        key = load_der_public_key(row.public_key)
        if isinstance(key, RSAPublicKey) and key_name in (None, row.key_name):
            return ConnectorKey(row.provider, row.key_name, public_key=key)
    what = "key" if key_name is None else f"key '{key_name}'"
    raise Invalid(f"No connector has a {what} with which the passwords of imported certificates are encrypted.")


async def import_file(
    scene: Scene, data: bytes, *, password: str, user: str, purpose: Purpose, key: ConnectorKey
) -> JsonObject:
    """Import a PFX file for a user. Raises Invalid and its kinds for a file that cannot be imported."""
    # A file from elsewhere may take a while to open.
    certificate = await asyncio.to_thread(imported.certificate_of, data, password=password)
    record = imported.record(
        data,
        certificate=certificate,
        password=password,
        connector_key=key,
        user_principal_name=scene.principal_name(user),
        purpose=INTENDED[purpose],
    )
    return await scene.send(imported.import_pfx(record))
