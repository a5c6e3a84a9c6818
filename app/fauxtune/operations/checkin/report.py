"""What a device reports at a check-in, and whether that is the same as before in other words.

Devices report the same again with another digest: a fact is left out or repeated, members stand in another order. Of a
device that is remembered as such a report has left it, that is decided here, without the database. The check-in is then
as quiet as one with the last report: `storage.queries.quiet` decides the rest, and writes the digest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from fauxtune.core.engine.planning.reported_items import Inventory, apply_inventory
from fauxtune.core.graph.device_facts import reported
from fauxtune.core.model.ids import ItemKey
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.made_often import made_often, with_changes
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.app_states import AppReport
from fauxtune.operations.checkin.scep_reports import news_in
from fauxtune.operations.devices.caller import Caller
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.visits.left import Left
from fauxtune.storage.queries.quiet import Quiet


@made_often
@dataclass(frozen=True, slots=True)
class Report:
    """A device's report at a check-in. `digest` identifies it; `read(policy version, ledger)` returns the inventory and
    `facts()` what the device says of itself, `apps(policy version)` what it says of its apps: they are called only if
    the report is new or something is to be planned. A device without `apps` reports them by the answers to its steps.
    """

    digest: str
    read: Callable[[int, Mapping[ItemKey, LedgerRow]], Inventory]
    facts: Callable[[], JsonObject] = dict
    apps: Callable[[int], AppReport] | None = None


def says_nothing_new(left: Left, report: Report, *, caller: Caller, now: datetime) -> bool:
    """Whether a report of the device, which rests as it was `left`, has no new fact and the same items. False as well
    for a caller that names another device. Raises what reading the report raises.
    """
    row, rows = left.row, left.parts.ledger
    column, value = caller.named
    if rows is None or getattr(row, column) != value or not row.is_settled(now):
        return False
    facts = reported(report.facts(), now=now, user_id=row.user_id, before=row.facts)
    if any(row.facts.get(name) != fact for name, fact in facts.items()):
        return False
    inventory = report.read(row.policy_version, rows)
    return not news_in(inventory, rows=rows) and not apply_inventory(rows.values(), inventory)


async def quiet(
    emulator: Emulator, tenant: Tenant, *, caller: Caller, report: Report, left: Left | None = None
) -> Quiet | None:
    """Serve a check-in that changes nothing, with one statement. None: it is not quiet, or the tenant has changed.
    `left`: the device, if it rests as it is remembered. The caller holds its turn.
    """
    runner, credential = emulator.runner, caller.credential
    now, last = runner.now(tenant), report.digest
    if left is not None and left.row.report_digest not in (None, last):
        if not says_nothing_new(left, report, caller=caller, now=now):
            return None
        last = str(left.row.report_digest)
    known = await runner.quiet(
        tenant, credential=credential, named=caller.named, report=last, now=now, new_report=report.digest
    )
    if known is None:
        return None
    if left is None:
        runner.memory.drop(tenant.id, credential)  # what is remembered while the tenant changes
    else:
        row = with_changes(left.row, report_digest=report.digest, last_checkin_at=now)
        runner.memory.exchange(tenant.id, credential, known=left, value=replace(left, row=row))
    return known
