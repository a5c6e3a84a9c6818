"""The ledger's states: the allowed transitions, that every other one is refused, and what they say of private keys."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fauxtune.core.engine.planning.held_keys import KeyEvent, key_changes
from fauxtune.core.engine.planning.ledger import ON_DEVICE, TRANSITIONS, moved
from fauxtune.core.model.items import LedgerRow, Problem, root_key
from fauxtune.core.model.states import ItemState, Source

#: Written down once more, by hand: a change of the table must be meant.
ALLOWED = {
    "wanted": "sent failed removing removed kept",
    "sent": "installed failed wanted removing removed kept",
    "installed": "sent wanted failed removing removed kept",
    "failed": "wanted sent installed removing removed kept",
    "removing": "removed wanted sent failed",
    "removed": "wanted sent failed",
    "kept": "wanted sent installed failed removing removed",
}
PAIRS = [(before, after) for before in ItemState for after in ItemState]


def row(state: ItemState) -> LedgerRow:
    return LedgerRow(key=root_key("ab"), source=Source.ROOT, state=state, fingerprint="ab")


def is_allowed(before: ItemState, after: ItemState) -> bool:
    return before is after or after.value in ALLOWED[before.value].split()


def test_every_state_has_its_moves() -> None:
    assert set(TRANSITIONS) == set(ItemState)


@pytest.mark.parametrize(("before", "after"), [pair for pair in PAIRS if is_allowed(*pair)])
def test_an_allowed_move_changes_the_state_and_what_is_said_with_it(before: ItemState, after: ItemState) -> None:
    problem = Problem(-1, "why")
    new = moved(row(before), after, problem=problem)
    assert (new.state, new.problem, new.fingerprint) == (after, problem, "ab")


@pytest.mark.parametrize(("before", "after"), [pair for pair in PAIRS if not is_allowed(*pair)])
def test_every_other_move_is_refused_and_names_both_states(before: ItemState, after: ItemState) -> None:
    with pytest.raises(ValueError, match=f"{before} to {after}"):
        moved(row(before), after)


def test_a_device_may_hold_what_was_sent_installed_or_kept() -> None:
    assert {ItemState.SENT, ItemState.INSTALLED, ItemState.KEPT} == ON_DEVICE


def test_what_is_removed_can_come_back_and_nothing_is_a_dead_end() -> None:
    for state in ItemState:
        reached, edge = {state}, {state}
        while edge:
            edge = {after for before in edge for after in TRANSITIONS[before]} - reached
            reached |= edge
        assert {ItemState.INSTALLED, ItemState.REMOVED} <= reached, state


@pytest.mark.parametrize(
    ("before", "after", "events"),
    [
        (ItemState.INSTALLED, ItemState.FAILED, []),
        (ItemState.SENT, ItemState.FAILED, []),
        (ItemState.SENT, ItemState.WANTED, [KeyEvent.GOES]),
        (ItemState.KEPT, ItemState.FAILED, [KeyEvent.GOES]),
    ],
)
def test_a_device_that_refuses_a_new_certificate_keeps_the_key_of_the_old_one(
    before: ItemState, after: ItemState, events: list[KeyEvent]
) -> None:
    old = replace(row(before), source=Source.PKCS, installed_fingerprint="ab")
    new = replace(old, state=after, installed_fingerprint=None)
    assert [change.event for change in key_changes({old.key: old}, [new])] == events
