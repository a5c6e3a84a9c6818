"""Assign profiles: to groups, all users, all devices, without excluded groups, with an assignment filter.

Graph: deviceConfiguration: assign replaces all assignments of a profile, so the present ones are sent again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from fauxtune.core.administration.profiles import PROFILES
from fauxtune.core.administration.requests import AdminRequest, Json, key
from fauxtune.core.graph.index import complex_type

ALL_DEVICES_TARGET = complex_type("allDevicesAssignmentTarget")
ALL_LICENSED_USERS_TARGET = complex_type("allLicensedUsersAssignmentTarget")
EXCLUSION_TARGET = complex_type("exclusionGroupAssignmentTarget")
GROUP_TARGET = complex_type("groupAssignmentTarget")

_FILTER, _FILTER_TYPE = "deviceAndAppManagementAssignmentFilterId", "deviceAndAppManagementAssignmentFilterType"


@dataclass(frozen=True, slots=True)
class Collection:
    """What can be assigned: its path, the member of `assign` with the assignments, and what each of them has beside its
    target.
    """

    path: str = PROFILES
    member: str = "assignments"
    more: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a profile is assigned to. Create one with `to_group` and the functions beside it."""

    odata_type: str
    group_id: str | None = None
    filter_id: str | None = None
    filter_type: Literal["include", "exclude"] = field(default="include")

    def filtered(self, filter_id: str, *, exclude: bool = False) -> Target:
        """The target, narrowed by an assignment filter to the devices that it fits (or, `exclude`, to the others)."""
        return Target(self.odata_type, self.group_id, filter_id, "exclude" if exclude else "include")

    def document(self) -> Json:
        """The target as Graph has it."""
        document: Json = {"@odata.type": self.odata_type}
        if self.group_id is not None:
            document["groupId"] = self.group_id
        if self.filter_id is not None:
            document |= {_FILTER: self.filter_id, _FILTER_TYPE: self.filter_type}
        return document


_OF_PROFILES = Collection()


def to_group(group_id: str) -> Target:
    """The members of a group, users and devices."""
    return Target(GROUP_TARGET.odata_type, group_id=group_id)


def excluding(group_id: str) -> Target:
    """Leave out the members of a group."""
    return Target(EXCLUSION_TARGET.odata_type, group_id=group_id)


def to_all_users() -> Target:
    """All users with a licence."""
    return Target(ALL_LICENSED_USERS_TARGET.odata_type)


def to_all_devices() -> Target:
    """All devices."""
    return Target(ALL_DEVICES_TARGET.odata_type)


def assign(
    profile_id: str,
    *,
    present: Sequence[Mapping[str, Any]],
    targets: Iterable[Target],
    of: Collection = _OF_PROFILES,
    more: Json | None = None,
) -> AdminRequest:
    """Add targets to those that a profile has. `present` are its assignments as Graph lists them; a target that is
    there already is replaced, so that its filter changes, or an excluded group becomes an included one. `of`: what is
    assigned, if it is no profile; `more`: what the new assignments have beside their targets.
    """
    new = {_same(target.document()): {"target": target.document(), **of.more, **(more or {})} for target in targets}
    kept = {_same(each["target"]): {**of.more, **_kept(each)} for each in present}
    return _assign(profile_id, [*{**kept, **new}.values()], of=of)


def unassign(
    profile_id: str,
    *,
    present: Sequence[Mapping[str, Any]],
    targets: Iterable[Target] | None = None,
    of: Collection = _OF_PROFILES,
) -> AdminRequest:
    """Take targets away from a profile; without `targets` all of them. A group is taken away whether it is included or
    excluded.
    """
    gone = None if targets is None else {_same(target.document()) for target in targets}
    left = [_kept(each) for each in present if gone is not None and _same(each["target"]) not in gone]
    return _assign(profile_id, left, of=of)


def is_assigned(present: Sequence[Mapping[str, Any]], target: Target) -> bool:
    """Whether a profile has this target, with whatever filter."""
    return _same(target.document()) in {_same(each["target"]) for each in present}


def _assign(profile_id: str, assignments: list[Json], *, of: Collection) -> AdminRequest:
    return AdminRequest("POST", f"{of.path}/{key(profile_id)}/assign", {of.member: assignments})


def _same(target: Mapping[str, Any]) -> str:
    """What makes two targets one assignment: the group, included or excluded, else the type."""
    return str(target.get("groupId") or target.get("collectionId") or target["@odata.type"]).lower()


def _kept(assignment: Mapping[str, Any]) -> Json:
    """The part of an assignment that is sent again; the rest is the service's."""
    target = {name: value for name, value in assignment["target"].items() if value is not None}
    if target.get(_FILTER_TYPE) == "none":
        del target[_FILTER_TYPE]
    kept: Json = {"target": target}
    if assignment.get("intent", "apply") != "apply":
        kept["intent"] = assignment["intent"]
    return kept
