"""The rule of settings: equal values are one, different ones a conflict, compliance policies go before, and a device
keeps what it had; held against a model that sorts requests instead of merging them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fauxtune.core.engine.graph_states import conflicts_in, summaries_of_settings
from fauxtune.core.engine.planning.desired import desired_items, with_wishes
from fauxtune.core.engine.planning.plan import Situation, plan
from fauxtune.core.engine.planning.reported_items import Inventory, apply_inventory, profile_outcome, profile_outcomes
from fauxtune.core.engine.planning.setting_conflicts import merged, setting_outcomes
from fauxtune.core.engine.removal.decisions import Standing
from fauxtune.core.model.ids import ItemKey, ProfileId
from fauxtune.core.model.items import LedgerRow, key_name, setting_key
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.settings import Asking, Setting, Unit
from fauxtune.core.model.states import ItemState, ProfileStatus
from fauxtune.core.model.tenants import Edition
from fauxtune.core.profiles.family import Profile, Recipient
from fauxtune.core.profiles.setting_tables.reading import HELLO
from fauxtune.core.profiles.settings import wishes_in

NOW = datetime(2026, 11, 24, tzinfo=UTC)
VALUES = st.sampled_from([0, 1, True, False, "1", "a", 1.0, ["a"], ["a", "b"]])
REQUESTS = st.lists(st.tuples(st.sampled_from("pqrs"), st.sampled_from(["x", "y", "z"]), VALUES), max_size=12)
#: What compliance policies ask for: a policy, a number, and of which numbers the address has the stricter one.
STRICTER = {"x": "most", "y": "least", "z": "shortest"}
JUDGED = st.lists(st.tuples(st.sampled_from("jk"), st.sampled_from(["x", "y", "z"]), st.integers(0, 3)), max_size=4)


Request = tuple[str, str, Any]
#: The value of an address, or "conflict"; who asks for it; whose value gives way.
Rule = tuple[str, frozenset[str], frozenset[str]]


def settings_of(requests: Sequence[Request], *, by_compliance: bool = False) -> list[Setting]:
    return [
        Setting(
            address,
            "any",
            value,
            by=(Asking(ProfileId(profile), address),),
            stricter=STRICTER[address] if by_compliance else "",
        )
        for profile, address, value in requests
    ]


def text_of(value: Any) -> str:
    return f"{type(value).__name__} {value}"


def strictest(address: str, values: Sequence[int]) -> int:
    """The model of strictness: by the words of the documents of Windows, where 0 minutes or days are no limit."""
    ordered = sorted(values)
    if STRICTER[address] == "most":
        return ordered[-1]
    limits = [value for value in ordered if value > 0]
    return limits[0] if STRICTER[address] == "shortest" and limits else ordered[0]


def expected_of(requests: Sequence[Request], judged: Sequence[Request]) -> dict[str, Rule]:
    """The model: of each address the one value that all ask for, as it is written, or a conflict; and who asks."""
    rules: dict[str, Rule] = {}
    for address in {request[1] for request in (*requests, *judged)}:
        own = [(profile, text_of(value)) for profile, at, value in requests if at == address]
        ruling = [(profile, value) for profile, at, value in judged if at == address]
        by = frozenset(profile for profile, _value in (*own, *ruling))
        if ruling:
            text = text_of(strictest(address, [value for _profile, value in ruling]))
            rules[address] = text, by, frozenset(profile for profile, asked_for in own if asked_for != text)
        else:
            texts = {text for _profile, text in own}
            rules[address] = texts.pop() if len(texts) == 1 else "conflict", by, frozenset()
    return rules


def found(settings: Sequence[Setting]) -> dict[str, Rule]:
    return {
        setting.address: (
            "conflict" if setting.in_conflict else text_of(setting.value),
            frozenset(one.profile for one in setting.by),
            frozenset(one.profile for one in setting.below),
        )
        for setting in settings
    }


@given(REQUESTS, JUDGED)
def test_settings_merge_as_the_model_says_in_any_order(requests: list[Request], judged: list[Request]) -> None:
    settings = [*settings_of(requests), *settings_of(judged, by_compliance=True)]
    assert found(merged(settings)) == expected_of(requests, judged)
    assert merged(reversed(settings)) == merged(settings)


@given(REQUESTS, REQUESTS, JUDGED)
def test_a_device_keeps_its_value_of_a_setting_that_comes_into_conflict(
    before: list[Request], after: list[Request], judged: list[Request]
) -> None:
    earlier = Unit(merged(settings_of(before)))
    now = Unit(merged([*settings_of(after), *settings_of(judged, by_compliance=True)]))
    kept = {each.address: each.text for each in earlier.delivered}
    for setting in now.after(earlier).settings:
        if setting.in_conflict:
            assert (setting.value is None) == (setting.address not in kept)
            assert setting.value is None or setting.text == kept[setting.address]
        else:
            assert setting in now.settings
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
    assert {setting.address.rpartition("/")[2]: setting.value for setting in unit.delivered} == {
        "forcePIN": True,
        "allowSimple": False,
    }
    rows = applied(rows)
    assert profile_outcome(strict, rows.values()).status is ProfileStatus.CONFLICT
    states = {
        setting_outcome.name: setting_outcome
        for setting_outcome in setting_outcomes(lax.id, wishes_in(lax.kind, lax.document), rows=rows.values())
    }
    assert states["passcodeBlockSimple"].status is ProfileStatus.COMPLIANT
    assert states["passcodeMinimumLength"].status is ProfileStatus.CONFLICT
    assert states["passcodeMinimumLength"].sources == ("p", "q")


def test_a_compliance_policy_goes_before_profiles_and_has_no_status_of_its_own() -> None:
    strict = profile("p", passcodeMinimumLength=12, passcodeRequired=True)
    policy = profile("j", "iosCompliancePolicy", passcodeMinimumLength=6, osMinimumVersion="16.0")
    harder = profile("k", "iosCompliancePolicy", passcodeMinimumLength=8, passcodeExpirationDays=90)
    rows = applied(planned([strict, policy, harder], {}))
    (row,) = rows.values()
    assert {claim.profile for claim in row.claims} == {"p", "j", "k"}
    assert {
        setting.address.rpartition("/")[2]: setting.value for setting in Unit.decode(row.payload or b"").delivered
    } == {
        "forcePIN": True,
        "minLength": 8,
        "maxPINAgeInDays": 90,
    }
    assert profile_outcomes([strict, policy, harder], rows.values()).keys() == {"p"}
    wishes = wishes_in(strict.kind, strict.document)
    states = {
        setting_outcome.name: setting_outcome
        for setting_outcome in setting_outcomes(strict.id, wishes, rows=rows.values())
    }
    assert states["passcodeRequired"].status is ProfileStatus.COMPLIANT
    length = states["passcodeMinimumLength"]
    assert (length.status, length.value, length.sources) == (ProfileStatus.CONFLICT, 8, ("j", "k", "p"))
    assert "compliance policy" in (length.problem.message if length.problem else "")
    ((by, devices),) = conflicts_in([(row, 2)]).values()
    assert ([one.profile for one in by], devices) == (["j", "k", "p"], 2)
    # A profile that asks for what counts is not in conflict.
    rows = applied(planned([profile("p", passcodeMinimumLength=8), policy, harder], rows))
    assert profile_outcome(profile("p", passcodeMinimumLength=8), rows.values()).status is ProfileStatus.COMPLIANT


NODE = "./Device/Vendor/MSFT/Policy/Config/Defender"
ENDPOINT = "windows10EndpointProtectionConfiguration"


def test_lists_have_the_members_of_all_policies_and_only_a_rule_with_two_modes_is_held_back() -> None:
    office, usb = "d4f940ab-401b-4efc-aadc-ad5f3c50688a", "b2b3f03d-6a65-4f7b-a9c7-1c7ef74a9ba4"
    one = profile(
        "p",
        ENDPOINT,
        defenderOfficeAppsLaunchChildProcessType="block",
        defenderUntrustedUSBProcessType="auditMode",
        defenderFilesAndFoldersToExclude=["C:\\a", "D:\\b=1"],
    )
    nodes = [
        {"omaUri": f"{NODE}/AttackSurfaceReductionRules", "value": f"{office.upper()}=2|{usb}=2"},
        {"omaUri": f"{NODE}/ExcludedPaths", "value": "D:\\b=2|c:\\A"},
    ]
    other = profile("q", "windows10CustomConfiguration", omaSettings=nodes)
    rows = applied(planned([one, other], {}))
    units = {key_name(key): Unit.decode(row.payload or b"") for key, row in rows.items()}
    assert [setting.value for setting in units[f"{NODE}/AttackSurfaceReductionRules"].delivered] == [f"{usb}=2"]
    assert [setting.value for setting in units[f"{NODE}/ExcludedPaths"].delivered] == [
        "C:\\a",
        "D:\\b=1",
        "D:\\b=2",
        "c:\\A",
    ]
    states = {
        setting_outcome.name: setting_outcome
        for setting_outcome in setting_outcomes(one.id, wishes_in(one.kind, one.document), rows=rows.values())
    }
    assert {name: state.status for name, state in states.items()} == {
        "defenderOfficeAppsLaunchChildProcessType": ProfileStatus.CONFLICT,
        "defenderUntrustedUSBProcessType": ProfileStatus.COMPLIANT,
        "defenderFilesAndFoldersToExclude": ProfileStatus.COMPLIANT,
    }
    paths = states["defenderFilesAndFoldersToExclude"]
    assert (paths.address, paths.value, paths.sources) == (f"{NODE}/ExcludedPaths", "C:\\a|D:\\b=1", ("p",))
    assert states["defenderUntrustedUSBProcessType"].sources == ("p", "q")
    counted = [(row, 2) for row in rows.values()]
    summaries = summaries_of_settings(
        one.kind, one.id, wishes=wishes_in(one.kind, one.document), counted=counted, total=3
    )
    assert {summary.setting.rpartition(".")[2]: summary.devices for summary in summaries} == {
        "defenderOfficeAppsLaunchChildProcessType": {"unknown": 1, "conflict": 2},
        "defenderUntrustedUSBProcessType": {"unknown": 1, "compliant": 2},
        "defenderFilesAndFoldersToExclude": {"unknown": 1, "compliant": 2},
    }


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
    numbers = {summary.setting.rpartition(".")[2]: summary.devices for summary in summaries}
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


def test_a_setting_that_was_added_since_the_device_was_planned_is_pending() -> None:
    rows = applied(planned([profile("p", passcodeRequired=True)], {}))
    later = profile("p", passcodeRequired=True, passcodeMinimumLength=6)
    outcomes = setting_outcomes(later.id, wishes_in(later.kind, later.document), rows=rows.values())
    assert {outcome.name: outcome.status for outcome in outcomes} == {
        "passcodeRequired": ProfileStatus.COMPLIANT,
        "passcodeMinimumLength": ProfileStatus.PENDING,
    }


def test_what_has_no_status_of_its_own_is_read_once_with_the_tenant_in_its_nodes() -> None:
    hello = with_wishes(profile("h", HELLO, state="disabled"), tenant="T1")
    assert hello.wishes is not None
    assert [setting.name for setting in hello.wishes.settings] == ["state"]
    assert all("/T1/" in setting.address for setting in hello.wishes.settings)
    assert with_wishes(profile("p", passcodeRequired=True)).wishes is None


def test_a_property_without_a_word_is_not_applicable_and_one_that_is_not_configured_is_nothing() -> None:
    only = profile("p", kioskModeBuiltInAppId="com.contoso", cameraBlocked=False, passcodeMinimumLength=None)
    assert wishes_in(only.kind, only.document).without == ("kioskModeBuiltInAppId",)
    assert profile_outcome(only, ()).status is ProfileStatus.NOT_APPLICABLE
    empty = replace(only, document={"cameraBlocked": False})
    assert profile_outcome(empty, ()).status is ProfileStatus.COMPLIANT
