"""The OCSP responder (RFC 6960), asked by cryptography's client side and by damaged requests."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune.connector.keypool import KeyRing
from fauxtune.core.pki.authority import Authority, PrivateKey, self_signed_root
from fauxtune.core.pki.der import Malformed
from fauxtune.core.pki.issuance import issue, issue_responder
from fauxtune.core.pki.names import email_name, parse_subject
from fauxtune.core.pki.ocsp import MOST_CERTIFICATES, Responder, Status, answer, read_request
from fauxtune.core.pki.template import BUILT_IN
from tests.support.authorities import Authorities, rsa_key_of

DER = serialization.Encoding.DER


@pytest.fixture(scope="module")
def certificate(authorities: Authorities) -> x509.Certificate:
    return issue(
        authority=authorities.issuing,
        public_key=ec.generate_private_key(ec.SECP256R1()).public_key(),
        subject=parse_subject("CN=a"),
        alternative_names=[email_name("a@b.example")],
        template=next(template for template in BUILT_IN if template.key_type == "EC"),
        serial=99,
        not_before=authorities.now,
        not_after=authorities.end,
    )


def responder_of(authority: Authority, authorities: Authorities, key: PrivateKey | None = None) -> Responder:
    key = key or ec.generate_private_key(ec.SECP256R1())
    certificate = issue_responder(
        authority=authority,
        public_key=key.public_key(),
        serial=7,
        not_before=authorities.now,
        not_after=authorities.now + timedelta(days=14),
    )
    return Responder.of(authority, certificate=certificate, key=key)


@pytest.fixture(scope="module")
def responder(authorities: Authorities) -> Responder:
    return responder_of(authorities.issuing, authorities)


def question(
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    nonce: bytes | None = None,
    algorithm: hashes.HashAlgorithm | None = None,
) -> bytes:
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, algorithm or hashes.SHA1())
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(DER)


def ask(authorities: Authorities, responder: Responder, request: bytes, *, status: Status | None) -> ocsp.OCSPResponse:
    der = answer(
        request,
        responder=responder,
        lookup=lambda serial: status,
        at=authorities.now,
        next_update=authorities.now + timedelta(hours=1),
    )
    return ocsp.load_der_ocsp_response(der)


@pytest.mark.parametrize("algorithm", [hashes.SHA1(), hashes.SHA256(), hashes.SHA512()], ids=lambda a: a.name)
def test_a_good_certificate_is_good_on_the_tenants_clock(
    authorities: Authorities, responder: Responder, certificate: x509.Certificate, algorithm: hashes.HashAlgorithm
) -> None:
    request = question(certificate, authorities.issuing.certificate, algorithm=algorithm)
    response = ask(authorities, responder, request, status=Status())
    assert response.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL
    assert response.certificate_status is ocsp.OCSPCertStatus.GOOD
    assert response.serial_number == 99
    assert response.this_update_utc == response.produced_at_utc == authorities.now
    assert response.next_update_utc == authorities.now + timedelta(hours=1)
    key = response.certificates[0].public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(response.signature, response.tbs_response_bytes, ec.ECDSA(hashes.SHA256()))


def test_a_revoked_certificate_is_revoked_with_time_and_reason(
    authorities: Authorities, responder: Responder, certificate: x509.Certificate
) -> None:
    at = authorities.now - timedelta(days=3)
    request = question(certificate, authorities.issuing.certificate)
    response = ask(authorities, responder, request, status=Status(revoked_at=at, reason="keyCompromise"))
    assert response.certificate_status is ocsp.OCSPCertStatus.REVOKED
    assert response.revocation_time_utc == at
    assert response.revocation_reason is x509.ReasonFlags.key_compromise
    unspecified = ask(authorities, responder, request, status=Status(revoked_at=at))
    assert unspecified.revocation_reason is None


def test_a_serial_that_was_never_issued_is_unknown(
    authorities: Authorities, responder: Responder, certificate: x509.Certificate
) -> None:
    response = ask(authorities, responder, question(certificate, authorities.issuing.certificate), status=None)
    assert response.certificate_status is ocsp.OCSPCertStatus.UNKNOWN


def test_the_nonce_comes_back(authorities: Authorities, responder: Responder, certificate: x509.Certificate) -> None:
    request = question(certificate, authorities.issuing.certificate, nonce=b"n" * 16)
    response = ask(authorities, responder, request, status=Status())
    assert response.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == b"n" * 16


@pytest.mark.parametrize("nonce", [b"n" * 1, b"n" * 128])
def test_nonces_of_1_to_128_octets_are_taken(
    authorities: Authorities, responder: Responder, certificate: x509.Certificate, nonce: bytes
) -> None:
    response = ask(
        authorities, responder, question(certificate, authorities.issuing.certificate, nonce=nonce), status=Status()
    )
    assert response.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL


def test_an_overlong_nonce_is_a_malformed_request(
    authorities: Authorities, responder: Responder, certificate: x509.Certificate
) -> None:
    request = question(certificate, authorities.issuing.certificate, nonce=b"n" * 129)
    assert (
        ask(authorities, responder, request, status=Status()).response_status
        is ocsp.OCSPResponseStatus.MALFORMED_REQUEST
    )


def test_questions_about_another_authority_are_unauthorized(
    authorities: Authorities, certificate: x509.Certificate
) -> None:
    request = question(certificate, authorities.issuing.certificate)
    response = ask(authorities, responder_of(authorities.devices, authorities), request, status=Status())
    assert response.response_status is ocsp.OCSPResponseStatus.UNAUTHORIZED


def test_an_rsa_responder_signs_with_rsa(authorities: Authorities, rsa_keys: KeyRing) -> None:
    own = authorities.devices.certificate
    responder = responder_of(authorities.devices, authorities, key=rsa_keys.take())
    response = ask(authorities, responder, question(own, own), status=Status())
    (signer,) = response.certificates
    rsa_key_of(signer).verify(response.signature, response.tbs_response_bytes, PKCS1v15(), hashes.SHA256())


def test_the_responder_is_delegated_by_the_authority(
    authorities: Authorities, responder: Responder, certificate: x509.Certificate
) -> None:
    response = ask(authorities, responder, question(certificate, authorities.issuing.certificate), status=Status())
    (signer,) = response.certificates
    assert signer == responder.certificate
    signer.verify_directly_issued_by(authorities.issuing.certificate)
    extensions = signer.extensions
    assert list(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [ExtendedKeyUsageOID.OCSP_SIGNING]
    assert extensions.get_extension_for_class(x509.OCSPNoCheck).value == x509.OCSPNoCheck()
    key_id = x509.SubjectKeyIdentifier.from_public_key(signer.public_key()).digest
    assert response.responder_key_hash == key_id


def test_a_responder_of_a_long_named_authority_has_a_name_that_fits(authorities: Authorities) -> None:
    root = self_signed_root(
        name="root",
        common_name="N" * 64,
        key=ec.generate_private_key(ec.SECP256R1()),
        serial=1,
        not_before=authorities.now,
        not_after=authorities.end,
        addresses=authorities.root.addresses,
    )
    (name,) = responder_of(root, authorities).certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert name.value == "N" * 59 + " OCSP"


def tlv(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    return (
        bytes([tag])
        + (
            bytes([size])
            if size < 128
            else b"\x81" + bytes([size])
            if size < 256
            else b"\x82" + size.to_bytes(2, "big")
        )
        + content
    )


SHA1_OID, NULL = bytes.fromhex("06052b0e03021a"), b"\x05\x00"
NONCE_OID = bytes.fromhex("06092b0601050507300102")


def certificate_id(*, algorithm: bytes = SHA1_OID + NULL, serial: bytes = b"\x05", more: bytes = b"") -> bytes:
    name, key = tlv(0x04, b"n" * 20), tlv(0x04, b"k" * 20)
    return tlv(0x30, tlv(0x30, algorithm), name, key, tlv(0x02, serial), more)


def request_of(*singles: bytes, before: bytes = b"", after: bytes = b"", signature: bytes = b"") -> bytes:
    return tlv(0x30, tlv(0x30, before, tlv(0x30, *singles), after), signature)


def single(**parts: bytes) -> bytes:
    return tlv(0x30, certificate_id(**parts))


def nonces(*values: bytes, critical: bytes = b"") -> bytes:
    return tlv(0xA2, tlv(0x30, *(tlv(0x30, NONCE_OID, critical, tlv(0x04, value)) for value in values)))


def test_several_certificates_are_answered_in_one(
    authorities: Authorities, responder: Responder, certificate: x509.Certificate
) -> None:
    whole = question(certificate, authorities.issuing.certificate)
    results = [Status(), Status(revoked_at=authorities.now), None]
    # What is asked begins behind the heads of the message, its body and the list.
    request = tlv(0x30, tlv(0x30, tlv(0x30, whole[6:] * 3)))
    response = ocsp.load_der_ocsp_response(
        answer(request, responder=responder, lookup=lambda serial: results.pop(0), at=authorities.now, next_update=None)
    )
    statuses = [ocspsingle_response.certificate_status for ocspsingle_response in response.responses]
    assert statuses == [ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED, ocsp.OCSPCertStatus.UNKNOWN]
    assert [ocspsingle_response.next_update_utc for ocspsingle_response in response.responses] == [None] * 3


@pytest.mark.parametrize(
    "request_",
    [
        request_of(single()),
        request_of(single(algorithm=SHA1_OID)),
        request_of(single(serial=b"\x00\xff")),
        request_of(tlv(0x30, certificate_id(), tlv(0xA0, b"whatever"))),
        request_of(single(), before=tlv(0xA0, tlv(0x02, b"\x00"))),
        request_of(single(), before=tlv(0xA1, b"somebody")),
        request_of(single(), signature=tlv(0xA0, b"whatever")),
        request_of(single(), after=nonces(tlv(0x04, b"n"), critical=b"\x01\x01\xff")),
        request_of(*[single()] * MOST_CERTIFICATES),
    ],
    ids=[
        "plain",
        "no parameters",
        "long serial",
        "single extensions",
        "version",
        "requestor",
        "signed",
        "nonce",
        "many",
    ],
)
def test_whatever_a_request_may_hold_is_read(request_: bytes) -> None:
    assert read_request(request_).certificates[0].name_hash == b"n" * 20


@pytest.mark.parametrize(
    "request_",
    [
        request_of(),
        request_of(*[single()] * (MOST_CERTIFICATES + 1)),
        request_of(single()) + b"\x00",
        request_of(single(), before=tlv(0xA0, tlv(0x02, b"\x01"))),
        request_of(single(), after=b"\x04\x00"),
        request_of(single(), signature=b"\x04\x00"),
        request_of(single(algorithm=SHA1_OID + b"\x05\x01\x00")),
        request_of(single(algorithm=SHA1_OID + b"\x04\x00")),
        request_of(single(serial=b"")),
        request_of(single(serial=b"\x00\x05")),
        request_of(single(serial=b"\xff\xff")),
        request_of(single(serial=b"\x01" * 65)),
        request_of(single(more=b"\x05\x00")),
        request_of(single(), after=nonces(b"raw")),
        request_of(single(), after=nonces(tlv(0x04))),
        request_of(single(), after=nonces(tlv(0x04, b"n"), tlv(0x04, b"m"))),
        request_of(single(), after=nonces(tlv(0x04, b"n") + b"\x00")),
        b"\x30\x81\x05" + request_of(single())[2:],
        b"\x30\x85\x00\x00\x00\x00\x01\x00",
        b"\x3f\x00",
    ],
)
def test_what_der_or_the_protocol_does_not_allow_is_malformed(request_: bytes) -> None:
    with pytest.raises(Malformed):
        read_request(request_)


def test_reading_ends_with_the_first_certificate_over_the_limit() -> None:
    # What follows is broken, and is not read.
    with pytest.raises(Malformed, match="too many"):
        read_request(request_of(*[single()] * (MOST_CERTIFICATES + 1), b"broken"))
    with pytest.raises(Malformed, match="tag"):
        read_request(request_of(*[single()] * MOST_CERTIFICATES, b"broken"))


def test_reading_ends_with_the_first_extension_over_the_limit() -> None:
    def extensions(number: int) -> bytes:
        one = tlv(0x30, bytes.fromhex("06032a0304"), tlv(0x04))
        return tlv(0xA2, tlv(0x30, one * number, b"broken"))

    for number, why in ((19, "tag"), (20, "too many extensions")):
        with pytest.raises(Malformed, match=why):
            read_request(request_of(single(), after=extensions(number)))


def test_a_request_that_is_large_is_malformed() -> None:
    assert read_request(request_of(single(), signature=tlv(0xA0, bytes(15 * 1024))))
    with pytest.raises(Malformed, match="16 KiB"):
        read_request(request_of(single(), signature=tlv(0xA0, bytes(16 * 1024))))


@pytest.mark.parametrize("data", [b"", b"garbage", b"\x30\x00", b"\x30\x80\x00\x00", b"\x30\x84\xff\xff\xff\xff"])
def test_what_is_no_request_is_malformed(authorities: Authorities, responder: Responder, data: bytes) -> None:
    assert (
        ask(authorities, responder, data, status=Status()).response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST
    )


@settings(deadline=None, max_examples=300)
@given(data=st.data())
def test_no_damage_makes_the_responder_raise(
    authorities: Authorities, responder: Responder, certificate: x509.Certificate, data: st.DataObject
) -> None:
    genuine = question(certificate, authorities.issuing.certificate, nonce=b"n" * 16)
    at = data.draw(st.integers(0, len(genuine) - 1))
    patch = data.draw(st.binary(max_size=4))
    cut = data.draw(st.booleans())
    damaged = genuine[:at] + patch + (b"" if cut else genuine[at + len(patch) :])
    ask(authorities, responder, damaged, status=Status())


@settings(deadline=None)
@given(data=st.binary(max_size=80))
def test_garbage_does_not_make_the_responder_raise(authorities: Authorities, responder: Responder, data: bytes) -> None:
    ask(authorities, responder, data, status=Status())
