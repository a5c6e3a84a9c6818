"""The token endpoint and its grants.

client_credentials (RFC 6749 4.4), password (4.3), refresh_token (6), authorization_code (4.1.3, RFC 7636) and device
code (RFC 8628 3.4). All checks come before a code is used up.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Awaitable, Callable

from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.directory import sign_ins
from fauxtune.operations.directory.sign_ins import Standing
from fauxtune.storage.queries import directory
from fauxtune.storage.rows.tenants import SignInRow
from fauxtune.surfaces.identity import errors, issuing
from fauxtune.surfaces.identity.clients import Client, client_of, proven_client
from fauxtune.surfaces.identity.errors import Aadsts
from fauxtune.surfaces.identity.issuing import Issued
from fauxtune.surfaces.identity.request import TokenRequest

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


async def answer(request: TokenRequest) -> Issued:
    """Return the token response (RFC 6749 5.1). Raises Aadsts for a refusal."""
    if not request.any_tenant:
        await request.tenant()
    grants: dict[str, Callable[[TokenRequest], Awaitable[Issued]]] = {
        "client_credentials": _for_application,
        "password": _for_password,
        "refresh_token": _for_refresh_token,
        "authorization_code": _for_code,
        DEVICE_GRANT: _for_device,
    }
    grant_type = request.need("grant_type")
    if grant_type not in grants:
        raise Aadsts(
            errors.UNSUPPORTED_GRANT,
            f"The app requested an unsupported grant type '{grant_type}'. This emulator supports {', '.join(grants)}.",
        )
    return await grants[grant_type](request)


async def _for_application(request: TokenRequest) -> Issued:
    if request.any_tenant:
        raise Aadsts(
            errors.NEEDS_TENANT,
            "No tenant-identifying information found in either the request or implied by any provided credentials.",
        )
    tenant = await request.tenant()
    return issuing.for_application(request, tenant, client=await proven_client(request, tenant))


async def _for_password(request: TokenRequest) -> Issued:
    upn, password = request.need("username"), request.need("password")
    tenant = await request.tenant(upn.rpartition("@")[2] if request.any_tenant else None)
    client = await client_of(request, tenant)
    user = await request.emulator.runner.read(directory.user_by_upn, tenant.id, upn=upn)
    if user is None:
        raise Aadsts(
            errors.USER_NOT_FOUND,
            f"The user account {upn} does not exist in the {tenant.domain} directory. To sign into this application, "
            "the account must be added to the directory.",
        )
    await request.check_password(user, password)
    return issuing.for_user(request, tenant, client=client, user=user, scope=request.form.get("scope"))


async def _for_refresh_token(request: TokenRequest) -> Issued:
    expired = Aadsts(errors.GRANT_EXPIRED, "The refresh token has expired due to inactivity.")
    text = request.need("refresh_token")
    note = issuing.read(request.emulator, text, kind=issuing.REFRESH, malformed=errors.GRANT_INVALID, expired=expired)
    tenant = await request.tenant(note["tid"])
    client = await client_of(request, tenant)
    _check_bound(request, tenant, client=client, client_id=note["client"], what="refresh token")
    user = await request.emulator.runner.read(directory.user_by_key, tenant.id, key=note["oid"])
    if user is None or note["password"] != issuing.password_mark(user):
        raise Aadsts(
            errors.GRANT_REVOKED,
            "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have "
            "changed or reset their password.",
        )
    # A refresh token is renewed whether or not the scope asks for it again.
    # Source: Entra ID v2.0, "OAuth 2.0 authorization code flow", "Refresh the access token", the example.
    scope = request.form.get("scope") or note["scope"]
    if "offline_access" not in scope.lower().split():
        scope = f"{scope} offline_access"
    return issuing.for_user(request, tenant, client=client, user=user, scope=scope)


async def _for_code(request: TokenRequest) -> Issued:
    code, now = request.need("code"), request.emulator.runner.clock.now()
    standing, row = await request.emulator.runner.read(sign_ins.code_standing, code, device=False, now=now)
    if row is None:
        raise Aadsts(errors.GRANT_INVALID, "The authorization code is malformed, or was not issued by this emulator.")
    match standing:
        case Standing.EXPIRED:
            raise Aadsts(
                errors.CODE_EXPIRED, "The provided authorization code has expired; codes are valid for ten minutes."
            )
        case Standing.REDEEMED:
            raise _used("Authorization")
    tenant = await request.tenant(row.tenant_id)
    client = await client_of(request, tenant)
    _check_bound(request, tenant, client=client, client_id=row.client_id, what="authorization code")
    redirect = request.need("redirect_uri")
    if redirect != row.redirect_uri:
        raise Aadsts(
            errors.REDIRECT_DIFFERS,
            f"The reply address '{redirect}' does not match the reply address '{row.redirect_uri}' provided when "
            "requesting Authorization code.",
        )
    _check_verifier(request.form.get("code_verifier"), row.challenge)
    return await _redeem(request, tenant, client=client, row=row, what="Authorization")


async def _for_device(request: TokenRequest) -> Issued:
    # MSAL for Python sends it under both names; the older endpoint knew it as `code`.
    code = request.form.get("device_code") or request.form.get("code") or request.need("device_code")
    runner, now = request.emulator.runner, request.emulator.runner.clock.now()
    standing, row = await runner.read(sign_ins.code_standing, code, device=True, now=now)
    if row is None:
        raise Aadsts(errors.DEVICE_CODE_WRONG, "The provided value for 'device_code' was not issued by this emulator.")
    tenant = await request.tenant(row.tenant_id)
    await _check_device(request, tenant, row=row)
    if standing is Standing.PENDING:
        standing = await runner.read(sign_ins.poll, row, now=now)
    match standing:
        case Standing.PENDING:
            raise Aadsts(
                errors.DEVICE_PENDING,
                "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
            )
        case Standing.TOO_FAST:
            raise Aadsts(errors.DEVICE_TOO_FAST, f"Poll every {sign_ins.INTERVAL} seconds, not more often.")
        case Standing.DECLINED:
            raise Aadsts(errors.DEVICE_DECLINED, "The user declined to sign in.")
        case Standing.EXPIRED:
            raise Aadsts(
                errors.DEVICE_CODE_EXPIRED,
                "The provided value for the input parameter 'device_code' is not valid. This device code has expired.",
            )
        case Standing.REDEEMED:
            raise _used("Device")
    tenant = await request.tenant(row.user_tenant_id)
    return await _redeem(request, tenant, client=await client_of(request, tenant), row=row, what="Device")


async def _check_device(request: TokenRequest, tenant: Tenant, *, row: SignInRow) -> None:
    """Raise Aadsts unless the same application polls at the same tenant's endpoint as it began."""
    client = await client_of(request, tenant)
    if client.id != row.client_id:
        raise Aadsts(errors.GRANT_INVALID, "The device code was issued to another application.")
    if request.any_tenant != row.any_tenant or not request.means(tenant):
        raise Aadsts(errors.GRANT_INVALID, "The device code was issued at another tenant's endpoint.")


