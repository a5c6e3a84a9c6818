"""`fauxtune db`: bring the database up to date without serving."""

from __future__ import annotations

from pathlib import Path

import click

from fauxtune.settings import Settings
from fauxtune_cli.options import Group, Output, data_dir_option, emit, needs_posix, output_option, plain_failures
from fauxtune_cli.server.serve import refusals

app = Group(help="Maintain the database.")


@app.command()
@data_dir_option
@click.option(
    "--database-url",
    envvar="FAUXTUNE_DATABASE_URL",
    show_envvar=True,
    help="postgresql+psycopg://... (default: the SQLite file in the data folder)",
)
@output_option
def upgrade(*, data_dir: Path, database_url: str | None, output: Output) -> None:
    """Bring the database's schema up to date.

    The server must be stopped. `fauxtune serve` does the same when it starts.

    \b
    fauxtune db upgrade
    fauxtune db upgrade --database-url postgresql+psycopg://user@host/fauxtune
    """
    needs_posix("This command")
    with plain_failures(), refusals():
        from fauxtune.server.founding import upgrade as bring_up_to_date

        changed, revision = bring_up_to_date(Settings(data_dir=data_dir, database_url=database_url))
        verb = "was brought to" if changed else "was already at"
        emit(output, {"upgraded": changed, "revision": revision}, text=f"The schema {verb} revision {revision}.")
