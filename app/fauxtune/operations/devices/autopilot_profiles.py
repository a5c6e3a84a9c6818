"""Which deployment profile an Autopilot device has (`profile_for`), how its assignment stands, and synchronisations.

Which profile a device has follows from groups; no change of a group has to know of Autopilot. When it is written is
decided in `autopilot_time`, how long each step takes in `core/policies/autopilot.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias

from fauxtune.core.clock import from_iso, iso
from fauxtune.core.engine.planning.targeting import Assignment, Membership, TargetKind, target
from fauxtune.core.model.ids import GroupId, ProfileId, ResourceId
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.schema.types import NEVER
from fauxtune.core.policies import autopilot
from fauxtune.core.policies.rules import BOUND
from fauxtune.operations.profiles import resources
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import resources as queries
from fauxtune.storage.rows.resources import ResourceRow

#: The navigation from an identity to its profile.
PROFILE = "deploymentProfile"
#: In the document of an identity: since when its profile is pending.
_SINCE = "@pendingSince"
#: A deployment profile and its assignments.
_Profile: TypeAlias = tuple[ResourceRow, list[Assignment]]


def profile_for(
    row: ResourceRow, *, profiles: Iterable[_Profile], groups: Mapping[str, frozenset[GroupId]]
) -> ResourceRow | None:
    """Return the deployment profile of an identity: the one that it was given by hand, else the oldest of those that
    are assigned to a group with its device, else the oldest of those for all devices ("Configure Autopilot profiles",
    2024-06-19: Autopilot profile priority); None without one. `groups`: by directory device.
    """
    by_hand = next((each for each, _ in profiles if each.id == row.document.get(autopilot.GIVEN)), None)
    if by_hand is not None:
        return by_hand
    own = groups.get(str(row.document[autopilot.DIRECTORY_DEVICE]), frozenset())
    membership = Membership(has_user=False, device_groups=own)
    reaching = [
        (each, assignment) for each, targets in profiles if (assignment := target(targets, membership)) is not None
    ]
    return min(reaching, key=lambda each: each[1].kind is TargetKind.ALL_DEVICES, default=(None,))[0]


def settle_identities(
    tx: Transaction, identities: Sequence[ResourceRow], *, since: Mapping[ResourceId, datetime] | None = None
) -> list[datetime]:
    """Write into these identities which profile each has by now, and how its assignment stands; return when others
    are due. `since`: of new ones, since when they are there.
    """
    profiles, (synced_at, due) = _profiles(tx), _settle_sync(tx)
    groups = directory_queries.groups_above_each(
        tx.connection, tx.tenant.id, member_ids={str(row.document[autopilot.DIRECTORY_DEVICE]) for row in identities}
    )
    for row in identities:
        profile = profile_for(row, profiles=profiles, groups=groups)
        known_since = (since or {}).get(row.id, tx.now)
        document = _with_profile(row.document, profile=profile, since=known_since)
        if profile is not None:
            document |= _status(document, profile=profile, synced_at=synced_at, now=tx.now)
        if document["deploymentProfileAssignmentStatus"] == autopilot.PENDING:
            due.append(from_iso(document[_SINCE]) + autopilot.ASSIGNED_AFTER)
        if document != row.document:
            queries.change_resource(tx.connection, row, document=document)
    return due


def _settle_sync(tx: Transaction) -> tuple[datetime, list[datetime]]:
    """Return when Autopilot was synchronised last, and when it is the next time."""
    row = resources.get(tx, autopilot.SETTINGS, key=autopilot.SETTINGS_ID)
    changes = autopilot.after_sync(row.document, now=tx.now)
    document = put_settings(tx, row, changes=changes) if changes else row.document
    synced_at = autopilot.last_sync(document)
    return synced_at, [autopilot.sync_ends(document) or synced_at + autopilot.SYNC_EVERY]


def put_settings(tx: Transaction, row: ResourceRow, *, changes: Mapping[str, object]) -> JsonObject:
    """Write changes, with moments among them, into the settings of Autopilot."""
    texts = {name: iso(value) if isinstance(value, datetime) else value for name, value in changes.items()}
    document = {**row.document, **texts}
    queries.put_resource(tx.connection, replace(row, document=document))
    return document


def _with_profile(document: JsonObject, *, profile: ResourceRow | None, since: datetime) -> JsonObject:
    ids = [] if profile is None else [profile.id]
    if document.get(BOUND, {}).get(PROFILE, []) == ids:
        return {**document}
    kept = {name: value for name, value in document.items() if name != _SINCE}
    return {
        **kept,
        **({_SINCE: iso(since)} if ids else {}),
        "deploymentProfileAssignmentStatus": autopilot.PENDING if ids else autopilot.NOT_ASSIGNED,
        "deploymentProfileAssignedDateTime": NEVER,
        BOUND: {PROFILE: ids},
    }


def _status(document: JsonObject, *, profile: ResourceRow, synced_at: datetime, now: datetime) -> JsonObject:
    """Return how the assignment of its profile stands."""
    if document["deploymentProfileAssignmentStatus"] == autopilot.PENDING:
        assigned_at = from_iso(document[_SINCE]) + autopilot.ASSIGNED_AFTER
        if now < assigned_at:
            return {}
    else:
        assigned_at = from_iso(document["deploymentProfileAssignedDateTime"])
    return {
        "deploymentProfileAssignmentStatus": autopilot.assigned_status(
            assigned_at, changed_at=profile.modified_at, synced_at=synced_at
        ),
        "deploymentProfileAssignedDateTime": iso(assigned_at),
    }


def _profiles(tx: Transaction) -> list[_Profile]:
    rows = queries.resources_of_family(tx.connection, tx.tenant.id, family=autopilot.DEPLOYMENT_PROFILES.name)
    ids = [ProfileId(row.id) for row in rows]
    assigned = configuration_queries.assignments_by_profile(tx.connection, tx.tenant.id, ids=ids)
    return [(row, configuration_queries.assignment_targets(assigned[ProfileId(row.id)])) for row in rows]
