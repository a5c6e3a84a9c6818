"""The commands of `fauxtune-sim fact`: parsing of arguments and printing, nothing else."""

from __future__ import annotations

from typing import Annotated

import typer

from fauxtune_sim.cli.base import Output, OutputOption, StateOption, finish, guarded

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
    from fauxtune_sim.cli import fact_commands

    finish(guarded(lambda: fact_commands.list_facts(state)), output=output)


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
    from fauxtune_sim.cli import fact_commands

    finish(guarded(lambda: fact_commands.set_facts(state, assignments)), output=output)
