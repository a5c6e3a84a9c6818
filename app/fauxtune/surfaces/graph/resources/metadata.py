"""The documents about Graph itself, which need no token: `$metadata` and the service document. OData Protocol 4.01,
11.1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

from fauxtune.core.errors import NotFound
from fauxtune.core.graph.index import ENTITIES
from fauxtune.core.odata.describe.csdl import csdl
from fauxtune.core.odata.paths.table import Route
from fauxtune.core.odata.schema.types import Version
from fauxtune.surfaces.graph.call import Answer, Call, Handler, Message


class Description:
    """Describes routes. `routes`: returns all of them, its own ones included; it is called at the first answer."""

    def __init__(self, routes: Callable[[], Sequence[Route[Handler]]]) -> None:
        self._routes = routes
        self._metadata: dict[Version, str] = {}

    def described(self, message: Message, *, root: str) -> Answer | None:
        """Return the answer to a message that needs no token; None for any other message."""
        path = message.path.strip("/").lower()
        if message.method != "GET" or path not in ("", "$metadata"):
            return None
        if path:
            return Answer(200, text=self._csdl(message.version), media="application/xml;charset=utf-8")
        value = [{"name": name, "kind": kind, "url": name} for name, kind in self._roots.items()]
        return Answer(200, {"@odata.context": f"{root}/$metadata", "value": value})

    async def describe(self, call: Call) -> Answer:
        """Answer the same messages for a caller with a token, in a batch for example."""
        message = Message(call.method, call.version, path=call.path, raw_query="", headers={}, content=b"")
        answer = self.described(message, root=call.root)
        if answer is None:
            raise NotFound(f"Nothing is served at {call.path}.")
        return answer

    def _csdl(self, version: Version) -> str:
        if version not in self._metadata:
            document = csdl(self._routes(), entities=ENTITIES, version=version, container_name="GraphService")
            self._metadata[version] = document.decode()
        return self._metadata[version]

    @cached_property
    def _roots(self) -> dict[str, str]:
        routes = self._routes()
        sets = {r.template for r in routes if r.method == "GET" and r.many and len(r.segments) == 1}
        served = [route for route in routes if route.status != 501 and route.segments]
        firsts = {route.segments[0] for route in served if not route.segments[0].startswith("$")}
        return {name: "EntitySet" if name in sets else "Singleton" for name in sorted(firsts)}
