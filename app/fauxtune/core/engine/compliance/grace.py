"""The period of grace: when a policy that fails, or that is in error, makes a device noncompliant; the state of a
device, which is the worst of what its policies make of it; and the scheduled actions of a policy, with their times.

The first failure of a policy starts its period of grace (the hours of its `block` action, `grace_of`). A policy
in error leaves the device as it was for seven days; then it counts as a failure. Intune, "Monitor results of your
device compliance policies" (2026-04-16: grace begins after the seven days). Unverified: that a policy which fails
meanwhile counts at once. The order of states is in `states`.

Scheduled actions (Graph: deviceComplianceActionItem) are done for a device that fails: hours count from the first
failure, and each is done once for each failure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from fauxtune.core.engine.compliance.judging import Verdict
from fauxtune.core.engine.compliance.states import NO_GRACE, DeviceState, Status, worst_of_device
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.text import JsonObject

ERROR_TOLERATED = timedelta(days=7)
_OK = {
    Status.COMPLIANT: DeviceState.COMPLIANT,
    Status.REMEDIATED: DeviceState.COMPLIANT,
}

BLOCK, NOTIFICATION, RETIRE, REMOTE_LOCK, PUSH = "block", "notification", "retire", "remoteLock", "pushNotification"
#: Longer than this nobody waits, and a clock can count it.
_MOST_HOURS = 24 * 365 * 100
_NO_WINDOWS = frozenset(each for each in Variant if "windows" not in each.value)
#: data. The devices for which the real service does an action; the others are for all. "Configure actions for
#: noncompliant devices", 2024-01-23.
_ONLY: Mapping[str, frozenset[Variant]] = {
    REMOTE_LOCK: _NO_WINDOWS,
    PUSH: _NO_WINDOWS - {Variant.MACOS, Variant.ANDROID_AOSP},
}
_DONE_HERE = (NOTIFICATION, RETIRE, REMOTE_LOCK, PUSH)


@dataclass(frozen=True, slots=True)
class Course:
    """What has happened to one policy on one device: since when it fails, since when it is in error, and the scheduled
    actions that are done for this failure.
    """

    failed_at: datetime | None = None
    error_at: datetime | None = None
    done: frozenset[str] = frozenset()


NOTHING_YET = Course()


@dataclass(frozen=True, slots=True)
class Graced:
    """A policy's verdict with its course and the hours of its `block` action."""

    verdict: Verdict
    course: Course = NOTHING_YET
    grace: timedelta = timedelta(0)

    @property
    def grace_ends_at(self) -> datetime:
        """When the period of grace of the present failure ends; the end of time if there is no failure or no grace."""
        if self.course.failed_at is None or self.grace <= timedelta(0):
            return NO_GRACE
        return _later(self.course.failed_at, self.grace)


def next_course(course: Course, status: Status, *, now: datetime) -> Course:
    """Return the course after a judgement: a failure keeps the moment at which it began, anything else ends it."""
    match status:
        case Status.NON_COMPLIANT | Status.CONFLICT:
            return Course(failed_at=course.failed_at or now, done=course.done)
        case Status.ERROR:
            error_at = course.error_at or now
            overdue = _later(error_at, ERROR_TOLERATED)
            # A failure from before stays one; otherwise an error becomes one when it is tolerated no longer.
            failed_at = course.failed_at or (overdue if overdue <= now else None)
            return Course(failed_at=failed_at, error_at=error_at, done=course.done)
        case _:
            return NOTHING_YET


def state_by(policy: Graced, *, now: datetime) -> DeviceState | None:
    """Return what one policy makes of the device; None if it makes nothing of it."""
    status = policy.verdict.status
    if status is Status.CONFLICT:
        return DeviceState.CONFLICT
    if status is Status.NON_COMPLIANT or (status is Status.ERROR and not is_tolerated(policy, now=now)):
        return _failing(policy, now=now)
    return _OK.get(status)


def _failing(policy: Graced, *, now: datetime) -> DeviceState:
    ends = policy.grace_ends_at
    return DeviceState.IN_GRACE_PERIOD if ends != NO_GRACE and now < ends else DeviceState.NON_COMPLIANT


def is_tolerated(policy: Graced, *, now: datetime) -> bool:
    """Whether the policy is in error, and still leaves the device as it was."""
    error_at = policy.course.error_at
    return policy.verdict.status is Status.ERROR and error_at is not None and now < _later(error_at, ERROR_TOLERATED)


