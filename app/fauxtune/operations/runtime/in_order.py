"""The requests of deterministic tenants: served one after the other, and kept, so that they can be repeated.

The number of a request, the tenant's number and its id fix what chance gives while it is served (`core.chance`). A
request that waits for something outside of the tenant, such as a device, a signal or a receiver, steps out of the order
meanwhile (`outside`): others are served, and it takes a turn again before it goes on.

What came and what was answered is kept in memory as a list of steps, JSON each, whose member `exchange` is the number
of the request: `request` (it has its turn), `waits` (it steps out; the number of that wait, from 1), `goes on` (with
that number as `call`, the `result` of what it waited for or the `error`, and the `seconds` since it began), and
`answer`. `left out` says why a request cannot be repeated.
"""

from __future__ import annotations

import asyncio
from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import orjson

from fauxtune.core.errors import Conflict, FauxtuneError
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.runtime.turns import Turns

T = TypeVar("T")

#: Bytes that are kept of a tenant, and of all tenants of a server.
MOST, MOST_OF_ALL = 32 * 1024 * 1024, 128 * 1024 * 1024

_TOO_MUCH = (
    f"This tenant's requests and answers have more than {MOST // 1024 // 1024} MiB: create a tenant with the same "
    "number, and stop recording earlier."
)
_NO_ROOM = (
    f"The deterministic tenants of this server have kept more than {MOST_OF_ALL // 1024 // 1024} MiB: delete some, and "
    "create a tenant with the same number."
)


class Steps(Protocol):
    """Is told each step of a tenant's exchanges, in order."""

    def note(self, exchange: int, kind: str, content: Any = None) -> None:  # noqa: PLR0917
        """Take note of a step: `kind` is one of those in the module's description."""
        ...

    async def outside(self, exchange: Exchange, call: int, wait: Callable[[], Awaitable[T]]) -> T:  # noqa: PLR0917
        """Return what the wait returns, which is the `call`-th of its exchange, and let the exchange's time go on.
        Where steps are repeated: what it returned then, after the time that it took then.
        """
        ...


@dataclass(slots=True)
class Recording:
    """The steps of one tenant since it was made. `beginning`: what it was made from. `lost`: why they are not all
    there. `since`: how many exchanges there were when somebody began to record.
    """

    beginning: JsonObject
    steps: list[JsonObject] = field(default_factory=list)
    size: int = 0
    lost: str | None = None
    since: int | None = None

    def note(self, exchange: int, kind: str, content: Any = None) -> None:  # noqa: PLR0917
        """Keep a step."""
        if self.lost is not None:
            return
        step = {"exchange": exchange, kind: content}
        self.steps.append(step)
        self.size += len(orjson.dumps(step))
        if self.size > MOST:
            self.lose(_TOO_MUCH)

    async def outside(  # noqa: PLR0917 - see `Steps`
        self,
        exchange: Exchange,
        call: int,
        wait: Callable[[], Awaitable[T]],
    ) -> T:
        """Wait."""
        return await exchange.waited(wait)

    def lose(self, why: str) -> None:
        """Drop what is kept."""
        self.steps, self.size, self.lost = [], 0, why

    @property
    def exchanges(self) -> int:
        """How many exchanges have begun."""
        return max((step["exchange"] for step in self.steps), default=0)


