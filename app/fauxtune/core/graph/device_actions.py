"""The bodies of managedDevice's actions, and the answer of executeAction.

Source: Graph reference, the page of each action; names and types from the metadata. Every parameter may be null or
left out unless it is required here.
"""

from __future__ import annotations

from dataclasses import dataclass

from fauxtune.core.model.actions import DeviceAction
from fauxtune.core.odata.schema.fidelity import EXACT, Fidelity, approximated, stored
from fauxtune.core.odata.schema.types import ComplexType, Edm, Entity, EnumType, Property

_BEHAVIOR = EnumType(
    "obliterationBehavior",
    ("default", "doNotObliterate", "obliterateWithWarning", "always", "unknownFutureValue"),
    values=(0, 1, 2, 3, 999),
)
#: Unverified: the numbers, which no published metadata has.
REMOTE_ACTION = EnumType(
    "managedDeviceRemoteAction",
    (
        "retire",
        "delete",
        "fullScan",
        "quickScan",
        "signatureUpdate",
        "wipe",
        "customTextNotification",
        "rebootNow",
        "setDeviceName",
        "syncDevice",
        "deprovision",
        "disable",
        "reenable",
        "moveDeviceToOrganizationalUnit",
        "activateDeviceEsim",
        "collectDiagnostics",
        "initiateMobileDeviceManagementKeyRecovery",
        "initiateOnDemandProactiveRemediation",
        "unknownFutureValue",
        "initiateDeviceAttestation",
    ),
)


#: The options of a wipe for some platforms only.
_ELSEWHERE = approximated("for the kinds of device that support it; for others 400, with the reason")


def _flag(name: str, *, beta_only: bool = False, fidelity: Fidelity = EXACT) -> Property:
    return Property(name, Edm.BOOLEAN, beta_only=beta_only, fidelity=fidelity)


def _anything(name: str, kind: str, *, beta_only: bool = True) -> Property:
    """A complex parameter whose content is ignored."""
    source = f"Graph: {kind} (beta)" if beta_only else f"Graph: {kind}"
    return Property(name, ComplexType(kind, open=True, beta_only=beta_only, source=source))


@dataclass(frozen=True, slots=True)
class Form:
    """One action: the type of its body, and the versions that have it."""

    action: DeviceAction
    body: Entity
    beta_only: bool = False


def _form(action: DeviceAction, *parameters: Property, beta_only: bool = False) -> Form:
    body = Entity(f"{action.value}Parameters", parameters, source=f"Graph: managedDevice: {action.value}")
    return Form(action, body, beta_only=beta_only)


#: Unverified: its numbers. No document has them.
COMPLIANCE_OVERRIDE = EnumType(
    "administratorConfiguredDeviceComplianceState", ("basedOnDeviceCompliancePolicy", "nonCompliant")
)


def _beta(action: DeviceAction, *parameters: Property) -> Form:
    return _form(action, *parameters, beta_only=True)


