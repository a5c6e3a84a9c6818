"""The record of a managed device, and what `$expand` adds to it. Graph: managedDevice: users, deviceCategory,
deviceConfigurationStates.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from fauxtune.core.clock import iso
from fauxtune.core.graph.devices import DEVICE_CATEGORY
from fauxtune.core.graph.directory import USER
from fauxtune.core.graph.statuses import CONFIGURATION_STATE
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.storage.collections.devices import NO_CATEGORY
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import collections
from fauxtune.storage.rows.devices import JoinedDeviceRow
from fauxtune.surfaces.graph.call import Call, Json
from fauxtune.surfaces.graph.resources.parts import Part, add_parts, by_name, of_collection

Row = dict[str, Any]

DEVICES = "deviceManagement/managedDevices"
#: Unverified: what a device in no category answers.
NONE = {**defaults(DEVICE_CATEGORY), "id": "00000000-0000-0000-0000-000000000000", "displayName": NO_CATEGORY}


def record_document(row: Row) -> Json:
    """Return the record's document for a list (the columns of `JoinedDeviceRow`)."""
    return _completed(row["document"], category=row["category_name"], last_checkin_at=row["last_checkin_at"])


def shown_record(row: JoinedDeviceRow) -> Json:
    """Return the record's document."""
    return _completed(row.document, category=row.category_name, last_checkin_at=row.last_checkin_at)


def _completed(record: Json, *, category: str | None, last_checkin_at: datetime | None) -> Json:
    document: Json = {**record, "deviceCategoryDisplayName": category or NO_CATEGORY}
    if last_checkin_at is not None:
        document["lastSyncDateTime"] = iso(last_checkin_at)
    return document


def _users(call: Call, connection: Connection, rows: Sequence[Row]) -> list[list[Json]]:
    """Each device's primary user, while that user exists."""
    keys = [row["user_id"] for row in rows if row["user_id"]]
    found = collections.elements(connection, call.tenant.id, collection="users", keys=keys)
    return [[found[row["user_id"]]["document"]] if row["user_id"] in found else [] for row in rows]


def _categories(call: Call, connection: Connection, rows: Sequence[Row]) -> list[Json]:
    keys = [row["category_id"] for row in rows if row["category_id"]]
    found = collections.elements(connection, call.tenant.id, collection="deviceCategories", keys=keys)
    return [found[row["category_id"]]["document"] if row["category_id"] in found else NONE for row in rows]


PARTS = by_name(
    Part("users", USER, _users),
    Part("deviceCategory", DEVICE_CATEGORY, _categories),
    Part("deviceConfigurationStates", CONFIGURATION_STATE, of_collection("deviceConfigurationStates")),
)


def expansions(call: Call, connection: Connection, rows: Sequence[Row]) -> list[Json]:
    """What `$expand` adds to each of these devices, in their order."""
    return add_parts(
        call, connection, rows, parts=PARTS, place=lambda row, part: f"{DEVICES}('{row['id']}')/{part.name}"
    )
