"""Simulated devices in a thread of their own, which stay connected: they check in when they are pushed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from fauxtune_sim.agent.agent import Agent
from fauxtune_sim.hosting.pool import DevicePool
from fauxtune_sim.platforms import Platform, kind_of
from tests.support.running_server import SECONDS, Served

T = TypeVar("T")


class SimulatedDevices:
    """A pool of devices, whose calls block."""

    def __init__(self, server: Served, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._pool = DevicePool(server.https, ca=Path(server.endpoints["caFile"]).read_bytes())

    def enroll(self, *, tenant: str, token: str, platform: Platform = Platform.ANDROID, name: str = "") -> Agent:
        """Enrol a new device, let it check in, and keep it connected."""
        return self._do(self._pool.enroll(tenant=tenant, token=token, kind=kind_of(platform), name=name or None))

    def check_in(self, agent: Agent) -> None:
        """Let a device check in now."""
        self._do(self._pool.check_in(agent))

    def finish_check_ins(self, tenant: str) -> None:
        """Wait until the devices of a tenant have read the last answers: the server can be done with them before."""
        self._do(self._pool.finish_check_ins(tenant))

    def close(self) -> None:
        """Disconnect all devices."""
        self._do(self._pool.close())

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(SECONDS)


@contextmanager
def simulated_devices(server: Served) -> Iterator[SimulatedDevices]:
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
