"""Effects of faults that find the bugs of clients which page, cache, retry and keep their tokens."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from tests.support.clock import NOW, FixedClock
from tests.support.faults import FAULTS, MARK, add_fault, counters

Json = dict[str, Any]
USERS = {"surface": "graph", "path": "/users"}


async def batched(client: httpx.AsyncClient, *urls: str) -> list[Json]:
    """Return the answers to the items of a batch, in their order."""
    requests = [{"id": str(number), "method": "GET", "url": url} for number, url in enumerate(urls)]
    answer = await client.post("/$batch", json={"requests": requests})
    assert answer.status_code == 200
    return sorted(answer.json()["responses"], key=lambda response: int(response["id"]))


async def test_only_items_of_a_batch_are_throttled_and_the_others_are_carried_out(beta: httpx.AsyncClient) -> None:
    match = {"surface": "graph/batch", "path": "/users"}
    fault = await add_fault(beta, {"status": 429, "retryAfter": 3}, match=match, when={"nth": 2})
    assert (await beta.get("/users")).status_code == 200
    answers = await batched(beta, "/users", "/groups", "/users", "/users")
    assert [answer["status"] for answer in answers] == [200, 200, 429, 200]
    assert answers[2]["headers"]["retry-after"] == "3"
    assert answers[2]["headers"][MARK] == fault["id"]
    assert await counters(beta, fault) == (3, 1)
    # A rule about Graph looks at both.
    both = await add_fault(beta, {"status": 503}, match=USERS)
    assert (await beta.get("/users")).status_code == 503
    assert [answer["status"] for answer in await batched(beta, "/users")] == [503]
    assert await counters(beta, both) == (2, 2)


@pytest.mark.parametrize("milliseconds", [0, 400])
async def test_retry_after_is_a_date_by_the_clock_that_waits_run_on(
    milliseconds: int, beta: httpx.AsyncClient, http: httpx.AsyncClient, clock: FixedClock
) -> None:
    await http.post("/_fauxtune/v1/tenants/contoso/clock/advance", json={"by": "P30D"})
    effect = {"status": 429, "retryAfter": 7, "retryAfterAs": "date", "punishEarly": True}
    await add_fault(beta, effect, match=USERS, when={"nth": 1})
    clock.forward(milliseconds=milliseconds)
    until = parsedate_to_datetime((await beta.get("/users")).headers["retry-after"])
    # A date has no fractions of a second: who waits until then is never too early.
    assert until == datetime(2026, 11, 24, 10, 0, 7 + (milliseconds > 0), tzinfo=UTC)
    clock.forward(seconds=(until - clock.now()).total_seconds())
    assert (await beta.get("/users")).status_code == 200


async def test_limits_and_the_token_endpoint_write_dates_too(beta: httpx.AsyncClient, http: httpx.AsyncClient) -> None:
    limits = {"kind": "throttling", "limits": {"application": 1}, "retryAfterAs": "date"}
    await add_fault(beta, limits, match=USERS)
    answers = [await beta.get("/users") for _ in range(2)]
    assert parsedate_to_datetime(answers[1].headers["retry-after"]) > NOW
    effect = {"kind": "tokenError", "error": "throttled", "retryAfter": 5, "retryAfterAs": "date"}
    await add_fault(beta, effect)
    refused = await http.post("/contoso.example/oauth2/v2.0/token", data={"grant_type": "client_credentials"})
    assert refused.headers["retry-after"] == "Tue, 24 Nov 2026 10:00:05 GMT"


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"effect": {"status": 429, "retryAfterAs": "date"}}, "effect.retryAfterAs needs retryAfter"),
        ({"effect": {"status": 429, "retryAfter": 1, "retryAfterAs": ["date"]}}, "effect.retryAfterAs is seconds or"),
    ],
)
async def test_what_makes_no_sense_is_refused_and_nothing_is_added(
    rule: Json, says: str, beta: httpx.AsyncClient
) -> None:
    answer = await beta.post(FAULTS, json=rule)
    assert answer.status_code == 400
    assert says in answer.json()["error"]["message"]
    assert (await beta.get(FAULTS)).json()["value"] == []
