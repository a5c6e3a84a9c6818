"""The parts of a certificate that S/MIME needs: names, addresses, and what its key may be used for.

RFC 8550 (S/MIME 4.0 certificate handling) 3 and 4.4; RFC 5280 4.2.1.3 and 4.2.1.12.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography import x509
from cryptography.x509.oid import NameOID

from fauxtune.core.pki.names import subject_text

#: The words of x509's key usages.
_USAGES = {
    "digital_signature": "digitalSignature",
    "content_commitment": "nonRepudiation",
    "key_encipherment": "keyEncipherment",
    "data_encipherment": "dataEncipherment",
    "key_agreement": "keyAgreement",
}


@dataclass(frozen=True, slots=True)
class CertificateContents:
    """The parts of a certificate that rules look at. Usages are None without such an extension: every use
    is allowed.
    """

    subject: str
    issuer: str
    key_usage: frozenset[str] | None
    extended_usages: frozenset[str] | None
    addresses: tuple[str, ...]


def contents(certificate: x509.Certificate) -> CertificateContents:
    """Return the parts of a certificate that S/MIME needs. RFC 8550 3: the address is in the alternative names, in old
    certificates in the subject.
    """
    return CertificateContents(
        subject=subject_text(certificate.subject),
        issuer=subject_text(certificate.issuer),
        key_usage=_key_usage(certificate),
        extended_usages=_extended(certificate),
        addresses=_addresses(certificate),
    )


def _key_usage(certificate: x509.Certificate) -> frozenset[str] | None:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None
    return frozenset(word for name, word in _USAGES.items() if getattr(usage, name))


def _extended(certificate: x509.Certificate) -> frozenset[str] | None:
    try:
        usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return None
    return frozenset(usage.dotted_string for usage in usages)


def _addresses(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        addresses = names.get_values_for_type(x509.RFC822Name)
    except x509.ExtensionNotFound:
        addresses = []
    if not addresses:
        addresses = [
            str(attribute.value) for attribute in certificate.subject.get_attributes_for_oid(NameOID.EMAIL_ADDRESS)
        ]
    return tuple(dict.fromkeys(addresses))
