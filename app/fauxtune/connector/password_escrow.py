"""The passwords of PFX files that the connector made, as it keeps them for later: readable with its own key alone.

A certificate of a PKCS profile may be named by an e-mail account, which on Apple's platforms carries it inside: then
its password is needed once more. The service keeps it in this form and cannot open it.
"""

from __future__ import annotations

import contextlib

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from fauxtune.connector.keypool import KeySource
from fauxtune.connector.keystore import KeyStore
from fauxtune.core.errors import Conflict, Unavailable

#: The file of the connector's key, how orders name it, and the padding by the name that Graph has for it.
FILE = "password-keeper"
NAME = ("", FILE)
PADDING = "oaepSha512"


def keeper(keys: KeyStore, source: KeySource) -> RSAPrivateKey:
    """The connector's own key; made when it is first needed."""
    if not keys.has(FILE):
        with contextlib.suppress(Conflict):  # another thread was first
            keys.store(FILE, source.take())
    key = keys.load(FILE)
    if not isinstance(key, RSAPrivateKey):
        raise Unavailable(f"The connector's key {FILE} is not an RSA key.")
    return key


def keep(password: bytes, public_key: RSAPublicKey) -> bytes:
    """The password, readable with the connector's key."""
    return public_key.encrypt(password, OAEP(MGF1(hashes.SHA512()), hashes.SHA512(), None))
