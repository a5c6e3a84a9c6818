"""The token endpoint: client credentials, password, refresh token. RFC 6749 4.3, 4.4 and 6, in Entra ID's words.

Everything here runs on the system's clock, for clients judge tokens by their own watch. A refresh token is a signed
note to ourselves: who, through which application, for what. It ends after 90 days, or when the password changes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from joserfc import jwt
from joserfc.errors import JoseError

from fauxtune.core.errors import NotEmulated, NotFound
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.access import LIFETIME
from fauxtune.operations.directory import password_matches
from fauxtune.operations.emulator import Emulator
from fauxtune.storage.queries import directory
from fauxtune.storage.queries import tenants as tenant_queries
from fauxtune.surfaces.identity import errors
from fauxtune.surfaces.identity.discovery import ANY_TENANT, issuer
from fauxtune.surfaces.identity.errors import Aadsts, missing
from fauxtune.surfaces.identity.keys import signing_key
from fauxtune.surfaces.identity.scopes import resource_for_application, resource_for_user

_REFRESH_LIFETIME = timedelta(days=90)
_REFRESH_TYPE = "fauxtune-refresh"

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A request at the token endpoint: the tenant of its path, its form, and the origin that it was sent to."""

    emulator: Emulator
    tenant_key: str
    form: dict[str, str]
    origin: str

    def need(self, parameter: str) -> str:
        """A parameter that must be there, and not empty."""
        value = self.form.get(parameter)
        if not value:
            raise missing(parameter)
        return value


def read_form(body: bytes, authorization: str | None) -> dict[str, str]:
    """The form's parameters. HTTP Basic (RFC 6749 2.3.1) gives client_id and client_secret as well."""
    form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() == "basic":
        try:
            client, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            colon = ""
        if not colon:
            raise Aadsts(errors.BAD_REQUEST, "The Authorization header is not 'Basic base64(client_id:client_secret)'.")
        form |= {"client_id": unquote_plus(client), "client_secret": unquote_plus(secret)}
    return form


async def answer(request: TokenRequest) -> dict[str, Any]:
    """The token response (RFC 6749 5.1). Aadsts says why not."""
    if request.tenant_key.lower() not in ANY_TENANT:
        await _tenant(request, request.tenant_key)
    match request.need("grant_type"):
        case "client_credentials":
            return await _for_application(request)
        case "password":
            return await _for_password(request)
        case "refresh_token":
            return await _for_refresh_token(request)
        case other:
            raise Aadsts(
                errors.UNSUPPORTED_GRANT,
                f"The app requested an unsupported grant type '{other}'. This emulator knows client_credentials, "
                "password and refresh_token.",
            )


async def _for_application(request: TokenRequest) -> dict[str, Any]:
    if request.tenant_key.lower() in ANY_TENANT:
        raise Aadsts(
            errors.NEEDS_TENANT,
            "No tenant-identifying information found in either the request or implied by any provided credentials.",
        )
    tenant = await _tenant(request, request.tenant_key)
    application = await _application(request, tenant)
    if "client_assertion" in request.form:
        raise NotEmulated("Certificate credentials (client_assertion) are not emulated: use a client_secret.")
    if not request.form.get("client_secret"):
        raise Aadsts(
            errors.SECRET_MISSING,
            "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
        )
    audience = resource_for_application(request.form.get("scope"))
    token = request.emulator.tokens.issue(
        issuer=issuer(request.origin, tenant),
        tenant_id=tenant.id,
        client_id=application["client_id"],
        audience=audience,
        # The service principal's id: it has no row of its own, so it follows from who it is.
        object_id=str(uuid.uuid5(uuid.UUID(tenant.id), application["client_id"])),
        roles=tuple(application["roles"]),
    )
    return _bearer(token)


async def _for_password(request: TokenRequest) -> dict[str, Any]:
    upn, password = request.need("username"), request.need("password")
    tenant = await _tenant_of_user(request, upn)
    application = await _application(request, tenant)
    user = await request.emulator.runner.read(directory.user_by_upn, tenant.id, upn=upn)
    if user is None:
        raise Aadsts(
            errors.USER_NOT_FOUND,
            f"The user account {upn} does not exist in the {tenant.domain} directory. To sign into this application, "
            "the account must be added to the directory.",
        )
    if not password_matches(user["password_digest"], password):
        raise Aadsts(errors.PASSWORD_WRONG, "Error validating credentials due to invalid username or password.")
    return _for_user(request, tenant, application=application, user=user, scope=request.form.get("scope"))


async def _for_refresh_token(request: TokenRequest) -> dict[str, Any]:
    note = _read_note(request, request.need("refresh_token"))
    tenant = await _tenant(request, note["tid"])
    application = await _application(request, tenant)
    user = await request.emulator.runner.read(directory.user_by_key, tenant.id, key=note["oid"])
    asked = request.tenant_key.lower()
    if asked not in {*ANY_TENANT, tenant.id, tenant.name.lower(), tenant.domain}:
        raise Aadsts(errors.GRANT_INVALID, "The refresh token was issued in another tenant.")
    if application["client_id"] != note["client"]:
        raise Aadsts(errors.GRANT_INVALID, "The refresh token was issued to another application.")
    if user is None or note["password"] != _password_mark(user):
        raise Aadsts(
            errors.GRANT_REVOKED,
            "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have "
            "changed or reset their password.",
        )
    scope = request.form.get("scope") or note["scope"]
    return _for_user(request, tenant, application=application, user=user, scope=scope)


