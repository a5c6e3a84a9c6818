"""The commands `script list`, `script set` and `script forget`, without parsing of arguments and printing."""

from __future__ import annotations

from pathlib import Path

from fauxtune_sim.agent.by_platform import load_device
from fauxtune_sim.cli.commands import CommandOutput
from fauxtune_sim.device.script_outcomes import Outcome
from fauxtune_sim.errors import NotFoundHere


def list_outcomes(state: Path) -> CommandOutput:
    """List the declared outcomes of the device of a folder."""
    device = load_device(state)
    lines = [f"{name}: {_words(outcome)}" for name, outcome in device.scripts.items()]
    document = {"device": device.name, "scripts": device.scripts.document()}
    return CommandOutput(document, lines or ["every script succeeds and writes nothing"])


def set_outcome(state: Path, script: str, *, outcome: Outcome) -> CommandOutput:
    """Declare the outcome of a script on the device of a folder."""
    device = load_device(state)
    device.scripts.declare(script, outcome)
    device.save(keys=False, state=False)
    document = {"device": device.name, "scripts": device.scripts.document()}
    return CommandOutput(document, [f"{script} on {device.name}: {_words(outcome)}"])


def forget_outcome(state: Path, script: str) -> CommandOutput:
    """Forget the outcome of a script. Raises NotFoundHere if none was set."""
    device = load_device(state)
    if device.scripts.pop(script.lower(), None) is None:
        known = ", ".join(device.scripts) or "no script"
        raise NotFoundHere(f"no outcome of '{script}' is set on {device.name}; outcomes are set of {known}")
    device.save(keys=False, state=False)
    document = {"device": device.name, "scripts": device.scripts.document()}
    return CommandOutput(document, [f"{script} on {device.name} succeeds and writes nothing"])


def _words(outcome: Outcome) -> str:
    words = f"exit code {outcome.exit_code}"
    words += f", writes {outcome.output!r}" if outcome.output else ""
    words += f", writes {outcome.error!r} as error" if outcome.error else ""
    if outcome.exit_code == 1 and (outcome.remediation or not outcome.fixes):
        end = "the issue is gone then" if outcome.fixes else "the issue stays"
        words += f"; a remediation ends with {outcome.remediation}" + ("" if outcome.remediation else f", and {end}")
    return words
