"""The browser's session: a cookie that says who asks, and the token by which forms of our own pages are known.

With a control token the caller enters it once; the cookie then proves that, never the token itself. Cookie:
SameSite=Strict and HttpOnly (RFC 6265bis 4.1.2). Both are signed with a key of this run, and mean nothing after it.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field

from fastapi import Request, Response

COOKIE = "fauxtune_console"
#: The field of every form that changes something.
FORM_TOKEN = "form_token"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Session:
    """One browser. `signed_in`: it has sent the control token. `form_token`: what its forms must contain."""

    id: str
    signed_in: bool
    form_token: str = field(repr=False)


class SessionKey:
    """The key that signs the sessions of one run of the server."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def new(self, *, signed_in: bool) -> Session:
        """Return the session of a browser that has none, or that has just signed in."""
        return self._session(secrets.token_hex(16), signed_in=signed_in)

    def read(self, request: Request) -> Session | None:
        """Return the session of the request's cookie; None without one that this run has signed."""
        identifier, _, rest = request.cookies.get(COOKIE, "").partition(".")
        level, _, proof = rest.partition(".")
        if level not in {"0", "1"} or not hmac.compare_digest(proof.encode(), self._sign(identifier, level).encode()):
            return None
        return self._session(identifier, signed_in=level == "1")

    def write(self, response: Response, session: Session, *, secure: bool) -> None:
        """Set the cookie; `secure` on HTTPS."""
        level = "1" if session.signed_in else "0"
        response.set_cookie(
            COOKIE,
            f"{session.id}.{level}.{self._sign(session.id, level)}",
            path="/",
            httponly=True,
            samesite="strict",
            secure=secure,
        )

    def _session(self, identifier: str, *, signed_in: bool) -> Session:
        return Session(identifier, signed_in, self._sign("form", identifier))

    def _sign(self, *parts: str) -> str:
        return hmac.digest(self._key, "\n".join(parts).encode(), "sha256").hex()
