"""Signing in to Entra ID without a browser of our own: by device code, or as an application with its secret.

Sources: RFC 8628 (3.1 to 3.5), Entra ID "OAuth 2.0 device authorization grant", RFC 6749 4.4.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx

from fauxtune_client.endpoints import ClientError
from fauxtune_client.http import read_whole

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
#: Bytes of an answer of a sign-in service.
_LARGEST = 1024 * 1024
#: Seconds between two polls, if the service names none; how much longer after slow_down (RFC 8628 3.2, 3.5).
_INTERVAL, _SLOWER = 5.0, 5.0
#: The longest sign-in that is waited for, whatever the service says.
_LONGEST = 30 * 60.0
#: Polls without an answer, one after the other, that are borne.
_MOST_LOST = 5


@dataclass(frozen=True, slots=True)
class Authority:
    """A sign-in service and the tenant there. `sleep` waits so many seconds; `now` is a clock for intervals."""

    http: httpx.Client
    url: str
    tenant: str
    sleep: Callable[[float], None] = lambda seconds: time.sleep(seconds)
    now: Callable[[], float] = time.monotonic

    def _ask(self, endpoint: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        url = f"{self.url.rstrip('/')}/{quote(self.tenant, safe='')}/oauth2/v2.0/{endpoint}"
        try:
            with self.http.stream("POST", url, data=form) as answer:
                whole = read_whole(answer, largest=_LARGEST)
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise Lost(f"POST {url} failed: {error or type(error).__name__}.") from None
        try:
            document = whole.json()
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            media = whole.headers.get("content-type", "nothing").partition(";")[0]
            raise ClientError(
                f"{url} answered {whole.status_code} with {media}, not with JSON: check that --authority is a sign-in "
                "service."
            )
        return whole.status_code, document

    def as_application(self, client_id: str, secret: str, *, scope: str) -> str:
        """Return an access token of the application. Raises ClientError with the service's reason."""
        form = {"client_id": client_id, "client_secret": secret, "grant_type": "client_credentials", "scope": scope}
        status, answer = self._ask("token", form)
        if status != httpx.codes.OK:
            raise ClientError(f"The sign-in as application {client_id} was refused: {_reason(answer)}")
        return _token(answer)

    def begin(self, client_id: str, *, scopes: Iterable[str]) -> DeviceSignIn:
        """Ask for a device code. Raises ClientError if the service gives none."""
        status, answer = self._ask("devicecode", {"client_id": client_id, "scope": " ".join(scopes)})
        needed = ("device_code", "user_code", "verification_uri")
        if status != httpx.codes.OK or not all(isinstance(answer.get(name), str) for name in needed):
            raise ClientError(f"The sign-in by device code was refused: {_reason(answer)}")
        lifetime = min(_number(answer.get("expires_in"), _LONGEST), _LONGEST)
        return DeviceSignIn(
            authority=self,
            client_id=client_id,
            device_code=answer["device_code"],
            user_code=_printable(answer["user_code"]),
            page=_printable(answer["verification_uri"]),
            until=self.now() + lifetime,
            interval=max(_number(answer.get("interval"), _INTERVAL), 0.0),
        )


class Lost(ClientError):
    """A request to the sign-in service had no answer."""


@dataclass(slots=True, kw_only=True)
class DeviceSignIn:
    """A sign-in that waits for its user, who opens `page` and enters `user_code`."""

    authority: Authority
    client_id: str
    device_code: str = field(repr=False)
    user_code: str
    page: str
    until: float
    interval: float

    def wait(self) -> str:
        """Poll until the user has signed in, and return the access token.

        Raises ClientError if the user declined, the code expired, or the service refuses.
        """
        form = {"client_id": self.client_id, "grant_type": DEVICE_GRANT, "device_code": self.device_code}
        lost = 0
        while self.authority.now() < self.until:
            self.authority.sleep(self.interval)
            try:
                status, answer = self.authority._ask("token", form)
            except Lost as error:
                lost += 1
                self.interval *= 2  # RFC 8628 3.5: a client that gets no answer asks less often
                if lost >= _MOST_LOST:
                    raise ClientError(f"The sign-in service no longer answers. {error}") from None
                continue
            lost = 0
            if status == httpx.codes.OK:
                return _token(answer)
            self._go_on(answer)
        raise ClientError("The code has expired before somebody signed in. Start again.")

    def _go_on(self, answer: dict[str, Any]) -> None:
        """Read what the service answered in place of a token. Raises ClientError unless it may be asked again."""
        match answer.get("error"):
            case "authorization_pending":
                return
            case "slow_down":
                self.interval += _SLOWER
            case "authorization_declined" | "access_denied":
                raise ClientError("The sign-in was declined in the browser. Nothing was read.")
            case "expired_token":
                raise ClientError("The code has expired before somebody signed in. Start again.")
            case _:
                raise ClientError(f"The sign-in by device code was refused: {_reason(answer)}")


def _token(answer: dict[str, Any]) -> str:
    token = answer.get("access_token")
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise ClientError("The sign-in service answered without an access_token.")
    return token


def _number(value: object, default: float) -> float:
    """The number, or the default: some services write numbers as text."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return default
    return number if 0 <= number <= _LONGEST else default


def _reason(answer: dict[str, Any]) -> str:
    """The first line of `error_description`; what follows are numbers for support."""
    text = str(answer.get("error_description") or answer.get("error") or "no reason was given").splitlines()[0]
    return _printable(text[:500])


def _printable(text: str) -> str:
    return "".join(each if each.isprintable() else " " for each in text)
