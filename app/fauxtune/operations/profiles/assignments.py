"""Assignments of profiles. Graph: deviceConfigurationAssignment, assign; Intune: "Assign user and device profiles",
"Use filters when assigning your apps, policies, and profiles".

Every change makes exactly the devices plan again that it can reach.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from fauxtune.core.engine.assignment_filters.matching import PLATFORMS
from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.errors import Conflict, Invalid, NotFound
from fauxtune.core.model.ids import AssignmentId, FilterId, GroupId, ProfileId, TenantId
from fauxtune.core.model.text import JsonObject
from fauxtune.core.profiles.catalog import kind
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import concern
from fauxtune.storage.queries import configuration as queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import filters_and_tags as filter_queries
from fauxtune.storage.rows.configuration import AssignmentRow, FilterType, FilterUseRow, Intent, ProfileRow

#: Graph's ids for the two virtual groups, as assignment ids end with them.
ALL_DEVICES = "adadadad-808e-44e2-905a-0b7873a8a531"
ALL_USERS = "acacacac-9df4-4c7d-9d50-4ef0226f57a9"
_VIRTUAL = {TargetKind.ALL_DEVICES: ALL_DEVICES, TargetKind.ALL_USERS: ALL_USERS}
_FILTER, _FILTER_TYPE = "deviceAndAppManagementAssignmentFilterId", "deviceAndAppManagementAssignmentFilterType"
_MANAGED = {"apps": "managed apps", "devices": "devices"}
_UNFILTERED = {TargetKind.EXCLUSION: "an excluded group", TargetKind.COLLECTION: "a Configuration Manager collection"}


@dataclass(frozen=True, slots=True)
class NewAssignment:
    """A target that a client sent. `document` is Graph's target complex value; `more`: what else the assignment says,
    such as when a script runs.
    """

    kind: TargetKind
    group_id: GroupId | None
    document: JsonObject
    intent: Intent = "apply"
    more: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Assignable:
    """A thing that can be assigned. `platforms`: those whose filters it takes; None: those of every platform.
    `for_apps`: it takes filters for managed apps, not for devices.
    """

    id: ProfileId
    noun: str
    platforms: frozenset[str] | None
    for_apps: bool = False


def assign(tx: Transaction, profile_id: str, *, targets: Sequence[NewAssignment]) -> list[JsonObject]:
    """Replace all assignments of a profile. The same target twice is one assignment. Raises Invalid, and changes
    nothing, for a group or filter that does not exist or does not fit.
    """
    return replace_all(tx, assignable(profile_row(tx, profile_id)), targets=targets)


def replace_all(tx: Transaction, thing: Assignable, *, targets: Sequence[NewAssignment]) -> list[JsonObject]:
    """Replace all assignments of a thing: see `assign`."""
    new: dict[AssignmentId, AssignmentRow] = {}
    for target in targets:
        row = _assignment(tx, thing, new=target)
        # Unverified: the real service's answer. The id of an assignment is made from its group, so a group that is both
        # included and excluded would lose one of the two without a word.
        if new.setdefault(row.id, row) != row:
            raise Invalid(
                f"The target '{row.id.partition('_')[2]}' is named more than once, and not alike each time: a "
                f"{thing.noun} includes a group or excludes it, with one filter and one intent.",
                target="assignments",
            )
    old = queries.assignments_of(tx.connection, tx.tenant.id, profile_id=thing.id)
    _wake(tx, [*old, *new.values()])
    queries.replace_assignments(tx.connection, tx.tenant.id, profile_id=thing.id, old=old, new=list(new.values()))
    note_payloads(tx, [*old, *new.values()])
    return [row.document for row in new.values()]


def add(tx: Transaction, profile_id: str, *, new: NewAssignment) -> JsonObject:
    """Add an assignment. Raises Conflict if its target has one already: Unverified."""
    return add_to(tx, assignable(profile_row(tx, profile_id)), new=new)


def add_to(tx: Transaction, thing: Assignable, *, new: NewAssignment) -> JsonObject:
    """Add an assignment to a thing: see `add`."""
    row = _assignment(tx, thing, new=new)
    if queries.assignment(tx.connection, tx.tenant.id, profile_id=thing.id, assignment_id=row.id) is not None:
        raise Conflict(f"The assignment '{row.id}' exists already: change that one, or send the set to assign.")
    queries.add_assignment(tx.connection, row)
    _wake(tx, [row])
    note_payloads(tx, [row])
    return row.document


def change(tx: Transaction, profile_id: str, *, assignment_id: str, new: NewAssignment) -> JsonObject:
    """Change intent and filter of an assignment. Unverified: that its group, which makes the id, cannot be changed."""
    return change_of(tx, assignable(profile_row(tx, profile_id)), assignment_id=assignment_id, new=new)


def change_of(tx: Transaction, thing: Assignable, *, assignment_id: str, new: NewAssignment) -> JsonObject:
    """Change an assignment of a thing: see `change`."""
    old = _assignment_row(tx, thing, assignment_id=assignment_id)
    row = _assignment(tx, thing, new=new)
    if row.id != old.id:
        raise Invalid(
            f"The target of the assignment '{old.id}' cannot be changed: delete the assignment and add another.",
            target="target",
        )
    _wake(tx, [old, row])
    queries.change_assignment(
        tx.connection,
        tx.tenant.id,
        assignment_id=old.id,
        kind=row.kind,
        intent=row.intent,
        filter_id=row.filter_id,
        filter_type=row.filter_type,
        document=row.document,
    )
    note_payloads(tx, [old, row])
    return row.document


def remove(tx: Transaction, profile_id: str, *, assignment_id: str) -> None:
    """Remove an assignment. Raises NotFound."""
    remove_from(tx, assignable(profile_row(tx, profile_id)), assignment_id=assignment_id)


def remove_from(tx: Transaction, thing: Assignable, *, assignment_id: str) -> None:
    """Remove an assignment of a thing. Raises NotFound."""
    old = _assignment_row(tx, thing, assignment_id=assignment_id)
    _wake(tx, [old])
    queries.remove_assignment(tx.connection, tx.tenant.id, assignment_id=old.id)
    note_payloads(tx, [old])


def is_assigned(connection: Connection, tenant_id: TenantId, *, thing_id: ProfileId) -> bool:
    """Whether a thing has any assignment."""
    return bool(queries.assignments_of(connection, tenant_id, profile_id=thing_id))


def wake_profile(tx: Transaction, profile_id: ProfileId) -> None:
    """Make every device plan again that the profile's assignments can reach."""
    _wake(tx, queries.assignments_of(tx.connection, tx.tenant.id, profile_id=profile_id))


