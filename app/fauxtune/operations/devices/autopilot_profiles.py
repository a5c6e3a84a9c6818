"""Which deployment profile an Autopilot device has, and what time changes of Autopilot.

Which profile a device has follows from groups; no change of a group has to know of Autopilot. It is settled when the
clock is moved, regularly by the server, and before an operation that depends on it; a GET shows what is settled. How
long each step takes stands in `core/policies/autopilot.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias

from fauxtune.core.clock import from_iso, iso
from fauxtune.core.engine.planning.targeting import Assignment, Membership, TargetKind, target
from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import DirectoryDeviceId, GroupId, ProfileId, ResourceId
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.core.odata.schema.types import NEVER
from fauxtune.core.policies import autopilot
from fauxtune.core.policies.rules import BOUND
from fauxtune.operations.directory.dynamic_groups import place_device
from fauxtune.operations.profiles import resources
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import enrolling as enrolling_queries
from fauxtune.storage.queries import resources as queries
from fauxtune.storage.rows.directory import DirectoryDeviceRow
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
    by_hand = next((resource for resource, _ in profiles if resource.id == row.document.get(autopilot.GIVEN)), None)
    if by_hand is not None:
        return by_hand
    own = groups.get(str(row.document[autopilot.DIRECTORY_DEVICE]), frozenset())
    membership = Membership(has_user=False, device_groups=own)
    reaching = [
        (resource, assignment)
        for resource, targets in profiles
        if (assignment := target(targets, membership)) is not None
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


_IDENTITY = "windowsAutopilotDeviceIdentity"


def settle(tx: Transaction) -> datetime | None:
    """Write what holds by now of imports, identities and the synchronisation; return when something changes by time
    next. Safe to repeat.
    """
    since, due = settle_imports(tx)
    identities = queries.resources_of_family(tx.connection, tx.tenant.id, family=autopilot.IDENTITIES.name)
    if identities:
        due += settle_identities(tx, identities, since=since)
    return min(due, default=None)


# Imports


def settle_imports(tx: Transaction) -> tuple[dict[ResourceId, datetime], list[datetime]]:
    """Let the imports go on; return the identities that are new, with the moments of their imports, and when others
    are due.
    """
    rows = queries.resources_in_state(
        tx.connection,
        tx.tenant.id,
        family=autopilot.IMPORTS.name,
        member=("state", "deviceImportStatus"),
        states=(autopilot.UNKNOWN, autopilot.PENDING),
    )
    new: dict[ResourceId, datetime] = {}
    due: list[datetime] = []
    for row in rows:
        status = autopilot.import_status(tx.now - row.created_at)
        if status is None:
            state = _outcome(tx, row.document)
            if state["deviceRegistrationId"]:
                new[ResourceId(state["deviceRegistrationId"])] = row.created_at + autopilot.IMPORTED_AFTER
        else:
            state = {**row.document["state"], "deviceImportStatus": status}
            due.append(
                row.created_at + (autopilot.IMPORTED_AFTER if status == autopilot.PENDING else autopilot.PENDING_AFTER)
            )
        if state != row.document["state"]:
            queries.change_resource(tx.connection, row, document={**row.document, "state": state})
    return new, due


def _outcome(tx: Transaction, imported: JsonObject) -> JsonObject:
    """Give the device an identity, or say in the import's state why not."""
    if not imported[autopilot.IS_HASH]:
        return autopilot.INVALID_HASH
    serial, user = str(imported["serialNumber"]), imported.get("assignedUserPrincipalName")
    if with_serial(tx, serial) is not None:
        return autopilot.ALREADY_ASSIGNED
    # Unverified: that an import whose user does not exist is done in part.
    is_known = not user or directory_queries.user_by_upn(tx.connection, tx.tenant.id, upn=str(user)) is not None
    object_id, device_id = DirectoryDeviceId(tx.ids.uuid()), tx.ids.uuid()
    identity = {
        **defaults(entity(_IDENTITY)),
        "serialNumber": serial,
        "productKey": imported.get("productKey"),
        "groupTag": imported.get("groupTag"),
        "userPrincipalName": user if is_known else None,
        "azureActiveDirectoryDeviceId": device_id,
        "azureAdDeviceId": device_id,
        autopilot.DIRECTORY_DEVICE: object_id,
    }
    row = resources.create(tx, autopilot.IDENTITIES, kind=_IDENTITY, document=identity)
    _add_directory_device(tx, row)
    return autopilot.import_state("complete" if is_known else "partial", device_id=row.id)


def _add_directory_device(tx: Transaction, identity: ResourceRow) -> None:
    known = identity.document
    document = {
        **defaults(entity("device")),
        "id": known[autopilot.DIRECTORY_DEVICE],
        "deviceId": known["azureAdDeviceId"],
        "displayName": known["serialNumber"],
        "operatingSystem": "Windows",
        "accountEnabled": True,
        "isManaged": False,
        "trustType": "AzureAd",
        "registrationDateTime": iso(tx.now),
        "physicalIds": autopilot.physical_ids(identity.id, group_tag=known["groupTag"]),
    }
    device = DirectoryDeviceRow(
        tenant_id=tx.tenant.id,
        id=DirectoryDeviceId(document["id"]),
        enrollment_id=None,
        device_key=directory_queries.device_key(document),
        created_at=tx.now,
        document=document,
    )
    directory_queries.add_directory_device(tx.connection, device)
    place_device(tx, device)


def with_serial(tx: Transaction, serial: str) -> ResourceRow | None:
    """Return the identity with this serial number."""
    rows = enrolling_queries.resources_with(
        tx.connection,
        tx.tenant.id,
        family=autopilot.IDENTITIES.name,
        named="serialNumber",
        texts={serial.lower()} - {""},
    )
    return rows[0] if rows else None
