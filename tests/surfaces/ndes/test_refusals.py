"""What NDES refuses: with which failInfo or status, and that nothing is issued, and nothing lost, by it."""

from __future__ import annotations

import base64
import os
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from fauxtune.core.model.ids import ProfileId
from fauxtune.operations.checkin import scep_challenges
from fauxtune.operations.runtime.emulator import Emulator
from tests.support import pkimessages
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.devices.android import AndroidOverHttp
from tests.support.scep_clients import (
    CONTROL,
    FAILURE,
    NDES,
    PENDING,
    POLL,
    RENEWAL_REQ,
    UPDATE_REQ,
    Csr,
    ScepClient,
    scep_profile,
)
from tests.surfaces.ndes.conftest import Scene

pytestmark = pytest.mark.both_in_soak

BAD_ALGORITHM, BAD_CHECK, BAD_REQUEST, BAD_TIME, BAD_ID = "01234"
EVENTS_OF_REFUSAL = [4003, 4005, 4001]


async def refused(scene: Scene, csr: bytes, **how: str) -> str | None:
    """Send a request that is refused; the failInfo."""
    answer = await scene.client.ask(csr, **how)
    assert answer.status == FAILURE
    assert answer.content is None
    assert not await scene.events("issued")
    return answer.fail_info


async def still_served(scene: Scene) -> None:
    """The device's own request is granted: whatever came before has taken nothing from it."""
    scene.client.issued(await scene.client.ask(await scene.csr(), transaction="good"))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"subject": ((NameOID.COMMON_NAME, "bob"),)}, "SubjectNameMismatch"),
        ({"subject": ()}, "SubjectNameMissing"),
        ({"names": ("bob@contoso.example",)}, "SubjectAltNameMismatch"),
        ({"names": ()}, "SubjectAltNameMissing"),
        ({"encrypts": False}, "KeyUsageMismatch"),
        ({"usages": (ExtendedKeyUsageOID.CLIENT_AUTH,)}, "EnhancedKeyUsageMismatch"),
        ({"usages": ()}, "EnhancedKeyUsageMissing"),
    ],
)
async def test_a_request_that_differs_from_the_profile_is_refused(
    scene: Scene, changes: dict[str, Any], code: str
) -> None:
    assert await refused(scene, await scene.csr(**changes)) == BAD_REQUEST
    (event,) = await scene.events("scepRequestRefused")
    assert event["detail"]["code"] == code
    assert await scene.log() == EVENTS_OF_REFUSAL
    await still_served(scene)


async def test_a_key_of_another_size_is_refused(scene: Scene) -> None:
    short = rsa.generate_private_key(65537, 1024)
    assert await refused(scene, await scene.csr(key=short)) == BAD_REQUEST
    (event,) = await scene.events("scepRequestRefused")
    assert event["detail"]["code"] == "KeyLengthMismatch"


async def test_a_key_of_an_elliptic_curve_is_refused_where_rsa_is_asked_for(scene: Scene) -> None:
    csr = await scene.csr(key=ec.generate_private_key(ec.SECP256R1()))
    assert await refused(scene, csr) == BAD_ALGORITHM
    await still_served(scene)


async def test_a_request_that_is_not_signed_with_its_key_is_refused(scene: Scene) -> None:
    csr = bytearray(await scene.csr())
    csr[-1] ^= 1
    assert await refused(scene, bytes(csr)) == BAD_REQUEST
    await still_served(scene)


@pytest.mark.parametrize("challenge", [None, "guess", "x" * 1_000_000, base64.b64encode(os.urandom(3000)).decode()])
async def test_a_request_without_a_challenge_of_the_tenant_is_refused(scene: Scene, challenge: str | None) -> None:
    csr = Csr(scene.client.key, challenge).der()
    message = await scene.client.message(csr)
    if len(message) <= 64 * 1024:
        assert (await scene.client.send(message)).fail_info == BAD_REQUEST
    else:
        answer = await scene.http.post(NDES, params={"operation": "PKIOperation"}, content=message)
        assert (answer.status_code, "64 KiB" in answer.text) == (400, True)
    assert not await scene.events("issued")
    await still_served(scene)