def profile_row(tx: Transaction, profile_id: str) -> ProfileRow:
    """Return the profile with this id, in any case. Raises NotFound."""
    row = queries.profile(tx.connection, tx.tenant.id, profile_id=profile_id)
    if row is None:
        raise NotFound(f"There is no deviceConfiguration '{profile_id}'.")
    return row


def note_payloads(tx: Transaction, changed: Iterable[AssignmentRow]) -> None:
    """Write into the filters of changed assignments where the filters are used now (`payloads`)."""
    ids = {row.filter_id for row in changed if row.filter_id is not None}
    for filter_id, row in filter_queries.filters_by_id(tx.connection, tx.tenant.id, ids=ids).items():
        uses = filter_queries.uses_of_filter(tx.connection, tx.tenant.id, filter_id=filter_id)
        document = {**row.document, "payloads": [_payload(use) for use in uses]}
        filter_queries.change_filter(tx.connection, tx.tenant.id, filter_id=filter_id, document=document)


def _payload(use: FilterUseRow) -> JsonObject:
    # Unverified: which profiles the service calls resourceAccessPolicy. Its word for it names Wi-Fi, VPN, certificates.
    certificates = "certificate" in use.profile_kind.lower()
    return {
        "payloadId": use.profile_id,
        "payloadType": "resourceAccessPolicy" if certificates else "deviceConfigurationAndCompliance",
        "groupId": use.group_id or _VIRTUAL[use.kind],
        "assignmentFilterType": use.filter_type,
    }


def assignable(profile: ProfileRow) -> Assignable:
    """Return what assignments need to know of a profile."""
    known = kind(profile.kind)
    platforms = {PLATFORMS[variant] for variant in (known.variants if known else ()) if variant in PLATFORMS}
    return Assignable(profile.id, "profile", frozenset(platforms))


