"""Connected devices: they follow a push, their cadence on the tenant's clock, and leave when they must."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from fauxtune_sim.agent.runner import Runner
from fauxtune_sim.android.client import AndroidAgent
from fauxtune_sim.device.device import Device
from fauxtune_sim.errors import NotAllowedHere
from fauxtune_sim.platforms import Mode

if TYPE_CHECKING:
    from fauxtune_sim.server.transport import Transport
    from tests.simulator.conftest import Enrolled, Pki, Service


async def until(reached: Callable[[], bool]) -> None:
    """Wait until something shows; the bound is only there so that a broken test ends."""
    async with asyncio.timeout(20):
        while not reached():
            await asyncio.sleep(0.01)


@pytest.fixture
async def runner() -> AsyncIterator[Runner]:
    runner = Runner(wait=10)
    yield runner
    await runner.close()


async def connected(runner: Runner, service: Service, agent: AndroidAgent) -> None:
    """Connect an agent that has checked in, and wait for its long poll."""
    await agent.check_in()
    before = service.polls
    runner.add(agent)
    await until(lambda: service.polls >= before + 2)


async def test_a_push_makes_the_device_check_in(enrolled: Enrolled, service: Service, pki: Pki, runner: Runner) -> None:
    agent = await enrolled()
    await connected(runner, service, agent)
    served = service.of(agent)
    served.give(pairs=[served.pair(pki.issue())])
    assert agent.device.keystore.is_empty
    await service.push(served)
    await until(lambda: list(agent.device.keystore.entries) == ["pkcs-1"])


async def test_a_push_that_came_while_nobody_listened_is_not_lost(
    enrolled: Enrolled, service: Service, pki: Pki, runner: Runner
) -> None:
    agent = await enrolled()
    served = service.of(agent)
    served.give(pairs=[served.pair(pki.issue())])
    await service.push(served)
    runner.add(agent)
    await until(lambda: list(agent.device.keystore.entries) == ["pkcs-1"])


async def test_the_cadence_follows_the_tenants_clock(enrolled: Enrolled, service: Service, runner: Runner) -> None:
    agent, other = await enrolled(), await enrolled()
    await connected(runner, service, agent)
    await connected(runner, service, other)
    counts = [len(service.of(one).reports) for one in (agent, other)]
    await service.move_clock(timedelta(days=30))
    await until(lambda: [len(service.of(one).reports) for one in (agent, other)] == [one + 1 for one in counts])
    before = service.polls
    await service.move_clock(timedelta(minutes=1))
    await until(lambda: service.polls >= before + 2)
    assert [len(service.of(one).reports) for one in (agent, other)] == [one + 1 for one in counts]


async def test_a_wiped_device_leaves(enrolled: Enrolled, service: Service, runner: Runner) -> None:
    agent, other = await enrolled(mode=Mode.FULLY_MANAGED), await enrolled()
    await connected(runner, service, agent)
    await connected(runner, service, other)
    served = service.of(agent)
    served.wipe("DEVICE")
    await service.push(served)
    await until(lambda: runner.agents == (other,))
    assert not agent.device.is_enrolled


async def test_running_ends_when_it_is_told_to(enrolled: Enrolled, runner: Runner) -> None:
    runner.add(await enrolled())
    stop = asyncio.Event()
    running = asyncio.create_task(runner.run(stop))
    stop.set()
    await running
    assert runner.agents == ()


async def test_running_ends_when_the_last_device_has_left(enrolled: Enrolled, service: Service, runner: Runner) -> None:
    agent = await enrolled()
    runner.add(agent)
    running = asyncio.create_task(runner.run(asyncio.Event()))
    served = service.of(agent)
    served.wipe("COMPANY_DATA")
    await service.push(served)
    await running


async def test_trouble_is_told_once_and_outlived(enrolled: Enrolled, service: Service, pki: Pki) -> None:
    results: list[str] = []
    runner = Runner(wait=10, announce=results.append)
    agent = await enrolled()
    await connected(runner, service, agent)
    served = service.of(agent)
    service.in_trouble = True
    await service.push(served)
    await until(lambda: any("503" in line for line in results))
    service.in_trouble = False
    served.give(pairs=[served.pair(pki.issue())])
    await service.push(served)
    await until(lambda: any("installed signing and encryption certificate" in line for line in results))
    await runner.close()
    assert len([line for line in results if "503" in line]) == 1


async def test_a_device_that_is_not_enrolled_cannot_be_connected(transport: Transport, runner: Runner) -> None:
    with pytest.raises(NotAllowedHere):
        runner.add(AndroidAgent(Device.new(), transport))
