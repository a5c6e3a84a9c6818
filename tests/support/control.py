"""Short calls of the control surface, and a reader of its errors."""

from __future__ import annotations

from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

Json = dict[str, Any]
ABSENT = "00000000-0000-4000-8000-000000000000"


def say_json(request: httpx.Request) -> None:
    """Name the media type of a POST without a body to the control surface, which wants it: a hook of httpx."""
    if request.method == "POST" and request.url.path.startswith("/_fauxtune/"):
        request.headers.setdefault("content-type", "application/json")


async def say_json_of(request: httpx.Request) -> None:
    """Do what `say_json` does, for an asynchronous client."""
    say_json(request)


def tenant_url(tenant: httpx.AsyncClient) -> str:
    """Return the tenant's own URL: a client adds a slash to its base."""
    return str(tenant.base_url).rstrip("/")


def error_code(answer: httpx.Response) -> str:
    """Return the code of an error, and check its envelope."""
    document = answer.json()
    assert set(document) == {"error"}, document
    assert set(document["error"]) == {"code", "message"}
    assert document["error"]["message"]
    return str(document["error"]["code"])


async def members(tenant: httpx.AsyncClient, path: str) -> list[Json]:
    """Return the members of a collection."""
    answer = await tenant.get(path)
    assert answer.status_code == 200, answer.text
    entries: list[Json] = answer.json()["value"]
    return entries


async def create(tenant: httpx.AsyncClient, path: str, **body: Any) -> Json:
    """POST, which must answer 201; the new entity."""
    answer = await tenant.post(path, json=body)
    assert answer.status_code == 201, answer.text
    document: Json = answer.json()
    return document


async def only_connector(tenant: httpx.AsyncClient) -> Json:
    """Return the only connector, with which a tenant begins."""
    (found,) = await members(tenant, "/connectors")
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
