"""How a profile comes to a device, or why it does not: what `targeting` decides, told apart.

Rules: Intune, "Assign user and device profiles"; "Use filters when assigning your apps, policies, and profiles".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from fauxtune.core.engine.planning.targeting import Assignment, Matches, Membership, TargetKind, matches_nothing, target


class Way(StrEnum):
    """Whether a profile reaches a device, and what keeps it away."""

    REACHES = "reaches"
    NOBODY = "nobody"  # it is assigned to nobody at all
    ELSEWHERE = "elsewhere"  # no assignment names the device or its user
    EXCLUDED = "excluded"  # one does, and an exclusion takes it back
    FILTERED = "filtered"  # one does, and its filter does not let the device through
    NO_DEVICE = "noDevice"  # there is no device to reach


@dataclass(frozen=True, slots=True)
class Approach:
    """The way, and the assignment that decides it: the one that brings, or would bring, the profile."""

    way: Way
    assignment: Assignment | None = None


def approach(
    assignments: Sequence[Assignment], membership: Membership, *, matches: Matches = matches_nothing
) -> Approach:
    """How one profile, by all its assignments, comes to a device in these groups."""
    brought = target(assignments, membership, matches=matches)
    if brought is not None:
        return Approach(Way.REACHES, brought)
    bringing = [each for each in assignments if each.kind is not TargetKind.EXCLUSION and not each.removes]
    if not bringing:
        return Approach(Way.NOBODY)
    naming = [each for each in bringing if target([replace(each, filter=None)], membership) is not None]
    if not naming:
        return Approach(Way.ELSEWHERE)
    unfiltered = [replace(each, filter=None) if each in bringing else each for each in assignments]
    through = target(unfiltered, membership, matches=matches)
    if through is None:
        return Approach(Way.EXCLUDED, naming[0])
    return Approach(Way.FILTERED, next(each for each in naming if each.id == through.id))
