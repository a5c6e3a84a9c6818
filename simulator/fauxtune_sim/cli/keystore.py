"""The commands of `fauxtune-sim keystore`: parsing of arguments and printing, nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fauxtune_sim.cli.base import Output, OutputOption, StateOption, finish, guarded, names_in

if TYPE_CHECKING:
    from fauxtune_sim.keys.marks import Names

keystore_app = typer.Typer(
    help="The certificates and keys on a device: list them, or export them.", rich_markup_mode=None
)


@keystore_app.callback(invoke_without_command=True, epilog="Example: fauxtune-sim keystore --state ./alice-phone")
def keystore(
    context: typer.Context,
    *,
    state: Annotated[
        Path | None, typer.Option("--state", help="The device's folder.", metavar="DIR", show_default=False)
    ] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """List the certificates and keys on a device, or export them.

    Trusted certificates first, then certificates with a key, then mail accounts.
    """
    from fauxtune_sim.cli import commands

    if context.invoked_subcommand is not None:
        return
    if state is None:
        raise typer.BadParameter("name the device's folder", param_hint="--state")
    finish(guarded(lambda: commands.keystore(state)), output=output, state=state)


@keystore_app.command(
    "export", epilog="Example: fauxtune-sim keystore export --state ./alice-phone --pem ./keys --pfx ./keys"
)
def keystore_export(
    *,
    state: StateOption,
    pem: Annotated[
        Path | None, typer.Option(help="The folder for PEM files: key, certificate, chain.", metavar="FOLDER")
    ] = None,
    pfx: Annotated[Path | None, typer.Option(help="The folder for PFX files.", metavar="FOLDER")] = None,
    password: Annotated[
        str | None, typer.Option(help="The password of the PFX files (default: fauxtune).", metavar="TEXT")
    ] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Export the keys of a device as files for openssl and mail programs.

    Each file can be read by its owner only. Keys that a Mac does not let out of its keychain are not exported.
    """
    from fauxtune_sim.cli import keystore_export

    chosen = keystore_export.DEFAULT_PASSWORD if password is None else password
    options = keystore_export.ExportOptions(pem=pem, pfx=pfx, password=chosen, names=lambda rows: _names(state, rows))
    finish(guarded(lambda: keystore_export.export(state, options)), output=output, state=state)


def _names(state: Path, rows: list[dict[str, Any]]) -> Names:
    return names_in(document=rows, state=state)