def _assignment(tx: Transaction, thing: Assignable, *, new: NewAssignment) -> AssignmentRow:
    if new.group_id is not None and _group_is_missing(tx, new.group_id):
        raise Invalid(f"The group '{new.group_id}' does not exist; assign to the id of a group.", target="groupId")
    filter_id, filter_type = _filter(tx, thing, new=new)
    target = {**new.document, _FILTER: filter_id, _FILTER_TYPE: filter_type or "none"}
    if new.group_id is not None:
        target["groupId"] = new.group_id
    # Unverified: the id of an assignment to a collection.
    suffix = new.group_id or _VIRTUAL.get(new.kind) or target.get("collectionId") or ""
    assignment_id = AssignmentId(f"{thing.id}_{suffix}".lower())
    return AssignmentRow(
        tenant_id=tx.tenant.id,
        id=assignment_id,
        profile_id=thing.id,
        position=0,
        kind=new.kind,
        group_id=new.group_id,
        intent=new.intent,
        filter_id=filter_id,
        filter_type=filter_type,
        document={
            "id": assignment_id,
            "source": "direct",
            "sourceId": thing.id,
            "intent": new.intent,
            **new.more,
            "target": target,
        },
    )


def _filter(tx: Transaction, thing: Assignable, *, new: NewAssignment) -> tuple[FilterId | None, FilterType | None]:
    """Return the filter of a target and its type, or twice None. Raises Invalid for one that cannot be used there."""
    filter_id = str(new.document.get(_FILTER) or "").lower()
    filter_type = _filter_type(str(new.document.get(_FILTER_TYPE) or "none"))
    if filter_type is None:
        if filter_id.strip("0-"):
            raise Invalid(
                f"A filter is named, but {_FILTER_TYPE} is 'none': send include or exclude.", target=_FILTER_TYPE
            )
        return None, None
    if not filter_id:
        raise Invalid(f"{_FILTER_TYPE} is {filter_type}, but no filter is named.", target=_FILTER)
    if new.kind in _UNFILTERED:
        raise Invalid(f"{_UNFILTERED[new.kind].capitalize()} takes no filter: put it on what is included.")
    row = filter_queries.assignment_filter(tx.connection, tx.tenant.id, filter_id=filter_id)
    if row is None:
        raise Invalid(f"The assignment filter '{filter_id}' does not exist.", target=_FILTER)
    _check_fits(thing, filter_document=row.document)
    return row.id, filter_type


def _filter_type(text: str) -> FilterType | None:
    """Return the type; None for "none". The schema allows these three."""
    if text == "none":
        return None
    return "include" if text == "include" else "exclude"


def _check_fits(thing: Assignable, *, filter_document: JsonObject) -> None:
    name, platform = filter_document["displayName"], filter_document["platform"]
    wanted, other = ("apps", "devices") if thing.for_apps else ("devices", "apps")
    if filter_document["assignmentFilterManagementType"] != wanted:
        raise Invalid(
            f"The filter '{name}' is for {_MANAGED[other]}; a {thing.noun} takes filters for {_MANAGED[wanted]}.",
            target=_FILTER,
        )
    if thing.platforms is not None and platform not in thing.platforms:
        allowed = " or ".join(sorted(thing.platforms)) or "no platform"
        raise Invalid(
            f"The filter '{name}' is for the platform {platform}; this {thing.noun} takes filters for {allowed}.",
            target=_FILTER,
        )


def _wake(tx: Transaction, rows: Iterable[AssignmentRow]) -> None:
    targets = queries.assignment_targets(rows)
    tx.wake(concern.by_targets(tx.connection, tx.tenant.id, targets=targets))


def _group_is_missing(tx: Transaction, group_id: GroupId) -> bool:
    return directory_queries.group(tx.connection, tx.tenant.id, group_id=group_id) is None


def _assignment_row(tx: Transaction, thing: Assignable, *, assignment_id: str) -> AssignmentRow:
    row = queries.assignment(tx.connection, tx.tenant.id, profile_id=thing.id, assignment_id=assignment_id)
    if row is None:
        raise NotFound(f"The {thing.noun} has no assignment '{assignment_id}'.")
    return row
