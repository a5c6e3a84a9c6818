"""Changes of one tenant that come at the same time: none undoes another."""

from __future__ import annotations

import asyncio

import httpx

from tests.support.both_databases import ON_BOTH_DATABASES


@ON_BOTH_DATABASES
async def test_switches_that_are_turned_together_are_all_turned(contoso: httpx.AsyncClient) -> None:
    url = str(contoso.base_url).rstrip("/")
    for number in range(8):
        results = {"graph.faithfulQuery": bool(number % 2), "requireTrustedRoot": bool(number % 2)}
        changed = await asyncio.gather(
            *(contoso.patch(url, json={"settings": {name: value}}) for name, value in results.items())
        )
        assert [answer.status_code for answer in changed] == [200, 200]
        settings = (await contoso.get(url)).json()["settings"]
        assert {name: settings[name]["value"] for name in results} == results


@ON_BOTH_DATABASES
async def test_steps_of_the_clock_that_are_made_together_add_up(contoso: httpx.AsyncClient) -> None:
    started = await contoso.put("/clock", json={"mode": "frozen", "now": "2030-01-01T00:00:00Z"})
    assert started.status_code == 200, started.text
    steps = await asyncio.gather(*(contoso.post("/clock/advance", json={"by": "PT1H"}) for _ in range(5)))
    assert [step.status_code for step in steps] == [200] * 5
    assert (await contoso.get("/clock")).json()["now"].startswith("2030-01-01T05:00:00")
