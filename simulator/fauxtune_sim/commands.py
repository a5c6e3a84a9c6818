"""What the commands do, apart from parsing arguments and printing.

Each gives a Result: the document for `--output json`, the lines for people, and whether it did what was asked.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fauxtune_sim.agent import Agent, CheckIn
from fauxtune_sim.agents import agent_class, agent_for, load_device
from fauxtune_sim.control import Control
from fauxtune_sim.device import Device
from fauxtune_sim.discovery import Named, Server, find_server
from fauxtune_sim.errors import (
    AnswerBroken,
    NotAllowedHere,
    NotFoundHere,
    ServerRefused,
    SimulatorError,
)
from fauxtune_sim.fleet import SEEDED_PEOPLE, FleetOrder, read_mix, run_fleet
from fauxtune_sim.listing import listing_lines
from fauxtune_sim.platforms import Mode, Platform, kind_of
from fauxtune_sim.runner import Runner, describe
from fauxtune_sim.transport import Transport, read_ca

#: Seconds between check-ins while a device is waited for to come to rest.
_PAUSE = 1.0


@dataclass(frozen=True, slots=True)
class Result:
    """What a command has to say."""

    document: Any
    lines: Sequence[str]
    done: bool = True


def control_of(server: Server, transport: Transport) -> Control:
    """The control surface of a server, with the token of the environment."""
    token = os.environ.get("FAUXTUNE_CONTROL_TOKEN")
    return Control(transport, server.control, tenant=server.tenant, token=token)


def transport_to(server: Server) -> Transport:
    """A transport that trusts the server's authority."""
    return Transport(ca=None if server.ca_file is None else read_ca(server.ca_file))


@asynccontextmanager
async def agent_of(state: Path) -> AsyncIterator[Agent]:
    """The agent of a state folder, with a transport of its own."""
    device = load_device(state)
    async with Transport(ca=device.ca) as transport:
        yield agent_for(device, transport)


@dataclass(frozen=True, slots=True)
class EnrollOrder:
    """What device is to be enrolled, and by what right.

    The right is a token, or the name of a user for whom one is asked, or such a name with a password. What is None is
    what the folder's device has, or the usual.
    """

    state: Path
    platform: Platform | None = None
    mode: Mode | None = None
    os_version: str | None = None
    name: str | None = None
    token: str | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    #: A configuration profile, a file or an address: it names the server itself.
    profile: str | None = None


async def enroll(order: EnrollOrder, named: Named) -> Result:
    """Enrol the device of a folder (a new one if it is empty) and let it check in."""
    if order.profile is not None:
        return await _enroll_with_profile(order, named)
    if (order.token is None) == (order.user is None):
        raise NotFoundHere("name either a --token or a --user for whom one is asked")
    if order.password is not None and order.user is None:
        raise NotFoundHere("a --password needs its --user")
    device = _device_for(order)
    takes_password = agent_class(device.platform).takes_password
    if order.password is not None and not takes_password:
        raise NotFoundHere(f"{device.platform} enrols with a token, not with a password: leave --password out")
    server = find_server(named)
    async with transport_to(server) as transport:
        token = order.token
        if token is None and order.password is None:
            token = await control_of(server, transport).enrollment_token(str(order.user))
        agent = agent_for(device, transport)
        await agent.enroll(
            server=server.url, tenant=server.tenant, token=token, user=order.user, password=order.password
        )
        return await _enrolled(agent, order.state)


async def _enroll_with_profile(order: EnrollOrder, named: Named) -> Result:
    if (order.token, order.user, order.password) != (None, None, None):
        raise NotFoundHere("a --profile says by what right it enrols: leave --token, --user and --password out")
    device = _device_for(order)
    async with Transport(ca=None if named.ca is None else read_ca(named.ca)) as transport:
        agent = agent_for(device, transport)
        await agent.enroll_with_profile(await _profile(str(order.profile), transport))
        return await _enrolled(agent, order.state)


async def _profile(place: str, transport: Transport) -> bytes:
    """The profile that stands in a file or at an address."""
    if place.startswith(("https://", "http://")):
        answer = await transport.get(place)
        if answer.status != 200:
            raise ServerRefused(f"{place} answered {answer.status}, not with a profile", status=answer.status)
        return answer.body
    try:
        return await asyncio.to_thread(Path(place).read_bytes)
    except OSError as failed:
        raise NotFoundHere(f"the profile {place} cannot be read: {failed.strerror}") from failed


