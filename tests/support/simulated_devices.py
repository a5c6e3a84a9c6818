"""Simulated devices in a thread of their own, which stay connected: they check in when they are pushed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from fauxtune_sim.agent import Agent
from fauxtune_sim.agents import agent_for
from fauxtune_sim.device import Device
from fauxtune_sim.platforms import Platform
from fauxtune_sim.runner import Runner
from fauxtune_sim.transport import Transport
from tests.support.running_server import SECONDS, Running

T = TypeVar("T")


class SimulatedDevices:
    """Devices of one server."""

    def __init__(self, server: Running, loop: asyncio.AbstractEventLoop) -> None:
        self._server = server
        self._loop = loop
        self._runner = Runner()
        self._transport: Transport | None = None

    def enroll(self, *, tenant: str, token: str, platform: Platform = Platform.ANDROID, name: str = "") -> Agent:
        """Enrol a new device, let it check in, and keep it connected."""
        return self._do(self._enroll(Device.new(name or None, platform=platform), tenant=tenant, token=token))

    def check_in(self, agent: Agent) -> None:
        """Let a device check in now."""
        self._do(agent.check_in())

    async def _enroll(self, device: Device, *, tenant: str, token: str) -> Agent:
        if self._transport is None:
            self._transport = Transport(ca=Path(self._server.endpoints["caFile"]).read_bytes())
        agent = agent_for(device, self._transport)
        await agent.enroll(server=self._server.https, tenant=tenant, token=token)
        await agent.check_in()
        self._runner.add(agent)
        return agent

    def close(self) -> None:
        """Disconnect all devices."""
        self._do(self._close())

    async def _close(self) -> None:
        await self._runner.close()
        if self._transport is not None:
            await self._transport.close()

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(SECONDS)


@contextmanager
def simulated_devices(server: Running) -> Iterator[SimulatedDevices]:
    """Devices until the block ends."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="devices")
    thread.start()
    devices = SimulatedDevices(server, loop)
    try:
        yield devices
        devices.close()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(SECONDS)
        loop.close()
