"""What only time changes in the compliance of devices: the end of grace and of tolerated errors, scheduled actions,
the contact with devices that stay away, and users who are gone.

When it is looked at, `due` decides. Intune judges the contact once a day;
here once a day of the tenant's clock, and whenever the clock is moved.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from fauxtune.core.model.states import EnrollmentState
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import compliance as queries

_CHUNK = 200


def judge_due(tx: Transaction) -> bool:
    """Judge some of the devices whose time has come; return whether there may be more."""
    devices = queries.due(tx.connection, tx.tenant.id, now=tx.now, limit=_CHUNK)
    if not devices:
        since = tx.now - timedelta(days=int(tx.tenant.setting("compliance.checkinThresholdDays")))
        devices = queries.out_of_contact(tx.connection, tx.tenant.id, since=since, limit=_CHUNK)
        # Their next check-in is read in full: a quiet one would not judge them.
        queries.ask_for_report(tx.connection, [each.id for each in devices if each.state is EnrollmentState.ACTIVE])
    if devices:
        from fauxtune.operations.compliance.judging import judge

        judge(tx, devices, is_known_only=True)
    return bool(devices)


async def judge_again(emulator: Emulator, tenant: Tenant, *, changed: Iterable[str]) -> None:
    """Judge the devices that were judged before once more, if one of the settings that were changed is a switch of
    compliance: also where nothing judges any more, since nobody else would take the last verdict away.
    """
    if any(name.startswith("compliance.") for name in changed):
        await emulator.runner.run(tenant, _let_be_due)
        await judge_all(emulator, tenant)


def _let_be_due(tx: Transaction) -> None:
    queries.let_be_due(tx.connection, tx.tenant.id, now=tx.now)


async def judge_all(emulator: Emulator, tenant: Tenant) -> datetime | None:
    """Judge all devices whose time has come; return when the next one's comes, as far as that is known."""
    while await emulator.runner.run(tenant, judge_due):
        pass
    return await first_due(emulator, tenant)


async def first_due(emulator: Emulator, tenant: Tenant) -> datetime | None:
    """Return when the first device is to be judged; None in a tenant that has judged none."""
    first: datetime | None = await emulator.runner.read(queries.first_due, tenant.id)
    return first
