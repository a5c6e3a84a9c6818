"""Signals between requests: devices wait for a push, readers for the journal. In memory; the database has the truth.

A signal only means "read again": a request that wakes reads the database, so that a signal that comes early, late or
twice does no harm. Everything runs on the event loop. Processes that share a database tell each other their signals.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from itertools import count
from time import monotonic
from typing import Any

from fauxtune.core.model.ids import EnrollmentId, TenantId
from fauxtune.operations.runtime.in_order import outside, present_exchange

#: The devices that the present task is to wake later; None: at once.
_HELD: ContextVar[set[EnrollmentId] | None] = ContextVar("held", default=None)
#: A topic, a name, and seconds.
Announcement = tuple[str, str, float]

#: The topics that concern other processes, too. Recorded exchanges do while somebody reads them there.
_TOLD = frozenset({"device", "changes", "journal", "clock", "connectors", "connector log", "notifications", "tenant"})
_CONNECTED, _READING = "connected", "reading"


class Signals:
    """The waiting requests by topic: a device, a device's connection, or a tenant's journal, clock, connectors or
    connectors' log.
    """

    def __init__(self) -> None:
        self._waiting: defaultdict[tuple[str, str], set[asyncio.Future[None]]] = defaultdict(set)
        self._connected: defaultdict[EnrollmentId, int] = defaultdict(int)
        #: Devices that wait at other processes: the name of each process, and until when at the latest.
        self._elsewhere: dict[EnrollmentId, dict[str, float]] = {}
        #: Tells other processes something. None: there are no others.
        self.tell: Callable[[Announcement], None] | None = None
        #: How many readers wait for recorded exchanges.
        self.wire_readers = 0
        self._readers_elsewhere = 0
        #: By tenant: the number of the last word of another process that it has recorded something.
        self._recorded_elsewhere: dict[str, int] = {}
        #: How often notifications were told to be there, or a clock was set.
        self.notification_calls = 0
        self._numbers = count(1)
        self._changes: dict[TenantId, int] = {}

    def wake(self, enrollment: EnrollmentId) -> None:
        """Wake the device: it must check in."""
        held = _HELD.get()
        if held is None:
            self._call("device", enrollment)
        else:
            held.add(enrollment)

    @contextmanager
    def one_push_each(self) -> Iterator[None]:
        """Wake devices at the end of the block, each once, however often the block's own task would wake them."""
        held: set[EnrollmentId] = set()
        before = _HELD.set(held)
        try:
            yield
        finally:
            _HELD.reset(before)
            for enrollment in held:
                self.wake(enrollment)

    def hear(self, sender: str, announcement: Announcement) -> None:
        """Take in what another process has told."""
        topic, name, seconds = announcement
        match topic:
            case "changes":
                self._changes[TenantId(name)] = next(self._numbers)
            case "notifications":
                self.notification_calls += 1
            case "connected":
                self._connected_elsewhere(EnrollmentId(name), sender, seconds=seconds)
                return
            case "reading":
                self._read_elsewhere(seconds)
            case "wire":
                self._recorded_elsewhere[name] = next(self._numbers)
        self._wake(topic, name)

    def hear_all(self) -> None:
        """Wake everybody who waits: what other processes have told may be lost."""
        self.notification_calls += 1
        for topic, name in list(self._waiting):
            self._wake(topic, name)

    def changed(self, tenant: TenantId) -> None:
        """Wake readers of anything of the tenant: something was written."""
        self._changes[tenant] = next(self._numbers)
        self._call("changes", tenant)

    def tenant_changed(self, tenant: TenantId) -> None:
        """Let other processes read again what they remember of the tenant."""
        self._call("tenant", tenant)

    def newest_change(self, tenant: TenantId) -> int:
        """Return the number of the tenant's newest change; 0 if there was none in this run of the server."""
        return self._changes.get(tenant, 0)

    def newest_elsewhere(self, tenant: TenantId) -> int:
        """Return a number that rises when another process has recorded something of the tenant that is read here."""
        return self._recorded_elsewhere.get(tenant, 0)

    def forget(self, tenant: TenantId) -> None:
        """Drop what is remembered of a tenant, and wake its readers."""
        self._changes.pop(tenant, None)
        self._recorded_elsewhere.pop(tenant, None)
        self._call("changes", tenant)

    def journal_grew(self, tenant: TenantId) -> None:
        """Wake readers of the journal: it has new entries."""
        self._call("journal", tenant)

    def clock_moved(self, tenant: TenantId) -> None:
        """Wake requests that wait for a moment of the tenant's time, which was set."""
        self._call("clock", tenant)
        self.notify()

    def connector_log_grew(self, tenant: TenantId) -> None:
        """Wake readers of the connectors' log: it has new events."""
        self._call("connector log", tenant)

    def wire_grew(self, tenant: TenantId | None) -> None:
        """Wake readers of recorded exchanges: there is a new one of this tenant (None: of no tenant)."""
        self._wake("wire", tenant or "")
        if self.tell is not None and self._readers_elsewhere:
            self.tell(("wire", tenant or "", 0))

    def notify(self) -> None:
        """Wake whoever delivers notifications: some wait, or the end of a subscription may have come."""
        self.notification_calls += 1
        self._call("notifications", "")

    def call_connectors(self, tenant: TenantId) -> None:
        """Wake connectors: there is work, or their permissions changed."""
        self._call("connectors", tenant)

    def is_connected(self, enrollment: EnrollmentId) -> bool:
        """Whether the device waits for a push at this moment. May be asked in any thread."""
        if self._connected.get(enrollment, 0) > 0:
            return True
        elsewhere = self._elsewhere.get(enrollment)
        return elsewhere is not None and max(elsewhere.values()) > monotonic()

    async def wait_for_push(
        self,
        enrollment: EnrollmentId,
        tenant: TenantId,
        *,
        seconds: float,
        unless: Callable[[], Awaitable[bool]],
        hang_up: Coroutine[Any, Any, None] | None = None,
    ) -> None:
        """Wait until the device is woken, the tenant's clock is set, the time is over, or `hang_up` returns: the device
        waits no longer.

        `unless` is evaluated once the waiting has begun, so that no signal is lost between the caller's read and the
        wait.
        """
        self._connected[enrollment] += 1
        self._call("connection", enrollment)
        if self.tell is not None:
            self.tell((_CONNECTED, enrollment, seconds))
        try:
            await self._wait([("device", enrollment), ("clock", tenant)], seconds, unless=unless, hang_up=hang_up)
        finally:
            self._connected[enrollment] -= 1
            if not self._connected[enrollment]:
                del self._connected[enrollment]
                if self.tell is not None:
                    self.tell((_CONNECTED, enrollment, 0))

    async def wait_for_connection(self, enrollment: EnrollmentId, *, seconds: float) -> None:
        """Wait until the device waits for a push, or the time is over."""
        if not self.is_connected(enrollment):
            await self._wait([("connection", enrollment)], seconds)

    async def wait_for_requests(
        self, tenant: TenantId, *, seconds: float, unless: Callable[[], Awaitable[bool]]
    ) -> None:
        """Wait until there may be work for connectors, the tenant's clock is set, or the time is over."""
        await self._wait([("connectors", tenant), ("clock", tenant)], seconds, unless=unless)

    async def wait_for_connector_log(
        self, tenant: TenantId, *, seconds: float, unless: Callable[[], Awaitable[bool]]
    ) -> None:
        """Wait until a connector's event is logged, or the time is over."""
        await self._wait([("connector log", tenant)], seconds, unless=unless)

    async def wait_for_journal(self, tenant: TenantId, *, seconds: float) -> None:
        """Wait until the journal has a new entry, or the time is over."""
        await self._wait([("journal", tenant)], seconds)

    async def wait_for_notifications(self, *, after: int, seconds: float | None) -> None:
        """Wait until `notify` is called again after so many calls, or the time is over; None: without an end."""

        async def is_called() -> bool:
            return self.notification_calls != after

        await self._wait([("notifications", "")], seconds, unless=is_called)

    async def wait_for_news(
        self,
        tenants: Sequence[TenantId],
        *,
        seconds: float,
        wire: bool = False,
        once_waiting: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Wait until anything of one of these tenants was written, or the time is over; with `wire` until the next
        exchange, too. Quiet check-ins, which write only their time, do not count. `once_waiting` is done when the
        waiting has begun: what it writes is news.
        """

        async def begun() -> bool:
            if once_waiting is not None:
                await once_waiting()
            return False

        topics = ["changes", *(["wire"] if wire else [])]
        waited: list[tuple[str, str]] = [(topic, tenant) for topic in topics for tenant in tenants]
        with self._reading(seconds) if wire else nullcontext():
            await self._wait(waited, seconds, unless=begun)

    async def wait_for_wire(self, tenant: TenantId | None, *, seconds: float) -> None:
        """Wait until an exchange of the tenant (None: of no tenant) is recorded, or the time is over."""
        with self._reading(seconds):
            await self._wait([("wire", tenant or "")], seconds)

    @contextmanager
    def _reading(self, seconds: float) -> Iterator[None]:
        """Note that somebody waits for recorded exchanges while the block runs, at most for so many seconds."""
        self.wire_readers += 1
        if self.tell is not None:
            self.tell((_READING, "", seconds))
        try:
            yield
        finally:
            self.wire_readers -= 1

    def _read_elsewhere(self, seconds: float) -> None:
        """Tell other processes what is recorded, for so many seconds."""
        self.wire_readers += 1
        self._readers_elsewhere += 1

        def end() -> None:
            self.wire_readers -= 1
            self._readers_elsewhere -= 1

        asyncio.get_running_loop().call_later(seconds, end)

    async def _wait(
        self,
        topics: list[tuple[str, str]],
        seconds: float | None,
        *,
        unless: Callable[[], Awaitable[bool]] | None = None,
        hang_up: Coroutine[Any, Any, None] | None = None,
    ) -> None:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        for topic in topics:
            self._waiting[topic].add(future)
        # Not by `asyncio.wait`, which takes a kilobyte more: thousands of devices wait here.
        timer = None if seconds is None else loop.call_later(seconds, _end_wait, future)
        watch = None if hang_up is None else asyncio.create_task(hang_up)
        if watch is not None:
            watch.add_done_callback(lambda _: _end_wait(future))
        try:
            if unless is None or not await unless():
                # One await less for the thousands of devices that wait here.
                await (future if present_exchange() is None else outside(lambda: _ended(future)))
        finally:
            if timer is not None:
                timer.cancel()
            if watch is not None:
                watch.cancel()
            for topic in topics:
                self._waiting[topic].discard(future)
                if not self._waiting[topic]:
                    del self._waiting[topic]

    def _connected_elsewhere(self, enrollment: EnrollmentId, sender: str, *, seconds: float) -> None:
        now = monotonic()
        waits = {name: end for name, end in self._elsewhere.pop(enrollment, {}).items() if end > now and name != sender}
        if seconds:
            waits[sender] = now + seconds
        if waits:
            self._elsewhere[enrollment] = waits
            self._wake("connection", enrollment)

    def _call(self, topic: str, name: str) -> None:
        self._wake(topic, name)
        if self.tell is not None and topic in _TOLD:
            self.tell((topic, name, 0))

    def _wake(self, topic: str, name: str) -> None:
        for future in self._waiting.get((topic, name), set()):
            _end_wait(future)


async def _ended(future: asyncio.Future[None]) -> None:
    await future


def _end_wait(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
