"""The front door: `/livez` and `/readyz` on both listeners, also while the rest is not there yet.

The listeners open first, so that whoever waits for the server gets an answer at once: 503 and what is still missing.
Later the database is asked each time.
"""

from __future__ import annotations

import json

from starlette.types import ASGIApp, Receive, Scope, Send

from fauxtune.core.errors import DatabaseUnavailable
from fauxtune.storage.database import Database

#: What must be there, in the order in which it comes.
STEPS = ("listeners", "database", "keyPool", "tenant")


class FrontDoor:
    """An ASGI application in front of the real one, which is let in by `open`."""

    def __init__(self) -> None:
        self._app: ASGIApp | None = None
        self._database: Database | None = None
        self._missing = list(STEPS)

    @property
    def not_ready(self) -> list[str]:
        """What is still missing."""
        return list(self._missing)

    def done(self, step: str) -> None:
        """One of the steps is taken."""
        self._missing.remove(step)

    def open(self, app: ASGIApp, *, database: Database | None = None) -> None:
        """From now on requests go to the application, which is ready while its database is."""
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
        """One request."""
        path = scope.get("path")
        if path == "/readyz":
            missing = await self._missing_now()
            await _answer(send, 503 if missing else 200, document={"notReady": missing})
        elif path == "/livez":
            await _answer(send, 200, document={"alive": True})
        elif self._app is not None:
            await self._app(scope, receive, send)
        else:
            message = "The server is starting; /readyz says what is missing."
            await _answer(send, 503, document={"error": {"code": "NotReady", "message": message}})


async def _answer(send: Send, status: int, *, document: dict[str, object]) -> None:
    body = json.dumps(document).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if status == 503:
        headers.append((b"retry-after", b"1"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
