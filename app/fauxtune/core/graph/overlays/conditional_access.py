"""Conditional access: policies and named locations.

Source: Graph reference, conditionalAccessPolicy, namedLocation.

#: data
"""

from __future__ import annotations

from fauxtune.core.odata.schema.fidelity import stored
from fauxtune.core.odata.schema.overlay import Overlay

_NOT_ASKED = stored("it is kept, and no sign-in asks it")

CONDITIONAL_ACCESS = (
    Overlay(
        "conditionalAccessPolicy",
        fidelity=_NOT_ASKED,
        server="createdDateTime modifiedDateTime templateId",
        required="displayName conditions state",
    ),
    Overlay("conditionalAccessConditionSet", required="applications"),
    Overlay(
        "namedLocation",
        fidelity=_NOT_ASKED,
        polymorphic=True,
        server="createdDateTime modifiedDateTime",
        required="displayName",
    ),
    Overlay("ipNamedLocation", required="ipRanges"),
    Overlay(
        "countryNamedLocation", required="countriesAndRegions", defaults={"countryLookupMethod": "clientIpAddress"}
    ),
    Overlay("conditionalAccessExternalTenants", polymorphic=True),
    Overlay("ipRange", polymorphic=True),
)
