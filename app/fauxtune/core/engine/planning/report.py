"""What a device answered, turned into ledger states, and those into Graph's statuses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fauxtune.core.engine.planning.ledger import moved
from fauxtune.core.model.ids import ItemKey, ProfileId
from fauxtune.core.model.items import REMEDIATION_FAILED, LedgerRow, Problem
from fauxtune.core.model.states import ItemState, ProfileStatus, Source
from fauxtune.core.profiles.catalog import kind
from fauxtune.core.profiles.world import Profile


@dataclass(frozen=True, slots=True)
class Inventory:
    """What the device says it holds. `complete`: it has applied all that it was offered, so what is absent is gone."""

    identities: Mapping[ItemKey, str] = field(default_factory=dict)  # item -> thumbprint
    roots: frozenset[str] = frozenset()  # SHA-256, or `<SHA-256>/<store>` where the device tells its stores apart
    accounts: Mapping[ItemKey, str] = field(default_factory=dict)  # item -> the fingerprint that it was given with
    refused: Mapping[ItemKey, Problem] = field(default_factory=dict)
    complete: bool = True


def take_in(rows: Iterable[LedgerRow], inventory: Inventory) -> dict[ItemKey, LedgerRow]:
    """The rows that the inventory changes, changed."""
    changed = {}
    for row in rows:
        new = _taken(row, inventory)
        if new != row:
            changed[row.key] = new
    return changed


def _taken(row: LedgerRow, inventory: Inventory) -> LedgerRow:
    refusal = inventory.refused.get(row.key)
    # What the connector or the profile made fail was not offered: the device's refusal is of something older.
    offered = row.state in (ItemState.SENT, ItemState.INSTALLED) or (
        row.state is ItemState.FAILED and row.fingerprint is not None
    )
    if refusal is not None and offered:
        return moved(row, ItemState.FAILED, problem=refusal, installed_fingerprint=None)
    if _present(row, inventory):
        if row.state is ItemState.SENT or (row.state is ItemState.FAILED and row.fingerprint is not None):
            return moved(row, ItemState.INSTALLED, installed_fingerprint=row.fingerprint, problem=None)
        return row
    if not inventory.complete:
        return row
    if row.state in (ItemState.REMOVING, ItemState.KEPT):
        return moved(row, ItemState.REMOVED, installed_fingerprint=None)
    if row.state is ItemState.INSTALLED:
        # Taken off by hand: the plan says whether it is given again as it was, or anew.
        return moved(row, ItemState.WANTED, installed_fingerprint=None)
    return row


def _present(row: LedgerRow, inventory: Inventory) -> bool:
    if row.source is Source.ROOT:
        digest, _, store = row.key.partition("/")[2].partition("/")
        return digest in inventory.roots or f"{digest}/{store}" in inventory.roots
    if row.source is Source.EMAIL:
        given = inventory.accounts.get(row.key)
        return given is not None and given == row.fingerprint
    held = inventory.identities.get(row.key)
    return held is not None and held == row.thumbprint


#: How an item in this state of the ledger fares. One in any other state is none of the profile's any more.
ITEM_STATUSES: dict[ItemState, ProfileStatus] = {
    ItemState.WANTED: ProfileStatus.PENDING,
    ItemState.SENT: ProfileStatus.PENDING,
    ItemState.INSTALLED: ProfileStatus.COMPLIANT,
    ItemState.FAILED: ProfileStatus.ERROR,
}


@dataclass(frozen=True, slots=True)
class ProfileOutcome:
    """How one profile fares on one device."""

    status: ProfileStatus
    problem: Problem | None = None


def outcome_of(profile: Profile, rows: Iterable[LedgerRow], *, has_user: bool = True) -> ProfileOutcome:
    """Any item failed: error, with the first error. Any under way: pending. A profile that gives nothing: its family
    says whether that is an error. One whose family is only kept, or that devices of this kind do not take: not
    applicable.
    """
    known = kind(profile.kind)
    if not profile.applies or (known is not None and known.family.source is None):
        return ProfileOutcome(ProfileStatus.NOT_APPLICABLE)
    claimed = (row for row in rows if any(claim.profile == profile.id for claim in row.claims))
    mine = [row for row in claimed if row.state in ITEM_STATUSES]
    for row in mine:
        if row.state is ItemState.FAILED:
            return ProfileOutcome(ProfileStatus.ERROR, row.problem)
    if any(row.state is not ItemState.INSTALLED for row in mine):
        return ProfileOutcome(ProfileStatus.PENDING)
    if not mine and known is not None and known.family.nothing is not None:
        return ProfileOutcome(ProfileStatus.ERROR, Problem(REMEDIATION_FAILED, known.family.nothing(profile, has_user)))
    return ProfileOutcome(ProfileStatus.COMPLIANT)


def outcomes(
    profiles: Iterable[Profile], rows: Iterable[LedgerRow], *, has_user: bool = True
) -> dict[ProfileId, ProfileOutcome]:
    """All of them."""
    listed = tuple(rows)
    return {profile.id: outcome_of(profile, listed, has_user=has_user) for profile in profiles}
