"""HTTP requests to a server: with a token if one is needed, JSON in both directions, and errors with the server's
reason.

Sources: RFC 6749 4.3 and 4.4 (the token), "Microsoft Graph throttling guidance" (429 and 503: wait as long as
Retry-After says) and "Paging Microsoft Graph data" (@odata.nextLink is followed as it comes).
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from fauxtune.core.model.addresses import SERVER
from fauxtune.core.model.mail_accounts import MESSAGE
from fauxtune_client.endpoints import ClientError, Refused, Server, Unreachable, User, tls_context

_TIMEOUT_SECONDS = 30.0
_TRIES = 5
#: Waits if the server names none: after a 429 that of the import cmdlets, after a 503 our own.
_BUSY_SECONDS, _DOWN_SECONDS = 60.0, 2.0
#: The longest single wait, whatever the header says.
_LONGEST_WAIT_SECONDS = 120.0
#: More than Graph ever answers at once, and than any user has certificates.
_LARGEST_ANSWER = 64 * 1024 * 1024
_MOST_PAGES, _MOST_ELEMENTS = 10_000, 1_000_000
#: Bytes that are sent at once of a body that is watched.
_PIECE = 256 * 1024
#: Characters of the server's reason that are shown.
_LONGEST_REASON = 1000


class Client:
    """Requests to one server. `authority` and `graph` (with the version) may be another service's.

    `log` gets a line when the server asks to wait. `seconds`: how long an answer of Graph may take; `tries`: how often
    a request is sent when the server asks to wait. `http`: a client with open connections that others use too. `proxy`:
    the address of a proxy, with its scheme.
    """

    def __init__(
        self,
        server: Server,
        *,
        authority: str | None = None,
        graph: str | None = None,
        user: User | None = None,
        control_token: str | None = None,
        log: Callable[[str], None] | None = None,
        seconds: float = _TIMEOUT_SECONDS,
        tries: int = _TRIES,
        http: httpx.Client | None = None,
        proxy: str | None = None,
    ) -> None:
        self.server = server
        self._authority = (authority or server.https).rstrip("/")
        self._graph = (graph or f"{server.https}/beta").rstrip("/")
        self._user = user
        self._control_token = control_token
        self._log = log or (lambda _line: None)
        self._token: str | None = None
        self._tries = tries
        self._watch: Callable[[int, int | None], None] | None = None
        self._is_shared = http is not None
        self._http = http or httpx.Client(
            verify=tls_context(server.ca_file), timeout=seconds, trust_env=False, proxy=proxy
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_error: object) -> None:
        if not self._is_shared:
            self._http.close()

    @contextmanager
    def watched(self, watch: Callable[[int, int | None], None]) -> Iterator[None]:
        """Tell `watch` in this block of the bytes that are sent of a body, then of those that come: how many, and of
        how many while some are missing (None: all are there, or nobody knows).
        """
        self._watch = watch
        try:
            yield
        finally:
            self._watch = None

    def sign_in_to_tenant(self) -> None:
        """Use the application of the tenant that the server's address names, which is not always the server's first
        one. Raises as `control`.
        """
        tenant = self.control("GET", "")
        self.server = self.server.signing_in_as(
            tenant=tenant["id"], client_id=tenant["clientId"], client_secret=tenant["clientSecret"]
        )

    @property
    def has_control_token(self) -> bool:
        """Whether requests to the control surface carry a token."""
        return self._control_token is not None

    def token(self) -> str:
        """Return an access token for Graph: the application's, or the user's (password grant). It is used until
        refused.
        """
        if self._token is None:
            tenant = self.server.tenant_id or self.server.tenant
            form = {
                "client_id": self.server.client_id,
                "grant_type": "client_credentials",
                "scope": f"{_origin(self._graph, port=False)}/.default",
            }
            if self.server.client_secret:
                form["client_secret"] = self.server.client_secret
            if self._user is not None:
                tenant = self._user.tenant
                form |= {"grant_type": "password", "username": self._user.name, "password": self._user.password}
            url = f"{self._authority}/{quote(tenant, safe='')}/oauth2/v2.0/token"
            document = _document(self._signed_in(url, form))
            token = document.get("access_token") if isinstance(document, dict) else None
            if not isinstance(token, str) or not token.isascii() or not token.isprintable():
                raise ClientError(
                    f"{url} answered without an access_token: check that this is the address of a sign-in service."
                )
            self._token = token
        return self._token

    def _signed_in(self, url: str, form: dict[str, str]) -> httpx.Response:
        """The answer to a sign-in. The secret that is published is not good where a server has a control token."""
        try:
            return self._send("POST", url, data=form)
        except Refused as error:
            is_ours = self._user is None and self.server.has_seeded_secret and not self.has_control_token
            if is_ours and "AADSTS7000215" in error.reason:
                raise ClientError(
                    "The server does not take the application's published secret: it was started with a control token. "
                    "Give that token in FAUXTUNE_CONTROL_TOKEN, or with --control-token."
                ) from None
            raise

    def signed_in_as(self, user: User) -> Client:
        """Return a client of this server for a user, over the same connections; it is used while this one is open."""
        return Client(self.server, authority=self._authority, graph=self._graph, user=user, http=self._http)

    def graph(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: dict[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Return Graph's answer as JSON (None for an empty one). `path` begins with a slash, or is a whole nextLink."""
        url = path if "://" in path else f"{self._graph}{path}"
        if _origin(url) != _origin(self._graph):
            raise ClientError(
                f"{self._graph} refers to {url}, which is another server: the token is for {_origin(self._graph)} only."
            )
        is_new = self._token is None
        more = headers or {}
        try:
            answer = self._send(method, url, json=json, params=params, headers={**self._bearer(), **more})
        except Refused as refused:
            if refused.status != 401 or is_new:
                raise
            self._token = None  # it has expired: a long import outlives it
            answer = self._send(method, url, json=json, params=params, headers={**self._bearer(), **more})
        return _document(answer) if answer.content else None

    def graph_list(self, path: str, *, params: dict[str, str] | None = None) -> list[dict[str, Any]]:
        """Return all elements of a collection, page by page."""
        elements: list[dict[str, Any]] = []
        page = self.graph("GET", path, params=params)
        result: set[str] = set()
        while True:
            elements += _elements(page, where=f"{self._graph}{path}")
            link = page.get("@odata.nextLink")
            if not link:
                return elements
            if not isinstance(link, str) or len(result) >= _MOST_PAGES or len(elements) > _MOST_ELEMENTS:
                raise ClientError(f"The collection {self._graph}{path} has too many pages.")
            if link in result:
                raise ClientError(f"The pages of {self._graph}{path} form a circle: {link} came twice.")
            result.add(link)
            page = self.graph("GET", link)

    def control(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: dict[str, str] | None = None,
        seconds: float = _TIMEOUT_SECONDS,
        message: bytes | None = None,
        media: str = MESSAGE,
    ) -> Any:
        """Return the control surface's answer: JSON, or bytes of any other type. `path` is below the tenant; `seconds`:
        how long an answer may take; `message`: a body that is sent as it is, of the type `media`.
        """
        below = f"/tenants/{quote(self.server.tenant, safe='')}"
        content: dict[str, Any] = {"json": json, "message": message, "media": media}
        return self.emulator(method, f"{below}{path}", params=params, seconds=seconds, **content)

    def emulator(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: dict[str, str] | None = None,
        seconds: float = _TIMEOUT_SECONDS,
        message: bytes | None = None,
        media: str = MESSAGE,
    ) -> Any:
        """Return the control surface's answer to a request about the whole emulator, such as /tenants."""
        headers = {} if self._control_token is None else {"authorization": f"Bearer {self._control_token}"}
        content: dict[str, Any] = {"json": json}
        if message is not None:
            headers["content-type"], content = media, {"content": message}
        elif json is None and method not in {"GET", "DELETE"}:
            content = {"json": {}}
        url = f"{self.server.control}{path}"
        answer = self._send(method, url, params=params, headers=headers, timeout=seconds, **content)
        if answer.headers.get("content-type", "").startswith("application/json"):
            return _document(answer)
        return answer.content or None

    def prefer(self, language: str) -> None:
        """Ask for answers in this language (ISO 639-1), where there are some."""
        self._http.headers["accept-language"] = language

    def channel(self, method: str, path: str, *, credential: str, json: Any = None) -> httpx.Response:
        """Return the answer of the connectors' channel, refusals too. `path` is below the tenant's `v1`."""
        url = f"{self.server.https}/connector/{quote(self.server.tenant, safe='')}/v1{path}"
        return self._exchange(method, url, json=json, headers={"authorization": f"Bearer {credential}"})

    def control_list(self, path: str) -> list[dict[str, Any]]:
        """Return all elements of a list of the control surface."""
        return _elements(self.control("GET", path), where=f"{self.server.control}{path}")

    def _bearer(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token()}"}

    def _send(self, method: str, url: str, **content: Any) -> httpx.Response:
        """The answer, after waits that the server asks for. Raises Refused if it refuses."""
        for tries_left in range(self._tries, 0, -1):
            answer = self._exchange(method, url, **content)
            if answer.status_code not in {429, 503} or tries_left == 1:
                break
            seconds = min(wanted_wait(answer), _LONGEST_WAIT_SECONDS)
            why = "Too Many Requests" if answer.status_code == 429 else "Service Unavailable"
            self._log(f"Received a '{why}' response. Trying again in {seconds:g} seconds.")
            time.sleep(seconds)
        if not answer.is_success:
            reason = _reason(answer)
            message = f"{method} {url} was refused ({answer.status_code}): {reason}"
            raise Refused(message, status=answer.status_code, reason=reason, headers=answer.headers)
        return answer

    def _exchange(self, method: str, url: str, **content: Any) -> httpx.Response:
        watch = self._watch
        if self.server.server_id is not None and url.startswith(f"{self.server.https}/"):
            content["headers"] = {**(content.get("headers") or {}), SERVER: self.server.server_id}
        if watch is not None and content.get("content"):
            body = content["content"]
            content["headers"] = {**content["headers"], "content-length": str(len(body))}
            content["content"] = _pieces(body, watch)
        try:
            with self._http.stream(method, url, **content) as answer:
                return read_whole(answer, watch=watch)
        except httpx.ConnectError as error:
            hint = _hint(self.server, url=url, error=error)
            raise Unreachable(f"Cannot connect to {url}: {error}. {hint}") from None
        except httpx.TransportError as error:
            raise Unreachable(f"{method} {url} failed: {error or type(error).__name__}") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ClientError(f"{method} {url} failed: {error or type(error).__name__}") from None


