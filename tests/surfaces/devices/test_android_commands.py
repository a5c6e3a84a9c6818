"""The commands of Android devices, as the server writes them, and what it reads of their answers."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from fauxtune.core.engine.device_actions.support import EMULATED
from fauxtune.core.model.actions import DeviceAction
from fauxtune.core.model.platforms import Platform
from fauxtune.operations.devices.actions import ENDS, Order
from fauxtune.surfaces.devices.android import messages
from fauxtune.surfaces.devices.android import routes as commands

EXAMPLES = Path(__file__).parents[2] / "wire" / "android"
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def example(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((EXAMPLES / f"{name}.json").read_text())
    return document


def order(action: DeviceAction, *, scope: str = "", **details: Any) -> Order:
    return Order(id="o", action=action, created_at=NOW, scope=scope, details=details)


def test_every_action_that_is_carried_to_android_has_a_command() -> None:
    assert set(commands.COMMANDS) == EMULATED[Platform.ANDROID] - {*ENDS, DeviceAction.SYNC}


def test_the_commands_are_those_of_the_example() -> None:
    results = [
        order(DeviceAction.LOCK),
        order(DeviceAction.REBOOT),
        order(DeviceAction.RESET_PASSCODE, passcode="00427193"),
        order(DeviceAction.LOCATE),
        order(DeviceAction.PLAY_SOUND, durationInMinutes="2"),
        order(DeviceAction.RENAME, deviceName="Reception 1"),
        order(DeviceAction.NOTIFY, notificationTitle="Lunch", notificationBody="Soup today"),
    ]
    written = [
        messages.operation(
            device=one["name"].partition("/operations/")[0],
            key=one["name"].rpartition("/")[2],
            created=one["metadata"]["createTime"],
            command=commands.command_of(result),
        )
        for one, result in zip(example("operations-commands")["operations"], results, strict=True)
    ]
    assert {"operations": written} == example("operations-commands")


def test_a_wipe_has_its_scope() -> None:
    assert commands.command_of(order(DeviceAction.WIPE, scope="DEVICE")) == {"type": "WIPE", "scope": "DEVICE"}


def test_where_a_device_is_comes_in_graphs_words() -> None:
    message = messages.Complete.model_validate(example("complete-request-location"))
    assert commands.answer_in(message) == {
        "location": {
            "latitude": 47.6423,
            "longitude": -122.1391,
            "altitude": 56.0,
            "horizontalAccuracy": 20.0,
            "verticalAccuracy": 0.0,
            "heading": 0.0,
            "speed": 0.0,
        }
    }
    assert commands.answer_in(messages.Complete.model_validate(example("complete-request"))) is None


@pytest.mark.parametrize(
    "location",
    [
        {},
        {"latitude": 91, "longitude": 0},
        {"latitude": 0, "longitude": -181},
        {"latitude": "north", "longitude": 0},
        {"latitude": 0, "longitude": 0, "speed": float("inf")},
        {"latitude": float("nan"), "longitude": 0},
        [],
    ],
)
def test_a_place_that_does_not_exist_is_refused(location: Any) -> None:
    with pytest.raises(ValidationError):
        messages.Complete.model_validate({"response": {"location": location}})
