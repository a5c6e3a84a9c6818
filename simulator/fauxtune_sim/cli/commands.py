"""The commands of `fauxtune-sim`, without parsing of arguments and printing.

Each returns a CommandOutput: the document for `--output json`, the lines for `--output text`, and whether it succeeded.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from fauxtune_sim.agent.agent import Agent, CheckInResult
from fauxtune_sim.agent.by_platform import agent_class, agent_for, load_device
from fauxtune_sim.agent.runner import Runner, describe
from fauxtune_sim.device.device import Device
from fauxtune_sim.errors import (
    NotAllowedHere,
    NotFoundHere,
    ServerRefused,
)
from fauxtune_sim.event_loop import interrupted
from fauxtune_sim.platforms import Mode, Platform, kind_of
from fauxtune_sim.server.control import Undelivered, control_of
from fauxtune_sim.server.delivery import Delivery, delivery_of, quoted
from fauxtune_sim.server.discovery import Server, ServerOptions, find_server
from fauxtune_sim.server.transport import Transport, read_ca
from fauxtune_sim.windows import machine

#: Seconds between the check-ins of a device until it has settled.
_PAUSE = 1.0


@dataclass(frozen=True, slots=True)
class CommandOutput:
    """The output of a command, and whether it succeeded."""

    document: Any
    lines: Sequence[str]
    succeeded: bool = True


def transport_to(server: Server) -> Transport:
    """A transport that trusts the server's authority, and asks no other server at its address."""
    return Transport(ca=None if server.ca_file is None else read_ca(server.ca_file), demands=server.demands)


@asynccontextmanager
async def agent_of(state: Path) -> AsyncIterator[Agent]:
    """The agent of the device in a state folder, with its own transport."""
    device = load_device(state)
    async with Transport(ca=device.ca) as transport:
        yield agent_for(device, transport)


@dataclass(frozen=True, slots=True)
class EnrollOptions:
    """The options of `enroll`: the device, and the credentials.

    The credentials are a token, or a user for whom a token is created, or a user with a password. None means the value
    of the folder's device, or the default.
    """

    state: Path
    platform: Platform | None = None
    mode: Mode | None = None
    os_version: str | None = None
    name: str | None = None
    token: str | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    #: A configuration profile, by file or address; it names the server.
    profile: str | None = None
    #: A PC asks for its deployment profile first.
    autopilot: bool = False


async def hardware_hash(state: Path) -> CommandOutput:
    """Show the hardware hash of the PC in a folder, a new one if the folder has no device."""
    if not Device.exists(state):
        Device.new(platform=Platform.WINDOWS, folder=state).save()
    device = load_device(state)
    code, serial = machine.hardware_hash(device), str(device.facts["serialNumber"])
    lines = ["Device Serial Number,Windows Product ID,Hardware Hash", f"{serial},,{code}"]
    return CommandOutput({"device": device.name, "serialNumber": serial, "hardwareHash": code}, lines)


async def enroll(options: EnrollOptions, server_options: ServerOptions) -> CommandOutput:
    """Enrol the device of a folder (a new one if the folder has none) and let it check in."""
    if options.profile is not None:
        return await _enroll_with_profile(options, server_options)
    if (options.token is None) == (options.user is None):
        raise NotFoundHere("name either a --token, or a --user for whom a token is created")
    if options.password is not None and options.user is None:
        raise NotFoundHere("--password needs --user")
    device = _device_for(options)
    takes_password = agent_class(device.platform).takes_password
    if options.password is not None and not takes_password:
        raise NotFoundHere(f"{device.platform} enrols with a token, not with a password: leave --password out")
    server = find_server(server_options)
    async with transport_to(server) as transport:
        token, user = options.token, options.user
        if user is not None:
            control = control_of(server, transport)
            user = await control.principal_name(user)
            token = await control.enrollment_token(user) if options.password is None else None
        agent = agent_for(device, transport)
        await agent.enroll(
            server=server.url,
            tenant=server.tenant,
            token=token,
            user=user,
            password=options.password,
            autopilot=options.autopilot,
        )
        return await _enrolled(agent, options.state)


