"""Many devices at once: enrol them, let them settle, count them, and list the failures.

The devices exist in memory only. Identity keys come from a ring, as making a key costs more than all the rest together.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

from fauxtune_sim.agent import Agent
from fauxtune_sim.agents import agent_for
from fauxtune_sim.cadence import TenantTime
from fauxtune_sim.control import Control
from fauxtune_sim.delivery import waiting_devices
from fauxtune_sim.device import Device
from fauxtune_sim.errors import NotFoundHere, SimulatorError
from fauxtune_sim.identity import KeyRing
from fauxtune_sim.platforms import Kind, Platform, kind_of, read_kind
from fauxtune_sim.transport import Transport

T = TypeVar("T")
_PROGRESS_EVERY = 500
#: Texts that differ from device to device: a name in the protocol, a UUID, a UDID, another long number.
_PARTICULAR = re.compile(r"enterprises/[^\s:]+|[0-9A-Fa-f]{8}-[0-9A-Fa-f-]{16,27}|[0-9A-Fa-f]{32,}")
#: The users of the tenant that a server seeds by itself.
SEEDED_PEOPLE = ("alice", "bob", "carol")


@dataclass(frozen=True, slots=True)
class FleetSettings:
    """The settings of a fleet. `mix` is the share of each kind; `keys` is the ring's size, None: a key each; `seed`
    makes the same devices again, with their names and facts.
    """

    devices: int
    server: str
    tenant: str
    users: Sequence[str]
    mix: Sequence[tuple[Kind, int]] = ((kind_of(Platform.ANDROID), 1),)
    keys: int | None = 64
    at_once: int = 32
    seed: int | None = None


@dataclass(slots=True)
class FleetSummary:
    """The result of a fleet. `waiting`: what settled devices still wait for, and `remedies`, commands that end it;
    `agents` are the enrolled devices; `seconds` is the time that settling took.
    """

    enrolled: int = 0
    settled: int = 0
    items_installed: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    waiting: Counter[str] = field(default_factory=Counter)
    remedies: list[str] = field(default_factory=list)
    reports: int = 0
    seconds: float = 0.0
    agents: list[Agent] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """`{"enrolled","settled","itemsInstalled","failures":[{"cause","count"}],"waiting":[{"cause","count"}],
        "checkinsPerSecond"}`.
        """
        return {
            "enrolled": self.enrolled,
            "settled": self.settled,
            "itemsInstalled": self.items_installed,
            "failures": [{"cause": cause, "count": count} for cause, count in self.failures.most_common()],
            "waiting": [{"cause": f"waits for {why}", "count": count} for why, count in self.waiting.most_common()],
            "checkinsPerSecond": round(self.reports / self.seconds, 1) if self.seconds else 0.0,
        }


def read_mix(text: str) -> tuple[tuple[Kind, int], ...]:
    """Read a mix such as `ios:2,android/fully-managed:1`. Raises NotFoundHere for an unknown platform or mode."""
    mix = []
    for part in text.split(","):
        name, _, share = part.strip().partition(":")
        kind = read_kind(name)
        if not re.fullmatch(r"[1-9][0-9]{0,5}", share or "1"):
            raise NotFoundHere(f"the share {share} is not a whole number from 1")
        mix.append((kind, int(share or "1")))
    return tuple(mix)


async def run_fleet(
    settings: FleetSettings, *, transport: Transport, control: Control, progress: Callable[[str], None]
) -> FleetSummary:
    """Enrol a fleet, then let it settle. Failures are counted by cause, not raised."""
    summary = FleetSummary()
    ring = KeyRing(None if settings.keys is None else min(settings.keys, settings.devices))
    await ring.fill()
    progress("identity keys are made")
    plan = planned_devices(settings)
    tokens = await _tokens(plan, control=control, summary=summary)
    clock = TenantTime()

    async def enroll(planned: tuple[Device, str]) -> None:
        device, user = planned
        if user in tokens:
            agent = agent_for(device, transport, time=clock)
            await _enroll(agent, settings, user=user, token=tokens[user], ring=ring, summary=summary)

    await _for_all(
        plan,
        enroll,
        at_once=settings.at_once,
        report=lambda tried: progress(_progress_line("enrolled", summary.enrolled, tried=tried)),
    )
    started = time.monotonic()
    agents = list(summary.agents)

    async def settle(agent: Agent) -> None:
        await _settle(agent, summary=summary)

    await _for_all(
        agents,
        settle,
        at_once=settings.at_once,
        report=lambda tried: progress(_progress_line("settled", summary.settled, tried=tried)),
    )
    summary.seconds = time.monotonic() - started
    names = {agent.device.name for agent in agents}
    summary.waiting, summary.remedies = await waiting_devices(control, names)
    return summary


async def _for_all(
    items: Sequence[T], work: Callable[[T], Awaitable[None]], *, at_once: int, report: Callable[[int], None]
) -> None:
    """Do the work for all items, `at_once` at a time; `report` gets the count of finished items now and then."""
    waiting, finished = iter(items), itertools.count(1)

    async def worker() -> None:
        for item in waiting:
            await work(item)
            number = next(finished)
            if number % _PROGRESS_EVERY == 0 or number == len(items):
                report(number)

    await asyncio.gather(*(worker() for _ in range(min(at_once, len(items)))))


def _progress_line(state: str, count: int, *, tried: int) -> str:
    """The number of devices that reached a state, of those that were tried so far."""
    return f"{state}: {count} of {tried}" if count == tried else f"{state}: {count} of {tried}, {tried - count} failed"


def planned_devices(settings: FleetSettings) -> list[tuple[Device, str]]:
    """The devices of a fleet with their users. With a seed they are named after their users, and each is as in every
    other fleet with this seed, users and mix.
    """
    kinds = itertools.cycle([kind for kind, share in settings.mix for _ in range(share)])
    people = itertools.cycle(settings.users)
    plan: list[tuple[Device, str]] = []
    names: Counter[str] = Counter()
    for number in range(settings.devices):
        kind, user = next(kinds), next(people)
        device = _new_device(settings, number, kind=kind, user=user)
        names[device.name] += 1
        if names[device.name] > 1:
            device.name += f" {names[device.name]}"
        plan.append((device, user))
    return plan


def _new_device(settings: FleetSettings, number: int, *, kind: Kind, user: str) -> Device:
    if settings.seed is None:
        return Device.new(platform=kind.platform, mode=kind.mode)
    owner = user.partition("@")[0].partition(".")[0].capitalize() or None
    source = Random(f"{settings.seed}/{number}")  # noqa: S311 - devices are no secret
    return Device.new(platform=kind.platform, mode=kind.mode, owner=owner, random=source)


async def _tokens(plan: Sequence[tuple[Device, str]], *, control: Control, summary: FleetSummary) -> dict[str, str]:
    """Create one token for each user, valid for all of that user's devices."""
    tokens: dict[str, str] = {}
    for user, uses in Counter(user for _, user in plan).items():
        try:
            tokens[user] = await control.enrollment_token(user, uses=uses)
        except SimulatorError as failed:
            summary.failures[_cause(failed)] += uses
    return tokens


async def _enroll(
    agent: Agent, settings: FleetSettings, *, user: str, token: str, ring: KeyRing, summary: FleetSummary
) -> None:
    agent.keys = ring
    key = await ring.take()
    try:
        await agent.enroll(server=settings.server, tenant=settings.tenant, token=token, user=user, key=key)
    except SimulatorError as failed:
        summary.failures[_cause(failed)] += 1
        return
    summary.enrolled += 1
    summary.agents.append(agent)


async def _settle(agent: Agent, *, summary: FleetSummary) -> None:
    try:
        result = await agent.check_in()
    except SimulatorError as failed:
        summary.failures[_cause(failed)] += 1
        return
    summary.reports += result.reports
    summary.items_installed += len(result.installed)
    for refusal in result.refused:
        summary.failures[f"{refusal.setting}: {refusal.why}"] += 1
    if result.settled:
        summary.settled += 1
    else:
        summary.failures[result.ended or "the device did not settle"] += 1


def _cause(failed: SimulatorError) -> str:
    """The text of an error without the parts that differ from device to device, so that equal causes count together."""
    return _PARTICULAR.sub("...", str(failed))
