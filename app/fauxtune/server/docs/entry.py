"""The route of `/docs`. Nothing else of it is imported before somebody opens it."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from fauxtune.surfaces.console.entry import ConsoleRoute

if TYPE_CHECKING:
    from fauxtune.server.docs.application import Docs

PATH = "/docs"


class DocsRoute(BaseRoute):
    """Everything at and below `/docs`."""

    def __init__(self, console: ConsoleRoute) -> None:
        """`console`: browsers that have sent it the control token may look here too."""
        self._console = console
        self._docs: Docs | None = None
        self._lock = threading.Lock()

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match by the first segment alone."""
        path = scope["path"]
        ours = scope["type"] == "http" and (path == PATH or path.startswith(f"{PATH}/"))
        return (Match.FULL if ours else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: PLR0917 - ASGI
        """Answer one request."""
        docs = self._docs
        if docs is None:
            # Importing takes a few tenths of a second: not on the event loop.
            docs = await asyncio.to_thread(self._load)
        await docs(scope, receive, send)

    def _load(self) -> Docs:
        from fauxtune.server.docs.application import Docs  # here: most servers never show it

        with self._lock:
            if self._docs is None:
                self._docs = Docs(self._console)
            return self._docs
