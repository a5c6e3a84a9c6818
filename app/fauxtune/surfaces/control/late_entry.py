"""The parts of the control surface that few servers need. Nothing of them is imported before somebody calls them."""

from __future__ import annotations

import asyncio
import re
import threading
from importlib import import_module
from typing import TYPE_CHECKING

from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

if TYPE_CHECKING:
    from fastapi import APIRouter

_PLACE = "fauxtune.surfaces.control.resources"
#: The paths of each part below `/_fauxtune/v1/`, its modules, and what else its first caller would wait for.
_PARTS = (
    (r"tenants/[^/]+/faults(/|$)", (f"{_PLACE}.faults",), "fauxtune.operations.tenants.faults"),
    (r"(tenants/[^/]+/)?wire(/|$)", (f"{_PLACE}.wire",), "fauxtune.core.decoding"),
    (
        r"tenants/[^/]+/(messages|address-book|users/[^/]+/messages)(/|$)",
        (f"{_PLACE}.messages", f"{_PLACE}.address_book"),
        "fauxtune.operations.mail.opening",
    ),
    (
        r"tenants/[^/]+/(export$|import$|reset$|snapshots(/|$))",
        (f"{_PLACE}.state",),
        "fauxtune.operations.tenants.importing",
    ),
    (r"tenants/[^/]+/states$", (f"{_PLACE}.states",), "fauxtune.operations.arrangement.provider_states"),
    (r"tenants/[^/]+/users/[^/]+/readability$", (f"{_PLACE}.readability",), "fauxtune.core.mail.readability"),
)


class LateRoute(BaseRoute):
    """The calls of one part."""

    def __init__(self, paths: str, *, modules: tuple[str, ...], needs: str) -> None:
        """`paths`: an expression of those below `/_fauxtune/v1/`; `modules` have a router each; `needs` another one."""
        self._paths = re.compile(f"/_fauxtune/v1/{paths}")
        self._modules = modules
        self._needs = needs
        self._router: APIRouter | None = None
        self._lock = threading.Lock()

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match by the path; the router behind it knows the methods."""
        ours = scope["type"] == "http" and self._paths.match(scope["path"]) is not None
        return (Match.FULL if ours else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: PLR0917 - ASGI
        """Answer one request."""
        router = self._router
        if router is None:
            # Importing takes a few tenths of a second: not on the event loop.
            router = await asyncio.to_thread(self._load)
        await router(scope, receive, send)

    def _load(self) -> APIRouter:
        import_module(self._needs)
        modules = [import_module(name) for name in self._modules]
        from fauxtune.surfaces.control.routes import router_of

        with self._lock:
            if self._router is None:
                self._router = router_of(*modules)
            return self._router


def late_routes() -> list[BaseRoute]:
    """Return the routes of all parts that are loaded by their first call."""
    return [LateRoute(paths, modules=modules, needs=needs) for paths, modules, needs in _PARTS]
