"""A dry run: operations are carried out in one transaction that is always rolled back, so nothing of them stays.

No journal entry, no push, no change of the remembered tenant; ids of its own, so that the emulator's are the same
afterwards as if nothing had been tried.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import uuid
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, TypeVar

from fauxtune.core.errors import NotEmulated
from fauxtune.core.model.ids import EnrollmentId
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime.runner import Runner
from fauxtune.operations.runtime.signals import Signals
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.database import Connection, Database
from fauxtune.storage.rows.tenants import JournalRow

T = TypeVar("T")
P = ParamSpec("P")
_TOP = 1 << 158


class _RollBack(Exception):
    """Ends the transaction of a dry run."""


async def rolled_back(database: Database, work: Callable[[Connection], T]) -> T:
    """Run the work in a transaction, roll it back, and return its result. No other transaction sees its writes."""
    results: list[T] = []

    def run(connection: Connection) -> None:
        database.begin_dry_run(connection)
        results.append(work(connection))
        raise _RollBack

    with contextlib.suppress(_RollBack):
        await database.run(run)
    return results[-1]


def rolled_back_inside(connection: Connection, work: Callable[[], T]) -> T:
    """Run the work inside a transaction, roll back only its writes, and return its result."""
    point = connection.begin_nested()
    try:
        return work()
    finally:
        point.rollback()


class _DatabaseInside(Database):
    """A database seen from within one transaction: each piece of work is a part of it, whole or not at all."""

    def __init__(self, outer: Database, connection: Connection) -> None:
        # It opens nothing: the connection belongs to the transaction around it.
        self.url, self.is_sqlite, self.engine = outer.url, outer.is_sqlite, outer.engine
        self.is_shared = False  # what is read inside one transaction, nobody else changes
        self.state = object()
        self._outer = outer
        self._connection = connection

    def writes(self, connection: Connection) -> int:
        """Return the number of the transaction around it."""
        return self._outer.writes(connection)

    def configuration_writes(self, connection: Connection) -> int:
        """Return the number of the transaction around it."""
        return self._outer.configuration_writes(connection)

    async def run(self, work: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run the work at once: inside a transaction it waits for no other."""
        self.changed()
        with self._connection.begin_nested():
            return work(self._connection, *args, **kwargs)


class DryRunIds:
    """Ids that no other dry run makes: two equal ones in the database would wait for one another."""

    def __init__(self) -> None:
        self._made = 0

    def _next(self) -> bytes:
        self._made += 1
        return hashlib.sha256(f"trial/{id(self)}/{self._made}".encode()).digest()

    def uuid(self) -> str:
        """Return a new GUID."""
        return str(uuid.UUID(bytes=self._next()[:16], version=4))

    def token(self, nbytes: int = 32) -> str:
        """Return a new secret, which is sent to no client."""
        return base64.urlsafe_b64encode(self._next()[:nbytes]).rstrip(b"=").decode()

    def serial(self) -> int:
        """Return a new serial number."""
        return _TOP | int.from_bytes(self._next()[:19])


class DryRunRunner(Runner):
    """Runs operations at once on one connection. Nothing is audited: nobody would read it. `woken`: the devices that
    would plan again; `events`: the journal entries that would be written.
    """

    audits = False

    def __init__(self, runner: Runner, connection: Connection, *, tenant: Tenant) -> None:
        super().__init__(_DatabaseInside(runner.database, connection), runner.clock, ids=DryRunIds(), signals=Signals())
        self.remember(runner.current(tenant))
        self.woken: set[EnrollmentId] = set()
        self.events: list[JournalRow] = []

    def _write_down(self, _connection: Connection, tx: Transaction) -> bool:
        self.events += tx.events
        return True

    def _after(self, tx: Transaction, *, number: int) -> None:
        self.woken |= tx.woken
        if tx.tenant_changed:
            self.remember(tx.tenant)


def at_once(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that yields to others but never waits. Raises NotEmulated if it waits for something."""
    try:
        while coroutine.send(None) is None:
            pass
    except StopIteration as done:
        result: T = done.value
        return result
    coroutine.close()
    raise NotEmulated("What this request does cannot be tried: it waits for something outside the database.")
