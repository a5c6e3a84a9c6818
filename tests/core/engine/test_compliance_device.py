"""The state of a device over time: grace, errors, scheduled actions; judged again from the whole history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune.core.engine.compliance.actions import actions_of, due_actions, grace_of
from fauxtune.core.engine.compliance.built_in import ASSIGNED, CONTACT, USER, Standing, Switches, judge_built_in
from fauxtune.core.engine.compliance.grace import Course, Graced, Judged, judge_device
from fauxtune.core.engine.compliance.judging import Verdict
from fauxtune.core.engine.compliance.states import NO_GRACE, DeviceState, Status, is_compliant
from fauxtune.core.model.platforms import Variant

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
