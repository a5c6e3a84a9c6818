"""How devices come in: tokens, licences, requests that are broken, and the same hardware again."""

from __future__ import annotations

import asyncio

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.errors import EnrollmentEnded, FauxtuneError, Invalid, NotFound, NotLicensed, Unauthenticated
from fauxtune.core.model.platforms import Platform
from fauxtune.core.pki.names import parse_subject, serial_hex
from fauxtune.operations.devices import enrollment
from fauxtune.operations.devices.enrollment import EnrollmentRequest, create_token
from fauxtune.operations.directory import users_and_groups
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries import certificates as queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import directory as directory_queries
from tests.operations.office import Office
from tests.support.devices.android import AndroidInProcess


def certificate_request(office: Office) -> bytes:
    made = x509.CertificateSigningRequestBuilder(parse_subject("CN=phone")).sign(office.device_keys[0], hashes.SHA256())
    return made.public_bytes(Encoding.DER)


async def come_in(
    office: Office, token: str, *, csr: bytes | None = None, mode: str = "work-profile"
) -> enrollment.Enrolled:
    wanted = EnrollmentRequest(platform=Platform.ANDROID, mode=mode, hardware_key="", facts={})
    made = certificate_request(office) if csr is None else csr
    found: enrollment.Enrolled = await office.do(
        enrollment.enroll, wanted, token=token, csr=made, keys=office.emulator.keys
    )
    return found


async def live(office: Office) -> int:
    return len(await office.look(device_queries.live_enrollments, office.tenant.id))


async def test_a_device_that_comes_in_has_an_identity_a_record_and_an_entra_device(office: Office) -> None:
    phone = await office.enroll("alice", hardware="S1")
    identity = x509.load_der_x509_certificate(phone.certificate)
    devices = await office.look(authority_queries.authority, office.tenant.id, name="devices")
    identity.verify_directly_issued_by(x509.load_der_x509_certificate(devices["certificate"]))
    assert identity.subject.rfc4514_string() == f"CN={phone.enrollment_id}"
    known = await office.look(
        queries.certificate_by_serial, office.tenant.id, authority_name="devices", serial=serial_hex(identity)
    )
    assert known["enrollment_id"] == phone.enrollment_id
    document = (await phone.record())["document"]
    assert (document["userPrincipalName"], document["serialNumber"], document["model"]) == (
        office.upn("alice"),
        "S1",
        "Pixel 8",
    )
    assert (document["operatingSystem"], document["managedDeviceOwnerType"]) == ("AndroidForWork", "personal")
    row = await phone.row()
    shadow = await office.look(
        directory_queries.directory_device, office.tenant.id, device_id=row["directory_device_id"]
    )
    assert shadow["document"]["deviceId"] == document["azureADDeviceId"]
    assert phone.credential not in str(row), "only its digest is stored"


async def test_a_token_is_good_once_and_a_replay_changes_nothing(office: Office) -> None:
    token = await office.token("alice")
    await office.enroll("alice", token=token)
    before = len(await office.events())
    with pytest.raises(Unauthenticated, match="used already"):
        await office.enroll("alice", token=token)
    assert (await live(office), len(await office.events())) == (1, before)


async def test_a_token_for_two_is_good_twice(office: Office) -> None:
    token = await office.token("alice", uses=2)
    for _ in range(2):
        await office.enroll("alice", token=token)
    with pytest.raises(Unauthenticated):
        await office.enroll("alice", token=token)


async def test_many_devices_at_once_never_share_one_use(office: Office) -> None:
    token = await office.token("alice", uses=3)
    came = await asyncio.gather(*(office.enroll("alice", token=token) for _ in range(8)), return_exceptions=True)
    assert sum(isinstance(each, AndroidInProcess) for each in came) == 3
    assert sum(isinstance(each, Unauthenticated) for each in came) == 5


async def test_a_token_ends_on_the_tenants_clock(office: Office) -> None:
    token = await office.token("alice", seconds=60)
    office.clock.forward(seconds=60)
    with pytest.raises(Unauthenticated, match="expired"):
        await office.enroll("alice", token=token)


