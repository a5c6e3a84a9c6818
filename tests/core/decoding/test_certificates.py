"""Certificates, SCEP, CMS, CRL and OCSP in words."""

from __future__ import annotations

import base64
from datetime import timedelta
from urllib.parse import quote

import pytest
from asn1crypto import core
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp as foreign_ocsp

from fauxtune.core.pki import cms, ocsp, scep, signed
from fauxtune.core.pki.crl import Revoked, build_crl
from fauxtune.core.pki.names import subject_text
from fauxtune_wire.decoding import Part, decode
from fauxtune_wire.decoding.certificates import serial_words
from tests.support.authorities import NOW, Authorities
from tests.support.certificates import certificate_request, self_signed
from tests.support.decoded import outline

TYPE, TRANSACTION, NONCE = (f"2.16.840.1.113733.1.9.{number}" for number in (2, 7, 5))


def decoded(body: bytes, *, path: str = "/", query: str = "") -> Part:
    """Decode a body of one part."""
    (part,) = decode(body, content_type="application/octet-stream", path=path, query=query, direction="request")
    return part


def test_a_certificate_says_whose_it_is_and_what_it_is_for(authorities: Authorities) -> None:
    certificate = authorities.issuing.certificate
    part = decoded(certificate.public_bytes(Encoding.DER))
    assert part.title == f"Certificate of {subject_text(certificate.subject)}"
    facts = dict(part.facts)
    assert facts["Issuer"] == subject_text(certificate.issuer)
    assert facts["Serial number"] == serial_words(certificate.serial_number)
    assert facts["Authority"] == "yes: it may issue certificates"
    assert facts["Usage"] == "digital signature, signing certificates, signing CRLs"
    assert facts["Key"] == "EC, secp256r1"
    assert decoded(certificate.public_bytes(Encoding.PEM)).title == part.title


def test_a_file_of_several_certificates_is_a_part_for_each(authorities: Authorities) -> None:
    chain = [authorities.issuing.certificate, authorities.root.certificate]
    pem = b"".join(certificate.public_bytes(Encoding.PEM) for certificate in chain)
    parts = decode(pem, content_type="application/x-pem-file", path="/", direction="response")
    assert [part.title for part in parts] == [
        f"Certificate of {subject_text(certificate.subject)}" for certificate in chain
    ]


