"""From an administrator's actions to the commands of Android devices.

The names are those of the Android Management API (Command: WIPE, LOCK, REBOOT, RESET_PASSWORD). It has none to locate a
device, to play a sound, to rename it and to notify its user: LOCATE, PLAY_SOUND, SET_DEVICE_NAME and SHOW_NOTIFICATION
are extensions.
"""

from __future__ import annotations

from collections.abc import Callable

from fauxtune.core.model.actions import DeviceAction
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.devices.actions import Order
from fauxtune.surfaces.devices.android import messages

#: The default duration of a sound. Graph: playLostModeSound.
_SOUND_MINUTES = 1


def _play_sound(details: JsonObject) -> JsonObject:
    minutes = int(details.get("durationInMinutes") or _SOUND_MINUTES)
    return {"type": "PLAY_SOUND", "soundDuration": f"{minutes * 60}s"}


#: Every action that the support matrix sends to Android devices, except those that end the enrolment.
COMMANDS: dict[DeviceAction, Callable[[JsonObject], JsonObject]] = {
    DeviceAction.LOCK: lambda _: {"type": "LOCK"},
    DeviceAction.REBOOT: lambda _: {"type": "REBOOT"},
    DeviceAction.RESET_PASSCODE: lambda details: {"type": "RESET_PASSWORD", "newPassword": details["passcode"]},
    DeviceAction.LOCATE: lambda _: {"type": "LOCATE"},
    DeviceAction.PLAY_SOUND: _play_sound,
    DeviceAction.RENAME: lambda details: {"type": "SET_DEVICE_NAME", "deviceName": details["deviceName"]},
    DeviceAction.NOTIFY: lambda details: {
        "type": "SHOW_NOTIFICATION",
        "notification": {"title": details.get("notificationTitle", ""), "body": details.get("notificationBody", "")},
    },
}


def command(order: Order) -> JsonObject:
    """Return the command of an order."""
    if order.scope:
        return {"type": "WIPE", "scope": order.scope}
    return COMMANDS[order.action](order.details)


def answer(message: messages.Complete) -> JsonObject | None:
    """Return what the device answered: the `location` that it reports, by Graph's names."""
    if message.response is None or message.response.location is None:
        return None
    return {"location": message.response.location.model_dump(by_alias=True)}