def _for_user(
    request: TokenRequest, tenant: Tenant, *, application: Row, user: Row, scope: str | None
) -> dict[str, Any]:
    document = user["document"]
    if not document.get("accountEnabled", True):
        raise Aadsts(errors.USER_DISABLED, "The user account is disabled.")
    audience, openid = resource_for_user(scope)
    permissions = tuple(application["roles"])
    token = request.emulator.tokens.issue(
        issuer=issuer(request.origin, tenant),
        tenant_id=tenant.id,
        client_id=application["client_id"],
        audience=audience,
        object_id=user["id"],
        roles=permissions,
        user=document,
    )
    granted = [*sorted(openid - {"offline_access"}), *(f"{audience}/{each}" for each in permissions)]
    response = {**_bearer(token), "scope": " ".join(granted)}
    client = application["client_id"]
    if "openid" in openid:
        response["id_token"] = _id_token(request, tenant, client=client, user=user)
    if "offline_access" in openid:
        response["refresh_token"] = _note(request, tenant, client=client, user=user, scope=str(scope))
    if request.form.get("client_info") == "1":
        response["client_info"] = _base64url({"uid": user["id"], "utid": tenant.id})
    return response


async def _tenant(request: TokenRequest, key: str) -> Tenant:
    try:
        return await request.emulator.runner.tenant(key)
    except NotFound:
        raise errors.tenant_not_found(key) from None


async def _tenant_of_user(request: TokenRequest, upn: str) -> Tenant:
    """The tenant of the path; for `common` and `organizations` that of the user name's domain."""
    if request.tenant_key.lower() in ANY_TENANT:
        return await _tenant(request, upn.rpartition("@")[2])
    return await _tenant(request, request.tenant_key)


async def _application(request: TokenRequest, tenant: Tenant) -> Row:
    """The application that asks. A secret that comes with the request must be right, whatever the grant."""
    client = request.need("client_id")
    found = await request.emulator.runner.read(tenant_queries.application, tenant.id, client_id=client)
    if found is None:
        raise Aadsts(
            errors.APPLICATION_NOT_FOUND,
            f"Application with identifier '{client}' was not found in the directory '{tenant.name}'. This can happen "
            "if the application has not been installed by the administrator of the tenant or consented to by any user "
            "in the tenant. You may have sent your authentication request to the wrong tenant.",
        )
    secret = request.form.get("client_secret")
    if secret and not hmac.compare_digest(secret.encode(), str(found["secret"]).encode()):
        raise Aadsts(
            errors.SECRET_WRONG,
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
            f"not the client secret ID, for a secret added to app '{client}'.",
        )
    return found


def _bearer(token: str) -> dict[str, Any]:
    seconds = int(LIFETIME.total_seconds())
    return {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token}


def _id_token(request: TokenRequest, tenant: Tenant, *, client: str, user: Row) -> str:
    """OpenID Connect Core 2, with the claims that MSAL makes an account from."""
    now = int(request.emulator.runner.clock.now().timestamp())
    claims = {
        "aud": client,
        "iss": issuer(request.origin, tenant),
        "iat": now,
        "nbf": now,
        "exp": now + int(LIFETIME.total_seconds()),
        "name": user["document"].get("displayName"),
        "oid": user["id"],
        "preferred_username": user["document"]["userPrincipalName"],
        "sub": user["id"],
        "tid": tenant.id,
        "ver": "2.0",
    }
    return _signed(request, claims, kind="JWT")


def _note(request: TokenRequest, tenant: Tenant, *, client: str, user: Row, scope: str) -> str:
    end = int((request.emulator.runner.clock.now() + _REFRESH_LIFETIME).timestamp())
    claims = {"tid": tenant.id, "oid": user["id"], "client": client, "scope": scope, "end": end}
    return _signed(request, {**claims, "password": _password_mark(user)}, kind=_REFRESH_TYPE)


def _read_note(request: TokenRequest, text: str) -> dict[str, Any]:
    try:
        token = jwt.decode(text, signing_key(request.emulator.keys), algorithms=["RS256"])
    except (JoseError, ValueError):
        raise Aadsts(errors.GRANT_INVALID, "The refresh token is malformed, or not one of this emulator's.") from None
    if token.header.get("typ") != _REFRESH_TYPE:
        raise Aadsts(errors.GRANT_INVALID, "That is another kind of token, no refresh token.")
    if token.claims["end"] <= request.emulator.runner.clock.now().timestamp():
        raise Aadsts(errors.GRANT_EXPIRED, "The refresh token has expired due to inactivity.")
    return dict(token.claims)


def _signed(request: TokenRequest, claims: dict[str, Any], *, kind: str) -> str:
    key = signing_key(request.emulator.keys)
    return jwt.encode({"alg": "RS256", "typ": kind, "kid": key.kid}, claims, key)


def _password_mark(user: Row) -> str:
    """Changes with the password and tells nothing of it."""
    return hashlib.sha256(f"{user['id']}${user['password_digest']}".encode()).hexdigest()[:16]


def _base64url(document: dict[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()
