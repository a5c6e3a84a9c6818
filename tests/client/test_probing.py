"""The probe against services that are down, are not Graph, answer too much, or ask to wait."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from fauxtune_client.endpoints import ClientError
from fauxtune_probe.core.model import Expectation, Request, Step, Verdict
from fauxtune_probe.core.trying import Run
from fauxtune_probe.running import Prober
from tests.support.expectations import equal, get, post, status

if TYPE_CHECKING:
    from tests.client.conftest import Foreign

READ = Request("GET", "/v1.0/users")
FIVE_SECONDS = {"retry-after": "5"}


@contextmanager
def probing(url: str, *, waited: list[float] | None = None, rate: float = 1000.0) -> Iterator[Prober]:
    waits = [] if waited is None else waited
    with Prober(graph=url, token="theirs", rate=rate, sleep=waits.append, now=lambda: sum(waits)) as prober:
        yield prober


def an(name: str, *steps: Step) -> Expectation:
    return Expectation(id=name, says="It does.", source="A document (2024-08)", steps=steps, versions=("v1.0",))


def test_a_request_carries_the_token_unless_it_is_about_that(foreign: Foreign) -> None:
    with probing(foreign.url) as prober:
        prober.send(READ)
        prober.send(Request("GET", "/v1.0/users", {"x-own": "1"}, signed=False))
    first, second = (each.headers for each in foreign.asked)
    assert (first["authorization"], "authorization" in second, second["x-own"]) == ("Bearer theirs", False, "1")


def test_a_service_that_is_down_is_named_at_once() -> None:
    with probing("http://127.0.0.1:9") as prober, pytest.raises(ClientError, match="cannot be probed: no answer"):
        prober.check_service()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((200, {"content-type": "text/html"}, b"<html>Sign in"), r"like Microsoft Graph: 200 \(text/html\)"),
        ((200, {}, [1]), "like Microsoft Graph"),
        ((200, {}, b'{"value":' + b"[" * 100_000), "like Microsoft Graph"),
        ((401, {}, {"error": {"code": "InvalidAuthenticationToken", "message": "no"}}), "does not accept the token"),
        ((200, {}, b" " * (50 * 1024 * 1024)), "answered with more than 16 MiB"),
    ],
)
def test_what_is_not_graph_is_named_at_once(
    foreign: Foreign, answer: tuple[int, dict[str, str], Any], message: str
) -> None:
    foreign.will("GET", "/v1.0/organization", answer)
    with probing(foreign.url) as prober, pytest.raises(ClientError, match=message):
        prober.check_service()


def test_a_tenant_that_permits_nothing_is_still_graph(foreign: Foreign) -> None:
    foreign.will("GET", "/v1.0/organization", (403, {}, {"error": {"code": "Forbidden", "message": "no"}}))
    with probing(foreign.url) as prober:
        prober.check_service()


def test_a_busy_service_is_asked_again_when_it_says_so(foreign: Foreign) -> None:
    waited: list[float] = []
    foreign.will("GET", "/v1.0/users", (429, FIVE_SECONDS, {}), (503, FIVE_SECONDS, {}), (200, {}, {"value": []}))
    with probing(foreign.url, waited=waited) as prober:
        assert prober.send(READ).status == 200
    assert [number for number in waited if number >= 1] == [5, 5]


def test_a_service_that_stays_busy_is_left_alone(foreign: Foreign) -> None:
    foreign.will("GET", "/v1.0/users", (429, {"retry-after": "5"}, {}))
    with probing(foreign.url) as prober:
        assert prober.send(READ).status == 429
        foreign.will("GET", "/v1.0/users", (429, {"retry-after": "86400"}, {}))
        assert prober.send(READ).problem == "the service asks to wait for 86400 seconds"
    assert foreign.times("GET", "/v1.0/users") == 5


def test_requests_keep_their_distance(foreign: Foreign) -> None:
    waited: list[float] = []
    with probing(foreign.url, waited=waited, rate=4) as prober:
        for _ in range(5):
            prober.send(READ)
    assert waited == pytest.approx([0.25] * 4)


def test_an_answer_that_is_too_large_is_not_read_to_its_end_and_the_run_goes_on(foreign: Foreign) -> None:
    foreign.will("GET", "/v1.0/large", (200, {}, b" " * (50 * 1024 * 1024)))
    foreign.will("GET", "/v1.0/html", (200, {"content-type": "text/html"}, b"<html>"))
    foreign.will("GET", "/v1.0/small", (200, {}, {"a": 1}))
    expectations = [
        an("large", get("/large", equal("a", 1))),
        an("html", get("/html", equal("a", 1))),
        an("small", get("/small", equal("a", 1))),
    ]
    with probing(foreign.url) as prober:
        large, html, small = list(prober.outcomes(expectations, Run("probe-0-")))
    assert (large.verdict, html.verdict, small.verdict) == (Verdict.NOT_TRIED, Verdict.DIFFERS, Verdict.CONFIRMED)
    assert "more than 16 MiB" in large.why


def test_a_service_that_goes_away_ends_the_run() -> None:
    expectations = [an(str(number), get("/users")) for number in range(10)]
    with probing("http://127.0.0.1:9") as prober:
        outcomes = list(prober.outcomes(expectations, Run("probe-0-")))
        assert prober.sent == 3
    assert {outcome.verdict for outcome in outcomes} == {Verdict.NOT_TRIED}
    assert outcomes[-1].why == "the service did not answer 3 times in a row"


def test_a_run_that_is_interrupted_deletes_what_it_made(foreign: Foreign) -> None:
    foreign.will("POST", "/v1.0/groups", (201, {}, {"id": "1"}))
    foreign.will("DELETE", "/v1.0/groups/1", (204, {}, b""))

    def interrupt(seconds: float) -> None:
        if foreign.times("POST", "/v1.0/groups"):
            prober.sleep = lambda _seconds: None
            raise KeyboardInterrupt

    expectation = an("x", post("/groups", {}, status(201)), get("/groups"))
    with Prober(graph=foreign.url, token="theirs", rate=0.001, sleep=interrupt) as prober:
        with (
            pytest.raises(KeyboardInterrupt),
            closing(prober.outcomes([expectation], Run("p-", writes=True))) as results,
        ):
            list(results)
        assert foreign.times("DELETE", "/v1.0/groups/1") == 1
