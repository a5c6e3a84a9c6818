"""Authenticates the application: by secret, by certificate, by a token of an issuer that it trusts (`federation`), or
(a public client) by its id only.

Sources: RFC 6749 2.3, RFC 7521 4.2. Differs from Entra ID: every application is a public and a confidential client at
once, so a user's sign-in needs no credential; one that is sent must be right.

A client assertion is a JWT that an application signs with the key of its certificate, in place of a secret. Rules: RFC
7523 3, Entra ID "application authentication certificate credentials" (PS256 or RS256; x5t#S256, x5t or kid
says which certificate). Unverified: an assertion may be used again until it expires; that page does not forbid it.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.directory.applications import secret_matches
from fauxtune.operations.tenants.seed_parts import PUBLISHED_SECRET
from fauxtune.storage.queries import applications
from fauxtune.storage.rows.tenants import ApplicationRow
from fauxtune.surfaces.identity import errors, federation
from fauxtune.surfaces.identity.discovery import ANY_TENANT, PUBLIC_HOSTS
from fauxtune.surfaces.identity.errors import Aadsts
from fauxtune.surfaces.identity.request import TokenRequest, application_not_found


@dataclass(frozen=True, slots=True)
class Client:
    """An application and its proof: `appidacr` of its tokens (0: not at all, 1: secret, 2: certificate)."""

    row: ApplicationRow
    proof: str

    @property
    def id(self) -> str:
        """The client id."""
        return self.row.client_id


async def client_of(request: TokenRequest, tenant: Tenant) -> Client:
    """Return the application of the request. Raises Aadsts if it is unknown, or if a credential in the request is
    wrong.
    """
    secret, signed = request.form.get("client_secret"), request.form.get("client_assertion")
    if secret and signed:
        raise Aadsts(errors.BAD_REQUEST, "Send 'client_secret' or 'client_assertion', not both.")
    client_id = request.form.get("client_id") or (subject(signed) if signed else request.need("client_id"))
    row = await request.emulator.runner.read(applications.application, tenant.id, client_id=client_id)
    if row is None:
        raise application_not_found(client_id, tenant.name)
    request.caller.application = row.client_id
    request.emulator.guesses.check(request.source, tenant=tenant.id)
    is_closed = request.emulator.runner.people_password is not None
    if secret and (not secret_matches(row, secret) or (is_closed and secret == PUBLISHED_SECRET)):
        await request.emulator.guesses.wrong(request.source, tenant=tenant.id)
        raise Aadsts(
            errors.SECRET_WRONG,
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
            f"not the client secret ID, for a secret added to app '{client_id}'.",
        )
    if signed:
        await _check_assertion(request, signed, tenant=tenant, row=row)
    return Client(row, "1" if secret else "2" if signed else "0")


async def proven_client(request: TokenRequest, tenant: Tenant) -> Client:
    """Return the application of the request. Raises Aadsts as `client_of`, and without a credential."""
    client = await client_of(request, tenant)
    if client.proof == "0":
        raise Aadsts(
            errors.SECRET_MISSING,
            "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
        )
    return client


async def _check_assertion(request: TokenRequest, signed: str, *, tenant: Tenant, row: ApplicationRow) -> None:
    if request.need("client_assertion_type") != TYPE:
        raise Aadsts(errors.BAD_REQUEST, f"The 'client_assertion_type' must be '{TYPE}'.")
    claims = _claims(signed)
    if federation.is_foreign(claims):
        await federation.check(request, signed, claims=claims, header=_header(signed), row=row)
        return
    addresses = request.emulator.addresses
    origins = {request.origin, addresses.https, *(f"https://{host}" for host in PUBLIC_HOSTS)}
    audiences = Audiences(origins, {tenant.id, tenant.name, tenant.domain, *ANY_TENANT})
    now = request.emulator.runner.computer_time()
    check(signed, row.certificate, client_id=row.client_id, audiences=audiences, now=now)


TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ALGORITHMS = ["PS256", "RS256"]
#: The last two: a header with members of other types, JSON that is nested without end.
_UNREADABLE = (JoseError, ValueError, TypeError, RecursionError)
#: The seconds by which two clocks may differ.
_SKEW = 300
#: The endings of a token endpoint's address, after the tenant.
_ADDRESS = re.compile(
    r"(?P<origin>https?://[^/]+)/(?P<tenant>[^/]+)(/(v2\.0|oauth2/token|oauth2/v2\.0/token))?/?", re.I
)


class _Roomy(jws.JWSRegistry):
    """A header may carry a chain of certificates (x5c)."""

    max_header_length = 32 * 1024


def subject(assertion: str) -> str:
    """Return the subject of an assertion, unchecked: RFC 7521 4.2 lets requests leave out the client id."""
    claims = _claims(assertion)
    if "sub" not in claims:
        raise _malformed()
    return str(claims["sub"])


def _claims(assertion: str) -> dict[str, Any]:
    """Return the claims of an assertion, unchecked."""
    try:
        claims = json.loads(jws.extract_compact(assertion.encode(), registry=_Roomy()).payload)
    except _UNREADABLE:
        claims = None
    if not isinstance(claims, dict):
        raise _malformed()
    return claims


def _header(assertion: str) -> dict[str, Any]:
    """Return the header of an assertion, unchecked."""
    try:
        return jws.extract_compact(assertion.encode(), registry=_Roomy()).headers()
    except _UNREADABLE:
        raise _malformed() from None


def check(assertion: str, certificate: bytes | None, *, client_id: str, audiences: Audiences, now: float) -> None:
    """Raise Aadsts unless the application's certificate signed the assertion, for this endpoint, and it is valid
    now.
    """
    if certificate is None or not _names(_header(assertion), certificate):
        raise Aadsts(
            errors.ASSERTION_SIGNATURE,
            "The certificate with identifier used to sign the client assertion is not registered on application. "
            "[Reason - The key was not found.]",
        )
    key = x509.load_der_x509_certificate(certificate).public_key()
    assert isinstance(key, RSAPublicKey)
    try:
        registry = _Roomy(algorithms=_ALGORITHMS)
        claims = jwt.decode(assertion, RSAKey.import_key(key), algorithms=_ALGORITHMS, registry=registry).claims
    except _UNREADABLE:
        raise Aadsts(
            errors.ASSERTION_SIGNATURE,
            "Client assertion failed signature validation. [Reason - The key was found, but use of the key to verify "
            f"the signature failed; it must be one of {', '.join(_ALGORITHMS)}.]",
        ) from None
    _check_claims(claims, client_id=client_id, audiences=audiences, now=now)


class Audiences:
    """The addresses of this tenant's token endpoint: with any origin of the emulator, any name of the tenant."""

    def __init__(self, origins: set[str], tenants: set[str]) -> None:
        self._origins = {origin.lower() for origin in origins}
        self._tenants = {tenant.lower() for tenant in tenants}

    def __contains__(self, audience: object) -> bool:
        match = _ADDRESS.fullmatch(audience) if isinstance(audience, str) else None
        if match is None:
            return False
        return match["origin"].lower() in self._origins and match["tenant"].lower() in self._tenants


