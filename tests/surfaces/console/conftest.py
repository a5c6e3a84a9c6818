"""The console as a browser on this machine sees it, and phones that come when pushed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.server.factory import Application
from tests.support.clock import FixedClock
from tests.support.devices.android import AndroidOverHttp
from tests.support.tenant import Contoso

Enroll = Callable[..., Awaitable[AndroidOverHttp]]


@pytest.fixture
async def console(app: Application) -> AsyncIterator[httpx.AsyncClient]:
    """A browser at the seeded tenant; it follows no redirect by itself."""
    base = "http://localhost:8080/console/contoso"
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base) as client:
        yield client


@pytest.fixture
async def contoso(
    emulator: Emulator, tenant: Tenant, clock: FixedClock, raw_rsa_keys: list[rsa.RSAPrivateKey]
) -> Contoso:
    """The administrator of the seeded tenant, by operations."""
    return Contoso(emulator=emulator, tenant=tenant, clock=clock, device_keys=raw_rsa_keys)


@pytest.fixture
def enroll(http: httpx.AsyncClient, raw_rsa_keys: list[rsa.RSAPrivateKey]) -> Enroll:
    """`await enroll("alice")`: a phone of that user, over the wire, which carries out what is ordered."""

    async def enroll(user: str = "alice", *, mode: str = "work-profile", **facts: Any) -> AndroidOverHttp:
        return await AndroidOverHttp.enrolled(
            http, key=raw_rsa_keys[0], tenant="contoso", user=user, mode=mode, obeys=True, **facts
        )

    return enroll
