"""From an administrator's actions to Apple's commands.

Apple: "Device Management", Commands and Queries: DeviceLock, EraseDevice, RestartDevice, ShutDownDevice,
ClearPasscode, EnableLostMode, DisableLostMode, DeviceLocation, PlayLostModeSound, LogOutUser, DeleteUser,
ActivationLockBypassCode, RotateFileVaultKey, and Settings (DeviceName). The whole enrolment goes with the enrolment
profile.
"""

from __future__ import annotations

import base64
from collections.abc import Callable

from fauxtune.core.errors import Invalid
from fauxtune.core.formats.plist import Plist
from fauxtune.core.model.actions import DeviceAction
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.devices.actions import Order
from fauxtune.surfaces.devices.apple import mobileconfig
from fauxtune.surfaces.devices.apple.facts import BYPASS_CODE

_OBLITERATION = {
    "doNotObliterate": "DoNotObliterate",
    "obliterateWithWarning": "ObliterateWithWarning",
    "always": "Always",
}
#: Apple: lost mode is refused without a message and a telephone number.
_LOST = "This device is lost. Please return it to its owner."


def command(order: Order, *, tenant_id: TenantId, variant: Variant) -> Plist:
    """Return the command of an order. Raises Invalid for an action that Apple devices have no command for."""
    if order.action in (DeviceAction.RETIRE, DeviceAction.DELETE):
        return {"RequestType": "RemoveProfile", "Identifier": mobileconfig.enrollment_identifier(tenant_id)}
    if order.action is DeviceAction.WIPE:
        return _erasure(order.details, variant)
    if order.action is DeviceAction.LOCK:
        return _lock(order.details, variant)
    if order.action is DeviceAction.ROTATE_FILEVAULT_KEY:
        return _rotate_file_vault(order, tenant_id)
    if order.action not in _COMMANDS:
        raise Invalid(f"The action {order.action} has no command for Apple devices.")
    return _COMMANDS[order.action](order)


def _lock(details: JsonObject, variant: Variant) -> Plist:
    keys = {"Message": details.get("message"), "PhoneNumber": details.get("phoneNumber")}
    if variant is Variant.MACOS:
        keys["PIN"] = details.get("unlockPin")
    return {"RequestType": "DeviceLock", **_texts(keys)}


def _erasure(details: JsonObject, variant: Variant) -> Plist:
    command: Plist = {"RequestType": "EraseDevice"}
    if variant is not Variant.MACOS:
        return command | {"PreserveDataPlan": bool(details.get("persistEsimDataPlan"))}
    if details.get("macOsUnlockCode"):
        command["PIN"] = str(details["macOsUnlockCode"])
    behavior = _OBLITERATION.get(str(details.get("obliterationBehavior")))
    return command | ({"ObliterationBehavior": behavior} if behavior else {})


def _lost_mode(order: Order) -> Plist:
    details = order.details
    keys = {
        "Message": details.get("message"),
        "PhoneNumber": details.get("phoneNumber"),
        "Footnote": details.get("footer"),
    }
    texts = _texts(keys)
    if not {"Message", "PhoneNumber"} & texts.keys():
        texts["Message"] = _LOST
    return {"RequestType": "EnableLostMode", **texts}


def _name(order: Order) -> Plist:
    setting = {"Item": "DeviceName", "DeviceName": str(order.details["deviceName"])}
    return {"RequestType": "Settings", "Settings": [setting]}


def _clear_passcode(order: Order) -> Plist:
    """A device that has sent no token refuses the command."""
    token = base64.b64decode(str(order.secrets.get("unlockToken", "")))
    return {"RequestType": "ClearPasscode", "UnlockToken": token}


def _rotate_file_vault(order: Order, tenant_id: TenantId) -> Plist:
    """A new key for the one that the service knows; without one, the profile by which the device escrows it.

    Differs from Intune: there a FileVault policy brings that profile.
    """
    certificate, present = base64.b64decode(order.secrets["certificate"]), order.secrets.get("recoveryKey")
    if present is None:
        profile = mobileconfig.escrow_profile(tenant_id, certificate=certificate)
        return {"RequestType": "InstallProfile", "Payload": profile}
    return {
        "RequestType": "RotateFileVaultKey",
        "KeyType": "personal",
        "FileVaultUnlock": {"Password": present},
        "ReplyEncryptionCertificate": certificate,
    }


def _delete_user(order: Order) -> Plist:
    return {
        "RequestType": "DeleteUser",
        "UserName": str(order.details["userPrincipalName"]),
        # Data of the user that were not uploaded yet would be kept otherwise. Unverified: that Intune forces it.
        "ForceDeletion": True,
    }


def _texts(keys: JsonObject) -> Plist:
    return {key: str(value) for key, value in keys.items() if value}


def _simple(request_type: str) -> Callable[[Order], Plist]:
    return lambda _order: {"RequestType": request_type}


#: The actions with a command of their own, besides those that end the enrolment and the lock.
_COMMANDS: dict[DeviceAction, Callable[[Order], Plist]] = {
    DeviceAction.REBOOT: _simple("RestartDevice"),
    DeviceAction.SHUT_DOWN: _simple("ShutDownDevice"),
    DeviceAction.RESET_PASSCODE: _clear_passcode,
    DeviceAction.ENABLE_LOST_MODE: _lost_mode,
    DeviceAction.DISABLE_LOST_MODE: _simple("DisableLostMode"),
    DeviceAction.LOCATE: _simple("DeviceLocation"),
    DeviceAction.PLAY_SOUND: _simple("PlayLostModeSound"),
    DeviceAction.RENAME: _name,
    DeviceAction.LOG_OUT_SHARED_USER: _simple("LogOutUser"),
    DeviceAction.DELETE_SHARED_USER: _delete_user,
    DeviceAction.BYPASS_ACTIVATION_LOCK: _simple(BYPASS_CODE),
}
