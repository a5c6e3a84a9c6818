"""The simulated devices of snapshots, with their private keys: only in memory, for no private key enters a database.

They end with the server, as the devices of the host do. Processes that share a database have them in files of their
folder, where the devices have theirs.
"""

from __future__ import annotations

import os
from pathlib import Path
from shutil import rmtree

from fauxtune.core.errors import Invalid
from fauxtune.core.model.ids import TenantId
from fauxtune.storage.contents import folders_in

#: Bytes of all tenants: some thousand devices.
_LIMIT = 64 * 1024 * 1024


class HostedSnapshots:
    """What the host of simulated devices saved for each snapshot."""

    def __init__(self, *, limit: int = _LIMIT) -> None:
        """`limit`: bytes in all."""
        self._limit = limit
        self._saved: dict[tuple[TenantId, str], bytes] = {}

    def get(self, tenant: TenantId, name: str) -> bytes:
        """Return the devices of a snapshot; empty if it has none."""
        return self._saved.get((tenant, name), b"")

    def put(self, tenant: TenantId, name: str, *, saved: bytes) -> None:
        """Store the devices of a snapshot. Raises Invalid if there is no room for them."""
        self._check_room(sum(len(each) for key, each in self._saved.items() if key != (tenant, name)) + len(saved))
        if saved:
            self._saved[tenant, name] = saved
        else:
            self._saved.pop((tenant, name), None)

    def forget(self, tenant: TenantId, name: str | None = None) -> None:
        """Drop the devices of one snapshot, or of all snapshots of the tenant."""
        for key in [key for key in self._saved if key[0] == tenant and name in (None, key[1])]:
            del self._saved[key]

    def kept(self) -> frozenset[str]:
        """Return the ids of the tenants whose devices are in files. Blocks."""
        return frozenset()

    def _check_room(self, size: int) -> None:
        if size > self._limit:
            raise Invalid(
                f"The simulated devices of all snapshots must not take more than {self._limit // 1024 // 1024} MiB. "
                "Delete a snapshot that has devices."
            )


class StoredSnapshots(HostedSnapshots):
    """Those that several processes have in common: a file for each, which only its owner can read, below a folder."""

    def __init__(self, folder: Path, *, limit: int = _LIMIT) -> None:
        """`limit`: bytes in all."""
        super().__init__(limit=limit)
        self._folder = folder

    def get(self, tenant: TenantId, name: str) -> bytes:
        """Return the devices of a snapshot; empty if it has none."""
        file = self._folder / tenant / name
        return file.read_bytes() if file.is_file() else b""

    def put(self, tenant: TenantId, name: str, *, saved: bytes) -> None:
        """Store the devices of a snapshot. Raises Invalid if there is no room for them."""
        file = self._folder / tenant / name
        others = sum(path.stat().st_size for path in self._folder.glob("*/*") if path != file)
        self._check_room(others + len(saved))
        if not saved:
            file.unlink(missing_ok=True)
            return
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = file.with_name(f".{name}.new")
        with open(os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as content:
            content.write(saved)
        draft.replace(file)

    def forget(self, tenant: TenantId, name: str | None = None) -> None:
        """Drop the devices of one snapshot, or of all snapshots of the tenant."""
        if name is None:
            rmtree(self._folder / tenant, ignore_errors=True)
        else:
            (self._folder / tenant / name).unlink(missing_ok=True)

    def kept(self) -> frozenset[str]:
        """Return the ids of the tenants whose devices are in files. Blocks."""
        return folders_in(self._folder)
