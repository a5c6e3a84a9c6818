"""Tables of data as text: what a line says, and the file and line of each mistake that is likely in any of them."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fauxtune.core.engine.diagnosis.rules import CODES, read_rules, rules
from fauxtune.core.faults.effects import read_effects
from fauxtune.core.mail.apps import read_apps
from fauxtune.core.profiles.setting_tables.reading import read_words
from fauxtune.core.scep.verification.cases import read_cases
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


APP = Path(__file__).resolve().parents[2] / "app"
#: The tables and what reads them.
READERS: dict[str, Callable[[Iterable[Line]], object]] = {
    "fauxtune/core/engine/diagnosis/rules.txt": read_rules,
    "fauxtune/core/faults/effects.txt": read_effects,
    "fauxtune/core/mail/apps.txt": read_apps,
    **{
        f"fauxtune/core/profiles/setting_tables/{name}.txt": read_words
        for name in ("android", "apple", "compliance", "enrollment", "windows")
    },
    "fauxtune/core/scep/verification/cases.txt": read_cases,
}
_APPS, _CASES, _EFFECTS, _RULES = "mail/apps.txt", "verification/cases.txt", "faults/effects.txt", "diagnosis/rules.txt"
_SETTINGS = "setting_tables/windows.txt"
#: Of a table: what stands in it, what a hurried person writes in place of its last occurrence, and what is said.
MISTAKES = [
    (_APPS, "app gmail Gmail", "app gmail", "after 'app' stands NAME TITLE PACKAGE, not gmail com.google.android.gm"),
    (_APPS, "on=macos", "on=mac", "there is no kind of device 'mac'; the nearest are 'macos'"),
    (_APPS, " on=macos like", " like", "an app is on some kind of device"),
    (_APPS, "like=web\n", "\n", "this app has no rule 'steps' in an edition"),
    (_APPS, "like=by-user", "like=by-usr", "there is no value of like 'by-usr'; the nearest are 'by-user'"),
    (_APPS, " choice none", " choise none", "there is no rule 'choise'; the nearest are 'choice'"),
    (_APPS, " choice none", " choice nobody", "there is no value of choice 'nobody'; the nearest are"),
    (_APPS, "by=owa", "by=own", "there is no document 'own'; the nearest are 'owa'"),
    (_APPS, "edition=2020-04", "edition=2020", "there is no value of edition '2020'; the nearest are '2020-04'"),
    (_RULES, "\nerror no-device", "\neror no-device", "there is no kind of line 'eror'; the nearest are 'error'"),
    (
        _RULES,
        "error no-device",
        "error nodevice",
        "there is no function of the rule 'nodevice'; the nearest are 'no-device'",
    ),
    (_RULES, "by=smime", "by=smine", "there is no document 'smine'; the nearest are 'smime'"),
    (_RULES, " last by=", " lasts by=", "there is no kind of rule 'lasts'; the nearest are 'last'"),
    (_RULES, '\n fix "Enrol one."', "", 'below this line stands one more: fix "Text."'),
    (_RULES, ' fix "Enrol one."', " fix Enrol one.", "after 'fix' stands TEXT, not Enrol one."),
    (_SETTINGS, "\neach ", "\neech ", "there is no kind of section 'eech'; the nearest are 'each'"),
    (_SETTINGS, " int *\n", " integer *\n", "there is no form 'integer'"),
    (_SETTINGS, " true:true", " true=true", "there is no option 'true' here"),
    (_SETTINGS, " true:true", " true", "values are from:to,from:to or one of *, joined, days, milliseconds, not true"),
    (_SETTINGS, " int *\n", " int\n", "stands ADDRESS FORM VALUES [STRICTER], not "),
    ("compliance.txt", " most\n", " more\n", "there is no stricter value 'more'"),
    (_CASES, "code=SignatureValidationFailed", "code=Signature", "there is no value of code 'Signature'"),
    (_CASES, "by=client", "by=clients", "there is no document 'clients'; the nearest are 'client'"),
    (_CASES, "\n  right ", "\n  rigth ", "there is no kind of line 'rigth'; the nearest are 'right'"),
    (
        _EFFECTS,
        "effect halfBody",
        "effect halfbody",
        "there is no kind of effect 'halfbody'; the nearest are 'halfBody'",
    ),
    (_EFFECTS, "in=device", "in=devices", "there is no place 'devices'; the nearest are 'device'"),
    (_EFFECTS, "members=lag", "members=delay", "there is no member 'delay'"),
    (_EFFECTS, "match=path", "match=paths", "there is no member of a match 'paths'; the nearest are 'path'"),
    (_EFFECTS, " 7000112 ", " many ", "a whole number stands here, such as 12, not 'many'"),
]


def _table(name: str) -> tuple[str, str, Callable[[Iterable[Line]], object]]:
    """The path of a table, its text, and its reader."""
    ((path, read),) = [(path, read) for path, read in READERS.items() if path.endswith(name)]
    return path, (APP / path).read_text(encoding="utf-8"), read


def _read(read: Callable[[Iterable[Line]], object], path: str, text: str) -> None:
    result = read(read_lines(path, text))
    if isinstance(result, Iterable):
        tuple(result)


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


@pytest.mark.parametrize(("name", "right", "wrong", "message"), MISTAKES)
def test_a_mistake_has_its_line(name: str, right: str, wrong: str, message: str) -> None:
    path, text, read = _table(name)
    assert right in text
    before, _, after = text.rpartition(right)
    with pytest.raises(Mistake, match=re.escape(message)) as caught:
        _read(read, path, f"{before}{wrong}{after}")
    # What continues a line has the number of its first line.
    line = before.count("\n") + 1 + right.startswith("\n") - wrong.startswith("\n")
    numbers = "|".join(str(line + more) for more in (-2, -1, 0, 1))
    assert re.match(rf"{re.escape(path)}, line ({numbers}): ", str(caught.value))


@pytest.mark.parametrize("path", READERS)
def test_an_option_that_nobody_knows_is_refused_in_every_kind_of_line(path: str) -> None:
    _, text, read = _table(path)
    _read(read, path, text)
    lines = text.split("\n")
    for number in _told_apart(lines):
        changed = "\n".join([*lines[:number], f"{lines[number]} unheard-of=1", *lines[number + 1 :]])
        with pytest.raises(Mistake, match=rf"{re.escape(path)}, line {number + 1}: there is no option 'unheard-of'"):
            _read(read, path, changed)


def _told_apart(lines: list[str]) -> Iterator[int]:
    """The first lines with each first word, some of each depth: those that an option can be appended to."""
    seen: set[str] = set()
    depths: Counter[int] = Counter()
    for number, (line, following) in enumerate(pairwise([*lines, ""])):
        word, depth = line.strip().partition(" ")[0], len(line) - len(line.lstrip())
        ends = (
            word in ("", "#") or word.startswith("+") or following.strip().startswith("+") or line.endswith(("}", "]"))
        )
        if not ends and word not in seen and depths[depth] < 12 and len(line) < 180:
            seen.add(word)
            depths[depth] += 1
            yield number


def test_each_rule_of_the_diagnosis_has_its_texts_once() -> None:
    assert sorted(rule.code for rule in rules()) == sorted(CODES)
