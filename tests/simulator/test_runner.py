"""Connected devices: they follow a push, their cadence on the tenant's clock, and leave when they must.

A pool of devices: enrolled, connected, taken off line, brought back, forgotten.
"""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from fauxtune_sim.agent.cadence import TenantTime, next_check_in
from fauxtune_sim.agent.runner import Runner
from fauxtune_sim.android.client import AndroidAgent
from fauxtune_sim.device.device import Device
from fauxtune_sim.errors import NotAllowedHere, NotFoundHere, ServerRefused
from fauxtune_sim.hosting.pool import DevicePool, PoolFolders
from fauxtune_sim.platforms import Mode, Platform, kind_of

if TYPE_CHECKING:
    from fauxtune_sim.server.transport import Transport
    from tests.simulator.conftest import Enrolled, Pki, Service

if TYPE_CHECKING:
    from tests.simulator.conftest import Pki, Service


START = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def interval(platform: Platform, *, age: int) -> float:
    """How many minutes after its last check-in a device checks in, so many minutes after enrolment."""
    last = START + timedelta(minutes=age)
    due = next_check_in(platform, enrolled_at=START, checked_in_at=last)
    return (due - last) / timedelta(minutes=1)


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


PHONE = kind_of(Platform.ANDROID)


@pytest.fixture
async def pool(service: Service) -> AsyncIterator[DevicePool]:
    pool = DevicePool(service.url, ca=None, keys=1)
    yield pool
    await pool.close()


async def enrolled(pool: DevicePool, tenant: str = "contoso", mode: Mode | None = None) -> AndroidAgent:
    agent = await pool.enroll(tenant=tenant, token="good", kind=kind_of(Platform.ANDROID, mode))
    return cast("AndroidAgent", agent)


async def push_a_key(service: Service, pki: Pki, agent: AndroidAgent) -> None:
    served = service.of(agent)
    served.give(pairs=[served.pair(pki.issue())])
    await service.push(served)


def held(agent: AndroidAgent) -> bool:
    return list(agent.device.keystore.entries) == ["pkcs-1"]


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(0, 3), (3, 3), (14, 3), (15, 15), (134, 15), (135, 480), (100_000, 480)],
)
@pytest.mark.parametrize("platform", [Platform.ANDROID, Platform.WINDOWS])
def test_an_android_device_and_a_computer_check_in_ever_less_often(
    platform: Platform, minutes: int, expected: int
) -> None:
    assert interval(platform, age=minutes) == expected


@pytest.mark.parametrize(("minutes", "expected"), [(0, 15), (59, 15), (60, 480), (100_000, 480)])
@pytest.mark.parametrize("platform", [Platform.IOS, Platform.IPADOS, Platform.MACOS])
def test_an_apple_device_checks_in_often_for_an_hour(platform: Platform, minutes: int, expected: int) -> None:
    assert interval(platform, age=minutes) == expected


@pytest.mark.parametrize(("minutes", "expected"), [(0, 5), (14, 5), (15, 15), (134, 15), (135, 480)])
@pytest.mark.parametrize("platform", [Platform.WINDOWS_PHONE_81, Platform.WINDOWS_10_MOBILE])
def test_a_windows_phone_starts_more_slowly(platform: Platform, minutes: int, expected: int) -> None:
    assert interval(platform, age=minutes) == expected


def test_time_is_reckoned_on_between_two_answers() -> None:
    clock = TenantTime()
    assert clock.now(5.0) is None
    clock.learn(START, monotonic=100.0)
    assert clock.now(130.0) == START + timedelta(seconds=30)
    assert clock.seconds_until(START + timedelta(seconds=50), monotonic=130.0) == 20
    assert clock.seconds_until(START, monotonic=130.0) == 0


def test_a_clock_that_stands_still_is_not_reckoned_on_until_it_is_moved() -> None:
    clock = TenantTime()
    clock.learn(START, monotonic=100.0)
    clock.learn(START, monotonic=130.0)
    assert clock.now(1000.0) == START
    assert clock.seconds_until(START + timedelta(seconds=1), monotonic=1000.0) is None
    clock.learn(START + timedelta(days=1), monotonic=1001.0)
    assert clock.seconds_until(START + timedelta(hours=8), monotonic=1001.0) == 0


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


async def test_a_device_that_is_enrolled_checks_in_and_follows_pushes(
    pool: DevicePool, service: Service, pki: Pki
) -> None:
    agent = await enrolled(pool)
    assert service.of(agent).reports
    assert pool.agents_of("contoso") == (agent,)
    await push_a_key(service, pki, agent)
    await until(lambda: held(agent))


async def test_a_device_that_is_off_line_gets_nothing_until_it_is_back(
    pool: DevicePool, service: Service, pki: Pki
) -> None:
    agent, other = await enrolled(pool), await enrolled(pool)
    await pool.take_offline(agent)
    await pool.take_offline(agent)
    await push_a_key(service, pki, agent)
    await push_a_key(service, pki, other)
    await until(lambda: held(other))
    assert not held(agent)
    assert not pool.is_online(agent)
    with pytest.raises(NotAllowedHere, match="off line"):
        await pool.check_in(agent)
    await pool.bring_online(agent)
    await pool.bring_online(agent)
    await until(lambda: held(agent))


