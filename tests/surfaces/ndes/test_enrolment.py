"""Certificates by SCEP from the tenant's own authority: Intune's challenge decides, NDES issues."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.scep_clients import FAILURE, POLL, Csr, ScepClient
from tests.surfaces.ndes.conftest import Scene

pytestmark = pytest.mark.both_in_soak

EVENTS_OF_SUCCESS = [4003, 4004, 4006, 4008, 4000]


async def test_a_device_is_given_the_certificate_that_the_profile_describes(scene: Scene) -> None:
    answer = await scene.client.ask(await scene.csr(), cipher="des", digest="sha1")
    certificate = scene.client.issued(answer)
    issuers = await scene.client.certificates()
    (issuer,) = [each for each in issuers if each.subject == certificate.issuer]
    certificate.verify_directly_issued_by(issuer)
    extensions = certificate.extensions
    names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.RFC822Name) == ["alice@contoso.example"]
    usages = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usages) == [ExtendedKeyUsageOID.EMAIL_PROTECTION]
    usage = extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.digital_signature, usage.key_encipherment, usage.content_commitment) == (True, True, False)
    assert certificate.public_key() == scene.client.key.public_key()
    lifetime = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert timedelta(days=180) <= lifetime < timedelta(days=190)
    assert await scene.log() == EVENTS_OF_SUCCESS
    (event,) = await scene.events("issued")
    assert event["certificate"]["source"] == "scep"
    assert (event["user"], event["profile"]) == ("alice@contoso.example", scene.profile)
    (told,) = await scene.events("scepCertificateIssued")
    assert told["detail"]["serialNumber"] == f"{certificate.serial_number:x}"


async def test_a_message_whose_answer_was_lost_gets_the_same_certificate(scene: Scene) -> None:
    csr = await scene.csr()
    message = await scene.client.message(csr)
    first = scene.client.issued(await scene.client.send(message))
    again = scene.client.issued(await scene.client.send(message, by_get=True))
    sealed_again = scene.client.issued(await scene.client.ask(csr))
    polled = scene.client.issued(await scene.client.ask(b"", kind=POLL))
    other_transaction = scene.client.issued(await scene.client.ask(csr, transaction="second"))
    assert first == again == sealed_again == polled == other_transaction
    assert len(await scene.events("issued")) == 1


async def test_a_challenge_is_for_one_request(scene: Scene) -> None:
    challenge = await scene.challenge()
    scene.client.issued(await scene.client.ask(Csr(scene.client.key, challenge).der()))
    replay = ScepClient(scene.http, scene.keys[0])
    for transaction in ("first", "other"):
        refused = await replay.ask(Csr(replay.key, challenge).der(), transaction=transaction)
        assert (refused.status, refused.fail_info) == (FAILURE, "2")
    assert len(await scene.events("issued")) == 1
    stranger = await replay.ask(b"", kind=POLL)
    assert (stranger.status, stranger.fail_info) == (FAILURE, "4")


async def test_a_key_that_is_requested_again_with_a_new_challenge_gets_a_new_certificate(scene: Scene) -> None:
    """Many clients make the transaction ID from the key: it is no sign of a repeated message."""
    first = scene.client.issued(await scene.client.ask(await scene.csr()))
    scene.contoso.clock.forward(seconds=1)
    second = scene.client.issued(await scene.client.ask(await scene.csr()))
    assert first.serial_number != second.serial_number
    assert scene.client.issued(await scene.client.ask(b"", kind=POLL)) == second


@ON_BOTH_DATABASES
async def test_messages_that_come_at_the_same_time_get_one_certificate(scene: Scene) -> None:
    csr = await scene.csr()
    messages = [await scene.client.message(csr, transaction=str(number)) for number in range(4)]
    answers = await asyncio.gather(*(scene.client.send(message) for message in messages))
    assert len({scene.client.issued(answer).serial_number for answer in answers}) == 1
    assert len(await scene.events("issued")) == 1
