"""The report about the demonstration: `fauxtune report`, with the keys that the devices had before any of them left."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from fauxtune_sim.cli.keystore_export import export_pem
from fauxtune_sim.demo.scenario import Scenario


def keep_keys(scenario: Scenario) -> None:
    """Export the keys of all devices: those of a device that is wiped later could not prove anything any more."""
    for key, device in scenario.devices.items():
        export_pem(device.record, _keys(scenario) / key)


async def write_report(scenario: Scenario, data_dir: Path, *, file: Path, language: str) -> bool:
    """Write the report, and print where it is, or why it could not be written. Returns whether it was."""
    command = [sys.executable, "-m", "fauxtune", "report", "--data-dir", str(data_dir), "--tenant", scenario.tenant]
    command += ["--keys", str(_keys(scenario)), "--lang", language, "--out", str(file)]
    with scenario.narration.waiting("The report is written ..."):
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        out, errors = await process.communicate()
    say = scenario.narration.say
    say("")
    if process.returncode:
        say(f"The report could not be written: {errors.decode(errors='replace').strip()}", style="bold red")
        return False
    say("Everything on one page, to read, print and prove:", style="bold")
    scenario.narration.exactly(
        f"  {file.absolute().as_uri()}", *(f"  {line}" for line in out.decode().splitlines()[1:])
    )
    return True


def _keys(scenario: Scenario) -> Path:
    return scenario.folder / "keys"
