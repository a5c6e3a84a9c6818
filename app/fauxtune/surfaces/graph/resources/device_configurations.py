"""Profiles and their assignments. Graph: deviceConfiguration, assign, assignments, deviceStatuses,
deviceStatusOverview.
"""

from __future__ import annotations

from typing import Any

from fauxtune.core.engine.targeting import TargetKind
from fauxtune.core.errors import Invalid, NotEmulated, NotFound
from fauxtune.core.odata.entities import configuration as entities
from fauxtune.core.odata.entities.index import derived_from, entity
from fauxtune.core.odata.schema import Entity, Version, bare_name
from fauxtune.core.odata.validation import accept, binds, defaults, type_name
from fauxtune.core.odata.view import view
from fauxtune.core.profiles.catalog import Kind, kind
from fauxtune.operations import configuration
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import configuration as queries
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Json, check_options, created, entity_answer
from fauxtune.surfaces.graph.lists import Listed, collection_answer, count_rows, list_rows
from fauxtune.surfaces.graph.resources.expansion import EXPANDABLE, check_expansion, expansions

_CONTEXT = "deviceManagement/deviceConfigurations"
_BASE = entities.DEVICE_CONFIGURATION
_TARGETS = {
    "groupassignmenttarget": TargetKind.GROUP,
    "exclusiongroupassignmenttarget": TargetKind.EXCLUSION,
    "alldevicesassignmenttarget": TargetKind.ALL_DEVICES,
    "alllicensedusersassignmenttarget": TargetKind.ALL_USERS,
}
_LISTED = Listed(
    collection="deviceConfigurations",
    entity=_BASE,
    context=_CONTEXT,
    document=lambda row: row["document"],
    entity_of=lambda row: entity(row["kind"]),
    always_count=True,
    expandable=EXPANDABLE,
    expand=expansions,
)


async def list_profiles(call: Call) -> Answer:
    """GET /deviceManagement/deviceConfigurations."""
    check_expansion(call, _BASE, *derived_from(_BASE))
    return await list_rows(call, _LISTED)


async def count_profiles(call: Call) -> Answer:
    """GET /deviceManagement/deviceConfigurations/$count."""
    return await count_rows(call, _LISTED)


async def get_profile(call: Call) -> Answer:
    """GET .../{profile}."""
    row = await profile_row(call)
    shape = entity(row["kind"])
    check_options(call, shape, *derived_from(_BASE), expandable=EXPANDABLE)
    check_expansion(call, shape)
    shown = view(shape, row["document"], version=call.version, select=call.query.select)
    more: Json = {}
    if call.query.expand:
        (more,) = await call.emulator.runner.read(lambda connection: expansions(call, connection, [row]))
    return entity_answer(call, {**shown, **more}, context=_CONTEXT)


async def create_profile(call: Call) -> Answer:
    """POST: the body says what kind of profile it is with @odata.type."""
    body = call.body()
    name = type_name(body)
    if name is None:
        raise Invalid(
            "@odata.type is required: deviceConfiguration is abstract. Send, for example, "
            "'#microsoft.graph.androidWorkProfilePkcsCertificateProfile'.",
            target="@odata.type",
        )
    shape, known = entity(name), kind_of(name)
    document = {**defaults(shape), **accept(shape, body, partial=False, version=call.version)}
    made = await call.emulator.runner.run(
        call.tenant, configuration.create_profile, known, document=document, navigations=binds(shape, body)
    )
    return created(call, view(shape, made, version=call.version), collection=_CONTEXT)


async def update_profile(call: Call) -> Answer:
    """PATCH .../{profile}: 200 with the entity. The type of a profile cannot be changed."""
    row = await profile_row(call)
    body = call.body()
    name = type_name(body)
    if name is not None and bare_name(name).lower() not in (row["kind"].lower(), _BASE.name.lower()):
        raise Invalid(f"The profile is a {row['kind']}; its @odata.type cannot be changed.", target="@odata.type")
    shape = entity(row["kind"])
    changes = accept(shape, {**body, "@odata.type": shape.odata_type}, partial=True, version=call.version)
    made = await call.emulator.runner.run(
        call.tenant,
        configuration.update_profile,
        row["id"],
        kind=kind_of(row["kind"]),
        changes=changes,
        navigations=binds(shape, body),
    )
    return entity_answer(call, view(shape, made, version=call.version), context=_CONTEXT)


