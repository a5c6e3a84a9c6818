"""Desired state minus ledger: what the connector is asked, what the device is offered, what it must give back.

`plan` is pure and safe to repeat: with nothing changed, it changes nothing. Times are the tenant's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from fauxtune.core.engine.planning.ledger import in_policy, moved
from fauxtune.core.engine.removal.causes import Standing, cause
from fauxtune.core.engine.removal.decisions import (
    DeviceKind,
    is_issued_again,
    row_of_former_user,
    row_when_unwanted,
    verdict,
)
from fauxtune.core.model.accounts import Account, Named
from fauxtune.core.model.editions import Edition
from fauxtune.core.model.ids import ItemKey
from fauxtune.core.model.items import REMEDIATION_FAILED, Item, LedgerRow, Need, Problem
from fauxtune.core.model.platforms import FACTS, Variant
from fauxtune.core.model.states import Authority, Cause, Incident, ItemState, Source

#: Nothing is due: the end of Graph's time.
NEVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Answer:
    """Where one request to the connector stands. Neither `serial` nor `problem` nor `answered`: still open."""

    answered: bool = False
    serial: str | None = None
    thumbprint: str | None = None
    renew_at: datetime | None = None
    not_after: datetime | None = None
    problem: Problem | None = None
    retry_at: datetime | None = None
    authority: Authority = Authority.MICROSOFT


@dataclass(frozen=True, slots=True)
class Ask:
    """A request that the connector must get: unique by device, item key and fingerprint. `account`: with the
    certificates that it names, which it carries.
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
    answers: Mapping[tuple[ItemKey, str], Answer]
    standing: Standing
    waiting_for: Mapping[Source, str] = field(default_factory=dict)


@dataclass(slots=True)
class Plan:
    """What follows. `rows` are the changed rows only; `revoked` what the CA must revoke now, with the cause."""

    rows: dict[ItemKey, LedgerRow] = field(default_factory=dict)
    asks: list[Ask] = field(default_factory=list)
    revoked: list[tuple[LedgerRow, Cause | Incident]] = field(default_factory=list)
    offered: list[LedgerRow] = field(default_factory=list)
    due_at: datetime = NEVER
    policy_changed: bool = False


def plan(situation: Situation) -> Plan:
    """The plan for one device. Rows that are unchanged are not in it."""
    planner = _Planner(situation)
    before = _policy(situation.rows.values())
    after = planner.after
    # An account names certificates: where those stand must be known first.
    for item in sorted(situation.items.values(), key=lambda each: each.source is Source.EMAIL):
        after[item.key] = planner.keep_or_bring(item)
    for key, row in situation.rows.items():
        if key not in situation.items and row.state not in (ItemState.REMOVED, ItemState.REMOVING):
            after[key] = planner.take_away(row)
    made = planner.made
    made.rows = {key: row for key, row in after.items() if row != situation.rows.get(key)}
    made.policy_changed = bool(made.offered) or before != _policy(after.values())
    made.due_at = min((made.due_at, *_renewals(after.values(), now=situation.now)))
    return made


def _policy(rows: Iterable[LedgerRow]) -> set[tuple[str | None, ...]]:
    """What the device is told, as far as a change in it is told by a new version."""
    return {(row.key, row.fingerprint, row.purpose) for row in rows if in_policy(row)}


def _renewals(rows: Iterable[LedgerRow], *, now: datetime) -> Iterable[datetime]:
    """When certificates are to be renewed. One whose moment is past was asked for: the answer is awaited, not time."""
    for row in rows:
        if in_policy(row) and row.state is not ItemState.KEPT and row.renew_at is not None and row.renew_at > now:
            yield row.renew_at