@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [({"seconds": 0}, Invalid), ({"seconds": 10**9}, Invalid), ({"uses": 0}, Invalid)],
)
async def test_impossible_tokens_are_refused(
    office: Office, arguments: dict[str, int], refusal: type[FauxtuneError]
) -> None:
    with pytest.raises(refusal):
        await office.token("alice", **arguments)


async def test_a_token_for_an_unknown_user_is_refused(office: Office) -> None:
    with pytest.raises(NotFound, match="nobody"):
        await office.do(create_token, office.upn("nobody"))


async def test_a_user_without_licence_cannot_enrol_until_there_is_one_and_keeps_the_token(office: Office) -> None:
    token = await office.token("alice")
    await office.take_licence("alice")
    with pytest.raises(NotLicensed, match=f"{office.upn('alice')} has no licence"):
        await office.enroll("alice", token=token)
    assert await live(office) == 0
    await office.give_licence("alice")
    await office.enroll("alice", token=token)


async def test_a_user_who_is_gone_cannot_enrol(office: Office) -> None:
    token = await office.token("alice")
    await office.do(users_and_groups.delete_user, office.upn("alice"))
    with pytest.raises(NotLicensed, match="no longer exists"):
        await office.enroll("alice", token=token)


async def test_a_broken_request_changes_nothing_and_leaves_the_token(office: Office) -> None:
    token = await office.token("alice")
    good = certificate_request(office)
    elliptic = x509.CertificateSigningRequestBuilder(parse_subject("CN=phone")).sign(
        ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()
    )
    tampered = bytearray(good)
    tampered[-1] ^= 1
    for csr in (b"", b"garbage", good[:-5], bytes(tampered), elliptic.public_bytes(Encoding.DER)):
        with pytest.raises(Invalid):
            await come_in(office, token, csr=csr)
    with pytest.raises(Invalid, match="mode is one of work-profile"):
        await come_in(office, token, mode="kiosk")
    assert await live(office) == 0
    assert (await come_in(office, token)).user_principal_name == office.upn("alice")


async def test_the_same_hardware_again_takes_the_place_of_its_old_enrolment(office: Office) -> None:
    await office.root_profile()
    await office.pkcs_profile()
    await office.imported_profile()
    mark = await office.import_pfx("alice")
    old = await office.enroll("alice", hardware="S1")
    await old.settle()
    serial = (await old.item()).serial
    assert serial is not None
    bystander = await office.enroll("alice", hardware="S2")
    new = await office.enroll("alice", hardware="S1")
    assert new.enrollment_id != old.enrollment_id
    with pytest.raises(EnrollmentEnded):
        await old.check_in()
    assert await office.look(device_queries.managed_device_of, old.enrollment_id) is None
    assert (await bystander.row())["state"] == "active"
    assert await office.certificate_status(serial) == "revoked"
    assert await office.certificate_status(mark) == "good"
    await new.settle()
    assert (await new.item()).serial != serial
    assert mark in new.holds.values()


async def test_the_same_hardware_for_another_user_takes_the_first_ones_things_away(office: Office) -> None:
    await office.imported_profile()
    await office.import_pfx("alice")
    old = await office.enroll("alice", hardware="S1")
    await old.settle()
    new = await office.enroll("bob", hardware="S1")
    await new.settle()
    assert new.holds == {}
    assert (await old.row())["state"] == "ended"


async def test_a_refused_enrolment_does_not_end_the_one_before(office: Office) -> None:
    old = await office.enroll("alice", hardware="S1")
    await office.take_licence("alice")
    with pytest.raises(NotLicensed):
        await office.enroll("alice", hardware="S1")
    assert (await old.row())["state"] == "active"


async def test_devices_that_do_not_say_what_they_are_never_replace_each_other(office: Office) -> None:
    phones = [await office.enroll("alice") for _ in range(2)]
    assert [(await phone.row())["state"] for phone in phones] == ["active", "active"]


async def test_an_identity_lives_as_long_as_the_tenant_says(office: Office) -> None:
    await office.switch(identityValidity="P30D")
    phone = await office.enroll("alice")
    lifetime = x509.load_der_x509_certificate(phone.certificate).not_valid_after_utc - office.clock.now()
    assert lifetime.days == 30