async def _redeem(request: TokenRequest, tenant: Tenant, *, client: Client, row: SignInRow, what: str) -> Issued:
    user = await request.emulator.runner.read(directory.user_by_key, tenant.id, key=str(row.user_id))
    if user is None:
        raise Aadsts(errors.GRANT_REVOKED, "The user who signed in is no longer in the directory.")
    scope = request.form.get("scope") or row.scope
    issued = issuing.for_user(request, tenant, client=client, user=user, scope=scope, nonce=row.nonce)
    if not await request.emulator.runner.read(sign_ins.redeem, row.digest):
        raise _used(what)
    return issued


def _check_bound(request: TokenRequest, tenant: Tenant, *, client: Client, client_id: str, what: str) -> None:
    if not request.means(tenant):
        raise Aadsts(errors.GRANT_INVALID, f"The {what} was issued in another tenant.")
    if client.id != client_id:
        raise Aadsts(errors.GRANT_INVALID, f"The {what} was issued to another application.")


def _check_verifier(verifier: str | None, bound: str | None) -> None:
    """RFC 7636 4.6. A verifier without a challenge is refused: the challenge was stripped (RFC 9700 4.8.2)."""
    method, _, challenge = (bound or "").partition(":")
    derived = verifier or ""
    if method == "S256":
        derived = base64.urlsafe_b64encode(hashlib.sha256(derived.encode()).digest()).rstrip(b"=").decode()
    if not hmac.compare_digest(derived.encode(), challenge.encode()):
        raise Aadsts(
            errors.VERIFIER_WRONG,
            "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
        )


def _used(what: str) -> Aadsts:
    return Aadsts(
        errors.CODE_USED,
        f"OAuth2 {what} code was already redeemed, please retry with a new valid code or use an existing refresh "
        "token.",
    )
