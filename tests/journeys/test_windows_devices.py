"""Alice's PC, her Windows 10 Mobile phone and her Windows Phone 8.1 join, take what is meant for them, and leave."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from fauxtune_sim.device import Device
from fauxtune_sim.maildefaults import mail_defaults
from fauxtune_sim.platforms import Platform
from fauxtune_sim.transport import Transport
from fauxtune_sim.windows.client import WindowsAgent
from tests.server.running import Running, serving

PROFILES = "/beta/deviceManagement/deviceConfigurations"
DEVICES = "/beta/deviceManagement/managedDevices"
ALICE = "alice@contoso.example"
WINDOWS = (Platform.WINDOWS, Platform.WINDOWS_10_MOBILE, Platform.WINDOWS_PHONE_81)
#: The kinds of trusted root, PKCS and mail profile that each takes.
KINDS = {
    Platform.WINDOWS: ("windows81TrustedRootCertificate", "windows10PkcsCertificateProfile"),
    Platform.WINDOWS_10_MOBILE: ("windows81TrustedRootCertificate", "windows10PkcsCertificateProfile"),
    Platform.WINDOWS_PHONE_81: ("windowsPhone81TrustedRootCertificate", None),
}


@dataclass
class Administrator:
    """Who makes profiles, assigns them to everybody, and acts on devices."""

    graph: httpx.AsyncClient

    async def profile(self, kind: str, **settings: Any) -> str:
        body = {"@odata.type": f"#microsoft.graph.{kind}", "displayName": kind, **settings}
        answer = await self.graph.post(PROFILES, json=body)
        assert answer.is_success, answer.text
        return str(answer.json()["id"])

    async def root(self, kind: str) -> str:
        der = (await self.graph.get("/pki/contoso/root/ca.cer")).content
        return await self.profile(kind, trustedRootCertificate=base64.b64encode(der).decode())

    async def pkcs(self, kind: str) -> str:
        return await self.profile(
            kind,
            certificationAuthority="ca.contoso.example",
            certificationAuthorityName="Contoso Issuing CA",
            certificateTemplateName="SmimeP256",
            keyStorageProvider="useSoftwareKsp",
            subjectAlternativeNameType="emailAddress",
        )

    async def mail(self) -> str:
        return await self.profile(
            "windows10EasEmailProfileConfiguration",
            hostName="mail.contoso.example",
            accountName="Work",
            emailAddressSource="primarySmtpAddress",
            usernameSource="userPrincipalName",
            requireSsl=True,
        )

    async def assign(self, *profiles: str, to_everybody: bool = True) -> None:
        target = {"target": {"@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget"}}
        for profile in profiles:
            body = {"assignments": [target] if to_everybody else []}
            (await self.graph.post(f"{PROFILES}/{profile}/assign", json=body)).raise_for_status()

    async def statuses(self, profile: str) -> list[str]:
        answer = (await self.graph.get(f"{PROFILES}/{profile}/deviceStatuses")).raise_for_status()
        return [each["status"] for each in answer.json()["value"]]

    async def devices(self) -> list[dict[str, Any]]:
        return list((await self.graph.get(DEVICES)).raise_for_status().json()["value"])

    async def act(self, action: str, **body: Any) -> None:
        """Do something to the only device there is."""
        (device,) = await self.devices()
        answer = await self.graph.post(f"{DEVICES}/{device['id']}/{action}", json=body or None)
        assert answer.is_success, answer.text


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    with serving("--data-dir", tmp_path / "data") as running:
        yield running


@pytest.fixture
async def administrator(server: Running) -> AsyncIterator[Administrator]:
    async with httpx.AsyncClient(base_url=server.https, verify=server.trusting(), timeout=60) as graph:
        form = {
            "grant_type": "client_credentials",
            "client_id": server.endpoints["clientId"],
            "client_secret": server.endpoints["clientSecret"],
            "scope": "https://graph.microsoft.com/.default",
        }
        answer = (await graph.post("/contoso/oauth2/v2.0/token", data=form)).raise_for_status()
        graph.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
        yield Administrator(graph)


@dataclass
class Joining:
    """Enrols Alice's devices."""

    server: Running
    administrator: Administrator
    transport: Transport

    async def __call__(self, platform: Platform) -> WindowsAgent:
        body = {"userPrincipalName": ALICE}
        graph = self.administrator.graph
        answer = await graph.post("/_fauxtune/v1/tenants/contoso/enrollmentTokens", json=body)
        agent = WindowsAgent(Device.new(platform=platform), self.transport)
        token = answer.raise_for_status().json()["token"]
        await agent.enroll(server=self.server.https, tenant="contoso", token=token)
        return agent


