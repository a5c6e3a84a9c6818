"""What time alone changes in the compliance of devices: the end of grace and of tolerated errors, scheduled actions,
the contact with devices that stay away, and users who are gone.

Whoever moves a tenant's clock calls `catch_up`, and the server does so regularly. Intune judges the contact once a day;
here once a day of the tenant's clock, and whenever the clock is moved.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from fauxtune.core.errors import NotFound
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.states import EnrollmentState
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import compliance as queries

_CHUNK = 200
EVERY = timedelta(days=1)


def judge_due(tx: Transaction) -> bool:
    """Judge some of the devices whose time has come; return whether there may be more."""
    devices = queries.due(tx.connection, tx.tenant.id, now=tx.now, limit=_CHUNK)
    if not devices:
        since = tx.now - timedelta(days=int(tx.tenant.setting("compliance.checkinThresholdDays")))
        devices = queries.out_of_contact(tx.connection, tx.tenant.id, since=since, limit=_CHUNK)
        # Their next check-in is read in full: a quiet one would not judge them.
        queries.ask_for_report(tx.connection, [each.id for each in devices if each.state is EnrollmentState.ACTIVE])
    if devices:
        from fauxtune.operations.devices.compliance import judge

        judge(tx, devices, is_known_only=True)
    return bool(devices)


async def catch_up(emulator: Emulator, tenant: Tenant) -> datetime:
    """Judge all devices whose time has come; return when to do so again at the latest."""
    while await emulator.runner.run(tenant, judge_due):
        pass
    now = emulator.runner.now(tenant)
    first = await emulator.runner.read(queries.first_due, tenant.id)
    return now + EVERY if first is None else min(now + EVERY, first)


class ComplianceWatch:
    """Judges the devices of running clocks when their time has come. Only tenants in use are looked at; one whose
    devices are not judged by policies has its first look a day after.
    """

    def __init__(self) -> None:
        # By tenant: when it is looked at next, and the number of its newest change when that was read.
        self._next: dict[TenantId, tuple[datetime, int]] = {}

    async def look(self, emulator: Emulator) -> None:
        """Judge what is due in each tenant; nothing is read of a tenant in which nothing is due or has changed."""
        following: dict[TenantId, tuple[datetime, int]] = {}
        for tenant in await emulator.runner.in_use():
            with suppress(NotFound):  # the tenant was deleted meanwhile
                following[tenant.id] = await self._look_at(emulator, tenant)
        self._next = following

    async def _look_at(self, emulator: Emulator, tenant: Tenant) -> tuple[datetime, int]:
        now, change = emulator.runner.now(tenant), emulator.signals.newest_change(tenant.id)
        due_at, before = self._next.get(tenant.id, (now if tenant.judges_devices else now + EVERY, change))
        if due_at > now + EVERY:  # the clock was put back
            due_at = now + EVERY
        if change != before and tenant.judges_devices:
            first: datetime | None = await emulator.runner.read(queries.first_due, tenant.id)
            due_at = due_at if first is None else min(due_at, first)
        return (await catch_up(emulator, tenant) if due_at <= now else due_at), change
