"""Entra devices: the shadows of managed devices, and bare ones that an administrator makes.

Graph: device. A shadow can be deleted while its device stays managed: the device is then in no group any more.
"""

from __future__ import annotations

from dataclasses import replace

from fauxtune.core.clock import iso
from fauxtune.core.engine.membership_rules import is_nameable
from fauxtune.core.errors import Conflict
from fauxtune.core.graph.index import entity
from fauxtune.core.model.actions import OF_DIRECTORY
from fauxtune.core.model.ids import DirectoryDeviceId
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.operations.directory.dynamic_groups import is_concerned, place_device
from fauxtune.operations.directory.users_and_groups import differing, missing
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import concern
from fauxtune.storage.queries import device_records as escrow_queries
from fauxtune.storage.queries import directory as queries
from fauxtune.storage.rows.directory import DirectoryDeviceRow

DEVICE = entity("device")


def create_device(tx: Transaction, document: JsonObject) -> JsonObject:
    """Create an Entra device that is not managed. Raises Conflict if the deviceId is taken."""
    _check_device_id(tx, str(document["deviceId"]), object_id=None)
    object_id = DirectoryDeviceId(tx.ids.uuid())
    full = {**defaults(DEVICE), **document, "id": object_id, "registrationDateTime": iso(tx.now)}
    row = DirectoryDeviceRow(
        tenant_id=tx.tenant.id,
        id=object_id,
        enrollment_id=None,
        device_key=queries.device_key(full),
        created_at=tx.now,
        document=full,
    )
    queries.add_directory_device(tx.connection, row)
    if is_nameable(full):
        place_device(tx, row)
    return full


def update_device(tx: Transaction, object_id: str, *, changes: JsonObject) -> JsonObject:
    """Change the document of an Entra device; its managedDevice keeps its own.

    Raises NotFound if the device does not exist, Conflict if the deviceId is taken.
    """
    row = _device(tx, object_id)
    full = {**row.document, **changes}
    _check_device_id(tx, str(full["deviceId"]), object_id=row.id)
    names = differing(row.document, changes)
    queries.change_directory_device(tx.connection, tx.tenant.id, device_id=row.id, document=full, names=names)
    if is_concerned(changes):
        place_device(tx, replace(row, document=full))
    return full


def delete_device(tx: Transaction, object_id: str) -> None:
    """Delete an Entra device with its memberships. A managed device stays managed, and plans again. Raises NotFound if
    it does not exist.
    """
    row = _device(tx, object_id)
    if row.enrollment_id is not None:
        tx.wake(concern.by_enrollment(tx.connection, tx.tenant.id, enrollment_id=row.enrollment_id))
    queries.delete_directory_device(tx.connection, tx.tenant.id, device_id=row.id)
    escrow_queries.delete_secrets_of_device(tx.connection, tx.tenant.id, device_id=row.id, kinds=OF_DIRECTORY)


def _device(tx: Transaction, object_id: str) -> DirectoryDeviceRow:
    row = queries.directory_device(tx.connection, tx.tenant.id, device_id=DirectoryDeviceId(object_id.lower()))
    if row is None:
        raise missing(object_id)
    return row


def _check_device_id(tx: Transaction, device_id: str, *, object_id: DirectoryDeviceId | None) -> None:
    other = queries.directory_device_by_device_id(tx.connection, tx.tenant.id, device_id=device_id)
    if other is not None and other.id != object_id:
        raise Conflict("Another object with the same value for property deviceId already exists.", target="deviceId")
