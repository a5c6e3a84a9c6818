"""The device that calls: which enrolment it is, by what it proves itself with, and whether that enrolment has ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fauxtune.core.errors import EnrollmentEnded, NotFound, Unauthenticated
from fauxtune.core.model.states import EnrollmentState
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import devices as queries

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class DeviceCaller:
    """Who calls: an enrolment's id, and the digest of what the caller proves itself with."""

    device_id: str
    credential: str


def identified(tx: Transaction, caller: DeviceCaller, *, lock: bool = False) -> Row:
    """The enrolment of the device that is calling."""
    row = queries.enrollment_by_credential(tx.connection, caller.credential, lock=lock)
    if row is None or row["tenant_id"] != tx.tenant.id or row["id"] != caller.device_id:
        if queries.enrollment(tx.connection, caller.device_id, tenant_id=tx.tenant.id) is None:
            raise NotFound(f"There is no device '{caller.device_id}'.")
        raise Unauthenticated("The device credential is missing, or is not this device's.")
    if row["state"] == EnrollmentState.ENDED.value:
        raise EnrollmentEnded(f"The enrolment of the device '{caller.device_id}' has ended ({row['cause']}).")
    return row
