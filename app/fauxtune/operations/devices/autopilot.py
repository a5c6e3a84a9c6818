"""Windows Autopilot: from the import of a hardware hash to an identity with a device in the directory, its deployment
profile, and the device that enrols with it.

Microsoft: "Windows Autopilot registration overview", "Create device groups".

Which profile a device has is decided in `autopilot_profiles`, what goes on with time in `autopilot_time`.

Differs from Intune: a device is known by its serial number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fauxtune.core.clock import from_iso, iso
from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import DirectoryDeviceId, EnrollmentId, ManagedDeviceId
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.core.policies import autopilot
from fauxtune.core.policies.autopilot import ASSIGNED, PENDING, begun_sync
from fauxtune.core.policies.rules import BOUND
from fauxtune.operations.devices.autopilot_profiles import (
    PROFILE,
    put_settings,
    settle,
    settle_identities,
    settle_imports,
    with_serial,
)
from fauxtune.operations.directory.dynamic_groups import place_device
from fauxtune.operations.profiles import resources
from fauxtune.operations.profiles.resources import Hooks
from fauxtune.operations.runtime.transaction import ENROLLMENT, Transaction, switch_on
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import resources as queries
from fauxtune.storage.rows.devices import EnrollmentRow
from fauxtune.storage.rows.directory import DirectoryDeviceRow
from fauxtune.storage.rows.resources import ResourceRow

_IMPORT, _EVENT, _ENROLLED = "importedWindowsAutopilotDeviceIdentity", "deviceManagementAutopilotEvent", "enrolled"
#: Events that are kept of a tenant.
MOST_EVENTS = 1000


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
        resources.create(tx, autopilot.IMPORTS, kind=_IMPORT, document=document, hooks=IMPORT_HOOKS)
        for document in documents
    ]


def _begin(tx: Transaction, document: JsonObject, _before: ResourceRow | None) -> JsonObject:
    """Note whether the hash, which is not kept, is one; the import goes on with time."""
    switch_on(tx, ENROLLMENT)
    is_hash = autopilot.is_hash(str(document["hardwareIdentifier"] or ""))
    return {**document, autopilot.IS_HASH: is_hash, "state": autopilot.import_state("unknown")}


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


IMPORT_HOOKS = Hooks(check=_begin)
IDENTITY_HOOKS = Hooks(deleting=_deleting)


# What a device is told


def registered(tx: Transaction, serial: str) -> Registered | None:
    """Return the identity with this serial number, with the profile that is assigned to it."""
    row = with_serial(tx, serial)
    return None if row is None else Registered(row, _assigned(tx, row))


def configuration(tx: Transaction, serial: str) -> JsonObject:
    """Return what a device with this serial number is told before its set-up. Raises NotFound for a device that is not
    registered, and for one to which no profile is assigned yet.
    """
    new, _due = settle_imports(tx)
    row = with_serial(tx, serial)
    if row is None:
        raise NotFound(f"No Autopilot device has the serial number '{serial}': import its hardware hash first.")
    settle_identities(tx, [row], since=new)
    row = resources.get(tx, autopilot.IDENTITIES, key=row.id)
    profile = _assigned(tx, row)
    if profile is None:
        raise NotFound(_without_profile(row))
    document = {**row.document, "lastContactedDateTime": iso(tx.now)}
    queries.change_resource(tx.connection, row, document=document)
    kind = {"@odata.type": f"#microsoft.graph.{profile.kind}"}
    return autopilot.configuration(
        {**profile.document, **kind}, document, tenant_id=tx.tenant.id, domain=tx.tenant.domain
    )


def _without_profile(row: ResourceRow) -> str:
    device = f"The Autopilot device '{row.document['serialNumber']}'"
    if row.document["deploymentProfileAssignmentStatus"] == PENDING:
        return f"{device} has no deployment profile yet: its assignment is pending, for half a minute of the clock."
    return f"{device} has no deployment profile: assign one to it or to its group."


def _assigned(tx: Transaction, identity: ResourceRow) -> ResourceRow | None:
    if identity.document["deploymentProfileAssignmentStatus"] not in ASSIGNED:
        return None
    (key,) = identity.document[BOUND][PROFILE]
    return queries.resource(tx.connection, tx.tenant.id, family=autopilot.DEPLOYMENT_PROFILES.name, resource_id=key)


def synchronize(tx: Transaction) -> None:
    """Begin a synchronisation with the Autopilot service. Raises UnderWay while one runs, TooSoon shortly after it."""
    settle(tx)
    row = resources.get(tx, autopilot.SETTINGS, key=autopilot.SETTINGS_ID)
    put_settings(tx, row, changes=begun_sync(row.document, now=tx.now))


# Enrolment


def note_enrolled(tx: Transaction, device: Registered, *, record: JsonObject) -> None:
    """Note at an identity that its device is enrolled, with Graph's record of it."""
    document = {
        **device.identity.document,
        "enrollmentState": _ENROLLED,
        "managedDeviceId": record["id"],
        "manufacturer": record.get("manufacturer") or device.identity.document.get("manufacturer"),
        "model": record.get("model") or device.identity.document.get("model"),
        "lastContactedDateTime": iso(tx.now),
    }
    queries.change_resource(tx.connection, device.identity, document=document)


