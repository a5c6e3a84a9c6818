"""What exists in the real service and is not emulated: 501 with the reason, where a 400 would mislead.

The paths stand in tables beside this module:

    reason NAME "a reason that several lines have"
    below PLACE...
     VERB REASON [in=beta] [summary="..."] NAME...

`VERB` is `*` where a whole branch is refused. `REASON` is a name of `reason` or of `graph/reasons.py`, or the reason
itself in quotation marks. Each `NAME` is a path below each `PLACE`; `below /` is the root, and `casts` instead of
`below` is for the names of types. The summary is the last segment, unless one is given.

Changes of single parts, where an action replaces all of them, are refused with the way that works: `absent_writes`. A
verb that no document of a collection has is refused as the service words it (400, `NoSuchVerb`): states, reports and
catalogues are only read. Source of these: Microsoft's SDK of beta, 2026-10 (`tests/interop/test_sdk_paths.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from fauxtune.core.errors import NotEmulated
from fauxtune.core.odata.paths.table import EVERY, Route
from fauxtune.core.odata.schema.types import refused
from fauxtune.core.tables import Line, table
from fauxtune.surfaces.graph import reasons
from fauxtune.surfaces.graph.call import Answer, Call, Handler

_NOT_EMULATED = "exists in Microsoft Graph but is not emulated"
_METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE", EVERY)


def absent(method: str, template: str, *, summary: str, why: str, beta_only: bool = False) -> Route[Handler]:
    """Return a route that answers 501 with this reason, whatever is sent. Not every path of a whole branch need exist
    in Graph.
    """
    statement = f"is not emulated, nor is anything of /{template}" if method == EVERY else _NOT_EMULATED

    async def not_emulated(call: Call) -> Answer:
        raise NotEmulated(f"{call.path} {statement}: {why} (see docs/coverage.md).")

    return Route(method, template, not_emulated, summary, status=501, beta_only=beta_only, fidelity=refused(why))


def refusals(name: str) -> Iterator[Route[Handler]]:
    """Yield the routes of a table. Raises Mistake, with file and line."""
    known = {name: why for name, why in vars(reasons).items() if name.isupper()}
    for line in table(__package__ or "", name):
        match line.known(line.first, ("reason", "below", "casts"), what="kind of line"):
            case "reason":
                line.only()
                key, why = line.after_first("NAME REASON")
                known[key] = why
            case "below":
                line.only(below=True)
                places = ["" if place == "/" else f"{place}/" for place in line.after_first("PLACE...")]
                yield from _below(line, known, places=places)
            case _:
                line.only(below=True)
                line.after_first("")
                yield from _below(line, known, places=["microsoft.graph."])


def _below(heading: Line, known: Mapping[str, str], *, places: list[str]) -> Iterator[Route[Handler]]:
    rows = [(line, *_row(line, known)) for line in heading.below]
    for place in places:
        for line, why, names in rows:
            for name in names:
                summary = line.options.get("summary") or name.rpartition("/")[2]
                beta_only = "in" in line.options
                yield absent(line.first, f"{place}{name}", summary=summary, why=why, beta_only=beta_only)


def _row(line: Line, known: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """The reason of a line, and its names."""
    line.only("in", "summary")
    line.known(line.first, _METHODS, what="verb")
    line.option("in", ("beta",), default="")
    reason, *names = line.after_first("REASON NAME...")
    return reason if " " in reason else known[line.known(reason, known, what="reason")], tuple(names)


_ASSIGN = "an assignment is not changed by itself: POST .../{action} replaces all of them"
#: Why the parts of this name are not made, changed or deleted one by one.
REASONS = {
    "apps": "apps are not added one by one: POST .../targetApps replaces all of them",
    "assignments": _ASSIGN,
    "contentVersions": "a version of an app's content is only added, and goes with its app",
    "files": "a file of an app's content is only added, and goes with its app",
    "groupAssignments": _ASSIGN,
    "items": "items are not changed one by one: POST .../update of the policy set replaces all of them",
    "relationships": "a relationship is not changed by itself: POST .../updateRelationships replaces all of them",
    "roleAssignments": "assignments of roles are made at /deviceManagement/roleAssignments",
    "scripts": "a script of an app's content is added and deleted, and not changed",
}
_SERVICES = ("deviceManagement/", "deviceAppManagement/")


def absent_writes(routes: Iterable[Route[Handler]]) -> Iterator[Route[Handler]]:
    """Yield the refusals of what none of the routes answers, below the lists of such parts that they serve."""
    known = list(routes)
    served = {(route.method, _shape(route.template)) for route in known}
    #: OpenAPI forbids a path that differs from another one only by the names of its keys.
    named = {_shape(route.template): route.template for route in known}
    for route in known:
        name = route.segments[-1] if route.segments else ""
        is_part = route.method == "GET" and route.many and bool(route.key_names) and name in REASONS
        if not is_part or not route.template.startswith(_SERVICES):
            continue
        one = f"{route.template}/{{part_of_it}}"
        one = named.get(_shape(one), one)
        above = route.template.rpartition("/")[0]
        action = "assign" if ("POST", _shape(f"{above}/assign")) in served else "update"
        for method, template in (("POST", route.template), ("PATCH", one), ("DELETE", one)):
            if not {(method, _shape(template)), (EVERY, _shape(template))} & served:
                yield absent(
                    method,
                    template,
                    summary=f"Change single {name}",
                    why=REASONS[name].format(action=action),
                    beta_only=route.beta_only,
                )


def _shape(template: str) -> str:
    """The template with its keys left open: routes name them differently."""
    return "/".join("{}" if segment.startswith("{") else segment.lower() for segment in template.split("/"))


ABSENT = tuple(refusals("absent.txt"))
ABSENT_OPERATIONS = tuple(refusals("absent_operations.txt"))
ABSENT_PARTS = (*refusals("absent_parts.txt"), *refusals("absent_elsewhere.txt"))
