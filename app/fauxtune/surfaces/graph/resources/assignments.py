"""Assignments of profiles. Graph: deviceConfiguration: assign, deviceConfigurationAssignment,
deviceConfigurationGroupAssignment (their old form), getTargetedUsersAndDevices.
"""

from __future__ import annotations

from dataclasses import replace

from fauxtune.core.clock import iso
from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import GroupId, ProfileId
from fauxtune.core.odata.documents.validation import accept
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.schema.types import NEVER, Entity, Version, approximated, bare_name
from fauxtune.operations.insight.audit_rules import assigns_profile
from fauxtune.operations.profiles import assignments as operations
from fauxtune.operations.profiles.assignments import NewAssignment
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.collections.resources import ASSIGNMENTS, GROUP_ASSIGNMENTS
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import concern
from fauxtune.storage.queries import configuration as queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.rows.devices import JoinedDeviceRow
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Json, created, entity_answer
from fauxtune.surfaces.graph.declared import Routes
from fauxtune.surfaces.graph.lists import Listed, collection_answer, stored
from fauxtune.surfaces.graph.resources.device_configurations import CONFIGURATIONS, below
from fauxtune.surfaces.graph.resources.parts import Below, placed
from fauxtune.surfaces.graph.resources.profile_expansion import CONTEXT, in_old_form

GROUP_ASSIGNMENT = entity("deviceConfigurationGroupAssignment")
ASSIGNMENT = entity("deviceConfigurationAssignment")

_TARGETS = {
    "groupassignmenttarget": TargetKind.GROUP,
    "cloudpcmanagementgroupassignmenttarget": TargetKind.GROUP,
    "exclusiongroupassignmenttarget": TargetKind.EXCLUSION,
    "alldevicesassignmenttarget": TargetKind.ALL_DEVICES,
    "alllicensedusersassignmenttarget": TargetKind.ALL_USERS,
    "configurationmanagercollectionassignmenttarget": TargetKind.COLLECTION,
}
_GROUPED = {True: "#microsoft.graph.exclusionGroupAssignmentTarget", False: "#microsoft.graph.groupAssignmentTarget"}
_LEGACY = "deviceConfigurationGroupAssignments"
_READ, _WRITE = needs.READ_CONFIGURATION, needs.WRITE_CONFIGURATION
ASSIGNED = Below(
    CONFIGURATIONS.row,
    placed(
        Listed(collection=ASSIGNMENTS, entity=ASSIGNMENT, context=CONTEXT, document=stored),
        lambda profile: below(profile, "assignments"),
    ),
    key="assignment",
)
#: Those that name a group.
ASSIGNED_TO_GROUPS = Below(
    CONFIGURATIONS.row,
    placed(
        Listed(collection=GROUP_ASSIGNMENTS, entity=GROUP_ASSIGNMENT, context=CONTEXT, document=in_old_form),
        lambda profile: below(profile, "groupAssignments"),
    ),
    key="assignment",
)

OF_PROFILES = Routes(CONFIGURATIONS.path, source="Graph: deviceConfiguration: {verb}", read=_READ, write=_WRITE)
_TAKEN = approximated("409 for a target that has one: what the real service answers is not documented")
IN_NEW_FORM = Routes(
    f"{CONFIGURATIONS.path}/{{profile}}/assignments", type=ASSIGNMENT, read=_READ, write=_WRITE, audit=assigns_profile
)
IN_NEW_FORM.collection("", ASSIGNED, "List the assignments", "Count the assignments", "Get an assignment")
IN_OLD_FORM = Routes(
    f"{CONFIGURATIONS.path}/{{profile}}/groupAssignments",
    type=GROUP_ASSIGNMENT,
    read=_READ,
    write=_WRITE,
    beta_only=True,
    audit=assigns_profile,
)
IN_OLD_FORM.collection(
    "",
    ASSIGNED_TO_GROUPS,
    "List the assignments to groups in their old form",
    "Count the assignments to groups",
    "Get an assignment in its old form",
)


@OF_PROFILES.action(
    "/{profile}/assign",
    many=True,
    returns=ASSIGNMENT,
    audit=assigns_profile,
    fidelity=approximated("400 for a group that is included and excluded at once"),
)
async def assign(call: Call) -> Answer:
    """Replace the assignments.

    They are sent in either form.
    """
    targets = _new_set(call, call.lenient_body())

    def replace_all(tx: Transaction) -> list[Json]:
        thing = operations.assignable(CONFIGURATIONS.read_row(tx.connection, call))
        return operations.replace_all(tx, thing, targets=targets)

    documents = await call.run(replace_all)
    return collection_answer(
        call,
        [view(ASSIGNMENT, document, version=call.version) for document in documents],
        context=f"Collection({ASSIGNMENT.full_name})",
    )


