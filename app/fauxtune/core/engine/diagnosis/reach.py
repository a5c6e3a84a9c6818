"""Whether a profile reaches a device, and why not: the decision of `targeting` with its reason.

Rules: Intune, "Assign user and device profiles"; "Use filters when assigning your apps, policies, and profiles".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from fauxtune.core.engine.planning.targeting import Assignment, Matches, Membership, TargetKind, matches_nothing, target


class ReachStatus(StrEnum):
    """Whether a profile reaches a device, or the reason why not."""

    REACHES = "reaches"
    NOBODY = "nobody"  # it has no assignment, or only exclusions
    ELSEWHERE = "elsewhere"  # no assignment includes the device or its user
    EXCLUDED = "excluded"  # one does, but an exclusion cancels it
    FILTERED = "filtered"  # one does, but its filter leaves the device out
    NO_DEVICE = "noDevice"  # there is no device to reach


@dataclass(frozen=True, slots=True)
class Reach:
    """The status, and the assignment that decides it: the one that brings the profile, or would bring it."""

    status: ReachStatus
    assignment: Assignment | None = None


def reach_of(assignments: Sequence[Assignment], membership: Membership, *, matches: Matches = matches_nothing) -> Reach:
    """Whether one profile, by all its assignments, reaches a device in these groups."""
    winner = target(assignments, membership, matches=matches)
    if winner is not None:
        return Reach(ReachStatus.REACHES, winner)
    inclusions = [one for one in assignments if one.kind is not TargetKind.EXCLUSION and not one.removes]
    if not inclusions:
        return Reach(ReachStatus.NOBODY)
    including = [one for one in inclusions if target([replace(one, filter=None)], membership) is not None]
    if not including:
        return Reach(ReachStatus.ELSEWHERE)
    unfiltered = [replace(one, filter=None) if one in inclusions else one for one in assignments]
    winner = target(unfiltered, membership, matches=matches)
    if winner is None:
        return Reach(ReachStatus.EXCLUDED, including[0])
    return Reach(ReachStatus.FILTERED, next(one for one in including if one.id == winner.id))
