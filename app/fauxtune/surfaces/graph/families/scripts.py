"""Scripts: PowerShell and shell scripts, custom attributes, remediations.

#: data
"""

from __future__ import annotations

from fauxtune.core.model.editions import Edition
from fauxtune.core.policies.scripts import rules_of
from fauxtune.operations.scripts.hooks import SCRIPT_HOOKS
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph import reasons
from fauxtune.surfaces.graph.families.family import Assigned, Family
from fauxtune.surfaces.graph.resources.script_states import HEALTH, PLAIN

_AUDIT = ("DeviceManagementScript", "DeviceConfiguration")
_FORMER_READ, _FORMER_WRITE = needs.SCRIPTS.of(Edition.APRIL_2020)
_SCRIPTED = Assigned(
    "deviceManagementScriptAssignment",
    key="deviceManagementScriptAssignments",
    old_key="deviceManagementScriptGroupAssignments",
    done=200,
)
_REMEDIATED = Assigned("deviceHealthScriptAssignment", key="deviceHealthScriptAssignments", done=200)
#: The same for all of them: a script is found by its id.
_COUNTED = (PLAIN[0].run_summary(),)

HEADING = "Scripts"
FAMILIES: tuple[Family, ...] = (
    Family(
        "deviceManagement/deviceManagementScripts",
        "deviceManagementScript",
        "a PowerShell script",
        rules_of("deviceManagementScripts"),
        read=needs.READ_SCRIPTS,
        write=needs.WRITE_SCRIPTS,
        former_read=_FORMER_READ,
        former_write=_FORMER_WRITE,
        audit=_AUDIT,
        without=reasons.SCRIPTS,
        assigned=_SCRIPTED,
        hidden_in_lists="scriptContent",
        parts=_COUNTED,
        hooks=SCRIPT_HOOKS,
    ),
    Family(
        "deviceManagement/deviceShellScripts",
        "deviceShellScript",
        "a shell script",
        rules_of("deviceShellScripts"),
        read=needs.READ_SCRIPTS,
        write=needs.WRITE_SCRIPTS,
        former_read=_FORMER_READ,
        former_write=_FORMER_WRITE,
        audit=_AUDIT,
        without=reasons.SCRIPTS,
        assigned=_SCRIPTED,
        hidden_in_lists="scriptContent",
        parts=_COUNTED,
        hooks=SCRIPT_HOOKS,
    ),
    Family(
        "deviceManagement/deviceCustomAttributeShellScripts",
        "deviceCustomAttributeShellScript",
        "a custom attribute script",
        rules_of("deviceCustomAttributeShellScripts", fixed="customAttributeName customAttributeType displayName"),
        read=needs.READ_SCRIPTS,
        write=needs.WRITE_SCRIPTS,
        former_read=_FORMER_READ,
        former_write=_FORMER_WRITE,
        audit=_AUDIT,
        without=reasons.SCRIPTS,
        assigned=_SCRIPTED,
        hidden_in_lists="scriptContent",
        parts=_COUNTED,
        hooks=SCRIPT_HOOKS,
    ),
    Family(
        "deviceManagement/deviceHealthScripts",
        "deviceHealthScript",
        "a remediation",
        rules_of("deviceHealthScripts"),
        read=needs.READ_SCRIPTS,
        write=needs.WRITE_SCRIPTS,
        former_read=_FORMER_READ,
        former_write=_FORMER_WRITE,
        audit=_AUDIT,
        without=reasons.SCRIPTS,
        assigned=_REMEDIATED,
        hidden_in_lists="detectionScriptContent remediationScriptContent",
        parts=(HEALTH.run_summary(),),
        hooks=SCRIPT_HOOKS,
    ),
)
