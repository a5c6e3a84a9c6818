"""Sentences that are made in English elsewhere are recognised and translated, whatever people named things."""

from __future__ import annotations

import sys
from itertools import chain

import pytest

from fauxtune.core.language.catalogue import Entry, Language
from fauxtune.core.language.recognition import Recogniser, recogniser

_REACHES = Entry(
    "'%(profile)s' reaches the %(device)s (%(kind)s).", None, ("«%(profile)s» raggiunge %(device)s, %(kind)s.",), 1
)
_TWICE = Entry("The key of %(name)s is with %(name)s.", None, ("La chiave di %(name)s è con %(name)s.",), 2)


@pytest.fixture
def known() -> Recogniser:
    return Recogniser([_REACHES, _TWICE], int)


def test_a_value_ends_where_the_sentence_goes_on(known: Recogniser) -> None:
    assert known.translated("'Mail' reaches the A (b) (iOS).") == "«Mail» raggiunge A, b) (iOS."
    assert known.translated("'Mail' reaches the A.") == "'Mail' reaches the A."


def test_a_value_that_stands_twice_is_one_value(known: Recogniser) -> None:
    assert known.translated("The key of Alice is with Alice.") == "La chiave di Alice è con Alice."
    assert known.translated("The key of Alice is with Bob.") == "The key of Alice is with Bob."


def test_a_text_of_the_greatest_length_costs_few_steps() -> None:
    """Names may be made to look like sentences: with regular expressions, one text took longer than an hour."""
    italian = recogniser(Language.ITALIAN, "report", "commands", "labs", "console")
    steps = 0

    def count(*_: object) -> None:
        nonlocal steps
        steps += 1

    patterns = list(chain.from_iterable(italian._by_word.values()))
    hostile = max(patterns, key=lambda pattern: len(pattern.names)).literals
    for text in ("".join(hostile[:-1]) + "".join(hostile[1:-1]) * 2_000, "a. " * 2_000, "a; " * 2_000, "a, " * 2_000):
        sys.setprofile(count)
        italian.translated(text[:1_999])
        sys.setprofile(None)
    assert 0 < steps < 400_000
