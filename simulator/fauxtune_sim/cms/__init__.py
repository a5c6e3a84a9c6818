"""Cryptographic Message Syntax (RFC 5652) for mail and password envelopes.

Messages are read by `messages`, on the reader of DER beside it, and written with asn1crypto. `cryptography` does not
read BER, OAEP, 3DES, AES-192, key identifiers or EC recipients, and verifies no signatures.
"""

from fauxtune_sim.ciphers import ContentCipher
from fauxtune_sim.cms.envelope import DecryptedContent, encrypt, open_envelope
from fauxtune_sim.cms.messages import ContentType, content_type_of, read_signed
from fauxtune_sim.cms.recipients import RecipientOptions
from fauxtune_sim.cms.signed import Signature, SigningOptions, sign, verify

__all__ = [
    "ContentCipher",
    "ContentType",
    "DecryptedContent",
    "RecipientOptions",
    "Signature",
    "SigningOptions",
    "content_type_of",
    "encrypt",
    "open_envelope",
    "read_signed",
    "sign",
    "verify",
]
