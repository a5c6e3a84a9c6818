"""Planned calls that are not there yet: faults."""

from __future__ import annotations

from fauxtune.core.errors import NotEmulated
from fauxtune.surfaces.control.calls import Here, calls

router = calls("/tenants/{tenant}", tag="faults")

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@router.api_route("/faults", methods=_METHODS, include_in_schema=False)
@router.api_route("/faults/{rest:path}", methods=_METHODS, include_in_schema=False)
async def not_there(here: Here) -> None:
    """Answer 501 for a tenant that exists."""
    raise NotEmulated("Faults are not there yet.")