async def test_a_challenge_of_another_tenant_is_refused(scene: Scene, emulator: Emulator) -> None:
    body = {"name": "fabrikam", "keys": "shared"}
    (await scene.http.post("/_fauxtune/v1/tenants", json=body)).raise_for_status()
    tenant = await emulator.runner.tenant("fabrikam")
    there = replace(scene.contoso, tenant=tenant)
    profile = await there.profile_for_devices("androidWorkProfileScepCertificateProfile", **scep_profile())
    phone = await AndroidOverHttp.enrolled(scene.http, key=scene.keys[0], tenant="fabrikam", user="alice")
    given = await there.do(
        scep_challenges.give_challenge,
        device=phone.managed_device_id,
        profile=ProfileId(profile),
        keys=emulator.keys,
    )
    assert await refused(scene, Csr(scene.client.key, given.password).der()) == BAD_REQUEST
    assert await scene.log() == EVENTS_OF_REFUSAL
    await still_served(scene)


async def test_a_challenge_for_another_device_asks_for_the_names_of_that_device(scene: Scene) -> None:
    other = await AndroidOverHttp.enrolled(scene.http, key=scene.keys[0], tenant="contoso", user="bob")
    body = {"device": other.managed_device_id, "profile": scene.profile}
    given = await scene.http.post(f"{CONTROL}/scep/challenges", json=body)
    assert await refused(scene, Csr(scene.client.key, given.json()["challenge"]).der()) == BAD_REQUEST
    (event,) = await scene.events("scepRequestRefused")
    assert event["detail"]["code"] == "SubjectNameMismatch"


@ON_BOTH_DATABASES
async def test_an_old_challenge_is_refused(scene: Scene) -> None:
    csr = await scene.csr()
    scene.contoso.clock.forward(minutes=61)
    assert await refused(scene, csr) == BAD_REQUEST
    (event,) = await scene.events("scepRequestRefused")
    assert event["detail"]["code"] == "ChallengeExpired"


async def test_a_profile_that_does_not_reach_the_device_any_more_gives_nothing(scene: Scene) -> None:
    csr = await scene.csr()
    await scene.contoso.assign(scene.profile)
    assert await refused(scene, csr) == BAD_REQUEST
    (event,) = await scene.events("scepRequestRefused")
    assert event["detail"]["code"] == "ScepProfileNoLongerTargetedToTheClient"


@pytest.mark.parametrize("kind", [RENEWAL_REQ, UPDATE_REQ])
async def test_a_renewal_is_signed_with_a_certificate_that_the_device_has_by_the_profile(
    scene: Scene, kind: str
) -> None:
    stranger = await refused(scene, await scene.csr(), kind=kind)
    assert stranger == BAD_ID
    (event,) = await scene.events("scepRequestRefused")
    assert event["detail"]["code"] == "SigningCertThumbprintMismatch"


async def test_a_revoked_certificate_renews_nothing(scene: Scene) -> None:
    first = scene.client.issued(await scene.client.ask(await scene.csr()))
    serial = f"{first.serial_number:x}"
    (await scene.http.post(f"{CONTROL}/certificates/{serial}/revoke", json={})).raise_for_status()
    new = Csr(scene.keys[0], await scene.challenge())
    answer = await scene.client.renewing(first).ask(new.der(), kind=RENEWAL_REQ, transaction="second")
    assert (answer.status, answer.fail_info) == (FAILURE, BAD_ID)
    repeated = await scene.client.ask(b"", kind=POLL)
    assert (repeated.status, repeated.fail_info) == (FAILURE, BAD_REQUEST)


async def test_an_expired_certificate_renews_nothing(scene: Scene) -> None:
    first = scene.client.issued(await scene.client.ask(await scene.csr()))
    scene.contoso.clock.forward(days=200)
    new = Csr(scene.keys[0], await scene.challenge())
    answer = await scene.client.renewing(first).ask(new.der(), kind=RENEWAL_REQ, transaction="second")
    assert (answer.status, answer.fail_info) == (FAILURE, BAD_TIME)


