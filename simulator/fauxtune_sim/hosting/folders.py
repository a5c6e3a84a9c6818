"""The folders of a pool's devices: `TENANT/NUMBER`, a state folder each, numbered in the order of enrolment; and
snapshots of them, keys included, as one JSON document.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import orjson

from fauxtune_sim.agent.by_platform import load_device, load_device_from
from fauxtune_sim.device.device import Device
from fauxtune_sim.device.state_folder import StateFolder
from fauxtune_sim.errors import NotFoundHere, StateBroken

if sys.platform != "win32":
    import fcntl

#: Present in the folder of a device that was taken off line.
_OFFLINE = "offline.json"
_DIGITS = 6
#: Seconds between two attempts to have the folder.
_PAUSE = 0.1
_VERSION = 1
#: No folder: a path at which there are no files.
_NOWHERE = Path("/nowhere/fauxtune-snapshot")


class PoolFolders:
    """Folders below `root`. A tenant's name is the name of its folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def hold(self, *, seconds: float) -> IO[bytes]:
        """Keep other hosts out of the folder until the file that is returned is closed, however this process ends.
        Raises NotFoundHere if another one stays there for so many seconds.
        """
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Whoever can read it can hold it.
        descriptor = os.open(self._root.parent / f"{self._root.name}.lock", os.O_WRONLY | os.O_CREAT, 0o600)
        os.fchmod(descriptor, 0o600)
        file = os.fdopen(descriptor, "wb")
        ends = asyncio.get_running_loop().time() + seconds
        while not _is_locked(file):
            if asyncio.get_running_loop().time() > ends:
                file.close()
                raise NotFoundHere(f"another host has the devices in {self._root}")
            await asyncio.sleep(_PAUSE)
        return file

    def next_folder(self, tenant: str) -> Path:
        """Make the folder of a tenant's next device."""
        parent = self._of(tenant)
        # The mode of `mkdir` is not that of the parents which it makes.
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        parent.mkdir(mode=0o700, exist_ok=True)
        number = max((int(path.name) for path in parent.iterdir() if path.name.isdecimal()), default=0) + 1
        folder = parent / f"{number:0{_DIGITS}}"
        folder.mkdir(mode=0o700)
        return folder

    def devices(self) -> Iterator[tuple[str, Device]]:
        """The devices of all tenants, in the order of enrolment. What a crash has left without a device is removed."""
        for tenant in sorted(self._root.iterdir()) if self._root.is_dir() else ():
            for path in sorted(tenant.iterdir()):
                if Device.exists(path):
                    yield tenant.name, load_device(path)
                else:
                    shutil.rmtree(path, ignore_errors=True)

    def set_online(self, device: Device, *, online: bool) -> None:
        """Record whether a device is connected."""
        if device.folder is None:
            return
        if online:
            device.folder.remove(_OFFLINE)
        else:
            device.folder.write_json(_OFFLINE, {})

    def is_online(self, device: Device) -> bool:
        """Whether the device was connected when this was last recorded."""
        return device.folder is None or device.folder.read(_OFFLINE) is None

    def store(self, tenant: str, device: Device) -> None:
        """Give a device of this tenant, which has no folder yet, one, and save it there."""
        device.folder = StateFolder(self.next_folder(tenant))
        device.save()

    def forget(self, tenant: str) -> None:
        """Delete a tenant's folders."""
        shutil.rmtree(self._of(tenant), ignore_errors=True)

    def _of(self, tenant: str) -> Path:
        if tenant in {"", ".", ".."} or "/" in tenant:
            raise NotFoundHere(f"'{tenant}' cannot be the name of a tenant's folder")
        return self._root / tenant


def _is_locked(file: IO[bytes]) -> bool:
    """Lock a file, and return whether that was possible. Windows has no such locks: there nobody is kept out."""
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


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
