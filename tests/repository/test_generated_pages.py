"""The pages of docs that the code writes are what it would write now, and name all that their tables have.

Pages with more to say have modules of their own: coverage, diagnosis, editions, removal.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from fauxtune.core.faults.effects import effects
from fauxtune.core.faults.reading import rule_of
from fauxtune.core.mail.apps import APPS
from fauxtune.core.model.words.provider_states import SENTENCES
from fauxtune_labs.operations.provider_states import REACH
from tests.support.openapi import pages

DOCS = Path(__file__).resolve().parents[2] / "docs"
#: By their names and not by what writes them: to import that takes seconds, at each collection of tests.
PAGES = ("coverage", "diagnosis", "editions", "faults", "labs", "mail-apps", "removal", "settings", "states")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_current(name: str) -> None:
    assert (DOCS / f"{name}.md").read_text(encoding="utf-8") == pages()[name](DOCS), "write it with: make openapi"


def test_every_page_is_among_those_that_are_compared() -> None:
    assert sorted(pages()) == [*PAGES]


def test_every_mail_app_stands_in_each_table() -> None:
    page = pages()["mail-apps"](DOCS)
    for app in APPS:
        assert page.count(f"| {app.title} (`{app.name}`) on ") >= 5


def test_every_effect_of_a_fault_has_a_line_with_an_example_that_can_be_used() -> None:
    page = pages()["faults"](DOCS)
    examples = [json.loads(text) for text in re.findall(r"^\| `(\{.*?\})` \| [A-Z]", page, re.MULTILINE)]
    assert sorted(rule_of({"effect": example}).effect.kind for example in examples) == sorted(effects())


def test_every_sentence_of_a_state_is_reached_by_a_function() -> None:
    assert list(REACH) == [sentence.text for sentence in SENTENCES]