@dataclass(slots=True)
class Exchange:
    """A request that is served in its order. `number`: from 1, of the tenant's requests. `elapsed`: seconds from its
    beginning to the end of its last wait; in between no time goes by in it.
    """

    turns: Turns
    tenant: TenantId
    number: int = 0
    steps: Steps | None = None
    waits: int = 0
    elapsed: float = 0.0
    _began: float = 0.0
    _turn: Any = field(default=None, repr=False)

    async def take(self) -> None:
        """Wait for the turn."""
        turn = self.turns.of(self.tenant)
        await turn.__aenter__()
        self._turn = turn
        self._began = self._began or asyncio.get_running_loop().time()

    async def give(self) -> None:
        """Let the next one have its turn, if this one has it."""
        turn, self._turn = self._turn, None
        if turn is not None:
            await turn.__aexit__()

    def note(self, kind: str, content: Any = None) -> None:
        """Tell a step."""
        if self.steps is not None:
            self.steps.note(self.number, kind, content)

    async def outside(self, wait: Callable[[], Awaitable[T]]) -> T:
        """Wait without the turn. What waits inside of this wait is a part of it."""
        if self._turn is None:
            return await wait()
        self.waits += 1
        call = self.waits
        self.note("waits", call)
        await self.give()
        done: JsonObject = {"call": call}
        try:
            result = await (self.waited(wait) if self.steps is None else self.steps.outside(self, call, wait))
            done["result"] = result
            return result
        except FauxtuneError as error:
            done["error"] = {"type": type(error).__name__, "message": error.message, "target": error.target}
            raise
        finally:
            await self.take()
            self.note("goes on", {**done, "seconds": self.elapsed})

    async def waited(self, wait: Callable[[], Awaitable[T]]) -> T:
        """Wait, and see how much time went by."""
        try:
            return await wait()
        finally:
            self.elapsed = asyncio.get_running_loop().time() - self._began


_EXCHANGE: ContextVar[Exchange | None] = ContextVar("exchange", default=None)


async def outside(wait: Callable[[], Awaitable[T]]) -> T:
    """Wait for something outside of the tenant: meanwhile other requests of a deterministic tenant are served. What is
    waited for gives JSON, or raises an error of ours.
    """
    exchange = _EXCHANGE.get()
    return await (wait() if exchange is None else exchange.outside(wait))


def elapsed() -> float:
    """Return the seconds since a moment that stays the same, to compare with a later answer."""
    exchange = _EXCHANGE.get()
    return asyncio.get_running_loop().time() if exchange is None else exchange.elapsed


def present_exchange() -> Exchange | None:
    """Return the exchange that is being served here, if it is one of a deterministic tenant."""
    return _EXCHANGE.get()


@contextmanager
def being_served(exchange: Exchange) -> Iterator[None]:
    """Let the block be a part of this exchange."""
    before = _EXCHANGE.set(exchange)
    try:
        yield
    finally:
        _EXCHANGE.reset(before)


@dataclass(slots=True)
class Orders:
    """The deterministic tenants of a server, whose turn it is in each, and what is kept of their exchanges. `met`:
    those to which requests have come at the same time, which is said once.
    """

    tenants: set[TenantId] = field(default_factory=set)
    turns: Turns = field(default_factory=Turns)
    kept: dict[TenantId, Steps] = field(default_factory=dict)
    met: set[TenantId] = field(default_factory=set)

    def keep(self, tenant: TenantId, beginning: JsonObject) -> None:
        """Keep the exchanges of a new tenant."""
        self.tenants.add(tenant)
        self.kept[tenant] = Recording(beginning)

    def recording(self, tenant: TenantId) -> Recording:
        """Return what is kept of a tenant. Raises Conflict if that is not everything since it was made."""
        steps = self.kept.get(tenant)
        if not isinstance(steps, Recording):
            raise Conflict(
                "The server was started again since this tenant was made, and its first requests are not kept: create "
                "a tenant with the same number."
            )
        if steps.lost is not None:
            raise Conflict(steps.lost)
        return steps

    def bound(self) -> None:
        """Drop what is kept of the tenants that have most of it, until the rest has a bound in bytes."""
        sizes = {name: steps.size for name, steps in self.kept.items() if isinstance(steps, Recording)}
        while sum(sizes.values()) > MOST_OF_ALL:
            largest = max(sizes, key=lambda name: sizes[name])
            del sizes[largest]
            self.recording(largest).lose(_NO_ROOM)

    def forget(self, tenant: TenantId) -> None:
        """Drop a tenant that was deleted."""
        self.tenants.discard(tenant)
        self.met.discard(tenant)
        self.kept.pop(tenant, None)


def body_document(body: bytes) -> str | JsonObject:
    """Return the bytes of a body as JSON: their text, or `{"base64": ...}`."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        return {"base64": b64encode(body).decode()}


def body_of(document: str | Mapping[str, str]) -> bytes:
    """Return the bytes that `body_document` wrote."""
    return document.encode() if isinstance(document, str) else b64decode(document["base64"])
