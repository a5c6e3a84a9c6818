"""What is removed from a device, revoked at the CA, kept and issued again: the decisions for every caller.

The planner calls them when an item is no longer wanted; the operations when an enrolment ends, when a device is reset
and stays enrolled, and when a certificate was issued after the device's end was accepted; what-if for the document. The
removal table is the data (`table`), `lookup` finds the cell; no other code acts on a cell.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fauxtune.core.engine.device_actions.support import effective_cause
from fauxtune.core.engine.planning.ledger import in_policy, moved
from fauxtune.core.engine.removal.lookup import Verdict, look_up
from fauxtune.core.engine.removal.table import Reissued
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import Authority, Cause, Incident, ItemState, Source
from fauxtune.core.model.tenants import Edition


@dataclass(frozen=True, slots=True)
class DeviceKind:
    """The variant of a device and its tenant's edition, by which it has its part of the removal table."""

    variant: Variant
    edition: Edition


def verdict(row: LedgerRow, device: DeviceKind, *, cause: Cause | Incident) -> Verdict:
    """The removal table's cell for an item of the ledger. KeyError for a cause that cannot concern such an item."""
    return look_up(device.variant, device.edition, source=row.source, cause=cause, authority=row.authority)


def is_issued_again(row: LedgerRow, device: DeviceKind) -> bool:
    """Whether a certificate that was deleted on the device is replaced by a newly issued one."""
    return verdict(row, device, cause=Incident.DELETED_BY_USER).reissued is Reissued.NEW


def row_of_former_user(row: LedgerRow) -> LedgerRow:
    """The row of a certificate that was issued to a former user of the device, who is given no other one yet. As long
    as nothing takes its place on the device, `is_to_go` and `is_left` say whether it stays there.
    """
    return moved(row, ItemState.WANTED, fingerprint=None, renew_at=None)


def is_to_go(row: LedgerRow, device: DeviceKind) -> bool:
    """Whether the device is told to remove the item: it is taken back; or it cannot be given any more as the device has
    it, and the table does not leave it there.
    """
    return row.state is ItemState.REMOVING or (_is_outdated(row) and not is_left(row, device))


def is_left(row: LedgerRow, device: DeviceKind) -> bool:
    """Whether the device keeps what it cannot be given any more: a former user's certificate that the table leaves."""
    return _is_of_former_user(row) and not verdict(row, device, cause=Cause.USER_CHANGED).removed


def _is_outdated(row: LedgerRow) -> bool:
    without = row.state in (ItemState.WANTED, ItemState.FAILED, ItemState.KEPT) and row.fingerprint is None
    return without and row.installed_fingerprint is not None


def _is_of_former_user(row: LedgerRow) -> bool:
    # Nothing else makes a device's own certificate one that it cannot be given any more.
    return row.source in (Source.PKCS, Source.SCEP) and _is_outdated(row)


def _has_predecessor(row: LedgerRow) -> bool:
    """Whether the device has the certificate in whose place it is to request another one by SCEP."""
    requests = row.source is Source.SCEP and row.state in (ItemState.SENT, ItemState.FAILED)
    return requests and row.installed_fingerprint is not None


def row_when_unwanted(row: LedgerRow, device: DeviceKind, *, cause: Cause) -> LedgerRow:
    """The row of an enrolled device's item that no profile wants any more: removed from the device, or kept there."""
    if not in_policy(row) and not _is_of_former_user(row):
        return moved(row, ItemState.REMOVED, problem=None, waits_for=None)
    state = ItemState.REMOVING if verdict(row, device, cause=cause).removed else ItemState.KEPT
    return moved(row, state, problem=None, waits_for=None)


def row_after_end(row: LedgerRow, device: DeviceKind, *, cause: Cause) -> LedgerRow:
    """The row after the end of the enrolment. What was only offered, and never confirmed, is not kept."""
    held = row.state in (ItemState.INSTALLED, ItemState.KEPT) or _has_predecessor(row)
    if held and not verdict(row, device, cause=cause).removed:
        return moved(row, ItemState.KEPT, problem=None, waits_for=None)
    return row_after_reset(row)


def row_after_reset(row: LedgerRow) -> LedgerRow:
    """The row after the item was erased, whatever the table leaves on other devices."""
    return moved(row, ItemState.REMOVED, installed_fingerprint=None, problem=None, waits_for=None)


def erases_device(device: DeviceKind, *, cause: Cause) -> bool:
    """Whether the device is reset, so that nothing stays on it of any earlier enrolment either."""
    return effective_cause(cause, device.variant, edition=device.edition) is Cause.WIPE


def was_removed(before: LedgerRow, after: LedgerRow) -> bool:
    """Whether the end of an enrolment took the item from the device, which had it, or may have had it."""
    return after.state is ItemState.REMOVED and (in_policy(before) or before.state is ItemState.REMOVING)


def rows_to_revoke(rows: Iterable[LedgerRow], device: DeviceKind, *, cause: Cause | Incident) -> list[LedgerRow]:
    """The rows whose certificates the CA revokes when a wipe, a retirement, an unenrolment or a reset is accepted. What
    was removed before is not among them: it was decided then.
    """
    held = (row for row in rows if row.serial is not None and row.state is not ItemState.REMOVED)
    return [row for row in held if verdict(row, device, cause=cause).revoked]


def is_revoked_when_issued_late(device: DeviceKind, *, cause: Cause, authority: Authority) -> bool:
    """Whether the CA revokes a PKCS certificate that it issued after the device's end was accepted. It is judged like
    those that the device holds.
    """
    return look_up(device.variant, device.edition, source=Source.PKCS, cause=cause, authority=authority).revoked
