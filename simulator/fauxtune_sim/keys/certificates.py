"""Properties of X.509 certificates: thumbprint, names, key usage, e-mail addresses (RFC 5280, RFC 8550)."""

from __future__ import annotations

from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

#: The keys that devices hold.
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
#: Bytes of a certificate that is kept for the next message: larger ones are rare, and would fill the memory.
LARGEST_CACHED = 8192


def load_certificate(der: bytes) -> x509.Certificate:
    """Load a certificate of a message, or one that was loaded lately: the mails of a mailbox have few signers, and
    reading keys, names and extensions takes as long as verifying. Raises ValueError for other bytes.
    """
    return _load_cached(der) if len(der) <= LARGEST_CACHED else x509.load_der_x509_certificate(der)


@lru_cache(maxsize=256)
def _load_cached(der: bytes) -> x509.Certificate:
    return x509.load_der_x509_certificate(der)


def thumbprint(certificate: x509.Certificate) -> str:
    """SHA-1 of the DER, lower-case hex: identifies a certificate in all JSON documents."""
    return certificate.fingerprint(hashes.SHA1()).hex()  # noqa: S303 - a name, not a proof


def mark(certificate: x509.Certificate) -> str:
    """The first eight digits of the thumbprint: a short name for messages."""
    return thumbprint(certificate)[:8]


def serial_hex(certificate: x509.Certificate) -> str:
    """The serial number, lower-case hex without leading zeros."""
    return f"{certificate.serial_number:x}"


def subject(certificate: x509.Certificate) -> str:
    """The subject as text, most specific part first (RFC 4514), with `E` for the e-mail address."""
    return certificate.subject.rfc4514_string({NameOID.EMAIL_ADDRESS: "E"})


def issuer(certificate: x509.Certificate) -> str:
    """The issuer as text, in the form of `subject`."""
    return certificate.issuer.rfc4514_string({NameOID.EMAIL_ADDRESS: "E"})


def public_key_bytes(certificate: x509.Certificate) -> bytes:
    """The SubjectPublicKeyInfo, DER: equal for certificates with the same key."""
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def subject_key_identifier(certificate: x509.Certificate) -> bytes | None:
    """The subject key identifier in the certificate, or None."""
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound:
        return None


def addresses(certificate: x509.Certificate) -> tuple[str, ...]:
    """The e-mail addresses in the certificate: rfc822Name first, then the subject's (RFC 8550 3)."""
    values: list[str] = []
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        values += names.get_values_for_type(x509.RFC822Name)
    except x509.ExtensionNotFound:
        pass
    values += [str(part.value) for part in certificate.subject.get_attributes_for_oid(NameOID.EMAIL_ADDRESS)]
    return tuple(dict.fromkeys(values))


def is_for_mail(certificate: x509.Certificate) -> bool:
    """Whether the extended key usage allows mail: emailProtection, any, or no restriction at all."""
    try:
        usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return ExtendedKeyUsageOID.EMAIL_PROTECTION in usages or ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in usages


def _key_usage(certificate: x509.Certificate) -> x509.KeyUsage | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None


def can_sign(certificate: x509.Certificate) -> bool:
    """Whether the key usage allows signatures on messages."""
    usage = _key_usage(certificate)
    return usage is None or usage.digital_signature or usage.content_commitment


def can_encrypt(certificate: x509.Certificate) -> bool:
    """Whether the key usage allows encrypting to it: key transport (RSA) or key agreement (EC)."""
    usage = _key_usage(certificate)
    if usage is None:
        return True
    return (
        usage.key_agreement
        if isinstance(certificate.public_key(), ec.EllipticCurvePublicKey)
        else (usage.key_encipherment)
    )


def is_ca(certificate: x509.Certificate) -> bool:
    """Whether a certificate is one of a CA (RFC 5280 4.2.1.9)."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def usage(certificate: x509.Certificate) -> str:
    """The use of the key by its key usage: `authority` (it issues others), `signing`, `encryption`, `both`, `other`.

    RFC 5280 4.2.1.3 and 4.2.1.9. A certificate without the extension may be used for both. Raises ValueError if the
    extensions cannot be read.
    """
    if is_ca(certificate):
        return "authority"
    usages = {(True, True): "both", (True, False): "signing", (False, True): "encryption"}
    return usages.get((can_sign(certificate), can_encrypt(certificate)), "other")
