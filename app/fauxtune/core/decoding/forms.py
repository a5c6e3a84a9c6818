"""Forms (application/x-www-form-urlencoded), which token endpoints read. RFC 6749, RFC 7523, RFC 8628."""

from __future__ import annotations

from collections.abc import Iterator

from fauxtune.core.decoding.body import Body
from fauxtune.core.decoding.masking import form_fields
from fauxtune.core.decoding.parts import Fact, Part

_MEDIA_TYPE = "application/x-www-form-urlencoded"
_GRANTS: dict[str, str] = {
    "client_credentials": "the application's own credentials",
    "password": "a user's name and password",
    "refresh_token": "a refresh token",
    "authorization_code": "a code from the sign-in page",
    "urn:ietf:params:oauth:grant-type:device_code": "a device code, entered by the user elsewhere",
    "urn:ietf:params:oauth:grant-type:jwt-bearer": "a token of a user (on behalf of)",
}
_NAMES: dict[str, str] = {"client_id": "Application", "username": "User", "scope": "Scope", "resource": "Resource"}


def read(body: Body) -> list[Part] | None:
    """Read a form; None for another media type."""
    if body.media_type != _MEDIA_TYPE:
        return None
    fields = form_fields(body.data.decode())
    masked = [(name, body.masking.text(name, value, in_form=True)) for name, value in fields]
    text = "\n".join(f"{body.masking.text('', name)} = {value}" for name, value in masked)
    return [Part("Form: a request for a token" if _grant(fields) else "Form", "text", text, tuple(_facts(masked)))]


def _grant(fields: list[tuple[str, str]]) -> str | None:
    return dict(fields).get("grant_type")


def _facts(fields: list[tuple[str, str]]) -> Iterator[Fact]:
    grant = _grant(fields)
    if grant:
        yield "Proof", _GRANTS.get(grant, grant)
    values = dict(fields)
    yield from ((words, values[name]) for name, words in _NAMES.items() if values.get(name))
