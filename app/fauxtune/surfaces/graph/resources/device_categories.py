"""Device categories, and the category of a device. Graph: deviceCategory."""

from __future__ import annotations

from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import DeviceCategoryId
from fauxtune.core.odata.documents.validation import accept
from fauxtune.core.odata.documents.view import view
from fauxtune.operations.devices import records as device_records
from fauxtune.storage.collections.devices import DEVICE_CATEGORIES
from fauxtune.storage.queries import device_records as queries
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Json, check_options, created, entity_answer
from fauxtune.surfaces.graph.lists import Listed, count_rows, get_element, list_rows, stored
from fauxtune.surfaces.graph.resources.device_parts import NONE
from fauxtune.surfaces.graph.resources.managed_devices import device_id_of, device_row

DEVICE_CATEGORY = entity("deviceCategory")

_CONTEXT = "deviceManagement/deviceCategories"
_LISTED = Listed(
    collection=DEVICE_CATEGORIES,
    document=stored,
    entity=DEVICE_CATEGORY,
    context=_CONTEXT,
)


async def list_categories(call: Call) -> Answer:
    """GET /deviceManagement/deviceCategories."""
    return await list_rows(call, _LISTED)


async def count_categories(call: Call) -> Answer:
    """GET /deviceManagement/deviceCategories/$count."""
    return await count_rows(call, _LISTED)


async def get_category(call: Call) -> Answer:
    """GET .../{category}."""
    return await get_element(call, _LISTED, key=call.keys["category"])


async def create_category(call: Call) -> Answer:
    """POST: 201. A name that is taken is a 409."""
    document = accept(DEVICE_CATEGORY, call.body(), partial=False, version=call.version)
    document = await call.run(device_records.create_category, document)
    return created(call, view(DEVICE_CATEGORY, document, version=call.version), collection=_CONTEXT)


async def update_category(call: Call) -> Answer:
    """PATCH: 200 with the entity."""
    changes = accept(DEVICE_CATEGORY, call.body(), partial=True, version=call.version)
    document = await call.run(device_records.update_category, _key(call), changes=changes)
    return _shown(call, document)


async def delete_category(call: Call) -> Answer:
    """DELETE: its devices are in none from now on."""
    await call.run(device_records.delete_category, _key(call))
    return NO_CONTENT


async def category_of_device(call: Call) -> Answer:
    """GET .../managedDevices/{device}/deviceCategory."""
    check_options(call, DEVICE_CATEGORY)
    return _shown(call, await _of_device(call))


async def reference_of_device(call: Call) -> Answer:
    """GET .../managedDevices/{device}/deviceCategory/$ref."""
    category = await _of_device(call)
    return Answer(200, {"@odata.context": call.context("$ref"), "@odata.id": call.location(_CONTEXT, category["id"])})


async def set_category(call: Call) -> Answer:
    """PUT .../managedDevices/{device}/deviceCategory/$ref."""
    await _put(call, call.reference(to="deviceCategory"))
    return NO_CONTENT


async def clear_category(call: Call) -> Answer:
    """DELETE .../managedDevices/{device}/deviceCategory/$ref."""
    await _put(call, None)
    return NO_CONTENT


async def _of_device(call: Call) -> Json:
    row = await device_row(call)
    category = None
    if row.category_id:
        category = await call.read(queries.category, call.tenant.id, category_id=row.category_id)
    document: Json = NONE if category is None else category.document
    return document


async def _put(call: Call, category: str | None) -> None:
    device_id = await device_id_of(call)
    category_id = None if category is None else DeviceCategoryId(category)
    await call.run(device_records.put_into_category, device_id, category_id=category_id)


def _key(call: Call) -> DeviceCategoryId:
    return DeviceCategoryId(call.keys["category"])


def _shown(call: Call, document: Json) -> Answer:
    document = view(DEVICE_CATEGORY, document, version=call.version, select=call.query.select)
    return entity_answer(call, document, context=_CONTEXT)
