"""Alice's iPhone, iPad and Mac join, take what is meant for them, send mail as they are told, and leave."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from fauxtune_sim.apple.client import AppleAgent
from fauxtune_sim.device import Device
from fauxtune_sim.mail import Letter, read_mail, signing_identity, write_mail
from fauxtune_sim.maildefaults import decide, mail_defaults
from fauxtune_sim.platforms import Platform
from fauxtune_sim.transport import Transport
from tests.server.running import Running, serving

PROFILES = "/beta/deviceManagement/deviceConfigurations"
DEVICES = "/beta/deviceManagement/managedDevices"
ALICE = "alice@contoso.example"
APPLE = (Platform.IOS, Platform.IPADOS, Platform.MACOS)


@dataclass
class Administrator:
    """Who makes profiles, assigns them to everybody, and acts on devices."""

    graph: httpx.AsyncClient

    async def profile(self, kind: str, **settings: Any) -> str:
        body = {"@odata.type": f"#microsoft.graph.{kind}", "displayName": kind, **settings}
        answer = await self.graph.post(PROFILES, json=body)
        assert answer.is_success, answer.text
        return str(answer.json()["id"])

    async def certificates(self, platform: Platform) -> list[str]:
        """A trusted root, the intermediate and a PKCS profile for this platform."""
        prefix = "macOS" if platform is Platform.MACOS else "ios"
        made = []
        for authority in ("root", "issuing"):
            der = (await self.graph.get(f"/pki/contoso/{authority}/ca.cer")).raise_for_status().content
            kind = f"{prefix}TrustedRootCertificate"
            made.append(await self.profile(kind, trustedRootCertificate=base64.b64encode(der).decode()))
        pkcs = await self.profile(
            f"{prefix}PkcsCertificateProfile",
            certificationAuthority="ca.contoso.example",
            certificationAuthorityName="Contoso Issuing CA",
            certificateTemplateName="SmimeP256",
            subjectAlternativeNameType="emailAddress",
        )
        return [*made, pkcs]

    async def mail(self, certificate: str, **settings: Any) -> str:
        bound = f"https://graph.microsoft.com{PROFILES}('{certificate}')"
        return await self.profile(
            "iosEasEmailProfileConfiguration",
            **{
                "hostName": "mail.contoso.example",
                "accountName": "Work",
                "emailAddressSource": "primarySmtpAddress",
                "usernameSource": "userPrincipalName",
                "requireSsl": True,
                "smimeSigningCertificate@odata.bind": bound,
                "smimeEncryptionCertificate@odata.bind": bound,
            }
            | settings,
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

    async def __call__(self, platform: Platform = Platform.IOS, device: Device | None = None) -> AppleAgent:
        agent = AppleAgent(device or Device.new(platform=platform), self.transport)
        await agent.enroll(server=self.server.https, tenant="contoso", token=await self.token())
        return agent

    async def token(self) -> str:
        graph = self.administrator.graph
        answer = await graph.post("/_fauxtune/v1/tenants/contoso/enrollmentTokens", json={"userPrincipalName": ALICE})
        return str(answer.raise_for_status().json()["token"])


@pytest.fixture
async def joining(server: Running, administrator: Administrator) -> AsyncIterator[Joining]:
    async with Transport(ca=Path(server.endpoints["caFile"]).read_bytes()) as transport:
        yield Joining(server, administrator, transport)


async def settle(agent: AppleAgent) -> None:
    """Check in until there is nothing left; nothing may be refused."""
    for _ in range(5):
        done = await agent.check_in()
        assert done.refused == ()
        if done.settled and not done.installed and not done.removed:
            return
    raise AssertionError("the device does not come to rest")


@pytest.mark.parametrize("platform", APPLE)
async def test_a_device_takes_what_is_meant_for_it_and_gives_it_back(
    administrator: Administrator, joining: Joining, platform: Platform
) -> None:
    profiles = await administrator.certificates(platform)
    if platform is not Platform.MACOS:
        profiles.append(await administrator.mail(profiles[-1], smimeSigningEnabled=True))
    await administrator.assign(*profiles)
    agent = await joining(platform)
    await settle(agent)
    device, store = agent.device, agent.device.keystore
    assert [await administrator.statuses(one) for one in profiles] == [["compliant"]] * len(profiles)
    (identity,) = store.identities()
    assert identity.source == "pkcs"
    assert agent.enrollment.user_principal_name == ALICE
    (row,) = await administrator.devices()
    assert (row["serialNumber"], row["osVersion"]) == (device.hardware.serial_number, device.hardware.os_version)
    assert (row["operatingSystem"], row["deviceName"]) == (
        {"ios": "iOS", "ipados": "iPadOS", "macos": "macOS"}[platform],
        device.name,
    )
    if platform is not Platform.MACOS:
        choice = decide(device)
        assert (choice.sender, choice.sign, choice.signer) == (ALICE, True, identity.thumbprint)
    quiet = await agent.check_in()
    assert (quiet.reports, quiet.installed) == (1, [])
    await administrator.assign(profiles[-1], to_everybody=False)
    await settle(agent)
    # The account goes; a Mac's certificate stays (Intune documentation, "Remove certificates").
    assert (len(store.entries), device.accounts) == (1, {})
    await administrator.act("retire")
    assert (await agent.check_in()).ended == "the server removed the MDM profile"
    assert (store.is_empty, await administrator.devices()) == (True, [])


async def test_the_mail_account_signs_and_encrypts_by_its_profile_alone(
    administrator: Administrator, joining: Joining
) -> None:
    profiles = await administrator.certificates(Platform.IOS)
    switches = {"smimeSigningEnabled": True, "smimeEncryptByDefaultEnabled": True, "requireSmime": True}
    profiles.append(await administrator.mail(profiles[-1], **switches))
    await administrator.assign(*profiles)
    agent = await joining()
    await settle(agent)
    store = agent.device.keystore
    defaults = mail_defaults(agent.device)
    assert defaults is not None
    assert (defaults.signs, defaults.encrypts) == (True, True)
    choice = decide(agent.device)
    now = datetime.now(UTC)
    signer = signing_identity(store, at=now, thumbprint=choice.signer)
    recipient = store.choose(str(defaults.encryption_identity))
    assert recipient is not None
    letter = Letter(sender=ALICE, recipient=ALICE, subject="s", text="t", date=now)
    reading = read_mail(write_mail(letter, signer=signer, encrypt_to=[recipient.certificate]), store)
    assert (reading.decrypted, reading.verified, reading.why) == (True, True, None)


async def test_a_wiped_phone_is_empty_and_joins_again(administrator: Administrator, joining: Joining) -> None:
    await administrator.assign(*await administrator.certificates(Platform.IOS))
    agent = await joining()
    await settle(agent)
    held = len(agent.device.keystore.entries)
    await administrator.act("wipe")
    assert (await agent.check_in()).ended == "factory reset"
    assert (agent.device.keystore.is_empty, await administrator.devices()) == (True, [])
    again = await joining(device=agent.device)
    await settle(again)
    assert len(again.device.keystore.entries) == held == 1
    assert len(await administrator.devices()) == 1


@pytest.mark.parametrize("platform", APPLE)
async def test_a_user_leaves(administrator: Administrator, joining: Joining, platform: Platform) -> None:
    agent = await joining(platform)
    await settle(agent)
    assert len(await administrator.devices()) == 1
    assert await agent.unenroll() is None
    assert await administrator.devices() == []


async def test_a_locked_phone_waits_for_its_user(administrator: Administrator, joining: Joining) -> None:
    agent = await joining()
    await settle(agent)
    await administrator.act("remoteLock")
    assert (await agent.check_in()).obeyed == ["DeviceLock"]
    assert agent.device.condition.locked
    profiles = await administrator.certificates(Platform.IOS)
    await administrator.assign(*profiles)
    done = await agent.check_in()
    assert (done.settled, done.installed) == (False, [])
    agent.device.condition.locked = False
    await settle(agent)
    assert [await administrator.statuses(one) for one in profiles] == [["compliant"]] * 3


async def test_a_device_that_is_deleted_forgets_everything(administrator: Administrator, joining: Joining) -> None:
    await administrator.assign(*await administrator.certificates(Platform.MACOS))
    agent = await joining(Platform.MACOS)
    await settle(agent)
    (device,) = await administrator.devices()
    (await administrator.graph.delete(f"{DEVICES}/{device['id']}")).raise_for_status()
    assert (await agent.check_in()).ended is not None
    assert (agent.device.is_enrolled, agent.device.keystore.is_empty) == (False, True)


async def test_an_identity_can_come_with_the_profile(
    administrator: Administrator, joining: Joining, server: Running
) -> None:
    await administrator.assign(*await administrator.certificates(Platform.IOS))
    token = await joining.token()
    for more in ("identity=pkcs12", "signed=1"):
        url = f"{server.https}/mdm/contoso/apple/enroll?token={token}&{more}"
        answer = await joining.transport.get(url)
        assert answer.status == 200, answer.body
        agent = AppleAgent(Device.new(platform=Platform.IOS), joining.transport)
        await agent.enroll_with_profile(answer.body)
        await settle(agent)
        assert len(agent.device.keystore.entries) == 1
        assert agent.enrollment.push_token
        assert (await agent.poll_push(after=0, wait=0)).now.year > 2000
        token = await joining.token()
