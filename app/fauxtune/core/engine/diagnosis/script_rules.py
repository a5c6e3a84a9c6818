"""The rules about scripts that have not run on a device, or that ended there with an error.

Intune: "Use PowerShell scripts on Windows devices", "Use shell scripts on macOS devices", "Use Remediations to detect
and fix support issues".
"""

from __future__ import annotations

from collections.abc import Iterator

from fauxtune.core.engine.diagnosis.facts import Device, DeviceScript, Facts, device_name
from fauxtune.core.engine.diagnosis.findings import Observation, moment

_CORRECT = "Correct what it says on the device, or change the script: a changed script runs again."
_WAIT = "Let the device check in, with its user signed in, or wait until the script is due."
#: Characters of an output that a sentence repeats.
_LONGEST = 200


def script_waits(facts: Facts) -> Iterator[Observation]:
    """A script reaches the device, and has not run there since it is as it is now."""
    for device in facts.active:
        for script in device.scripts:
            if script.exit_code is None:
                why = f"has not run the script '{script.name}': {_why(facts, script)}."
                yield _observation(device, script, message=why, fix=_WAIT)


def script_failed(facts: Facts) -> Iterator[Observation]:
    """The last run of a script ended with an error, or found an issue that is not removed."""
    for device in facts.active:
        for script in device.scripts:
            if script.failed:
                wrote = f", and wrote: {script.output[:_LONGEST]}" if script.output else ""
                ended = f"ran the script '{script.name}', which ended with exit code {script.exit_code}{wrote}."
                yield _observation(device, script, message=ended, fix=_CORRECT)


def _observation(device: Device, script: DeviceScript, *, message: str, fix: str) -> Observation:
    return Observation(
        message=f"{device_name(device)} {message}",
        fix=fix,
        evidence={"script": script.id, "exitCode": script.exit_code, "due": moment(script.due_at)},
        device=device.id,
    )


def _why(facts: Facts, script: DeviceScript) -> str:
    if not script.is_known:
        return "its agent has not asked since the script was assigned to it; it asks when the device checks in next"
    if script.due_at is not None and script.due_at > facts.now:
        return f"it is due at {moment(script.due_at)}"
    if script.needs_user:
        return "it runs for the device's user, who is not signed in, or the agent has not asked since it is due"
    return "its agent has not asked since it is due"
