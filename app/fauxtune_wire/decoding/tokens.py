"""Tokens in words: who, for whom, with which permissions, until when; without the signature. And the forms that token
endpoints read (application/x-www-form-urlencoded).

RFC 7519 (JWT), Microsoft identity platform: "Access token claims reference", "ID token claims reference". RFC 6749,
RFC 7523, RFC 8628.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from fauxtune.core.formats.secret_names import not_shown
from fauxtune_wire.decoding.body import Body
from fauxtune_wire.decoding.masking import Masking, form_fields, mask_text
from fauxtune_wire.decoding.parts import Fact, Part, bounded, counted, shortened

#: Claims, in the order in which they are shown, with their names in words.
CLAIMS: dict[str, str] = {
    "upn": "User",
    "preferred_username": "User",
    "unique_name": "User",
    "name": "Name",
    "oid": "Object",
    "sub": "Subject",
    "app_displayname": "Application",
    "appid": "Application id",
    "azp": "Application id",
    "roles": "Roles (permissions of the application)",
    "scp": "Scopes (permissions for the user)",
    "aud": "Audience",
    "iss": "Issuer",
    "tid": "Tenant",
    "iat": "Issued",
    "nbf": "Valid from",
    "exp": "Expires",
}
_TIMES = frozenset({"iat", "nbf", "exp"})
_LONGEST = 16 * 1024
#: The media type of a form.
_FORM = "application/x-www-form-urlencoded"
#: Fields whose values are no secrets.
_OPEN = frozenset(
    {
        "client_assertion_type",
        "client_id",
        "code_challenge_method",
        "grant_type",
        "login_hint",
        "redirect_uri",
        "requested_token_use",
        "resource",
        "response_mode",
        "response_type",
        "scope",
        "username",
    }
)
_NAME = re.compile(r"[A-Za-z_$@][\w.$-]{0,40}")
_GRANTS: dict[str, str] = {
    "client_credentials": "the application's own credentials",
    "password": "a user's name and password",
    "refresh_token": "a refresh token",
    "authorization_code": "a code from the sign-in page",
    "urn:ietf:params:oauth:grant-type:device_code": "a device code, entered by the user elsewhere",
    "urn:ietf:params:oauth:grant-type:jwt-bearer": "a token of a user (on behalf of)",
}
#: Characters that stay as they are in the text.
_READABLE = "[]:/ ~.,@"
_FIELDS: dict[str, str] = {
    "grant_type": "Proof",
    "client_id": "Application",
    "username": "User",
    "scope": "Scope",
    "resource": "Resource",
}


def describe_token(jwt: str) -> Part:
    """Describe a token: its claims in words; the signature is not shown. Any text is accepted."""
    masking = Masking()
    (part,) = bounded([token_part(jwt, masking)], cleaned=masking.sweep, masked=mask_text)
    return part


def describe_authorization(value: str) -> Part:
    """Describe an Authorization header: the claims of a token, the user of a name and password."""
    scheme, _, rest = value.strip().partition(" ")
    if scheme.lower() in ("bearer", "pop") and rest.count(".") >= 2:
        return describe_token(rest.strip())
    if scheme.lower() != "basic":
        return Part(f"Authorization: {shortened(mask_text(scheme), 20) if rest else 'a credential'}", "text", "")
    try:
        name = base64.b64decode(rest.strip(), validate=True).decode().partition(":")[0]
    except ValueError:
        return Part("Authorization: Basic, which is not base64 of a name and a password")
    facts = (("Name", mask_text(name)), ("Password", not_shown("password")))
    (part,) = bounded([Part("Authorization: name and password (Basic)", facts=facts)], cleaned=str, masked=mask_text)
    return part


def token_part(jwt: str, masking: Masking, *, name: str = "") -> Part:
    """Describe a token that is a member of something else, under this name."""
    pieces = jwt.strip().split(".")
    what = f"Token ({name})" if name else "Token"
    if len(jwt) > _LONGEST or len(pieces) not in (3, 5):
        return Part(f"{what} that is not a JWT", text=not_shown("token"))
    if len(pieces) == 5:
        return Part(f"{what}, encrypted (JWE): only its recipient can read it", text=not_shown("token"))
    try:
        header, claims = _object(pieces[0]), _object(pieces[1])
    except (ValueError, RecursionError):
        return Part(f"{what} that is not a JWT", text=not_shown("token"))
    for piece in pieces:
        masking.hide(piece, "token")
    document = {"header": masking.document(header), "claims": masking.document(claims)}
    text = json.dumps(document, indent=2, ensure_ascii=False)
    facts = tuple(_facts(document["header"], document["claims"]))
    return Part(f"{what}: {_kind(claims)}", "json", text, facts)


def _object(piece: str) -> dict[str, Any]:
    value = json.loads(base64.urlsafe_b64decode(piece + "=" * (-len(piece) % 4)))
    if not isinstance(value, dict):
        raise TypeError("not an object") from None
    return value


def _kind(claims: dict[str, Any]) -> str:
    user = next((claims[name] for name in ("upn", "preferred_username", "unique_name") if claims.get(name)), None)
    application = claims.get("app_displayname") or claims.get("appid") or claims.get("azp")
    match user, application:
        case None, None:
            return "claims"
        case None, _:
            return f"of the application {application}"
        case _, None:
            return f"of {user}"
    return f"of {user}, by the application {application}"


def _facts(header: dict[str, Any], claims: dict[str, Any]) -> Iterator[Fact]:
    for claim, words in CLAIMS.items():
        value = claims.get(claim)
        if value not in (None, "", []):
            yield words, _moment(value) if claim in _TIMES else _words(value)
    algorithm, key = header.get("alg"), header.get("kid")
    yield "Signature", f"{algorithm or 'no algorithm'}{f', key {shortened(str(key), 9)}' if key else ''}; not shown"


def _words(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    return str(value)


def _moment(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    try:
        return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return str(value)


def read_form(body: Body) -> list[Part] | None:
    """Read a form; None for another media type."""
    if body.media_type != _FORM or body.data.lstrip()[:1] in (b"{", b"[", b"<"):
        return None
    fields = form_fields(body.data.decode())
    masked = [(name, _value(name, value, masking=body.masking)) for name, value in fields]
    named = [(_name(name) if value else _length(name), value) for name, value in masked]
    # As it was sent, so that it can be sent again.
    text = "&".join(f"{name}={quote(value, safe=_READABLE)}" for name, value in named)
    return [Part("Form: a request for a token" if _grant(fields) else "Form", "text", text, tuple(_form_facts(named)))]


def _name(name: str) -> str:
    """A field's name; a name of any other form may be a value."""
    return name if _NAME.fullmatch(name) else _length(name)


def _length(text: str) -> str:
    return f"[{counted(len(text), 'character')}]"


def _value(name: str, value: str, *, masking: Masking) -> str:
    """A field's value. Of a field that is not known to be open only the length is said."""
    masked = masking.text(name, value, in_form=True)
    is_open = name in _OPEN or masked.startswith("[not shown") or not value
    return masked if is_open else _length(value)


def _grant(fields: list[tuple[str, str]]) -> str | None:
    return dict(fields).get("grant_type")


def _form_facts(fields: list[tuple[str, str]]) -> Iterator[Fact]:
    for name, value in fields:
        yield _FIELDS.get(name, name), _GRANTS.get(value, value) if name == "grant_type" else value
