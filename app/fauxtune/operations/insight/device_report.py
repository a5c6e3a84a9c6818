"""Everything about one device in one read: what it should hold, what it was given, what it said, and how it ended.

What it should hold is judged as its next check-in would find it, so that a change shows at once. Only reads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from fauxtune.core.engine.check_in_times import next_check_in
from fauxtune.core.engine.planning.plan import NEVER
from fauxtune.core.engine.removal.decisions import DeviceKind, verdict
from fauxtune.core.errors import NotFound
from fauxtune.core.model.actions import ActionState, DeviceAction
from fauxtune.core.model.ids import ItemKey, ProfileId
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.states import Authority, EnrollmentState, ItemState, Source
from fauxtune.core.model.steps import StepState
from fauxtune.operations.checkin.checkin import plan_device
from fauxtune.operations.devices import available_actions
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import certificates as certificate_queries
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import device_records as action_queries
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import scep as scep_queries
from fauxtune.storage.queries import tenants as journal_queries
from fauxtune.storage.queries import visits as step_queries
from fauxtune.storage.queries.insight import device_list as list_queries
from fauxtune.storage.queries.insight import diagnosis as diagnosis_queries
from fauxtune.storage.rows.certificates import CertificateRow
from fauxtune.storage.rows.devices import DeviceActionRow, JoinedDeviceRow, NamedEnrollmentRow
from fauxtune.storage.rows.directory import UserRow
from fauxtune.storage.rows.scep import PartnerRevocationRow
from fauxtune.storage.rows.tenants import JournalRow

#: Events of the device that are read: enough for when each item was given and answered.
_MOST_EVENTS = 300
_MOST_ENROLLMENTS = 20
#: The order in which people ask what became of things.
_INTEREST = (Source.PKCS, Source.SCEP, Source.IMPORTED, Source.EMAIL, Source.ROOT, Source.SETTING)
_ANSWERS = frozenset({"installed", "failed", "removed", "refused"})


@dataclass(frozen=True, slots=True)
class ReportedItem:
    """One item. `row` is its ledger row; of an item that the next check-in adds, a row that waits. `foreseen` is
    the row as the next check-in finds it, `given` the event of its last delivery, `answer` the device's last answer.
    `put_off`: the device said "not now". `certificate`: its entry in the register, if the tenant's CA issued it.
    """

    row: LedgerRow
    foreseen: LedgerRow
    is_new: bool
    given: JournalRow | None = None
    answer: JournalRow | None = None
    put_off: bool = False
    certificate: CertificateRow | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one item at the end of the enrolment. `removed_at`: when it went with the end; `removed` and
    `revoked`: what the removal table says, by the document `rule`; `elsewhere`: how many other devices hold the same
    certificate. An earlier certificate of the device, which another took the place of, has no `row`. `at_partner`: the
    revocation of which a partner's authority is asked, if it issued the certificate.
    """

    row: LedgerRow | None
    certificate: CertificateRow | None
    removed_at: datetime | None = None
    removed: bool = False
    revoked: bool = False
    rule: str = ""
    elsewhere: int = 0
    at_partner: PartnerRevocationRow | None = None


@dataclass(frozen=True, slots=True)
class DeviceReport:
    """One device. `refusals`: why an action cannot be ordered, None for one that can. `ordered` and `confirmed`: the
    events with which its end began and was completed. `next_check_in`: None once it has ended; `due_at`: None if
    nothing is due. `enrollments`: those of the same hardware, the newest first.
    """

    row: NamedEnrollmentRow
    record: JoinedDeviceRow | None
    user: UserRow | None
    items: tuple[ReportedItem, ...]
    outcomes: tuple[Outcome, ...]
    actions: tuple[DeviceActionRow, ...]
    refusals: Mapping[DeviceAction, str | None]
    events: tuple[JournalRow, ...]
    ordered: JournalRow | None
    confirmed: JournalRow | None
    names: Mapping[ProfileId, str]
    profiles: frozenset[ProfileId]
    next_check_in: datetime | None
    due_at: datetime | None
    waiting: bool
    enrollments: tuple[NamedEnrollmentRow, ...]


