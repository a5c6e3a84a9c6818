"""Signals between requests: a task that wakes a device often can do so once, at its end."""

from __future__ import annotations

import asyncio

import pytest

from fauxtune.core.model.ids import EnrollmentId, TenantId
from fauxtune.operations.runtime.signals import Signals

PHONE, OTHER, TENANT = EnrollmentId("phone"), EnrollmentId("other"), TenantId("tenant")


async def never() -> bool:
    return False


def waiting(signals: Signals, device: EnrollmentId) -> asyncio.Task[None]:
    return asyncio.create_task(signals.wait_for_push(device, TENANT, seconds=20, unless=never))


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_device_is_woken_once_at_the_end_of_the_block_and_others_tasks_are_not_held_up() -> None:
    signals = Signals()
    phone, other = waiting(signals, PHONE), waiting(signals, OTHER)
    await turns()

    async def another_task() -> None:
        signals.wake(OTHER)

    another = asyncio.create_task(another_task())
    with signals.one_push_each():
        signals.wake(PHONE)
        await turns()
        assert not phone.done()
        with signals.one_push_each():
            signals.wake(PHONE)
        await turns()
        assert not phone.done()
        assert other.done()
    await asyncio.wait_for(phone, 20)
    await another


async def test_a_device_that_hangs_up_waits_no_longer_and_one_that_is_woken_is_not_watched_any_more() -> None:
    signals = Signals()
    hung_up = asyncio.Event()
    ended: list[EnrollmentId] = []

    async def hang_up(device: EnrollmentId) -> None:
        try:
            await hung_up.wait()
        finally:
            ended.append(device)

    phone, other = (
        asyncio.create_task(
            signals.wait_for_push(enrollment_id, TENANT, seconds=20, unless=never, hang_up=hang_up(enrollment_id))
        )
        for enrollment_id in (PHONE, OTHER)
    )
    await turns()
    assert (signals.is_connected(PHONE), signals.is_connected(OTHER)) == (True, True)
    signals.wake(OTHER)
    await turns()
    assert (other.done(), phone.done(), ended) == (True, False, [OTHER])
    hung_up.set()
    await turns()
    assert (phone.done(), signals.is_connected(PHONE), ended) == (True, False, [OTHER, PHONE])


async def test_a_block_that_fails_wakes_too() -> None:
    signals = Signals()
    phone = waiting(signals, PHONE)
    await turns()

    def fail() -> None:
        with signals.one_push_each():
            signals.wake(PHONE)
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    await asyncio.wait_for(phone, 20)


async def test_waiting_for_a_connection_ends_when_the_device_waits_for_a_push() -> None:
    signals = Signals()
    connected = asyncio.create_task(signals.wait_for_connection(PHONE, seconds=20))
    other = waiting(signals, OTHER)
    await turns()
    assert not connected.done()
    phone = waiting(signals, PHONE)
    await asyncio.wait_for(connected, 20)
    await signals.wait_for_connection(PHONE, seconds=20)
    for device, task in ((PHONE, phone), (OTHER, other)):
        signals.wake(device)
        await asyncio.wait_for(task, 20)
    await signals.wait_for_connection(PHONE, seconds=0)
    assert not signals.is_connected(PHONE)


async def test_a_device_that_waits_at_another_process_is_known_to_transactions_which_run_in_threads() -> None:
    signals, device = Signals(), EnrollmentId("a")
    signals.hear("there", ("connected", device, 60))
    assert await asyncio.to_thread(signals.is_connected, device)
    signals.hear("there", ("connected", device, 0))
    assert not await asyncio.to_thread(signals.is_connected, device)
    signals.hear("there", ("connected", device, 0.001))
    await asyncio.sleep(0.01)
    assert not await asyncio.to_thread(signals.is_connected, device)


async def test_what_is_recorded_is_told_while_somebody_reads_elsewhere() -> None:
    here, there = Signals(), Signals()
    here.tell, there.tell = (lambda each: there.hear("here", each)), (lambda each: here.hear("there", each))
    tenant = TenantId("contoso")
    here.wire_grew(tenant)
    assert there.newest_elsewhere(tenant) == 0
    reading = asyncio.create_task(there.wait_for_news([tenant], seconds=0.2, wire=True))
    await asyncio.sleep(0)
    assert here.wire_readers == 1
    here.wire_grew(tenant)
    await reading
    assert there.newest_elsewhere(tenant) > 0
    await asyncio.sleep(0.3)
    assert (here.wire_readers, there.wire_readers) == (0, 0)
