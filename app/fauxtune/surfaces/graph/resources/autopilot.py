"""What Windows Autopilot's collections can do beside what every resource can. Graph: windowsAutopilotDeviceIdentity:
updateDeviceProperties, assignUserToDevice, unassignUserFromDevice, deploymentProfile, intendedDeploymentProfile;
importedWindowsAutopilotDeviceIdentity: import; windowsAutopilotDeploymentProfile: assign, assignedDevices;
windowsAutopilotSettings: get, sync.
"""

from __future__ import annotations

from collections.abc import Sequence

from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.graph.index import entity
from fauxtune.core.odata.documents.validation import accept, defaults
from fauxtune.core.odata.documents.view import view
from fauxtune.core.policies.autopilot import DEPLOYMENT_PROFILES, IDENTITIES, SETTINGS, SETTINGS_ID
from fauxtune.core.policies.autopilot_time import ASSIGNED
from fauxtune.core.policies.rules import BOUND
from fauxtune.operations.devices import autopilot as operations
from fauxtune.operations.profiles import resources
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import resources as queries
from fauxtune.storage.rows.resources import ListedResourceRow, ResourceRow
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Json, check_options, entity_answer
from fauxtune.surfaces.graph.computed import count_documents, list_documents
from fauxtune.surfaces.graph.lists import collection_answer
from fauxtune.surfaces.graph.resources.parts import Part
from fauxtune.surfaces.graph.resources.served_family import type_of

DEPLOYMENT_PROFILE = entity("windowsAutopilotDeploymentProfile")
DEVICE_IDENTITY = entity("windowsAutopilotDeviceIdentity")
AUTOPILOT_SETTINGS = entity("windowsAutopilotSettings")
_PROFILES = "deviceManagement/windowsAutopilotDeploymentProfiles"

_CHANGED = ("userPrincipalName", "addressableUserName", "groupTag", "displayName", "deviceAccountUpn")
_USER = ("userPrincipalName", "addressableUserName")
_LIST = "importedWindowsAutopilotDeviceIdentities"


def _profiles(call: Call, connection: Connection, rows: Sequence[ResourceRow]) -> list[Json | None]:
    return [_profile(call, connection, row=row) for row in rows]


def _profile(call: Call, connection: Connection, *, row: ResourceRow) -> Json | None:
    ids = row.document.get(BOUND, {}).get("deploymentProfile") or []
    if not ids:
        return None
    profile = resources.found(connection, call.tenant, rules=DEPLOYMENT_PROFILES, key=ids[0])
    return {**profile.document, "@odata.type": entity(profile.kind).odata_type}


def _assigned_profiles(call: Call, connection: Connection, rows: Sequence[ResourceRow]) -> list[Json | None]:
    return [_profile(call, connection, row=row) if _is_assigned(row) else None for row in rows]


def _is_assigned(row: ResourceRow) -> bool:
    return row.document["deploymentProfileAssignmentStatus"] in ASSIGNED


#: A profile that is pending is intended.
PARTS: tuple[Part[ListedResourceRow], ...] = (
    Part("deploymentProfile", DEPLOYMENT_PROFILE, _assigned_profiles, entity_of=type_of),
    Part("intendedDeploymentProfile", DEPLOYMENT_PROFILE, _profiles, entity_of=type_of),
)


async def get_profile(call: Call) -> Answer:
    """GET .../{identity}/deploymentProfile: 404 without one, and while it is pending."""
    return await _answered(call, is_pending_enough=False)


async def get_intended_profile(call: Call) -> Answer:
    """GET .../{identity}/intendedDeploymentProfile: 404 without one."""
    return await _answered(call, is_pending_enough=True)


async def _answered(call: Call, *, is_pending_enough: bool) -> Answer:
    check_options(call, DEPLOYMENT_PROFILE)

    def read(connection: Connection) -> Json | None:
        row = resources.found(connection, call.tenant, rules=IDENTITIES, key=call.keys["resource"])
        return _profile(call, connection, row=row) if is_pending_enough or _is_assigned(row) else None

    profile = await call.read(read)
    if profile is None:
        raise NotFound(f"The Autopilot device '{call.keys['resource']}' has no deployment profile.")
    value = view(type_of(profile), profile, version=call.version, select=call.query.select)
    return entity_answer(call, value, context=_PROFILES)


