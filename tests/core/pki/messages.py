"""Messages that clients make, put together by hand: some of what is used here our own writer never makes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import TypedDict, Unpack

from asn1crypto import cms, core
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm, Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.pki.authority import PrivateKey
from tests.support import certificates
from tests.support.authorities import NOW


def _single_des(key: bytes) -> TripleDES:
    return TripleDES(key * 3)


#: Key, block and cipher of what clients seal with.
CIPHERS: dict[str, tuple[int, int, Callable[[bytes], BlockCipherAlgorithm]]] = {
    "des": (8, 8, _single_des),
    "tripledes_3key": (24, 8, TripleDES),
    "aes128_cbc": (16, 16, AES),
    "aes192_cbc": (24, 16, AES),
    "aes256_cbc": (32, 16, AES),
}


class Sealing(TypedDict, total=False):
    """Parts of an envelope that are replaced."""

    padded: bytes
    key: bytes
    sealed_key: bytes
    by_key_identifier: bool
    wrapped_with: str
    recipients: int
    cipher_name: str
    iv: bytes | core.Asn1Value


class Signing(TypedDict, total=False):
    """Parts of a signature that are replaced."""

    digest: str
    digest_name: str
    body: bytes
    attributes: Iterable[tuple[object, ...]]
    signed: Sequence[dict[str, object]]
    signed_with: str
    content_type: str
    certificates: Iterable[x509.Certificate]
    signers: int
    embedded: bytes


def as_asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))


def issuer_and_serial(certificate: x509.Certificate) -> dict[str, object]:
    return {
        "issuer": as_asn1(certificate)["tbs_certificate"]["issuer"],
        "serial_number": certificate.serial_number,
    }


def seal(plain: bytes, certificate: x509.Certificate, cipher: str = "aes256_cbc", **changes: Unpack[Sealing]) -> bytes:
    """An envelope for a certificate, made with any of CIPHERS; `changes` replaces parts of it."""
    size, block, algorithm = CIPHERS[cipher]
    key, iv = bytes(range(1, size + 1)), b"\x07" * block
    padder = PKCS7(block * 8).padder()
    padded = changes.get("padded", padder.update(plain) + padder.finalize())
    encryptor = Cipher(algorithm(key), CBC(iv)).encryptor()
    public = certificate.public_key()
    assert isinstance(public, RSAPublicKey)
    rid = cms.RecipientIdentifier("issuer_and_serial_number", issuer_and_serial(certificate))
    if changes.get("by_key_identifier"):
        rid = cms.RecipientIdentifier("subject_key_identifier", as_asn1(certificate).key_identifier)
    recipient = {
        "version": "v0",
        "rid": rid,
        "key_encryption_algorithm": {"algorithm": changes.get("wrapped_with", "rsaes_pkcs1v15")},
        "encrypted_key": changes.get("sealed_key", public.encrypt(changes.get("key", key), PKCS1v15())),
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
    message: bytes = cms.ContentInfo({"content_type": "enveloped_data", "content": content}).dump()
    return message


def sign_as(
    content: bytes | None, certificate: x509.Certificate, key: RSAPrivateKey, **changes: Unpack[Signing]
) -> bytes:
    """A signature by an RSA key in the way of older clients: SHA-1, content embedded, further attributes."""
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
    content_of_signed = {
        "version": "v1",
        "digest_algorithms": [{"algorithm": digest}],
        "encap_content_info": inner,
        "certificates": [as_asn1(each) for each in changes.get("certificates", [certificate])],
        "signer_infos": [signer] * changes.get("signers", 1),
    }
    message: bytes = cms.ContentInfo({"content_type": "signed_data", "content": content_of_signed}).dump()
    return message


def self_signed(key: PrivateKey, name: str = "SCEP SIGNER", serial: int = 77) -> x509.Certificate:
    """A certificate that a key gives to itself, as SCEP clients do for the time of one request."""
    begin = NOW - timedelta(minutes=10)
    return certificates.self_signed(key, name, begin=begin, lifetime=timedelta(minutes=70), serial=serial)
