"""The authorization endpoint: a page with the tenant's users, one click, and back with a code. RFC 6749 4.1, RFC 7636.

Source: Entra ID "OAuth 2.0 authorization code flow". No password is asked for: an emulator guards nothing, and a test's
browser should need one click. Only a server that others reach, which has a control token, asks for
it. The click comes back with a signed ticket that says what it is about, so that nothing can be changed between page
and click.

To which addresses a browser may be sent with a code, and how: RFC 8252 7, RFC 9700 4.1, OAuth 2.0 Form Post Response
Mode. Allowed without registration, for nobody but the person's own machine or app is behind them: loopback addresses
(with any port and path), the native client's address (`https://login.microsoftonline.com/common/oauth2/nativeclient`
and the same here), and `msal{client id}://auth`. Any other https address must be among the application's redirectUris,
letter for letter. Everything else is refused with a page, never with a redirect: an emulator must not send anybody
anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.directory import sign_ins
from fauxtune.operations.directory.sign_ins import CODE_LIFETIME, CodeRequest
from fauxtune.storage.queries import applications as queries
from fauxtune.storage.rows.directory import UserRow
from fauxtune.storage.rows.tenants import ApplicationRow
from fauxtune.surfaces.http import origin
from fauxtune.surfaces.identity import errors, issuing, pages, scopes
from fauxtune.surfaces.identity.errors import Aadsts
from fauxtune.surfaces.identity.pages import posting_page
from fauxtune.surfaces.identity.request import TokenRequest, application_not_found
from fauxtune.surfaces.identity.scopes import requested_by_user

#: The most users that a page shows; others can be named.
SHOWN = 50
#: RFC 7636 4.2, 4.3.
_CHALLENGE = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_PROMPTS = {"", "none", "login", "select_account", "consent", "admin_consent", "create"}


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """An authorization request. Client and redirect address have been checked; the rest is in `check`."""

    client_id: str
    name: str
    redirect_uri: str
    mode: str
    scope: str
    state: str | None
    nonce: str | None
    challenge: str | None
    client_info: bool


async def page(request: Request, about: TokenRequest) -> Response:
    """Answer GET: the page, or the error, which goes to the client if its address is valid."""
    tenants, application, authorization = await _read(about)
    try:
        authorization = _checked(authorization, about, application=application)
        hinted = await find_user(about, tenants, key=about.form.get("login_hint", ""))
        if about.form.get("prompt") == "none":
            return await _silent(about, tenants, authorization=authorization, user=hinted)
    except Aadsts as error:
        return refusal(request, authorization, error=error)
    if hinted is not None and about.form.get("prompt") != "select_account":
        people = [hinted]
    else:
        ids = [tenant.id for tenant in tenants]
        people = await about.emulator.runner.read(queries.people, ids, limit=SHOWN)
    ticket = issuing.write(
        about.emulator,
        {"asked": asdict(authorization), "at": about.tenant_key.lower()},
        kind=issuing.TICKET,
        lifetime=CODE_LIFETIME,
    )
    return pages.users_page(
        authorization.name,
        people,
        ticket=ticket,
        forms_to=source(authorization.redirect_uri),
        asks=about.asks_for_passwords,
    )


async def click(request: Request, about: TokenRequest) -> Response:
    """Answer POST: a user was picked, or the sign-in was cancelled."""
    note = read_ticket(about)
    if "asked" not in note or note["at"] != about.tenant_key.lower():
        raise Aadsts(errors.BAD_REQUEST, "This click belongs to another sign-in page.")
    authorization = AuthorizationRequest(**note["asked"])
    if about.form.get("decline"):
        error = Aadsts(errors.SIGN_IN_DECLINED, "User declined to consent to access the app.")
        return refusal(request, authorization, error=error)
    tenants = await about.tenants(authorization.client_id)
    return await _back(about, tenants, authorization=authorization, user=await picked_user(about, tenants))


def read_ticket(about: TokenRequest) -> dict[str, Any]:
    """Return the request that a click answers. Raises Aadsts for an invalid or expired ticket."""
    expired = Aadsts(errors.TICKET_EXPIRED, "The sign-in page has expired. Go back to the app and start again.")
    ticket = about.need("ticket")
    return issuing.read(about.emulator, ticket, kind=issuing.TICKET, malformed=errors.BAD_REQUEST, expired=expired)


async def find_user(about: TokenRequest, tenants: list[Tenant], *, key: str) -> UserRow | None:
    """Return the user of these tenants with this id or name."""
    if not key:
        return None
    return await about.emulator.runner.read(queries.person, [tenant.id for tenant in tenants], key=key)


async def picked_user(about: TokenRequest, tenants: list[Tenant]) -> UserRow:
    """Return the user who was picked or named. Raises Aadsts for an unknown or disabled one."""
    key = about.need("user").strip()
    user = await find_user(about, tenants, key=key)
    if user is None:
        raise Aadsts(errors.USER_NOT_FOUND, f"The user account {key} does not exist in this directory.")
    if not user.document.get("accountEnabled", True):
        raise Aadsts(errors.USER_DISABLED, "The user account is disabled.")
    if about.asks_for_passwords:
        await about.check_password(user, about.form.get("password", ""))
    return user


def refusal(request: Request, authorization: AuthorizationRequest, *, error: Aadsts) -> Response:
    """Send the error to the client (RFC 6749 4.1.2.1)."""
    parameters = {"error": error.word.error, "error_description": errors.described(request, error)}
    parameters["error_uri"] = f"{origin(request)}/error?code={error.word.code}"
    if authorization.state is not None:
        parameters["state"] = authorization.state
    return send(authorization.redirect_uri, parameters, mode=authorization.mode)


async def _read(about: TokenRequest) -> tuple[list[Tenant], ApplicationRow, AuthorizationRequest]:
    """Return the request, with the checks that come before anything is sent to the client's address."""
    client_id = about.need("client_id")
    tenants = await about.tenants(client_id)
    application = await about.emulator.runner.read(queries.application, tenants[0].id, client_id=client_id)
    if application is None:
        raise application_not_found(client_id, tenants[0].name)
    redirect = about.need("redirect_uri")
    check(redirect, client_id=application.client_id, registered=list(application.redirect_uris), origin=about.origin)
    mode = about.form.get("response_mode", "query")
    authorization = AuthorizationRequest(
        client_id=application.client_id,
        name=application.name,
        redirect_uri=redirect,
        mode=mode if mode in MODES else "query",
        scope=about.form.get("scope", ""),
        state=about.form.get("state"),
        nonce=about.form.get("nonce"),
        challenge=None,
        client_info=about.form.get("client_info") == "1",
    )
    return tenants, application, authorization


