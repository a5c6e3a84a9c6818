"""`fauxtune seed`: check the file of a seed, and show the built-in one."""

from __future__ import annotations

import json
from pathlib import Path

import click

from fauxtune_cli.options import FAILED, PATH, Group, Output, emit, fail, one_line, output_option

app = Group(
    help="""Check the file of a seed, and show the built-in one.

A seed describes a new tenant: its people, profiles, certificates, simulated devices. See docs/seeds.md.

\b
fauxtune seed show > school.json
fauxtune seed check school.json
fauxtune tenant create school --seed school.json"""
)


@app.command()
@click.argument("file", type=PATH, help="the file of the seed")
@output_option
def check(*, file: Path, output: Output) -> None:
    """Say all that is wrong with a seed, with the lines.

    Nothing is created, and no server is needed. PFX files are opened too. The exit code is 1 if anything is wrong.

    \b
    fauxtune seed check school.json
    fauxtune seed check school.json --output json
    """
    from fauxtune.operations.tenants.seed_reading import check_seed

    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        fail(f"{file} cannot be read: {getattr(error, 'strerror', None) or error}.")
    mistakes = check_seed(text, folder=file.parent)
    rows = [{"pointer": mistake.pointer, "line": mistake.line, "message": mistake.why} for mistake in mistakes]
    lines = [
        f"{file}:{mistake.line}: {mistake.pointer or 'the seed'}: {one_line(mistake.why)}"
        if mistake.line
        else f"{file}: {mistake.pointer or 'the seed'}: {one_line(mistake.why)}"
        for mistake in mistakes
    ]
    emit(output, {"mistakes": rows}, text="\n".join(lines) or f"{file} can be used.")
    if mistakes:
        raise click.exceptions.Exit(FAILED)


@app.command()
def show() -> None:
    """Print the seed of every start, as JSON.

    \b
    fauxtune seed show
    fauxtune seed show > mine.json
    """
    print_built_in()


def print_built_in() -> None:
    """Print the built-in seed as JSON."""
    from fauxtune.operations.tenants.seeds import BUILT_IN

    print(json.dumps(BUILT_IN, indent=2))
