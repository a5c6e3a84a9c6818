"""A renewal names the certificate that it renews: only one that the device holds by the profile is accepted."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.operations.checkin import scep_challenges
from fauxtune.operations.checkin.scep_challenges import AuthorityRequest
from tests.support.certificates import self_signed, thumbprint
from tests.support.partner import Scene, renewing
from tests.support.scep_clients import CONTROL

BEGIN = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture
def held(scene: Scene) -> x509.Certificate:
    return self_signed(scene.key, "alice", begin=BEGIN, serial=7)


async def issued(scene: Scene, held: x509.Certificate, *, mark: str = "") -> None:
    """The device is issued a certificate by the profile. `mark`: its thumbprint as the authority writes it."""
    report = {
        "transactionId": "t1",
        "certificateRequest": base64.b64encode(await scene.csr()).decode(),
        "certificateThumbprint": mark or thumbprint(held).upper(),
        "certificateSerialNumber": "07",
        "issuingCertificateAuthority": "CN=Partner",
    }
    assert (await scene.partner.scep("successNotification", {"notification": report}))["code"] == "Success"


async def renewal_of(scene: Scene, certificate: bytes) -> str:
    return await scene.partner.validate(renewing(await scene.csr(), certificate, key=scene.key))


async def test_a_renewal_of_another_certificate_than_the_device_holds_is_refused(
    scene: Scene, held: x509.Certificate, raw_rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    other = self_signed(raw_rsa_keys[2], "alice", begin=BEGIN, serial=8)
    assert await renewal_of(scene, held.public_bytes(Encoding.DER)) == "SigningCertThumbprintMismatch"
    await issued(scene, held)
    assert await renewal_of(scene, held.public_bytes(Encoding.DER)) == "Success"
    assert await renewal_of(scene, other.public_bytes(Encoding.DER)) == "SigningCertThumbprintMismatch"
    assert await renewal_of(scene, b"\x30\x03\x02\x01\x01") == "CertificateRequestDecodingFailed"
    assert await scene.partner.validate(await scene.csr()) == "Success"


async def test_an_authority_inside_the_server_tells_who_signed_the_message(
    scene: Scene, held: x509.Certificate, raw_rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    await issued(scene, held)
    other = self_signed(raw_rsa_keys[2], "alice", begin=BEGIN, serial=8)
    for signer, code in ((held, "Success"), (other, "SigningCertThumbprintMismatch"), (None, "Success")):
        request = AuthorityRequest("t2", base64.b64encode(await scene.csr()).decode(), signer=signer)
        verdict = await scene.contoso.do(scep_challenges.validate_request, request, keys=scene.contoso.emulator.keys)
        assert verdict.code == code


@pytest.mark.parametrize("between", [":", " "])
async def test_a_thumbprint_with_something_between_its_bytes_is_of_the_same_certificate(
    scene: Scene, held: x509.Certificate, between: str
) -> None:
    mark = bytes.fromhex(thumbprint(held)).hex(between).upper()
    await issued(scene, held, mark=mark)
    assert await renewal_of(scene, held.public_bytes(Encoding.DER)) == "Success"
    for key in (thumbprint(held), mark):
        answer = await scene.http.post(f"{CONTROL}/scep/revocations", json={"serialNumber": key})
        assert answer.status_code == 201, answer.text
        assert (answer.json()["serialNumber"], answer.json()["issuerName"]) == ("07", "CN=Partner")
