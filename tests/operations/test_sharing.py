"""Two processes on one PostgreSQL database: what one writes, the next request at the other sees."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fauxtune.connector.keypool import KeyRing
from fauxtune.core.errors import DatabaseUnavailable, NotFound, Unauthenticated
from fauxtune.core.faults.effects import Room
from fauxtune.core.faults.matching import Occasion
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.directory import applications, changes
from fauxtune.operations.runtime import fault_hits
from fauxtune.operations.runtime.access_tokens import Principal
from fauxtune.operations.runtime.faults import strikes
from fauxtune.operations.runtime.runner import Looks
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.tenants import faults, tenants
from fauxtune.operations.tenants.deletion import dissolve_tenant
from fauxtune.storage.database import Database
from fauxtune.storage.queries import logs
from tests.support.statements import statements
from tests.support.tenant import Contoso, device_in, open_tenant, reopen_tenant

Pair = tuple[Contoso, Contoso]


@pytest.fixture
async def both(
    urls: dict[str, str], tmp_path: Path, *, rsa_keys: KeyRing, raw_rsa_keys: list[RSAPrivateKey]
) -> AsyncIterator[Pair]:
    """The tenant at two processes, which have a folder of keys in common."""
    databases = [Database(urls["postgresql"], shared=True) for _ in range(2)]
    here = await open_tenant(databases[0], tmp_path, keys=rsa_keys, raw_keys=raw_rsa_keys)
    yield here, await reopen_tenant(here, databases[1], tmp_path)
    for database in databases:
        database.close()


async def seen(contoso: Contoso) -> Tenant:
    """Return the tenant as a request finds it."""
    return await contoso.emulator.runner.tenant(contoso.tenant.name)


async def test_settings_and_clock_are_seen_at_the_other_process(both: Pair) -> None:
    here, there = both
    for number in range(3):
        assert await seen(there) == await seen(here)
        await here.do(tenants.change_settings, {"requireTrustedRoot": bool(number % 2)})
        assert (await seen(there)).setting("requireTrustedRoot") is bool(number % 2)
    before = there.emulator.runner.now(there.tenant)
    await there.do(tenants.advance_clock, timedelta(days=3), system_now=there.clock.now())
    await seen(here)
    assert here.emulator.runner.now(here.tenant) == before + timedelta(days=3)


async def test_what_both_change_at_once_is_the_same_at_both_afterwards(both: Pair) -> None:
    here, there = both
    for _ in range(10):
        await asyncio.gather(
            *(
                contoso.do(tenants.advance_clock, timedelta(hours=1), system_now=here.clock.now())
                for contoso in both * 2
            )
        )
        assert (await seen(here)).clock == (await seen(there)).clock
    assert (await seen(here)).clock.offset == timedelta(hours=40)


async def test_a_device_plans_with_a_profile_that_the_other_process_was_given(both: Pair) -> None:
    here, there = both
    await here.switch(requireTrustedRoot=False)
    phone = await here.enroll("alice")
    away = device_in(there, phone)
    await away.check_in()  # which makes the other process remember that there are no profiles
    await here.pkcs_profile()
    await away.settle()
    assert await away.states() == {"pkcs": "installed"}
    await there.pkcs_profile()
    await phone.check_in()
    assert len(await phone.ledger()) == 2


async def test_a_quiet_check_in_is_one_statement_and_notices_the_clock_of_the_other_process(both: Pair) -> None:
    here, there = both
    await here.switch(requireTrustedRoot=False)
    await here.pkcs_profile()
    phone = await here.enroll("alice")
    away = device_in(there, phone)
    await away.settle()
    await away.check_in()
    with statements(there.emulator) as sent:
        await away.check_in()
    assert len(sent) == 1
    plans = await phone.plans()
    await here.do(tenants.advance_clock, timedelta(days=400), system_now=here.clock.now())
    await away.check_in()
    assert await phone.plans() > plans, "its certificate is due for renewal"
    assert (await phone.row()).last_checkin_at == here.emulator.runner.now(here.tenant)


async def test_only_a_change_of_what_is_remembered_makes_the_other_process_read_again(both: Pair) -> None:
    here, there = both
    phone = await here.enroll("alice")
    await phone.settle()
    await seen(there)
    with statements(there.emulator) as sent:
        await phone.check_in()
        await seen(there)
    assert len(sent) == 1
    await here.pkcs_profile()
    with statements(there.emulator) as sent:
        await seen(there)
        read = len(sent)
        await seen(there)
    assert (read > 1, len(sent) - read) == (True, 1)


async def test_answers_are_kept_until_any_process_writes(both: Pair) -> None:
    here, there = both
    cache, database, key = there.emulator.answer_cache, there.emulator.runner.database, ("question",)
    await seen(there)
    cache.put(key, b"answer", state=database.state)
    await seen(there)
    assert cache.get(key) == b"answer"
    await here.enroll("alice")
    await seen(there)
    assert cache.get(key) is None


async def test_tokens_of_an_application_end_that_another_process_deletes(both: Pair) -> None:
    here, there = both
    row, _secret = await here.do(applications.add_application, applications.NewApplication(name="console"))
    caller = Principal(here.tenant.id, row.client_id, None, permissions=frozenset(), expires_at=0)
    runner, tokens = there.emulator.runner, there.emulator.tokens
    await seen(there)
    await tokens.check_application(caller, runner=runner)
    await here.do(applications.delete_application, row.client_id)
    await seen(there)
    with pytest.raises(Unauthenticated):
        await tokens.check_application(caller, runner=runner)


async def test_fault_rules_act_at_all_processes(both: Pair) -> None:
    here, there = both
    new = faults.NewFault({"effect": {"status": 503}})
    (row,) = await here.do(faults.add_faults, new=[new])
    await seen(there)
    known = there.emulator.faults.of(there.tenant.id)
    assert known is not None
    assert [live.row.id for live in known.rules] == [row.id]
    await there.do(faults.delete_fault, row.id)
    await seen(here)
    assert here.emulator.faults.of(here.tenant.id) is None


async def test_a_rule_counts_over_all_processes_and_what_is_rolled_back_does_not_count(both: Pair) -> None:
    here, there = both
    rules: list[dict[str, Any]] = [
        {"effect": {"status": 503}, "when": {"next": 3}},
        {"effect": {"kind": "crlExpired"}, "when": {"every": 2}},
    ]
    await here.do(faults.add_faults, new=[faults.NewFault(rule) for rule in rules])
    await seen(there)

    async def strikes_request(contoso: Contoso) -> bool:
        known = contoso.emulator.faults.of(contoso.tenant.id)
        assert known is not None
        look = await known.looked(Occasion(path="/groups"), now=contoso.clock.at, at=0, rooms=[Room.REQUEST])
        await contoso.do(fault_hits.note, look, where={})
        return bool(look.hits)

    struck = await asyncio.gather(*(strikes_request(each) for _ in range(5) for each in both))
    assert sum(struck) == 3
    tries = list[int]()

    def strikes_crl(tx: Transaction) -> bool:
        result = strikes(tx, "crlExpired")
        tries.append(1)
        if len(tries) == 1:  # a collision: the database repeats the transaction
            tx.connection.exec_driver_sql("DO $$ BEGIN RAISE EXCEPTION USING errcode = '40001'; END $$")
        return result

    assert [await each.do(strikes_crl) for each in both * 3] == [False, True] * 3
    assert [(row.matched, row.hits) for row in await here.do(faults.all_faults)] == [(10, 3), (6, 3)]


async def test_changes_are_tracked_at_all_processes_from_the_first_question_on(both: Pair) -> None:
    here, there = both
    await seen(there)
    token = await here.do(changes.begin, kind="user", select=None, among=None)
    await seen(there)
    await there.user("dora")
    log = await here.look(logs.changes_after, here.tenant.id, kind="user", after=token.seq, limit=10)
    assert [row.change for row in log] == ["created"]


async def test_a_tenant_that_another_process_deleted_is_gone(both: Pair) -> None:
    here, there = both
    await seen(there)
    await dissolve_tenant(here.emulator, here.tenant)
    with pytest.raises(NotFound):
        await seen(there)
    assert there.emulator.runner.known(there.tenant.name) is None


async def test_turns_across_processes_need_no_connection_of_those_that_transactions_have(both: Pair) -> None:
    here, there = both
    running = list[str]()

    async def take_turn(contoso: Contoso, name: str) -> None:
        async with contoso.emulator.turns.across(name):
            assert name not in running
            running.append(name)
            await seen(contoso)  # a transaction within the turn
            await asyncio.sleep(0.01)
            running.remove(name)

    # More than a process has connections, half of them at a time.
    await asyncio.gather(*(take_turn(each, f"turn {number % 20}") for each in both for number in range(40)))
    assert running == []
    # Who gives up while it waits, or while it has its turn, leaves nothing behind.
    for pause in (0, 0.001, 0.005, 0.02):
        task = asyncio.create_task(take_turn(here, "turn 1"))
        await asyncio.sleep(pause)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        running.clear()
        await take_turn(there, "turn 1")


async def test_who_is_cancelled_at_the_end_of_a_turn_gives_it_back_once_a_thread_is_free(both: Pair) -> None:
    here, there = both
    loop, ended, may_end = asyncio.get_running_loop(), asyncio.Event(), threading.Event()
    loop.set_default_executor(ThreadPoolExecutor(1))

    async def take_turn() -> None:
        async with here.emulator.turns.across("turn"):
            loop.run_in_executor(None, may_end.wait)  # the only thread is busy when the turn ends
            ended.set()

    task = asyncio.create_task(take_turn())
    await ended.wait()
    task.cancel()
    await asyncio.sleep(0.01)
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(10), there.emulator.turns.across("turn"):
        pass


async def test_looks_that_are_asked_for_at_one_time_are_one_and_begin_after_the_question(both: Pair) -> None:
    tenant, begun, may_end = both[0].tenant, list[int](), asyncio.Event()

    async def look(_tenant_id: str) -> Tenant | None:
        begun.append(len(begun))
        await may_end.wait()
        return tenant

    looks = Looks(look)
    first = [asyncio.create_task(looks.at(tenant.id)) for _ in range(5)]
    await asyncio.sleep(0.01)
    assert begun == [0]
    late = [asyncio.create_task(looks.at(tenant.id)) for _ in range(5)]
    await asyncio.sleep(0.01)
    assert begun == [0]  # the second begins when the first has ended: it shows what was written by now
    may_end.set()
    assert await asyncio.gather(*first, *late) == [tenant] * 10
    assert begun == [0, 1]


async def test_a_look_that_fails_when_all_who_waited_have_gone_is_no_defect() -> None:
    # As at the end of a process whose database went away.
    may_end, told = asyncio.Event(), list[dict[str, Any]]()

    async def look(_tenant_id: object) -> Tenant | None:
        await may_end.wait()
        raise DatabaseUnavailable("The database is away.")

    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: told.append(context))
    looks = Looks(look)
    waiting = asyncio.create_task(looks.at(TenantId("one")))
    await asyncio.sleep(0.01)
    waiting.cancel()
    await asyncio.wait([waiting])
    may_end.set()
    await asyncio.sleep(0.01)
    del waiting
    gc.collect()
    assert told == []
    with pytest.raises(DatabaseUnavailable):  # who waits is told
        await looks.at(TenantId("one"))
