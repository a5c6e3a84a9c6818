"""A device in one transaction of a check-in. What is stored of it is read once, and only if there is any; what changes
of it is noted here, and written once, at the end.

Between the requests of one conversation, and between reports that say the same in other words, the parts are
remembered: they are true as long as nobody has changed the tenant (`runtime.memory`) and the device's row is as it was
left. Where transactions are one after the other (SQLite),
and each tells the memory of what it wrote, the row is as it was left, too, and is not read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from operator import attrgetter
from typing import Unpack

from cryptography import x509

from fauxtune.core.engine.planning.steps import PlannedStep, SentStep
from fauxtune.core.errors import NotFound
from fauxtune.core.model.actions import WAITING, StepKind, StepState
from fauxtune.core.model.ids import ItemKey, ProfileId, RequestId, ResourceId
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.made_often import with_changes
from fauxtune.core.model.states import Cause, EnrollmentState, Incident
from fauxtune.core.model.text import JsonObject
from fauxtune.core.pki.names import thumbprint
from fauxtune.operations.devices import ending as device_ledger
from fauxtune.operations.devices.audience import Audience, user_name
from fauxtune.operations.devices.caller import Caller, checked
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.visits.left import Ledger, Left, Parts, left_by_last, size_of
from fauxtune.operations.visits.situations import DeviceSituation
from fauxtune.storage.queries import app_states as app_queries
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import connectors as request_queries
from fauxtune.storage.queries import device_records as action_queries
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.queries import visits as step_queries
from fauxtune.storage.queries.visits import StoredParts
from fauxtune.storage.rows.certificates import AnswerRow, RequestChanges, RequestRow, ServedRequestRow
from fauxtune.storage.rows.configuration import ProfileStateRow
from fauxtune.storage.rows.devices import (
    DeviceActionRow,
    EnrollmentChanges,
    EnrollmentRow,
    StepChanges,
    StepRow,
)
from fauxtune.storage.rows.resources import AppStateRow


class Visit:
    """The device, as it is from now on. Use `visiting`."""

    def __init__(self, tx: Transaction, row: EnrollmentRow, *, stored: StoredParts, parts: Parts) -> None:
        self.tx = tx
        self._in_groups = stored.groups
        self._audience: Audience | None = None
        self._begin(row, stored=stored, parts=parts)

    def _begin(self, row: EnrollmentRow, *, stored: StoredParts, parts: Parts) -> None:
        self.row = row
        self.parts = parts
        self._stored = stored
        self._actions: list[DeviceActionRow] | None = None
        self._changes: EnrollmentChanges = {}
        self._changed_items: Ledger = {}
        self._steps_before: dict[str, StepRow] = dict(parts.steps or {})
        #: The steps as `sent` has them; None: a step has changed since.
        self._sent: Sequence[SentStep] | None = None
        self._states_before: dict[ProfileId, ProfileStateRow] = dict(parts.states or {})
        #: The requests that are not written yet, each with its answer if there is one; and those that they replace.
        self._new_requests: dict[RequestId, tuple[RequestRow, RequestChanges]] = {}
        self._replaced_requests: list[RequestId] = []
        #: What the last plan of this transaction depended on, if nothing else than the plan has changed it since.
        self.situation: DeviceSituation | None = None
        #: The answers of connectors that were written in this transaction.
        self.fresh_answers: list[AnswerRow] = []
        #: Whether the device is expected to report the results of its steps next.
        self.continues = False
        #: Whether its report was not the last one, and nothing followed from it: the next one may be alike.
        self.rests = False

    # What is known

    @property
    def left(self) -> Left:
        """The device as it is left by this visit, at its end."""
        # What was looked up once is in the parts; keys may have come since.
        had_keys, actions = self._stored.keys or bool(self.tx.key_changes), self._stored.actions
        stored = StoredParts(groups=self._in_groups, keys=had_keys, actions=actions)
        return Left(self.row, self.parts, stored, rests=self.rests)

    @property
    def ledger(self) -> Mapping[ItemKey, LedgerRow]:
        """The items, by key."""
        if self.parts.ledger is None:
            self.parts.ledger = queries.ledger_rows(self.tx.connection, self.row.id) if self._stored.ledger else {}
        return self.parts.ledger

    @property
    def requests(self) -> Sequence[ServedRequestRow]:
        """All that was asked of connectors for the device, oldest first."""
        if self.parts.requests is None:
            ids = [self.row.id] if self._stored.requests else []
            self.parts.requests = request_queries.requests_of(self.tx.connection, ids)
        return self.parts.requests

    @property
    def states(self) -> Mapping[ProfileId, ProfileStateRow]:
        """The states of profiles on the device."""
        if self.parts.states is None:
            states: dict[ProfileId, ProfileStateRow] = {}
            if self._stored.states:
                states = configuration_queries.states_of_device(self.tx.connection, self.row.id)
            self.parts.states = states
            self._states_before = dict(states)
        return self.parts.states

    @property
    def apps(self) -> Mapping[ResourceId, AppStateRow]:
        """The apps that concern the device, by id. Only tenants that have assigned some ask for them."""
        if self.parts.apps is None:
            rows = app_queries.of_device(self.tx.connection, self.row.id)
            self.parts.apps = {row.app_id: row for row in rows}
        return self.parts.apps

    @property
    def actions(self) -> Sequence[DeviceActionRow]:
        """The actions that wait for the device, oldest first."""
        if self._actions is None:
            self._actions = []
            if self._stored.actions:
                self._actions = action_queries.actions(self.tx.connection, self.row.id, states=WAITING)
        return self._actions

    @property
    def sent(self) -> Sequence[SentStep]:
        """The steps that were sent to the device and are not over."""
        if self._sent is None:
            self._sent = [
                SentStep(id=step.id, step=PlannedStep(step.kind, step.subject, step.fingerprint), state=step.state)
                for step in self._steps.values()
            ]
        return self._sent

    @property
    def answers(self) -> Mapping[str, JsonObject]:
        """The device's answers to questions, by their names; questions that it could not answer are left out."""
        return {
            step.subject: step.answer
            for step in self._steps.values()
            if step.kind is StepKind.QUESTION and step.state is StepState.ANSWERED and step.answer is not None
        }

    @property
    def user(self) -> str | None:
        """The name of the device's user."""
        return user_name(self.tx, self.row)

    @property
    def audience(self) -> Audience:
        """The device's user and the groups of both, which no check-in changes."""
        if self._audience is None:
            self._audience = Audience.of(self.tx, [self.row], in_groups=self._in_groups)
        return self._audience

    def is_quiet(self, report: str) -> bool:
        """Whether a check-in with a report of this digest changes nothing, as `queries.quiet` decides it."""
        is_active = self.row.state is EnrollmentState.ACTIVE
        return is_active and self.row.is_settled(self.tx.now) and self.row.report_digest == report

    # What changes

    def change(self, **changes: Unpack[EnrollmentChanges]) -> None:
        """Change columns of the enrolment."""
        self.row = with_changes(self.row, **changes)
        self._changes = {**self._changes, **changes}

    def put_items(
        self, changed: Iterable[LedgerRow], *, causes: Mapping[ItemKey, Cause | Incident] | None = None
    ) -> None:
        """Write new or changed items. `causes`: why items are not wanted any more."""
        before = self.ledger
        rows = {row.key: _with_its_certificate(row, before.get(row.key)) for row in changed}
        device_ledger.note_keys(
            self.tx,
            self.row.id,
            before=before,
            changed=rows.values(),
            causes=causes,
            issued=self.parts.issued,
            has_keys=self._stored.keys,
        )
        self.parts.ledger = dict(sorted({**before, **rows}.items()))
        self._changed_items |= rows

    def read_items_again(self) -> None:
        """Read the items again, since certificates were revoked."""
        self._write_items()
        self.parts.ledger, self._stored = None, replace(self._stored, ledger=True)
        self.situation = None

    def put_requests(self, rows: Sequence[RequestRow]) -> None:
        """Ask connectors, in place of what they were asked before for the same item and fingerprint."""
        wanted = {(row.item_key, row.fingerprint) for row in rows}
        replaced = [row.id for row in self.requests if (row.item_key, row.fingerprint) in wanted]
        self._replaced_requests += [key for key in replaced if self._new_requests.pop(key, None) is None]
        self._new_requests |= {row.id: (row, {}) for row in rows}
        kept = [row for row in self.requests if row.id not in replaced]
        self.parts.requests = sorted([*kept, *map(_unserved, rows)], key=lambda row: (row.created_at, row.id))

    def answer_request(self, request_id: RequestId, changes: RequestChanges) -> bool:
        """Write the answer to a request; return False when it is no longer open, since another answer came first."""
        if request_id not in self._new_requests:
            return request_queries.answer_request(self.tx.connection, request_id, **changes)
        self._new_requests[request_id] = self._new_requests[request_id][0], changes
        return True

    def note_answer(
        self,
        request: RequestRow,
        changes: RequestChanges,
        *,
        certificate: x509.Certificate | None,
        authority: str | None,
    ) -> None:
        """Note an answer that was written; the new certificate that it brings, and the name of its authority."""
        if changes.get("serial") is not None and (certificate is None or authority is None):
            self.read_requests_again()
        if self.parts.requests is None:
            return
        served = with_changes(
            _unserved(request),
            state=changes["state"],
            serial=changes.get("serial"),
            error_code=changes.get("error_code"),
            message=changes.get("message"),
            answered_by=changes.get("answered_by"),
            answered_at=changes.get("answered_at"),
        )
        if certificate is not None:
            mark = thumbprint(certificate)
            self.parts.issued[mark] = certificate
            served = with_changes(
                served,
                thumbprint=mark,
                not_before=certificate.not_valid_before_utc,
                not_after=certificate.not_valid_after_utc,
                authority=authority,
            )
        self.parts.requests = [served if row.id == request.id else row for row in self.parts.requests]
        if changes["state"] == "answered":
            self.fresh_answers.append(
                AnswerRow(
                    item_key=request.item_key,
                    fingerprint=request.fingerprint,
                    serial=changes.get("serial"),
                    sealed=changes.get("sealed"),
                    pfx=changes.get("pfx"),
                    kept_password=changes.get("kept_password"),
                )
            )

    def read_requests_again(self) -> None:
        """Read the requests again, since some were answered."""
        self._write_requests()
        self.parts.requests = None
        self._stored = replace(self._stored, requests=True)

    def put_states(self, changed: Sequence[ProfileStateRow], *, dropped: Collection[ProfileId]) -> None:
        """Write states of profiles, and drop those of profiles that reach the device no more."""
        kept = {key: state for key, state in self.states.items() if key not in dropped}
        self.parts.states = kept | {state.profile_id: state for state in changed}

    def put_apps(self, changed: Sequence[AppStateRow], *, dropped: Collection[ResourceId]) -> None:
        """Write states of apps, and drop those of apps that do not concern the device any more."""
        app_queries.put(self.tx.connection, changed)
        for app_id in dropped:
            app_queries.drop(self.tx.connection, self.row.id, app_id=app_id)
        kept = {key: row for key, row in self.apps.items() if key not in dropped}
        self.parts.apps = kept | {row.app_id: row for row in changed}

    def put_steps(self, sent: Sequence[SentStep]) -> None:
        """Write down the steps that are sent to the device now, for the first time or again."""
        self._sent = None
        for step in sent:
            self._steps[step.id] = StepRow(
                id=step.id,
                tenant_id=self.tx.tenant.id,
                enrollment_id=self.row.id,
                kind=step.step.kind,
                subject=step.step.subject,
                fingerprint=step.step.fingerprint,
                state=step.state,
                answer=None,
                told_at=self.tx.now,
            )

    def change_step(self, step_id: str, **changes: Unpack[StepChanges]) -> None:
        """Change columns of a step, if it is not over."""
        if step_id in self._steps:
            self._sent = None
            self._steps[step_id] = with_changes(self._steps[step_id], **changes)

    def drop_steps(self, ids: Iterable[str]) -> None:
        """Drop steps: they are over."""
        for step_id in ids:
            if self._steps.pop(step_id, None) is not None:
                self._sent = None

    def plan_again(self) -> None:
        """Let the device plan again, as something has changed on which its plan depends."""
        self.change(generation=self.row.generation + 1)
        self.tx.wake([self.row.id])

    def aside(self, work: Callable[[EnrollmentRow], None]) -> None:
        """Do work that reads and writes by itself what belongs to the device; afterwards everything is read again."""
        self.write()
        work(self.row)
        row = queries.enrollment(self.tx.connection, self.row.id)
        assert row is not None
        self._begin(row, stored=StoredParts(), parts=Parts())

    def write(self) -> None:
        """Write what has changed."""
        connection, device = self.tx.connection, self.row.id
        if self._changes:
            queries.change_enrollment(connection, device, **self._changes)
            self._changes = {}
        self._write_requests()
        self._write_items()
        self._write_states()
        steps = self.parts.steps or {}
        gone = [step_id for step_id in self._steps_before if step_id not in steps]
        step_queries.delete_steps(connection, device, ids=gone)
        step_queries.put_steps(
            connection, [step for step_id, step in steps.items() if step != self._steps_before.get(step_id)]
        )
        self._steps_before = dict(steps)

    def _write_items(self) -> None:
        device_ledger.write_items(self.tx, self.row.id, changed=self._changed_items.values())
        self._changed_items = {}

    def _write_requests(self) -> None:
        request_queries.put_requests(self.tx.connection, self._new_requests.values(), replaced=self._replaced_requests)
        self._new_requests, self._replaced_requests = {}, []

    def _write_states(self) -> None:
        states, before = self.parts.states or {}, self._states_before
        changed = [state for profile_id, state in states.items() if state is not before.get(profile_id)]
        configuration_queries.put_states(self.tx.connection, changed)
        for profile_id in sorted(before.keys() - states.keys()):
            configuration_queries.drop_state(self.tx.connection, self.row.id, profile_id=profile_id)
        self._states_before = dict(states)

    @property
    def _steps(self) -> dict[str, StepRow]:
        if self.parts.steps is None:
            rows = step_queries.steps_of(self.tx.connection, self.row.id) if self._stored.steps else []
            self.parts.steps = {step.id: step for step in rows}
            self._steps_before = dict(self.parts.steps)
        return self.parts.steps


