"""Faults: what goes wrong on purpose, when, and for whom."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Response
from pydantic import Field, StrictBool, StrictInt

from fauxtune.core.errors import Invalid
from fauxtune.core.faults.reading import rule_of
from fauxtune.core.faults.writing import warnings
from fauxtune.core.model.text import JsonObject, Text
from fauxtune.operations.tenants import faults
from fauxtune.storage.rows.tenants import FaultRuleRow
from fauxtune.surfaces.control.access import Here, TenantCall, calls
from fauxtune.surfaces.control.bodies import Answer, Body, Listed

_MATCH = (
    "the occasions that it looks at: surface, method, path, operation, device, user, application, connector; those "
    "that are left out match everything"
)
_WHEN = "which of them it strikes: nth, next, every or probability (with seed), and a window of the tenant's time"
_EFFECT = "what happens: status, latency or kind"
_MATCHES = [{"surface": "graph", "method": "GET", "path": "/deviceManagement/managedDevices"}]


class NewFault(Body):
    """A fault."""

    match: JsonObject = Field(default_factory=dict, description=_MATCH, examples=_MATCHES)
    when: JsonObject = Field(default_factory=dict, description=_WHEN, examples=[{"nth": 2}])
    effect: JsonObject | None = Field(
        default=None, description=_EFFECT, examples=[{"status": 429, "retryAfter": 7, "punishEarly": True}]
    )
    name: Text | None = Field(default=None, description="for people")
    enabled: StrictBool = True


class FaultChange(Body):
    """What to change. `match`, `when` and `effect` are replaced as a whole; then the counters begin at 0."""

    match: JsonObject | None = None
    when: JsonObject | None = None
    effect: JsonObject | None = None
    name: Text | None = None
    enabled: StrictBool | None = None


class FaultSet(Body):
    """A ready-made set, and the seed of its chance."""

    set: Literal["realistic", "chaos"]
    seed: Annotated[StrictInt, Field(ge=0, le=2**32)] = 1


class Nearest(Answer):
    """The request that came nearest to a fault that has looked at none. `differs`: the members of `match` that it does
    not equal.
    """

    request: str
    differs: list[str]


class Fault(Answer):
    """A fault and what it did. `matched`: occasions that it looked at; `hits`: those that it struck; `fired`: whether
    it ever struck; `nearest`: of those that it did not look at, while `matched` is 0 and as far as this process of the
    server has seen one; `warnings`: why it can never strike.
    """

    id: str
    name: str | None
    match: Annotated[dict[str, Any], Field(description=_MATCH)]
    when: Annotated[dict[str, Any], Field(description=_WHEN)]
    effect: Annotated[dict[str, Any], Field(description=_EFFECT)]
    enabled: bool
    matched: int
    hits: int
    fired: bool
    nearest: Nearest | None
    last_hit_date_time: Annotated[str | None, Field(description="of the tenant's clock")]
    created_date_time: str
    warnings: list[str]


router = calls("/tenants/{tenant}/faults", tag="faults")


@router.get("", summary="List the tenant's faults")
async def list_faults(here: Here) -> Listed[Fault]:
    """In the order in which they are tried; the first that ends a request decides."""
    return Listed(value=[_view(here, row) for row in await here.run(faults.all_faults)])


@router.post("", status_code=201, summary="Add a fault")
async def add_fault(here: Here, body: NewFault) -> Fault:
    """400 names every mistake. A fault that can never strike is added, and `warnings` says why. 409 if the tenant has
    200 already.
    """
    document = {"match": body.match, "when": body.when, "effect": body.effect}
    new = faults.NewFault(document, body.name, body.enabled)
    return _view(here, (await here.run(faults.add_faults, new=[new]))[0])


@router.delete("", status_code=204, summary="Delete all faults of the tenant")
async def delete_faults(here: Here) -> Response:
    """Whatever they held up goes on."""
    await here.run(faults.delete_faults)
    return Response(status_code=204)


@router.post("/sets", status_code=201, summary="Add a ready-made set of faults")
async def add_fault_set(here: Here, body: FaultSet) -> Listed[Fault]:
    """`realistic`: limits, latency, lag and rare failures of the real service. `chaos`: everything at random, and the
    same for the same seed.
    """
    return Listed(value=[_view(here, row) for row in await here.run(faults.add_set, body.set, seed=body.seed)])


@router.get("/{fault}", summary="Get a fault and what it did")
async def get_fault(here: Here, fault: str) -> Fault:
    """`fired` says whether it ever struck."""
    return _view(here, await here.run(faults.fault, fault))


@router.patch("/{fault}", summary="Change a fault, or switch it on or off")
async def change_fault(here: Here, fault: str, body: FaultChange) -> Fault:
    """With another match, when or effect it counts from the beginning."""
    changes = body.model_dump(exclude_unset=True)
    if "enabled" in changes and changes["enabled"] is None:
        raise Invalid("enabled is true or false.", target="enabled")
    return _view(here, await here.run(faults.change_fault, fault, changes=changes))


@router.delete("/{fault}", status_code=204, summary="Delete a fault")
async def delete_fault(here: Here, fault: str) -> Response:
    """Whatever it held up goes on."""
    await here.run(faults.delete_fault, fault)
    return Response(status_code=204)


def _view(here: TenantCall, row: FaultRuleRow) -> Fault:
    live = here.emulator.faults.of(here.tenant.id)
    near = None if live is None or row.matched else live.nearest(row.id)
    return Fault.from_value(
        row,
        **row.document,
        fired=row.hits > 0,
        nearest=None if near is None else Nearest(request=near.words, differs=list(near.differs)),
        warnings=warnings(
            rule_of(row.document),
            is_served=here.emulator.graph_serves,
            keeps_past=here.emulator.runner.database.keeps_past,
        ),
    )
