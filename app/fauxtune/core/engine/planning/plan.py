"""The plan of one device, from its desired items and its ledger: requests to the connector, offers and removals.

`plan` is pure and safe to repeat: with nothing changed, it changes nothing. Times are the tenant's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from fauxtune.core.engine.planning.ledger import in_policy, moved
from fauxtune.core.engine.planning.renewal import is_due_for_renewal, is_too_late, next_renewals
from fauxtune.core.engine.planning.setting_conflicts import IN_CONFLICT, merged
from fauxtune.core.engine.removal.decisions import (
    DeviceKind,
    Standing,
    cause,
    is_issued_again,
    row_of_former_user,
    row_when_unwanted,
    verdict,
)
from fauxtune.core.model.ids import ItemKey
from fauxtune.core.model.items import REMEDIATION_FAILED, Item, LedgerRow, Need, Problem, key_source
from fauxtune.core.model.made_often import made_often, with_changes
from fauxtune.core.model.mail_accounts import Account, NamedCertificate
from fauxtune.core.model.platforms import FACTS, Variant
from fauxtune.core.model.scep import ScepAttempt, ScepOrder
from fauxtune.core.model.settings import Unit
from fauxtune.core.model.states import Authority, Cause, Incident, ItemState, Source
from fauxtune.core.model.tenants import Edition

#: Nothing is due: the end of Graph's time.
NEVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


#: A refused request is asked again after this time of the tenant's clock.
RETRY_AFTER = timedelta(hours=1)
#: How often a device tries to get a certificate by SCEP with a challenge of its own each. Unverified: the number.
MOST_ATTEMPTS = 6
#: In which order items are planned: a certificate needs its root, and an account its certificates.
_ORDER = (Source.ROOT, Source.PKCS, Source.IMPORTED, Source.SCEP, Source.EMAIL, Source.SETTING)
#: Between the settings of a certificate by SCEP and the thumbprint of the one in whose place it comes, in fingerprints.
_AFTER = "/after/"


@made_often
@dataclass(frozen=True, slots=True)
class ConnectorAnswer:
    """The state of a request to the connector: open while there is neither `serial` nor `problem` nor `answered`."""

    answered: bool = False
    serial: str | None = None
    thumbprint: str | None = None
    renew_at: datetime | None = None
    not_after: datetime | None = None
    problem: Problem | None = None
    retry_at: datetime | None = None
    authority: Authority = Authority.MICROSOFT

    @classmethod
    def refused(cls, problem: Problem, *, at: datetime) -> ConnectorAnswer:
        """Return the answer of a connector that refused the request at this moment."""
        return cls(problem=problem, retry_at=at + RETRY_AFTER)


@dataclass(frozen=True, slots=True)
class ConnectorRequest:
    """A request to make of the connector: unique by device, item key and fingerprint. `account`: an e-mail account with
    the certificates that it names, which the connector's file carries.
    """

    item: Item
    fingerprint: str
    account: Account | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """All that planning one device depends on."""

    now: datetime
    variant: Variant
    edition: Edition
    items: Mapping[ItemKey, Item]
    rows: Mapping[ItemKey, LedgerRow]
    answers: Mapping[tuple[ItemKey, str], ConnectorAnswer]
    standing: Standing
    waiting_for: Mapping[Source, str] = field(default_factory=dict)
    #: By item and fingerprint.
    attempts: Mapping[tuple[ItemKey, str], ScepAttempt] = field(default_factory=dict)


@dataclass(slots=True)
class Plan:
    """The result of planning. `rows` are the changed rows only; `revoked` those whose certificates the CA must revoke
    now, with the cause; `unwanted`: why items are not wanted on the device any more.
    """

    rows: dict[ItemKey, LedgerRow] = field(default_factory=dict)
    requests: list[ConnectorRequest] = field(default_factory=list)
    revoked: list[tuple[LedgerRow, Cause | Incident]] = field(default_factory=list)
    unwanted: dict[ItemKey, Cause | Incident] = field(default_factory=dict)
    offered: list[LedgerRow] = field(default_factory=list)
    due_at: datetime = NEVER
    policy_changed: bool = False


def plan(situation: Situation) -> Plan:
    """The plan for one device. Rows that are unchanged are not in it."""
    planner = _Planner(situation)
    before = _policy(situation.rows.values())
    after = planner.after
    for item in sorted(situation.items.values(), key=lambda item: _ORDER.index(item.source)):
        after[item.key] = planner.wanted_row(item)
    for key, row in situation.rows.items():
        if key not in situation.items and row.state not in (ItemState.REMOVED, ItemState.REMOVING):
            after[key] = planner.unwanted_row(row)
    result = planner.plan
    result.rows = {key: row for key, row in after.items() if row != situation.rows.get(key)}
    policy_rows = [row for row in after.values() if in_policy(row)]
    result.policy_changed |= bool(result.offered) or before != _policy(after.values())
    result.due_at = min((result.due_at, *next_renewals(policy_rows, now=situation.now)))
    return result


def _policy(rows: Iterable[LedgerRow]) -> set[tuple[str | None, ...]]:
    """The parts of the device's policy whose change makes a new version of it."""
    return {(row.key, row.fingerprint, row.purpose) for row in rows if in_policy(row)}


