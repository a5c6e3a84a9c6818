"""The ledger's states and the transitions between them; and what a change says about the private keys that the device
has: since when, until when, and why.

A device has a key from the moment when it confirmed the installation until it confirmed the removal. So one whose
removal was ordered has it still, and one that refuses a new certificate keeps the old one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from fauxtune.core.model.ids import ItemKey
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.made_often import with_changes
from fauxtune.core.model.states import Cause, Incident, ItemState, Source
from fauxtune.core.model.states import ItemState as S

#: Every allowed transition. To stay in a state is always allowed: each step is safe to repeat.
TRANSITIONS: dict[S, frozenset[S]] = {
    # The device may still have the certificate of a former user, in place of which another is wanted.
    S.WANTED: frozenset({S.SENT, S.FAILED, S.REMOVING, S.REMOVED, S.KEPT}),
    S.SENT: frozenset({S.INSTALLED, S.FAILED, S.WANTED, S.REMOVING, S.REMOVED, S.KEPT}),
    S.INSTALLED: frozenset({S.SENT, S.WANTED, S.FAILED, S.REMOVING, S.REMOVED, S.KEPT}),
    S.FAILED: frozenset({S.WANTED, S.SENT, S.INSTALLED, S.REMOVING, S.REMOVED, S.KEPT}),
    S.REMOVING: frozenset({S.REMOVED, S.WANTED, S.SENT, S.FAILED}),
    S.REMOVED: frozenset({S.WANTED, S.SENT, S.FAILED}),
    S.KEPT: frozenset({S.WANTED, S.SENT, S.INSTALLED, S.FAILED, S.REMOVING, S.REMOVED}),
}

#: States in which the device has, or may have, the item.
ON_DEVICE = frozenset({S.SENT, S.INSTALLED, S.KEPT})
#: States of items that no profile wants on the device any more. Such a row keeps the claims of the former profiles.
NOT_WANTED = frozenset({S.REMOVING, S.REMOVED, S.KEPT})

#: The items that have a private key.
_WITH_KEY = frozenset({Source.PKCS, Source.IMPORTED, Source.SCEP})
_NOT_WANTED = frozenset({ItemState.REMOVING, ItemState.KEPT})
_MAY_HAVE = frozenset({ItemState.INSTALLED, ItemState.REMOVING, ItemState.KEPT, ItemState.FAILED})


def in_policy(row: LedgerRow) -> bool:
    """Whether the item is in the device's policy. A refused one stays in it, so that the device tries again."""
    return row.fingerprint is not None and (row.state in ON_DEVICE or row.state is S.FAILED)


def is_requested(row: LedgerRow) -> bool:
    """Whether the device is to request the certificate by SCEP: it was offered one, and has not reported it."""
    return row.source is Source.SCEP and row.fingerprint is not None and row.state in (S.SENT, S.FAILED)


def moved(row: LedgerRow, state: S, **changes: object) -> LedgerRow:
    """The row in another state. Raises ValueError for a transition that is not in the table, which is a bug."""
    if state is not row.state and state not in TRANSITIONS[row.state]:
        raise ValueError(f"{row.key}: {row.state} to {state} is not a transition of the ledger")
    return with_changes(row, state=state, **changes)


class KeyEvent(Enum):
    """What happens to the key of an item on a device."""

    COMES = auto()  # in place of another one of the same item
    GOES = auto()
    UNWANTED = auto()  # it is to go, or stays although no profile wants it
    WANTED_AGAIN = auto()


@dataclass(frozen=True, slots=True)
class KeyChange:
    """One change of what a device has. `thumbprint`: of a key that comes; `cause`: why it goes or is not wanted, None
    if that is known from before.
    """

    item: ItemKey
    event: KeyEvent
    thumbprint: str | None = None
    cause: Cause | Incident | None = None


def key_changes(
    before: Mapping[ItemKey, LedgerRow],
    changed: Iterable[LedgerRow],
    *,
    causes: Mapping[ItemKey, Cause | Incident] | None = None,
) -> list[KeyChange]:
    """Return what changed rows of a ledger change. `causes`: why items are not wanted, where it was decided now."""
    return [
        change
        for row in changed
        if row.source in _WITH_KEY
        for change in _changes(before.get(row.key), row, cause=(causes or {}).get(row.key))
    ]


def _changes(old: LedgerRow | None, new: LedgerRow, *, cause: Cause | Incident | None) -> Iterator[KeyChange]:
    if new.state is ItemState.INSTALLED:
        if old is None or old.state is not new.state or old.thumbprint != new.thumbprint:
            yield KeyChange(new.key, KeyEvent.COMES, thumbprint=new.thumbprint)
        return
    if old is None:
        return
    if _is_gone(old, new):
        by_hand = cause is None and _is_lost(old, new)
        yield KeyChange(new.key, KeyEvent.GOES, cause=Incident.DELETED_BY_USER if by_hand else cause)
    elif cause is not None:
        yield KeyChange(new.key, KeyEvent.UNWANTED, cause=cause)
    elif old.state in _NOT_WANTED and new.state not in _NOT_WANTED:
        yield KeyChange(new.key, KeyEvent.WANTED_AGAIN)


def _is_lost(old: LedgerRow, new: LedgerRow) -> bool:
    """Whether the device was to have the item, or was to keep it, and reports that it is not there."""
    missing = {ItemState.INSTALLED: ItemState.WANTED, ItemState.KEPT: ItemState.REMOVED}
    return missing.get(old.state) is new.state


def _is_gone(old: LedgerRow, new: LedgerRow) -> bool:
    """Whether the device has no key of the item any more."""
    if new.state is ItemState.REMOVED:
        return old.state in _MAY_HAVE or old.installed_fingerprint is not None
    refused = new.state is ItemState.FAILED and old.state in (ItemState.SENT, ItemState.INSTALLED)
    return old.installed_fingerprint is not None and new.installed_fingerprint is None and not refused
