"""Many things at once: whatever crosses, every device comes to rest with what it should hold, and nothing is lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection

from fauxtune.core.errors import Invalid
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.directory import users_and_groups
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.runtime.turns import Turns
from fauxtune.storage.queries.quiet import Quiet
from tests.support.devices.android import AndroidInProcess
from tests.support.devices.stepwise import enrol_iphone
from tests.support.tenant import Contoso

pytestmark = pytest.mark.both_databases


async def rest(*phones: AndroidInProcess) -> None:
    await asyncio.gather(*(phone.settle() for phone in phones))


async def test_devices_imports_and_changes_that_cross_end_in_the_right_state(contoso: Contoso) -> None:
    await contoso.root_profile()
    profile = await contoso.pkcs_profile()
    await contoso.imported_profile()
    names = ["alice", "alice", "alice", "bob", "carol"]
    phones = await asyncio.gather(*(contoso.enroll(name) for name in names))
    first = await asyncio.gather(rest(*phones), *(contoso.import_pfx(name) for name in ("alice", "alice", "bob")))
    alice, staff = await contoso.user_id("alice"), contoso.groups["All Staff"]

    async def leave_and_return() -> None:
        for change in (users_and_groups.remove_member, users_and_groups.add_member):
            await contoso.do(change, staff, member_id=alice)

    second, *_ = await asyncio.gather(
        contoso.import_pfx("alice"),
        rest(*phones),
        leave_and_return(),
        contoso.switch(requireTrustedRoot=False),
        contoso.assign(profile, "All Staff"),
        *(contoso.do(users_and_groups.update_user, contoso.upn(name), changes={"displayName": name}) for name in names),
    )
    await rest(*phones)
    imported = {"alice": {first[1], first[2], second}, "bob": {first[3]}, "carol": set()}
    for name, phone in zip(names, phones, strict=True):
        assert set((await phone.states()).values()) <= {"installed", "removed"}
        assert {mark for key, mark in phone.holds.items() if key.startswith("imported/")} == imported[name]
        assert (await phone.item()).thumbprint in phone.holds.values()
        row = await phone.row()
        assert row.generation == row.settled_generation
    plans = [await phone.plans() for phone in phones]
    await rest(*phones)
    assert [await phone.plans() for phone in phones] == plans
    # No number is given twice. Some are left out: a change of a device's keys that is no event takes one, too.
    numbers = [event.seq for event in await contoso.events()]
    assert numbers == sorted(set(numbers))
    events = await contoso.events("installed")
    reported = {(event.device, event.certificate["thumbprint"]) for event in events if event.certificate}
    for phone in phones:
        assert {(phone.enrollment_id, mark) for key, mark in phone.holds.items() if "root/" not in key} <= reported


async def test_a_check_in_that_waited_for_another_does_not_plan_again(contoso: Contoso) -> None:
    """The first settles the device; the others ask again whether they are quiet."""
    await contoso.switch(requireTrustedRoot=False)
    await contoso.pkcs_profile()
    phone, tablet = await contoso.enroll("alice"), await enrol_iphone(contoso, "alice")
    await asyncio.gather(*(phone.check_in() for _ in range(3)))
    assert await phone.plans() == 2, "once before the connector's work, and once after it"
    await tablet.settle_completely()
    plans = (await tablet.row()).plans
    await contoso.imported_profile()
    assert await asyncio.gather(*(tablet.exchange(begins=True) for _ in range(3))) == [(), (), ()]
    assert (await tablet.row()).plans == plans + 1


async def test_check_ins_and_a_wipe_that_cross_leave_no_certificate_unrevoked(contoso: Contoso) -> None:
    await contoso.switch(requireTrustedRoot=False)
    await contoso.pkcs_profile(owned=True)
    phones = [await contoso.enroll("alice", mode="fully-managed") for _ in range(4)]
    await asyncio.gather(
        *(phone.check_in() for phone in phones), *(contoso.action(phone, device_actions.wipe) for phone in phones)
    )
    for phone in phones:
        await phone.check_in()
        ((operation, _),) = await phone.operations()
        await phone.complete(operation)
    assert [row.revoked_at is None for row in await contoso.issued()] == [False] * len(await contoso.issued())


async def test_turns_are_taken_one_after_the_other_and_forgotten_afterwards() -> None:
    turns, running, order = Turns(), 0, []

    async def work(name: str, number: int) -> None:
        nonlocal running
        async with turns.of(name):
            running += 1
            assert name == "other" or running <= 2
            await asyncio.sleep(0)
            order.append((name, number))
            running -= 1

    await asyncio.gather(*(work("one", number) for number in range(5)), work("other", 0))
    assert [number for name, number in order if name == "one"] == [0, 1, 2, 3, 4]
    assert not any(turns.is_taken(name) for name in ("one", "other"))


async def test_a_turn_is_given_on_when_its_holder_fails_or_is_cancelled() -> None:
    turns = Turns()
    entered = asyncio.Event()

    async def hold() -> None:
        async with turns.of("one"):
            entered.set()
            await asyncio.Event().wait()

    holder = asyncio.ensure_future(hold())
    await entered.wait()
    waiting = asyncio.ensure_future(hold())
    await asyncio.sleep(0)
    waiting.cancel()
    holder.cancel()
    await asyncio.gather(holder, waiting, return_exceptions=True)
    async with asyncio.timeout(5), turns.of("one"):
        pass
    assert not turns.is_taken("one")


async def test_a_turn_that_is_given_to_somebody_who_has_just_left_goes_to_the_next() -> None:
    turns, served = Turns(), list[str]()

    async def take(name: str) -> None:
        async with turns.of("one"):
            served.append(name)

    async with turns.of("one"):
        leaving, staying = asyncio.ensure_future(take("leaving")), asyncio.ensure_future(take("staying"))
        await asyncio.sleep(0)
    # The turn is the first one's already, which has not gone on yet.
    leaving.cancel()
    await asyncio.gather(leaving, staying, return_exceptions=True)
    assert served == ["staying"]
    assert not turns.is_taken("one")


async def test_two_statements_of_quiet_check_ins_are_under_way_and_no_contact_is_lost_or_moved(
    contoso: Contoso, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On SQLite it is one. Each device checks in thrice at the same time; the tenant's clock goes on in between."""
    phones = [await contoso.enroll("alice") for _ in range(4)]
    await rest(*phones)
    plans = [await phone.plans() for phone in phones]
    database = contoso.emulator.runner.database
    run_alone, under_way, most, moments = database.run_alone, 0, 0, dict[str, list[datetime]]()

    async def counted(work: Callable[[Connection], Sequence[Quiet | None]], *, count: int) -> Sequence[Quiet | None]:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.01)  # for the disk
        answers = await run_alone(work, count=count)
        under_way -= 1
        contoso.clock.at += timedelta(seconds=1)
        for answer in filter(None, answers):
            row = next(row for row in [await phone.row() for phone in phones] if row.id == answer.enrollment_id)
            assert row.last_checkin_at is not None
            moments.setdefault(row.id, []).append(row.last_checkin_at)
        return answers

    monkeypatch.setattr(database, "run_alone", counted)
    monkeypatch.setattr(database, "run_alone_now", lambda _work, *, count: None)  # as while another transaction runs

    async def come(phone: AndroidInProcess, after: int) -> None:
        for _ in range(after):
            await asyncio.sleep(0)
        await phone.check_in()

    await asyncio.gather(*(come(phone, place * 3) for place, phone in enumerate(phones * 3)))
    assert most == (1 if database.is_sqlite else 2)
    assert {device: len(times) for device, times in moments.items()} == {phone.enrollment_id: 3 for phone in phones}
    for times in moments.values():
        assert times == sorted(set(times))
    assert [await phone.plans() for phone in phones] == plans, "each was quiet"


