"""The bodies of managedDevice's actions, and how an action for many devices becomes one for each.

Source: Graph reference, the page of each action. Every parameter may be null or left out unless it is required here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from fauxtune.core.graph.index import MODEL
from fauxtune.core.model.actions import DeviceAction
from fauxtune.core.odata.schema.overlay import NO_OVERLAY, Overlay
from fauxtune.core.odata.schema.types import Entity, approximated, stored

_DEVICE = "managedDevice"
#: The options of a wipe for some platforms only.
_ELSEWHERE = approximated("for the kinds of device that support it; for others 400, with the reason")


@dataclass(frozen=True, slots=True)
class Form:
    """One action: the type of its body, and the versions that have it."""

    action: DeviceAction
    body: Entity
    beta_only: bool = False


#: What is special about the bodies of single actions.
_SPECIAL = {
    DeviceAction.WIPE: Overlay(different={_ELSEWHERE: "*"}),
    DeviceAction.DELETE_SHARED_USER: Overlay(required="userPrincipalName"),
    DeviceAction.RENAME: Overlay(
        required="deviceName",
        different={approximated("variables in it are not filled in"): "deviceName"},
    ),
    DeviceAction.NOTIFY: Overlay(required="notificationTitle notificationBody"),
    DeviceAction.REMEDIATE: Overlay(required="scriptPolicyId"),
    DeviceAction.DEPROVISION: Overlay(required="deprovisionReason"),
}


def _form(action: DeviceAction) -> Form:
    overlay = replace(_SPECIAL.get(action, NO_OVERLAY), source=f"Graph: managedDevice: {action.value}")
    body = MODEL.parameters(_DEVICE, action.value, overlay=overlay)
    return Form(action, body, beta_only="beta" in MODEL.table.operation(_DEVICE, action.value).marks)


#: Those of v1.0, then those of beta. DELETE is a method of HTTP, and MOVE_TO_UNIT is asked of all devices at once.
FORMS: tuple[Form, ...] = tuple(
    sorted(
        (_form(action) for action in DeviceAction if action.value in MODEL.table.operations_of(_DEVICE)),
        key=lambda form: form.beta_only,
    )
)
#: The body of the action that answers with an entity.
COLLECT_LOGS = next(form.body for form in FORMS if form.action is DeviceAction.COLLECT_LOGS)
EXECUTE_ACTION = MODEL.parameters(
    f"[{_DEVICE}]",
    "executeAction",
    overlay=Overlay(
        source="Graph: managedDevice: executeAction",
        required="actionName deviceIds",
        different={
            # Unverified: its meaning. It is checked and then ignored.
            stored("checked, and then ignored"): "realAction",
            approximated("100 at most"): "deviceIds",
            _ELSEWHERE: "keepEnrollmentData keepUserData persistEsimDataPlan",
        },
    ),
)
#: The action of a single device for a bulk action, with the parameters that it passes on and those that it sets.
BULK: dict[str, tuple[DeviceAction, tuple[str, ...], dict[str, bool]]] = {
    "retire": (DeviceAction.RETIRE, (), {}),
    "delete": (DeviceAction.DELETE, (), {}),
    "fullScan": (DeviceAction.DEFENDER_SCAN, (), {"quickScan": False}),
    "quickScan": (DeviceAction.DEFENDER_SCAN, (), {"quickScan": True}),
    "signatureUpdate": (DeviceAction.DEFENDER_UPDATE, (), {}),
    "wipe": (DeviceAction.WIPE, ("keepEnrollmentData", "keepUserData", "persistEsimDataPlan"), {}),
    "customTextNotification": (DeviceAction.NOTIFY, ("notificationTitle", "notificationBody"), {}),
    "rebootNow": (DeviceAction.REBOOT, (), {}),
    "setDeviceName": (DeviceAction.RENAME, ("deviceName",), {}),
    "syncDevice": (DeviceAction.SYNC, (), {}),
    "deprovision": (DeviceAction.DEPROVISION, ("deprovisionReason",), {}),
    "disable": (DeviceAction.DISABLE, (), {}),
    "reenable": (DeviceAction.REENABLE, (), {}),
    "moveDeviceToOrganizationalUnit": (DeviceAction.MOVE_TO_UNIT, ("organizationalUnitPath",), {}),
    "activateDeviceEsim": (DeviceAction.ACTIVATE_ESIM, ("carrierUrl",), {}),
    "collectDiagnostics": (DeviceAction.COLLECT_LOGS, (), {}),
    "initiateMobileDeviceManagementKeyRecovery": (DeviceAction.RECOVER_KEY, (), {}),
    "initiateOnDemandProactiveRemediation": (DeviceAction.REMEDIATE, (), {}),
    "initiateDeviceAttestation": (DeviceAction.ATTEST, (), {}),
}