def _origin(url: str, *, port: bool = True) -> str:
    """Scheme and host; for the scope of a token without the port, as the Graph SDKs write it."""
    try:
        parts = urlsplit(url)
        number = parts.port
    except ValueError:
        raise ClientError(f"{url} is not a valid address.") from None
    if not parts.scheme or not parts.hostname:
        raise ClientError(f"{url} is not a valid address: it must begin with https:// and a host.")
    return f"{parts.scheme}://{parts.hostname}" + (f":{number}" if port and number is not None else "")


def _pieces(body: bytes, watch: Callable[[int, int | None], None]) -> Iterator[bytes]:
    """The body in pieces, of which `watch` is told when they are sent."""
    for place in range(0, len(body), _PIECE):
        yield body[place : place + _PIECE]
        end = place + _PIECE
        watch(min(end, len(body)), len(body) if end < len(body) else None)


def read_whole(
    answer: httpx.Response,
    *,
    largest: int = _LARGEST_ANSWER,
    seconds: float = math.inf,
    watch: Callable[[int, int | None], None] | None = None,
) -> httpx.Response:
    """Return the answer with its whole body. Raises ClientError if the body is too large, decompressed, or takes longer
    than so many seconds. `watch` is told how many bytes there are so far, and how many there will be if that is known.
    """
    begun = time.monotonic()
    body = bytearray()
    length = answer.headers.get("content-length", "") if "content-encoding" not in answer.headers else ""
    total = int(length) if length.isdecimal() else 0
    for piece in answer.iter_bytes():
        body += piece
        if watch is not None:
            watch(len(body), total if len(body) < total else None)
        if len(body) > largest:
            raise ClientError(f"{answer.url} answered with more than {largest // 1024 // 1024} MiB.")
        if time.monotonic() - begun > seconds:
            raise ClientError(f"{answer.url} did not end its answer within {seconds:g} seconds.")
    dropped = {"content-encoding", "content-length", "transfer-encoding"}
    headers = [(name, value) for name, value in answer.headers.multi_items() if name not in dropped]
    return httpx.Response(answer.status_code, headers=headers, content=bytes(body), request=answer.request)


