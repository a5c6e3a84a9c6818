"""The keys that sign tokens, in the service's key store: one for all tenants, and one for the issuer whose tokens
applications accept from outside. Deterministic tenants have keys of their own, which their number fixes. Sources: RFC
7517, RFC 7638.
"""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fauxtune.connector.keypool import KeySource
from fauxtune.connector.keystore import KeyStore
from fauxtune.core import chance
from fauxtune.core.errors import Conflict
from fauxtune.core.pki.fresh import rsa_key

if TYPE_CHECKING:
    from joserfc.jwk import RSAKey

KEY_NAME = "oauth"
#: The key of the issuer for federated identity. It is made for its first token.
ISSUER_KEY = "federation"


def prepare_signing_key(keys: KeyStore, source: KeySource, *, name: str = KEY_NAME) -> None:
    """Make and store the key if it does not exist (blocks). Raises Unavailable if its file is damaged."""
    if not keys.has(name):
        with suppress(Conflict):  # another process has made it
            keys.store(name, source.take())
    keys.load(name)


def signing_key(keys: KeyStore, name: str = KEY_NAME) -> RSAKey:
    """Return the key; in work of a deterministic tenant, the tenant's own, which is computed (blocks)."""
    work = chance.present()
    if work is None:
        private = keys.load(name)
        assert isinstance(private, RSAPrivateKey)
    else:
        with chance.repeatable(work.lasting(name)):
            private = rsa_key(2048)
    return _prepared(private)


@lru_cache(maxsize=64)
def _prepared(private: RSAPrivateKey) -> RSAKey:
    from joserfc.jwk import RSAKey  # with the first token: see `TokenIssuer`

    key = RSAKey.import_key(private, {"use": "sig", "alg": "RS256"})
    key.ensure_kid()
    return key
