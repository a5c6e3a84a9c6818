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
from tests.support.devices.android import AndroidInProcess
from tests.support.tenant import Contoso

pytestmark = pytest.mark.both_databases


def certificate_request(contoso: Contoso) -> bytes:
    sign = x509.CertificateSigningRequestBuilder(parse_subject("CN=phone")).sign(
        contoso.device_keys[0], hashes.SHA256()
    )
    return sign.public_bytes(Encoding.DER)


async def come_in(
    contoso: Contoso, token: str, *, csr: bytes | None = None, mode: str = "work-profile"
) -> enrollment.Enrolled:
    enrollment_request = EnrollmentRequest(platform=Platform.ANDROID, mode=mode, hardware_key="", facts={})
    result = certificate_request(contoso) if csr is None else csr
    enroll: enrollment.Enrolled = await contoso.do(
        enrollment.enroll, enrollment_request, token=token, csr=result, keys=contoso.emulator.keys
    )
    return enroll


async def live(contoso: Contoso) -> int:
    return len(await contoso.look(device_queries.live_enrollments, contoso.tenant.id))


async def test_a_device_that_comes_in_has_an_identity_a_record_and_an_entra_device(contoso: Contoso) -> None:
    phone = await contoso.enroll("alice", hardware="S1")
    identity = x509.load_der_x509_certificate(phone.certificate)
    devices = await contoso.get(authority_queries.authority, contoso.tenant.id, name="devices")
    identity.verify_directly_issued_by(x509.load_der_x509_certificate(devices.certificate))
    assert identity.subject.rfc4514_string() == f"CN={phone.enrollment_id}"
    known = await contoso.get(
        queries.certificate_by_serial, contoso.tenant.id, authority_name="devices", serial=serial_hex(identity)
    )
    assert known.enrollment_id == phone.enrollment_id
    document = (await phone.record()).document
    assert (document["userPrincipalName"], document["serialNumber"], document["model"]) == (
        contoso.upn("alice"),
        "S1",
        "Pixel 8",
    )
    assert (document["operatingSystem"], document["managedDeviceOwnerType"]) == ("AndroidForWork", "personal")
    row = await phone.row()
    shadow = await contoso.get(directory_queries.directory_device, contoso.tenant.id, device_id=row.directory_device_id)
    assert shadow.document["deviceId"] == document["azureADDeviceId"]
    assert phone.credential not in str(row), "only its digest is stored"


async def test_a_token_is_good_once_and_a_replay_changes_nothing(contoso: Contoso) -> None:
    token = await contoso.token("alice")
    await contoso.enroll("alice", token=token)
    before = len(await contoso.events())
    with pytest.raises(Unauthenticated, match="used already"):
        await contoso.enroll("alice", token=token)
    assert (await live(contoso), len(await contoso.events())) == (1, before)


async def test_a_token_for_two_is_good_twice(contoso: Contoso) -> None:
    token = await contoso.token("alice", uses=2)
    for _ in range(2):
        await contoso.enroll("alice", token=token)
    with pytest.raises(Unauthenticated):
        await contoso.enroll("alice", token=token)


async def test_many_devices_at_once_never_share_one_use(contoso: Contoso) -> None:
    token = await contoso.token("alice", uses=3)
    came = await asyncio.gather(*(contoso.enroll("alice", token=token) for _ in range(8)), return_exceptions=True)
    assert sum(isinstance(each, AndroidInProcess) for each in came) == 3
    assert sum(isinstance(each, Unauthenticated) for each in came) == 5


async def test_a_token_ends_on_the_tenants_clock(contoso: Contoso) -> None:
    token = await contoso.token("alice", seconds=60)
    contoso.clock.forward(seconds=60)
    with pytest.raises(Unauthenticated, match="expired"):
        await contoso.enroll("alice", token=token)


@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [({"seconds": 0}, Invalid), ({"seconds": 10**9}, Invalid), ({"uses": 0}, Invalid)],
)
async def test_impossible_tokens_are_refused(
    contoso: Contoso, arguments: dict[str, int], refusal: type[FauxtuneError]
) -> None:
    with pytest.raises(refusal):
        await contoso.token("alice", **arguments)


