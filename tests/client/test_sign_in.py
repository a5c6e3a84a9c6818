"""Signing in by device code and as an application: what the service may answer, and how long it is waited for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from fauxtune_client.endpoints import ClientError
from fauxtune_client.sign_in import Authority

if TYPE_CHECKING:
    from tests.client.conftest import Foreign

TOKEN, CODE = "/their-tenant/oauth2/v2.0/token", "/their-tenant/oauth2/v2.0/devicecode"
BEGUN = {
    "device_code": "secret-code",
    "user_code": "ABCD-EFGH",
    "verification_uri": "https://login.example/device",
    "expires_in": 900,
    "interval": 5,
}
Response = tuple[int, dict[str, str], Any]
PENDING: Response = (400, {}, {"error": "authorization_pending"})


class Waiting:
    """A clock that moves by what is waited for."""

    def __init__(self) -> None:
        self.waited: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)

    def now(self) -> float:
        return sum(self.waited)


def authority(foreign: Foreign, waiting: Waiting, http: httpx.Client) -> Authority:
    return Authority(http, foreign.url, "their-tenant", waiting.sleep, waiting.now)


def sign_in(foreign: Foreign, waiting: Waiting, **begun: Any) -> str:
    foreign.will("POST", CODE, (200, {}, {**BEGUN, **begun}))
    with httpx.Client(verify=False) as http:
        return authority(foreign, waiting, http).begin("app", scopes=["https://graph.example/User.Read"]).wait()


def test_a_token_comes_when_the_user_has_signed_in(foreign: Foreign) -> None:
    waiting = Waiting()
    slow: Response = (400, {}, {"error": "slow_down"})
    foreign.will("POST", TOKEN, PENDING, slow, PENDING, (200, {}, {"access_token": "theirs"}))
    assert sign_in(foreign, waiting) == "theirs"
    assert waiting.waited == [5, 5, 10, 10], "RFC 8628 3.5: five seconds more after slow_down"
    assert foreign.asked[0].body == {"client_id": "app", "scope": "https://graph.example/User.Read"}
    assert foreign.asked[1].body["device_code"] == "secret-code"


@pytest.mark.parametrize(
    ("error", "message"),
    [
        ("authorization_declined", "was declined in the browser"),
        ("expired_token", "The code has expired"),
        ("bad_verification_code", "refused: AADSTS1: no."),
    ],
)
def test_a_sign_in_that_cannot_succeed_ends(foreign: Foreign, error: str, message: str) -> None:
    foreign.will(
        "POST", TOKEN, PENDING, (400, {}, {"error": error, "error_description": "AADSTS1: no.\r\nTrace ID: 1"})
    )
    with pytest.raises(ClientError, match=message) as caught:
        sign_in(foreign, Waiting())
    assert "Trace ID" not in str(caught.value)


def test_a_service_that_is_always_pending_is_not_waited_for_longer_than_its_code_lives(foreign: Foreign) -> None:
    waiting = Waiting()
    foreign.will("POST", TOKEN, PENDING)
    with pytest.raises(ClientError, match="has expired before"):
        sign_in(foreign, waiting, expires_in=60)
    assert foreign.times("POST", TOKEN) == 12
    for nonsense in ("x", -1, 1e99):
        waiting = Waiting()
        with pytest.raises(ClientError, match="has expired before"):
            sign_in(foreign, waiting, expires_in=nonsense, interval="600")
        assert waiting.now() == 1800


@pytest.mark.parametrize(
    ("path", "answer", "message"),
    [
        (
            CODE,
            (400, {}, {"error": "unauthorized_client", "error_description": "AADSTS700016: no app."}),
            "AADSTS700016",
        ),
        (CODE, (200, {}, {"device_code": "x"}), "by device code was refused: no reason"),
        (CODE, (200, {"content-type": "text/html"}, b"<html>"), "answered 200 with text/html, not with JSON"),
        (CODE, (200, {}, b" " * 2_000_000), "more than 1 MiB"),
        (TOKEN, (200, {}, {"access_token": "a\nb"}), "without an access_token"),
        (TOKEN, (200, {}, ["a"]), "not with JSON"),
    ],
)
def test_what_is_no_answer_of_a_sign_in_service_is_named(
    foreign: Foreign, path: str, answer: Response, *, message: str
) -> None:
    foreign.will("POST", CODE, (200, {}, BEGUN))
    foreign.will("POST", path, answer)
    with pytest.raises(ClientError, match=message), httpx.Client(verify=False) as http:
        authority(foreign, Waiting(), http).begin("app", scopes=["s"]).wait()


def test_a_service_that_is_gone_is_asked_less_and_less_often(foreign: Foreign) -> None:
    waiting = Waiting()

    def lost(request: httpx.Request) -> httpx.Response:
        if request.url.path == TOKEN:
            raise httpx.ConnectError("gone")
        return httpx.Response(200, json=BEGUN)

    with (
        httpx.Client(transport=httpx.MockTransport(lost)) as http,
        pytest.raises(ClientError, match="no longer answers"),
    ):
        authority(foreign, waiting, http).begin("app", scopes=["s"]).wait()
    assert waiting.waited == [5, 10, 20, 40, 80]


@pytest.mark.parametrize(("status", "message"), [(200, None), (401, "as application app was refused: AADSTS7000215")])
def test_an_application_signs_in_with_its_secret(foreign: Foreign, status: int, message: str | None) -> None:
    refusal = {"error": "invalid_client", "error_description": "AADSTS7000215: wrong."}
    foreign.will("POST", TOKEN, (status, {}, {"access_token": "theirs"} if message is None else refusal))
    with httpx.Client(verify=False) as http:
        ask: Callable[[], str] = lambda: authority(foreign, Waiting(), http).as_application("app", "s", scope="x")  # noqa: E731
        if message is None:
            assert ask() == "theirs"
        else:
            with pytest.raises(ClientError, match=message):
                ask()
    assert foreign.asked[0].body["grant_type"] == "client_credentials"
