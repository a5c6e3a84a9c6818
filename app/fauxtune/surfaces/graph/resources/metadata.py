"""The documents about Graph itself, which need no token: `$metadata` and the service document. OData Protocol 4.01,
11.1.
"""

from __future__ import annotations

from functools import cache

from fauxtune.core.errors import NotFound
from fauxtune.core.graph.index import ENTITIES
from fauxtune.core.odata.describe.csdl import csdl
from fauxtune.core.odata.schema.types import Version
from fauxtune.surfaces.graph.call import Answer, Call, Message


def described(message: Message, *, root: str) -> Answer | None:
    """Return the answer to a message that needs no token; None for any other message."""
    path = message.path.strip("/").lower()
    if message.method != "GET" or path not in ("", "$metadata"):
        return None
    if path:
        return Answer(200, text=_metadata(message.version), media="application/xml;charset=utf-8")
    value = [{"name": name, "kind": kind, "url": name} for name, kind in _roots().items()]
    return Answer(200, {"@odata.context": f"{root}/$metadata", "value": value})


async def describe(call: Call) -> Answer:
    """Answer the same messages for a caller with a token, in a batch for example."""
    message = Message(call.method, call.version, path=call.path, raw_query="", headers={}, content=b"")
    answer = described(message, root=call.root)
    if answer is None:
        raise NotFound(f"Nothing is served at {call.path}.")
    return answer


@cache
def _metadata(version: Version) -> str:
    from fauxtune.surfaces.graph.routes import ROUTES

    return csdl(ROUTES, entities=ENTITIES, version=version, container_name="GraphService").decode()


@cache
def _roots() -> dict[str, str]:
    from fauxtune.surfaces.graph.routes import ROUTES

    sets = {r.template for r in ROUTES if r.method == "GET" and r.many and len(r.segments) == 1}
    served = [route for route in ROUTES if route.status != 501 and route.segments]
    firsts = {route.segments[0] for route in served if not route.segments[0].startswith("$")}
    return {name: "EntitySet" if name in sets else "Singleton" for name in sorted(firsts)}