async def test_a_token_for_an_unknown_user_is_refused(contoso: Contoso) -> None:
    with pytest.raises(NotFound, match="nobody"):
        await contoso.do(create_token, contoso.upn("nobody"))


async def test_a_user_without_licence_cannot_enrol_until_there_is_one_and_keeps_the_token(contoso: Contoso) -> None:
    token = await contoso.token("alice")
    await contoso.take_licence("alice")
    with pytest.raises(NotLicensed, match=f"{contoso.upn('alice')} has no licence"):
        await contoso.enroll("alice", token=token)
    assert await live(contoso) == 0
    await contoso.give_licence("alice")
    await contoso.enroll("alice", token=token)


async def test_a_user_who_is_gone_cannot_enrol(contoso: Contoso) -> None:
    token = await contoso.token("alice")
    await contoso.do(users_and_groups.delete_user, contoso.upn("alice"))
    with pytest.raises(NotLicensed, match="no longer exists"):
        await contoso.enroll("alice", token=token)


async def test_a_broken_request_changes_nothing_and_leaves_the_token(contoso: Contoso) -> None:
    token = await contoso.token("alice")
    good = certificate_request(contoso)
    elliptic = x509.CertificateSigningRequestBuilder(parse_subject("CN=phone")).sign(
        ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()
    )
    tampered = bytearray(good)
    tampered[-1] ^= 1
    for csr in (b"", b"garbage", good[:-5], bytes(tampered), elliptic.public_bytes(Encoding.DER)):
        with pytest.raises(Invalid):
            await come_in(contoso, token, csr=csr)
    with pytest.raises(Invalid, match="mode is one of work-profile"):
        await come_in(contoso, token, mode="kiosk")
    assert await live(contoso) == 0
    assert (await come_in(contoso, token)).user_principal_name == contoso.upn("alice")


async def test_the_same_hardware_again_takes_the_place_of_its_old_enrolment(contoso: Contoso) -> None:
    await contoso.root_profile()
    await contoso.pkcs_profile()
    await contoso.imported_profile()
    mark = await contoso.import_pfx("alice")
    old = await contoso.enroll("alice", hardware="S1")
    await old.settle()
    serial = (await old.item()).serial
    assert serial is not None
    bystander = await contoso.enroll("alice", hardware="S2")
    new = await contoso.enroll("alice", hardware="S1")
    assert new.enrollment_id != old.enrollment_id
    with pytest.raises(EnrollmentEnded):
        await old.check_in()
    assert await contoso.look(device_queries.managed_device_of, old.enrollment_id) is None
    assert (await bystander.row()).state == "active"
    assert await contoso.certificate_status(serial) == "revoked"
    assert await contoso.certificate_status(mark) == "good"
    await new.settle()
    assert (await new.item()).serial != serial
    assert mark in new.holds.values()


async def test_the_same_hardware_for_another_user_takes_the_first_ones_things_away(contoso: Contoso) -> None:
    await contoso.imported_profile()
    await contoso.import_pfx("alice")
    old = await contoso.enroll("alice", hardware="S1")
    await old.settle()
    new = await contoso.enroll("bob", hardware="S1")
    await new.settle()
    assert new.holds == {}
    assert (await old.row()).state == "ended"


async def test_a_refused_enrolment_does_not_end_the_one_before(contoso: Contoso) -> None:
    old = await contoso.enroll("alice", hardware="S1")
    await contoso.take_licence("alice")
    with pytest.raises(NotLicensed):
        await contoso.enroll("alice", hardware="S1")
    assert (await old.row()).state == "active"


async def test_devices_that_do_not_say_what_they_are_never_replace_each_other(contoso: Contoso) -> None:
    phones = [await contoso.enroll("alice") for _ in range(2)]
    assert [(await phone.row()).state for phone in phones] == ["active", "active"]


async def test_an_identity_lives_as_long_as_the_tenant_says(contoso: Contoso) -> None:
    await contoso.switch(identityValidity="P30D")
    phone = await contoso.enroll("alice")
    lifetime = x509.load_der_x509_certificate(phone.certificate).not_valid_after_utc - contoso.clock.now()
    assert lifetime.days == 30
