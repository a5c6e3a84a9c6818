"""The causes of removal, the decisions that follow from the table, and what stays of a device and a former user."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fauxtune.core.engine.planning.plan import plan
from fauxtune.core.engine.planning.simulation import SimulatedPlan, changes, simulate
from fauxtune.core.engine.removal import decisions
from fauxtune.core.engine.removal.decisions import DeviceKind, Standing, cause, is_left, is_to_go, managed_device_stays
from fauxtune.core.model.ids import ProfileId, UserId
from fauxtune.core.model.items import Claim, LedgerRow, imported_key, pkcs_key
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import Authority, Cause, Incident, ItemState, Source
from fauxtune.core.model.tenants import Edition
from tests.core.engine.situations import (
    PROBLEM,
    after,
    held,
    imported_item,
    issued,
    only,
    pkcs_item,
    root_item,
    situation,
)

P, Q = ProfileId("p"), ProfileId("q")
IMPORTED_ROW = LedgerRow(
    key=imported_key("aa"),
    source=Source.IMPORTED,
    state=ItemState.INSTALLED,
    user_id=UserId("alice"),
    thumbprint="aa",
    claims=(Claim(P, "p_g"),),
)
PKCS_ROW = replace(IMPORTED_ROW, key=pkcs_key(P), source=Source.PKCS)
#: Everything else is unchanged, so an item can be unwanted only because the device or user left a group.
NOTHING_CHANGED = Standing(
    user_id=UserId("alice"),
    user_exists=True,
    user_licensed=True,
    certificates=frozenset({"aa"}),
    profiles=frozenset({P}),
    assignments=frozenset({"p_g"}),
)
#: In the order in which they are tried: the change of standing that brings each about.
CHANGES: list[tuple[Cause, dict[str, object]]] = [
    (Cause.WIPE, {"ending": Cause.WIPE}),
    (Cause.USER_DELETED, {"user_exists": False}),
    (Cause.LICENCE_LOST, {"user_licensed": False}),
    (Cause.USER_CHANGED, {"user_id": "bob"}),
    (Cause.CERTIFICATE_DELETED, {"certificates": frozenset()}),
    (Cause.PROFILE_DELETED, {"profiles": frozenset()}),
    (Cause.UNASSIGNED, {"assignments": frozenset()}),
    (Cause.LEFT_GROUP, {}),
]
LEGACY = DeviceKind(Variant.ANDROID_DEVICE_ADMIN, Edition.CURRENT)
WINDOWS = DeviceKind(Variant.WINDOWS, Edition.CURRENT)
OWN, IMPORTED, ROOT = held(pkcs_item()), held(imported_item()), held(root_item())


def states(rows: list[LedgerRow]) -> list[ItemState]:
    return [row.state for row in rows]


@pytest.mark.parametrize(("expected", "change"), CHANGES, ids=[each.value for each, _ in CHANGES])
def test_each_cause_is_found_by_itself(expected: Cause, change: dict[str, object]) -> None:
    assert cause(IMPORTED_ROW, replace(NOTHING_CHANGED, **change)) is expected  # type: ignore[arg-type]


@pytest.mark.parametrize("first", range(len(CHANGES)), ids=[each.value for each, _ in CHANGES])
def test_the_first_cause_that_matches_wins_over_all_later_ones(first: int) -> None:
    together: dict[str, object] = {}
    for _, change in CHANGES[first:]:
        together |= change
    assert cause(IMPORTED_ROW, replace(NOTHING_CHANGED, **together)) is CHANGES[first][0]  # type: ignore[arg-type]


@pytest.mark.parametrize("ending", [Cause.WIPE, Cause.RETIRE, Cause.UNENROLL, Cause.DELETE])
def test_an_ending_enrolment_says_itself_why(ending: Cause) -> None:
    assert cause(PKCS_ROW, replace(NOTHING_CHANGED, ending=ending)) is ending


def test_a_pkcs_certificate_is_never_deleted_from_the_service() -> None:
    assert cause(PKCS_ROW, replace(NOTHING_CHANGED, certificates=frozenset())) is Cause.LEFT_GROUP


def test_a_device_without_a_user_loses_nothing_by_a_users_fate() -> None:
    nobodys = replace(PKCS_ROW, user_id=None)
    standing = replace(NOTHING_CHANGED, user_id=None, user_exists=False, user_licensed=False)
    assert cause(nobodys, standing) is Cause.LEFT_GROUP


def test_an_item_of_two_profiles_is_gone_with_a_profile_only_when_both_are_deleted() -> None:
    both = replace(PKCS_ROW, claims=(Claim(P, "p_g"), Claim(Q, "q_g")))
    one_left = replace(NOTHING_CHANGED, profiles=frozenset({Q}), assignments=frozenset({"q_g"}))
    assert cause(both, one_left) is Cause.LEFT_GROUP
    assert cause(both, replace(one_left, assignments=frozenset())) is Cause.UNASSIGNED
    assert cause(both, replace(one_left, profiles=frozenset())) is Cause.PROFILE_DELETED


def test_a_wipe_revokes_the_devices_own_certificates_and_no_imported_ones() -> None:
    removed = replace(held(pkcs_item("q"), ItemState.REMOVED), serial="02")
    assert decisions.rows_to_revoke([OWN, IMPORTED, ROOT, removed], WINDOWS, cause=Cause.WIPE) == [OWN]
    assert decisions.rows_to_revoke([OWN], WINDOWS, cause=Incident.WIPE_KEEPING_ENROLLMENT) == [OWN]


def test_the_end_of_an_enrolment_leaves_what_the_table_leaves_and_the_device_has() -> None:
    sent = replace(ROOT, state=ItemState.SENT)
    over = [decisions.row_after_end(row, LEGACY, cause=Cause.RETIRE) for row in (ROOT, IMPORTED, sent)]
    assert states(over) == [ItemState.KEPT, ItemState.KEPT, ItemState.REMOVED]
    assert [decisions.was_removed(row, after) for row, after in zip((ROOT, IMPORTED, sent), over, strict=True)] == [
        False,
        False,
        True,
    ]
    wiped = decisions.row_after_end(ROOT, WINDOWS, cause=Cause.WIPE)
    assert (wiped.state, wiped.installed_fingerprint) == (ItemState.REMOVED, None)


def test_a_certificate_that_another_one_was_to_replace_by_scep_stays_at_the_end_like_any_other() -> None:
    requesting = replace(OWN, source=Source.SCEP, state=ItemState.SENT, installed_fingerprint="old")
    rows = [requesting, replace(requesting, state=ItemState.FAILED), replace(requesting, installed_fingerprint=None)]
    over = [decisions.row_after_end(row, LEGACY, cause=Cause.RETIRE) for row in rows]
    assert states(over) == [ItemState.KEPT, ItemState.KEPT, ItemState.REMOVED]


@pytest.mark.parametrize(("cause", "erased"), [(Cause.WIPE, True), (Cause.RETIRE, False), (Cause.UNENROLL, False)])
def test_only_a_wipe_erases_the_device(cause: Cause, *, erased: bool) -> None:
    assert decisions.erases_device(WINDOWS, cause=cause) is erased


def test_a_deleted_record_erases_the_companys_own_android_devices() -> None:
    assert decisions.erases_device(DeviceKind(Variant.ANDROID_FULLY_MANAGED, Edition.CURRENT), cause=Cause.DELETE)
    assert not decisions.erases_device(WINDOWS, cause=Cause.DELETE)


def test_a_certificate_that_was_issued_late_is_revoked_like_those_on_the_device() -> None:
    for ending in (Cause.WIPE, Cause.RETIRE, Cause.UNENROLL, Cause.DELETE):
        late = decisions.is_revoked_when_issued_late(WINDOWS, cause=ending, authority=Authority.MICROSOFT)
        assert late is bool(decisions.rows_to_revoke([OWN], WINDOWS, cause=ending))


def test_what_the_device_keeps_of_a_former_user_is_not_removed() -> None:
    waiting = replace(OWN, state=ItemState.WANTED, fingerprint=None)
    old = replace(WINDOWS, edition=Edition.APRIL_2020)
    assert (decisions.is_to_go(waiting, WINDOWS), decisions.is_left(waiting, WINDOWS)) == (True, False)
    assert (decisions.is_to_go(waiting, old), decisions.is_left(waiting, old)) == (False, True)
    never_there = replace(waiting, installed_fingerprint=None)
    for device in (WINDOWS, old):
        assert not decisions.is_to_go(never_there, device)
        assert not decisions.is_left(never_there, device)


@pytest.mark.parametrize(
    ("variant", "cause", "stays"),
    [
        (Variant.WINDOWS, Cause.UNENROLL, True),
        (Variant.WINDOWS, Cause.RETIRE, False),
        (Variant.IOS, Cause.UNENROLL, False),
        (Variant.IOS, Cause.RETIRE, False),
    ],
)
def test_graph_shows_a_windows_device_whose_user_unenrolled(variant: Variant, cause: Cause, *, stays: bool) -> None:
    assert managed_device_stays(variant, cause, edition=Edition.CURRENT) is stays


@pytest.mark.parametrize("state", [ItemState.INSTALLED, ItemState.KEPT, ItemState.REMOVING, ItemState.SENT])
def test_another_user_is_given_a_certificate_of_their_own_and_the_former_users_leaves(state: ItemState) -> None:
    pkcs = pkcs_item()
    before = situation(pkcs, rows=[replace(held(pkcs, state), user_id=UserId("bob"))])
    result = plan(before)
    assert [ask.fingerprint for ask in result.requests] == ["after/01"]
    assert (only(result).state, only(result).fingerprint, only(result).user_id) == (ItemState.WANTED, None, "alice")
    assert result.revoked == [], "an assignment that no longer reaches it revokes nothing"
    answered = after(before, result, answers={(pkcs.key, "after/01"): issued("02")})
    assert (only(plan(answered)).state, only(plan(answered)).serial) == (ItemState.SENT, "02")


@pytest.mark.parametrize(("edition", "removed"), [(Edition.CURRENT, True), (Edition.APRIL_2020, False)])
def test_the_table_decides_on_a_former_users_certificate_that_nothing_takes_the_place_of(
    edition: Edition, *, removed: bool
) -> None:
    device = DeviceKind(Variant.WINDOWS, edition)
    row = replace(held(pkcs_item()), user_id=UserId("bob"))
    before = replace(situation(pkcs_item(problem=PROBLEM), rows=[row]), variant=device.variant, edition=edition)
    result = plan(before)
    assert (only(result).state, only(result).problem, only(result).fingerprint) == (ItemState.FAILED, PROBLEM, None)
    assert (is_to_go(only(result), device), is_left(only(result), device)) == (removed, not removed)
    foreseen = simulate(before)
    changed = changes(before.rows, SimulatedPlan(before.rows), after=foreseen, device=device)
    assert [ledger.key for ledger in changed.remove] == ([row.key] if removed else []), "what-if foretells what happens"
    assert (changed.install, changed.reissue) == ((), ())
    unassigned = plan(replace(after(before, result), items={}))
    assert only(unassigned).state is (ItemState.REMOVING if removed else ItemState.KEPT)
    assert plan(replace(after(before, unassigned), items={})).rows == {}
