"""The state of a device, from its policies, what was known before, and the time: the worst of what they make of it.

What one policy makes of a device, with its period of grace, is in `grace`; the order of states in `states`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from fauxtune.core.engine.compliance.grace import Course, Graced, is_tolerated, moments, next_course, state_by
from fauxtune.core.engine.compliance.judging import Verdict
from fauxtune.core.engine.compliance.states import NO_GRACE, DeviceState, Status, worst_of_device

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
    courses = {key: next_course(each.course, each.verdict.status, now=now) for key, each in policies.items()}
    graced = {key: Graced(each.verdict, courses[key], each.grace) for key, each in policies.items()}
    states = [state_by(each, now=now) for each in graced.values()]
    states.append(_BUILT_IN.get(built_in.status, DeviceState.COMPLIANT))
    is_held = any(is_tolerated(each, now=now) for each in graced.values())
    if is_held:
        held = held or before
        states.append(held)
    ends = [each.grace_ends_at for each in graced.values()]
    return Judged(
        state=worst_of_device(each for each in states if each is not None),
        grace_ends_at=min(ends, default=NO_GRACE),
        held=held if is_held else None,
        due_at=min((moment for moment in moments(graced.values()) if moment > now), default=NO_GRACE),
        courses=courses,
    )