async def list_assigned_devices(call: Call) -> Answer:
    """GET .../{profile}/assignedDevices."""
    context = f"{_PROFILES}('{call.keys['resource']}')/assignedDevices"
    return list_documents(call, await _assigned_devices(call), entity=DEVICE_IDENTITY, context=context)


async def count_assigned_devices(call: Call) -> Answer:
    """GET .../{profile}/assignedDevices/$count."""
    return count_documents(call, await _assigned_devices(call), entity=DEVICE_IDENTITY)


async def _assigned_devices(call: Call) -> list[Json]:

    def read(connection: Connection) -> list[Json]:
        profile = resources.found(connection, call.tenant, rules=DEPLOYMENT_PROFILES, key=call.keys["resource"])
        rows = queries.resources_of_family(connection, call.tenant.id, family=IDENTITIES.name)
        return [row.document for row in rows if profile.id in row.document.get(BOUND, {}).get("deploymentProfile", [])]

    return await call.read(read)


async def import_all(call: Call) -> Answer:
    """POST .../import: many at once, all or none."""
    shape = entity("importedWindowsAutopilotDeviceIdentity")
    sent = call.body().get(_LIST)
    if not isinstance(sent, list) or not all(isinstance(each, dict) for each in sent):
        raise Invalid(f'The body must be {{"{_LIST}": [...]}}.', target=_LIST)
    documents = [{**defaults(shape), **accept(shape, each, partial=False, version=call.version)} for each in sent]
    rows = await call.run(operations.import_all, documents)
    values = [view(shape, row.document, version=call.version) for row in rows]
    return collection_answer(call, values, context=f"Collection({shape.full_name})")


async def update_device_properties(call: Call) -> Answer:
    """POST .../{identity}/updateDeviceProperties: what is sent changes, the rest stays."""
    body = call.body()
    changes = {name: body[name] for name in _CHANGED if name in body}
    await call.run(operations.change_identity, call.keys["resource"], changes=changes)
    return NO_CONTENT


async def assign_user(call: Call) -> Answer:
    """POST .../{identity}/assignUserToDevice."""
    body = call.body()
    if not body.get("userPrincipalName"):
        raise Invalid("A value is required for property 'userPrincipalName'.", target="userPrincipalName")
    changes = {name: body.get(name) for name in _USER}
    await call.run(operations.change_identity, call.keys["resource"], changes=changes)
    return NO_CONTENT


async def unassign_user(call: Call) -> Answer:
    """POST .../{identity}/unassignUserFromDevice."""
    await call.run(operations.change_identity, call.keys["resource"], changes=dict.fromkeys(_USER))
    return NO_CONTENT


async def give_profile(call: Call) -> Answer:
    """POST .../{profile}/assign: to identities, not to groups."""
    ids = call.body().get("deviceIds")
    if not isinstance(ids, list) or not all(isinstance(each, str) for each in ids):
        raise Invalid('The body must be {"deviceIds": ["<id>", ...]}.', target="deviceIds")
    await call.run(operations.give_profile, call.keys["resource"], identity_ids=ids)
    return NO_CONTENT


async def get_settings(call: Call) -> Answer:
    """GET /deviceManagement/windowsAutopilotSettings: when Autopilot devices were synchronised."""
    check_options(call, AUTOPILOT_SETTINGS)
    row = await call.read(lambda connection: resources.found(connection, call.tenant, rules=SETTINGS, key=SETTINGS_ID))
    value = view(AUTOPILOT_SETTINGS, row.document, version=call.version, select=call.query.select)
    return entity_answer(call, value, context="deviceManagement/windowsAutopilotSettings")


async def synchronize(call: Call) -> Answer:
    """POST /deviceManagement/windowsAutopilotSettings/sync: 409 while one runs, 429 within ten minutes of the last."""
    await call.run(operations.synchronize)
    return NO_CONTENT
