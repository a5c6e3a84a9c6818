"""The beginning of every call of the control surface: the check of access, the emulator, and the path's tenant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Concatenate, ParamSpec, TypeVar

from fastapi import APIRouter, Depends, Path, Request

from fauxtune.core.language.catalogue import Language
from fauxtune.core.language.choice import preferred
from fauxtune.core.model.marks import Marks
from fauxtune.core.model.tenants import Tenant
from fauxtune.extensions import before_a_change
from fauxtune.operations.profiles.switches import LABS
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.database import Connection
from fauxtune.surfaces.control.access import GuardedRoute
from fauxtune.surfaces.http import caller_of, emulator_of

T = TypeVar("T")
P = ParamSpec("P")
#: Parts of the paths that look at labs themselves, or change nothing that a lab is about.
_OF_LABS = {"labs", "settle"}


def calls(prefix: str, *, tag: str, route_class: type[GuardedRoute] = GuardedRoute) -> APIRouter:
    """Return a router whose routes check the caller's access."""
    return APIRouter(prefix=prefix, tags=[tag], route_class=route_class)


async def _emulator(request: Request) -> Emulator:
    """The emulator of this request, as a dependency. (FastAPI would call a plain function in a worker thread.)"""
    return emulator_of(request)


@dataclass(frozen=True, slots=True)
class TenantCall:
    """A call about one tenant. `language`: the one that the caller prefers, of those that some texts have."""

    emulator: Emulator
    tenant: Tenant
    language: Language = Language.ENGLISH

    async def run(self, operation: Callable[Concatenate[Transaction, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run an operation of this tenant."""
        return await self.emulator.runner.run(self.tenant, operation, *args, **kwargs)

    async def read(self, query: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a named query."""
        return await self.emulator.runner.read(query, *args, **kwargs)

    async def marks(self) -> Marks:
        """Return the marks of the tenant's certificates by now."""
        return await self.emulator.runner.marks.of(self.tenant)


async def tenant_call(
    request: Request, tenant: Annotated[str, Path(description="id, name or domain of a tenant")]
) -> TenantCall:
    """The tenant of the path, as a dependency. Raises NotFound if it does not exist."""
    emulator = emulator_of(request)
    here = caller_of(request).tenant = await emulator.runner.tenant(tenant)
    if request.method != "GET" and here.setting(LABS) and not _OF_LABS & {*request.url.path.split("/")}:
        await before_a_change(emulator, here)
    return TenantCall(emulator, here, preferred(request.headers.get("accept-language", "")))


Anyone = Annotated[Emulator, Depends(_emulator)]
Here = Annotated[TenantCall, Depends(tenant_call)]
