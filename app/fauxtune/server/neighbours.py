"""The other processes that share the database: what they announce is heard, what happens here is told to them.

Announcements are PostgreSQL's (storage.announcements). Where they begin, or begin again, everything is read again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, closing, suppress
from typing import Any

from fauxtune.core.errors import DatabaseUnavailable, NotFound
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.server import Superseded, bootstrap
from fauxtune.server.questions import Answerer, Questions
from fauxtune.storage import migrate
from fauxtune.storage.announcements import Announcement, Announcements
from fauxtune.storage.database import Connection, Database
from fauxtune.storage.process_lock import Ownership
from fauxtune.storage.queries import authorities

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
