"""Cryptographic Message Syntax (RFC 5652) as mail and password envelopes need it, on asn1crypto.

`cryptography` opens neither BER, OAEP, 3DES, AES-192, key identifiers nor EC recipients, and verifies nothing.
"""

from fauxtune_sim.cms.envelope import DecryptedContent, encrypt, open_envelope
from fauxtune_sim.cms.signed import Signature, sign, verify
from fauxtune_sim.cms.structure import Kind, kind_of

__all__ = ["DecryptedContent", "Kind", "Signature", "encrypt", "kind_of", "open_envelope", "sign", "verify"]
