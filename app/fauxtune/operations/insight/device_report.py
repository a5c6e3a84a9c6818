"""Everything about one device in one read: what it should hold, was given and said, and its apps. Only reads.

What it should hold is judged as its next check-in would find it, so that a change shows at once. Only reads.

It is judged as the next check-in would find it: an assignment of a moment ago is known, though the device is not told
yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from fauxtune.core.engine.check_in_times import next_check_in
from fauxtune.core.engine.diagnosis.facts import AppStanding
from fauxtune.core.engine.diagnosis.facts import DeviceApp as DiagnosedApp
from fauxtune.core.engine.planning.plan import NEVER
from fauxtune.core.engine.removal.decisions import DeviceKind, verdict
from fauxtune.core.errors import NotFound
from fauxtune.core.model.actions import ActionState, DeviceAction, StepState
from fauxtune.core.model.ids import EnrollmentId, ItemKey, ProfileId
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.states import Authority, EnrollmentState, ItemState, Source
from fauxtune.core.policies.app_kinds import KINDS, Way
from fauxtune.core.policies.app_planning import Ground, device_apps
from fauxtune.core.policies.app_states import AS_DEPENDENCY, AS_SUPERSEDED, DeviceApp, InstallState
from fauxtune.core.policies.apps import APP_RULES, PUBLISHED
from fauxtune.operations.apps.device_apps import KnownApp, app_of, concern, known_apps, plan_for
from fauxtune.operations.checkin.checkin import plan_device
from fauxtune.operations.devices import available_actions
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.visits.left import Parts
from fauxtune.operations.visits.visit import Visit
from fauxtune.storage.queries import certificates as certificate_queries
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import device_records as action_queries
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import resources as resource_queries
from fauxtune.storage.queries import scep as scep_queries
from fauxtune.storage.queries import tenants as journal_queries
from fauxtune.storage.queries import visits as step_queries
from fauxtune.storage.queries.insight import diagnosis as diagnosis_queries
from fauxtune.storage.queries.insight import overview as list_queries
from fauxtune.storage.queries.visits import StoredParts
from fauxtune.storage.rows.certificates import CertificateRow
from fauxtune.storage.rows.devices import DeviceActionRow, EnrollmentRow, JoinedDeviceRow, NamedEnrollmentRow
from fauxtune.storage.rows.directory import UserRow
from fauxtune.storage.rows.resources import ResourceRow
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
    for key, new in sorted(foreseen.items(), key=lambda item: (order.index(item[1].source), item[0])):
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
    by_partner = {
        str(ledger_row.serial)
        for ledger_row in ledger.values()
        if ledger_row.authority is Authority.PARTNER and ledger_row.serial
    }
    queue = scep_queries.revocations_of_serials(tx.connection, tx.tenant.id, serials=by_partner)
    outcomes = []
    for item in sorted(ledger.values(), key=lambda ledger_row: (_INTEREST.index(ledger_row.source), ledger_row.key)):
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
    earlier = [
        certificate_row
        for certificate_row in register
        if certificate_row.enrollment_id == row.id and certificate_row.serial not in present
    ]
    return [*outcomes, *(Outcome(None, certificate) for certificate in earlier)]


_AT_CHECK_IN = "The device is told at its next check-in."
_BY_AGENT = "The management agent of the device is told when it asks for work."
_FOLLOWS = {
    AS_DEPENDENCY: "Another app depends on it: it needs no assignment of its own.",
    AS_SUPERSEDED: "Another app supersedes it.",
}
_NOT_BROUGHT = "No assignment of it reaches the device or its user, or an exclusion does."
_LEFT_TO_USER = "It is left to the user, who has not installed it."


@dataclass(frozen=True, slots=True)
class ReportedApp:
    """An app. `intent`: None if none reaches the device; `state`: None if it has none there; `standing` and `why`: why
    it is not there, or what else there is to say; `fits`: whether it is one for devices of this kind.
    """

    id: str
    name: str
    kind: str
    standing: AppStanding
    intent: str | None = None
    state: InstallState | None = None
    why: str = ""
    version: str | None = None
    error_code: int | None = None
    changed_at: datetime | None = None
    fits: bool = True


def apps_of_device(tx: Transaction, enrollment: EnrollmentRow) -> list[ReportedApp]:
    """Return the apps that concern a device, and the assigned ones that do not reach it, by their names."""
    if not concern(tx):
        return []
    visit = Visit(tx, enrollment, stored=StoredParts(), parts=Parts())
    known, rows = known_apps(tx), dict(visit.apps)
    before = {str(key): app_of(row) for key, row in rows.items()}
    planned = plan_for(visit, before=before)
    grounds = {each.spec.app_id: each.ground for each in planned}
    after = device_apps(planned, before)
    times = {str(key): row.changed_at for key, row in rows.items()}
    reported = [
        _reported(known[key], app, ground=grounds[key], changed_at=times.get(key), known=known)
        for key, app in after.items()
    ]
    assigned = resource_queries.assigned_of_family(tx.connection, tx.tenant.id, family=APP_RULES.name)
    others = [_elsewhere(row, enrollment) for row in assigned if row.id not in after]
    return sorted([*reported, *others], key=lambda app: (app.name.casefold(), app.id))


def apps_of_devices(
    tx: Transaction, devices: Sequence[EnrollmentRow], *, selected: str | None
) -> dict[EnrollmentId, tuple[DiagnosedApp, ...]]:
    """Return the apps that reach each of the active devices, and the selected one; nothing in a tenant without apps."""
    if selected is None and not concern(tx):
        return {}
    return {
        device.id: tuple(
            DiagnosedApp(
                id=app.id,
                name=app.name,
                standing=app.standing,
                why=app.why,
                intent=app.intent,
                version=app.version,
                error_code=app.error_code,
            )
            for app in apps_of_device(tx, device)
            if app.intent is not None or app.id == selected
        )
        for device in devices
        if device.state is EnrollmentState.ACTIVE
    }


def _reported(
    about: KnownApp,
    app: DeviceApp,
    *,
    ground: Ground | None,
    changed_at: datetime | None,
    known: Mapping[str, KnownApp],
) -> ReportedApp:
    standing = _standing(app, ground)
    why = app.reason or _FOLLOWS.get(app.intent, "")
    for key, other in known.items():
        why = why.replace(f"the app {key}", f"'{_name(other.row)}'").replace(f"The app {key}", f"'{_name(other.row)}'")
    if not why and standing is AppStanding.WAITS:
        why = _BY_AGENT if about.kind.way is Way.AGENT else _AT_CHECK_IN
    elif not why and standing is AppStanding.LEFT_TO_USER:
        why = _LEFT_TO_USER
    return ReportedApp(
        about.row.id,
        _name(about.row),
        about.row.kind,
        standing,
        intent=app.intent,
        state=app.state,
        why=why,
        version=app.version or None,
        error_code=app.error_code,
        changed_at=changed_at,
    )


def _standing(app: DeviceApp, ground: Ground | None) -> AppStanding:
    if app.state in (InstallState.FAILED, InstallState.UNINSTALL_FAILED):
        return AppStanding.FAILED
    if ground is not None and app.version is None:
        return AppStanding(ground.value)
    if app.position is not None or app.state in (InstallState.UNKNOWN, InstallState.PENDING):
        return AppStanding.WAITS
    if app.state is InstallState.INSTALLED:
        return AppStanding.INSTALLED
    return AppStanding.REMOVED if app.uninstalls else AppStanding.LEFT_TO_USER


def _elsewhere(row: ResourceRow, enrollment: EnrollmentRow) -> ReportedApp:
    """An assigned app that the device does not have."""
    kind = KINDS.get(row.kind)
    if kind is None:
        standing, why = AppStanding.KEPT_ONLY, f"A {row.kind} is kept and assigned; no device here installs one."
    elif enrollment.platform not in kind.platforms:
        standing, why = AppStanding.OTHER_PLATFORM, "It is for devices of another kind."
    elif row.document.get("publishingState") != PUBLISHED:
        standing, why = AppStanding.NOT_PUBLISHED, "It is not published: its content is missing, or is not committed."
    elif kind.identifier is not None and not kind.identifier(row.document):
        standing = AppStanding.NAMELESS
        why = "It says nothing by which a device would know it, such as a bundle identifier."
    else:
        standing, why = AppStanding.ELSEWHERE, _NOT_BROUGHT
    fits = kind is not None and enrollment.platform in kind.platforms
    return ReportedApp(row.id, _name(row), row.kind, standing, why=why, fits=fits)


def _name(row: ResourceRow) -> str:
    return str(row.document.get("displayName") or row.id)
