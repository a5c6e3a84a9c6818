"""Another user of a device: the outcome for the certificate that was issued to the former one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fauxtune.core.engine.planning.plan import plan
from fauxtune.core.engine.planning.simulation import SimulatedPlan, changes, simulate
from fauxtune.core.engine.removal.decisions import DeviceKind, is_left, is_to_go
from fauxtune.core.model.ids import UserId
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import ItemState
from fauxtune.core.model.tenants import Edition
from tests.core.engine.situations import PROBLEM, after, held, issued, only, pkcs_item, situation


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
