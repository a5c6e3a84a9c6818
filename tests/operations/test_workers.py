"""Threads that tenants share, and how long a check-in waits for files that somebody else has made."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from threading import Event, current_thread

import pytest

from fauxtune.operations.runtime import turns
from fauxtune.operations.runtime.turns import Workers
from tests.support.hostile_der import slow_file
from tests.support.tenant import Contoso

pytestmark = pytest.mark.both_databases

SECONDS = 30


class Line:
    """Work that waits until it is let go, and notes the order in which it was done."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.begun = Event()
        self.go = Event()

    def work(self, name: str) -> Callable[[], None]:
        def do() -> None:
            self.begun.set()
            assert self.go.wait(SECONDS)
            self.done.append(name)

        return do


def test_tenants_take_turns_however_much_one_of_them_wants() -> None:
    pool, line = Workers(1), Line()
    futures = [pool.submit("a", line.work(f"a{number}")) for number in range(4)]
    assert line.begun.wait(SECONDS)
    futures += [pool.submit("b", line.work(f"b{number}")) for number in range(2)]
    futures += [pool.submit("c", line.work("c0"))]
    line.go.set()
    for future in futures:
        future.result(SECONDS)
    assert line.done == ["a0", "a1", "b0", "c0", "a2", "b1", "a3"]


def test_no_tenant_holds_more_threads_than_its_share() -> None:
    pool, mine, others = Workers(2, share=1), Line(), Line()
    others.go.set()
    futures = [pool.submit("a", mine.work(f"a{number}")) for number in range(8)]
    assert mine.begun.wait(SECONDS)
    for number in range(3):
        pool.submit("b", others.work(f"b{number}")).result(SECONDS)
    assert (mine.done, others.done) == ([], ["b0", "b1", "b2"])
    mine.go.set()
    for future in futures:
        future.result(SECONDS)
    assert mine.done == [f"a{number}" for number in range(8)]


def test_threads_take_the_next_work_and_end_when_none_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    lasting = Workers(2)
    # A thread gives its result before it waits for more: meanwhile a second one may begin.
    assert len({lasting.submit("a", current_thread).result(SECONDS) for _ in range(20)}) <= 2
    monkeypatch.setattr(turns, "_IDLE_SECONDS", 0.01)
    ending = Workers(2).submit("a", current_thread).result(SECONDS)
    ending.join(SECONDS)
    assert not ending.is_alive()


def test_work_that_was_cancelled_is_not_begun() -> None:
    pool, line = Workers(1), Line()
    first, *rest = (pool.submit("a", line.work(f"a{number}")) for number in range(3))
    assert line.begun.wait(SECONDS)
    assert rest[0].cancel()
    assert not first.cancel(), "it has begun"
    line.go.set()
    rest[1].result(SECONDS)
    assert line.done == ["a0", "a2"]


def test_an_error_of_the_work_is_its_result_and_the_next_work_is_done() -> None:
    pool = Workers(1)
    broken = pool.submit("a", lambda: 1 // 0)
    assert pool.submit("a", lambda: "well").result(SECONDS) == "well"
    with pytest.raises(ZeroDivisionError):
        broken.result(SECONDS)


async def test_a_file_that_was_not_begun_in_time_comes_with_the_next_check_in(contoso: Contoso) -> None:
    profile = await contoso.imported_profile()
    mark = await contoso.import_pfx("alice")
    phone = await contoso.enroll("alice")
    line, contoso.emulator.patience = Line(), 0.05
    before = contoso.emulator.openers.submit(contoso.tenant.id, line.work("somebody's before"))
    await phone.check_in()
    assert await phone.states() == {f"imported/{mark}": "wanted"}
    line.go.set()
    await asyncio.wrap_future(before)
    contoso.emulator.patience = SECONDS
    await phone.settle()
    assert await phone.states() == {f"imported/{mark}": "installed"}
    status = await contoso.status(phone, profile)
    assert status is not None
    assert status.status == "compliant"


async def test_a_file_that_does_not_end_in_time_is_refused_in_words(contoso: Contoso) -> None:
    profile = await contoso.imported_profile()
    slow = base64.b64encode(slow_file(1, rounds=1_000_000)).decode()
    mark = await contoso.import_pfx("alice", encryptedPfxBlob=slow)
    phone = await contoso.enroll("alice")
    contoso.emulator.patience = 0.02
    await phone.check_in()
    assert await phone.states() == {f"imported/{mark}": "failed"}
    status = await contoso.status(phone, profile)
    assert status is not None
    assert "takes longer than 0.02 seconds to open" in str(status.message)


def test_threads_that_wait_for_work_end_when_they_are_asked_to() -> None:
    threads = Workers(2)
    waiting = threads.submit("a", current_thread).result(SECONDS)
    threads.end()
    waiting.join(2)
    assert not waiting.is_alive()
    assert threads.submit("a", lambda: 1).result(SECONDS) == 1
