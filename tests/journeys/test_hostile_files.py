"""Files that pass every check and take as long to open as is allowed: other tenants do not wait for them."""

from __future__ import annotations

import asyncio
import base64
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from fauxtune_sim.agent.agent import Agent
from fauxtune_sim.agent.by_platform import agent_for
from fauxtune_sim.device.device import Device
from fauxtune_sim.platforms import Platform
from fauxtune_sim.server.transport import Transport
from tests.support.administrator import Administrator
from tests.support.certificates import PfxImport, encrypt_password
from tests.support.control import connector_key
from tests.support.hostile_der import slow_file
from tests.support.running_server import Running

PASSWORD = "pw"
KIND = "androidForWorkImportedPFXCertificateProfile"


async def imported(graph: httpx.AsyncClient, tenant: str, *, upn: str, pfx: bytes, thumbprint: str) -> None:
    """Import a file, its password encrypted for the tenant's connector."""
    sealed = encrypt_password(PASSWORD, await connector_key(graph, tenant))
    document = PfxImport(pfx, thumbprint, sealed).body(upn)
    answer = await graph.post("/beta/deviceManagement/userPfxCertificates", json=document)
    assert answer.status_code == 201, answer.text


@pytest.fixture
def server(own_server: Running) -> Running:
    return own_server


@pytest.fixture
async def neighbour(server: Running, administrator: Administrator) -> AsyncIterator[Administrator]:
    """The administrator of another tenant, fabrikam."""
    tenants = "/_fauxtune/v1/tenants"
    described = (await administrator.graph.post(tenants, json={"name": "fabrikam"})).raise_for_status().json()
    form = {
        "grant_type": "client_credentials",
        "client_id": described["clientId"],
        "client_secret": described["clientSecret"],
        "scope": "https://graph.microsoft.com/.default",
    }
    async with httpx.AsyncClient(base_url=server.https, verify=server.trusting(), timeout=60) as graph:
        answer = (await graph.post("/fabrikam/oauth2/v2.0/token", data=form)).raise_for_status()
        graph.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
        yield Administrator(graph)


async def phone(graph: httpx.AsyncClient, transport: Transport, *, server: Running, upn: str) -> Agent:
    """An enrolled phone."""
    tenant = upn.partition("@")[2].partition(".")[0]
    answer = await graph.post(f"/_fauxtune/v1/tenants/{tenant}/enrollmentTokens", json={"userPrincipalName": upn})
    agent = agent_for(Device.new(platform=Platform.ANDROID), transport)
    token = str(answer.raise_for_status().json()["token"])
    await agent.enroll(server=server.https, tenant=tenant, token=token)
    return agent


async def test_eight_slow_files_keep_neither_another_tenant_nor_the_end_of_the_server_waiting(
    server: Running, administrator: Administrator, neighbour: Administrator
) -> None:
    alice, bob = "alice@fabrikam.example", "bob@contoso.example"
    for each in (administrator, neighbour):
        await each.assign(await each.profile(KIND, intendedPurpose="smimeEncryption"))
    for number in range(8):
        pfx, thumbprint = slow_file(number), f"{number:040x}"
        await imported(administrator.graph, "contoso", upn=bob, pfx=pfx, thumbprint=thumbprint)
    order = {"template": "SmimeEncryption", "userPrincipalName": alice, "pfxPassword": PASSWORD}
    answer = await neighbour.graph.post("/_fauxtune/v1/tenants/fabrikam/certificates", json=order)
    document = answer.raise_for_status().json()
    honest = {"pfx": base64.b64decode(document["pfx"]), "thumbprint": document["thumbprint"]}
    await imported(neighbour.graph, "fabrikam", upn=alice, **honest)

    async with Transport(ca=Path(server.endpoints["caFile"]).read_bytes()) as transport:
        bobs = await phone(administrator.graph, transport, server=server, upn=bob)
        alices = await phone(neighbour.graph, transport, server=server, upn=alice)
        waiting = asyncio.create_task(bobs.check_in())
        while not await are_being_opened(administrator.graph):
            await asyncio.sleep(0.05)
        await alices.check_in()
        assert [each["thumbprint"] for each in alices.device.keystore.listing()] == [document["thumbprint"]]
        assert not waiting.done(), "Bob's files are opened meanwhile"
        code, _ = await asyncio.to_thread(server.stop, signal.SIGTERM)
        assert code == 0
        assert isinstance((await asyncio.gather(waiting, return_exceptions=True))[0], Exception)


async def are_being_opened(graph: httpx.AsyncClient) -> bool:
    """Was Bob's phone planned? Then the connector is at work for it."""
    (device,) = (await graph.get("/_fauxtune/v1/tenants/contoso/devices")).raise_for_status().json()["value"]
    return bool(device["plans"])
