"""Sentences of provider states are read as people write them, and those that are not known are answered with others."""

from __future__ import annotations

import pytest

from fauxtune.core.errors import Invalid
from fauxtune.core.model.words.provider_state_words import places, read
from fauxtune.core.model.words.provider_states import PLACES, SENTENCES


def test_an_example_is_read_as_its_own_sentence(subtests: pytest.Subtests) -> None:
    for sentence in SENTENCES:
        with subtests.test(sentence.example):
            reading = read(sentence.example)
            assert reading.sentence is sentence
            assert set(reading.words) == set(places(sentence))
            assert set(places(sentence)) <= set(PLACES)


def test_a_sentence_is_read_with_its_words_apart(subtests: pytest.Subtests) -> None:
    for sentence in SENTENCES:
        with subtests.test(sentence.example):
            params = {name: PLACES[name].example for name in places(sentence)}
            assert read(sentence.text, params).sentence is sentence


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("  ALICE  Has three encryption\tcertificates ,two expired. ", {"count": "three", "part": "two"}),
        ("alice’s iPhone is offline", {"user": "alice", "device": "iPhone"}),
        ("alice is in \"All Staff\"", {"group": "All Staff"}),
        ("alice@contoso.example has an encryption certificate", {"user": "alice@contoso.example"}),
        ("two weeks have passed", {"time": "two weeks"}),
    ],
)  # fmt: skip
def test_case_spaces_and_spelling_do_not_matter(text: str, words: dict[str, str]) -> None:
    assert words.items() <= read(text).words.items()


@pytest.mark.parametrize(
    ("text", "number"), [("no", 0), ("an", 1), ("A", 1), ("one", 1), ("Twelve", 12), ("twenty", 20), ("37", 37)]
)
def test_numbers_are_words_or_digits(text: str, number: int) -> None:
    assert read(f"alice has {text} encryption certificates").number("count") == number


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("alice has two iPhones", ("ios", None, "iPhone")),
        ("alice has a Windows PC", ("windows", None, "PC")),
        ("alice has three company phones", ("android", "fully-managed", "company phone")),
    ],
)
def test_devices_are_known_by_their_words(text: str, kind: tuple[str, str | None, str]) -> None:
    assert read(text).device() == kind


def test_for_a_sentence_that_is_not_known_the_nearest_three_are_named() -> None:
    with pytest.raises(Invalid) as refusal:
        read("alice has no licence plate")
    assert "There is no state 'alice has no licence plate'" in refusal.value.message
    assert "'alice has no licence'" in refusal.value.message
    assert refusal.value.message.count("; ") == 2


@pytest.mark.parametrize(
    ("text", "params", "words"),
    [
        ("{user} left", {}, "send params with 'user'"),
        ("{user} left", {"user": "alice", "group": "x"}, "no place {group}"),
        ("alice left", {"user": "alice"}, "places stand in braces"),
        ("{user} left", {"user": ["alice"]}, "a text or a number"),
        ("alice " * 300, {}, "1000 characters"),
        ("alice has x'; drop table encryption certificates", {}, "There is no state"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(text: str, params: dict[str, object], words: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read(text, params)
    assert words in refusal.value.message
