"""The fault rules of all tenants while the server runs. Where no tenant has one, nothing else of faults is imported.

What is struck is decided in memory, one occasion after the other; the counters follow in the database, with an entry in
the journal for each hit (`Runner`). Processes that share a database have the occasions of a rule numbered there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from importlib import import_module
from itertools import groupby
from typing import TYPE_CHECKING

from fauxtune.core.model.ids import EnrollmentId, TenantId
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.rows.certificates import ConnectorRow
from fauxtune.storage.rows.tenants import FaultRuleRow

if TYPE_CHECKING:
    from fauxtune.operations.runtime.live_faults import TenantFaults


#: Numbers an occasion of a tenant's rule over all processes: with 1 it returns the number, with -1 it takes one back.
#: None: there is no such rule any more. Blocks.
Numbering = Callable[[TenantId, str, int], int | None]


class Faults:
    """The rules by tenant. `is_on`: whether any tenant has one that is switched on."""

    def __init__(self, numbering: Numbering | None = None) -> None:
        """`numbering`: that of the processes that share the database; None: there is one process."""
        self.is_on = False
        self._numbering = numbering
        self._tenants: dict[TenantId, TenantFaults] = {}
        self._newest: dict[TenantId, int] = {}

    def of(self, tenant_id: TenantId) -> TenantFaults | None:
        """Return the rules of a tenant; None where it has none that is switched on."""
        return self._tenants.get(tenant_id)

    def load(self, rows: Iterable[FaultRuleRow]) -> None:
        """Take over the rules of all tenants, as the database has them."""
        by_tenant = groupby(sorted(rows, key=_tenant_and_place), key=lambda row: row.tenant_id)
        rules = {tenant_id: list(own) for tenant_id, own in by_tenant}
        for tenant_id in {*self._tenants, *rules}:
            self.put(tenant_id, rules.get(tenant_id, []))

    def put(self, tenant_id: TenantId, rows: Iterable[FaultRuleRow], *, number: int = 0) -> None:
        """Take over the rules of a tenant. `number`: of the change; an older one than the newest is ignored."""
        if number and number < self._newest.get(tenant_id, 0):
            return
        if number:
            self._newest[tenant_id] = number
        live = [row for row in rows if row.enabled]
        if live:
            # Imported at the first rule: most servers have none.
            rules_of = import_module("fauxtune.operations.runtime.live_faults").TenantFaults
            numbering = None if self._numbering is None else partial(self._numbering, tenant_id)
            self._tenants[tenant_id] = rules_of(live, before=self._tenants.get(tenant_id), numbering=numbering)
        else:
            self._tenants.pop(tenant_id, None)
        self.is_on = bool(self._tenants)

    def forget(self, tenant_id: TenantId) -> None:
        """Drop the rules of a tenant that was deleted."""
        self._newest.pop(tenant_id, None)
        self._tenants.pop(tenant_id, None)
        self.is_on = bool(self._tenants)


def _tenant_and_place(row: FaultRuleRow) -> tuple[str, int, str]:
    return row.tenant_id, row.number, row.id


def strikes(
    tx: Transaction,
    kind: str,
    *,
    device: EnrollmentId | None = None,
    connector: ConnectorRow | None = None,
    path: str = "",
) -> bool:
    """Whether a fault of this kind strikes here and now, which is written down with the transaction. `device`: the
    enrolment's id.
    """
    if tx.faults is None:
        return False
    strike = import_module("fauxtune.operations.runtime.fault_hits").strike
    return bool(strike(tx, kind, device=device, connector=connector, path=path))
