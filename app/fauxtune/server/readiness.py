"""How others learn that the server is ready: `/livez`, `/readyz`, and the file of its addresses.

`/livez` and `/readyz` on both listeners, also while the server is starting.

The listeners open first, so that a program that waits for the server gets an answer at once: 503 and what is still
missing. Later each request asks the database.

`<data-dir>/endpoints.json`: the addresses of a running server. The file exists only while the server is ready.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from fauxtune.core.errors import DatabaseUnavailable
from fauxtune.core.model.addresses import SERVER
from fauxtune.storage.database import Database

#: The steps of a start, in their order.
STEPS = ("listeners", "database", "keyPool", "tenant")
_METHODS = ("GET", "HEAD")


class ReadinessGate:
    """An ASGI application that answers for readiness, and passes other requests on once `open` was called. `headers`:
    those of every answer of the listeners.
    """

    def __init__(self, server_id: str) -> None:
        self.server_id = server_id
        self.headers = [(SERVER, server_id)]
        self._app: ASGIApp | None = None
        self._database: Database | None = None
        self._missing = list(STEPS)

    def done(self, step: str) -> None:
        """Note that a step of the start is done."""
        self._missing.remove(step)

    def open(self, app: ASGIApp, *, database: Database | None = None) -> None:
        """Pass requests to the application from now on. It is ready as long as its database answers."""
        self._app = app
        self._database = database

    async def _missing_now(self) -> list[str]:
        if self._missing or self._database is None:
            return self._missing
        try:
            await self._database.ask()
        except DatabaseUnavailable:
            return ["database"]
        return []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: PLR0917 - ASGI
        """Answer or pass on one request."""
        path = scope.get("path")
        if path in {"/readyz", "/livez"} and scope["method"] not in _METHODS:
            document = {"error": {"code": "MethodNotAllowed", "message": f"{path} is read."}}
            await _answer(send, 405, document=document, headers=[(b"allow", ", ".join(_METHODS).encode())])
        elif path == "/readyz":
            missing = await self._missing_now()
            await _answer(send, 503 if missing else 200, document={"notReady": missing, "serverId": self.server_id})
        elif path == "/livez":
            await _answer(send, 200, document={"alive": True})
        elif self._app is not None:
            await self._app(scope, receive, send)
        else:
            message = "The server is starting: try again. /readyz lists what is still missing."
            await _answer(send, 503, document={"error": {"code": "NotReady", "message": message}})


async def _answer(
    send: Send, status: int, *, document: Mapping[str, object], headers: Iterable[tuple[bytes, bytes]] = ()
) -> None:
    body = json.dumps(document).encode()
    headers = [*headers, (b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if status == 503:
        headers.append((b"retry-after", b"1"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


FILE_NAME = "endpoints.json"


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The id and addresses of the server, and the credentials of its first tenant (None without one). URLs end without
    a slash. `trust`: the page that tells others what to trust.
    """

    server_id: str
    https: str
    http: str
    ca_file: str
    data_dir: str
    trust: str = ""
    proxy: str | None = None
    mail: tuple[tuple[str, str], ...] = ()
    tenant: str | None = None
    tenant_id: str | None = None
    client_id: str | None = None
    client_secret: str | None = None
    user_password: str | None = None

    @property
    def console(self) -> str:
        """The console's address by plain HTTP: a browser warns of the emulator's own authority."""
        return f"{self.http}/console"

    def document(self) -> dict[str, object]:
        """Return the content of the file, which other programs rely on. `proxy` is there with --intercept, `mail` with
        --mail, `userPassword` where people have another password than the published one.
        """
        return {
            "serverId": self.server_id,
            "https": self.https,
            "http": self.http,
            "control": f"{self.https}/_fauxtune/v1",
            "console": self.console,
            "caFile": self.ca_file,
            "trust": self.trust,
            "dataDir": self.data_dir,
            **({} if self.proxy is None else {"proxy": self.proxy}),
            **({"mail": dict(self.mail)} if self.mail else {}),
            "tenant": self.tenant,
            "tenantId": self.tenant_id,
            "clientId": self.client_id,
            "clientSecret": self.client_secret,
            **({} if self.user_password is None else {"userPassword": self.user_password}),
            "pid": os.getpid(),
        }


def write(folder: Path, endpoints: Endpoints) -> None:
    """Write the file, whole or not at all. Only its owner can read it: it holds a secret."""
    draft = folder / f".{FILE_NAME}.new"
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps(endpoints.document(), indent=2) + "\n")
        draft.replace(folder / FILE_NAME)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def remove(folder: Path) -> None:
    """Remove the file, if there is one; a killed server may have left it behind."""
    (folder / FILE_NAME).unlink(missing_ok=True)
