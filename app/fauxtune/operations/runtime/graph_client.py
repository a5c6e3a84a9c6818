"""The client through which what-if sends a request to Graph; `server.bootstrap` injects the real one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from fauxtune.core.errors import NotEmulated
from fauxtune.core.model.tenants import Tenant

if TYPE_CHECKING:
    from fauxtune.operations.runtime.emulator import Emulator


@dataclass(frozen=True, slots=True)
class ProposedRequest:
    """A request whose consequences are asked for. `url` may be absolute, of any host; `body`: JSON."""

    method: str
    url: str
    body: Any = None


class GraphClient(Protocol):
    """Sends requests to Graph as an administrator who may do everything. Raises GraphRefused if Graph answers with an
    error.
    """

    async def __call__(self, emulator: Emulator, tenant: Tenant, *, request: ProposedRequest) -> None:
        """Send one request; the emulator's operations carry it out."""
        ...


async def graph_not_served(emulator: Emulator, tenant: Tenant, *, request: ProposedRequest) -> None:
    """Refuse: this emulator serves no Graph."""
    raise NotEmulated("This emulator serves no Graph.")
