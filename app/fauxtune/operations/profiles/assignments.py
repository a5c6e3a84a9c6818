"""Who gets a profile. Graph: deviceConfigurationAssignment, assign; Intune: "Assign user and device profiles", "Use
filters when assigning your apps, policies, and profiles".

Every change makes exactly the devices plan again that it can concern.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fauxtune.core.engine.assignment_filters.properties import PLATFORMS
from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.errors import Conflict, Invalid, NotFound
from fauxtune.core.model.ids import GroupId
from fauxtune.core.profiles.catalog import kind
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import assignment_filters as filter_queries
from fauxtune.storage.queries import concern
from fauxtune.storage.queries import configuration as queries
from fauxtune.storage.queries import directory as directory_queries

Document = dict[str, Any]

#: Graph's ids for the two virtual groups, as assignment ids end with them.
ALL_DEVICES = "adadadad-808e-44e2-905a-0b7873a8a531"
ALL_USERS = "acacacac-9df4-4c7d-9d50-4ef0226f57a9"
_VIRTUAL = {TargetKind.ALL_DEVICES: ALL_DEVICES, TargetKind.ALL_USERS: ALL_USERS}
_FILTER, _FILTER_TYPE = "deviceAndAppManagementAssignmentFilterId", "deviceAndAppManagementAssignmentFilterType"
_UNFILTERED = {TargetKind.EXCLUSION: "an excluded group", TargetKind.COLLECTION: "a Configuration Manager collection"}


@dataclass(frozen=True, slots=True)
class NewAssignment:
    """One target, as the surface read it. `document` is Graph's target complex value."""

    kind: TargetKind
    group_id: str | None
    document: Document
    intent: str = "apply"


def assign(tx: Transaction, profile_id: str, *, targets: Sequence[NewAssignment]) -> list[Document]:
    """Replace the whole set of assignments. Invalid for a group or filter that does not exist or does not fit: nothing
    is changed then. The very same target twice is one assignment.
    """
    profile = profile_row(tx, profile_id)
    new: dict[str, Document] = {}
    for each in targets:
        made = _assignment(tx, profile, new=each)
        # Unverified: the real service's answer. The id of an assignment is made from its group, so a group that is both
        # included and excluded would lose one of the two without a word.
        if new.setdefault(made["id"], made) != made:
            raise Invalid(
                f"The target '{made['id'].partition('_')[2]}' is named more than once, and not alike each time: a "
                "profile includes a group or excludes it, with one filter and one intent.",
                target="assignments",
            )
    old = queries.assignments_of(tx.connection, tx.tenant.id, profile_id=profile["id"])
    _wake(tx, [*old, *new.values()], profile_id=profile["id"])
    queries.replace_assignments(tx.connection, tx.tenant.id, profile_id=profile["id"], new=list(new.values()))
    note_payloads(tx, [*old, *new.values()])
    return [each["document"] for each in new.values()]


def add(tx: Transaction, profile_id: str, *, new: NewAssignment) -> Document:
    """One more assignment. Conflict if its target has one already: Unverified."""
    profile = profile_row(tx, profile_id)
    made = _assignment(tx, profile, new=new)
    found = queries.assignment(tx.connection, tx.tenant.id, profile_id=profile["id"], assignment_id=made["id"])
    if found is not None:
        raise Conflict(f"The assignment '{made['id']}' exists already: change that one, or send the set to assign.")
    queries.add_assignment(tx.connection, tx.tenant.id, profile_id=profile["id"], new=made)
    _wake(tx, [made], profile_id=profile["id"])
    note_payloads(tx, [made])
    document: Document = made["document"]
    return document


def change(tx: Transaction, profile_id: str, *, assignment_id: str, new: NewAssignment) -> Document:
    """Change intent and filter of an assignment. Unverified: that its group, which makes the id, cannot be changed."""
    profile = profile_row(tx, profile_id)
    old = _found(tx, profile["id"], assignment_id=assignment_id)
    made = _assignment(tx, profile, new=new)
    if made["id"] != old["id"]:
        raise Invalid(
            f"The assignment '{old['id']}' is that of its target for good: delete it and add another.",
            target="target",
        )
    _wake(tx, [old, made], profile_id=profile["id"])
    values = {name: value for name, value in made.items() if name != "id"}
    queries.change_assignment(tx.connection, tx.tenant.id, assignment_id=old["id"], **values)
    note_payloads(tx, [old, made])
    document: Document = made["document"]
    return document


def remove(tx: Transaction, profile_id: str, *, assignment_id: str) -> None:
    """Take one assignment away."""
    profile = profile_row(tx, profile_id)
    old = _found(tx, profile["id"], assignment_id=assignment_id)
    _wake(tx, [old], profile_id=profile["id"])
    queries.remove_assignment(tx.connection, tx.tenant.id, assignment_id=old["id"])
    note_payloads(tx, [old])


def wake_profile(tx: Transaction, profile_id: str) -> None:
    """Every device that the profile's assignments can concern plans again."""
    found = queries.assignments_of(tx.connection, tx.tenant.id, profile_id=profile_id)
    _wake(tx, found, profile_id=profile_id)


