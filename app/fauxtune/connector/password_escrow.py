"""Escrow of the passwords of PFX files that the connector made: encrypted so that only its own key can read them.

An e-mail account may refer to the certificate of a PKCS profile; on Apple's platforms the account contains it, and its
password is needed again. The service stores the encrypted password and cannot read it.
"""

from __future__ import annotations

import contextlib

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from fauxtune.connector.keypool import KeySource
from fauxtune.connector.keystore import KeyStore
from fauxtune.core.errors import Conflict, Unavailable
from fauxtune.core.pki.fresh import encrypted_by_oaep

#: The file of the key, its (provider, name) in orders, and the padding by Graph's name.
FILE = "password-keeper"
NAME = ("", FILE)
PADDING = "oaepSha512"


def escrow_key(keys: KeyStore, source: KeySource) -> RSAPrivateKey:
    """Return the connector's escrow key; it is made when first needed."""
    if not keys.has(FILE):
        with contextlib.suppress(Conflict):  # another thread was first
            keys.store(FILE, source.take())
    key = keys.load(FILE)
    if not isinstance(key, RSAPrivateKey):
        raise Unavailable(f"The connector's key {FILE} is not an RSA key.")
    return key


def escrow(password: bytes, public_key: RSAPublicKey) -> bytes:
    """Encrypt a password with the escrow key."""
    return encrypted_by_oaep(public_key, password, algorithm=hashes.SHA512())
