"""Certificates and requests of others: wholly readable, or refused before anybody uses them."""

from __future__ import annotations

import pytest
from asn1crypto import csr as asn1_csr
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fauxtune.connector.keypool import KeyRing
from fauxtune.core.errors import Invalid
from fauxtune.core.pki.authority import PrivateKey
from fauxtune.core.pki.foreign import (
    certificate_from,
    has_proof_of_possession,
    is_authority,
    is_self_issued,
    request_from,
)
from tests.core.pki.messages import self_signed
from tests.support.authorities import Authorities
from tests.support.hostile_der import PILLS, Change, altered, identifier, tlv

_SHA1_RSA, _SHA1_EC = "300d06092a864886f70d0101050500", "300906072a8648ce3d0401"


@pytest.fixture(scope="module")
def key(rsa_keys: KeyRing) -> RSAPrivateKey:
    return rsa_keys.take()


@pytest.fixture(scope="module")
def certificate(key: RSAPrivateKey) -> x509.Certificate:
    return self_signed(key)


def request_of(key: PrivateKey) -> x509.CertificateSigningRequest:
    return x509.CertificateSigningRequestBuilder(x509.Name([])).sign(key, hashes.SHA256())


def sha1_request(key: PrivateKey) -> bytes:
    """cryptography signs nothing with SHA-1 any more."""
    signed = request_of(key).tbs_certrequest_bytes
    if isinstance(key, ec.EllipticCurvePrivateKey):
        algorithm, signature = _SHA1_EC, key.sign(signed, ec.ECDSA(hashes.SHA1()))
    else:
        algorithm, signature = _SHA1_RSA, key.sign(signed, PKCS1v15(), hashes.SHA1())
    return tlv(0x30, signed, bytes.fromhex(algorithm), tlv(0x03, b"\0", signature))


def test_der_and_pem_are_the_same_certificate(certificate: x509.Certificate) -> None:
    pem = certificate.public_bytes(Encoding.PEM)
    for data in (certificate.public_bytes(Encoding.DER), pem, b"\n " + pem, pem.replace(b" CERT", b" X509 CERT")):
        assert certificate_from(data) == certificate


@pytest.mark.parametrize("pill", PILLS.values(), ids=PILLS)
def test_a_certificate_with_a_part_that_cannot_be_read_is_refused(
    certificate: x509.Certificate, key: RSAPrivateKey, pill: Change
) -> None:
    data = altered(certificate, key, pill)
    with pytest.raises(Invalid, match=r"not an X\.509 certificate") as refused:
        certificate_from(data, target="here")
    assert refused.value.target == "here"
    assert is_self_issued(data)
    assert certificate_from(altered(certificate, key, lambda parts: None)).subject == certificate.subject


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"garbage",
        tlv(0x30, identifier(60_000)),
        bytes(100_000),
        b"-----BEGIN CERTIFICATE-----\n" + b"A" * 200_000,
        b"-----BEGIN CERTIFICATE-----\n****\n-----END CERTIFICATE-----\n",
        b"-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n",
    ],
)
def test_bytes_that_are_no_certificate_are_refused(data: bytes) -> None:
    for read in (certificate_from, request_from):
        with pytest.raises(Invalid):
            read(data)


def test_a_certificate_with_a_key_of_an_unknown_kind_is_read(certificate: x509.Certificate, key: RSAPrivateKey) -> None:
    def unknown(parts: list[bytes]) -> None:
        parts[6] = tlv(0x30, tlv(0x30, bytes.fromhex("06032a0304")), tlv(0x03, b"\0abc"))

    assert certificate_from(altered(certificate, key, unknown)).serial_number == certificate.serial_number


