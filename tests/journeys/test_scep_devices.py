"""A device of each platform makes a key, gets a certificate from the tenant's NDES, renews it, and gives it back."""

from __future__ import annotations

from typing import Any

import pytest

from fauxtune_sim.agent import Agent
from fauxtune_sim.platforms import Platform
from tests.support.administrator import Administrator, AgentEnroller, reference

#: The kinds of root and SCEP profile of each platform, and what only it has.
KINDS: dict[Platform, tuple[str, str, dict[str, Any]]] = {
    Platform.ANDROID: (
        "androidWorkProfileTrustedRootCertificate",
        "androidWorkProfileScepCertificateProfile",
        {"hashAlgorithm": "sha2"},
    ),
    Platform.IOS: ("iosTrustedRootCertificate", "iosScepCertificateProfile", {}),
    Platform.MACOS: ("macOSTrustedRootCertificate", "macOSScepCertificateProfile", {"hashAlgorithm": "sha2"}),
    Platform.WINDOWS: (
        "windows81TrustedRootCertificate",
        "windows81SCEPCertificateProfile",
        {"hashAlgorithm": "sha2", "certificateStore": "machine", "keyStorageProvider": "useSoftwareKsp"},
    ),
    Platform.WINDOWS_PHONE_81: (
        "windowsPhone81TrustedRootCertificate",
        "windowsPhone81SCEPCertificateProfile",
        {"hashAlgorithm": "sha2"},
    ),
}
CLOCK = "/_fauxtune/v1/tenants/contoso/clock"


async def scep_profile(administrator: Administrator, platform: Platform, url: str) -> str:
    """Create and assign a SCEP profile of the platform with its root; its id."""
    root_kind, kind, settings = KINDS[platform]
    root = await administrator.root(root_kind)
    profile = await administrator.profile(
        kind,
        scepServerUrls=[url],
        subjectNameFormat="commonName",
        subjectAlternativeNameType="emailAddress",
        extendedKeyUsages=[{"name": "Secure Email", "objectIdentifier": "1.3.6.1.5.5.7.3.4"}],
        keyUsage="keyEncipherment,digitalSignature",
        keySize="size2048",
        certificateValidityPeriodValue=1,
        certificateValidityPeriodScale="years",
        renewalThresholdPercentage=20,
        **{"rootCertificate@odata.bind": reference(root)},
        **settings,
    )
    await administrator.assign(root, profile)
    return profile


async def settle(agent: Agent) -> None:
    """Let a device check in until nothing is left to do."""
    for _ in range(4):
        await agent.check_in()


@pytest.mark.parametrize("platform", KINDS)
async def test_a_device_requests_renews_and_gives_back_a_certificate_of_the_tenants_own_authority(
    administrator: Administrator, enrol_agent: AgentEnroller, platform: Platform
) -> None:
    url = f"{enrol_agent.server.https}/pki/contoso/certsrv/mscep/mscep.dll"
    profile = await scep_profile(administrator, platform, url)
    agent = await enrol_agent(platform)
    await settle(agent)
    assert await administrator.statuses(profile) == ["compliant"]
    (before,) = agent.device.keystore.identities()
    assert before.source == "scep"
    assert before.key.public_key() == before.certificate.public_key()
    assert before.chain, "the server has sent the issuers"
    (await administrator.graph.post(f"{CLOCK}/advance", json={"by": "P300D"})).raise_for_status()
    await settle(agent)
    (after,) = agent.device.keystore.identities()
    assert after.certificate.public_key() != before.certificate.public_key()
    assert await administrator.statuses(profile) == ["compliant"]
    await administrator.perform("retire")
    assert (await agent.check_in()).ended is not None
    assert agent.device.keystore.is_empty