def profile_row(tx: Transaction, profile_id: str) -> Document:
    """The profile with this id. NotFound otherwise."""
    row = queries.profile(tx.connection, tx.tenant.id, profile_id=profile_id)
    if row is None:
        raise NotFound(f"There is no deviceConfiguration '{profile_id}'.")
    return row


def note_payloads(tx: Transaction, changed: Iterable[Mapping[str, Any]]) -> None:
    """Show in the filters of these assignments, that came, changed or went, where they are used now (`payloads`)."""
    ids = {each["filter_id"] for each in changed if each["filter_id"] is not None}
    for filter_id, row in filter_queries.filters_by_id(tx.connection, tx.tenant.id, ids=ids).items():
        used = filter_queries.users_of_filter(tx.connection, tx.tenant.id, filter_id=filter_id)
        document = {**row["document"], "payloads": [_payload(each) for each in used]}
        filter_queries.change_filter(tx.connection, tx.tenant.id, filter_id=filter_id, document=document)


def _payload(row: Mapping[str, Any]) -> Document:
    # Unverified: which profiles the service calls resourceAccessPolicy. Its word for it names Wi-Fi, VPN, certificates.
    certificates = "certificate" in row["profile_kind"].lower()
    return {
        "payloadId": row["profile_id"],
        "payloadType": "resourceAccessPolicy" if certificates else "deviceConfigurationAndCompliance",
        "groupId": row["group_id"] or _VIRTUAL[TargetKind(row["kind"])],
        "assignmentFilterType": row["filter_type"],
    }


def _assignment(tx: Transaction, profile: Document, *, new: NewAssignment) -> Document:
    if new.group_id is not None and _group_is_missing(tx, new.group_id):
        raise Invalid(f"The group '{new.group_id}' does not exist; assign to the id of a group.", target="groupId")
    filter_id, filter_type = _filter(tx, profile, new=new)
    document = {**new.document, _FILTER: filter_id, _FILTER_TYPE: filter_type or "none"}
    if new.group_id is not None:
        document["groupId"] = new.group_id
    # Unverified: the id of an assignment to a collection.
    suffix = new.group_id or _VIRTUAL.get(new.kind) or document.get("collectionId") or ""
    assignment_id = f"{profile['id']}_{suffix}".lower()
    return {
        "id": assignment_id,
        "kind": new.kind.value,
        "group_id": new.group_id,
        "intent": new.intent,
        "filter_id": filter_id,
        "filter_type": filter_type,
        "document": {
            "id": assignment_id,
            "source": "direct",
            "sourceId": profile["id"],
            "intent": new.intent,
            "target": document,
        },
    }


def _filter(tx: Transaction, profile: Document, *, new: NewAssignment) -> tuple[str | None, str | None]:
    """The filter of a target and its type, or twice None. Invalid for one that cannot be used there."""
    filter_type = str(new.document.get(_FILTER_TYPE) or "none")
    filter_id = str(new.document.get(_FILTER) or "").lower()
    if filter_type == "none":
        if filter_id.strip("0-"):
            raise Invalid(
                f"A filter is named, but {_FILTER_TYPE} is none: say include or exclude.", target=_FILTER_TYPE
            )
        return None, None
    if not filter_id:
        raise Invalid(f"{_FILTER_TYPE} is {filter_type}, but no filter is named.", target=_FILTER)
    if new.kind in _UNFILTERED:
        raise Invalid(f"{_UNFILTERED[new.kind].capitalize()} takes no filter: put it on what is included.")
    row = filter_queries.assignment_filter(tx.connection, tx.tenant.id, filter_id=filter_id)
    if row is None:
        raise Invalid(f"The assignment filter '{filter_id}' does not exist.", target=_FILTER)
    _check_fits(profile, filter_document=row["document"])
    return filter_id, filter_type


def _check_fits(profile: Document, *, filter_document: Document) -> None:
    name, platform = filter_document["displayName"], filter_document["platform"]
    if filter_document["assignmentFilterManagementType"] != "devices":
        raise Invalid(f"The filter '{name}' is for managed apps; a profile takes filters for devices.", target=_FILTER)
    known = kind(profile["kind"])
    platforms = {PLATFORMS[each] for each in (known.variants if known else ()) if each in PLATFORMS}
    if platform not in platforms:
        wanted = " or ".join(sorted(platforms)) or "none at all"
        raise Invalid(
            f"The filter '{name}' is for the platform {platform}; this profile takes filters for {wanted}.",
            target=_FILTER,
        )


def _wake(tx: Transaction, found: Iterable[Mapping[str, Any]], *, profile_id: str) -> None:
    targets = queries.assignment_targets({"profile_id": profile_id, **each} for each in found)
    tx.wake(concern.by_targets(tx.connection, tx.tenant.id, targets=targets))


def _group_is_missing(tx: Transaction, group_id: str) -> bool:
    return directory_queries.group(tx.connection, tx.tenant.id, group_id=GroupId(group_id)) is None


def _found(tx: Transaction, profile_id: str, *, assignment_id: str) -> Document:
    row = queries.assignment(tx.connection, tx.tenant.id, profile_id=profile_id, assignment_id=assignment_id)
    if row is None:
        raise NotFound(f"The profile has no assignment '{assignment_id}'.")
    return row
