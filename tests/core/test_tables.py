"""Tables of data as text: what a line says, and the file and line of each mistake."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fauxtune.core.tables import LONGEST, Line, Mistake, read_lines, table

TEXT = """\
# Fruit, with the months in which it is ripe.
apple red "very sour" from=8 to=10

 kind "Granny Smith" 2 true null "2"
  note "a \\"quoted\\" word" why="because of = and +"
# A comment stands anywhere, indented or not.
 kind Boskoop {"weight": 180, "names": ["Schöner aus Boskoop"]}
pear [1, 2]
"""


def one(text: str) -> Line:
    (line,) = read_lines("x.txt", text)
    return line


def refusal(text: str) -> str:
    with pytest.raises(Mistake) as caught:
        read_lines("x.txt", text)
    return str(caught.value)


def test_lines_have_words_options_and_the_lines_below() -> None:
    apple, pear = read_lines("fruit.txt", TEXT)
    assert (apple.file, apple.number, apple.words) == ("fruit.txt", 2, ("apple", "red", "very sour"))
    assert apple.options == {"from": "8", "to": "10"}
    smith, boskoop = apple.below
    assert smith.values == ("kind", "Granny Smith", 2, True, None, "2")
    assert smith.words == ("kind", "Granny Smith", "2", "true", "null", "2")
    assert smith.below[0].words == ("note", 'a "quoted" word')
    assert smith.below[0].options == {"why": "because of = and +"}
    assert boskoop.values[2] == {"weight": 180, "names": ["Schöner aus Boskoop"]}
    assert (pear.number, pear.values, pear.below) == (8, ("pear", [1, 2]), ())


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ('/users?$search="a:b"', ('/users?$search="a:b"',)),
        ("a {next} [user] {{Name}}", ("a", "{next}", "[user]", "{{Name}}")),
        (r"a ^\{\d+\}$ b", ("a", r"^\{\d+\}$", "b")),
        ("a 007 -1 1.5 1e3 v1.0", ("a", "007", -1, "1.5", "1e3", "v1.0")),
        ('a ""', ("a", "")),
        ("a {}", ("a", {})),
        ("a []   ", ("a", [])),
        ("a b#c #d", ("a", "b#c", "#d")),
        ("a\r", ("a",)),
    ],
)
def test_what_only_looks_like_something_else_is_a_word(written: str, values: tuple[object, ...]) -> None:
    assert one(written).values == values


def test_a_long_line_goes_on_where_a_plus_begins() -> None:
    line = one('say "one\n + two\n # three is missing\n +four" {"a":\n + 1} \n below\n')
    assert line.values == ("say", "one twofour", {"a": 1})
    assert [(each.number, each.words) for each in line.below] == [(6, ("below",))]


@pytest.mark.parametrize(
    ("text", "number", "says"),
    [
        ("a\n  b", 2, "it is indented by 2; here 1 is the most"),
        ("\n a", 2, "it is indented by 1; here 0 is the most"),
        ("a\n\tb", 2, "a tab"),
        ("a\n\nb " + LONGEST * "x", 3, "at most 200"),
        ('a "b', 1, "after a text in double quotes"),
        ('a\n b "c"d', 2, "after a text in double quotes"),
        ('a "\\x"', 1, "not JSON"),
        ('a {"b": 1} c', 1, "not JSON"),
        ('a {"b": NaN}', 1, "not JSON"),
        ('a {"b": 1, "b": 2}', 1, "two members of one name"),
        ("a [0-9]+", 1, "stands in double quotes"),
        ("a b=1 b=2", 1, "the option b stands here twice"),
        ('a b={"c":1}', 1, "without b="),
        ("+a", 1, "a word that begins so"),
        ("a\n b\n +c", 3, "indented by 2 here"),
        ("a\n" + "\n".join(f" +{'[' * 190}" for _ in range(600)).replace("+[", "+ [1,[", 1), 1, "not JSON"),
    ],
)
def test_a_mistake_has_its_file_and_line(text: str, number: int, says: str) -> None:
    message = refusal(text)
    assert message.startswith(f"x.txt, line {number}: ")
    assert says in message


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda line: line.after_first("NAME COLOUR"), "after 'kind' stands NAME COLOUR, not Boskop"),
        (lambda line: line.after_first(""), "after 'kind' stands nothing, not Boskop"),
        (lambda line: line.known("Boskop", ("Elstar", "Boskoop"), what="kind"), "no kind 'Boskop'; the nearest are"),
        (lambda line: line.option("colour", ("red", "green"), default="red"), "no value of colour 'gren'; the nearest"),
        (lambda line: line.only("color", "months", below=True), "no option 'colour' here; the nearest are 'color'"),
        (lambda line: line.only("colour", below=True), "'months' here; there is only 'colour'; a word with = in it is"),
        (lambda line: line.only(below=True), "it has none"),
        (lambda line: line.whole("1.5"), "a whole number stands here, such as 12, not '1.5'"),
        (lambda line: line.whole("0xG"), "not '0xG'"),
        (lambda line: line.listed("months"), "between two commas of months= stands a word"),
    ],
)  # fmt: skip
def test_readers_of_tables_say_what_would_be_right(ask: Callable[[Line], object], says: str) -> None:
    line = one("kind Boskop colour=gren months=1,,2\n below")
    with pytest.raises(Mistake, match=re.escape(says)) as caught:
        ask(line)
    assert str(caught.value).startswith("x.txt, line 1: ")


def test_nothing_belongs_to_a_line_of_a_kind_that_has_no_others() -> None:
    with pytest.raises(Mistake, match=r"x\.txt, line 2: nothing can belong to line 1"):
        one("kind Boskoop\n below").only()


def test_readers_of_tables_get_words_and_options() -> None:
    line = one("kind Boskoop colour=red months=9,10")
    assert (line.first, one("a=1").first) == ("kind", "")
    assert line.after_first("NAME [NAME]") == line.after_first("NAME...") == ("Boskoop",)
    assert one("kind").after_first("") == one("kind").after_first("[NAME...]") == ()
    assert line.known("b", ("a", "b"), what="letter") == "b"
    assert line.option("colour", ("red",), default="green") == "red"
    assert line.option("size", ("small",), default="great") == "great"
    assert (line.listed("months"), line.listed("years")) == (("9", "10"), ())
    assert [line.whole(each) for each in ("-12", "0", "0xFF")] == [-12, 0, 255]
    line.only("colour", "months")


def test_a_table_stands_beside_its_modules() -> None:
    with pytest.raises(FileNotFoundError):
        table("fauxtune.core.graph", "none.txt")
    first = table("fauxtune.core.graph", "types.txt")[0]
    assert first.file == "fauxtune/core/graph/types.txt"
    assert first.words[0] == "enum"


WORDS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=12)
PIECES = st.sampled_from(
    ["\n", "\n ", "\n  ", " ", "+", "#", '"', "{", "}", "[", "]", "=", "a", "b", "1", ":", "\\", "\t", ","]
)


@given(st.one_of(st.text(), st.lists(PIECES, max_size=40).map("".join)))
def test_any_text_is_read_or_has_a_mistake_in_one_of_its_lines(text: str) -> None:
    try:
        lines = list(read_lines("x.txt", text))
    except Mistake as mistake:
        found = re.match(r"x\.txt, line (\d+): .", str(mistake))
        assert found
        assert 1 <= int(found[1]) <= text.count("\n") + 1
        return
    numbers = []
    while lines:
        line = lines.pop(0)
        assert len(line.words) == len(line.values)
        assert line.words or line.options
        numbers.append(line.number)
        lines[:0] = line.below
    assert numbers == sorted(set(numbers))


@given(st.lists(WORDS, min_size=1, max_size=6), st.dictionaries(st.sampled_from("abc"), WORDS))
def test_what_is_written_in_quotation_marks_is_read_as_it_was(words: list[str], options: dict[str, str]) -> None:
    written = [json.dumps(word) for word in words] + [
        f"{name}={json.dumps(option)}" for name, option in options.items()
    ]
    rows = "\n".join(f" + {each}" for each in written)
    line = one(f"first\n{rows}")
    assert line.values == ("first", *words)
    assert line.options == options
