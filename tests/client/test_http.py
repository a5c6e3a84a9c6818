"""Our client against a service that throttles, pages, nests its errors, or is not there."""

from __future__ import annotations

import gzip
import json
import socket
from typing import TYPE_CHECKING

import pytest

from fauxtune_client.endpoints import ClientError, Refused, Unreachable, User
from fauxtune_client.http import Client
from fauxtune_client.readiness import readiness

if TYPE_CHECKING:
    from tests.client.conftest import Foreign

TOKEN = "/their-tenant/oauth2/v2.0/token"


def test_an_application_signs_in_once_at_its_own_authority(foreign: Foreign) -> None:
    foreign.will("GET", "/beta/users", (200, {}, {"value": []}))
    with Client(foreign.server()) as client:
        client.graph_list("/users")
        client.graph_list("/users")
    (signed_in,) = (each for each in foreign.asked if each.path == TOKEN)
    assert signed_in.body == {
        "client_id": "their-app",
        "client_secret": "their-secret",
        "grant_type": "client_credentials",
        "scope": "http://127.0.0.1/.default",
    }
    assert {each.headers.get("authorization") for each in foreign.asked[1:]} == {"Bearer theirs"}


def test_a_user_signs_in_with_a_password_and_a_public_client_sends_no_secret(foreign: Foreign) -> None:
    foreign.will("POST", "/organizations/oauth2/v2.0/token", (200, {}, {"access_token": "hers"}))
    user = User("admin@their.example", "pass&word")
    with Client(foreign.server(client_secret=""), user=user) as client:
        assert client.token() == "hers"
    form = foreign.asked[0].body
    assert (form["grant_type"], form["username"], form["password"]) == ("password", "admin@their.example", "pass&word")
    assert "client_secret" not in form


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    "headers",
    [
        {"retry-after": "0"},
        {"x-ms-retry-after-ms": "0"},
        {"retry-after": "0", "x-ms-retry-after-ms": "5000"},
        {"retry-after": "Sat, 01 Jan 2000 10:00:00 GMT"},
        {"retry-after": "-7"},
    ],
)
def test_who_is_busy_is_asked_again(foreign: Foreign, status: int, headers: dict[str, str]) -> None:
    foreign.will("POST", "/beta/things", (status, headers, {}), (status, headers, {}), (201, {}, {"id": "1"}))
    results: list[str] = []
    with Client(foreign.server(), log=results.append) as client:
        assert client.graph("POST", "/things", json={"a": 1}) == {"id": "1"}
    assert [each.body for each in foreign.asked if each.path == "/beta/things"] == [{"a": 1}] * 3
    assert ["Trying again in 0 seconds" in line for line in results] == [True, True]


def test_who_stays_busy_is_not_asked_for_ever(foreign: Foreign) -> None:
    busy = {"error": {"code": "TooManyRequests", "message": "Too many requests."}}
    foreign.will("GET", "/beta/things", (429, {"retry-after": "0"}, busy))
    with Client(foreign.server()) as client, pytest.raises(Refused, match=r"\(429\): Too many requests") as caught:
        client.graph("GET", "/things")
    assert caught.value.status == 429
    assert foreign.times("GET", "/beta/things") == 5


def test_an_expired_token_is_replaced_once(foreign: Foreign) -> None:
    no: tuple[int, dict[str, str], object] = (
        401,
        {},
        {"error": {"code": "InvalidAuthenticationToken", "message": "Lifetime validation failed."}},
    )
    foreign.will("GET", "/beta/things", (200, {}, {}), no, (200, {}, {"again": True}), no)
    with Client(foreign.server()) as client:
        client.graph("GET", "/things")
        assert client.graph("GET", "/things") == {"again": True}
        with pytest.raises(Refused, match="Lifetime"):
            client.graph("GET", "/things")
    assert foreign.times("POST", TOKEN) == 3


def test_pages_are_followed_to_the_end(foreign: Foreign) -> None:
    second = {"value": [{"id": "2"}], "@odata.nextLink": None}
    foreign.will("GET", "/beta/things", (200, {}, {"value": [{"id": "1"}], "@odata.nextLink": f"{foreign.url}/beta/2"}))
    foreign.will("GET", "/beta/2", (200, {}, second))
    with Client(foreign.server()) as client:
        assert [each["id"] for each in client.graph_list("/things")] == ["1", "2"]


@pytest.mark.parametrize(
    ("link", "reason"),
    [
        ("https://evil.example/beta/2", "another server"),
        ("{url}/beta/things", "circle"),
        ("//x", "is not a valid address"),
    ],
)
def test_a_link_to_elsewhere_gets_no_token_and_a_circle_ends(foreign: Foreign, link: str, reason: str) -> None:
    link = link.replace("{url}", foreign.url)
    foreign.will("GET", "/beta/things", (200, {}, {"value": [], "@odata.nextLink": link}))
    foreign.will("GET", "/beta//x", (200, {}, {"value": []}))
    with Client(foreign.server()) as client:
        if reason == "is not a valid address":
            assert client.graph_list("/things") == []  # below the base, like every path
        else:
            with pytest.raises(ClientError, match=reason):
                client.graph_list("/things")


