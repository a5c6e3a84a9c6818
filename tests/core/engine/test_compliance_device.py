"""The state of a device over time: grace, errors, scheduled actions; judged again from the whole history.

Custom compliance: rules compared with what a script printed.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune.core.engine.compliance.custom_rules import check_rules, custom_states, rules_of
from fauxtune.core.engine.compliance.grace import (
    Course,
    Graced,
    Judged,
    actions_of,
    due_actions,
    grace_of,
    judge_device,
)
from fauxtune.core.engine.compliance.judging import (
    ASSIGNED,
    CONTACT,
    USER,
    Policy,
    Standing,
    Switches,
    Verdict,
    judge_built_in,
    judge_policy,
)
from fauxtune.core.engine.compliance.setting_states import SettingState
from fauxtune.core.engine.compliance.states import NO_GRACE, DeviceState, Status, is_compliant
from fauxtune.core.errors import Invalid
from fauxtune.core.model.platforms import Variant


def script(*rules: Any) -> dict[str, str]:
    return {"rulesContent": base64.b64encode(json.dumps({"Rules": rules}).encode()).decode()}


def rule(operator: str, kind: str, operand: Any) -> dict[str, Any]:
    return {"SettingName": "Value", "Operator": operator, "DataType": kind, "Operand": operand}


NOW = datetime(2026, 3, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FINE = Verdict(Status.COMPLIANT)
RANK = ["unknown", "compliant", "inGracePeriod", "noncompliant", "conflict", "error"]


@dataclass(frozen=True)
class Moment:
    """One judgement: hours after the last one, and the status of each policy."""

    hours: int
    statuses: tuple[Status, ...]


GRACES = (timedelta(0), timedelta(days=1), timedelta(days=10))
STATUSES = st.sampled_from(
    [Status.UNKNOWN, Status.NOT_APPLICABLE, Status.COMPLIANT, Status.NON_COMPLIANT, Status.ERROR, Status.CONFLICT]
)
MOMENTS = st.lists(
    st.builds(Moment, st.integers(0, 24 * 9), st.tuples(*[STATUSES] * len(GRACES))), min_size=1, max_size=8
)


def judged_from_history(history: list[tuple[datetime, tuple[Status, ...]]], states: list[str]) -> str:
    """The state at the last of these moments, as the documents say it; `states` are those of the moments before."""
    worst = ["compliant"]  # of the built-in policy
    for place, grace in enumerate(GRACES):
        run = failing_run([(at, statuses[place]) for at, statuses in history])
        if run:
            worst.append(state_of_run(run, grace=grace))
    held = since_errors_began(history, states)
    return max([*worst, *([held] if held else [])], key=RANK.index)


def failing_run(history: list[tuple[datetime, Status]]) -> list[tuple[datetime, Status]]:
    """The judgements of one policy at the end of its history that are all failures, conflicts or errors."""
    for length, (_at, status) in enumerate(reversed(history)):
        if status not in (Status.NON_COMPLIANT, Status.CONFLICT, Status.ERROR):
            return history[len(history) - length :]
    return history


def state_of_run(run: list[tuple[datetime, Status]], *, grace: timedelta) -> str:
    """What one policy makes of the device after such a run: nothing as long as an error is tolerated."""
    now, status = run[-1]
    if status is Status.CONFLICT:
        return "conflict"
    if status is Status.ERROR:
        began = now
        for at, each in reversed(run):
            if each is not Status.ERROR:
                break
            began = at
        if now < began + 7 * DAY:
            return "unknown"
    return "inGracePeriod" if grace and now < first_failure(run) + grace else "noncompliant"


def first_failure(run: list[tuple[datetime, Status]]) -> datetime:
    """When a policy first failed in such a run: an error fails when seven days of it are over."""
    error_since: datetime | None = None
    for at, status in run:
        if status is not Status.ERROR:
            return at
        error_since = error_since or at
        if error_since + 7 * DAY <= at:
            return error_since + 7 * DAY
    raise AssertionError(run)


def since_errors_began(history: list[tuple[datetime, tuple[Status, ...]]], states: list[str]) -> str | None:
    """The state before the first of the present moments with an error that is still tolerated."""
    held: str | None = None
    since: dict[int, datetime] = {}
    for number, (at, statuses) in enumerate(history):
        for place, status in enumerate(statuses):
            if status is Status.ERROR:
                since.setdefault(place, at)
            else:
                since.pop(place, None)
        if any(at < began + 7 * DAY for began in since.values()):
            held = held or ("compliant" if number == 0 else states[number - 1])
        else:
            held = None
    return held


@pytest.mark.parametrize(
    ("operator", "kind", "operand", "printed", "status"),
    [
        ("IsEquals", "Boolean", True, True, "compliant"),
        ("IsEquals", "Boolean", "true", False, "nonCompliant"),
        ("IsEquals", "Boolean", True, "1", "error"),
        ("GreaterThan", "Boolean", True, True, "error"),
        ("GreaterThan", "Int64", "5", 6, "compliant"),
        ("GreaterEquals", "Int64", 5, 5, "compliant"),
        ("LessThan", "Int64", 5, 5, "nonCompliant"),
        ("LessThan", "Int64", 5, 2**70, "error"),
        ("LessEquals", "Int64", 5, 4.5, "error"),
        ("LessEquals", "Double", 5, 4.5, "compliant"),
        ("IsEquals", "String", "a", "A", "nonCompliant"),
        ("NotEquals", "String", "a", "A", "compliant"),
        ("GreaterEquals", "Version", "1.10", "1.9.5", "nonCompliant"),
        ("IsEquals", "Version", "1.10", "1.10.0", "compliant"),
        ("GreaterThan", "DateTime", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00+00:00", "compliant"),
        ("GreaterThan", "DateTime", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00", "error"),
        ("IsEquals", "Decimal", 1, 1, "error"),
        ("Contains", "String", "a", "a", "error"),
    ],
)
def test_a_rule_compares_by_its_type(operator: str, kind: str, operand: Any, printed: Any, status: str) -> None:
    output = {"complianceScriptOutput": json.dumps({"Value": printed})}
    (state,) = custom_states(script(rule(operator, kind, operand)), output)
    assert (state.setting, state.status) == ("Value", status)


@pytest.mark.parametrize("output", [None, "", "[]", "{", "{}", '{"value": 1}'])
def test_a_value_that_the_script_did_not_print_is_an_error(output: str | None) -> None:
    facts = {} if output is None else {"complianceScriptOutput": output}
    (state,) = custom_states(script(rule("IsEquals", "Int64", 1)), facts)
    assert state.status == "error"
    assert state.error


@pytest.mark.parametrize(
    ("printed", "errors", "code"),
    [
        ('{"Value": 1}', '{"s": 65007}', 65007),
        ('{"Other": 1}', "{}", 65008),
        ("{", "{}", 65009),
        ('{"Value": 1}', '{"s": 65009}', 65009),
        ('{"Value": "x"}', "{}", 65010),
    ],
)
def test_an_error_of_a_rule_has_the_documented_code(printed: str, errors: str, code: int) -> None:
    facts = {"complianceScriptOutput": printed, "complianceScriptErrors": errors}
    asking = {**script(rule("IsEquals", "Int64", 1)), "deviceComplianceScriptId": "s"}
    (state,) = custom_states(asking, facts)
    assert (state.status, state.code, SettingState.from_document(state.document())) == ("error", code, state)
    (other,) = custom_states({**asking, "deviceComplianceScriptId": "t"}, facts)
    assert (other.status == "compliant") is (printed == '{"Value": 1}'), "another script's error is not this one's"


GOOD = {**rule("GreaterEquals", "Version", "2.3"), "RemediationStrings": [{"Language": "en_US", "Title": "Update"}]}


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ([GOOD] * 101, "1 to 100"),
        ([], "1 to 100"),
        ([{**GOOD, "Operator": "Bogus"}], "Operator of a Version"),
        ([GOOD, {**GOOD, "DataType": "Boolean", "Operand": True}], "Rule 2: the Operator of a Boolean"),
        ([{**GOOD, "DataType": "Nope"}], "DataType is one of"),
        ([{**GOOD, "Operand": "x"}], "Operand is not a Version"),
        ([{**GOOD, "RemediationStrings": [{"Language": "de_DE"}]}], "en_US"),
        ([rule("IsEquals", "Int64", 1)], "en_US"),
        (["rule"], "must be texts"),
    ],
)
def test_rules_that_intune_would_refuse_are_refused(rules: list[Any], words: str) -> None:
    check_rules(script(GOOD))
    check_rules({"rulesContent": None})
    with pytest.raises(Invalid, match=words):
        check_rules(script(*rules))


@pytest.mark.parametrize("content", [b"{", b"[" * 5000, b"[]", b'{"Rules": 5}', b" " * 103_000])
def test_rules_that_are_no_object_with_a_list_or_too_large_are_refused(content: bytes) -> None:
    with pytest.raises(Invalid, match=r"JSON|100 KB"):
        check_rules({"rulesContent": base64.b64encode(content).decode()})


@pytest.mark.parametrize("content", ["", "!", "e30=", base64.b64encode(b"[" * 100_000).decode(), 5, None])
def test_rules_that_cannot_be_read_give_no_states(content: Any) -> None:
    assert rules_of({"rulesContent": content}) == []


def test_each_rule_is_a_setting_of_the_policy() -> None:
    rules = script(
        {"SettingName": "Bios", "Operator": "GreaterEquals", "DataType": "Version", "Operand": "2.3"},
        {"SettingName": "Model", "Operator": "IsEquals", "DataType": "String", "Operand": "Surface"},
    )
    policy = Policy("p", "windows10CompliancePolicy", {"deviceCompliancePolicyScript": rules})
    output = {"complianceScriptOutput": '{"Bios": "2.4", "Model": "Latitude"}'}
    verdict = judge_policy(policy, variant=Variant.WINDOWS, facts=output)
    assert {setting.setting: setting.status for setting in verdict.settings} == {
        "Bios": "compliant",
        "Model": "nonCompliant",
    }
    assert verdict.status == "nonCompliant"


@settings(max_examples=400)
@given(MOMENTS)
def test_a_device_is_judged_step_by_step_as_from_its_whole_history(moments: list[Moment]) -> None:
    now = NOW
    history: list[tuple[datetime, tuple[Status, ...]]] = []
    states: list[str] = []
    judged = Judged(DeviceState.COMPLIANT)
    for moment in moments:
        now += HOUR * moment.hours
        history.append((now, moment.statuses))
        policies = {
            str(place): Graced(Verdict(status), judged.courses.get(str(place), Course()), GRACES[place])
            for place, status in enumerate(moment.statuses)
        }
        judged = judge_device(policies, built_in=FINE, before=judged.state, held=judged.held, now=now)
        assert judged.state == judged_from_history(history, states), (history, states)
        states.append(judged.state.value)


def first(status: Status, *, grace: timedelta = timedelta(0), now: datetime = NOW) -> Judged:
    policies = {"p": Graced(Verdict(status), grace=grace)}
    return judge_device(policies, built_in=FINE, before=DeviceState.COMPLIANT, held=None, now=now)


def test_grace_ends_hours_after_the_first_failure() -> None:
    judged = first(Status.NON_COMPLIANT, grace=2 * DAY)
    assert (judged.state, judged.grace_ends_at, judged.due_at) == ("inGracePeriod", NOW + 2 * DAY, NOW + 2 * DAY)

    def at(moment: datetime) -> Judged:
        policies = {"p": Graced(Verdict(Status.NON_COMPLIANT), judged.courses["p"], 2 * DAY)}
        return judge_device(policies, built_in=FINE, before=judged.state, held=None, now=moment)

    assert at(NOW + 2 * DAY - HOUR).state == "inGracePeriod"
    assert at(NOW + 2 * DAY).state == "noncompliant"
    assert at(NOW + 2 * DAY).grace_ends_at == NOW + 2 * DAY


def test_without_grace_a_failure_counts_at_once() -> None:
    judged = first(Status.NON_COMPLIANT)
    assert (judged.state, judged.grace_ends_at, judged.due_at) == ("noncompliant", NO_GRACE, NO_GRACE)


def test_an_error_is_due_when_its_seven_days_are_over() -> None:
    judged = first(Status.ERROR)
    assert (judged.state, judged.held, judged.due_at) == ("compliant", "compliant", NOW + 7 * DAY)


@pytest.mark.parametrize(
    ("state", "expected"), [("unknown", None), ("compliant", True), ("inGracePeriod", True), ("noncompliant", False)]
)
def test_the_directory_lets_a_device_in_its_grace_pass(state: str, expected: bool | None) -> None:
    assert is_compliant(DeviceState(state)) is expected


@pytest.mark.parametrize(
    ("standing", "switches", "failing"),
    [
        (Standing(NOW - 30 * DAY, has_policy=False), Switches(), []),
        (Standing(NOW - 30 * DAY - HOUR, has_policy=True), Switches(), [CONTACT]),
        (Standing(NOW - 2 * DAY, has_policy=True), Switches(contact_days=1), [CONTACT]),
        (Standing(NOW, has_policy=False), Switches(secure_by_default=True), [ASSIGNED]),
        (Standing(NOW, has_policy=True), Switches(secure_by_default=True), []),
        (Standing(NOW, has_policy=True, has_entitled_user=False), Switches(), [USER]),
    ],
)
def test_the_built_in_policy(standing: Standing, switches: Switches, failing: list[str]) -> None:
    verdict = judge_built_in(standing, switches=switches, now=NOW)
    assert [setting_state.setting for setting_state in verdict.failing] == failing
    assert verdict.status == ("nonCompliant" if failing else "compliant")
    judged = judge_device({}, built_in=verdict, before=DeviceState.UNKNOWN, held=None, now=NOW)
    assert judged.state == ("noncompliant" if failing else "compliant")


DOCUMENT = {
    "scheduledActionsForRule": [
        {
            "ruleName": "PasswordRequired",
            "scheduledActionConfigurations": [
                {"id": "b", "actionType": "block", "gracePeriodHours": 48},
                {"id": "n", "actionType": "notification", "gracePeriodHours": 0, "notificationTemplateId": "t"},
                {"id": "l", "actionType": "remoteLock", "gracePeriodHours": 72},
                {"id": "r", "actionType": "retire", "gracePeriodHours": 24},
            ],
        }
    ]
}


def test_each_action_is_due_once_its_hours_after_the_first_failure() -> None:
    actions = actions_of(DOCUMENT)
    assert grace_of(DOCUMENT) == 48 * HOUR

    def at(hours: int, *done: str, variant: Variant = Variant.IOS) -> tuple[list[str], datetime]:
        course = Course(failed_at=NOW, done=frozenset(done))
        due, following = due_actions(actions, course, variant=variant, now=NOW + hours * HOUR)
        return [action.id for action in due], following

    assert at(0) == (["n"], NOW + 24 * HOUR)
    assert at(24, "n") == (["r"], NOW + 72 * HOUR)
    assert at(100, "n") == (["l", "r"], NO_GRACE)
    assert at(100, "n", "r", "l") == ([], NO_GRACE)
    # Intune: no remote lock on Windows.
    assert at(100, "n", "r", variant=Variant.WINDOWS) == ([], NO_GRACE)
    assert due_actions(actions, Course(), variant=Variant.IOS, now=NOW) == ((), NO_GRACE)


def test_of_several_push_messages_of_a_day_one_is_sent_and_none_to_aosp() -> None:
    items = [
        {"id": str(hours), "actionType": "pushNotification", "gracePeriodHours": hours} for hours in (0, 6, 23, 24)
    ]
    actions = actions_of({"scheduledActionsForRule": [{"scheduledActionConfigurations": items}]})
    course = Course(failed_at=NOW)
    for variant, sent in ((Variant.ANDROID_KNOX, ["0", "24"]), (Variant.IOS, ["0", "24"]), (Variant.ANDROID_AOSP, [])):
        due, following = due_actions(actions, course, variant=variant, now=NOW + 30 * HOUR)
        assert ([action.id for action in due], following) == (sent, NO_GRACE)
