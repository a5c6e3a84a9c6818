"""A device that a SCEP profile reaches, and the tenant's own NDES."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime.emulator import Emulator
from tests.support.clock import FixedClock
from tests.support.devices.android import AndroidOverHttp
from tests.support.scep_clients import CONTROL, Csr, ScepClient, scep_profile
from tests.support.tenant import Contoso


@dataclass(slots=True)
class Scene:
    """Alice's phone, which the profile reaches, and its SCEP client."""

    contoso: Contoso
    http: httpx.AsyncClient
    client: ScepClient
    profile: str
    device: str
    keys: list[rsa.RSAPrivateKey]

    async def challenge(self) -> str:
        body = {"device": self.device, "profile": self.profile}
        answer = await self.http.post(f"{CONTROL}/scep/challenges", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["challenge"])

    async def csr(self, **changes: Any) -> bytes:
        return replace(Csr(self.client.key, await self.challenge()), **changes).der()

    async def settings(self, **settings: Any) -> None:
        named = {name.replace("__", "."): value for name, value in settings.items()}
        (await self.http.patch(CONTROL, json={"settings": named})).raise_for_status()

    async def events(self, kind: str) -> list[dict[str, Any]]:
        answer = await self.http.get(f"{CONTROL}/journal", params={"type": kind})
        return list(answer.json()["events"])

    async def log(self) -> list[int]:
        """The numbers of the connector's events about SCEP."""
        answer = await self.http.get(f"{CONTROL}/connectors/-/events")
        return [event["id"] for event in answer.json()["events"] if 4000 <= event["id"] < 5000]

    async def issued(self) -> list[dict[str, Any]]:
        """The certificates of the register that devices have from SCEP."""
        answer = await self.http.get(f"{CONTROL}/certificates")
        return [item for item in answer.json()["value"] if item["userPrincipalName"] is not None]


@pytest.fixture
def contoso(emulator: Emulator, clock: FixedClock, tenant: Tenant, raw_rsa_keys: list[rsa.RSAPrivateKey]) -> Contoso:
    return Contoso(emulator=emulator, tenant=tenant, clock=clock, device_keys=raw_rsa_keys)


@pytest.fixture
async def scene(contoso: Contoso, http: httpx.AsyncClient, raw_rsa_keys: list[rsa.RSAPrivateKey]) -> Scene:
    profile = await contoso.profile_for_devices("androidWorkProfileScepCertificateProfile", **scep_profile())
    phone = await AndroidOverHttp.enrolled(http, key=raw_rsa_keys[0], tenant="contoso", user="alice")
    return Scene(contoso, http, ScepClient(http, raw_rsa_keys[1]), profile, phone.managed_device_id, raw_rsa_keys[2:])
