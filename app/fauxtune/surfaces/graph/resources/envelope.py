"""What is about Graph itself: batches, `$metadata` and the service document.

A batch is many requests in one. Graph: "Combine multiple requests in one HTTP call using JSON batching".

Items without dependencies run in the order in which they came. One whose dependency failed is answered 424 without
being tried. Clients write `depends_on` for `dependsOn`, absolute addresses of any host, and ids that are numbers: all
of it is taken, and an id goes back as it came.

The two documents need no token: OData Protocol 4.01, 11.1.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import orjson

from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.graph.index import ENTITIES
from fauxtune.core.odata.describe.csdl import csdl
from fauxtune.core.odata.paths.table import Route, organization_in
from fauxtune.core.odata.schema.types import Version, approximated
from fauxtune.surfaces.graph.call import Answer, Call, Handler, Json, Message

_MOST = 20
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_VERSION = re.compile(r"/+(v1\.0|beta)(?=/|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Item:
    """One request of a batch, under the id that its client gave it."""

    id: str | int
    message: Message
    after: tuple[str, ...]

    @property
    def key(self) -> str:
        """The id in lower case: ids are compared in any case."""
        return str(self.id).lower()


async def batch(call: Call) -> Answer:
    """POST /$batch."""
    # The bodies of its requests are read when their turn comes.
    items = [_item(call, sent) for sent in _requests(call.body(as_sent=True))]
    _check_ids(items)
    done: dict[str, Answer] = {}
    # A device that is pushed for each item checks in again and again while the batch is at work.
    with call.emulator.signals.one_push_each():
        for item in _in_order(items):
            failed = next((key for key in item.after if done[key].status >= 400), None)
            done[item.key] = await call.ask(item.message) if failed is None else _dependency_failed(failed)
    return Answer(200, {"responses": [_response(item, done[item.key]) for item in items]})


def _requests(body: Json) -> list[Any]:
    sent = body.get("requests")
    if not isinstance(sent, list) or not sent:
        raise Invalid('The body must be {"requests": [...]} with at least one request.', target="requests")
    if len(sent) > _MOST:
        raise Invalid(f"A batch holds {_MOST} requests at most; this one has {len(sent)}.", target="requests")
    return sent


def _item(call: Call, sent: object) -> Item:
    if not isinstance(sent, dict):
        raise Invalid("Each request of a batch is an object with id, method and url.", target="requests")
    name, method, url = sent.get("id"), sent.get("method"), sent.get("url")
    if isinstance(name, bool) or not isinstance(name, (str, int)) or name == "":
        raise Invalid("Each request of a batch needs an id.", target="id")
    if not isinstance(method, str) or method.upper() not in _METHODS:
        raise Invalid(f"Request '{name}': method must be one of {', '.join(_METHODS)}.", target="method")
    if not isinstance(url, str) or not url:
        raise Invalid(f"Request '{name}' needs a url, such as /users.", target="url")
    headers = _headers(name, sent.get("headers"))
    after = sent.get("dependsOn", sent.get("depends_on"))
    if after is not None and not isinstance(after, list):
        raise Invalid(f"Request '{name}': dependsOn is a list of ids.", target="dependsOn")
    message = _message(call, url, method=method.upper(), headers=headers, content=_content(sent.get("body")))
    if message.path.strip("/").lower() == "$batch":
        raise Invalid(f"Request '{name}' is a batch itself: batches cannot be nested.", target="url")
    return Item(name, message, tuple(str(each).lower() for each in after or ()))


def _message(call: Call, url: str, *, method: str, headers: Mapping[str, str], content: bytes) -> Message:
    """The address as a path of a version: an absolute one may name another version than the batch's."""
    try:
        cut = urlsplit(url)
    except ValueError:
        raise Invalid(f"The url '{url[:200]}' of a batch's request is not a URL.", target="url") from None
    path, version = f"/{cut.path.lstrip('/')}", call.version
    version_part = _VERSION.match(path)
    if version_part is not None:
        version, path = Version(version_part[1].lower()), path[version_part.end() :] or "/"
    organization, path = organization_in(path)
    return Message(
        method,
        version,
        path=path,
        raw_query=cut.query,
        headers=headers,
        content=content,
        organization=organization,
    )


def _headers(name: str | int, sent: object) -> dict[str, str]:
    if sent is None:
        return {}
    if not isinstance(sent, dict) or not all(isinstance(value, (str, int, float)) for value in sent.values()):
        raise Invalid(f"Request '{name}': headers is an object of texts.", target="headers")
    return {key.lower(): str(value) for key, value in sent.items()}


def _content(body: object) -> bytes:
    """A body is JSON as it stands; a text is one that the client has serialised already."""
    if body is None:
        return b""
    return body.encode("utf-8", "surrogatepass") if isinstance(body, str) else json.dumps(body).encode()


def _check_ids(items: list[Item]) -> None:
    keys = [item.key for item in items]
    for item in items:
        if keys.count(item.key) > 1:
            raise Invalid(f"The id '{item.id}' is there twice: ids are unique within a batch.", target="id")
        for key in item.after:
            if key not in keys:
                raise Invalid(f"Request '{item.id}' depends on '{key}', which is not in the batch.", target="dependsOn")


def _in_order(items: list[Item]) -> list[Item]:
    """Return every item after those that it depends on. Raises Invalid for a circle."""
    ordered: list[Item] = []
    waiting = list(items)
    while waiting:
        ready = next((item for item in waiting if {each.key for each in ordered}.issuperset(item.after)), None)
        if ready is None:
            circle = ", ".join(f"'{item.id}'" for item in waiting)
            raise Invalid(f"The requests {circle} depend on one another in a circle.", target="dependsOn")
        ordered.append(ready)
        waiting.remove(ready)
    return ordered


def _dependency_failed(key: str) -> Answer:
    message = f"The request was not executed, for the request '{key}' that it depends on failed."
    return Answer(424, {"error": {"code": "FailedDependency", "message": message}})


def _response(item: Item, answer: Answer) -> Json:
    response: Json = {"id": item.id, "status": answer.status, "headers": dict(answer.headers)}
    document = answer.document if answer.written is None else orjson.loads(answer.written)
    if document is not None:
        response["headers"]["Content-Type"] = "application/json"
        response["body"] = document
    elif answer.text is not None:
        response["headers"]["Content-Type"] = answer.media
        # Unverified: how the real service writes the number of a /$count here.
        response["body"] = int(answer.text) if answer.text.isdigit() else answer.text
    return response


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


_OURS = approximated("what is emulated, and nothing else")


def envelope_of(description: Description) -> tuple[Route[Handler], ...]:
    """Return the routes. `description`: answers for the documents about all routes."""
    return (
        Route(
            "GET",
            "",
            description.describe,
            "The service document, for anybody",
            source="OData Protocol 4.01, 11.1.1",
            fidelity=_OURS,
        ),
        Route(
            "GET",
            "$metadata",
            description.describe,
            "The types, as CSDL, for anybody",
            source="OData CSDL XML 4.01",
            fidelity=_OURS,
        ),
        Route(
            "POST",
            "$batch",
            batch,
            "Up to 20 requests in one",
            source="Graph: JSON batching",
            fidelity=approximated(
                "a /$count gives a number as its body: how the real service writes it is not documented"
            ),
        ),
    )