@IN_NEW_FORM.create(fidelity=_TAKEN)
async def create_assignment(call: Call) -> Answer:
    """Add one assignment."""
    new = _new_assignment(call.body(), version=call.version)
    document = await call.run(operations.add, (await CONFIGURATIONS.row(call)).id, new=new)
    value = view(ASSIGNMENT, document, version=call.version)
    return created(call, value, collection=f"{CONTEXT}('{document['sourceId']}')/assignments")


@IN_NEW_FORM.update("/{assignment}", fidelity=approximated("the group of an assignment cannot be changed"))
async def update_assignment(call: Call) -> Answer:
    """Update an assignment.

    That is its intent, and the filter of its target.
    """
    profile = await CONFIGURATIONS.row(call)
    old = (await ASSIGNED.row(call, profile)).document
    body = {name: value for name, value in call.body().items() if name != "id"}
    changes = accept(ASSIGNMENT, body, partial=True, version=call.version)
    new = _read({**{name: old[name] for name in ("intent", "target")}, **changes})
    document = await call.run(operations.change, profile.id, assignment_id=old["id"], new=new)
    document = view(ASSIGNMENT, document, version=call.version)
    return entity_answer(call, document, context=below(profile, "assignments"))


@IN_OLD_FORM.delete("/{assignment}", summary="Remove one assignment by its old form")
@IN_NEW_FORM.delete("/{assignment}")
async def delete_assignment(call: Call) -> Answer:
    """Remove one assignment."""
    key = call.keys["assignment"]
    await call.run(operations.remove, (await CONFIGURATIONS.row(call)).id, assignment_id=key)
    return NO_CONTENT


@IN_OLD_FORM.get(
    "/{assignment}/deviceConfiguration",
    returns=entity("deviceConfiguration"),
    source="Graph: deviceConfigurationGroupAssignment: deviceConfiguration",
)
async def profile_of_group_assignment(call: Call) -> Answer:
    """The profile of an assignment in its old form."""
    await ASSIGNED_TO_GROUPS.row(call, await CONFIGURATIONS.row(call))
    return await CONFIGURATIONS.get(call)


@IN_OLD_FORM.create(fidelity=_TAKEN)
async def create_group_assignment(call: Call) -> Answer:
    """Add one assignment in its old form."""
    new = _of_old_form(call.body(), version=call.version)
    document = await call.run(operations.add, (await CONFIGURATIONS.row(call)).id, new=new)
    value = _shown_in_old_form(call, document, new=new)
    return created(call, value, collection=f"{CONTEXT}('{document['sourceId']}')/groupAssignments")


@IN_OLD_FORM.update("/{assignment}", fidelity=approximated("400 for another group: delete it and add another"))
async def update_group_assignment(call: Call) -> Answer:
    """Update an assignment in its old form: include or exclude.

    Its intent stays; its filter too, unless the group is excluded from now on, which takes none.
    """
    profile = await CONFIGURATIONS.row(call)
    old = await ASSIGNED_TO_GROUPS.row(call, profile)
    body = {name: value for name, value in call.body().items() if name != "id"}
    changes = accept(GROUP_ASSIGNMENT, body, partial=True, version=call.version)
    new = _of_old_form({**in_old_form(old), **changes}, version=call.version)
    old_document = old.document
    if new.kind is not TargetKind.EXCLUSION:
        new = replace(new, document={**old_document["target"], **new.document})
    document = await call.run(
        operations.change, profile.id, assignment_id=old.id, new=replace(new, intent=old_document["intent"])
    )
    return entity_answer(call, _shown_in_old_form(call, document, new=new), context=below(profile, "groupAssignments"))


@OF_PROFILES.action(
    "/getTargetedUsersAndDevices",
    permissions=_READ,
    beta_only=True,
    fidelity=approximated("devices of every platform, also of those that the profile is not for"),
)
async def targeted_users_and_devices(call: Call) -> Answer:
    """Whom profiles reach.

    Unverified: whatever the platform of the devices.
    """
    ids = call.body().get("deviceConfigurationIds")
    if not isinstance(ids, list) or not all(isinstance(each, str) for each in ids):
        raise Invalid('The body must be {"deviceConfigurationIds": ["<id>", ...]}.', target="deviceConfigurationIds")
    targets = await call.read(lambda connection: _targeted(call, connection, ids=ids))
    name = "microsoft.graph.deviceConfigurationTargetedUserAndDevice"
    return collection_answer(call, targets, context=f"Collection({name})", total=len(targets))


