"""The state of a tenant: exported as one document."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from fauxtune.operations.tenants.export import export_tenant
from fauxtune.surfaces.control import state_answers as answers
from fauxtune.surfaces.control.access import JSON
from fauxtune.surfaces.control.calls import Here, calls

router = calls("/tenants/{tenant}", tag="state")


@router.get("/export", summary="Export the tenant as one document", response_model=answers.TenantDocument)
async def export_tenant_state(
    here: Here,
    keys: Annotated[
        bool | None, Query(description="with its private keys; by default those of a test tenant alone")
    ] = None,
) -> Response:
    """Everything that belongs to the tenant, as it is at one moment: one property a line, in an order that stays. Equal
    states give equal bytes.
    """
    return Response(await export_tenant(here.emulator, here.tenant, with_keys=keys), media_type=JSON)
