"""The key that signs tokens: one for all tenants, in the service's key store. Sources: RFC 7517, RFC 7638."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from joserfc.jwk import RSAKey

from fauxtune.connector.keypool import KeySource
from fauxtune.connector.keystore import KeyStore

KEY_NAME = "oauth"


def signing_key(keys: KeyStore, source: KeySource | None = None) -> RSAKey:
    """Return the key. With a `source` it is made and stored if it does not exist (blocks)."""
    if source is not None and not keys.has(KEY_NAME):
        keys.store(KEY_NAME, source.take())
    private = keys.load(KEY_NAME)
    assert isinstance(private, RSAPrivateKey)
    key = RSAKey.import_key(private, {"use": "sig", "alg": "RS256"})
    key.ensure_kid()
    return key
