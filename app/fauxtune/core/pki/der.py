"""What every reader of foreign CMS needs: which message it is, and whom it names (RFC 5652 3 and 10.2).

asn1crypto reads DER, and BER as far as tools write it (indefinite lengths, strings in pieces). It parses a part only
when the part is asked for, so whatever is read stays within one `try` that catches MALFORMED.
"""

from __future__ import annotations

from asn1crypto import cms, core
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

#: What asn1crypto and cryptography raise on hostile bytes (found by fuzzing).
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
)


#: An object identifier is spelled out as numbers, which takes the square of its length. Real ones have a dozen bytes;
#: in a short message a long one costs nothing yet.
_LONGEST_IDENTIFIER = 64
_SHORT = 8 * 1024
_CONSTRUCTED, _LONG_TAG, _IDENTIFIER = 0x20, 0x1F, 0x06


def content_of(data: bytes, kind: str) -> core.Sequence:
    """The content of a ContentInfo of this kind, in asn1crypto's words. Raises one of MALFORMED."""
    if len(data) > _SHORT:
        _check_identifiers(data)
    outer = cms.ContentInfo.load(data, strict=True)
    found = outer["content_type"].native
    if found != kind:
        raise ValueError(f"it is {found}, not {kind}")
    content = outer["content"]
    # An absent content is a thing of its own in asn1crypto, and would only be noticed later.
    if not isinstance(content, core.Sequence):
        raise ValueError("it is empty")
    return content


def _check_identifiers(data: bytes) -> None:
    """ValueError for an object identifier that is too long to be one. One pass: headers of constructed values are
    stepped over, so that neither depth nor indefinite lengths matter.
    """
    place = 0
    while place < len(data):
        tag = data[place]
        place += 1
        if tag & _LONG_TAG == _LONG_TAG:
            while data[place] & 0x80:
                place += 1
            place += 1
        length = data[place]
        place += 1
        if length > 0x80:
            digits = length & 0x7F
            length = int.from_bytes(data[place : place + digits], "big")
            place += digits
        if tag == _IDENTIFIER and length > _LONGEST_IDENTIFIER:
            raise ValueError(f"it has an object identifier of {length} bytes")
        if not tag & _CONSTRUCTED:
            place += length


def octets(value: core.Asn1Value) -> bytes:
    """The bytes of an OCTET STRING that must be there. Raises one of MALFORMED."""
    found = value.native
    if not isinstance(found, bytes):
        raise ValueError("a part of it is missing")
    return found


def names(identifier: core.Choice, certificate: asn1_x509.Certificate) -> bool:
    """Whether a signer's or recipient's identifier means this certificate. Raises one of MALFORMED."""
    if identifier.name == "subject_key_identifier":
        return bool(certificate.key_identifier == identifier.chosen.native)
    inside, chosen = certificate["tbs_certificate"], identifier.chosen
    return bool(
        inside["serial_number"].native == chosen["serial_number"].native
        and inside["issuer"].dump() == chosen["issuer"].dump()
    )


def reason(error: Exception) -> str:
    """What a MALFORMED says, for a sentence: its first line, without the full stop."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".")[:200] if lines else "its structure is damaged"
