"""CMS and SCEP messages as the Go programs of Apple's MDM world make them, built here byte by byte with asn1crypto.

Public knowledge of those programs (smallstep's pkcs7 and scep, which mdmb and Fleet's test client use): single DES in
CBC mode, SHA-1 with RSA, and a pkiMessage signed by an unrelated key "SCEP SIGNER" that lives an hour.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache

from asn1crypto import algos, cms, core
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

SCEP = "2.16.840.1.113733.1.9."
MESSAGE_TYPE, STATUS, FAIL_INFO = f"{SCEP}2", f"{SCEP}3", f"{SCEP}4"
SENDER_NONCE, RECIPIENT_NONCE, TRANSACTION = f"{SCEP}5", f"{SCEP}6", f"{SCEP}7"
_HASHES = {
    "sha1": hashes.SHA1(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


def _oid(dotted: str) -> core.ObjectIdentifier:
    return core.ObjectIdentifier(dotted)


def attribute(dotted: str, value: core.Asn1Value) -> bytes:
    """One signed attribute, DER."""
    return _tlv(0x30, _oid(dotted).dump() + _tlv(0x31, value.dump()))


def signed(
    content: bytes | None,
    *,
    key: RSAPrivateKey,
    certificate: x509.Certificate,
    embed: bool,
    digest: str = "sha1",
    attributes: Iterable[bytes] = (),
) -> bytes:
    """Return a CMS SignedData: one signer, whose certificate is in it; the content embedded or not.

    Without content (None) the empty content is signed and none is embedded, as in a CertRep that grants nothing.
    """
    hashed = hashlib.new(digest, content or b"").digest()
    members = [
        attribute("1.2.840.113549.1.9.3", _oid("1.2.840.113549.1.7.1")),
        attribute("1.2.840.113549.1.9.4", core.OctetString(hashed)),
        *attributes,
    ]
    body = b"".join(sorted(members))
    signed_attributes = _tlv(0x31, body)
    signature = key.sign(signed_attributes, PKCS1v15(), _HASHES[digest])
    der = certificate.public_bytes(Encoding.DER)
    read = asn1_x509.Certificate.load(der)
    algorithm = algos.DigestAlgorithm({"algorithm": digest}).dump()
    signer = _tlv(
        0x30,
        core.Integer(1).dump()
        + _tlv(0x30, read.issuer.dump() + core.Integer(read.serial_number).dump())
        + algorithm
        + _tlv(0xA0, body)
        + algos.SignedDigestAlgorithm({"algorithm": "rsassa_pkcs1v15"}).dump()
        + core.OctetString(signature).dump(),
    )
    inner = _tlv(0xA0, core.OctetString(content).dump()) if embed and content is not None else b""
    data = _tlv(
        0x30,
        core.Integer(1).dump()
        + _tlv(0x31, algorithm)
        + _tlv(0x30, _oid("1.2.840.113549.1.7.1").dump() + inner)
        + _tlv(0xA0, der)
        + _tlv(0x31, signer),
    )
    return _tlv(0x30, _oid("1.2.840.113549.1.7.2").dump() + _tlv(0xA0, data))


def des_envelope(data: bytes, recipient: x509.Certificate) -> bytes:
    """CMS EnvelopedData with single DES (1.3.14.3.2.7), as smallstep's pkcs7 makes it unless told otherwise."""
    key, iv = os.urandom(8), os.urandom(8)
    padder = padding.PKCS7(64).padder()
    encryptor = Cipher(TripleDES(key * 3), CBC(iv)).encryptor()
    sealed = encryptor.update(padder.update(data) + padder.finalize()) + encryptor.finalize()
    read = asn1_x509.Certificate.load(recipient.public_bytes(Encoding.DER))
    wrapped = _public(recipient).encrypt(key, PKCS1v15())
    to = _tlv(
        0x30,
        core.Integer(0).dump()
        + _tlv(0x30, read.issuer.dump() + core.Integer(read.serial_number).dump())
        + algos.SignedDigestAlgorithm({"algorithm": "rsassa_pkcs1v15"}).dump()
        + core.OctetString(wrapped).dump(),
    )
    content = _tlv(
        0x30,
        _oid("1.2.840.113549.1.7.1").dump()
        + _tlv(0x30, _oid("1.3.14.3.2.7").dump() + core.OctetString(iv).dump())
        + _tlv(0x80, sealed),
    )
    body = _tlv(0x30, core.Integer(0).dump() + _tlv(0x31, to) + content)
    return _tlv(0x30, _oid("1.2.840.113549.1.7.3").dump() + _tlv(0xA0, body))


