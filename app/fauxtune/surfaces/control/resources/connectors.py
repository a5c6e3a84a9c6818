"""The certificate connectors and their keys. Graph has no door for the key that imports need; here is one."""

from __future__ import annotations

import asyncio
import base64
import binascii
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_private_key,
)
from fastapi import APIRouter, Response

from fauxtune.connector.blobs import read_private_blob, write_public_blob
from fauxtune.core.clock import iso
from fauxtune.core.errors import FauxtuneError, Invalid
from fauxtune.operations import connectors
from fauxtune.storage.queries import certificates as queries
from fauxtune.surfaces.control import messages
from fauxtune.surfaces.control.calls import Here

router = APIRouter(prefix="/tenants/{tenant}/connectors", tags=["connectors"])

_SIZES = range(2048, 8193)


@router.get("", summary="List the connectors")
async def list_all(here: Here) -> dict[str, Any]:
    """Oldest first."""
    found = await here.emulator.runner.read(queries.connector_rows, here.tenant.id)
    return {"value": [_view(each) for each in found]}


@router.post("", status_code=201, summary="Add a connector")
async def add(here: Here, body: messages.NewConnector) -> dict[str, Any]:
    """Online, without keys."""
    return _view(await here.run(connectors.add_connector, body.name, roles=body.roles, mode=body.mode))


@router.get("/{connector}", summary="Get a connector")
async def get(here: Here, connector: str) -> dict[str, Any]:
    """By id or name."""
    return _view(await here.run(connectors.connector, connector))


@router.patch("/{connector}", summary="Take a connector on or off line, let it poll, change its roles")
async def change(here: Here, connector: str, body: messages.ConnectorChange) -> dict[str, Any]:
    """Devices that wait for it plan again."""
    return _view(
        await here.run(connectors.change_connector, connector, state=body.state, mode=body.mode, roles=body.roles)
    )


@router.get("/{connector}/keys", summary="List a connector's keys")
async def list_keys(here: Here, connector: str) -> dict[str, Any]:
    """Public halves only."""
    row = await here.run(connectors.connector, connector)
    found = await here.emulator.runner.read(queries.connector_key_rows, here.tenant.id, connector_id=row["id"])
    return {"value": [_key_view(each) for each in found]}


@router.post("/{connector}/keys", status_code=201, summary="Make or import a key")
async def add_key(here: Here, connector: str, body: messages.NewKey) -> dict[str, Any]:
    """409 when provider and name are taken. The private key never comes out again."""
    await here.run(connectors.connector, connector)
    key = await asyncio.to_thread(_private_key, body)
    file = here.emulator.runner.ids.uuid()
    here.emulator.connector_keys.store(file, key)
    try:
        row = await here.run(
            connectors.add_key,
            connector,
            provider=body.provider_name,
            key_name=body.key_name,
            key=key,
            file=file,
        )
    except FauxtuneError:
        here.emulator.connector_keys.delete(file)
        raise
    return _key_view(row)


@router.get("/{connector}/keys/{provider}/{name}", summary="Get a public key")
async def get_key(
    here: Here,
    connector: str,
    provider: str,
    name: str,
    format: Literal["pem", "cngblob"] = "pem",  # noqa: A002
) -> Response:
    """PEM (SubjectPublicKeyInfo), or the bytes of a CNG RSAPUBLICBLOB."""
    row = await here.run(connectors.connector_key, connector, provider=provider, key_name=name)
    if format == "pem":
        return Response(_pem(row), media_type="application/x-pem-file")
    key = load_der_public_key(row["public_key"])
    assert isinstance(key, RSAPublicKey)
    return Response(write_public_blob(key), media_type="application/octet-stream")


@router.delete("/{connector}/keys/{provider}/{name}", status_code=204, summary="Take a key from the connector")
async def delete_key(here: Here, connector: str, provider: str, name: str) -> Response:
    """What was imported with it can no longer be delivered to new devices."""
    file = await here.run(connectors.delete_key, connector, provider=provider, key_name=name)
    here.emulator.connector_keys.delete(file)
    return Response(status_code=204)


def _private_key(body: messages.NewKey) -> RSAPrivateKey:
    if body.private_key is None:
        return generate_private_key(public_exponent=65537, key_size=body.key_length)
    try:
        if "-----BEGIN" in body.private_key:
            key = load_pem_private_key(body.private_key.encode(), None)
        else:
            key = read_private_blob(base64.b64decode(body.private_key, validate=True))
    except (ValueError, TypeError, binascii.Error) as error:
        raise Invalid(f"privateKey is neither PEM nor base64 of a CNG blob: {error}.", target="privateKey") from None
    if not isinstance(key, RSAPrivateKey) or key.key_size not in _SIZES:
        raise Invalid("A connector's key is RSA with 2048 to 8192 bits.", target="privateKey")
    return key


def _view(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "name": row["name"],
        "state": row["state"],
        "mode": row["mode"],
        "roles": row["roles"],
        "createdDateTime": iso(row["created_at"]),
    }


def _key_view(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "providerName": row["provider"],
        "keyName": row["key_name"],
        "keyLength": row["key_length"],
        "publicKey": _pem(row),
    }


def _pem(row: dict[str, Any]) -> str:
    key = load_der_public_key(row["public_key"])
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
