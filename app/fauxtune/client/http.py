"""HTTP to a server: a token when one is needed, JSON in and out, and errors that say what the other side said."""

from __future__ import annotations

import json
import ssl
import time
from typing import Any
from urllib.parse import urlsplit

import httpx

from fauxtune.client.endpoints import ClientError, Server

_TIMEOUT_SECONDS = 30.0
_RETRIES = 5


class Client:
    """Requests to one server. `authority` and `graph` (with the version) may be another service's."""

    def __init__(
        self,
        server: Server,
        *,
        authority: str | None = None,
        graph: str | None = None,
        user: tuple[str, str] | None = None,
        control_token: str | None = None,
    ) -> None:
        self.server = server
        self._authority = (authority or server.https).rstrip("/")
        self._graph = (graph or f"{server.https}/beta").rstrip("/")
        self._user = user
        self._control_token = control_token
        self._token: str | None = None
        self._http = httpx.Client(verify=_context(server), timeout=_TIMEOUT_SECONDS, trust_env=False)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_error: object) -> None:
        self._http.close()

    def token(self) -> str:
        """An access token for Graph: the application's, or the user's (password grant). Kept for this client's life."""
        if self._token is None:
            tenant = self.server.tenant_id or self.server.tenant
            form = {
                "client_id": self.server.client_id,
                "client_secret": self.server.client_secret,
                "grant_type": "client_credentials",
                "scope": f"{self._graph_origin()}/.default",
            }
            if self._user is not None:
                tenant = "organizations"
                form |= {"grant_type": "password", "username": self._user[0], "password": self._user[1]}
            answer = self._send("POST", f"{self._authority}/{tenant}/oauth2/v2.0/token", data=form)
            self._token = str(answer.json()["access_token"])
        return self._token

    def graph(self, method: str, path: str, *, json: Any = None, params: dict[str, str] | None = None) -> Any:
        """What Graph answers, as JSON (None: nothing). `path` begins with a slash, or is a whole nextLink."""
        url = path if path.startswith("https://") else f"{self._graph}{path}"
        headers = {"authorization": f"Bearer {self.token()}"}
        answer = self._send(method, url, json=json, params=params, headers=headers)
        return answer.json() if answer.content else None

    def graph_list(self, path: str, *, params: dict[str, str] | None = None) -> list[dict[str, Any]]:
        """Every element of a collection, page after page."""
        page = self.graph("GET", path, params=params)
        found = list(page["value"])
        while "@odata.nextLink" in page:
            page = self.graph("GET", page["@odata.nextLink"])
            found += page["value"]
        return found

    def control(self, method: str, path: str, *, json: Any = None, params: dict[str, str] | None = None) -> Any:
        """What the control surface answers: JSON, or bytes of any other type. `path` is below the tenant."""
        headers = {} if self._control_token is None else {"authorization": f"Bearer {self._control_token}"}
        if json is None and method not in {"GET", "DELETE"}:
            json = {}
        url = f"{self.server.control}/tenants/{self.server.tenant}{path}"
        answer = self._send(method, url, json=json, params=params, headers=headers)
        if answer.headers.get("content-type", "").startswith("application/json"):
            return answer.json()
        return answer.content

    def readiness(self) -> tuple[bool, list[str]]:
        """Is the server ready, and what is missing if not? ClientError when nobody answers."""
        answer = self._exchange("GET", f"{self.server.https}/readyz")
        if answer.status_code not in {200, 503}:
            raise ClientError(f"{answer.url} answered {answer.status_code}: is that a Fauxtune server?")
        return answer.status_code == 200, list(answer.json().get("notReady", ()))

    def _graph_origin(self) -> str:
        # As the Graph SDKs do it: the host of the base URL, without its port.
        host = urlsplit(self._graph)
        return f"{host.scheme}://{host.hostname}"

    def _send(self, method: str, url: str, **content: Any) -> httpx.Response:
        """The answer, after waiting where the server asks to (429, Retry-After in seconds). ClientError: a refusal."""
        for _ in range(_RETRIES):
            answer = self._exchange(method, url, **content)
            if answer.status_code != 429:
                break
            time.sleep(float(answer.headers.get("retry-after", "60")))
        if answer.is_error:
            raise ClientError(f"{method} {url} was refused ({answer.status_code}): {_reason(answer)}")
        return answer

    def _exchange(self, method: str, url: str, **content: Any) -> httpx.Response:
        try:
            return self._http.request(method, url, **content)
        except httpx.ConnectError as error:
            raise ClientError(f"No connection to {url}: {error}. {_hint(self.server, error)}") from None
        except httpx.HTTPError as error:
            raise ClientError(f"{method} {url} failed: {error or type(error).__name__}") from None


def _context(server: Server) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=None if server.ca_file is None else str(server.ca_file))
    except (OSError, ssl.SSLError) as error:
        raise ClientError(f"The CA file {server.ca_file} cannot be used: {error}") from None


def _hint(server: Server, error: Exception) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return "Name the server's CA file with --ca (`fauxtune trust` says where it is)."
    return f"Is the server at {server.https} running?"


def _reason(answer: httpx.Response) -> str:
    """Graph's and the control surface's `error.message`, or OAuth's `error_description`."""
    try:
        document = answer.json()
        error = document.get("error")
        message = str(error["message"] if isinstance(error, dict) else document.get("error_description") or error)
        return _sentence(message)
    except (ValueError, KeyError, AttributeError):
        return answer.text[:200] or answer.reason_phrase


def _sentence(message: str) -> str:
    """Intune's services put JSON into the message, and the sentence into that; support's numbers follow it."""
    try:
        nested = json.loads(message)["Message"]
    except (ValueError, KeyError, TypeError):
        return message
    return str(nested).partition(" - Operation ID")[0]
