"""Profiles, the references between them, and the form of routes that are only read.

Profiles.

References between profiles: a few lines for each navigation that any type of profile declares.

The routes that read what other things have brought about: states and summaries, which only Graph writes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from fauxtune.core.graph.index import entity
from fauxtune.core.odata.paths.table import Route
from fauxtune.core.odata.schema.types import EXACT, Entity, Fidelity, approximated
from fauxtune.core.profiles.references import NAMES
from fauxtune.operations.insight.audit_rules import PROFILE, changes
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import Answer, Call, Handler, audited_by
from fauxtune.surfaces.graph.resources import device_configurations
from fauxtune.surfaces.graph.routes.families import routes_of_own

PROFILES: tuple[Route[Handler], ...] = routes_of_own(device_configurations.CONFIGURATIONS)


DEVICE_CONFIGURATION = entity("deviceConfiguration")

_ONE = "deviceManagement/deviceConfigurations/{profile}"
_CHANGED = {
    "PUT": approximated("the type is checked, and the version raised: what the service does beyond is not documented"),
    "DELETE": approximated("404 where nothing is set, else the version is raised: neither is documented"),
}
_DERIVED = approximated("derived credentials do not exist here: nothing can be bound")


def _route(
    method: str, tail: str, *, handler: Callable[[str], Handler], summary: str, name: str, status: int = 200
) -> Route[Handler]:
    fidelity: Fidelity = _CHANGED.get(method, EXACT)
    return Route(
        method,
        f"{_ONE}/{name}{tail}",
        handler(name) if method == "GET" else audited_by(changes(PROFILE), handler(name)),
        summary.format(name),
        returns=None if tail else DEVICE_CONFIGURATION,
        status=status,
        beta_only=True,
        permissions=needs.READ_CONFIGURATION if method == "GET" else needs.WRITE_CONFIGURATION,
        source=f"Graph: deviceConfiguration (beta): {name}",
        fidelity=_DERIVED if name == "derivedCredentialSettings" else fidelity,
    )


REFERENCES: tuple[Route[Handler], ...] = tuple(
    route
    for name in NAMES
    for route in (
        _route(
            "GET",
            "",
            handler=device_configurations.read_target,
            summary="Get the {} that a profile refers to",
            name=name,
        ),
        _route("GET", "/$ref", handler=device_configurations.read_reference, summary="Get the reference {}", name=name),
        _route(
            "PUT",
            "/$ref",
            handler=device_configurations.set_reference,
            summary="Set the reference {}",
            name=name,
            status=204,
        ),
        _route(
            "DELETE",
            "/$ref",
            handler=device_configurations.clear_reference,
            summary="Clear the reference {}",
            name=name,
            status=204,
        ),
    )
)


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
    fidelity: Fidelity | None = None,
    fidelity_of_count: Fidelity = EXACT,
    beta_only: bool = False,
    dated: bool = False,
) -> tuple[Route[Handler], ...]:
    """Return the routes of a collection that is only read: its list, its `$count` and its element, with the `summaries`
    in this order.
    """
    listing, counting, getting = summaries
    common = partial(read, permissions=permissions, beta_only=beta_only, dated=dated)
    one = f"{template}/{{{collection.key}}}"
    return (
        common(template, collection.every, summary=listing, returns=returns, many=True, fidelity=fidelity),
        common(
            f"{template}/$count",
            collection.count,
            summary=counting,
            source=returns.source,
            fidelity=fidelity_of_count,
        ),
        common(one, collection.get, summary=getting, returns=returns, fidelity=fidelity),
    )
