"""What becomes of a device because of a request: items with the reason, compliance, scripts and apps.

A device is judged as at its next check-in, with what it reported last; where only time is looked at, it does not
check in.

A device is planned as at its next check-in, with what is stored of its apps and scripts. Tenants without apps and
scripts pay one statement and none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from fauxtune.core.engine.compliance.states import NO_GRACE, DeviceState
from fauxtune.core.engine.planning.simulation import SimulatedPlan, is_not_yet_issued, is_replaced
from fauxtune.core.engine.removal.decisions import DeviceKind, verdict
from fauxtune.core.errors import Invalid
from fauxtune.core.model.ids import EnrollmentId, ProfileId
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.states import Cause, EnrollmentState, Incident
from fauxtune.core.policies.app_planning import Order, PlannedApp
from fauxtune.core.policies.app_states import AVAILABLE
from fauxtune.operations.apps.device_apps import app_of, concern, known_apps, plan_for
from fauxtune.operations.compliance.judging import judgements_of
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.scripts.device_scripts import ReachingScript, scripts_of_each
from fauxtune.operations.visits.left import Parts
from fauxtune.operations.visits.visit import Visit
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.queries.visits import StoredParts
from fauxtune.storage.rows.devices import EnrollmentRow, JoinedDeviceRow

_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Outlook:
    """The state that a device would have, the settings that it would not meet, and when its period of grace would end
    (None: it would not be in one).
    """

    state: DeviceState
    settings: tuple[str, ...] = ()
    grace_ends_at: datetime | None = None


#: A device of a tenant that judges nothing.
UNJUDGED = Outlook(DeviceState.COMPLIANT)


@dataclass(frozen=True, slots=True)
class ComplianceChange:
    """What would change in the compliance of a device: its state before and after, and the settings that it would not
    meet then.
    """

    before: str
    after: str
    settings: tuple[str, ...]
    grace_ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DeviceInTime:
    """A device whose compliance time would change."""

    device: EnrollmentId
    managed_device_id: str
    device_name: str | None
    user_principal_name: str | None
    compliance: ComplianceChange


def outlooks(
    tx: Transaction, devices: Sequence[EnrollmentRow], *, is_away: bool = False
) -> Mapping[EnrollmentId, Outlook]:
    """Return the state of each of these devices after its next check-in, or `is_away`, without one; nothing in a tenant
    that judges nothing.
    """
    if not tx.tenant.judges_devices and not is_away:
        return {}
    judgements = judgements_of(tx, devices, contact_at=None if is_away else tx.now, is_known_only=is_away)
    return {
        judgement.device.id: Outlook(
            judgement.judged.state,
            tuple(
                state.setting
                for verdict in (*judgement.verdicts.values(), judgement.built_in)
                for state in verdict.failing
            ),
            None if judgement.judged.grace_ends_at == NO_GRACE else judgement.judged.grace_ends_at,
        )
        for judgement in judgements
    }


def change_of(before: Outlook | None, after: Outlook | None) -> ComplianceChange | None:
    """Return what differs between two outlooks; None if the state is the same."""
    old, new = before or UNJUDGED, after or UNJUDGED
    if old.state is new.state:
        return None
    in_grace = new.grace_ends_at if new.state is DeviceState.IN_GRACE_PERIOD else None
    return ComplianceChange(old.state.value, new.state.value, new.settings, in_grace)


def after_time(tx: Transaction, by: timedelta) -> list[DeviceInTime]:
    """Return the devices whose compliance would be another one after this time without a check-in, by name. Raises
    Invalid for a time in the past, or past the end of time.
    """
    try:
        later = replace(tx, now=tx.now + by)
    except OverflowError:
        raise Invalid("That is past the end of time.", target="by") from None
    if by < timedelta(0):
        raise Invalid("Time goes forward: name a duration such as P30D.", target="by")
    changed: list[DeviceInTime] = []
    ids = queries.live_enrollments(tx.connection, tx.tenant.id)
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        rows = list(queries.enrollments_by_id(tx.connection, some).values())
        rows = [row for row in rows if row.state is not EnrollmentState.ENDED]
        records = {row.enrollment_id: row for row in queries.managed_devices_of(tx.connection, tx.tenant.id, ids=some)}
        after = outlooks(later, rows, is_away=True)
        changed += [
            each for row in rows if row.id in records and (each := _in_time(records[row.id], after=after[row.id]))
        ]
    return sorted(changed, key=lambda device_in_time: (device_in_time.device_name or "", device_in_time.device))


def _in_time(record: JoinedDeviceRow, *, after: Outlook) -> DeviceInTime | None:
    change = change_of(Outlook(DeviceState(record.compliance_state or "unknown")), after)
    if change is None:
        return None
    return DeviceInTime(record.enrollment_id, record.id, record.device_name, record.user_principal_name, change)


RUN, STOP, INSTALL, UNINSTALL, OFFER, KEEP = "run", "stop", "install", "uninstall", "offer", "keep"


@dataclass(frozen=True, slots=True)
class WorkChange:
    """What would change of a script or an app on a device. `what`: a script would `run` (for the first time, or again)
    or `stop` to run; an app would be `install`ed, `uninstall`ed, `offer`ed to the user, or not be told of any more:
    `keep` (what is installed stays).
    """

    id: str
    name: str
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Work:
    """The scripts that reach a device, and its apps that are planned, with the names of both."""

    scripts: Mapping[str, ReachingScript] = field(default_factory=dict)
    apps: Mapping[str, PlannedApp] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


_NOTHING = Work()


def works(tx: Transaction, devices: Sequence[EnrollmentRow]) -> dict[EnrollmentId, Work]:
    """Return the work of each of these devices after its next check-in."""
    scripts = scripts_of_each(tx, devices) if tx.tenant.has_agents else {}
    apps: dict[EnrollmentId, dict[str, PlannedApp]] = {}
    names: dict[str, str] = {}
    if concern(tx):
        names = {key: str(app.row.document.get("displayName") or key) for key, app in known_apps(tx).items()}
        apps = {device.id: _planned(tx, device) for device in devices}
    return {
        device.id: Work(
            scripts.get(device.id, {}),
            apps.get(device.id, {}),
            {**names, **{key: script.script.name for key, script in scripts.get(device.id, {}).items()}},
        )
        for device in devices
    }


def _planned(tx: Transaction, device: EnrollmentRow) -> dict[str, PlannedApp]:
    visit = Visit(tx, device, stored=StoredParts(), parts=Parts())
    before = {str(key): app_of(row) for key, row in visit.apps.items()}
    return {app.spec.app_id: app for app in plan_for(visit, before=before)}


def changes_of(before: Work | None, after: Work | None) -> tuple[tuple[WorkChange, ...], tuple[WorkChange, ...]]:
    """Return what differs between the work of a device before and after: of scripts, and of apps."""
    old, new = before or _NOTHING, after or _NOTHING
    names = {**old.names, **new.names}
    scripts = [
        WorkChange(key, names[key], *change)
        for key in sorted({*old.scripts, *new.scripts})
        if (change := _of_script(old.scripts.get(key), new.scripts.get(key))) is not None
    ]
    apps = [
        WorkChange(key, names[key], *change)
        for key in sorted({*old.apps, *new.apps})
        if (change := _of_app(old.apps.get(key), new.apps.get(key))) is not None
    ]
    return tuple(scripts), tuple(apps)


def _of_script(old: ReachingScript | None, new: ReachingScript | None) -> tuple[str, str] | None:
    if new is None:
        return STOP, "no assignment brings it to the device any more"
    if old is None:
        return RUN, "it reaches the device"
    return None if old.wanted.version == new.wanted.version else (RUN, "it, or when it runs, is another")


def _of_app(old: PlannedApp | None, new: PlannedApp | None) -> tuple[str, str] | None:
    before, after = _wish(old), _wish(new)
    if before == after:
        return None
    words = {
        INSTALL: "it is required on the device",
        UNINSTALL: "it is to be uninstalled, or another app replaces it",
        OFFER: "its user may install it",
    }
    if after is not None:
        return after, words[after]
    problem = None if new is None else new.problem
    return KEEP, problem or "no assignment brings it to the device any more; what is installed stays"


def _wish(app: PlannedApp | None) -> str | None:
    """What the device would do about an app, or has done; None: nothing."""
    if app is None or app.problem is not None:
        return None
    if app.order is not None:
        return INSTALL if app.order is Order.INSTALL else UNINSTALL
    return OFFER if app.intent in AVAILABLE else None


@dataclass(frozen=True, slots=True)
class Consequence:
    """The consequence for one item. `cause`: the word for why it is removed; `why`: the cause in words; `document`: the
    document that the rule rests on. Serial number and thumbprint are None while the certificate does not exist yet.
    `reissued`: "new" or "same".
    """

    item: str
    source: str
    profile: str | None
    profile_name: str | None
    thumbprint: str | None
    serial: str | None
    why: str
    cause: str | None = None
    document: str | None = None
    reissued: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A device after the request: its enrolment, its items, its work, and what was revoked on the way."""

    enrollment: EnrollmentRow
    foreseen: SimulatedPlan
    revoked: Mapping[str, Cause | Incident | None] = field(default_factory=dict)
    kept_enrolled: bool = False
    outlook: Outlook | None = None
    work: Work | None = None

    @property
    def ended(self) -> str | None:
        """Why the enrolment ended; None if it did not."""
        ended = self.enrollment.state == EnrollmentState.ENDED.value
        return str(self.enrollment.cause) if ended else None


