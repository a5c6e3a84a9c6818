"""A tenant with a SCEP profile that reaches a device, and a partner's authority."""

from __future__ import annotations

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime.emulator import Emulator
from tests.support.clock import FixedClock
from tests.support.devices.android import AndroidOverHttp
from tests.support.partner import ROLE, Partner, Scene, partner_with
from tests.support.tenant import Contoso


@pytest.fixture
def contoso(emulator: Emulator, clock: FixedClock, tenant: Tenant, raw_rsa_keys: list[rsa.RSAPrivateKey]) -> Contoso:
    return Contoso(emulator=emulator, tenant=tenant, clock=clock, device_keys=raw_rsa_keys)


@pytest.fixture
async def partner(http: httpx.AsyncClient) -> Partner:
    """An authority whose application has the role, after service discovery."""
    return await partner_with(http, roles=["Application.Read.All", ROLE])


@pytest.fixture
async def scene(
    contoso: Contoso, partner: Partner, http: httpx.AsyncClient, raw_rsa_keys: list[rsa.RSAPrivateKey]
) -> Scene:
    profile = await contoso.profile_for_devices(
        "androidWorkProfileScepCertificateProfile",
        displayName="Signing by SCEP",
        scepServerUrls=["https://ca.partner.example/scep"],
        subjectNameFormat="custom",
        subjectNameFormatString="CN={{UserName}},E={{EmailAddress}}",
        subjectAlternativeNameType="emailAddress",
        extendedKeyUsages=[{"name": "Secure Email", "objectIdentifier": "1.3.6.1.5.5.7.3.4"}],
        keyUsage="keyEncipherment,digitalSignature",
        keySize="size2048",
        hashAlgorithm="sha2",
    )
    phone = await AndroidOverHttp.enrolled(http, key=raw_rsa_keys[0], tenant="contoso", user="alice")
    return Scene(contoso, partner, http, profile, phone.managed_device_id, raw_rsa_keys[1])
