"""The OCSP responder (RFC 6960), asked by cryptography's client side and by damaged requests."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.x509 import ocsp
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune.core.pki.issuance import issue
from fauxtune.core.pki.names import email_name, parse_subject
from fauxtune.core.pki.ocsp import Status, answer
from fauxtune.core.pki.template import BUILT_IN

DER = serialization.Encoding.DER


@pytest.fixture(scope="module")
def certificate(authorities) -> x509.Certificate:
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


def question(certificate, issuer, nonce: bytes | None = None, algorithm=None) -> bytes:
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, algorithm or hashes.SHA1())
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(DER)


def ask(authorities, request: bytes, status: Status | None, authority=None) -> ocsp.OCSPResponse:
    der = answer(
        request,
        authority=authority or authorities.issuing,
        lookup=lambda serial: status,
        at=authorities.now,
        next_update=authorities.now + timedelta(hours=1),
    )
    return ocsp.load_der_ocsp_response(der)


@pytest.mark.parametrize("algorithm", [hashes.SHA1(), hashes.SHA256(), hashes.SHA512()], ids=lambda a: a.name)
def test_a_good_certificate_is_good_on_the_tenants_clock(authorities, certificate, algorithm) -> None:
    request = question(certificate, authorities.issuing.certificate, algorithm=algorithm)
    response = ask(authorities, request, Status())
    assert response.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL
    assert response.certificate_status is ocsp.OCSPCertStatus.GOOD
    assert response.serial_number == 99
    assert response.this_update_utc == response.produced_at_utc == authorities.now
    assert response.next_update_utc == authorities.now + timedelta(hours=1)
    key = authorities.issuing.certificate.public_key()
    key.verify(response.signature, response.tbs_response_bytes, ec.ECDSA(hashes.SHA256()))


def test_a_revoked_certificate_is_revoked_with_time_and_reason(authorities, certificate) -> None:
    at = authorities.now - timedelta(days=3)
    request = question(certificate, authorities.issuing.certificate)
    response = ask(authorities, request, Status(revoked_at=at, reason="keyCompromise"))
    assert response.certificate_status is ocsp.OCSPCertStatus.REVOKED
    assert response.revocation_time_utc == at
    assert response.revocation_reason is x509.ReasonFlags.key_compromise
    unspecified = ask(authorities, request, Status(revoked_at=at))
    assert unspecified.revocation_reason is None


def test_a_serial_that_was_never_issued_is_unknown(authorities, certificate) -> None:
    response = ask(authorities, question(certificate, authorities.issuing.certificate), None)
    assert response.certificate_status is ocsp.OCSPCertStatus.UNKNOWN


def test_the_nonce_comes_back(authorities, certificate) -> None:
    request = question(certificate, authorities.issuing.certificate, nonce=b"n" * 16)
    response = ask(authorities, request, Status())
    assert response.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == b"n" * 16


@pytest.mark.parametrize("nonce", [b"n" * 1, b"n" * 128])
def test_nonces_of_1_to_128_octets_are_taken(authorities, certificate, nonce: bytes) -> None:
    response = ask(authorities, question(certificate, authorities.issuing.certificate, nonce=nonce), Status())
    assert response.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL


def test_an_overlong_nonce_is_a_malformed_request(authorities, certificate) -> None:
    request = question(certificate, authorities.issuing.certificate, nonce=b"n" * 129)
    assert ask(authorities, request, Status()).response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST


def test_questions_about_another_authority_are_unauthorized(authorities, certificate) -> None:
    request = question(certificate, authorities.issuing.certificate)
    response = ask(authorities, request, Status(), authority=authorities.devices)
    assert response.response_status is ocsp.OCSPResponseStatus.UNAUTHORIZED


def test_an_rsa_authority_signs_with_rsa(authorities) -> None:
    own = authorities.devices.certificate
    response = ask(authorities, question(own, own), Status(), authority=authorities.devices)
    own.public_key().verify(response.signature, response.tbs_response_bytes, PKCS1v15(), hashes.SHA256())


@pytest.mark.parametrize("data", [b"", b"garbage", b"\x30\x00", b"\x30\x80\x00\x00", b"\x30\x84\xff\xff\xff\xff"])
def test_what_is_no_request_is_malformed(authorities, data: bytes) -> None:
    assert ask(authorities, data, Status()).response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST


@settings(deadline=None, max_examples=300)
@given(data=st.data())
def test_no_damage_makes_the_responder_raise(authorities, certificate, data) -> None:
    genuine = question(certificate, authorities.issuing.certificate, nonce=b"n" * 16)
    at = data.draw(st.integers(0, len(genuine) - 1))
    patch = data.draw(st.binary(max_size=4))
    cut = data.draw(st.booleans())
    ask(authorities, genuine[:at] + patch + (b"" if cut else genuine[at + len(patch) :]), Status())


@settings(deadline=None)
@given(data=st.binary(max_size=80))
def test_garbage_does_not_make_the_responder_raise(authorities, data: bytes) -> None:
    ask(authorities, data, Status())
