"""The tenant `contoso`, to which Apple devices come over the wire."""

from __future__ import annotations

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime.emulator import Emulator
from tests.support.apple_tenant import AppleTenant
from tests.support.clock import FixedClock


@pytest.fixture
async def contoso(
    emulator: Emulator,
    tenant: Tenant,
    http: httpx.AsyncClient,
    app_token: str,
    raw_rsa_keys: list[RSAPrivateKey],
    clock: FixedClock,
) -> AppleTenant:
    """The tenant `contoso`, with its administrator."""
    return AppleTenant(
        emulator=emulator, tenant=tenant, clock=clock, device_keys=raw_rsa_keys, http=http, graph_token=app_token
    )
