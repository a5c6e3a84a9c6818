"""Issues tokens: those that clients read, and those that only this emulator reads.

Issues access, id and refresh tokens. RFC 6749 5.1, OpenID Connect Core 2.

Tokens follow the system's clock, because clients check them by theirs. A refresh token names user, application and
scope. It ends after 90 days, when the password changes, or when the user's sessions are revoked.

Tokens that only this emulator reads: refresh tokens, and the tickets of pages.

They are JWTs (RFC 7519) signed with the key of the tokens. Their `typ` differs, so that none can be used as another.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError

from fauxtune.core.model.addresses import is_directory, is_graph, is_intune
from fauxtune.core.model.permissions import INTUNE_ROLES, principal_id
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.directory.registrations import has_principal
from fauxtune.operations.runtime.access_tokens import LIFETIME
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.signing_keys import signing_key
from fauxtune.storage.rows.directory import UserRow
from fauxtune.surfaces.identity import errors, scopes
from fauxtune.surfaces.identity.clients import Client
from fauxtune.surfaces.identity.discovery import issuer
from fauxtune.surfaces.identity.errors import Aadsts, ErrorCode
from fauxtune.surfaces.identity.request import TokenRequest
from fauxtune.surfaces.identity.scopes import requested_by_user, resource_for_application

REFRESH_LIFETIME = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Issued:
    """A token response with its resource and permissions."""

    document: dict[str, Any]
    audience: str
    permissions: tuple[str, ...]


def for_application(request: TokenRequest, tenant: Tenant, *, client: Client) -> Issued:
    """Issue a token for the application itself."""
    if not has_principal(client.row):
        raise Aadsts(
            errors.NO_PRINCIPAL,
            f"The client application {client.id} is missing service principal in the tenant {tenant.id}. See "
            "instructions here: POST /servicePrincipals creates it.",
        )
    audience = resource_for_application(request.form.get("scope"))
    permissions = _roles_for(client.row.roles, audience=audience, hosts=request.hosts)
    token = request.emulator.tokens.issue(
        issuer=issuer(request.origin, tenant.id, older=True),
        tenant_id=tenant.id,
        client_id=client.id,
        client_name=client.row.name,
        audience=audience,
        object_id=principal_id(tenant.id, client.id),
        roles=permissions,
        proof=client.proof,
    )
    return Issued(_bearer(token), audience, permissions)


def _roles_for(roles: Sequence[str], *, audience: str, hosts: Collection[str]) -> tuple[str, ...]:
    """Return the application's roles at this resource: Graph's (also at the older Azure AD Graph) or Intune's own. At
    another resource it has none.
    """
    at_graph = is_graph(audience, hosts=hosts) or is_directory(audience)
    at_intune = is_intune(audience, hosts=hosts)
    return tuple(role for role in roles if (at_intune if role in INTUNE_ROLES else at_graph))


def for_user(
    request: TokenRequest, tenant: Tenant, *, client: Client, user: UserRow, scope: str | None, nonce: str | None = None
) -> Issued:
    """Issue the tokens of a user for an application, as the scope requests."""
    request.caller.user = user.id
    document = user.document
    if not document.get("accountEnabled", True):
        raise Aadsts(errors.USER_DISABLED, "The user account is disabled.")
    requested = requested_by_user(scope, hosts=request.hosts)
    audience, permissions = requested.resource, scopes.permissions(requested, client.row)
    openid = sorted(requested.openid - {"offline_access"})
    token = request.emulator.tokens.issue(
        issuer=issuer(request.origin, tenant.id, older=True),
        tenant_id=tenant.id,
        client_id=client.id,
        client_name=client.row.name,
        audience=audience,
        object_id=user.id,
        roles=(*openid, *permissions),
        user=document,
        proof=client.proof,
    )
    # MSAL stores a token under these scopes and finds it by the requested ones.
    names = dict.fromkeys((*permissions, *requested.names))
    granted = [*openid, *(f"{audience}/{name}" for name in names)]
    response = {**_bearer(token), "scope": " ".join(granted)}
    if "openid" in requested.openid:
        response["id_token"] = _id_token(request, tenant, client_id=client.id, user=user, nonce=nonce)
    if "offline_access" in requested.openid:
        claims = {"tid": tenant.id, "oid": user.id, "client": client.id, "scope": str(scope)}
        claims["password"] = password_mark(user)
        response["refresh_token"] = write(request.emulator, claims, kind=REFRESH, lifetime=REFRESH_LIFETIME)
    if request.form.get("client_info") == "1":
        response["client_info"] = client_info(tenant, user)
    return Issued(response, audience, permissions)


def client_info(tenant: Tenant, user: UserRow) -> str:
    """Return the client_info by which MSAL identifies an account."""
    document = {"uid": user.id, "utid": tenant.id}
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


def password_mark(user: UserRow) -> str:
    """Return a digest that changes with the password and when sessions are revoked. It does not reveal the password."""
    parts = (user.id, user.password_digest, user.document.get("signInSessionsValidFromDateTime"))
    return hashlib.sha256("$".join(map(str, parts)).encode()).hexdigest()[:16]


def _bearer(token: str) -> dict[str, Any]:
    seconds = int(LIFETIME.total_seconds())
    return {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token}


def _id_token(request: TokenRequest, tenant: Tenant, *, client_id: str, user: UserRow, nonce: str | None) -> str:
    """The id token, with the claims from which MSAL, or ADAL at the older endpoint, makes an account."""
    upn = user.document["userPrincipalName"]
    now = int(request.emulator.runner.clock.now().timestamp())
    claims = {
        "aud": client_id,
        "iss": issuer(request.origin, tenant.id, older=request.older),
        "iat": now,
        "nbf": now,
        "exp": now + int(LIFETIME.total_seconds()),
        "name": user.document.get("displayName"),
        "oid": user.id,
        "sub": user.id,
        "tid": tenant.id,
    }
    if request.older:
        claims |= {"unique_name": upn, "upn": upn, "ver": "1.0"}
    else:
        claims |= {"preferred_username": upn, "ver": "2.0"}
    if nonce is not None:
        claims["nonce"] = nonce
    return signed(request.emulator, claims, kind="JWT")


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
