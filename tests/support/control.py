"""Short calls of the control surface, and a reader of its errors."""

from __future__ import annotations

from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

Json = dict[str, Any]
ABSENT = "00000000-0000-4000-8000-000000000000"


def home(tenant: httpx.AsyncClient) -> str:
    """The tenant's own URL. (A client adds a slash to its base.)"""
    return str(tenant.base_url).rstrip("/")


def code(answer: httpx.Response) -> str:
    """The error's code; the envelope is as it should be."""
    document = answer.json()
    assert set(document) == {"error"}, document
    assert set(document["error"]) == {"code", "message"}
    assert document["error"]["message"]
    return str(document["error"]["code"])


async def listed(tenant: httpx.AsyncClient, path: str) -> list[Json]:
    """A collection's members."""
    answer = await tenant.get(path)
    assert answer.status_code == 200, answer.text
    found: list[Json] = answer.json()["value"]
    return found


async def made(tenant: httpx.AsyncClient, path: str, **body: Any) -> Json:
    """POST, which must answer 201."""
    answer = await tenant.post(path, json=body)
    assert answer.status_code == 201, answer.text
    document: Json = answer.json()
    return document


async def connector(tenant: httpx.AsyncClient) -> Json:
    """The one connector that a tenant begins with."""
    (found,) = await listed(tenant, "/connectors")
    return found


async def connector_key(http: httpx.AsyncClient, tenant: str = "contoso") -> RSAPublicKey:
    """Return the public key that imports are encrypted with, which administrators export at the connector.

    `http` is a client of the server's root: Graph has no endpoint for the key.
    """
    path = f"/_fauxtune/v1/tenants/{tenant}/connectors"
    connectors = (await http.get(path)).raise_for_status().json()["value"]
    (connector,) = (row for row in connectors if "imported-pfx" in row["roles"])
    (key,) = (await http.get(f"{path}/{connector['id']}/keys")).raise_for_status().json()["value"]
    public = load_pem_public_key(key["publicKey"].encode())
    assert isinstance(public, RSAPublicKey)
    return public
