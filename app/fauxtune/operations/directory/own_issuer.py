"""The own issuer for federated identity: it stands for one of the outside, such as a cluster or a CI service.

It has a name for each tenant, `<origin>/_identity/<tenant>`, a key that signs no access tokens, and signs whatever
subject it is asked for. Sources: OpenID Connect Discovery 1.0 3, RFC 7517, RFC 7519.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from fauxtune.core import chance
from fauxtune.core.model.addresses import MANAGED
from fauxtune.core.model.ids import TenantId
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.signing_keys import ISSUER_KEY, prepare_signing_key, signing_key

ALGORITHM = "RS256"


def issuer_of(origin: str, tenant_id: TenantId) -> str:
    """Return the own issuer of a tenant."""
    return f"{origin}{MANAGED}/{tenant_id}"


def openid_document(origin: str, tenant_id: TenantId) -> dict[str, Any]:
    """Return the OpenID document of the own issuer."""
    issuer = issuer_of(origin, tenant_id)
    return {
        "issuer": issuer,
        "jwks_uri": f"{issuer}/keys",
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
    }


async def own_key(emulator: Emulator) -> RSAKey:
    """Return the key of the own issuer, which is made if it does not exist; of a deterministic tenant its own."""
    if chance.present() is None:
        await asyncio.to_thread(prepare_signing_key, emulator.keys, emulator.key_source, name=ISSUER_KEY)
    return await asyncio.to_thread(signing_key, emulator.keys, ISSUER_KEY)


async def key_set(emulator: Emulator) -> dict[str, Any]:
    """Return the public keys of the own issuer."""
    return dict(KeySet([await own_key(emulator)]).as_dict(private=False))


async def own_token(
    emulator: Emulator, *, issuer: str, subject: str, audience: str, now: datetime, lives: timedelta
) -> str:
    """Return a token of the own issuer."""
    key, begin = await own_key(emulator), int(now.timestamp())
    claims = {
        "iss": issuer,
        "sub": subject,
        "aud": audience,
        "iat": begin,
        "nbf": begin,
        "exp": begin + int(lives.total_seconds()),
        "jti": emulator.runner.ids.uuid(),
    }
    return jwt.encode({"alg": ALGORITHM, "typ": "JWT", "kid": key.kid}, claims, key)
