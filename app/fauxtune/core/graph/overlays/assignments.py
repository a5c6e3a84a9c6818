"""Assignments of profiles, the targets of assignments, and assignment filters.

Source: Graph reference and beta metadata, deviceConfigurationAssignment, deviceAndAppManagementAssignmentTarget and its
derived types, deviceConfigurationGroupAssignment, deviceAndAppManagementAssignmentFilter.

#: data
"""

from __future__ import annotations

from fauxtune.core.graph.base import TAGS_HIDE_NOTHING
from fauxtune.core.odata.schema.fidelity import approximated, stored
from fauxtune.core.odata.schema.overlay import Overlay

#: The targets that apps and profiles can have, and the further one of profiles.
TARGETS = (
    "groupAssignmentTarget exclusionGroupAssignmentTarget allDevicesAssignmentTarget allLicensedUsersAssignmentTarget"
)
ALL_TARGETS = f"{TARGETS} configurationManagerCollectionAssignmentTarget"

ASSIGNMENTS = (
    Overlay("deviceAndAppManagementAssignmentTarget", polymorphic=True),
    Overlay("groupAssignmentTarget", required="groupId"),
    Overlay(
        "configurationManagerCollectionAssignmentTarget",
        fidelity=stored("it reaches no device: none belongs to a collection, whose id ends the id of the assignment"),
    ),
    Overlay(
        "deviceConfigurationAssignment",
        server="source",
        required="target",
        never_null="intent",
        variants={"target": ALL_TARGETS},
        different={
            approximated("always direct: there are no policy sets"): "source",
            approximated(
                "that `remove` acts as an exclusion does is our reading: no document says what it does"
            ): "intent",
        },
    ),
    Overlay("deviceConfigurationGroupAssignment", required="targetGroupId"),
    Overlay(
        "deviceAndAppManagementAssignmentFilter",
        server="createdDateTime lastModifiedDateTime payloads evaluationMode",
        required="displayName platform rule",
        defaults={
            "roleScopeTags": ("0",),
            "assignmentFilterManagementType": "devices",
            "evaluationMode": "checkinTimeEvaluation",
        },
        different={
            approximated(
                "devices say nothing of enrolment profile, processor, trust type and edition, and are not rooted; "
                "parentheses go 50 deep"
            ): "rule",
            TAGS_HIDE_NOTHING: "roleScopeTags",
            approximated(
                "filters for apps are checked and stored: nothing can be assigned with them"
            ): "assignmentFilterManagementType",
            # It is in Microsoft's SDK of beta (2026-10, msgraph-beta-sdk 1.66), and in no page.
            approximated("always checkinTimeEvaluation"): "evaluationMode",
        },
    ),
    Overlay(
        "payloadByFilter",
        different={
            approximated(
                "resourceAccessPolicy for certificate profiles, deviceConfigurationAndCompliance for all others"
            ): "payloadType"
        },
    ),
    Overlay(
        "assignmentFilterEvaluationStatusDetails",
        fidelity=approximated("the form of the id, `<profile>_<device>`, is the emulator's"),
        server="payloadId",
    ),
    Overlay("assignmentFilterEvaluateRequest", required="platform rule", never_null="platform"),
)