@contextmanager
def visiting(tx: Transaction, caller: Caller) -> Iterator[Visit]:
    """Visit the calling device, which is locked until the transaction ends. Raises as `identified`."""
    left = left_by_last(tx.memory, caller.credential)
    if left is not None and step_queries.is_alone(tx.connection):
        known: EnrollmentRow | None = left.row
        stored = left.stored
    else:
        known, stored = step_queries.device_of_credential(tx.connection, caller.credential)
    row = checked(tx, caller, row=known)
    with _visit(tx, row, stored=stored, left=left) as visit:
        yield visit


@contextmanager
def visiting_again(tx: Transaction, left: Left) -> Iterator[Visit]:
    """Visit a device that another transaction has left. Raises NotFound if it is gone."""
    known = left_by_last(tx.memory, left.row.credential_digest or "")
    if known is not None and known.row is left.row and step_queries.is_alone(tx.connection):
        row: EnrollmentRow | None = left.row
        stored = left.stored
    else:
        row, stored = step_queries.device_of_id(tx.connection, left.row.id)
    if row is None:  # meanwhile the tenant was deleted, or got a state that does not have the device
        raise NotFound(f"There is no device '{left.row.id}'.")
    with _visit(tx, row, stored=stored, left=left) as visit:
        yield visit


