"""Federated identity: an application shows a token of another issuer in place of a secret.

Sources: Entra ID, "Workload identity federation" (2025-05): issuer, subject and audience of the token must be those of
one federated identity credential, with their case; only RS256; the keys are those of the issuer's OpenID document. The
texts of the errors are Entra ID's as clients have reported them (Azure/login, Azure/azure-workload-identity, 2024 and
2025). Unverified: which of issuer, subject, audience, time and signature is judged first.

Of other issuers than the own one the keys are given with the application, or they are
fetched each time from an issuer on this machine. Differs from Entra ID: an issuer on this machine may have an http
address.
"""

from __future__ import annotations

import json
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from fauxtune.core.errors import Invalid
from fauxtune.core.model.addresses import MANAGED
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.directory import federation
from fauxtune.operations.directory.own_issuer import ALGORITHM, own_key
from fauxtune.storage.rows.tenants import ApplicationRow
from fauxtune.surfaces.identity import errors
from fauxtune.surfaces.identity.errors import Aadsts, ErrorCode
from fauxtune.surfaces.identity.request import TokenRequest

#: The last ones: members of other types, JSON that is nested without end.
_UNREADABLE = (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError)
#: The seconds by which two clocks may differ.
_SKEW = 300
_ADVICE = (
    "Check your federated identity credential Subject, Audience and Issuer against the presented assertion. "
    "https://learn.microsoft.com/entra/workload-id/workload-identity-federation"
)


def is_foreign(claims: dict[str, Any]) -> bool:
    """Whether an assertion with these claims is a token of an issuer, and none that the application has signed."""
    return "://" in str(claims.get("iss"))


async def check(
    request: TokenRequest, token: str, *, claims: dict[str, Any], header: dict[str, Any], row: ApplicationRow
) -> None:
    """Raise Aadsts unless a federated identity credential of the application accepts the token. `claims` and `header`:
    the token's own, unchecked.
    """
    issuer = _accepted(row, claims)
    now = int(request.emulator.runner.computer_time())
    _check_times(claims, now=now)
    try:
        keys = await _keys(request, row, issuer=issuer)
    except Invalid as error:
        raise Aadsts(errors.ISSUER_SILENT, f"Request to External OIDC endpoint failed. {error.message}") from None
    except _UNREADABLE:
        raise Aadsts(
            errors.ISSUER_SILENT, f"Request to External OIDC endpoint failed. {issuer} has no document with its keys."
        ) from None
    named = [key for key in keys if "kid" not in header or key.kid == header["kid"]]
    if header.get("alg") != ALGORITHM or not any(_is_signed(token, key) for key in named):
        wrong = "The key was found, but use of the key to verify the signature failed"
        reason = wrong if named else "The key was not found"
        raise Aadsts(
            errors.ASSERTION_SIGNATURE,
            f"Client assertion failed signature validation. [Reason - {reason}; the algorithm must be {ALGORITHM}.]",
        )


def _accepted(row: ApplicationRow, claims: dict[str, Any]) -> str:
    """Return the issuer of the claims. Raises Aadsts, naming the first that differs, unless one credential has all."""
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    left = federation.credentials(row)
    members: tuple[tuple[ErrorCode, str, object], ...] = (
        (errors.FEDERATED_ISSUER, "issuer", claims.get("iss")),
        (errors.FEDERATED_SUBJECT, "subject", claims.get("sub")),
        (errors.FEDERATED_AUDIENCE, "audience", audiences),
    )
    for code, member, value in members:
        if member == "audience":
            left = [each for each in left if each["audiences"][0] in audiences]
        else:
            left = [each for each in left if each[member] == value]
        if not left:
            text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            raise Aadsts(
                code,
                f"No matching federated identity record found for presented assertion {member} '{text[:600]}'. "
                f"{_ADVICE}",
            )
    return str(claims["iss"])


def _check_times(claims: dict[str, Any], *, now: int) -> None:
    begin, end = claims.get("nbf", 0), claims.get("exp")
    if not all(isinstance(each, int | float) and not isinstance(each, bool) for each in (begin, end)):
        raise Aadsts(errors.ASSERTION_MALFORMED, "JWT token is invalid or malformed: 'exp' and 'nbf' are numbers.")
    assert end is not None
    if not begin - _SKEW <= now < end + _SKEW:
        raise Aadsts(
            errors.ASSERTION_EXPIRED,
            f"Client assertion is not within its valid time range. Current time: {now}, the assertion is valid from "
            f"{begin} to {end} (seconds since 1970).",
        )


def _is_signed(token: str, key: RSAKey) -> bool:
    try:
        jwt.decode(token, key, algorithms=[ALGORITHM])
    except _UNREADABLE:
        return False
    return True


async def _keys(request: TokenRequest, row: ApplicationRow, *, issuer: str) -> list[RSAKey]:
    """Return the keys of an issuer: the own ones, those that were given, or those that it publishes. Raises Invalid, or
    what a document is that has none.
    """
    emulator = request.emulator
    own = (request.origin, emulator.addresses.https, emulator.addresses.http, emulator.addresses.public_url)
    if issuer.startswith(tuple(f"{origin}{MANAGED}/" for origin in own if origin)):
        return [await own_key(emulator)]
    given: JsonObject | None = federation.given_keys(row, issuer)
    if given is None:
        document = json.loads(await emulator.webhooks.fetch(f"{issuer.rstrip('/')}/.well-known/openid-configuration"))
        if document["issuer"] != issuer:
            raise Invalid(f"The document of {issuer} names another issuer.")
        given = json.loads(await emulator.webhooks.fetch(str(document["jwks_uri"])))
    keys = _rsa_keys(given)
    if not keys:
        raise Invalid(f"{issuer} publishes no RSA keys.")
    return keys


def _rsa_keys(document: object) -> list[RSAKey]:
    """Return the RSA keys of a key set, which a stranger wrote; nothing of what is no key set."""
    members = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(members, list):
        return []
    return [RSAKey.import_key(key) for key in members if isinstance(key, dict) and key.get("kty") == "RSA"]
