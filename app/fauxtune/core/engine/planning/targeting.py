"""Which profiles apply to a device: groups, assignments, exclusions, filters.

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

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from fauxtune.core.model.ids import GroupId, ProfileId


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

    id: str
    profile: ProfileId
    kind: TargetKind
    group: GroupId | None = None
    removes: bool = False
    filter: str | None = None
    filter_excludes: bool = False


@dataclass(frozen=True, slots=True)
class Membership:
    """Where a device and its user stand: the groups that hold each, nested ones included."""

    has_user: bool
    user_groups: frozenset[GroupId] = frozenset()
    device_groups: frozenset[GroupId] = frozenset()


#: Whether a filter (by its id) matches the device.
Matches = Callable[[str], bool]


def matches_nothing(_filter_id: str) -> bool:
    """Of a device of which nothing is known."""
    return False


def target(
    assignments: Iterable[Assignment], membership: Membership, *, matches: Matches = matches_nothing
) -> Assignment | None:
    """The assignment that brings one profile to the device, or None. The first in order wins; it is the one shown."""
    listed = [each for each in assignments if _let_through(each, matches=matches)]
    by_user = membership.has_user and not any(_takes(each, membership.user_groups, users=True) for each in listed)
    by_device = not any(_takes(each, membership.device_groups, users=False) for each in listed)
    for each in listed:
        if each.removes or each.kind is TargetKind.EXCLUSION:
            continue
        if by_user and _names(each, membership.user_groups, users=True):
            return each
        if by_device and _names(each, membership.device_groups, users=False):
            return each
    return None


def _let_through(assignment: Assignment, *, matches: Matches) -> bool:
    """Whether the assignment's filter, if it has one, lets the device through."""
    return assignment.filter is None or matches(assignment.filter) is not assignment.filter_excludes


def _takes(assignment: Assignment, groups: frozenset[GroupId], *, users: bool) -> bool:
    if assignment.kind is TargetKind.EXCLUSION:
        return assignment.group in groups
    return assignment.removes and _names(assignment, groups, users=users)


def _names(assignment: Assignment, groups: frozenset[GroupId], *, users: bool) -> bool:
    if assignment.kind is TargetKind.GROUP:
        return assignment.group in groups
    return assignment.kind is (TargetKind.ALL_USERS if users else TargetKind.ALL_DEVICES)