async def delete_profile(call: Call) -> Answer:
    """DELETE .../{profile}."""
    await call.emulator.runner.run(call.tenant, configuration.delete_profile, call.keys["profile"])
    return NO_CONTENT


async def assign(call: Call) -> Answer:
    """POST .../{profile}/assign: the whole new set of assignments."""
    body = call.body()
    sent = body.get("assignments")
    if not isinstance(sent, list):
        raise Invalid('The body must be {"assignments": [...]}; an empty list takes all away.', target="assignments")
    targets = [_new_assignment(each, version=call.version) for each in sent]
    made = await call.emulator.runner.run(call.tenant, configuration.assign, call.keys["profile"], targets=targets)
    return collection_answer(
        call,
        [_assignment_view(call, each) for each in made],
        context="Collection(microsoft.graph.deviceConfigurationAssignment)",
    )


async def list_assignments(call: Call) -> Answer:
    """GET .../{profile}/assignments."""
    row = await profile_row(call)
    found = await call.emulator.runner.read(lambda connection: _assignments(call, connection, row))
    return collection_answer(call, found["assignments"], context=_assignments_context(row["id"]))


async def profile_row(call: Call) -> dict[str, Any]:
    """The profile that the path names. NotFound otherwise."""
    key = call.keys["profile"]
    row = await call.emulator.runner.read(queries.profile, call.tenant.id, profile_id=key)
    if row is None:
        raise NotFound(f"There is no deviceConfiguration '{key}'.")
    return row


def _assignments(call: Call, connection: Connection, row: Json) -> Json:
    """What `$expand=assignments` adds to a profile."""
    found = queries.assignments_of(connection, call.tenant.id, profile_id=row["id"])
    return {
        "assignments@odata.context": call.context(_assignments_context(row["id"])),
        "assignments": [_assignment_view(call, each["document"]) for each in found],
    }


def _assignments_context(profile_id: str) -> str:
    return f"{_CONTEXT}('{profile_id}')/assignments"


def _assignment_view(call: Call, document: Json) -> Json:
    return view(entities.DEVICE_CONFIGURATION_ASSIGNMENT, document, version=call.version)


def _new_assignment(sent: object, *, version: Version) -> configuration.NewAssignment:
    if not isinstance(sent, dict):
        raise Invalid("Each assignment is an object with a target.", target="assignments")
    shape: Entity = entities.DEVICE_CONFIGURATION_ASSIGNMENT
    document = accept(
        shape, {name: value for name, value in sent.items() if name != "id"}, partial=False, version=version
    )
    target = document.get("target")
    if not isinstance(target, dict):
        raise Invalid("An assignment needs a target.", target="target")
    found = _TARGETS.get(bare_name(str(target.get("@odata.type", ""))).lower())
    if found is None:
        raise NotEmulated(f"Assigning to a {target.get('@odata.type')} is not emulated.")
    if target.get("deviceAndAppManagementAssignmentFilterId"):
        raise NotEmulated("Assignment filters are not emulated yet.")
    group_id = target.get("groupId")
    return configuration.NewAssignment(
        kind=found,
        group_id=None if group_id is None else str(group_id).lower(),
        document=target,
        intent=str(document.get("intent") or "apply"),
    )


def kind_of(name: str) -> Kind:
    """The kind of this name. Invalid for one that is abstract or does not exist here."""
    found = kind(name)
    if found is None:
        raise Invalid(
            f"The type 'microsoft.graph.{bare_name(name)}' is abstract or not emulated yet.", target="@odata.type"
        )
    return found
