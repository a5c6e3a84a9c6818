"""Windows Autopilot: from the import of a hardware hash to an identity with a device in the directory, its deployment
profile, and the device that enrols with it.

Microsoft: "Windows Autopilot registration overview", "Create device groups".

Differs from Intune: an import is done when the POST is answered, and a profile counts at once; the service takes
minutes. A device is known by its serial number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from fauxtune.core.clock import iso
from fauxtune.core.engine.planning.targeting import Assignment, Membership, target
from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import DirectoryDeviceId, EnrollmentId, GroupId, ManagedDeviceId, ProfileId
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.core.odata.schema.types import NEVER
from fauxtune.core.policies import autopilot
from fauxtune.core.policies.rules import BOUND
from fauxtune.operations.directory.dynamic_groups import place_device
from fauxtune.operations.profiles import resources
from fauxtune.operations.profiles.resources import Hooks
from fauxtune.operations.profiles.switches import ENROLLMENT, switch_on
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import enrolling as enrolling_queries
from fauxtune.storage.queries import resources as queries
from fauxtune.storage.rows.devices import EnrollmentRow
from fauxtune.storage.rows.directory import DirectoryDeviceRow
from fauxtune.storage.rows.resources import ResourceRow

_IDENTITY, _IMPORT = "windowsAutopilotDeviceIdentity", "importedWindowsAutopilotDeviceIdentity"
_PROFILE, _ENROLLED = "deploymentProfile", "enrolled"
#: Ids in one statement.
_CHUNK = 500
#: A deployment profile and its assignments.
_Profile: TypeAlias = tuple[ResourceRow, list[Assignment]]


@dataclass(frozen=True, slots=True)
class Registered:
    """A device that is registered with Autopilot, and its profile; None without one."""

    identity: ResourceRow
    profile: ResourceRow | None

    @property
    def is_self_deploying(self) -> bool:
        """Whether its profile leaves the user out."""
        return self.profile is not None and autopilot.is_self_deploying(self.profile.document)


# The import, and what is said of identities


def import_all(tx: Transaction, documents: Sequence[JsonObject]) -> list[ResourceRow]:
    """Import hardware hashes, all or none. Each document has every property of its type."""
    return [
        resources.create(tx, autopilot.IMPORTS, kind=_IMPORT, document=each, hooks=IMPORT_HOOKS) for each in documents
    ]


def _carry_out(tx: Transaction, document: JsonObject, _before: ResourceRow | None) -> JsonObject:
    """Give the device an identity, or say in the import's state why not."""
    return {**document, "state": _outcome(tx, document)}


def _outcome(tx: Transaction, imported: JsonObject) -> JsonObject:
    if not autopilot.is_hash(str(imported["hardwareIdentifier"] or "")):
        return autopilot.INVALID_HASH
    serial = str(imported["serialNumber"])
    if _with_serial(tx, serial) is not None:
        return autopilot.ALREADY_ASSIGNED
    switch_on(tx, ENROLLMENT)
    object_id, device_id = DirectoryDeviceId(tx.ids.uuid()), tx.ids.uuid()
    identity = {
        **defaults(entity(_IDENTITY)),
        "serialNumber": serial,
        "productKey": imported.get("productKey"),
        "groupTag": imported.get("groupTag"),
        "userPrincipalName": imported.get("assignedUserPrincipalName"),
        "azureActiveDirectoryDeviceId": device_id,
        "azureAdDeviceId": device_id,
        autopilot.DIRECTORY_DEVICE: object_id,
    }
    row = resources.create(tx, autopilot.IDENTITIES, kind=_IDENTITY, document=identity)
    document = {
        **defaults(entity("device")),
        "id": object_id,
        "deviceId": device_id,
        "displayName": serial,
        "operatingSystem": "Windows",
        "accountEnabled": True,
        "isManaged": False,
        "trustType": "AzureAd",
        "registrationDateTime": iso(tx.now),
        "physicalIds": autopilot.physical_ids(row.id, group_tag=identity["groupTag"]),
    }
    device = DirectoryDeviceRow(
        tenant_id=tx.tenant.id,
        id=object_id,
        enrollment_id=None,
        device_key=directory_queries.device_key(document),
        created_at=tx.now,
        document=document,
    )
    directory_queries.add_directory_device(tx.connection, device)
    place_device(tx, device)
    return autopilot.import_state("complete", device_id=row.id)


