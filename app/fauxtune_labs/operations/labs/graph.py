"""Requests to Graph in labs, as their files say them: sent, looked at, checked, and written into files.

`{Sales}` in the path `/groups/{Sales}` is the id of the member of that collection with this name, also where it is
called deviceName, serialNumber or status; elsewhere, such as in a body or in a command, it is `{/groups: Sales}`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from fauxtune.core.administration import directory
from fauxtune.core.administration.approvals import approved, asking
from fauxtune.core.administration.requests import AdminRequest
from fauxtune.core.administration.snippets import quoted
from fauxtune.core.errors import Conflict, Invalid
from fauxtune.core.language.catalogue import say
from fauxtune.core.model.ids import UserId
from fauxtune.core.model.text import JsonObject
from fauxtune_labs.core.lab import Words
from fauxtune_labs.operations.labs.sights import Sight, sight
from fauxtune_labs.operations.labs.stage import Stage

_PLACE = re.compile(r"\{(/[^{}:]+): ([^{}]+)\}")
_IN_PATH = re.compile(r"(/[^{}?]+)/\{([^{}/:][^{}:]*)\}")
_NAMED_BY = ("displayName", "deviceName", "serialNumber", "name", "status")
#: How many elements an answer has, as a property.
_COUNT = "#"
#: Values that are said of an answer.
_MOST_SAID = 6


async def send(stage: Stage, words: Words) -> None:
    """Send the request of a deed, as the tenant's application or as a user."""
    request = await _prepared(stage, words)
    by = None if "as" not in words else UserId((await stage.user(words["as"]))["id"])
    if "justification" in words:
        request = asking(request, justification=words["justification"])
    if "approval" in words:
        request = approved(request, code=await _filled(stage, words["approval"]))
    if by is None and not request.headers:
        await stage.send(request)
    else:
        await stage.propose(request, by=by)


async def look(stage: Stage, words: Words) -> None:
    """Show the request by which somebody looks."""
    stage.requests.append(await _prepared(stage, words))


async def says(stage: Stage, words: Words) -> Sight:
    """Look at a property in an answer. Neither so nor not so where what it asks for, or the property, is not there."""
    looked, of = say("what Graph answers to %(request)s", request=_readable(words["request"])), words.get("where", {})
    if of:
        looked = say("%(name)s, of %(what)s", name=looked, what=", ".join(map(_text, of.values())))
    try:
        elements = await _elements(stage, words)
    except Invalid as refused:
        return sight(None, looked, say("it refuses: %(reason)s", reason=refused.message.rstrip(".")))
    name, wanted = words["property"], words["value"]
    values = [len(elements)] if name == _COUNT else [each for element in elements for each in _values(element, name)]
    texts = list(dict.fromkeys(map(_text, values)))
    if not values:
        missing = say("no %(name)s", name=name) if elements else say("nothing is listed")
        return sight(False if not elements else None, looked, missing)
    seen = say("%(name)s: %(what)s", name=name, what=", ".join(texts[:_MOST_SAID]))
    return sight(_text(wanted) in texts, looked, seen)


async def answer_of(stage: Stage, words: Words) -> bytes:
    """Return an answer of Graph, as a file. Raises Conflict where what it asks for is not there yet."""
    try:
        answer = await _answer(stage, words)
    except Invalid as refused:
        raise Conflict(refused.message) from None
    return json.dumps(answer, indent=1, ensure_ascii=False).encode() + b"\n"


async def _elements(stage: Stage, words: Words) -> list[JsonObject]:
    answer = await _answer(stage, words)
    if "Schema" in answer:
        columns = [column["Column"] for column in answer["Schema"]]
        answer = {"value": [dict(zip(columns, row, strict=True)) for row in answer["Values"]]}
    elements = answer["value"] if isinstance(answer.get("value"), list) else [answer]
    where: Mapping[str, Any] = words.get("where", {})
    return [each for each in elements if all(value in _values(each, name) for name, value in where.items())]


async def _answer(stage: Stage, words: Words) -> JsonObject:
    method, _, path = words["request"].partition(" ")
    filled, body = await _path(stage, path, there=True), await _filled(stage, words.get("body"), there=True)
    return await stage.scene.ask(AdminRequest(method, filled, body))


async def _prepared(stage: Stage, words: Words) -> AdminRequest:
    """Return the request of a deed, and give the stage its command and its page."""
    method, _, path = words["request"].partition(" ")
    request = AdminRequest(method, await _path(stage, path), await _filled(stage, words.get("body")))
    body = "" if request.body is None else f" --body {quoted(json.dumps(request.body, ensure_ascii=False))}"
    stage.command = await _filled(stage, words.get("command", f"fauxtune graph {method} {quoted(request.path)}{body}"))
    if "page" in words:
        stage.page = tuple((await _filled(stage, words["page"])).split("/"))
    return request


async def _path(stage: Stage, path: str, *, there: bool = False) -> str:
    """Return a path with ids in its places, of which a later one stands below an earlier one."""
    while (place := _IN_PATH.match(path)) is not None:
        member = await _filled(stage, f"{{{place[1]}: {place[2]}}}", there=there)
        path = f"{place[1]}/{member}{path[place.end() :]}"
    return str(await _filled(stage, path, there=there))


async def _filled(stage: Stage, value: Any, *, there: bool = False) -> Any:
    """Return a text, or a body, with ids in its places. `there`: an element that is missing is an error."""
    if isinstance(value, dict):
        return {name: await _filled(stage, each, there=there) for name, each in value.items()}
    if isinstance(value, list):
        return [await _filled(stage, each, there=there) for each in value]
    if not isinstance(value, str):
        return value
    known = {}
    for place in _PLACE.finditer(value):
        collection, name = place.groups()
        member = await _member(stage, collection, name=name)
        if member is None and (there or not stage.dry):
            raise Invalid(f"There is no '{name}' in {collection} now. If it was deleted, begin the lab again.")
        known[place[0]] = f"<the id of {name}>" if member is None else str(member["id"])
    return _PLACE.sub(lambda place: known[place[0]], value)


async def _member(stage: Stage, collection: str, *, name: str) -> JsonObject | None:
    if collection == directory.USERS:
        return await stage.scene.find_user(name)
    members = await stage.scene.listed(collection)
    wanted = name.lower()
    named = (each for each in members if wanted in {str(each.get(member, "")).lower() for member in _NAMED_BY})
    return next(named, None)


def _readable(request: str) -> str:
    """Return a request with names in the places of ids."""
    return _PLACE.sub(lambda place: f"({place[2]})", request).replace("{", "(").replace("}", ")")


def _values(element: Any, name: str) -> list[Any]:
    """Return the values of a property; of parts that are lists those of all elements."""
    values: list[Any] = [element]
    for part in name.split("."):
        values = list(_flat([each[part] for each in values if isinstance(each, dict) and part in each]))
    return values


def _flat(values: list[Any]) -> Iterator[Any]:
    for each in values:
        if isinstance(each, list):
            yield from each
        else:
            yield each


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