FORMS: tuple[Form, ...] = (
    _form(
        DeviceAction.WIPE,
        _flag("keepEnrollmentData", fidelity=_ELSEWHERE),
        _flag("keepUserData", fidelity=_ELSEWHERE),
        Property("macOsUnlockCode", fidelity=_ELSEWHERE),
        _flag("persistEsimDataPlan", fidelity=_ELSEWHERE),
        _flag("useProtectedWipe", beta_only=True, fidelity=_ELSEWHERE),
        Property("obliterationBehavior", _BEHAVIOR, beta_only=True, fidelity=_ELSEWHERE),
    ),
    _form(DeviceAction.RETIRE),
    _form(DeviceAction.SYNC),
    _form(DeviceAction.LOCK),
    _form(DeviceAction.REBOOT),
    _form(DeviceAction.RESET_PASSCODE),
    _form(DeviceAction.SHUT_DOWN),
    _form(DeviceAction.LOCATE),
    _form(DeviceAction.DISABLE_LOST_MODE),
    _form(DeviceAction.BYPASS_ACTIVATION_LOCK),
    _form(DeviceAction.RECOVER_PASSCODE),
    _form(DeviceAction.REMOTE_ASSISTANCE),
    _form(DeviceAction.LOG_OUT_SHARED_USER),
    _form(DeviceAction.DELETE_SHARED_USER, Property("userPrincipalName", required=True)),
    _form(DeviceAction.CLEAN_WINDOWS, _flag("keepUserData")),
    _form(DeviceAction.DEFENDER_SCAN, _flag("quickScan")),
    _form(DeviceAction.DEFENDER_UPDATE),
    _form(
        DeviceAction.UPDATE_ACCOUNT,
        _anything(
            "updateWindowsDeviceAccountActionParameter", "updateWindowsDeviceAccountActionParameter", beta_only=False
        ),
    ),
    _beta(
        DeviceAction.ENABLE_LOST_MODE,
        Property("message"),
        Property("phoneNumber"),
        Property("footer"),
    ),
    _beta(DeviceAction.PLAY_SOUND, Property("durationInMinutes")),
    _beta(
        DeviceAction.RENAME,
        Property("deviceName", required=True, fidelity=approximated("variables in it are not filled in")),
    ),
    _beta(
        DeviceAction.NOTIFY,
        Property("notificationTitle", required=True),
        Property("notificationBody", required=True),
    ),
    _beta(DeviceAction.ACTIVATE_ESIM, Property("carrierUrl")),
    _beta(DeviceAction.REMOVE_ESIM, Property("iccId")),
    _beta(DeviceAction.REVOKE_VPP_LICENSES),
    _beta(DeviceAction.ENHANCED_LOGS, Property("appleCareToken")),
    _beta(DeviceAction.CANCEL_ENHANCED_LOGS),
    _beta(DeviceAction.ROTATE_FILEVAULT_KEY),
    _beta(DeviceAction.ROTATE_RECOVERY_LOCK),
    _beta(DeviceAction.ROTATE_ADMIN_PASSWORD),
    _beta(DeviceAction.ROTATE_BITLOCKER_KEYS),
    _beta(DeviceAction.PAUSE_REFRESH, Property("pauseTimePeriodInMinutes", Edm.INT32)),
    _beta(DeviceAction.COLLECT_LOGS, _anything("templateType", "deviceLogCollectionRequest")),
    _beta(DeviceAction.ENROLL_NOW),
    _beta(DeviceAction.ATTEST),
    _beta(DeviceAction.RECOVER_KEY),
    _beta(DeviceAction.REMEDIATE, Property("scriptPolicyId", required=True)),
    _beta(DeviceAction.REMOVE_FIRMWARE_MANAGEMENT),
    _beta(DeviceAction.CONFIGURATION_MANAGER, _anything("configurationManagerAction", "configurationManagerAction")),
    _beta(DeviceAction.SUSPEND_HOME_SCREEN, Property("timeoutMinutes")),
    _beta(DeviceAction.RESTORE_HOME_SCREEN),
    _beta(DeviceAction.DEPROVISION, Property("deprovisionReason", required=True)),
    _beta(DeviceAction.DISABLE),
    _beta(DeviceAction.REENABLE),
    _beta(
        DeviceAction.CHANGE_ASSIGNMENTS,
        Property(
            "deviceAssignmentItems",
            ComplexType("deviceAssignmentItem", open=True, source="Graph: deviceAssignmentItem (beta)", beta_only=True),
            collection=True,
        ),
    ),
    _beta(
        DeviceAction.OVERRIDE_COMPLIANCE, Property("complianceState", COMPLIANCE_OVERRIDE), Property("remediationUrl")
    ),
)

EXECUTE_ACTION = Entity(
    "executeActionParameters",
    (
        Property("actionName", REMOTE_ACTION, required=True),
        # Unverified: its meaning. It is checked and then ignored.
        Property("realAction", REMOTE_ACTION, fidelity=stored("checked, and then ignored")),
        Property("deviceIds", collection=True, required=True, fidelity=approximated("100 at most")),
        _flag("keepEnrollmentData", fidelity=_ELSEWHERE),
        _flag("keepUserData", fidelity=_ELSEWHERE),
        _flag("persistEsimDataPlan", fidelity=_ELSEWHERE),
        Property("deviceName"),
        Property("notificationTitle"),
        Property("notificationBody"),
        Property("carrierUrl"),
        Property("deprovisionReason"),
        Property("organizationalUnitPath"),
    ),
    source="Graph: managedDevice: executeAction",
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

BULK_RESULT = ComplexType(
    "bulkManagedDeviceActionResult",
    tuple(
        Property(name, collection=True)
        for name in ("successfulDeviceIds", "failedDeviceIds", "notFoundDeviceIds", "notSupportedDeviceIds")
    ),
    beta_only=True,
    source="Graph: bulkManagedDeviceActionResult (beta)",
)
