"""The help of both programs: whole in 80 columns, flags without a value, `-h` everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

import fauxtune.cli.main
import fauxtune_sim.cli

PROGRAMS = {"fauxtune": fauxtune.cli.main.app, "fauxtune-sim": fauxtune_sim.cli.app}


def paths(command: Any, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Every command and group, by the words that call it."""
    yield words
    for name, below in getattr(command, "commands", {}).items():
        if (*words, name) != ("fauxtune", "demo"):  # which starts the other program
            yield from paths(below, (*words, name))


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(path, id=" ".join(path))
        for program, app in PROGRAMS.items()
        for path in paths(typer.main.get_command(app), (program,))
    ],
)
def test_the_help_is_whole_in_80_columns(words: tuple[str, ...]) -> None:
    app = PROGRAMS[words[0]]
    result = CliRunner().invoke(app, [*words[1:], "-h"], env={"COLUMNS": "80"})
    assert result.exit_code == 0
    assert result.stdout.lstrip().startswith("Usage:")
    _, _, commands = result.stdout.partition("\nCommands:\n")
    assert [line for line in commands.splitlines() if line.endswith("...")] == []
    assert "…" not in result.stdout
    assert "bool>" not in result.stdout
    assert result.stdout == CliRunner().invoke(app, [*words[1:], "--help"], env={"COLUMNS": "80"}).stdout
