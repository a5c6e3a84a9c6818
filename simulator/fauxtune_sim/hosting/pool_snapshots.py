"""Snapshots of a pool's devices: what their folders would hold, keys included, as one JSON document."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson

from fauxtune_sim.agent.by_platform import load_device_from
from fauxtune_sim.device.device import Device
from fauxtune_sim.device.state_folder import StateFolder
from fauxtune_sim.errors import StateBroken

_VERSION = 1
#: No folder: a path at which there are no files.
_NOWHERE = Path("/nowhere/fauxtune-snapshot")


class MemoryFolder(StateFolder):
    """A state folder in memory, for JSON files alone."""

    def __init__(self, files: dict[str, Any] | None = None) -> None:
        super().__init__(_NOWHERE)
        self.files: dict[str, Any] = {} if files is None else files

    def write_json(self, name: str, document: dict[str, Any]) -> None:
        """Keep a JSON file."""
        self.files[name] = document

    def read_json(self, name: str) -> dict[str, Any] | None:
        """The JSON object in a file, None if there is no such file. Raises StateBroken if it is not an object."""
        document = self.files.get(name)
        if document is not None and not isinstance(document, dict):
            raise StateBroken(f"{name} of the snapshot is damaged: it is not a JSON object")
        return document


def save(devices: Iterable[tuple[Device, bool]]) -> bytes:
    """Return the snapshot of these devices, each with whether it is connected."""
    rows = []
    for device, online in devices:
        folder, memory = device.folder, MemoryFolder()
        device.folder = memory
        try:
            device.save()
        finally:
            device.folder = folder
        rows.append({"online": online, "files": memory.files})
    return orjson.dumps({"version": _VERSION, "devices": rows})


def read(saved: bytes) -> list[tuple[Device, bool]]:
    """Return the devices of a snapshot, without folders. Raises StateBroken for anything else."""
    try:
        document = orjson.loads(saved)
        if document["version"] != _VERSION:
            raise StateBroken(f"the snapshot of devices is of version {document['version']}, not {_VERSION}")
        return [(_device(row["files"]), bool(row["online"])) for row in document["devices"]]
    except (orjson.JSONDecodeError, KeyError, TypeError) as damaged:
        raise StateBroken(f"the snapshot of devices is damaged: {damaged!r}") from damaged


def _device(files: dict[str, Any]) -> Device:
    device = load_device_from(MemoryFolder(files))
    device.folder = None
    return device
