"""Forms (application/x-www-form-urlencoded), which token endpoints read. RFC 6749, RFC 7523, RFC 8628."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

from fauxtune_wire.decoding.body import Body
from fauxtune_wire.decoding.masking import Masking, form_fields
from fauxtune_wire.decoding.parts import Fact, Part, counted

_MEDIA_TYPE = "application/x-www-form-urlencoded"
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
_NAMES: dict[str, str] = {
    "grant_type": "Proof",
    "client_id": "Application",
    "username": "User",
    "scope": "Scope",
    "resource": "Resource",
}


def read(body: Body) -> list[Part] | None:
    """Read a form; None for another media type."""
    if body.media_type != _MEDIA_TYPE or body.data.lstrip()[:1] in (b"{", b"[", b"<"):
        return None
    fields = form_fields(body.data.decode())
    masked = [(name, _value(name, value, masking=body.masking)) for name, value in fields]
    named = [(_name(name) if value else _length(name), value) for name, value in masked]
    # As it was sent, so that it can be sent again.
    text = "&".join(f"{name}={quote(value, safe=_READABLE)}" for name, value in named)
    return [Part("Form: a request for a token" if _grant(fields) else "Form", "text", text, tuple(_facts(named)))]


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


def _facts(fields: list[tuple[str, str]]) -> Iterator[Fact]:
    for name, value in fields:
        yield _NAMES.get(name, name), _GRANTS.get(value, value) if name == "grant_type" else value
