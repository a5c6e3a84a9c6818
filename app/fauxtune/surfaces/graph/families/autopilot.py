"""Windows Autopilot: deployment profiles, device identities, the import of hardware hashes.

#: data
"""

from __future__ import annotations

from fauxtune.core.odata.schema.fidelity import approximated
from fauxtune.core.policies import autopilot as rules
from fauxtune.operations.devices.autopilot import IDENTITY_HOOKS, IMPORT_HOOKS
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph import reasons
from fauxtune.surfaces.graph.call import Handler
from fauxtune.surfaces.graph.families.family import Action, Assigned, Family
from fauxtune.surfaces.graph.resources import autopilot

_AUDIT = ("Enrollment", "Enrollment")
_USED = approximated("a PC that asks enrols with it; of what the set-up shows nothing is emulated, and no hybrid join")
_IMPORTED = approximated(
    "an import takes half a minute of the clock; a device is known by its serial number, its hash is not read"
)
_KNOWN = approximated("a profile is pending for half a minute of the clock; a user is kept without effect")
_WITH_A_PROFILE = approximated(
    "the last 1,000 enrolments with a profile: those that went well or that a restriction refused; no status page"
)


def _read(name: str, handler: Handler, *, summary: str, returns: str = "", many: bool = False) -> Action:
    """A navigation that is computed."""
    return Action(
        name, handler, summary, method="GET", reads=True, status=200, returns=returns, many=many, fidelity=_KNOWN
    )


HEADING = "Windows Autopilot"
FAMILIES: tuple[Family, ...] = (
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
            _read(
                "assignedDevices",
                autopilot.list_assigned_devices,
                summary="List the Autopilot devices that have a deployment profile",
                returns="windowsAutopilotDeviceIdentity",
                many=True,
            ),
            _read("assignedDevices/$count", autopilot.count_assigned_devices, summary="Count them"),
        ),
        fidelity=_USED,
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
            _read(
                "deploymentProfile",
                autopilot.get_profile,
                summary="Get the deployment profile of an Autopilot device",
                returns="windowsAutopilotDeploymentProfile",
            ),
            _read(
                "intendedDeploymentProfile",
                autopilot.get_intended_profile,
                summary="Get the deployment profile that an Autopilot device has, or is to have",
                returns="windowsAutopilotDeploymentProfile",
            ),
        ),
        hooks=IDENTITY_HOOKS,
        parts=autopilot.PARTS,
        only_on_items="deploymentProfile intendedDeploymentProfile",
        hidden_in_lists="lastContactedDateTime",
        fidelity=_KNOWN,
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
                fidelity=_IMPORTED,
            ),
        ),
        hooks=IMPORT_HOOKS,
        fidelity=_IMPORTED,
    ),
    Family(
        "deviceManagement/autopilotEvents",
        "deviceManagementAutopilotEvent",
        "an Autopilot event",
        rules.EVENTS,
        read=needs.READ_MANAGED,
        write=needs.WRITE_MANAGED,
        audit=_AUDIT,
        without=reasons.AUTOPILOT,
        verbs="list get",
        fidelity=_WITH_A_PROFILE,
    ),
)
