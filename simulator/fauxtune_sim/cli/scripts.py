"""The commands of `fauxtune-sim script`: parsing of arguments and printing, nothing else."""

from __future__ import annotations

from typing import Annotated

import typer

from fauxtune_sim.cli.base import Output, OutputOption, StateOption, finish, guarded

script_app = typer.Typer(
    help="The outcomes of scripts on a device. The text of a script is never run.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

ScriptArgument = Annotated[str, typer.Argument(metavar="SCRIPT", help="The script's name or id.")]


@script_app.command("list", epilog="Example: fauxtune-sim script list --state ./alice-pc")
def list_outcomes(*, state: StateOption, output: OutputOption = Output.TEXT) -> None:
    """List the outcomes that were set on a device. Every other script succeeds and writes nothing."""
    from fauxtune_sim.cli import script_commands

    finish(guarded(lambda: script_commands.list_outcomes(state)), output=output)


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
    from fauxtune_sim.cli import script_commands
    from fauxtune_sim.device.script_outcomes import Outcome

    outcome = Outcome(exit_code, text, error, remediation, fixes)
    finish(guarded(lambda: script_commands.set_outcome(state, script, outcome=outcome)), output=output)


@script_app.command("forget", epilog='Example: fauxtune-sim script forget "Map drives" --state ./alice-pc')
def forget_outcome(*, script: ScriptArgument, state: StateOption, output: OutputOption = Output.TEXT) -> None:
    """Let a script succeed again, and write nothing."""
    from fauxtune_sim.cli import script_commands

    finish(guarded(lambda: script_commands.forget_outcome(state, script)), output=output)
