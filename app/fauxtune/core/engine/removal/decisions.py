"""What is removed from a device, revoked at the CA, kept and issued again: the decisions for every caller; and why an
item is no longer wanted, which is derived when planning, so that nothing is recorded at the moment of change.

The planner calls them when an item is no longer wanted; the operations when an enrolment ends, when a device is reset
and stays enrolled, and when a certificate was issued after the device's end was accepted; what-if for the document. The
removal table is the data (`table`), `lookup` finds the cell; no other code acts on a cell.

Which records of a device are kept when its enrolment ends, Graph's managed device and the device in the directory:
Intune, "Remove devices by using wipe, retire, or manually unenrolling the device".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fauxtune.core.engine.device_actions.support import effective_cause
from fauxtune.core.engine.planning.ledger import in_policy, moved
from fauxtune.core.engine.removal.lookup import Verdict, look_up
from fauxtune.core.engine.removal.table import Reissued
from fauxtune.core.model.ids import UserId
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import Authority, Cause, Incident, ItemState, Source
from fauxtune.core.model.tenants import Changed, Edition, Stated


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


@dataclass(frozen=True, slots=True)
class Standing:
    """The present facts of a device, its user, and the profiles and assignments that once brought its items."""

    user_id: UserId | None
    user_exists: bool
    user_licensed: bool
    certificates: frozenset[str]  # thumbprints of the user's imported certificates
    profiles: frozenset[str]  # of the ledger's claims: those whose profile still exists
    assignments: frozenset[str]  # of the ledger's claims: those whose assignment still stands
    ending: Cause | None = None


def cause(row: LedgerRow, standing: Standing) -> Cause:
    """The first cause that applies: enrolment ending > user deleted > licence lost > user changed > certificate deleted
    from the service > profile deleted > assignment gone > the assignment stands but the device or user left its group.
    """
    if standing.ending is not None:
        return standing.ending
    if standing.user_id is not None and not standing.user_exists:
        return Cause.USER_DELETED
    if standing.user_id is not None and not standing.user_licensed:
        return Cause.LICENCE_LOST
    if row.user_id != standing.user_id:
        return Cause.USER_CHANGED
    if row.source is Source.IMPORTED and row.thumbprint not in standing.certificates:
        return Cause.CERTIFICATE_DELETED
    if not any(claim.profile in standing.profiles for claim in row.claims):
        return Cause.PROFILE_DELETED
    if not any(claim.assignment in standing.assignments for claim in row.claims):
        return Cause.UNASSIGNED
    return Cause.LEFT_GROUP


@dataclass(frozen=True, slots=True)
class RecordsKept:
    """The kinds of device whose record is kept: Graph's when the user unenrols, the directory's after a retirement. (Of
    devices that are registered with Autopilot: `operations.devices.autopilot.let_go`.)
    """

    managed_device: frozenset[Variant]
    directory_device: frozenset[Variant]


RECORDS_KEPT: Changed[RecordsKept] = Changed(
    "Records that stay when an enrolment ends",
    {
        Edition.APRIL_2020: Stated(
            RecordsKept(frozenset(), frozenset()),
            "No record stays.",
            "Remove devices by using wipe, retire, or manually unenrolling the device, 2020-02-27",
        ),
        Edition.CURRENT: Stated(
            RecordsKept(
                frozenset({Variant.WINDOWS, Variant.WINDOWS_10_MOBILE, Variant.WINDOWS_PHONE_81}),
                frozenset({Variant.IOS, Variant.IPADOS, Variant.MACOS}),
            ),
            "The managed device stays when the user of a Windows device unenrols, until an administrator deletes it. "
            "The directory's device stays when an iPhone, an iPad or a Mac is retired, or deleted, which retires it, "
            "and that of a PC that is registered with Autopilot.",
            "Remove devices by using wipe, retire, or manually unenrolling the device, 2022 and 2023; Device action: "
            "retire, 2026-08-06",
        ),
    },
)


def managed_device_stays(variant: Variant, cause: Cause, *, edition: Edition) -> bool:
    """Whether Graph still shows the managed device."""
    return cause is Cause.UNENROLL and variant in RECORDS_KEPT.of(edition).managed_device


def directory_device_stays(variant: Variant, cause: Cause, *, edition: Edition) -> bool:
    """Whether the directory still shows the device."""
    retired = effective_cause(cause, variant, edition=edition) is Cause.RETIRE
    return retired and variant in RECORDS_KEPT.of(edition).directory_device
