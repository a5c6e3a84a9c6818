"""`python -m fauxtune_sim.hosting.host`: simulated devices for a server, which orders them by JSON lines.

An order is one line on standard input, `{"id","do","tenant",...}`; its answer is one line on standard output,
`{"id","result"}` or `{"id","error":{"code","message"}}`. Orders are carried out at the same time and answered as they
end. Devices are named by tenant and name. The host ends with its input, so that it never outlives the server.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import orjson

from fauxtune_sim.agent.agent import Agent
from fauxtune_sim.cli.owner_commands import pem_of_keys
from fauxtune_sim.device.device import Device
from fauxtune_sim.errors import NotFoundHere, ServerRefused, ServerUnreachable, SimulatorError
from fauxtune_sim.hosting.pool import DevicePool, PoolFolders
from fauxtune_sim.platforms import read_kind
from fauxtune_sim.server.transport import read_ca

#: Bytes of one line, in both directions: a snapshot of a tenant's devices is one line.
MOST_LINE = 64 * 1024 * 1024
#: Devices of all tenants together; each takes some 100 KB.
MOST_DEVICES = 2000
#: Seconds that another host has to leave the folder: that of a server that was killed ends by itself.
_PATIENCE = 10.0
#: Orders that are carried out at the same time.
_AT_ONCE = 32

Order: TypeAlias = "dict[str, Any]"
Result: TypeAlias = "dict[str, Any] | list[dict[str, Any]] | str | None"


class NameTaken(SimulatorError):
    """The tenant has a device of this name already."""


class NoSuchDevice(SimulatorError):
    """The tenant has no device of this name."""


class Host:
    """The devices of one server, and the orders that it gives."""

    def __init__(self, pool: DevicePool) -> None:
        self._pool = pool
        self._limit = asyncio.Semaphore(_AT_ONCE)
        #: Names of devices that are being enrolled.
        self._reserved: set[tuple[str, str]] = set()
        self._orders: dict[str, Callable[[Order], Awaitable[Result]]] = {
            "enroll": self._enroll,
            "check-in": self._check_in,
            "report": self._report,
            "refuse": self._refuse,
            "accept": self._accept,
            "declare": self._declare,
            "offline": self._offline,
            "online": self._online,
            "devices": self._devices,
            "keys": self._keys,
            "finish": self._finish,
            "snapshot": self._snapshot,
            "restore": self._restore,
            "forget": self._forget,
        }

    async def answer(self, line: bytes) -> bytes:
        """Carry out the order of one line, and return the line of its answer."""
        order: Order = {}
        try:
            order = orjson.loads(line)
            async with self._limit:
                result = await self._orders[order["do"]](order)
            answer: dict[str, Any] = {"id": order["id"], "result": result}
        except SimulatorError as refused:
            answer = {"id": order["id"], "error": {"code": _code(refused), "message": str(refused)}}
        except Exception as broken:
            answer = {"id": order.get("id"), "error": {"code": "Broken", "message": repr(broken)}}
        return orjson.dumps(answer) + b"\n"

    async def _enroll(self, order: Order) -> Result:
        tenant, kind = order["tenant"], read_kind(order["kind"])
        name = self._free_name(tenant, order.get("name") or Device.new(platform=kind.platform, mode=kind.mode).name)
        if order.get("name") not in (None, "", name):
            raise NameTaken(f"the tenant has a simulated device '{order['name']}' already")
        count = self._pool.size + len(self._reserved)
        if count >= MOST_DEVICES:
            raise NotFoundHere(f"there are {count} simulated devices already, which is the most: delete a tenant")
        self._reserved.add((tenant, name))
        try:
            agent = await self._pool.enroll(
                tenant=tenant,
                token=order["token"],
                kind=kind,
                name=name,
                user=order.get("user"),
                facts=order["facts"],
            )
        finally:
            self._reserved.discard((tenant, name))
        return self._shown(agent)

    async def _check_in(self, order: Order) -> Result:
        await self._pool.check_in(self._agent(order))
        return None

    async def _report(self, order: Order) -> Result:
        device = self._agent(order).device
        device.report(**order["facts"])
        device.save(keys=False, state=False)
        return None

    async def _refuse(self, order: Order) -> Result:
        self._agent(order).device.refuse(order["item"], order["code"])
        return None

    async def _accept(self, order: Order) -> Result:
        self._agent(order).device.accept(order["item"])
        return None

    async def _declare(self, order: Order) -> Result:
        self._agent(order).device.runs(order["script"], **order["outcome"])
        return None

    async def _offline(self, order: Order) -> Result:
        await self._pool.take_offline(self._agent(order))
        return None

    async def _online(self, order: Order) -> Result:
        agent = self._agent(order)
        if not self._pool.is_online(agent):
            await self._pool.bring_online(agent)
            await self._pool.check_in(agent)
        return None

    async def _devices(self, order: Order) -> Result:
        return [self._shown(agent) for agent in self._pool.agents_of(order["tenant"])]

    async def _keys(self, order: Order) -> Result:
        return pem_of_keys(self._agent(order).device.keystore)

    async def _finish(self, order: Order) -> Result:
        await self._pool.finish_check_ins(order["tenant"])
        return None

    async def _snapshot(self, order: Order) -> Result:
        return base64.b64encode(await self._pool.snapshot(order["tenant"])).decode()

    async def _restore(self, order: Order) -> Result:
        await self._pool.restore(order["tenant"], base64.b64decode(order["saved"]))
        return await self._devices(order)

    async def _forget(self, order: Order) -> Result:
        await self._pool.forget(order["tenant"])
        return None

    def _agent(self, order: Order) -> Agent:
        agents = self._pool.agents_of(order["tenant"])
        for agent in agents:
            if agent.device.name == order["name"]:
                return agent
        names = ", ".join(agent.device.name for agent in agents) or "none"
        raise NoSuchDevice(f"there is no simulated device '{order['name']}' in this tenant; there are: {names}")

    def _free_name(self, tenant: str, name: str) -> str:
        """The name, or with a number behind it if another device has it."""
        taken = {agent.device.name for agent in self._pool.agents_of(tenant)}
        taken |= {each for its_tenant, each in self._reserved if its_tenant == tenant}
        number, free = 1, name
        while free in taken:
            number += 1
            free = f"{name} {number}"
        return free

    def _shown(self, agent: Agent) -> dict[str, Any]:
        device = agent.device
        return {
            "name": device.name,
            "platform": device.platform.value,
            "mode": None if device.mode is None else device.mode.value,
            "user": None if device.enrollment is None else device.enrollment.user_principal_name,
            "enrollment": None if device.enrollment is None else device.enrollment.name,
            "ended": device.ended,
            "isOnline": self._pool.is_online(agent),
            "refuses": device.refusals.document(),
        }


def _code(refused: SimulatorError) -> str:
    match refused:
        case NameTaken():
            return "Conflict"
        case NoSuchDevice():
            return "NotFound"
        case ServerUnreachable():
            return "Unavailable"
        case ServerRefused():
            return "Refused"
        case _:
            return "Invalid"


async def serve(pool: DevicePool, *, orders: BinaryIO, answers: BinaryIO) -> None:
    """Carry out orders until the input ends."""
    host, reader = Host(pool), asyncio.StreamReader(limit=MOST_LINE)
    loop, writing, tasks = asyncio.get_running_loop(), asyncio.Lock(), set[asyncio.Task[None]]()

    async def answer(line: bytes) -> None:
        result = await host.answer(line)
        async with writing:
            await asyncio.to_thread(_write, answers, result)

    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), orders)
    try:
        while line := await reader.readline():
            task = asyncio.create_task(answer(line))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
    finally:
        for task in tasks:
            task.cancel()
        await pool.close()


def _write(file: BinaryIO, line: bytes) -> None:
    file.write(line)
    file.flush()


def main() -> None:
    """Run the host with the arguments of the command line."""
    parser = argparse.ArgumentParser(prog="fauxtune_sim.hosting.host", description=__doc__)
    parser.add_argument("--server", required=True, help="the server's HTTPS address")
    parser.add_argument("--ca-file", type=Path, required=True, help="PEM of the authority of its certificate")
    parser.add_argument("--folder", type=Path, help="keep the devices in folders below this one")
    arguments = parser.parse_args()
    # Only answers go to standard output: what any library prints goes where errors go.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    with answers:
        asyncio.run(_run(arguments, answers))


async def _run(arguments: argparse.Namespace, answers: BinaryIO) -> None:
    folders = None if arguments.folder is None else PoolFolders(arguments.folder)
    held = None if folders is None else await folders.hold(seconds=_PATIENCE)
    pool = DevicePool(arguments.server, ca=read_ca(arguments.ca_file), folders=folders)
    pool.load()
    await serve(pool, orders=sys.stdin.buffer, answers=answers)
    if held is not None:
        held.close()


if __name__ == "__main__":
    main()
