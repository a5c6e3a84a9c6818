"""The causes of removal: each of them, and that the first match wins."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fauxtune.core.engine.removal.causes import Standing, cause
from fauxtune.core.model.ids import ProfileId, UserId
from fauxtune.core.model.items import Claim, LedgerRow, imported_key, pkcs_key
from fauxtune.core.model.states import Cause, ItemState, Source

P, Q = ProfileId("p"), ProfileId("q")
IMPORTED = LedgerRow(
    key=imported_key("aa"),
    source=Source.IMPORTED,
    state=ItemState.INSTALLED,
    user_id=UserId("alice"),
    thumbprint="aa",
    claims=(Claim(P, "p_g"),),
)
PKCS = replace(IMPORTED, key=pkcs_key(P), source=Source.PKCS)
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


@pytest.mark.parametrize(("expected", "change"), CHANGES, ids=[each.value for each, _ in CHANGES])
def test_each_cause_is_found_by_itself(expected: Cause, change: dict[str, object]) -> None:
    assert cause(IMPORTED, replace(NOTHING_CHANGED, **change)) is expected  # type: ignore[arg-type]


@pytest.mark.parametrize("first", range(len(CHANGES)), ids=[each.value for each, _ in CHANGES])
def test_the_first_cause_that_matches_wins_over_all_later_ones(first: int) -> None:
    together: dict[str, object] = {}
    for _, change in CHANGES[first:]:
        together |= change
    assert cause(IMPORTED, replace(NOTHING_CHANGED, **together)) is CHANGES[first][0]  # type: ignore[arg-type]


@pytest.mark.parametrize("ending", [Cause.WIPE, Cause.RETIRE, Cause.UNENROLL, Cause.DELETE])
def test_an_ending_enrolment_says_itself_why(ending: Cause) -> None:
    assert cause(PKCS, replace(NOTHING_CHANGED, ending=ending)) is ending


def test_a_pkcs_certificate_is_never_deleted_from_the_service() -> None:
    assert cause(PKCS, replace(NOTHING_CHANGED, certificates=frozenset())) is Cause.LEFT_GROUP


def test_a_device_without_a_user_loses_nothing_by_a_users_fate() -> None:
    nobodys = replace(PKCS, user_id=None)
    standing = replace(NOTHING_CHANGED, user_id=None, user_exists=False, user_licensed=False)
    assert cause(nobodys, standing) is Cause.LEFT_GROUP


def test_an_item_of_two_profiles_is_gone_with_a_profile_only_when_both_are_deleted() -> None:
    both = replace(PKCS, claims=(Claim(P, "p_g"), Claim(Q, "q_g")))
    one_left = replace(NOTHING_CHANGED, profiles=frozenset({Q}), assignments=frozenset({"q_g"}))
    assert cause(both, one_left) is Cause.LEFT_GROUP
    assert cause(both, replace(one_left, assignments=frozenset())) is Cause.UNASSIGNED
    assert cause(both, replace(one_left, profiles=frozenset())) is Cause.PROFILE_DELETED
