"""Devices: what a managed one is asked to do, those that the server holds, and who may enrol.

Graph: managedDevice: syncDevice, remoteLock, retire, wipe, delete; deviceEnrollmentPlatformRestrictionConfiguration
(beta). Simulated devices that the server holds, and what their owners do with them, are the control surface's:
`/_fauxtune/v1/tenants/{tenant}/hosted-devices`.
"""

from __future__ import annotations

from collections.abc import Sequence

from fauxtune.core.administration.requests import AdminRequest, Json, Service, delete_object, key
from fauxtune.core.model.actions import DeviceAction

DEVICES = "/deviceManagement/managedDevices"


def sync_device(device_id: str) -> AdminRequest:
    """Ask the device to check in now."""
    return _action(device_id, DeviceAction.SYNC)


def lock_device(device_id: str) -> AdminRequest:
    """Lock the screen of the device."""
    return _action(device_id, DeviceAction.LOCK)


def retire_device(device_id: str) -> AdminRequest:
    """Remove the company's data from the device, and end its management."""
    return _action(device_id, DeviceAction.RETIRE)


def wipe_device(
    device_id: str, *, keep_enrollment: bool = False, keep_user_data: bool = False, unlock_code: str | None = None
) -> AdminRequest:
    """Reset the device. `keep_enrollment` and `keep_user_data`: Windows; `unlock_code`: the PIN that a Mac asks for."""
    body: Json = {"keepEnrollmentData": keep_enrollment, "keepUserData": keep_user_data}
    if unlock_code is not None:
        body["macOsUnlockCode"] = unlock_code
    return _action(device_id, DeviceAction.WIPE, body=body)


def delete_device(device_id: str) -> AdminRequest:
    """Delete the record of the device now; the device removes the company's data at its next check-in."""
    return delete_object(DEVICES, device_id)


def _action(device_id: str, action: DeviceAction, *, body: Json | None = None) -> AdminRequest:
    return AdminRequest("POST", f"{DEVICES}/{key(device_id)}/{action.value}", body)


HOSTED_DEVICES = "/hosted-devices"


def list_hosted_devices() -> AdminRequest:
    """List the simulated devices that the server holds."""
    return AdminRequest("GET", HOSTED_DEVICES, service=Service.CONTROL)


def add_hosted_device(
    user: str, *, platform: str, mode: str | None = None, name: str | None = None, facts: Json | None = None
) -> AdminRequest:
    """Enrol a simulated device for a user. `platform` and `mode` are the simulator's words."""
    body: Json = {"user": user, "platform": platform, "mode": mode, "name": name, "facts": facts}
    given = {member: value for member, value in body.items() if value}
    return AdminRequest("POST", HOSTED_DEVICES, given, service=Service.CONTROL)


def connect_hosted_device(name: str, *, online: bool) -> AdminRequest:
    """Bring a simulated device on line, or take it off line."""
    return _change(name, {"online": online})


def let_hosted_device_refuse(name: str, *, items: Sequence[str]) -> AdminRequest:
    """Let a simulated device refuse deliveries of these kinds, and accept all others."""
    return _change(name, {"refuses": [*items]})


def let_hosted_device_report(name: str, *, facts: Json) -> AdminRequest:
    """Change what a simulated device reports, by the names of managedDevice."""
    return _change(name, {"facts": facts})


def check_in_hosted_device(name: str) -> AdminRequest:
    """Let a simulated device check in now."""
    return AdminRequest("POST", f"{HOSTED_DEVICES}/{key(name)}/check-in", service=Service.CONTROL)


def _change(name: str, body: Json) -> AdminRequest:
    return AdminRequest("PATCH", f"{HOSTED_DEVICES}/{key(name)}", body, service=Service.CONTROL)


CONFIGURATIONS = "/deviceManagement/deviceEnrollmentConfigurations"
_KIND = "#microsoft.graph.deviceEnrollmentPlatformRestrictionConfiguration"
_GROUP = "#microsoft.graph.groupAssignmentTarget"


def block_platform(name: str, *, platform_type: str) -> AdminRequest:
    """Create a restriction that blocks a platform (`ios`, `androidForWork` ...) for whom it is assigned to."""
    body = {
        "@odata.type": _KIND,
        "displayName": name,
        "platformType": platform_type,
        "platformRestriction": {"platformBlocked": True, "personalDeviceEnrollmentBlocked": False},
    }
    return AdminRequest("POST", CONFIGURATIONS, body)


def assign_restriction(restriction: str, *, group: str) -> AdminRequest:
    """Assign a restriction to a group, by its id, and to nobody else."""
    assignment = {"target": {"@odata.type": _GROUP, "groupId": group}}
    body = {"enrollmentConfigurationAssignments": [assignment]}
    return AdminRequest("POST", f"{CONFIGURATIONS}/{key(restriction)}/assign", body)
