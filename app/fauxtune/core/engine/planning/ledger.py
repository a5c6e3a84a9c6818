"""The ledger's states and the transitions between them."""

from __future__ import annotations

from dataclasses import replace

from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.states import ItemState as S
from fauxtune.core.model.states import Source

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
    return replace(row, state=state, **changes)  # type: ignore[arg-type]
