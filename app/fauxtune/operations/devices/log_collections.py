"""Logs that devices are asked to collect. Graph: createDeviceLogCollectionRequest, deviceLogCollectionResponse.

A collection is the order of its action; the device uploads the archive to an address of the server, which is valid for
a day. Intune: "Collect diagnostics from a Windows device": an archive is kept for 28 days, and ten of one device.
"""

from __future__ import annotations

from datetime import timedelta

from fauxtune.core.clock import iso
from fauxtune.core.errors import NotFound
from fauxtune.core.model.actions import WAITING, ActionState, DeviceAction
from fauxtune.core.model.ids import ManagedDeviceId, TenantId
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.devices import actions
from fauxtune.operations.devices import records as device_records
from fauxtune.operations.devices.actions import Order
from fauxtune.operations.runtime.contents import READ, WRITE, Contents
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import device_records as queries
from fauxtune.storage.rows.devices import DeviceActionRow, JoinedDeviceRow

_KEPT, _UPLOAD, _DOWNLOAD = timedelta(days=28), timedelta(days=1), timedelta(hours=1)
_MOST = 10
#: The names of contents that are archives begin so.
PREFIX = "logs-"
_SHOWN = (*WAITING, ActionState.DONE, ActionState.FAILED, ActionState.NOT_SUPPORTED)
_KILOBYTE = 1024


def collect(
    tx: Transaction, managed_device_id: ManagedDeviceId, *, details: JsonObject, initiator: str | None
) -> tuple[DeviceActionRow, list[DeviceActionRow]]:
    """Order a collection; return it, and the oldest ones beyond those that are kept: they are deleted."""
    order = {**details, "initiatedBy": initiator}
    actions.ask(tx, managed_device_id, action=DeviceAction.COLLECT_LOGS, details=order)
    record = device_records.device(tx, managed_device_id)
    rows = collections(tx, record)
    for row in rows[_MOST:]:
        queries.delete_action(tx.connection, tx.tenant.id, action_id=row.id)
    return rows[0], rows[_MOST:]


def collections(tx: Transaction, record: JoinedDeviceRow) -> list[DeviceActionRow]:
    """Return the collections of a device that are kept, newest first."""
    rows = queries.actions(tx.connection, record.enrollment_id, states=_SHOWN)
    kept = [row for row in rows if row.action is DeviceAction.COLLECT_LOGS and row.created_at + _KEPT > tx.now]
    return kept[::-1]


def collection(tx: Transaction, record: JoinedDeviceRow, *, key: str) -> DeviceActionRow:
    """Return one collection. Raises NotFound."""
    for row in collections(tx, record):
        if row.id == key.lower():
            return row
    raise NotFound(f"There is no log collection '{key}' of this device.")


def delete(tx: Transaction, record: JoinedDeviceRow, *, key: str) -> DeviceActionRow:
    """Delete a collection; one that the device has not answered is not sent to it any more."""
    row = collection(tx, record, key=key)
    queries.delete_action(tx.connection, tx.tenant.id, action_id=row.id)
    return row


def document(tx: Transaction, row: DeviceActionRow, *, record: JoinedDeviceRow, size: int | None) -> JsonObject:
    """Return Graph's document of a collection. `size`: the bytes of the archive; None until the device has sent it."""
    is_late = row.created_at + _UPLOAD <= tx.now
    has_failed = row.state in (ActionState.FAILED, ActionState.NOT_SUPPORTED) or is_late
    status = "completed" if size is not None else "failed" if has_failed else "pending"
    return {
        "id": row.id,
        "managedDeviceId": record.id,
        "status": status,
        "requestedDateTimeUTC": iso(row.created_at),
        # Unverified: null until the archive is there. The moment is that at which the device took the order.
        "receivedDateTimeUTC": iso(row.completed_at) if size is not None and row.completed_at is not None else None,
        "expirationDateTimeUTC": iso(row.created_at + _KEPT),
        "size": (size or 0) / _KILOBYTE,
        "sizeInKB": (size or 0) / _KILOBYTE,
        "initiatedByUserPrincipalName": (row.details or {}).get("initiatedBy"),
        "enrolledByUser": record.user_principal_name,
        "errorCode": 0,
    }


def content_of(action_id: str) -> str:
    """Return the name of the content with the archive."""
    return f"{PREFIX}{action_id}"


def takes_archive(connection: Connection, tenant: Tenant, *, content: str) -> bool:
    """Whether an archive may be uploaded under this name: its collection was not deleted."""
    action_id = content.removeprefix(PREFIX)
    return queries.is_ordered(connection, tenant.id, action_id=action_id, action=DeviceAction.COLLECT_LOGS)


def upload_address(contents: Contents, tenant_id: TenantId, *, order: Order) -> str:
    """Return path and query to which the device uploads the archive."""
    expires = order.created_at + _UPLOAD
    return contents.address(tenant_id, content_of(order.id), expires=expires, allowed=WRITE)


def download_address(tx: Transaction, contents: Contents, *, row: DeviceActionRow) -> str:
    """Return path and query from which the archive is read, for an hour."""
    return contents.address(tx.tenant.id, content_of(row.id), expires=tx.now + _DOWNLOAD, allowed=READ)