def device_report(tx: Transaction, key: str) -> DeviceReport:
    """Return everything about a device, by the id of its enrolment or of its managedDevice. Raises NotFound."""
    row = queries.enrollment_named(tx.connection, tx.tenant.id, key=key)
    if row is None:
        raise NotFound("There is no device with this id. It may belong to another tenant.")
    record = _record(tx, row)
    ledger = queries.ledger_rows(tx.connection, row.id)
    events = journal_queries.newest_events(tx.connection, tx.tenant.id, device=row.id, limit=_MOST_EVENTS)
    register = _register(tx, row, ledger=ledger)
    items = _items(tx, row, ledger=ledger, events=events, register=register)
    profiles = {claim.profile for item in items for claim in (*item.row.claims, *item.foreseen.claims)}
    profiles |= {ProfileId(event.profile) for event in events if event.profile is not None}
    profiles |= {certificate.profile_id for certificate in register if certificate.profile_id is not None}
    ended = row.state is not EnrollmentState.ACTIVE
    last = row.last_checkin_at or row.enrolled_at
    return DeviceReport(
        row=row,
        record=record,
        user=None if row.user_id is None else directory_queries.user(tx.connection, tx.tenant.id, user_id=row.user_id),
        items=tuple(items),
        outcomes=tuple(_outcomes(tx, row, ledger=ledger, events=events, register=register)) if ended else (),
        actions=tuple(action_queries.actions(tx.connection, row.id, states=[*ActionState])),
        refusals={action: available_actions.why_not(tx, record, action=action) for action in available_actions.USUAL},
        events=tuple(events),
        ordered=_end(events, row, suffix="Requested") if ended else None,
        confirmed=_end(events, row) if row.state is EnrollmentState.ENDED else None,
        names=configuration_queries.names_of_policies(tx.connection, tx.tenant.id, ids=profiles),
        profiles=frozenset(configuration_queries.names(tx.connection, tx.tenant.id, ids=profiles)),
        next_check_in=None
        if row.state is EnrollmentState.ENDED
        else next_check_in(row.platform, enrolled_at=row.enrolled_at, checked_in_at=last),
        due_at=None if row.due_at == NEVER else row.due_at,
        waiting=not ended and not row.is_settled(tx.now),
        enrollments=tuple(
            list_queries.enrollments_of_hardware(
                tx.connection, tx.tenant.id, hardware_key=row.hardware_key, limit=_MOST_ENROLLMENTS
            )
        ),
    )


def _record(tx: Transaction, row: NamedEnrollmentRow) -> JoinedDeviceRow | None:
    records = queries.managed_devices_of(tx.connection, tx.tenant.id, ids=[row.id])
    return records[0] if records else None


def _register(tx: Transaction, row: NamedEnrollmentRow, *, ledger: Mapping[ItemKey, LedgerRow]) -> list[CertificateRow]:
    """Return what the register has of the certificates on the device, and of those that were issued for it."""
    marks = {item.thumbprint for item in ledger.values() if item.thumbprint and item.source is Source.IMPORTED}
    return certificate_queries.certificates_on_device(
        tx.connection, tx.tenant.id, enrollment_id=row.id, thumbprints=marks
    )


