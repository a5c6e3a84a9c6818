"""Conditional access: policies and named locations.

#: data
"""

from __future__ import annotations

from fauxtune.core.odata.schema.types import stored
from fauxtune.core.policies.rules import Rules
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph import reasons
from fauxtune.surfaces.graph.families.family import Family

_AUDIT = ("ConditionalAccess", "Compliance")
_NOT_ASKED = stored("kept; every token is good wherever it is used from")

HEADING = "Conditional access"
FAMILIES: tuple[Family, ...] = (
    Family(
        "identity/conditionalAccess/policies",
        "conditionalAccessPolicy",
        "a conditional access policy",
        Rules("policies", modified="modifiedDateTime"),
        read=needs.READ_CONDITIONAL_ACCESS,
        write=needs.WRITE_CONDITIONAL_ACCESS,
        audit=_AUDIT,
        without=reasons.ACCESS,
        update_status=204,
        beta_only=False,
        fidelity=_NOT_ASKED,
    ),
    Family(
        "identity/conditionalAccess/namedLocations",
        "namedLocation",
        "a named location",
        Rules("namedLocations", modified="modifiedDateTime"),
        read=needs.READ_CONDITIONAL_ACCESS,
        write=needs.WRITE_CONDITIONAL_ACCESS,
        audit=_AUDIT,
        without=reasons.ACCESS,
        update_status=204,
        beta_only=False,
        never_made="namedLocation",
        fidelity=_NOT_ASKED,
    ),
)
