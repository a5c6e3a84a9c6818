"""The host of simulated devices: a child process, `python -m fauxtune_sim.hosting.host`, ordered by JSON lines.

It is started by the first order and ends with the server: by its closed input, even if the server is killed. After a
crash the next order starts another one. Devices lie in folders below the data folder; with `--ephemeral` they are in
the child's memory alone, and a crash loses them.

Among processes that share a database the one that leads has the host, and the others have it do what they are asked
for. There devices lie in the folder that all processes have in common, with their keys: when the process that leads
dies, its host ends with it, and that of the next leader goes on with the same devices.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import importlib.util
import json
import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fauxtune.core.errors import Conflict, FauxtuneError, Invalid, NotEmulated, NotFound, Unavailable
from fauxtune.core.model.ids import TenantId
from fauxtune.operations.runtime.device_host import HostedDevice, NewDevice
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.in_order import outside
from fauxtune.storage.contents import folders_in

#: Bytes of one line, as the host reads them: a snapshot of a tenant's devices is one line.
MOST_LINE = 64 * 1024 * 1024
#: Seconds that an order may take, and that the host may take to end.
PATIENCE, _LAST_PATIENCE = 60.0, 5.0
_HOST = "fauxtune_sim.hosting.host"
#: How the names of variables begin that the host does not get.
_SECRET = ("FAUXTUNE_", "AZURE_", "PG")
_ERRORS: Mapping[str, type[FauxtuneError]] = {
    "NotFound": NotFound,
    "Conflict": Conflict,
    "Refused": Invalid,
    "Invalid": Invalid,
    "Unavailable": Unavailable,
}

log = logging.getLogger(__name__)


class ChildDeviceHost:
    """The host of one server, at `server`, whose certificate's authority is in `ca_file`. `folder` is where devices
    are kept, None: nowhere. `patience` is the number of seconds that an order may take.
    """

    def __init__(self, *, server: str, ca_file: str, folder: Path | None, patience: float = PATIENCE) -> None:
        self._server = server
        self._ca_file = ca_file
        self._folder = folder
        self._patience = patience
        self._starting = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._number = 0
        #: Orders under way, by number: of which tenant, and who waits for the result.
        self._waiting: dict[int, tuple[TenantId, asyncio.Future[Any]]] = {}
        #: The names of the devices of each tenant that has any, and of those that a crash has lost.
        self._names: dict[TenantId, set[str]] = {}
        self._lost: dict[TenantId, set[str]] = {}

    async def resume(self) -> None:
        """Connect the devices of an earlier start, if there are any."""
        if self._folder is not None and await asyncio.to_thread(_has_devices, self._folder):
            await self._running()

    async def close(self) -> None:
        """End the host. Devices in folders stay there."""
        process = self._process
        if process is None or process.stdin is None:
            return
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), _LAST_PATIENCE)
        except TimeoutError:
            process.kill()
            await process.wait()
        if self._reading is not None:
            await self._reading

    async def enroll(self, tenant: TenantId, device: NewDevice) -> HostedDevice:
        """Enrol a new device and let it check in; it stays connected."""
        kind = device.platform if device.mode is None else f"{device.platform}/{device.mode}"
        order = {"token": device.token, "kind": kind, "name": device.name, "user": device.user}
        document = await self._order("enroll", tenant, **order, facts=dict(device.facts))
        result = _device(document)
        self._names.setdefault(tenant, set()).add(result.name)
        self._lost.get(tenant, set()).discard(result.name)
        return result

    async def check_in(self, tenant: TenantId, name: str) -> None:
        """Let a device check in now."""
        await self._order_device("check-in", tenant, name=name)

    async def report(self, tenant: TenantId, name: str, *, facts: Mapping[str, Any]) -> None:
        """Change what a device reports at its next check-in."""
        await self._order_device("report", tenant, name=name, facts=dict(facts))

    async def refuse(self, tenant: TenantId, name: str, *, item: str, code: int | None = None) -> None:
        """Make a device refuse items of one kind with this error code."""
        await self._order_device("refuse", tenant, name=name, item=item, code=code)

    async def accept(self, tenant: TenantId, name: str, *, item: str | None = None) -> None:
        """Make a device accept items of one kind again, or everything."""
        await self._order_device("accept", tenant, name=name, item=item)

    async def declare(self, tenant: TenantId, name: str, *, script: str, outcome: Mapping[str, Any]) -> None:
        """Set how a script ends on a device from now on."""
        await self._order_device("declare", tenant, name=name, script=script, outcome=dict(outcome))

    async def take_offline(self, tenant: TenantId, name: str) -> None:
        """Disconnect a device."""
        await self._order_device("offline", tenant, name=name)

    async def bring_online(self, tenant: TenantId, name: str) -> None:
        """Connect a device again and let it check in."""
        await self._order_device("online", tenant, name=name)

    async def devices(self, tenant: TenantId) -> tuple[HostedDevice, ...]:
        """Return the tenant's devices, in the order of their enrolments."""
        if not self._may_have(tenant):
            return ()
        return tuple(map(_device, await self._order("devices", tenant)))

    async def keys(self, tenant: TenantId, name: str) -> Mapping[str, str]:
        """Return the keys of a device with their certificates, PEM, by thumbprint."""
        return {each["thumbprint"]: each["pem"] for each in await self._order("keys", tenant, name=name)}

    async def finish_check_ins(self, tenant: TenantId) -> None:
        """Wait until the tenant's devices have ended the check-ins that they are in."""
        if self._may_have(tenant):
            await self._order("finish", tenant)

    async def snapshot(self, tenant: TenantId) -> bytes:
        """Return the tenant's devices with their keys; empty if the host has none."""
        if not self._may_have(tenant):
            return b""
        return base64.b64decode(await self._order("snapshot", tenant))

    async def restore(self, tenant: TenantId, saved: bytes) -> None:
        """Replace the tenant's devices by those of a snapshot."""
        if not saved:
            await self.forget(tenant)
            return
        devices = await self._order("restore", tenant, saved=base64.b64encode(saved).decode())
        self._names[tenant] = {device["name"] for device in devices}
        self._lost.pop(tenant, None)

    async def forget(self, tenant: TenantId) -> None:
        """Disconnect and drop the tenant's devices; does nothing without any."""
        if self._may_have(tenant):
            await self._order("forget", tenant)
        self._names.pop(tenant, None)
        self._lost.pop(tenant, None)

    def kept(self) -> frozenset[str]:
        """Return the ids of the tenants whose devices are in folders. Blocks."""
        return frozenset() if self._folder is None else folders_in(self._folder)

    def _may_have(self, tenant: TenantId) -> bool:
        return tenant in self._names or (self._folder is not None and (self._folder / tenant).is_dir())

    async def _order_device(self, do: str, tenant: TenantId, *, name: str, **members: Any) -> None:
        if name in self._lost.get(tenant, ()):
            raise NotFound(
                f"The simulated device '{name}' was lost when the host of simulated devices ended unexpectedly: enrol "
                "another one. (A server without --ephemeral keeps its devices in folders.)"
            )
        await self._order(do, tenant, name=name, **members)

    async def _order(self, do: str, tenant: TenantId, **members: Any) -> Any:
        """Have the host carry out an order, and return its result. Devices send requests meanwhile."""
        return await outside(lambda: self._carried_out(do, tenant, **members))

    async def _carried_out(self, do: str, tenant: TenantId, **members: Any) -> Any:
        """Send an order and return its result. Raises the error that the host answers with, Unavailable without one."""
        process = await self._running()
        under_way = [future for of, future in self._waiting.values() if of == tenant]
        if do == "forget" and under_way:
            # A device that is enrolled or checks in would be kept again afterwards.
            await asyncio.wait(under_way)
        self._number += 1
        number = self._number
        line = json.dumps({"id": number, "do": do, "tenant": tenant, **members}).encode() + b"\n"
        if len(line) > MOST_LINE:
            raise Invalid(f"The order '{do}' for simulated devices has {len(line)} bytes; {MOST_LINE} are the most.")
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[number] = tenant, future
        try:
            assert process.stdin is not None
            with contextlib.suppress(ConnectionError):  # the reader says why
                process.stdin.write(line)
                await process.stdin.drain()
            return await asyncio.wait_for(future, self._patience)
        except TimeoutError:
            raise Unavailable(
                f"The host of simulated devices has not carried out '{do}' within {self._patience:g} seconds; it may "
                "still do so."
            ) from None
        finally:
            self._waiting.pop(number, None)

    async def _running(self) -> asyncio.subprocess.Process:
        async with self._starting:
            if self._process is None:
                if importlib.util.find_spec("fauxtune_sim") is None:
                    raise NotEmulated("Simulated devices need the package fauxtune_sim, which is not installed.")
                try:
                    self._process = await self._start()
                except OSError as error:
                    why = error.strerror or str(error)
                    raise Unavailable(f"The host of simulated devices cannot be started: {why}.") from None
                self._reading = asyncio.create_task(self._read(self._process))
            return self._process

    async def _start(self) -> asyncio.subprocess.Process:
        command = [sys.executable, "-m", _HOST, "--server", self._server, "--ca-file", self._ca_file]
        if self._folder is not None:
            command += ["--folder", str(self._folder)]
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=MOST_LINE,
            # Ctrl-C is for the server, which then ends the host.
            start_new_session=True,
            # Settings are the server's, and its secrets too: PGPASSWORD opens its database.
            env={name: value for name, value in os.environ.items() if not name.startswith(_SECRET)},
        )

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        """Hand answers to those who wait, until the host ends."""
        assert process.stdout is not None
        try:
            while line := await process.stdout.readline():
                self._answer(json.loads(line))
        except (ValueError, TypeError, LookupError):
            log.exception("The host of simulated devices wrote a line that is no answer; it is ended.")
            process.kill()
        code = await process.wait()
        self._process = None
        if self._folder is None:
            self._lost, self._names = self._names, {}
        for _, future in self._waiting.values():
            if not future.done():
                future.set_exception(
                    Unavailable(f"The host of simulated devices ended with {code}; the next order starts it again.")
                )

    def _answer(self, answer: Any) -> None:
        _, future = self._waiting.get(answer["id"], (None, None))
        if future is None or future.done():
            return
        error = answer.get("error")
        if error is None:
            future.set_result(answer["result"])
        else:
            kind = _ERRORS.get(error["code"], Unavailable)
            future.set_exception(kind(f"A simulated device could not do this: {error['message'].rstrip('.')}."))


