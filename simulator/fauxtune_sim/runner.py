"""Keeping devices connected: a long poll of the push service for each, a heap of due check-ins for all.

A device checks in when it is pushed and when its cadence says so, on the tenant's time as push answers tell it. Where
the server has named no push address, the cadence alone counts, on the computer's time. A server that goes away is
waited for; a device whose enrolment ends leaves.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from fauxtune_sim.agent import Agent, CheckIn
from fauxtune_sim.cadence import TenantTime, next_check_in
from fauxtune_sim.errors import NotAllowedHere, ServerRefused, ServerUnreachable, SimulatorError
from fauxtune_sim.holdings import in_words

#: Seconds between attempts while a server does not answer: doubled each time up to the last.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0


@dataclass(slots=True)
class _Queue:
    """The due check-ins of one tenant's devices, by that tenant's clock."""

    clock: TenantTime
    heap: list[tuple[datetime, int, int, _Member]] = field(default_factory=list)

    def seconds_to_first(self) -> float | None:
        """How long until the first is due; None if none will be unless there is news."""
        return self.clock.seconds_until(self.heap[0][0], monotonic=time.monotonic()) if self.heap else None


@dataclass(slots=True)
class _Member:
    agent: Agent
    queue: _Queue
    listener: asyncio.Task[None] | None = None
    #: Set by every check-in.
    checked: asyncio.Event = field(default_factory=asyncio.Event)
    #: Raised by every new due time, so that older ones in the heap are recognised.
    plan: int = 0


class Runner:
    """Keeps agents connected from `add` until `close`.

    `announce` hears one line per thing worth telling. `wait` is the length of a long poll in seconds, `at_once` how
    many devices check in at the same time.
    """

    def __init__(self, *, announce: Callable[[str], None] | None = None, wait: int = 30, at_once: int = 64) -> None:
        self._announce = announce or (lambda line: None)
        self._wait = wait
        self._gate = asyncio.Semaphore(at_once)
        self._members: dict[Agent, _Member] = {}
        self._queues: dict[tuple[str, str], _Queue] = {}
        self._order = itertools.count()
        self._look_again = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._scheduler: asyncio.Task[None] | None = None
        self._told_unreachable: set[str] = set()
        self._talking = 0
        self._quiet = asyncio.Event()
        self._quiet.set()

    @property
    def agents(self) -> tuple[Agent, ...]:
        """The agents that are connected now."""
        return tuple(self._members)

    def add(self, agent: Agent) -> None:
        """Connect an enrolled device; the agents of one tenant share its time from now on."""
        enrollment = agent.device.enrollment
        if enrollment is None:
            raise NotAllowedHere(f"{agent.device.name} is not enrolled")
        queue = self._queues.setdefault((enrollment.server, enrollment.tenant), _Queue(agent.time))
        agent.time = queue.clock
        member = self._members[agent] = _Member(agent, queue)
        member.listener = self._start(self._listen(member))
        if self._scheduler is None:
            self._scheduler = self._start(self._schedule())

    async def run(self, stop: asyncio.Event) -> None:
        """Go on until `stop` is set or the last device has left."""
        halted = asyncio.create_task(stop.wait())
        try:
            while self._members and not stop.is_set():
                listeners = [one.listener for one in self._members.values() if one.listener is not None]
                await asyncio.wait([halted, *listeners], return_when=asyncio.FIRST_COMPLETED)
        finally:
            halted.cancel()
            await self.close()

    async def quiet(self) -> None:
        """Wait until no device is checking in, so that everything that one has done was announced."""
        await self._quiet.wait()

    async def close(self) -> None:
        """Disconnect everybody and wait until they are gone."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._members.clear()
        self._scheduler = None

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[None]) -> None:
        """A task that broke must not break unheard."""
        self._tasks.discard(task)
        if not task.cancelled() and (broken := task.exception()) is not None:
            self._announce(f"a device broke: {broken!r}")

    async def _listen(self, member: _Member) -> None:
        """One device's connection to the push service, for as long as it is enrolled."""
        after, wait, pause = 0, 0, _FIRST_PAUSE
        try:
            while member.agent.device.is_enrolled:
                if not member.agent.enrollment.push_token:
                    await self._go_without_push(member)
                    continue
                try:
                    # The first poll only learns the time and what was pushed while nobody listened.
                    push = await member.agent.poll_push(after=after, wait=wait)
                except (ServerUnreachable, SimulatorError) as failed:
                    pause = await self._recover(member, failed, pause=pause)
                    continue
                self._told_unreachable.clear()
                first, pause, after, wait = wait == 0, _FIRST_PAUSE, push.seq, self._wait
                if push.wakes:
                    await self._check_in(member)
                elif first:
                    self._plan(member)
                else:
                    # The tenant's clock may have been moved: whoever became due must go now.
                    self._look_again.set()
        finally:
            self._members.pop(member.agent, None)

    async def _go_without_push(self, member: _Member) -> None:
        """Plan by the computer's time; a check-in may end the enrolment, or bring a push address."""
        if member.queue.clock.now(time.monotonic()) is None:
            member.queue.clock.learn(datetime.now(UTC), monotonic=time.monotonic())
        member.checked.clear()
        if member.plan == 0:
            self._plan(member)
        await member.checked.wait()

    async def _recover(self, member: _Member, failed: SimulatorError, *, pause: float) -> float:
        """Wait after a failed poll; gives the next pause. Only a check-in may tell that an enrolment is over."""
        if not member.agent.device.is_enrolled:
            return pause
        if isinstance(failed, ServerRefused) and failed.status in {404, 410}:
            await self._check_in(member)
        elif str(failed) not in self._told_unreachable:
            self._told_unreachable.add(str(failed))
            self._announce(f"{failed}; trying again")
        if member.agent.device.is_enrolled:
            await asyncio.sleep(pause)
        return min(pause * 2, _LONGEST_PAUSE)

    async def _check_in(self, member: _Member) -> None:
        self._talking += 1
        self._quiet.clear()
        try:
            await self._talk(member)
        finally:
            self._talking -= 1
            if not self._talking:
                self._quiet.set()

    async def _talk(self, member: _Member) -> None:
        agent = member.agent
        try:
            async with self._gate:
                done = await agent.check_in()
        except NotAllowedHere:
            member.checked.set()
            return
        except SimulatorError as failed:
            self._announce(f"{agent.device.name}: {failed}")
        else:
            for line in describe(done):
                self._announce(f"{agent.device.name}: {line}")
        self._plan(member, tried=True)
        member.checked.set()

    def _plan(self, member: _Member, *, tried: bool = False) -> None:
        """Put the device's next check-in on the heap; `tried` counts from now, whether the attempt worked or not."""
        enrollment = member.agent.device.enrollment
        now = member.queue.clock.now(time.monotonic())
        if enrollment is None or now is None:
            return
        if enrollment.enrolled_at is None:
            enrollment.enrolled_at = now.isoformat()
        # A clock that was put back must not make the device wait for its old time.
        enrolled = min(datetime.fromisoformat(enrollment.enrolled_at), now)
        last = now
        if not tried and enrollment.checked_in_at is not None:
            last = min(datetime.fromisoformat(enrollment.checked_in_at), now)
        due = next_check_in(member.agent.device.platform, enrolled_at=enrolled, checked_in_at=last)
        member.plan += 1
        heapq.heappush(member.queue.heap, (due, next(self._order), member.plan, member))
        self._look_again.set()

    async def _schedule(self) -> None:
        """Start the check-ins that are due; sleep until the next is, or until there is news."""
        while True:
            self._look_again.clear()
            for queue in self._queues.values():
                self._start_due(queue)
            waits = [wait for queue in self._queues.values() if (wait := queue.seconds_to_first()) is not None]
            try:
                async with asyncio.timeout(min(waits, default=None)):
                    await self._look_again.wait()
            except TimeoutError:
                continue

    def _start_due(self, queue: _Queue) -> None:
        while queue.heap:
            _, _, plan, member = queue.heap[0]
            is_stale = plan != member.plan or member.agent not in self._members
            if not is_stale and queue.seconds_to_first() != 0.0:
                return
            heapq.heappop(queue.heap)
            if not is_stale:
                member.plan += 1
                self._start(self._check_in(member))


def describe(done: CheckIn) -> list[str]:
    """What a check-in did, in a line for each kind of change; a quiet one gives none."""
    # What goes with the management needs no list of its own.
    changes = (("installed", done.gained), ("removed", done.lost if done.ended is None else []))
    lines = [f"{word} {in_words(things)}" for word, things in changes if things]
    lines += [f"carried out the command {word}" for word in done.obeyed if word != "WIPE"]
    lines += [f"refused {one.path}: {one.why}" for one in done.refused]
    if done.ended is not None:
        lines.append(f"is no longer managed ({done.ended})")
    return lines