def change_identity(tx: Transaction, key: str, *, changes: JsonObject) -> ResourceRow:
    """Change what is said of an identity; its device in the directory has the new group tag. Raises Invalid for a user
    who does not exist.
    """
    name = changes.get("userPrincipalName")
    if name and directory_queries.user_by_upn(tx.connection, tx.tenant.id, upn=str(name)) is None:
        raise Invalid(f"There is no user '{name}'.", target="userPrincipalName")
    row = resources.update(tx, autopilot.IDENTITIES, key=key, changes=changes)
    device = directory_device(tx, row)
    if device is not None and "groupTag" in changes:
        ids = autopilot.physical_ids(
            row.id, group_tag=row.document["groupTag"], order=row.document["purchaseOrderIdentifier"]
        )
        document = {**device.document, "physicalIds": ids}
        directory_queries.change_directory_device(
            tx.connection, tx.tenant.id, device_id=device.id, document=document, names=["physicalIds"]
        )
        place_device(tx, replace(device, document=document))
    return row


def give_profile(tx: Transaction, key: str, *, identity_ids: Sequence[str]) -> None:
    """Give these identities the deployment profile by hand. Raises NotFound for one that does not exist."""
    profile = resources.get(tx, autopilot.DEPLOYMENT_PROFILES, key=key)
    for each in identity_ids:
        resources.update(tx, autopilot.IDENTITIES, key=each, changes={autopilot.GIVEN: profile.id})
    settle(tx)


def _deleting(tx: Transaction, row: ResourceRow) -> None:
    """Refuse for a device that is enrolled; delete its device in the directory."""
    managed = ManagedDeviceId(str(row.document["managedDeviceId"]))
    if device_queries.managed_devices_by_id(tx.connection, tx.tenant.id, ids=[managed]):
        raise Invalid(
            f"The Autopilot device '{row.document['serialNumber']}' is enrolled: delete its managed device first."
        )
    device = directory_device(tx, row)
    if device is not None and device.enrollment_id is None:
        directory_queries.delete_directory_device(tx.connection, tx.tenant.id, device_id=device.id)


IMPORT_HOOKS = Hooks(check=_carry_out)
IDENTITY_HOOKS = Hooks(deleting=_deleting)


# Profiles of identities


def settle(tx: Transaction) -> None:
    """Write into the identities which profile each has by now, and which are enrolled no more. Safe to repeat."""
    identities = queries.resources_of_family(tx.connection, tx.tenant.id, family=autopilot.IDENTITIES.name)
    if not identities:
        return
    profiles = _profiles(tx)
    groups = directory_queries.groups_above_each(
        tx.connection, tx.tenant.id, member_ids={str(row.document[autopilot.DIRECTORY_DEVICE]) for row in identities}
    )
    enrolled = _managed(tx, identities)
    for row in identities:
        document = _with_profile(tx, row, profile=_profile_for(row, profiles=profiles, groups=groups))
        if document["enrollmentState"] == _ENROLLED and document["managedDeviceId"] not in enrolled:
            # Unverified: what the service shows of a device that has left.
            document |= {"managedDeviceId": autopilot.EMPTY_GUID, "enrollmentState": "notContacted"}
        if document != row.document:
            queries.change_resource(tx.connection, row, document=document)


def registered(tx: Transaction, serial: str) -> Registered | None:
    """Return the identity with this serial number, with its profile at this moment."""
    row = _with_serial(tx, serial)
    if row is None:
        return None
    object_id = str(row.document[autopilot.DIRECTORY_DEVICE])
    groups = {object_id: directory_queries.groups_above(tx.connection, tx.tenant.id, member_id=object_id)}
    return Registered(row, _profile_for(row, profiles=_profiles(tx), groups=groups))


def configuration(tx: Transaction, serial: str) -> JsonObject:
    """Return what a device with this serial number is told before its set-up. Raises NotFound for a device that is not
    registered, and for one without a profile.
    """
    device = registered(tx, serial)
    if device is None:
        raise NotFound(f"No Autopilot device has the serial number '{serial}': import its hardware hash first.")
    if device.profile is None:
        raise NotFound(f"The Autopilot device '{serial}' has no deployment profile: assign one to it or to its group.")
    document = _with_profile(tx, device.identity, profile=device.profile) | {"lastContactedDateTime": iso(tx.now)}
    queries.change_resource(tx.connection, device.identity, document=document)
    kind = {"@odata.type": f"#microsoft.graph.{device.profile.kind}"}
    return autopilot.configuration(
        {**device.profile.document, **kind}, document, tenant_id=tx.tenant.id, domain=tx.tenant.domain
    )


# Enrolment


