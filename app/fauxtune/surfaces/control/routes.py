"""The control surface: every call stands behind the same guard."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from fauxtune.surfaces.control.access import check
from fauxtune.surfaces.control.resources import certificates, clock, connectors, enrollment, journal, tenants

router = APIRouter(prefix="/_fauxtune/v1", dependencies=[Depends(check)])
for part in (tenants, clock, enrollment, journal, connectors, certificates):
    router.include_router(part.router)
