"""What reading and writing CMS share: the errors of damaged messages, and what a certificate is named by."""

from __future__ import annotations

from typing import Any

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap

from fauxtune_sim.errors import CmsRefused
from fauxtune_sim.keys.certificates import subject, subject_key_identifier

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
