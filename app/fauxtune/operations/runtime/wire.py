"""The exchanges on the wire: the last requests of each tenant with their responses, in memory only.

Nothing is read, decoded or masked here (the package `fauxtune_wire` does), so that an exchange costs a check-in next to
nothing. The number of a tenant's exchanges is bounded, and so are the bytes of each body, of a tenant and of the
emulator: the oldest go first. An exchange that belongs to no tenant is kept for the emulator as a whole. Of processes
that share a database each has those that it served (`wire_across`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from heapq import heapify, heappop, heapreplace
from marshal import dumps, loads
from typing import Any, Literal, TypeAlias
from urllib.parse import unquote

from fauxtune.core.clock import TenantClock
from fauxtune.core.errors import Invalid, NotFound, Unavailable
from fauxtune.core.model.addresses import tenant_in
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime.runner import Runner

#: Bytes of a body that are kept.
KEPT = 64 * 1024
#: Bytes that Python needs for an exchange, and for each operation that it tried, besides the packed content.
_OVERHEAD, _DEMAND = 512, 512
#: The part of all bytes that is freed at once when there are too many.
_FREED = 8
#: The most processes that share a database and have numbers of their own.
PLACES = 64
#: The form of `marshal` that is quickest to write.
_FORM = 2

#: Names and values of headers.
Headers: TypeAlias = list[tuple[bytes, bytes]]
#: An operation of Graph (verb and path template) and the permissions of which one suffices.
Demand: TypeAlias = tuple[tuple[str, str], tuple[str, ...]]
#: How a fault breaks a connection: by a reset, without the body of the answer, or half-way through it.
Cut: TypeAlias = Literal["connectionReset", "emptyAnswer", "halfBody"]


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most exchanges of a tenant (0: nothing is recorded), the most bytes of a tenant and of all, and the
    seconds after which a search for a text stops.
    """

    exchanges: int = 500
    tenant_bytes: int = 16 * 1024 * 1024
    total_bytes: int = 64 * 1024 * 1024
    search_seconds: float = 2.0


@dataclass(slots=True)
class Caller:
    """The sender of a request, as far as the surface knows it; each surface assigns what it has learned.

    `cut`: how the connection is to be broken, if a fault of the tenant says so.

    `device`: the enrolment's id. `demands`: the operations of Graph that were tried; `permissions`: what the token
    grants. `refusal`: why the request was refused. `seat`: the seat of a
    classroom whose password was sent. Ids are those that the request names; a refused one proves nothing.
    """

    tenant: Tenant | None = None
    device: str | None = None
    application: str | None = None
    user: str | None = None
    permissions: frozenset[str] = frozenset()
    demands: tuple[Demand, ...] = ()
    refusal: str | None = None
    cut: Cut | None = None
    seat: Tenant | None = None


@dataclass(frozen=True, slots=True)
class RecordedExchange:
    """A request and its response, as they came. Bodies hold their first bytes; `..._length` is the length of the whole.
    `status` is None if the connection ended before a response. `number` counts the exchanges of a tenant. `caller` has
    no tenant; `clock` is that of the tenant at the request.
    """

    number: int
    began: datetime
    clock: TenantClock | None
    caller: Caller
    raw_path: bytes
    query: bytes
    method: str
    scheme: str
    request_id: str
    seconds: float
    request_headers: Headers
    request_body: bytes
    request_length: int
    status: int | None
    response_headers: Headers
    response_body: bytes
    response_length: int

    @property
    def path(self) -> str:
        """The path without escapes."""
        return unquote(self.raw_path.decode("latin-1"))


#: An exchange in a ring: its number, when it began (seconds since 1970), its content, the tenant's clock, permissions
#: and demands. A request leaves two objects behind, not fifty: whatever is kept slows down those that follow.
Entry: TypeAlias = tuple[int, float, bytes, TenantClock | None, frozenset[str], tuple[Demand, ...]]


@dataclass(slots=True)
class Recorded:
    """Exchanges, oldest first. `newest`: the number up to which they are known."""

    entries: Sequence[Entry] = ()
    newest: int = 0

    def exchanges(
        self, *, after: int = 0, before: int | None = None, newest_first: bool = False
    ) -> Iterator[RecordedExchange]:
        """Return those with greater numbers than `after`, and smaller ones than `before`, each read when it is its
        turn.
        """
        chosen = [entry for entry in self.entries if after < entry[0] and (before is None or entry[0] < before)]
        return map(_exchange, reversed(chosen) if newest_first else chosen)

    def exchange(self, number: int) -> RecordedExchange | None:
        """Return one exchange; None if it was never recorded, or is forgotten."""
        return next((_exchange(entry) for entry in self.entries if entry[0] == number), None)


@dataclass(slots=True)
class _Ring(Recorded):
    entries: deque[Entry] = field(default_factory=deque)
    tenant: TenantId | None = None
    size: int = 0


