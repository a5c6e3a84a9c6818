"""Routes that are declared at their handlers: what a path does, and how it is reached, stand together.

    EXPORTS = Routes("deviceManagement/reports/exportJobs", type=EXPORT_JOB, read=_READ, write=_WRITE)

    @EXPORTS.get("/{job}", fidelity=_STEPS, dated=True)
    async def get_job(call: Call) -> Answer:
        \"\"\"Get an export job, and the address of its file.\"\"\"

What `Routes` says holds for each of them, unless a route says something else. The summary is the first sentence of the
handler's docstring.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Protocol, TypedDict, Unpack

from fauxtune.core.odata.paths.table import Route
from fauxtune.core.odata.schema.types import EXACT, ComplexType, Entity, Fidelity, StructuredType
from fauxtune.operations.insight.audit import Rule
from fauxtune.surfaces.graph.call import Answer, Call, Handler, audited_by

Declare = Callable[[Handler], Handler]


class Differences(TypedDict, total=False):
    """What a route says of itself, in the words of `Route`. `audit`: the rule by which its changes are audited."""

    summary: str
    accepts: StructuredType | None
    returns: Entity | ComplexType | None
    status: int
    beta_only: bool
    permissions: tuple[str, ...]
    former_permissions: tuple[str, ...]
    source: str
    fidelity: Fidelity
    dated: bool
    optional: bool
    may_be_absent: bool
    audit: Rule


class Readable(Protocol):
    """A collection with its three answers, such as `Below` and `Computed`; `key` names one of it in the path."""

    @property
    def key(self) -> str:
        """The name of the key."""
        ...

    async def every(self, call: Call) -> Answer:
        """Answer with the list."""
        ...

    async def count(self, call: Call) -> Answer:
        """Answer with the number."""
        ...

    async def get(self, call: Call) -> Answer:
        """Answer with one."""
        ...


class Routes:
    """The routes below a path, or below several paths that mean the same, in the order in which they are declared.

    `type`: what is read and written there. `source`: the document, in which `{verb}` stands for the operation: the page
    of the type, unless it is given; without either, that of what is returned. `read` and `write`: the permissions, of
    which one is enough; `former_read` and `former_write`: those of the edition of 2020; `mine`: those to read at `/me`,
    if they are others. `fidelity`: that of all of them; without it, that of the type that a GET returns, and of others
    that it is exact. `audit`: the rule by which all changes are audited.
    """

    def __init__(
        self,
        *places: str,
        type: Entity | ComplexType | None = None,  # noqa: A002 the schema's word
        source: str = "",
        read: tuple[str, ...] = (),
        write: tuple[str, ...] = (),
        former_read: tuple[str, ...] = (),
        former_write: tuple[str, ...] = (),
        fidelity: Fidelity | None = None,
        beta_only: bool = False,
        dated: bool = False,
        audit: Rule | None = None,
        mine: tuple[str, ...] = (),
    ) -> None:
        self._places = places
        self._type = type
        self._named = source or ("" if type is None else f"Graph: {type.name}: {{verb}}")
        self._read = Differences(permissions=read, former_permissions=former_read, beta_only=beta_only, dated=dated)
        self._write = Differences(permissions=write, former_permissions=former_write, beta_only=beta_only)
        self._fidelity = fidelity
        self._audit = audit
        self._mine = mine or read
        self._declared: list[Route[Handler]] = []

    def __iter__(self) -> Iterator[Route[Handler]]:
        for place in self._places:
            for route in self._declared:
                is_mine = place == "me" and route.permissions == self._read["permissions"]
                permissions = self._mine if is_mine else route.permissions
                yield replace(route, template=f"{place}{route.template}", permissions=permissions)

    def get(self, tail: str = "", **differences: Unpack[Differences]) -> Declare:
        """Declare a GET that returns the type."""
        return self._reading(tail, "get", differences=differences)

    def list(self, tail: str = "", **differences: Unpack[Differences]) -> Declare:
        """Declare a GET that returns a collection of the type."""
        return self._reading(tail, "list", differences=differences, many=True)

    def count(self, tail: str = "/$count", **differences: Unpack[Differences]) -> Declare:
        """Declare the GET of a number."""
        return self._reading(tail, "list", differences={"returns": None, **differences})

    def function(self, tail: str, **differences: Unpack[Differences]) -> Declare:
        """Declare a GET of a function, whose name is the last segment that is no key."""
        return self._reading(tail, _name(tail), differences={"returns": None, **differences})

    def create(self, tail: str = "", **differences: Unpack[Differences]) -> Declare:
        """Declare a POST that creates one of the type: 201 with it."""
        return self._writing(
            "POST", tail, verb="create", differences=differences, accepts=self._type, returns=self._type, status=201
        )

    def update(self, tail: str = "", **differences: Unpack[Differences]) -> Declare:
        """Declare a PATCH: 200 with the entity."""
        return self._writing(
            "PATCH", tail, verb="update", differences=differences, accepts=self._type, returns=self._type
        )

    def put(self, tail: str, **differences: Unpack[Differences]) -> Declare:
        """Declare a PUT: 204."""
        return self._writing("PUT", tail, verb="update", differences=differences, status=204)

    def delete(self, tail: str = "", **differences: Unpack[Differences]) -> Declare:
        """Declare a DELETE: 204."""
        return self._writing("DELETE", tail, verb="delete", differences=differences, status=204)

    def action(self, tail: str, *, many: bool = False, **differences: Unpack[Differences]) -> Declare:
        """Declare a POST of an operation, whose name is the last segment. `many`: it answers with a collection."""
        return self._writing("POST", tail, verb=_name(tail), differences=differences, many=many)

    def collection(
        self,
        tail: str,
        collection: Readable,
        *summaries: str,
        count: Differences | None = None,
        one: Differences | None = None,
        **differences: Unpack[Differences],
    ) -> None:
        """Declare the list, the `$count` and the element of a collection that is only read, with their summaries in
        this order. `count`, `one`: what is different for the number, whose fidelity is its own, and for the element.
        """
        listing, counting, getting = summaries
        shared = {name: value for name, value in differences.items() if name != "fidelity"}
        number = {**shared, "returns": None, "source": self._source("list", {"returns": self._type, **differences})}
        key = f"{tail}/{{{collection.key}}}"
        self._reading(tail, "list", differences={"summary": listing, **differences}, many=True)(collection.every)
        self._reading(f"{tail}/$count", "list", differences={"summary": counting, **number, **(count or {})})(
            collection.count
        )
        self._reading(key, "get", differences={"summary": getting, **differences, **(one or {})})(collection.get)

    def _reading(self, tail: str, verb: str, *, differences: Mapping[str, Any], many: bool = False) -> Declare:
        route = {"returns": self._type, **self._read, "many": many, **differences}
        exact = EXACT if route["returns"] is None else route["returns"].fidelity
        return self._declare("GET", tail, verb=verb, values={"fidelity": self._fidelity or exact, **route})

    def _writing(self, method: str, tail: str, *, verb: str, differences: Mapping[str, Any], **common: Any) -> Declare:
        route = {"fidelity": self._fidelity or EXACT, "audit": self._audit, **self._write, **common, **differences}
        return self._declare(method, tail, verb=verb, values=route)

    def _declare(self, method: str, tail: str, *, verb: str, values: Mapping[str, Any]) -> Declare:
        route = {"source": self._source(verb, values), **values}
        rule, summary = route.pop("audit", None), route.pop("summary", "")

        def declare(handler: Handler) -> Handler:
            answering = handler if rule is None else audited_by(rule, handler)
            self._declared.append(Route(method, tail, answering, summary or _first_sentence(handler), **route))
            return handler

        return declare

    def _source(self, verb: str, differences: Mapping[str, Any]) -> str:
        if differences.get("source"):
            return str(differences["source"])
        if self._named:
            return self._named.format(verb=verb)
        return "" if differences.get("returns") is None else str(differences["returns"].source)


def _first_sentence(handler: Handler) -> str:
    """The summary of a handler's docstring, without its full stop. Raises ValueError for a handler without one."""
    paragraph = (handler.__doc__ or "").partition("\n\n")[0]
    if not paragraph:
        raise ValueError(f"{handler!r} has no docstring: its route needs a summary")
    return " ".join(paragraph.split()).partition(". ")[0].rstrip(".")


def _name(tail: str) -> str:
    return next(segment for segment in reversed(tail.split("/")) if segment and not segment.startswith("{"))
