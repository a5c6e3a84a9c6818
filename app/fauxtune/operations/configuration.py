"""Profiles and their assignments. Graph: deviceConfiguration, deviceConfigurationAssignment, assign.

Documents come validated by the schema; what the family and the database must vouch for is checked here. Every change
makes exactly the devices plan again that it can concern.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fauxtune.core.clock import iso
from fauxtune.core.engine.targeting import TargetKind
from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.items import pkcs_key
from fauxtune.core.profiles.catalog import Kind
from fauxtune.operations import references
from fauxtune.operations.act import Act
from fauxtune.storage.queries import certificates as certificate_queries
from fauxtune.storage.queries import concern
from fauxtune.storage.queries import configuration as queries
from fauxtune.storage.queries import directory as directory_queries

Document = dict[str, Any]

#: Graph's ids for the two virtual groups, as assignment ids end with them.
ALL_DEVICES = "adadadad-808e-44e2-905a-0b7873a8a531"
ALL_USERS = "acacacac-9df4-4c7d-9d50-4ef0226f57a9"


@dataclass(frozen=True, slots=True)
class NewAssignment:
    """One target, as the surface read it. `document` is Graph's target complex value."""

    kind: TargetKind
    group_id: str | None
    document: Document
    intent: str = "apply"


def create_profile(
    act: Act, kind: Kind, *, document: Document, navigations: Mapping[str, Sequence[str]] | None = None
) -> Document:
    """A new profile, assigned to nobody. Invalid where it can never work."""
    kind.family.check(document)
    profile_id, now = act.ids.uuid(), iso(act.now)
    full = {**document, "id": profile_id, "createdDateTime": now, "lastModifiedDateTime": now, "version": 1}
    queries.add_profile(
        act.connection,
        act.tenant.id,
        id=profile_id,
        kind=kind.name,
        version=1,
        created_at=act.now,
        document=full,
        navigations=references.merged({}, references.bound(act, kind, navigations=navigations or {})),
    )
    return full


def update_profile(
    act: Act,
    profile_id: str,
    *,
    kind: Kind,
    changes: Document,
    navigations: Mapping[str, Sequence[str]] | None = None,
) -> Document:
    """Merge changes into a profile and raise its version; its devices plan again."""
    row = _profile(act, profile_id)
    version = row["version"] + 1
    full = {**row["document"], **changes, "version": version, "lastModifiedDateTime": iso(act.now)}
    kind.family.check(full)
    bound = references.bound(act, kind, navigations=navigations or {})
    queries.change_profile(
        act.connection,
        act.tenant.id,
        profile_id=row["id"],
        document=full,
        version=version,
        navigations=references.merged(row["navigations"], bound),
    )
    # The certificate that a device has stays as it is; one that is still asked for is asked for as the profile is now.
    certificate_queries.forget_unanswered(act.connection, act.tenant.id, item_key=pkcs_key(ProfileId(row["id"])))
    _wake(act, row["id"])
    return full


def clear_reference(act: Act, profile_id: str, *, kind: Kind, navigation: str) -> None:
    """Take a reference away, as a change of the profile. NotFound where there is none."""
    references.referenced(_profile(act, profile_id), navigation)
    update_profile(act, profile_id, kind=kind, changes={}, navigations={navigation: ()})


def delete_profile(act: Act, profile_id: str) -> None:
    """The profile goes with its assignments; what devices hold of it goes by the removal table. Invalid while other
    profiles refer to it.
    """
    row = _profile(act, profile_id)
    references.check_unreferenced(act, row)
    _wake(act, row["id"])
    queries.delete_profile(act.connection, act.tenant.id, profile_id=row["id"])


def assign(act: Act, profile_id: str, *, targets: Sequence[NewAssignment]) -> list[Document]:
    """Replace the whole set of assignments. Invalid for a group that does not exist: nothing is changed then.

    The same target twice is one assignment.
    """
    row = _profile(act, profile_id)
    new = {}
    for target in targets:
        if target.group_id is not None and _group_is_missing(act, target.group_id):
            raise Invalid(f"The group '{target.group_id}' does not exist; assign to the id of a group.")
        assignment = _assignment(row["id"], target)
        new[assignment["id"]] = assignment
    _wake(act, row["id"])
    queries.replace_assignments(act.connection, act.tenant.id, profile_id=row["id"], new=list(new.values()))
    _wake(act, row["id"])
    return [each["document"] for each in new.values()]


def _assignment(profile_id: str, target: NewAssignment) -> Document:
    virtual = {TargetKind.ALL_DEVICES: ALL_DEVICES, TargetKind.ALL_USERS: ALL_USERS}
    suffix = target.group_id or virtual[target.kind]
    assignment_id = f"{profile_id}_{suffix}"
    return {
        "id": assignment_id,
        "kind": target.kind.value,
        "group_id": target.group_id,
        "document": {
            "id": assignment_id,
            "source": "direct",
            "sourceId": profile_id,
            "intent": target.intent,
            "target": target.document,
        },
    }


def _group_is_missing(act: Act, group_id: str) -> bool:
    return directory_queries.group(act.connection, act.tenant.id, group_id=group_id) is None


def _wake(act: Act, profile_id: str) -> None:
    found = queries.assignments_of(act.connection, act.tenant.id, profile_id=profile_id)
    targets = queries.assignment_targets(found)
    act.wake(concern.by_targets(act.connection, act.tenant.id, targets=targets))


def _profile(act: Act, profile_id: str) -> Document:
    row = queries.profile(act.connection, act.tenant.id, profile_id=profile_id)
    if row is None:
        raise NotFound(f"There is no deviceConfiguration '{profile_id}'.")
    return row
