"""The plan: requests to the connector, offers to the device, and removals."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune.core.engine.planning.ledger import in_policy
from fauxtune.core.engine.planning.plan import NEVER, ConnectorAnswer, Situation, plan
from fauxtune.core.engine.planning.renewal import renewal
from fauxtune.core.engine.removal.decisions import Standing
from fauxtune.core.engine.removal.lookup import look_up
from fauxtune.core.engine.removal.table import Reissued
from fauxtune.core.model.ids import ItemKey, ProfileId, UserId
from fauxtune.core.model.items import Item, LedgerRow, imported_key, scep_key
from fauxtune.core.model.states import Authority, Cause, Incident, ItemState, Source
from fauxtune.core.model.tenants import Edition
from tests.core.engine.situations import (
    LATER,
    NOW,
    PROBLEM,
    ROOT,
    SOON,
    STANDING,
    after,
    claim,
    held,
    imported_item,
    issued,
    only,
    pkcs_item,
    root_item,
    situation,
)

# ------------------------------------------------------------------------------------------------------------- roots


def test_a_root_is_offered_with_its_bytes() -> None:
    result = plan(situation(root_item()))
    row = only(result)
    assert (row.state, row.fingerprint, row.payload, row.user_id) == (ItemState.SENT, ROOT, b"der", "alice")
    assert result.offered == [row]
    assert result.policy_changed


def test_what_the_device_has_is_left_alone() -> None:
    for item in (root_item(), imported_item(), pkcs_item()):
        result = plan(situation(item, rows=[held(item)]))
        assert (result.rows, result.requests, result.offered, result.policy_changed) == ({}, [], [], False)


@pytest.mark.parametrize("state", [ItemState.REMOVED, ItemState.REMOVING, ItemState.KEPT])
def test_a_root_that_is_wanted_again_is_offered_again(state: ItemState) -> None:
    result = plan(situation(root_item(), rows=[held(root_item(), state)]))
    assert only(result).state is ItemState.SENT
    assert result.policy_changed


def test_a_further_claim_changes_the_row_and_not_the_policy() -> None:
    item = root_item()
    both = replace(item, claims=(*item.claims, claim("q")))
    result = plan(situation(both, rows=[held(item)]))
    assert only(result).claims == both.claims
    assert not result.policy_changed


# ---------------------------------------------------------------------------------------------------------- imported


def test_an_imported_certificate_needs_no_root_and_asks_once() -> None:
    first = situation(imported_item(), waiting_for={Source.IMPORTED: "the connector 'One'"})
    result = plan(first)
    assert [(ask.item.key, ask.fingerprint) for ask in result.requests] == [(imported_key("aa"), "f1")]
    assert (only(result).state, only(result).waits_for) == (ItemState.WANTED, "the connector 'One'")
    assert not result.policy_changed, "what is still with the connector is not in the policy"
    assert plan(after(first, result)).requests == []


def test_an_answered_imported_certificate_is_offered() -> None:
    result = plan(situation(imported_item(), answers={(imported_key("aa"), "f1"): ConnectorAnswer(answered=True)}))
    assert (only(result).state, only(result).fingerprint) == (ItemState.SENT, "f1")
    assert only(result).purpose == "smimeEncryption"


def test_a_refused_request_fails_the_item_and_is_asked_again_when_its_time_has_come() -> None:
    refused = ConnectorAnswer(problem=PROBLEM, retry_at=SOON)
    before = situation(imported_item(), answers={(imported_key("aa"), "f1"): refused})
    result = plan(before)
    assert (only(result).state, only(result).problem, result.requests) == (ItemState.FAILED, PROBLEM, [])
    assert result.due_at == SOON
    again = plan(after(before, result, now=SOON))
    assert [ask.fingerprint for ask in again.requests] == ["f1"]
    assert only(again).state is ItemState.WANTED
    assert only(again).problem is None


def test_other_bytes_are_asked_for_and_the_old_ones_leave_the_policy_till_then() -> None:
    before = situation(imported_item(fingerprint="f2"), rows=[held(imported_item())])
    result = plan(before)
    assert [ask.fingerprint for ask in result.requests] == ["f2"]
    assert (only(result).state, only(result).fingerprint) == (ItemState.WANTED, None)
    assert result.policy_changed
    answered = {(imported_key("aa"), "f2"): ConnectorAnswer(answered=True)}
    assert only(plan(after(before, result, answers=answered))).fingerprint == "f2"


def test_refused_new_bytes_do_not_leave_the_old_ones_in_the_policy() -> None:
    refused = {(imported_key("aa"), "f2"): ConnectorAnswer(problem=PROBLEM, retry_at=SOON)}
    row = only(plan(situation(imported_item(fingerprint="f2"), rows=[held(imported_item())], answers=refused)))
    assert (row.state, row.fingerprint) == (ItemState.FAILED, None)


def test_another_purpose_changes_the_policy_without_a_new_request() -> None:
    result = plan(situation(replace(imported_item(), purpose="smimeSigning"), rows=[held(imported_item())]))
    assert (only(result).state, only(result).purpose) == (ItemState.INSTALLED, "smimeSigning")
    assert (result.requests, result.policy_changed) == ([], True)


def test_what_the_device_refused_stays_failed_and_in_the_policy() -> None:
    for item in (root_item(), imported_item(), pkcs_item()):
        refused = replace(held(item, ItemState.FAILED), problem=PROBLEM)
        result = plan(situation(item, rows=[refused]))
        assert (result.rows, result.requests, result.policy_changed) == ({}, [], False)
        assert in_policy(refused)


# -------------------------------------------------------------------------------------------------------------- pkcs


def test_pkcs_without_a_targeted_root_is_an_error_that_names_what_is_missing() -> None:
    result = plan(situation(pkcs_item(needs_root=ROOT)))
    assert (only(result).state, result.requests) == (ItemState.FAILED, [])
    message = str(only(result).problem)
    assert "the root of 'Contoso Issuing CA'" in message
    assert ROOT not in message, "messages contain names; hashes in sentences are SHA-1"
    assert "trusted-root" in message


def test_pkcs_waits_for_a_root_that_is_targeted_but_not_there_yet() -> None:
    root, pkcs = root_item(), pkcs_item(needs_root=ROOT)
    first = situation(root, pkcs)
    result = plan(first)
    assert result.requests == []
    assert result.rows[pkcs.key].state is ItemState.WANTED
    assert result.rows[pkcs.key].waits_for == "the trusted root of 'Contoso Issuing CA' to be installed first"
    assert result.rows[root.key].state is ItemState.SENT
    there = after(first, result)
    installed = replace(there, rows={**there.rows, root.key: held(root)})
    assert [ask.fingerprint for ask in plan(installed).requests] == ["first"]


def test_pkcs_heals_by_itself_once_its_root_is_targeted() -> None:
    pkcs = pkcs_item(needs_root=ROOT)
    failed = plan(situation(pkcs))
    healed = plan(situation(root_item(), pkcs, rows=[*failed.rows.values(), held(root_item())]))
    assert [ask.item.key for ask in healed.requests] == [pkcs.key]
    assert (healed.rows[pkcs.key].state, healed.rows[pkcs.key].problem) == (ItemState.WANTED, None)


def test_pkcs_asks_once_and_takes_the_serial_of_the_answer() -> None:
    first = situation(pkcs_item())
    result = plan(first)
    assert [ask.fingerprint for ask in result.requests] == ["first"]
    assert plan(after(first, result)).requests == []
    answered = after(first, result, answers={(pkcs_item().key, "first"): issued("01")})
    row = only(plan(answered))
    assert (row.state, row.fingerprint, row.serial, row.thumbprint) == (ItemState.SENT, "01", "01", "t01")
    assert plan(answered).due_at == LATER, "its renewal"


def test_the_renewal_threshold_is_the_share_of_the_lifetime_that_is_left() -> None:
    assert renewal(NOW, NOW + timedelta(days=100), percent=20) == NOW + timedelta(days=80)


def test_a_certificate_is_renewed_at_its_threshold_and_stays_until_its_successor_is_there() -> None:
    pkcs = pkcs_item()
    before = situation(pkcs, rows=[held(pkcs)], now=LATER - timedelta(seconds=1))
    assert (plan(before).requests, plan(before).due_at) == ([], LATER)
    at = replace(before, now=LATER)
    result = plan(at)
    assert [ask.fingerprint for ask in result.requests] == ["after/01"]
    assert (result.rows, result.policy_changed) == ({}, False)
    assert result.due_at == NEVER, "the answer is awaited, not a moment"
    successor = {(pkcs.key, "after/01"): issued("02", renew_at=LATER + timedelta(days=300))}
    renewed = plan(after(at, result, answers=successor))
    assert (only(renewed).state, only(renewed).serial) == (ItemState.SENT, "02")
    assert renewed.policy_changed


def test_a_refused_renewal_leaves_the_current_certificate_and_is_asked_again() -> None:
    pkcs = pkcs_item()
    refused = {(pkcs.key, "after/01"): ConnectorAnswer(problem=PROBLEM, retry_at=LATER + timedelta(hours=1))}
    result = plan(situation(pkcs, rows=[held(pkcs)], answers=refused, now=LATER))
    assert (result.rows, result.due_at) == ({}, LATER + timedelta(hours=1))


def test_an_edited_profile_does_not_change_the_current_certificate() -> None:
    broken = pkcs_item(problem=PROBLEM)
    assert plan(situation(broken, rows=[held(pkcs_item())])).rows == {}


def test_a_certificate_that_was_removed_by_hand_is_issued_again() -> None:
    pkcs = pkcs_item()
    missing = held(pkcs, ItemState.WANTED)
    before = situation(pkcs, rows=[missing], answers={(pkcs.key, "first"): issued("01")})
    result = plan(before)
    assert [ask.fingerprint for ask in result.requests] == ["after/01"]
    anew = after(before, result, answers={(pkcs.key, "after/01"): issued("02")})
    assert only(plan(anew)).serial == "02"


def test_a_certificate_of_digicert_that_was_removed_by_hand_comes_back_without_a_request() -> None:
    pkcs = pkcs_item()
    missing = replace(held(pkcs, ItemState.WANTED), authority=Authority.DIGICERT)
    result = plan(situation(pkcs, rows=[missing]))
    assert (result.requests, only(result).state, only(result).serial) == ([], ItemState.SENT, "01")


@pytest.mark.parametrize("edition", Edition)
def test_a_renewal_supersedes_a_certificate_as_the_removal_table_says(edition: Edition) -> None:
    answers = {(pkcs_item().key, "after/01"): issued("02", renew_at=LATER + timedelta(days=300))}
    before = situation(pkcs_item(), rows=[held(pkcs_item())], answers=answers, now=LATER)
    result = plan(replace(before, edition=edition))
    cell = look_up(before.variant, edition, source=Source.PKCS, cause=Incident.RENEWED)
    assert [row.serial for row, _why in result.revoked] == (["01"] if cell.revoked else [])
    assert (only(result).serial, cell.reissued) == ("02", Reissued.NEW)


@pytest.mark.parametrize("state", [ItemState.KEPT, ItemState.REMOVING])
def test_a_certificate_that_is_kept_or_being_removed_and_wanted_again_is_offered_again(state: ItemState) -> None:
    result = plan(situation(pkcs_item(), rows=[held(pkcs_item(), state)]))
    assert (only(result).state, only(result).serial, result.requests) == (ItemState.SENT, "01", [])


def test_a_certificate_that_was_removed_and_is_wanted_again_is_a_new_one() -> None:
    result = plan(situation(pkcs_item(), rows=[held(pkcs_item(), ItemState.REMOVED)]))
    assert [ask.fingerprint for ask in result.requests] == ["after/01"]


def test_a_profile_that_cannot_be_filled_in_fails_with_its_reason() -> None:
    result = plan(situation(pkcs_item(problem=PROBLEM)))
    assert (only(result).state, only(result).problem, result.requests) == (ItemState.FAILED, PROBLEM, [])


# ----------------------------------------------------------------------------------------------------------- removal


def test_what_is_no_longer_wanted_is_taken_back_without_revocation() -> None:
    result = plan(situation(rows=[held(pkcs_item())], standing=replace(STANDING, assignments=frozenset())))
    assert (only(result).state, result.revoked, result.policy_changed) == (ItemState.REMOVING, [], True)


def test_what_was_never_offered_is_dropped_at_once() -> None:
    waiting = replace(held(imported_item(), ItemState.WANTED), fingerprint=None, waits_for="x")
    result = plan(situation(rows=[waiting]))
    assert (only(result).state, only(result).waits_for, result.policy_changed) == (ItemState.REMOVED, None, False)


def scep_item() -> Item:
    return Item(scep_key(ProfileId("p")), Source.SCEP, (claim(),), problem=PROBLEM)


def test_what_can_never_be_given_fails_with_its_reason_and_makes_no_request() -> None:
    before = situation(scep_item())
    result = plan(before)
    row = only(result)
    assert (row.state, row.problem, row.fingerprint) == (ItemState.FAILED, PROBLEM, None)
    assert (result.requests, result.offered, result.policy_changed, result.due_at) == ([], [], False, NEVER)
    assert plan(after(before, result)).rows == {}


@pytest.mark.parametrize("ending", [None, Cause.RETIRE])
def test_what_was_never_there_goes_without_asking_the_removal_table(ending: Cause | None) -> None:
    row = only(plan(situation(scep_item())))
    result = plan(situation(rows=[row], standing=replace(STANDING, ending=ending)))
    assert (only(result).state, only(result).problem) == (ItemState.REMOVED, None)
    assert (result.revoked, result.policy_changed) == ([], False)


def test_a_user_without_licence_keeps_what_is_there_and_the_policy_stays() -> None:
    rows = [held(root_item()), held(imported_item()), held(pkcs_item())]
    result = plan(situation(rows=rows, standing=replace(STANDING, user_licensed=False)))
    assert {row.state for row in result.rows.values()} == {ItemState.KEPT}
    assert not result.policy_changed


def test_what_was_kept_goes_when_the_licence_is_back_and_the_profile_is_gone() -> None:
    result = plan(situation(rows=[held(pkcs_item(), ItemState.KEPT)], standing=replace(STANDING, profiles=frozenset())))
    assert only(result).state is ItemState.REMOVING


def test_the_end_of_the_enrolment_revokes_pkcs_and_nothing_imported() -> None:
    rows = [held(root_item()), held(imported_item()), held(pkcs_item())]
    result = plan(situation(rows=rows, standing=replace(STANDING, ending=Cause.RETIRE)))
    assert {row.state for row in result.rows.values()} == {ItemState.REMOVING}
    assert [(row.serial, cause) for row, cause in result.revoked] == [("01", Cause.RETIRE)]


# ------------------------------------------------------------------------------------------------- any situation at all

ITEMS = [root_item(), root_item("cd" * 32), imported_item("aa"), imported_item("bb"), pkcs_item("p"), pkcs_item("q")]
moments = st.sampled_from([None, NOW - timedelta(days=1), NOW, LATER])


@st.composite
def wanted_items(draw: st.DrawFn) -> list[Item]:
    chosen = draw(st.lists(st.sampled_from(ITEMS), unique_by=lambda item: item.key))
    results = []
    for item in chosen:
        if item.source is Source.PKCS:
            needs = draw(st.sampled_from([None, ROOT, "99" * 32]))
            broken = draw(st.sampled_from([None, PROBLEM]))
            results.append(replace(item, needs_root=needs, problem=broken))
        elif item.source is Source.IMPORTED:
            results.append(replace(item, fingerprint=draw(st.sampled_from(["f1", "f2"]))))
        else:
            results.append(item)
    return results


@st.composite
def ledger_rows(draw: st.DrawFn) -> list[LedgerRow]:
    """Rows as they can be: what was offered has a fingerprint, a certificate that was issued has a serial number."""
    results = []
    for item in draw(st.lists(st.sampled_from(ITEMS), unique_by=lambda item: item.key)):
        row = held(item, draw(st.sampled_from(list(ItemState))))
        if row.state in (ItemState.WANTED, ItemState.FAILED, ItemState.REMOVED) and draw(st.booleans()):
            row = replace(row, fingerprint=None, serial=None if draw(st.booleans()) else row.serial)
        if row.serial is not None:
            issuer = draw(st.sampled_from([Authority.MICROSOFT, Authority.DIGICERT]))
            row = replace(row, renew_at=draw(moments), authority=issuer)
        results.append(replace(row, user_id=UserId(draw(st.sampled_from(["alice", "bob"])))))
    return results


def answers() -> st.SearchStrategy[dict[tuple[ItemKey, str], ConnectorAnswer]]:
    possible: dict[tuple[ItemKey, str], st.SearchStrategy[ConnectorAnswer]] = {}
    refusals = st.sampled_from(
        [
            ConnectorAnswer(),
            ConnectorAnswer(problem=PROBLEM, retry_at=NOW),
            ConnectorAnswer(problem=PROBLEM, retry_at=SOON),
        ]
    )
    for item in ITEMS:
        if item.source is Source.IMPORTED:
            for fingerprint in ("f1", "f2"):
                possible[item.key, fingerprint] = refusals | st.just(ConnectorAnswer(answered=True))
        if item.source is Source.PKCS:
            possible[item.key, "first"] = refusals | st.just(issued("01"))
            possible[item.key, "after/01"] = refusals | st.just(issued("02"))
    return st.fixed_dictionaries({}, optional=possible)


standings = st.builds(
    Standing,
    user_id=st.just("alice"),
    user_exists=st.booleans(),
    user_licensed=st.booleans(),
    certificates=st.frozensets(st.sampled_from(["aa", "bb"])),
    profiles=st.frozensets(st.sampled_from(["p", "q", "root", "imported"])),
    assignments=st.frozensets(st.sampled_from(["p_group", "q_group", "root_group", "imported_group"])),
    ending=st.sampled_from([None, None, Cause.RETIRE]),
)


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    return situation(*draw(wanted_items()), rows=draw(ledger_rows()), answers=draw(answers()), standing=draw(standings))


@settings(deadline=None, max_examples=200)
@given(situations())
def test_a_plan_that_was_written_down_plans_nothing_more(before: Situation) -> None:
    result = plan(before)
    again = plan(after(before, result))
    assert again.rows == {}
    assert (again.requests, again.revoked, again.offered, again.policy_changed) == ([], [], [], False)


@settings(deadline=None, max_examples=200)
@given(situations())
def test_whatever_is_planned_makes_sense(before: Situation) -> None:
    result = plan(before)
    rows = {**before.rows, **result.rows}
    for key, item in before.items.items():
        row = rows[key]
        assert row.state not in (ItemState.REMOVED, ItemState.REMOVING, ItemState.KEPT), "it is wanted"
        assert row.claims == item.claims
        assert (row.state is ItemState.FAILED) == (row.problem is not None) or row.fingerprint is not None
    for key, row in rows.items():
        if key not in before.items:
            assert row.state in (ItemState.REMOVED, ItemState.REMOVING, ItemState.KEPT)
    for row, _ in result.revoked:
        assert row.source is Source.PKCS
    for ask in result.requests:
        before_it = before.answers.get((ask.item.key, ask.fingerprint))
        assert before_it is None or (before_it.problem is not None and before_it.retry_at == NOW)
    assert result.due_at > before.now
