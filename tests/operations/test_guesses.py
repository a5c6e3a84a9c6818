"""The brake on guessed passwords: those of one address wait, everybody else is answered at once."""

from __future__ import annotations

import asyncio

import pytest

from fauxtune.core.errors import Unavailable
from fauxtune.operations.runtime.guesses import Guesses


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that wrong passwords waited."""
    seen: list[float] = []

    async def sleep(seconds: float) -> None:
        seen.append(seconds)

    monkeypatch.setattr("fauxtune.operations.runtime.guesses.asyncio.sleep", sleep)
    return seen


async def test_after_ten_wrong_passwords_each_further_one_waits_longer_up_to_a_bound(waits: list[float]) -> None:
    brake = Guesses()
    for _ in range(30):
        await brake.wrong("10.0.0.7", tenant="class-01")
    assert [round(wait, 1) for wait in waits] == [*(number / 5 for number in range(1, 11)), *([2.0] * 10)]
    for source, tenant in (("10.0.0.8", "class-01"), ("10.0.0.7", "class-02")):
        await brake.wrong(source, tenant=tenant)
    assert len(waits) == 20, "another address, and another tenant, are answered at once"


async def test_who_guesses_in_parallel_is_refused_and_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    brake, gate = Guesses(), asyncio.Event()

    async def sleep(_seconds: float) -> None:
        await gate.wait()

    for _ in range(10):
        await brake.wrong("10.0.0.7")
    with monkeypatch.context() as patched:
        patched.setattr("fauxtune.operations.runtime.guesses.asyncio.sleep", sleep)
        waiting = [asyncio.ensure_future(brake.wrong("10.0.0.7")) for _ in range(8)]
        await _turn()
        with pytest.raises(Unavailable, match="Too many wrong passwords"):
            brake.check("10.0.0.7")
        brake.check("10.0.0.8")
        brake.check("10.0.0.7", tenant="class-01")
        gate.set()
        await asyncio.gather(*waiting)
    brake.check("10.0.0.7")


async def _turn() -> None:
    """Let the other tasks begin."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[None] = loop.create_future()
    loop.call_soon(future.set_result, None)
    await future


async def test_the_addresses_that_are_remembered_have_a_bound(waits: list[float]) -> None:
    brake = Guesses()
    for number in range(2_500):
        await brake.wrong(f"10.0.{number // 250}.{number % 250}")
    assert len(brake._wrong) == 2_000
    assert waits == []
