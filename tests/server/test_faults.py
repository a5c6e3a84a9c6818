"""Faults on the wire of a real server: broken connections, the token endpoint, devices, and a client that retries."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.faults import MARK
from tests.support.running_server import SECONDS, Served
from tests.support.server_here import serving_here

Json = dict[str, Any]
TENANT = "/_fauxtune/v1/tenants/contoso"
FAULTS = f"{TENANT}/faults"
DEVICES = "/v1.0/deviceManagement/managedDevices"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving_here(data_dir=tmp_path_factory.mktemp("faults") / "data") as served:
        yield served


@pytest.fixture
def graph(server: Served) -> Iterator[httpx.Client]:
    """The seeded application; the tenant has no faults before and afterwards."""
    with server.signed_in() as client:
        yield client
        client.delete(FAULTS).raise_for_status()


def add(client: httpx.Client, effect: Json, **rule: Json) -> str:
    """Add a fault; its id."""
    answer = client.post(FAULTS, json={"effect": effect, **rule})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


@pytest.mark.parametrize("path", [DEVICES, "/contoso/v2.0/.well-known/openid-configuration"])
def test_a_connection_ends_without_an_answer(graph: httpx.Client, path: str) -> None:
    fault = add(graph, {"kind": "connectionReset"}, when={"nth": 1})
    with pytest.raises(httpx.TransportError):
        graph.get(path)
    assert graph.get(path).status_code == 200
    (exchange,) = [each for each in graph.get(f"{TENANT}/wire").json()["exchanges"] if fault in str(each["refusal"])]
    assert exchange["status"] is None


def test_a_connection_is_reset_and_not_only_closed(graph: httpx.Client, server: Served) -> None:
    add(graph, {"kind": "connectionReset"}, match={"surface": "pki"})
    # Python's TLS reads a reset as an end: only without TLS can the two be told apart.
    with httpx.Client(base_url=server.endpoints["http"]) as plain, pytest.raises(httpx.ReadError) as broken:
        plain.get("/pki/contoso/issuing/crl")
    causes: list[type[BaseException]] = []
    cause: BaseException | None = broken.value
    while cause is not None:
        causes.append(type(cause))
        cause = cause.__cause__ or cause.__context__
    assert ConnectionResetError in causes


@pytest.mark.parametrize("path", [DEVICES, "/contoso/v2.0/.well-known/openid-configuration"])
def test_an_answer_comes_without_its_body_or_with_half_of_it(graph: httpx.Client, path: str) -> None:
    whole = graph.get(path)
    empty = add(graph, {"kind": "emptyAnswer"}, when={"nth": 1})
    answer = graph.get(path)
    assert (answer.status_code, answer.content, answer.headers[MARK]) == (200, b"", empty)
    half = add(graph, {"kind": "halfBody"}, when={"nth": 1})
    received: list[bytes] = []
    with graph.stream("GET", path) as broken:
        assert broken.headers["content-length"] == str(len(whole.content))
        assert broken.headers[MARK] == half
        with pytest.raises(httpx.RemoteProtocolError):
            received.extend(broken.iter_raw())
    assert b"".join(received) == whole.content[: len(whole.content) // 2]
    assert graph.get(path).content == whole.content


@pytest.mark.parametrize("carried_out", [False, True])
def test_a_reset_write_is_carried_out_only_if_the_fault_says_so(graph: httpx.Client, carried_out: bool) -> None:
    add(graph, {"kind": "connectionReset", "carriedOut": carried_out}, match={"method": "POST"}, when={"nth": 1})
    name = f"Reset {carried_out}"
    group = {"displayName": name, "mailNickname": "reset", "mailEnabled": False, "securityEnabled": True}
    with pytest.raises(httpx.TransportError):
        graph.post("/v1.0/groups", json=group)
    groups = graph.get("/v1.0/groups", params={"$filter": f"displayName eq '{name}'"}).json()["value"]
    assert len(groups) == carried_out


def test_a_batch_whose_item_resets_the_connection_is_cut(graph: httpx.Client) -> None:
    add(graph, {"kind": "connectionReset"}, match={"path": "/users"}, when={"nth": 1})
    batch = {"requests": [{"id": "1", "method": "GET", "url": "/users"}]}
    with pytest.raises(httpx.TransportError):
        graph.post("/v1.0/$batch", json=batch)
    assert graph.post("/v1.0/$batch", json=batch).json()["responses"][0]["status"] == 200


def test_a_client_that_obeys_retry_after_succeeds_and_one_that_does_not_is_failed_again(graph: httpx.Client) -> None:
    add(graph, {"status": 429, "retryAfter": 1, "punishEarly": True}, match={"path": DEVICES}, when={"nth": 1})
    statuses = [graph.get(DEVICES).status_code for _ in range(2)]
    assert statuses == [429, 429]
    answer = graph.get(DEVICES)
    for _ in range(10):
        if answer.status_code != 429:
            break
        asyncio.run(asyncio.sleep(float(answer.headers["retry-after"]) + 0.05))
        answer = graph.get(DEVICES)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("error", "status", "word", "number"),
    [
        ("secretWrong", 401, "invalid_client", 7000215),
        ("secretExpired", 401, "invalid_client", 7000222),
        ("applicationUnknown", 400, "unauthorized_client", 700016),
        ("conditionalAccess", 400, "invalid_grant", 53003),
        ("throttled", 429, "temporarily_unavailable", 90055),
        ("temporarilyUnavailable", 503, "temporarily_unavailable", 90033),
    ],
)
def test_the_token_endpoint_fails_as_entra_id_does(
    graph: httpx.Client, server: Served, error: str, status: int, word: str, number: int
) -> None:
    client_id = server.endpoints["clientId"]
    add(graph, {"kind": "tokenError", "error": error}, match={"application": client_id}, when={"nth": 1})
    form = {
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_secret": server.endpoints["clientSecret"],
        "scope": "https://graph.microsoft.com/.default",
    }
    refused = graph.post("/contoso/oauth2/v2.0/token", data=form)
    document = refused.json()
    assert (refused.status_code, document["error"], document["error_codes"]) == (status, word, [number])
    assert document["error_description"].startswith(f"AADSTS{number}: ")
    assert {"timestamp", "trace_id", "correlation_id", "error_uri"} <= set(document)
    other = graph.post("/contoso/oauth2/v2.0/token", data={**form, "client_id": "11111111-1111-4111-8111-111111111111"})
    assert other.json()["error_codes"] == [700016]
    assert graph.post("/contoso/oauth2/v2.0/token", data=form).status_code == 200


def test_the_control_surface_and_the_console_are_never_struck(graph: httpx.Client) -> None:
    add(graph, {"status": 500})
    add(graph, {"kind": "connectionReset"})
    assert graph.get(FAULTS).status_code == 200
    assert graph.get("/livez").status_code == 200
    assert graph.get(DEVICES).status_code == 500


def test_a_status_has_the_form_of_its_surface(graph: httpx.Client) -> None:
    add(graph, {"status": 503, "retryAfter": 4}, match={"surface": "identity"})
    refused = graph.get("/contoso/v2.0/.well-known/openid-configuration")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "4")
    assert refused.json()["error"] == "temporarily_unavailable"
    add(graph, {"status": 503}, match={"surface": "devices", "path": "/mdm/{tenant}/android/*"})
    phone = graph.get("/mdm/contoso/android/v1/enterprises/contoso/devices/1/policies/default")
    assert phone.status_code == 503
    assert MARK in phone.headers
    assert "retry-after" not in phone.headers


def test_slow_answers_do_not_keep_others_waiting(server: Served, graph: httpx.Client) -> None:
    rule = add(graph, {"latency": SECONDS}, match={"path": "/groups"})

    async def both() -> int:
        headers = {"authorization": graph.headers["authorization"]}
        async with httpx.AsyncClient(base_url=server.https, verify=server.trusting(), headers=headers) as client:
            slow = asyncio.create_task(client.get("/v1.0/groups", timeout=SECONDS))
            # The request has arrived: one that is cancelled while it connects would leave its socket open (httpcore).
            while not (await client.get(f"{FAULTS}/{rule}")).json()["hits"]:
                await asyncio.sleep(0.01)
            quick = await client.get("/v1.0/users")
            is_waiting = not slow.done()
            slow.cancel()
            await asyncio.wait([slow])
            return quick.status_code if is_waiting else 0

    assert asyncio.run(both()) == 200
