"""The parts that the commands of `fauxtune-sim` share: options, the way they run, print and end.

With `--output json` standard output holds one JSON document; what happens to connected devices goes to standard error.
Exit code 0 means that the command succeeded, 1 that it failed, 2 that the arguments were wrong, 130 that Ctrl-C ended
it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager
from enum import Enum, StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

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


ChoiceT = TypeVar("ChoiceT", bound=Enum)
#: A file or a folder, which need not exist.
PATH = click.Path(path_type=Path)


class OneOf(click.Choice[ChoiceT]):
    """A word of an enumeration: the value of a member, where click would take its name."""

    def normalize_choice(self, choice: object, ctx: click.Context | None) -> str:
        """Return the word as it is compared."""
        return super().normalize_choice(choice.value if isinstance(choice, Enum) else choice, ctx)


class Group(click.Group):
    """A group of commands, which its help lists in the order in which they were added."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command. Ctrl-C ends it without a word."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            ctx.exit(_INTERRUPTED)


autopilot_option = click.option(
    "--autopilot", is_flag=True, help="Ask for the Autopilot deployment profile first: a PC only."
)
state_option = click.option(
    "--state", type=PATH, required=True, metavar="DIR", show_default=False, help="The device's folder."
)
states_option = click.option(
    "--state",
    type=PATH,
    multiple=True,
    required=True,
    metavar="DIR",
    show_default=False,
    help="A device's folder; can be repeated.",
)
output_option = click.option("--output", type=OneOf(Output), default="text", help="text to read, json for programs.")


def _unless_a_folder_is_named(context: click.Context, option: click.Parameter, value: Any) -> Any:  # noqa: PLR0917 - click's
    """Drop what a variable says of the server where the command line names the server's folder."""
    names = ("data_dir", "server", str(option.name))
    folder, address, own = (getattr(context.get_parameter_source(name), "name", None) for name in names)
    is_other = folder == "COMMANDLINE" != address and own == "ENVIRONMENT"
    return None if is_other else value


server_option = click.option(
    "--server",
    metavar="URL",
    envvar=["FAUXTUNE_SERVER", "FAUXTUNE_URL"],
    show_envvar=True,
    callback=_unless_a_folder_is_named,
    help="The server's HTTPS address; with a path, the discovery address for a Windows device.",
)
ca_option = click.option(
    "--ca",
    type=PATH,
    metavar="FILE",
    envvar="FAUXTUNE_CA",
    show_envvar=True,
    callback=_unless_a_folder_is_named,
    help="PEM file of the CA to trust.",
)
tenant_option = click.option(
    "--tenant", metavar="TENANT", envvar="FAUXTUNE_TENANT", show_envvar=True, help="The tenant's id, name or domain."
)
data_dir_option = click.option(
    "--data-dir",
    type=PATH,
    metavar="DIR",
    envvar="FAUXTUNE_DATA_DIR",
    show_envvar=True,
    help="The data folder of a server, which has its address (default: .fauxtune).",
)

processes_option = click.option(
    "--processes",
    type=click.IntRange(1, 64),
    default=1,
    metavar="N",
    help="The number of processes that share the devices.",
)
again_option = click.option(
    "--again",
    type=click.IntRange(0),
    default=0,
    metavar="N",
    help="How often each device checks in again after it has settled.",
)
rate_option = click.option(
    "--rate",
    type=click.FloatRange(0.01),
    metavar="N",
    help="How many of these check-ins begin in a second (default: as many as are answered).",
)


def server_options_of(
    *, server: str | None, ca: Path | None, tenant: str | None, data_dir: Path | None
) -> ServerOptions:
    """The options that say which server a command calls, as a value."""
    return ServerOptions(server=server, ca=ca, tenant=tenant, data_dir=data_dir)


def run_to_end(work: Coroutine[Any, Any, T], *, program: str = _PROGRAM, state: Path | None = None) -> T:
    """Run a command's coroutine. A SimulatorError becomes one line on standard error and exit code 1, Ctrl-C 130.
    `state`: the folder of the device whose certificates the line may name.
    """
    try:
        return _looped(work)
    except Interrupted as ended:
        _fail(str(ended), program=program, code=_INTERRUPTED)
    except SimulatorError as failed:
        why = str(failed)
        _fail(names_in(why, state=state).put_into(why), program=program)
    except KeyboardInterrupt:
        _fail("interrupted", program=program, code=_INTERRUPTED)


def _looped(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in an event loop of its own, which the help of a command does not load."""
    from fauxtune_sim.event_loop import run_loop

    return run_loop(work)


def guarded(work: Callable[[], T]) -> T:
    """Run a function; a SimulatorError becomes one line on standard error and exit code 1."""
    try:
        return work()
    except SimulatorError as failed:
        _fail(str(failed))


def _fail(why: str, *, program: str = _PROGRAM, code: int = 1) -> NoReturn:
    if why:
        click.echo(f"{program}: {why}", err=True)
    raise click.exceptions.Exit(code)


def bar_at_terminal(title: str, *, total: int = 0) -> AbstractContextManager[Any] | None:
    """Return the `Bar` of so many devices (0: not known yet); None where standard error is no terminal that can move
    its cursor.
    """
    if not sys.stderr.isatty() or os.environ.get("TERM") in {"dumb", "unknown"}:
        return None
    from fauxtune_sim.cli.progress import bar

    return bar(title, total=total)


def note(line: str) -> None:
    """Print a line of progress to standard error."""
    click.echo(line, err=True)


def announcer(output: Output) -> Callable[[str], None]:
    """The function that prints progress: to standard error if standard output holds JSON."""
    return note if output is Output.JSON else click.echo


def show_json(document: Any) -> None:
    """Print a document as JSON."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def names_in(text: str = "", *, document: Any = None, state: Path | None) -> Names:
    """The names of the certificates in what a command prints, by the server of the device in a folder."""
    from fauxtune_sim.agent.by_platform import load_device
    from fauxtune_sim.server.control import names_for

    wanted = [*digits_in(text), *thumbprints_in(document)]
    if state is None or not wanted:
        return Names()
    try:
        return _looped(names_for(load_device(state), wanted))
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
        click.echo(names.put_into(plain, in_colour=in_colour and not os.environ.get("NO_COLOR")))


def finish(result: CommandOutput, *, output: Output, state: Path | None = None) -> None:
    """Print the output of a command (see `show_result`) and end with exit code 1 if it failed."""
    show_result(result, output=output, state=state)
    if not result.succeeded:
        raise click.exceptions.Exit(1)
