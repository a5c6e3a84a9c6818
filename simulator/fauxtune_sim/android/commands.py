"""The operations of an Android device, except WIPE, which ends its enrolment.

LOCK, REBOOT, RESET_PASSWORD, START_LOST_MODE and STOP_LOST_MODE are commands of the Android Management API; LOCATE,
PLAY_SOUND, SET_DEVICE_NAME and SHOW_NOTIFICATION are this emulator's own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fauxtune_sim.android.enrollment import rights_of
from fauxtune_sim.android.messages import Operation
from fauxtune_sim.android.status import hardware_of
from fauxtune_sim.device.device import Device
from fauxtune_sim.device.state_folder import position
from fauxtune_sim.errors import AnswerBroken

#: google.rpc.Code.
_INVALID_ARGUMENT, _FAILED_PRECONDITION, _UNIMPLEMENTED = 3, 9, 12


@dataclass(frozen=True, slots=True)
class OperationResult:
    """The result of an operation: an error (code, message), or a response."""

    error: tuple[int, str] | None = None
    response: dict[str, Any] | None = None

    def document(self) -> dict[str, Any]:
        """The body of `:complete`."""
        body: dict[str, Any] = {"done": True}
        if self.error is not None:
            body["error"] = {"code": self.error[0], "message": self.error[1]}
        if self.response is not None:
            body["response"] = self.response
        return body


def execute(operation: Operation, device: Device) -> OperationResult:
    """Execute an operation and return its result. The device is not saved."""
    command = _COMMANDS.get(operation.type)
    if command is None:
        return OperationResult(error=(_UNIMPLEMENTED, f"this agent does not implement {operation.type}"))
    if operation.type in _OWNERS_ONLY and not rights_of(device.mode).owns_device:
        return OperationResult(error=(_FAILED_PRECONDITION, f"{device.kind} cannot {operation.type}"))
    try:
        return command(device, operation.details)
    except AnswerBroken as broken:
        return OperationResult(error=(_INVALID_ARGUMENT, str(broken)))


def _lock(device: Device, _details: dict[str, Any]) -> OperationResult:
    device.condition.lock(True)
    return OperationResult()


def _reboot(device: Device, _details: dict[str, Any]) -> OperationResult:
    device.condition.restart()
    return OperationResult()


def _reset_password(device: Device, details: dict[str, Any]) -> OperationResult:
    device.condition.passcode = _text(details, "newPassword")
    device.condition.lock(True)
    return OperationResult()


def _start_lost_mode(device: Device, details: dict[str, Any]) -> OperationResult:
    params = details.get("startLostModeParams")
    if not isinstance(params, dict):
        raise AnswerBroken("START_LOST_MODE has no startLostModeParams")
    message = params.get("lostMessage") or {}
    device.condition.lost = str(message.get("defaultMessage", "")) if isinstance(message, dict) else ""
    return OperationResult()


def _stop_lost_mode(device: Device, _details: dict[str, Any]) -> OperationResult:
    device.condition.lost = None
    return OperationResult()


def _locate(device: Device, _details: dict[str, Any]) -> OperationResult:
    latitude, longitude = position(hardware_of(device).android_id)
    location = {
        "latitude": latitude,
        "longitude": longitude,
        "altitude": 56.0,
        "horizontalAccuracy": 20.0,
    }
    return OperationResult(response={"location": location})


def _play_sound(device: Device, _details: dict[str, Any]) -> OperationResult:
    device.condition.sounds += 1
    return OperationResult()


def _set_name(device: Device, details: dict[str, Any]) -> OperationResult:
    device.name = _text(details, "deviceName")
    return OperationResult()


def _show_notification(device: Device, details: dict[str, Any]) -> OperationResult:
    notification = details.get("notification")
    if not isinstance(notification, dict):
        raise AnswerBroken("SHOW_NOTIFICATION has no notification")
    device.condition.notifications.append((_text(notification, "title"), _text(notification, "body")))
    return OperationResult()


_COMMANDS: dict[str, Callable[[Device, dict[str, Any]], OperationResult]] = {
    "LOCK": _lock,
    "REBOOT": _reboot,
    "RESET_PASSWORD": _reset_password,
    "START_LOST_MODE": _start_lost_mode,
    "STOP_LOST_MODE": _stop_lost_mode,
    "LOCATE": _locate,
    "PLAY_SOUND": _play_sound,
    "SET_DEVICE_NAME": _set_name,
    "SHOW_NOTIFICATION": _show_notification,
}
#: Not allowed on personal devices. AMAPI: REBOOT and lost mode are for the company's own devices.
_OWNERS_ONLY = frozenset({"REBOOT", "START_LOST_MODE", "STOP_LOST_MODE", "LOCATE", "PLAY_SOUND", "SET_DEVICE_NAME"})


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise AnswerBroken(f"the command has no {name}")
    return value
