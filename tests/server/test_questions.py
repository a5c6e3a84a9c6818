"""What one process asks the others that share its database: all of them, or the one that leads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from sqlalchemy import select

from fauxtune.connector.keypool import KeyRing
from fauxtune.core.errors import Unavailable
from fauxtune.operations.runtime.emulator import Emulator, Others
from fauxtune.server.neighbours import Neighbours
from fauxtune.storage import migrate
from fauxtune.storage.database import Connection, Database
from fauxtune.storage.process_lock import Ownership
from fauxtune.storage.tables import process_messages
from tests.support.tenant import open_tenant, reopen_tenant


@dataclass
class Process:
    """One of two. What it is asked it answers once it may."""

    name: str
    emulator: Emulator
    ownership: Ownership
    may_answer: asyncio.Event
    answered: int = 0

    @property
    def others(self) -> Others:
        assert self.emulator.others is not None
        return self.emulator.others

    async def answer(self, content: bytes) -> bytes:
        await self.may_answer.wait()
        self.answered += 1
        if content == b"broken":
            raise ValueError("it cannot be done")
        return f"{self.name} has heard {content.decode()}".encode()


@pytest.fixture
async def both(
    postgresql_url: str, tmp_path: Path, *, rsa_keys: KeyRing, raw_rsa_keys: list[RSAPrivateKey]
) -> AsyncIterator[tuple[Process, Process]]:
    """Two processes, of which the first leads."""
    databases = [Database(postgresql_url, shared=True) for _ in range(2)]
    await asyncio.to_thread(migrate.upgrade, databases[0])
    here = await open_tenant(databases[0], tmp_path, keys=rsa_keys, raw_keys=raw_rsa_keys)
    there = await reopen_tenant(here, databases[1], tmp_path)
    processes = []
    async with AsyncExitStack() as held:
        for name, contoso, database in zip(("one", "two"), (here, there), databases, strict=True):
            process = Process(name, contoso.emulator, Ownership(database, owner=name), asyncio.Event())
            process.may_answer.set()
            processes.append(process)
            process.ownership.take()
            held.callback(process.ownership.release)
            process.emulator.leads = process.ownership.lead()
            neighbours = Neighbours(process.emulator, sender=name, answerers={"topic": process.answer})
            await held.enter_async_context(neighbours.heard())
        first, second = processes
        while not await first.others.ask_all("topic", b"are you there"):
            pass  # it does not listen yet
        while not await second.others.ask_all("topic", b"are you there"):
            pass
        yield first, second
    for database in databases:
        database.close()


async def stored(process: Process) -> list[bytes]:
    """Return the contents of all messages."""

    def read(connection: Connection) -> list[bytes]:
        return list(connection.execute(select(process_messages.c.content)).scalars())

    return await process.emulator.runner.read(read)


async def test_all_others_answer_and_nothing_stays_in_the_database(both: tuple[Process, Process]) -> None:
    first, second = both
    assert await first.others.ask_all("topic", b"x") == [b"two has heard x"]
    assert await second.others.ask_all("topic", b"y") == [b"one has heard y"]
    assert await first.others.ask_all("topic", b"broken") == []
    assert await first.others.ask_all("another topic", b"x") == []
    assert await stored(first) == []


async def test_what_is_asked_is_sealed(both: tuple[Process, Process]) -> None:
    first, second = both
    second.may_answer.clear()
    asking = asyncio.create_task(first.others.ask_all("topic", b"a secret"))
    while not (contents := await stored(first)):
        await asyncio.sleep(0.01)
    assert b"secret" not in contents[0]
    second.may_answer.set()
    assert await asking == [b"two has heard a secret"]


async def test_the_one_that_leads_answers_once(both: tuple[Process, Process]) -> None:
    first, second = both
    first.answered = 0
    first.may_answer.clear()
    asking = asyncio.create_task(second.others.ask_leader("topic", b"x", seconds=30))
    await asyncio.sleep(2.5)  # meanwhile the question is told again
    first.may_answer.set()
    assert await asking == b"one has heard x"
    assert first.answered == 1
    with pytest.raises(Unavailable, match="its log says why"):
        await second.others.ask_leader("topic", b"broken", seconds=30)
    first.may_answer.clear()
    with pytest.raises(Unavailable, match=r"has not answered within 0\.5 seconds"):
        await second.others.ask_leader("topic", b"x", seconds=0.5)


async def test_who_waits_for_a_leader_that_ends_is_told(both: tuple[Process, Process]) -> None:
    first, second = both
    first.may_answer.clear()
    asking = asyncio.create_task(second.others.ask_leader("topic", b"x", seconds=30))
    await asyncio.sleep(0.5)
    first.ownership.release()
    with pytest.raises(Unavailable, match="has ended before it answered"):
        await asking
    # Now it leads itself, and answers itself once it notices.
    assert second.ownership.lead()
    asking = asyncio.create_task(second.others.ask_leader("topic", b"x", seconds=30))
    await asyncio.sleep(0.5)
    second.emulator.leads = True
    assert await asking == b"two has heard x"
