"""Which profiles apply to a device: groups, assignments, exclusions, filters; and why one does not (`reach_of`).

The kind of an inclusion or exclusion is that of its *path*. A device is included through its user unless that user is
in an excluded group, or included itself unless it is itself in an excluded group; either suffices. So an excluded group
of devices does not cancel an included group of users (Intune: "Assign user and device profiles", exclusions across
group kinds are not honoured). A device without a user gets nothing by a user's path. The groups given here are
transitive: nested groups count. A filter narrows the devices of one inclusion, whatever its path ("Use filters when
assigning your apps, policies, and profiles").

Unverified: `intent: remove` (beta: deviceConfigAssignmentIntent) takes the profile away from whom its target names, by
the same paths as an exclusion; with a filter, from the devices that the filter lets through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from fauxtune.core.model.ids import AssignmentId, FilterId, GroupId, ProfileId


class TargetKind(StrEnum):
    """Graph's assignment targets, in short words."""

    GROUP = "group"
    EXCLUSION = "exclusion"
    ALL_DEVICES = "allDevices"
    ALL_USERS = "allLicensedUsers"
    #: A collection of Configuration Manager: no device here belongs to one.
    COLLECTION = "configurationManagerCollection"


@dataclass(frozen=True, slots=True)
class Assignment:
    """One target of one profile. `filter_excludes`: devices that meet the filter's rule are left out, not let in."""

    id: AssignmentId
    profile: ProfileId
    kind: TargetKind
    group: GroupId | None = None
    removes: bool = False
    filter: FilterId | None = None
    filter_excludes: bool = False


@dataclass(frozen=True, slots=True)
class Membership:
    """The groups of a device and of its user, nested ones included."""

    has_user: bool
    user_groups: frozenset[GroupId] = frozenset()
    device_groups: frozenset[GroupId] = frozenset()


#: Whether a filter (by its id) matches the device.
Matches = Callable[[FilterId], bool]


def matches_nothing(_filter_id: FilterId) -> bool:
    """The filters' result for a device whose properties are not known: none matches."""
    return False


def target(
    assignments: Iterable[Assignment], membership: Membership, *, matches: Matches = matches_nothing
) -> Assignment | None:
    """The assignment that brings one profile to the device, if any does. Of several, the first is the one shown."""
    listed = [assignment for assignment in assignments if _passes_filter(assignment, matches=matches)]
    by_user = membership.has_user and not any(_excludes(one, membership.user_groups, users=True) for one in listed)
    by_device = not any(_excludes(one, membership.device_groups, users=False) for one in listed)
    for assignment in listed:
        if assignment.removes or assignment.kind is TargetKind.EXCLUSION:
            continue
        if by_user and _targets(assignment, membership.user_groups, users=True):
            return assignment
        if by_device and _targets(assignment, membership.device_groups, users=False):
            return assignment
    return None


def _passes_filter(assignment: Assignment, *, matches: Matches) -> bool:
    """Whether the assignment's filter, if it has one, lets the device through."""
    return assignment.filter is None or matches(assignment.filter) is not assignment.filter_excludes


def _excludes(assignment: Assignment, groups: frozenset[GroupId], *, users: bool) -> bool:
    if assignment.kind is TargetKind.EXCLUSION:
        return assignment.group in groups
    return assignment.removes and _targets(assignment, groups, users=users)


def _targets(assignment: Assignment, groups: frozenset[GroupId], *, users: bool) -> bool:
    if assignment.kind is TargetKind.GROUP:
        return assignment.group in groups
    return assignment.kind is (TargetKind.ALL_USERS if users else TargetKind.ALL_DEVICES)


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
