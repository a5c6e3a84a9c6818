"""Requests about several certificates: read by the strict reader of the responder, which nobody wrote for them."""

from __future__ import annotations

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.x509 import ocsp

from fauxtune.core.pki.ocsp import read_request, write_request
from tests.core.evidence.sample import certificate


def test_it_asks_about_each_certificate_in_order() -> None:
    issuer, others = certificate(), [certificate(), certificate()]
    request = read_request(write_request([issuer, *others], issuer=issuer))
    assert [certificate_id.serial for certificate_id in request.certificates] == [1000, 1000, 1000]
    assert request.nonce is None


def test_about_one_certificate_it_is_what_another_library_writes() -> None:
    issuer, subject = certificate(), certificate()
    theirs = ocsp.OCSPRequestBuilder().add_certificate(subject, issuer, SHA1()).build()
    ours = ocsp.load_der_ocsp_request(write_request([subject], issuer=issuer))
    assert (ours.issuer_name_hash, ours.issuer_key_hash) == (theirs.issuer_name_hash, theirs.issuer_key_hash)
    assert (ours.serial_number, ours.hash_algorithm.name) == (theirs.serial_number, "sha1")
