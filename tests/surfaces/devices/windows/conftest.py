"""Windows devices at the real application, profiles that reach them, and what the ledger says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.devices.enrollment import create_token
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.tenants import tenants
from tests.support.certificates import pfx_import
from tests.support.clock import FixedClock
from tests.support.control import connector_key
from tests.support.devices import windows_messages
from tests.support.devices.windows import (
    ALICE,
    PASSWORD,
    PHONES,
    Assign,
    Enroll,
    Json,
    Ledger,
    MakeToken,
    Switch,
    WindowsDevice,
)
from tests.support.tenant import Contoso


@pytest.fixture
def token(emulator: Emulator, tenant: Tenant) -> MakeToken:
    """An enrolment token for a user."""

    async def make(upn: str = ALICE, **options: Any) -> str:
        return await emulator.runner.run(tenant, create_token, upn, **options)

    return make


@pytest.fixture
def keys(raw_rsa_keys: list[rsa.RSAPrivateKey]) -> Iterator[rsa.RSAPrivateKey]:
    """One key after the other."""
    return iter(raw_rsa_keys)


@pytest.fixture
def enroll(http: httpx.AsyncClient, keys: Iterator[rsa.RSAPrivateKey]) -> Enroll:
    """A new device of a platform."""

    async def make(platform: str = "windows", **known: Any) -> WindowsDevice:
        pc = WindowsDevice(http, next(keys), **known)
        items = pc.context(version=PHONES[platform], kind="WindowsPhone") if platform in PHONES else None
        answer = await pc.enroll(windows_messages.by_password(ALICE, PASSWORD), items=items)
        assert answer.status_code == 200, answer.text
        return pc

    return make


@pytest.fixture
def switch(emulator: Emulator) -> Switch:
    """Change settings of a tenant."""

    async def turn(changes: Json, *, of: str = "contoso") -> None:
        tenant = await emulator.runner.tenant(of)
        await emulator.runner.run(tenant, tenants.change_settings, changes)

    return turn


@pytest.fixture
def contoso(emulator: Emulator, tenant: Tenant, clock: FixedClock, raw_rsa_keys: list[rsa.RSAPrivateKey]) -> Contoso:
    """The tenant `contoso`, with its administrator."""
    return Contoso(emulator=emulator, tenant=tenant, clock=clock, device_keys=raw_rsa_keys)


@pytest.fixture
def assign(contoso: Contoso) -> Assign:
    """A profile of a kind for all devices; its id. Root and authority are the tenant's own unless it has others."""

    async def make(name: str, **document: Any) -> str:
        if "Pkcs" in name:
            document = {"certificateTemplateName": "SmimeEncryption", **document}
        return await contoso.profile_for_devices(name, **document)

    return make


@pytest.fixture
async def imported(http: httpx.AsyncClient, keys: Iterator[rsa.RSAPrivateKey], app_token: str) -> Json:
    """A certificate that was imported for Alice."""
    body = pfx_import(next(keys), await connector_key(http)).body(ALICE)
    url = "/beta/deviceManagement/userPfxCertificates"
    answer = await http.post(url, json=body, headers={"authorization": f"Bearer {app_token}"})
    assert answer.status_code == 201, answer.text
    return body


@pytest.fixture
def ledger(http: httpx.AsyncClient) -> Ledger:
    """The items of a device, by key."""

    async def read(pc: WindowsDevice) -> dict[str, Json]:
        answer = await http.get(f"/_fauxtune/v1/tenants/contoso/devices/{pc.enrollment_id}/ledger")
        return {item["key"]: item for item in answer.json()["items"]}

    return read
