"""The commands of `fauxtune-sim keystore`, `fact` and `script`: parsing of arguments and printing, nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fauxtune_sim.cli.base import PATH, Group, Output, finish, guarded, names_in, output_option, state_option
from fauxtune_sim.device.outcomes import Outcome
from fauxtune_sim.keys.marks import Names

if TYPE_CHECKING:
    from fauxtune_sim.cli.owner_commands import Owner


def owner_of(state: Path) -> Owner:
    """The owner of the device in a folder. What owners do is imported when a command runs."""
    from fauxtune_sim.cli.owner_commands import Owner

    return Owner(state)


@click.group(cls=Group, invoke_without_command=True, epilog="Example: fauxtune-sim keystore --state ./alice-phone")
@click.option("--state", type=PATH, metavar="DIR", show_default=False, help="The device's folder.")
@output_option
@click.pass_context
def keystore(context: click.Context, *, state: Path | None, output: Output) -> None:
    """The certificates and keys on a device: list them, or export them."""
    if context.invoked_subcommand is not None:
        return
    if state is None:
        raise click.BadParameter("name the device's folder", param_hint="--state")
    finish(guarded(lambda: owner_of(state).keystore()), output=output, state=state)


@keystore.command(
    "export", epilog="Example: fauxtune-sim keystore export --state ./alice-phone --pem ./keys --pfx ./keys"
)
@state_option
@click.option("--pem", type=PATH, metavar="FOLDER", help="The folder for PEM files: key, certificate, chain.")
@click.option("--pfx", type=PATH, metavar="FOLDER", help="The folder for PFX files.")
@click.option("--password", help="The password of the PFX files (default: fauxtune).")
@output_option
def keystore_export(*, state: Path, pem: Path | None, pfx: Path | None, password: str | None, output: Output) -> None:
    """Export the keys of a device as files for openssl and mail programs.

    Each file can be read by its owner only. Keys that a Mac does not let out of its keychain are not exported.
    """
    from fauxtune_sim.cli import owner_commands

    chosen = owner_commands.DEFAULT_PASSWORD if password is None else password
    options = owner_commands.ExportOptions(pem=pem, pfx=pfx, password=chosen, names=lambda rows: _names(state, rows))
    finish(guarded(lambda: owner_commands.export(state, options)), output=output, state=state)


def _names(state: Path, rows: list[dict[str, Any]]) -> Names:
    return names_in(document=rows, state=state)


fact_app = Group(help="What a device reports of itself: model, storage, encryption.")


@fact_app.command("list", epilog="Example: fauxtune-sim fact list --state ./alice-phone")
@state_option
@output_option
def list_facts(*, state: Path, output: Output) -> None:
    """List the facts of a device, and what carries each in its protocol.

    The names are those of Graph's managedDevice, hardwareInformation and windowsProtectionState. A personal device
    withholds some: it has them, and the service does not learn them.
    """
    finish(guarded(lambda: owner_of(state).list_facts()), output=output)


@fact_app.command(
    "set", epilog="Example: fauxtune-sim fact set --state ./alice-phone isEncrypted=false freeStorageSpaceInBytes=7000"
)
@state_option
@click.argument("assignments", nargs=-1, required=True, metavar="NAME=VALUE...", help="The facts that change.")
@output_option
def set_facts(*, state: Path, assignments: tuple[str, ...], output: Output) -> None:
    """Change facts of a device. It reports them at its next check-in, and Graph shows them afterwards.

    Sizes are in bytes, yes and no are `true` and `false`. If one value is refused, nothing changes. On iOS and iPadOS
    isEncrypted and isPasscodePresent are one fact: data are encrypted exactly if there is a passcode.
    """
    finish(guarded(lambda: owner_of(state).set_facts(assignments)), output=output)


script_app = Group(help="The outcomes of scripts on a device. The text of a script is never run.")

script_argument = click.argument("script", help="The script's name or id.")


@script_app.command("list", epilog="Example: fauxtune-sim script list --state ./alice-pc")
@state_option
@output_option
def list_outcomes(*, state: Path, output: Output) -> None:
    """List the outcomes that were set on a device. Every other script succeeds and writes nothing."""
    finish(guarded(lambda: owner_of(state).list_outcomes()), output=output)


@script_app.command("set", epilog='Example: fauxtune-sim script set "Map drives" --exit-code 1 --state ./alice-pc')
@script_argument
@click.option("--exit-code", default=0, metavar="N", help="The exit code; of a detection 1 is an issue.")
@click.option("--writes", "text", default="", help="What it writes to its output.")
@click.option("--error", default="", help="What it writes to its error output.")
@click.option("--remediation", default=0, metavar="N", help="The exit code of the remediation that follows an issue.")
@click.option("--fixes/--fixes-nothing", default=True, help="Whether the issue is gone after the remediation.")
@state_option
@output_option
def set_outcome(
    *, script: str, exit_code: int, text: str, error: str, remediation: int, fixes: bool, state: Path, output: Output
) -> None:
    """Set how a script ends on a device from now on."""
    outcome = Outcome(exit_code, text, error, remediation, fixes)
    finish(guarded(lambda: owner_of(state).set_outcome(script, outcome=outcome)), output=output)


@script_app.command("forget", epilog='Example: fauxtune-sim script forget "Map drives" --state ./alice-pc')
@script_argument
@state_option
@output_option
def forget_outcome(*, script: str, state: Path, output: Output) -> None:
    """Let a script succeed again, and write nothing."""
    finish(guarded(lambda: owner_of(state).forget_outcome(script)), output=output)
