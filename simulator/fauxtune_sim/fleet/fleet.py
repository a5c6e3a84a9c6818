"""Many devices at once: enrol them, let them settle, let them check in again, count them, and list the failures.

The devices exist in memory only. Identity keys come from a ring, as making a key costs more than all the rest together.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from random import Random
from typing import Any, Protocol, Self, TypeVar

from fauxtune_sim.agent.agent import Agent
from fauxtune_sim.agent.by_platform import agent_for
from fauxtune_sim.agent.cadence import TenantTime
from fauxtune_sim.agent.runner import Runner
from fauxtune_sim.device.device import Device
from fauxtune_sim.errors import NotFoundHere, SimulatorError
from fauxtune_sim.fleet.summary import FleetSummary, Observer, Phase
from fauxtune_sim.keys.keystore import KeyRing
from fauxtune_sim.platforms import Kind, Platform, kind_of, read_kind
from fauxtune_sim.server.control import Control
from fauxtune_sim.server.delivery import waiting_devices
from fauxtune_sim.server.transport import Transport

T = TypeVar("T")
_SECONDS_BETWEEN_REPORTS = 1.0
#: Texts that differ from device to device: a name in the protocol, a UUID, a UDID, another long number.
_PARTICULAR = re.compile(r"enterprises/[^\s:]+|[0-9A-Fa-f]{8}-[0-9A-Fa-f-]{16,27}|[0-9A-Fa-f]{32,}")


class Crew(Protocol):
    """Who carries a fleet out: this process, or several others."""

    async def run(self, tokens: Mapping[str, str], *, observer: Observer) -> FleetSummary:
        """Let the devices enrol with the tokens of their users, settle and check in again."""

    async def stay(self, stop: asyncio.Event, *, announce: Callable[[str], None]) -> None:
        """Keep the enrolled devices connected until `stop` is set."""


async def run_fleet(settings: FleetSettings, *, crew: Crew, control: Control, observer: Observer) -> FleetSummary:
    """Enrol a fleet, then let it settle. Failures are counted by cause, not raised."""
    summary, tokens = FleetSummary(), dict[str, str]()
    # One token for each user, valid for all devices of that user.
    for user, uses in settings.uses().items():
        try:
            tokens[user] = await control.enrollment_token(user, uses=uses)
        except SimulatorError as failed:
            summary.failures[_cause(failed)] += uses
    summary.add(await crew.run(tokens, observer=observer))
    summary.waiting, summary.remedies = await waiting_devices(control, summary.names)
    return summary


class Fleet:
    """A fleet, or its part, in this process."""

    def __init__(self, settings: FleetSettings, *, transport: Transport) -> None:
        self._settings = settings
        self._transport = transport
        self._ring = KeyRing(settings.own_keys)
        self._clock = TenantTime()
        self._summary = FleetSummary()
        self._agents: list[Agent] = []

    async def run(self, tokens: Mapping[str, str], *, observer: Observer) -> FleetSummary:
        """Let the devices enrol with the tokens of their users, settle and check in again."""
        settings = self._settings
        await self._ring.fill()

        async def enroll(planned: tuple[Device, str], _began: float) -> bool:
            device, user = planned
            return user in tokens and await self._enroll(device, user=user, token=tokens[user])

        agents, number = self._agents, len(settings.numbers)
        plan = planned_devices(settings)
        await self._phase(Phase.ENROLL, items=plan, work=enroll, total=number, observer=observer)
        await self._phase(Phase.SETTLE, items=agents, work=self._settle, total=len(agents), observer=observer)
        if settings.again:
            enrolled = [agent for agent in agents if agent.device.is_enrolled]
            await self._phase(
                Phase.AGAIN,
                items=itertools.chain.from_iterable(itertools.repeat(enrolled, settings.again)),
                work=self._check_in_again,
                total=len(enrolled) * settings.again,
                observer=observer,
                rate=settings.own_rate,
            )
        return self._summary

    async def stay(self, stop: asyncio.Event, *, announce: Callable[[str], None]) -> None:
        """Keep the enrolled devices connected until `stop` is set."""
        runner = Runner(announce=announce)
        try:
            for agent in self._agents:
                if agent.device.is_enrolled:
                    runner.add(agent)
            await runner.run(stop)
        finally:
            await runner.close()

    async def _phase(
        self,
        phase: Phase,
        *,
        items: Iterable[T],
        work: Callable[[T, float], Awaitable[bool]],
        total: int,
        observer: Observer,
        rate: float | None = None,
    ) -> None:
        """Do the work for all items, some at a time; it gets the time at which it began, or should have begun at the
        `rate`, and returns whether it succeeded.
        """
        await observer.begin(phase, total=total)
        waiting, started = enumerate(items), time.monotonic()
        reached = tried = 0
        next_report = started + _SECONDS_BETWEEN_REPORTS

        async def worker() -> None:
            nonlocal reached, tried, next_report
            for number, item in waiting:
                began = time.monotonic()
                if rate is not None:
                    due = started + number / rate
                    await asyncio.sleep(max(due - began, 0.0))
                    began = due
                succeeded = await work(item, began)
                reached, tried = reached + succeeded, tried + 1
                now = time.monotonic()
                if now >= next_report and tried < total:
                    next_report = now + _SECONDS_BETWEEN_REPORTS
                    observer.progress(reached, tried=tried)

        await asyncio.gather(*(worker() for _ in range(min(self._settings.own_at_once, total))))
        self._summary.seconds[phase] = time.monotonic() - started
        if total:
            observer.progress(reached, tried=total)

    async def _enroll(self, device: Device, *, user: str, token: str) -> bool:
        agent = agent_for(device, self._transport, time=self._clock)
        agent.keys = self._ring
        key, settings = await self._ring.take(), self._settings
        began = time.monotonic()
        try:
            await agent.enroll(server=settings.server, tenant=settings.tenant, token=token, user=user, key=key)
        except SimulatorError as failed:
            self._summary.failures[_cause(failed)] += 1
            return False
        self._summary.record(Phase.ENROLL, time.monotonic() - began)
        self._summary.enrolled += 1
        self._summary.names.add(device.name)
        self._agents.append(agent)
        return True

    async def _settle(self, agent: Agent, began: float) -> bool:
        summary = self._summary
        try:
            result = await agent.check_in()
        except SimulatorError as failed:
            summary.failures[_cause(failed)] += 1
            return False
        summary.record(Phase.SETTLE, time.monotonic() - began)
        summary.reports += result.reports
        summary.items_installed += len(result.installed)
        for refusal in result.refused:
            summary.failures[f"{refusal.setting}: {refusal.why}"] += 1
        if result.settled:
            summary.settled += 1
        else:
            summary.failures[result.ended or "the device did not settle"] += 1
        return result.settled

    async def _check_in_again(self, agent: Agent, began: float) -> bool:
        try:
            result = await agent.check_in()
        except SimulatorError as failed:
            self._summary.failures[_cause(failed)] += 1
            return False
        self._summary.record(Phase.AGAIN, time.monotonic() - began)
        self._summary.items_installed += len(result.installed)
        return True


def _cause(failed: SimulatorError) -> str:
    """The text of an error without the parts that differ from device to device, so that equal causes count together."""
    return _PARTICULAR.sub("...", str(failed))


#: The users of the tenant that a server seeds by itself.
SEEDED_PEOPLE = ("alice", "bob", "carol")


@dataclass(frozen=True, slots=True)
class FleetSettings:
    """The settings of a fleet. `mix` is the share of each kind; `keys` is the ring's size, None: a key each; `seed`
    makes the same devices again, with their names and facts.

    `again` is how often each device checks in once more after it has settled, and `rate` how many of these check-ins
    begin in a second (None: as many as are answered). `part` of `parts`: the share of one of several processes.
    """

    devices: int
    server: str
    tenant: str
    users: Sequence[str]
    mix: Sequence[tuple[Kind, int]] = ((kind_of(Platform.ANDROID), 1),)
    keys: int | None = 64
    at_once: int = 32
    seed: int | None = None
    again: int = 0
    rate: float | None = None
    part: int = 0
    parts: int = 1

    @property
    def numbers(self) -> range:
        """The numbers of this part's devices, among those of the whole fleet."""
        return range(self.part * self.devices // self.parts, (self.part + 1) * self.devices // self.parts)

    @property
    def own_keys(self) -> int | None:
        """The size of this part's ring of keys."""
        return None if self.keys is None else min(-(-self.keys // self.parts), len(self.numbers))

    @property
    def own_at_once(self) -> int:
        """The number of this part's devices that are busy at one time."""
        return -(-self.at_once // self.parts)

    @property
    def own_rate(self) -> float | None:
        """The check-ins of this part that begin in a second."""
        return None if self.rate is None else self.rate / self.parts

    def uses(self) -> Counter[str]:
        """The number of devices of each user, in the whole fleet."""
        return Counter(self.users[number % len(self.users)] for number in range(self.devices))

    def document(self) -> dict[str, Any]:
        """The settings as JSON."""
        return {**asdict(self), "mix": [[str(kind), share] for kind, share in self.mix]}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """Read the JSON of `document`."""
        return cls(**{**document, "mix": tuple((read_kind(kind), share) for kind, share in document["mix"])})


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


def planned_devices(settings: FleetSettings) -> Iterator[tuple[Device, str]]:
    """Make the devices of a part with their users, one after the other. With a seed they are named after their users,
    and each is as in every other fleet with this seed, users and mix.
    """
    kinds = [kind for kind, share in settings.mix for _ in range(share)]
    own, names = settings.numbers, Counter[str]()
    # What a seed makes has a name that depends on all devices before it.
    for number in own if settings.seed is None else range(own.stop):
        user = settings.users[number % len(settings.users)]
        device = _new_device(settings, number, kind=kinds[number % len(kinds)], user=user)
        names[device.name] += 1
        if names[device.name] > 1:
            device.name += f" {names[device.name]}"
        if number in own:
            yield device, user


def _new_device(settings: FleetSettings, number: int, *, kind: Kind, user: str) -> Device:
    if settings.seed is None:
        return Device.new(platform=kind.platform, mode=kind.mode)
    owner = user.partition("@")[0].partition(".")[0].capitalize() or None
    source = Random(f"{settings.seed}/{number}")  # noqa: S311 - devices are no secret
    return Device.new(platform=kind.platform, mode=kind.mode, owner=owner, random=source)
