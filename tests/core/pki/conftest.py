"""Messages that clients make, put together by hand: some of what is used here our own writer never makes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from asn1crypto import cms, core
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import Encoding

from tests.support import certificates

#: Key, block and cipher of what clients seal with.
CIPHERS = {
    "des": (8, 8, lambda key: TripleDES(key * 3)),
    "tripledes_3key": (24, 8, TripleDES),
    "aes128_cbc": (16, 16, AES),
    "aes192_cbc": (24, 16, AES),
    "aes256_cbc": (32, 16, AES),
}


def as_asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))


def issuer_and_serial(certificate: x509.Certificate) -> dict[str, object]:
    return {
        "issuer": as_asn1(certificate)["tbs_certificate"]["issuer"],
        "serial_number": certificate.serial_number,
    }


@pytest.fixture(scope="session")
def seal() -> Callable[..., bytes]:
    """An envelope for a certificate, made with any of CIPHERS; `changes` replaces parts of it."""

    def make(plain: bytes, certificate: x509.Certificate, cipher: str = "aes256_cbc", **changes) -> bytes:
        size, block, algorithm = CIPHERS[cipher]
        key, iv = bytes(range(1, size + 1)), b"\x07" * block
        padder = PKCS7(block * 8).padder()
        padded = changes.get("padded", padder.update(plain) + padder.finalize())
        encryptor = Cipher(algorithm(key), CBC(iv)).encryptor()
        rid = cms.RecipientIdentifier("issuer_and_serial_number", issuer_and_serial(certificate))
        if changes.get("by_key_identifier"):
            rid = cms.RecipientIdentifier("subject_key_identifier", as_asn1(certificate).key_identifier)
        recipient = {
            "version": "v0",
            "rid": rid,
            "key_encryption_algorithm": {"algorithm": changes.get("wrapped_with", "rsaes_pkcs1v15")},
            "encrypted_key": changes.get(
                "sealed_key", certificate.public_key().encrypt(changes.get("key", key), PKCS1v15())
            ),
        }
        content = {
            "version": "v0",
            "recipient_infos": [cms.RecipientInfo("ktri", recipient)] * changes.get("recipients", 1),
            "encrypted_content_info": {
                "content_type": "data",
                "content_encryption_algorithm": {
                    "algorithm": changes.get("cipher_name", cipher),
                    "parameters": changes.get("iv", iv),
                },
                "encrypted_content": encryptor.update(padded) + encryptor.finalize(),
            },
        }
        return cms.ContentInfo({"content_type": "enveloped_data", "content": content}).dump()

    return make


@pytest.fixture(scope="session")
def sign_as() -> Callable[..., bytes]:
    """A signature by an RSA key in the way of older clients: SHA-1, content embedded, further attributes."""

    def make(content: bytes | None, certificate: x509.Certificate, key, **changes) -> bytes:
        digest = changes.get("digest", "sha1")
        body = changes.get("body", content or b"")
        attributes = [
            {"type": "content_type", "values": ["data"]},
            {"type": "message_digest", "values": [hashlib.new(digest, body).digest()]},
            *({"type": oid, "values": values} for oid, *values in changes.get("attributes", ())),
        ]
        signed = cms.CMSAttributes(changes.get("signed", attributes))
        algorithm = hashes.SHA1() if digest == "sha1" else hashes.SHA256()
        signature = key.sign(signed.dump(), PKCS1v15(), algorithm)
        signer = {
            "version": "v1",
            "sid": cms.SignerIdentifier("issuer_and_serial_number", issuer_and_serial(certificate)),
            "digest_algorithm": {"algorithm": changes.get("digest_name", digest)},
            "signed_attrs": signed,
            "signature_algorithm": {"algorithm": changes.get("signed_with", f"{digest}_rsa")},
            "signature": signature,
        }
        inner: dict[str, object] = {"content_type": changes.get("content_type", "data")}
        if content is not None:
            inner["content"] = core.OctetString(content)
        message = {
            "version": "v1",
            "digest_algorithms": [{"algorithm": digest}],
            "encap_content_info": inner,
            "certificates": [as_asn1(each) for each in changes.get("certificates", [certificate])],
            "signer_infos": [signer] * changes.get("signers", 1),
        }
        return cms.ContentInfo({"content_type": "signed_data", "content": message}).dump()

    return make


@pytest.fixture(scope="session")
def self_signed(authorities) -> Callable[..., x509.Certificate]:
    """A certificate that a key gives to itself, as SCEP clients do for the time of one request."""

    def make(key, name: str = "SCEP SIGNER", serial: int = 77) -> x509.Certificate:
        begin = authorities.now - timedelta(minutes=10)
        return certificates.self_signed(key, name, begin=begin, lifetime=timedelta(minutes=70), serial=serial)

    return make
