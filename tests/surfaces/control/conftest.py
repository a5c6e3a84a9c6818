"""The control surface as a client on this machine sees it, a second tenant, and phones that come when pushed."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import FastAPI

from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.profiles.catalog import kind
from fauxtune.operations.ca import authorities
from fauxtune.operations.profiles import assignments, profiles
from fauxtune.operations.runtime.emulator import Emulator
from tests.support.certificates import certificate_request
from tests.support.devices.android import AndroidOverHttp

BASE = "https://localhost:8443/_fauxtune/v1"

Enroll = Callable[..., Awaitable[AndroidOverHttp]]
Assign = Callable[..., Awaitable[str]]


@pytest.fixture
async def control(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client at the control surface's root, with no credentials."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as client:
        yield client


@pytest.fixture
async def contoso(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client at the seeded tenant."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=f"{BASE}/tenants/contoso") as client:
        yield client


@pytest.fixture
async def fabrikam(app: FastAPI, control: httpx.AsyncClient) -> AsyncIterator[httpx.AsyncClient]:
    """A client at a second tenant, with the same people."""
    answer = await control.post("/tenants", json={"name": "fabrikam"})
    assert answer.status_code == 201, answer.text
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=f"{BASE}/tenants/fabrikam") as client:
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


@pytest.fixture
def assign(emulator: Emulator) -> Assign:
    """`await assign("root")`, or "imported", or "pkcs": a profile for all devices of a tenant; its id."""

    async def one(what: str, *, tenant_name: str = "contoso") -> str:
        runner = emulator.runner
        tenant: Tenant = await runner.tenant(tenant_name)
        if what == "root":
            root = await runner.read(authorities.certificate, tenant, name="root")
            der = base64.b64encode(root.public_bytes(serialization.Encoding.DER)).decode()
            name, document = "androidWorkProfileTrustedRootCertificate", {"trustedRootCertificate": der}
        elif what == "imported":
            name, document = "androidForWorkImportedPFXCertificateProfile", {"intendedPurpose": "smimeEncryption"}
        else:
            name = "androidWorkProfilePkcsCertificateProfile"
            document = {
                "certificationAuthority": tenant.ca_host,
                "certificationAuthorityName": tenant.ca_name,
                "certificateTemplateName": "SmimeEncryption",
                "subjectNameFormat": "commonName",
                "subjectAlternativeNameType": "emailAddress",
            }
        known = kind(name)
        assert known is not None
        document |= {"@odata.type": f"#microsoft.graph.{name}", "displayName": what}
        made = await runner.run(tenant, profiles.create_profile, known, document=document)
        everywhere = assignments.NewAssignment(TargetKind.ALL_DEVICES, None, {})
        await runner.run(tenant, assignments.assign, made["id"], targets=[everywhere])
        return str(made["id"])

    return one
