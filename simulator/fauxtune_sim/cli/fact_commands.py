"""The commands `fact list` and `fact set`, without parsing of arguments and printing."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

from fauxtune_sim.agent.by_platform import load_device
from fauxtune_sim.cli.commands import CommandOutput
from fauxtune_sim.cli.listing import WIDTH
from fauxtune_sim.errors import FactRefused
from fauxtune_sim.facts.device_facts import read_value, withheld_facts
from fauxtune_sim.facts.table import facts_of
from fauxtune_sim.facts.values import FactValue

_INDENT = "  "


def list_facts(state: Path) -> CommandOutput:
    """List the facts of the device of a folder, with the fields that carry them."""
    device = load_device(state)
    values, withheld = device.facts, withheld_facts(device)
    rows = [
        {
            "name": fact.name,
            "value": values.get(fact.name),
            "reportedAs": fact.field_of(device.platform),
            "withheld": fact.name in withheld,
            "settable": fact.settable,
        }
        for fact in facts_of(device.platform)
    ]
    lines = []
    for row in rows:
        value = "none" if row["value"] is None else _text(values[str(row["name"])])
        lines.append(f"{row['name']} = {value}")
        how = "withheld: the device does not report it" if row["withheld"] else f"reported as {row['reportedAs']}"
        lines += textwrap.wrap(how, WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT)
    return CommandOutput({"device": device.name, "facts": rows}, lines)


def set_facts(state: Path, assignments: Sequence[str]) -> CommandOutput:
    """Change facts of the device of a folder, each as NAME=VALUE: all of them or, if one is refused, none."""
    device = load_device(state)
    facts: dict[str, FactValue] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals:
            raise FactRefused(f"a fact is set as NAME=VALUE, such as isEncrypted=false; {assignment[:60]} has no =")
        if name in facts:
            raise FactRefused(f"{name} is set twice: once is right")
        facts[name] = read_value(device.platform, name, text=text)
    device.report(**facts)
    device.save(keys=False, state=False)
    withheld = withheld_facts(device)
    values = {name: device.facts.get(name) for name in facts}
    lines = [f"{name} = {_text(value)}" for name, value in values.items() if value is not None]
    hidden = [name for name in facts if name in withheld]
    if hidden:
        lines.append(f"withheld, so that the service will not learn it: {', '.join(hidden)}")
    elif device.is_enrolled:
        lines.append(f"{device.name} reports it at its next check-in: `fauxtune-sim checkin --state {state}`")
    return CommandOutput({"device": device.name, "facts": values}, lines)


def _text(value: FactValue) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
