"""An Android device requests the certificates of its policy itself, and keeps them as all others."""

from __future__ import annotations

import base64
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune_sim.agent.by_platform import agent_for, load_device
from fauxtune_sim.device.device import Device
from fauxtune_sim.mail.reading import read_mail
from fauxtune_sim.mail.writing import MailMessage, Protection, write_mail

if TYPE_CHECKING:
    from fauxtune_sim.agent.agent import Agent
    from tests.simulator.conftest import Enrolled, Listening, Service

LETTER = MailMessage(
    sender="bob@contoso.example",
    recipients=("alice@contoso.example",),
    subject="hello",
    text="Hello Alice",
    date=datetime(2026, 11, 24, 10, 0, tzinfo=UTC),
)


def pair(url: str, *, revision: str = "1", **request: Any) -> dict[str, Any]:
    """An entry of the policy that the device is to request."""
    wanted = {
        "serverUrl": url,
        "challenge": "good",
        "subject": "CN=alice,O=Contoso",
        "subjectAlternativeNames": [{"type": "emailAddress", "name": "alice@contoso.example"}],
        "keySize": 2048,
        "keyUsages": ["digitalSignature", "keyEncipherment"],
        "extendedKeyUsages": ["1.3.6.1.5.5.7.3.4"],
        "hashAlgorithms": ["sha2"],
        "caThumbprint": None,
        "retryCount": 3,
        "retryDelaySeconds": 60,
        "renews": False,
        "revision": revision,
    }
    return {
        "alias": "scep-1",
        "source": "SCEP",
        "intendedPurpose": None,
        "certificateProfileId": "1",
        "scep": wanted | request,
    }


def certificate(agent: Agent) -> x509.Certificate:
    return agent.device.keystore.identity("scep-1").certificate


async def test_the_key_is_made_on_the_device_and_the_certificate_reported(
    enrolled: Enrolled, service: Service, listening: Listening
) -> None:
    agent = await enrolled()
    service.of(agent).give(pairs=[pair(listening.url)])
    done = await agent.check_in()
    assert (done.installed, done.settled) == (["scep-1"], True)
    (request,) = listening.scep.requests
    names = request["csr"].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.RFC822Name) == ["alice@contoso.example"]
    identity = agent.device.keystore.identity("scep-1")
    assert identity.key.public_key() == identity.certificate.public_key() == request["csr"].public_key()
    (alias,) = service.of(agent).reports[-1]["keyStore"]["aliases"]
    assert base64.b64decode(alias["x509"]) == identity.certificate.public_bytes(Encoding.DER)


async def test_a_device_whose_clock_is_past_2050_requests_with_the_time_of_its_clock(
    enrolled: Enrolled, service: Service, listening: Listening
) -> None:
    agent = await enrolled()
    service.of(agent).give(pairs=[pair(listening.url)])
    later = datetime(2051, 1, 2, 3, 4, 5, tzinfo=UTC)
    agent.time.learn(later, monotonic=time.monotonic())
    assert (await agent.check_in()).installed == ["scep-1"]
    (request,) = listening.scep.requests
    assert later <= request["signing time"] < later + timedelta(hours=1)


async def test_a_certificate_that_is_there_is_not_requested_again(
    enrolled: Enrolled, service: Service, listening: Listening
) -> None:
    agent = await enrolled()
    service.of(agent).give(pairs=[pair(listening.url)])
    await agent.check_in()
    service.of(agent).give(pairs=[pair(listening.url, challenge="another")])
    await agent.check_in()
    service.of(agent).give(pairs=[pair(listening.url) | {"scep": None}])
    await agent.check_in()
    assert len(listening.scep.requests) == 1
    assert list(agent.device.keystore.entries) == ["scep-1"]


async def test_a_renewal_has_a_new_key_and_is_signed_by_the_certificate_in_its_place(
    enrolled: Enrolled, service: Service, listening: Listening
) -> None:
    agent = await enrolled()
    service.of(agent).give(pairs=[pair(listening.url)])
    await agent.check_in()
    before = certificate(agent)
    service.of(agent).give(pairs=[pair(listening.url, revision="2", renews=True)])
    await agent.check_in()
    assert (listening.scep.requests[-1]["kind"], listening.scep.requests[-1]["signer"]) == ("17", before)
    assert certificate(agent).public_key() != before.public_key()


