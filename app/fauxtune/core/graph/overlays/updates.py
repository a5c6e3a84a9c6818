"""Updates of Windows: feature updates, expedited and other quality updates, drivers.

Source: Graph reference of beta, windowsFeatureUpdateProfile, windowsQualityUpdateProfile, windowsQualityUpdatePolicy,
windowsDriverUpdateProfile.

#: data
"""

from __future__ import annotations

from fauxtune.core.graph.base import TAGS_HIDE_NOTHING
from fauxtune.core.graph.overlays.assignments import TARGETS
from fauxtune.core.odata.schema.fidelity import stored
from fauxtune.core.odata.schema.overlay import Overlay

_NOT_UPDATED = stored("it is kept and assigned, and no device is updated by it")

UPDATES = (
    Overlay(
        "windowsFeatureUpdateProfile windowsQualityUpdateProfile windowsQualityUpdatePolicy windowsDriverUpdateProfile",
        fidelity=_NOT_UPDATED,
        server="createdDateTime lastModifiedDateTime",
        required="displayName",
        defaults={"roleScopeTagIds": ("0",)},
        different={TAGS_HIDE_NOTHING: "roleScopeTagIds"},
    ),
    Overlay(
        "windowsFeatureUpdateProfile",
        server="deployableContentDisplayName endOfSupportDate",
        required="featureUpdateVersion",
    ),
    Overlay("windowsQualityUpdateProfile", server="deployableContentDisplayName releaseDateDisplayName"),
    Overlay("windowsDriverUpdateProfile", server="newUpdates deviceReporting inventorySyncStatus"),
    Overlay(
        "windowsFeatureUpdateProfileAssignment windowsQualityUpdateProfileAssignment "
        "windowsQualityUpdatePolicyAssignment windowsDriverUpdateProfileAssignment",
        required="target",
        variants={"target": TARGETS},
    ),
)
