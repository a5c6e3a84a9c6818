"""The help of both programs: whole in 80 columns, flags without a value, `-h` everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click
import pytest
from click.testing import CliRunner

import fauxtune_cli.main
import fauxtune_sim.cli.main
from fauxtune.extensions import Command, extensions

PROGRAMS: dict[str, click.Group] = {"fauxtune": fauxtune_cli.main.app, "fauxtune-sim": fauxtune_sim.cli.main.app}


def paths(command: Any, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Every command and group, by the words that call it."""
    yield words
    if isinstance(command, click.Group):
        context = command.context_class(command)
        for name in command.list_commands(context):
            if (*words, name) != ("fauxtune", "demo"):  # which starts the other program
                yield from paths(command.get_command(context, name), (*words, name))


@pytest.fixture(scope="module")
def every() -> list[tuple[str, ...]]:
    """Every command of both programs, by the words that call it."""
    return [path for program, app in PROGRAMS.items() for path in paths(app, (program,))]


def test_the_help_is_whole_in_80_columns(every: list[tuple[str, ...]], subtests: pytest.Subtests) -> None:
    for words in every:
        with subtests.test(" ".join(words)):
            app = PROGRAMS[words[0]]
            result = CliRunner().invoke(app, [*words[1:], "-h"], env={"COLUMNS": "80"})
            assert result.exit_code == 0
            assert result.stdout.lstrip().startswith("Usage:")
            _, _, commands = result.stdout.partition("  -h, --help ")
            assert [line for line in commands.splitlines() if line.endswith("...")] == []
            assert [line for line in result.stdout.splitlines() if len(line) > 80] == []
            assert "…" not in result.stdout
            assert "bool>" not in result.stdout
            assert result.stdout == CliRunner().invoke(app, [*words[1:], "--help"], env={"COLUMNS": "80"}).stdout


def test_the_help_of_every_command_has_an_example(every: list[tuple[str, ...]], subtests: pytest.Subtests) -> None:
    for words in every:
        if words[0] == "fauxtune" and words != ("fauxtune", "db"):
            with subtests.test(" ".join(words)):
                _, _, text = CliRunner().invoke(PROGRAMS["fauxtune"], [*words[1:], "-h"]).stdout.partition("\n")
                assert f"  {' '.join(words)} " in text.replace("\n", " \n")


def test_the_sections_say_what_the_commands_say() -> None:
    program = fauxtune_cli.main.app
    context = program.context_class(program)
    entries = [entry for section in fauxtune_cli.main.SECTIONS for entry in section.entries]
    added = [command for extension in extensions().values() for command in extension.commands]
    for entry in (*entries, *added):
        if isinstance(entry, Command):
            group: Any = program
            for name in entry.name.split():
                group = group.get_command(context, name)
            assert entry.help == group.get_short_help_str(200)
    names = [entry.name if isinstance(entry, Command) else entry for entry in entries]
    assert sorted(names) == sorted(program.list_commands(context))


def test_a_command_that_does_not_exist_is_answered_with_one_that_looks_like_it() -> None:
    result = CliRunner().invoke(fauxtune_cli.main.app, ["devise"])
    assert (result.exit_code, "'device'" in result.stderr) == (2, True)
