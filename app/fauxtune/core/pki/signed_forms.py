"""Signed messages in the form in which clients of device management send them, read without asn1crypto.

CMS SignedData (RFC 5652 5) in DER: content of the type data or none, certificates, no CRLs, one signer who is named by
issuer and serial number, RSA with PKCS#1 v1.5 or ECDSA, no unsigned attributes. That is what Apple's devices, Windows,
mdmb, openssl and cryptography write. Whatever differs is no matter of this module: None, and `signed` lets asn1crypto
read it. Both readers agree on each message that this one reads (tests/core/pki/test_signed_forms.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from asn1crypto import algos
from cryptography import x509

from fauxtune.core.pki.cms import MALFORMED, dotted
from fauxtune.core.pki.der import (
    IDENTIFIER,
    INTEGER,
    LARGEST_MESSAGE,
    NULL,
    OCTETS,
    SEQUENCE,
    SET,
    TAG_0,
    Malformed,
    Part,
    check_limits,
    element,
    identifier,
)

#: Of one message: a signer's certificate and its issuers'; signed attributes, and values of one.
MOST_CERTIFICATES = 20
MOST_ATTRIBUTES = 50
MOST_VALUES = 10

_SIGNED_DATA = identifier("1.2.840.113549.1.7.2")
_DATA = identifier("1.2.840.113549.1.7.1")
_DIGESTS = ("sha1", "sha256", "sha384", "sha512")
_SIGNATURES = ("rsassa_pkcs1v15", *(f"{digest}_{kind}" for digest in _DIGESTS for kind in ("rsa", "ecdsa")))


def _named(
    kind: type[algos.DigestAlgorithmId | algos.SignedDigestAlgorithmId], names: tuple[str, ...]
) -> Mapping[bytes, str]:
    """The names of these algorithms by their identifiers in messages: without parameters, or with NULL."""
    oids = [(kind(name).dump(), name) for name in names]
    return {element(SEQUENCE, oid, end): name for oid, name in oids for end in (b"", NULL)}


_DIGEST_ALGORITHMS = _named(algos.DigestAlgorithmId, _DIGESTS)
_SIGNATURE_ALGORITHMS = _named(algos.SignedDigestAlgorithmId, _SIGNATURES)


@dataclass(frozen=True, slots=True)
class Named:
    """The signer by the name of its certificate's issuer (DER) and its serial number."""

    issuer: bytes
    serial: int

    def __call__(self, certificate: x509.Certificate) -> bool:
        """Whether the certificate is the signer's."""
        return certificate.serial_number == self.serial and certificate.issuer.public_bytes() == self.issuer


@dataclass(frozen=True, slots=True)
class SignedParts:
    """The parts of a message with one signer, none of them proved. `certificates` in DER; `is_signer`: whether a
    certificate is the one that the signer is named by; `attributes`: the values of signed attributes in DER, by dotted
    OID, none if the content itself was signed, and `signed` the bytes then signed; algorithms by asn1crypto's names.
    """

    certificates: tuple[bytes, ...]
    is_signer: Callable[[x509.Certificate], bool]
    content: bytes | None
    attributes: Mapping[str, tuple[bytes, ...]]
    signed: bytes
    digest: str
    algorithm: str
    signature: bytes
    pss: algos.RSASSAPSSParams | None = None


def usual_parts(data: bytes) -> SignedParts | None:
    """Read a message; None if it is not in the usual form. Signed attributes are within the limits of DER; certificates
    and the content are not read.
    """
    try:
        return _parts(data)
    except MALFORMED:
        return None


def _parts(data: bytes) -> SignedParts:
    outer = Part(Part(data).take_last(SEQUENCE))
    outer.skip(_SIGNED_DATA)
    message = Part(Part(outer.take_last(TAG_0)).take_last(SEQUENCE))
    message.take(INTEGER)  # the version shows in the rest of the message
    message.take(SET)  # the hashes: the signer names its own
    inner = Part(message.take(SEQUENCE))
    inner.skip(_DATA)
    content = None if inner.tag is None else Part(inner.take_last(TAG_0)).take_last(OCTETS)
    certificates = Part(message.take(TAG_0)).take_rest(SEQUENCE, most=MOST_CERTIFICATES)
    signer = Part(Part(message.take_last(SET)).take_last(SEQUENCE))
    signer.take(INTEGER)
    named = Part(signer.take(SEQUENCE))
    issuer, serial = named.take_whole(SEQUENCE), named.take_last(INTEGER)
    digest = _DIGEST_ALGORITHMS[signer.take_whole(SEQUENCE)]
    attributes = signer.take_whole(TAG_0) if signer.tag == TAG_0 else b""
    algorithm = _SIGNATURE_ALGORITHMS[signer.take_whole(SEQUENCE)]
    signature = signer.take_last(OCTETS)
    if not certificates or not serial:
        raise Malformed("a part of it is missing")
    return SignedParts(
        certificates=tuple(certificates),
        is_signer=Named(issuer, int.from_bytes(serial, "big", signed=True)),
        content=content,
        attributes=_attributes(Part(attributes).take_last(TAG_0)) if attributes else {},
        signed=b"\x31" + attributes[1:],
        digest=digest,
        algorithm=algorithm,
        signature=signature,
    )


def _attributes(content: bytes) -> Mapping[str, tuple[bytes, ...]]:
    values: dict[str, tuple[bytes, ...]] = {}
    check_limits(content, largest=LARGEST_MESSAGE)
    for member in Part(content).take_rest(SEQUENCE, most=MOST_ATTRIBUTES):
        pair = Part(Part(member).take(SEQUENCE))
        oid = dotted(pair.take_whole(IDENTIFIER))
        if oid in values:
            raise Malformed("an attribute is there twice")
        values[oid] = tuple(Part(pair.take_last(SET)).take_rest(most=MOST_VALUES))
    if not values:
        raise Malformed("there are no attributes")
    return values
