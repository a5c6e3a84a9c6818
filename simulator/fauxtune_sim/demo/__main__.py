"""`python -m fauxtune_sim.demo`: the demonstration under the name that `fauxtune demo` has."""

from __future__ import annotations

import typer

from fauxtune_sim.cli import demo

alone = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
alone.command(epilog="Example: fauxtune demo --once")(demo)
alone(prog_name="fauxtune demo")
