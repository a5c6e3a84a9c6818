"""docs/faults.md is what the table of effects writes, and each example in it can be used."""

from __future__ import annotations

import json
import re
from pathlib import Path

from fauxtune.core.faults.effects import effects
from fauxtune.core.faults.reading import rule_of
from fauxtune_docs.openapi import PAGES

FILE = Path(__file__).resolve().parents[2] / "docs" / "faults.md"


def test_the_page_is_current() -> None:
    assert FILE.read_text(encoding="utf-8") == PAGES["faults"](FILE.parent), "write it with: make openapi"


def test_every_effect_has_a_line_with_an_example_that_can_be_used() -> None:
    page = PAGES["faults"](FILE.parent)
    examples = [json.loads(text) for text in re.findall(r"^\| `(\{.*?\})` \| [A-Z]", page, re.MULTILINE)]
    assert sorted(rule_of({"effect": example}).effect.kind for example in examples) == sorted(effects())
