"""An Apple device requests the certificates of its profiles itself: com.apple.security.scep in profiles of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune_sim.agent.by_platform import load_device
from fauxtune_sim.device.device import Device
from fauxtune_sim.platforms import Platform

if TYPE_CHECKING:
    from cryptography import x509

    from fauxtune_sim.apple.client import AppleAgent
    from tests.simulator.apple.conftest import Enrol, Maker, MdmServer

PROFILE = "com.fauxtune.contoso.scep.1"


def give(server: MdmServer, make: Maker, *, identifier: str = "test.scep", **keys: Any) -> Any:
    """Let the server deliver a profile with a SCEP payload, the next revision of the one before."""
    payload = make.scep(**keys) | {"PayloadIdentifier": identifier}
    return server.tell("InstallProfile", Payload=make.profile(payload, identifier=PROFILE))


def certificate(agent: AppleAgent) -> x509.Certificate:
    (identity,) = agent.device.keystore.identities()
    return identity.certificate


@pytest.mark.parametrize("platform", [Platform.IOS, Platform.MACOS])
async def test_the_key_is_made_on_the_device_and_the_certificate_listed(
    enrol: Enrol, server: MdmServer, make: Maker, platform: Platform, tmp_path: Path
) -> None:
    agent = await enrol(platform=platform, device=Device.new("a device", platform=platform, folder=tmp_path))
    installed = give(server, make, Subject=[[["CN", "alice"]]])
    listed = server.tell("CertificateList")
    await agent.check_in()
    assert installed.report["Status"] == "Acknowledged"
    assert server.scep.requests[-1]["csr"].public_key() == certificate(agent).public_key()
    assert listed.report is not None
    shown = [each["Data"] for each in listed.report["CertificateList"] if each["IsIdentity"]]
    assert certificate(agent).public_bytes(Encoding.DER) in shown
    (entry,) = load_device(tmp_path).keystore.entries.values()
    assert (entry.alias, entry.source, entry.profile_id) == ("scep-1", "scep", "1")


async def test_the_same_request_again_is_a_renewal_and_another_one_is_not(
    enrol: Enrol, server: MdmServer, make: Maker
) -> None:
    agent = await enrol()
    give(server, make)
    await agent.check_in()
    before = certificate(agent)
    server.scep.challenges.add("second")
    give(server, make, challenge="second")
    await agent.check_in()
    assert (server.scep.requests[-1]["kind"], server.scep.requests[-1]["signer"]) == ("17", before)
    assert certificate(agent).public_key() != before.public_key()
    give(server, make, Subject=[[["CN", "bob"]]])
    await agent.check_in()
    assert server.scep.requests[-1]["kind"] == "19"


@pytest.mark.parametrize(
    ("trouble", "keys", "code"),
    [
        ("well", {"challenge": "stolen"}, 22013),
        ("well", {"URL": "http://127.0.0.1:9/scep"}, 22005),
        ("well", {"CAFingerprint": b"another" * 3}, 22012),
        ("without certificate", {}, 22002),
        ("for another key", {}, 22007),
    ],
)
async def test_a_failure_is_reported_in_apples_codes_and_nothing_is_installed(
    enrol: Enrol, server: MdmServer, make: Maker, trouble: str, keys: dict[str, Any], code: int
) -> None:
    agent = await enrol()
    server.scep.behaves = trouble
    installed = give(server, make, **keys)
    await agent.check_in()
    chain = [(each["ErrorCode"], each["ErrorDomain"]) for each in installed.report["ErrorChain"]]
    assert chain == [(4001, "MCInstallationErrorDomain"), (code, "MCSCEPErrorDomain")]
    assert not agent.device.keystore.entries


async def test_a_payload_that_makes_no_request_is_a_wrong_payload(enrol: Enrol, server: MdmServer, make: Maker) -> None:
    agent = await enrol()
    installed = give(server, make, Subject=[[["nonsense", "x"]]])
    await agent.check_in()
    chain = [(each["ErrorCode"], each["ErrorDomain"]) for each in installed.report["ErrorChain"]]
    assert chain == [(4001, "MCInstallationErrorDomain"), (2004, "MCPayloadErrorDomain")]
    assert not agent.device.keystore.entries


async def test_a_request_that_is_undecided_after_all_retries_fails_and_is_taken_up_by_the_next_delivery(
    enrol: Enrol, server: MdmServer, make: Maker
) -> None:
    agent = await enrol()
    server.scep.pending = 3
    first = give(server, make, Retries=1)
    await agent.check_in()
    assert [each["ErrorCode"] for each in first.report["ErrorChain"]] == [4001, 22013]
    second = give(server, make, Retries=1)
    await agent.check_in()
    assert second.report["Status"] == "Acknowledged"
    assert [request["kind"] for request in server.scep.requests[1:]] == ["19", "20", "20", "20"]


async def test_the_identity_goes_with_its_profile(enrol: Enrol, server: MdmServer, make: Maker) -> None:
    agent = await enrol()
    give(server, make)
    await agent.check_in()
    server.tell("RemoveProfile", Identifier=PROFILE)
    await agent.check_in()
    assert agent.device.keystore.is_empty