class Wire:
    """The recorded exchanges of every tenant, and those of no tenant (`None`). Everything runs on the event loop."""

    def __init__(self, runner: Runner, bounds: Bounds = Bounds()) -> None:
        self.runner = runner
        self.bounds = bounds
        #: Whether exchanges are recorded.
        self.is_on = bounds.exchanges > 0
        self._most, self._most_bytes, self._most_of_all = bounds.exchanges, bounds.tenant_bytes, bounds.total_bytes
        #: Which of the processes that share the database this is, from 0 on (see `PLACES`); None: there is one process.
        self.place: int | None = None
        #: The bytes of all exchanges.
        self.size = 0
        self._rings: dict[TenantId | None, _Ring] = {}

    def record(self, caller: Caller, began: float, *, sent: tuple[Any, ...]) -> None:
        """Add an exchange that has ended to those of its tenant (see `find_tenant`).

        `began`: in seconds since 1970. `sent`: path with its escapes, query, method, scheme, the request's id, duration
        in seconds; the request's headers, what is kept of its body, and its whole length; status, headers, what is kept
        of the body and its whole length of the response.
        """
        # Few calls and few objects: a check-in waits for this.
        tenant, demands = caller.tenant, caller.demands
        ring = None if tenant is None else self._rings.get(tenant.id)
        if ring is None:
            ring, tenant = self._new_ring(tenant)
        content = dumps((sent, caller.device, caller.application, caller.user, caller.refusal), _FORM)
        entries = ring.entries
        ring.newest = number = ring.newest + 1 if self.place is None else self._next_number(ring.newest)
        entries.append((number, began, content, None if tenant is None else tenant.clock, caller.permissions, demands))
        size = _OVERHEAD + len(content) + (_DEMAND * len(demands) if demands else 0)
        if len(entries) > self._most:
            size -= _size_of(entries.popleft())
        ring.size += size
        self.size += size
        while ring.size > self._most_bytes:
            self._drop_oldest(ring)
        if self.size > self._most_of_all:
            self._make_room()
        if self.runner.signals.wire_readers:
            self.runner.signals.wire_grew(ring.tenant)

    async def find_tenant(self, caller: Caller, path: str) -> None:
        """Note the tenant that the path (without escapes) names, if there is one: for a request that was refused before
        its surface knew whose it is.
        """
        key = tenant_in(path)
        if key is not None:
            with suppress(Invalid, NotFound, Unavailable):
                caller.tenant = await self.runner.tenant(key)

    def of(self, tenant: TenantId | None) -> Recorded:
        """Return what this process has recorded of a tenant: what is recorded and forgotten from now on shows in it."""
        return self._rings.get(tenant) or Recorded()

    def number_now(self) -> int:
        """Return the greatest number that an exchange which ends at this moment can have, where processes share the
        database. Numbers are times there, so that they rise over all processes: microseconds, of which each process has
        its own (those with its `place` as their rest by `PLACES`).
        """
        return int(self.runner.clock.now().timestamp() * 1_000_000) // PLACES * PLACES + PLACES - 1

    def _next_number(self, newest: int) -> int:
        assert self.place is not None
        return max(self.number_now() - PLACES + 1 + self.place, newest + PLACES)

    def clear(self, tenant: TenantId | None) -> None:
        """Forget the exchanges of a tenant. Numbers continue."""
        ring = self._rings.get(tenant)
        while ring is not None and ring.entries:
            self._drop_oldest(ring)

    def forget(self, tenant: TenantId) -> None:
        """Forget a tenant that was deleted, and wake those who wait for its exchanges."""
        self.clear(tenant)
        self._rings.pop(tenant, None)
        self.runner.signals.wire_grew(tenant)

    def _drop_oldest(self, ring: _Ring) -> None:
        size = _size_of(ring.entries.popleft())
        ring.size -= size
        self.size -= size

    def _make_room(self) -> None:
        """Drop the oldest exchanges of all tenants: more than is necessary, so that it need not be done each time."""
        most = self._most_of_all - self._most_of_all // _FREED
        rings = [ring for ring in self._rings.values() if ring.entries]
        oldest = [(ring.entries[0][1], place) for place, ring in enumerate(rings)]
        heapify(oldest)
        while self.size > most and oldest:
            place = oldest[0][1]
            ring = rings[place]
            self._drop_oldest(ring)
            if ring.entries:
                heapreplace(oldest, (ring.entries[0][1], place))
            else:
                heappop(oldest)

    def _new_ring(self, tenant: Tenant | None) -> tuple[_Ring, Tenant | None]:
        """The ring of the tenant, and the tenant if it exists: a request may end after its tenant was deleted."""
        if tenant is not None and self.runner.known(tenant.id) is None:
            tenant = None
        tenant_id = None if tenant is None else tenant.id
        return self._rings.setdefault(tenant_id, _Ring(tenant=tenant_id)), tenant


def extended(body: bytes, piece: bytes) -> bytes:
    """Return a body with as much of its next piece as is kept. (Whole pieces are not copied.)"""
    room = KEPT - len(body)
    return body + piece[:room] if room > 0 else body


def _size_of(entry: Entry) -> int:
    return _OVERHEAD + len(entry[2]) + _DEMAND * len(entry[5])


def _exchange(entry: Entry) -> RecordedExchange:
    number, began, content, clock, permissions, demands = entry
    sent, device, application, user, refusal = loads(content)  # noqa: S302 - written by `record`
    caller = Caller(
        device=device,
        application=application,
        user=user,
        refusal=refusal,
        permissions=permissions,
        demands=demands,
    )
    return RecordedExchange(number, datetime.fromtimestamp(began, UTC), clock, caller, *sent)
