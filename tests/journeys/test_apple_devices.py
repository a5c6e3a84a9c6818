"""Alice's iPhone, iPad and Mac join, take what is meant for them, send mail as they are told, and leave."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from fauxtune_sim.agent.agent import Agent
from fauxtune_sim.apple.client import AppleAgent
from fauxtune_sim.device.device import Device
from fauxtune_sim.mail.reading import read_mail
from fauxtune_sim.mail.smime_settings import choose_protection, mail_defaults
from fauxtune_sim.mail.writing import MailMessage, Protection, signing_identity, write_mail
from fauxtune_sim.platforms import Platform
from tests.support.administrator import ALICE, DEVICES, MAIL, Administrator, AgentEnroller, reference
from tests.support.running_server import EDITION, Running

APPLE = (Platform.IOS, Platform.IPADOS, Platform.MACOS)


async def certificates(administrator: Administrator, platform: Platform) -> list[str]:
    """A trusted root, the intermediate and a PKCS profile for this platform."""
    prefix = "macOS" if platform is Platform.MACOS else "ios"
    roots = [
        await administrator.root(f"{prefix}TrustedRootCertificate", authority=authority)
        for authority in ("root", "issuing")
    ]
    pkcs = await administrator.pkcs(f"{prefix}PkcsCertificateProfile", subjectAlternativeNameType="emailAddress")
    return [*roots, pkcs]


async def mail(administrator: Administrator, certificate: str, **settings: Any) -> str:
    bound = {
        "smimeSigningCertificate@odata.bind": reference(certificate),
        "smimeEncryptionCertificate@odata.bind": reference(certificate),
    }
    return await administrator.profile("iosEasEmailProfileConfiguration", **MAIL, **bound, **settings)


async def settle(agent: Agent) -> None:
    """Check in until there is nothing left; nothing may be refused."""
    for _ in range(5):
        done = await agent.check_in()
        assert done.refused == ()
        if done.settled and not done.installed and not done.removed:
            return
    raise AssertionError("the device does not come to rest")


@pytest.mark.parametrize("platform", APPLE)
async def test_a_device_takes_what_is_meant_for_it_and_gives_it_back(
    administrator: Administrator, enrol_agent: AgentEnroller, platform: Platform
) -> None:
    profiles = await certificates(administrator, platform)
    if platform is not Platform.MACOS:
        profiles.append(await mail(administrator, profiles[-1], smimeSigningEnabled=True))
    await administrator.assign(*profiles)
    agent = await enrol_agent(platform)
    await settle(agent)
    device, store = agent.device, agent.device.keystore
    assert [await administrator.statuses(one) for one in profiles] == [["compliant"]] * len(profiles)
    (identity,) = store.identities()
    assert identity.source == "pkcs"
    assert agent.enrollment.user_principal_name == ALICE
    (row,) = await administrator.devices()
    version, build = device.hardware.os_version, device.facts["osBuildNumber"]
    known = f"{version} ({build})" if platform is Platform.MACOS else version
    assert (row["serialNumber"], row["osVersion"]) == (device.hardware.serial_number, known)
    assert (row["operatingSystem"], row["deviceName"]) == (
        {"ios": "iOS", "ipados": "iPadOS", "macos": "macOS"}[platform],
        device.name,
    )
    if platform is not Platform.MACOS:
        choice = choose_protection(device)
        assert (choice.sender, choice.sign, choice.signer) == (ALICE, True, identity.thumbprint)
    quiet = await agent.check_in()
    assert (quiet.reports, quiet.installed) == (1, [])
    await administrator.assign(profiles[-1], to_everybody=False)
    await settle(agent)
    # The account goes; a Mac's certificate stays today (Intune documentation, "Remove certificates").
    goes = platform is Platform.MACOS and EDITION == "2020-04"
    assert (len(store.entries), device.accounts) == (0 if goes else 1, {})
    await administrator.perform("retire")
    assert (await agent.check_in()).ended == "the server removed the MDM profile"
    assert (store.is_empty, await administrator.devices()) == (True, [])


async def test_the_mail_account_signs_and_encrypts_by_its_profile_alone(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    profiles = await certificates(administrator, Platform.IOS)
    switches = {"smimeSigningEnabled": True, "smimeEncryptByDefaultEnabled": True, "requireSmime": True}
    profiles.append(await mail(administrator, profiles[-1], **switches))
    await administrator.assign(*profiles)
    agent = await enrol_agent(Platform.IOS)
    await settle(agent)
    store = agent.device.keystore
    defaults = mail_defaults(agent.device)
    assert defaults is not None
    assert (defaults.signs, defaults.encrypts) == (True, True)
    choice = choose_protection(agent.device)
    now = datetime.now(UTC)
    signer = signing_identity(store, at=now, thumbprint=choice.signer)
    recipient = store.choose(str(defaults.encryption_identity))
    assert recipient is not None
    letter = MailMessage(sender=ALICE, recipients=(ALICE,), subject="s", text="t", date=now)
    reading = read_mail(write_mail(letter, Protection(signer=signer, encrypt_to=[recipient.certificate])), store)
    assert (reading.decrypted, reading.verified, reading.why) == (True, True, None)


async def test_a_macs_key_is_open_to_all_applications_where_its_profile_says_so(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    root = await administrator.root("macOSTrustedRootCertificate")
    own = {"subjectAlternativeNameType": "emailAddress"}
    await administrator.assign(
        root,
        await administrator.pkcs("macOSPkcsCertificateProfile", allowAllAppsAccess=True, displayName="open", **own),
        await administrator.pkcs("macOSPkcsCertificateProfile", displayName="closed", **own),
    )
    agent = await enrol_agent(Platform.MACOS)
    await settle(agent)
    assert sorted(one.open_to_all for one in agent.device.keystore.entries.values()) == [False, True]


async def test_an_account_without_any_service_is_an_error_that_graph_shows(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    profiles = await certificates(administrator, Platform.IOS)
    profiles.append(await mail(administrator, profiles[-1], easServices="none"))
    await administrator.assign(*profiles)
    agent = await enrol_agent(Platform.IOS)
    done = await agent.check_in()
    assert "turns all its services off" in str(done.refused)
    assert await administrator.statuses(profiles[-1]) == ["error"]


async def test_a_wiped_phone_is_empty_and_joins_again(administrator: Administrator, enrol_agent: AgentEnroller) -> None:
    await administrator.assign(*await certificates(administrator, Platform.IOS))
    agent = await enrol_agent(Platform.IOS)
    await settle(agent)
    held = len(agent.device.keystore.entries)
    await administrator.perform("wipe")
    assert (await agent.check_in()).ended == "factory reset"
    assert (agent.device.keystore.is_empty, await administrator.devices()) == (True, [])
    again = await enrol_agent(Platform.IOS, agent.device)
    await settle(again)
    assert len(again.device.keystore.entries) == held == 1
    assert len(await administrator.devices()) == 1


@pytest.mark.parametrize("platform", APPLE)
async def test_a_user_leaves(administrator: Administrator, enrol_agent: AgentEnroller, platform: Platform) -> None:
    agent = await enrol_agent(platform)
    await settle(agent)
    assert len(await administrator.devices()) == 1
    assert await agent.unenroll() is None
    assert await administrator.devices() == []


async def test_a_locked_phone_waits_for_its_user(administrator: Administrator, enrol_agent: AgentEnroller) -> None:
    agent = await enrol_agent(Platform.IOS)
    await settle(agent)
    await administrator.perform("remoteLock")
    assert (await agent.check_in()).executed == ["DeviceLock"]
    assert agent.device.condition.locked
    profiles = await certificates(administrator, Platform.IOS)
    await administrator.assign(*profiles)
    done = await agent.check_in()
    assert (done.settled, done.installed) == (False, [])
    agent.device.condition.locked = False
    await settle(agent)
    assert [await administrator.statuses(one) for one in profiles] == [["compliant"]] * 3


async def test_a_device_that_is_deleted_forgets_everything(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    await administrator.assign(*await certificates(administrator, Platform.MACOS))
    agent = await enrol_agent(Platform.MACOS)
    await settle(agent)
    (device,) = await administrator.devices()
    (await administrator.graph.delete(f"{DEVICES}/{device['id']}")).raise_for_status()
    assert (await agent.check_in()).ended is not None
    assert (agent.device.is_enrolled, agent.device.keystore.is_empty) == (False, True)


async def test_an_identity_can_come_with_the_profile(
    administrator: Administrator, enrol_agent: AgentEnroller, server: Running
) -> None:
    await administrator.assign(*await certificates(administrator, Platform.IOS))
    token = await administrator.token()
    for more in ("identity=pkcs12", "signed=1"):
        url = f"{server.https}/mdm/contoso/apple/enroll?token={token}&{more}"
        answer = await enrol_agent.transport.get(url)
        assert answer.status == 200, answer.body
        agent = AppleAgent(Device.new(platform=Platform.IOS), enrol_agent.transport)
        await agent.enroll_with_profile(answer.body)
        await settle(agent)
        assert len(agent.device.keystore.entries) == 1
        assert agent.enrollment.push_token
        assert (await agent.poll_push(after=0, wait=0)).now.year > 2000
        token = await administrator.token()
