"""What a simulated Android device does when it is told to, and how it says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fauxtune_sim.agent.by_platform import load_device
from fauxtune_sim.android import messages
from fauxtune_sim.android.commands import execute
from fauxtune_sim.device.device import Device
from fauxtune_sim.device.state_folder import Condition
from fauxtune_sim.errors import AnswerBroken
from fauxtune_sim.platforms import Mode

if TYPE_CHECKING:
    from tests.simulator.conftest import Enrolled, Service

EXAMPLES = Path(__file__).parents[1] / "wire" / "android"


def example(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((EXAMPLES / f"{name}.json").read_text())
    return document


def shape(document: Any) -> Any:
    """The names and types of a message, without its values."""
    if isinstance(document, dict):
        return {name: shape(value) for name, value in document.items()}
    return type(document).__name__


async def test_a_company_device_does_all_that_the_example_tells_it(enrolled: Enrolled, service: Service) -> None:
    agent = await enrolled(mode=Mode.FULLY_MANAGED)
    served = service.of(agent)
    for number, one in enumerate(example("operations-commands")["operations"]):
        served.operations.append({**one, "name": f"{served.name}/operations/{number}"})
    done = await agent.check_in()
    assert (done.settled, done.executed[0], len(done.executed)) == (True, "LOCK", 7)
    assert agent.device.name == "Reception 1"
    assert agent.device.condition == Condition(
        locked=True,
        unlocked_since_boot=False,
        passcode="00427193",
        reboots=1,
        lost=None,
        sounds=1,
        notifications=[("Lunch", "Soup today")],
    )
    bodies = [one["body"] for one in served.completed]
    assert [body for body in bodies if "error" in body] == []
    (told,) = [body for body in bodies if "response" in body]
    assert shape(told) == shape(example("complete-request-location"))


def test_lost_mode_shows_its_message_until_it_ends() -> None:
    # Not in the example: Intune has lost mode for supervised iOS devices only, the Android Management API knows it.
    device = Device.new(mode=Mode.FULLY_MANAGED)
    params = {"startLostModeParams": {"lostMessage": {"defaultMessage": "Lost. Please call."}}}
    start = messages.Operation(name="", type="START_LOST_MODE", scope="", details=params)
    assert execute(start, device).error is None
    assert device.condition.lost == "Lost. Please call."
    assert execute(messages.Operation(name="", type="STOP_LOST_MODE", scope=""), device).error is None
    assert device.condition.lost is None


@pytest.mark.parametrize("word", ["REBOOT", "START_LOST_MODE", "LOCATE", "PLAY_SOUND", "SET_DEVICE_NAME"])
def test_a_work_profile_cannot_do_what_is_the_owners(word: str) -> None:
    device = Device.new(mode=Mode.WORK_PROFILE)
    result = execute(messages.Operation(name="", type=word, scope=""), device)
    assert result.error is not None
    assert result.error[0] == 9
    assert device.condition == Condition()


@pytest.mark.parametrize(
    ("word", "details"),
    [
        ("RESET_PASSWORD", {}),
        ("RESET_PASSWORD", {"newPassword": 1}),
        ("START_LOST_MODE", {"startLostModeParams": []}),
        ("SET_DEVICE_NAME", {"deviceName": None}),
        ("SHOW_NOTIFICATION", {"notification": {"title": "x"}}),
    ],
)
def test_a_command_that_lacks_something_is_refused_and_changes_nothing(word: str, details: dict[str, Any]) -> None:
    device = Device.new("a phone", mode=Mode.FULLY_MANAGED)
    result = execute(messages.Operation(name="", type=word, scope="", details=details), device)
    assert result.error is not None
    assert result.error[0] == 3
    assert (device.condition, device.name) == (Condition(), "a phone")


def test_the_condition_survives_a_restart_and_old_folders_have_none(tmp_path: Path) -> None:
    device = Device.new(folder=tmp_path / "phone")
    device.condition.locked = True
    device.condition.notifications.append(("a", "b"))
    device.save()
    assert load_device(tmp_path / "phone").condition == device.condition
    kept = json.loads((tmp_path / "phone" / "device.json").read_text())
    del kept["condition"]
    (tmp_path / "phone" / "device.json").write_text(json.dumps(kept))
    assert load_device(tmp_path / "phone").condition == Condition()


async def test_a_factory_reset_forgets_the_passcode_too(enrolled: Enrolled, service: Service) -> None:
    agent = await enrolled(mode=Mode.FULLY_MANAGED)
    agent.device.condition.passcode = "1234"
    service.of(agent).wipe("DEVICE")
    await agent.check_in()
    assert agent.device.condition == Condition()


def test_an_operation_without_metadata_is_refused() -> None:
    with pytest.raises(AnswerBroken, match="metadata"):
        messages.operations({"operations": [{"name": "x", "metadata": [1]}]})