@dataclass(frozen=True, slots=True)
class Explanation:
    """The consequence for each item, and why."""

    before: Outcome
    after: Outcome
    device: DeviceKind
    names: Mapping[ProfileId, str]

    def installed(self, row: LedgerRow) -> Consequence:
        """An item that the device will have."""
        request = "; the connector is asked for it" if is_not_yet_issued(row) else ""
        return self._about(row, why=f"the profile {self._named(row)} reaches the device{request}")

    def removed(self, row: LedgerRow) -> Consequence:
        """An item that the device has."""
        cause = self._cause_of_end() or self.after.foreseen.causes.get(row.key)
        if cause is not None:
            return self._ruled(row, cause)
        # It is wanted still, and cannot be given any more.
        problem = self.after.foreseen.rows[row.key].problem
        return self._about(row, why="it cannot be given any more" if problem is None else problem.message)

    def revoked(self, row: LedgerRow, why: Cause | Incident | None) -> Consequence:
        """A certificate that the CA revokes."""
        cause = why or self._cause_of_end()
        return self._about(row, why="") if cause is None else self._ruled(row, cause)

    def reissued(self, old: LedgerRow, new: LedgerRow) -> Consequence:
        """An item that the device is given again, or another in its place."""
        how = "new" if is_replaced(old, new) else "same"
        if self.after.kept_enrolled:
            return replace(self._ruled(new, Incident.WIPE_KEEPING_ENROLLMENT), reissued=how)
        return replace(self._about(new, why="another takes its place"), reissued=how)

    def _cause_of_end(self) -> Cause | Incident | None:
        if self.after.ended is not None:
            return Cause(self.after.ended)
        return Incident.WIPE_KEEPING_ENROLLMENT if self.after.kept_enrolled else None

    def _ruled(self, row: LedgerRow, cause: Cause | Incident) -> Consequence:
        document = verdict(row, self.device, cause=cause).source
        return replace(self._about(row, why=_WORDS[cause]), cause=cause.value, document=document)

    def _about(self, row: LedgerRow, *, why: str) -> Consequence:
        exists = not is_not_yet_issued(row)
        profile = row.claims[0].profile if row.claims else None
        return Consequence(
            item=row.key,
            source=row.source.value,
            profile=profile,
            profile_name=None if profile is None else self.names.get(profile),
            thumbprint=row.thumbprint if exists else None,
            serial=row.serial if exists else None,
            why=why,
        )

    def _named(self, row: LedgerRow) -> str:
        name = self._about(row, why="").profile_name
        return "that wants it" if name is None else f"'{name}'"


_WORDS: dict[Cause | Incident, str] = {
    Cause.WIPE: "the device is wiped",
    Cause.RETIRE: "the device is retired",
    Cause.UNENROLL: "the device unenrols, or enrols again",
    Cause.DELETE: "the device's record is deleted",
    Cause.USER_DELETED: "the user is deleted",
    Cause.LICENCE_LOST: "the user loses the licence",
    Cause.USER_CHANGED: "the device has another user",
    Cause.CERTIFICATE_DELETED: "the imported certificate is deleted",
    Cause.PROFILE_DELETED: "the profile is deleted",
    Cause.UNASSIGNED: "the assignment that brought it is gone",
    Cause.LEFT_GROUP: "no profile gives it any more",
    Incident.WIPE_KEEPING_ENROLLMENT: "the device is wiped and stays enrolled",
    Incident.PROFILE_EDITED: "the profile is changed",
    Incident.DELETED_BY_USER: "it was deleted on the device",
    Incident.RENEWED: "it is renewed",
}
