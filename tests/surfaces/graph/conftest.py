"""Graph as a client sees it: both versions with a token, and devices that make managedDevices come to be."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import FastAPI

from tests.support import control
from tests.support.certificates import PfxImport, base64_of, certificate_request, pfx_import, self_signed
from tests.support.devices.android import AndroidOverHttp

Enroll = Callable[..., Awaitable[AndroidOverHttp]]


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
def enroll(http: httpx.AsyncClient, raw_rsa_keys: list[rsa.RSAPrivateKey]) -> Enroll:
    """`await enroll("alice", mode="fully-managed")`: a device of that user, over the wire."""

    async def enroll(user: str = "alice", *, mode: str = "work-profile", serial: str = "") -> AndroidOverHttp:
        hardware = {"manufacturer": "Google", "model": "Pixel 9", "serialNumber": serial}
        return await AndroidOverHttp.enrolled(
            http,
            key=raw_rsa_keys[0],
            user=user,
            mode=mode,
            hardwareInfo=hardware,
            softwareInfo={"androidVersion": "16"},
        )

    return enroll


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