class _Planner:
    """One pass over one device: what each step adds to the plan."""

    def __init__(self, situation: Situation) -> None:
        self.situation = situation
        self.device = DeviceKind(situation.variant, situation.edition)
        self.made = Plan()
        self.after = dict(situation.rows)

    def keep_or_bring(self, item: Item) -> LedgerRow:
        """The ledger row of an item that is wanted, as it is from now on."""
        row = self.situation.rows.get(item.key) or LedgerRow(key=item.key, source=item.source, state=ItemState.WANTED)
        match item.source:
            case Source.PKCS:
                new = self._pkcs(row, item)
            case Source.EMAIL:
                new = self._account(row, item)
            case _:
                new = self._given(row, item)
        new = replace(new, claims=item.claims, user_id=self.situation.standing.user_id)
        if new.state is ItemState.SENT and (row.state, row.fingerprint) != (new.state, new.fingerprint):
            self.made.offered.append(new)
        return new

    def take_away(self, row: LedgerRow) -> LedgerRow:
        """The ledger row of an item that is no longer wanted. Its certificate is revoked even if it never arrived."""
        if not in_policy(row) and row.serial is None:
            return moved(row, ItemState.REMOVED, problem=None, waits_for=None)
        why = cause(row, self.situation.standing)
        self._revoke(row, why)
        return row_when_unwanted(row, self.device, cause=why)

    def _given(self, row: LedgerRow, item: Item) -> LedgerRow:
        """A root or an imported certificate: the bytes are what they are. Of SCEP only its problem is known."""
        # A refused one is left alone too: it stays in the policy, and the device tries again by itself.
        settled = (ItemState.SENT, ItemState.INSTALLED, ItemState.FAILED)
        described = replace(row, purpose=item.purpose, thumbprint=item.thumbprint, not_after=item.not_after)
        if row.fingerprint is not None and row.fingerprint == item.fingerprint and row.state in settled:
            return described
        # Other bytes took the place of those that the device has: the old ones cannot be given any more.
        described = replace(described, fingerprint=None)
        if item.problem is not None or item.fingerprint is None:
            return _failed(described, item.problem)
        if item.source is Source.ROOT:
            return _offered(replace(described, payload=item.payload), item.fingerprint)
        answer = self.situation.answers.get((item.key, item.fingerprint))
        if answer is not None and answer.answered:
            return _offered(described, item.fingerprint)
        answer = self._ask(Ask(item=item, fingerprint=item.fingerprint), answer)
        return self._unanswered(described, answer)

    def _pkcs(self, row: LedgerRow, item: Item) -> LedgerRow:
        """The device's own certificate: the current one stays, whatever the profile says by now, until its renewal or
        until the device has another user.
        """
        current = row.fingerprint is not None and row.state is not ItemState.REMOVED and not self._is_lost(row)
        if current and item.personal and self._is_of_another(row):
            return self._handed_over(row, item)
        renewing = row.renew_at is not None and row.renew_at <= self.situation.now
        if current and row.state in (ItemState.KEPT, ItemState.REMOVING, ItemState.WANTED):
            row = _offered(row, str(row.fingerprint))  # it is wanted again
        if current and not renewing:
            return row
        wish = f"after/{row.serial}" if row.serial else "first"
        answer = self.situation.answers.get((item.key, wish))
        if answer is not None and answer.serial is not None:
            if current:
                self._revoke(row, Incident.RENEWED)
            return _offered(_with_certificate(row, answer), answer.serial)
        problem = item.problem or self._untrusted(item)
        awaited = self._root_awaited(item)
        if problem is None and awaited is None:
            answer = self._ask(Ask(item=item, fingerprint=wish), answer)
        if current:
            return row
        bare = replace(row, fingerprint=None)
        if problem is not None:
            return _failed(bare, problem)
        return self._unanswered(bare, answer) if awaited is None else _waiting(bare, awaited)

    def _revoke(self, row: LedgerRow, why: Cause | Incident) -> None:
        """Plan the revocation of the row's certificate, where the removal table says so."""
        if row.serial is not None and verdict(row, self.device, cause=why).revoked:
            self.made.revoked.append((row, why))

    def _is_lost(self, row: LedgerRow) -> bool:
        """Whether the certificate was deleted on the device, and another is issued in its place."""
        if row.state is not ItemState.WANTED or row.fingerprint is None:
            return False
        self._revoke(row, Incident.DELETED_BY_USER)
        return is_issued_again(row, self.device)

    def _is_of_another(self, row: LedgerRow) -> bool:
        """Was it made for somebody whose device this is no longer, or not for whom it is now?"""
        return row.serial is not None and row.user_id != self.situation.standing.user_id

    def _handed_over(self, row: LedgerRow, item: Item) -> LedgerRow:
        """The device has another user, who is given a certificate of their own in place of the former user's.

        Unverified: certificates are each for one user on one device; what becomes of them here is not documented.
        """
        self._revoke(row, Cause.USER_CHANGED)
        return self._pkcs(row_of_former_user(row), item)

    def _account(self, row: LedgerRow, item: Item) -> LedgerRow:
        """An e-mail account: it waits for the certificates that it names. While one of them is renewed or replaced, the
        account stays as the device has it.

        Unverified: that the service takes an account away whose certificate the device is not to have any more.
        """
        bare = replace(row, fingerprint=None)
        if item.problem is not None or item.account is None:
            return _failed(bare, item.problem)
        settled = row.fingerprint is not None and row.state in (ItemState.SENT, ItemState.INSTALLED, ItemState.FAILED)
        named = {}
        for need in item.needs:
            identity = None if need.key is None else self.after.get(need.key)
            if identity is None or identity.state is not ItemState.INSTALLED or identity.fingerprint is None:
                if settled:
                    return row
                failure = None if identity is None else identity.problem
                return _waiting(bare, _awaited(need)) if failure is None else _failed(bare, _without(need, failure))
            named[need.navigation] = Named(identity.key, identity.fingerprint, thumbprint=identity.thumbprint or "")
        account = item.account.naming(named)
        if settled and row.fingerprint == account.fingerprint:
            return row
        if named and FACTS[self.situation.variant].accounts_carry_certificates:
            answer = self.situation.answers.get((item.key, account.fingerprint))
            if answer is None or not answer.answered:
                answer = self._ask(Ask(item=item, fingerprint=account.fingerprint, account=account), answer)
                return row if settled else self._unanswered(bare, answer)
        return _offered(replace(row, payload=account.encode()), account.fingerprint)

    def _untrusted(self, item: Item) -> Problem | None:
        """A PKCS item needs its authority's root on the same device; here none is even targeted, or none can be
        installed.
        """
        if item.needs_root is None:
            return None
        roots = [self.situation.items[key] for key in _roots(item, self.situation.items)]
        hindered = [root.problem for root in roots if root.problem is not None]
        if len(hindered) < len(roots):
            return None
        if hindered:
            return Problem(REMEDIATION_FAILED, f"The root that it needs is not installed: {hindered[0].message}")
        return Problem(
            REMEDIATION_FAILED,
            f"The device does not trust the root of {_authority(item)}: assign a trusted-root profile with its root "
            "certificate to the same group.",
        )

    def _root_awaited(self, item: Item) -> str | None:
        if item.needs_root is None:
            return None
        rows = [self.situation.rows[key] for key in _roots(item, self.situation.rows)]
        if any(row.state is ItemState.INSTALLED for row in rows):
            return None
        return f"the trusted root of {_authority(item)} to be installed first"

    def _ask(self, ask: Ask, answer: Answer | None) -> Answer:
        """Ask, unless it was asked already; a refused request is asked again when its time has come. Gives back where
        the request stands now.
        """
        retry_at = answer.retry_at if answer is not None and answer.problem is not None else None
        if answer is None or (retry_at is not None and retry_at <= self.situation.now):
            self.made.asks.append(ask)
            return Answer()
        if retry_at is not None:
            self.made.due_at = min(self.made.due_at, retry_at)
        return answer

    def _unanswered(self, row: LedgerRow, answer: Answer | None) -> LedgerRow:
        if answer is not None and answer.problem is not None:
            return _failed(row, answer.problem)
        return _waiting(row, self.situation.waiting_for.get(row.source, "the certificate connector"))


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


def _with_certificate(row: LedgerRow, answer: Answer) -> LedgerRow:
    return replace(
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
