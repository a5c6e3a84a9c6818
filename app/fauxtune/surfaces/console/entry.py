"""The route of the console. Nothing else of it is imported before somebody opens a page."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

if TYPE_CHECKING:
    from fauxtune.surfaces.console.app import Console

PATH = "/console"


class ConsoleRoute(BaseRoute):
    """Everything at and below `/console`."""

    def __init__(self) -> None:
        self._console: Console | None = None
        self._lock = threading.Lock()

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match by the first segment alone."""
        path = scope["path"]
        ours = scope["type"] == "http" and (path == PATH or path.startswith(f"{PATH}/"))
        return (Match.FULL if ours else Match.NONE), {}

    def is_signed_in(self, request: Request) -> bool:
        """Whether the request comes from a browser that has sent the control token to the console."""
        return self._console is not None and self._console.is_signed_in(request)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: PLR0917 - ASGI
        """Answer one request."""
        console = self._console
        if console is None:
            # Importing takes a few tenths of a second: not on the event loop.
            console = await asyncio.to_thread(self._load)
        await console(scope, receive, send)

    def _load(self) -> Console:
        from fauxtune.surfaces.console.app import Console  # here: a server that nobody looks at stays small

        with self._lock:
            if self._console is None:
                self._console = Console()
            return self._console
