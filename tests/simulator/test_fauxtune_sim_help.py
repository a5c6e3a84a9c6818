"""The help of `fauxtune-sim`: whole in 80 columns, flags without a value, `-h` everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from fauxtune_sim.cli import app


def paths(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command and group, by the words that call it. `demo` is another program's."""
    yield words
    for name, below in getattr(command, "commands", {}).items():
        if name != "demo":
            yield from paths(below, (*words, name))


@pytest.mark.parametrize(
    "words", [pytest.param(each, id=" ".join(each)) for each in paths(typer.main.get_command(app))]
)
def test_the_help_is_whole_in_80_columns(words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, [*words, "-h"], env={"COLUMNS": "80"})
    assert result.exit_code == 0
    assert result.stdout.lstrip().startswith("Usage:")
    _, _, commands = result.stdout.partition("\nCommands:\n")
    assert [line for line in commands.splitlines() if line.endswith("...")] == []
    assert "…" not in result.stdout
    assert "bool>" not in result.stdout
    assert result.stdout == CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "80"}).stdout