def _check_claims(claims: dict[str, Any], *, client_id: str, audiences: Audiences, now: float) -> None:
    if not {str(claims.get(name)).lower() for name in ("iss", "sub")} == {client_id.lower()}:
        raise Aadsts(
            errors.ASSERTION_OF_ANOTHER,
            "Client assertion application identifier doesn't match 'client_id' parameter: 'iss' and 'sub' must both be "
            f"'{client_id}'.",
        )
    audience = claims.get("aud")
    if not any(each in audiences for each in (audience if isinstance(audience, list) else [audience])):
        raise Aadsts(
            errors.ASSERTION_AUDIENCE,
            "Client assertion audience claim does not match Realm issuer: 'aud' must be the address of the token "
            "endpoint.",
        )
    begin, end = _moment(claims.get("nbf", 0)), _moment(claims.get("exp"))
    if not begin - _SKEW <= now < end + _SKEW:
        raise Aadsts(
            errors.ASSERTION_EXPIRED, "Client assertion is not within its valid time range: see its 'nbf' and 'exp'."
        )


def _moment(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise _malformed()
    return value


def _names(header: dict[str, Any], certificate: bytes) -> bool:
    """Whether the header names this certificate."""
    loaded = x509.load_der_x509_certificate(certificate)
    sha1, sha256 = loaded.fingerprint(hashes.SHA1()), loaded.fingerprint(hashes.SHA256())  # noqa: S303 - JOSE's x5t
    # MSAL for Python leaves base64's padding on.
    by_key = {name: str(header[name]).rstrip("=") for name in ("x5t#S256", "x5t", "kid") if name in header}
    if "x5t#S256" in by_key:
        return by_key["x5t#S256"] == _base64url(sha256)
    if "x5t" in by_key:
        return by_key["x5t"] == _base64url(sha1)
    return by_key.get("kid") in {_base64url(sha1), _base64url(sha256), sha1.hex(), sha1.hex().upper()}


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _malformed() -> Aadsts:
    return Aadsts(errors.ASSERTION_MALFORMED, "JWT token is invalid or malformed.")
