"""The CA at work and off line, its revocations, and its rollover, seen from devices and from those who ask."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12
from cryptography.x509 import ocsp

from fauxtune.connector.refusals import AuthorityUnavailable
from fauxtune.core.errors import Conflict, Invalid, NotFound, Unavailable
from fauxtune.operations.ca import authorities, counter, crl_and_ocsp
from fauxtune.operations.connectors import revocation
from fauxtune.operations.devices import actions as device_actions
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries import certificates as queries
from fauxtune.storage.rows.certificates import AuthorityRow
from tests.support.authorities import signing_key_of
from tests.support.devices.android import AndroidInProcess
from tests.support.tenant import Contoso


async def crl_of(contoso: Contoso, name: str = "issuing") -> x509.CertificateRevocationList:
    return x509.load_der_x509_crl(await crl_and_ocsp.crl(contoso.emulator, contoso.tenant, name=name))


async def set_state(contoso: Contoso, state: str, name: str = "issuing") -> AuthorityRow:
    return await revocation.set_state(contoso.emulator, contoso.tenant, name=name, state=state)


async def roll_over(contoso: Contoso, name: str = "issuing") -> AuthorityRow:
    return await revocation.roll_over(contoso.emulator, contoso.tenant, name=name)


async def authority(contoso: Contoso, name: str = "issuing") -> x509.Certificate:
    certificate: x509.Certificate = await contoso.look(authorities.certificate, contoso.tenant, name=name)
    return certificate


async def phone_with_certificate(contoso: Contoso, user: str = "alice") -> tuple[AndroidInProcess, x509.Certificate]:
    phone = await contoso.enroll(user)
    await phone.settle()
    row = next(
        certificate for certificate in await contoso.issued() if certificate.enrollment_id == phone.enrollment_id
    )
    return phone, x509.load_der_x509_certificate(row.certificate)


def number(crl: x509.CertificateRevocationList) -> int:
    return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def hexed(certificate: x509.Certificate) -> str:
    return f"{certificate.serial_number:x}"


@pytest.fixture
async def staffed(contoso: Contoso) -> Contoso:
    """Everybody is given a certificate; nobody has to trust anything."""
    await contoso.switch(requireTrustedRoot=False)
    await contoso.pkcs_profile()
    return contoso


# ----------------------------------------------------------------------------------------------------------------- CRL


async def test_a_crl_stays_until_something_is_revoked_or_its_time_is_over(staffed: Contoso) -> None:
    _phone, certificate = await phone_with_certificate(staffed)
    first = await crl_of(staffed)
    staffed.clock.forward(days=6, hours=23)
    assert await crl_of(staffed) == first
    staffed.clock.forward(hours=1)
    second = await crl_of(staffed)
    assert (number(first), number(second)) == (1, 2)
    assert second.last_update_utc == first.next_update_utc
    await staffed.do(
        revocation.revoke, hexed(certificate), reason="keyCompromise", authority_name="issuing", source="pkcs"
    )
    third = await crl_of(staffed)
    assert number(third) == 3
    assert [entry.serial_number for entry in third] == [certificate.serial_number]
    assert await crl_of(staffed) == third


async def test_a_clock_that_was_put_back_shows_no_crl_from_the_future(staffed: Contoso) -> None:
    first = await crl_of(staffed)
    staffed.clock.forward(days=-30)
    second = await crl_of(staffed)
    assert number(second) == number(first) + 1
    assert second.last_update_utc < first.last_update_utc


@pytest.mark.parametrize("name", ["root", "devices"])
async def test_every_authority_has_a_crl_of_its_own(contoso: Contoso, name: str) -> None:
    crl = await crl_of(contoso, name)
    assert crl.is_signature_valid(signing_key_of(await authority(contoso, name)))
    with pytest.raises(NotFound, match="There are: root, issuing, devices"):
        await crl_of(contoso, "nothing")


async def test_who_comes_at_the_same_time_gets_the_same_list_and_the_same_responder(staffed: Contoso) -> None:
    _phone, certificate = await phone_with_certificate(staffed)
    request = ask_for(certificate, await authority(staffed))
    emulator, tenant = staffed.emulator, staffed.tenant
    lists = await asyncio.gather(*(crl_and_ocsp.crl(emulator, tenant, name="issuing") for _ in range(6)))
    assert len(set(lists)) == 1
    row = await staffed.get(authority_queries.authority, tenant.id, name="issuing")
    assert row.crl_number == 1
    answers = await asyncio.gather(
        *(crl_and_ocsp.ocsp(emulator, tenant, name="issuing", request=request) for _ in range(6))
    )
    assert len({ocsp.load_der_ocsp_response(answer).certificates[0] for answer in answers}) == 1


# ---------------------------------------------------------------------------------------------------------- revocation


@pytest.mark.both_databases
async def test_what_can_be_revoked_is_known_before(staffed: Contoso) -> None:
    serials = [hexed((await phone_with_certificate(staffed, user))[1]) for user in ("alice", "bob")]
    assert await staffed.do(revocation.revocable, serials) == frozenset(serials)
    await staffed.do(revocation.revoke, serials[0], reason="keyCompromise", authority_name="issuing")
    assert await staffed.do(revocation.revocable, serials) == {serials[1]}
    with pytest.raises(NotFound):
        await staffed.do(revocation.revocable, [serials[1], "abcdef"])


async def test_a_certificate_on_hold_is_released_or_revoked_for_good(staffed: Contoso) -> None:
    _phone, certificate = await phone_with_certificate(staffed)
    serial = hexed(certificate)

    async def revoke(reason: str) -> bool:
        done: bool = await staffed.do(revocation.revoke, serial, reason=reason, authority_name="issuing")
        return done

    with pytest.raises(Conflict, match="certificateHold"):
        await revoke("removeFromCRL")
    assert await revoke("certificateHold")
    held_since = staffed.clock.now()
    assert not await revoke("certificateHold")
    assert len(await crl_of(staffed)) == 1
    assert await revoke("removeFromCRL")
    assert len(await crl_of(staffed)) == 0
    assert await staffed.certificate_status(serial) == "good"
    staffed.clock.forward(hours=1)
    assert await revoke("certificateHold")
    staffed.clock.forward(hours=1)
    assert await revoke("keyCompromise")
    (entry,) = await crl_of(staffed)
    assert entry.revocation_date_utc == held_since + timedelta(hours=1)
    assert not await revoke("superseded"), "its first reason stays"
    with pytest.raises(Conflict):
        await revoke("removeFromCRL")
    with pytest.raises(Invalid, match="no reason"):
        await revoke("boredom")
    assert [event.type for event in await staffed.events("revoked", "released")] == [
        "revoked",
        "released",
        "revoked",
        "revoked",
    ]


@pytest.mark.both_databases
async def test_what_is_on_hold_is_revoked_for_good_when_its_device_goes(staffed: Contoso) -> None:
    phone, certificate = await phone_with_certificate(staffed)
    await staffed.do(revocation.revoke, hexed(certificate), reason="certificateHold", authority_name="issuing")
    await staffed.action(phone, device_actions.retire)
    row = await staffed.get(queries.certificate, staffed.tenant.id, key=hexed(certificate))
    assert row.reason == "cessationOfOperation"


# ------------------------------------------------------------------------------------------------------------ off line


async def test_an_authority_off_line_issues_nothing_and_heals_when_it_is_back(staffed: Contoso) -> None:
    await set_state(staffed, "unavailable")
    phone = await staffed.enroll("alice")
    await phone.settle()
    item = await phone.item()
    assert item.problem is not None
    assert item.problem.code == AuthorityUnavailable.number
    assert await staffed.issued() == []
    request = counter.CounterRequest("SmimeBoth", user_principal_name=staffed.upn("bob"))
    with pytest.raises(Unavailable, match="off line"):
        await staffed.do(counter.issue_at_counter, request, key=None, keys=staffed.emulator.keys)
    await set_state(staffed, "available")
    await phone.settle()
    assert await phone.states() == {"pkcs": "installed"}
    assert [event.type for event in await staffed.events("authorityUnavailable", "authorityAvailable")] == [
        "authorityUnavailable",
        "authorityAvailable",
    ]


async def test_off_line_it_says_nothing_of_its_certificates(staffed: Contoso) -> None:
    _phone, certificate = await phone_with_certificate(staffed)
    issuer = await authority(staffed)
    question = ask_for(certificate, issuer)
    await crl_of(staffed)
    await crl_and_ocsp.ocsp(staffed.emulator, staffed.tenant, name="issuing", request=question)
    await set_state(staffed, "unavailable")
    with pytest.raises(Unavailable):
        await crl_of(staffed)
    with pytest.raises(Unavailable):
        await crl_and_ocsp.ocsp(staffed.emulator, staffed.tenant, name="issuing", request=question)
    assert number(await crl_of(staffed, "root")) == 1
    await set_state(staffed, "available")
    assert await crl_and_ocsp.ocsp(staffed.emulator, staffed.tenant, name="issuing", request=question)
    assert number(await crl_of(staffed)) == 1


@pytest.mark.both_databases
async def test_a_revocation_waits_for_an_authority_off_line(staffed: Contoso) -> None:
    phone, certificate = await phone_with_certificate(staffed)
    await set_state(staffed, "unavailable")
    await staffed.action(phone, device_actions.retire)
    await staffed.action(phone, device_actions.retire)
    assert await staffed.certificate_status(hexed(certificate)) == "good"
    (waiting,) = await staffed.events("waiting")
    assert (waiting.device, waiting.detail["asked"]) == (phone.enrollment_id, "revocation")
    with pytest.raises(Unavailable):
        await staffed.do(revocation.revoke, hexed(certificate), reason="unspecified", authority_name="issuing")
    staffed.clock.forward(hours=5)
    await set_state(staffed, "available")
    row = await staffed.get(queries.certificate, staffed.tenant.id, key=hexed(certificate))
    assert (row.revoked_at, row.reason) == (staffed.clock.now(), "cessationOfOperation")
    (revoked,) = await staffed.events("revoked")
    assert (revoked.device, revoked.user) == (phone.enrollment_id, staffed.upn("alice"))


async def test_the_authority_of_devices_cannot_be_taken_off_line(contoso: Contoso) -> None:
    with pytest.raises(Invalid, match="service's own"):
        await set_state(contoso, "unavailable", "devices")
    with pytest.raises(Invalid, match="state"):
        await set_state(contoso, "broken")
    with pytest.raises(NotFound):
        await set_state(contoso, "unavailable", "issuing-2")


# ------------------------------------------------------------------------------------------------------------ rollover


async def test_after_a_rollover_new_certificates_come_from_the_new_key_with_the_right_chain(staffed: Contoso) -> None:
    old_phone, old = await phone_with_certificate(staffed)
    row = await roll_over(staffed)
    assert (row.name, row.generation, row.state) == ("issuing-2", 2, "available")
    new_phone, new = await phone_with_certificate(staffed, "bob")
    first, second, root = [await authority(staffed, name) for name in ("issuing", "issuing-2", "root")]
    old.verify_directly_issued_by(first)
    new.verify_directly_issued_by(second)
    second.verify_directly_issued_by(root)
    assert second.subject == first.subject
    assert second.public_key() != first.public_key()
    (delivered,) = [deliverable for deliverable in await new_phone.policy() if deliverable.pfx is not None]
    assert delivered.pfx is not None
    opened = pkcs12.load_pkcs12(delivered.pfx, new_phone.unseal(delivered.sealed or b""))
    assert [additional_cert.certificate for additional_cert in opened.additional_certs] == [second]
    points = new.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    assert points[0].full_name[0].value.endswith(f"/pki/{staffed.tenant.name}/issuing-2/crl")
    await old_phone.settle()
    assert await staffed.certificate_status(hexed(old)) == "good"
    assert len(await staffed.issued()) == 2, "nothing is issued anew"


async def test_old_certificates_keep_their_crl_and_ocsp(staffed: Contoso) -> None:
    phone, old = await phone_with_certificate(staffed)
    await roll_over(staffed)
    other, new = await phone_with_certificate(staffed, "bob")
    for device in (phone, other):
        await staffed.action(device, device_actions.retire)
    for name, certificate in (("issuing", old), ("issuing-2", new)):
        crl = await crl_of(staffed, name)
        assert [entry.serial_number for entry in crl] == [certificate.serial_number]
        issuer = await authority(staffed, name)
        assert crl.is_signature_valid(signing_key_of(issuer))
        answer = ocsp.load_der_ocsp_response(
            await crl_and_ocsp.ocsp(staffed.emulator, staffed.tenant, name=name, request=ask_for(certificate, issuer))
        )
        assert answer.certificate_status is ocsp.OCSPCertStatus.REVOKED
    wrong = ask_for(new, await authority(staffed, "issuing-2"))
    answer = ocsp.load_der_ocsp_response(
        await crl_and_ocsp.ocsp(staffed.emulator, staffed.tenant, name="issuing", request=wrong)
    )
    assert answer.response_status is ocsp.OCSPResponseStatus.UNAUTHORIZED


async def test_a_profile_that_asks_for_the_root_works_after_a_rollover(contoso: Contoso) -> None:
    await contoso.root_profile()
    await contoso.pkcs_profile()
    await roll_over(contoso)
    phone = await contoso.enroll("alice")
    await phone.settle()
    assert await phone.states() == {"root": "installed", "pkcs": "installed"}
    assert [row.authority for row in await contoso.issued()] == ["issuing-2"]


async def test_an_authority_has_one_successor_and_only_the_issuing_one_has_any(contoso: Contoso) -> None:
    before = {file.name for file in contoso.emulator.keys._folder.iterdir()}
    with pytest.raises(Invalid, match="not 'root'"):
        await roll_over(contoso, "root")
    with pytest.raises(NotFound):
        await roll_over(contoso, "nothing")
    await set_state(contoso, "unavailable", "root")
    with pytest.raises(Unavailable):
        await roll_over(contoso)
    assert {file.name for file in contoso.emulator.keys._folder.iterdir()} == before, "no key is left behind"
    await set_state(contoso, "available", "root")
    await roll_over(contoso)
    with pytest.raises(Conflict, match="'issuing-2' issues now"):
        await roll_over(contoso)
    assert (await roll_over(contoso, "issuing-2")).name == "issuing-3"


async def test_a_rollover_gets_work_done_while_the_old_key_is_off_line(staffed: Contoso) -> None:
    await set_state(staffed, "unavailable")
    phone = await staffed.enroll("alice")
    await phone.settle()
    assert await phone.states() == {"pkcs": "failed"}
    await roll_over(staffed)
    await phone.settle()
    assert await phone.states() == {"pkcs": "installed"}
    (issued,) = await staffed.issued()
    certificate = x509.load_der_x509_certificate(issued.certificate)
    certificate.verify_directly_issued_by(await authority(staffed, "issuing-2"))


async def test_taking_an_authority_off_line_disturbs_nobody(staffed: Contoso) -> None:
    phone, _certificate = await phone_with_certificate(staffed)
    plans = await phone.plans()
    await set_state(staffed, "unavailable")
    await phone.check_in()
    assert await phone.plans() == plans


# ---------------------------------------------------------------------------------------------------------------- OCSP


def ask_for(certificate: x509.Certificate, issuer: x509.Certificate, nonce: bytes | None = None) -> bytes:
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, SHA256())
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


async def test_the_responder_is_renewed_by_itself_and_keeps_its_key(staffed: Contoso) -> None:
    _phone, certificate = await phone_with_certificate(staffed)
    question = ask_for(certificate, await authority(staffed), nonce=b"n" * 16)

    async def signer() -> x509.Certificate:
        answer = ocsp.load_der_ocsp_response(
            await crl_and_ocsp.ocsp(staffed.emulator, staffed.tenant, name="issuing", request=question)
        )
        (found,) = answer.certificates
        now = staffed.clock.now()
        assert found.not_valid_before_utc <= now
        assert answer.next_update_utc is not None
        assert answer.next_update_utc < found.not_valid_after_utc
        return found

    first = await signer()
    staffed.clock.forward(days=11, hours=23)
    assert await signer() == first
    staffed.clock.forward(hours=2)
    second = await signer()
    assert second.serial_number != first.serial_number
    assert second.public_key() == first.public_key()
    staffed.clock.forward(days=-300)
    third = await signer()
    assert third.not_valid_after_utc < first.not_valid_before_utc
    row = await staffed.get(authority_queries.authority, staffed.tenant.id, name="issuing")
    assert staffed.emulator.keys.has(row.responder_key_name or "")


async def test_an_answer_without_a_nonce_is_given_again_until_something_changes(staffed: Contoso) -> None:
    _phone, certificate = await phone_with_certificate(staffed)
    question = ask_for(certificate, await authority(staffed))

    async def answer() -> ocsp.OCSPResponse:
        return ocsp.load_der_ocsp_response(
            await crl_and_ocsp.ocsp(staffed.emulator, staffed.tenant, name="issuing", request=question)
        )

    await answer()  # the responder is made
    first = await answer()
    staffed.clock.forward(hours=23)
    assert (await answer()).this_update_utc == first.this_update_utc
    staffed.clock.forward(hours=1)
    assert (await answer()).this_update_utc == first.next_update_utc
    await staffed.do(revocation.revoke, hexed(certificate), reason="superseded", authority_name="issuing")
    assert (await answer()).certificate_status is ocsp.OCSPCertStatus.REVOKED
    staffed.clock.forward(days=-1)
    assert (await answer()).this_update_utc == staffed.clock.now()


@pytest.mark.both_databases
async def test_an_authoritys_own_certificate_and_its_responders_are_good(staffed: Contoso) -> None:
    root, issuing, devices = [await authority(staffed, name) for name in ("root", "issuing", "devices")]
    await roll_over(staffed)

    async def asked(name: str, certificate: x509.Certificate, issuer: x509.Certificate) -> ocsp.OCSPResponse:
        request = ask_for(certificate, issuer)
        return ocsp.load_der_ocsp_response(
            await crl_and_ocsp.ocsp(staffed.emulator, staffed.tenant, name=name, request=request)
        )

    for certificate in (root, issuing, await authority(staffed, "issuing-2")):
        answer = await asked("root", certificate, root)
        assert answer.certificate_status is ocsp.OCSPCertStatus.GOOD
    (responder,) = answer.certificates
    assert (await asked("root", responder, root)).certificate_status is ocsp.OCSPCertStatus.GOOD
    elsewhere = await asked("issuing", responder, issuing)
    assert elsewhere.response_status is ocsp.OCSPResponseStatus.UNAUTHORIZED
    assert (await asked("devices", devices, devices)).certificate_status is ocsp.OCSPCertStatus.GOOD
