"""What becomes of a device because of a request, item by item, and why in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from fauxtune.core.engine.planning.simulation import SimulatedPlan, is_not_yet_issued, is_replaced
from fauxtune.core.engine.removal.decisions import DeviceKind, verdict
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.states import Cause, EnrollmentState, Incident
from fauxtune.operations.insight.whatif_compliance import Outlook
from fauxtune.operations.insight.whatif_work import Work
from fauxtune.storage.rows.devices import EnrollmentRow


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
