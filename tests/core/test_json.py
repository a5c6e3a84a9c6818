"""JSON texts: the lines of members by their places, and the number of elements, bounded without parsing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fauxtune.core.errors import Invalid
from fauxtune.core.formats.json_text import check_elements, lines_of, pointer

TEXT = """{
  "users": [
    {"name": "a, [b]: {c}"},
    {
      "name": "\\"quoted\\"",
      "age": 7
    }
  ],
  "empty": {}, "list": [[1,
  2], []], "age": null
}"""
MOST = 100


def test_each_value_has_its_line() -> None:
    lines, repeated = lines_of(TEXT)
    assert repeated == []
    assert lines == {
        (): 1,
        ("users",): 2,
        ("users", 0): 3,
        ("users", 0, "name"): 3,
        ("users", 1): 4,
        ("users", 1, "name"): 5,
        ("users", 1, "age"): 6,
        ("empty",): 9,
        ("list",): 9,
        ("list", 0): 9,
        ("list", 0, 0): 9,
        ("list", 0, 1): 10,
        ("list", 1): 10,
        ("age",): 10,
    }


def test_a_name_that_is_there_twice_is_found() -> None:
    assert lines_of('{"a": 1, "b": {"c": 2,\n"c": 3}, "a": 4}')[1] == [("b", "c"), ("a",)]


def test_a_pointer_escapes_what_means_something_in_it() -> None:
    assert pointer(()) == ""
    assert pointer(("a/b", 0, "m~n")) == "/a~1b/0/m~0n"


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
