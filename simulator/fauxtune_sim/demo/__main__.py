"""`python -m fauxtune_sim.demo`: the demonstration, which `fauxtune demo` starts."""

from __future__ import annotations

import typer

from fauxtune_sim.cli.main import demo

program = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
program.command(epilog="Example: fauxtune demo --once")(demo)
program(prog_name="fauxtune demo")
