"""Short ways to say what many tests say."""

from __future__ import annotations

from typing import Any

import httpx

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
