"""The host of simulated devices, and what it saved of them with each snapshot of a tenant.

Provider states and seeds enrol their devices with the host. The server may not import the simulator, so
`server.device_host` implements this with a child process. Everything else in the server sees ordinary devices, which
check in over their own wire.

What is saved has the private keys of devices, so it is only in memory: no private key enters a database. It ends with
the server, as the devices of the host do. Processes that share a database have it in files of their folder, where the
devices have theirs.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree
from typing import Any, NoReturn, Protocol

from fauxtune.core.errors import Invalid, NotEmulated
from fauxtune.core.model.ids import TenantId
from fauxtune.storage.contents import folders_in

_NONE = (
    "This emulator has no host for simulated devices, which a server that was started with 'fauxtune serve' has. "
    "Start one, or enrol devices with fauxtune-sim."
)
#: Bytes of all tenants: some thousand devices.
_LIMIT = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class NewDevice:
    """A device to enrol with an enrolment token. `platform` and `mode` are the simulator's words (`ios`, `android` with
    `fully-managed`); `user` is the user's name; `facts` are what the device reports, by Graph's names.
    """

    token: str = field(repr=False)
    platform: str
    mode: str | None = None
    name: str | None = None
    user: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HostedDevice:
    """A simulated device of one tenant. Its name is unique among the tenant's devices of the host; `enrollment` is its
    name in its platform's protocol, None when it is not enrolled; `ended`: why its last enrolment ended, if one did.
    `refuses`: what its owner makes it refuse, with the codes.
    """

    name: str
    platform: str
    mode: str | None = None
    user: str | None = None
    enrollment: str | None = None
    ended: str | None = None
    is_online: bool = True
    refuses: Mapping[str, Any] = field(default_factory=dict)


class DeviceHost(Protocol):
    """Holds the simulated devices of all tenants. Devices are named by tenant and name.

    Every order raises NotFound for a device that is not there, Invalid for one that the simulator refuses, Unavailable
    if the host has ended or does not answer in time, and NotEmulated where there is no host.
    """

    async def enroll(self, tenant: TenantId, device: NewDevice) -> HostedDevice:
        """Enrol a new device and let it check in; it stays connected. Raises Conflict for a name that is taken."""
        ...

    async def check_in(self, tenant: TenantId, name: str) -> None:
        """Let a device check in now."""
        ...

    async def report(self, tenant: TenantId, name: str, *, facts: Mapping[str, Any]) -> None:
        """Change what a device reports at its next check-in."""
        ...

    async def refuse(self, tenant: TenantId, name: str, *, item: str, code: int | None = None) -> None:
        """Make a device refuse items of one kind, such as `imported`, with this error code."""
        ...

    async def accept(self, tenant: TenantId, name: str, *, item: str | None = None) -> None:
        """Make a device accept items of one kind again, or everything."""
        ...

    async def declare(self, tenant: TenantId, name: str, *, script: str, outcome: Mapping[str, Any]) -> None:
        """Set how a script, by its name or id, ends on a device from now on: `exit_code`, `output`, `error`; of a
        remediation `remediation`, the exit code of what follows an issue, and `fixes`.
        """
        ...

    async def take_offline(self, tenant: TenantId, name: str) -> None:
        """Disconnect a device: it does not check in until it is brought online."""
        ...

    async def bring_online(self, tenant: TenantId, name: str) -> None:
        """Connect a device again and let it check in."""
        ...

    async def devices(self, tenant: TenantId) -> tuple[HostedDevice, ...]:
        """Return the tenant's devices, in the order of their enrolments; none where there is no host."""
        ...

    async def keys(self, tenant: TenantId, name: str) -> Mapping[str, str]:
        """Return the keys of a device with their certificates, PEM, by thumbprint: what its owner can export."""
        ...

    async def finish_check_ins(self, tenant: TenantId) -> None:
        """Wait until the tenant's devices have ended the check-ins that they are in: the service can be done with a
        device before the device has read the last answer.
        """
        ...

    async def snapshot(self, tenant: TenantId) -> bytes:
        """Return the tenant's devices with their keys; empty if the host has none."""
        ...

    async def restore(self, tenant: TenantId, saved: bytes) -> None:
        """Replace the tenant's devices by those of a snapshot."""
        ...

    async def forget(self, tenant: TenantId) -> None:
        """Disconnect and drop the tenant's devices, once what they were ordered to do has ended."""
        ...

    def kept(self) -> frozenset[str]:
        """Return the ids of the tenants whose devices are in folders. Blocks."""
        ...


class NoDeviceHost:
    """The host of an emulator that has none: it holds no devices, and refuses orders."""

    async def enroll(self, tenant: TenantId, device: NewDevice) -> HostedDevice:
        """Refuse."""
        self._refuse()

    async def check_in(self, tenant: TenantId, name: str) -> None:
        """Refuse."""
        self._refuse()

    async def report(self, tenant: TenantId, name: str, *, facts: Mapping[str, Any]) -> None:
        """Refuse."""
        self._refuse()

    async def refuse(self, tenant: TenantId, name: str, *, item: str, code: int | None = None) -> None:
        """Refuse."""
        self._refuse()

    async def accept(self, tenant: TenantId, name: str, *, item: str | None = None) -> None:
        """Refuse."""
        self._refuse()

    async def declare(self, tenant: TenantId, name: str, *, script: str, outcome: Mapping[str, Any]) -> None:
        """Refuse."""
        self._refuse()

    async def take_offline(self, tenant: TenantId, name: str) -> None:
        """Refuse."""
        self._refuse()

    async def bring_online(self, tenant: TenantId, name: str) -> None:
        """Refuse."""
        self._refuse()

    async def devices(self, tenant: TenantId) -> tuple[HostedDevice, ...]:
        """Return none."""
        return ()

    async def keys(self, tenant: TenantId, name: str) -> Mapping[str, str]:
        """Refuse."""
        self._refuse()

    async def finish_check_ins(self, tenant: TenantId) -> None:
        """Return at once."""

    async def snapshot(self, tenant: TenantId) -> bytes:
        """Return nothing."""
        return b""

    async def restore(self, tenant: TenantId, saved: bytes) -> None:
        """Refuse a snapshot that has devices."""
        if saved:
            self._refuse()

    async def forget(self, tenant: TenantId) -> None:
        """Do nothing."""

    def kept(self) -> frozenset[str]:
        """Return none."""
        return frozenset()

    def _refuse(self) -> NoReturn:
        raise NotEmulated(_NONE)


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
