"""Certificates and certificate requests from others: read completely at once, or refused (RFC 5280 4, RFC 2986).

cryptography reads a part only on access: a certificate of the year 0, or with a malformed name, loads
without an error, and raises one when that part is read later. Here every part that is used anywhere is read before the
certificate is returned.
"""

from __future__ import annotations

import base64
from contextlib import suppress
from functools import lru_cache
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from fauxtune.core.errors import Invalid
from fauxtune.core.pki.cms import MALFORMED, reason
from fauxtune.core.pki.der import LARGEST_CERTIFICATE, check_limits

E = TypeVar("E", bound=x509.ExtensionType)

#: Bytes of a certificate as PEM: a third more than its DER, and room for the text around it.
_LARGEST_TEXT = 2 * LARGEST_CERTIFICATE
#: Bits of the largest RSA key whose signature is checked: a larger one costs too much time.
LARGEST_KEY = 8192
_BEGIN = b"-----BEGIN "


def certificate_from(data: bytes, *, target: str | None = None) -> x509.Certificate:
    """Read a certificate, DER or PEM, with every part of it: version, names, times, extensions, key.

    Raises Invalid, about the property `target`, if that fails. A key of an unknown kind is accepted: the
    code that needs the key refuses it.
    """
    try:
        der = _from_pem(data, b"CERTIFICATE") if is_pem(data) else data
        return readable(x509.load_der_x509_certificate(check_limits(der, largest=LARGEST_CERTIFICATE)))
    except MALFORMED as error:
        what = target or "This"
        raise Invalid(f"{what} is not an X.509 certificate in DER or PEM: {reason(error)}.", target=target) from None


def readable(certificate: x509.Certificate) -> x509.Certificate:
    """Return the certificate unchanged. Raises one of MALFORMED if a part of it cannot be read."""
    _ = certificate.version, certificate.serial_number, certificate.subject, certificate.issuer
    _ = certificate.not_valid_before_utc, certificate.not_valid_after_utc, certificate.extensions
    with suppress(UnsupportedAlgorithm):
        certificate.public_key()
    return certificate


@lru_cache(maxsize=64)
def is_intermediate(data: bytes) -> bool:
    """Whether a certificate (DER or PEM) has another issuer than itself, as that of an authority below another has; no,
    if it cannot be read. The same few certificates are on all devices of a tenant: the last answers are remembered.
    """
    try:
        certificate = certificate_from(data)
    except Invalid:
        return False
    return certificate.subject != certificate.issuer


def request_from(data: bytes) -> x509.CertificateSigningRequest:
    """Read a certificate request (PKCS#10, DER or PEM), with its key. Raises Invalid if that fails.

    The requested names and extensions are not read: no authority here puts them into a certificate.
    """
    try:
        der = _from_pem(data, b"CERTIFICATE REQUEST") if is_pem(data) else data
        request = x509.load_der_x509_csr(check_limits(der, largest=LARGEST_CERTIFICATE))
        key = request.public_key()
        if isinstance(key, RSAPublicKey) and key.key_size > LARGEST_KEY:
            raise ValueError(f"its RSA key has {key.key_size} bits, {LARGEST_KEY} are allowed")
    except MALFORMED as error:
        raise Invalid(
            f"This is no certificate request (PKCS#10, DER or PEM) that can be read: {reason(error)}.", target="csr"
        ) from None
    return request


def extension_of(holder: x509.CertificateSigningRequest | x509.Certificate, kind: type[E]) -> E | None:
    """Return an extension that a request asks for, or a certificate has; None without it."""
    try:
        return holder.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def has_proof_of_possession(request: x509.CertificateSigningRequest) -> bool:
    """Whether a request is signed with its own key, which proves the possession of the private key (RFC 2986).

    SHA-1 is accepted, which cryptography refuses to check: older SCEP clients use it, and the answer to GetCACaps lists
    it.
    """
    try:
        algorithm = request.signature_hash_algorithm
        if algorithm is None or algorithm.name != "sha1":
            return request.is_signature_valid
        key, signature, signed = request.public_key(), request.signature, request.tbs_certrequest_bytes
        if isinstance(key, RSAPublicKey):
            key.verify(signature, signed, PKCS1v15(), algorithm)
        elif isinstance(key, EllipticCurvePublicKey):
            key.verify(signature, signed, ECDSA(algorithm))
        else:
            return False
    except (*MALFORMED, InvalidSignature):
        return False
    return True


def is_authority(certificate: x509.Certificate) -> bool:
    """Whether the certificate may issue others, by its BasicConstraints (RFC 5280 4.2.1.9). A certificate of version 1
    has no such extension: it counts as an authority's if it is self-issued.
    """
    if certificate.version is x509.Version.v1:
        return certificate.subject == certificate.issuer
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def is_self_issued(der: bytes) -> bool:
    """Whether subject and issuer are the same. True for unreadable bytes as well, which were stored when less was
    checked: the device that receives them decides.
    """
    try:
        certificate = certificate_from(der)
    except Invalid:
        return True
    return certificate.subject == certificate.issuer


def is_pem(data: bytes | str) -> bool:
    """Whether the data is PEM; otherwise it is DER, or base64 of DER."""
    begin = data.lstrip()[: len(_BEGIN)]
    return (begin if isinstance(begin, bytes) else begin.encode(errors="replace")) == _BEGIN


def _from_pem(data: bytes, kind: bytes) -> bytes:
    if len(data) > _LARGEST_TEXT:
        raise ValueError(f"it has {len(data)} bytes; {_LARGEST_TEXT} are allowed")
    label, _, rest = data.lstrip().removeprefix(_BEGIN).partition(b"-----")
    body, end, _ = rest.partition(b"-----END " + label + b"-----")
    # The older labels are "X509 CERTIFICATE" and "NEW CERTIFICATE REQUEST".
    if not label.endswith(kind):
        raise ValueError(f"it is not PEM of a {kind.decode()}")
    if not end:
        raise ValueError("its PEM has no end")
    return base64.b64decode(b"".join(body.split()), validate=True)
