"""The record of a managed device, and what `$expand` adds to it. Graph: managedDevice: users, deviceCategory,
deviceConfigurationStates, windowsProtectionState.
"""

from __future__ import annotations

from collections.abc import Sequence

from fauxtune.core.graph.device_facts import protection_state
from fauxtune.core.graph.index import entity
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.core.odata.documents.view import blank
from fauxtune.core.odata.schema.types import Shown
from fauxtune.operations.devices.records import record_document
from fauxtune.storage.collections.devices import DEVICE_CATEGORIES, NO_CATEGORY
from fauxtune.storage.collections.directory import USERS
from fauxtune.storage.collections.statuses import CONFIGURATION_STATES
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import collections
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.rows.devices import JoinedDeviceRow
from fauxtune.surfaces.graph.call import Call, Json
from fauxtune.surfaces.graph.lists import stored
from fauxtune.surfaces.graph.resources.parts import Part, add_parts, by_name, of_collection

WINDOWS_PROTECTION_STATE = entity("windowsProtectionState")
DEVICE_CATEGORY = entity("deviceCategory")
MANAGED_DEVICE = entity("managedDevice")
USER = entity("user")
CONFIGURATION_STATE = entity("deviceConfigurationState")

DEVICES = "deviceManagement/managedDevices"
#: Unverified: what a device in no category answers.
NONE = {**defaults(DEVICE_CATEGORY), "id": "00000000-0000-0000-0000-000000000000", "displayName": NO_CATEGORY}
#: What a list shows of the properties that only a device which is read alone, with `$select`, has values of.
_BLANK: Json = {
    prop.name: blank(prop) for prop in MANAGED_DEVICE.properties if prop.visibility is Shown.BLANK_UNLESS_SELECTED
}


def listed_document(row: JoinedDeviceRow) -> Json:
    """Return the document of a managed device in a list, where some properties are blank even if they are selected."""
    return record_document(row) | _BLANK


def _users(call: Call, connection: Connection, rows: Sequence[JoinedDeviceRow]) -> list[list[Json]]:
    """Return each device's primary user, while that user exists."""
    keys = [row.user_id for row in rows if row.user_id]
    users = collections.elements(connection, call.tenant.id, collection=USERS, keys=keys)
    return [[users[row.user_id].document] if row.user_id in users else [] for row in rows]


def _categories(call: Call, connection: Connection, rows: Sequence[JoinedDeviceRow]) -> list[Json]:
    keys = [row.category_id for row in rows if row.category_id]
    categories = collections.elements(connection, call.tenant.id, collection=DEVICE_CATEGORIES, keys=keys)
    return [categories[row.category_id].document if row.category_id in categories else NONE for row in rows]


def protection_states(_call: Call, connection: Connection, rows: Sequence[JoinedDeviceRow]) -> list[Json | None]:
    """Return what Windows Defender of each device has reported; None for a device that has none."""
    enrollments = queries.enrollments_by_id(connection, [row.enrollment_id for row in rows])
    return [protection_state(enrollments[row.enrollment_id].facts, device_id=row.id) for row in rows]


PARTS: dict[str, Part[JoinedDeviceRow]] = by_name(
    Part("users", USER, _users),
    Part("deviceCategory", DEVICE_CATEGORY, _categories),
    Part("deviceConfigurationStates", CONFIGURATION_STATE, of_collection(CONFIGURATION_STATES, stored)),
    Part("windowsProtectionState", WINDOWS_PROTECTION_STATE, protection_states),
)


def expansions(call: Call, connection: Connection, rows: Sequence[JoinedDeviceRow]) -> list[Json]:
    """Return what `$expand` adds to each of these devices, in their order."""
    return add_parts(call, connection, rows, parts=PARTS, place=lambda row, part: f"{DEVICES}('{row.id}')/{part.name}")
