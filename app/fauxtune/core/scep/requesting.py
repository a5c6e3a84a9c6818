"""Writes the certificate request (PKCS#10, RFC 2986) that a device makes for a challenge, which stands in it as its
challengePassword (RFC 2985 5.4.1).
"""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.x509.oid import AttributeOID

from fauxtune.core.model.scep import ScepRequest
from fauxtune.core.pki.authority import key_usage
from fauxtune.core.pki.names import alternative_name, parse_subject
from fauxtune.core.scep.comparison import USAGES


def write_request(request: ScepRequest, *, challenge: str, key: RSAPrivateKey) -> x509.CertificateSigningRequest:
    """Return the request for this key. Raises Invalid for a subject or a name that cannot be written."""
    builder = (
        x509.CertificateSigningRequestBuilder(parse_subject(request.subject))
        .add_attribute(AttributeOID.CHALLENGE_PASSWORD, challenge.encode())
        .add_extension(key_usage(**{USAGES[word]: True for word in request.key_usages}), critical=True)
    )
    if request.extended_key_usages:
        usages = [x509.ObjectIdentifier(oid) for oid in request.extended_key_usages]
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    if request.names:
        names = [alternative_name(*name) for name in request.names]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(key, hashes.SHA256())
