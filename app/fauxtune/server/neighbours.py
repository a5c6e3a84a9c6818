"""The other processes that share the database: what they tell one another, and ask one another.

Signals are PostgreSQL's (`storage.process_signals`). Where they begin, or begin again, everything is read again.

Questions to the others are rows of PostgreSQL, told by NOTIFY. Each process answers from its own memory. Questions and
answers are sealed (AES-GCM) under a key that all processes have: what was recorded, and private keys of simulated
devices, enter no database in clear.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fauxtune.core.errors import DatabaseUnavailable, NotFound, Unavailable
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.server import Superseded, bootstrap
from fauxtune.storage import migrate, process_lock
from fauxtune.storage.database import Connection, Database
from fauxtune.storage.process_lock import Ownership
from fauxtune.storage.process_signals import Announcement, Announcements
from fauxtune.storage.queries import authorities, processes
from fauxtune.storage.rows.tenants import ProcessMessageRow

#: The announcement of a process that is about to change the schema; its name is the revision.
_MIGRATION = "migration"
#: Announcements that wait to be sent: with more, the oldest are lost, as with a connection.
_MOST_WAITING = 10_000

log = logging.getLogger(__name__)


class Neighbours:
    """The other processes, as one process meets them."""

    def __init__(self, emulator: Emulator, *, sender: str, answerers: Mapping[str, Answerer] = {}) -> None:
        """`answerers`: what answers the questions of others, by topic."""
        self._emulator = emulator
        self._announcements = Announcements(emulator.runner.database, sender=sender)
        self._loop = asyncio.get_running_loop()
        #: What is to be told: each topic and name once.
        self._waiting: dict[tuple[str, str], float] = {}
        self._is_waiting = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._superseded = asyncio.Event()
        self._revision = ""
        self._questions = Questions(emulator, tell=self._tell, keep=self._keep, answerers=answerers)

    @asynccontextmanager
    async def heard(self) -> AsyncIterator[None]:
        """Hear and tell while the block runs."""
        signals = self._emulator.signals
        signals.tell, self._emulator.others = self._tell, self._questions
        self._keep(self._send())
        self._announcements.listen(
            lambda sender, every: self._soon(lambda: self._hear(sender, every)),
            connected=lambda: self._soon(self._begin),
        )
        try:
            yield
        finally:
            signals.tell = self._emulator.others = None
            self._announcements.close()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def pause(self, seconds: float) -> None:
        """Wait. Raises Superseded if a newer version of the program is about to change the schema."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._superseded.wait(), seconds)
            raise Superseded(
                f"A newer Fauxtune brings the database to revision {self._revision}; this one knows "
                f"{migrate.newest_revision()}, and stops. Start the newer one in its place."
            )

    def _soon(self, work: Any) -> None:
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(work)

    def _begin(self) -> None:
        self._emulator.signals.hear_all()
        self._keep(self._read_again())

    def _hear(self, sender: str, announcements: Sequence[Announcement]) -> None:
        for announcement in announcements:
            topic, name, _ = announcement
            if topic == "tenant":
                self._keep(self._look(TenantId(name)))
            elif topic == _MIGRATION:
                if name > migrate.newest_revision():
                    self._revision = name
                    self._superseded.set()
            elif not self._questions.hear(announcement):
                self._emulator.signals.hear(sender, announcement)

    def _tell(self, announcement: Announcement) -> None:
        topic, name, seconds = announcement
        if len(self._waiting) >= _MOST_WAITING:
            del self._waiting[next(iter(self._waiting))]
        self._waiting[topic, name] = seconds
        self._is_waiting.set()

    async def _send(self) -> None:
        while True:
            await self._is_waiting.wait()
            self._is_waiting.clear()
            batch, self._waiting = self._waiting, {}
            every = [(topic, name, seconds) for (topic, name), seconds in batch.items()]
            await asyncio.to_thread(self._announcements.send, every)

    async def _look(self, tenant_id: TenantId) -> None:
        """Read again what is remembered of a tenant, which another process has changed, or made, or deleted."""
        with suppress(NotFound, DatabaseUnavailable):
            tenant = await self._emulator.runner.tenant(tenant_id)
            row = await self._emulator.runner.read(_device_authority, tenant)
            if row is not None:
                self._emulator.admit_device_authority(row)

    async def _read_again(self) -> None:
        with suppress(DatabaseUnavailable):  # the connection begins once more, and this with it
            await bootstrap.read_again(self._emulator)

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _device_authority(connection: Connection, tenant: Tenant) -> bytes | None:
    row = authorities.authority(connection, tenant.id, name="devices")
    return None if row is None else row.certificate


