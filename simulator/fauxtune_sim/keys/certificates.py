"""X.509 certificates on a device: thumbprint, names, key usage, e-mail addresses (RFC 5280, RFC 8550), and the
validation of a signer's path (RFC 5280 6.1, the parts that S/MIME needs).

A chain ends at a self-signed certificate that the device trusts. Its intermediates may be trusted certificates or
certificates in the message. All are validated at one moment, which is an argument. Revocation is not checked here:
`mail.verdict` asks the authority.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

#: The keys that devices hold.
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
#: Bytes of a certificate that is kept for the next message: larger ones are rare, and would fill the memory.
LARGEST_CACHED = 8192
_LONGEST = 8


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


def untrusted_reason(
    certificate: x509.Certificate,
    *,
    trusted: Iterable[x509.Certificate],
    offered: Iterable[x509.Certificate] = (),
    at: datetime,
) -> str | None:
    """None if a chain that is valid at `at` leads from the certificate to a trusted root; else the reason."""
    trusted = tuple(trusted)
    roots = [candidate for candidate in trusted if candidate.subject == candidate.issuer]
    links = [candidate for candidate in (*trusted, *offered) if candidate.subject != candidate.issuer]
    if (outside := _outside_validity(certificate, at)) is not None:
        return outside
    return _no_chain_reason(certificate, roots=roots, links=links, at=at, below=0)


def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the issuer has the name that the certificate says, and its key signed the certificate."""
    # The answer never changes, and the mails of a mailbox have few signers. Large certificates are not kept.
    is_small = len(certificate.tbs_certificate_bytes) <= LARGEST_CACHED >= len(issuer.tbs_certificate_bytes)
    return _issued_cached(certificate, issuer) if is_small else _is_issued(certificate, issuer)


def _is_issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True


_issued_cached = lru_cache(maxsize=256)(_is_issued)


def issuer_of(certificate: x509.Certificate, candidates: Iterable[x509.Certificate]) -> x509.Certificate | None:
    """The first of these certificates whose key signed this one, or None."""
    for candidate in candidates:
        if is_issued_by(certificate, candidate):
            return candidate
    return None


def _no_chain_reason(
    certificate: x509.Certificate,
    *,
    roots: Sequence[x509.Certificate],
    links: Sequence[x509.Certificate],
    at: datetime,
    below: int,
) -> str | None:
    """Search the issuer, roots first; `below` is the number of intermediates between it and the signer."""
    if below > _LONGEST:
        return "the chain is too long"
    why, wanted = None, certificate.issuer
    for issuer in (*roots, *links):
        if issuer.subject != wanted:
            continue
        fault = _cannot_issue(issuer, certificate, at=at, below=below)
        if fault is None and issuer not in roots:
            fault = _no_chain_reason(issuer, roots=roots, links=links, at=at, below=below + 1)
        if fault is None:
            return None
        why = fault
    if why is not None:
        return why
    return f"no trusted certificate on this device issued {subject(certificate)} (its issuer is {_issuer(certificate)})"


def _cannot_issue(issuer: x509.Certificate, certificate: x509.Certificate, *, at: datetime, below: int) -> str | None:
    if not is_issued_by(certificate, issuer):
        return f"{subject(certificate)} was not signed by the key of {subject(issuer)}"
    if (outside := _outside_validity(issuer, at)) is not None:
        return outside
    try:
        constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        return f"{subject(issuer)} is not a certification authority"
    if not constraints.ca:
        return f"{subject(issuer)} is not a certification authority"
    if constraints.path_length is not None and below > constraints.path_length:
        return f"{subject(issuer)} may not have {below} authorities below it"
    return _lacks_signing(issuer)


def _lacks_signing(issuer: x509.Certificate) -> str | None:
    try:
        usage = issuer.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None
    return None if usage.key_cert_sign else f"{subject(issuer)} may not sign certificates"


def _outside_validity(certificate: x509.Certificate, at: datetime) -> str | None:
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if at < begins:
        return f"{subject(certificate)} was not valid yet on {at:%Y-%m-%d}: it begins on {begins:%Y-%m-%d}"
    if at > ends:
        return f"{subject(certificate)} had expired on {at:%Y-%m-%d}: it ended on {ends:%Y-%m-%d}"
    return None


def _issuer(certificate: x509.Certificate) -> str:
    return certificate.issuer.rfc4514_string()
