"""The browser's session, and what was typed into a form.

With a control token the caller enters it once; the session's cookie then proves that, never the token itself. So it is
with the password of a seat of a classroom: the cookie names the seat. Cookie: SameSite=Strict and HttpOnly (RFC 6265bis
4.1.2). Both are signed with a key of this run, and mean nothing after it; only processes that share a database have
one key, which stays.

A browser sends a cookie to every port of a host (RFC 6265bis 8.5). So the cookies' names have the port: two emulators
on one machine do not sign each other out. What another server on this machine writes into them is not signed.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from fastapi import Request, Response
from starlette.datastructures import FormData

from fauxtune.core.errors import NotAllowed
from fauxtune.core.model.ids import TenantId

_SESSION, _NOTE = "fauxtune_console", "fauxtune_console_done"
_LONGEST_PORT = 5
#: The level of a session: nobody has signed in, the control token was sent, or the password of a seat (here its tenant
#: follows).
_NOBODY, _EVERYTHING, _SEAT = "0", "1", "seat-"
#: The field of every form that changes something.
FORM_TOKEN = "form_token"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Session:
    """One browser. `signed_in`: it has sent the control token; `seat`: it has sent the password of this seat, and sees
    its tenant alone. `form_token`: what its forms must contain.
    """

    id: str
    signed_in: bool
    form_token: str = field(repr=False)
    seat: TenantId | None = None

    def check(self, form: FormData) -> None:
        """Raise NotAllowed for a form that no page of this session made: another site may have sent it."""
        if not hmac.compare_digest(str(form.get(FORM_TOKEN, "")).encode(), self.form_token.encode()):
            raise NotAllowed(
                "This form does not come from a page of this console that is still open, so nothing was changed. "
                "Open the page again, and send the form from there."
            )

    def signed_note(self, text: str) -> str:
        """Return the cookie with a sentence for the next page. In an address anybody could write such a sentence."""
        return f"{self._proof(text)}.{text}"

    def read_note(self, cookie: str) -> str:
        """Return the sentence of such a cookie; nothing if this session did not sign it."""
        proof, _, text = cookie.partition(".")
        return text if hmac.compare_digest(proof.encode(), self._proof(text).encode()) else ""

    def _proof(self, text: str) -> str:
        return hmac.digest(self.form_token.encode(), text.encode(), "sha256").hex()


class SessionKey:
    """The key that signs the sessions of one run of the server, or of all processes that share this secret."""

    def __init__(self, secret: bytes | None = None) -> None:
        self._key = secret or secrets.token_bytes(32)

    def new(self, *, signed_in: bool, seat: TenantId | None = None) -> Session:
        """Return the session of a browser that has none, or that has just signed in."""
        return self._session(secrets.token_hex(16), signed_in=signed_in, seat=seat)

    def read(self, request: Request) -> Session | None:
        """Return the session of the request's cookie; None without one that this run has signed."""
        identifier, _, rest = request.cookies.get(_name(_SESSION, request), "").partition(".")
        level, _, proof = rest.partition(".")
        is_known = level in {_NOBODY, _EVERYTHING} or level.startswith(_SEAT)
        if not is_known or not hmac.compare_digest(proof.encode(), self._sign(identifier, level).encode()):
            return None
        seat = TenantId(level.removeprefix(_SEAT)) if level.startswith(_SEAT) else None
        return self._session(identifier, signed_in=level == _EVERYTHING, seat=seat)

    def write(self, response: Response, session: Session, *, request: Request) -> None:
        """Set the cookie, only for HTTPS if the request came by it."""
        level = _EVERYTHING if session.signed_in else _NOBODY if session.seat is None else f"{_SEAT}{session.seat}"
        response.set_cookie(
            _name(_SESSION, request),
            f"{session.id}.{level}.{self._sign(session.id, level)}",
            path="/",
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )

    def _session(self, identifier: str, *, signed_in: bool, seat: TenantId | None) -> Session:
        return Session(identifier, signed_in, self._sign("form", identifier), seat)

    def _sign(self, *parts: str) -> str:
        return hmac.digest(self._key, "\n".join(parts).encode(), "sha256").hex()


def note_name(request: Request) -> str:
    """Return the name of the cookie with the sentence that the next page shows."""
    return _name(_NOTE, request)


def _name(name: str, request: Request) -> str:
    port = request.headers.get("host", "").rpartition(":")[2]
    return f"{name}_{port}" if port.isascii() and port.isdigit() and len(port) <= _LONGEST_PORT else name


#: The buttons of a form, and the token, are no values of it.
_NO_VALUES = frozenset({FORM_TOKEN, "step"})


@dataclass(slots=True)
class Typed:
    """The values of a form by field; a field of several choices has several. `errors`: why a field is refused."""

    values: Mapping[str, Sequence[str]]
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, form: FormData) -> Typed:
        """Return the texts that were sent, without files."""
        values: dict[str, list[str]] = {}
        for name, value in form.multi_items():
            if isinstance(value, str) and name not in _NO_VALUES:
                values.setdefault(name, []).append(value)
        return cls(values)

    def text(self, name: str) -> str:
        """Return the text of a field, without blanks around it; "" for a field that was not sent."""
        return next(iter(self.values.get(name, ())), "").strip()

    def all(self, name: str) -> list[str]:
        """Return everything that was chosen in a field, each once."""
        return [value for value in dict.fromkeys(self.values.get(name, ())) if value]

    def has(self, name: str, value: str = "on") -> bool:
        """Whether this was chosen in a field."""
        return value in self.values.get(name, ())

    def wrong(self, name: str, reason: str) -> None:
        """Note why a field is refused; the first reason stays."""
        self.errors.setdefault(name, reason)

    def with_value(self, name: str, value: str) -> Typed:
        """Return the form with another text in one field."""
        return Typed({**self.values, name: [value]}, self.errors)

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Return every field with every value, for the hidden fields of the next page."""
        for name, values in self.values.items():
            for value in values:
                yield name, value
