"""The certificate connectors and their keys. Graph has no door for the key that imports need; here is one."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from fastapi import Response

from fauxtune.connector.blobs import write_public_blob
from fauxtune.core.clock import iso
from fauxtune.operations import connectors
from fauxtune.operations.connector_keys import store_key
from fauxtune.storage.queries import certificates as queries
from fauxtune.surfaces.control import answers, messages
from fauxtune.surfaces.control.calls import Here, calls

router = calls("/tenants/{tenant}/connectors", tag="connectors")

_PEM, _BLOB = "application/x-pem-file", "application/octet-stream"
_KEY_FILES: dict[int | str, dict[str, Any]] = {
    200: {"content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in (_PEM, _BLOB)}}
}


@router.get("", summary="List the connectors")
async def list_connectors(here: Here) -> answers.Listed[answers.Connector]:
    """Oldest first."""
    found = await here.read(queries.connector_rows, here.tenant.id)
    return answers.Listed(value=[_view(each) for each in found])


@router.post("", status_code=201, summary="Add a connector")
async def add_connector(here: Here, body: messages.NewConnector) -> answers.Connector:
    """Online, without keys. 409 when its name is taken."""
    return _view(await here.run(connectors.add_connector, body.name, roles=body.roles, mode=body.mode))


@router.get("/{connector}", summary="Get a connector")
async def get_connector(here: Here, connector: str) -> answers.Connector:
    """By id or name."""
    return _view(await here.run(connectors.connector, connector))


@router.patch("/{connector}", summary="Take a connector on or off line, let it poll, change its roles")
async def change_connector(*, here: Here, connector: str, body: messages.ConnectorChange) -> answers.Connector:
    """Devices that wait for it plan again."""
    return _view(
        await here.run(connectors.change_connector, connector, state=body.state, mode=body.mode, roles=body.roles)
    )


@router.get("/{connector}/keys", summary="List a connector's keys")
async def list_connector_keys(here: Here, connector: str) -> answers.Listed[answers.ConnectorKey]:
    """Public halves only."""
    row = await here.run(connectors.connector, connector)
    found = await here.read(queries.connector_key_rows, here.tenant.id, connector_id=row["id"])
    return answers.Listed(value=[_key_view(each) for each in found])


@router.post("/{connector}/keys", status_code=201, summary="Make or import a key")
async def add_connector_key(*, here: Here, connector: str, body: messages.NewKey) -> answers.ConnectorKey:
    """409 when provider and name are taken. The private key never comes out again."""
    await here.run(connectors.connector, connector)
    store = here.emulator.connector_keys
    file = here.emulator.runner.ids.uuid()
    key = await asyncio.to_thread(
        store_key,
        file,
        source=here.emulator.key_source,
        store=store,
        length=body.key_length,
        private_key=body.private_key,
    )
    named = False
    try:
        names = {"provider": body.provider_name, "key_name": body.key_name}
        row = await here.run(connectors.add_key, connector, **names, key=key, file=file)
        named = True
    finally:
        if not named:
            store.delete(file)
    return _key_view(row)


@router.get(
    "/{connector}/keys/{provider}/{name}", response_class=Response, responses=_KEY_FILES, summary="Get a public key"
)
async def get_connector_key(
    *,
    here: Here,
    connector: str,
    provider: str,
    name: str,
    format: Literal["pem", "cngblob"] = "pem",  # noqa: A002
) -> Response:
    """PEM (SubjectPublicKeyInfo), or the bytes of a CNG RSAPUBLICBLOB."""
    row = await here.run(connectors.connector_key, connector, provider=provider, key_name=name)
    if format == "pem":
        return Response(_pem(row), media_type=_PEM)
    key = load_der_public_key(row["public_key"])
    assert isinstance(key, RSAPublicKey)
    return Response(write_public_blob(key), media_type=_BLOB)


@router.delete("/{connector}/keys/{provider}/{name}", status_code=204, summary="Take a key from the connector")
async def delete_connector_key(*, here: Here, connector: str, provider: str, name: str) -> Response:
    """What was imported with it can no longer be delivered to new devices."""
    file = await here.run(connectors.delete_key, connector, provider=provider, key_name=name)
    here.emulator.connector_keys.delete(file)
    return Response(status_code=204)


def _view(row: dict[str, Any]) -> answers.Connector:
    return answers.Connector(
        id=row["id"],
        name=row["name"],
        state=row["state"],
        mode=row["mode"],
        roles=row["roles"],
        created_date_time=iso(row["created_at"]),
    )


def _key_view(row: dict[str, Any]) -> answers.ConnectorKey:
    return answers.ConnectorKey(
        provider_name=row["provider"],
        key_name=row["key_name"],
        key_length=row["key_length"],
        public_key=_pem(row),
    )


def _pem(row: dict[str, Any]) -> str:
    key = load_der_public_key(row["public_key"])
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
