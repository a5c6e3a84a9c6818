"""Reading rules: what is written is what was read, and every mistake is named at once."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune.core.errors import Invalid
from fauxtune.core.faults.effects import STATUSES, SURFACES, effects
from fauxtune.core.faults.reading import MOST_CHARACTERS, rule_of
from fauxtune.core.faults.rule import Kind
from fauxtune.core.faults.sets import SETS
from fauxtune.core.faults.writing import rule_document, warnings

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
