"""Scripts: PowerShell and shell scripts, custom attributes, remediations; their assignments.

Source: Graph reference of beta, deviceManagementScript, deviceShellScript, deviceCustomAttributeShellScript,
deviceHealthScript.

#: data
"""

from __future__ import annotations

from fauxtune.core.graph.base import TAGS_HIDE_NOTHING
from fauxtune.core.graph.overlays.assignments import TARGETS
from fauxtune.core.odata.schema.overlay import Overlay

SCRIPTS = (
    Overlay(
        "deviceManagementScript deviceShellScript deviceCustomAttributeShellScript",
        required="displayName scriptContent fileName",
        defaults={"roleScopeTagIds": ("0",)},
        different={TAGS_HIDE_NOTHING: "roleScopeTagIds"},
    ),
    Overlay("deviceCustomAttributeShellScript", required="customAttributeName customAttributeType"),
    Overlay(
        "deviceHealthScript",
        server="version isGlobalScript highestAvailableVersion",
        required="displayName detectionScriptContent",
        defaults={"roleScopeTagIds": ("0",), "version": "1"},
        different={TAGS_HIDE_NOTHING: "roleScopeTagIds"},
    ),
    Overlay("deviceHealthScriptRunSchedule deviceHealthScriptParameter", polymorphic=True),
    Overlay("deviceManagementScriptAssignment", required="target", variants={"target": TARGETS}),
    Overlay("deviceHealthScriptAssignment", required="target", variants={"target": TARGETS}),
    Overlay(
        "deviceManagementScriptDeviceState deviceManagementScriptUserState deviceManagementScriptRunSummary "
        "deviceHealthScriptDeviceState deviceHealthScriptPolicyState deviceHealthScriptRunSummary "
        "deviceComplianceScriptDeviceState deviceComplianceScriptRunSummary",
        server="*",
    ),
    Overlay("deviceHealthScriptDeviceState deviceHealthScriptPolicyState", unfilterable="assignmentFilterIds"),
    Overlay(
        "deviceHealthScriptRemediationHistory deviceHealthScriptRemediationHistoryData "
        "deviceHealthScriptRemediationSummary"
    ),
    Overlay("deviceManagementScriptGroupAssignment", required="targetGroupId"),
)
