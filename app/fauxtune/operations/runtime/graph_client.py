"""Graph's surface as an operation reaches it that only considers a request: given from outside, where all is wired."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from fauxtune.core.errors import NotEmulated
from fauxtune.core.model.tenants import Tenant

if TYPE_CHECKING:
    from fauxtune.operations.runtime.emulator import Emulator


@dataclass(frozen=True, slots=True)
class ProposedRequest:
    """A request that is only being considered. `url` may be absolute, of any host; `body` is JSON, or None."""

    method: str
    url: str
    body: Any = None


class GraphClient(Protocol):
    """Asks Graph in the name of an administrator who may do everything. GraphRefused when it says no."""

    async def __call__(self, emulator: Emulator, tenant: Tenant, *, request: ProposedRequest) -> None:
        """One request, carried out by the emulator's operations."""
        ...


async def graph_not_served(emulator: Emulator, tenant: Tenant, *, request: ProposedRequest) -> None:
    """Where no Graph is served."""
    raise NotEmulated("This emulator serves no Graph.")
