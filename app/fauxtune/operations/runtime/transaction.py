"""The transaction of an operation, and the effects that it notes for after the commit.

An operation is a plain function `operation(tx, ...)` that runs in one transaction and has no effect outside the
database. Effects after the commit (waking devices and readers) are only noted here.

Some settings of a tenant are switched on by its first resource of a kind (`switch_on`), so that others pay nothing for
it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from fauxtune.core.model.ids import EnrollmentId, IdSource
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime.memory import TenantMemory
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import tenants as queries
from fauxtune.storage.rows.certificates import ConnectorEventRow
from fauxtune.storage.rows.ledger import NotedKeyChange
from fauxtune.storage.rows.tenants import FaultCount, FaultRuleRow, JournalRow

if TYPE_CHECKING:
    from fauxtune.operations.runtime.live_faults import TenantFaults

T = TypeVar("T")

#: The settings that a first resource switches on.
ENROLLMENT = "enrollment.judged"
COMPLIANCE = "compliance.judged"
AGENTS = "agent.works"
APPROVALS = "approvals.required"
PROCESSING = "apps.processed"
LABS = "labs.played"


@dataclass(slots=True)
class Transaction:
    """One operation under way: its connection, its tenant, that tenant's time, and a source of new ids. `system_now` is
    only for leases of connectors; `memory` is there only in check-ins. `holds_tenant`: it has locked a row of the
    tenant, whose deletion waits for that.
    """

    connection: Connection
    tenant: Tenant
    now: datetime
    ids: IdSource
    system_now: datetime | None = None
    events: list[JournalRow] = field(default_factory=list)
    connector_events: list[ConnectorEventRow] = field(default_factory=list)
    key_changes: list[NotedKeyChange] = field(default_factory=list)
    woken: set[EnrollmentId] = field(default_factory=set)
    crls_forgotten: set[str] = field(default_factory=set)
    # The password that people have in place of the published one (`password_opens`). None: the published one.
    people_password: str | None = None
    tenant_changed: bool = False
    tracking_began: bool = False
    connectors_called: bool = False
    notifies: bool = False
    faults: TenantFaults | None = None
    fault_counts: list[FaultCount] = field(default_factory=list)
    fault_rules: list[FaultRuleRow] | None = None
    memory: TenantMemory | None = None
    holds_tenant: bool = False
    on_refusal: list[Callable[[Transaction], None]] = field(default_factory=list)

    def record(
        self,
        type: str,  # noqa: A002 - the journal's word
        *,
        user: str | None = None,
        device: str | None = None,
        profile: str | None = None,
        certificate: dict[str, Any] | None = None,
        **detail: Any,
    ) -> None:
        """Note an entry of the journal; it is written with the transaction, after everything else."""
        self.events.append(
            JournalRow(
                tenant_id=self.tenant.id,
                seq=0,
                time=self.now,
                type=type,
                user=user,
                device=device,
                profile=profile,
                certificate=certificate,
                detail=detail,
            )
        )

    def note_refusal(self, write: Callable[[Transaction], None]) -> None:
        """Have something written down if the operation is refused: its own changes are undone, and `write` is called
        in a transaction of its own.
        """
        self.on_refusal.append(write)

    def wake(self, enrollments: Iterable[str]) -> None:
        """Note devices that must plan again: they are pushed after the commit."""
        self.woken.update(EnrollmentId(enrollment) for enrollment in enrollments)

    def known(self, key: Hashable, read: Callable[[], T], *, hidden: Callable[[T], int] | None = None) -> T:
        """Return what `read` returns: check-ins of the tenant remember it under the key, until one of its tables is
        written. `hidden`: how many bytes it has that its text does not show.
        """
        return read() if self.memory is None else self.memory.known(key, read, hidden=hidden)


def switch_on(tx: Transaction, name: str) -> None:
    """Set a setting of the tenant to true, if it is not."""
    if tx.tenant.setting(name):
        return
    tenant = queries.tenant_to_change(tx.connection, tx.tenant.id) or tx.tenant
    tx.tenant = replace(tenant, settings={**tenant.settings, name: True})
    queries.change_tenant(tx.connection, tx.tenant)
    tx.tenant_changed = True
