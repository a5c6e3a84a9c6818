"""What time changes of Autopilot: imports are done, profiles are assigned, synchronisations end.

It is settled when the clock is moved, regularly by the server, and before an operation that depends on it; a GET shows
what is settled. Which profile a device has is decided in `autopilot_profiles`, how long each step takes in
`core/policies/autopilot.py`.
"""

from __future__ import annotations

from datetime import datetime

from fauxtune.core.clock import iso
from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import DirectoryDeviceId, ResourceId
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.core.policies import autopilot
from fauxtune.operations.devices.autopilot_profiles import settle_identities
from fauxtune.operations.directory.dynamic_groups import place_device
from fauxtune.operations.profiles import resources
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import enrolling as enrolling_queries
from fauxtune.storage.queries import resources as queries
from fauxtune.storage.rows.directory import DirectoryDeviceRow
from fauxtune.storage.rows.resources import ResourceRow

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
