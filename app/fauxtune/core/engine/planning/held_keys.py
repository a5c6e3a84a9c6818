"""What a change of a device's ledger says about the private keys that the device has: since when, until when, and why.

A device has a key from the moment when it confirmed the installation until it confirmed the removal. So one whose
removal was ordered has it still, and one that refuses a new certificate keeps the old one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from fauxtune.core.model.ids import ItemKey
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.states import Cause, Incident, ItemState, Source

#: The items that have a private key.
_WITH_KEY = frozenset({Source.PKCS, Source.IMPORTED, Source.SCEP})
_NOT_WANTED = frozenset({ItemState.REMOVING, ItemState.KEPT})
_MAY_HAVE = frozenset({ItemState.INSTALLED, ItemState.REMOVING, ItemState.KEPT, ItemState.FAILED})


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
