"""What exists in the real service and is not emulated: 501 with the reason, where a 400 would mislead.

The paths stand in tables beside this module:

    reason NAME "a reason that several lines have"
    below PLACE...
     VERB REASON [in=beta] [summary="..."] NAME...

`VERB` is `*` where a whole branch is refused. `REASON` is a name of `reason` or of `graph/reasons.py`, or the reason
itself in quotation marks. Each `NAME` is a path below each `PLACE`; `below /` is the root, and `casts` instead of
`below` is for the names of types. The summary is the last segment, unless one is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fauxtune.core.errors import NotEmulated
from fauxtune.core.odata.paths.table import EVERY, Route
from fauxtune.core.odata.schema.fidelity import refused
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


ABSENT = tuple(refusals("absent.txt"))
ABSENT_OPERATIONS = tuple(refusals("absent_operations.txt"))
ABSENT_PARTS = (*refusals("absent_parts.txt"), *refusals("absent_elsewhere.txt"))
