"""The route of `/docs`. Nothing else of it is imported before somebody opens it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

if TYPE_CHECKING:
    from fauxtune.server.docs.application import Docs

PATH = "/docs"


class DocsRoute(BaseRoute):
    """Everything at and below `/docs`."""

    def __init__(self) -> None:
        self._docs: Docs | None = None

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match by the first segment alone."""
        path = scope["path"]
        ours = scope["type"] == "http" and (path == PATH or path.startswith(f"{PATH}/"))
        return (Match.FULL if ours else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: PLR0917 - ASGI
        """Answer one request."""
        if self._docs is None:
            from fauxtune.server.docs.application import Docs  # here: most servers never show it

            self._docs = Docs()
        await self._docs(scope, receive, send)
