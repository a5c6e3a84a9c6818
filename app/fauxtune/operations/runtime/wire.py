"""The exchanges on the wire: the last requests of each tenant with their answers, in memory only.

Messages are kept as they came, by reference; nothing is read, decoded or masked here (see `insight.wire`), so that an
exchange costs a check-in next to nothing. The number of a tenant's exchanges is bounded, and so are the bytes of each
body, of a tenant and of the emulator: the oldest go first. An exchange that belongs to no tenant is kept for the
emulator as a whole.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from sys import getsizeof

from fauxtune.core.errors import NotFound
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.surfaces import tenant_in
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime.runner import Runner

#: Bytes of a body that are kept.
BODY_LIMIT = 64 * 1024
#: Bytes that Python needs for an exchange and for each of its headers, besides their text.
_EXCHANGE, _HEADER = 1536, 136

#: Names and values of headers, as they came.
Headers = Sequence[tuple[bytes, bytes]]
#: An operation of Graph (verb and path template) and the permissions of which one suffices.
Demand = tuple[tuple[str, str], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most exchanges of a tenant (0: nothing is recorded), and the most bytes of a tenant and of all."""

    exchanges: int = 500
    tenant_bytes: int = 16 * 1024 * 1024
    total_bytes: int = 64 * 1024 * 1024


@dataclass(slots=True)
class Caller:
    """The sender of a request, as far as the surface knows it; each surface assigns what it has learned.

    `device`: the enrolment's id. `demands`: the operations of Graph that were tried; `permissions`: what the token
    grants. `refusal`: why the request was refused. Ids are those that the request names; a refused one proves nothing.
    """

    tenant: Tenant | None = None
    device: str | None = None
    application: str | None = None
    user: str | None = None
    permissions: frozenset[str] = frozenset()
    demands: tuple[Demand, ...] = ()
    refusal: str | None = None


@dataclass(slots=True)
class RecordedExchange:
    """A request and its answer. Bodies hold their first bytes; `..._length` is the length of the whole. `status` is
    None if the connection ended before an answer. `number` counts the exchanges of a tenant, `order` those of all.
    """

    began: datetime
    seconds: float
    request_id: str
    method: str
    scheme: str
    path: str
    raw_path: bytes
    query: bytes
    caller: Caller
    request_headers: Headers
    request_body: bytes
    request_length: int
    status: int | None
    response_headers: Headers
    response_body: bytes
    response_length: int
    number: int = 0
    order: int = 0
    size: int = 0


@dataclass(slots=True)
class _Ring:
    exchanges: deque[RecordedExchange] = field(default_factory=deque)
    newest: int = 0
    size: int = 0


class Wire:
    """The recorded exchanges of every tenant, and those of no tenant (`None`). Everything runs on the event loop."""

    def __init__(self, runner: Runner, bounds: Bounds = Bounds()) -> None:
        self.bounds = bounds
        self.runner = runner
        self._rings: dict[TenantId | None, _Ring] = {}
        self._all: OrderedDict[int, _Ring] = OrderedDict()
        self._order = 0
        self._size = 0

    @property
    def is_on(self) -> bool:
        """Whether exchanges are recorded."""
        return self.bounds.exchanges > 0

    @property
    def size(self) -> int:
        """The bytes of all exchanges."""
        return self._size

    def record(self, exchange: RecordedExchange) -> None:
        """Add an exchange that has ended to those of its tenant: the one that its surface has found, else the one that
        its path names.
        """
        tenant = self._tenant_of(exchange)
        ring = self._rings.get(tenant)
        if ring is None:
            ring = self._rings[tenant] = _Ring()
        self._order += 1
        ring.newest += 1
        exchange.number, exchange.order, exchange.size = ring.newest, self._order, size_of(exchange)
        ring.exchanges.append(exchange)
        self._all[self._order] = ring
        ring.size += exchange.size
        self._size += exchange.size
        bounds = self.bounds
        while len(ring.exchanges) > bounds.exchanges or ring.size > bounds.tenant_bytes:
            self._drop_oldest(ring)
        while self._size > bounds.total_bytes:
            self._drop_oldest(self._all[next(iter(self._all))])
        self.runner.signals.wire_grew(tenant)

    def exchanges(self, tenant: TenantId | None) -> list[RecordedExchange]:
        """Return the exchanges of a tenant, oldest first."""
        ring = self._rings.get(tenant)
        return [] if ring is None else list(ring.exchanges)

    def exchange(self, tenant: TenantId | None, *, number: int) -> RecordedExchange:
        """Return one exchange. Raises NotFound if it was never recorded, or is forgotten."""
        ring = self._rings.get(tenant)
        if ring is not None and ring.exchanges:
            place = number - ring.exchanges[0].number
            if 0 <= place < len(ring.exchanges):
                return ring.exchanges[place]
        newest = self.newest(tenant)
        raise NotFound(
            f"There is no exchange {number}: the newest is {newest}, and the last {self.bounds.exchanges} are kept."
        )

    def newest(self, tenant: TenantId | None) -> int:
        """Return the number of a tenant's newest exchange; 0 without one."""
        ring = self._rings.get(tenant)
        return 0 if ring is None else ring.newest

    def clear(self, tenant: TenantId | None) -> None:
        """Forget the exchanges of a tenant. Numbers continue."""
        ring = self._rings.get(tenant)
        while ring is not None and ring.exchanges:
            self._drop_oldest(ring)

    def forget(self, tenant: TenantId) -> None:
        """Forget a tenant that was deleted, and wake those who wait for its exchanges."""
        self.clear(tenant)
        self._rings.pop(tenant, None)
        self.runner.signals.wire_grew(tenant)

    def _drop_oldest(self, ring: _Ring) -> None:
        exchange = ring.exchanges.popleft()
        del self._all[exchange.order]
        ring.size -= exchange.size
        self._size -= exchange.size

    def _tenant_of(self, exchange: RecordedExchange) -> TenantId | None:
        """The tenant, if it exists: a request may end after its tenant was deleted."""
        caller = exchange.caller
        key = tenant_in(exchange.path) if caller.tenant is None else caller.tenant.id
        known = None if key is None else self.runner.known(key)
        if known is None:
            caller.tenant = None
            return None
        if caller.tenant is None:
            caller.tenant = known
        return known.id


def size_of(exchange: RecordedExchange) -> int:
    """Return the bytes of memory that the exchange needs."""
    size = _EXCHANGE + getsizeof(exchange.path) + len(exchange.raw_path) + len(exchange.query)
    size += len(exchange.request_body) + len(exchange.response_body)
    for headers in (exchange.request_headers, exchange.response_headers):
        size += _HEADER * len(headers)
        for name, value in headers:
            size += len(name) + len(value)
    return size