def note_deployment(tx: Transaction, device: Registered, *, record: JsonObject) -> None:
    """Write down that a device enrolled with its deployment profile. Graph: deviceManagementAutopilotEvent."""
    outcome = {
        "deviceId": record["id"],
        "managedDeviceName": record.get("deviceName"),
        "enrollmentState": _ENROLLED,
        "deploymentState": "success",
    }
    _note(tx, device, record=record, outcome=outcome)


def note_failure(tx: Transaction, device: Registered, *, record: JsonObject, details: str) -> None:
    """Write down why a device could not enrol with its deployment profile. Unverified: which of the failures the
    service shows here, and its words.
    """
    outcome = {"enrollmentState": "failed", "deploymentState": "failure", "enrollmentFailureDetails": details}
    _note(tx, device, record=record, outcome=outcome)


def _note(tx: Transaction, device: Registered, *, record: JsonObject, outcome: JsonObject) -> None:
    profile, identity = device.profile, device.identity
    if profile is None:  # it was told one, which is gone since
        return
    asked_at = min(tx.now, from_iso(identity.document["lastContactedDateTime"]))
    span = f"PT{int((tx.now - asked_at).total_seconds())}S"
    document = {
        **defaults(entity(_EVENT)),
        "deviceSerialNumber": identity.document["serialNumber"],
        "osVersion": record.get("osVersion"),
        "userId": record.get("userId"),
        "userPrincipalName": record.get("userPrincipalName"),
        "deviceRegisteredDateTime": iso(identity.created_at),
        "enrollmentStartDateTime": iso(tx.now),
        "enrollmentType": autopilot.enrollment_type(profile.kind, profile.document),
        "windowsAutopilotDeploymentProfileDisplayName": profile.document["displayName"],
        "deploymentStartDateTime": iso(asked_at),
        "deploymentEndDateTime": iso(tx.now),
        "deploymentDuration": span,
        "deploymentTotalDuration": span,
        # Without a status page these phases are off.
        "deviceSetupStatus": "disabled",
        "accountSetupStatus": "disabled",
        **outcome,
    }
    resources.add_event(tx, autopilot.EVENTS, kind=_EVENT, document=document, most=MOST_EVENTS)


def note_left(tx: Transaction, device_id: DirectoryDeviceId, *, record_id: ManagedDeviceId) -> None:
    """Note at its identity that a device is managed no more: its record is deleted. Unverified: what the service shows
    of it then.
    """
    device = directory_queries.directory_device(tx.connection, tx.tenant.id, device_id=device_id)
    key = None if device is None else autopilot.identity_of(device.document.get("physicalIds") or ())
    if key is None:
        return
    row = queries.resource(tx.connection, tx.tenant.id, family=autopilot.IDENTITIES.name, resource_id=key)
    if row is not None and row.document["managedDeviceId"] == record_id:
        left = {"managedDeviceId": autopilot.EMPTY_GUID, "enrollmentState": "notContacted"}
        queries.change_resource(tx.connection, row, document={**row.document, **left})


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
    """Leave an Autopilot device in the directory when its enrolment ends, managed no more ("Device action: retire",
    2026-08-06: the record in Microsoft Entra ID is not removed). False: it is no such device. Unverified: that it is so
    after a wipe and in 2020, too.
    """
    device = directory_queries.directory_device(tx.connection, tx.tenant.id, device_id=enrollment.directory_device_id)
    if device is None or autopilot.identity_of(device.document.get("physicalIds") or ()) is None:
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
