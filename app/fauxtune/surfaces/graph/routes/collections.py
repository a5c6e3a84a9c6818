"""The form of routes that are only read: what other things have brought about, which nobody writes by Graph."""

from __future__ import annotations

from functools import partial
from typing import Protocol

from fauxtune.core.odata.paths.table import Route
from fauxtune.core.odata.schema.types import EXACT, Entity, Fidelity
from fauxtune.surfaces.graph.call import Answer, Call, Handler


def read(
    template: str,
    handler: Handler,
    *,
    summary: str,
    permissions: tuple[str, ...],
    former_permissions: tuple[str, ...] = (),
    returns: Entity | None = None,
    many: bool = False,
    source: str = "",
    fidelity: Fidelity | None = None,
    beta_only: bool = False,
    dated: bool = False,
) -> Route[Handler]:
    """Return a GET. `source` and `fidelity` are those of the type that it returns, unless they are given."""
    return Route(
        "GET",
        template,
        handler,
        summary,
        returns=returns,
        many=many,
        beta_only=beta_only,
        permissions=permissions,
        former_permissions=former_permissions,
        source=source or ("" if returns is None else returns.source),
        fidelity=fidelity or (EXACT if returns is None else returns.fidelity),
        dated=dated,
    )


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


def read_collection(
    template: str,
    collection: Readable,
    *,
    summaries: tuple[str, str, str],
    returns: Entity,
    permissions: tuple[str, ...],
    former_permissions: tuple[str, ...] = (),
    source: str = "",
    source_of_element: str = "",
    fidelity: Fidelity | None = None,
    fidelity_of_count: Fidelity = EXACT,
    beta_only: bool = False,
    dated: bool = False,
    dated_count: bool | None = None,
) -> tuple[Route[Handler], ...]:
    """Return the routes of a collection that is only read: its list, its `$count` and its element, with the `summaries`
    in this order. The sources are that of the type, unless they are given. `dated_count`: whether the number depends on
    the moment, if that is not as for the others.
    """
    listing, counting, getting = summaries
    common = partial(
        read, permissions=permissions, former_permissions=former_permissions, beta_only=beta_only, dated=dated
    )
    one = f"{template}/{{{collection.key}}}"
    return (
        common(
            template, collection.every, summary=listing, returns=returns, many=True, source=source, fidelity=fidelity
        ),
        common(
            f"{template}/$count",
            collection.count,
            summary=counting,
            source=source or returns.source,
            fidelity=fidelity_of_count,
            dated=dated if dated_count is None else dated_count,
        ),
        common(
            one,
            collection.get,
            summary=getting,
            returns=returns,
            source=source_of_element or source,
            fidelity=fidelity,
        ),
    )
