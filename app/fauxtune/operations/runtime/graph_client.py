"""The client through which what-if and the console send requests to Graph; `server.bootstrap` injects the real one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from fauxtune.core.errors import NotEmulated
from fauxtune.core.model.ids import UserId
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import JsonObject

if TYPE_CHECKING:
    from fauxtune.operations.runtime.emulator import Emulator


@dataclass(frozen=True, slots=True)
class ProposedRequest:
    """A request that the emulator itself sends. `url` may be absolute, of any host; `body`: JSON; `client`: the name of
    the application in the audit log; `user`: whom it acts for. Approval policies hold it up if it `needs_approval`.
    """

    method: str
    url: str
    body: Any = None
    client: str = "what-if"
    user: UserId | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    needs_approval: bool = False


#: Sends one request, and returns Graph's answer.
Send = Callable[[ProposedRequest], Awaitable[JsonObject | None]]
#: Several requests in a row, of which a later one may contain what an earlier one was answered, such as an id.
Task = Callable[[Send], Coroutine[Any, Any, None]]


class GraphClient(Protocol):
    """Sends requests to Graph as an administrator who may do everything. Raises GraphRefused if Graph answers with an
    error.
    """

    async def __call__(self, emulator: Emulator, tenant: Tenant, *, request: ProposedRequest) -> JsonObject | None:
        """Send one request, and return Graph's answer; the emulator's operations carry it out."""
        ...


async def graph_not_served(emulator: Emulator, tenant: Tenant, *, request: ProposedRequest) -> JsonObject | None:
    """Refuse: this emulator serves no Graph."""
    raise NotEmulated("This emulator serves no Graph.")


async def nothing_to_load() -> None:
    """Return: the client of Graph is there already."""
