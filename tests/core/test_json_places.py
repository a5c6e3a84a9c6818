"""The lines of the members of a JSON document, by their places."""

from __future__ import annotations

from fauxtune.core.formats.json_text import lines_of, pointer

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
