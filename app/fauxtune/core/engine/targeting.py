"""Which profiles apply to a device: groups, assignments, exclusions.

The kind of an inclusion or exclusion is that of its *path*. A device is included through its user unless that user is
in an excluded group, or included itself unless it is itself in an excluded group; either suffices. So an excluded group
of devices does not cancel an included group of users (Intune: "Assign user and device profiles", exclusions across
group kinds are not honoured). A device without a user gets nothing by a user's path. The groups given here are
transitive: nested groups count.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from fauxtune.core.model.ids import GroupId, ProfileId


class TargetKind(StrEnum):
    """Graph's assignment targets, in short words."""

    GROUP = "group"
    EXCLUSION = "exclusion"
    ALL_DEVICES = "allDevices"
    ALL_USERS = "allLicensedUsers"


@dataclass(frozen=True, slots=True)
class Assignment:
    """One target of one profile."""

    id: str
    profile: ProfileId
    kind: TargetKind
    group: GroupId | None = None


@dataclass(frozen=True, slots=True)
class Membership:
    """Where a device and its user stand: the groups that hold each, nested ones included."""

    has_user: bool
    user_groups: frozenset[GroupId] = frozenset()
    device_groups: frozenset[GroupId] = frozenset()


def target(assignments: Iterable[Assignment], membership: Membership) -> Assignment | None:
    """The assignment that brings one profile to the device, or None. The first in order wins; it is the one shown."""
    listed = tuple(assignments)
    excluded = {each.group for each in listed if each.kind is TargetKind.EXCLUSION and each.group is not None}
    by_user = membership.has_user and not (excluded & membership.user_groups)
    by_device = not (excluded & membership.device_groups)
    for each in listed:
        if each.kind is TargetKind.ALL_USERS and by_user:
            return each
        if each.kind is TargetKind.ALL_DEVICES and by_device:
            return each
        if each.kind is TargetKind.GROUP and (
            (by_user and each.group in membership.user_groups) or (by_device and each.group in membership.device_groups)
        ):
            return each
    return None
