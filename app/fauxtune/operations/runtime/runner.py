"""Runs operations: one transaction each, then the signals that they asked for.

Tenants are remembered between transactions: one process owns a database, and every change of a tenant goes through
here, so that nearly every request saves a read. A process that shares its database looks at a tenant once for each
request (`Looks`), and reads it again if its version is another one; each change of what processes remember changes it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from itertools import count
from typing import Concatenate, ParamSpec, TypeVar
from weakref import WeakValueDictionary

from fauxtune.core import chance
from fauxtune.core.clock import Clock
from fauxtune.core.errors import FauxtuneError, NotFound
from fauxtune.core.model.ids import IdSource, TenantId
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime.faults import Faults
from fauxtune.operations.runtime.marks import MarksOfTenants
from fauxtune.operations.runtime.memory import Memory
from fauxtune.operations.runtime.signals import Signals
from fauxtune.operations.runtime.tracking import Tracking
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.runtime.turns import Together, Turns
from fauxtune.storage import tenant_versions
from fauxtune.storage.database import Connection, Database
from fauxtune.storage.queries import fault_rules as fault_queries
from fauxtune.storage.queries import key_holdings as key_queries
from fauxtune.storage.queries import locks
from fauxtune.storage.queries import quiet as quiet_queries
from fauxtune.storage.queries import tenants as tenant_queries
from fauxtune.storage.queries.quiet import Contact, Quiet
from fauxtune.storage.writes import additions


class Looks:
    """Looks at tenants in the database, by a process that shares it: of those that are asked for at one time, one is
    done.

    A look that is under way may have read before the caller came, so that it does not count; the next one does, and
    serves all who came by then.
    """

    def __init__(self, look: Callable[[TenantId], Awaitable[Tenant | None]]) -> None:
        """`look` reads a tenant; None: it does not exist."""
        self._look = look
        self._turns = Turns()
        self._next: dict[TenantId, asyncio.Task[Tenant | None]] = {}

    async def at(self, tenant_id: TenantId) -> Tenant | None:
        """Return what a look that begins from now on finds."""
        following = self._next.get(tenant_id)
        if following is None:
            following = self._next[tenant_id] = asyncio.create_task(self._turn(tenant_id))
            # Who waited may have gone, as at the end of a process: then nobody asks why the look failed.
            following.add_done_callback(lambda done: done.cancelled() or done.exception())
        return await asyncio.shield(following)

    async def _turn(self, tenant_id: TenantId) -> Tenant | None:
        async with self._turns.of(tenant_id):
            del self._next[tenant_id]  # who comes from now on needs another one
            return await self._look(tenant_id)


#: The version of a tenant that is not known; no tenant has it.
_UNKNOWN = "?"
#: How many changes of one tenant PostgreSQL is given at a time: more of them would wait for one another's rows, each
#: with a thread that a check-in needs; while one waits for a device that checks in, another goes on.
_CHANGES_AT_ONCE = 3
#: How many statements of quiet check-ins PostgreSQL is given at a time: one is executed while another waits until its
#: commit is on the disk. With more of them each would answer fewer devices.
_CONTACTS_AT_ONCE = 2

T = TypeVar("T")
P = ParamSpec("P")


class Runner:
    """Runs the operations and queries of the surfaces: their only way to the database. `audits`: whether requests to
    Graph leave audit events.
    """

    audits = True

    def __init__(self, database: Database, clock: Clock, *, ids: IdSource, signals: Signals) -> None:
        self.database = database
        self.clock = clock
        self.ids = ids
        self.signals = signals
        self.faults = Faults(self._number_occasion if database.is_shared else None)
        self.tracking = Tracking()
        self.memory = Memory()
        self.marks = MarksOfTenants(database)
        #: The password that people have in place of the published one. None: the published one is good.
        self.people_password: str | None = None
        #: Are called with a tenant that another process has changed.
        self.hearers: list[Callable[[TenantId], None]] = []
        self._tenants: dict[str, Tenant] = {}
        #: By tenant: the version of what is remembered. Only in a process that shares the database.
        self._versions: dict[TenantId, str] = {}
        self._looks = Looks(self._look)
        self._contacts = Together(
            self._quiet, at_once=1 if database.is_sqlite else _CONTACTS_AT_ONCE, ask_now=self._quiet_now
        )
        self._changes: WeakValueDictionary[TenantId, asyncio.Semaphore] = WeakValueDictionary()
        # Changes of tenants are numbered while they hold the tenant: threads may come back in another order.
        self._numbers = count(1)
        self._newest: dict[str, int] = {}

    async def run(
        self, tenant: Tenant, operation: Callable[Concatenate[Transaction, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `operation(tx, ...)` in one transaction of this tenant, then send the signals that it asked for. What it
        notes for the case that it is refused is written in another one.
        """
        change = _Change(self, tenant)
        try:
            return await self._run(tenant, lambda tx: change.make(tx, lambda: operation(tx, *args, **kwargs)))
        except FauxtuneError:
            change.end()
            for write in change.on_refusal:
                await self.run(tenant, write)
            raise
        finally:
            change.end()

    async def run_in_turn(
        self, tenant: Tenant, operation: Callable[Concatenate[Transaction, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Do what `run` does, for one of many changes that administrators' programs ask for at a time: in the order in
        which they came, a few at once.
        """
        if self.database.is_sqlite:  # there all transactions are one after the other
            return await self.run(tenant, operation, *args, **kwargs)
        turn = self._changes.get(tenant.id)
        if turn is None:
            turn = self._changes[tenant.id] = asyncio.Semaphore(_CHANGES_AT_ONCE)
        async with turn:
            return await self.run(tenant, operation, *args, **kwargs)

    async def run_check_in(
        self, tenant: Tenant, operation: Callable[Concatenate[Transaction, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Do what `run` does, for an operation that changes only what belongs to one device: it uses the memory."""
        return await self._run(tenant, lambda tx: self._remembering(tx, lambda: operation(tx, *args, **kwargs)))

    async def quiet(
        self,
        tenant: Tenant,
        *,
        credential: str,
        named: tuple[str, str],
        report: str,
        now: datetime,
        new_report: str | None = None,
    ) -> Quiet | None:
        """Serve a check-in of a device of this tenant, as it is remembered, if it changes nothing: with one statement
        for all that come at one time. None: it is not quiet. Nobody is sent a signal. The arguments are a `Contact`'s.
        """
        version = self.version_of(tenant)
        contact = Contact(tenant.id, credential, named, report, now=now, version=version, new_report=new_report)
        return await self._contacts.answer(contact)

    async def as_it_is(self, tenant: Tenant) -> Tenant:
        """Return the tenant as it is by now. Raises NotFound if it does not exist any more."""
        return await self.tenant(tenant.id) if self.database.is_shared else tenant

    def _remembering(self, tx: Transaction, operation: Callable[[], T]) -> T:
        version = partial(tenant_versions.version_of, tx.connection, tx.tenant.id) if self.database.is_shared else None
        memory = tx.memory = self.memory.of(tx.tenant.id, version=version)
        writes = self.database.writes(tx.connection)
        of_configuration = self.database.configuration_writes(tx.connection)
        memory.writes_configuration = lambda: self.database.configuration_writes(tx.connection) != of_configuration
        result = operation()
        memory.wrote = self.database.writes(tx.connection) != writes
        memory.wrote_configuration = memory.writes_configuration()
        return result

    async def _run(self, tenant: Tenant, operation: Callable[[Transaction], T]) -> T:
        tx: Transaction | None = None
        number, is_new_version = 0, False

        def work(connection: Connection) -> T:
            nonlocal tx, number, is_new_version
            if tx is not None and tx.faults is not None:
                tx.faults.take_back(tx.fault_counts)  # the database repeats the transaction
            tx = self.transaction(connection, tenant)
            writes, added = self.database.configuration_writes(connection), additions(connection)
            result = operation(tx)
            is_numbered = self._write_down(connection, tx)
            if not (is_numbered or tx.holds_tenant) and additions(connection) != added:
                locks.hold_existence(connection, tx.tenant.id)
            if self.database.is_shared:
                is_new_version = self._tell(tx, writes=self.database.configuration_writes(connection) - writes)
            if tx.tenant_changed or tx.fault_rules is not None:
                number = next(self._numbers)
            return result

        before = self.database.state
        result = await self.database.run(work)
        assert tx is not None
        if tx.memory is not None:
            tx.memory.keep()
        self._after(tx, number=number)
        if is_new_version:
            self.signals.tenant_changed(tx.tenant.id)
        if self.database.state is not before:  # perhaps by another transaction: then somebody reads once too often
            self.signals.changed(tenant.id)
        return result

    async def read(self, query: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a query (or a function of several) in one transaction."""
        return await self.database.run(query, *args, **kwargs)

    async def tenant(self, key: str) -> Tenant:
        """Return the tenant with this id, name or domain, in any case. Raises NotFound if it does not exist."""
        folded = key.lower()
        known = self._tenants.get(folded)
        if known is not None:
            known = await self._looks.at(known.id) if self.database.is_shared else known
        if known is not None:
            return known
        tenant = await self.database.run(tenant_queries.tenant_by_key, folded)
        if tenant is None:
            raise NotFound(f"There is no tenant '{key}'.")
        # While the database answered, the tenant may have been changed; what is remembered is the newer.
        newest = self.current(tenant)
        self.remember(newest)
        if self.database.is_shared:
            return await self._looks.at(tenant.id) or newest
        return newest

    async def tenant_as_known(self, key: str) -> Tenant:
        """Return the tenant as it is remembered, for a caller that compares the version (`version_of`) or looks later.
        Raises NotFound if it does not exist.
        """
        return self.known(key) or await self.tenant(key)

    def version_of(self, tenant: Tenant) -> str | None:
        """Return the version of what is remembered of a tenant; None in a process that has the database for itself."""
        return self._versions.get(tenant.id, _UNKNOWN) if self.database.is_shared else None

    def known(self, key: str) -> Tenant | None:
        """Return the tenant with this id, name or domain, in any case, if it is remembered. Reads no database."""
        return self._tenants.get(key.lower())

    def transaction(self, connection: Connection, tenant: Tenant) -> Transaction:
        """Return a new transaction of this tenant, at this moment of its clock."""
        # The tenant may have been changed since the caller looked it up; its clock rules what is written now.
        current = self.current(tenant)
        return Transaction(
            connection=connection,
            tenant=current,
            now=self.now(current),
            ids=self.ids,
            system_now=self.clock.now(),
            people_password=self.people_password,
            faults=self.faults.of(current.id) if self.faults.is_on else None,
        )

    def current(self, tenant: Tenant) -> Tenant:
        """Return the tenant with its present clock and settings."""
        return self._tenants.get(tenant.id, tenant)

    def now(self, tenant: Tenant) -> datetime:
        """Return the tenant's time at this moment."""
        return self.current(tenant).clock.now(self.clock.now())

    def computer_time(self) -> float:
        """Return the computer's time, in seconds since 1970, also in work of a deterministic tenant: what clients wait
        by, and what they write into their own tokens.
        """
        with chance.repeatable(None):
            return self.clock.now().timestamp()

    async def in_use(self) -> list[Tenant]:
        """Return the tenants that somebody has used since the start; all, where processes share the database."""
        if not self.database.is_shared:
            return list({tenant.id: tenant for tenant in self._tenants.values()}.values())
        for row in await self.read(tenant_queries.all_tenants):
            if self._tenants.get(row.id) != row:
                with suppress(NotFound):  # it was deleted meanwhile
                    await self.tenant(row.id)
        return list({tenant.id: tenant for tenant in self._tenants.values()}.values())

    def remember(self, tenant: Tenant) -> None:
        """Remember the tenant under each of its names."""
        for key in (tenant.id, tenant.name, tenant.domain):
            self._tenants[key.lower()] = tenant

    def forget(self, tenant: Tenant) -> None:
        """Drop the tenant, which was deleted or changed elsewhere."""
        for key in (tenant.id, tenant.name, tenant.domain):
            self._tenants.pop(key.lower(), None)
        self._newest.pop(tenant.id, None)
        self._versions.pop(tenant.id, None)
        self.memory.forget(tenant.id)
        self.faults.forget(tenant.id)
        self.tracking.forget(tenant.id)
        self.signals.forget(tenant.id)

    def forget_all(self) -> None:
        """Drop every tenant and everything else that was read: another process may have changed it."""
        self._tenants.clear()
        self._versions.clear()
        self.memory.forget_all()
        self.marks.forget()
        self.database.changed()

    async def _quiet(self, contacts: Sequence[Contact]) -> Sequence[Quiet | None]:
        count = len(contacts) if self.database.is_sqlite else 1
        return await self.database.run_alone(lambda connection: quiet_queries.quiet(connection, contacts), count=count)

    def _quiet_now(self, contacts: Sequence[Contact]) -> Sequence[Quiet | None] | None:
        return self.database.run_alone_now(
            lambda connection: quiet_queries.quiet(connection, contacts), count=len(contacts)
        )

    async def _look(self, tenant_id: TenantId) -> Tenant | None:
        """Look at a tenant in the database; read it again if another process has changed it."""
        seen = await self.database.run(tenant_versions.seen, tenant_id)
        known = self._tenants.get(tenant_id)
        if seen is not None:
            self.database.saw(seen.snapshot)
            if known is not None and self._versions.get(tenant_id) == seen.version:
                return known
        read = None if seen is None else await self.database.run(tenant_versions.remembered, tenant_id)
        if read is None:
            if known is not None:
                self.forget(known)
        else:
            self._versions[tenant_id] = read.version
            self.remember(read.tenant)
            self.faults.put(tenant_id, read.fault_rules)
            self.tracking.put(tenant_id, is_tracked=read.is_tracked, is_subscribed=read.is_subscribed)
            if known is not None and known.clock != read.tenant.clock:
                self.signals.clock_moved(tenant_id)
        for hearer in self.hearers:
            hearer(tenant_id)
        return None if read is None else read.tenant

    def _tell(self, tx: Transaction, *, writes: int) -> bool:
        """Change the tenant's version if what processes remember of it was changed: by so many writes of its
        configuration, unless these are a check-in's, or otherwise. Return whether it was.
        """
        of_configuration = bool(writes) and tx.memory is None
        result = of_configuration or tx.tenant_changed or tx.fault_rules is not None or tx.tracking_began
        if result:
            tenant_versions.change_version(tx.connection, tx.tenant.id)
        return result

    def _number_occasion(self, tenant_id: TenantId, rule_id: str, by: int) -> int | None:  # noqa: PLR0917 - see Numbering
        return self.database.run_aside(
            lambda aside: fault_queries.number_occasion(aside, tenant_id, rule_id=rule_id, by=by)
        )

    def _write_down(self, connection: Connection, tx: Transaction) -> bool:
        """Write what the transaction has noted, last of all; return whether it was numbered, which holds the tenant."""
        is_numbered = bool(tx.events or tx.key_changes or tx.connector_events)
        if is_numbered:
            number = tenant_queries.add_events(
                connection,
                tx.tenant.id,
                events=tx.events,
                connector_events=tx.connector_events,
                numbered=bool(tx.key_changes),
            )
            if tx.key_changes:
                key_queries.write_key_changes(
                    connection, tx.tenant.id, changes=tx.key_changes, number=number, at=tx.now
                )
        has_number = self.database.is_shared
        for looked in tx.fault_counts:
            at = tx.now if looked.is_hit else None
            if looked.is_hit or not has_number:
                fault_queries.count_occasion(
                    connection, tx.tenant.id, rule_id=looked.rule_id, hit_at=at, has_number=has_number
                )
        self.tracking.write_down(tx)
        return is_numbered

    def _after(self, tx: Transaction, *, number: int) -> None:
        if tx.tenant_changed or tx.fault_rules is not None:
            # Another process may have changed the tenant since the commit: then what follows is not the newest.
            self._versions.pop(tx.tenant.id, None)
        if tx.tenant_changed:
            if number > self._newest.get(tx.tenant.id, 0):
                self._newest[tx.tenant.id] = number
                self.remember(tx.tenant)
            # A request may have read since the commit, and still with the tenant as it was.
            self.database.changed()
            self.signals.clock_moved(tx.tenant.id)
        if tx.fault_rules is not None:
            self.faults.put(tx.tenant.id, tx.fault_rules, number=number)
        if tx.events:
            self.marks.grew(tx.tenant.id, events=tx.events)
            self.signals.journal_grew(tx.tenant.id)
        if tx.connector_events:
            self.signals.connector_log_grew(tx.tenant.id)
        if tx.connectors_called:
            self.signals.call_connectors(tx.tenant.id)
        if tx.notifies:
            self.signals.notify()
        for enrollment in tx.woken:
            self.signals.wake(enrollment)


class _Change:
    """A transaction that may change what check-ins remember of a tenant, from its first statement until its end."""

    def __init__(self, runner: Runner, tenant: Tenant) -> None:
        self._memory = runner.memory
        self._database = runner.database
        self._tenant_id = tenant.id
        self._has_begun = False
        self._wrote = self._wrote_configuration = False
        self.on_refusal: list[Callable[[Transaction], None]] = []

    def make(self, tx: Transaction, operation: Callable[[], T]) -> T:
        """Run the operation, for the first time or again."""
        if not self._has_begun:
            self._has_begun = True
            self._memory.begin_change(self._tenant_id)
        before = self._counts(tx)
        self.on_refusal = tx.on_refusal
        result = operation()
        writes, of_configuration = self._counts(tx)
        self._wrote |= writes != before[0]
        self._wrote_configuration |= of_configuration != before[1] or tx.tenant_changed
        return result

    def end(self) -> None:
        """End it, after the commit or without one."""
        if self._has_begun:
            self._has_begun = False
            self._memory.end_change(self._tenant_id, wrote=self._wrote, configuration=self._wrote_configuration)

    def _counts(self, tx: Transaction) -> tuple[int, int]:
        return self._database.writes(tx.connection), self._database.configuration_writes(tx.connection)
