"""App configurations of managed devices. Graph: managedDeviceMobileAppConfiguration: list, get, create, update, delete,
assign.

They are stored, assigned and delivered as profiles are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fauxtune.core.errors import Invalid
from fauxtune.core.graph.index import entity
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.schema.types import Entity, approximated
from fauxtune.operations.insight.audit_rules import APP_CONFIGURATION, assigns_app_configuration
from fauxtune.operations.profiles import assignments
from fauxtune.storage.collections.resources import APP_CONFIGURATIONS, ASSIGNMENTS
from fauxtune.storage.database import Connection
from fauxtune.storage.rows.configuration import ProfileRow
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import Answer, Call, Json
from fauxtune.surfaces.graph.declared import Routes
from fauxtune.surfaces.graph.lists import Listed, collection_answer, stored
from fauxtune.surfaces.graph.resources.assignments import targets_of
from fauxtune.surfaces.graph.resources.device_configurations import ProfileFamily
from fauxtune.surfaces.graph.resources.parts import Below, Part, add_parts, by_name, of_collection, placed

_ASSIGNMENT = entity("managedDeviceMobileAppConfigurationAssignment")
_CONTEXT = "deviceAppManagement/mobileAppConfigurations"
#: What `$expand` takes.
_PARTS: dict[str, Part[ProfileRow]] = by_name(Part("assignments", _ASSIGNMENT, of_collection(ASSIGNMENTS, stored)))


def _expanded(call: Call, connection: Connection, rows: Sequence[ProfileRow]) -> list[Json]:
    place = f"{_CONTEXT}('{{}}')/assignments"
    return add_parts(call, connection, rows, parts=_PARTS, place=lambda row, _part: place.format(row.id))


@dataclass(frozen=True)
class _AppConfigurations(ProfileFamily):
    """Profiles of apps."""

    def shape_of(self, name: str | None) -> Entity:
        """The type of a new configuration, which its body must name."""
        shape = None if name is None else entity(name)
        if shape is None or shape.abstract or not shape.is_a(self.base):
            raise Invalid(
                "@odata.type must be the type of an app configuration: '#microsoft.graph.iosMobileAppConfiguration' or "
                "'#microsoft.graph.androidManagedStoreAppConfiguration'.",
                target="@odata.type",
            )
        return shape


_OUTLOOK = approximated(
    "that of Outlook reaches devices, and its state is among deviceConfigurationStates; that of another app is kept"
)
CONFIGURATIONS = _AppConfigurations(
    _CONTEXT,
    "managedDeviceMobileAppConfiguration",
    "an app configuration",
    APP_CONFIGURATIONS,
    key="configuration",
    read=needs.READ_APPS,
    write=needs.WRITE_APPS,
    subject=APP_CONFIGURATION,
    known_as="configuration",
    expandable=tuple(_PARTS),
    expanded_by=_expanded,
    fidelities=dict.fromkeys(("create", "update"), _OUTLOOK),
    sources={verb: f"Graph: iosMobileAppConfiguration: {verb}" for verb in ("create", "update", "delete")},
)
_ASSIGNMENTS = Listed(collection=ASSIGNMENTS, entity=_ASSIGNMENT, context=_CONTEXT, document=stored)

OF_CONFIGURATION = Routes(
    f"{_CONTEXT}/{{configuration}}",
    source="Graph: managedDeviceMobileAppConfiguration: {verb}",
    read=needs.READ_APPS,
    write=needs.WRITE_APPS,
)
ASSIGNED = Routes(f"{_CONTEXT}/{{configuration}}/assignments", type=_ASSIGNMENT, read=needs.READ_APPS)


@OF_CONFIGURATION.action(
    "/assign",
    many=True,
    returns=_ASSIGNMENT,
    audit=assigns_app_configuration,
    fidelity=approximated("200 with the assignments: the reference has 204"),
)
async def assign(call: Call) -> Answer:
    """Replace the assignments."""
    targets = targets_of(call.lenient_body(), shape=_ASSIGNMENT, version=call.version)
    documents = await call.run(assignments.assign, await CONFIGURATIONS.id_of(call), targets=targets)
    values = [view(_ASSIGNMENT, document, version=call.version) for document in documents]
    return collection_answer(call, values, context=f"Collection({_ASSIGNMENT.full_name})")


ASSIGNED.collection(
    "",
    Below(CONFIGURATIONS.row, placed(_ASSIGNMENTS, lambda row: f"{_CONTEXT}('{row.id}')/assignments"), key="target"),
    *("List the assignments", "Count the assignments", "Get an assignment"),
)
