"""Many requests in one: order, dependencies, both spellings of what clients send, and every way to get it wrong."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.support.graph import PROFILES, error_message

Json = dict[str, Any]
NAMED = {"content-type": "application/json"}


async def _batch(graph: httpx.AsyncClient, *requests: Json) -> list[Json]:
    answer = await graph.post("/$batch", json={"requests": list(requests)})
    assert answer.status_code == 200, answer.text
    responses: list[Json] = answer.json()["responses"]
    assert all(isinstance(response["headers"], dict) for response in responses)
    return responses


def _get(name: str | int, url: str, **more: Any) -> Json:
    return {"id": name, "method": "GET", "url": url, **more}


def _group(name: str) -> Json:
    return {"displayName": name, "mailEnabled": False, "mailNickname": name, "securityEnabled": True}


async def test_each_request_has_its_own_status_and_body(beta: httpx.AsyncClient) -> None:
    batch = await _batch(beta, _get("a", "/users/alice@contoso.example"), _get("b", "users/nobody@contoso.example"))
    assert [(each["id"], each["status"]) for each in batch] == [("a", 200), ("b", 404)]
    assert batch[0]["body"]["userPrincipalName"] == "alice@contoso.example"
    assert batch[0]["headers"]["Content-Type"] == "application/json"
    assert batch[1]["body"]["error"]["code"] == "Request_ResourceNotFound"


async def test_an_id_goes_back_as_it_came_be_it_a_number(beta: httpx.AsyncClient) -> None:
    batch = await _batch(beta, _get(1, "/users"), _get("2", "/groups"))
    assert [each["id"] for each in batch] == [1, "2"]


@pytest.mark.parametrize(
    "url",
    [
        "/users?$select=displayName",
        "users?$select=displayName",
        "/beta/users?$select=displayName",
        "/v1.0/users?$select=displayName",
        "https://graph.microsoft.com/beta/users?$select=displayName",
        "https://localhost:8443/v1.0//users?%24select=displayName",
    ],
)
async def test_an_address_may_be_relative_or_absolute_on_any_host(beta: httpx.AsyncClient, url: str) -> None:
    (found,) = await _batch(beta, _get("1", url))
    assert found["status"] == 200
    assert {frozenset(entry) for entry in found["body"]["value"]} == {frozenset(("id", "displayName"))}


async def test_an_absolute_address_names_its_own_version(beta: httpx.AsyncClient) -> None:
    path = "/deviceManagement/userPfxCertificates"
    batch = await _batch(beta, _get("1", path), _get("2", f"https://graph.microsoft.com/v1.0{path}"))
    assert [each["status"] for each in batch] == [200, 400]


async def test_a_change_is_made_and_says_where_it_is(beta: httpx.AsyncClient) -> None:
    results = {"id": "1", "method": "POST", "url": "/groups", "body": _group("batched"), "headers": NAMED}
    (found,) = await _batch(beta, results)
    assert found["status"] == 201
    assert found["headers"]["location"].endswith(f"groups('{found['body']['id']}')")
    (gone,) = await _batch(beta, {"id": "2", "method": "delete", "url": f"/groups/{found['body']['id']}"})
    assert gone == {"id": "2", "status": 204, "headers": {}}


async def test_a_count_is_a_number(beta: httpx.AsyncClient) -> None:
    (found,) = await _batch(beta, _get("1", f"{PROFILES}/$count"))
    assert (found["body"], found["headers"]["Content-Type"]) == (0, "text/plain")


@pytest.mark.parametrize("word", ["dependsOn", "depends_on"])
async def test_what_depends_on_a_failure_is_not_tried(beta: httpx.AsyncClient, word: str) -> None:
    batch = await _batch(
        beta,
        {"id": "last", "method": "POST", "url": "/groups", "body": _group("never"), "headers": NAMED, word: ["MID"]},
        _get("mid", "/users", **{word: ["first"]}),
        _get("first", "/users/nobody@contoso.example", **{word: []}),
    )
    assert [each["status"] for each in batch] == [424, 424, 404]
    assert batch[0]["body"]["error"]["code"] == "FailedDependency"
    assert "'mid'" in batch[0]["body"]["error"]["message"]
    (groups,) = await _batch(beta, _get("1", "/groups?$filter=displayName eq 'never'"))
    assert groups["body"]["value"] == []


async def test_dependencies_are_done_first_wherever_they_stand(beta: httpx.AsyncClient) -> None:
    upn = {"accountEnabled": True, "displayName": "Dora", "mailNickname": "dora"}
    body = {**upn, "userPrincipalName": "dora@contoso.example", "passwordProfile": {"password": "Fauxtune1!"}}
    batch = await _batch(
        beta,
        _get("read", "/users/dora@contoso.example", dependsOn=["make"]),
        {"id": "make", "method": "POST", "url": "/users", "body": body, "headers": NAMED},
    )
    assert [each["status"] for each in batch] == [200, 201]


async def test_the_headers_of_an_item_count(beta: httpx.AsyncClient) -> None:
    batch = await _batch(
        beta,
        _get("1", "/users/$count"),
        _get("2", "/users/$count", headers={"ConsistencyLevel": "eventual"}),
        {"id": "3", "method": "POST", "url": "/groups", "body": _group("untyped")},
    )
    assert [each["status"] for each in batch] == [400, 200, 415]


@pytest.mark.parametrize(
    ("requests", "why"),
    [
        ([], "at least one request"),
        ("x", "at least one request"),
        ([_get(str(n), "/users") for n in range(21)], "20 requests at most; this one has 21"),
        ([_get("a", "/users"), _get("A", "/groups")], "is there twice"),
        ([{"method": "GET", "url": "/users"}], "needs an id"),
        ([_get("a", "")], "needs a url"),
        ([{"id": "a", "method": "FROB", "url": "/users"}], "method must be one of"),
        ([_get("a", "/users", dependsOn=["b"])], "'b', which is not in the batch"),
        ([_get("a", "/users", dependsOn="b")], "list of ids"),
        ([_get("a", "/users", dependsOn=["a"])], "circle"),
        ([_get("a", "/users", dependsOn=["b"]), _get("b", "/users", dependsOn=["a"])], "circle"),
        ([_get("a", "/users", headers=["x"])], "headers is an object"),
        ([{"id": "a", "method": "POST", "url": "/$batch", "body": {"requests": []}}], "cannot be nested"),
        ([{"id": "a", "method": "POST", "url": "https://x/beta/$batch"}], "cannot be nested"),
        ([7], "an object with id, method and url"),
    ],
)
async def test_a_batch_that_makes_no_sense_is_refused_whole(beta: httpx.AsyncClient, requests: Any, why: str) -> None:
    answer = await beta.post("/$batch", json={"requests": requests})
    assert answer.status_code == 400
    assert why in error_message(answer)


async def test_a_batch_needs_a_token(beta: httpx.AsyncClient) -> None:
    answer = await beta.post("/$batch", json={"requests": [_get("a", "/users")]}, headers={"authorization": ""})
    assert answer.status_code == 401


async def test_an_unreadable_item_fails_alone(beta: httpx.AsyncClient) -> None:
    sent = {"id": "1", "method": "POST", "url": "/groups", "body": "{broken", "headers": NAMED}
    batch = await _batch(beta, sent, _get("2", "/nothing"), _get("3", "/users?$top=x"))
    assert [each["status"] for each in batch] == [400, 400, 400]