def _checked(
    authorization: AuthorizationRequest, about: TokenRequest, *, application: ApplicationRow
) -> AuthorizationRequest:
    form = about.form
    kind = form.get("response_type")
    if not kind:
        raise errors.missing("response_type")
    if kind != "code":
        raise Aadsts(errors.RESPONSE_TYPE, f"The response_type '{kind}' is not supported: it must be 'code'.")
    mode = form.get("response_mode", "query")
    if mode not in MODES:
        raise Aadsts(errors.RESPONSE_MODE, f"The response_mode must be one of {', '.join(MODES)}, not '{mode}'.")
    prompt = form.get("prompt", "")
    if prompt not in _PROMPTS:
        raise Aadsts(errors.BAD_REQUEST, f"The prompt '{prompt}' is not supported.")
    otherwise = errors.CONSENT_NEEDS_A_PAGE if prompt == "none" else errors.CONSENT_NOT_GIVEN
    scopes.permissions(requested_by_user(authorization.scope, hosts=about.hosts), application, otherwise=otherwise)
    return replace(authorization, challenge=_challenge(form))


def _challenge(form: dict[str, str]) -> str | None:
    challenge, method = form.get("code_challenge"), form.get("code_challenge_method") or "plain"
    if not challenge:
        if form.get("code_challenge_method"):
            raise errors.missing("code_challenge")
        return None
    if method not in {"plain", "S256"}:
        raise Aadsts(errors.CHALLENGE_WRONG, f"The code_challenge_method must be 'S256' or 'plain', not '{method}'.")
    if not _CHALLENGE.fullmatch(challenge):
        raise Aadsts(errors.CHALLENGE_WRONG, "The size of the code challenge parameter is not valid.")
    return f"{method}:{challenge}"