async def test_a_request_that_is_undecided_is_asked_about_at_the_next_check_in_and_after_a_restart(
    enrolled: Enrolled, service: Service, listening: Listening, tmp_path: Path
) -> None:
    agent = await enrolled(Device.new("a phone", folder=tmp_path))
    listening.scep.pending = 2
    service.of(agent).give(pairs=[pair(listening.url)])
    done = await agent.check_in()
    report = service.of(agent).reports[-1]
    assert (done.installed, report["appliedPolicyVersion"]) == ([], "1")
    assert report["nonComplianceDetails"][0]["nonComplianceReason"] == "PENDING"
    await agent.check_in()
    again = agent_for(load_device(tmp_path), enrolled.transport)
    assert (await again.check_in()).installed == ["scep-1"]
    assert [request["kind"] for request in listening.scep.requests] == ["19", "20", "20"]
    assert service.of(agent).reports[-1]["nonComplianceDetails"] == []
    assert load_device(tmp_path).keystore.pending == {}


async def test_a_server_that_cannot_be_reached_is_passed_over_where_the_device_was_given_others(
    enrolled: Enrolled, service: Service, listening: Listening
) -> None:
    agent = await enrolled()
    service.of(agent).give(pairs=[pair("http://127.0.0.1:9/scep", otherServerUrls=[listening.url])])
    assert (await agent.check_in()).installed == ["scep-1"]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"challenge": "stolen"}, "the SCEP authority refused: badRequest"),
        ({"caThumbprint": "ab" * 20}, "no certificate of the SCEP authority has the fingerprint"),
        ({"serverUrl": "http://127.0.0.1:9/scep"}, "the SCEP authority cannot be reached"),
        ({"subject": "nonsense"}, "its entry is broken"),
        ({"keyUsages": ["flying"]}, "its entry is broken"),
    ],
)
async def test_a_failure_is_reported_with_its_reason_and_the_present_certificate_stays(
    enrolled: Enrolled, service: Service, listening: Listening, changes: dict[str, Any], why: str
) -> None:
    agent = await enrolled()
    service.of(agent).give(pairs=[pair(listening.url)])
    await agent.check_in()
    before = certificate(agent)
    service.of(agent).give(pairs=[pair(listening.url, revision="2", **changes)])
    await agent.check_in()
    (detail,) = service.of(agent).reports[-1]["nonComplianceDetails"]
    assert detail["nonComplianceReason"] == "INVALID_VALUE"
    assert why in detail["currentValue"]
    assert certificate(agent) == before


async def test_an_entry_that_is_gone_takes_the_key_with_it(
    enrolled: Enrolled, service: Service, listening: Listening
) -> None:
    agent = await enrolled()
    service.of(agent).give(pairs=[pair(listening.url)])
    await agent.check_in()
    service.of(agent).give(pairs=[])
    assert (await agent.check_in()).removed == ["scep-1"]
    assert agent.device.keystore.is_empty


async def test_a_wipe_forgets_the_keys_that_wait_for_their_certificates(
    enrolled: Enrolled, service: Service, listening: Listening, tmp_path: Path
) -> None:
    agent = await enrolled(Device.new("a phone", folder=tmp_path))
    listening.scep.pending = 9
    service.of(agent).give(pairs=[pair(listening.url)])
    await agent.check_in()
    assert len(agent.device.keystore.pending) == 1
    service.of(agent).wipe("DEVICE")
    await agent.check_in()
    assert load_device(tmp_path).keystore.pending == {}


async def test_mail_for_such_a_certificate_is_read_on_the_device(
    enrolled: Enrolled, service: Service, listening: Listening
) -> None:
    agent = await enrolled()
    service.of(agent).give(pairs=[pair(listening.url)])
    await agent.check_in()
    mail = write_mail(LETTER, Protection(encrypt_to=[certificate(agent)]))
    reading = read_mail(mail, agent.device.keystore)
    assert (reading.decrypted, reading.text) == (True, "Hello Alice\n")
