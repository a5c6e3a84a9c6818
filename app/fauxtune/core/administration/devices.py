"""Ask a managed device to do something. Graph: managedDevice: syncDevice, remoteLock, retire, wipe, delete."""

from __future__ import annotations

from fauxtune.core.administration.requests import AdminRequest, Json, key
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
    return AdminRequest("DELETE", f"{DEVICES}/{key(device_id)}")


def _action(device_id: str, action: DeviceAction, *, body: Json | None = None) -> AdminRequest:
    return AdminRequest("POST", f"{DEVICES}/{key(device_id)}/{action.value}", body)
