"""Windows Autopilot: deployment profiles, device identities, the import of hardware hashes.

#: data
"""

from __future__ import annotations

from fauxtune.core.odata.schema.fidelity import approximated, stored
from fauxtune.core.policies import autopilot as rules
from fauxtune.operations.profiles.autopilot import IMPORT_HOOKS
from fauxtune.surfaces.graph import permissions as needs
from fauxtune.surfaces.graph import reasons
from fauxtune.surfaces.graph.families.family import Action, Assigned, Family
from fauxtune.surfaces.graph.resources import autopilot

_AUDIT = ("Enrollment", "Enrollment")
_NOT_USED = stored("kept; no device is set up by it")
_AT_ONCE = approximated("an import is done at once; a device is known by its serial number, its hash is not read")

AUTOPILOT: tuple[Family, ...] = (
    Family(
        "deviceManagement/windowsAutopilotDeploymentProfiles",
        "windowsAutopilotDeploymentProfile",
        "an Autopilot deployment profile",
        rules.DEPLOYMENT_PROFILES,
        read=needs.READ_SERVICE,
        write=needs.WRITE_SERVICE,
        audit=_AUDIT,
        without=reasons.AUTOPILOT,
        assigned=Assigned("windowsAutopilotDeploymentProfileAssignment", verbs="list get create delete", action=False),
        actions=(
            Action(
                "assign",
                autopilot.give_profile,
                "Give an Autopilot deployment profile to devices",
                required="deviceIds",
            ),
        ),
        fidelity=_NOT_USED,
    ),
    Family(
        "deviceManagement/windowsAutopilotDeviceIdentities",
        "windowsAutopilotDeviceIdentity",
        "an Autopilot device",
        rules.IDENTITIES,
        read=needs.READ_SERVICE,
        write=needs.WRITE_SERVICE,
        audit=_AUDIT,
        without=reasons.AUTOPILOT,
        verbs="list get delete",
        actions=(
            Action(
                "updateDeviceProperties",
                autopilot.update_device_properties,
                "Change what is said of an Autopilot device",
            ),
            Action("assignUserToDevice", autopilot.assign_user, "Give an Autopilot device to a user"),
            Action("unassignUserFromDevice", autopilot.unassign_user, "Take an Autopilot device from its user"),
        ),
        fidelity=_NOT_USED,
    ),
    Family(
        "deviceManagement/importedWindowsAutopilotDeviceIdentities",
        "importedWindowsAutopilotDeviceIdentity",
        "an imported Autopilot device",
        rules.IMPORTS,
        read=needs.READ_SERVICE,
        write=needs.WRITE_SERVICE,
        audit=_AUDIT,
        without=reasons.AUTOPILOT,
        verbs="list get create delete",
        actions=(
            Action(
                "import",
                autopilot.import_all,
                "Import many Autopilot devices",
                on_all=True,
                creates=True,
                status=200,
                returns="importedWindowsAutopilotDeviceIdentity",
                many=True,
                fidelity=_AT_ONCE,
            ),
        ),
        hooks=IMPORT_HOOKS,
        fidelity=_AT_ONCE,
    ),
)
