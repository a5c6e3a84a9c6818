"""`/livez` and `/readyz` on both listeners, also while the server is starting.

The listeners open first, so that a program that waits for the server gets an answer at once: 503 and what is still
missing. Later each request asks the database.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from starlette.types import ASGIApp, Receive, Scope, Send

from fauxtune.core.errors import DatabaseUnavailable
from fauxtune.storage.database import Database

#: The steps of a start, in their order.
STEPS = ("listeners", "database", "keyPool", "tenant")
_METHODS = ("GET", "HEAD")


class ReadinessGate:
    """An ASGI application that answers for readiness, and passes other requests on once `open` was called."""

    def __init__(self) -> None:
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
            await _answer(send, 503 if missing else 200, document={"notReady": missing})
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
