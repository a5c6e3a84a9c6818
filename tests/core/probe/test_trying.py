"""How an expectation is tried: when it is not, what is deleted afterwards, and what the probe refuses to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fauxtune_probe.core.expectations.reading import EXPECTATIONS
from fauxtune_probe.core.leftovers import Leftover, deleting, finding
from fauxtune_probe.core.model import Answer, Expectation, Outcome, Request, Step, Verdict
from fauxtune_probe.core.texts import SOURCES, filled_path, names
from fauxtune_probe.core.trying import Run, cleaning, trying
from tests.support.expectations import delete, equal, get, patch, post, refused, status

Service = Callable[[Request], Answer]
PREFIX = "fauxtune-probe-0123abcd-"


def drive(trial: Any, service: Service) -> tuple[Any, list[str]]:
    """The result, and the requests that were sent."""
    sent: list[str] = []
    try:
        request = next(trial)
        while True:
            sent.append(f"{request.method} {request.path}")
            request = trial.send(service(request))
    except StopIteration as end:
        return end.value, sent


def an(*steps: Step, **more: Any) -> Expectation:
    return Expectation(id="x", says="It does.", source="A document (2024-08)", steps=steps, **more)


def attempt(expectation: Expectation, service: Service, run: Run | None = None) -> tuple[Outcome, list[str]]:
    result, sent = drive(trying(expectation, version="v1.0", run=run or Run(PREFIX, writes=True)), service)
    return result, sent


def error(number: int, code: str, message: str = "m") -> Answer:
    return Answer(number, document={"error": {"code": code, "message": message}})


USERS = an(get("/users/{user}", equal("id", "{user}")), needs=("User.Read.All",))


def users(_request: Request) -> Answer:
    return Answer(200, document={"value": [{"id": "1"}]} if "?" in _request.path else {"id": "1"})


def test_what_fits_is_confirmed_and_a_thing_of_the_tenant_is_looked_up_once() -> None:
    run = Run(PREFIX)
    outcome, sent = attempt(USERS, users, run)
    again, more = attempt(USERS, users, run)
    assert (outcome.verdict, again.verdict) == (Verdict.CONFIRMED, Verdict.CONFIRMED)
    assert sent == [f"GET /v1.0{filled_path(SOURCES['user'].path, {})}", "GET /v1.0/users/1"]
    assert more == ["GET /v1.0/users/1"]


def test_a_thing_with_parts_is_the_first_that_has_some() -> None:
    value = [{"id": "1"}, {"id": "2", "members": []}, {"id": "3", "members": [1]}, {"id": "4", "members": [1]}]
    expectation = an(get("/groups/{groupWithMembers}"))
    _, sent = attempt(expectation, lambda _: Answer(200, document={"value": value}))
    assert sent[-1] == "GET /v1.0/groups/3"
    outcome, _ = attempt(expectation, lambda _: Answer(200, document={"value": value[:2]}))
    assert outcome.why == "the tenant does not have a group with members"


def test_what_does_not_fit_differs_and_later_steps_are_not_sent() -> None:
    outcome, sent = attempt(an(get("/a", equal("id", 1)), get("/b")), lambda _: Answer(200, document={"id": 2}))
    (deviation,) = outcome.deviations
    assert (outcome.verdict, deviation.expected, deviation.observed) == (Verdict.DIFFERS, "id: 1", "2")
    assert sent == ["GET /v1.0/a"]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (error(403, "Authorization_RequestDenied"), "no permission; it needs User.Read.All"),
        (error(401, "InvalidAuthenticationToken", "expired"), "the token is not accepted"),
        (error(400, "BadRequest", "Request not applicable to target tenant."), "the tenant has no Intune"),
        (error(503, "ServiceUnavailable"), "the service answered 503"),
        (Answer(0, problem="no answer: it hangs"), "no answer: it hangs"),
        (Answer(200, document={"value": []}), "the tenant does not have a user"),
        (Answer(200, {"content-type": "text/html"}, "<html>"), "no a user can be read: 200 (text/html)"),
    ],
)
def test_what_says_nothing_about_the_expectation_is_not_tried(answer: Answer, why: str) -> None:
    outcome, sent = attempt(USERS, lambda _: answer)
    assert outcome.verdict is Verdict.NOT_TRIED
    assert why in outcome.why
    assert len(sent) == 1


def test_a_refused_token_ends_the_run() -> None:
    run = Run(PREFIX)
    attempt(an(get("/a")), lambda _: error(401, "InvalidAuthenticationToken"), run)
    outcome, sent = attempt(an(get("/b")), users, run)
    assert (outcome.verdict, sent) == (Verdict.NOT_TRIED, [])


def test_a_refusal_that_is_expected_is_judged() -> None:
    expectation = an(Step(method="GET", path="/a", checks=refused(401, "InvalidAuthenticationToken"), signed=False))
    assert attempt(expectation, lambda _: error(401, "InvalidAuthenticationToken"))[0].verdict is Verdict.CONFIRMED
    assert attempt(expectation, lambda _: error(403, "Forbidden"))[0].verdict is Verdict.DIFFERS


@pytest.mark.parametrize(
    ("expectation", "run", "why"),
    [
        (an(post("/groups", {}, status(201))), Run(PREFIX), "only with --write"),
        (an(get("/me"), signed_in_as="user"), Run(PREFIX), "only a signed-in user"),
        (an(get("/users"), faithful=True), Run(PREFIX, faithful=False), "graph.faithfulQuery is off"),
        (an(get("/users"), of_today=True), Run(PREFIX, of_today=False), "like Intune of 2020"),
        (an(get("/users"), differs_here="in words"), Run(PREFIX, emulator=True), "is known to differ: in words"),
        (an(get("/users")), Run(PREFIX, refused="it is gone"), "it is gone"),
    ],
)
def test_what_a_run_cannot_try_is_not_sent(expectation: Expectation, run: Run, why: str) -> None:
    outcome, sent = attempt(expectation, users, run)
    assert (outcome.verdict, sent) == (Verdict.NOT_TRIED, [])
    assert why in outcome.why


def creating(request: Request) -> Answer:
    if request.method == "DELETE":
        return Answer(204)
    return (
        Answer(201, document={"id": f"new {request.body['displayName']}"}) if request.method == "POST" else Answer(204)
    )


def test_what_was_made_is_deleted_the_last_thing_first() -> None:
    run = Run(PREFIX, writes=True)
    outcome, sent = attempt(
        an(
            post("/groups", {"displayName": "{prefix}a"}, status(201), keeps={"a": "id"}),
            post("/groups", {"displayName": "{prefix}b"}, status(201), keeps={"b": "id"}),
            patch("/groups/{a}", {}, status(204)),
        ),
        creating,
        run,
    )
    assert outcome.verdict is Verdict.CONFIRMED
    assert sent[-2:] == [f"DELETE /v1.0/groups/new%20{PREFIX}b", f"DELETE /v1.0/groups/new%20{PREFIX}a"]
    assert (run.creations, run.left) == ([], [])


def test_what_was_made_against_expectation_is_deleted_too() -> None:
    outcome, sent = attempt(an(post("/groups", {"displayName": "x"}, *refused(400))), creating)
    assert (outcome.verdict, sent[-1]) == (Verdict.DIFFERS, "DELETE /v1.0/groups/new%20x")


def test_what_an_expectation_deletes_itself_is_not_deleted_twice() -> None:
    steps = (post("/groups", {"displayName": "x"}, status(201), keeps={"a": "id"}), delete("/groups/{a}"))
    _, sent = attempt(an(*steps), creating)
    assert [each.partition(" ")[0] for each in sent] == ["POST", "DELETE"]


def test_what_cannot_be_deleted_is_listed() -> None:
    run = Run(PREFIX, creations=["/v1.0/groups/1"])
    drive(cleaning(run), lambda _: error(403, "Forbidden"))
    assert (run.creations, run.left) == ([], ["/v1.0/groups/1"])


@pytest.mark.parametrize("step", [patch("/users/{user}", {}, status(204)), delete("/users/{user}")])
def test_a_thing_of_the_tenant_is_never_changed(step: Step) -> None:
    with pytest.raises(AssertionError, match="would change what the probe did not make: user"):
        attempt(an(step), users)


def test_a_link_is_followed_at_the_service_that_was_called() -> None:
    steps = (get("/users", keeps={"next": "next"}), get("{next}"))
    _, sent = attempt(
        an(*steps), lambda _: Answer(200, document={"next": "https://evil.example/v1.0/users?$skiptoken=1"})
    )
    assert sent == ["GET /v1.0/users", "GET /v1.0/users?$skiptoken=1"]


def test_values_are_written_as_urls_and_literals_want_them() -> None:
    values = {"name": "o'brien#EXT#@a b"}
    assert filled_path("/users/{name}", values) == "/users/o%27brien%23EXT%23@a%20b"
    assert (
        filled_path("/users?$filter=a eq '{name}'", values) == "/users?$filter=a%20eq%20'o%27%27brien%23EXT%23@a%20b'"
    )


# --------------------------------------------------------------------------------------------- the expectations as data


def test_there_are_many_expectations_and_each_has_a_name_of_its_own() -> None:
    assert len(EXPECTATIONS) >= 200
    assert len({expectation.id for expectation in EXPECTATIONS}) == len(EXPECTATIONS)
    assert len({expectation.says for expectation in EXPECTATIONS}) == len(EXPECTATIONS)


def test_an_expectation_is_a_sentence_with_a_dated_source(subtests: pytest.Subtests) -> None:
    for expectation in EXPECTATIONS:
        with subtests.test(expectation.id):
            assert expectation.says.endswith(".")
            assert ". " not in expectation.says.replace("v1.0", "").rstrip(".")
            assert "(20" in expectation.source or expectation.source.startswith("no document")
            assert expectation.versions in (("v1.0", "beta"), ("v1.0",), ("beta",))
            assert all(step.checks for step in expectation.steps)


def test_an_expectation_that_writes_changes_what_it_made_alone(subtests: pytest.Subtests) -> None:
    for expectation in [each for each in EXPECTATIONS if each.writes]:
        with subtests.test(expectation.id):
            own = {"absent"}
            for step in expectation.steps:
                if step.changes:
                    assert set(names(step.path.partition("?")[0])) <= own, step.line
                    assert step.method not in ("PATCH", "DELETE") or names(step.path), step.line
                if step.method == "POST":
                    own |= set(step.keeps)


# ---------------------------------------------------------------------------------------------------------- leftovers


def pages(request: Request) -> Answer:
    if not request.path.startswith("/v1.0/groups"):
        return Answer(200, document={"value": []})
    names_of = [PREFIX + "group", "fauxtune-probe notes", "fauxtune-probe-12-mine", "FAUXTUNE-PROBE-0123ABCD-x"]
    if "skiptoken" in request.path:
        return Answer(200, document={"value": [{"id": "9/../8", "displayName": PREFIX + "second page"}]})
    value = [{"id": str(at), "displayName": name} for at, name in enumerate(names_of)]
    return Answer(200, document={"value": value, "@odata.nextLink": "https://x.example/v1.0/groups?$skiptoken=1"})


def test_leftovers_are_what_has_a_name_of_a_run() -> None:
    search, _ = drive(finding("fauxtune-probe"), pages)
    assert [leftover.path for leftover in search.leftovers] == [
        "/v1.0/groups/0",
        "/v1.0/groups/3",
        "/v1.0/groups/9%2F..%2F8",
    ]
    assert search.unread == ()


@pytest.mark.parametrize(
    ("link", "why"),
    [
        (lambda _path: "https://x.example/v1.0/groups?$skiptoken=0", "form a circle"),
        (lambda path: f"https://x.example{path}0", "more than 200 pages"),
    ],
)
def test_endless_pages_end(link: Callable[[str], str], why: str) -> None:
    search, sent = drive(
        finding("fauxtune-probe"),
        lambda request: Answer(200, document={"value": [], "@odata.nextLink": link(request.path)}),
    )
    assert all(why in each for each in search.unread)
    assert len(search.unread) == 6
    assert len(sent) <= 6 * 200


def test_a_list_that_cannot_be_read_is_named() -> None:
    search, _ = drive(finding("fauxtune-probe"), lambda _: error(403, "Forbidden", "no"))
    assert len(search.unread) == 6
    assert "403 Forbidden: no" in search.unread[0]


def test_leftovers_that_others_refer_to_are_deleted_after_these() -> None:
    first, second = Leftover("/a", "a"), Leftover("/b", "b")
    gone: set[str] = set()

    def service(request: Request) -> Answer:
        if request.path == "/a" and "/b" not in gone:
            return error(400, "BadRequest", "in use")
        gone.add(request.path)
        return Answer(204)

    stay, sent = drive(deleting((first, second)), service)
    assert (stay, sent) == ((), ["DELETE /a", "DELETE /b", "DELETE /a"])
