"""Keep devices connected: a long poll of the push service for each, a heap of due check-ins for all.

A device checks in after a push and at its intervals (`cadence`), on the tenant's time by the push service's answers. If
the server has not named a push address, only the intervals count, on the computer's time. An unreachable server is
polled again; a device whose enrolment ends is disconnected.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from fauxtune_sim.agent.agent import Agent, CheckInResult
from fauxtune_sim.agent.cadence import TenantTime, next_check_in
from fauxtune_sim.device.inventory import describe_items
from fauxtune_sim.errors import NotAllowedHere, ServerRefused, ServerUnreachable, SimulatorError

#: Seconds between attempts while a server does not answer: doubled each time up to the last.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0


@dataclass(slots=True)
class _Queue:
    """The due check-ins of one tenant's devices, by that tenant's clock."""

    clock: TenantTime
    heap: list[tuple[datetime, int, int, _Member]] = field(default_factory=list)
    members: int = 0

    def seconds_to_first(self) -> float | None:
        """The seconds until the first check-in is due; None if none will become due by the clock alone."""
        return self.clock.seconds_until(self.heap[0][0], monotonic=time.monotonic()) if self.heap else None


@dataclass(slots=True)
class _Member:
    agent: Agent
    queue: _Queue
    listener: asyncio.Task[None] | None = None
    #: Set by every check-in.
    checked: asyncio.Event = field(default_factory=asyncio.Event)
    #: Incremented with every new due time, so that older ones in the heap are recognised.
    plan: int = 0
    #: Held during each check-in: a device is never disconnected in the middle of one.
    working: asyncio.Lock = field(default_factory=asyncio.Lock)


class Runner:
    """Keeps agents connected from `add` until `remove` or `close`.

    `announce` gets one line for each event; `lines` makes those of a check-in (default: `describe`). `wait` is the
    length of a long poll in seconds, `at_once` the number of devices that may check in at the same time.
    """

    def __init__(
        self,
        *,
        announce: Callable[[str], None] | None = None,
        lines: Callable[[CheckInResult], list[str]] | None = None,
        wait: int = 30,
        at_once: int = 64,
    ) -> None:
        self._announce = announce or (lambda line: None)
        self._lines = lines or describe
        self._wait = wait
        self._limit = asyncio.Semaphore(at_once)
        self._members: dict[Agent, _Member] = {}
        self._queues: dict[tuple[str, str], _Queue] = {}
        self._order = itertools.count()
        self._reschedule = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._scheduler: asyncio.Task[None] | None = None
        self._announced_failures: set[str] = set()
        self._active_check_ins = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def agents(self) -> tuple[Agent, ...]:
        """The connected agents."""
        return tuple(self._members)

    def is_connected(self, agent: Agent) -> bool:
        """Whether this agent is connected."""
        return agent in self._members

    def add(self, agent: Agent, *, after: int = 0) -> None:
        """Connect an enrolled device; from then on it shares the time of its tenant's other devices.

        `after` is the number of the last push that it has followed already.
        """
        enrollment = agent.device.enrollment
        if enrollment is None:
            raise NotAllowedHere(f"{agent.device.name} is not enrolled")
        if agent in self._members:
            return
        queue = self._queues.setdefault((enrollment.server, enrollment.tenant), _Queue(agent.time))
        queue.members += 1
        agent.time = queue.clock
        member = self._members[agent] = _Member(agent, queue)
        member.listener = self._start(self._listen(member, after=after))
        if self._scheduler is None:
            self._scheduler = self._start(self._schedule())

    async def remove(self, agent: Agent) -> None:
        """Disconnect a device, after the check-in that it may be in; nothing if it is not connected."""
        member = self._members.get(agent)
        if member is None or member.listener is None:
            return
        async with member.working:
            self._leave(member)
            member.listener.cancel()
        await asyncio.gather(member.listener, return_exceptions=True)

    def _leave(self, member: _Member) -> None:
        """Remove a device from the connected ones, and its tenant's queue with the last device."""
        if self._members.get(member.agent) is not member:
            return
        del self._members[member.agent]
        member.plan += 1
        member.queue.members -= 1
        if not member.queue.members:
            self._queues = {key: queue for key, queue in self._queues.items() if queue is not member.queue}

    async def run(self, stop: asyncio.Event) -> None:
        """Keep the devices connected until `stop` is set or the last one is disconnected."""
        halted = asyncio.create_task(stop.wait())
        try:
            while self._members and not stop.is_set():
                listeners = [member.listener for member in self._members.values() if member.listener is not None]
                await asyncio.wait([halted, *listeners], return_when=asyncio.FIRST_COMPLETED)
        finally:
            halted.cancel()
            await self.close()

    async def wait_until_idle(self) -> None:
        """Wait until no device is checking in and everything that the devices did was announced."""
        await self._idle.wait()

    async def finish_check_ins(self, agents: Iterable[Agent]) -> None:
        """Wait until these devices have ended the check-ins that they are in."""
        for member in [member for agent in agents if (member := self._members.get(agent)) is not None]:
            async with member.working:
                pass

    async def close(self) -> None:
        """Disconnect all devices and wait until their tasks have ended."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._members.clear()
        self._queues.clear()
        self._scheduler = None

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[None]) -> None:
        """Announce the exception of a task that failed."""
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._announce(f"the simulation of a device failed: {error!r}")

    async def _listen(self, member: _Member, *, after: int) -> None:
        """Poll the push service for one device for as long as it is enrolled."""
        wait, pause = self._wait if after else 0, _FIRST_PAUSE
        if after:
            self._plan(member)
        try:
            while member.agent.device.is_enrolled:
                if not member.agent.enrollment.push_token:
                    await self._wait_without_push(member)
                    continue
                try:
                    # The first poll returns at once: it reads the time, and a push from before the connection.
                    push = await member.agent.poll_push(after=after, wait=wait)
                except (ServerUnreachable, SimulatorError) as failed:
                    pause = await self._recover(member, failed, pause=pause)
                    continue
                self._announced_failures.clear()
                first, pause, after, wait = wait == 0, _FIRST_PAUSE, push.seq, self._wait
                if push.wakes:
                    await self._check_in(member)
                elif first:
                    self._plan(member)
                else:
                    # The tenant's clock may have been moved: devices that became due must check in now.
                    self._reschedule.set()
        finally:
            self._leave(member)

    async def _wait_without_push(self, member: _Member) -> None:
        """Schedule by the computer's time until a check-in ends the enrolment or gets a push address."""
        if member.queue.clock.now(time.monotonic()) is None:
            member.queue.clock.learn(datetime.now(UTC), monotonic=time.monotonic())
        member.checked.clear()
        if member.plan == 0:
            self._plan(member)
        await member.checked.wait()

    async def _recover(self, member: _Member, failed: SimulatorError, *, pause: float) -> float:
        """Wait after a failed poll. Returns the next pause. Only a check-in can show that the enrolment has ended."""
        if not member.agent.device.is_enrolled:
            return pause
        if isinstance(failed, ServerRefused) and failed.status in {404, 410}:
            await self._check_in(member)
        elif str(failed) not in self._announced_failures:
            self._announced_failures.add(str(failed))
            self._announce(f"{failed}; trying again")
        if member.agent.device.is_enrolled:
            await asyncio.sleep(pause)
        return min(pause * 2, _LONGEST_PAUSE)

    async def _check_in(self, member: _Member) -> None:
        self._active_check_ins += 1
        self._idle.clear()
        try:
            await self._run_check_in(member)
        finally:
            self._active_check_ins -= 1
            if not self._active_check_ins:
                self._idle.set()

    async def _run_check_in(self, member: _Member) -> None:
        agent = member.agent
        try:
            async with self._limit, member.working:
                if self._members.get(agent) is not member:
                    return
                result = await agent.check_in()
        except NotAllowedHere:
            member.checked.set()
            return
        except SimulatorError as failed:
            self._announce(f"{agent.device.name}: {failed}")
        else:
            for line in self._lines(result):
                self._announce(f"{agent.device.name}: {line}")
        self._plan(member, tried=True)
        member.checked.set()

    def _plan(self, member: _Member, *, tried: bool = False) -> None:
        """Schedule the device's next check-in, counted from now after an attempt (`tried`), successful or not."""
        enrollment = member.agent.device.enrollment
        now = member.queue.clock.now(time.monotonic())
        if enrollment is None or now is None:
            return
        if enrollment.enrolled_at is None:
            enrollment.enrolled_at = now.isoformat()
        # A clock that was set back must not make the device wait for its old time.
        enrolled = min(datetime.fromisoformat(enrollment.enrolled_at), now)
        last = now
        if not tried and enrollment.checked_in_at is not None:
            last = min(datetime.fromisoformat(enrollment.checked_in_at), now)
        due = next_check_in(member.agent.device.platform, enrolled_at=enrolled, checked_in_at=last)
        if enrollment.agent_due_at is not None:
            # The management agent asks more often than MDM; here both do then.
            due = min(due, datetime.fromisoformat(enrollment.agent_due_at))
        member.plan += 1
        heapq.heappush(member.queue.heap, (due, next(self._order), member.plan, member))
        self._reschedule.set()

    async def _schedule(self) -> None:
        """Start the check-ins that are due; sleep until the next one is due or the schedule changes."""
        while True:
            self._reschedule.clear()
            for queue in self._queues.values():
                self._start_due(queue)
            waits = [wait for queue in self._queues.values() if (wait := queue.seconds_to_first()) is not None]
            try:
                async with asyncio.timeout(min(waits, default=None)):
                    await self._reschedule.wait()
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


def describe(result: CheckInResult) -> list[str]:
    """The changes that a check-in made, one line for each kind; an empty list if nothing changed."""
    # The end of management removes everything: a list of it would say nothing new.
    changes = (("installed", result.added_items), ("removed", result.removed_items if result.ended is None else []))
    lines = [f"{change} {describe_items(items)}" for change, items in changes if items]
    lines += [f"carried out the command {command}" for command in result.executed if command != "WIPE"]
    lines += result.done
    lines += refusals(result)
    if result.ended is not None:
        lines.append(f"no longer managed ({result.ended})")
    return lines


def refusals(result: CheckInResult) -> list[str]:
    """What the device could not apply, one line for each."""
    return [f"refused {refusal.path}: {refusal.why}" for refusal in result.refused]
