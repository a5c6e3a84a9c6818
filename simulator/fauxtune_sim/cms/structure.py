"""The ContentInfo of a CMS message, and the identifiers that envelopes and signatures share (RFC 5652 3, RFC 5754)."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from asn1crypto import cms
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap

from fauxtune_sim.certificates import subject, subject_key_identifier
from fauxtune_sim.errors import CmsRefused

#: The exceptions that reading a damaged or hostile structure can raise.
DAMAGE = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    RecursionError,
    InvalidSignature,
    InvalidUnwrap,
    UnsupportedAlgorithm,
)

HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "sha1": hashes.SHA1,  # noqa: S303 - old mail must open
    "sha224": hashes.SHA224,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}


class ContentType(StrEnum):
    """The content types that devices read."""

    ENVELOPED = "enveloped_data"
    AUTHENTICATED = "authenticated_enveloped_data"
    SIGNED = "signed_data"


#: The content types that are opened with a recipient's key.
ENVELOPES = frozenset({ContentType.ENVELOPED, ContentType.AUTHENTICATED})


def content_info(data: bytes, *, kind: ContentType) -> Any:
    """The content of a ContentInfo, DER or BER. Raises CmsRefused if it is not CMS or has another content type."""
    try:
        outer = cms.ContentInfo.load(data)
        content_type = outer["content_type"].native
        content = outer["content"]
    except DAMAGE as damaged:
        raise CmsRefused(f"this is not a CMS message: {damaged}") from damaged
    if content_type != kind:
        raise CmsRefused(f"this is {content_type}, not {kind}")
    return content


def content_type_of(data: bytes) -> ContentType:
    """The content type of a message: an envelope or signed. Raises CmsRefused for any other."""
    try:
        name = str(cms.ContentInfo.load(data)["content_type"].native)
    except DAMAGE as damaged:
        raise CmsRefused(f"this is not a CMS message: {damaged}") from damaged
    if name not in set(ContentType):
        raise CmsRefused(f"this is neither an enveloped nor a signed CMS message, but {name}")
    return ContentType(name)


def hash_named(algorithm: Any) -> hashes.HashAlgorithm:
    """The digest of an AlgorithmIdentifier. Raises CmsRefused for one that is not supported."""
    name = str(algorithm["algorithm"].native)
    if name not in HASHES:
        raise CmsRefused(f"the digest {name} is not supported")
    return HASHES[name]()


def issuer_and_serial(certificate: x509.Certificate) -> dict[str, Any]:
    """The IssuerAndSerialNumber of a certificate, for asn1crypto."""
    return {
        "issuer": asn1_x509.Name.load(certificate.issuer.public_bytes()),
        "serial_number": certificate.serial_number,
    }


def required_key_identifier(certificate: x509.Certificate) -> bytes:
    """The subject key identifier of a certificate. Raises CmsRefused without one."""
    identifier = subject_key_identifier(certificate)
    if identifier is None:
        raise CmsRefused(f"{subject(certificate)} has no subject key identifier: name it by issuer and serial number")
    return identifier


def identifies(identifier: Any, certificate: x509.Certificate) -> bool:
    """Whether a RecipientIdentifier, KeyAgreementRecipientIdentifier or SignerIdentifier matches this certificate."""
    chosen = identifier.chosen
    if identifier.name == "issuer_and_serial_number":
        same_serial = chosen["serial_number"].native == certificate.serial_number
        return bool(same_serial and chosen["issuer"].dump() == certificate.issuer.public_bytes())
    if identifier.name == "r_key_id":
        chosen = chosen["subject_key_identifier"]
    return bool(chosen.native == subject_key_identifier(certificate))


def describe_identifier(identifier: Any) -> str:
    """An identifier as text, for messages."""
    if identifier.name == "issuer_and_serial_number":
        chosen = identifier.chosen
        issuer = chosen["issuer"].native
        return (
            f"serial number {_beginning(chosen['serial_number'].native)} of {issuer.get('common_name', 'its issuer')}"
        )
    key_id = identifier.chosen["subject_key_identifier"] if identifier.name == "r_key_id" else identifier.chosen
    return f"key identifier {key_id.native.hex()[:8]}…"


def _beginning(serial: int) -> str:
    """The first eight digits of a serial number, which tell it from others."""
    digits = f"{serial:x}"
    return digits if len(digits) <= 8 else f"{digits[:8]}…"
