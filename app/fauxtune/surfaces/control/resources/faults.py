"""Faults: what goes wrong on purpose, when, and for whom."""

from __future__ import annotations

from fastapi import Response

from fauxtune.core.clock import iso
from fauxtune.core.errors import Invalid
from fauxtune.core.faults.reading import rule_of
from fauxtune.core.faults.writing import warnings
from fauxtune.operations.tenants import faults
from fauxtune.storage.rows.tenants import FaultRuleRow
from fauxtune.surfaces.control.answers import Listed
from fauxtune.surfaces.control.calls import Here, TenantCall, calls
from fauxtune.surfaces.control.fault_messages import Fault, FaultChange, FaultSet, Nearest, NewFault

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
    return Fault(
        id=row.id,
        name=row.name,
        match=row.document["match"],
        when=row.document["when"],
        effect=row.document["effect"],
        enabled=row.enabled,
        matched=row.matched,
        hits=row.hits,
        fired=row.hits > 0,
        nearest=None if near is None else Nearest(request=near.words, differs=list(near.differs)),
        last_hit_date_time=None if row.last_hit_at is None else iso(row.last_hit_at),
        created_date_time=iso(row.created_at),
        warnings=warnings(
            rule_of(row.document),
            is_served=here.emulator.graph_serves,
            keeps_past=here.emulator.runner.database.keeps_past,
        ),
    )
