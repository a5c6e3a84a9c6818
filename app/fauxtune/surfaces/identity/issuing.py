"""What is issued once it is clear who asks: access, id and refresh tokens. RFC 6749 5.1, OpenID Connect Core 2.

Everything here runs on the system's clock, for clients judge tokens by their own watch. A refresh token is a signed
note to ourselves: who, through which application, for what. It ends after 90 days, when the password changes, or when
the user's sessions are revoked.
"""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fauxtune.core.model.audiences import is_graph
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime.tokens import LIFETIME
from fauxtune.storage.rows.directory import UserRow
from fauxtune.surfaces.identity import consent, errors, notes
from fauxtune.surfaces.identity.clients import Client
from fauxtune.surfaces.identity.discovery import issuer
from fauxtune.surfaces.identity.errors import Aadsts
from fauxtune.surfaces.identity.request import TokenRequest
from fauxtune.surfaces.identity.scopes import asked_by_user, resource_for_application

REFRESH_LIFETIME = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Issued:
    """A token response, for which resource, and which permissions it names."""

    document: dict[str, Any]
    audience: str
    permissions: tuple[str, ...]


def for_application(request: TokenRequest, tenant: Tenant, *, client: Client) -> Issued:
    """An application's own token."""
    audience = resource_for_application(request.form.get("scope"))
    # The application's roles are roles of Graph: it has none of another resource.
    permissions = tuple(client.row.roles) if is_graph(audience, hosts=request.hosts) else ()
    token = request.emulator.tokens.issue(
        issuer=issuer(request.origin, tenant),
        tenant_id=tenant.id,
        client_id=client.id,
        audience=audience,
        # The service principal's id: it has no row of its own, so it follows from who it is.
        object_id=str(uuid.uuid5(uuid.UUID(tenant.id), client.id)),
        roles=permissions,
        proof=client.proof,
    )
    return Issued(_bearer(token), audience, permissions)


def for_user(
    request: TokenRequest, tenant: Tenant, *, client: Client, user: UserRow, scope: str | None, nonce: str | None = None
) -> Issued:
    """A user's tokens, by way of an application: what the scope asks for."""
    document = user.document
    if not document.get("accountEnabled", True):
        raise Aadsts(errors.USER_DISABLED, "The user account is disabled.")
    asked = asked_by_user(scope, hosts=request.hosts)
    audience, permissions = asked.resource, consent.permissions(asked, client.row)
    openid = sorted(asked.openid - {"offline_access"})
    token = request.emulator.tokens.issue(
        issuer=issuer(request.origin, tenant),
        tenant_id=tenant.id,
        client_id=client.id,
        audience=audience,
        object_id=user.id,
        roles=(*openid, *permissions),
        user=document,
        proof=client.proof,
    )
    # MSAL keeps a token under these words and looks it up by those that were asked for.
    names = dict.fromkeys((*permissions, *asked.names))
    granted = [*openid, *(f"{audience}/{each}" for each in names)]
    response = {**_bearer(token), "scope": " ".join(granted)}
    if "openid" in asked.openid:
        response["id_token"] = _id_token(request, tenant, client_id=client.id, user=user, nonce=nonce)
    if "offline_access" in asked.openid:
        claims = {"tid": tenant.id, "oid": user.id, "client": client.id, "scope": str(scope)}
        claims["password"] = password_mark(user)
        response["refresh_token"] = notes.write(request.emulator, claims, kind=notes.REFRESH, lifetime=REFRESH_LIFETIME)
    if request.form.get("client_info") == "1":
        response["client_info"] = client_info(tenant, user)
    return Issued(response, audience, permissions)


def client_info(tenant: Tenant, user: UserRow) -> str:
    """What MSAL knows an account by."""
    document = {"uid": user.id, "utid": tenant.id}
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


def password_mark(user: UserRow) -> str:
    """Changes with the password, and when sessions are revoked, and tells nothing of it."""
    parts = (user.id, user.password_digest, user.document.get("signInSessionsValidFromDateTime"))
    return hashlib.sha256("$".join(map(str, parts)).encode()).hexdigest()[:16]


def _bearer(token: str) -> dict[str, Any]:
    seconds = int(LIFETIME.total_seconds())
    return {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token}


def _id_token(request: TokenRequest, tenant: Tenant, *, client_id: str, user: UserRow, nonce: str | None) -> str:
    """With the claims that MSAL makes an account from."""
    now = int(request.emulator.runner.clock.now().timestamp())
    claims = {
        "aud": client_id,
        "iss": issuer(request.origin, tenant),
        "iat": now,
        "nbf": now,
        "exp": now + int(LIFETIME.total_seconds()),
        "name": user.document.get("displayName"),
        "oid": user.id,
        "preferred_username": user.document["userPrincipalName"],
        "sub": user.id,
        "tid": tenant.id,
        "ver": "2.0",
    }
    if nonce is not None:
        claims["nonce"] = nonce
    return notes.signed(request.emulator, claims, kind="JWT")
