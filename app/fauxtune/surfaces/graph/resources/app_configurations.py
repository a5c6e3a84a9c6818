"""App configurations of managed devices. Graph: managedDeviceMobileAppConfiguration: list, get, create, update, delete,
assign.

They are stored, assigned and delivered as profiles are.
"""

from __future__ import annotations

from collections.abc import Sequence

from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.graph.index import derived_from, entity
from fauxtune.core.odata.documents.validation import accept, defaults, type_name
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.schema.types import bare_name
from fauxtune.operations.profiles import assignments, profiles
from fauxtune.storage.collections.assignments import ASSIGNMENTS
from fauxtune.storage.collections.profiles import APP_CONFIGURATIONS
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import configuration as queries
from fauxtune.storage.rows.configuration import ProfileRow
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Json, check_options, created, entity_answer
from fauxtune.surfaces.graph.lists import Listed, collection_answer, count_rows, list_rows, stored
from fauxtune.surfaces.graph.resources.assignments import targets_of
from fauxtune.surfaces.graph.resources.device_configurations import kind_of
from fauxtune.surfaces.graph.resources.parts import Below, Part, add_parts, by_name, of_collection, placed

_BASE = entity("managedDeviceMobileAppConfiguration")
_ASSIGNMENT = entity("managedDeviceMobileAppConfigurationAssignment")
_CONTEXT = "deviceAppManagement/mobileAppConfigurations"
#: What `$expand` takes.
_PARTS: dict[str, Part[ProfileRow]] = by_name(Part("assignments", _ASSIGNMENT, of_collection(ASSIGNMENTS, stored)))


def _expanded(call: Call, connection: Connection, rows: Sequence[ProfileRow]) -> list[Json]:
    place = f"{_CONTEXT}('{{}}')/assignments"
    return add_parts(call, connection, rows, parts=_PARTS, place=lambda row, _part: place.format(row.id))


_LISTED = Listed(
    collection=APP_CONFIGURATIONS,
    document=stored,
    entity=_BASE,
    context=_CONTEXT,
    entity_of=lambda row: entity(row.kind),
    always_count=True,
    expandable=tuple(_PARTS),
    expand=_expanded,
)
_ASSIGNMENTS = Listed(collection=ASSIGNMENTS, entity=_ASSIGNMENT, context=_CONTEXT, document=stored)


async def list_configurations(call: Call) -> Answer:
    """GET /deviceAppManagement/mobileAppConfigurations."""
    return await list_rows(call, _LISTED)


async def count_configurations(call: Call) -> Answer:
    """GET /deviceAppManagement/mobileAppConfigurations/$count."""
    return await count_rows(call, _LISTED)


async def get_configuration(call: Call) -> Answer:
    """GET .../{configuration}."""
    row = await _row(call)
    shape = entity(row.kind)
    check_options(call, shape, *derived_from(_BASE), expandable=tuple(_PARTS))
    document = view(shape, row.document, version=call.version, select=call.query.select)
    (more,) = await call.read(lambda connection: _expanded(call, connection, [row]))
    return entity_answer(call, {**document, **more}, context=_CONTEXT)


async def create_configuration(call: Call) -> Answer:
    """POST: the body says what kind of configuration it is with @odata.type."""
    body = call.body()
    name = type_name(body)
    shape = None if name is None else entity(name)
    if shape is None or shape.abstract or not shape.is_a(_BASE):
        raise Invalid(
            "@odata.type must be the type of an app configuration: '#microsoft.graph.iosMobileAppConfiguration' or "
            "'#microsoft.graph.androidManagedStoreAppConfiguration'.",
            target="@odata.type",
        )
    document = {**defaults(shape), **accept(shape, body, partial=False, version=call.version)}
    document = await call.run(profiles.create_profile, kind_of(shape.name), document=document)
    return created(call, view(shape, document, version=call.version), collection=_CONTEXT)


async def update_configuration(call: Call) -> Answer:
    """PATCH .../{configuration}: 200 with the entity. The type of a configuration cannot be changed."""
    row, body = await _row(call), call.body()
    name = type_name(body)
    if name is not None and bare_name(name).lower() not in (row.kind.lower(), _BASE.name.lower()):
        raise Invalid(f"The configuration is a {row.kind}; its @odata.type cannot be changed.", target="@odata.type")
    shape = entity(row.kind)
    changes = accept(shape, {**body, "@odata.type": shape.odata_type}, partial=True, version=call.version)
    document = await call.run(profiles.update_profile, row.id, kind=kind_of(row.kind), changes=changes)
    return entity_answer(call, view(shape, document, version=call.version), context=_CONTEXT)


async def delete_configuration(call: Call) -> Answer:
    """DELETE .../{configuration}."""
    await call.run(profiles.delete_profile, (await _row(call)).id)
    return NO_CONTENT


async def assign(call: Call) -> Answer:
    """POST .../{configuration}/assign: the whole new set of assignments."""
    targets = targets_of(call.lenient_body(), shape=_ASSIGNMENT, version=call.version)
    documents = await call.run(assignments.assign, (await _row(call)).id, targets=targets)
    values = [view(_ASSIGNMENT, document, version=call.version) for document in documents]
    return collection_answer(call, values, context=f"Collection({_ASSIGNMENT.full_name})")


async def _row(call: Call) -> ProfileRow:
    """Return the configuration that the path names. Raises NotFound if it does not exist."""
    key = call.keys["configuration"]
    row = await call.read(queries.profile, call.tenant.id, profile_id=key)
    if row is None or not entity(row.kind).is_a(_BASE):
        raise NotFound(f"There is no mobileAppConfiguration '{key}'.")
    return row


ASSIGNED = Below(_row, placed(_ASSIGNMENTS, lambda row: f"{_CONTEXT}('{row.id}')/assignments"), key="target")
