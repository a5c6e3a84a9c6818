"""Compliance policies, and the scripts that they ask.

#: data
"""

from __future__ import annotations

from fauxtune.core.model.editions import Edition
from fauxtune.core.odata.schema.fidelity import approximated
from fauxtune.core.policies.compliance import COMPLIANCE_POLICIES
from fauxtune.core.policies.scripts import rules_of
from fauxtune.operations.compliance.changes import COMPLIANCE_HOOKS
from fauxtune.operations.scripts.hooks import COMPLIANCE_SCRIPT_HOOKS
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph import reasons
from fauxtune.surfaces.graph.families.family import Action, Assigned, Family
from fauxtune.surfaces.graph.resources import compliance_policies, retire_list

_AUDIT = ("DeviceCompliancePolicy", "Compliance")
#: The platforms whose filters a kind takes.
_PLATFORMS = {
    "androidCompliancePolicy": "android",
    "androidDeviceOwnerCompliancePolicy": "androidForWork",
    "androidForWorkCompliancePolicy": "androidWorkProfile",
    "androidWorkProfileCompliancePolicy": "androidWorkProfile",
    "aospDeviceOwnerCompliancePolicy": "androidAOSP",
    "iosCompliancePolicy": "iOS",
    "macOSCompliancePolicy": "macOS",
    "windows10CompliancePolicy": "windows10AndLater",
    "windows81CompliancePolicy": "windows81AndLater",
}

HEADING = "Compliance"
FAMILIES: tuple[Family, ...] = (
    Family(
        "deviceManagement/deviceCompliancePolicies",
        "deviceCompliancePolicy",
        "a compliance policy",
        COMPLIANCE_POLICIES,
        read=needs.READ_CONFIGURATION,
        write=needs.WRITE_CONFIGURATION,
        audit=_AUDIT,
        without=reasons.COMPLIANCE,
        assigned=Assigned("deviceCompliancePolicyAssignment", returns=True, platforms=_PLATFORMS),
        unrouted="scheduledActionsForRule",
        actions=(
            Action(
                "scheduleActionsForRules",
                compliance_policies.schedule_actions,
                "Replace the scheduled actions of a compliance policy",
                required="deviceComplianceScheduledActionForRules",
                # Unverified: the reference says 204; IntuneCD, which restores real tenants, waits for 200.
                status=200,
            ),
            Action(
                "getDevicesScheduledToRetire",
                retire_list.list_scheduled,
                "List the devices that a scheduled action wants retired",
                method="GET",
                on_all=True,
                reads=True,
                status=200,
                returns="retireScheduledManagedDevice",
                many=True,
            ),
            Action(
                "getNoncompliantDevicesToRetire",
                retire_list.table_to_retire,
                "Get the devices that a scheduled action wants retired as a table",
                on_all=True,
                reads=True,
                status=200,
                fidelity=approximated("the columns are the emulator's; filter, orderBy and search are passed over"),
            ),
            Action(
                "setScheduledRetireState",
                retire_list.set_state,
                "Retire the devices that a scheduled action wants retired, or take them from the list",
                on_all=True,
            ),
        ),
        fidelity=approximated("a PATCH without @odata.type is taken as one of the kind"),
        hooks=COMPLIANCE_HOOKS,
        always_count=True,
        never_made="defaultDeviceCompliancePolicy",
    ),
    Family(
        "deviceManagement/deviceComplianceScripts",
        "deviceComplianceScript",
        "a compliance script",
        rules_of("deviceComplianceScripts"),
        read=needs.READ_SCRIPTS,
        write=needs.WRITE_SCRIPTS,
        former_read=needs.SCRIPTS.of(Edition.APRIL_2020)[0],
        former_write=needs.SCRIPTS.of(Edition.APRIL_2020)[1],
        audit=_AUDIT,
        without=reasons.SCRIPTS,
        assigned=Assigned("deviceHealthScriptAssignment", key="deviceHealthScriptAssignments"),
        hidden_in_lists="detectionScriptContent",
        hooks=COMPLIANCE_SCRIPT_HOOKS,
        fidelity=approximated("the policies that name it bring it to devices; its own assignments have no effect"),
    ),
)
