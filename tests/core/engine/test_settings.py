"""The rule of settings: equal values are one, different ones a conflict, and a device keeps what it had; held against a
model that looks at all requests at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fauxtune.core.engine.graph_states.settings import conflicts_in, summaries_of_settings
from fauxtune.core.engine.planning.desired import desired_items
from fauxtune.core.engine.planning.plan import Situation, plan
from fauxtune.core.engine.planning.report import Inventory, apply_inventory, profile_outcome
from fauxtune.core.engine.planning.setting_outcomes import setting_outcomes
from fauxtune.core.engine.removal.causes import Standing
from fauxtune.core.model.editions import Edition
from fauxtune.core.model.ids import ItemKey, ProfileId
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.settings import Asking, Setting, Unit, merged, setting_key
from fauxtune.core.model.states import ItemState, ProfileStatus
from fauxtune.core.profiles.family import Profile, Recipient
from fauxtune.core.profiles.settings import wishes_in

NOW = datetime(2026, 11, 24, tzinfo=UTC)
VALUES = st.sampled_from([0, 1, True, False, "1", "a", 1.0, ["a"], ["a", "b"]])
REQUESTS = st.lists(st.tuples(st.sampled_from("pqrs"), st.sampled_from(["x", "y", "z"]), VALUES), max_size=12)


def settings_of(requests: Sequence[tuple[str, str, Any]]) -> list[Setting]:
    return [
        Setting(address, "any", value, by=(Asking(ProfileId(profile), address),))
        for profile, address, value in requests
    ]


def judged(requests: Sequence[tuple[str, str, Any]]) -> dict[str, tuple[str, frozenset[str]]]:
    """The model: of each address the one value that all ask for, as it is written, or a conflict; and who asks."""
    by_address: dict[str, list[tuple[str, str]]] = {}
    for profile, address, value in requests:
        by_address.setdefault(address, []).append((profile, f"{type(value).__name__} {value}"))
    return {
        address: (
            texts[0] if len(set(texts := [text for _profile, text in asked_for])) == 1 else "conflict",
            frozenset(profile for profile, _text in asked_for),
        )
        for address, asked_for in by_address.items()
    }


def found(settings: Sequence[Setting]) -> dict[str, tuple[str, frozenset[str]]]:
    return {
        each.address: (
            "conflict" if each.in_conflict else f"{type(each.value).__name__} {each.value}",
            frozenset(one.profile for one in each.by),
        )
        for each in settings
    }


@given(REQUESTS)
def test_settings_merge_as_the_model_says_in_any_order_and_any_grouping(requests: list[tuple[str, str, Any]]) -> None:
    settings = settings_of(requests)
    assert found(merged(settings)) == judged(requests)
    assert merged(reversed(settings)) == merged(settings)
    half = len(settings) // 2
    assert merged([*merged(settings[:half]), *merged(settings[half:])]) == merged(settings)


@given(REQUESTS, REQUESTS)
def test_a_device_keeps_its_value_of_a_setting_that_comes_into_conflict(
    before: list[tuple[str, str, Any]], after: list[tuple[str, str, Any]]
) -> None:
    earlier, now = Unit(merged(settings_of(before))), Unit(merged(settings_of(after)))
    kept = {each.address: each.text for each in earlier.delivered}
    for each in now.after(earlier).settings:
        if each.in_conflict:
            assert (each.value is None) == (each.address not in kept)
            assert each.value is None or each.text == kept[each.address]
        else:
            assert each in now.settings
    assert Unit.decode(now.encode()) == now
    assert now.after(None) == now


def profile(name: str, kind: str = "iosGeneralDeviceConfiguration", **document: Any) -> Profile:
    return Profile(ProfileId(name), kind, 1, document, f"{name}_g")


def planned(profiles: Sequence[Profile], rows: dict[ItemKey, LedgerRow]) -> dict[ItemKey, LedgerRow]:
    situation = Situation(
        now=NOW,
        variant=Variant.IOS,
        edition=Edition.CURRENT,
        items=desired_items(profiles, Recipient()),
        rows=rows,
        answers={},
        standing=Standing(
            user_id=None,
            user_exists=True,
            user_licensed=True,
            certificates=frozenset(),
            profiles=frozenset(),
            assignments=frozenset(),
        ),
    )
    return {**rows, **plan(situation).rows}


def applied(rows: dict[ItemKey, LedgerRow]) -> dict[ItemKey, LedgerRow]:
    """The rows after a device has applied all that it was offered."""
    accounts = {key: row.fingerprint or "" for key, row in rows.items() if row.state is ItemState.SENT}
    return {**rows, **apply_inventory(rows.values(), Inventory(accounts=accounts, complete=False))}


def test_one_payload_has_the_keys_of_all_profiles_and_a_conflict_leaves_the_others_alone() -> None:
    strict = profile("p", passcodeMinimumLength=6, passcodeRequired=True)
    lax = profile("q", passcodeMinimumLength=4, passcodeBlockSimple=True)
    rows = planned([strict, lax], {})
    (row,) = rows.values()
    assert row.key == setting_key("com.apple.mobiledevice.passwordpolicy")
    unit = Unit.decode(row.payload or b"")
    assert {each.address.rpartition("/")[2]: each.value for each in unit.delivered} == {
        "forcePIN": True,
        "allowSimple": False,
    }
    rows = applied(rows)
    assert profile_outcome(strict, rows.values()).status is ProfileStatus.CONFLICT
    states = {
        each.name: each for each in setting_outcomes(lax.id, wishes_in(lax.kind, lax.document), rows=rows.values())
    }
    assert states["passcodeBlockSimple"].status is ProfileStatus.COMPLIANT
    assert states["passcodeMinimumLength"].status is ProfileStatus.CONFLICT
    assert states["passcodeMinimumLength"].sources == ("p", "q")


def test_a_plan_with_settings_changes_nothing_when_nothing_has_changed_and_gives_up_what_nobody_wants() -> None:
    one = profile("p", cameraBlocked=True)
    rows = planned([one], {})
    assert planned([one], rows) == rows
    rows = applied(rows)
    assert planned([one], rows) == rows
    (row,) = planned([], rows).values()
    assert row.state is ItemState.REMOVING


def test_a_conflict_that_was_there_from_the_start_is_no_offer_and_heals() -> None:
    one, other = profile("p", passcodeMinimumLength=6), profile("q", passcodeMinimumLength=4)
    rows = planned([one, other], {})
    (row,) = rows.values()
    assert (row.state, row.fingerprint) == (ItemState.FAILED, None)
    assert profile_outcome(one, rows.values()).status is ProfileStatus.CONFLICT
    (row,) = planned([other], rows).values()
    assert (row.state, row.fingerprint is None) == (ItemState.SENT, False)


def test_a_summary_counts_each_setting_and_a_conflict_names_who_asks() -> None:
    one, other = profile("p", passcodeMinimumLength=6, cameraBlocked=True), profile("q", passcodeMinimumLength=4)
    good, bad = applied(planned([one], {})), applied(planned([one, other], {}))
    counted = [(row, 3) for row in good.values()] + [(row, 2) for row in bad.values()]
    summaries = summaries_of_settings(
        one.kind, one.id, wishes=wishes_in(one.kind, one.document), counted=counted, total=6
    )
    numbers = {each.setting.rpartition(".")[2]: each.devices for each in summaries}
    assert numbers == {
        "passcodeMinimumLength": {"unknown": 1, "compliant": 3, "conflict": 2},
        "cameraBlocked": {"unknown": 1, "compliant": 5},
    }
    ((by, devices),) = conflicts_in(counted).values()
    assert ([one.profile for one in by], devices) == (["p", "q"], 2)


@pytest.mark.parametrize(
    ("kind", "document", "why"),
    [
        ("windows10CustomConfiguration", {"omaSettings": [{"omaUri": "./x", "value": 1}]}, "must begin"),
        ("windows10CustomConfiguration", {"omaSettings": [{"omaUri": "./User/x"}]}, "no value"),
        (
            "windows10CustomConfiguration",
            {"omaSettings": [{"omaUri": "./User/x", "value": "v" * 70000}]},
            "longer than",
        ),
        ("windows10CustomConfiguration", {"omaSettings": [{"omaUri": "./User/" + "x" * 1000, "value": 1}]}, "address"),
        ("iosCustomConfiguration", {"payload": "bm8gcGxpc3Q="}, "cannot be read"),
    ],
)
def test_what_cannot_be_delivered_is_an_error_that_says_why(kind: str, document: dict[str, Any], why: str) -> None:
    wrong = profile("p", kind, **document)
    assert desired_items([wrong], Recipient()) == {}
    outcome = profile_outcome(wrong, ())
    assert outcome.status is ProfileStatus.ERROR
    assert outcome.problem is not None
    assert why in outcome.problem.message


def test_a_property_without_a_word_is_not_applicable_and_one_that_is_not_configured_is_nothing() -> None:
    only = profile("p", kioskModeBuiltInAppId="com.contoso", cameraBlocked=False, passcodeMinimumLength=None)
    assert wishes_in(only.kind, only.document).without == ("kioskModeBuiltInAppId",)
    assert profile_outcome(only, ()).status is ProfileStatus.NOT_APPLICABLE
    empty = replace(only, document={"cameraBlocked": False})
    assert profile_outcome(empty, ()).status is ProfileStatus.COMPLIANT