def _items(
    tx: Transaction,
    row: NamedEnrollmentRow,
    *,
    ledger: Mapping[ItemKey, LedgerRow],
    events: Sequence[JournalRow],
    register: Sequence[CertificateRow],
) -> list[ReportedItem]:
    foreseen = ledger
    if row.state is EnrollmentState.ACTIVE:
        planned, _profiles = plan_device(tx, row, rows=ledger)
        foreseen = {**ledger, **planned.rows}
    steps = step_queries.sent_steps(tx.connection, row.id)
    put_off = {step.step.subject for step in steps if step.state is StepState.LATER}
    given = _newest_by_item(events, types=frozenset({"delivered"}))
    answers = _newest_by_item(events, types=_ANSWERS)
    issued = {certificate.thumbprint: certificate for certificate in register}
    order = list(Source)
    items = []
    for key, new in sorted(foreseen.items(), key=lambda each: (order.index(each[1].source), each[0])):
        present = ledger.get(key) or _before(new)
        items.append(
            ReportedItem(
                row=present,
                foreseen=new,
                is_new=key not in ledger,
                given=given.get(key),
                answer=answers.get(key),
                put_off=key in put_off,
                certificate=issued.get(present.thumbprint or ""),
            )
        )
    return items


def _before(planned: LedgerRow) -> LedgerRow:
    """Return the row of an item that is planned and not in the ledger yet, as it is before the next check-in."""
    return replace(planned, state=ItemState.WANTED) if planned.state is ItemState.SENT else planned


def _newest_by_item(events: Sequence[JournalRow], *, types: frozenset[str]) -> dict[ItemKey, JournalRow]:
    """Return the newest event of these types about each item. `events`: the newest first."""
    newest: dict[ItemKey, JournalRow] = {}
    for event in events:
        item = event.detail.get("item")
        if event.type in types and isinstance(item, str):
            newest.setdefault(ItemKey(item), event)
    return newest


def _end(events: Sequence[JournalRow], row: NamedEnrollmentRow, *, suffix: str = "") -> JournalRow | None:
    """Return the event with which the end of the enrolment was ordered (`suffix`: Requested), or was completed."""
    if row.cause is None:
        return None
    done = {"wipe": "wiped", "retire": "retired", "unenroll": "unenrolled", "delete": "deleted"}
    word = f"{row.cause.value}{suffix}" if suffix else done.get(row.cause.value)
    return next((event for event in events if event.type == word), None)


def _outcomes(
    tx: Transaction,
    row: NamedEnrollmentRow,
    *,
    ledger: Mapping[ItemKey, LedgerRow],
    events: Sequence[JournalRow],
    register: Sequence[CertificateRow],
) -> list[Outcome]:
    """Return what became of everything that the device held when its end was ordered, and of the certificates that it
    had before.
    """
    assert row.cause is not None
    device = DeviceKind(row.variant, tx.tenant.edition)
    removals = {
        ItemKey(str(event.detail["item"])): event.time
        for event in events
        if event.type == "removed" and event.detail.get("cause") == row.cause.value
    }
    issued = {certificate.thumbprint: certificate for certificate in register}
    imported = [row.thumbprint for row in ledger.values() if row.thumbprint and row.source is Source.IMPORTED]
    holders = diagnosis_queries.holders_of_certificates(tx.connection, tx.tenant.id, thumbprints=imported)
    by_partner = {str(each.serial) for each in ledger.values() if each.authority is Authority.PARTNER and each.serial}
    queue = scep_queries.revocations_of_serials(tx.connection, tx.tenant.id, serials=by_partner)
    outcomes = []
    for item in sorted(ledger.values(), key=lambda each: (_INTEREST.index(each.source), each.key)):
        if item.state is ItemState.REMOVED and item.key not in removals:
            continue  # it was gone before
        mark = item.thumbprint or ""
        others = [holder for holder in holders.get(mark, ()) if holder.enrollment_id != row.id]
        cell = verdict(item, device, cause=row.cause)
        outcomes.append(
            Outcome(
                row=item,
                certificate=issued.get(mark),
                removed_at=removals.get(item.key),
                removed=cell.removed,
                revoked=cell.revoked,
                rule=cell.source,
                elsewhere=len(others),
                at_partner=queue.get(str(item.serial).lower()) if item.authority is Authority.PARTNER else None,
            )
        )
    present = {outcome.row.serial for outcome in outcomes if outcome.row is not None}
    earlier = [each for each in register if each.enrollment_id == row.id and each.serial not in present]
    return [*outcomes, *(Outcome(None, certificate) for certificate in earlier)]
