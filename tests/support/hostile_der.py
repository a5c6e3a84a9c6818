"""Hostile DER, put together by hand: certificates that load and raise an error when a part of them is read, and files
that are small and cost much time.
"""

from __future__ import annotations

from collections.abc import Callable

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

#: What is done to the elements of a certificate's inside.
Change = Callable[[list[bytes]], None]

_ALGORITHMS = {True: "300d06092a864886f70d01010b0500", False: "300a06082a8648ce3d040302"}


def tlv(tag: int, *content: bytes) -> bytes:
    """One element."""
    body = b"".join(content)
    size = len(body)
    if size < 0x80:
        return bytes([tag, size]) + body
    digits = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(digits)]) + digits + body


def identifier(size: int) -> bytes:
    """An object identifier with so many bytes."""
    return tlv(0x06, b"\x2a" + b"\xff" * (size - 2) + b"\x01")


def altered(
    certificate: x509.Certificate,
    key: RSAPrivateKey | ec.EllipticCurvePrivateKey,
    change: Callable[[list[bytes]], None],
) -> bytes:
    """Return the certificate (DER) with other contents, signed again.

    `change` gets the elements of its contents: version, serial number, algorithm, issuer, validity, subject, key,
    extensions.
    """
    inside = asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))["tbs_certificate"]
    parts = [inside[name].dump() for name in ("version", "serial_number", "signature", "issuer", "validity", "subject")]
    parts += [inside["subject_public_key_info"].dump(), inside["extensions"].dump()]
    is_rsa = isinstance(key, RSAPrivateKey)
    parts[2] = bytes.fromhex(_ALGORITHMS[is_rsa])
    change(parts)
    signed = tlv(0x30, *parts)
    if isinstance(key, RSAPrivateKey):
        signature = key.sign(signed, PKCS1v15(), hashes.SHA256())
    else:
        signature = key.sign(signed, ec.ECDSA(hashes.SHA256()))
    return tlv(0x30, signed, bytes.fromhex(_ALGORITHMS[is_rsa]), tlv(0x03, b"\0", signature))


def of_the_year_0(parts: list[bytes]) -> None:
    """Its end has no year that a calendar knows."""
    parts[4] = tlv(0x30, tlv(0x18, b"20200101000000Z"), tlv(0x18, b"00000101000000Z"))


def with_an_empty_name(parts: list[bytes]) -> None:
    """A subject with a part that says nothing."""
    parts[5] = bytes.fromhex("30023100")


def of_version_8(parts: list[bytes]) -> None:
    """X.509 has three."""
    parts[0] = bytes.fromhex("a003020107")


def with_an_extension_twice(parts: list[bytes]) -> None:
    """BasicConstraints, and again."""
    one = tlv(0x30, bytes.fromhex("0603551d13"), tlv(0x04, tlv(0x30)))
    parts[7] = tlv(0xA3, tlv(0x30, one, one))


def with_a_broken_extension(parts: list[bytes]) -> None:
    """Other bytes in the place of BasicConstraints."""
    parts[7] = tlv(0xA3, tlv(0x30, tlv(0x30, bytes.fromhex("0603551d13"), tlv(0x04, b"\x02\x01"))))


def with_a_broken_key(parts: list[bytes]) -> None:
    """An RSA key without numbers."""
    algorithm = bytes.fromhex("300d06092a864886f70d0101010500")
    parts[6] = tlv(0x30, algorithm, tlv(0x03, b"\0", tlv(0x30, tlv(0x02, b"\x05"))))


#: What breaks a reader that looks at it only later.
PILLS = {
    "year 0": of_the_year_0,
    "an empty name": with_an_empty_name,
    "version 8": of_version_8,
    "an extension twice": with_an_extension_twice,
    "a broken extension": with_a_broken_extension,
    "a broken key": with_a_broken_key,
}


def slow_file(number: int, *, rounds: int = 2_400_000) -> bytes:
    """A PFX that passes the gate and takes seconds to open, as long as any may; each number gives another."""
    data = bytes.fromhex("06092a864886f70d010701")
    digest = tlv(0x30, bytes.fromhex("300906052b0e03021a0500"), tlv(0x04, bytes(20)))
    mac = tlv(0x30, digest, tlv(0x04, number.to_bytes(8)), tlv(0x02, rounds.to_bytes(4)))
    return tlv(0x30, tlv(0x02, b"\3"), tlv(0x30, data, tlv(0xA0, tlv(0x04, tlv(0x30)))), mac)
