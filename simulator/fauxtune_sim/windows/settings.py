"""The settings of a Windows device: nodes that management has set, and what the device does about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fauxtune_sim.device.refusals import Delivery
from fauxtune_sim.windows.machine import Machine
from fauxtune_sim.windows.tree import Path, is_setting, refusal_of_owner

_ENCRYPTIONS: tuple[Path, ...] = (
    ("Vendor", "MSFT", "BitLocker", "RequireDeviceEncryption"),
    ("Vendor", "MSFT", "Policy", "Config", "Security", "RequireDeviceEncryption"),
)


def apply_changes(machine: Machine, touched: Iterable[Path]) -> None:
    """Do what the settings ask for. Raises NodeRefusal if the owner has set the device to refuse them.

    Differs from a PC: its disks are encrypted at once.
    """
    nodes: Mapping[Path, str | None] = machine.state.nodes
    for path in touched:
        if path not in nodes or not is_setting(path, machine.device.platform):
            continue
        refusal = refusal_of_owner(machine.device, Delivery.SETTING, node=path)
        if refusal is not None:
            raise refusal
        if path in _ENCRYPTIONS and nodes[path] == "1":
            machine.device.report(isEncrypted=True)