def test_a_scep_request_and_its_answer_are_explained(
    authorities: Authorities, raw_rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    key, authority = raw_rsa_keys[0], authorities.devices
    certificate = self_signed(key, "SCEP SIGNER")
    attributes = {
        TYPE: core.PrintableString("19"),
        TRANSACTION: core.PrintableString("0123456789"),
        NONCE: core.OctetString(b"n" * 16),
    }
    sealed = cms.envelope(certificate_request(key, "phone"), authority.certificate)
    message = signed.sign(sealed, certificate=certificate, key=key, attributes=attributes)
    signer = f"CN=SCEP SIGNER, certificate {serial_words(certificate.serial_number)}"
    recipient = f"the certificate {serial_words(authority.certificate.serial_number)} issued by "
    recipient += subject_text(authority.certificate.subject)
    part = decoded(message)
    assert outline([part]).splitlines()[:12] == [
        "SCEP PKCSReq: request for a certificate",
        "- Message: PKCSReq: request for a certificate",
        "- Transaction: 0123456789",
        f"- Signed by: {signer}",
        "- Algorithms: RSA with SHA-256",
        "- Signature: fits the content and the certificate in the message",
        f"- Content: {len(sealed):,} bytes",
        f"  CMS EnvelopedData: encrypted for {recipient}",
        f"  - For: {recipient}",
        "  - Key encrypted with: RSA (PKCS#1 v1.5)",
        "  - Content encrypted with: AES-256-CBC",
        "  - Content: 608 bytes, encrypted",
    ]
    query = f"operation=PKIOperation&message={quote(base64.b64encode(message).decode())}"
    assert decoded(b"", query=query) == part

    exchange = scep.Exchange("0123456789", b"n" * 16, certificate)
    refusal = scep.Refusal(exchange, scep.FailInfo.BAD_REQUEST, "The challenge is not valid.")
    refused = decoded(scep.refuse(refusal, certificate=authority.certificate, key=authority.key, nonce=b"m" * 16))
    assert refused.title == "SCEP CertRep: the answer of the authority, refused"
    assert refused.facts[1:4] == (
        ("Status", "refused"),
        ("Reason", "badRequest: this request is not allowed or not understood"),
        ("In words", "The challenge is not valid."),
    )
    granted = decoded(
        scep.grant(exchange, certificate, certificate=authority.certificate, key=authority.key, nonce=b"m" * 16)
    )
    assert granted.title == "SCEP CertRep: the answer of the authority, granted"


def test_the_capabilities_of_an_authority_are_listed() -> None:
    (part,) = decode(
        scep.CAPABILITIES.encode(), content_type="text/plain", path="/scep?operation=GetCACaps", direction="response"
    )
    assert part.title == "SCEP: what the authority can do (GetCACaps)"
    assert dict(part.facts)["Capabilities"].startswith("AES, DES3, POSTPKIOperation")


def test_certificates_without_a_signer_are_listed(authorities: Authorities) -> None:
    chain = [authorities.issuing.certificate, authorities.root.certificate]
    part = decoded(signed.certificates_only(chain))
    assert part.title == "CMS with certificates only (degenerate SignedData): nobody signed it"
    assert {inner.title for inner in part.parts} == {
        f"Certificate of {subject_text(certificate.subject)}" for certificate in chain
    }


def test_a_signature_that_does_not_fit_is_said(raw_rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    certificate = self_signed(raw_rsa_keys[0], "Mallory")
    message = signed.sign(b"pay 100", certificate=certificate, key=raw_rsa_keys[0])
    facts = dict(decoded(message.replace(b"pay 100", b"pay 999")).facts)
    assert facts["Signature"].startswith("does not fit: The signature is not one over these bytes")


def test_bytes_inside_a_message_are_no_text_to_be_shown(raw_rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    message = signed.sign(b"open sesame", certificate=self_signed(raw_rsa_keys[0], "Ali"), key=raw_rsa_keys[0])
    assert decoded(message).parts[0] == Part("Bytes of no known format, 11 bytes")


def test_a_crl_lists_serial_numbers_and_reasons(authorities: Authorities) -> None:
    crl = build_crl(
        authority=authorities.issuing,
        revoked=[Revoked(0x1234, NOW, "keyCompromise"), Revoked(0xABCDEF0123456789, NOW)],
        number=7,
        this_update=NOW,
        next_update=NOW + timedelta(days=7),
    )
    name = subject_text(authorities.issuing.certificate.subject)
    assert (
        outline([decoded(crl)])
        == f"""\
CRL of {name}: 2 revoked certificates
- Issuer: {name}
- From: 2026-11-24 10:00:00 UTC
- Next one by: 2026-12-01 10:00:00 UTC
- Number: 7
- Revoked: 2 certificates
- Serial number 1234: revoked 2026-11-24 10:00:00 UTC, keyCompromise
- Serial number abcdef01…: revoked 2026-11-24 10:00:00 UTC, without a reason"""
    )


def test_a_request_for_a_status_and_its_answer_are_explained(authorities: Authorities) -> None:
    issuer, certificate = authorities.root.certificate, authorities.issuing.certificate
    request = (
        foreign_ocsp.OCSPRequestBuilder()
        .add_certificate(certificate, issuer, hashes.SHA1())
        .build()
        .public_bytes(Encoding.DER)
    )
    asked = decoded(request)
    assert asked.title == "OCSP request about 1 certificate"
    assert asked.facts == (("Certificate", f"serial number {serial_words(certificate.serial_number)}"), ("Nonce", "no"))
    assert decoded(b"", path="/pki/contoso/issuing/ocsp/" + quote(base64.b64encode(request).decode())) == asked

    responder = ocsp.Responder.of(authorities.root, certificate=issuer, key=authorities.root.key)
    answer = ocsp.answer(
        request,
        responder=responder,
        lookup=lambda _serial: ocsp.Status(NOW, "keyCompromise"),
        at=NOW,
        next_update=NOW + timedelta(hours=1),
    )
    part = decoded(answer)
    assert part.facts == (
        ("Produced", "2026-11-24 10:00:00 UTC"),
        (f"Serial number {serial_words(certificate.serial_number)}", "revoked 2026-11-24 10:00:00 UTC, keyCompromise"),
        ("Valid until", "2026-11-24 11:00:00 UTC"),
    )
    assert decoded(ocsp.malformed()).title == "OCSP answer: malformedRequest: the request cannot be read"


@pytest.mark.parametrize(
    ("body", "title"),
    [
        (b"0\x82\x01\x00\x02\x01\x03\x300", "PKCS#12 file"),
        (b"0\x82\x01\x00\x02\x01\x00\x30\x0d", "Private key"),
        (b"0\x82\x01\x00\x02\x01\x00\x02\x82", "Private key"),
    ],
)
def test_keys_are_named_only_even_where_they_are_damaged(body: bytes, title: str) -> None:
    part = decoded(body)
    assert part.title == title
    assert (
        part.text
        == f"[not shown: {title[0].lower() if title != 'PKCS#12 file' else 'P'}{title[1:]}, {len(body)} bytes]"
    )
