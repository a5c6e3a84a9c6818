"""Inventories become ledger states, and these become Graph's statuses.

The allowed transitions of the ledger, the refusal of every other one, and what states say of private keys.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from fauxtune.core.engine.diagnosis.numbers import decode
from fauxtune.core.engine.graph_states import setting_states
from fauxtune.core.engine.planning.ledger import ON_DEVICE, TRANSITIONS, KeyEvent, key_changes, moved
from fauxtune.core.engine.planning.reported_items import (
    Inventory,
    ProfileOutcome,
    apply_inventory,
    profile_outcome,
    profile_outcomes,
)
from fauxtune.core.model.ids import ItemKey, ProfileId
from fauxtune.core.model.items import Claim, LedgerRow, Problem, imported_key, pkcs_key, root_key
from fauxtune.core.model.states import ItemState, ProfileStatus, Source
from fauxtune.core.profiles.family import Profile

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


SHA256 = "ab" * 32
PROBLEM, OTHER = Problem(-1, "The device refused it."), Problem(-2, "The connector has no such key.")
CODE = -2016281112
ROOT = LedgerRow(root_key(SHA256), Source.ROOT, ItemState.SENT, fingerprint=SHA256)
IMPORTED = LedgerRow(imported_key("aa"), Source.IMPORTED, ItemState.SENT, fingerprint="f1", thumbprint="aa")
PKCS = LedgerRow(pkcs_key(ProfileId("p")), Source.PKCS, ItemState.SENT, fingerprint="01", serial="01", thumbprint="cc")
EACH = pytest.mark.parametrize("row", [ROOT, IMPORTED, PKCS], ids=["root", "imported", "pkcs"])
HOLDS_ALL = Inventory(
    identities={IMPORTED.key: "aa", PKCS.key: "cc"}, roots=frozenset({SHA256}), refused={}, complete=True
)
HOLDS_NOTHING = Inventory()
NOT_YET_APPLIED = Inventory(complete=False)


def taken(row: LedgerRow, inventory: Inventory) -> LedgerRow:
    return apply_inventory([row], inventory).get(row.key, row)


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


@EACH
def test_what_was_sent_and_is_there_is_installed(row: LedgerRow) -> None:
    new = taken(row, HOLDS_ALL)
    assert (new.state, new.installed_fingerprint) == (ItemState.INSTALLED, row.fingerprint)


@EACH
def test_what_was_sent_and_not_applied_yet_is_still_sent(row: LedgerRow) -> None:
    assert apply_inventory([row], NOT_YET_APPLIED) == {}


@EACH
def test_what_is_installed_and_there_is_not_changed(row: LedgerRow) -> None:
    installed = taken(row, HOLDS_ALL)
    assert apply_inventory([installed], HOLDS_ALL) == {}


@EACH
def test_what_was_refused_is_failed_with_the_devices_reason(row: LedgerRow) -> None:
    refusal = Inventory(refused={row.key: PROBLEM})
    new = taken(row, refusal)
    assert (new.state, new.problem, new.fingerprint) == (ItemState.FAILED, PROBLEM, row.fingerprint)
    assert apply_inventory([new], refusal) == {}, "the same refusal again says nothing new"


@EACH
def test_what_was_refused_and_is_there_after_all_is_installed(row: LedgerRow) -> None:
    failed = taken(row, Inventory(refused={row.key: PROBLEM}))
    assert (taken(failed, HOLDS_ALL).state, taken(failed, HOLDS_ALL).problem) == (ItemState.INSTALLED, None)


@pytest.mark.parametrize("row", [IMPORTED, PKCS], ids=["imported", "pkcs"])
def test_what_the_connector_refused_is_not_touched_by_the_device(row: LedgerRow) -> None:
    never_offered = replace(row, state=ItemState.FAILED, fingerprint=None, problem=OTHER)
    assert apply_inventory([never_offered], Inventory(refused={row.key: PROBLEM})) == {}
    assert apply_inventory([never_offered], HOLDS_ALL) == {}


def test_what_was_removed_by_hand_is_wanted_again() -> None:
    for row, fingerprint in ((ROOT, SHA256), (IMPORTED, "f1"), (PKCS, "01")):
        new = taken(taken(row, HOLDS_ALL), HOLDS_NOTHING)
        assert (new.state, new.fingerprint, new.installed_fingerprint) == (ItemState.WANTED, fingerprint, None)
        assert new.serial == row.serial, "the next request says which certificate it follows"


def test_another_certificate_under_the_same_name_is_not_the_one_that_was_sent() -> None:
    installed = taken(PKCS, HOLDS_ALL)
    assert taken(installed, Inventory(identities={PKCS.key: "dd"})).state is ItemState.WANTED


@EACH
def test_what_is_missing_counts_only_in_a_complete_inventory(row: LedgerRow) -> None:
    assert apply_inventory([taken(row, HOLDS_ALL)], NOT_YET_APPLIED) == {}


@EACH
@pytest.mark.parametrize("state", [ItemState.REMOVING, ItemState.KEPT])
def test_what_is_taken_back_is_removed_once_it_is_gone(row: LedgerRow, state: ItemState) -> None:
    row = replace(row, state=state, installed_fingerprint=row.fingerprint)
    assert apply_inventory([row], HOLDS_ALL) == {}
    assert apply_inventory([row], NOT_YET_APPLIED) == {}
    assert (taken(row, HOLDS_NOTHING).state, taken(row, HOLDS_NOTHING).installed_fingerprint) == (
        ItemState.REMOVED,
        None,
    )


@EACH
@pytest.mark.parametrize("state", [ItemState.WANTED, ItemState.REMOVED])
def test_what_the_device_should_not_have_is_not_believed(row: LedgerRow, state: ItemState) -> None:
    assert apply_inventory([replace(row, state=state)], HOLDS_ALL) == {}
    assert apply_inventory([replace(row, state=state)], HOLDS_NOTHING) == {}


# ---------------------------------------------------------------------------------------------------------- statuses

P = ProfileId("p")
PROFILE = Profile(P, "androidWorkProfilePkcsCertificateProfile", 1, {}, "p_g")
IMPORTED_PROFILE = Profile(
    ProfileId("i"),
    "androidForWorkImportedPFXCertificateProfile",
    1,
    {"intendedPurpose": "smimeEncryption"},
    "i_g",
)


def claimed(state: ItemState, *, key: str = "k", profile: str = "p", problem: Problem | None = None) -> LedgerRow:
    return LedgerRow(
        ItemKey(key), Source.PKCS, state, claims=(Claim(ProfileId(profile), f"{profile}_g"),), problem=problem
    )


@pytest.mark.parametrize(
    ("states", "status"),
    [
        ([ItemState.INSTALLED], ProfileStatus.COMPLIANT),
        ([ItemState.SENT], ProfileStatus.PENDING),
        ([ItemState.WANTED], ProfileStatus.PENDING),
        ([ItemState.INSTALLED, ItemState.WANTED], ProfileStatus.PENDING),
        ([ItemState.INSTALLED, ItemState.FAILED], ProfileStatus.ERROR),
        ([ItemState.WANTED, ItemState.FAILED], ProfileStatus.ERROR),
        ([ItemState.INSTALLED, ItemState.REMOVED, ItemState.KEPT, ItemState.REMOVING], ProfileStatus.COMPLIANT),
    ],
)
def test_the_worst_item_decides_the_status_of_a_profile(states: list[ItemState], status: ProfileStatus) -> None:
    rows = [
        claimed(state, key=str(number), problem=PROBLEM if state is ItemState.FAILED else None)
        for number, state in enumerate(states)
    ]
    result = profile_outcome(PROFILE, rows)
    assert result.status is status
    assert result.problem == (PROBLEM if status is ProfileStatus.ERROR else None)


def test_what_is_only_kept_is_not_applicable() -> None:
    kept = Profile(P, "androidWorkProfileCustomConfiguration", 1, {}, "p_g")
    assert profile_outcome(kept, []) == ProfileOutcome(ProfileStatus.NOT_APPLICABLE)


def test_what_devices_of_the_kind_do_not_take_is_not_applicable_whatever_they_hold_of_it() -> None:
    spared = replace(PROFILE, applies=False)
    for rows in ([], [claimed(ItemState.INSTALLED)], [claimed(ItemState.FAILED, problem=PROBLEM)]):
        assert profile_outcome(spared, rows) == ProfileOutcome(ProfileStatus.NOT_APPLICABLE)


def test_other_profiles_items_do_not_matter() -> None:
    rows = [claimed(ItemState.INSTALLED), claimed(ItemState.FAILED, key="other", profile="q", problem=PROBLEM)]
    assert profile_outcome(PROFILE, rows).status is ProfileStatus.COMPLIANT


def test_an_imported_profile_without_any_certificate_is_an_error_that_says_so() -> None:
    result = profile_outcome(IMPORTED_PROFILE, [])
    assert result.status is ProfileStatus.ERROR
    assert result.problem is not None
    assert result.problem.code == CODE
    assert "smimeEncryption" in result.problem.message


def test_every_profile_has_its_outcome() -> None:
    result = profile_outcomes([PROFILE, IMPORTED_PROFILE], [claimed(ItemState.INSTALLED)])
    assert {profile: outcome.status for profile, outcome in result.items()} == {
        "p": ProfileStatus.COMPLIANT,
        "i": ProfileStatus.ERROR,
    }


@pytest.mark.parametrize(
    ("kind", "row", "value"),
    [("iosTrustedRootCertificate", ROOT, SHA256), ("androidWorkProfilePkcsCertificateProfile", PKCS, "cc")],
)
def test_the_value_of_an_item_is_its_name_or_else_the_certificate(kind: str, row: LedgerRow, value: str) -> None:
    outcome = ProfileOutcome(ProfileStatus.COMPLIANT)
    (there,) = setting_states(kind, [taken(row, HOLDS_ALL)], outcome=outcome)
    (not_yet,) = setting_states(kind, [row], outcome=outcome)
    assert (there.value, not_yet.value) == (value, None)


@pytest.mark.parametrize(
    ("low", "family", "number"),
    [
        (600, "syncml", 600),
        (601, "unknown", None),
        (9_999, "unknown", None),
        (10_000, "apple", 0),
        (11_009, "apple", 1009),
    ],
)
def test_an_error_number_is_read_by_where_it_stands(low: int, family: str, number: int | None) -> None:
    found = decode((0x87D10000 | low) - (1 << 32), connector={})
    assert (found.family, found.number) == (family, number)
