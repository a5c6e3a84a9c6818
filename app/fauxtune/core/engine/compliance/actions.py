"""The scheduled actions of a policy: what is done for a device that fails, and when (Graph:
deviceComplianceActionItem). Hours count from the first failure; each action is done once for each failure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fauxtune.core.engine.compliance.grace import Course
from fauxtune.core.engine.compliance.states import NO_GRACE
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.text import JsonObject

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
