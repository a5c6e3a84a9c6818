"""Alice's PC, her Windows 10 Mobile phone and her Windows Phone 8.1 join, take what is meant for them, and leave."""

from __future__ import annotations

import pytest

from fauxtune_sim.errors import ServerRefused
from fauxtune_sim.mail.smime_settings import mail_defaults
from fauxtune_sim.platforms import Platform
from fauxtune_sim.windows.client import WindowsAgent
from tests.support.administrator import ALICE, DEVICES, MAIL, Administrator, AgentEnroller
from tests.support.running_server import EDITION

WINDOWS = (Platform.WINDOWS, Platform.WINDOWS_10_MOBILE, Platform.WINDOWS_PHONE_81)
#: The kinds of trusted root and PKCS profile that each takes.
KINDS = {
    Platform.WINDOWS: ("windows81TrustedRootCertificate", "windows10PkcsCertificateProfile"),
    Platform.WINDOWS_10_MOBILE: ("windows81TrustedRootCertificate", "windows10PkcsCertificateProfile"),
    Platform.WINDOWS_PHONE_81: ("windowsPhone81TrustedRootCertificate", None),
}


@pytest.mark.parametrize("platform", WINDOWS)
async def test_a_device_takes_what_is_meant_for_it_and_gives_it_back(
    administrator: Administrator, enrol_agent: AgentEnroller, platform: Platform
) -> None:
    root_kind, pkcs_kind = KINDS[platform]
    profiles = [await administrator.root(root_kind)]
    if pkcs_kind is not None:
        own = {"keyStorageProvider": "useSoftwareKsp", "subjectAlternativeNameType": "emailAddress"}
        profiles.append(await administrator.pkcs(pkcs_kind, **own))
        profiles.append(await administrator.profile("windows10EasEmailProfileConfiguration", **MAIL))
    await administrator.assign(*profiles)
    agent = await enrol_agent(platform)
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
    await administrator.perform("retire")
    assert (await agent.check_in()).ended is not None
    assert store.is_empty
    assert device.accounts == {}
    assert await administrator.devices() == []


async def test_a_pc_whose_tenant_is_unknown_is_refused_and_joins_no_other(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    agent = await enrol_agent(Platform.WINDOWS)
    assert await agent.unenroll() is None
    with pytest.raises(ServerRefused, match="fabricam"):
        await agent.enroll(server=enrol_agent.server.https, tenant="fabricam", token="some")


async def test_a_pc_at_which_nobody_is_logged_in_is_managed_as_far_as_the_machine_goes(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    root = await administrator.root("windows81TrustedRootCertificate")
    pkcs = await administrator.pkcs("windows10PkcsCertificateProfile", subjectAlternativeNameType="emailAddress")
    await administrator.assign(root, pkcs)
    agent = await enrol_agent(Platform.WINDOWS)
    assert isinstance(agent, WindowsAgent)
    agent.log_in(False)
    done = await agent.check_in()
    assert (done.settled, done.refused, len(done.installed)) == (True, (), 1)
    assert await administrator.statuses(root) == ["compliant"]
    (row,) = await administrator.devices()
    assert (row["serialNumber"], row["model"]) == (agent.device.hardware.serial_number, agent.device.hardware.model)
    assert (await agent.check_in()).reports == 1
    agent.log_in(True)
    await agent.check_in()
    assert await administrator.statuses(pkcs) == ["compliant"]


@pytest.mark.parametrize("keep", [False, True])
async def test_a_wiped_pc_starts_again(administrator: Administrator, enrol_agent: AgentEnroller, *, keep: bool) -> None:
    root = await administrator.root("windows81TrustedRootCertificate")
    await administrator.assign(root)
    agent = await enrol_agent(Platform.WINDOWS)
    await agent.check_in()
    await administrator.perform("wipe", keepEnrollmentData=keep, keepUserData=False)
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
async def test_a_user_leaves(administrator: Administrator, enrol_agent: AgentEnroller, platform: Platform) -> None:
    agent = await enrol_agent(platform)
    await agent.check_in()
    (device,) = await administrator.devices()
    assert await agent.unenroll() is None
    if EDITION == "2020-04":
        assert await administrator.devices() == []
        return
    # On Windows the record stays until an administrator deletes it ("Remove devices by using wipe, retire, or manually
    # unenrolling the device", 2022).
    assert [device["id"] for device in await administrator.devices()] == [device["id"]]
    (await administrator.graph.delete(f"{DEVICES}/{device['id']}")).raise_for_status()
    assert await administrator.devices() == []


async def test_a_device_that_is_deleted_forgets_everything(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    agent = await enrol_agent(Platform.WINDOWS)
    await agent.check_in()
    (device,) = await administrator.devices()
    (await administrator.graph.delete(f"{DEVICES}/{device['id']}")).raise_for_status()
    assert (await agent.check_in()).ended is not None
    assert not agent.device.is_enrolled