@pytest.mark.parametrize("how", [{"digest": "sha1"}, {"cipher": "des"}])
async def test_weak_algorithms_are_refused_in_strict_mode(scene: Scene, how: dict[str, str]) -> None:
    await scene.settings(ndes__strict=True)
    assert await refused(scene, await scene.csr(), **how) == BAD_ALGORITHM
    capabilities = await scene.http.get(NDES, params={"operation": "GetCACaps"})
    assert ("SHA-1" in capabilities.text.split(), "SHA-256" in capabilities.text.split()) == (False, True)
    await still_served(scene)


async def test_a_message_that_was_changed_on_its_way_fails_its_check(scene: Scene) -> None:
    message = bytearray(await scene.client.message(await scene.csr()))
    message[-1] ^= 1
    answer = await scene.client.send(bytes(message))
    assert (answer.status, answer.fail_info) == (FAILURE, BAD_CHECK)


async def test_a_message_for_another_authority_is_not_told_apart_from_one_that_cannot_be_read(scene: Scene) -> None:
    csr = await scene.csr()
    strange = scene.client.own
    for sealed in (pkimessages.des_envelope(csr, strange), b"no envelope"):
        message = pkimessages.signed(
            sealed,
            key=scene.client.key,
            certificate=scene.client.own,
            embed=True,
            attributes=scene.client.attributes(),
        )
        answer = await scene.client.send(message)
        assert (answer.status, answer.fail_info) == (FAILURE, BAD_REQUEST)
    garbage = await scene.client.ask(b"\x30\x80" * 200)
    assert (garbage.status, garbage.fail_info) == (FAILURE, BAD_REQUEST)


BOMBS = {
    "nothing": b"",
    "text": b"operation=PKIOperation",
    "levels": b"\x30\x80" * 20_000,
    "pieces": b"\x24\x80" + b"\x04\x00" * 20_000 + b"\x00\x00",
    "length": b"\x30\x84\xff\xff\xff\xff",
    "identifier": b"\x06\x82\xff\xff" + b"\x81" * 65_535,
    "much": os.urandom(300_000),
}


async def test_what_is_no_message_is_400(scene: Scene) -> None:
    kinds = ("application/x-pki-message", "application/json", "multipart/form-data", "text/html; x=\x01")
    for (name, content), kind in product(BOMBS.items(), kinds):
        answer = await scene.http.post(
            NDES, params={"operation": "PKIOperation"}, content=content, headers={"content-type": kind}
        )
        assert (answer.status_code, answer.headers["content-type"]) == (400, "text/plain; charset=utf-8"), (name, kind)
        assert answer.text.strip(), (name, kind)
    await still_served(scene)


async def test_the_content_type_of_a_message_does_not_matter(scene: Scene) -> None:
    message = await scene.client.message(await scene.csr())
    for content_type in ("application/json", "application/x-www-form-urlencoded", "multipart/form-data", "nonsense"):
        answer = await scene.http.post(
            NDES, params={"operation": "PKIOperation"}, content=message, headers={"content-type": content_type}
        )
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-pki-message")


async def test_truncated_base64_in_a_get_is_400(scene: Scene) -> None:
    text = base64.b64encode(await scene.client.message(await scene.csr())).decode()
    cut_off = [part for cut in (1, 7, 1000) for part in (text[:-cut].rstrip("="), text[cut:])]
    for message in (*cut_off, "!" + text, ""):
        answer = await scene.http.get(NDES, params={"operation": "PKIOperation", "message": message})
        assert answer.status_code == 400, answer.text
    await still_served(scene)


async def test_requests_of_many_shapes_with_one_challenge_get_one_certificate(scene: Scene) -> None:
    """A replay with another transaction ID, key or signer: the first request has used the challenge."""
    csr = await scene.csr()
    scene.client.issued(await scene.client.ask(csr))
    thief = ScepClient(scene.http, scene.keys[0])
    stolen = await thief.ask(csr, transaction="mine")
    # The thief's message has Alice's request in it: what is issued is for Alice's key, which the thief lacks.
    assert thief.issued(stolen).public_key() == scene.client.key.public_key()
    assert len(await scene.events("issued")) == 1


async def test_hash_algorithms_up_to_sha512_are_accepted(scene: Scene) -> None:
    await scene.settings(ndes__approval=True)
    for digest in ("sha1", "sha256", "sha384", "sha512"):
        answer = await scene.client.ask(await scene.csr(), transaction=digest, digest=digest)
        assert answer.status == PENDING
