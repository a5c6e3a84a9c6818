"""What commands show to people: tables as wide as the page, readable in every script, and never obeyed by a terminal.

Labs and the matrix of mail and devices fit 80 columns; what is shown during a wait, only at a terminal and only if the
wait is long.
"""

from __future__ import annotations

import io
import subprocess
from typing import Any

import pytest
from rich.cells import cell_len

from fauxtune.core.administration.snippets import quoted
from fauxtune.core.language.catalogue import Catalogue, Language
from fauxtune_cli import mail_text
from fauxtune_cli.options import one_line
from fauxtune_cli.tables import Table, moment, plain_columns
from fauxtune_labs.cli import lab as texts_of_labs

LONG = "x" * 200
LONG_TEXT = "One certificate for each device is no encryption for a person who has several of them. " * 3
QUESTION = {
    "text": LONG_TEXT,
    "choices": [{"number": 1, "text": LONG_TEXT, "chosen": True, "right": False, "why": LONG_TEXT}],
}
CHECK: dict[str, Any] = {"passed": False, "looked": LONG_TEXT, "saw": LONG_TEXT, "expected": LONG_TEXT}
CHECKED: dict[str, Any] = {
    "steps": [{"number": 1, "title": "Look", "passed": False, "checks": [CHECK]}],
    "missing": [LONG_TEXT, LONG_TEXT],
    "done": False,
}


def answer(*devices: str, readings: str = "readable", left: str | None = None) -> dict[str, Any]:
    cell = {"reading": readings, "canRead": readings == "readable", "sentence": "It has the key."}
    row = {"uid": 7, "subject": "S" * 60, "author": "bob@contoso.example", "cells": [cell] * len(devices)}
    others = [{"deviceName": "Bob's PC", "userPrincipalName": "bob@contoso.example"}]
    files = [{"thumbprint": "aa", "mark": "BAFU"}]
    return {
        "at": "2026-11-24T10:00:00.0000000Z",
        "number": None,
        "devices": [{"deviceName": name, "left": left} for name in devices],
        "mail": [{**row, "others": others, "files": files}],
        "nextAfter": 7,
    }


class Screen(io.StringIO):
    """Standard error, of a terminal or not."""

    def __init__(self, *, is_terminal: bool) -> None:
        super().__init__()
        self.is_terminal = is_terminal

    def isatty(self) -> bool:
        return self.is_terminal


def test_columns_are_aligned_and_as_wide_as_what_is_in_them() -> None:
    table = Table(("name", "id"), [("Alice", "1"), ("Bob", "22")])
    assert plain_columns(table) == "name   id\nAlice  1\nBob    22"


@pytest.mark.parametrize("shrinks", ["name", "text", None])
def test_a_table_is_never_wider_than_the_page(shrinks: str | None) -> None:
    table = Table(("name", "text", "why"), [(LONG, LONG, LONG), ("a", "b", "c")], shrinks=shrinks)
    lines = plain_columns(table, width=80).splitlines()
    assert max(map(cell_len, lines)) <= 80
    assert "…" in lines[1]


def test_the_named_column_gets_narrower_before_the_others() -> None:
    table = Table(("name", "text", "id"), [("n" * 30, "t" * 60, "i" * 8)], shrinks="text")
    name, text, id_ = plain_columns(table, width=80).splitlines()[1].split()
    assert (name, id_) == ("n" * 30, "i" * 8)
    assert text == "t" * 37 + "…"


def test_a_text_that_wraps_is_whole_below_its_heading() -> None:
    why = "the device no longer belongs to a group that the profile is assigned to, and its owner neither"
    table = Table(("device", "why"), [("d" * 40, why), ("e", "short")], wraps=True)
    _, *lines = plain_columns(table, width=80).splitlines()
    assert " ".join(line[42:] for line in lines[:-1]) == why
    assert [line[:42].strip() for line in lines] == ["d" * 40, "", "", "e"]


def test_an_identifier_is_never_cut() -> None:
    assert plain_columns(Table(("name", "id"), [(LONG, LONG)]), width=80).splitlines()[1].endswith(f" {LONG}")


@pytest.mark.parametrize("name", ["مريم", "東京支社", "Ångström", "👩‍💻 dev"])
def test_columns_stay_aligned_behind_every_script(name: str) -> None:
    _, first, second = plain_columns(Table(("name", "id"), [(name, "1"), ("Bob", "2")])).splitlines()
    assert cell_len(first) == cell_len(second)
    assert name.split("\u200d")[0] in first


@pytest.mark.parametrize("cell", ["\x1b[31mred", "a\nb", "tab\there", "\u202egnirts", "bell\a", "\x9b31m"])
def test_no_cell_contains_what_a_terminal_obeys(cell: str) -> None:
    assert all(each.isprintable() for each in one_line(cell))
    assert len(plain_columns(Table(("name",), [(cell,)])).splitlines()) == 2


