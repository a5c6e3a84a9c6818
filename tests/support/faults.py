"""Short calls of the control surface about faults."""

from __future__ import annotations

from typing import Any

import httpx

Json = dict[str, Any]
FAULTS = "https://localhost:8443/_fauxtune/v1/tenants/contoso/faults"
#: The header that marks what a fault has touched.
MARK = "x-fauxtune-fault"


async def add_fault(
    client: httpx.AsyncClient, effect: Json, *, match: Json | None = None, when: Json | None = None
) -> Json:
    """Add a fault to contoso; what was answered."""
    sent = {"match": match or {}, "when": when or {}, "effect": effect}
    answer = await client.post(FAULTS, json=sent)
    assert answer.status_code == 201, answer.text
    document: Json = answer.json()
    assert document["warnings"] == []
    return document


async def counters(client: httpx.AsyncClient, fault: Json) -> tuple[int, int]:
    """Return how many occasions a fault has looked at, and how many it struck."""
    document = (await client.get(f"{FAULTS}/{fault['id']}")).json()
    assert document["fired"] is (document["hits"] > 0)
    return document["matched"], document["hits"]
