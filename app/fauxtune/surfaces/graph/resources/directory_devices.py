"""Entra devices. Graph: device; list, get, create, update, delete, and the alternate key deviceId.

Every managed device has one, and an administrator can create others. A device's own id and its deviceId differ: a
managedDevice calls the latter azureADDeviceId, and in a path it is written `devices(deviceId='...')`.
"""

from __future__ import annotations

import re
from functools import partial
from urllib.parse import unquote

from fauxtune.core.errors import Invalid
from fauxtune.core.graph.index import entity
from fauxtune.core.graph.search import Searchable
from fauxtune.core.model.ids import DirectoryDeviceId
from fauxtune.core.odata.documents.validation import accept
from fauxtune.core.odata.documents.view import view
from fauxtune.operations.directory import devices as directory_devices
from fauxtune.operations.directory import users_and_groups
from fauxtune.storage.collections.directory import DIRECTORY_DEVICES
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import directory as queries
from fauxtune.storage.rows.directory import DirectoryDeviceRow
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, created
from fauxtune.surfaces.graph.lists import Listed, count_rows, list_rows, stored
from fauxtune.surfaces.graph.resources.directory_objects import check_required, expand, expanded_answer

DEVICE = entity("device")

_EXPANDABLE = ("memberof", "transitivememberof", "registeredowners", "registeredusers")
_LISTED = Listed(
    collection=DIRECTORY_DEVICES,
    entity=DEVICE,
    context="devices",
    document=stored,
    page_size=100,
    largest_page=999,
    directory=True,
    expandable=_EXPANDABLE,
    expand=expand,
    searchable=Searchable(words=("displayName",), beginnings=("deviceId", "operatingSystem")),
)
#: What Graph asks for when a device is made.
_REQUIRED = (
    "accountEnabled",
    "alternativeSecurityIds",
    "deviceId",
    "displayName",
    "operatingSystem",
    "operatingSystemVersion",
)
_BY_DEVICE_ID = re.compile(r"/*devices\(\s*deviceId\s*=", re.IGNORECASE)


async def list_devices(call: Call) -> Answer:
    """GET /devices."""
    return await list_rows(call, _LISTED)


async def count_devices(call: Call) -> Answer:
    """GET /devices/$count."""
    return await count_rows(call, _LISTED)


async def get_device(call: Call) -> Answer:
    """GET /devices/{device}, and GET /devices(deviceId='...')."""
    find = partial(device_row, call=call)
    return await expanded_answer(call, find, key=call.keys["device"], listed=_LISTED)


async def create_device(call: Call) -> Answer:
    """POST /devices."""
    body = call.body()
    filled = {name: value for name, value in body.items() if value not in ("", [])}
    check_required(filled, DEVICE, names=_REQUIRED)
    document = accept(DEVICE, body, partial=False, version=call.version)
    document = await call.run(directory_devices.create_device, document)
    return created(call, view(DEVICE, document, version=call.version), collection="devices")


async def update_device(call: Call) -> Answer:
    """PATCH /devices/{device}: 204."""
    changes = accept(DEVICE, call.body(), partial=True, version=call.version)
    for name in ("accountEnabled", "deviceId", "displayName"):
        if name in changes and changes[name] in (None, ""):
            raise Invalid(f"Invalid value specified for property '{name}' of resource 'Device'.", target=name)
    row = await call.read(device_row, call)
    await call.run(directory_devices.update_device, row.id, changes=changes)
    return NO_CONTENT


async def delete_device(call: Call) -> Answer:
    """DELETE /devices/{device}: a managed device stays managed."""
    row = await call.read(device_row, call)
    await call.run(directory_devices.delete_device, row.id)
    return NO_CONTENT


def device_row(connection: Connection, call: Call) -> DirectoryDeviceRow:
    """Return the device that the path names by its id or by its deviceId. Raises NotFound if it does not exist."""
    key, tenant_id = call.keys["device"], call.tenant.id
    if _BY_DEVICE_ID.match(unquote(call.path)):
        row = queries.directory_device_by_device_id(connection, tenant_id, device_id=key)
    else:
        row = queries.directory_device(connection, tenant_id, device_id=DirectoryDeviceId(key.lower()))
    if row is None:
        raise users_and_groups.missing(key)
    return row