async def _silent(
    about: TokenRequest, tenants: list[Tenant], *, authorization: AuthorizationRequest, user: UserRow | None
) -> Response:
    """prompt=none: no page. There are no sessions, so only a login_hint can name the user (Differs from Entra ID)."""
    if user is None or about.asks_for_passwords:
        raise Aadsts(
            errors.LOGIN_REQUIRED,
            "Session information is not sufficient for single-sign-on: with prompt=none a login_hint must name a user.",
        )
    if not user.document.get("accountEnabled", True):
        raise Aadsts(errors.SIGN_IN_DISABLED, "The user account is disabled.")
    return await _back(about, tenants, authorization=authorization, user=user)


async def _back(
    about: TokenRequest, tenants: list[Tenant], *, authorization: AuthorizationRequest, user: UserRow
) -> Response:
    """Send the browser to the client with a code."""
    tenant = next(tenant for tenant in tenants if tenant.id == user.tenant_id)
    about.caller.tenant, about.caller.application, about.caller.user = tenant, authorization.client_id, user.id
    request = CodeRequest(
        client_id=authorization.client_id,
        user_id=user.id,
        redirect_uri=authorization.redirect_uri,
        scope=authorization.scope,
        challenge=authorization.challenge,
        nonce=authorization.nonce,
    )
    runner = about.emulator.runner
    code = await runner.run(tenant, sign_ins.add_code, request, now=runner.clock.now())
    parameters = {"code": code}
    if authorization.client_info:
        parameters["client_info"] = issuing.client_info(tenant, user)
    if authorization.state is not None:
        parameters["state"] = authorization.state
    parameters["session_state"] = runner.ids.uuid()
    return send(authorization.redirect_uri, parameters, mode=authorization.mode)


MODES = ("query", "fragment", "form_post")
#: The characters of RFC 3986, and a length that is enough for every client.
_LOOPBACK = re.compile(
    r"https?://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?(/[A-Za-z0-9._~!$&'()*+,;=:@/%-]*)?"
    r"(\?[A-Za-z0-9._~!$&'()*+,;=:@/?%-]*)?"
)
_LONGEST = 2048
_NATIVE = "/common/oauth2/nativeclient"


def check(uri: str, *, client_id: str, registered: list[str], origin: str) -> None:
    """Raise Aadsts for an address to which no code may be sent."""
    native = {f"https://login.microsoftonline.com{_NATIVE}", f"{origin}{_NATIVE}", f"msal{client_id}://auth"}
    if len(uri) <= _LONGEST and (_LOOPBACK.fullmatch(uri) or uri in native or uri in registered):
        return
    raise Aadsts(
        errors.REDIRECT_NOT_ALLOWED,
        f"The redirect URI '{uri[:200]}' specified in the request does not match the redirect URIs configured for the "
        f"application '{client_id}'. Loopback addresses need no configuration; an https address must be among the "
        "application's redirectUris.",
    )


def send(uri: str, parameters: Mapping[str, str], *, mode: str) -> Response:
    """Send the browser to a checked address with these parameters."""
    if mode == "form_post":
        return posting_page(uri, parameters, forms_to=source(uri))
    mark = "#" if mode == "fragment" else "&" if urlsplit(uri).query else "?"
    location = f"{uri.removesuffix('?') if mark == '?' else uri}{mark}{urlencode(parameters)}"
    headers = {"location": location, "cache-control": "no-store", "referrer-policy": "no-referrer"}
    return Response(status_code=302, headers=headers)


def source(uri: str) -> str:
    """Return the address for Content-Security-Policy; browsers apply it to forms even after a redirect."""
    parts = urlsplit(uri)
    # CSP knows no IPv6 addresses, and of an app's own scheme only the scheme.
    if parts.scheme not in {"http", "https"} or parts.netloc.startswith("["):
        return f"{parts.scheme}:"
    return f"{parts.scheme}://{parts.netloc}"
