"""Scripts: PowerShell and shell scripts, custom attributes, remediations; their assignments.

Source: Graph reference of beta, deviceManagementScript, deviceShellScript, deviceCustomAttributeShellScript,
deviceHealthScript.

#: data
"""

from __future__ import annotations

from fauxtune.core.graph.base import TAGS_HIDE_NOTHING
from fauxtune.core.graph.overlays.assignments import TARGETS
from fauxtune.core.odata.schema.fidelity import stored
from fauxtune.core.odata.schema.overlay import Overlay

_NOT_RUN = stored("it is kept and assigned, and no device runs it")

SCRIPTS = (
    Overlay(
        "deviceManagementScript deviceShellScript deviceCustomAttributeShellScript",
        required="displayName scriptContent fileName",
        defaults={"roleScopeTagIds": ("0",)},
        different={TAGS_HIDE_NOTHING: "roleScopeTagIds"},
    ),
    Overlay("deviceCustomAttributeShellScript", fidelity=_NOT_RUN, required="customAttributeName customAttributeType"),
    Overlay(
        "deviceHealthScript",
        fidelity=_NOT_RUN,
        server="version isGlobalScript highestAvailableVersion",
        required="displayName detectionScriptContent",
        defaults={"roleScopeTagIds": ("0",), "version": "1"},
        different={TAGS_HIDE_NOTHING: "roleScopeTagIds"},
    ),
    Overlay("deviceHealthScriptRunSchedule deviceHealthScriptParameter", polymorphic=True),
    Overlay("deviceManagementScriptAssignment", required="target", variants={"target": TARGETS}),
    Overlay("deviceHealthScriptAssignment", required="target", variants={"target": TARGETS}),
    Overlay("deviceManagementScriptGroupAssignment", required="targetGroupId"),
)
