"""Simulated devices of many tenants of one server, connected until they are taken off line or forgotten.

They are in memory, and with `folders` on disk too. All of them share one connection pool, one runner and a ring of
keys, so that a device costs little.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from fauxtune_sim.agent.agent import Agent, CheckInResult
from fauxtune_sim.agent.by_platform import agent_for
from fauxtune_sim.agent.runner import Runner
from fauxtune_sim.device.device import Device
from fauxtune_sim.errors import NotAllowedHere, SimulatorError
from fauxtune_sim.facts.values import FactValue
from fauxtune_sim.hosting import folders
from fauxtune_sim.hosting.folders import PoolFolders
from fauxtune_sim.keys.identity import KeyRing
from fauxtune_sim.platforms import Kind
from fauxtune_sim.server.transport import Transport


class DevicePool:
    """The simulated devices of one server, used inside one running event loop.

    `server` is the server's HTTPS address without a trailing slash; `ca` is the PEM of the authorities by which its
    certificate is verified (None: the system's). `keys` is the size of the ring of keys (None: each key is a new one).
    `announce` gets one line for each thing that a device does by itself. `folders` keep the devices for another pool,
    which loads them.
    """

    def __init__(
        self,
        server: str,
        *,
        ca: bytes | None,
        keys: int | None = 16,
        announce: Callable[[str], None] | None = None,
        folders: PoolFolders | None = None,
    ) -> None:
        self.server = server
        self._ca = ca
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
        return folders.save((agent.device, self.is_online(agent)) for agent in agents) if agents else b""

    async def restore(self, tenant: str, saved: bytes) -> None:
        """Replace a tenant's devices by those of a snapshot. Raises StateBroken for a damaged one; nothing changes."""
        devices = folders.read(saved) if saved else []
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
            self._transport = Transport(ca=self._ca)
        return self._transport


async def _newest_push(agent: Agent) -> int:
    """Return the number of the last push to a device, which its next check-in follows; 0 if it cannot be asked for."""
    try:
        return (await agent.poll_push(after=0, wait=0)).seq
    except SimulatorError:
        return 0
