"""A Windows device requests certificates by the nodes of ClientCertificateInstall/SCEP, and by those of phones 8.1."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.x509.oid import AttributeOID

from fauxtune_sim.agent.by_platform import agent_for, load_device
from fauxtune_sim.device.device import Device
from fauxtune_sim.platforms import Platform
from fauxtune_sim.windows.client import WindowsAgent
from fauxtune_sim.windows.scep import open_requests

if TYPE_CHECKING:
    from tests.simulator.conftest import Listening

USER = "./User/Vendor/MSFT/ClientCertificateInstall/SCEP"
MACHINE = "./Device/Vendor/MSFT/ClientCertificateInstall/SCEP"
PHONE_81 = "./Vendor/MSFT/CertificateStore/My/SCEP"
FORMS = {"KeyUsage", "KeyLength", "KeyProtection", "RetryCount", "RetryDelay", "ValidPeriodUnits"}


def request(server: Any, url: str, *, node: str = f"{USER}/first", **leaves: str) -> str:
    """The Atomic that requests a certificate."""
    values = {
        "ServerURL": url,
        "Challenge": "good",
        "SubjectName": "CN=alice,O=Contoso",
        "SubjectAlternativeNames": "2+alice@contoso.example;11+alice;b+c@contoso.example",
        "EKUMapping": "1.3.6.1.5.5.7.3.4+1.3.6.1.5.5.7.3.2",
        "KeyUsage": "160",
        "KeyLength": "2048",
        "HashAlgorithm": "SHA-2",
        "KeyProtection": "3",
        "ValidPeriod": "Years",
        "ValidPeriodUnits": "1",
    } | leaves
    words = server.words
    adds = [
        words.add(f"{node}/Install/{name}", value, "int" if name in FORMS else "chr") for name, value in values.items()
    ]
    return str(words.atomic(*adds, words.execute(f"{node}/Install/Enroll")))


def read(agent: WindowsAgent, node: str, leaf: str) -> str | None:
    path = tuple(part for part in node.split("/") if part not in {".", "Device"})
    return agent._machine().tree.value((*path, leaf))


def certificates(agent: WindowsAgent) -> list[x509.Certificate]:
    return [identity.certificate for identity in agent.device.keystore.identities()]


@pytest.mark.parametrize(
    ("platform", "node"),
    [
        (Platform.WINDOWS, f"{USER}/first"),
        (Platform.WINDOWS, f"{MACHINE}/first"),
        (Platform.WINDOWS_10_MOBILE, f"{USER}/first"),
        (Platform.WINDOWS_PHONE_81, f"{PHONE_81}/first"),
    ],
)
async def test_the_key_is_made_on_the_device_and_its_thumbprint_can_be_read_in_the_same_session(
    server: Any, joined: Any, listening: Listening, platform: Platform, node: str
) -> None:
    agent = await joined(platform)
    server.script = [[request(server, listening.url, node=node)], [server.words.get(f"{node}/CertThumbprint")]]
    await agent.check_in()
    (certificate,) = certificates(agent)
    assert server.heard[-1].text("SyncBody/Results/Item/Data") == server.words.thumb(certificate)
    assert (read(agent, node, "Status"), read(agent, node, "ErrorCode")) == ("1", "0")
    assert read(agent, node, "RespondentServerUrl") == listening.url
    (sent,) = listening.scep.requests
    names = sent["csr"].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.RFC822Name) == ["alice@contoso.example"]
    (principal,) = names.get_values_for_type(x509.OtherName)
    assert principal.value.endswith(b"alice;b+c@contoso.example")
    usages = sent["csr"].extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert {usage.dotted_string for usage in usages} == {"1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.2"}
    assert sent["csr"].attributes.get_attribute_for_oid(AttributeOID.CHALLENGE_PASSWORD).value == b"good"


async def test_the_challenge_leaves_the_nodes_when_the_request_is_started(
    server: Any, joined: Any, listening: Listening
) -> None:
    agent = await joined()
    server.script = [[request(server, listening.url)], [server.words.get(f"{USER}/first/Install/Challenge")]]
    await agent.check_in()
    assert server.heard[-1].statuses() == [("Get", "404")]
    assert "good" not in str(agent.device.state.document())


async def test_the_same_request_under_another_node_is_a_renewal_and_both_are_kept_until_one_is_deleted(
    server: Any, joined: Any, listening: Listening
) -> None:
    agent = await joined()
    server.script = [[request(server, listening.url)]]
    await agent.check_in()
    (before,) = certificates(agent)
    server.script = [
        [request(server, listening.url, node=f"{USER}/second")],
        [server.words.delete(f"{USER}/first")],
    ]
    await agent.check_in()
    assert (listening.scep.requests[-1]["kind"], listening.scep.requests[-1]["signer"]) == ("17", before)
    (after,) = certificates(agent)
    assert after.public_key() != before.public_key()
    server.script = [[request(server, listening.url, node=f"{USER}/third", SubjectName="CN=bob")]]
    await agent.check_in()
    assert listening.scep.requests[-1]["kind"] == "19"


@pytest.mark.parametrize(
    ("trouble", "leaves", "error"),
    [
        ("well", {"ServerURL": "http://127.0.0.1:9/scep"}, 0x80072EFD),
        ("well", {"Challenge": "stolen"}, 0x80094001),
        ("well", {"CAThumbprint": "AB" * 20}, 0x800B0109),
        ("without certificate", {}, 0x80092004),
        ("for another key", {}, 0x80090015),
        ("as a stranger", {}, 0x8009100D),
        ("well", {"SubjectName": "nonsense"}, 0x80070057),
        ("well", {"KeyUsage": "1"}, 0x80070057),
        ("well", {"KeyProtection": "4"}, 0x80070057),
    ],
)
async def test_a_failure_is_read_as_a_windows_error_number(
    server: Any, joined: Any, listening: Listening, trouble: str, leaves: dict[str, str], error: int
) -> None:
    listening.scep.behaves = trouble
    agent = await joined()
    server.script = [[request(server, listening.url, **leaves)]]
    done = await agent.check_in()
    assert [refusal.path for refusal in done.refused] == [f"{USER}/first"]
    assert (read(agent, f"{USER}/first", "Status"), certificates(agent)) == ("16", [])
    assert read(agent, f"{USER}/first", "ErrorCode") == str(error - (1 << 32))


@pytest.mark.parametrize(
    ("protection", "bits", "provider"),
    [
        ("1", "2048", "Microsoft Platform Crypto Provider"),
        ("2", "2048", "Microsoft Platform Crypto Provider"),
        ("3", "2048", "Microsoft Software Key Storage Provider"),
        ("1", "4096", None),
    ],
)
async def test_the_key_is_kept_by_the_provider_that_was_asked_for(
    server: Any, joined: Any, listening: Listening, protection: str, bits: str, provider: str | None
) -> None:
    agent = await joined()
    object.__setattr__(agent.device.hardware, "has_tpm", True)
    server.script = [[request(server, listening.url, KeyProtection=protection, KeyLength=bits)]]
    await agent.check_in()
    kept = [(place.provider, place.exportable) for place in agent.device.state.keys.values()]
    assert kept == ([] if provider is None else [(provider, False)])


async def test_a_request_that_is_pending_is_asked_about_in_later_sessions_and_after_a_restart(
    server: Any, joined: Any, listening: Listening, tmp_path: Path
) -> None:
    agent = await joined(device=Device.new("DESKTOP-1", platform=Platform.WINDOWS, folder=tmp_path))
    listening.scep.pending = 2
    server.script = [[request(server, listening.url)]]
    await agent.check_in()
    assert read(agent, f"{USER}/first", "Status") == "2"
    await agent.check_in()
    again = agent_for(load_device(tmp_path), joined.transport)
    assert isinstance(again, WindowsAgent)
    again.time = agent.time
    assert len((await again.check_in()).installed) == 1
    assert [each["kind"] for each in listening.scep.requests] == ["19", "20", "20"]
    assert (read(again, f"{USER}/first", "Status"), len(certificates(again))) == ("1", 1)


async def test_the_device_gives_up_after_its_retries(server: Any, joined: Any, listening: Listening) -> None:
    agent = await joined()
    listening.scep.pending = 9
    server.script = [[request(server, listening.url, RetryCount="2", RetryDelay="10")]]
    await agent.check_in()
    agent.time.learn(agent._now() + timedelta(minutes=21), monotonic=3.0)
    await agent.check_in()
    assert read(agent, f"{USER}/first", "Status") == "16"
    assert read(agent, f"{USER}/first", "ErrorCode") == str(0x80072EE2 - (1 << 32))
    assert agent.device.keystore.pending == {}


async def test_a_failed_atomic_starts_no_request(server: Any, joined: Any, listening: Listening) -> None:
    agent = await joined()
    server.script = [[request(server, listening.url, KeyLength="many")]]
    await agent.check_in()
    assert (open_requests(agent._machine()), listening.scep.requests) == ({}, [])
    server.script = [[server.words.execute(f"{USER}/none/Install/Enroll")]]
    await agent.check_in()
    assert server.heard[-1].statuses() == [("Exec", "404")]


async def test_a_request_of_a_user_who_logs_out_waits(server: Any, joined: Any, listening: Listening) -> None:
    agent = await joined()
    listening.scep.pending = 1
    server.script = [[request(server, listening.url)]]
    await agent.check_in()
    agent.log_in(False)
    await agent.check_in()
    assert len(listening.scep.requests) == 1
    agent.log_in(True)
    await agent.check_in()
    assert len(certificates(agent)) == 1


@pytest.mark.parametrize(("code", "status", "error"), [(None, "16", 0x80070005), (0x80090016, "16", 0x80090016)])
async def test_what_the_owner_refuses_fails_with_that_code(
    server: Any, joined: Any, listening: Listening, code: int | None, status: str, error: int
) -> None:
    agent = await joined()
    agent.device.refusals.refuse("scep", code)
    server.script = [[request(server, listening.url)]]
    await agent.check_in()
    assert (read(agent, f"{USER}/first", "Status"), listening.scep.requests) == (status, [])
    assert read(agent, f"{USER}/first", "ErrorCode") == str(error - (1 << 32))
