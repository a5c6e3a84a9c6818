"""The name that management gives a PC (Microsoft: DevDetail CSP, DNSComputerName)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from fauxtune_sim.windows.machine import Machine
from fauxtune_sim.windows.tree import NodeRefusal, Path

_NODE: Path = ("DevDetail", "Ext", "Microsoft", "DNSComputerName")
#: RFC 1123 2.1, and Windows: not only digits.
_NAME = re.compile(r"(?![0-9]+$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


def apply_changes(machine: Machine, touched: Iterable[Path]) -> None:
    """Rename the PC. Raises NodeRefusal for a text that is no name. Differs from a PC: that takes the name when it
    restarts.
    """
    if _NODE not in touched or _NODE not in machine.state.nodes:
        return
    name = machine.state.nodes.pop(_NODE) or ""
    if not _NAME.fullmatch(name):
        raise NodeRefusal(500, f"{name!r} is no name of a computer: letters, digits and hyphens", node=_NODE)
    machine.device.name = name