async def _enroll_with_profile(options: EnrollOptions, server_options: ServerOptions) -> CommandOutput:
    if (options.token, options.user, options.password) != (None, None, None):
        raise NotFoundHere("a --profile has its own credentials: leave --token, --user and --password out")
    device = _device_for(options)
    async with Transport(ca=None if server_options.ca is None else read_ca(server_options.ca)) as transport:
        agent = agent_for(device, transport)
        await agent.enroll_with_profile(await _profile(str(options.profile), transport))
        return await _enrolled(agent, options.state)


async def _profile(location: str, transport: Transport) -> bytes:
    """Read the profile from a file or an address."""
    if location.startswith(("https://", "http://")):
        answer = await transport.get(location)
        if answer.status != 200:
            raise ServerRefused(f"{location} answered {answer.status} instead of a profile", status=answer.status)
        return answer.body
    try:
        return await asyncio.to_thread(Path(location).read_bytes)
    except OSError as failed:
        raise NotFoundHere(f"the profile {location} cannot be read: {failed.strerror}") from failed


async def _enrolled(agent: Agent, state: Path) -> CommandOutput:
    """Let a device that has just enrolled check in, and describe it."""
    device, user, name = agent.device, agent.enrollment.user_principal_name, agent.enrollment.name
    result = await _check_in_with_time(agent)
    delivery = await _delivery(agent, result)
    document = {
        "device": device.name,
        "name": name,
        "userPrincipalName": user,
        "platform": device.platform,
        "mode": device.mode,
        "state": str(state),
        "remarks": list(agent.remarks),
        **_result_document(result, delivery),
    }
    lines = [f"{device.name} ({device.kind}) is enrolled{f' for {user}' if user else ', without a named user'}"]
    lines += [*agent.remarks, *_result_lines(result, delivery)]
    return CommandOutput(document, lines)


def _device_for(options: EnrollOptions) -> Device:
    if not Device.exists(options.state):
        return Device.new(
            options.name,
            platform=options.platform or Platform.ANDROID,
            mode=options.mode,
            os_version=options.os_version,
            folder=options.state,
        )
    device = load_device(options.state)
    if device.is_enrolled:
        raise NotAllowedHere(f"{options.state} holds {device.name}, which is enrolled already: unenrol it first")
    if options.platform not in {None, device.platform}:
        raise NotAllowedHere(
            f"{options.state} holds {device.name}, which is {device.platform}: another --state makes another device"
        )
    # The same hardware, set up again.
    device.mode, device.name = kind_of(device.platform, options.mode).mode, options.name or device.name
    if options.os_version is not None:
        device.hardware = device.hardware.at_version(device.platform, options.os_version)
    return device


async def _check_in_with_time(agent: Agent) -> CheckInResult:
    """Get the tenant's time first, so that the time of the check-in is recorded."""
    await agent.tenant_now()
    return await agent.check_in()


class Progress(Protocol):
    """Is told how many of several devices have succeeded, of those that have tried."""

    def __call__(self, reached: int, *, tried: int) -> None:
        """Take the numbers."""


async def check_in_each(
    states: Sequence[Path], *, until_settled: bool, timeout: float, progress: Progress | None = None
) -> CommandOutput:
    """Let devices check in one after the other; of several, each line begins with the device's name. `progress`
    is told how many have.
    """
    outputs: list[CommandOutput] = []
    for state in states:
        outputs.append(await check_in(state, until_settled=until_settled, timeout=timeout))
        if progress is not None:
            progress(sum(output.succeeded for output in outputs), tried=len(outputs))
    if len(outputs) == 1:
        return outputs[0]
    lines = [f"{output.document['device']}: {line}" for output in outputs for line in output.lines]
    documents = [output.document for output in outputs]
    return CommandOutput(documents, lines, succeeded=all(output.succeeded for output in outputs))


