"""The command `fleet`, without parsing of arguments and printing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from fauxtune_sim.cli.base import Output, bar_at_terminal, note
from fauxtune_sim.cli.commands import CommandOutput, transport_to
from fauxtune_sim.errors import NotAllowedHere, NotFoundHere
from fauxtune_sim.event_loop import interrupted
from fauxtune_sim.fleet.fleet import SEEDED_PEOPLE, Crew, Fleet, FleetSettings, read_mix, run_fleet
from fauxtune_sim.fleet.processes import FleetProcesses
from fauxtune_sim.fleet.summary import Observer, ProgressLines
from fauxtune_sim.server.control import control_of
from fauxtune_sim.server.discovery import ServerOptions, find_server
from fauxtune_sim.server.transport import Transport

if sys.platform != "win32":
    import resource

#: Open files of a process besides its devices' connections: libraries, pipes, the loop.
_OTHER_FILES = 100
#: From which ports connections are opened: each address of a server can be called from each of them once.
_PORTS = Path("/proc/sys/net/ipv4/ip_local_port_range")


@dataclass(frozen=True, slots=True)
class FleetOptions:
    """The options of `fleet`."""

    devices: int
    mix: str
    users: Sequence[str]
    keys: str
    at_once: int
    stay: bool
    seed: int | None = None
    processes: int = 1
    again: int = 0
    rate: float | None = None


async def fleet(
    options: FleetOptions,
    server_options: ServerOptions,
    *,
    announce: Callable[[str], None],
    output: Output,
    show: Callable[[CommandOutput], None],
) -> bool:
    """Enrol a fleet and show its summary; with `stay`, keep it connected afterwards. True if all devices settled.
    `output`: programs that ask for JSON are not told how far it is.

    Raises NotFoundHere or NotAllowedHere for options that do not fit one another, before anything is sent.
    """
    _check(options)
    mix = read_mix(options.mix)
    server = find_server(server_options)
    _allow_connections(options)
    async with transport_to(server) as transport:
        control = control_of(server, transport)
        settings = FleetSettings(
            devices=options.devices,
            server=server.url,
            tenant=server.tenant,
            users=[await control.principal_name(user) for user in options.users or SEEDED_PEOPLE],
            mix=mix,
            keys=None if options.keys == "each" else int(options.keys),
            at_once=options.at_once,
            seed=options.seed,
            again=options.again,
            rate=options.rate,
            parts=options.processes,
        )
        async with _crew(settings, transport) as crew:
            with _observing(output) as observer:
                summary = await run_fleet(settings, crew=crew, control=control, observer=observer)
            succeeded = summary.settled == options.devices and not summary.failures and not summary.waiting
            show(CommandOutput(summary.document(), summary.lines(options.devices), succeeded=succeeded))
            if options.stay and summary.enrolled:
                stop = interrupted()  # before the words: who reads them may send the signal at once
                announce("the fleet stays connected; Ctrl-C disconnects it")
                await crew.stay(stop, announce=announce)
    return succeeded


def _crew(settings: FleetSettings, transport: Transport) -> AbstractAsyncContextManager[Crew]:
    if settings.parts == 1:
        return nullcontext(Fleet(settings, transport=transport))
    return FleetProcesses(settings, ca=transport.ca)


def _observing(output: Output) -> AbstractContextManager[Observer]:
    """Who is told how far the fleet is: people, by a bar on a terminal that can move its cursor, else by lines."""
    if output is Output.JSON:
        return nullcontext(ProgressLines(lambda _line: None))
    return bar_at_terminal("identity keys are made") or nullcontext(ProgressLines(note))


def _check(options: FleetOptions) -> None:
    if options.keys != "each" and not (options.keys.isdecimal() and int(options.keys) > 0):
        raise NotFoundHere(f"--keys is a number from 1 or `each`, not {options.keys}")
    if options.processes > options.devices:
        raise NotAllowedHere(
            f"--devices {options.devices} are too few for --processes {options.processes}: each process needs a device"
        )
    if options.rate is not None and not options.again:
        raise NotAllowedHere("--rate is that of the check-ins of --again: name their number too")


def _allow_connections(options: FleetOptions) -> None:
    """Raise this process's limit of open files to the hard one, which its children inherit: a connected device is an
    open file, and the usual limit is 1,024. Raises NotAllowedHere if that is too low for the fleet.
    """
    at_once = -(-options.at_once // options.processes)
    connections = max(at_once, -(-options.devices // options.processes)) if options.stay else at_once
    allowed = _most_files() - _OTHER_FILES
    if connections > allowed:
        why = "--stay keeps a connection open for each device" if options.stay else "--at-once is too high"
        raise NotAllowedHere(
            f"{why}: {connections:,} in a process, which may open {max(allowed, 0):,} (`ulimit -Hn` less "
            f"{_OTHER_FILES}). Raise that limit, or share the fleet among more --processes"
        )
    ports = _most_ports()
    if options.stay and options.devices > ports:
        raise NotAllowedHere(
            f"--stay keeps a connection open for each device, and this computer can open {ports:,} to one server "
            f"({_PORTS}). Widen that range, or leave --stay out: then {options.at_once} are open at a time"
        )


def _most_files() -> int:
    if sys.platform == "win32":
        return sys.maxsize
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return sys.maxsize if hard == resource.RLIM_INFINITY else hard


def _most_ports() -> int:
    """The number of connections that can be open to one address and port."""
    try:
        first, last = _PORTS.read_text().split()
    except OSError:  # not Linux
        return 65535 - 1024
    return int(last) - int(first) + 1
