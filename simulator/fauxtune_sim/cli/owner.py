"""The commands of `fauxtune-sim keystore`, `fact` and `script`: parsing of arguments and printing, nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fauxtune_sim.cli.base import Output, OutputOption, StateOption, finish, guarded, names_in
from fauxtune_sim.device.outcomes import Outcome
from fauxtune_sim.keys.marks import Names

if TYPE_CHECKING:
    from fauxtune_sim.cli.owner_commands import Owner


def owner_of(state: Path) -> Owner:
    """The owner of the device in a folder. What owners do is imported when a command runs."""
    from fauxtune_sim.cli.owner_commands import Owner

    return Owner(state)


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
    if context.invoked_subcommand is not None:
        return
    if state is None:
        raise typer.BadParameter("name the device's folder", param_hint="--state")
    finish(guarded(lambda: owner_of(state).keystore()), output=output, state=state)


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
    from fauxtune_sim.cli import owner_commands

    chosen = owner_commands.DEFAULT_PASSWORD if password is None else password
    options = owner_commands.ExportOptions(pem=pem, pfx=pfx, password=chosen, names=lambda rows: _names(state, rows))
    finish(guarded(lambda: owner_commands.export(state, options)), output=output, state=state)


def _names(state: Path, rows: list[dict[str, Any]]) -> Names:
    return names_in(document=rows, state=state)


fact_app = typer.Typer(
    help="What a device reports of itself: model, storage, encryption.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@fact_app.command("list", epilog="Example: fauxtune-sim fact list --state ./alice-phone")
def list_facts(*, state: StateOption, output: OutputOption = Output.TEXT) -> None:
    """List the facts of a device, and what carries each in its protocol.

    The names are those of Graph's managedDevice, hardwareInformation and windowsProtectionState. A personal device
    withholds some: it has them, and the service does not learn them.
    """
    finish(guarded(lambda: owner_of(state).list_facts()), output=output)


@fact_app.command(
    "set", epilog="Example: fauxtune-sim fact set --state ./alice-phone isEncrypted=false freeStorageSpaceInBytes=7000"
)
def set_facts(
    *,
    state: StateOption,
    assignments: Annotated[list[str], typer.Argument(metavar="NAME=VALUE...", help="The facts that change.")],
    output: OutputOption = Output.TEXT,
) -> None:
    """Change facts of a device. It reports them at its next check-in, and Graph shows them afterwards.

    Sizes are in bytes, yes and no are `true` and `false`. If one value is refused, nothing changes. On iOS and iPadOS
    isEncrypted and isPasscodePresent are one fact: data are encrypted exactly if there is a passcode.
    """
    finish(guarded(lambda: owner_of(state).set_facts(assignments)), output=output)


script_app = typer.Typer(
    help="The outcomes of scripts on a device. The text of a script is never run.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

ScriptArgument = Annotated[str, typer.Argument(metavar="SCRIPT", help="The script's name or id.")]


@script_app.command("list", epilog="Example: fauxtune-sim script list --state ./alice-pc")
def list_outcomes(*, state: StateOption, output: OutputOption = Output.TEXT) -> None:
    """List the outcomes that were set on a device. Every other script succeeds and writes nothing."""
    finish(guarded(lambda: owner_of(state).list_outcomes()), output=output)


@script_app.command("set", epilog='Example: fauxtune-sim script set "Map drives" --exit-code 1 --state ./alice-pc')
def set_outcome(
    *,
    script: ScriptArgument,
    exit_code: Annotated[int, typer.Option(help="The exit code; of a detection 1 is an issue.", metavar="N")] = 0,
    text: Annotated[str, typer.Option("--writes", help="What it writes to its output.", metavar="TEXT")] = "",
    error: Annotated[str, typer.Option("--error", help="What it writes to its error output.", metavar="TEXT")] = "",
    remediation: Annotated[
        int, typer.Option(help="The exit code of the remediation that follows an issue.", metavar="N")
    ] = 0,
    fixes: Annotated[
        bool, typer.Option("--fixes/--fixes-nothing", help="Whether the issue is gone after the remediation.")
    ] = True,
    state: StateOption,
    output: OutputOption = Output.TEXT,
) -> None:
    """Set how a script ends on a device from now on."""
    outcome = Outcome(exit_code, text, error, remediation, fixes)
    finish(guarded(lambda: owner_of(state).set_outcome(script, outcome=outcome)), output=output)


@script_app.command("forget", epilog='Example: fauxtune-sim script forget "Map drives" --state ./alice-pc')
def forget_outcome(*, script: ScriptArgument, state: StateOption, output: OutputOption = Output.TEXT) -> None:
    """Let a script succeed again, and write nothing."""
    finish(guarded(lambda: owner_of(state).forget_outcome(script)), output=output)
