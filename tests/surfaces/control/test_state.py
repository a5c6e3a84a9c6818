"""The state of a tenant over the control surface."""

from __future__ import annotations

import httpx


async def test_a_tenant_is_exported_as_json_that_is_the_same_each_time(contoso: httpx.AsyncClient) -> None:
    first = await contoso.get("/export")
    assert first.status_code == 200, first.text
    assert first.headers["content-type"] == "application/json"
    assert first.json()["tenant"]["name"] == "contoso"
    assert "keys" not in first.json()
    assert (await contoso.get("/export")).content == first.content
    with_keys = (await contoso.get("/export", params={"keys": "true"})).json()
    assert {**first.json(), "keys": with_keys["keys"]} == with_keys