def _elements(page: Any, *, where: str) -> list[dict[str, Any]]:
    """The elements of a page. Raises ClientError if it is not a collection of objects with ids."""
    value = page.get("value") if isinstance(page, dict) else None
    if not isinstance(value, list) or not all(isinstance(element, dict) and element.get("id") for element in value):
        raise ClientError(f"{where} did not answer with a collection: check the address.")
    return value


def _document(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except (ValueError, RecursionError):
        raise ClientError(f"{answer.url} did not answer with JSON.") from None


def wanted_wait(answer: httpx.Response) -> float:
    """Return the seconds that an answer of 429 or 503 asks to wait.

    Retry-After: seconds, or a date. Else x-ms-retry-after-ms, which the import cmdlets read as seconds too.
    """
    for name in ("retry-after", "x-ms-retry-after-ms"):
        seconds = _seconds(answer.headers.get(name, ""), sent=answer.headers.get("date", ""))
        if seconds is not None:
            return max(seconds, 0.0)
    return _BUSY_SECONDS if answer.status_code == 429 else _DOWN_SECONDS


def _seconds(text: str, *, sent: str) -> float | None:
    """The seconds that the text names: a number, or the time from the answer's own date to another. None for others."""
    try:
        number = float(text)
    except ValueError:
        pass
    else:
        return number if math.isfinite(number) else None
    try:
        until, since = parsedate_to_datetime(text), parsedate_to_datetime(sent)
        return (until - since).total_seconds()
    except (ValueError, TypeError):
        return None


def _hint(server: Server, *, url: str, error: Exception) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return "Name the server's CA file with --ca (`fauxtune trust` shows where it is)."
    return f"Check that the server at {server.https if url.startswith(server.https) else _origin(url)} is running."


def _reason(answer: httpx.Response) -> str:
    """Graph's and the control surface's `error.message`, or OAuth's `error_description`."""
    try:
        document = answer.json()
        error = document.get("error")
        message = error["message"] if isinstance(error, dict) else document.get("error_description") or error
        reason = _sentence(str(message)) if message else answer.reason_phrase
    except (ValueError, KeyError, AttributeError, RecursionError):
        reason = answer.text[:200] or answer.reason_phrase
    # Without control characters: a terminal would obey them.
    return "".join(character if character.isprintable() else " " for character in reason[:_LONGEST_REASON])


def _sentence(message: str) -> str:
    """The sentence in a message. Intune's services put JSON there, with numbers for support after the sentence."""
    try:
        nested = json.loads(message)["Message"]
    except (ValueError, KeyError, TypeError):
        return message
    return str(nested).partition(" - Operation ID")[0]