async def _enrolled(agent: Agent, state: Path) -> Result:
    """What to say of a device that has just enrolled, after its first check-in."""
    device, user, name = agent.device, agent.enrollment.user_principal_name, agent.enrollment.name
    checked = await _check_in_with_time(agent)
    document = {
        "device": device.name,
        "name": name,
        "userPrincipalName": user,
        "platform": device.platform,
        "mode": device.mode,
        "state": str(state),
        "remarks": list(agent.remarks),
        **_checked(checked),
    }
    lines = [f"{device.name} ({device.kind}) is enrolled for {user or 'nobody by name'}"]
    lines += [*agent.remarks, *_lines(checked)]
    return Result(document, lines)


def _device_for(order: EnrollOrder) -> Device:
    if not Device.exists(order.state):
        return Device.new(
            order.name,
            platform=order.platform or Platform.ANDROID,
            mode=order.mode,
            os_version=order.os_version,
            folder=order.state,
        )
    device = load_device(order.state)
    if device.is_enrolled:
        raise NotAllowedHere(f"{order.state} holds {device.name}, which is enrolled already: unenrol it first")
    if order.platform not in {None, device.platform}:
        raise NotAllowedHere(
            f"{order.state} holds {device.name}, which is {device.platform}: another --state makes another device"
        )
    # The same piece of hardware, set up anew.
    device.mode, device.name = kind_of(device.platform, order.mode).mode, order.name or device.name
    if order.os_version is not None:
        device.hardware = device.hardware.at_version(device.platform, order.os_version)
    return device


async def _check_in_with_time(agent: Agent) -> CheckIn:
    """Ask for the tenant's time first, so that the device remembers when it checked in."""
    await agent.tenant_now()
    return await agent.check_in()


async def check_in(state: Path, *, until_settled: bool, timeout: float) -> Result:
    """Check in once, or again and again until the device is at rest or `timeout` seconds have passed."""
    async with agent_of(state) as agent:
        done = await _check_in_with_time(agent)
        deadline = time.monotonic() + timeout
        while until_settled and not done.settled and done.ended is None and time.monotonic() < deadline:
            await asyncio.sleep(_PAUSE)
            again = await agent.check_in()
            again.reports += done.reports
            again.installed, again.removed = done.installed + again.installed, done.removed + again.removed
            again.gained, again.lost = done.gained + again.gained, done.lost + again.lost
            again.refused = tuple(dict.fromkeys((*done.refused, *again.refused)))
            done = again
        failed = await _failed(agent, done) if until_settled else []
    lines = _lines(done)
    if failed:
        count = "1 profile" if len(failed) == 1 else f"{len(failed)} profiles"
        lines += [f"{count} failed: {'; '.join(f'{name}: {why}' for name, why in failed)}"]
        lines += [f"run `fauxtune diagnose --device {shlex.quote(agent.device.name)}` for what would put it right"]
    document = _checked(done) | {"failed": [{"profile": name, "why": why} for name, why in failed]}
    at_rest = done.settled or done.ended is not None
    return Result(document, lines, done=(at_rest and not failed) or not until_settled)


async def _failed(agent: Agent, done: CheckIn) -> list[tuple[str, str]]:
    """What failed on the device, by name and with the reason.

    The device itself knows only what it refused, by the names of its wire. A Fauxtune server that runs on this machine
    is asked too: it knows the profiles, and also what never came to the device.
    """
    device, enrollment = agent.device, agent.device.enrollment
    refused = [(each.path, each.why) for each in done.refused]
    if enrollment is None:
        return refused
    try:
        server = find_server(Named(server=enrollment.server, tenant=enrollment.tenant))
        if not server.is_described:
            return refused
        async with Transport(ca=device.ca) as transport:
            return await control_of(server, transport).failed_profiles(device.name) or refused
    except SimulatorError:  # it does not answer us, or two devices have this name: the device's own word stands
        return refused


def _checked(done: CheckIn) -> dict[str, Any]:
    return {
        "settled": done.settled,
        "reports": done.reports,
        "policyVersion": done.policy_version,
        "installed": done.installed,
        "removed": done.removed,
        "refused": [{"item": one.path, "why": one.why} for one in done.refused],
        "ended": done.ended,
    }


def _lines(done: CheckIn) -> list[str]:
    lines = describe(done)
    if done.ended is None:
        lines.append("at rest" if done.settled else "not at rest yet: the service has more for this device")
    return lines