def _targeted(call: Call, connection: Connection, *, ids: list[str]) -> list[Json]:
    tenant_id = call.tenant.id
    reached = set()
    for profile_id in dict.fromkeys(ProfileId(each.lower()) for each in ids):
        if queries.profile(connection, tenant_id, profile_id=profile_id) is None:
            raise NotFound(f"There is no deviceConfiguration '{profile_id}'.")
        reached.update(concern.targeted_by_profile(connection, tenant_id, profile_id=profile_id))
    return [_reached(row) for row in device_queries.managed_devices_of(connection, tenant_id, ids=sorted(reached))]


def _reached(row: JoinedDeviceRow) -> Json:
    record = row.document
    return {
        "deviceId": row.id,
        "deviceName": record.get("deviceName"),
        "userId": record.get("userId"),
        "userDisplayName": record.get("userDisplayName"),
        "userPrincipalName": record.get("userPrincipalName"),
        "lastCheckinDateTime": NEVER if row.last_checkin_at is None else iso(row.last_checkin_at),
    }


def _new_set(call: Call, body: Json) -> list[NewAssignment]:
    if call.version is Version.BETA and _LEGACY in body:
        if "assignments" in body:
            raise Invalid(f"Send either assignments or {_LEGACY}, not both.", target=_LEGACY)
        return [_of_old_form(each, version=call.version) for each in _list(body, _LEGACY)]
    return [_new_assignment(each, version=call.version) for each in _list(body, "assignments")]


def targets_of(body: Json, *, shape: Entity, version: Version, key: str = "assignments") -> list[NewAssignment]:
    """Return the targets of a body of `assign` whose assignments have this type. Raises Invalid."""
    return [_with_more(_accepted(shape, each, version=version)) for each in _list(body, key)]


def _with_more(document: Json) -> NewAssignment:
    """Return an assignment with all that it says beside its target."""
    more = {name: value for name, value in document.items() if name not in ("id", "target")}
    return replace(_read({**document, "intent": None}), more=more)


def _list(body: Json, name: str) -> list[object]:
    sent = body.get(name)
    if not isinstance(sent, list):
        raise Invalid(f'The body must be {{"{name}": [...]}}; an empty list takes all away.', target=name)
    return sent


def _new_assignment(sent: object, *, version: Version) -> NewAssignment:
    return _read(_accepted(ASSIGNMENT, sent, version=version))


def _read(document: Json) -> NewAssignment:
    """Return an assignment that the schema has accepted."""
    target = document.get("target")
    if not isinstance(target, dict):
        raise Invalid("An assignment needs a target.", target="target")
    group_id = target.get("groupId")
    return NewAssignment(
        kind=_TARGETS[bare_name(str(target["@odata.type"])).lower()],
        group_id=None if group_id is None else GroupId(str(group_id).lower()),
        document=target,
        intent="remove" if document.get("intent") == "remove" else "apply",
    )


def _of_old_form(sent: object, *, version: Version) -> NewAssignment:
    document = _accepted(GROUP_ASSIGNMENT, sent, version=version)
    excluded, group_id = bool(document.get("excludeGroup")), GroupId(str(document["targetGroupId"]).lower())
    return NewAssignment(
        kind=TargetKind.EXCLUSION if excluded else TargetKind.GROUP,
        group_id=group_id,
        document={"@odata.type": _GROUPED[excluded], "groupId": group_id},
    )


def _shown_in_old_form(call: Call, assignment: Json, *, new: NewAssignment) -> Json:
    document = {"id": assignment["id"], "targetGroupId": new.group_id, "excludeGroup": new.kind is TargetKind.EXCLUSION}
    return view(GROUP_ASSIGNMENT, document, version=call.version)


def _accepted(shape: Entity, sent: object, *, version: Version) -> Json:
    if not isinstance(sent, dict):
        raise Invalid("Each assignment is an object with a target.", target="assignments")
    # Portals and scripts send an id, often empty: the service makes its own.
    properties = {name: value for name, value in sent.items() if name != "id"}
    return accept(shape, properties, partial=False, version=version)
