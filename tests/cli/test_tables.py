"""Tables of the commands for people: as wide as the page, readable in every script, and never obeyed by a terminal."""

from __future__ import annotations

import subprocess

import pytest
from rich.cells import cell_len

from fauxtune.core.administration.snippets import quoted
from fauxtune_cli.options import one_line
from fauxtune_cli.tables import Table, moment, plain_columns

LONG = "x" * 200


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