async def run(states: Sequence[Path], *, tell: Callable[[str], None]) -> Result:
    """Keep devices connected until interrupted; devices of one server share one connection pool."""
    devices = [load_device(state) for state in states]
    transports: dict[bytes | None, Transport] = {}
    runner = Runner(announce=tell)
    try:
        for device in devices:
            transport = transports.get(device.ca) or transports.setdefault(device.ca, Transport(ca=device.ca))
            runner.add(agent_for(device, transport))
        tell(f"connected: {', '.join(device.name for device in devices)}; Ctrl-C ends it")
        await runner.run(interrupted())
    finally:
        await runner.close()
        for transport in transports.values():
            await transport.close()
    rows = [{"device": one.name, "enrolled": one.is_enrolled, "ended": one.ended} for one in devices]
    return Result({"devices": rows}, [])


def interrupted() -> asyncio.Event:
    """An event that Ctrl-C or a polite kill sets."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for which in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(which, stop.set)
    return stop


async def unenroll(state: Path) -> Result:
    """The user ends management."""
    async with agent_of(state) as agent:
        untold = await agent.unenroll()
        name, is_empty = agent.device.name, agent.device.keystore.is_empty
    left = "everything that was installed is gone" if is_empty else "its certificates stay, and their keys"
    lines = [f"{name} is no longer managed; {left}"]
    if untold is not None:
        lines.append(f"the service could not be told: {untold}")
    return Result({"device": name, "unenrolled": True, "told": untold is None, "why": untold}, lines)


def keystore(state: Path) -> Result:
    """What is installed on the device: keys, trusted certificates, mail accounts."""
    device = load_device(state)
    rows = device.keystore.listing()
    accounts = [account.row() for account in device.accounts.values()]
    return Result(rows + accounts, listing_lines(rows, accounts) or [f"{device.name} holds nothing managed"])


@dataclass(frozen=True, slots=True)
class FleetWish:
    """The fleet as the command line names it."""

    devices: int
    mix: str
    users: Sequence[str]
    keys: str
    at_once: int
    stay: bool


async def fleet(wish: FleetWish, named: Named, *, tell: Callable[[str], None], show: Callable[[Result], None]) -> bool:
    """Enrol a fleet and show its summary; with `stay`, keep it connected afterwards. True if all went well."""
    if wish.keys != "each" and not (wish.keys.isdecimal() and int(wish.keys) > 0):
        raise NotFoundHere(f"--keys is a number from 1, or `each`; not {wish.keys}")
    mix = read_mix(wish.mix)
    server = find_server(named)
    _allow_many_connections()
    async with transport_to(server) as transport:
        control = control_of(server, transport)
        order = FleetOrder(
            devices=wish.devices,
            server=server.url,
            tenant=server.tenant,
            users=wish.users or await _seeded_people(control),
            mix=mix,
            keys=None if wish.keys == "each" else int(wish.keys),
            at_once=wish.at_once,
        )
        summary = await run_fleet(order, transport=transport, control=control, progress=tell)
        document = summary.document()
        told = (
            f"{summary.enrolled} of {wish.devices} devices enrolled, {summary.settled} at rest, "
            f"{summary.items_installed} items installed, {document['checkinsPerSecond']:g} check-ins a second"
        )
        lines = [told, *(f"{one['count']} times: {one['cause']}" for one in document["failures"])]
        all_well = summary.settled == wish.devices and not summary.failures
        show(Result(document, lines, done=all_well))
        if wish.stay and summary.agents:
            await _stay(summary.agents, tell=tell)
    return all_well


def _allow_many_connections() -> None:
    """Every connected device is an open connection; the usual soft limit of 1,024 is too low for a fleet."""
    if sys.platform == "win32":
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def _stay(agents: Sequence[Agent], *, tell: Callable[[str], None]) -> None:
    runner = Runner(announce=tell)
    try:
        for agent in agents:
            if agent.device.is_enrolled:
                runner.add(agent)
        tell("the fleet stays connected; Ctrl-C ends it")
        await runner.run(interrupted())
    finally:
        await runner.close()


async def _seeded_people(control: Control) -> list[str]:
    domain = (await control.tenant()).get("domain")
    if not isinstance(domain, str):
        raise AnswerBroken("the tenant's domain is not known: name the users with --user")
    return [f"{person}@{domain}" for person in SEEDED_PEOPLE]
