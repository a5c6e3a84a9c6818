"""A tenant's clock: read, set, put forward."""

from __future__ import annotations

import httpx
import pytest

from tests.support.clock import FixedClock

NOW = "2026-11-24T10:00:00.0000000Z"


async def _now(contoso: httpx.AsyncClient) -> str:
    return str((await contoso.get("/clock")).json()["now"])


async def test_a_tenant_begins_with_the_systems_clock(contoso: httpx.AsyncClient, clock: FixedClock) -> None:
    assert (await contoso.get("/clock")).json() == {"mode": "system", "now": NOW}
    clock.forward(hours=1)
    assert await _now(contoso) == "2026-11-24T11:00:00.0000000Z"


async def test_a_frozen_clock_stands_still(contoso: httpx.AsyncClient, clock: FixedClock) -> None:
    answer = await contoso.put("/clock", json={"mode": "frozen", "now": "2030-01-02T03:04:05+01:00"})
    assert answer.json() == {"mode": "frozen", "now": "2030-01-02T02:04:05.0000000Z"}
    clock.forward(days=1)
    assert await _now(contoso) == "2030-01-02T02:04:05.0000000Z"


async def test_a_clock_is_frozen_at_what_it_shows(contoso: httpx.AsyncClient) -> None:
    assert (await contoso.put("/clock", json={"mode": "frozen"})).json() == {"mode": "frozen", "now": NOW}


async def test_an_offset_clock_runs_on(contoso: httpx.AsyncClient, clock: FixedClock) -> None:
    await contoso.put("/clock", json={"mode": "offset", "now": "2020-01-01T00:00:00"})
    clock.forward(minutes=5)
    assert await _now(contoso) == "2020-01-01T00:05:00.0000000Z"
    await contoso.put("/clock", json={"mode": "system"})
    assert await _now(contoso) == "2026-11-24T10:05:00.0000000Z"


async def test_advancing_a_system_clock_makes_an_offset_of_it(contoso: httpx.AsyncClient) -> None:
    answer = await contoso.post("/clock/advance", json={"by": "P30D"})
    assert answer.json() == {"mode": "offset", "now": "2026-12-24T10:00:00.0000000Z"}


async def test_advancing_and_settling_says_what_settled(contoso: httpx.AsyncClient) -> None:
    answer = await contoso.post("/clock/advance", json={"by": "PT8H", "settle": True})
    assert answer.json() == {"mode": "offset", "now": "2026-11-24T18:00:00.0000000Z", "settled": [], "waiting": []}


async def test_certificates_expire_by_the_tenants_clock(contoso: httpx.AsyncClient) -> None:
    document = (await contoso.post("/certificates", json={"template": "SmimeBoth", "email": "a@b.example"})).json()
    await contoso.post("/clock/advance", json={"by": "P366D"})
    assert (await contoso.get(f"/certificates/{document['serial']}")).json()["status"] == "expired"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/clock", {}),
        ("PUT", "/clock", {"mode": "stopped"}),
        ("PUT", "/clock", {"mode": "system", "now": NOW}),
        ("PUT", "/clock", {"mode": "frozen", "now": "yesterday"}),
        ("PUT", "/clock", {"mode": "frozen", "now": 1}),
        ("PUT", "/clock", {"mode": "frozen", "now": "0001-01-01T00:00:00+14:00"}),
        ("PUT", "/clock", {"mode": "frozen", "now": "1969-12-31T23:59:59Z"}),
        ("PUT", "/clock", {"mode": "offset", "now": "9999-12-31T23:59:59Z"}),
        ("PUT", "/clock", {"mode": "frozen", "at": NOW}),
        ("POST", "/clock/advance", {}),
        ("POST", "/clock/advance", {"by": "30 days"}),
        ("POST", "/clock/advance", {"by": "-P1D"}),
        ("POST", "/clock/advance", {"by": "P9999999D"}),
        ("POST", "/clock/advance", {"by": "P1D", "settle": "perhaps"}),
        ("POST", "/settle", {"timeout": -1}),
        ("POST", "/settle", {"timeout": 601}),
        ("POST", "/settle", {"timeout": "soon"}),
    ],
)
async def test_an_impossible_time_is_refused_and_changes_nothing(
    contoso: httpx.AsyncClient, method: str, path: str, body: dict[str, object]
) -> None:
    answer = await contoso.request(method, path, json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "Invalid"), answer.text
    assert (await contoso.get("/clock")).json() == {"mode": "system", "now": NOW}
