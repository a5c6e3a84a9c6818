"""The key that signs tokens: one for all tenants, in the service's key store. Deterministic tenants have one each,
which their number fixes. Sources: RFC 7517, RFC 7638.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fauxtune.connector.keypool import KeySource
from fauxtune.connector.keystore import KeyStore
from fauxtune.core import chance
from fauxtune.core.pki.fresh import rsa_key

if TYPE_CHECKING:
    from joserfc.jwk import RSAKey

KEY_NAME = "oauth"


def prepare_signing_key(keys: KeyStore, source: KeySource) -> None:
    """Make and store the key if it does not exist (blocks). Raises Unavailable if its file is damaged."""
    if not keys.has(KEY_NAME):
        keys.store(KEY_NAME, source.take())
    keys.load(KEY_NAME)


def signing_key(keys: KeyStore) -> RSAKey:
    """Return the key; in work of a deterministic tenant, the tenant's own, which is computed (blocks)."""
    work = chance.present()
    if work is None:
        private = keys.load(KEY_NAME)
        assert isinstance(private, RSAPrivateKey)
    else:
        with chance.repeatable(work.lasting(KEY_NAME)):
            private = rsa_key(2048)
    return _prepared(private)


@lru_cache(maxsize=64)
def _prepared(private: RSAPrivateKey) -> RSAKey:
    from joserfc.jwk import RSAKey  # with the first token: see `TokenIssuer`

    key = RSAKey.import_key(private, {"use": "sig", "alg": "RS256"})
    key.ensure_kid()
    return key
