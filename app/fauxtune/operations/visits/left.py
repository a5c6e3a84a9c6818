"""A device as a transaction has left it, and the parts of it that are known: what `runtime.memory` keeps of devices."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from cryptography import x509

from fauxtune.core.model.ids import ItemKey, ProfileId, ResourceId
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.devices.caller import DeviceCaller, is_live
from fauxtune.operations.runtime.memory import TenantMemory
from fauxtune.operations.runtime.runner import Runner
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.queries.visits import StoredParts
from fauxtune.storage.rows.certificates import ServedRequestRow
from fauxtune.storage.rows.configuration import ProfileStateRow
from fauxtune.storage.rows.devices import EnrollmentRow, StepRow
from fauxtune.storage.rows.resources import AppStateRow

Ledger = dict[ItemKey, LedgerRow]

#: About how many bytes a row takes in memory.
_ROW = 1024


@dataclass(slots=True)
class Parts:
    """What is known of a device besides its row; None: not read yet."""

    ledger: Ledger | None = None
    requests: list[ServedRequestRow] | None = None
    states: dict[ProfileId, ProfileStateRow] | None = None
    steps: dict[str, StepRow] | None = None
    #: Certificates that were issued to the device in this conversation, by thumbprint.
    issued: dict[str, x509.Certificate] = field(default_factory=dict)
    apps: dict[ResourceId, AppStateRow] | None = None

    def copy(self) -> Parts:
        """Return a copy that can be changed."""
        return Parts(
            None if self.ledger is None else dict(self.ledger),
            None if self.requests is None else list(self.requests),
            None if self.states is None else dict(self.states),
            None if self.steps is None else dict(self.steps),
            dict(self.issued),
            None if self.apps is None else dict(self.apps),
        )


@dataclass(frozen=True, slots=True)
class Left:
    """A device as a transaction has left it, and what may be stored of it. `rests`: it is in no conversation, and waits
    for nothing.
    """

    row: EnrollmentRow
    parts: Parts
    stored: StoredParts
    rests: bool = False


def left_by_last(memory: TenantMemory | None, credential: str) -> Left | None:
    """Return how the last request of its conversation left the device with this credential, if that is known."""
    left = None if memory is None else memory.recall(credential)
    return left if isinstance(left, Left) else None


def in_conversation(runner: Runner, tenant: Tenant, *, credential: str) -> EnrollmentRow | None:
    """Return the enrolment whose credential has this digest, if its conversation is remembered. The next visit checks
    it.
    """
    left = left_by_last(runner.memory.of(tenant.id), credential)
    return left.row if left is not None and not left.rests and is_live(left.row) else None


def set_wire_state(tx: Transaction, caller: DeviceCaller, *, state: JsonObject) -> None:
    """Store what the surface of the device's platform has to remember, in place of what it stored before."""
    queries.change_enrollment(tx.connection, caller.enrollment_id, wire_state=state)
    if tx.memory is None:
        return
    tx.memory.writes_one_device = True
    left = left_by_last(tx.memory, caller.credential)
    if left is None:
        tx.memory.forget(caller.credential)
    else:
        left = replace(left, row=replace(left.row, wire_state=state))
        tx.memory.remember(caller.credential, left, size=size_of(left))


def size_of(left: Left) -> int:
    """About how many bytes it takes."""
    parts = left.parts
    steps = (parts.steps or {}).values()
    size = 8 * _ROW + len(left.row.identity_certificate) + len(repr(left.row.wire_state))
    size += sum(_ROW + len(row.payload or b"") for row in (parts.ledger or {}).values())
    size += _ROW * (len(parts.requests or ()) + len(parts.states or ()) + len(steps) + 4 * len(parts.issued))
    return size + sum(len(repr(step.answer)) for step in steps)
