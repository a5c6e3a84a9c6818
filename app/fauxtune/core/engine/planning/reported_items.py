"""From a device's inventory to the states of its ledger, and from these to the statuses of profiles in Graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from fauxtune.core.engine.planning.ledger import moved
from fauxtune.core.engine.planning.setting_conflicts import ITEM_STATUSES, setting_outcomes, worst
from fauxtune.core.model.ids import ItemKey, ProfileId
from fauxtune.core.model.items import REMEDIATION_FAILED, LedgerRow, Problem
from fauxtune.core.model.states import Authority, ItemState, ProfileStatus, Source
from fauxtune.core.profiles.catalog import kind
from fauxtune.core.profiles.family import Profile
from fauxtune.core.profiles.settings import wishes_of


@dataclass(frozen=True, slots=True)
class IssuedByScep:
    """A certificate that a device got by SCEP, as far as it is known. `differs`: how it is not what was asked for."""

    thumbprint: str | None
    serial: str | None = None
    authority: Authority = Authority.PARTNER
    renew_at: datetime | None = None
    not_after: datetime | None = None
    differs: str = ""


@dataclass(frozen=True, slots=True)
class Inventory:
    """A device's report of what it holds. `complete`: it has applied every offer, so that what is absent is gone.

    `identities` have the thumbprints of certificates by item; that of a certificate by SCEP is empty where the device
    says only that it is there. `certificates`: the DER of those that it shows whole, by thumbprint. `issued`: what is
    known of certificates by SCEP, which the service finds out (`operations.checkin.scep_reports`). `pending`: those
    that the device has requested, and about which the authority has not decided.
    """

    identities: Mapping[ItemKey, str] = field(default_factory=dict)
    roots: frozenset[str] = frozenset()  # SHA-256, or `<SHA-256>/<store>` if the device names the store
    #: Of accounts and settings: item -> the fingerprint with which it was installed.
    accounts: Mapping[ItemKey, str] = field(default_factory=dict)
    refused: Mapping[ItemKey, Problem] = field(default_factory=dict)
    complete: bool = True
    certificates: Mapping[str, bytes] = field(default_factory=dict)
    issued: Mapping[ItemKey, IssuedByScep] = field(default_factory=dict)
    pending: frozenset[ItemKey] = frozenset()


def apply_inventory(rows: Iterable[LedgerRow], inventory: Inventory) -> dict[ItemKey, LedgerRow]:
    """Only the rows that the inventory changes, as they are after it."""
    changed = {}
    for row in rows:
        new = _after(row, inventory)
        if new != row:
            changed[row.key] = new
    return changed


def _after(row: LedgerRow, inventory: Inventory) -> LedgerRow:
    refusal = inventory.refused.get(row.key)
    # An item that failed at the connector or by its profile was not offered: the refusal is of an earlier offer.
    offered = row.state in (ItemState.SENT, ItemState.INSTALLED) or (
        row.state is ItemState.FAILED and row.fingerprint is not None
    )
    if refusal is not None and offered:
        # A device that does not get its next certificate by SCEP keeps the present one.
        kept = row.installed_fingerprint if row.source is Source.SCEP else None
        return moved(row, ItemState.FAILED, problem=refusal, installed_fingerprint=kept)
    if row.source is Source.SCEP and row.key in inventory.identities:
        return _requested(row, inventory)
    if _present(row, inventory):
        if row.state is ItemState.SENT or (row.state is ItemState.FAILED and row.fingerprint is not None):
            return moved(row, ItemState.INSTALLED, installed_fingerprint=row.fingerprint, problem=None)
        return row
    if not inventory.complete:
        return row
    if row.state in (ItemState.REMOVING, ItemState.KEPT):
        return moved(row, ItemState.REMOVED, installed_fingerprint=None)
    if row.state is ItemState.INSTALLED:
        # Deleted by hand: the plan decides whether it is given again as it was, or issued again.
        return moved(row, ItemState.WANTED, installed_fingerprint=None)
    return row


def _requested(row: LedgerRow, inventory: Inventory) -> LedgerRow:
    """The row of a certificate by SCEP that the device reports: the one that it was to request, or its predecessor. One
    that is not what was asked for is installed, with a problem.
    """
    issued = inventory.issued.get(row.key)
    states = (ItemState.SENT, ItemState.INSTALLED, ItemState.FAILED)
    if issued is None or row.fingerprint is None or row.state not in states:
        return row
    if issued.thumbprint is None:
        # "It is there" of the new one, not of its predecessor.
        is_news = row.state is ItemState.SENT and inventory.complete
    else:
        refused = row.state is ItemState.FAILED and row.installed_fingerprint == row.fingerprint
        is_news = issued.thumbprint != row.thumbprint or refused
    if not is_news:
        return row
    return moved(
        row,
        ItemState.INSTALLED,
        installed_fingerprint=row.fingerprint,
        problem=Problem(REMEDIATION_FAILED, issued.differs) if issued.differs else None,
        waits_for=None,
        thumbprint=issued.thumbprint or row.thumbprint,
        serial=issued.serial,
        authority=issued.authority,
        renew_at=issued.renew_at,
        not_after=issued.not_after,
        revoked=False,
    )


def _present(row: LedgerRow, inventory: Inventory) -> bool:
    if row.source is Source.ROOT:
        digest, _, store = row.key.partition("/")[2].partition("/")
        return digest in inventory.roots or f"{digest}/{store}" in inventory.roots
    if row.source in (Source.EMAIL, Source.SETTING):
        fingerprint = inventory.accounts.get(row.key)
        return fingerprint is not None and fingerprint == row.fingerprint
    thumbprint = inventory.identities.get(row.key)
    return thumbprint is not None and thumbprint == row.thumbprint


@dataclass(frozen=True, slots=True)
class ProfileOutcome:
    """The status of one profile on one device."""

    status: ProfileStatus
    problem: Problem | None = None


def profile_outcome(profile: Profile, rows: Iterable[LedgerRow], *, has_user: bool = True) -> ProfileOutcome:
    """Error, with the first problem, if any item failed or is not what was asked for; pending if any is not installed
    yet. For a profile that gives nothing, its family decides whether that is an error. Not applicable: a profile that
    is only stored here, or that does not apply to devices of this kind.
    """
    known = kind(profile.kind)
    if not profile.applies or (known is not None and known.family.source is None):
        return ProfileOutcome(ProfileStatus.NOT_APPLICABLE)
    if known is not None and known.family.source is Source.SETTING:
        own = worst(setting_outcomes(profile.id, wishes_of(profile), rows=rows))
        return ProfileOutcome(ProfileStatus.COMPLIANT) if own is None else ProfileOutcome(own.status, own.problem)
    claimed = (row for row in rows if any(claim.profile == profile.id for claim in row.claims))
    items = [row for row in claimed if row.state in ITEM_STATUSES]
    for row in items:
        if row.state is ItemState.FAILED or row.problem is not None:
            return ProfileOutcome(ProfileStatus.ERROR, row.problem)
    if any(row.state is not ItemState.INSTALLED for row in items):
        return ProfileOutcome(ProfileStatus.PENDING)
    if not items and known is not None and known.family.explain_empty is not None:
        return ProfileOutcome(
            ProfileStatus.ERROR, Problem(REMEDIATION_FAILED, known.family.explain_empty(profile, has_user))
        )
    return ProfileOutcome(ProfileStatus.COMPLIANT)


def profile_outcomes(
    profiles: Iterable[Profile], rows: Iterable[LedgerRow], *, has_user: bool = True
) -> dict[ProfileId, ProfileOutcome]:
    """The status of each profile on one device; none of compliance policies, which are judged by other rules."""
    listed = tuple(rows)
    return {
        profile.id: profile_outcome(profile, listed, has_user=has_user)
        for profile in profiles
        if (known := kind(profile.kind)) is None or known.has_status
    }
