"""Sealing: bytes that only the holder of one certificate's key can read (CMS EnvelopedData, RFC 5652 6).

AES-256-CBC for the content; RSA PKCS#1 v1.5 for its key, the recipient named by issuer and serial number: what
device platforms read. DER.
"""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from fauxtune.core.errors import Invalid


def envelope(data: bytes, recipient: x509.Certificate) -> bytes:
    """`data`, sealed for the recipient; anew at each call. Invalid for a certificate whose key is not RSA."""
    if not isinstance(recipient.public_key(), RSAPublicKey):
        raise Invalid("Secrets can be sealed only for a certificate with an RSA key.", target="recipient")
    builder = (
        pkcs7.PKCS7EnvelopeBuilder().set_data(data).set_content_encryption_algorithm(AES256).add_recipient(recipient)
    )
    # Binary: without it line ends in the data would be rewritten.
    return builder.encrypt(Encoding.DER, [pkcs7.PKCS7Options.Binary])
