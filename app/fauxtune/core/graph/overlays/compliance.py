"""Compliance policies of every kind, their scheduled actions, and scripts that compliance asks.

Source: Graph reference and beta metadata, deviceCompliancePolicy and its derived types, deviceComplianceScript.

#: data
"""

from __future__ import annotations

from fauxtune.core.graph.base import TAGS_HIDE_NOTHING
from fauxtune.core.graph.overlays.assignments import TARGETS
from fauxtune.core.odata.schema.overlay import Overlay

KINDS = (
    "androidCompliancePolicy androidDeviceOwnerCompliancePolicy androidForWorkCompliancePolicy "
    "androidWorkProfileCompliancePolicy aospDeviceOwnerCompliancePolicy defaultDeviceCompliancePolicy "
    "iosCompliancePolicy macOSCompliancePolicy windows10CompliancePolicy windows10MobileCompliancePolicy "
    "windows81CompliancePolicy windowsPhone81CompliancePolicy"
)

COMPLIANCE = (
    Overlay(
        "deviceCompliancePolicy",
        polymorphic=True,
        server="lastModifiedDateTime createdDateTime version",
        required="displayName",
        defaults={"roleScopeTagIds": ("0",), "version": 1},
        different={TAGS_HIDE_NOTHING: "roleScopeTagIds"},
    ),
    Overlay(KINDS),
    Overlay(
        "deviceCompliancePolicyAssignment",
        server="source sourceId",
        required="target",
        variants={"target": TARGETS},
    ),
    Overlay("deviceComplianceScheduledActionForRule"),
    Overlay(
        "deviceComplianceActionItem",
        required="actionType",
        defaults={"notificationTemplateId": "00000000-0000-0000-0000-000000000000"},
    ),
    Overlay(
        "deviceComplianceScript",
        server="version",
        required="displayName detectionScriptContent",
        defaults={"roleScopeTagIds": ("0",), "version": "1"},
    ),
)