def test_pages_without_end_and_answers_without_end_are_given_up(foreign: Foreign) -> None:
    page = b'{"value": [%s]}' % b",".join([b'{"id": 1}'] * 1_000_001)
    linked = page.replace(b"]}", b'], "@odata.nextLink": "%s/beta/2"}' % foreign.url.encode())
    foreign.will("GET", "/beta/things", (200, {}, linked))
    bomb = gzip.compress(b" " * (65 * 1024 * 1024))
    foreign.will("GET", "/beta/bomb", (200, {"content-encoding": "gzip"}, bomb))
    small = gzip.compress(b'{"value": [{"id": "1"}]}')
    foreign.will("GET", "/beta/small", (200, {"content-encoding": "gzip"}, small))
    with Client(foreign.server()) as client:
        with pytest.raises(ClientError, match="too many pages"):
            client.graph_list("/things")
        with pytest.raises(ClientError, match="more than 64 MiB"):
            client.graph("GET", "/bomb")
        assert client.graph_list("/small") == [{"id": "1"}]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(foreign: Foreign, status: int) -> None:
    elsewhere = {"location": f"{foreign.url}/elsewhere"}
    foreign.will("GET", "/beta/things", (status, elsewhere, {}))
    with Client(foreign.server()) as client, pytest.raises(Refused, match=rf"\({status}\)"):
        client.graph("GET", "/things")
    foreign.will("POST", TOKEN, (status, elsewhere, {}))
    with Client(foreign.server()) as client, pytest.raises(Refused, match=rf"\({status}\)"):
        client.token()
    assert not [each for each in foreign.asked if each.path == "/elsewhere"]


def test_what_the_other_side_says_does_nothing_to_a_terminal(foreign: Foreign) -> None:
    message = "\x1b]0;owned\x07\x1b[2J no\r\nfauxtune: all is well" + "x" * 10_000
    foreign.will("GET", "/beta/things", (400, {}, {"error": {"code": "x", "message": message}}))
    with Client(foreign.server()) as client, pytest.raises(Refused) as caught:
        client.graph("GET", "/things")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 2000


@pytest.mark.parametrize("answer", [b"<html>", b"{", [], {"value": {}}, {"value": [7]}])
def test_what_is_no_control_surface_is_called_so(foreign: Foreign, answer: object) -> None:
    foreign.will("GET", "/tenants/their-tenant/connectors", (200, {"content-type": "application/json"}, answer))
    with Client(foreign.server()) as client, pytest.raises(ClientError):
        client.control_list("/connectors")
    foreign.will("GET", "/readyz", (200, {}, answer if isinstance(answer, bytes) else []))
    with pytest.raises(ClientError, match="Fauxtune server"):
        readiness(foreign.server())


def test_intunes_sentence_is_dug_out_of_its_json(foreign: Foreign) -> None:
    message = json.dumps({"Message": "The thumbprint is wrong. - Operation ID (for customer support): 0000 - Url: x"})
    foreign.will("POST", "/beta/things", (400, {}, {"error": {"code": "BadRequest", "message": message}}))
    with Client(foreign.server()) as client, pytest.raises(Refused) as caught:
        client.graph("POST", "/things", json={})
    assert str(caught.value).endswith("was refused (400): The thumbprint is wrong.")


@pytest.mark.parametrize(
    "answer",
    [b"<html>", b"[]", b"null", b'{"value": 1}', b'{"value": [1]}', b'{"value": [{}]}', b"[" * 100_000],
)
def test_what_is_no_graph_is_called_so(foreign: Foreign, answer: bytes) -> None:
    foreign.will("GET", "/beta/things", (200, {}, answer))
    with Client(foreign.server()) as client, pytest.raises(ClientError, match=r"not answer with (JSON|a collection)"):
        client.graph_list("/things")


@pytest.mark.parametrize("answer", [b"", b"oops", {"error": None}, {"error": {"code": 1}}, [1]])
def test_a_refusal_without_words_is_still_one_sentence(foreign: Foreign, answer: object) -> None:
    foreign.will("GET", "/beta/things", (500, {}, answer))
    with Client(foreign.server()) as client, pytest.raises(Refused, match=r"was refused \(500\): "):
        client.graph("GET", "/things")


def test_what_an_authority_says_comes_through_and_no_secret_does(foreign: Foreign) -> None:
    words = {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided."}
    foreign.will("POST", TOKEN, (401, {}, words))
    with Client(foreign.server()) as client, pytest.raises(Refused, match="AADSTS7000215") as caught:
        client.token()
    assert "their-secret" not in str(caught.value)
    assert "their-secret" not in repr(foreign.server())
    assert "pass" not in repr(User("a", "pass"))


@pytest.mark.parametrize(
    "answer", [{}, [], {"access_token": None}, {"access_token": "tök\n"}, b"hello", b"[" * 100_000]
)
def test_what_is_no_authority_is_called_so(foreign: Foreign, answer: object) -> None:
    foreign.will("POST", TOKEN, (200, {}, answer))
    with Client(foreign.server()) as client, pytest.raises(ClientError, match=r"sign-in service|not answer with JSON"):
        client.token()


def test_nobody_there_is_told_apart_from_a_refusal(foreign: Foreign) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # a port that refuses connections for certain: it is taken, and nobody listens
        with (
            Client(foreign.server(https=f"http://127.0.0.1:{closed.getsockname()[1]}")) as client,
            pytest.raises(Unreachable, match=r"is running\."),
        ):
            client.token()


@pytest.mark.parametrize("url", ["http://[", "nonsense", "http://host:port", "http://"])
def test_an_address_that_is_none_is_called_so(foreign: Foreign, url: str) -> None:
    with Client(foreign.server(https=url)) as client, pytest.raises(ClientError, match="is not a valid address"):
        client.token()
