"""Faults of requests to Graph: which are struck, with which answer, and that nothing else changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.clock import FixedClock
from tests.support.faults import MARK, add_fault, counters
from tests.support.graph import DEVICES, PROFILES, error_code, error_message
from tests.surfaces.graph.conftest import Enroll

USERS = {"surface": "graph", "path": "/users"}


async def test_the_second_request_is_throttled_as_the_real_service_throttles(
    beta: httpx.AsyncClient, v1: httpx.AsyncClient
) -> None:
    fault = await add_fault(beta, {"status": 429, "retryAfter": 7}, match={**USERS, "method": "GET"}, when={"nth": 2})
    answers = [await client.get("/users?$top=1") for client in (beta, v1, beta)]
    assert [answer.status_code for answer in answers] == [200, 429, 200]
    assert answers[1].headers["retry-after"] == "7"
    assert answers[1].headers[MARK] == fault["id"]
    error = answers[1].json()["error"]
    assert (error["code"], error["message"]) == ("TooManyRequests", "Please retry again later.")
    assert error["innerError"] == {
        "code": "429",
        "message": "Please retry after",
        "status": "429",
        "date": "2026-11-24T10:00:00",
        "request-id": answers[1].headers["request-id"],
        "client-request-id": answers[1].headers["client-request-id"],
    }
    assert all(MARK not in answer.headers for answer in (answers[0], answers[2]))
    assert await counters(beta, fault) == (3, 1)


@pytest.mark.parametrize(
    ("status", "directory", "intune"),
    [
        (401, "InvalidAuthenticationToken", "InvalidAuthenticationToken"),
        (403, "ApprovalRequired", "ApprovalRequired"),
        (404, "Request_ResourceNotFound", "ResourceNotFound"),
        (412, "PreconditionFailed", "PreconditionFailed"),
        (429, "TooManyRequests", "TooManyRequests"),
        (500, "InternalServerError", "InternalServerError"),
        (502, "BadGateway", "BadGateway"),
        (503, "ServiceUnavailable", "ServiceUnavailable"),
        (504, "GatewayTimeout", "GatewayTimeout"),
    ],
)
async def test_each_status_has_graphs_envelope_and_no_retry_after_that_was_not_wanted(
    status: int, directory: str, intune: str, beta: httpx.AsyncClient
) -> None:
    await add_fault(beta, {"status": status}, match={"surface": "graph"})
    for path, code in (("/users", directory), (DEVICES, intune)):
        answer = await beta.get(path)
        assert (answer.status_code, error_code(answer)) == (status, code)
        assert answer.json()["error"]["innerError"]["request-id"] == answer.headers["request-id"]
        assert error_message(answer)
        assert "retry-after" not in answer.headers


async def test_an_expired_token_is_challenged_and_an_approval_has_its_code(beta: httpx.AsyncClient) -> None:
    await add_fault(beta, {"status": 401}, when={"nth": 1})
    await add_fault(beta, {"status": 403}, match={"method": "POST"})
    expired = await beta.get("/users")
    assert error_message(expired) == "Access token has expired or is not yet valid."
    assert expired.headers["www-authenticate"].startswith('Bearer realm="", authorization_uri="https://localhost')
    guarded = await beta.post("/groups", json={"displayName": "x"})
    assert guarded.headers["x-msft-approval-code"] in error_message(guarded)


async def test_a_client_that_comes_back_too_early_is_failed_again(beta: httpx.AsyncClient, clock: FixedClock) -> None:
    effect = {"status": 429, "retryAfter": 7, "punishEarly": True}
    fault = await add_fault(beta, effect, match=USERS, when={"nth": 1})
    statuses = []
    for wait in (0, 6, 6, 7, 0):
        clock.forward(seconds=wait)
        statuses.append((await beta.get("/users")).status_code)
    # Each failure begins the wait again: after 6 and 12 seconds it is too early, after 19 not.
    assert statuses == [429, 429, 429, 200, 200]
    assert await counters(beta, fault) == (5, 3)


async def test_an_item_of_a_batch_is_struck_and_the_others_are_not(beta: httpx.AsyncClient) -> None:
    fault = await add_fault(beta, {"status": 429, "retryAfter": 3}, match={"path": DEVICES}, when={"nth": 1})
    requests = [
        {"id": str(number), "method": "GET", "url": url} for number, url in enumerate(("/users", DEVICES, DEVICES))
    ]
    answer = await beta.post("/$batch", json={"requests": requests})
    assert answer.status_code == 200
    assert MARK not in answer.headers
    responses = {response["id"]: response for response in answer.json()["responses"]}
    assert [responses[key]["status"] for key in "012"] == [200, 429, 200]
    assert responses["1"]["headers"]["retry-after"] == "3"
    assert responses["1"]["headers"][MARK] == fault["id"]
    assert responses["1"]["body"]["error"]["code"] == "TooManyRequests"
    assert await counters(beta, fault) == (2, 1)


async def test_a_failed_request_is_not_carried_out_unless_the_fault_says_so(beta: httpx.AsyncClient) -> None:
    await add_fault(beta, {"status": 504}, match={"method": "POST"}, when={"nth": 1})
    await add_fault(beta, {"status": 504, "carriedOut": True}, match={"method": "POST"}, when={"nth": 1})
    group = {"displayName": "New", "mailNickname": "new", "mailEnabled": False, "securityEnabled": True}
    counts = []
    for _ in range(2):
        assert (await beta.post("/groups", json=group)).status_code == 504
        counts.append(len((await beta.get("/groups?$filter=displayName eq 'New'")).json()["value"]))
    assert counts == [0, 1]


async def test_a_write_that_is_accepted_is_ignored(beta: httpx.AsyncClient) -> None:
    user = (await beta.get("/users?$top=1")).json()["value"][0]["id"]
    before = (await beta.get(f"/users/{user}?$select=jobTitle")).json()
    count = len((await beta.get("/groups")).json()["value"])
    fault = await add_fault(beta, {"kind": "acceptedButIgnored"}, match={"surface": "graph"})
    changed = await beta.patch(f"/users/{user}", json={"jobTitle": "Other"})
    deleted = await beta.delete(f"/users/{user}")
    group = {"displayName": "New", "mailNickname": "new", "mailEnabled": False, "securityEnabled": True}
    created = await beta.post("/groups", json=group)
    assert [answer.status_code for answer in (changed, deleted, created)] == [204, 204, 201]
    assert created.json()["displayName"] == "New"
    assert created.headers[MARK] == fault["id"]
    assert (await beta.get(f"/users/{user}?$select=jobTitle")).json() == before
    assert len((await beta.get("/groups")).json()["value"]) == count
    assert (await beta.post("/groups", json={"displayName": 7})).status_code == 400
    assert await counters(beta, fault) == (4, 4)


async def test_what_was_written_is_seen_after_so_many_reads(beta: httpx.AsyncClient) -> None:
    fault = await add_fault(beta, {"kind": "staleReads", "reads": 2}, match={"surface": "graph"})
    group = {"displayName": "New", "mailNickname": "new", "mailEnabled": False, "securityEnabled": True}
    created = (await beta.post("/groups", json=group)).json()["id"]

    async def reads(path: str) -> list[Any]:
        answers = [await beta.get(path) for _ in range(4)]
        return [answer.json().get("displayName", answer.status_code) for answer in answers]

    assert await reads(f"/groups/{created}") == [404, 404, "New", "New"]
    # The list was read before the write, by the server itself.
    lists = [(await beta.get("/groups")).json()["value"] for _ in range(3)]
    assert [created in [each["id"] for each in one] for one in lists] == [False, False, True]
    await beta.patch(f"/groups/{created}", json={"displayName": "Newer"})
    assert await reads(f"/groups/{created}") == ["New", "New", "Newer", "Newer"]
    await beta.delete(f"/groups/{created}")
    assert await reads(f"/groups/{created}") == ["Newer", "Newer", 404, 404]
    assert (await counters(beta, fault))[1] == 8


@ON_BOTH_DATABASES
async def test_a_read_that_nobody_had_asked_before_the_change_is_late_too(beta: httpx.AsyncClient) -> None:
    fault = await add_fault(beta, {"kind": "staleReads", "reads": 1}, match={"surface": "graph"})
    alice = "/users/alice@contoso.example"
    assert (await beta.patch(alice, json={"jobTitle": "Pilot"})).status_code == 204
    group = {"displayName": "New", "mailNickname": "new", "mailEnabled": False, "securityEnabled": True}
    created = (await beta.post("/groups", json=group)).json()["id"]
    asked: dict[str, Callable[[Any], Any]] = {
        f"{alice}?$select=jobTitle&$expand=memberOf($select=id)": lambda body: body["jobTitle"],
        "/users?$filter=startswith(userPrincipalName,'alice')&$select=jobTitle": lambda body: body["value"][0][
            "jobTitle"
        ],
        "/groups?$select=id&$filter=displayName eq 'New'": lambda body: len(body["value"]),
        f"/groups/{created}/members?$select=id": lambda body: "value" in body,
    }
    shown = {}
    for path, look in asked.items():
        shown[path] = [look((await beta.get(path)).json()) for _ in range(2)]
    assert [*shown.values()] == [[None, "Pilot"], [None, "Pilot"], [0, 1], [False, True]]
    assert (await counters(beta, fault))[1] == 4
    # Of each address as many reads as the rule says, and not of each question.
    assert (await beta.get(f"{alice}?$select=id,jobTitle")).json()["jobTitle"] == "Pilot"
    # What nobody has seen is one change; after that the next has a state of its own.
    await beta.patch(alice, json={"jobTitle": "Captain"})
    titles = [(await beta.get(f"{alice}?$select=mail,jobTitle")).json()["jobTitle"] for _ in range(2)]
    assert titles == ["Pilot", "Captain"]


@ON_BOTH_DATABASES
async def test_a_rule_about_a_list_hides_a_change_that_was_made_elsewhere(
    beta: httpx.AsyncClient, clock: FixedClock
) -> None:
    await add_fault(beta, {"kind": "staleReads", "seconds": 5}, match={"path": "/users"})
    await beta.patch("/users/alice@contoso.example", json={"jobTitle": "Pilot"})
    path = "/users?$filter=jobTitle eq 'Pilot'&$select=id"
    assert (await beta.get(path)).json()["value"] == []
    clock.forward(seconds=5)
    assert len((await beta.get(path)).json()["value"]) == 1


async def test_a_stale_read_is_marked_and_a_fresh_one_is_not(beta: httpx.AsyncClient, clock: FixedClock) -> None:
    fault = await add_fault(beta, {"kind": "staleReads", "seconds": 5}, match={"path": "/users/{id}"})
    assert MARK not in (await beta.get("/users/alice@contoso.example")).headers
    await beta.patch("/users/alice@contoso.example", json={"jobTitle": "Pilot"})
    stale = await beta.get("/users/alice@contoso.example")
    assert (stale.headers[MARK], stale.json()["jobTitle"]) == (fault["id"], None)
    clock.forward(seconds=5)
    fresh = await beta.get("/users/alice@contoso.example")
    assert MARK not in fresh.headers
    assert fresh.json()["jobTitle"] == "Pilot"


async def test_reports_of_devices_lag_by_the_tenants_clock(
    beta: httpx.AsyncClient, enroll: Enroll, http: httpx.AsyncClient
) -> None:
    await add_fault(beta, {"kind": "reportLag", "lag": "PT6H"})
    assert (await beta.get(DEVICES)).json()["value"] == []
    await enroll("alice")
    assert (await beta.get(DEVICES)).json()["value"] == []
    assert (await beta.get(PROFILES)).status_code == 200
    await http.post("/_fauxtune/v1/tenants/contoso/clock/advance", json={"by": "PT6H"})
    assert len((await beta.get(DEVICES)).json()["value"]) == 1


async def test_requests_over_a_limit_are_throttled_until_the_window_is_over(
    beta: httpx.AsyncClient, clock: FixedClock
) -> None:
    fault = await add_fault(beta, {"kind": "throttling", "limits": {"application": 2, "seconds": 20}})
    answers = [await beta.get(DEVICES) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    clock.forward(seconds=float(answers[2].headers["retry-after"]))
    assert (await beta.get(DEVICES)).status_code == 200
    assert await counters(beta, fault) == (4, 1)


async def test_a_fault_strikes_the_device_the_user_the_application_and_the_operation_that_it_names(
    beta: httpx.AsyncClient, enroll: Enroll
) -> None:
    await enroll("alice")
    await enroll("bob")
    devices = (await beta.get(DEVICES)).json()["value"]
    first, second = (device["id"] for device in devices)
    for match in (
        {"device": first},
        {"device": devices[0]["deviceName"], "path": f"{DEVICES}/{{id}}"},
        {"operation": "beta_get_deviceManagement_managedDevices_device", "path": f"{DEVICES}/{first}"},
    ):
        fault = await add_fault(beta, {"status": 500}, match=match, when={"nth": 1})
        if devices[0]["deviceName"] != devices[1]["deviceName"]:
            assert (await beta.get(f"{DEVICES}/{second}")).status_code == 200
        assert (await beta.get(f"{DEVICES}/{first}")).status_code == 500
        assert (await counters(beta, fault))[1] == 1
    await add_fault(beta, {"status": 500}, match={"user": "Alice@contoso.example"})
    alice = (await beta.get("/users?$filter=startswith(userPrincipalName,'alice')")).json()["value"][0]["id"]
    assert [(await beta.get(f"/users/{key}")).status_code for key in (alice, "bob@contoso.example")] == [500, 200]
    await add_fault(beta, {"status": 502}, match={"application": "11111111-1111-4111-8111-111111111111"})
    assert (await beta.get("/groups")).status_code == 200


async def test_a_window_is_one_of_the_tenants_time(beta: httpx.AsyncClient, http: httpx.AsyncClient) -> None:
    window = {"from": "2026-12-01T00:00:00Z", "to": "2026-12-02T00:00:00Z"}
    fault = await add_fault(beta, {"status": 503}, match=USERS, when={"window": window})
    statuses = []
    for by in ("P0D", "P7D", "P1D"):
        await http.post("/_fauxtune/v1/tenants/contoso/clock/advance", json={"by": by})
        statuses.append((await beta.get("/users")).status_code)
    assert statuses == [200, 503, 200]
    assert await counters(beta, fault) == (1, 1)


async def test_rules_are_tried_in_order_and_the_first_that_ends_a_request_decides(beta: httpx.AsyncClient) -> None:
    slow = await add_fault(beta, {"latency": 0}, match=USERS)
    first = await add_fault(beta, {"status": 500}, match=USERS, when={"nth": 1})
    second = await add_fault(beta, {"status": 502}, match=USERS)
    answers = [await beta.get("/users") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [500, 502]
    assert [answer.headers[MARK] for answer in answers] == [
        f"{slow['id']}, {first['id']}",
        f"{slow['id']}, {second['id']}",
    ]
    # What never came to the second rule is not counted by it.
    assert await counters(beta, second) == (1, 1)
