"""Cryptographic Message Syntax (RFC 5652) for mail and password envelopes.

Messages are read by `messages`, on the reader of DER beside it. Signed ones are written by `signing` on its own, since
devices sign each message of a check-in; envelopes are written with asn1crypto. `cryptography` does not
read BER, OAEP, 3DES, AES-192, key identifiers or EC recipients, and verifies no signatures.
"""

from fauxtune_sim.ciphers import ContentCipher, LegacyCipher, NamedCipher
from fauxtune_sim.cms.envelope import DecryptedContent, encrypt, open_envelope
from fauxtune_sim.cms.messages import ContentType, content_type_of, read_signed
from fauxtune_sim.cms.recipients import RecipientOptions
from fauxtune_sim.cms.signed import Signature, verify
from fauxtune_sim.cms.signing import SigningOptions, sign

__all__ = [
    "ContentCipher",
    "ContentType",
    "DecryptedContent",
    "LegacyCipher",
    "NamedCipher",
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
