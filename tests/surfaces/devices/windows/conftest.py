"""Windows devices at the real application, profiles that reach them, and what the ledger says."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.profiles.catalog import kind
from fauxtune.operations.ca import authorities
from fauxtune.operations.devices.enrollment_tokens import create_token
from fauxtune.operations.profiles import assignments, profiles
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.tenants import tenants
from tests.surfaces.devices.windows import messages_of_devices as words
from tests.surfaces.devices.windows.pc import (
    ALICE,
    PASSWORD,
    PHONES,
    PKCS,
    Assign,
    Enroll,
    Json,
    Ledger,
    MakeToken,
    Pc,
    Switch,
)


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

    async def make(platform: str = "windows", **known: Any) -> Pc:
        pc = Pc(http, next(keys), **known)
        items = pc.context(version=PHONES[platform], kind="WindowsPhone") if platform in PHONES else None
        answer = await pc.enroll(words.by_password(ALICE, PASSWORD), items=items)
        assert answer.status_code == 200, answer.text
        return pc

    return make


@pytest.fixture
def switch(emulator: Emulator) -> Switch:
    """Turn switches of a tenant."""

    async def turn(changes: Json, *, of: str = "contoso") -> None:
        tenant = await emulator.runner.tenant(of)
        await emulator.runner.run(tenant, tenants.change_settings, changes)

    return turn


@pytest.fixture
def assign(emulator: Emulator, tenant: Tenant) -> Assign:
    """A profile of a kind for all devices; its id. Root and authority are the tenant's own unless told otherwise."""

    async def make(name: str, **document: Any) -> str:
        known = kind(name)
        assert known is not None
        run = emulator.runner.run
        if "TrustedRoot" in name and "trustedRootCertificate" not in document:
            root = await emulator.runner.read(authorities.certificate, tenant, name="root")
            document["trustedRootCertificate"] = base64.b64encode(root.public_bytes(Encoding.DER)).decode()
        if "Pkcs" in name:
            document = PKCS | {"certificationAuthority": tenant.ca_host} | document
            document = {"certificationAuthorityName": tenant.ca_name} | document
        document |= {"@odata.type": f"#microsoft.graph.{name}", "displayName": name}
        made = await run(tenant, profiles.create_profile, known, document=document)
        everywhere = assignments.NewAssignment(TargetKind.ALL_DEVICES, None, {})
        await run(tenant, assignments.assign, made["id"], targets=[everywhere])
        return str(made["id"])

    return make


@pytest.fixture
def ledger(http: httpx.AsyncClient) -> Ledger:
    """The items of a device, by key."""

    async def read(pc: Pc) -> dict[str, Json]:
        answer = await http.get(f"/_fauxtune/v1/tenants/contoso/devices/{pc.enrollment_id}/ledger")
        return {each["key"]: each for each in answer.json()["items"]}

    return read
