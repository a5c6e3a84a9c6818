"""The tenant as a whole: the service itself, its scope tags, and the audit log of administrators.

Source: Graph reference and metadata of both versions: deviceManagement, roleScopeTag, auditEvent.

#: data
"""

from __future__ import annotations

from fauxtune.core.graph.overlays.assignments import ALL_TARGETS
from fauxtune.core.odata.schema.fidelity import (
    ALWAYS_EMPTY,
    ALWAYS_FALSE,
    ALWAYS_NULL,
    ALWAYS_ZERO,
    approximated,
    stored,
)
from fauxtune.core.odata.schema.overlay import Overlay

_PATTERN = approximated("made like the events of live tenants; those of other kinds are not documented")

TENANT = (
    Overlay(
        "auditEvent",
        fidelity=approximated("for a set of assignments, one for each that is added, changed or removed"),
        server="*",
        different={
            _PATTERN: "displayName componentName activityType category",
            ALWAYS_NULL: "activity",
            approximated("always Success: a failed request leaves no event"): "activityResult",
        },
    ),
    Overlay(
        "auditActor",
        different={
            approximated(
                "ItPro for a user, Application for an application that acts on its own"
            ): "type auditActorType",
            ALWAYS_NULL: "servicePrincipalName remoteTenantId remoteUserId",
            ALWAYS_EMPTY: "userRoleScopeTags",
        },
    ),
    Overlay(
        "auditProperty",
        fidelity=approximated("files, lists of objects and secrets are named, and their content is left out"),
    ),
    Overlay(
        "roleScopeTag",
        fidelity=stored("an administrator sees everything, whatever the tags are"),
        server="isBuiltIn",
        required="displayName",
        never_null="displayName",
    ),
    Overlay(
        "roleScopeTagAutoAssignment",
        fidelity=stored("the devices of the group are not given the tag; the form of the id is the emulator's"),
        required="target",
        variants={"target": ALL_TARGETS},
    ),
    Overlay(
        "deviceManagement",
        fidelity=approximated("the id is the tenant's: how the service makes it is not known"),
        only="intuneAccountId settings subscriptionState subscriptions legacyPcManangementEnabled "
        "unlicensedAdminstratorsEnabled accountMoveCompletionDateTime deviceComplianceReportSummarizationDateTime "
        "maximumDepTokens",
        server="intuneAccountId subscriptionState subscriptions legacyPcManangementEnabled "
        "unlicensedAdminstratorsEnabled accountMoveCompletionDateTime deviceComplianceReportSummarizationDateTime "
        "maximumDepTokens",
        different={
            approximated("the tenant's id"): "intuneAccountId",
            approximated("always active"): "subscriptionState",
            approximated("always intune"): "subscriptions",
            ALWAYS_FALSE: "legacyPcManangementEnabled",
            approximated("always true"): "unlicensedAdminstratorsEnabled",
            approximated("always the moment for never"): "accountMoveCompletionDateTime "
            "deviceComplianceReportSummarizationDateTime",
            ALWAYS_ZERO: "maximumDepTokens",
        },
    ),
    Overlay(
        "deviceManagementSettings",
        fidelity=approximated("what is for compliance can be changed; everything else is off, and stays so"),
    ),
)