def _device(document: Mapping[str, Any]) -> HostedDevice:
    return HostedDevice(
        name=document["name"],
        platform=document["platform"],
        mode=document["mode"],
        user=document["user"],
        enrollment=document["enrollment"],
        ended=document["ended"],
        is_online=document["isOnline"],
        refuses=document["refuses"],
    )


def _has_devices(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


#: The topic of questions to the process that leads.
TOPIC = "device host"
#: Seconds for the way there and back, beside those that the host has.
_WAY = 5.0
_ANSWERED_ERRORS = {function.__name__: function for function in (Conflict, Invalid, NotEmulated, NotFound, Unavailable)}


class SharedDeviceHost(ChildDeviceHost):
    """The host of this process while it leads, and otherwise that of the process which does."""

    def __init__(self, emulator: Emulator, *, folder: Path) -> None:
        super().__init__(server=emulator.addresses.https, ca_file=emulator.ca_file, folder=folder)
        self._emulator = emulator

    async def resume(self) -> None:
        """Connect the devices of an earlier start, or of an earlier leader, if this process leads."""
        if self._emulator.leads:
            await super().resume()

    async def change_leader(self) -> None:
        """Begin or end what belongs to the process that leads, which is another one from now on."""
        try:
            await (self.resume() if self._emulator.leads else self.close())
        except FauxtuneError as error:
            log.warning("Simulated devices are not connected: %s", error.message)

    async def carry_out(self, content: bytes) -> bytes:
        """Carry out the order of another process; return the result or the error."""
        order = json.loads(content)
        try:
            answer = {"result": await super()._order(order["do"], order["tenant"], **order["members"])}
        except FauxtuneError as error:
            answer = {"error": type(error).__name__, "message": error.message}
        return json.dumps(answer).encode()

    async def _order(self, do: str, tenant: TenantId, **members: Any) -> Any:
        others = self._emulator.others
        if self._emulator.leads or others is None:
            return await super()._order(do, tenant, **members)
        order = json.dumps({"do": do, "tenant": tenant, "members": members}).encode()
        if len(order) > MOST_LINE:
            raise Invalid(f"The order '{do}' for simulated devices has {len(order)} bytes; {MOST_LINE} are the most.")
        answer = json.loads(await others.ask_leader(TOPIC, order, seconds=PATIENCE + _WAY))
        if "error" in answer:
            raise _ANSWERED_ERRORS.get(answer["error"], Unavailable)(answer["message"])
        return answer["result"]
