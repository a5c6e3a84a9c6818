"""Many devices at once: enrol them, let them settle, count, and say what went wrong.

The devices live in memory. Identity keys come from a ring, as making one costs more than everything else together.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from fauxtune_sim.agent import Agent
from fauxtune_sim.agents import agent_for
from fauxtune_sim.cadence import TenantTime
from fauxtune_sim.control import Control
from fauxtune_sim.device import Device
from fauxtune_sim.errors import NotFoundHere, SimulatorError
from fauxtune_sim.identity import KeyRing
from fauxtune_sim.platforms import Kind, Platform, kind_of, read_kind
from fauxtune_sim.transport import Transport

T = TypeVar("T")
_TELL_EVERY = 500
#: A device's name on the wire, a UUID, a UDID, another long number.
_PARTICULAR = re.compile(r"enterprises/[^\s:]+|[0-9A-Fa-f]{8}-[0-9A-Fa-f-]{16,27}|[0-9A-Fa-f]{32,}")
#: The people of the tenant that a server seeds by itself.
SEEDED_PEOPLE = ("alice", "bob", "carol")


@dataclass(frozen=True, slots=True)
class FleetOrder:
    """What is wanted. `mix` gives each kind its share; `keys` is the ring's size, None for a key of its own each."""

    devices: int
    server: str
    tenant: str
    users: Sequence[str]
    mix: Sequence[tuple[Kind, int]] = ((kind_of(Platform.ANDROID), 1),)
    keys: int | None = 64
    at_once: int = 32


@dataclass(slots=True)
class FleetSummary:
    """What came of it. `agents` are the devices that are enrolled; `seconds` is how long settling took."""

    enrolled: int = 0
    settled: int = 0
    items_installed: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    reports: int = 0
    seconds: float = 0.0
    agents: list[Agent] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """`{"enrolled","settled","itemsInstalled","failures":[{"cause","count"}],"checkinsPerSecond"}`."""
        return {
            "enrolled": self.enrolled,
            "settled": self.settled,
            "itemsInstalled": self.items_installed,
            "failures": [{"cause": cause, "count": count} for cause, count in self.failures.most_common()],
            "checkinsPerSecond": round(self.reports / self.seconds, 1) if self.seconds else 0.0,
        }


def read_mix(text: str) -> tuple[tuple[Kind, int], ...]:
    """`ios:2,android/fully-managed:1` as shares; NotFoundHere for a platform or mode that there is not."""
    mix = []
    for part in text.split(","):
        name, _, share = part.strip().partition(":")
        kind = read_kind(name)
        if not re.fullmatch(r"[1-9][0-9]{0,5}", share or "1"):
            raise NotFoundHere(f"{share} is no share: a whole number from 1 is")
        mix.append((kind, int(share or "1")))
    return tuple(mix)


async def run_fleet(
    order: FleetOrder, *, transport: Transport, control: Control, progress: Callable[[str], None]
) -> FleetSummary:
    """Enrol a fleet, then let it settle; failures are counted by cause, never raised."""
    summary = FleetSummary()
    ring = KeyRing(None if order.keys is None else min(order.keys, order.devices))
    await ring.fill()
    progress("identity keys are made")
    plan = list(_plan(order))
    tokens = await _tokens(plan, control=control, summary=summary)
    clock = TenantTime()

    async def enroll(who: tuple[Kind, str]) -> None:
        kind, user = who
        if user in tokens:
            agent = agent_for(Device.new(platform=kind.platform, mode=kind.mode), transport, time=clock)
            await _enroll(agent, order, user=user, token=tokens[user], ring=ring, summary=summary)

    await _all(
        plan,
        enroll,
        at_once=order.at_once,
        tell=lambda done: progress(_so_far("enrolled", summary.enrolled, tried=done)),
    )
    started = time.monotonic()
    agents = list(summary.agents)

    async def settle(agent: Agent) -> None:
        await _settle(agent, summary=summary)

    await _all(
        agents,
        settle,
        at_once=order.at_once,
        tell=lambda done: progress(_so_far("at rest", summary.settled, tried=done)),
    )
    summary.seconds = time.monotonic() - started
    return summary


async def _all(
    things: Sequence[T], work: Callable[[T], Awaitable[None]], *, at_once: int, tell: Callable[[int], None]
) -> None:
    """Do the work for all, so many at a time; `tell` hears now and then how many are done."""
    waiting, done = iter(things), itertools.count(1)

    async def worker() -> None:
        for thing in waiting:
            await work(thing)
            number = next(done)
            if number % _TELL_EVERY == 0 or number == len(things):
                tell(number)

    await asyncio.gather(*(worker() for _ in range(min(at_once, len(things)))))


def _so_far(what: str, count: int, *, tried: int) -> str:
    """How many made it, of those that were tried so far."""
    return f"{what}: {count} of {tried}" if count == tried else f"{what}: {count} of {tried}, {tried - count} failed"


def _plan(order: FleetOrder) -> list[tuple[Kind, str]]:
    kinds = itertools.cycle([kind for kind, share in order.mix for _ in range(share)])
    people = itertools.cycle(order.users)
    return [(next(kinds), next(people)) for _ in range(order.devices)]


async def _tokens(plan: Sequence[tuple[Kind, str]], *, control: Control, summary: FleetSummary) -> dict[str, str]:
    """One token for each user, good for all of that user's devices."""
    tokens: dict[str, str] = {}
    for user, uses in Counter(user for _, user in plan).items():
        try:
            tokens[user] = await control.enrollment_token(user, uses=uses)
        except SimulatorError as failed:
            summary.failures[_cause(failed)] += uses
    return tokens


async def _enroll(
    agent: Agent, order: FleetOrder, *, user: str, token: str, ring: KeyRing, summary: FleetSummary
) -> None:
    key = await ring.take()
    try:
        await agent.enroll(server=order.server, tenant=order.tenant, token=token, user=user, key=key)
    except SimulatorError as failed:
        summary.failures[_cause(failed)] += 1
        return
    summary.enrolled += 1
    summary.agents.append(agent)


async def _settle(agent: Agent, *, summary: FleetSummary) -> None:
    try:
        done = await agent.check_in()
    except SimulatorError as failed:
        summary.failures[_cause(failed)] += 1
        return
    summary.reports += done.reports
    summary.items_installed += len(done.installed)
    for refusal in done.refused:
        summary.failures[f"{refusal.setting}: {refusal.why}"] += 1
    if done.settled:
        summary.settled += 1
    else:
        summary.failures[done.ended or "the device did not come to rest"] += 1


def _cause(failed: SimulatorError) -> str:
    """An error without what differs from device to device, so that equal causes are counted together."""
    return _PARTICULAR.sub("...", str(failed))
