"""Short calls of the window on the wire."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import httpx

from tests.support.control import Json

ROOT = "https://localhost:8443/_fauxtune/v1"


async def recorded(http: httpx.AsyncClient, tenant: str | None = "contoso", **filters: object) -> list[Json]:
    """Return the recorded exchanges of a tenant (None: of no tenant), oldest first."""
    answer = await http.get(wire_url(tenant), params={name: str(value) for name, value in filters.items()})
    assert answer.status_code == 200, answer.text
    exchanges: list[Json] = answer.json()["exchanges"]
    return exchanges


async def whole(http: httpx.AsyncClient, exchange: Json, tenant: str | None = "contoso") -> Json:
    """Return an exchange with its messages."""
    answer = await http.get(f"{wire_url(tenant)}/{exchange['number']}")
    assert answer.status_code == 200, answer.text
    document: Json = answer.json()
    return document


def wire_url(tenant: str | None) -> str:
    """Return the URL of a tenant's exchanges."""
    return f"{ROOT}/wire" if tenant is None else f"{ROOT}/tenants/{tenant}/wire"


def all_parts(parts: Iterable[Json]) -> Iterator[Json]:
    """Return the parts of a body and those inside them."""
    for part in parts:
        yield part
        yield from all_parts(part["parts"])