def bring_up_to_date(database: Database, ownership: Ownership) -> None:
    """Bring the schema of a shared database up to date, once all older processes have left, which are asked to. Raises
    Conflict if the schema is a newer one, or an older process stays. Blocks.
    """

    def is_current() -> bool:
        with database.engine.connect() as connection:
            return migrate.is_current(connection)

    if is_current():
        return
    announcements = Announcements(database, sender="")
    message = [(_MIGRATION, migrate.newest_revision(), 0.0)]
    with (
        closing(announcements),
        ownership.alone(ask=lambda: announcements.send(message), until=is_current) as alone,
    ):
        if alone:
            migrate.upgrade(database)


#: Answers the questions of one topic.
Answerer = Callable[[bytes], Awaitable[bytes]]

_ASKED, _LEADER_ASKED, _ANSWERED = "asked", "leader asked", "answered"
#: Seconds that the answers of all are waited for, and that a leader is waited for where none leads; and after which a
#: question to the leader is told once more, since what is told may be lost.
_PATIENCE, _UNTIL_SOMEBODY_LEADS, _LOOK = 2.0, 15.0, 1.0
_PAUSE = 0.25
_NONCE = 12
#: The last questions that were answered: what is told twice is done once.
_MOST_KNOWN = 1000
_DONE, _FAILED = b"\x01", b"\x00"


