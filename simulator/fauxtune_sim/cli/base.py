"""The parts that the commands of `fauxtune-sim` share: options, the way they run, print and end.

With `--output json` standard output holds one JSON document and progress goes to standard error. Exit code 0 means that
the command succeeded, 1 that it failed, 2 that the arguments were wrong, 130 that Ctrl-C ended it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Coroutine
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

from fauxtune_sim.errors import Interrupted, SimulatorError
from fauxtune_sim.keys.marks import ROOM, Names, digits_in, thumbprints_in
from fauxtune_sim.server.discovery import ServerOptions

if TYPE_CHECKING:
    from fauxtune_sim.cli.commands import CommandOutput

T = TypeVar("T")
_PROGRAM = "fauxtune-sim"
#: The usual exit code of a program that Ctrl-C ended.
_INTERRUPTED = 130


class Output(StrEnum):
    """The format of a command's output."""

    TEXT = "text"
    JSON = "json"


AutopilotOption = Annotated[
    bool, typer.Option("--autopilot", help="Ask for the Autopilot deployment profile first: a PC only.")
]
StateOption = Annotated[Path, typer.Option("--state", help="The device's folder.", metavar="DIR", show_default=False)]
StatesOption = Annotated[
    list[Path], typer.Option("--state", help="A device's folder; can be repeated.", metavar="DIR", show_default=False)
]
OutputOption = Annotated[Output, typer.Option("--output", help="text to read, json for programs.")]


def _unless_a_folder_is_named(context: typer.Context, *, option: typer.CallbackParam, value: Any) -> Any:
    """Drop what a variable says of the server where the command line names the server's folder."""
    names = ("data_dir", "server", str(option.name))
    folder, address, own = (getattr(context.get_parameter_source(name), "name", None) for name in names)
    is_other = folder == "COMMANDLINE" != address and own == "ENVIRONMENT"
    return None if is_other else value


ServerOption = Annotated[
    str | None,
    typer.Option(
        "--server",
        help="The server's HTTPS address; with a path, the discovery address for a Windows device.",
        envvar=["FAUXTUNE_SERVER", "FAUXTUNE_URL"],
        metavar="URL",
        callback=_unless_a_folder_is_named,
    ),
]
CaOption = Annotated[
    Path | None,
    typer.Option(
        "--ca",
        help="PEM file of the CA to trust.",
        envvar="FAUXTUNE_CA",
        metavar="FILE",
        callback=_unless_a_folder_is_named,
    ),
]
TenantOption = Annotated[
    str | None,
    typer.Option("--tenant", help="The tenant's id, name or domain.", envvar="FAUXTUNE_TENANT", metavar="TENANT"),
]
DataDirOption = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        help="The data folder of a server, which has its address (default: .fauxtune).",
        envvar="FAUXTUNE_DATA_DIR",
        metavar="DIR",
    ),
]

ProcessesOption = Annotated[
    int, typer.Option(help="The number of processes that share the devices.", min=1, max=64, metavar="N")
]
AgainOption = Annotated[
    int, typer.Option(help="How often each device checks in again after it has settled.", min=0, metavar="N")
]
RateOption = Annotated[
    float | None,
    typer.Option(
        help="How many of these check-ins begin in a second (default: as many as are answered).", min=0.01, metavar="N"
    ),
]


def server_options_of(
    *, server: str | None, ca: Path | None, tenant: str | None, data_dir: Path | None
) -> ServerOptions:
    """The options that say which server a command calls, as a value."""
    return ServerOptions(server=server, ca=ca, tenant=tenant, data_dir=data_dir)


def run_to_end(work: Coroutine[Any, Any, T], *, program: str = _PROGRAM, state: Path | None = None) -> T:
    """Run a command's coroutine. A SimulatorError becomes one line on standard error and exit code 1, Ctrl-C 130.
    `state`: the folder of the device whose certificates the line may name.
    """
    from fauxtune_sim.event_loop import run_loop

    try:
        return run_loop(work)
    except Interrupted as ended:
        _fail(str(ended), program=program, code=_INTERRUPTED)
    except SimulatorError as failed:
        why = str(failed)
        _fail(names_in(why, state=state).put_into(why), program=program)
    except KeyboardInterrupt:
        _fail("interrupted", program=program, code=_INTERRUPTED)


def guarded(work: Callable[[], T]) -> T:
    """Run a function; a SimulatorError becomes one line on standard error and exit code 1."""
    try:
        return work()
    except SimulatorError as failed:
        _fail(str(failed))


def _fail(why: str, *, program: str = _PROGRAM, code: int = 1) -> NoReturn:
    if why:
        typer.echo(f"{program}: {why}", err=True)
    raise typer.Exit(code)


def note(line: str) -> None:
    """Print a line of progress to standard error."""
    typer.echo(line, err=True)


def announcer(output: Output) -> Callable[[str], None]:
    """The function that prints progress: to standard error if standard output holds JSON."""
    return note if output is Output.JSON else typer.echo


def show_json(document: Any) -> None:
    """Print a document as JSON."""
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


def names_in(text: str = "", *, document: Any = None, state: Path | None) -> Names:
    """The names of the certificates in what a command prints, by the server of the device in a folder."""
    from fauxtune_sim.agent.by_platform import load_device
    from fauxtune_sim.event_loop import run_loop
    from fauxtune_sim.server.control import names_for

    wanted = [*digits_in(text), *thumbprints_in(document)]
    if state is None or not wanted:
        return Names()
    try:
        return run_loop(names_for(load_device(state), wanted))
    except SimulatorError:  # the folder has no device
        return Names()


def show_result(result: CommandOutput, *, output: Output, state: Path | None = None) -> None:
    """Print the output of a command. `state`: the folder of the device whose certificates it names."""
    if output is Output.JSON:
        names_in(document=result.document, state=state).add_to(result.document)
        show_json(result.document)
        return
    names, in_colour = names_in("\n".join(result.lines), state=state), sys.stdout.isatty()
    for line in result.lines:
        # A line may quote what strangers wrote, such as the subject of a mail: no control characters reach a terminal.
        plain = "".join(each if each.isprintable() or each in f"\n\t{ROOM[0]}" else " " for each in line)
        typer.echo(names.put_into(plain, in_colour=in_colour and not os.environ.get("NO_COLOR")))


def finish(result: CommandOutput, *, output: Output, state: Path | None = None) -> None:
    """Print the output of a command (see `show_result`) and end with exit code 1 if it failed."""
    show_result(result, output=output, state=state)
    if not result.succeeded:
        raise typer.Exit(1)
