"""Graph as a client sees it: both versions with a token, and devices that make managedDevices come to be."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import FastAPI

from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.devices import enrollment
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.storage.queries.devices import managed_device_of
from tests.support import control
from tests.support.certificates import PfxImport, base64_of, certificate_request, pfx_import, self_signed
from tests.surfaces.graph.phone import Phone

Enroll = Callable[..., Awaitable[Phone]]


def _client(app: FastAPI, token: str, *, version: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url=f"https://localhost:8443/{version}",
        headers={"authorization": f"Bearer {token}"},
    )


@pytest.fixture
async def beta(app: FastAPI, app_token: str) -> AsyncIterator[httpx.AsyncClient]:
    """The seeded application at https://localhost:8443/beta."""
    async with _client(app, app_token, version="beta") as opened:
        yield opened


@pytest.fixture
async def v1(app: FastAPI, app_token: str) -> AsyncIterator[httpx.AsyncClient]:
    """The seeded application at https://localhost:8443/v1.0."""
    async with _client(app, app_token, version="v1.0") as opened:
        yield opened


@pytest.fixture(scope="session")
def csr(raw_rsa_keys: list[rsa.RSAPrivateKey]) -> str:
    """A device's request for its identity: DER, base64."""
    return base64.b64encode(certificate_request(raw_rsa_keys[0])).decode()


@pytest.fixture
def enroll(emulator: Emulator, tenant: Tenant, http: httpx.AsyncClient, csr: str) -> Enroll:
    """`await enroll("alice", mode="fully-managed")`: a device of that user, over the wire."""

    async def one(user: str = "alice", *, mode: str = "work-profile", serial: str = "") -> Phone:
        token = await emulator.runner.run(tenant, enrollment.create_token, f"{user}@contoso.example")
        body = {
            "enrollmentToken": token,
            "mode": mode,
            "csr": csr,
            "hardwareInfo": {"manufacturer": "Google", "model": "Pixel 9", "serialNumber": serial},
            "softwareInfo": {"androidVersion": "16"},
        }
        answer = await http.post("/mdm/contoso/android/v1/enterprises/contoso/devices:enroll", json=body)
        assert answer.status_code == 200, answer.text
        name = answer.json()["name"]
        record = await emulator.runner.read(managed_device_of, name.rpartition("/")[2])
        assert record is not None
        return Phone(http, name, answer.json()["deviceCredential"], record["id"])

    return one


@pytest.fixture(scope="session")
def root_file(raw_rsa_keys: list[rsa.RSAPrivateKey]) -> str:
    """A root certificate, DER, base64."""
    return base64_of(self_signed(raw_rsa_keys[2], "Root", authority=True))


@pytest.fixture
async def connector_key(http: httpx.AsyncClient) -> rsa.RSAPublicKey:
    """The public key that imports are encrypted with."""
    return await control.connector_key(http)


@pytest.fixture
def file_of_alice(raw_rsa_keys: list[rsa.RSAPrivateKey], connector_key: rsa.RSAPublicKey) -> PfxImport:
    """A certificate that an administrator imports."""
    return pfx_import(raw_rsa_keys[3], connector_key)
