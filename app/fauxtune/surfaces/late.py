"""What the first request that needs it imports and makes: surfaces, pages, writers of refusals.

So a start waits for nothing that nobody has asked for, and a server that serves one protocol holds no other. It happens
in a thread: the event loop goes on serving others. `docs/decisions/0048` says what that saves.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

T = TypeVar("T")


class Late(Generic[T]):
    """A value that is made once, when it is first needed."""

    def __init__(self, make: Callable[[], T]) -> None:
        """`make`: imports what it needs, and returns the value."""
        self._make = make
        self._lock = threading.Lock()
        #: The value, if it was needed already.
        self.present: T | None = None

    async def get(self) -> T:
        """Return the value. The first caller waits for a thread that makes it."""
        present = self.present
        return await asyncio.to_thread(self.get_now) if present is None else present

    def get_now(self) -> T:
        """Return the value. Blocks the first time, for some tenths of a second."""
        with self._lock:
            if self.present is None:
                self.present = self._make()
            return self.present


class LateRoute(BaseRoute):
    """All paths that match an expression, answered by an application which the first request makes."""

    def __init__(self, paths: str | re.Pattern[str], make: Callable[[], ASGIApp]) -> None:
        """`make`: imports the application, which knows the rest of the paths and the methods, and returns it."""
        self.paths = re.compile(paths)
        self._app = Late(make)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match only by the path."""
        ours = scope["type"] == "http" and self.paths.match(scope["path"]) is not None
        return (Match.FULL if ours else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: PLR0917 - ASGI
        """Answer one request."""
        app = self._app.present or await self._app.get()
        await app(scope, receive, send)