@contextmanager
def _visit(tx: Transaction, row: EnrollmentRow, *, stored: StoredParts, left: Left | None) -> Iterator[Visit]:
    # Whatever changes what a device is to do changes its row too.
    parts = left.parts.copy() if left is not None and left.row == row else Parts()
    tx.holds_tenant = True
    visit = Visit(tx, row, stored=stored, parts=parts)
    if tx.memory is not None and row.credential_digest is not None:
        tx.memory.writes_one_device = True
        tx.memory.forget(row.credential_digest)  # until the commit, which may fail
    yield visit
    visit.write()
    if tx.memory is not None and row.credential_digest is not None:
        if visit.continues or visit.rests:
            tx.memory.remember(row.credential_digest, visit.left, size=size_of(visit.left))
        else:
            tx.memory.forget(row.credential_digest)


def _with_its_certificate(row: LedgerRow, before: LedgerRow | None) -> LedgerRow:
    """The row as it will be read: what is known of a certificate belongs to its serial number."""
    is_known = not row.revoked or (before is not None and before.serial == row.serial)
    return row if is_known else with_changes(row, revoked=False)


_REQUEST = attrgetter(*(each.name for each in fields(RequestRow)))
#: The other columns of a request that has no certificate of an authority.
_NO_CERTIFICATE = (None,) * (len(fields(ServedRequestRow)) - len(fields(RequestRow)))


def _unserved(row: RequestRow) -> ServedRequestRow:
    return ServedRequestRow(*_REQUEST(row), *_NO_CERTIFICATE)
