"""Device categories, and the category of a device. Graph: deviceCategory."""

from __future__ import annotations

from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import DeviceCategoryId
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.schema.types import approximated
from fauxtune.operations.devices import records as device_records
from fauxtune.operations.insight.audit_rules import CATEGORY, DEVICE, changes
from fauxtune.storage.collections.devices import DEVICE_CATEGORIES
from fauxtune.storage.queries import device_records as queries
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Json, check_options, entity_answer
from fauxtune.surfaces.graph.declared import Routes
from fauxtune.surfaces.graph.resources.device_parts import NONE
from fauxtune.surfaces.graph.resources.managed_devices import DEVICE_PATHS, device_id_of, device_row
from fauxtune.surfaces.graph.resources.own_family import RowFamily

DEVICE_CATEGORY = entity("deviceCategory")

_TAKEN = approximated("409 for a name that is taken")
CATEGORIES = RowFamily(
    "deviceManagement/deviceCategories",
    "deviceCategory",
    "a device category",
    DEVICE_CATEGORIES,
    key="category",
    read=needs.READ_MANAGED,
    write=needs.WRITE_MANAGED,
    subject=CATEGORY,
    created_by=device_records.create_category,
    changed_by=device_records.update_category,
    deleted_by=device_records.delete_category,
    selects="update",
    fidelities={"create": _TAKEN, "update": _TAKEN},
    sources={
        "list": "Graph: List deviceCategories",
        **{verb: f"Graph: {verb.capitalize()} deviceCategory" for verb in ("create", "get", "update", "delete")},
    },
)

_NO_CATEGORY = approximated("what a device in no category answers is not documented: here a category named Unknown")
OF_DEVICE = Routes(
    *(f"{path}/deviceCategory" for path in DEVICE_PATHS),
    type=DEVICE_CATEGORY,
    read=needs.READ_MANAGED,
    write=needs.WRITE_MANAGED,
    audit=changes(DEVICE),
)
_SOURCE = "Graph: managedDevice: deviceCategory"


@OF_DEVICE.get(source=_SOURCE, fidelity=_NO_CATEGORY)
async def category_of_device(call: Call) -> Answer:
    """Category of a device."""
    check_options(call, DEVICE_CATEGORY)
    document = view(DEVICE_CATEGORY, await _of_device(call), version=call.version, select=call.query.select)
    return entity_answer(call, document, context=CATEGORIES.path)


@OF_DEVICE.get("/$ref", returns=None, source=_SOURCE, fidelity=_NO_CATEGORY)
async def reference_of_device(call: Call) -> Answer:
    """Reference to the category of a device."""
    category = await _of_device(call)
    place = call.location(CATEGORIES.path, category["id"])
    return Answer(200, {"@odata.context": call.context("$ref"), "@odata.id": place})


@OF_DEVICE.put("/$ref", source=_SOURCE)
async def set_category(call: Call) -> Answer:
    """Put a device into a category."""
    await _put(call, call.reference(to="deviceCategory"))
    return NO_CONTENT


@OF_DEVICE.delete("/$ref", source=_SOURCE)
async def clear_category(call: Call) -> Answer:
    """Put a device into no category."""
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
