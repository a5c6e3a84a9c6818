"""The commands for actions of a device's user: lock, unlock, restart, refuse deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fauxtune_sim.agent.by_platform import load_device
from fauxtune_sim.cli.commands import CommandOutput


def lock(state: Path, *, locked: bool) -> CommandOutput:
    """Lock or unlock the device of a folder."""
    device = load_device(state)
    device.condition.lock(locked)
    device.save(keys=False, state=False)
    state_word = "locked" if locked else "unlocked"
    return CommandOutput({"device": device.name, "locked": locked}, [f"{device.name} is {state_word}"])


def refuse(state: Path, kinds: Sequence[str], *, code: int | None) -> CommandOutput:
    """Set which deliveries the device of a folder refuses; none if `kinds` is empty."""
    device = load_device(state)
    device.refusals.clear()
    for kind in kinds:
        device.refusals.refuse(kind, code)
    device.save(keys=False, state=False)
    answer = "" if code is None else f" with the error {code}"
    words = f"refuses {', '.join(device.refusals)}{answer}" if kinds else "refuses nothing"
    return CommandOutput({"device": device.name, "refuses": device.refusals.document()}, [f"{device.name} {words}"])


def restart(state: Path) -> CommandOutput:
    """Restart the device of a folder."""
    device = load_device(state)
    device.condition.restart()
    device.save(keys=False, state=False)
    document = {"device": device.name, "locked": True, "reboots": device.condition.reboots}
    return CommandOutput(document, [f"{device.name} has restarted and is locked"])
