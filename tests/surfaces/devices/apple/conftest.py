"""An administrator of the tenant `contoso`, and devices of Apple's that come to it."""

from __future__ import annotations

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime.emulator import Emulator
from tests.support.clock import FixedClock
from tests.surfaces.devices.apple.company import Company


@pytest.fixture
async def company(
    emulator: Emulator,
    tenant: Tenant,
    http: httpx.AsyncClient,
    app_token: str,
    raw_rsa_keys: list[RSAPrivateKey],
    clock: FixedClock,
) -> Company:
    """The tenant `contoso`, with an administrator at hand."""
    return Company(emulator, tenant, http=http, token=app_token, keys=raw_rsa_keys, clock=clock)