@pytest.fixture
async def joining(server: Running, administrator: Administrator) -> AsyncIterator[Joining]:
    async with Transport(ca=Path(server.endpoints["caFile"]).read_bytes()) as transport:
        yield Joining(server, administrator, transport)


@pytest.mark.parametrize("platform", WINDOWS)
async def test_a_device_takes_what_is_meant_for_it_and_gives_it_back(
    administrator: Administrator, joining: Joining, platform: Platform
) -> None:
    root_kind, pkcs_kind = KINDS[platform]
    profiles = [await administrator.root(root_kind)]
    if pkcs_kind is not None:
        profiles += [await administrator.pkcs(pkcs_kind), await administrator.mail()]
    await administrator.assign(*profiles)
    agent = await joining(platform)
    done = await agent.check_in()
    assert (done.settled, done.refused) == (True, ())
    store, device = agent.device.keystore, agent.device
    assert len(store.trusted) == 1
    assert [await administrator.statuses(one) for one in profiles] == [["compliant"]] * len(profiles)
    if pkcs_kind is not None:
        (entry,) = store.entries.values()
        assert entry.alias == entry.sha1.upper()
        (account,) = device.accounts.values()
        assert (account.address, account.host) == (ALICE, "mail.contoso.example")
    if platform is Platform.WINDOWS_10_MOBILE:
        defaults = mail_defaults(device)
        assert defaults is not None
        assert defaults.signs
    quiet = await agent.check_in()
    assert (quiet.reports, quiet.installed) == (1, [])
    (row,) = await administrator.devices()
    tells_serial = platform is not Platform.WINDOWS_PHONE_81
    assert row["serialNumber"] == (device.hardware.serial_number if tells_serial else "")
    assert row["osVersion"] == device.hardware.os_version
    await administrator.act("retire")
    assert (await agent.check_in()).ended is not None
    assert store.is_empty
    assert device.accounts == {}
    assert await administrator.devices() == []


@pytest.mark.parametrize("keep", [False, True])
async def test_a_wiped_pc_starts_again(administrator: Administrator, joining: Joining, *, keep: bool) -> None:
    root = await administrator.root("windows81TrustedRootCertificate")
    await administrator.assign(root)
    agent = await joining(Platform.WINDOWS)
    await agent.check_in()
    await administrator.act("wipe", keepEnrollmentData=keep, keepUserData=False)
    done = await agent.check_in()
    assert agent.device.keystore.is_empty
    assert (done.ended is None) == keep
    if keep:
        again = await agent.check_in()
        assert (again.settled, len(again.installed)) == (True, 1)
        assert len(await administrator.devices()) == 1
    else:
        assert await administrator.devices() == []


@pytest.mark.parametrize("platform", WINDOWS)
async def test_a_user_leaves(administrator: Administrator, joining: Joining, platform: Platform) -> None:
    agent = await joining(platform)
    await agent.check_in()
    assert len(await administrator.devices()) == 1
    assert await agent.unenroll() is None
    assert await administrator.devices() == []


async def test_a_device_that_is_deleted_forgets_everything(administrator: Administrator, joining: Joining) -> None:
    agent = await joining(Platform.WINDOWS)
    await agent.check_in()
    (device,) = await administrator.devices()
    (await administrator.graph.delete(f"{DEVICES}/{device['id']}")).raise_for_status()
    assert (await agent.check_in()).ended is not None
    assert not agent.device.is_enrolled