async def test_the_clock_does_not_wake_a_device_that_is_off_line(pool: DevicePool, service: Service) -> None:
    agent, other = await enrolled(pool), await enrolled(pool)
    await until(lambda: service.polls >= 4)
    await pool.take_offline(agent)
    counts = [len(service.of(android_agent).reports) for android_agent in (agent, other)]
    await service.move_clock(timedelta(days=30))
    await until(lambda: len(service.of(other).reports) == counts[1] + 1)
    assert len(service.of(agent).reports) == counts[0]


async def test_going_off_line_waits_for_the_end_of_a_check_in(pool: DevicePool, service: Service, pki: Pki) -> None:
    agent = await enrolled(pool)
    await until(lambda: service.polls >= 2)
    before = len(service.of(agent).reports)
    await push_a_key(service, pki, agent)
    await until(lambda: len(service.of(agent).reports) > before)
    await pool.take_offline(agent)
    assert held(agent)


async def test_what_a_check_in_brings_is_there_when_check_ins_are_finished(
    pool: DevicePool, service: Service, pki: Pki
) -> None:
    agent = await enrolled(pool)
    await until(lambda: service.polls >= 2)
    await pool.finish_check_ins("contoso")
    before = len(service.of(agent).reports)
    await push_a_key(service, pki, agent)
    await until(lambda: len(service.of(agent).reports) > before)
    await pool.finish_check_ins("contoso")
    assert held(agent)
    assert pool.is_online(agent)


async def test_a_forgotten_tenants_devices_are_gone_and_others_stay(
    pool: DevicePool, service: Service, pki: Pki
) -> None:
    agent, other = await enrolled(pool), await enrolled(pool, tenant="fabrikam")
    await pool.forget("contoso")
    await pool.forget("contoso")
    assert pool.agents_of("contoso") == ()
    assert not pool.is_online(agent)
    await push_a_key(service, pki, agent)
    await push_a_key(service, pki, other)
    await until(lambda: held(other))
    assert not held(agent)


async def test_a_device_stays_known_when_its_enrolment_has_ended(pool: DevicePool, service: Service) -> None:
    agent = await enrolled(pool)
    assert await pool.unenroll(agent) is None
    assert service.devices[next(iter(service.devices))].unenrolled
    assert pool.agents_of("contoso") == (agent,)
    assert not pool.is_online(agent)
    with pytest.raises(NotAllowedHere, match="not enrolled"):
        await pool.check_in(agent)


async def test_a_device_that_its_user_may_not_unenrol_stays_connected(pool: DevicePool) -> None:
    agent = await enrolled(pool, mode=Mode.FULLY_MANAGED)
    with pytest.raises(NotAllowedHere, match="the company's"):
        await pool.unenroll(agent)
    assert pool.is_online(agent)


async def test_a_refused_enrolment_leaves_no_device(pool: DevicePool) -> None:
    with pytest.raises(ServerRefused, match="used up"):
        await pool.enroll(tenant="contoso", token="bad", kind=PHONE)
    assert pool.agents_of("contoso") == ()


async def test_a_device_whose_first_check_in_fails_tries_again(pool: DevicePool, service: Service) -> None:
    service.in_trouble = True
    with pytest.raises(ServerRefused, match="503"):
        await pool.enroll(tenant="contoso", token="good", kind=PHONE)
    service.in_trouble = False
    (agent,) = pool.agents_of("contoso")
    served = service.of(cast("AndroidAgent", agent))
    await service.push(served)
    await until(lambda: bool(served.reports))


async def test_identity_keys_come_from_a_ring_or_are_each_devices_own(service: Service) -> None:
    for keys, expected in ((1, 1), (2, 2), (None, 3)):
        pool = DevicePool(service.url, ca=None, keys=keys)
        agents = [await enrolled(pool) for _ in range(3)]
        assert len({agent.enrollment.identity_key for agent in agents}) == expected
        await pool.close()


async def test_another_pool_has_the_devices_of_the_folders(service: Service, tmp_path: Path) -> None:
    folders = PoolFolders(tmp_path)
    first = DevicePool(service.url, ca=None, keys=1, folders=folders)
    agents = [await enrolled(first) for _ in range(2)]
    await first.take_offline(agents[1])
    await first.close()
    second = DevicePool(service.url, ca=None, keys=1, folders=folders)
    second.load()
    again = second.agents_of("contoso")
    assert [agent.enrollment.name for agent in again] == [agent.enrollment.name for agent in agents]
    assert [second.is_online(agent) for agent in again] == [True, False]
    await second.forget("contoso")
    await second.close()
    assert not list(tmp_path.iterdir())


def test_only_the_owner_reads_the_folders_of_devices(tmp_path: Path) -> None:
    folder = PoolFolders(tmp_path / "devices").next_folder("contoso")
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, folder.parent, folder.parent.parent)] == [0o700] * 3


def test_a_tenant_cannot_name_a_folder_elsewhere(tmp_path: Path) -> None:
    for name in ("", "..", "a/b"):
        with pytest.raises(NotFoundHere):
            PoolFolders(tmp_path / "devices").next_folder(name)


async def test_one_host_at_a_time_has_the_folders_of_devices(tmp_path: Path) -> None:
    first, second = PoolFolders(tmp_path / "devices"), PoolFolders(tmp_path / "devices")
    held = await first.hold(seconds=0)
    with pytest.raises(NotFoundHere, match="another host has the devices"):
        await second.hold(seconds=0.2)
    waiting = asyncio.create_task(second.hold(seconds=30))
    await asyncio.sleep(0.2)
    held.close()
    (await waiting).close()