@dataclass(slots=True)
class _Waiting:
    """Who asked. `count`: how many answers were told."""

    id: str
    count: int = 0
    signal: asyncio.Event = field(default_factory=asyncio.Event)

    async def come(self, count: int, *, seconds: float) -> bool:
        """Wait for so many answers, or until the time is over; return whether they were told."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.count < count:
                    self.signal.clear()
                    await self.signal.wait()
        return self.count >= count


class Questions:
    """The questions of one process, and its answers to those of others."""

    def __init__(
        self,
        emulator: Emulator,
        *,
        tell: Callable[[Announcement], None],
        keep: Callable[[Coroutine[Any, Any, None]], None],
        answerers: Mapping[str, Answerer],
    ) -> None:
        """`tell` announces something to the others; `keep` runs a task as long as these are heard."""
        assert emulator.session_secret is not None
        self._emulator = emulator
        self._run = emulator.runner.database.run_alone
        self._tell, self._keep, self._answerers = tell, keep, answerers
        self._cipher = AESGCM(hashlib.sha256(b"questions\n" + emulator.session_secret).digest())
        self._waiting: dict[str, _Waiting] = {}
        self._known: dict[str, None] = {}

    async def ask_all(self, topic: str, content: bytes) -> list[bytes]:
        """Ask every other process, and return what they answer; those that do not answer soon are left out."""
        others = await self._run(process_lock.sharers) - 1
        if others < 1:
            return []
        async with self._asking(topic, content) as waiting:
            self._tell((_ASKED, waiting.id, 0))
            if not await waiting.come(others, seconds=_PATIENCE):
                log.warning("Of %s other processes %s have answered '%s'.", others, waiting.count, topic)
            return [answer[1:] for answer in await self._answers(waiting) if answer[:1] == _DONE]

    async def ask_leader(self, topic: str, content: bytes, *, seconds: float) -> bytes:
        """Ask the process that leads. Raises Unavailable if none leads, or if it does not answer."""
        loop = asyncio.get_running_loop()
        ends, leader = loop.time() + seconds, await self._leader()
        async with self._asking(topic, content) as waiting:
            answers: list[bytes] = []
            while not answers:
                if loop.time() >= ends:
                    raise Unavailable(f"The process that leads has not answered within {seconds:g} seconds.")
                if waiting.count == 0 and await self._run(process_lock.leader) != leader:
                    raise Unavailable("The process that led has ended before it answered. Try again.")
                if self._emulator.leads:  # this one leads, and had not noticed yet
                    return await self._answerers[topic](content)
                self._tell((_LEADER_ASKED, waiting.id, 0))
                await waiting.come(1, seconds=_LOOK)
                answers = await self._answers(waiting)
        if answers[0][:1] != _DONE:
            raise Unavailable("The process that leads could not do this; its log says why.")
        return answers[0][1:]

    def hear(self, announcement: Announcement) -> bool:
        """Take in what another process has told, if it is about questions; return whether it is."""
        topic, name, _ = announcement
        if topic == _ANSWERED:
            waiting = self._waiting.get(name)
            if waiting is not None:
                waiting.count += 1
                waiting.signal.set()
        elif (topic == _ASKED or (topic == _LEADER_ASKED and self._emulator.leads)) and name not in self._known:
            self._known[name] = None
            if len(self._known) > _MOST_KNOWN:
                del self._known[next(iter(self._known))]
            self._keep(self._answer(name))
        return topic in {_ASKED, _LEADER_ASKED, _ANSWERED}

    async def _leader(self) -> int:
        for _ in range(int(_UNTIL_SOMEBODY_LEADS / _PAUSE)):
            leader = await self._run(process_lock.leader)
            if leader is not None:
                return leader
            await asyncio.sleep(_PAUSE)
        raise Unavailable("None of the processes that share the database leads. Try again.")

    @asynccontextmanager
    async def _asking(self, topic: str, content: bytes) -> AsyncIterator[_Waiting]:
        """Store a question while the block runs."""
        waiting = _Waiting(self._emulator.runner.ids.uuid())
        message = topic.encode() + b"\n" + content
        await self._run(partial(_put, processes.ask, row=self._row(waiting.id, waiting.id, message)))
        self._waiting[waiting.id] = waiting
        try:
            yield waiting
        finally:
            del self._waiting[waiting.id]
            with suppress(DatabaseUnavailable):
                now = self._emulator.runner.clock.now()
                await self._run(lambda connection: processes.remove(connection, waiting.id, now=now))

    async def _answers(self, waiting: _Waiting) -> list[bytes]:
        rows = await self._run(lambda connection: processes.answers(connection, waiting.id))
        return [self._unsealed(row, question=waiting.id) for row in rows]

    async def _answer(self, question: str) -> None:
        """Answer a question, unless nobody waits for the answer any more."""
        with suppress(DatabaseUnavailable):
            sealed = await self._run(lambda connection: processes.question(connection, question))
            if sealed is None:
                return
            topic, _, content = self._unsealed(sealed, question=question).partition(b"\n")
            answerer = self._answerers.get(topic.decode())
            if answerer is None:  # of another version of the program
                return
            try:
                answer = _DONE + await answerer(content)
            except Exception:
                log.exception("A question of another process, '%s', could not be answered.", topic.decode())
                answer = _FAILED
            row = self._row(self._emulator.runner.ids.uuid(), question, answer)
            await self._run(partial(_put, processes.answer, row=row))
            self._tell((_ANSWERED, question, 0))

    def _row(self, message_id: str, question: str, content: bytes) -> ProcessMessageRow:  # noqa: PLR0917
        nonce = os.urandom(_NONCE)
        sealed = nonce + self._cipher.encrypt(nonce, content, question.encode())
        return ProcessMessageRow(message_id, question, sealed, self._emulator.runner.clock.now())

    def _unsealed(self, content: bytes, *, question: str) -> bytes:
        return self._cipher.decrypt(content[:_NONCE], content[_NONCE:], question.encode())


def _put(write: Callable[..., None], connection: Any, *, row: ProcessMessageRow) -> None:
    write(connection, row)
