"""Signed notes to ourselves, which others carry: refresh tokens, and what a click on a page is about.

They are JWTs (RFC 7519) of the tokens' own key, told apart by `typ`, so that none passes for another.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError

from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.surfaces.identity.errors import Aadsts, Word
from fauxtune.surfaces.identity.keys import signing_key

REFRESH, TICKET = "fauxtune-refresh", "fauxtune-sign-in"


def signed(emulator: Emulator, claims: dict[str, Any], *, kind: str) -> str:
    """A JWT of this kind."""
    key = signing_key(emulator.keys)
    return jwt.encode({"alg": "RS256", "typ": kind, "kid": key.kid}, claims, key)


def write(emulator: Emulator, claims: dict[str, Any], *, kind: str, lifetime: timedelta) -> str:
    """A note that ends."""
    end = int((emulator.runner.clock.now() + lifetime).timestamp())
    return signed(emulator, {**claims, "end": end}, kind=kind)


def read(emulator: Emulator, text: str, *, kind: str, malformed: Word, expired: Aadsts) -> dict[str, Any]:
    """What a note of this kind says. Aadsts for one that is none, or another kind, or past its end."""
    try:
        token = jwt.decode(text, signing_key(emulator.keys), algorithms=["RS256"])
    except (JoseError, ValueError, TypeError, RecursionError):  # TypeError: a header with members of other types
        raise Aadsts(malformed, "This is malformed, or not one of this emulator's.") from None
    if token.header.get("typ") != kind:
        raise Aadsts(malformed, "This is another kind of token.")
    if token.claims["end"] <= emulator.runner.clock.now().timestamp():
        raise expired
    return dict(token.claims)
