"""The control surface as a client on this machine sees it, a second tenant, and phones that come when pushed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.tenants.seeds import BUILT_IN
from fauxtune.server.factory import Application
from tests.support.certificates import certificate_request
from tests.support.clock import FixedClock
from tests.support.control import say_json_of
from tests.support.devices.android import AndroidOverHttp
from tests.support.tenant import Contoso

BASE = "https://localhost:8443/_fauxtune/v1"
HOOKS = {"request": [say_json_of]}

Enroll = Callable[..., Awaitable[AndroidOverHttp]]
Assign = Callable[..., Awaitable[str]]


@pytest.fixture
async def control(app: Application) -> AsyncIterator[httpx.AsyncClient]:
    """A client at the control surface's root, with no credentials."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE, event_hooks=HOOKS) as client:
        yield client


@pytest.fixture
async def contoso(app: Application) -> AsyncIterator[httpx.AsyncClient]:
    """A client at the seeded tenant."""
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url=f"{BASE}/tenants/contoso", event_hooks=HOOKS
    ) as client:
        yield client


@pytest.fixture
async def fabrikam(app: Application, control: httpx.AsyncClient) -> AsyncIterator[httpx.AsyncClient]:
    """A client at a second tenant, with the same people and a certification authority of another name.

    The ring of keys may give both authorities the same key: only by the name can an OCSP request tell them apart.
    """
    authority = {**BUILT_IN["certificationAuthority"], "name": "Fabrikam Issuing CA"}
    seed = {part: BUILT_IN[part] for part in ("users", "groups", "connectorKeys")}
    seed["certificationAuthority"] = authority
    answer = await control.post("/tenants", json={"name": "fabrikam", "seed": seed})
    assert answer.status_code == 201, answer.text
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url=f"{BASE}/tenants/fabrikam", event_hooks=HOOKS
    ) as client:
        yield client


@pytest.fixture(scope="session")
def csr(raw_rsa_keys: list[rsa.RSAPrivateKey]) -> bytes:
    """A certificate request, PEM."""
    return certificate_request(raw_rsa_keys[0], "anybody", encoding=serialization.Encoding.PEM)


@pytest.fixture
def enroll(http: httpx.AsyncClient, raw_rsa_keys: list[rsa.RSAPrivateKey]) -> Enroll:
    """`await enroll(contoso, "alice")`: a phone of that user, over the wire, which carries out what is ordered."""

    async def enroll(tenant: httpx.AsyncClient, user: str = "alice", *, mode: str = "work-profile") -> AndroidOverHttp:
        name = tenant.base_url.path.rstrip("/").rpartition("/")[2]
        return await AndroidOverHttp.enrolled(http, key=raw_rsa_keys[0], tenant=name, user=user, mode=mode, obeys=True)

    return enroll


#: What `assign` creates, by name.
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "root": ("androidWorkProfileTrustedRootCertificate", {}),
    "imported": ("androidForWorkImportedPFXCertificateProfile", {"intendedPurpose": "smimeEncryption"}),
    "pkcs": ("androidWorkProfilePkcsCertificateProfile", {"certificateTemplateName": "SmimeEncryption"}),
}


@pytest.fixture
def assign(emulator: Emulator, clock: FixedClock, raw_rsa_keys: list[rsa.RSAPrivateKey]) -> Assign:
    """`await assign("root")`, or "imported", or "pkcs": a profile for all devices of a tenant; its id."""

    async def assign(what: str, *, tenant_name: str = "contoso") -> str:
        tenant = await emulator.runner.tenant(tenant_name)
        administrator = Contoso(emulator=emulator, tenant=tenant, clock=clock, device_keys=raw_rsa_keys)
        kind, document = KINDS[what]
        return await administrator.profile_for_devices(kind, displayName=what, **document)

    return assign
