"""Rules of faults: every mistake in one is named at once, and what is written is what was read.

Which occasions they look at, which of them they strike, and how long those wait.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune.core.errors import Invalid
from fauxtune.core.faults.effects import STATUSES, SURFACES, effects
from fauxtune.core.faults.matching import Occasion, matches, names, nearness, without_version
from fauxtune.core.faults.reading import MOST_CHARACTERS, rule_of
from fauxtune.core.faults.rule import Effect, Kind, Latency, Limits, Match, When
from fauxtune.core.faults.sets import SETS
from fauxtune.core.faults.stale import MISSING, MOST_BYTES, Memory
from fauxtune.core.faults.throttling import Meter, limits_of
from fauxtune.core.faults.timing import drawn, is_in_window, is_over, retry_header, seconds_of, strikes
from fauxtune.core.faults.writing import nearest_in_words, rule_document, warnings

TEXTS = st.text("a/{}'é\x00\ud800", max_size=8) | st.sampled_from(
    ["kind", "status", "nth", "window", "path", "latency"]
)
#: JSON as anybody may send it.
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(10**400) | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
WHENS = st.one_of(
    st.just({}),
    st.builds(lambda name, number: {name: number}, st.sampled_from(["nth", "next", "every"]), st.integers(1, 1000)),
    st.builds(lambda chance, seed: {"probability": chance, "seed": seed}, st.floats(0, 1), st.integers(0, 2**32)),
)
MATCHES = st.fixed_dictionaries(
    {},
    optional={
        "surface": st.sampled_from(SURFACES),
        "method": st.sampled_from(["GET", "POST"]),
        "path": st.sampled_from(["/users/{id}", "/deviceManagement/*"]),
        "device": st.text(st.characters(codec="ascii", exclude_characters="\x00"), min_size=1, max_size=20),
    },
)
NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)


def struck(when: When, count: int) -> list[int]:
    """Return the numbers of the first occasions that are struck."""
    return [number for number in range(1, count + 1) if strikes(when, number)]


@settings(deadline=None)
@given(match=MATCHES, when=WHENS, kind=st.sampled_from(list(effects())))
def test_a_rule_that_was_read_is_written_so_that_it_reads_the_same(
    match: dict[str, Any], when: dict[str, Any], kind: Kind
) -> None:
    rule = rule_of({"match": match, "when": when, "effect": effects()[kind].example})
    written = rule_document(rule)
    assert rule_of(json.loads(json.dumps(written))) == rule
    assert written["effect"] == effects()[kind].example
    assert written["match"] == match


@settings(deadline=None)
@given(document=st.dictionaries(st.sampled_from(["match", "when", "effect", "other"]), ANYTHING, max_size=4))
def test_whatever_is_sent_is_a_rule_or_is_refused_in_words(document: dict[str, Any]) -> None:
    refusal = ""
    rule = None
    try:
        rule = rule_of(document)
    except Invalid as error:
        refusal = error.message
    assert refusal.startswith("The fault cannot be used: ") if rule is None else rule_of(rule_document(rule)) == rule


def test_every_mistake_of_a_rule_is_named_at_once() -> None:
    window = {"from": "2026-02-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}
    with pytest.raises(Invalid) as refusal:
        rule_of(
            {
                "match": {"surface": "moon", "methd": "GET", "path": "users"},
                "when": {"nth": 0, "probability": 1.5, "window": window},
                "effect": {"status": 418, "retryAfter": "soon", "punishEarly": 1},
            }
        )
    message = refusal.value.message
    for mistake in (
        "match.surface is one of graph",
        "match.methd is unknown: there are surface",
        "match.path begins with a slash",
        "when has only one of nth, probability",
        "when.nth must be a whole number from 1",
        "when.probability must be a number from 0 to 1",
        "when.window ends before it begins",
        "effect.status is one of 401",
        "effect.retryAfter must be a whole number",
        "effect.punishEarly must be true or false",
    ):
        assert mistake in message


@pytest.mark.parametrize(
    ("path", "meant"),
    [("/users/*/managedDevices", "/users/{id}/managedDevices"), ("/us*/*", "/{id}/*"), ("/users/7*", "/users/{id}")],
)
def test_a_star_in_the_middle_of_a_path_is_refused_with_the_path_that_was_meant(path: str, meant: str) -> None:
    document = {"match": {"path": path}, "effect": {"status": 429}}
    with pytest.raises(Invalid, match=re.escape(f"write {{id}} for one part: {meant}.")):
        rule_of(document, is_new=True)
    assert rule_of(document).match.path == path  # one that an older server stored can still be read
    assert rule_of({**document, "match": {"path": "/users/*"}}, is_new=True).match.path == "/users/*"


def test_an_unknown_effect_is_refused_with_the_names_of_those_that_there_are() -> None:
    with pytest.raises(Invalid) as refusal:
        rule_of({"effect": {"kind": "explode"}})
    assert all(kind.value in refusal.value.message for kind in Kind)
    assert str(max(STATUSES)) in refusal.value.message


def test_a_rule_is_bounded_in_characters() -> None:
    assert (
        len(json.dumps(rule_document(rule_of({"match": {"path": "/" + "x" * 500}, "effect": {"status": 500}})))) < 700
    )
    with pytest.raises(Invalid, match="4,096 characters"):
        rule_of({"match": {"path": "/" + "x" * MOST_CHARACTERS}, "effect": {"status": 500}})
    with pytest.raises(Invalid, match="text of 1 to 512 characters"):
        rule_of({"match": {"path": "/" + "x" * 512}, "effect": {"status": 500}})


@pytest.mark.parametrize("number", [10**400, -1, float("nan"), float("inf"), True, "1"])
def test_a_number_out_of_range_is_refused(number: Any) -> None:
    for rule in (
        {"effect": {"latency": number}},
        {"effect": {"status": 503, "retryAfter": number}},
        {"effect": {"status": 503}, "when": {"probability": number}},
        {"effect": {"status": 503}, "when": {"nth": number}},
        {"effect": {"kind": "staleReads", "seconds": number}},
    ):
        with pytest.raises(Invalid, match="cannot be used"):
            rule_of(rule)


def test_every_kind_of_effect_is_described_and_its_example_can_be_used() -> None:
    assert set(effects()) == set(Kind)
    for kind, described in effects().items():
        assert rule_of({"effect": described.example}).effect.kind is kind
        assert described.meaning.endswith(".")
        assert described.source


@pytest.mark.parametrize("name", sorted(SETS))
def test_the_rules_of_a_set_can_be_used_and_are_the_same_for_the_same_seed(name: str) -> None:
    rules = [rule_of(json.loads(json.dumps(document))) for _, document in SETS[name](7)]
    assert rules == [rule_of(document) for _, document in SETS[name](7)]
    assert rules != [rule_of(document) for _, document in SETS[name](8)]
    assert not any(warnings(rule, is_served=lambda _path, _method: True) for rule in rules)


def test_a_rule_that_can_never_strike_says_why() -> None:
    def served(path: str, method: str | None) -> bool:
        return path == "/users/{id}" and method != "PUT"

    def said(match: dict[str, str], effect: dict[str, Any]) -> list[str]:
        return warnings(rule_of({"match": match, "effect": effect}), is_served=served)

    assert said({"path": "/users/{id}"}, {"status": 500}) == []
    assert "nothing is served at /user/{id}" in said({"path": "/user/{id}"}, {"status": 500})[0]
    assert "nothing is served at PUT /users/{id}" in said({"path": "/users/{id}", "method": "PUT"}, {"status": 500})[0]
    assert said({"path": "/contoso/oauth2/v2.0/token"}, {"status": 500}) == []
    assert "match.connector has no meaning" in said({"connector": "x"}, {"status": 500})[0]
    assert "not on identity" in said({"surface": "identity"}, {"kind": "acceptedButIgnored"})[0]
    assert said({"surface": "graph/batch", "path": "/users/{id}"}, {"kind": "smallPages", "size": 1}) == []
    assert "nothing is served" in said({"surface": "graph/batch", "path": "/user"}, {"status": 429})[0]


@pytest.mark.parametrize("effect", [{"kind": "staleReads", "reads": 1}, {"kind": "replicas", "lags": [0, 1]}])
def test_a_database_in_memory_is_warned_of_where_a_change_is_hidden(effect: dict[str, Any]) -> None:
    rule = rule_of({"effect": effect})
    assert not warnings(rule, is_served=lambda _path, _method: True)
    [said] = warnings(rule, is_served=lambda _path, _method: True, keeps_past=False)
    assert "the database is in memory" in said


def test_a_rule_that_looked_at_nothing_says_what_came_nearest_and_why_it_did_not_count() -> None:
    near = {"request": "GET /users", "differs": ["path", "method"]}
    assert nearest_in_words(near) == "the nearest request was GET /users (another path and another method)"
    assert nearest_in_words({**near, "differs": []}).endswith("GET /users (the effect is about others)")


def test_nth_next_and_every_strike_those_that_they_name() -> None:
    assert struck(When(nth=2), 6) == [2]
    assert struck(When(next=3), 6) == [1, 2, 3]
    assert struck(When(every=3), 10) == [3, 6, 9]
    assert struck(When(), 3) == [1, 2, 3]


@settings(deadline=None)
@given(seed=st.integers(0, 2**32), chance=st.floats(0, 1))
def test_chance_is_the_same_for_the_same_seed_and_never_for_none_or_all(seed: int, chance: float) -> None:
    assert struck(When(probability=chance, seed=seed), 50) == struck(When(probability=chance, seed=seed), 50)
    assert struck(When(probability=0, seed=seed), 50) == []
    assert struck(When(probability=1, seed=seed), 50) == list(range(1, 51))


def test_chance_strikes_about_as_often_as_it_says() -> None:
    count = len(struck(When(probability=0.2, seed=7), 5000))
    assert 850 < count < 1150
    assert struck(When(probability=0.2, seed=7), 100) != struck(When(probability=0.2, seed=8), 100)


def test_a_window_has_its_beginning_and_not_its_end() -> None:
    hour = timedelta(hours=1)
    when = When(start=NOW, end=NOW + hour)
    assert [is_in_window(when, NOW + hour * part) for part in (-0.5, 0, 0.5, 1)] == [False, True, True, False]
    assert is_in_window(When(start=NOW), NOW + hour)
    assert not is_in_window(When(end=NOW), NOW)


def test_a_rule_is_over_when_nothing_more_can_be_struck() -> None:
    assert is_over(When(nth=2), matched=2, now=NOW)
    assert not is_over(When(nth=2), matched=1, now=NOW)
    assert is_over(When(end=NOW), matched=0, now=NOW)
    assert not is_over(When(), matched=9, now=NOW)


@settings(deadline=None)
@given(seed=st.integers(0, 2**32), number=st.integers(1, 10**6))
def test_latencies_are_within_their_distribution(seed: int, number: int) -> None:
    assert seconds_of(Latency("fixed", 1.5), seed=seed, number=number) == 1.5
    assert 1 <= seconds_of(Latency("uniform", 1, 2), seed=seed, number=number) <= 2
    assert 0 < seconds_of(Latency("lognormal", 0.4, sigma=10), seed=seed, number=number) <= 300
    assert 0 <= drawn(seed, number) < 1


def test_half_of_the_lognormal_latencies_are_below_the_median() -> None:
    waits = [seconds_of(Latency("lognormal", 0.4, sigma=0.6), seed=1, number=number) for number in range(1, 2001)]
    assert 900 < sum(wait < 0.4 for wait in waits) < 1100


@given(seconds=st.integers(0, 86_400), at=st.floats(0, 4e9))
def test_a_date_of_retry_after_is_never_too_early_and_at_most_a_second_late(seconds: int, at: float) -> None:
    until = parsedate_to_datetime(retry_header(seconds, at=at, as_date=True)).timestamp()
    assert at + seconds <= until <= at + seconds + 1
    assert retry_header(seconds, at=at, as_date=False) == str(seconds)


@given(lags=st.lists(st.integers(0, 5), min_size=1, max_size=5).filter(any))
def test_each_replica_shows_a_change_after_its_own_lag_and_all_of_them_agree_in_the_end(lags: list[int]) -> None:
    memory, effect = Memory(), rule_of({"effect": {"kind": "replicas", "lags": lags}}).effect

    def read(fresh: bytes) -> bytes:
        return memory.answer(("a", "q"), fresh, effect=effect, at=0, now=NOW)

    assert read(b"old") == b"old"
    seen = [read(b"new") for _ in range(12)]
    late = [number < lags[number % len(lags)] for number in range(12)]
    assert seen == [b"old" if each else b"new" for each in late]
    assert not any(late[max(lags) :])


@pytest.mark.parametrize(
    ("match", "occasion", "differs"),
    [
        (Match(path="/users"), Occasion("graph", "GET", "/users/7"), ("path",)),
        (Match(method="PATCH", path="/users/{id}"), Occasion("graph", "GET", "/users/7"), ("method",)),
        (Match(path="/users/{id}/manager", user="bob"), Occasion("graph", "GET", "/users/7"), ("user", "path")),
        (Match(surface="identity"), Occasion("graph", "GET", "/users"), ("surface",)),
        (Match(path="/groups"), Occasion("graph", "GET", "/users"), None),
    ],
)
def test_an_occasion_is_near_to_a_rule_by_what_they_have_in_common(
    match: Match, occasion: Occasion, differs: tuple[str, ...] | None
) -> None:
    near = nearness(match, occasion)
    assert (near and near.differs) == differs
    assert near is None or near.words == f"GET {occasion.path}"


@pytest.mark.parametrize(
    ("template", "path", "expected"),
    [
        ("/deviceManagement/managedDevices", "/deviceManagement/managedDevices", True),
        ("/devicemanagement/MANAGEDDEVICES/", "/deviceManagement/managedDevices", True),
        ("/deviceManagement/managedDevices", "/deviceManagement/managedDevices/7", False),
        ("/deviceManagement/managedDevices/{id}", "/deviceManagement/managedDevices/7", True),
        ("/deviceManagement/managedDevices/{id}", "/deviceManagement/managedDevices('7')", True),
        ("/deviceManagement/managedDevices/{id}/wipe", "/deviceManagement/managedDevices/7/microsoft.graph.wipe", True),
        ("/users/a@b.example", "/users('A@b.example')", True),
        ("/users/a@b.example", "/users/c@b.example", False),
        ("/deviceManagement/*", "/deviceManagement/managedDevices/7", True),
        ("/deviceManagement/*", "/deviceManagement", True),
        ("/deviceManagement/*", "/users", False),
        ("/*", "/users", True),
    ],
)
def test_a_path_matches_its_template(template: str, path: str, expected: bool) -> None:
    assert matches(Match(path=template), Occasion(path=path)) is expected


def test_every_member_that_is_given_must_fit() -> None:
    occasion = Occasion(
        surface="devices/apple",
        method="PUT",
        path="/mdm/contoso/apple/mdm",
        devices=names("d-1", None, "Alice's phone"),
        users=names("u-1", "Alice@contoso.example"),
        application="APP",
        connectors=names("c-1", "Connector 1"),
        operation=lambda: "beta_get_users",
    )
    fitting = {
        "surface": "devices",
        "method": "PUT",
        "path": "/mdm/{tenant}/apple/mdm",
        "device": "alice's PHONE",
        "user": "alice@contoso.example",
        "application": "app",
        "connector": "Connector 1",
        "operation": "beta_get_users",
    }
    assert matches(Match(**fitting), occasion)
    for name in fitting:
        assert not matches(Match(**{**fitting, name: "other"}), occasion), name


def test_a_version_of_graph_is_left_out_of_a_path() -> None:
    assert without_version("/beta/users") == without_version("/v1.0/users") == without_version("/users") == "/users"


def test_the_documented_limits_hold_for_intunes_paths_alone() -> None:
    limits = limits_of("/deviceManagement/managedDevices/7")
    assert limits is not None
    assert (limits.application, limits.tenant) == (2000, 4000)
    for name in ("managedDeviceOverview", "detectedApps", "deviceHealthScripts", "deviceShellScripts"):
        assert limits_of(f"/deviceManagement/{name}") == limits
    assert (limits.application_writes, limits.tenant_writes) == (200, 400)
    other = limits_of("/devicemanagement/deviceConfigurations")
    assert other is not None
    assert (other.application, other.application_writes) == (1000, 100)
    assert limits_of("/users") is None


def test_a_meter_refuses_what_is_over_a_limit_until_the_window_is_over() -> None:
    meter, limits = Meter(), Limits(application=2, tenant=3, seconds=20)

    def refused(application: str, at: float) -> int | None:
        return meter.retry_after(limits, path="/deviceManagement/x", application=application, is_write=False, at=at)

    assert [refused("a", 100.0), refused("a", 101.0), refused("a", 102.0)] == [None, None, 18]
    # The third request of the tenant was the refused one: the tenant's limit is used up as well.
    assert refused("b", 119.5) == 1
    assert refused("a", 120.0) is None


def test_writes_have_limits_of_their_own() -> None:
    meter, limits = Meter(), Limits(application=9, application_writes=1, seconds=20)
    answers = [
        meter.retry_after(limits, path="/x", application="a", is_write=is_write, at=0)
        for is_write in (True, True, False)
    ]
    assert answers == [None, 20, None]


def test_a_change_is_hidden_for_so_many_reads_of_each_question() -> None:
    memory, effect = Memory(), Effect(Kind.STALE_READS, reads=2)

    def read(question: str, fresh: bytes) -> bytes:
        return memory.answer(("users/1", question), fresh, effect=effect, at=0, now=NOW)

    assert [read("a", b"old"), read("b", b"old")] == [b"old", b"old"]
    assert [read("a", b"new") for _ in range(4)] == [b"old", b"old", b"new", b"new"]
    assert [read("b", b"new") for _ in range(3)] == [b"old", b"old", b"new"]


def test_what_was_created_is_missing_whatever_is_asked_of_it_and_then_is_there() -> None:
    memory, effect = Memory(), Effect(Kind.STALE_READS, reads=2)
    memory.put("users/1", MISSING)
    questions = ["a", "b", "a", "b", "a"]
    answers = [memory.answer(("users/1", question), b"there", effect=effect, at=0, now=NOW) for question in questions]
    assert answers == [MISSING, MISSING, b"there", b"there", b"there"]


def test_a_change_is_hidden_for_a_time_of_the_right_clock() -> None:
    by_seconds, by_lag = Effect(Kind.STALE_READS, seconds=5), Effect(Kind.REPORT_LAG, lag=timedelta(hours=6))
    for effect, at, later in ((by_seconds, 5.0, timedelta(0)), (by_lag, 0.0, timedelta(hours=6))):
        memory = Memory()
        moments = [(0.0, NOW), (0.0, NOW), (at, NOW + later)]
        fresh = [b"old", b"new", b"new"]
        answers = [
            memory.answer(("x", "q"), each, effect=effect, at=moment, now=now)
            for each, (moment, now) in zip(fresh, moments, strict=True)
        ]
        assert answers == [b"old", b"old", b"new"]


def test_what_is_remembered_is_bounded_and_the_oldest_is_forgotten() -> None:
    memory, piece = Memory(), b"x" * (MOST_BYTES // 5)
    for number in range(6):
        memory.put(str(number), piece)
    assert not memory.knows("0")
    assert memory.knows("5")
    memory.put("large", b"x" * (MOST_BYTES // 2))
    assert not memory.knows("large")
