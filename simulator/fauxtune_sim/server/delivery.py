"""What a settled device did not get: profiles that failed, and profiles that still wait, with the reasons.

The device knows only what it refused, by the names of its protocol. A Fauxtune server that runs on this machine is
queried too: it knows the profiles, and also what never reached the device. Other servers are not asked.
"""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from fauxtune_sim.agent.agent import Agent
from fauxtune_sim.device.device import Device
from fauxtune_sim.device.enrollment import Enrollment
from fauxtune_sim.errors import SimulatorError
from fauxtune_sim.platforms import Platform
from fauxtune_sim.server.control import Control, Undelivered, control_of
from fauxtune_sim.server.discovery import ServerOptions, find_server
from fauxtune_sim.server.transport import Transport

_APPLE = frozenset({Platform.IOS, Platform.IPADOS, Platform.MACOS})
#: Names that double quotation marks protect in every shell.
_HARMLESS = re.compile(r"[\w '.,:@+-]+")


@dataclass(frozen=True, slots=True)
class Delivery:
    """The profiles that failed on a device, those that wait, and those that have nothing to deliver. `remedies` are
    commands that end the waiting.

    `is_of_server`: a Fauxtune server on this machine told them, which `fauxtune diagnose` can ask for more.
    """

    failed: list[Undelivered] = field(default_factory=list)
    waiting: list[Undelivered] = field(default_factory=list)
    nothing: list[Undelivered] = field(default_factory=list)
    remedies: list[str] = field(default_factory=list)
    is_of_server: bool = False

    def nothing_lines(self) -> list[str]:
        """Return a line for each profile that has nothing to deliver, which is no failure."""
        return [f"nothing to deliver by {each.profile}: {each.why}" for each in self.nothing]

    def waiting_lines(self) -> list[str]:
        """Return a line for each reason of the waiting, with the names of the profiles, and the remedies."""
        names: dict[str, list[str]] = {}
        for each in self.waiting:
            names.setdefault(each.why, []).append(each.profile)
        lines = [
            f"settled, but {waiting(len(mine), 'profile', why=why)}: {', '.join(mine)}" for why, mine in names.items()
        ]
        return lines + remedy_lines(self.remedies)


def waiting(count: int, noun: str, *, why: str) -> str:
    """Return "1 profile waits for ..." or "2 profiles wait for ..."."""
    return f"1 {noun} waits for {why}" if count == 1 else f"{count} {noun}s wait for {why}"


def remedy_lines(remedies: Iterable[str]) -> list[str]:
    """Return a line for each command that ends the waiting."""
    return [f"to end the waiting: {remedy}" for remedy in remedies]


async def delivery_of(agent: Agent) -> Delivery | None:
    """Return what the server of a device says about its profiles; None if it cannot be queried."""
    device, enrollment = agent.device, agent.device.enrollment
    if enrollment is None:
        return None
    try:
        server = find_server(ServerOptions(server=enrollment.server, tenant=enrollment.tenant))
        if not server.is_described:
            return None
        async with Transport(ca=device.ca, demands=device.demands) as transport:
            control = control_of(server, transport)
            outcome = await control.undelivered(_key(device, enrollment))
            reasons = [each.why for each in outcome.waiting]
            commands = await remedies(control, reasons)
            return Delivery(outcome.failed, outcome.waiting, outcome.nothing, commands, is_of_server=True)
    except SimulatorError:  # no answer
        return None


def _key(device: Device, enrollment: Enrollment) -> str:
    """By what the server knows the enrolment: its id, which Android and Windows devices are told, or the serial number,
    by which it knows Apple's. (Several devices can have one name.)
    """
    name = enrollment.name.rpartition("/")[2]
    return device.hardware.serial_number if device.platform in _APPLE else name


async def waiting_devices(control: Control, names: set[str]) -> tuple[Counter[str], list[str]]:
    """Return what those of the devices that are not settled wait for, with their number, and the remedies."""
    causes: Counter[str] = Counter()
    try:
        for reasons in await control.unsettled(names):
            causes.update(reasons)
        return causes, await remedies(control, causes)
    except SimulatorError:  # the server does not say
        return causes, []


async def remedies(control: Control, causes: Iterable[str]) -> list[str]:
    """Return the commands that set the connectors on line which are waited for."""
    causes = list(causes)
    if not causes:
        return []
    away = [name for name in await control.connectors_off_line() if any(f"'{name}'" in cause for cause in causes)]
    return [f"fauxtune connector online {quoted(name)}" for name in away]


def quoted(text: str) -> str:
    """Return a name as one word of a command line that can be pasted into any shell."""
    return f'"{text}"' if _HARMLESS.fullmatch(text) and shlex.quote(text) != text else shlex.quote(text)
