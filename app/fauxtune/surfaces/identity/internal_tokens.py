"""Tokens that only this emulator reads: refresh tokens, and the tickets of pages.

They are JWTs (RFC 7519) signed with the key of the tokens. Their `typ` differs, so that none can be used as another.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError

from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.surfaces.identity.errors import Aadsts, ErrorCode
from fauxtune.surfaces.identity.keys import signing_key

REFRESH, TICKET = "fauxtune-refresh", "fauxtune-sign-in"


def signed(emulator: Emulator, claims: dict[str, Any], *, kind: str) -> str:
    """Return a JWT of this kind."""
    key = signing_key(emulator.keys)
    return jwt.encode({"alg": "RS256", "typ": kind, "kid": key.kid}, claims, key)


def write(emulator: Emulator, claims: dict[str, Any], *, kind: str, lifetime: timedelta) -> str:
    """Return a token that expires."""
    end = int((emulator.runner.clock.now() + lifetime).timestamp())
    return signed(emulator, {**claims, "end": end}, kind=kind)


def read(emulator: Emulator, text: str, *, kind: str, malformed: ErrorCode, expired: Aadsts) -> dict[str, Any]:
    """Return the claims of a token. Raises Aadsts for a malformed or expired token, or one of another kind."""
    try:
        token = jwt.decode(text, signing_key(emulator.keys), algorithms=["RS256"])
    except (JoseError, ValueError, TypeError, RecursionError):  # TypeError: a header with members of other types
        raise Aadsts(malformed, "The token is malformed, or was not issued by this emulator.") from None
    if token.header.get("typ") != kind:
        raise Aadsts(malformed, "The token is of another kind.")
    if token.claims["end"] <= emulator.runner.clock.now().timestamp():
        raise expired
    return dict(token.claims)