class _Planner:
    """One pass over one device, which builds its plan."""

    def __init__(self, situation: Situation) -> None:
        self.situation = situation
        self.device = DeviceKind(situation.variant, situation.edition)
        self.plan = Plan()
        self.after = dict(situation.rows)

    def wanted_row(self, item: Item) -> LedgerRow:
        """The new ledger row of an item that is wanted."""
        row = self.situation.rows.get(item.key) or LedgerRow(key=item.key, source=item.source, state=ItemState.WANTED)
        match item.source:
            case Source.PKCS:
                new = self._pkcs(row, item)
            case Source.SCEP:
                new = self._scep(row, item)
            case Source.EMAIL:
                new = self._account(row, item)
            case Source.SETTING:
                new = _settings(row, item)
            case Source.ROOT | Source.IMPORTED:
                new = self._fixed(row, item)
        user_id = self.situation.standing.user_id
        if (new.claims, new.user_id) != (item.claims, user_id):
            new = with_changes(new, claims=item.claims, user_id=user_id)
        if new.state is ItemState.SENT and (row.state, row.fingerprint) != (new.state, new.fingerprint):
            self.plan.offered.append(new)
        return new

    def unwanted_row(self, row: LedgerRow) -> LedgerRow:
        """The new ledger row of an unwanted item. Its certificate is revoked even if it never reached the device."""
        if not in_policy(row) and row.serial is None:
            return moved(row, ItemState.REMOVED, problem=None, waits_for=None)
        why = cause(row, self.situation.standing)
        self.plan.unwanted[row.key] = why
        self._revoke(row, why)
        return row_when_unwanted(row, self.device, cause=why)

    def _fixed(self, row: LedgerRow, item: Item) -> LedgerRow:
        """The row of a root or an imported certificate, whose bytes are known."""
        # A refused one is left alone too: it stays in the policy, and the device tries again by itself.
        settled = (ItemState.SENT, ItemState.INSTALLED, ItemState.FAILED)
        is_same = row.fingerprint is not None and row.fingerprint == item.fingerprint and row.state in settled
        described = with_changes(
            row,
            purpose=item.purpose,
            thumbprint=item.thumbprint,
            not_after=item.not_after,
            # The bytes changed, or were never offered: those that the device may have cannot be given any more.
            fingerprint=row.fingerprint if is_same else None,
        )
        if is_same:
            return described
        if item.problem is not None or item.fingerprint is None:
            return _failed(described, item.problem)
        if item.source is Source.ROOT:
            return _offered(with_changes(described, payload=item.payload), item.fingerprint)
        answer = self.situation.answers.get((item.key, item.fingerprint))
        if answer is not None and answer.answered:
            return _offered(described, item.fingerprint)
        answer = self._request(ConnectorRequest(item=item, fingerprint=item.fingerprint), answer)
        return self._unanswered(described, answer)

    def _pkcs(self, row: LedgerRow, item: Item) -> LedgerRow:
        """The row of the device's own certificate: the current one stays, however the profile changes, until its
        renewal, or until the device has another user.
        """
        current = row.fingerprint is not None and row.state is not ItemState.REMOVED and not self._is_lost(row)
        if current and item.personal and self._is_of_another(row):
            return self._replaced(row, item)
        renewing = is_due_for_renewal(row, now=self.situation.now)
        if current and row.state in (ItemState.KEPT, ItemState.REMOVING, ItemState.WANTED):
            row = _offered(row, str(row.fingerprint))  # wanted again
        if current and not renewing:
            return row
        fingerprint = f"after/{row.serial}" if row.serial else "first"
        answer = self.situation.answers.get((item.key, fingerprint))
        if answer is not None and answer.serial is not None:
            if current:
                self._revoke(row, Incident.RENEWED)
            return _offered(_with_certificate(row, answer), answer.serial)
        problem = item.problem or self._untrusted(item)
        awaited = self._root_awaited(item)
        if problem is None and awaited is None:
            answer = self._request(ConnectorRequest(item=item, fingerprint=fingerprint), answer)
        if current:
            return row
        bare = with_changes(row, fingerprint=None)
        if problem is not None:
            return _failed(bare, problem)
        return self._unanswered(bare, answer) if awaited is None else _waiting(bare, awaited)

    def _scep(self, row: LedgerRow, item: Item) -> LedgerRow:
        """The row of a certificate whose key the device makes. The present one stays until its successor is there: at
        the renewal, after a change of the profile or of the device's user, and where it was lost or taken back.

        Unverified: that a changed value of a variable counts as a changed profile.
        """
        current = row.fingerprint is not None and row.state is not ItemState.REMOVED and not self._is_lost(row)
        if current and item.personal and self._is_of_another(row):
            return self._replaced(row, item)
        if not current:
            return self._to_request(with_changes(row, fingerprint=None), item)
        edited = item.fingerprint not in (None, str(row.fingerprint).partition(_AFTER)[0])
        if edited or self._is_to_be_renewed(row):
            return self._to_request(row, item, instead=Incident.PROFILE_EDITED if edited else Incident.RENEWED)
        if row.state not in (ItemState.KEPT, ItemState.REMOVING):
            return self._requested(row)
        if row.state is ItemState.KEPT and row.installed_fingerprint == row.fingerprint and not row.revoked:
            return moved(row, ItemState.INSTALLED, problem=None, waits_for=None)
        return self._to_request(row, item)

    def _is_to_be_renewed(self, row: LedgerRow) -> bool:
        now = self.situation.now
        late = is_too_late(row, self.device.variant, edition=self.device.edition, now=now)
        return is_due_for_renewal(row, now=now) and not late

    def _to_request(self, row: LedgerRow, item: Item, *, instead: Incident | None = None) -> LedgerRow:
        """The row of a certificate that the device is to request, once its root is there. `instead`: why it comes in
        place of the present one.
        """
        current, fingerprint = row.fingerprint is not None, item.fingerprint
        if row.thumbprint is not None and fingerprint is not None:
            fingerprint += _AFTER + row.thumbprint
        if current and fingerprint == row.fingerprint and row.state in (ItemState.SENT, ItemState.FAILED):
            return self._requested(row)
        missing = self._what_scep_lacks(row, item)
        if missing is not None:
            return row if current else missing
        assert item.request is not None
        if instead is Incident.PROFILE_EDITED:
            self._revoke(row, instead)
        root = item.needs[0].key if item.needs else None
        order = ScepOrder(item.request, root=root, renews=instead is Incident.RENEWED)
        return _offered(with_changes(row, payload=order.encode()), str(fingerprint))

    def _what_scep_lacks(self, row: LedgerRow, item: Item) -> LedgerRow | None:
        """The row of a certificate that the device cannot request yet; None if it can."""
        if item.problem is not None or item.request is None:
            return _failed(row, item.problem)
        for need in item.needs:
            root = None if need.key is None else self.after.get(need.key)
            if root is not None and root.problem is not None:
                return _failed(row, _without(need, root.problem))
            if root is None or root.state is not ItemState.INSTALLED:
                return _waiting(row, _awaited(need))
        return None

    def _requested(self, row: LedgerRow) -> LedgerRow:
        """The row of a certificate that the device was given to request, or has. A challenge that nobody used in its
        time is replaced at the next delivery, each time later; so is one after a failure, but only a few times.
        """
        attempt = self.situation.attempts.get((row.key, row.fingerprint or ""))
        if attempt is None or row.state not in (ItemState.SENT, ItemState.FAILED):
            return row
        later = attempt.given_at + RETRY_AFTER * 2 ** (min(attempt.count, MOST_ATTEMPTS) - 1)
        if row.state is ItemState.SENT:
            if not attempt.is_answered:
                self._when(max(attempt.expires_at, later))
            return row
        if attempt.count < MOST_ATTEMPTS and self._when(later):
            return _offered(row, str(row.fingerprint))
        return row

    def _when(self, moment: datetime) -> bool:
        """Whether the moment has come. If so, the device gets its policy again, else it is planned again then."""
        if moment <= self.situation.now:
            self.plan.policy_changed = True
            return True
        self.plan.due_at = min(self.plan.due_at, moment)
        return False

    def _revoke(self, row: LedgerRow, why: Cause | Incident) -> None:
        """Plan the revocation of the row's certificate, where the removal table says so."""
        if row.serial is not None and verdict(row, self.device, cause=why).revoked:
            self.plan.revoked.append((row, why))

    def _is_lost(self, row: LedgerRow) -> bool:
        """Whether the certificate was deleted on the device, and another is issued in its place."""
        if row.state is not ItemState.WANTED or row.fingerprint is None:
            return False
        self._revoke(row, Incident.DELETED_BY_USER)
        return is_issued_again(row, self.device)

    def _is_of_another(self, row: LedgerRow) -> bool:
        """Whether the certificate was issued to another user than the device's present one."""
        return row.thumbprint is not None and row.user_id != self.situation.standing.user_id

    def _replaced(self, row: LedgerRow, item: Item) -> LedgerRow:
        """The row after a change of the device's user, who is given a certificate of their own in place of the former
        user's.

        Unverified: a certificate is for one user on one device; what becomes of it then is not documented.
        """
        self._revoke(row, Cause.USER_CHANGED)
        self.plan.unwanted[row.key] = Cause.USER_CHANGED
        former = row_of_former_user(row)
        return self._pkcs(former, item) if item.source is Source.PKCS else self._scep(former, item)

    def _account(self, row: LedgerRow, item: Item) -> LedgerRow:
        """The row of an e-mail account, which waits for the certificates that it names. While one of them is renewed or
        replaced, the account stays as the device has it.

        Unverified: that the service removes an account whose certificate is removed from the device.
        """
        bare = with_changes(row, fingerprint=None)
        problem = item.problem or self._what_cannot_be_carried(item)
        if problem is not None or item.account is None:
            return _failed(bare, problem)
        settled = row.fingerprint is not None and row.state in (ItemState.SENT, ItemState.INSTALLED, ItemState.FAILED)
        named = {}
        for need in item.needs:
            identity = None if need.key is None else self.after.get(need.key)
            if identity is None or identity.state is not ItemState.INSTALLED or identity.fingerprint is None:
                if settled:
                    return row
                failure = None if identity is None else identity.problem
                return _waiting(bare, _awaited(need)) if failure is None else _failed(bare, _without(need, failure))
            named[need.navigation] = NamedCertificate(
                identity.key, identity.fingerprint, thumbprint=identity.thumbprint or ""
            )
        account = item.account.with_certificates(named)
        if settled and row.fingerprint == account.fingerprint:
            return row
        if named and FACTS[self.situation.variant].accounts_carry_certificates:
            answer = self.situation.answers.get((item.key, account.fingerprint))
            if answer is None or not answer.answered:
                answer = self._request(
                    ConnectorRequest(item=item, fingerprint=account.fingerprint, account=account), answer
                )
                return row if settled else self._unanswered(bare, answer)
        return _offered(with_changes(row, payload=account.encode()), account.fingerprint)

    def _what_cannot_be_carried(self, item: Item) -> Problem | None:
        """The problem of an account that contains its certificates, and names one whose key the device makes.

        Differs from Intune: there the device requests another certificate for the account, by a payload beside it.
        """
        if not FACTS[self.situation.variant].accounts_carry_certificates:
            return None
        need = next((each for each in item.needs if each.key is not None and key_source(each.key) is Source.SCEP), None)
        if need is None:
            return None
        return Problem(
            REMEDIATION_FAILED,
            f"{need.navigation} refers to the profile '{need.name}', whose certificate the device requests itself by "
            "SCEP. An account on these devices contains its certificates: refer to a PKCS or an imported certificate.",
        )

    def _untrusted(self, item: Item) -> Problem | None:
        """The problem of a PKCS item whose authority's root is not assigned to the device, or cannot be installed. None
        if the item needs no root, or the root will be there.
        """
        if item.needs_root is None:
            return None
        roots = [self.situation.items[key] for key in _roots(item, self.situation.items)]
        problems = [root.problem for root in roots if root.problem is not None]
        if len(problems) < len(roots):
            return None
        if problems:
            return Problem(REMEDIATION_FAILED, f"The root that it needs is not installed: {problems[0].message}")
        return Problem(
            REMEDIATION_FAILED,
            f"The device does not trust the root of {_authority(item)}: assign a trusted-root profile with its root "
            "certificate to the same group.",
        )

    def _root_awaited(self, item: Item) -> str | None:
        """The root that the item waits for, in words; None if the root is installed, or not needed."""
        if item.needs_root is None:
            return None
        rows = [self.situation.rows[key] for key in _roots(item, self.situation.rows)]
        if any(row.state is ItemState.INSTALLED for row in rows):
            return None
        return f"the trusted root of {_authority(item)} to be installed first"

    def _request(self, request: ConnectorRequest, answer: ConnectorAnswer | None) -> ConnectorAnswer:
        """Make the request, unless it was made already; repeat a refused one when its time has come. Returns the state
        of the request.
        """
        retry_at = answer.retry_at if answer is not None and answer.problem is not None else None
        if answer is None or (retry_at is not None and retry_at <= self.situation.now):
            self.plan.requests.append(request)
            return ConnectorAnswer()
        if retry_at is not None:
            self.plan.due_at = min(self.plan.due_at, retry_at)
        return answer

    def _unanswered(self, row: LedgerRow, answer: ConnectorAnswer | None) -> LedgerRow:
        """The row of an item that waits for the connector, or failed by its refusal."""
        if answer is not None and answer.problem is not None:
            return _failed(row, answer.problem)
        return _waiting(row, self.situation.waiting_for.get(row.source, "the certificate connector"))


