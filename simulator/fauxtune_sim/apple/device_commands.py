"""The commands that act on an Apple device itself: restart, passcode, lost mode, shared users (Apple: "Commands and
Queries").

Apple: RestartDevice, ShutDownDevice and those of lost mode are for supervised iPhones and iPads; a Mac restarts and
shuts down in any case. DeviceLocation and PlayLostModeSound are answered in lost mode alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fauxtune_sim.apple.command_context import CommandContext, CommandResult, Malformed
from fauxtune_sim.apple.enrollment import Right
from fauxtune_sim.apple.faults import Code, Fault
from fauxtune_sim.device.condition import position

DeviceCommand = Callable[[CommandContext], Awaitable[CommandResult]]
_LONGEST_NAME = 63


def set_name(context: CommandContext, setting: dict[str, Any]) -> Fault | None:
    """Apply the setting DeviceName. Return why it is refused, or None."""
    name = setting.get("DeviceName")
    if not context.enrollment.may(Right.SETTINGS):
        return Fault(Code.NOT_AUTHORIZED, f"the server may not name the device: AccessRights lack {Right.SETTINGS}")
    if not _is_supervised(context) and not context.system.is_mac:
        return Fault(Code.NOT_SUPERVISED, "only a supervised device is named by its server")
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
        return Fault(Code.REQUEST_MALFORMED, f"DeviceName is a text of 1 to {_LONGEST_NAME} characters")
    context.device.name = name
    return None


def _is_supervised(context: CommandContext) -> bool:
    return context.device.own_facts.get("isSupervised") is True


def _check_supervised(context: CommandContext) -> None:
    """Raise Fault on an iPhone or iPad that is not supervised."""
    if not context.system.is_mac and not _is_supervised(context):
        raise Fault(Code.NOT_SUPERVISED, f"{context.command.request_type} is for supervised devices")


def _check_mobile(context: CommandContext) -> None:
    """Raise Fault on a Mac, which does not know the command."""
    if context.system.is_mac:
        raise Fault(Code.REQUEST_UNKNOWN, f"a Mac does not know the command {context.command.request_type}")


async def _restart(context: CommandContext) -> CommandResult:
    _check_supervised(context)
    context.device.condition.restart()
    return CommandResult()


async def _shut_down(context: CommandContext) -> CommandResult:
    _check_supervised(context)
    context.device.condition.shut_down()
    return CommandResult()


async def _clear_passcode(context: CommandContext) -> CommandResult:
    _check_mobile(context)
    token = context.command.parameters.get("UnlockToken")
    if not isinstance(token, bytes):
        raise Malformed("ClearPasscode has no UnlockToken")
    if token != context.enrollment.unlock_token:
        raise Fault(Code.WRONG_TOKEN, "the UnlockToken is not the one that the device sent")
    context.device.report(isPasscodePresent=False)
    context.device.condition.passcode = None
    context.device.condition.lock(False)
    return CommandResult()


async def _enable_lost_mode(context: CommandContext) -> CommandResult:
    _check_mobile(context)
    _check_supervised(context)
    texts = [context.command.text(key) for key in ("Message", "PhoneNumber")]
    if not any(texts):
        raise Malformed("EnableLostMode has neither Message nor PhoneNumber")
    context.device.condition.lost = " ".join(text for text in texts if text)
    context.device.condition.lock(True)
    return CommandResult()


async def _disable_lost_mode(context: CommandContext) -> CommandResult:
    _check_lost(context)
    context.device.condition.lost = None
    return CommandResult()


async def _location(context: CommandContext) -> CommandResult:
    _check_lost(context)
    latitude, longitude = position(context.enrollment.name)
    return CommandResult(
        {
            "Latitude": latitude,
            "Longitude": longitude,
            "HorizontalAccuracy": 20.0,
            "VerticalAccuracy": 10.0,
            "Altitude": 56.0,
            "Speed": -1.0,
            "Course": -1.0,
            "Timestamp": "2026-01-01T00:00:00.000Z",
        }
    )


async def _sound(context: CommandContext) -> CommandResult:
    _check_lost(context)
    context.device.condition.sounds += 1
    return CommandResult()


def _check_lost(context: CommandContext) -> None:
    """Raise Fault unless the device is in lost mode."""
    _check_mobile(context)
    if context.device.condition.lost is None:
        raise Fault(Code.NOT_LOST, f"{context.command.request_type}: the device is not in lost mode")


async def _of_users(context: CommandContext) -> CommandResult:
    """LogOutUser and DeleteUser: for iPads that several users share, which are not simulated."""
    raise Fault(Code.NO_USERS, f"{context.command.request_type}: this device is no Shared iPad")


async def _rotate_file_vault(context: CommandContext) -> CommandResult:
    """RotateFileVaultKey, of the personal recovery key."""
    if not context.system.is_mac:
        raise Fault(Code.REQUEST_UNKNOWN, "only a Mac has FileVault")
    parameters = context.command.parameters
    unlock, certificate = parameters.get("FileVaultUnlock"), parameters.get("ReplyEncryptionCertificate")
    if parameters.get("KeyType") != "personal" or not isinstance(unlock, dict) or not isinstance(certificate, bytes):
        raise Malformed("RotateFileVaultKey has no KeyType personal, FileVaultUnlock or ReplyEncryptionCertificate")
    if context.device.own_facts.get("isEncrypted") is not True:
        raise Fault(Code.WRONG_TOKEN, "FileVault is off")
    sealed = context.store.file_vault.rotate(unlock.get("Password"), certificate=certificate)
    return CommandResult({"RotateResult": {"EncryptedNewRecoveryKey": sealed}})


#: The commands, with the right that each one needs.
DEVICE_COMMANDS: dict[str, tuple[Right | None, DeviceCommand]] = {
    "RestartDevice": (Right.LOCK, _restart),
    "ShutDownDevice": (Right.LOCK, _shut_down),
    "ClearPasscode": (Right.LOCK, _clear_passcode),
    "EnableLostMode": (Right.LOCK, _enable_lost_mode),
    "DisableLostMode": (Right.LOCK, _disable_lost_mode),
    "DeviceLocation": (Right.LOCK, _location),
    "PlayLostModeSound": (Right.LOCK, _sound),
    "RotateFileVaultKey": (Right.SECURITY, _rotate_file_vault),
    "LogOutUser": (Right.LOCK, _of_users),
    "DeleteUser": (Right.LOCK, _of_users),
}
