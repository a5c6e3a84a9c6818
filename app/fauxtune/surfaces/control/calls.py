"""What every call of the control surface starts from: the emulator, and the tenant that the path names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Concatenate, ParamSpec, TypeVar

from fastapi import Depends, Path, Request

from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.act import Act
from fauxtune.operations.emulator import Emulator

T = TypeVar("T")
P = ParamSpec("P")


def emulator_of(request: Request) -> Emulator:
    """The emulator of this application."""
    emulator: Emulator = request.app.state.emulator
    return emulator


@dataclass(frozen=True, slots=True)
class TenantCall:
    """A call about one tenant."""

    emulator: Emulator
    tenant: Tenant

    async def run(self, operation: Callable[Concatenate[Act, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """An operation of this tenant."""
        return await self.emulator.runner.run(self.tenant, operation, *args, **kwargs)


async def tenant_call(
    request: Request, tenant: Annotated[str, Path(description="id, name or domain of a tenant")]
) -> TenantCall:
    """The tenant of the path. NotFound for one that does not exist."""
    emulator = emulator_of(request)
    return TenantCall(emulator, await emulator.runner.tenant(tenant))


Anyone = Annotated[Emulator, Depends(emulator_of)]
Here = Annotated[TenantCall, Depends(tenant_call)]