def opened(envelope: bytes, key: RSAPrivateKey) -> bytes:
    """The content of an EnvelopedData with AES-CBC, for its one recipient."""
    data = cms.ContentInfo.load(envelope)["content"]
    (recipient,) = data["recipient_infos"]
    secret = key.decrypt(recipient.chosen["encrypted_key"].native, PKCS1v15())
    inner = data["encrypted_content_info"]
    algorithm = inner["content_encryption_algorithm"]
    decryptor = Cipher(AES(secret), CBC(algorithm["parameters"].native)).decryptor()
    plain = decryptor.update(inner["encrypted_content"].native) + decryptor.finalize()
    unpadder = padding.PKCS7(128).unpadder()
    return unpadder.update(plain) + unpadder.finalize()


@dataclass(frozen=True, slots=True)
class CertRep:
    """The authority's answer, its signature checked with `signer`."""

    status: str
    fail_info: str | None
    transaction: str
    recipient_nonce: bytes
    content: bytes | None = field(repr=False)
    embedded: tuple[x509.Certificate, ...] = ()


def read_certrep(data: bytes, *, signer: x509.Certificate | None) -> CertRep:
    """Read and verify. With `signer` None the certificate is taken from the message itself, as mdmb does."""
    message = cms.ContentInfo.load(data)["content"]
    embedded = tuple(
        x509.load_der_x509_certificate(certificate.chosen.dump()) for certificate in message["certificates"]
    )
    (info,) = message["signer_infos"]
    by_key = {signed_attr["type"].dotted: signed_attr["values"][0] for signed_attr in info["signed_attrs"]}
    content = message["encap_content_info"]["content"].native
    raw = content if content is not None else b""
    name = info["digest_algorithm"]["algorithm"].native
    assert by_key["1.2.840.113549.1.9.4"].native == hashlib.new(name, raw).digest()
    covered = b"\x31" + info["signed_attrs"].dump()[1:]
    who = signer if signer is not None else embedded[0]
    _public(who).verify(info["signature"].native, covered, PKCS1v15(), _HASHES[name])

    def value(dotted: str) -> object:
        answer = by_key.get(dotted)
        return None if answer is None else core.load(answer.dump()).native

    nonce = value(RECIPIENT_NONCE)
    return CertRep(
        status=str(value(STATUS)),
        fail_info=None if value(FAIL_INFO) is None else str(value(FAIL_INFO)),
        transaction=str(value(TRANSACTION)),
        recipient_nonce=nonce if isinstance(nonce, bytes) else b"",
        content=content,
        embedded=embedded,
    )


def first_certificate(certificates_only: bytes) -> x509.Certificate:
    """Element 0 of a certs-only message: the Go clients take no other."""
    message = cms.ContentInfo.load(certificates_only)["content"]
    return x509.load_der_x509_certificate(message["certificates"][0].chosen.dump())


def content_of(message: bytes) -> bytes:
    """Return the content that a SignedData embeds."""
    native = cms.ContentInfo.load(message)["content"]["encap_content_info"]["content"].native
    assert isinstance(native, bytes)
    return native


@lru_cache
def identity_in(data: bytes, password: str) -> tuple[RSAPrivateKey, x509.Certificate]:
    """Key and certificate of a PKCS#12 file. A device looks at each again and again, and each time its primes are
    tested, which takes 40 ms.
    """
    key, certificate, _others = pkcs12.load_key_and_certificates(data, password.encode())
    assert isinstance(key, RSAPrivateKey)
    assert certificate is not None
    return key, certificate


def short_key() -> RSAPrivateKey:
    """A key of 1024 bits, as mdmb makes it where a profile does not ask for more."""
    return rsa.generate_private_key(65537, 1024)


def throw_away(key: RSAPrivateKey, now: datetime) -> x509.Certificate:
    """A self-signed certificate "SCEP SIGNER" that lives an hour."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "SCEP SIGNER")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(hours=1))
        .sign(key, hashes.SHA256())
    )


def _public(certificate: x509.Certificate) -> RSAPublicKey:
    key = certificate.public_key()
    assert isinstance(key, RSAPublicKey)
    return key


def _tlv(tag: int, body: bytes) -> bytes:
    size = len(body)
    if size < 128:
        return bytes([tag, size]) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body