async def check_in(state: Path, *, until_settled: bool, timeout: float) -> CommandOutput:
    """Check in once, or repeatedly until the device has settled or `timeout` seconds have passed."""
    async with agent_of(state) as agent:
        result = await _check_in_with_time(agent)
        deadline = time.monotonic() + timeout
        while until_settled and not result.settled and result.ended is None and time.monotonic() < deadline:
            await asyncio.sleep(_PAUSE)
            result = _combined(result, await agent.check_in())
        delivery = await _delivery(agent, result)
    lines = _result_lines(result, delivery)
    failed = delivery.failed if until_settled else []
    if failed:
        named = "; ".join(f"{each.profile}: {each.why}" for each in failed)
        if delivery.is_of_server:
            lines += [f"{len(failed)} profile{'s' * (len(failed) > 1)} failed: {named}"]
            lines += [f"`fauxtune diagnose --device {quoted(agent.device.name)}` shows the causes and the remedies"]
        else:
            lines += [f"the device could not apply {named}"]
    document = {
        "device": agent.device.name,
        **_result_document(result, delivery),
        "failed": [{"profile": each.profile, "why": each.why} for each in failed],
    }
    is_done = (result.settled or result.ended is not None) and not failed and not delivery.waiting
    return CommandOutput(document, lines, succeeded=is_done or not until_settled)


def _combined(first: CheckInResult, second: CheckInResult) -> CheckInResult:
    """The second result with the changes and refusals of the first one before its own."""
    second.reports += first.reports
    second.installed, second.removed = first.installed + second.installed, first.removed + second.removed
    second.added_items = first.added_items + second.added_items
    second.removed_items = first.removed_items + second.removed_items
    second.refused = tuple(dict.fromkeys((*first.refused, *second.refused)))
    return second


async def _delivery(agent: Agent, result: CheckInResult) -> Delivery:
    """The profiles that failed or wait: by the server if it can be queried, else what the device refused."""
    delivery = await delivery_of(agent) if result.ended is None else None
    if delivery is not None and delivery.failed:
        return delivery
    refused = [Undelivered(refusal.path, refusal.why) for refusal in result.refused if not refusal.is_unknown]
    return Delivery(refused) if delivery is None else replace(delivery, failed=refused)


def _result_document(result: CheckInResult, delivery: Delivery) -> dict[str, Any]:
    return {
        "settled": result.settled,
        "reports": result.reports,
        "policyVersion": result.policy_version,
        "installed": result.installed,
        "removed": result.removed,
        "refused": [{"item": refusal.path, "why": refusal.why} for refusal in result.refused],
        "waiting": [{"profile": each.profile, "waitsFor": each.why} for each in delivery.waiting],
        "nothingToDeliver": [{"profile": each.profile, "why": each.why} for each in delivery.nothing],
        "ended": result.ended,
    }


def _result_lines(result: CheckInResult, delivery: Delivery) -> list[str]:
    lines = describe(result)
    if result.ended is not None:
        return lines
    if not result.settled:
        return [*lines, "not settled yet: the service has more for this device"]
    return lines + delivery.nothing_lines() + (delivery.waiting_lines() or ["settled"])


async def run(states: Sequence[Path], *, announce: Callable[[str], None]) -> CommandOutput:
    """Keep devices connected until interrupted; devices of one server share one connection pool."""
    devices = [load_device(state) for state in states]
    transports: dict[bytes | None, Transport] = {}
    runner = Runner(announce=announce)
    try:
        for device in devices:
            transport = transports.get(device.ca) or transports.setdefault(device.ca, Transport(ca=device.ca))
            runner.add(agent_for(device, transport))
        announce(f"connected: {', '.join(device.name for device in devices)}; Ctrl-C disconnects them")
        await runner.run(interrupted())
    finally:
        await runner.close()
        for transport in transports.values():
            await transport.close()
    rows = [{"device": device.name, "enrolled": device.is_enrolled, "ended": device.ended} for device in devices]
    return CommandOutput({"devices": rows}, [])


async def unenroll(state: Path) -> CommandOutput:
    """Unenrol the device of a folder as its user."""
    async with agent_of(state) as agent:
        failure = await agent.unenroll()
        name, is_empty = agent.device.name, agent.device.keystore.is_empty
    outcome = "everything that was installed is removed" if is_empty else "its certificates and their keys stay"
    lines = [f"{name} is no longer managed; {outcome}"]
    if failure is not None:
        lines.append(f"the service could not be informed: {failure}")
    return CommandOutput({"device": name, "unenrolled": True, "told": failure is None, "why": failure}, lines)
