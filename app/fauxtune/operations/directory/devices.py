"""Entra devices: the shadows of managed devices, and bare ones that an administrator makes.

Graph: device. A shadow can be deleted while its device stays managed: the device is then in no group any more.
"""

from __future__ import annotations

from typing import Any

from fauxtune.core.clock import iso
from fauxtune.core.errors import Conflict
from fauxtune.core.graph.directory import DEVICE
from fauxtune.core.model.ids import EnrollmentId
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.operations.directory.users_and_groups import missing
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import concern
from fauxtune.storage.queries import directory as queries

Document = dict[str, Any]


def create_device(tx: Transaction, document: Document) -> Document:
    """A device that is in no management. Conflict when the deviceId is taken."""
    _check_device_id(tx, str(document["deviceId"]), object_id=None)
    object_id = tx.ids.uuid()
    full = {**defaults(DEVICE), **document, "id": object_id, "registrationDateTime": iso(tx.now)}
    queries.add_directory_device(
        tx.connection, tx.tenant.id, id=object_id, enrollment_id=None, created_at=tx.now, document=full
    )
    return full


def update_device(tx: Transaction, object_id: str, *, changes: Document) -> Document:
    """Change what the directory says of a device; the managed device keeps what it says itself."""
    row = _device(tx, object_id)
    full = {**row["document"], **changes}
    _check_device_id(tx, str(full["deviceId"]), object_id=row["id"])
    queries.change_directory_device(tx.connection, tx.tenant.id, device_id=row["id"], document=full)
    return full


def delete_device(tx: Transaction, object_id: str) -> None:
    """The directory's device goes, and with it its memberships. A managed device stays managed, and plans again."""
    row = _device(tx, object_id)
    if row["enrollment_id"] is not None:
        enrollment = EnrollmentId(row["enrollment_id"])
        tx.wake(concern.by_enrollment(tx.connection, tx.tenant.id, enrollment_id=enrollment))
    queries.delete_directory_device(tx.connection, tx.tenant.id, device_id=row["id"])


def _device(tx: Transaction, object_id: str) -> Document:
    row = queries.directory_device(tx.connection, tx.tenant.id, device_id=object_id.lower())
    if row is None:
        raise missing(object_id)
    return row


def _check_device_id(tx: Transaction, device_id: str, *, object_id: str | None) -> None:
    other = queries.directory_device_by_device_id(tx.connection, tx.tenant.id, device_id=device_id)
    if other is not None and other["id"] != object_id:
        raise Conflict("Another object with the same value for property deviceId already exists.", target="deviceId")