async def test_of_many_changes_of_a_tenant_the_database_has_a_few_at_a_time(contoso: Contoso) -> None:
    """On SQLite all transactions are one after the other anyway."""
    under_way: list[int] = []
    most = 0

    def change(_tx: Transaction, number: int) -> None:
        nonlocal most
        under_way.append(number)
        most = max(most, len(under_way))
        time.sleep(0.01)
        under_way.remove(number)

    runner = contoso.emulator.runner
    await asyncio.gather(*(runner.run_in_turn(contoso.tenant, change, number) for number in range(8)))
    assert most == (1 if runner.database.is_sqlite else 3)


async def test_a_change_that_fails_or_is_given_up_lets_the_next_one_begin(contoso: Contoso) -> None:
    def fails(_tx: Transaction) -> None:
        raise Invalid("no")

    run = contoso.emulator.runner.run_in_turn
    refused = await asyncio.gather(*(run(contoso.tenant, fails) for _ in range(4)), return_exceptions=True)
    assert {type(base_exception) for base_exception in refused} == {Invalid}
    given_up = [asyncio.ensure_future(run(contoso.tenant, lambda _tx: None)) for _ in range(4)]
    await asyncio.sleep(0)
    for task in given_up:
        task.cancel()
    await asyncio.gather(*given_up, return_exceptions=True)
    assert await run(contoso.tenant, lambda _tx: "done") == "done"
