"""docs/states.md is what the sentences themselves write, and each sentence has a function."""

from __future__ import annotations

from pathlib import Path

from fauxtune.core.model.words.provider_states import SENTENCES
from fauxtune_docs.openapi import PAGES
from fauxtune_labs.operations.provider_states import REACH

FILE = Path(__file__).resolve().parents[2] / "docs" / "states.md"


def test_the_page_is_what_the_data_write() -> None:
    assert FILE.read_text(encoding="utf-8") == PAGES["states"](FILE.parent), "write it with: make openapi"


def test_every_sentence_is_reached_by_a_function() -> None:
    assert list(REACH) == [sentence.text for sentence in SENTENCES]