def note_enrolled(tx: Transaction, device: Registered, *, record: JsonObject) -> None:
    """Note at an identity that its device is enrolled, with Graph's record of it."""
    document = {
        **_with_profile(tx, device.identity, profile=device.profile),
        "enrollmentState": _ENROLLED,
        "managedDeviceId": record["id"],
        "manufacturer": record.get("manufacturer") or device.identity.document.get("manufacturer"),
        "model": record.get("model") or device.identity.document.get("model"),
        "lastContactedDateTime": iso(tx.now),
    }
    queries.change_resource(tx.connection, device.identity, document=document)


def take_over(
    tx: Transaction, device: DirectoryDeviceRow, *, enrollment_id: EnrollmentId, document: JsonObject
) -> None:
    """Make an identity's device in the directory the shadow of its enrolment, with this document."""
    kept = {name: device.document[name] for name in ("physicalIds", "registrationDateTime")}
    document = {**device.document, **document, **kept}
    directory_queries.hand_over_directory_device(
        tx.connection, tx.tenant.id, device_id=device.id, enrollment_id=enrollment_id, document=document
    )
    place_device(tx, replace(device, document=document, enrollment_id=enrollment_id))


def let_go(tx: Transaction, enrollment: EnrollmentRow) -> bool:
    """Leave an Autopilot device in the directory when its enrolment ends, managed no more. False: it is no such device.
    Unverified: that the service keeps it so.
    """
    device = directory_queries.directory_device(tx.connection, tx.tenant.id, device_id=enrollment.directory_device_id)
    if device is None or not any(each.startswith("[ZTDId]") for each in device.document.get("physicalIds") or ()):
        return False
    document = {**device.document, "isManaged": False, "isCompliant": False, "enrollmentProfileName": None}
    directory_queries.hand_over_directory_device(
        tx.connection, tx.tenant.id, device_id=device.id, enrollment_id=None, document=document
    )
    place_device(tx, replace(device, document=document, enrollment_id=None))
    return True


def directory_device(tx: Transaction, identity: ResourceRow) -> DirectoryDeviceRow | None:
    """Return the identity's device in the directory; None if somebody has deleted it."""
    key = DirectoryDeviceId(str(identity.document[autopilot.DIRECTORY_DEVICE]))
    return directory_queries.directory_device(tx.connection, tx.tenant.id, device_id=key)


def _with_serial(tx: Transaction, serial: str) -> ResourceRow | None:
    rows = enrolling_queries.resources_with(
        tx.connection,
        tx.tenant.id,
        family=autopilot.IDENTITIES.name,
        named="serialNumber",
        texts={serial.lower()} - {""},
    )
    return rows[0] if rows else None


def _profiles(tx: Transaction) -> list[_Profile]:
    rows = queries.resources_of_family(tx.connection, tx.tenant.id, family=autopilot.DEPLOYMENT_PROFILES.name)
    ids = [ProfileId(row.id) for row in rows]
    assigned = configuration_queries.assignments_by_profile(tx.connection, tx.tenant.id, ids=ids)
    return [(row, configuration_queries.assignment_targets(assigned[ProfileId(row.id)])) for row in rows]


def _profile_for(
    row: ResourceRow, *, profiles: Sequence[_Profile], groups: Mapping[str, frozenset[GroupId]]
) -> ResourceRow | None:
    """The one that it was given by hand, else the oldest of those that are assigned to it. Unverified: that order."""
    by_hand = next((each for each, _ in profiles if each.id == row.document.get(autopilot.GIVEN)), None)
    if by_hand is not None:
        return by_hand
    own = groups.get(str(row.document[autopilot.DIRECTORY_DEVICE]), frozenset())
    membership = Membership(has_user=False, device_groups=own)
    return next((each for each, targets in profiles if target(targets, membership) is not None), None)


def _with_profile(tx: Transaction, row: ResourceRow, *, profile: ResourceRow | None) -> JsonObject:
    ids = [] if profile is None else [profile.id]
    if row.document.get(BOUND, {}).get(_PROFILE, []) == ids:
        return {**row.document}
    return {
        **row.document,
        "deploymentProfileAssignmentStatus": "assignedInSync" if ids else "notAssigned",
        "deploymentProfileAssignedDateTime": iso(tx.now) if ids else NEVER,
        BOUND: {_PROFILE: ids},
    }


def _managed(tx: Transaction, identities: Sequence[ResourceRow]) -> set[str]:
    ids = [str(row.document["managedDeviceId"]) for row in identities if row.document["enrollmentState"] == _ENROLLED]
    managed: set[str] = set()
    for start in range(0, len(ids), _CHUNK):
        some = [ManagedDeviceId(each) for each in ids[start : start + _CHUNK]]
        managed |= {row.id for row in device_queries.managed_devices_by_id(tx.connection, tx.tenant.id, ids=some)}
    return managed