def test_certificates_of_authorities_are_recognised(
    authorities: Authorities, certificate: x509.Certificate, key: RSAPrivateKey
) -> None:
    assert is_authority(authorities.root.certificate)
    assert is_authority(authorities.issuing.certificate)

    def of_version_1(parts: list[bytes]) -> None:
        parts[0] = parts[7] = b""

    def of_version_1_by_another(parts: list[bytes]) -> None:
        of_version_1(parts)
        parts[3] = authorities.root.certificate.subject.public_bytes()

    def constrained(parts: list[bytes]) -> None:
        parts[7] = tlv(0xA3, tlv(0x30, tlv(0x30, bytes.fromhex("0603551d13"), tlv(0x04, tlv(0x30)))))

    assert is_authority(certificate_from(altered(certificate, key, of_version_1)))
    assert not is_authority(certificate_from(altered(certificate, key, of_version_1_by_another)))
    assert not is_authority(certificate_from(altered(certificate, key, constrained)))


def test_a_self_issued_certificate_is_recognised(authorities: Authorities) -> None:
    root, issuing = (
        authority.certificate.public_bytes(Encoding.DER) for authority in (authorities.root, authorities.issuing)
    )
    assert is_self_issued(root)
    assert not is_self_issued(issuing)


def test_a_request_signed_with_sha1_signs_itself(key: RSAPrivateKey) -> None:
    for each in (key, ec.generate_private_key(ec.SECP256R1())):
        request = request_from(sha1_request(each))
        assert not request.is_signature_valid  # cryptography's own word
        assert has_proof_of_possession(request)
        assert has_proof_of_possession(request_from(request_of(each).public_bytes(Encoding.PEM)))


def test_a_request_signed_by_another_key_does_not_sign_itself(key: RSAPrivateKey, rsa_keys: KeyRing) -> None:
    other = asn1_csr.CertificationRequest.load(sha1_request(rsa_keys.take()))
    for mine, algorithm in ((sha1_request(key), _SHA1_RSA), (sha1_request(key), _SHA1_EC)):
        changed = asn1_csr.CertificationRequest.load(mine)
        parts = changed["certification_request_info"].dump(), bytes.fromhex(algorithm), other["signature"].dump()
        assert not has_proof_of_possession(request_from(tlv(0x30, *parts)))


def test_a_request_for_names_that_no_authority_gives_is_read(key: RSAPrivateKey) -> None:
    request = request_of(key)
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    signed = tlv(0x30, bytes.fromhex("020100"), bytes.fromhex("30023100"), public, tlv(0xA0))
    signature = tlv(0x03, b"\0", key.sign(signed, PKCS1v15(), hashes.SHA256()))
    result = request_from(tlv(0x30, signed, bytes.fromhex("300d06092a864886f70d01010b0500"), signature))
    assert has_proof_of_possession(result)
    assert result.public_key() == request.public_key()


def test_a_request_for_any_kind_of_key_is_read() -> None:
    signed = x509.CertificateSigningRequestBuilder(x509.Name([])).sign(ed25519.Ed25519PrivateKey.generate(), None)
    assert has_proof_of_possession(request_from(signed.public_bytes(Encoding.DER)))


def test_a_common_name_of_any_length_is_read(certificate: x509.Certificate, key: RSAPrivateKey) -> None:
    long = tlv(0x30, tlv(0x31, tlv(0x30, bytes.fromhex("0603550403"), tlv(0x0C, b"x" * 80))))

    def renamed(parts: list[bytes]) -> None:
        parts[5] = long

    assert certificate_from(altered(certificate, key, renamed)).subject.public_bytes() == long
    request = asn1_csr.CertificationRequest.load(request_of(key).public_bytes(Encoding.DER))
    inside = request["certification_request_info"]
    parts = [inside[name].dump() for name in ("version", "subject_pk_info", "attributes")]
    signed = tlv(0x30, parts[0], long, *parts[1:])
    signature = key.sign(signed, PKCS1v15(), hashes.SHA256())
    algorithm = request["signature_algorithm"].dump()
    assert has_proof_of_possession(request_from(tlv(0x30, signed, algorithm, tlv(0x03, b"\0", signature))))
