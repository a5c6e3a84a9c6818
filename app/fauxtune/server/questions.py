"""What one process asks the others that share its database: rows of PostgreSQL, told by NOTIFY.

Each answers from its own memory. Questions and answers are sealed (AES-GCM) under a key that all processes have: what
was recorded, and private keys of simulated devices, enter no database in clear.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fauxtune.core.errors import DatabaseUnavailable, Unavailable
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.storage import process_lock
from fauxtune.storage.announcements import Announcement
from fauxtune.storage.queries import processes
from fauxtune.storage.rows.sharing import ProcessMessageRow

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

log = logging.getLogger(__name__)


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