def _settings(row: LedgerRow, item: Item) -> LedgerRow:
    """The row of settings that a device takes as one. A setting in conflict stays as the device has it."""
    has_earlier = row.payload is not None and row.fingerprint is not None and row.state is not ItemState.REMOVED
    earlier = Unit.decode(row.payload) if has_earlier and row.payload is not None else None
    unit = Unit(merged(item.settings)).after(earlier)
    described = with_changes(row, payload=unit.encode())
    if unit.fingerprint is None:
        return _failed(with_changes(described, fingerprint=None), Problem(REMEDIATION_FAILED, IN_CONFLICT))
    if unit.fingerprint == row.fingerprint and row.state in (ItemState.SENT, ItemState.INSTALLED, ItemState.FAILED):
        return described
    return _offered(described, unit.fingerprint)


def _authority(item: Item) -> str:
    return f"'{item.order.authority_name}'" if item.order else "its authority"


def _roots(item: Item, keys: Iterable[ItemKey]) -> list[ItemKey]:
    return [key for key in keys if key.startswith(f"root/{item.needs_root}/")]


def _awaited(need: Need) -> str:
    return f"the certificate of the profile '{need.name}' ({need.navigation}) to be installed first"


def _without(need: Need, failure: Problem) -> Problem:
    return Problem(
        failure.code,
        f"{need.navigation} refers to the profile '{need.name}', whose certificate is not there: {failure.message}",
    )


def _with_certificate(row: LedgerRow, answer: ConnectorAnswer) -> LedgerRow:
    return with_changes(
        row,
        serial=answer.serial,
        thumbprint=answer.thumbprint,
        authority=answer.authority,
        renew_at=answer.renew_at,
        not_after=answer.not_after,
    )


def _offered(row: LedgerRow, fingerprint: str) -> LedgerRow:
    return moved(row, ItemState.SENT, fingerprint=fingerprint, problem=None, waits_for=None)


def _failed(row: LedgerRow, problem: Problem | None) -> LedgerRow:
    return moved(row, ItemState.FAILED, problem=problem, waits_for=None)


def _waiting(row: LedgerRow, waits_for: str) -> LedgerRow:
    return moved(row, ItemState.WANTED, problem=None, waits_for=waits_for)
