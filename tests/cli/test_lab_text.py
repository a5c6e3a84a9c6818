"""Labs as text: it fits the terminal."""

from __future__ import annotations

from typing import Any

import pytest

from fauxtune.core.language.catalogue import Catalogue, Language
from fauxtune_labs.cli import lab as texts_of_labs

LONG = "One certificate for each device is no encryption for a person who has several of them. " * 3
QUESTION = {"text": LONG, "choices": [{"number": 1, "text": LONG, "chosen": True, "right": False, "why": LONG}]}
CHECK: dict[str, Any] = {"passed": False, "looked": LONG, "saw": LONG, "expected": LONG}
CHECKED: dict[str, Any] = {
    "steps": [{"number": 1, "title": "Look", "passed": False, "checks": [CHECK]}],
    "missing": [LONG, LONG],
    "done": False,
}


@pytest.mark.parametrize(("columns", "most"), [(60, 60), (80, 80), (200, 96)])
def test_no_line_of_a_text_is_wider_than_the_terminal(columns: int, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    words = Catalogue(Language.ENGLISH, {})
    lab: dict[str, Any] = {"name": "lab", "title": "A lab", "minutes": 8, "story": LONG, "predict": QUESTION}
    texts = (
        texts_of_labs.beginning(lab, words),
        texts_of_labs.checked_text(CHECKED, words),
        texts_of_labs.said(LONG, label="1/3  "),
    )
    for text in texts:
        assert most - 12 < max(len(line) for line in text.splitlines()) <= most
        assert LONG.split()[-1] in text.split()
