"""What readers of CMS messages from others share: the kind of message, and identifiers (RFC 5652 3 and 10.2).

asn1crypto reads DER, and BER as far as tools write it (indefinite lengths, strings in pieces). It parses a part only on
access, so all reading must be within one `try` that catches MALFORMED. The two names by which an encrypted message
names a recipient's certificate (RFC 5652 6.2.1) are also given as text to look up.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from asn1crypto import cms, core, parser
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from fauxtune.core.pki.der_limits import check_limits

#: The exceptions that asn1crypto and cryptography raise on hostile bytes (found by fuzzing).
MALFORMED = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    RecursionError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


def content_of(data: bytes, kind: str, *, largest: int) -> core.Sequence:
    """The content of a ContentInfo of this kind, by asn1crypto's name. Raises one of MALFORMED, also for more than
    `largest` bytes.
    """
    outer = cms.ContentInfo.load(check_limits(data, largest=largest), strict=True)
    content_type = outer["content_type"].native
    if content_type != kind:
        raise ValueError(f"it is {content_type}, not {kind}")
    content = outer["content"]
    # asn1crypto has a type of its own for absent content, which would be noticed only later.
    if not isinstance(content, core.Sequence):
        raise ValueError("it is empty")
    return content


def children(content: bytes, *, most: int, name: str) -> list[bytes]:
    """The elements of which this content consists, each with its header. Raises one of MALFORMED, also for more than
    `most` of what `name` says.
    """
    elements: list[bytes] = []
    place = 0
    while place < len(content):
        if len(elements) == most:
            raise ValueError(f"it has too many {name}")
        size = parser.peek(content[place:])
        elements.append(content[place : place + size])
        place += size
    return elements


def within(element: bytes, tag: int) -> bytes:
    """The content of an element with this first octet. Raises one of MALFORMED."""
    if element[0] != tag:
        raise ValueError("a part of it is of another type")
    return bytes(parser.parse(element, strict=True)[4])


@lru_cache(maxsize=64)
def dotted(identifier: bytes) -> str:
    """An object identifier in words. Raises one of MALFORMED."""
    return str(core.ObjectIdentifier.load(identifier, strict=True).dotted)


def octets(value: core.Asn1Value) -> bytes:
    """The bytes of a required OCTET STRING. Raises one of MALFORMED."""
    content = value.native
    if not isinstance(content, bytes):
        raise ValueError("a part of it is missing")
    return content


def identifies(identifier: core.Choice, certificate: x509.Certificate) -> bool:
    """Whether a signer's or recipient's identifier is that of this certificate. Raises one of MALFORMED."""
    chosen = identifier.chosen
    if identifier.name == "subject_key_identifier":
        return bool(key_identifier(certificate) == chosen.native)
    is_its_number = certificate.serial_number == chosen["serial_number"].native
    return bool(is_its_number and certificate.issuer.public_bytes() == chosen["issuer"].dump())


def key_identifier(certificate: x509.Certificate) -> bytes | None:
    """The subject key identifier of a certificate. Raises one of MALFORMED."""
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound:
        return None


def reason(error: Exception) -> str:
    """The message of one of MALFORMED, for use in a sentence: its first line, without the full stop."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".")[:200] if lines else "its structure is damaged"


#: Hexadecimal digits of the digest of an issuer's name.
_DIGITS = 16


def issuer_and_serial(issuer: bytes, serial: str) -> str:
    """Return the name by issuer (DER) and serial number (lower-case hex)."""
    return f"{serial}/{hashlib.sha256(issuer).hexdigest()[:_DIGITS]}"


def names_of(certificate: x509.Certificate) -> tuple[str, str | None]:
    """Return the name of a certificate by issuer and serial number, and its subject key identifier, if it has one."""
    named = issuer_and_serial(certificate.issuer.public_bytes(), f"{certificate.serial_number:x}")
    try:
        key_id = key_identifier(certificate)
    except MALFORMED:
        key_id = None
    return named, None if key_id is None else key_id.hex()
