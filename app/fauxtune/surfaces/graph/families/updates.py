"""Updates of Windows: feature updates, expedited and other quality updates, drivers.

#: data
"""

from __future__ import annotations

from fauxtune.core.odata.schema.types import stored
from fauxtune.core.policies.rules import Rules
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph import reasons
from fauxtune.surfaces.graph.families.family import Assigned, Family

_AUDIT = ("SoftwareUpdate", "DeviceConfiguration")
_NOT_UPDATED = stored("kept and assigned; no device is updated by it")

HEADING = "Updates of Windows"
FAMILIES: tuple[Family, ...] = (
    Family(
        "deviceManagement/windowsFeatureUpdateProfiles",
        "windowsFeatureUpdateProfile",
        "a feature update policy",
        Rules("windowsFeatureUpdateProfiles"),
        read=needs.READ_CONFIGURATION,
        write=needs.WRITE_CONFIGURATION,
        audit=_AUDIT,
        without=reasons.UPDATES,
        assigned=Assigned("windowsFeatureUpdateProfileAssignment", done=200),
        fidelity=_NOT_UPDATED,
    ),
    Family(
        "deviceManagement/windowsQualityUpdateProfiles",
        "windowsQualityUpdateProfile",
        "an expedited update policy",
        Rules("windowsQualityUpdateProfiles"),
        read=needs.READ_CONFIGURATION,
        write=needs.WRITE_CONFIGURATION,
        audit=_AUDIT,
        without=reasons.UPDATES,
        assigned=Assigned("windowsQualityUpdateProfileAssignment", done=200),
        fidelity=_NOT_UPDATED,
    ),
    Family(
        "deviceManagement/windowsQualityUpdatePolicies",
        "windowsQualityUpdatePolicy",
        "a quality update policy",
        Rules("windowsQualityUpdatePolicies"),
        read=needs.READ_CONFIGURATION,
        write=needs.WRITE_CONFIGURATION,
        audit=_AUDIT,
        without=reasons.UPDATES,
        assigned=Assigned("windowsQualityUpdatePolicyAssignment"),
        fidelity=_NOT_UPDATED,
    ),
    Family(
        "deviceManagement/windowsDriverUpdateProfiles",
        "windowsDriverUpdateProfile",
        "a driver update policy",
        Rules("windowsDriverUpdateProfiles", fixed="approvalType"),
        read=needs.READ_CONFIGURATION,
        write=needs.WRITE_CONFIGURATION,
        audit=_AUDIT,
        without=reasons.UPDATES,
        assigned=Assigned("windowsDriverUpdateProfileAssignment", done=200),
        fidelity=_NOT_UPDATED,
    ),
)
