"""The route of the window on the wire. Nothing else of it is imported before somebody reads there."""

from __future__ import annotations

import asyncio
import re
import threading
from typing import TYPE_CHECKING

from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

if TYPE_CHECKING:
    from fastapi import APIRouter

_PATHS = re.compile(r"/_fauxtune/v1/(tenants/[^/]+/)?wire(/|$)")


class WireRoute(BaseRoute):
    """The calls about recorded exchanges, of a tenant and of no tenant."""

    def __init__(self) -> None:
        self._router: APIRouter | None = None
        self._lock = threading.Lock()

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match by the path; the router behind it knows the methods."""
        ours = scope["type"] == "http" and _PATHS.match(scope["path"]) is not None
        return (Match.FULL if ours else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: PLR0917 - ASGI
        """Answer one request."""
        router = self._router
        if router is None:
            # Importing takes a few tenths of a second: not on the event loop.
            router = await asyncio.to_thread(self._load)
        await router(scope, receive, send)

    def _load(self) -> APIRouter:
        import fauxtune.core.decoding  # noqa: F401 - what the first reader would wait for
        from fauxtune.surfaces.control.resources import wire
        from fauxtune.surfaces.control.routes import router_of

        with self._lock:
            if self._router is None:
                self._router = router_of(wire)
            return self._router