def moments(policies: Iterable[Graced]) -> Iterable[datetime]:
    """Yield when grace or tolerance of these policies ends."""
    for policy in policies:
        yield policy.grace_ends_at
        if policy.course.error_at is not None:
            yield _later(policy.course.error_at, ERROR_TOLERATED)


def _later(moment: datetime, by: timedelta) -> datetime:
    """The moment later by a time; the end of Graph's time at most."""
    return NO_GRACE if by >= NO_GRACE - moment else moment + by


_BUILT_IN = {Status.NON_COMPLIANT: DeviceState.NON_COMPLIANT}


@dataclass(frozen=True, slots=True)
class Judged:
    """The state of a device at a moment. `held`: the state that errors leave in force; `due_at`: when time may
    change it, without a report.
    """

    state: DeviceState
    grace_ends_at: datetime = NO_GRACE
    held: DeviceState | None = None
    due_at: datetime = NO_GRACE
    courses: Mapping[str, Course] = field(default_factory=dict)


def judge_device(
    policies: Mapping[str, Graced],
    *,
    built_in: Verdict,
    before: DeviceState,
    held: DeviceState | None,
    now: datetime,
) -> Judged:
    """Return the device's state. The courses of `policies` are those before this judgement; `before` is the device's
    state until now, and `held` the one that errors have left in force since they began.
    """
    courses = {key: next_course(policy.course, policy.verdict.status, now=now) for key, policy in policies.items()}
    graced = {key: Graced(policy.verdict, courses[key], policy.grace) for key, policy in policies.items()}
    states = [state_by(each, now=now) for each in graced.values()]
    states.append(_BUILT_IN.get(built_in.status, DeviceState.COMPLIANT))
    is_held = any(is_tolerated(each, now=now) for each in graced.values())
    if is_held:
        held = held or before
        states.append(held)
    ends = [each.grace_ends_at for each in graced.values()]
    return Judged(
        state=worst_of_device(state for state in states if state is not None),
        grace_ends_at=min(ends, default=NO_GRACE),
        held=held if is_held else None,
        due_at=min((moment for moment in moments(graced.values()) if moment > now), default=NO_GRACE),
        courses=courses,
    )


@dataclass(frozen=True, slots=True)
class Action:
    """One scheduled action of a policy."""

    id: str
    type: str
    after: timedelta
    template: str | None = None
    copies: tuple[str, ...] = ()


def actions_of(document: Mapping[str, Any]) -> tuple[Action, ...]:
    """Return the scheduled actions that a policy's document has, in their order."""
    actions = []
    for place, rule in enumerate(_objects(document.get("scheduledActionsForRule"))):
        for number, item in enumerate(_objects(rule.get("scheduledActionConfigurations"))):
            hours = item.get("gracePeriodHours")
            actions.append(
                Action(
                    id=str(item.get("id") or f"{place}.{number}"),
                    type=str(item.get("actionType") or "noAction"),
                    after=timedelta(hours=min(max(hours, 0), _MOST_HOURS) if isinstance(hours, int) else 0),
                    template=item.get("notificationTemplateId") or None,
                    copies=tuple(map(str, item.get("notificationMessageCCList") or ())),
                )
            )
    return tuple(actions)


def grace_of(document: Mapping[str, Any]) -> timedelta:
    """Return the period of grace: the hours of the `block` action, none without one."""
    return next((action.after for action in actions_of(document) if action.type == BLOCK), timedelta(0))


def due_actions(
    actions: Iterable[Action], course: Course, *, variant: Variant, now: datetime
) -> tuple[tuple[Action, ...], datetime]:
    """Return the actions whose time has come and that are not done for this failure, and when the next one comes."""
    if course.failed_at is None:
        return (), NO_GRACE
    due, following = [], NO_GRACE
    pushed: set[int] = set()
    for action in actions:
        if action.type == PUSH and action.after.days in pushed:
            continue  # of several push messages of a day one is sent
        pushed |= {action.after.days} if action.type == PUSH else set()
        if action.type not in _DONE_HERE or action.id in course.done:
            continue
        if variant not in _ONLY.get(action.type, frozenset(Variant)):
            continue
        at = NO_GRACE if action.after >= NO_GRACE - course.failed_at else course.failed_at + action.after
        if at <= now:
            due.append(action)
        else:
            following = min(following, at)
    return tuple(due), following


def _objects(value: object) -> list[JsonObject]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