def test_a_name_in_a_command_to_paste_is_one_word_in_which_no_shell_replaces_anything() -> None:
    names = [
        "Alice's phone",
        "alice",
        "هاتف مريم",
        "it's $HOME",
        "`id` $(id) ${x}",
        "wow!!",
        'say "x"; id',
        "back\\slash",
        "\u201c; id; \u201c",
        "-rf *",
        "a\nb",
        "~",
        "",
    ]
    for name in names:
        done = subprocess.run(["bash", "-c", f"printf %s {quoted(name)}"], capture_output=True, text=True, check=True)
        assert done.stdout == name
    assert quoted("Alice's phone") == '"Alice\'s phone"'
    double = [name for name in names if quoted(name).startswith('"')]
    assert not set("".join(double)) & set('$`!"\\\n\u201c')


def test_markup_of_rich_or_of_a_page_is_text_like_any_other() -> None:
    names = ["<script>alert(1)</script>", "[bold red]x[/]"]
    assert plain_columns(Table(("name",), [(name,) for name in names])).splitlines()[1:] == names


def test_a_table_without_rows_is_a_sentence() -> None:
    assert plain_columns(Table(("name",), empty="There are no users.")) == "There are no users."


def test_a_time_is_shown_to_the_minute_and_graphs_lowest_time_is_no_time() -> None:
    assert moment("2026-11-24T10:00:59.1234560Z") == "2026-11-24 10:00"
    assert [moment(None), moment("0001-01-01T00:00:00Z")] == ["-", "-"]


def test_what_is_said_instead_of_a_table_is_not_wider_either() -> None:
    table = Table(("device", "why"), empty=f"{'No device was given a challenge. ' * 4}\n  fauxtune scep challenge list")
    *sentence, command = plain_columns(table, width=80).splitlines()
    assert (max(map(len, sentence)) <= 80, command) == (True, "  fauxtune scep challenge list")


@pytest.mark.parametrize(("columns", "most"), [(60, 60), (80, 80), (200, 96)])
def test_no_line_of_a_text_is_wider_than_the_terminal(columns: int, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    words = Catalogue(Language.ENGLISH, {})
    lab: dict[str, Any] = {"name": "lab", "title": "A lab", "minutes": 8, "story": LONG_TEXT, "predict": QUESTION}
    lab["objective"] = LONG_TEXT
    texts = (
        texts_of_labs.beginning(lab, words),
        texts_of_labs.checked_text(CHECKED, words),
        texts_of_labs.said(LONG_TEXT, label="1/3  "),
    )
    for text in texts:
        assert most - 12 < max(len(line) for line in text.splitlines()) <= most
        assert LONG_TEXT.split()[-1] in text.split()


def test_a_few_devices_have_words_and_many_have_numbers() -> None:
    few = plain_columns(mail_text.matrix(answer("phone", "a very long name, longer than others")))
    assert few.splitlines()[0].split()[2:] == ["phone", "a", "very", "long", "name,", "longe…", "others"]
    assert [len(line) <= 80 and line.endswith("1") for line in few.splitlines()[1:]] == [True]
    four = plain_columns(mail_text.matrix(answer("phone", "Alice's tablet", "PC", "Mac")))
    assert four.splitlines()[0].split()[2:] == ["phone", "Alice's", "tab…", "PC", "Mac", "others"]
    many = plain_columns(mail_text.matrix(answer(*(f"device {number}" for number in range(10)))))
    assert many.splitlines()[0].split() == ["number", "subject", *map(str, range(1, 11)), "others"]
    assert max(map(len, [*few.splitlines(), *many.splitlines()])) <= 80


def test_the_legend_names_what_the_table_shortens() -> None:
    assert mail_text.legend(answer("phone", "a very long name, longer than others")) == (
        "At 2026-11-24 10:00 UTC, now.\n"
        "a very long name, longe…: a very long name, longer than others\n"
        "✓ reads: the device can read it\n"
        "others: devices of other people, or earlier ones, that can read it\n"
        "Why, message by message: --why NUMBER\n"
        "There are more: --after 7"
    )
    gone = mail_text.legend({**answer("phone", readings="deviceWiped", left="wiped"), "number": 12})
    assert (
        "after entry 12 of the journal.\nphone: phone (wiped)\nW wiped: the device had the key, and was wiped\n" in gone
    )


def test_the_reason_names_other_readers_and_files() -> None:
    text = mail_text.why(answer("phone"), 7)
    assert text is not None
    assert "phone   yes    It has the key.\n" in text
    assert text.endswith(
        "Others who can read it: Bob's PC (bob).\nWhoever has the PFX file of BAFU (aa) can read it anywhere."
    )
    assert mail_text.why(answer("phone"), 8) is None
