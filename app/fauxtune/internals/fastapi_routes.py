"""FastAPI's router as an application by itself, and the classes of its routes.

The server's application (`server/factory.py`) is not a FastAPI application: a start need not import FastAPI, and
requests pass fewer layers.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from functools import cached_property
from http import HTTPStatus
from typing import Any, ClassVar

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Receive, Scope, Send

from fauxtune.core.formats.json_text import check_elements

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class Router(APIRouter):
    """A router that answers requests by itself, as FastAPI's application would let it: direct routes first, of which
    FastAPI need know nothing. Errors pass through: the guard of the server has them worded by the surface.
    """

    @cached_property
    def _direct(self) -> list[DirectRoute]:
        return [route for route in self.routes if isinstance(route, DirectRoute)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: PLR0917 - ASGI
        """Answer one request."""
        for route in self._direct:
            match = route.path_regex.match(scope["path"])
            if match is not None and scope["method"] in (route.methods or ()):
                scope["path_params"] = match.groupdict()
                await route.app(scope, receive, send)
                return
        async with AsyncExitStack() as files:
            scope["fastapi_middleware_astack"] = files  # FastAPI closes the files of forms by it
            try:
                await super().__call__(scope, receive, send)
            except HTTPException as error:
                # Starlette names the methods of the first route, and others may have the same path.
                if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED and "Allow" in (error.headers or {}):
                    error.headers = {"Allow": ", ".join(self._methods_at(scope))}
                raise

    def _methods_at(self, scope: Scope) -> list[str]:
        requests = ((method, dict(scope, method=method)) for method in _METHODS)
        return [method for method, one in requests if any(route.matches(one)[0] is Match.FULL for route in self.routes)]


class BoundedRoute(APIRoute):
    """A route that refuses bodies with too many elements before FastAPI parses them: parsing holds the event loop."""

    #: Members and elements of a body, all levels together.
    most_elements: ClassVar[int]

    async def admit(self, request: Request) -> None:
        """Raise if the request is refused before its body is read. Here none is."""

    def has_elements(self, request: Request) -> bool:
        """Whether the body has elements to count: here each has."""
        return True

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler behind `admit` and the count of elements."""
        inner = super().get_route_handler()

        async def bounded(request: Request) -> Response:
            await self.admit(request)
            if self.has_elements(request):
                check_elements(await request.body(), most=self.most_elements)
            return await inner(request)

        return bounded


class DirectRoute(APIRoute):
    """A route whose endpoint gets the request and the parts of the path as text, without FastAPI's dependency
    injection. For answers that take less time than the injection does.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Take what an `APIRoute` takes."""
        super().__init__(path, endpoint, **options)
        self.app = self._answer

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: PLR0917 - ASGI
        request = Request(scope, receive)
        response = await self.endpoint(request, **request.path_params)
        await response(scope, receive, send)
