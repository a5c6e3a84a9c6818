"""Simulated devices of many tenants of one server, connected until they are taken off line or forgotten.

They are in memory, and with `folders` on disk too. All of them share one connection pool, one runner and a ring of
keys, so that a device costs little.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import orjson

from fauxtune_sim.agent.agent import Agent, CheckInResult
from fauxtune_sim.agent.by_platform import agent_for, load_device, load_device_from
from fauxtune_sim.agent.runner import Runner
from fauxtune_sim.device.device import Device
from fauxtune_sim.device.state_folder import StateFolder
from fauxtune_sim.errors import NotAllowedHere, NotFoundHere, SimulatorError, StateBroken
from fauxtune_sim.facts.table import FactValue
from fauxtune_sim.keys.keystore import KeyRing
from fauxtune_sim.platforms import Kind
from fauxtune_sim.server.transport import Transport


class DevicePool:
    """The simulated devices of one server, used inside one running event loop.

    `server` is the server's HTTPS address without a trailing slash; `ca` is the PEM of the authorities by which its
    certificate is verified (None: the system's), `server_id` the id that it must have (None: any). `keys` is the size
    of the ring of keys (None: each key is a new one). `announce` gets one line for each thing that a device does by
    itself. `folders` keep the devices for another pool, which loads them.
    """

    def __init__(
        self,
        server: str,
        *,
        ca: bytes | None,
        server_id: str | None = None,
        keys: int | None = 16,
        announce: Callable[[str], None] | None = None,
        folders: PoolFolders | None = None,
    ) -> None:
        self.server = server
        self._ca = ca
        self._demands = {} if server_id is None else {server: server_id}
        self._ring = KeyRing(keys)
        self._runner = Runner(announce=announce)
        self._folders = folders
        self._transport: Transport | None = None
        #: The devices of each tenant, in the order of their enrolment.
        self._agents: dict[str, dict[Agent, None]] = {}

    def load(self) -> None:
        """Connect the devices that an earlier pool has left in the folders."""
        for tenant, device in () if self._folders is None else self._folders.devices():
            self._adopt(tenant, device, online=self._folders is not None and self._folders.is_online(device))

    async def enroll(
        self,
        *,
        tenant: str,
        token: str,
        kind: Kind,
        name: str | None = None,
        user: str | None = None,
        facts: Mapping[str, FactValue] | None = None,
        autopilot: bool = False,
    ) -> Agent:
        """Enrol a new device, let it check in, and keep it connected.

        `user` is the user's address, for protocols that begin with it; `facts` are what the device reports besides its
        first ones. Raises ServerRefused if the server refuses the enrolment or the check-in; a device that is enrolled,
        and only its check-in was refused, stays connected. Raises as `Device.report` for facts that it cannot have.
        """
        device = Device.new(name, platform=kind.platform, mode=kind.mode)
        device.report(**(facts or {}))
        agent = self._agent(device)
        key = await self._ring.take()
        await agent.enroll(server=self.server, tenant=tenant, token=token, user=user, key=key, autopilot=autopilot)
        self._agents.setdefault(tenant, {})[agent] = None
        if self._folders is not None:
            self._folders.store(tenant, device)
        after = await _newest_push(agent)
        try:
            await agent.check_in()
        except BaseException:
            after = 0
            raise
        finally:
            # It may have been forgotten meanwhile, and a check-in can end the enrolment.
            if agent in self._agents.get(tenant, ()) and agent.device.is_enrolled:
                self._runner.add(agent, after=after)
        return agent

    async def check_in(self, agent: Agent) -> CheckInResult:
        """Let a device check in now. Raises NotAllowedHere if it is off line or not enrolled any more."""
        if agent.device.is_enrolled and not self.is_online(agent):
            raise NotAllowedHere(f"{agent.device.name} is off line")
        return await agent.check_in()

    async def unenroll(self, agent: Agent) -> str | None:
        """Unenrol as the device's user. Returns None, or the reason why the service could not be informed.

        Raises NotAllowedHere if the user may not unenrol the device, or if it is off line.
        """
        if agent.device.is_enrolled and not self.is_online(agent):
            raise NotAllowedHere(f"{agent.device.name} is off line")
        failure = await agent.unenroll()
        await self._runner.remove(agent)
        return failure

    def is_online(self, agent: Agent) -> bool:
        """Whether the device is connected."""
        return self._runner.is_connected(agent)

    async def take_offline(self, agent: Agent) -> None:
        """Disconnect a device, after the check-in that it may be in: it gets no push and does not check in."""
        await self._runner.remove(agent)
        if self._folders is not None:
            self._folders.set_online(agent.device, online=False)

    async def bring_online(self, agent: Agent) -> None:
        """Connect a device again: it checks in if a push waits for it, or if its interval has passed.

        Raises NotAllowedHere if it is not enrolled.
        """
        self._runner.add(agent)
        if self._folders is not None:
            self._folders.set_online(agent.device, online=True)

    def agents_of(self, tenant: str) -> tuple[Agent, ...]:
        """The devices of a tenant in the order of their enrolment, those whose enrolment has ended among them."""
        return tuple(self._agents.get(tenant, ()))

    async def finish_check_ins(self, tenant: str) -> None:
        """Wait until the devices of a tenant have ended the check-ins that they are in.

        The server can be done with a device before the device has read the last answer.
        """
        await self._runner.finish_check_ins(self.agents_of(tenant))

    async def snapshot(self, tenant: str) -> bytes:
        """Return a tenant's devices with their keys; empty if it has none."""
        agents = self.agents_of(tenant)
        return save((agent.device, self.is_online(agent)) for agent in agents) if agents else b""

    async def restore(self, tenant: str, saved: bytes) -> None:
        """Replace a tenant's devices by those of a snapshot. Raises StateBroken for a damaged one; nothing changes."""
        devices = read(saved) if saved else []
        await self.forget(tenant)
        for device, online in devices:
            if self._folders is not None:
                self._folders.store(tenant, device)
                self._folders.set_online(device, online=online or not device.is_enrolled)
            self._adopt(tenant, device, online=online)

    @property
    def size(self) -> int:
        """The number of devices of all tenants."""
        return sum(map(len, self._agents.values()))

    async def forget(self, tenant: str) -> None:
        """Disconnect a tenant's devices and drop them; the server is not informed."""
        agents = self._agents.pop(tenant, {})
        await asyncio.gather(*(self._runner.remove(agent) for agent in agents))
        if self._folders is not None:
            await asyncio.to_thread(self._folders.forget, tenant)

    async def close(self) -> None:
        """Disconnect and drop all devices."""
        self._agents.clear()
        await self._runner.close()
        if self._transport is not None:
            await self._transport.close()
            self._transport = None

    def _adopt(self, tenant: str, device: Device, *, online: bool) -> None:
        """Add a device, and connect it if it is enrolled and not off line."""
        agent = self._agent(device)
        self._agents.setdefault(tenant, {})[agent] = None
        if online and device.is_enrolled:
            self._runner.add(agent)

    def _agent(self, device: Device) -> Agent:
        agent = agent_for(device, self._opened_transport())
        agent.keys = self._ring
        return agent

    def _opened_transport(self) -> Transport:
        if self._transport is None:
            self._transport = Transport(ca=self._ca, demands=self._demands)
        return self._transport


async def _newest_push(agent: Agent) -> int:
    """Return the number of the last push to a device, which its next check-in follows; 0 if it cannot be asked for."""
    try:
        return (await agent.poll_push(after=0, wait=0)).seq
    except SimulatorError:
        return 0


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
    """A state folder in memory, only for JSON files."""

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
