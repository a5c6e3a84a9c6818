"""A device of each platform makes a key, gets a certificate from the tenant's NDES, renews it, and gives it back."""

from __future__ import annotations

import pytest

from fauxtune_sim.agent.agent import Agent
from fauxtune_sim.platforms import Platform
from fauxtune_sim.windows.client import WindowsAgent
from tests.support.administrator import SCEP_KINDS, Administrator, AgentEnroller

TENANT = "/_fauxtune/v1/tenants/contoso"


def ndes(enrol_agent: AgentEnroller) -> str:
    return f"{enrol_agent.server.https}/pki/contoso/certsrv/mscep/mscep.dll"


async def settle(agent: Agent) -> None:
    """Let a device check in until nothing is left to do."""
    for _ in range(3):
        await agent.check_in()


@pytest.mark.parametrize("platform", SCEP_KINDS)
async def test_a_device_requests_renews_and_gives_back_a_certificate_of_the_tenants_own_authority(
    administrator: Administrator, enrol_agent: AgentEnroller, platform: Platform
) -> None:
    profile = await administrator.scep(platform, ndes(enrol_agent))
    agent = await enrol_agent(platform)
    await settle(agent)
    assert await administrator.statuses(profile) == ["compliant"]
    (before,) = agent.device.keystore.identities()
    assert before.source == "scep"
    assert before.key.public_key() == before.certificate.public_key()
    assert before.chain, "the server has sent the issuers"
    (await administrator.graph.post(f"{TENANT}/clock/advance", json={"by": "P300D"})).raise_for_status()
    await settle(agent)
    (after,) = agent.device.keystore.identities()
    assert after.certificate.public_key() != before.certificate.public_key()
    assert await administrator.statuses(profile) == ["compliant"]
    await administrator.perform("retire")
    assert (await agent.check_in()).ended is not None
    assert agent.device.keystore.is_empty


@pytest.mark.parametrize(("store", "compliant"), [("machine", True), ("user", False)])
async def test_at_a_pc_where_nobody_is_logged_in_certificates_of_the_machine_are_requested_and_no_others(
    administrator: Administrator, enrol_agent: AgentEnroller, store: str, compliant: bool
) -> None:
    profile = await administrator.scep(Platform.WINDOWS, ndes(enrol_agent), certificateStore=store)
    agent = await enrol_agent(Platform.WINDOWS)
    assert isinstance(agent, WindowsAgent)
    agent.log_in(False)
    await settle(agent)
    assert await administrator.statuses(profile) == (["compliant"] if compliant else ["unknown"])
    agent.log_in(True)
    await settle(agent)
    assert await administrator.statuses(profile) == ["compliant"]
    await administrator.assign(profile, to_everybody=False)
    await settle(agent)
    assert agent.device.keystore.entries == {}


@pytest.mark.parametrize("platform", [Platform.ANDROID, Platform.WINDOWS])
async def test_a_request_that_somebody_has_to_approve_is_pending_until_then(
    administrator: Administrator, enrol_agent: AgentEnroller, platform: Platform
) -> None:
    (await administrator.graph.patch(TENANT, json={"settings": {"ndes.approval": True}})).raise_for_status()
    profile = await administrator.scep(platform, ndes(enrol_agent))
    agent = await enrol_agent(platform)
    await settle(agent)
    assert (await administrator.statuses(profile), agent.device.keystore.entries) == (["unknown"], {}), "nothing failed"
    (request,) = (await administrator.graph.get(f"{TENANT}/scep/requests")).raise_for_status().json()["value"]
    approved = await administrator.graph.post(f"{TENANT}/scep/requests/{request['id']}/approve")
    assert approved.is_success, approved.text
    await settle(agent)
    assert await administrator.statuses(profile) == ["compliant"]
    assert len(agent.device.keystore.entries) == 1


@pytest.mark.parametrize(
    ("platform", "words", "code"),
    [
        (Platform.ANDROID, "The device refused it (INVALID_VALUE): the SCEP authority cannot be reached", -2016281112),
        (Platform.IOS, "MCSCEPErrorDomain 22005", 0x87D10000 + 32005 - (1 << 32)),
        (Platform.WINDOWS, "the device cannot reach the SCEP server (0x80072EFD)", 0x80072EFD - (1 << 32)),
    ],
)
async def test_what_fails_is_seen_in_graph_in_the_words_and_codes_of_the_platform(
    administrator: Administrator, enrol_agent: AgentEnroller, platform: Platform, words: str, code: int
) -> None:
    profile = await administrator.scep(platform, "http://127.0.0.1:9/scep")
    agent = await enrol_agent(platform)
    await settle(agent)
    assert await administrator.statuses(profile) == ["error"]
    ((error, reason),) = await administrator.reasons(profile)
    assert (error, words in reason) == (code, True), reason
    assert agent.device.keystore.entries == {}
