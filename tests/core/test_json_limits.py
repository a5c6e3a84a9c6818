"""The number of elements in a JSON text, bounded without parsing it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fauxtune.core.errors import Invalid
from fauxtune.core.formats.json_text import check_elements

MOST = 100


@pytest.mark.parametrize(
    "document",
    [
        {f"a{number}": number for number in range(MOST)},
        {"a": "," * 10_000},
        {"a": '\\",' * 1000, "b": ["\\", "\\\\", '"', ","]},
        {"a": [{"b": "," * 500}] * (MOST // 2)},
        [],
        "text",
        7,
    ],
)
def test_what_has_few_elements_passes_whatever_its_texts_hold(document: Any) -> None:
    check_elements(json.dumps(document).encode(), most=MOST)


@pytest.mark.parametrize(
    "document",
    [
        {f"a{number}": number for number in range(MOST + 1)},
        [[], {}] * MOST,
        {"a": [{"b": [{"c": 1}, {"d": '\\",'}]}] * MOST},
        ["\\", ",", '"'] * MOST,
        [""] * 100_000,
    ],
)
def test_what_has_many_is_refused_on_whatever_level_they_are(document: Any) -> None:
    with pytest.raises(Invalid, match="too many elements: at most 100"):
        check_elements(json.dumps(document).encode(), most=MOST)


@pytest.mark.parametrize("content", [b"", b'"', b"\xff" * 10, b'{"a', b"," * MOST])
def test_bytes_that_are_not_json_pass_or_are_refused(content: bytes) -> None:
    try:
        check_elements(content, most=MOST)
    except Invalid:
        assert content.startswith(b",")
