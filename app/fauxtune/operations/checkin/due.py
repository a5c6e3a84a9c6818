"""What only time changes in a tenant: the compliance of devices, imports and assignments of Autopilot, approvals, apps
that are being processed.

A clock is moved inside `clock_moves`, and the server looks regularly at what is due. What that takes is imported when
something is: the look at a tenant in which nothing depends on time is all that an idle server does.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import TypeAlias

from fauxtune.core.engine.compliance.states import JUDGED_EVERY
from fauxtune.core.errors import NotFound
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import APPROVALS, ENROLLMENT, PROCESSING, Transaction

_Settle: TypeAlias = Callable[[Transaction], datetime | None]


def _autopilot() -> _Settle:
    from fauxtune.operations.devices import autopilot_profiles

    return autopilot_profiles.settle


def _approvals() -> _Settle:
    from fauxtune.operations.profiles import approval_requests

    return approval_requests.settle


def _apps() -> _Settle:
    from fauxtune.operations.apps import apps

    return apps.settle


#: By the setting that says that a tenant has it: what writes what holds by now, and returns when something is due next.
_BY_SETTING = {ENROLLMENT: _autopilot, APPROVALS: _approvals, PROCESSING: _apps}


@asynccontextmanager
async def clock_moves(emulator: Emulator, tenant: Tenant) -> AsyncIterator[None]:
    """Settle what begins at the present time, let the clock be moved, and settle what is due then."""
    for settle in _settlements(emulator, tenant).values():
        await emulator.runner.run(tenant, settle)
    yield
    await catch_up(emulator, tenant)


async def catch_up(emulator: Emulator, tenant: Tenant) -> datetime:
    """Settle what is due; return when to do so again at the latest."""
    from fauxtune.operations.compliance import occasions

    dues = [await emulator.runner.run(tenant, settle) for settle in _settlements(emulator, tenant).values()]
    dues.append(await occasions.judge_all(emulator, tenant))
    return min((emulator.runner.now(tenant) + JUDGED_EVERY, *(due for due in dues if due is not None)))


def _settlements(emulator: Emulator, tenant: Tenant) -> dict[str, _Settle]:
    """Return what settles the tenant, by the settings that say so."""
    current = emulator.runner.current(tenant)
    return {setting: load() for setting, load in _BY_SETTING.items() if current.setting(setting)}


async def _first_judgement(emulator: Emulator, tenant: Tenant) -> datetime | None:
    """Return when the first device is to be judged; None in a tenant that judges no devices."""
    if not tenant.judges_devices:
        return None
    from fauxtune.operations.compliance import occasions

    return await occasions.first_due(emulator, tenant)


def _when_changed(tx: Transaction, setting: str, *, settle: _Settle) -> datetime | None:
    """Settle, unless the configuration has not changed since that was done."""
    (due,) = tx.known(("settled", setting), lambda: (settle(tx),))
    return due


class Watch:
    """Settles what is due where clocks run. Only tenants in use are looked at; one in which nothing depends on time has
    its first look a day after.
    """

    def __init__(self) -> None:
        # By tenant: when it is looked at next, and the number of its newest change when that was read.
        self._next: dict[TenantId, tuple[datetime, int]] = {}

    async def look(self, emulator: Emulator) -> None:
        """Settle what is due in each tenant; nothing is read of a tenant in which nothing is due or has changed."""
        following: dict[TenantId, tuple[datetime, int]] = {}
        for tenant in await emulator.runner.in_use():
            with suppress(NotFound):  # the tenant was deleted meanwhile
                following[tenant.id] = await self._look_at(emulator, tenant)
        self._next = following

    async def _look_at(self, emulator: Emulator, tenant: Tenant) -> tuple[datetime, int]:
        now, change = emulator.runner.now(tenant), emulator.signals.newest_change(tenant.id)
        depends = tenant.judges_devices or any(tenant.setting(setting) for setting in _BY_SETTING)
        due_at, before = self._next.get(tenant.id, (now if depends else now + JUDGED_EVERY, change))
        if due_at > now + JUDGED_EVERY:  # the clock was put back
            due_at = now + JUDGED_EVERY
        if change != before:
            firsts = [await _first_judgement(emulator, tenant)]
            for setting, settle in _settlements(emulator, tenant).items():
                firsts.append(await emulator.runner.run_check_in(tenant, _when_changed, setting, settle=settle))
            due_at = min((due_at, *(first for first in firsts if first is not None)))
        return (await catch_up(emulator, tenant) if due_at <= now else due_at), change
