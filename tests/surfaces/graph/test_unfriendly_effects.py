"""Effects of faults that find the bugs of clients which page, cache, retry and keep their tokens."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from fauxtune.storage.database import Database
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.clock import NOW, FixedClock
from tests.support.faults import FAULTS, MARK, add_fault, counters
from tests.support.graph import error_code, error_message
from tests.surfaces.conftest import token_of_application

Json = dict[str, Any]
USERS = {"surface": "graph", "path": "/users"}
GROUP = {"displayName": "New", "mailNickname": "new", "mailEnabled": False, "securityEnabled": True}


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


async def pages(client: httpx.AsyncClient, path: str, *, most: int = 20) -> list[list[str]]:
    """Return the ids of each page, the links followed to the end."""
    found: list[list[str]] = []
    link: str | None = path
    while link is not None and len(found) < most:
        answer = await client.get(link)
        assert answer.status_code == 200, answer.text
        found.append([each["id"] for each in answer.json()["value"]])
        link = answer.json().get("@odata.nextLink")
    return found


def flat(found: list[list[str]]) -> list[str]:
    """Return the ids of all pages."""
    return [each for page in found for each in page]


@ON_BOTH_DATABASES
async def test_pages_are_smaller_than_asked_and_together_they_have_everything_once(beta: httpx.AsyncClient) -> None:
    [whole] = await pages(beta, "/users")
    assert len(whole) >= 3
    fault = await add_fault(beta, {"kind": "smallPages", "size": 1}, match=USERS)
    for path in ("/users", "/users?$top=2&$select=id", "/users?$orderby=displayName"):
        found = await pages(beta, path)
        assert [len(page) for page in found] == [1] * len(whole), path
        assert sorted(flat(found)) == sorted(whole)
    # Nothing is struck that is not shorter than it would be.
    hits = (await counters(beta, fault))[1]
    assert MARK not in (await beta.get("/users?$top=1")).headers
    small = {"prefer": "odata.maxpagesize=1"}
    assert MARK not in (await beta.get("/users", headers=small)).headers
    assert MARK not in (await beta.get("/users?$filter=displayName eq 'nobody'")).headers
    assert (await counters(beta, fault))[1] == hits
    assert (await beta.get(f"/users/{whole[0]}")).status_code == 200


async def test_a_small_page_strikes_collections_only_and_the_pages_after_it_are_whole(beta: httpx.AsyncClient) -> None:
    [whole] = await pages(beta, "/users")
    fault = await add_fault(beta, {"kind": "smallPages", "size": 2}, when={"nth": 2})
    await beta.get(f"/users/{whole[0]}")
    await beta.get("/groups")
    assert [len(page) for page in await pages(beta, "/users")] == [2, len(whole) - 2]
    assert await counters(beta, fault) == (3, 1)
    # Beside a change that is hidden, the size of a page is no change.
    await add_fault(beta, {"kind": "staleReads", "reads": 5}, match=USERS)
    await add_fault(beta, {"kind": "smallPages", "size": 1}, match=USERS, when={"nth": 2})
    assert [len((await beta.get("/users")).json()["value"]) for _ in range(3)] == [len(whole), 1, len(whole)]


@ON_BOTH_DATABASES
async def test_a_collection_comes_in_another_order_which_repeats_and_lasts_over_its_pages(
    beta: httpx.AsyncClient,
) -> None:
    [own] = await pages(beta, "/users")
    fault = await add_fault(beta, {"kind": "anotherOrder"}, match=USERS)
    for path in ("/users", "/users?$top=1", "/users?$select=id&$top=2"):
        assert flat(await pages(beta, path)) == own[::-1], path
    assert MARK not in (await beta.get("/users?$orderby=displayName")).headers
    # Of two rules the first decides.
    await add_fault(beta, {"kind": "anotherOrder", "order": 5}, match=USERS)
    assert flat(await pages(beta, "/users")) == own[::-1]
    # The pages after its end keep its order.
    link = (await beta.get("/users?$top=1")).json()["@odata.nextLink"]
    await beta.delete(FAULTS)
    assert flat(await pages(beta, link)) == own[::-1][1:]
    for order in (-1, 3, 32):
        fault = await add_fault(beta, {"kind": "anotherOrder", "order": order}, match=USERS)
        by_ids = sorted(own, key=lambda key: key[abs(order) - 1 :], reverse=order < 0)
        assert [flat(await pages(beta, path)) for path in ("/users", "/users?$top=1")] == [by_ids, by_ids]
        await beta.delete(f"{FAULTS}/{fault['id']}")


async def test_a_short_list_that_is_computed_has_the_same_other_order(beta: httpx.AsyncClient) -> None:
    path = "/servicePrincipals"
    [own] = await pages(beta, path)
    await add_fault(beta, {"kind": "anotherOrder"}, match={"path": path})
    assert flat(await pages(beta, f"{path}?$top=2")) == own[::-1]
    await beta.delete(FAULTS)
    await add_fault(beta, {"kind": "anotherOrder", "order": -4}, match={"path": path})
    by_ids = sorted(own, key=lambda key: key[3:], reverse=True)
    assert flat(await pages(beta, f"{path}?$top=1")) == by_ids


async def test_a_delta_repeats_a_change_at_the_end_of_its_page(beta: httpx.AsyncClient) -> None:
    first = (await beta.get("/users/delta")).json()
    link = first["@odata.deltaLink"]
    fault = await add_fault(beta, {"kind": "repeatedChanges"}, match={"surface": "graph"})
    assert MARK not in (await beta.get("/users")).headers
    assert MARK not in (await beta.get(link)).headers
    await beta.patch("/users/alice@contoso.example", json={"jobTitle": "Pilot"})
    await beta.patch("/users/bob@contoso.example", json={"jobTitle": "Pilot"})
    answer = await beta.get(link)
    values = answer.json()["value"]
    assert [values[0], len(values)] == [values[-1], 3]
    assert answer.headers[MARK] == fault["id"]
    assert "@odata.deltaLink" in answer.json()
    assert await counters(beta, fault) == (2, 1)


async def test_a_link_that_has_expired_is_an_error_and_never_an_empty_page(beta: httpx.AsyncClient) -> None:
    fault = await add_fault(beta, {"kind": "expiredNextLink"}, match={"surface": "graph"}, when={"nth": 1})
    first = await beta.get("/users?$top=1")
    expired = await beta.get(first.json()["@odata.nextLink"])
    assert (expired.status_code, expired.headers[MARK]) == (400, fault["id"])
    assert expired.json()["error"]["code"] == "Directory_ExpiredPageToken"
    assert "has expired" in expired.json()["error"]["message"]
    assert await counters(beta, fault) == (1, 1)
    # Who begins again gets everything.
    assert len(flat(await pages(beta, "/users?$top=1"))) == len(flat(await pages(beta, "/users")))


async def test_expired_links_of_changes_say_where_to_begin_again_and_intune_has_its_own_words(
    beta: httpx.AsyncClient,
) -> None:
    await add_fault(beta, {"kind": "expiredNextLink"}, match={"surface": "graph"})
    first = await beta.get("/users/delta", headers={"prefer": "odata.maxpagesize=1"})
    expired = await beta.get(first.json()["@odata.nextLink"])
    assert (expired.status_code, error_code(expired)) == (410, "resyncRequired")
    again = await beta.get(expired.headers["location"])
    assert (again.status_code, len(again.json()["value"]) >= 3) == (200, True)
    intune = await beta.get("/deviceManagement/roleDefinitions?$top=1&$skiptoken=1")
    assert (intune.status_code, error_code(intune)) == (400, "BadRequest")
    assert "has expired" in error_message(intune)


async def test_a_token_ends_early_for_all_requests_and_a_new_one_is_good(
    beta: httpx.AsyncClient, http: httpx.AsyncClient
) -> None:
    fault = await add_fault(beta, {"kind": "tokenEndsEarly"}, match=USERS, when={"nth": 2})
    assert [(await beta.get("/users")).status_code for _ in range(2)] == [200, 401]
    for path in ("/users", "/groups", "/users/alice@contoso.example"):
        ended = await beta.get(path)
        assert (ended.status_code, error_code(ended)) == (401, "InvalidAuthenticationToken")
        assert error_message(ended) == "Lifetime validation failed, the token is expired."
        assert ended.headers["www-authenticate"].startswith('Bearer realm=""')
        assert ended.headers[MARK] == fault["id"]
    batch = {"requests": [{"id": "1", "method": "GET", "url": "/groups"}]}
    assert (await beta.post("/$batch", json=batch)).status_code == 401
    fresh = {"authorization": f"Bearer {await token_of_application(http)}"}
    assert [(await beta.get(path, headers=fresh)).status_code for path in ("/users", "/groups")] == [200, 200]
    assert (await beta.post("/$batch", json=batch, headers=fresh)).status_code == 200
    assert (await beta.get("/groups")).status_code == 401
    # Without the rule there is no end.
    await beta.delete(FAULTS)
    assert (await beta.get("/users")).status_code == 200


@ON_BOTH_DATABASES
@pytest.mark.parametrize(
    ("lags", "present"),
    [
        ([0, 2], [True, False, True, True, True, True]),
        ([0, 3, 5], [True, False, False, True, True, True]),
        ([5, 0, 5, 0, 5], [False, True, False, True, False, True]),
        ([2], [False, False, True, True, True, True]),
    ],
)
async def test_replicas_show_a_change_and_hide_it_again_until_they_agree(
    lags: list[int], present: list[bool], beta: httpx.AsyncClient
) -> None:
    fault = await add_fault(beta, {"kind": "replicas", "lags": lags}, match={"surface": "graph"})
    created = (await beta.post("/groups", json=GROUP)).json()["id"]

    async def shown(path: str) -> list[bool]:
        answers = [await beta.get(path) for _ in present]
        return [created in answer.text if answer.status_code == 200 else False for answer in answers]

    paths = (
        f"/groups/{created}",
        "/groups",
        f"/groups?$filter=id eq '{created}'&$select=id",
        f"/groups/{created}/owners",
    )
    # Of each address as many reads as the rule says: that of the list has two questions.
    assert [await shown(path) for path in paths[:2]] == [present, present]
    assert await shown(paths[2]) == [True] * 6
    assert (await counters(beta, fault))[1] == 2 * present.count(False)
    await beta.delete(f"/groups/{created}")
    assert await shown(paths[0]) == [not each for each in present]


@ON_BOTH_DATABASES
async def test_replicas_agree_after_the_last_change_and_after_some_seconds(
    beta: httpx.AsyncClient, clock: FixedClock
) -> None:
    fault = await add_fault(beta, {"kind": "replicas", "lags": [0, 5]}, match={"surface": "graph"})
    path = "/users/alice@contoso.example"

    async def titles(count: int) -> list[str | None]:
        # Nobody has asked so before a change.
        return [(await beta.get(f"{path}?$select=jobTitle")).json()["jobTitle"] for _ in range(count)]

    await beta.patch(path, json={"jobTitle": "Pilot"})
    assert await titles(3) == ["Pilot", None, "Pilot"]
    await beta.patch(path, json={"jobTitle": "Captain"})
    assert (await titles(5))[-1] == "Captain"
    assert await titles(3) == ["Captain"] * 3
    await beta.delete(f"{FAULTS}/{fault['id']}")
    await add_fault(beta, {"kind": "replicas", "lags": [5], "seconds": 2}, match={"surface": "graph"})
    await beta.patch(path, json={"jobTitle": "Clerk"})
    assert await titles(2) == ["Captain", "Captain"]
    clock.forward(seconds=2)
    assert await titles(1) == ["Clerk"]


async def test_replicas_of_a_database_in_memory_hide_what_was_created(
    beta: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Database, "keeps_past", property(lambda _database: False))
    rule = (await beta.post(FAULTS, json={"effect": {"kind": "replicas", "lags": [0, 2]}})).json()
    assert "the database is in memory" in rule["warnings"][0]
    created = (await beta.post("/groups", json=GROUP)).json()["id"]
    assert [(await beta.get(f"/groups/{created}")).status_code for _ in range(4)] == [200, 404, 200, 200]


async def test_a_change_stays_hidden_when_another_rule_is_added(beta: httpx.AsyncClient) -> None:
    await add_fault(beta, {"kind": "replicas", "lags": [2]}, match={"path": "/groups/{id}"})
    created = (await beta.post("/groups", json=GROUP)).json()["id"]
    await add_fault(beta, {"latency": 0}, match=USERS)
    assert [(await beta.get(f"/groups/{created}")).status_code for _ in range(3)] == [404, 404, 200]


@pytest.mark.parametrize("effect", [{"status": 504, "carriedOut": True}, {"latency": 0}, {"kind": "halfBody"}])
async def test_a_change_whose_answer_is_struck_is_hidden_too(effect: Json, beta: httpx.AsyncClient) -> None:
    await add_fault(beta, effect, match={"method": "POST"})
    await add_fault(beta, {"kind": "replicas", "lags": [0, 2]}, match={"surface": "graph"})
    with suppress(ConnectionResetError):
        await beta.post("/groups", json=GROUP)
    found = [(await beta.get("/groups?$filter=displayName eq 'New'")).json()["value"] for _ in range(3)]
    assert [len(each) for each in found] == [1, 0, 1]


async def test_the_clock_jumps_once_and_the_request_goes_on(beta: httpx.AsyncClient, http: httpx.AsyncClient) -> None:
    clock = "/_fauxtune/v1/tenants/contoso/clock"

    async def now() -> str:
        return str((await http.get(clock)).json()["now"])[:16]

    fault = await add_fault(beta, {"kind": "clockJump", "by": "P1DT2H"}, match={"path": "/groups"})
    assert fault["when"] == {"nth": 1}
    assert ((await beta.get("/users")).status_code, await now()) == (200, "2026-11-24T10:00")
    created = await beta.post("/groups", json=GROUP)
    assert created.status_code == 201
    assert created.headers[MARK] == fault["id"]
    assert created.json()["createdDateTime"].startswith("2026-11-25T12:00")
    assert ((await beta.get("/groups")).status_code, await now()) == (200, "2026-11-25T12:00")
    assert await counters(beta, fault) == (2, 1)
    # Other effects of the same request come after it, and reads that are late jump too.
    await add_fault(beta, {"kind": "clockJump", "by": "PT1H"}, match=USERS, when={"next": 2})
    await add_fault(beta, {"kind": "smallPages", "size": 1}, match=USERS, when={"nth": 1})
    await add_fault(beta, {"status": 503}, match=USERS, when={"nth": 2})
    answers = [await beta.get("/users") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 503, 200]
    assert (len(answers[0].json()["value"]), await now()) == (1, "2026-11-25T14:00")


async def test_the_clock_jumps_at_requests_of_other_surfaces_and_never_past_the_end_of_time(
    beta: httpx.AsyncClient, http: httpx.AsyncClient
) -> None:
    clock = "/_fauxtune/v1/tenants/contoso/clock"
    path = "/pki/contoso/issuing/crl"
    await add_fault(beta, {"kind": "clockJump", "by": "P3660D"}, match={"surface": "pki"})
    before = await http.get(path)
    assert (await http.get(clock)).json()["now"].startswith("2036-12-01T10:00")
    assert (await http.get(path)).status_code == before.status_code
    await http.put(clock, json={"mode": "frozen", "now": "8995-01-01T00:00:00Z"})
    late = await add_fault(beta, {"kind": "clockJump", "by": "P3660D"}, match={"path": "/groups"})
    assert (await beta.get("/groups")).status_code == 200
    assert (await http.get(clock)).json()["now"].startswith("8995-01-01T00:00")
    assert await counters(beta, late) == (1, 1)


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"effect": {"status": 429, "retryAfterAs": "date"}}, "effect.retryAfterAs needs retryAfter"),
        ({"effect": {"status": 429, "retryAfter": 1, "retryAfterAs": ["date"]}}, "effect.retryAfterAs is seconds or"),
        ({"effect": {"kind": "smallPages"}}, "smallPages needs size"),
        ({"effect": {"kind": "smallPages", "size": 0}}, "effect.size must be a whole number from 1 to 999"),
        ({"effect": {"kind": "anotherOrder", "order": 33}}, "effect.order must be a whole number from -32 to 32"),
        ({"effect": {"kind": "expiredNextLink", "status": 410}}, "effect.status is unknown"),
        (
            {"effect": {"kind": "tokenEndsEarly", "seconds": 3}},
            "effect.seconds is unknown: tokenEndsEarly takes latency",
        ),
        ({"effect": {"kind": "replicas"}}, "replicas needs lags"),
        ({"effect": {"kind": "replicas", "lags": []}}, "effect.lags is a list with the lag of each"),
        ({"effect": {"kind": "replicas", "lags": [0, 0]}}, "effect.lags is a list with the lag of each"),
        ({"effect": {"kind": "replicas", "lags": [6]}}, "effect.lags is a list with the lag of each"),
        ({"effect": {"kind": "replicas", "lags": [1, 1, 1, 1, 1, 1]}}, "effect.lags is a list with the lag of each"),
        ({"effect": {"kind": "replicas", "lags": [1.5]}}, "effect.lags is a list with the lag of each"),
        ({"effect": {"kind": "replicas", "lags": [True]}}, "effect.lags is a list with the lag of each"),
        ({"effect": {"kind": "replicas", "lags": 3}}, "effect.lags is a list with the lag of each"),
        ({"effect": {"kind": "replicas", "lags": ["2"]}}, "effect.lags is a list with the lag of each"),
        ({"effect": {"kind": "clockJump"}}, "clockJump needs by, such as"),
        (
            {"effect": {"kind": "clockJump", "by": "-PT1H"}},
            "effect.by must be an ISO 8601 duration longer than nothing",
        ),
        ({"effect": {"kind": "clockJump", "by": "P3661D"}}, "effect.by is at most P3660D"),
        ({"effect": {"kind": "repeatedChanges", "size": 1}}, "effect.size is unknown: repeatedChanges takes no other"),
    ],
)
async def test_what_makes_no_sense_is_refused_and_nothing_is_added(
    rule: Json, says: str, beta: httpx.AsyncClient
) -> None:
    answer = await beta.post(FAULTS, json=rule)
    assert answer.status_code == 400
    assert says in answer.json()["error"]["message"]
    assert (await beta.get(FAULTS)).json()["value"] == []
